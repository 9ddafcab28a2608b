//! Kinds of field values: what people write, read into one spelling.
//!
//! A value that cannot be read is kept as it was said; whoever calls marks it as not understood. Where a spelling has two
//! readings (`03/04/2026`), the day comes first, as in most of the world; ISO dates have one reading only.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::policy::{Field, FieldKind};

/// Longest value kept, in characters: a field is an answer, not a letter.
pub const VALUE_CHARACTERS_MAX: usize = 500;

/// A number with the currency beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// The number.
    pub number: f64,
    /// ISO 4217 code, where one is written.
    pub currency: Option<String>,
}

/// The one spelling of a value, or `None` where it is not of the field's kind or `match` refuses it.
///
/// number `1234.5`, money `500.00 GBP` (the currency where one is written), date `2026-11-23`, choice as configured, email
/// in lower case, phone `+` and digits, url with scheme, bool `true` or `false`. `today` is the sender's date and gives
/// dates without a year theirs.
#[must_use]
pub fn normalise(field: &Field, said: &str, today: Date) -> Option<String> {
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if said.is_empty() || said.chars().count() > VALUE_CHARACTERS_MAX {
        return None;
    }
    let value = match field.kind {
        FieldKind::Text => said,
        FieldKind::Number => read_number(&said)?,
        FieldKind::Money => read_money(&said)?,
        FieldKind::Date => read_date(&said, today)?.to_string(),
        FieldKind::Choice => read_choice(&field.options, &said)?,
        FieldKind::Email => mail::Address::new(said.strip_prefix("mailto:").unwrap_or(&said)).ok()?.folded(),
        FieldKind::Phone => read_phone(&said)?,
        FieldKind::Url => read_url(&said)?,
        FieldKind::Bool => read_bool(&said)?.to_string(),
    };
    field.matches.as_ref().is_none_or(|pattern| pattern.is_match(&value)).then_some(value)
}

/// Reads `500`, `1,234.50 GBP`, `€ 12`.
#[must_use]
pub fn amount_of(text: &str) -> Option<Amount> {
    let money = read_money(text)?;
    let (number, currency) = match money.split_once(' ') {
        Some((number, currency)) => (number, Some(currency.to_owned())),
        None => (money.as_str(), None),
    };
    Some(Amount { number: number.parse().ok()?, currency })
}

/// Digits with separators of thousands and one decimal separator, the last of `.` and `,`; one alone with three digits
/// behind it separates thousands, unless the number begins with 0.
fn read_number(text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let plain: String = digits.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’')).collect();
    if !plain.starts_with(|c: char| c.is_ascii_digit()) || !plain.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',') {
        return None;
    }
    let last = plain.rfind(['.', ',']);
    let decimal = last.filter(|at| {
        let separators = plain.matches(['.', ',']).count();
        let same = plain.matches(plain.as_bytes()[*at] as char).count();
        let behind = plain.len() - at - 1;
        let thousands = behind == 3 && separators == 1 && !plain.starts_with('0') && *at <= 3;
        same == 1 && behind > 0 && !thousands
    });
    let (whole, fraction) = match decimal {
        Some(at) => (&plain[..at], &plain[at + 1..]),
        None => (plain.as_str(), ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let fraction = fraction.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if whole.len() > 15 {
        return None;
    }
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

fn read_money(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['.', ',']).trim_end_matches(",-").trim();
    let is_amount = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’' | '-' | '−' | '+');
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let from = text[..first].char_indices().rfind(|(_, c)| !matches!(c, '-' | '−' | '+')).map_or(0, |(at, c)| at + c.len_utf8());
    let to = text.char_indices().rfind(|(_, c)| c.is_ascii_digit()).map_or(first, |(at, _)| at + 1);
    let (before, number, after) = (text[..from].trim(), &text[from..to], text[to..].trim_matches([',', '.', '-', ' ']));
    if !number.chars().all(|c| is_amount(c) || c == ' ' || c == '\u{a0}' || c == '\u{202f}') {
        return None;
    }
    let currency = match (before, after) {
        ("", "") => None,
        (one, "") | ("", one) => Some(currency_of(one)?),
        (one, other) => Some(currency_of(one).filter(|code| currency_of(other) == Some(*code) || *code == "USD")?),
    };
    let number: f64 = read_number(number)?.parse().ok()?;
    Some(match currency {
        Some(currency) => format!("{number:.2} {currency}"),
        None => format!("{number:.2}"),
    })
}

/// Signs and names that are common in mail; three letters pass as a code where the world has such a currency.
fn currency_of(text: &str) -> Option<&'static str> {
    const CODES: &str = "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW MAD MXN \
                         MYR NGN NOK NZD PEN PHP PKR PLN RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR";
    let upper = text.trim_matches(|c: char| c == '.' || c == ':').to_uppercase();
    let known = match upper.as_str() {
        "€" | "EURO" | "EUROS" => "EUR",
        "£" | "POUND" | "POUNDS" | "STG" => "GBP",
        "$" | "US$" | "DOLLAR" | "DOLLARS" => "USD",
        "¥" | "YEN" => "JPY",
        "FR" | "SFR" | "FRANKEN" => "CHF",
        "ZŁ" => "PLN",
        "KČ" => "CZK",
        "₹" => "INR",
        "₺" => "TRY",
        "₴" => "UAH",
        code => return CODES.split_ascii_whitespace().find(|known| *known == code),
    };
    Some(known)
}

