//! The language a text is written in.
//!
//! First by the small words of its sentences, which settle most mails at the cost of reading them; the profiles of all
//! languages are compared only where those do not tell, since that costs more than reading the rest of an ordinary mail.

use crate::small_word;

/// Fewer words do not tell one language from its neighbours.
const WORDS_MIN: usize = 20;
/// Scripts without spaces: this many characters stand for the words.
const CHARACTERS_MIN: usize = 40;
/// More text makes the answer no better.
const BYTES_MAX: usize = 8 * 1024;

/// A language and how sure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// ISO 639-1 code.
    pub code: String,
    /// 1 to 100; see [`detect`] for what is not reported at all.
    pub confidence_percent: u8,
}

/// The language of a text.
///
/// `None` where the text has fewer than 20 words, where two languages are about as likely, and where the language has
/// no two-letter code.
#[must_use]
pub fn detect(text: &str) -> Option<Detected> {
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let words: Vec<&str> = words(&text[..end]);
    let is_spaceless = |c: &char| matches!(*c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let spaceless = || words.iter().flat_map(|word| word.chars()).filter(is_spaceless).count();
    if words.len() < WORDS_MIN && spaceless() < CHARACTERS_MIN {
        return None;
    }
    if let Some(found) = small_word::language(&words) {
        return Some(found);
    }
    let info = whatlang::detect(&words.join(" "))?;
    if !info.is_reliable() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 100")]
    let confidence_percent = (info.confidence() * 100.0).round().clamp(1.0, 100.0) as u8;
    two_letters(info.lang()).map(|code| Detected { code: code.to_owned(), confidence_percent })
}

/// The words of a text, divided at white space.
fn words(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut words = Vec::with_capacity(text.len() / 6);
    let mut start = 0;
    while start < bytes.len() {
        let (mut end, mut kinds) = (start, 0);
        while let Some(kind) = bytes.get(end).map(|byte| KINDS[usize::from(*byte)]).filter(|kind| *kind != SPACE) {
            kinds |= kind;
            end += 1;
        }
        let word = &text[start..end];
        if kinds & FOREIGN != 0 {
            // There are spaces beyond ASCII too.
            words.extend(word.split_whitespace().filter(|word| is_word(word)));
        } else if kinds & (LETTER | SIGN) == LETTER {
            words.push(word);
        }
        start = end + 1;
    }
    words
}

/// What the bytes of a text are; a byte without a kind is a digit or mark.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'\t'..=b'\r' | b' ' => SPACE,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'@' | b'/' | b'<' | b'>' => SIGN,
            0x80.. => FOREIGN,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};
const SPACE: u8 = 1;
const LETTER: u8 = 2;
const SIGN: u8 = 4;
const FOREIGN: u8 = 8;

/// Addresses, links and numbers belong to no language.
fn is_word(word: &str) -> bool {
    let is_other = |byte: u8| matches!(byte, b'@' | b'/' | b'<' | b'>');
    let has_letter = || word.bytes().any(|byte| byte.is_ascii_alphabetic()) || word.chars().any(char::is_alphabetic);
    !word.bytes().any(is_other) && has_letter()
}

fn two_letters(language: whatlang::Lang) -> Option<&'static str> {
    use whatlang::Lang;
    Some(match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::detect;

    #[test]
    fn a_language_is_named_only_where_the_text_tells() {
        let german = "Guten Tag, leider ist unser Drucker seit gestern Abend nicht mehr erreichbar und wir können keine Rechnungen \
                      drucken. Könnten Sie bitte heute noch einen Techniker zu uns schicken? Vielen Dank im Voraus.";
        let code = |text: &str| detect(text).map(|found| found.code);
        assert_eq!(code(german).as_deref(), Some("de"));
        assert!(detect(german).is_some_and(|found| found.confidence_percent > 90));
        let japanese = "お世話になっております。昨日から管理画面にログインできなくなりました。パスワードの再設定もうまくいきません。ご確認をお願いいたします。";
        assert_eq!(code(japanese).as_deref(), Some("ja"));
        let english = "Hello, the printer on the second floor shows an error and nobody can print the invoices that we have to send \
                       today. Could you please have a look at it?";
        assert_eq!(code(english).as_deref(), Some("en"));
        let dutch = "Goedemorgen, de printer op de tweede verdieping doet het niet en niemand kan de facturen afdrukken die wij \
                     vandaag moeten versturen. Kunt u er alstublieft even naar kijken?";
        assert_eq!(code(dutch).as_deref(), Some("nl"));
        assert_eq!(detect("OK thanks"), None);
        assert_eq!(detect(""), None);
    }
}
