//! Takes the bodies out of a mail for tests of the cut.
#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use mail::Reply;
use mail::reply_cut::{CutInput, cut};

/// The parts of a mail that the cut works on.
#[derive(Clone, Default)]
pub struct Bodies {
    pub text: Option<String>,
    pub html: Option<String>,
    pub subject: String,
    pub from_name: Option<String>,
}

impl Bodies {
    pub fn read(raw: &[u8]) -> Self {
        let message = mail_parser::MessageParser::default().parse(raw).unwrap();
        let is_text = |part: &&mail_parser::MessagePart<'_>| matches!(part.body, mail_parser::PartType::Text(_));
        let is_html = |part: &&mail_parser::MessagePart<'_>| matches!(part.body, mail_parser::PartType::Html(_));
        Self {
            // A text part without words says nothing; the reader then shows the HTML.
            text: message
                .parts
                .iter()
                .find(is_text)
                .and_then(|part| part.text_contents())
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned),
            html: message.parts.iter().find(is_html).and_then(|part| part.text_contents()).map(str::to_owned),
            subject: message.subject().unwrap_or_default().to_owned(),
            from_name: message.from().and_then(|from| from.first()).and_then(|from| from.name()).map(str::to_owned),
        }
    }

    /// The whole body as text.
    pub fn body(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.html.as_deref().map(|html| mail::html::to_text(html).text).unwrap_or_default())
    }

    pub fn cut(&self) -> Reply {
        let text = self.body();
        cut(&CutInput {
            text: &text,
            html: self.html.as_deref(),
            subject: &self.subject,
            from_name: self.from_name.as_deref(),
            is_text_from_html: self.text.is_none(),
            ..CutInput::default()
        })
    }
}

/// The mail as it is and, where it has both parts, with each of them alone: all must come out alike.
pub fn versions(raw: &[u8]) -> Vec<(&'static str, Bodies)> {
    let both = Bodies::read(raw);
    let mut versions = vec![("as is", both.clone())];
    if both.text.is_some() && both.html.is_some() {
        versions.push(("text alone", Bodies { html: None, ..both.clone() }));
        versions.push(("HTML alone", Bodies { text: None, ..both }));
    }
    versions
}