/// Dates as people of several languages write them.
fn read_date(text: &str, today: Date) -> Option<Date> {
    let lower = text.to_lowercase();
    match lower.trim_matches(['.', ' ']) {
        "today" | "heute" | "aujourd'hui" | "hoy" | "oggi" | "vandaag" => return Some(today),
        "tomorrow" | "morgen" | "demain" | "mañana" | "domani" => return today.checked_add(1.day()).ok(),
        "yesterday" | "gestern" | "hier" | "ayer" | "ieri" | "gisteren" => return today.checked_sub(1.day()).ok(),
        _ => {}
    }
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let numbers: Vec<i16> = words.iter().filter_map(|word| ordinal(word)).collect();
    if let Some(month) = words.iter().find_map(|word| month_of(word)) {
        return match numbers.as_slice() {
            [day, year, ..] if *year > 31 => date(full_year(*year), month, *day),
            [year, day, ..] if *year > 31 => date(full_year(*year), month, *day),
            [day] => without_year(month, *day, today),
            _ => None,
        };
    }
    if words.len() != numbers.len() && !lower.contains('t') {
        return None;
    }
    match numbers.as_slice() {
        [year, month, day, ..] if *year > 31 => date(full_year(*year), *month, *day),
        // 13 to 31 in the second place can only be a day: the American order.
        [month, day, year, ..] if *day > 12 => date(full_year(*year), *month, *day),
        [day, month, year, ..] => date(full_year(*year), *month, *day),
        [day, month] if lower.contains(['.', '/']) => without_year(*month, *day, today),
        _ => None,
    }
}

fn ordinal(word: &str) -> Option<i16> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &word[digits.len()..];
    if digits.len() == 8 || !matches!(ending, "" | "st" | "nd" | "rd" | "th" | "er" | "e") {
        return None;
    }
    digits.parse().ok()
}

fn full_year(year: i16) -> i16 {
    if (0..100).contains(&year) { 2000 + year } else { year }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    let plausible = (1900..=2200).contains(&year);
    plausible.then(|| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()).flatten()
}

/// The nearest such day to today, since people name days close by.
fn without_year(month: i16, day: i16, today: Date) -> Option<Date> {
    let years = [today.year() - 1, today.year(), today.year() + 1];
    years.into_iter().filter_map(|year| date(year, month, day)).min_by_key(|date| (date.duration_since(today).as_hours()).abs())
}

