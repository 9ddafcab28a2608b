//! The lines that phones and mail programs add: "Sent from my iPhone", "Get Outlook for Android".
//!
//! Told by a beginning or an end of a list and a word for a device or a program; sentences that begin alike stay text.

use crate::words;

/// "Sent from Anything New" as a paragraph of its own: programs not yet known are named in a few words with a capital.
pub(crate) fn names_a_program(body: &str) -> bool {
    if !words::SENT_FROM.may_begin(body) {
        return false;
    }
    let lower = body.to_lowercase();
    // Only where both have the same length can the rest be taken from the line as written.
    let Some(prefix) = words::SENT_FROM.of(&lower).find(|prefix| body.is_char_boundary(prefix.len())) else { return false };
    let rest = body[prefix.len()..].trim();
    let count = rest.split_whitespace().count();
    rest.starts_with(char::is_uppercase) && (1..=PROGRAM_WORDS_MAX).contains(&count) && !rest.ends_with(['.', '!', '?', ':', ','])
}

/// No program has a longer name.
const PROGRAM_WORDS_MAX: usize = 4;

/// Whether a phone or program added this line.
pub(crate) fn is_device_line(body: &str) -> bool {
    if body.len() < 8 || body.len() > 200 {
        return false;
    }
    let body =
        body.trim_matches(|c: char| matches!(c, '*' | '_' | '-' | '[' | ']' | '(' | ')' | '"' | '~' | '|') || c.is_whitespace());
    let ended = body.trim_end_matches(['.', '。', '!']);
    let may_end = words::SENT_FROM_ENDS.end(ended);
    let may_react = || memchr::memchr_iter(b'G', body.as_bytes()).any(|at| body[at..].starts_with("Gmail"));
    // Nearly all lines end here.
    if !may_end && !words::SENT_FROM.may_begin(body) && !may_react() {
        return false;
    }
    let lower = body.to_lowercase();
    if may_react() && REACTED.iter().any(|stem| lower.contains(stem)) && lower.split_whitespace().count() <= 10 {
        return true;
    }
    let prefix = words::SENT_FROM.of(&lower).next();
    if prefix.is_none() && !may_end {
        return false;
    }
    let without_link = lower.split(['<', '(']).next().unwrap_or(&lower);
    let count = without_link.split_whitespace().count();
    let excuses = EXCUSES.iter().any(|stem| without_link.contains(stem));
    // "Sent from my Verizon, Samsung Galaxy smartphone".
    let ends_in_kind = DEVICE_KINDS.iter().any(|kind| without_link.trim_end().trim_end_matches('.').ends_with(kind));
    let has_clause = !excuses && !ends_in_kind && without_link.contains(", ") || !excuses && without_link.contains(" is ");
    let is_sentence = has_clause || without_link.contains('?') || prefix.is_some_and(|prefix| goes_on(prefix, ended));
    match prefix {
        Some(prefix) if prefix.ends_with("gesendet") => without_link.trim_end().trim_end_matches('.') == prefix,
        // "Yahoo Mail: Search, Organize, Conquer".
        Some(prefix) if prefix.ends_with(':') => count <= 14,
        Some(prefix) => {
            let rest = without_link.get(prefix.len()..).unwrap_or("").split_whitespace().count();
            !is_sentence
                && (rest <= 5 && words::POSSESSIVES.iter().any(|word| lower.contains(word))
                    || prefix == "via mobile" && count == 2
                    || count <= 14 && words::DEVICE.is_match(&lower))
        }
        None => count <= 8 && !is_sentence && words::DEVICE.is_match(&lower),
    }
}

/// What a phone is called where its maker is named before.
const DEVICE_KINDS: [&str; 5] = ["smartphone", "phone", "device", "tablet", "handheld"];

/// Longer than the names of models with what stands before them.
const MODEL_CHARS_MAX: usize = 24;

/// "Von meinem Handy …" and 从我的手机… begin sentences too; what a program adds has its verb, or the device, at the end.
fn goes_on(prefix: &str, line: &str) -> bool {
    match prefix {
        "von meinem" | "von meiner" => !["gesendet", "geschickt", "verschickt"].iter().any(|verb| line.ends_with(verb)),
        "从我的" | "從我的" | "来自我的" | "发自" | "发自我的" | "發自我的" => {
            // "发自我的 iPhone 15" and the like are short, and a model is no word.
            let last = line.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let is_model = last.bytes().any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            (!is_model || line.chars().count() > MODEL_CHARS_MAX)
                && !["发送", "傳送", "手机", "手機", "平板", "客户端", "邮箱", "大师", "大師"]
                    .iter()
                    .any(|end| line.ends_with(end))
        }
        _ => false,
    }
}

/// "Sent from my phone, please excuse typos."
const EXCUSES: [&str; 8] = ["excuse", "brevity", "typo", "entschuldig", "kürze", "tippfehler", "desculp", "disculp"];

/// Stems of "Ann reacted via Gmail".
const REACTED: [&str; 8] = ["reacted", "reagiert", "réagi", "reaccion", "reagi", "gereageerd", "reagerade", "отреагировал"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_add_their_line_and_people_write_sentences() {
        for line in [
            "Sent from my Verizon, Samsung Galaxy smartphone",
            "Von meinem iPhone gesendet",
            "Von unterwegs gesendet",
            "从我的iPhone发送",
            "发自我的小米手机",
            "来自我的华为手机",
            "下載 iOS 版 Outlook",
            "Verzonden vanaf mijn Galaxy",
        ] {
            assert!(is_device_line(line), "{line}");
        }
        for line in [
            "Von meinem Handy aus kann ich mich nicht anmelden.",
            "从我的手机无法登录。",
            "来自我的手机的照片打不开",
            "下載後手機一直閃紅燈",
            "Das Paket ist unterwegs und wurde gesendet",
        ] {
            assert!(!is_device_line(line), "{line}");
        }
    }
}
