//! Bodies of form mails by every reader: each value stands in the body where it is said to.
#![no_main]

use std::collections::BTreeMap;

use desk::policy::{Form, FormReader};
use desk::rule::Condition;
use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;

const KEYS: [(&str, &str); 6] = [
    ("Email", "requester"),
    ("Name", "requester.name"),
    ("Topic", "subject"),
    ("Message", "text"),
    ("Serial", "serial"),
    ("a.b", "inner"),
];

fuzz_target!(|body: &str| {
    let maps: BTreeMap<String, String> = KEYS.map(|(key, target)| (key.to_owned(), target.to_owned())).into();
    for reads in [FormReader::Lines, FormReader::Table, FormReader::Json, FormReader::UrlEncoded] {
        let form = Form { name: "fuzz".into(), line: 1, when: Condition::default(), reads, maps: maps.clone() };
        let reading = desk::form::read(&form, body);
        reading.requester.iter().for_each(law::assert_address);
        for line in [&reading.requester_name, &reading.subject].into_iter().flatten() {
            law::assert_one_line(line);
        }
        for said in reading.fields.values() {
            let place = body.get(said.span.0 as usize..said.span.1 as usize).expect("a span lies within the body");
            if matches!(reads, FormReader::Lines | FormReader::Table) {
                assert_eq!(place, said.value);
            }
            assert_eq!(said.value.trim(), said.value);
        }
        let texts = reading.text.iter().chain(reading.fields.values().map(|said| &said.value));
        assert!(texts.map(String::len).sum::<usize>() <= 4 * body.len(), "nothing is made up");
        assert!(reading.unmapped.len() <= 500);
        assert_eq!(desk::form::read(&form, body), reading);
    }
});
