//! The cut of a body; behind a NUL its HTML. No word is lost, and line ends change nothing.
#![no_main]

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;
use mail::html;
use mail::reply_cut::{CutInput, cut};

fuzz_target!(|body: &str| {
    let body = body.replace('\r', "");
    let (text, markup) = body.split_once('\0').unwrap_or((body.as_str(), ""));
    let input = CutInput { text, from_name: Some("Dana Miller"), ..CutInput::default() };
    let reply = cut(&input);
    law::assert_no_word_lost(text, &reply);
    let says_something = text.contains(char::is_alphanumeric);
    assert!(!says_something || reply.forward.is_some() || !reply.new_text.trim().is_empty(), "{reply:?}");
    assert_eq!(cut(&CutInput { text: &text.replace('\n', "\r\n"), ..input }), reply);
    let marked = cut(&CutInput { marker: Some("##-"), subject: "Fwd: x", is_answer: true, ..input });
    law::assert_no_word_lost(text, &marked);

    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "<br>");
    let html = if markup.is_empty() { escaped.as_str() } else { markup };
    let both = cut(&CutInput { html: Some(html), ..input });
    let converted = html::to_text(html).text;
    law::assert_no_word_lost(if text.trim().is_empty() { &converted } else { text }, &both);
    let alone = cut(&CutInput { html: Some(html), text: &converted, is_text_from_html: true, ..CutInput::default() });
    law::assert_no_word_lost(&converted, &alone);
});