/// Names and short forms in en, de, fr, es, it, nl; the first letters tell them apart.
fn month_of(word: &str) -> Option<i16> {
    const NAMES: [&str; 12] = [
        "january januar jänner janvier enero gennaio januari",
        "february februar feber février fevrier febrero febbraio februari",
        "march märz maerz mrz mars marzo maart",
        "april avril abril aprile avr abr",
        "may mai mayo maggio mei",
        "june juni juin junio giugno",
        "july juli juillet julio luglio",
        "august août aout agosto augustus",
        "september septembre septiembre settembre sept",
        "october oktober octobre octubre ottobre",
        "november novembre noviembre",
        "december dezember décembre decembre diciembre dicembre",
    ];
    let fits = |name: &str| name == word || (word.chars().count() >= 3 && name.starts_with(word));
    let found = NAMES.iter().position(|names| names.split(' ').any(fits))?;
    i16::try_from(found + 1).ok()
}

/// Exact, else the one option that stands in the text as words, else the nearest within a quarter of its length.
fn read_choice(options: &[String], said: &str) -> Option<String> {
    let lower = said.to_lowercase();
    if let Some(exact) = options.iter().find(|option| option.to_lowercase() == lower) {
        return Some(exact.clone());
    }
    let padded = |text: &str| {
        let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        format!(" {} ", words.join(" "))
    };
    let text = padded(&lower);
    let mut named = options.iter().filter(|option| text.contains(&padded(&option.to_lowercase())));
    if let (Some(only), None) = (named.next(), named.next()) {
        return Some(only.clone());
    }
    let distance = |option: &String| strsim::damerau_levenshtein(&option.to_lowercase(), &lower);
    let mut ranked: Vec<_> = options.iter().map(|option| (distance(option), option)).collect();
    ranked.sort();
    match ranked.as_slice() {
        [(first, _), (second, _), ..] if first == second => None,
        [(first, option), ..] if *first <= (option.chars().count() / 4).max(1) && option.chars().count() > 2 => {
            Some((*option).clone())
        }
        _ => None,
    }
}

/// Six digits or more, at most the fifteen of E.164; an extension is kept behind `x`.
fn read_phone(said: &str) -> Option<String> {
    let lower = said.to_lowercase();
    let said = lower.strip_prefix("tel:").unwrap_or(&lower);
    let (main, extension) = ["ext.", "ext", "x", "durchwahl"]
        .iter()
        .find_map(|word| said.split_once(word))
        .map_or((said, None), |(main, extension)| (main, Some(extension.trim())));
    let good = main.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}' | '–'));
    // `+44 (0)113 …`: the zero in brackets is dialled inside the country only.
    let main = if main.trim_start().starts_with(['+', '0']) { main.replacen("(0)", "", 1) } else { main.to_owned() };
    let digits: String = main.chars().filter(char::is_ascii_digit).collect();
    if !good || !(6..=17).contains(&digits.len()) {
        return None;
    }
    let number = match (main.trim_start().starts_with('+'), digits.strip_prefix("00")) {
        (true, _) => format!("+{digits}"),
        (false, Some(rest)) => format!("+{rest}"),
        (false, None) => digits,
    };
    match extension {
        None => Some(number),
        Some(extension) if !extension.is_empty() && extension.chars().all(|c| c.is_ascii_digit()) => {
            Some(format!("{number}x{extension}"))
        }
        Some(_) => None,
    }
}

fn read_url(said: &str) -> Option<String> {
    let said = said.trim_matches(['<', '>']).trim_end_matches(['.', ',', ')']);
    let url = if said.to_lowercase().starts_with("www.") { format!("https://{said}") } else { said.to_owned() };
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?.split(':').next()?;
    let scheme = scheme.to_lowercase();
    let good = matches!(scheme.as_str(), "http" | "https")
        && host.contains('.')
        && host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
        && !url.contains([' ', '<', '>', '"']);
    good.then(|| format!("{scheme}://{rest}"))
}

