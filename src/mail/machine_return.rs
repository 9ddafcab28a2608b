//! When somebody who is away says they will be back.
//!
//! Away notices state the date in a sentence. A date counts only behind words that announce a return or an end; a
//! notice that states several ends is taken at the latest, since nobody answers before.

use std::sync::LazyLock;

use regex::Regex;

use crate::Message;

/// How far ahead a stated return may lie. Longer ones are typing errors or farewells.
const AHEAD_DAYS_MAX: i64 = 400;
/// Most words that may announce a date which are followed.
const LEADS_MAX: usize = 200;
/// Most of a notice that is read.
const NOTICE_BYTES_MAX: usize = 16 * 1024;

/// The stated date as `YYYY-MM-DD`; `None` where none is stated, or the mail has no date to complete a missing year.
pub(crate) fn date(message: &Message) -> Option<String> {
    let sent = message.date?;
    let sent_days = (sent.unix_seconds + i64::from(sent.offset_minutes) * 60).div_euclid(86_400);
    let source = if message.reply.new_text.trim().is_empty() { &message.text } else { &message.reply.new_text };
    let mut end = source.len().min(NOTICE_BYTES_MAX);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let text = source[..end].split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // Offsets west of UTC from -3 to -10 h write the month first; so does nobody else who writes slashes.
    let month_first = (-600..=-180).contains(&sent.offset_minutes);
    let mut latest: Option<i64> = None;
    for lead in LEAD.find_iter(&text).take(LEADS_MAX) {
        let rest = &text[lead.end()..];
        let mut until = rest.len().min(90);
        while !rest.is_char_boundary(until) {
            until -= 1;
        }
        if let Some(days) =
            date_in(&rest[..until], sent_days, month_first).filter(|days| (sent_days..=sent_days + AHEAD_DAYS_MAX).contains(days))
        {
            latest = latest.max(Some(days));
        }
    }
    for trail in TRAIL.find_iter(&text).take(LEADS_MAX) {
        let days = date_before(&text[..trail.start()], sent_days, month_first);
        if let Some(days) = days.filter(|days| (sent_days..=sent_days + AHEAD_DAYS_MAX).contains(days)) {
            latest = latest.max(Some(days));
        }
    }
    latest.map(|days| {
        let (year, month, day) = civil(days);
        format!("{year:04}-{month:02}-{day:02}")
    })
}

/// Words before a stated end or return.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        r"until|till|through|thru|\bback\b|return(?:ing)?|resum(?:e|ing)|available again|in the office again|reachable again|\bto\b|[–—-]",
        r"\bbis\b|zurück|wieder (?:da|erreichbar|im (?:büro|haus|dienst))|\bab (?:dem|montag|dienstag|mittwoch|donnerstag|freitag)?|erreichbar",
        r"jusqu['’]?(?:au|à)|\bau\b|retour|de nouveau|à partir du",
        r"hasta|regres\w*|vuel(?:vo|ta)|de vuelta|reincorpor\w*|a partir del?|\bal\b",
        r"\bfino|rientr\w*|ritorn\w*|torn(?:o|erò|are)|dal\b",
        r"\baté|retorn\w*|volt(?:o|arei|a)|regresso|a partir de",
        r"\btot\b|terug|weer (?:aanwezig|bereikbaar|beschikbaar)|vanaf",
        r"\btill\b|\bt\.?o\.?m\.?|tillbaka|åter|från och med|\btil\b|tilbage|tilbake|\bpå kontoret",
        r"\bkuni\b|tagasi|alates|asti|saakka|palaan|takaisin|alkaen",
        r"\bdo\b|wrac\w*|powr\w*|\bod\b|zpět|zpátky|vrát\w*|späť|vráti\w*|nazaj|vrn\w*|vraća\w*|vrać\w*|natrag",
        r"-ig\b|vissza\w*|újra|revin\w*|până|pana|înapoi|întor\w*",
        r"\bдо\b|\bпо\b|верн\w*|выйд\w*|\bс\b|поверн\w*|\bз\b|върн\w*|\bот\b",
        r"μέχρι|έως|επιστρέφ\w*|επιστροφή|tarihine kadar|dön\w*|kadar",
        r"まで|から|より|至|到|返回|回来|부터|까지|복귀|:",
    ];
    Regex::new(&words.join("|")).expect("constant pattern")
});

