//! Legal notices learned from the mails of one domain, as plain state that the caller keeps.
//!
//! What several people of a domain end their mails with, word for word, none of them wrote. The reply cut takes the texts
//! of [`Notices::known`] as [`crate::parse::Known::disclaimers`]. Deliberately absent: where the state is stored, and mails
//! of machines, which repeat themselves without any notice; the caller leaves both out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Address, Message, signature};

/// People who must have sent a text before it is known to be a notice. Two may be copying from each other.
const SENDERS_MIN: usize = 3;
/// Paragraphs at the end of a mail that may be notices.
const PARAGRAPHS_MAX: usize = 4;
/// Shorter texts are greetings.
const PARAGRAPH_CHARACTERS_MIN: usize = 60;
/// Longer ones are not stored.
const PARAGRAPH_BYTES_MAX: usize = 8 * 1024;
/// Texts remembered of one domain; the one not seen for longest leaves first.
const TEXTS_MAX: usize = 100;

/// What the mails of one domain end with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    texts: BTreeMap<String, Text>,
    mails: u64,
}

/// One text and who sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    words: String,
    senders: BTreeSet<String>,
    last_mail: u64,
}

impl Notices {
    /// Learns from a mail of `sender`, who is of this domain.
    pub fn learn(&mut self, sender: &Address, message: &Message) {
        self.mails += 1;
        let own = format!("{}\n\n{}", message.reply.new_text, message.reply.signature);
        let paragraphs: Vec<&str> = own.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).collect();
        // The first paragraph is what the mail was written for.
        for words in paragraphs.iter().skip(1).rev().take(PARAGRAPHS_MAX) {
            if words.chars().count() < PARAGRAPH_CHARACTERS_MIN || words.len() > PARAGRAPH_BYTES_MAX {
                continue;
            }
            let text = self.texts.entry(signature::fold(words)).or_default();
            (*words).clone_into(&mut text.words);
            text.last_mail = self.mails;
            if text.senders.len() < SENDERS_MIN {
                text.senders.insert(sender.folded());
            }
        }
        while self.texts.len() > TEXTS_MAX {
            let oldest =
                self.texts.iter().min_by_key(|(_, text)| (text.last_mail, text.senders.len())).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.texts.remove(&oldest);
        }
    }

    /// The notices known by now, each as last seen.
    #[must_use]
    pub fn known(&self) -> Vec<String> {
        self.texts.values().filter(|text| text.senders.len() >= SENDERS_MIN).map(|text| text.words.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Known, parse_with};

    #[test]
    fn what_three_people_end_their_mails_with_is_a_notice() {
        let notice = "Acme Printing, founded 1902, wishes its friends a year of clear letters and straight lines.";
        let mail = |name: &str, text: &str| {
            format!("From: {name}@acme.example\r\nSubject: x\r\n\r\n{text}\r\n\r\n{notice}\r\n").into_bytes()
        };
        let mut notices = Notices::default();
        for name in ["ann", "bob", "ann", "cy"] {
            assert!(notices.known().is_empty(), "{name}");
            let sender = Address::new(&format!("{name}@acme.example")).expect("an address");
            notices.learn(&sender, &crate::parse(&mail(name, "The lamp is red.")).message);
        }
        let disclaimers = notices.known();
        assert_eq!(disclaimers, [notice]);
        let raw = mail("dee", "It is green now.");
        assert!(crate::parse(&raw).message.reply.new_text.contains("founded"));
        let known = Known { disclaimers: &disclaimers, ..Known::default() };
        let reply = parse_with(&raw, &known).message.reply;
        assert_eq!((reply.new_text.as_str(), reply.signature.as_str()), ("It is green now.", notice));
    }
}
