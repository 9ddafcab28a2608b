//! Calendar parts (RFC 5545), read far enough to say what they ask for. Times are shown as written, zone included.

/// What an invitation, answer or cancellation says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// `REQUEST`, `REPLY`, `CANCEL`, …, upper case.
    pub method: Option<String>,
    /// What it is about.
    pub summary: Option<String>,
    /// When it starts, `2026-11-23 09:00 (Europe/Berlin)`.
    pub start: Option<String>,
    /// When it ends, as `start`.
    pub end: Option<String>,
    /// How often it repeats, as `RRULE` has it.
    pub repeats: Option<String>,
    /// Where it is.
    pub location: Option<String>,
    /// Who calls, as `Name <address>` or the address alone.
    pub organiser: Option<String>,
    /// What it says besides.
    pub description: Option<String>,
    /// The answer given, where the event has exactly one attendee: `ACCEPTED`, `DECLINED`, ….
    pub answer: Option<String>,
}

/// Reads the first event of a calendar. `None` if the text is no calendar.
#[must_use]
pub fn read(text: &str) -> Option<Event> {
    text.trim_start_matches(['\u{feff}', ' ', '\r', '\n'])
        .get(..15)
        .filter(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR"))?;
    let mut event = Event::default();
    let mut inside = false;
    let mut attendees = 0_u32;
    for line in unfolded(text).lines().take(2_000) {
        let Some((name, parameters, value)) = property(line) else { continue };
        match name.as_str() {
            "METHOD" if event.method.is_none() => event.method = Some(value.trim().to_ascii_uppercase()),
            "BEGIN" => inside = inside || matches!(value.trim(), "VEVENT" | "VTODO"),
            "END" if inside && matches!(value.trim(), "VEVENT" | "VTODO") => break,
            _ if !inside => {}
            "SUMMARY" => event.summary = event.summary.or_else(|| plain(value)),
            "LOCATION" => event.location = event.location.or_else(|| plain(value)),
            "DTSTART" => event.start = event.start.or_else(|| time(value, parameter(parameters, "TZID"))),
            "DTEND" | "DUE" => event.end = event.end.or_else(|| time(value, parameter(parameters, "TZID"))),
            "RRULE" => event.repeats = event.repeats.or_else(|| plain(value)),
            // An answer carries the words of whoever answers as a comment.
            "DESCRIPTION" | "COMMENT" => event.description = event.description.or_else(|| paragraphs(value)),
            "ORGANIZER" => event.organiser = event.organiser.or_else(|| person(value, parameter(parameters, "CN"))),
            "ATTENDEE" => {
                attendees += 1;
                event.answer = parameter(parameters, "PARTSTAT").filter(|_| attendees == 1).map(str::to_ascii_uppercase);
            }
            _ => {}
        }
    }
    Some(event)
}

/// The event in lines of text, for a mail that has no other.
#[must_use]
pub fn in_words(event: &Event) -> String {
    let kind = match (event.method.as_deref(), event.answer.as_deref()) {
        (Some("CANCEL"), _) => "Event cancelled",
        (Some("REPLY"), Some("ACCEPTED")) => "Invitation accepted",
        (Some("REPLY"), Some("DECLINED")) => "Invitation declined",
        (Some("REPLY"), Some("TENTATIVE")) => "Invitation accepted tentatively",
        (Some("REPLY"), _) => "Answer to an invitation",
        (Some("COUNTER"), _) => "Other time proposed",
        (Some("REQUEST"), _) => "Invitation",
        _ => "Event",
    };
    let mut lines = vec![match &event.summary {
        Some(summary) => format!("{kind}: {summary}"),
        None => kind.to_owned(),
    }];
    lines.extend(event.start.as_ref().map(|start| format!("Start: {start}")));
    lines.extend(event.end.as_ref().map(|end| format!("End: {end}")));
    lines.extend(event.repeats.as_ref().map(|rule| format!("Repeats: {}", in_plain_words(rule))));
    lines.extend(event.location.as_ref().map(|location| format!("Place: {location}")));
    lines.extend(event.organiser.as_ref().map(|organiser| format!("Organiser: {organiser}")));
    if let Some(description) = &event.description {
        lines.push(String::new());
        lines.push(description.clone());
    }
    lines.join("\n")
}

/// `FREQ=WEEKLY;INTERVAL=2;COUNT=4` as far as it goes in a few words; the rest as written.
fn in_plain_words(rule: &str) -> String {
    let parts = rule.split(';').filter_map(|part| part.split_once('='));
    let words = parts.map(|(key, value)| match key.to_ascii_uppercase().as_str() {
        "FREQ" => value.to_ascii_lowercase(),
        "COUNT" => format!("{value} times"),
        "UNTIL" => format!("until {}", time(value, None).unwrap_or_else(|| value.to_owned())),
        "INTERVAL" => format!("every {value}"),
        "BYDAY" => format!("on {value}"),
        _ => format!("{key}={value}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// An event that lasts whole days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllDay {
    /// First day, `YYYYMMDD`.
    pub start: String,
    /// The day after the last one, `YYYYMMDD`; `None` = one day (RFC 5545 §3.6.1).
    pub end: Option<String>,
    /// It comes again every year.
    pub yearly: bool,
}

/// All-day events of a calendar file, in its order. Rules of repetition other than yearly ones are not told.
#[must_use]
pub fn all_day_events(text: &str) -> Vec<AllDay> {
    let mut events = Vec::new();
    let mut event = AllDay { start: String::new(), end: None, yearly: false };
    for line in unfolded(text).lines() {
        let Some((name, parameters, value)) = property(line) else { continue };
        match (name.as_str(), value.trim()) {
            ("BEGIN", value) if value.eq_ignore_ascii_case("VEVENT") => {
                event = AllDay { start: String::new(), end: None, yearly: false }
            }
            ("DTSTART", value) if is_date(parameters, value) => value.clone_into(&mut event.start),
            ("DTEND", value) if is_date(parameters, value) => event.end = Some(value.to_owned()),
            ("RRULE", value) => event.yearly = value.to_ascii_uppercase().contains("FREQ=YEARLY"),
            ("END", value) if value.eq_ignore_ascii_case("VEVENT") && !event.start.is_empty() => events.push(event.clone()),
            _ => {}
        }
    }
    events
}

fn is_date(parameters: &str, value: &str) -> bool {
    value.len() == 8 || parameter(parameters, "VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"))
}

fn unfolded(text: &str) -> String {
    text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
}

/// Name, parameters, value; the colon that ends the parameters stands outside quotes.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut quoted = false;
    let colon = line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((name.trim().to_ascii_uppercase(), parameters, value))
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

fn plain(value: &str) -> Option<String> {
    let text = value.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A text of several lines.
fn paragraphs(value: &str) -> Option<String> {
    let lines = value.replace("\\n", "\n").replace("\\N", "\n");
    let text: Vec<String> = lines.lines().map(|line| plain(line).unwrap_or_default()).collect();
    let text = text.join("\n");
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn person(value: &str, name: Option<&str>) -> Option<String> {
    let address = value.trim();
    let address = address.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map_or(address, |_| &address[7..]);
    match name.filter(|name| !name.is_empty() && *name != address) {
        Some(name) => Some(format!("{name} <{address}>")),
        None => plain(address),
    }
}

fn time(value: &str, zone: Option<&str>) -> Option<String> {
    let value = value.trim();
    let digits = |from: usize, to: usize| value.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let date = format!("{}-{}-{}", digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let Some((hour, minute)) = digits(9, 11).zip(digits(11, 13)) else { return Some(date) };
    let zone = if value.ends_with('Z') { Some("UTC") } else { zone };
    Some(zone.map_or_else(|| format!("{date} {hour}:{minute}"), |zone| format!("{date} {hour}:{minute} ({zone})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_told_with_their_end() {
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\n\
                    RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20261130T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let christmas = AllDay { start: "20261224".into(), end: Some("20261227".into()), yearly: true };
        assert_eq!(all_day_events(text), [christmas], "a meeting closes no day");
    }

    #[test]
    fn an_invitation_is_said_in_words() {
        let text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n\
            SUMMARY:Review\\, part\r\n  two\r\nDTSTART;TZID=\"Europe/Berlin\":20261123T090000\r\n\
            ORGANIZER;CN=\"Dana: O\":mailto:dana@x.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let event = read(text).expect("a calendar");
        assert_eq!(
            in_words(&event),
            "Invitation: Review, part two\nStart: 2026-11-23 09:00 (Europe/Berlin)\nOrganiser: Dana: O <dana@x.example>"
        );
        assert_eq!(read("no calendar"), None);
    }
}