fn read_bool(said: &str) -> Option<bool> {
    match said.to_lowercase().trim_matches(['.', '!', ' ']) {
        "yes" | "y" | "true" | "1" | "on" | "x" | "✓" | "✔" | "ja" | "j" | "oui" | "sí" | "si" | "sì" | "wahr" | "checked" => {
            Some(true)
        }
        "no" | "n" | "false" | "0" | "off" | "nein" | "non" | "nee" | "falsch" | "none" | "unchecked" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: FieldKind, said: &str, expect: Option<&str>) {
        let field = Field {
            id: "x".into(),
            ask: String::new(),
            asks: std::collections::BTreeMap::new(),
            kind,
            find: None,
            labels: Vec::new(),
            matches: None,
            options: ["Leeds", "Bergen", "Home"].map(str::to_owned).to_vec(),
            required: false,
            agents_only: false,
        };
        let today = jiff::civil::date(2026, 11, 22);
        assert_eq!(normalise(&field, said, today).as_deref(), expect, "{kind:?} {said:?}");
    }

    #[test]
    fn numbers_and_money_have_one_spelling() {
        for (said, expect) in
            [("1,234.50", "1234.5"), ("1.234,5", "1234.5"), ("1 234", "1234"), ("1,234", "1234"), ("3.14", "3.14")]
        {
            check(FieldKind::Number, said, Some(expect));
        }
        for said in ["", "abc", "12a", "1-2"] {
            check(FieldKind::Number, said, None);
        }
        let money = [
            ("£500", "500.00 GBP"),
            ("500 GBP", "500.00 GBP"),
            ("EUR 1.234,50", "1234.50 EUR"),
            ("12,50 €", "12.50 EUR"),
            ("99", "99.00"),
            ("$1,000.00 USD", "1000.00 USD"),
            ("-20 eur", "-20.00 EUR"),
            ("CHF 1'250.-", "1250.00 CHF"),
        ];
        for (said, expect) in money {
            check(FieldKind::Money, said, Some(expect));
        }
        check(FieldKind::Money, "about five hundred", None);
        check(FieldKind::Money, "12 apples", None);
    }

    #[test]
    fn dates_are_read_in_many_forms() {
        for said in [
            "2026-11-23",
            "23.11.2026",
            "23/11/2026",
            "11/23/2026",
            "23.11.26",
            "23 November 2026",
            "November 23rd, 2026",
            "23. Nov. 2026",
            "le 23 novembre 2026",
            "tomorrow",
            "morgen",
            "23.11.",
            "Mon, 23 Nov 2026",
            "2026/11/23",
        ] {
            check(FieldKind::Date, said, Some("2026-11-23"));
        }
        check(FieldKind::Date, "3 January", Some("2027-01-03"));
        for said in ["31.2.2026", "soon", "12", "2026-13-01", "version 3.4.1 build 7"] {
            check(FieldKind::Date, said, None);
        }
    }

    #[test]
    fn choices_take_the_nearest_option_and_never_guess_between_two() {
        for (said, expect) in [("leeds", Some("Leeds")), ("I am in Bergen today", Some("Bergen")), ("Lees", Some("Leeds"))] {
            check(FieldKind::Choice, said, expect);
        }
        check(FieldKind::Choice, "Leeds or Bergen", None);
        check(FieldKind::Choice, "Paris", None);
    }

    #[test]
    fn contact_data_is_checked() {
        check(FieldKind::Email, "Dana@X.example", Some("dana@x.example"));
        check(FieldKind::Email, "dana at x", None);
        check(FieldKind::Phone, "+44 (0)113 496 0123", Some("+441134960123"));
        check(FieldKind::Phone, "0049 30 123456 ext. 12", Some("+4930123456x12"));
        check(FieldKind::Phone, "call me", None);
        check(FieldKind::Url, "www.acme.example/a?b", Some("https://www.acme.example/a?b"));
        check(FieldKind::Url, "acme", None);
        check(FieldKind::Bool, "Ja", Some("true"));
        check(FieldKind::Bool, "perhaps", None);
    }
}
