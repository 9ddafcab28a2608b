//! The language a text is written in.

/// Fewer words do not tell one language from its neighbours.
const WORDS_MIN: usize = 20;
/// Scripts without spaces: this many characters stand for the words.
const CHARACTERS_MIN: usize = 40;
/// More text makes the answer no better.
const BYTES_MAX: usize = 8 * 1024;

/// The language of a text as an ISO 639-1 code.
///
/// `None` where the text has fewer than 20 words, where two languages are about as likely, and where the language has
/// no two-letter code.
#[must_use]
pub fn detect(text: &str) -> Option<String> {
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Addresses, links and numbers belong to no language.
    let is_word = |word: &&str| word.chars().any(char::is_alphabetic) && !word.contains(['@', '/', '<', '>']);
    let words: Vec<&str> = text[..end].split_whitespace().filter(is_word).collect();
    let is_spaceless = |c: &char| matches!(*c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    let spaceless = words.iter().flat_map(|word| word.chars()).filter(is_spaceless).count();
    if words.len() < WORDS_MIN && spaceless < CHARACTERS_MIN {
        return None;
    }
    let info = whatlang::detect(&words.join(" "))?;
    if !info.is_reliable() {
        return None;
    }
    two_letters(info.lang()).map(str::to_owned)
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
        assert_eq!(detect(german).as_deref(), Some("de"));
        let japanese = "お世話になっております。昨日から管理画面にログインできなくなりました。パスワードの再設定もうまくいきません。ご確認をお願いいたします。";
        assert_eq!(detect(japanese).as_deref(), Some("ja"));
        assert_eq!(detect("OK thanks"), None);
        assert_eq!(detect(""), None);
    }
}