/// Words behind a stated end or return, in languages that put them there.
static TRAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-ig\b|-(?:án|én|jén|ján)\b|(?: tarihine|['’]\p{L}{1,2})? kadar|まで|より復帰|から復帰|から出社|返回|回来|回到|回覆|까지|부터|복귀")
        .expect("constant pattern")
});

/// The date right before a word, in the shortest stretch that holds a whole one.
fn date_before(text: &str, sent_days: i64, month_first: bool) -> Option<i64> {
    STRETCHES.iter().find_map(|stretch| {
        let start = text.char_indices().rev().nth(stretch - 1).map_or(0, |(at, _)| at);
        // Half a number would be another day.
        let start = text[..start].trim_end_matches(|c: char| c.is_ascii_digit()).len();
        date_in(&text[start..], sent_days, month_first)
    })
}

/// Characters looked at before such a word; the longest holds "2024. september 24" and a weekday.
const STRETCHES: [usize; 5] = [8, 12, 16, 22, 32];

/// The first date of a text that starts soon after its lead.
fn date_in(text: &str, sent_days: i64, month_first: bool) -> Option<i64> {
    static ISO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(20\d\d)[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})日?").expect("constant pattern"));
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(\d{1,2})(\.|/|-)\s?(\d{1,2})(?:(?:\.|/|-)\s?(\d{4}|\d{2})?)?").expect("constant pattern")
    });
    static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?\s*(?:of |de |d['’]|den )?\s*(\p{L}{3,})\.?,?(?:\s*(?:de |del )?(20\d\d))?",
        )
        .expect("constant pattern")
    });
    static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\p{L}{3,})\.?\s+(?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s*(20\d\d))?").expect("constant pattern")
    });
    static EAST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일号]").expect("constant pattern"));
    let number =
        |capture: &regex::Captures<'_>, index: usize| capture.get(index).and_then(|found| found.as_str().parse::<i64>().ok());
    let mut best: Option<(usize, i64)> = None;
    let mut offer = |at: usize, days: Option<i64>| {
        if let Some(days) = days.filter(|_| best.is_none_or(|(known, _)| at < known)) {
            best = Some((at, days));
        }
    };
    if let Some(capture) = ISO.captures(text) {
        let days = Option::zip(number(&capture, 1), number(&capture, 2))
            .zip(number(&capture, 3))
            .and_then(|((year, month), day)| days_of(year, month, day));
        offer(capture.get(0).map_or(0, |found| found.start()), days);
    }
    if let Some(capture) = EAST.captures(text) {
        let days = number(&capture, 1).zip(number(&capture, 2)).and_then(|(month, day)| completed(None, month, day, sent_days));
        offer(capture.get(0).map_or(0, |found| found.start()), days);
    }
    for capture in DAY_MONTH.captures_iter(text) {
        let month = capture.get(2).and_then(|name| month_named(name.as_str()));
        let days = month.zip(number(&capture, 1)).and_then(|(month, day)| completed(number(&capture, 3), month, day, sent_days));
        offer(capture.get(0).map_or(0, |found| found.start()), days);
    }
    for capture in MONTH_DAY.captures_iter(text) {
        let month = capture.get(1).and_then(|name| month_named(name.as_str()));
        let days = month.zip(number(&capture, 2)).and_then(|(month, day)| completed(number(&capture, 3), month, day, sent_days));
        offer(capture.get(0).map_or(0, |found| found.start()), days);
    }
    for capture in NUMBERS.captures_iter(text) {
        let (Some(first), Some(second)) = (number(&capture, 1), number(&capture, 3)) else { continue };
        let slashes = capture.get(2).is_some_and(|found| found.as_str() == "/");
        // Dots never stand between month and day in that order; a clock time may look like it.
        let (day, month) = if slashes && first <= 12 && (second > 12 || month_first) { (second, first) } else { (first, second) };
        let year = number(&capture, 4).map(|year| if year < 100 { 2_000 + year } else { year });
        offer(capture.get(0).map_or(0, |found| found.start()), completed(year, month, day, sent_days));
    }
    best.map(|(_, days)| days)
}

