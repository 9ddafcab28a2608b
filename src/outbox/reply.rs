//! What a server said, and what it means for the mail and for the account (RFC 5321 §4.2, RFC 3463).

use super::limits;

/// A reply with its enhanced code, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits of RFC 5321.
    pub code: u16,
    /// `4.7.1` of RFC 3463.
    pub enhanced: Option<(u16, u16, u16)>,
    /// The code and its text on one line, cleaned and shortened: for lists and logs.
    pub words: String,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This mail later.
    DeferMail,
    /// This mail later, and everything of this account slower.
    SlowAccount,
    /// This mail never.
    FailMail,
    /// Nothing of this account until the credentials are right; the mail is not at fault.
    StopAccount,
}

impl Reply {
    /// Puts code and lines together.
    #[must_use]
    pub fn new(code: u16, text: &str) -> Self {
        let enhanced = text.split_whitespace().next().and_then(enhanced_code);
        Self { code, enhanced, words: words(&format!("{code} {text}")) }
    }

    /// What to do about a refusal. A positive reply where a refusal was expected counts as a refusal for now.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match (self.code, self.enhanced) {
            (421, _) | (400..=499, Some((4, 7, _))) => Meaning::SlowAccount,
            // RFC 4954 §4 and §6: authentication required, too weak, invalid, or encryption required for it.
            (530 | 534 | 535 | 538, _) => Meaning::StopAccount,
            (500..=599, _) => Meaning::FailMail,
            _ => Meaning::DeferMail,
        }
    }
}

fn enhanced_code(word: &str) -> Option<(u16, u16, u16)> {
    let mut parts = word.split('.').map(|part| if part.len() <= 3 { part.parse::<u16>().ok() } else { None });
    let code = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && matches!(code.0, 2 | 4 | 5)).then_some(code)
}

/// Words of a server or of the network on one line, without controls, shortened.
#[must_use]
pub(crate) fn words(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(limits::WORDS_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_means_one_of_four_things() {
        let table = [
            (450, "4.2.0 greylisted", Meaning::DeferMail),
            (451, "try later", Meaning::DeferMail),
            (452, "4.2.2 mailbox full", Meaning::DeferMail),
            (421, "service shutting down", Meaning::SlowAccount),
            (450, "4.7.28 too much mail", Meaning::SlowAccount),
            (454, "4.7.0 temporary authentication failure", Meaning::SlowAccount),
            (550, "5.1.1 no such user", Meaning::FailMail),
            (554, "5.7.1 spam", Meaning::FailMail),
            (552, "too big", Meaning::FailMail),
            (535, "5.7.8 bad credentials", Meaning::StopAccount),
            (530, "5.7.0 authentication required", Meaning::StopAccount),
        ];
        for (code, text, meaning) in table {
            assert_eq!(Reply::new(code, text).meaning(), meaning, "{code} {text}");
        }
    }

    #[test]
    fn words_are_one_clean_line() {
        assert_eq!(words("550 no\r\n\x1b[31m such  user"), "550 no [31m such user");
        assert_eq!(words(&"ü".repeat(1000)).chars().count(), limits::WORDS_CHARS_MAX + 1);
    }

    #[test]
    fn enhanced_codes_are_read_only_where_they_stand() {
        assert_eq!(Reply::new(450, "4.7.28 slow").enhanced, Some((4, 7, 28)));
        for text in ["127.0.0.1 is slow", "4.7 slow", "slow 4.7.1", "4.7.1.2", "9.7.1 x", ""] {
            assert_eq!(Reply::new(450, text).enhanced, None, "{text}");
        }
    }
}
