//! The cut loses no word and is the same for every line end.
#![no_main]

use libfuzzer_sys::fuzz_target;

use std::collections::BTreeMap;

use mail::reply_cut::{CutInput, cut};

fn words(texts: &[&str]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for word in texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty()) {
        *count.entry(word.to_owned()).or_default() += 1;
    }
    count
}

fuzz_target!(|text: &str| {
    let reply = cut(&CutInput { text, ..CutInput::default() });
    assert_eq!(words(&[text]), words(&[&reply.new_text, &reply.elided, &reply.signature]));
    let html = text.replace('\n', "<br>");
    let _ = cut(&CutInput { text, html: Some(&html), subject: "Fwd: x", ..CutInput::default() });
});
