//! The card at the end of a mail: a name with ways to reach its owner, without a polite end above it.

use crate::quote::Line;
use crate::signature::{CONTACT, Writer, ends_list_head, has_digit, is_name, is_signature_line, name_words};

/// A paragraph that is a name with ways to reach its owner, who may be the writer.
pub(crate) fn start(lines: &[Line<'_>], writer: &Writer<'_>) -> Option<usize> {
    let first = lines.iter().rposition(Line::is_blank)? + 1;
    let block = &lines[first..];
    let is_short = block.len() >= 2
        && block.len() <= 8
        && block.iter().all(|line| line.body.chars().count() <= 60 && is_signature_line(line.body));
    let is_whole_name = |body: &str| is_name(body) && !has_digit(body) && body.split_whitespace().count() >= 2;
    let begins = || block.first().is_some_and(|line| is_whole_name(line.body));
    // Whoever gives the number of somebody else says something, and so does who speaks of an address above it; a whole card
    // of another name is a shared address's.
    let is_other = || {
        let known = |line: &Line<'_>| name_words(line.body).iter().any(|word| writer.name.contains(word));
        let ways = || block.iter().skip(1).filter(|line| CONTACT.is_match(line.body)).count();
        !writer.name.is_empty() && !block.iter().any(known) && (ways() < CARD_WAYS_MIN || announces_contact(lines, first))
    };
    // Columns are a table that the writer made.
    let has_columns = || block.iter().filter(|line| is_row(line.body)).count() >= 2;
    let has_contact = || block.iter().skip(1).any(|line| CONTACT.is_match(line.body));
    (is_short && begins() && has_contact() && !has_columns() && !is_other() && !ends_list_head(lines, first)).then_some(first)
}

/// Mail, phone and page.
const CARD_WAYS_MIN: usize = 3;

/// A line of two cells or more: words, a gap that nobody types within a sentence, words.
fn is_row(body: &str) -> bool {
    body.contains('\t') || body.contains("   ")
}

/// Whether the line above speaks of an address or a number.
fn announces_contact(lines: &[Line<'_>], index: usize) -> bool {
    const STEMS: [&str; 20] = [
        "address",
        "contact",
        "number",
        "details",
        "adresse",
        "anschrift",
        "kontakt",
        "nummer",
        "daten",
        "coordonnées",
        "numéro",
        "dirección",
        "datos",
        "contatto",
        "indirizzo",
        "dati",
        "endereço",
        "adres",
        "gegevens",
        "adress",
    ];
    let above = lines[..index].iter().rev().find(|line| !line.is_blank());
    above.is_some_and(|line| {
        let lower = line.body.to_lowercase();
        STEMS.iter().any(|stem| lower.contains(stem))
    })
}
