//! The words of reports, one table per language. Figures are the same in each; CSV and JSON keep their English names.

use crate::agent_page::fill_text;

/// The words of one language; `{…}` are filled in. Pairs are one and many.
pub(crate) struct ReportWords {
    pub(crate) language: &'static str,
    pub(crate) came: [&'static str; 2],
    pub(crate) closed: [&'static str; 2],
    pub(crate) open_now: [&'static str; 2],
    pub(crate) flow: &'static str,
    pub(crate) wait: &'static str,
    pub(crate) tickets: [&'static str; 2],
    pub(crate) answers: &'static str,
    pub(crate) kept: [&'static str; 2],
    pub(crate) kept_before: &'static str,
    pub(crate) own_time: &'static str,
    pub(crate) oldest: &'static str,
    pub(crate) articles: [&'static str; 2],
    pub(crate) requests: [&'static str; 2],
    pub(crate) without_cause: [&'static str; 2],
    /// As before, less, more; with the comma before it.
    pub(crate) trends: [&'static str; 3],
    pub(crate) at_most: &'static str,
    pub(crate) under_a_minute: &'static str,
    pub(crate) minutes: &'static str,
    pub(crate) hours: &'static str,
    pub(crate) days: &'static str,
    pub(crate) decimal_sign: &'static str,
    /// Us, requesters, outside our hours, nobody, vendors: as the report names them, and as they are called.
    pub(crate) parties: [(&'static str, &'static str); 5],
    pub(crate) team: &'static str,
    pub(crate) span_of_days: &'static str,
    pub(crate) day: &'static str,
    pub(crate) share_of: &'static str,
    pub(crate) and_more: &'static str,
    /// A row of the time before.
    pub(crate) before: &'static str,
    pub(crate) before_head: &'static str,
    pub(crate) now: &'static str,
    pub(crate) flow_title: &'static str,
    pub(crate) flow_rows: [&'static str; 4],
    pub(crate) answers_title: &'static str,
    pub(crate) answers_heads: [&'static str; 4],
    pub(crate) answers_rows: [&'static str; 2],
    pub(crate) waiting_title: &'static str,
    pub(crate) waiting_heads: [&'static str; 4],
    pub(crate) steps_title: &'static str,
    pub(crate) steps_heads: [&'static str; 4],
    pub(crate) ageing_title: &'static str,
    pub(crate) ageing_heads: [&'static str; 6],
    pub(crate) articles_title: &'static str,
    pub(crate) articles_heads: [&'static str; 3],
    pub(crate) ratings_title: &'static str,
    pub(crate) ratings_heads: [&'static str; 2],
    pub(crate) causes_title: &'static str,
    pub(crate) causes_heads: [&'static str; 3],
    pub(crate) gaps_title: &'static str,
    pub(crate) wishes_title: &'static str,
    pub(crate) counted_heads: [&'static str; 2],
    pub(crate) without_cause_title: &'static str,
    pub(crate) without_cause_head: &'static str,
    pub(crate) mail_title: &'static str,
    pub(crate) mail_heads: [&'static str; 3],
    pub(crate) chart_flow: &'static str,
    pub(crate) chart_flow_says: &'static str,
    pub(crate) chart_bars: [&'static str; 2],
}

impl ReportWords {
    /// A count with its words.
    pub(crate) fn count(&self, words: [&'static str; 2], count: u64) -> String {
        fill_text(words[usize::from(count != 1)], &[("count", &count.to_string())])
    }

    /// What a party that is waited on is called.
    pub(crate) fn party<'a>(&self, who: &'a str) -> &'a str {
        self.parties.iter().find(|(known, _)| *known == who).map_or(who, |(_, called)| called)
    }

    /// `42 min`, `5.2 h`, `3.2 days`.
    pub(crate) fn span(&self, seconds: i64) -> String {
        const MINUTE: i64 = 60;
        const HOUR: i64 = 60 * MINUTE;
        const DAY: i64 = 24 * HOUR;
        let tenths = |unit: i64| format!("{}{}{}", seconds / unit, self.decimal_sign, seconds % unit * 10 / unit);
        let with = |words: &str, count: &str| fill_text(words, &[("count", count)]);
        match seconds {
            ..MINUTE => self.under_a_minute.to_owned(),
            MINUTE..5_400 => with(self.minutes, &(seconds / MINUTE).to_string()),
            5_400..129_600 => with(self.hours, &tenths(HOUR)),
            _ => with(self.days, &tenths(DAY)),
        }
    }

    /// `, up 60 %`; nothing where there was nothing before.
    pub(crate) fn trend(&self, before: u64, now: u64) -> String {
        if before == 0 {
            return String::new();
        }
        let percent = (u128::from(now) * 100 + u128::from(before) / 2) / u128::from(before);
        let (words, by) = match percent {
            100 => (self.trends[0], 0),
            0..100 => (self.trends[1], 100 - percent),
            _ => (self.trends[2], percent - 100),
        };
        fill_text(words, &[("percent", &by.to_string())])
    }
}

/// The words of a language; English where there are none.
pub(crate) fn words_in(language: &str) -> &'static ReportWords {
    if language.starts_with("de") { &GERMAN } else { &ENGLISH }
}

const ENGLISH: ReportWords = ReportWords {
    language: "en",
    came: ["1 request came", "{count} requests came"],
    closed: ["1 was closed", "{count} were closed"],
    open_now: ["1 is open now", "{count} are open now"],
    flow: "{came} and {closed}; {open}.",
    wait: "{percent} % of all waiting was for {who}: {tickets}, 85th percentile {span}{trend}.",
    tickets: ["1 ticket", "{count} tickets"],
    answers: "Half of the first answers took {median}, 85 % {most}{kept}.",
    kept: ["; {percent} % of 1 promise was kept", "; {percent} % of {count} promises were kept"],
    kept_before: " ({percent} % before)",
    own_time: "Most of our own time went into the step {step} of {type}: {span}.",
    oldest: "The oldest open ticket is {span} old.",
    articles: ["Articles were offered once and solved {requests}.", "Articles were offered {count} times and solved {requests}."],
    requests: ["1 request", "{count} requests"],
    without_cause: ["1 ticket was closed without a cause.", "{count} tickets were closed without a cause."],
    trends: [", as before", ", down {percent} %", ", up {percent} %"],
    at_most: "at most {span}",
    under_a_minute: "under a minute",
    minutes: "{count} min",
    hours: "{count} h",
    days: "{count} days",
    decimal_sign: ".",
    parties: [
        ("us", "us"),
        ("requesters", "requesters"),
        ("outside our hours", "outside our hours"),
        ("nobody", "nobody"),
        ("vendors", "vendors"),
    ],
    team: ", team {team}",
    span_of_days: "{from} to {last}",
    day: "{day} {month} {year}",
    share_of: "{percent} % of {count}",
    and_more: " and {count} more",
    before: "{name}, before",
    before_head: "before",
    now: "now",
    flow_title: "Arrivals and closings",
    flow_rows: ["arrivals", "closings", "opened again", "handed over"],
    answers_title: "Answers",
    answers_heads: ["count", "median", "85 %", "kept"],
    answers_rows: ["first response", "next response"],
    waiting_title: "Who was waited on",
    waiting_heads: ["tickets", "in all", "85 %", "trend"],
    steps_title: "Time in steps",
    steps_heads: ["type", "step", "waited on", "time"],
    ageing_title: "Open work",
    ageing_heads: ["type", "step", "open", "median", "85 %", "oldest"],
    articles_title: "Articles",
    articles_heads: ["offered", "solved it", "did not"],
    ratings_title: "Ratings",
    ratings_heads: ["good", "n"],
    causes_title: "Causes",
    causes_heads: ["cause", "type", "closed"],
    gaps_title: "Help that is missing",
    wishes_title: "Features wished for",
    counted_heads: ["what", "times"],
    without_cause_title: "Closed without a cause",
    without_cause_head: "tickets",
    mail_title: "Mail",
    mail_heads: ["own mail that came back", "held", "waiting for a person"],
    chart_flow: "Arrivals and closings by day",
    chart_flow_says: "Bars for {days} days. {came} came and {closed} were closed; the highest bar stands for {highest}.",
    chart_bars: ["{day}: {count} came", "{day}: {count} closed"],
};

const GERMAN: ReportWords = ReportWords {
    language: "de",
    came: ["1 Anfrage kam", "{count} Anfragen kamen"],
    closed: ["1 wurde geschlossen", "{count} wurden geschlossen"],
    open_now: ["1 ist jetzt offen", "{count} sind jetzt offen"],
    flow: "{came} und {closed}; {open}.",
    wait: "{percent} % aller Wartezeit ging auf: {who}, {tickets}, 85. Perzentil {span}{trend}.",
    tickets: ["1 Ticket", "{count} Tickets"],
    answers: "Die Hälfte der ersten Antworten brauchte {median}, 85 % {most}{kept}.",
    kept: ["; 1 Zusage wurde zu {percent} % gehalten", "; {count} Zusagen wurden zu {percent} % gehalten"],
    kept_before: " (zuvor {percent} %)",
    own_time: "Die meiste eigene Zeit ging in den Schritt {step} von {type}: {span}.",
    oldest: "Das älteste offene Ticket gibt es seit: {span}.",
    articles: [
        "Artikel wurden einmal angeboten und lösten {requests}.",
        "Artikel wurden {count}-mal angeboten und lösten {requests}.",
    ],
    requests: ["1 Anfrage", "{count} Anfragen"],
    without_cause: ["1 Ticket wurde ohne Ursache geschlossen.", "{count} Tickets wurden ohne Ursache geschlossen."],
    trends: [", wie zuvor", ", {percent} % weniger", ", {percent} % mehr"],
    at_most: "höchstens {span}",
    under_a_minute: "unter einer Minute",
    minutes: "{count} Min.",
    hours: "{count} Std.",
    days: "{count} Tage",
    decimal_sign: ",",
    parties: [
        ("us", "wir"),
        ("requesters", "Anfragende"),
        ("outside our hours", "außerhalb unserer Zeiten"),
        ("nobody", "niemand"),
        ("vendors", "Dienstleister"),
    ],
    team: ", Team {team}",
    span_of_days: "{from} bis {last}",
    day: "{day}. {month} {year}",
    share_of: "{percent} % von {count}",
    and_more: " und {count} weitere",
    before: "{name}, zuvor",
    before_head: "zuvor",
    now: "jetzt",
    flow_title: "Eingang und Abschluss",
    flow_rows: ["eingegangen", "geschlossen", "wieder geöffnet", "übergeben"],
    answers_title: "Antworten",
    answers_heads: ["Anzahl", "Median", "85 %", "gehalten"],
    answers_rows: ["erste Antwort", "nächste Antwort"],
    waiting_title: "Auf wen gewartet wurde",
    waiting_heads: ["Tickets", "insgesamt", "85 %", "Verlauf"],
    steps_title: "Zeit in Schritten",
    steps_heads: ["Art", "Schritt", "gewartet auf", "Zeit"],
    ageing_title: "Offene Arbeit",
    ageing_heads: ["Art", "Schritt", "offen", "Median", "85 %", "älteste"],
    articles_title: "Artikel",
    articles_heads: ["angeboten", "halfen", "halfen nicht"],
    ratings_title: "Bewertungen",
    ratings_heads: ["gut", "n"],
    causes_title: "Ursachen",
    causes_heads: ["Ursache", "Art", "geschlossen"],
    gaps_title: "Hilfe, die fehlt",
    wishes_title: "Gewünschte Funktionen",
    counted_heads: ["was", "wie oft"],
    without_cause_title: "Ohne Ursache geschlossen",
    without_cause_head: "Tickets",
    mail_title: "Mail",
    mail_heads: ["eigene, die zurückkam", "zurückgehalten", "wartet auf einen Menschen"],
    chart_flow: "Eingang und Abschluss nach Tagen",
    chart_flow_says: "Balken für {days} Tage. {came} kamen und {closed} wurden geschlossen; der höchste Balken steht für {highest}.",
    chart_bars: ["{day}: {count} eingegangen", "{day}: {count} geschlossen"],
};
