//! What people add below their name: postscripts, questions, lists, numbers. All of it is part of what they say.

use std::sync::LazyLock;

use regex::Regex;

use crate::quote::Line;
use crate::words;

/// "PS: …", "P.P.S. …", "PD: …", "N.B. …" and their like in other scripts, with something behind it.
pub(crate) fn is_postscript(body: &str) -> bool {
    static MARK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:(?:[Pp]\.?[ -]?){1,3}[Ss]\.?[ :,–-]|(?i:p\. ?d\.|pd:|n\. ?b\.|nb:|u\.? ?i\.?:|з\. ?ы\.|зы[: ]|(?:п\. ?){1,2}с\.|п?пс:|",
            r"nachtrag:|nachsatz:|追伸|又及|추신)).*\w"
        ))
        .expect("constant pattern")
    });
    // Few lines begin like one.
    body.len() > 3
        && body.starts_with(|c: char| !c.is_ascii() || matches!(c, 'P' | 'p' | 'N' | 'n' | 'U' | 'u'))
        && MARK.is_match(body)
}

/// Whether the writer goes on with the paragraph that begins on line `index`: it asks, tells, lists or names a number of
/// theirs.
pub(crate) fn goes_on(lines: &[Line<'_>], index: usize) -> bool {
    let begins_paragraph = index > 0 && lines[index - 1].is_blank();
    let body = lines[index].body;
    let is_said = || is_said(body) || states_number(body) || body.ends_with(':') && is_list(&lines[index + 1..]);
    begins_paragraph && is_said() || is_list(&lines[index..])
}

/// Whether lines below a delimiter are more than a signature: a postscript, or a question or sentences in the first
/// paragraph.
pub(crate) fn asks_below(lines: &[Line<'_>], is_notice: fn(&str) -> bool) -> bool {
    let first = lines.iter().skip_while(|line| line.is_blank()).take_while(|line| !line.is_blank());
    let asks = |line: &Line<'_>| line.body.ends_with('?') && line.body.split_whitespace().count() >= QUESTION_WORDS_MIN;
    let is_prose = || {
        let paragraph = first.clone().map(|line| line.body).collect::<Vec<_>>().join(" ");
        let ends =
            paragraph.matches(". ").count() + paragraph.matches("? ").count() + usize::from(paragraph.ends_with(['.', '?']));
        let is_footer = paragraph.contains('@') || paragraph.contains("://") || paragraph.contains("nsubscribe");
        ends >= 2 && !is_footer && paragraph.split_whitespace().count() >= PROSE_WORDS_MIN && !is_notice(&paragraph)
    };
    lines.iter().any(|line| is_postscript(line.body)) || first.clone().take(1).any(asks) || is_prose()
}

/// Signatures hold shorter mottos.
const PROSE_WORDS_MIN: usize = 20;

/// A question, or a sentence of the kind that no slogan is.
fn is_said(body: &str) -> bool {
    let body = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(body);
    let count = body.split_whitespace().count();
    if body.ends_with(['?', '？']) {
        return count >= QUESTION_WORDS_MIN || !body.is_ascii();
    }
    let lower = body.split_whitespace().skip(1).filter(|word| word.starts_with(char::is_lowercase)).count();
    // "Our address for the delivery: Mill Lane 7"
    let is_possessive = ["Our ", "My ", "Unsere ", "Unser ", "Meine ", "Mein ", "Notre ", "Mon ", "Mi ", "Nuestra ", "La mia "]
        .iter()
        .any(|start| body.starts_with(start));
    if is_possessive && body.contains(": ") {
        return true;
    }
    let is_sentence = body.ends_with('.') && count >= SENTENCE_WORDS_MIN && lower >= LOWER_WORDS_MIN;
    is_sentence && body.starts_with(char::is_uppercase) && !is_wish(body)
}

const QUESTION_WORDS_MIN: usize = 3;
const SENTENCE_WORDS_MIN: usize = 4;
/// Names of companies end in a full stop too.
const LOWER_WORDS_MIN: usize = 2;

/// "Have a nice day."
fn is_wish(body: &str) -> bool {
    words::CLOSING_SET.contains(body.trim_end_matches('.').to_lowercase().as_str())
}

/// Two points of a list.
fn is_list(lines: &[Line<'_>]) -> bool {
    let is_point = |mark: &str| lines.iter().take(2).filter(|line| line.body.starts_with(mark)).count() == 2;
    let is_numbered = |end: char| {
        let begins = |index: usize, number: &str| {
            lines.get(index).is_some_and(|line| line.body.strip_prefix(number).is_some_and(|rest| rest.starts_with(end)))
        };
        begins(0, "1") && begins(1, "2")
    };
    ["- ", "* ", "• ", "– "].into_iter().any(is_point) || is_numbered('.') || is_numbered(')')
}

/// "Order number: 771"
fn states_number(body: &str) -> bool {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)^(?:my |our |the |meine? |unsere? |die )?(?:order|invoice|ticket|case|serial|tracking|reference|booking|bestell|rechnungs|auftrags|",
            r"serien|sendungs|buchungs|vorgangs|commande|facture|n° de (?:commande|facture)|pedido|factura|numero d'ordine|ordine|fattura)",
            r"[^:#\d]{0,20}[:#]? ?\S*\d"
        ))
        .expect("constant pattern")
    });
    body.bytes().any(|byte| byte.is_ascii_digit()) && NUMBER.is_match(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote;

    #[test]
    fn postscripts_are_known_by_their_mark() {
        for body in [
            "PS: the door is open",
            "P.S. The code is 4711.",
            "P.P.S. Two of them",
            "ps the lamp is red",
            "PPS: more",
            "PD: más",
            "P.D. más",
            "N.B. closed",
            "З.Ы. ещё",
            "П.С. ещё",
            "追伸 あり",
        ] {
            assert!(is_postscript(body), "{body}");
        }
        for body in ["PS4", "PS", "PSD GmbH", "PD Dr. Ann Berg", "Nb Ltd", "Psychologist", "PS-", "Poststr. 7", "N.B."] {
            assert!(!is_postscript(body), "{body}");
        }
    }

    #[test]
    fn who_goes_on_asks_tells_lists_or_names_a_number() {
        let goes_on_below_name = |text: &str| {
            let text = format!("Ann\n\n{text}");
            goes_on(&quote::lines(&text, &[]), 2)
        };
        for text in [
            "Where is the bill?",
            "I have attached the photo.",
            "- the ring\n- the screws",
            "1. the ring\n2. the screws",
            "Order number: 771",
            "Bestellnummer 771",
        ] {
            assert!(goes_on_below_name(text), "{text}");
        }
        for text in
            ["Acme Corp.", "Have a nice day.", "Head of Sales", "Acme Ltd. & Co.", "- Berlin", "Order desk", "Tel. 030 1234567"]
        {
            assert!(!goes_on_below_name(text), "{text}");
        }
    }
}
