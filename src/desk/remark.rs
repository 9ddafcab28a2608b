//! One sentence of ours about what somebody wrote, in every language that mails to agents have: it is made where the reason
//! is found, and told where it is known who reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::agent_page::fill_text;
use crate::wrong_words::{ALL, Sentences};

/// A sentence by language. Shown without one it is that of operators: English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Remark(BTreeMap<String, String>);

impl Remark {
    /// A sentence without values.
    pub(crate) fn of(say: impl Fn(&'static Sentences) -> &'static str) -> Self {
        Self::each(|sentences| say(sentences).to_owned())
    }

    /// A sentence with values that are the same in all languages.
    pub(crate) fn with(say: impl Fn(&'static Sentences) -> &'static str, values: &[(&str, &str)]) -> Self {
        Self::each(|sentences| fill_text(say(sentences), values))
    }

    /// The same sentence as each language says it.
    pub(crate) fn each(say: impl Fn(&'static Sentences) -> String) -> Self {
        Self::by_language(|_, sentences| say(sentences))
    }

    /// The same where other words of the language are needed besides.
    pub(crate) fn by_language(say: impl Fn(&str, &'static Sentences) -> String) -> Self {
        Self(ALL.iter().map(|words| (words.language.to_owned(), say(words.language, words.sentences))).collect())
    }

    /// What is no sentence of ours, and so the same in all languages.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self([(ALL[0].language.to_owned(), text.into())].into())
    }

    /// A sentence with a remark in it, under the name `what`.
    pub(crate) fn around(&self, say: impl Fn(&'static Sentences) -> &'static str) -> Self {
        Self::by_language(|language, sentences| fill_text(say(sentences), &[("what", self.told(language))]))
    }

    /// Both, one behind the other.
    #[must_use]
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (language, text) in &mut self.0 {
            text.push_str(other.told(language));
        }
        self
    }

    /// In a language, else in English.
    #[must_use]
    pub fn told(&self, language: &str) -> &str {
        let fallback = || self.0.get(ALL[0].language);
        self.0.get(language).or_else(fallback).map_or("", String::as_str)
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.told(ALL[0].language))
    }
}

impl<'de> Deserialize<'de> for Remark {
    /// Journals from before agents were told in their language hold a plain text. The packed state is of one version only,
    /// and cannot be asked what comes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Known {
            Plain(String),
            Told(BTreeMap<String, String>),
        }
        if !deserializer.is_human_readable() {
            return BTreeMap::deserialize(deserializer).map(Self);
        }
        Ok(match Known::deserialize(deserializer)? {
            Known::Plain(text) => Self::plain(text),
            Known::Told(texts) => Self(texts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_told_in_each_language_and_else_in_english() {
        let remark = Remark::with(|say| say.stands_alone, &[("word", "{take}")]);
        assert_eq!(remark.to_string(), "`{take}` stands alone");
        assert_eq!((remark.told("de"), remark.told("fr")), ("`{take}` steht allein", "`{take}` stands alone"));
        assert_eq!(Remark::plain("router model").told("de"), "router model");
        let leak = Remark::of(|say| say.secret_id).around(|say| say.leak);
        assert_eq!(leak.told("de"), "darin steht die Kennung einer Mail von uns");
    }

    #[test]
    fn texts_of_older_journals_are_read() {
        let old: Remark = serde_json::from_str("\"a blank is missing\"").expect("a text");
        assert_eq!(old, Remark::plain("a blank is missing"));
        let new = Remark::of(|say| say.blank_missing);
        let json = serde_json::to_string(&new).expect("written");
        assert_eq!(serde_json::from_str::<Remark>(&json).expect("read"), new);
    }
}
