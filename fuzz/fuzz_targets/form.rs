//! Bodies of form mails by every reader.
#![no_main]

use std::collections::BTreeMap;

use desk::policy::{Form, FormReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    let maps: BTreeMap<String, String> = [("Email", "requester"), ("Name", "requester.name"), ("Message", "text"), ("Serial", "serial")]
        .map(|(key, target)| (key.to_owned(), target.to_owned()))
        .into();
    for reads in [FormReader::Lines, FormReader::Table, FormReader::Json, FormReader::UrlEncoded] {
        let form = Form { name: "fuzz".into(), line: 1, when: desk::rule::Condition::default(), reads, maps: maps.clone() };
        let _ = desk::form::read(&form, body);
    }
});