/// A date whose year may be missing: then the next such day from 30 days before the mail was sent.
fn completed(year: Option<i64>, month: i64, day: i64, sent_days: i64) -> Option<i64> {
    if let Some(year) = year {
        return days_of(year, month, day);
    }
    let (year, _, _) = civil(sent_days);
    [year, year + 1].into_iter().filter_map(|year| days_of(year, month, day)).find(|days| *days >= sent_days - 30)
}

/// The month of a name in lower case, by the beginnings that tell months apart in many languages.
fn month_named(name: &str) -> Option<i64> {
    const MONTHS: [&[&str]; 12] = [
        &[
            "jan", "jän", "ene", "gen", "tammi", "styc", "stycz", "led", "ian", "янв", "січ", "яну", "ocak", "ιαν", "siječ",
            "sijec", "jaan",
        ],
        &["feb", "fév", "fev", "febb", "helmi", "lut", "únor", "únor", "фев", "лют", "şub", "φεβ", "velja", "veebr"],
        &["mar", "mär", "mrz", "maa", "mars", "břez", "márc", "мар", "берез", "μαρ", "ožu", "märts"],
        &["apr", "avr", "abr", "huhti", "kwie", "dub", "ápr", "апр", "квіт", "nis", "απρ", "trav"],
        &["may", "mai", "mag", "maj", "mei", "maio", "touko", "kvě", "máj", "май", "мая", "трав", "μαϊ", "μάι", "μαΐ", "svib"],
        &["jun", "juin", "giu", "kesä", "czerw", "červn", "jún", "июн", "черв", "юни", "haz", "ιουν", "lipnj", "lipanj"],
        &["jul", "juil", "lug", "heinä", "lip", "červenc", "júl", "июл", "лип", "юли", "tem", "ιουλ", "srpnj", "srpanj", "iul"],
        &["aug", "aoû", "aou", "ago", "elo", "sier", "srpn", "авг", "серп", "ağu", "αυγ", "kolov"],
        &["sep", "set", "syys", "wrze", "září", "szept", "сен", "верес", "eyl", "σεπ", "rujan", "rujn"],
        &["oct", "okt", "ott", "out", "loka", "paźd", "říj", "окт", "жовт", "eki", "οκτ"],
        &["nov", "marras", "listop", "ноя", "лист", "ное", "kas", "νοε", "noem", "studen"],
        &["dec", "dez", "déc", "dic", "joulu", "grud", "prosin", "дек", "груд", "ara", "δεκ", "pros", "dets"],
    ];
    const WEEKDAYS: [&str; 8] = ["mardi", "martes", "marted", "maandag", "maanant", "mar,", "marți", "marti"];
    if WEEKDAYS.iter().any(|weekday| name.starts_with(weekday)) {
        return None;
    }
    // Longest beginning first, so that "červenc" is not "červn" and "lipnja" is not "lip".
    let mut best: Option<(usize, i64)> = None;
    for (month, beginnings) in (1..).zip(MONTHS) {
        for beginning in beginnings {
            if name.starts_with(beginning) && best.is_none_or(|(length, _)| beginning.len() > length) {
                best = Some((beginning.len(), month));
            }
        }
    }
    best.map(|(_, month)| month)
}

/// Days since 1970-01-01 of a proleptic Gregorian date; `None` if there is no such day.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1970..=2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

/// The civil date of a day count.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
