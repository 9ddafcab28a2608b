//! What happens by itself: follow-ups and alerts.

use desk::TypeName;
use desk::policy::{Alert, CheckIn, ClosedMail, FollowUp, Silent, Then};
use jiff::SignedDuration;

use super::{Compiler, Kind};
use crate::config::problem::Code;
use crate::config::raw::{RawAlert, RawFollowUp, RawSilent};
use crate::config::settings::InboxAlarm;
use crate::config::value::read_time;

/// Reopenings by mail are counted over so long.
const REOPENS_COUNTED_FOR: SignedDuration = SignedDuration::from_hours(24);

impl Compiler<'_> {
    pub(super) fn follow_up(&mut self, raw: Option<&RawFollowUp>) -> FollowUp {
        let mut follow_up = FollowUp::default();
        let Some(raw) = raw else { return follow_up };
        follow_up.silent = raw.silent.iter().flatten().filter_map(|silent| self.silent(silent)).collect();
        for pair in follow_up.silent.windows(2) {
            use desk::calendar::Span::{BusinessDays, Open};
            let is_later = match (pair[0].after, pair[1].after) {
                (BusinessDays(first), BusinessDays(second)) => first < second,
                (Open(first), Open(second)) => first < second,
                (BusinessDays(_), Open(_)) | (Open(_), BusinessDays(_)) => true,
            };
            if !is_later {
                self.report.add(Code::Contradiction, raw.at, "entries of `follow_up.silent` are not in the order of time", "");
            }
        }
        if let Some(closed) = &raw.closed {
            self.missing("send", &closed.keys, closed.at, "`follow_up.closed`");
            follow_up.closed = closed.send.as_ref().map(|send| {
                self.template(send, "`follow_up.closed`");
                let every = closed.rating.as_ref().filter(|rating| rating.value.count > 0);
                // Asked once in so long; a higher count asks more often.
                let rating_every = every.map(|rating| rating.value.per / i32::try_from(rating.value.count).unwrap_or(1));
                ClosedMail { send: send.value.clone(), rating_every }
            });
        }
        if let Some(check_in) = &raw.check_in {
            for key in ["after", "send"] {
                self.missing(key, &check_in.keys, check_in.at, "`follow_up.check_in`");
            }
            let types: Vec<_> = check_in.types.iter().flatten().collect();
            for name in &types {
                self.reference(Kind::Type, name, "`follow_up.check_in`");
            }
            let types = types.iter().map(|name| TypeName(name.value.clone())).collect();
            follow_up.check_in = check_in.after.as_ref().zip(check_in.send.as_ref()).map(|(after, send)| {
                self.template(send, "`follow_up.check_in`");
                CheckIn { after: after.value, send: send.value.clone(), types }
            });
        }
        if let Some(keeps) = raw.reopen.as_ref().and_then(|reopen| reopen.thanks_keeps_closed.as_ref()) {
            follow_up.thanks_keeps_closed = keeps.value;
        }
        if let Some(calendar) = &raw.calendar {
            self.reference(Kind::Calendar, calendar, "[follow_up]");
            follow_up.calendar = Some(calendar.value.clone());
        }
        if let Some(hours) = &raw.hours {
            let read = hours.value.split_once('-').and_then(|(from, to)| Some((read_time(from)?, read_time(to)?)));
            match read.filter(|(from, to)| from < to) {
                Some(hours) => follow_up.hours = hours,
                None => {
                    let message = format!("\"{}\" are no hours", hours.value);
                    self.report.add(Code::BadValue, hours.at, message, "such as \"09:00-16:00\"");
                }
            }
        }
        follow_up
    }

    fn silent(&mut self, raw: &RawSilent) -> Option<Silent> {
        self.missing("after", &raw.keys, raw.at, "an entry of `follow_up.silent`");
        if raw.has("send") == raw.has("close") {
            self.report.add(Code::Contradiction, raw.at, "silence has one consequence here", "`send` or `close`");
        }
        let then = match (&raw.send, &raw.close) {
            (Some(send), None) => {
                self.template(send, "`follow_up.silent`");
                Then::Send(send.value.clone())
            }
            (None, Some(reason)) => Then::Close(reason.value.clone()),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(Silent { after: raw.after.as_ref()?.value, then })
    }

    /// How long a reply reopens, and how often in a day.
    pub(super) fn reopening(&mut self, raw: Option<&RawFollowUp>) -> (Option<SignedDuration>, Option<u32>) {
        let Some(reopen) = raw.and_then(|raw| raw.reopen.as_ref()) else { return (None, None) };
        let at_most = reopen.at_most.as_ref().and_then(|rate| {
            if rate.value.per != REOPENS_COUNTED_FOR {
                self.report.add(Code::BadValue, rate.at, "reopenings are counted by the day", "such as \"3 per 1d\"");
                return None;
            }
            Some(rate.value.count)
        });
        (reopen.within.as_ref().map(|within| within.value.0), at_most)
    }

    /// Alerts about promises, and those about inboxes, which are watched beside the tickets.
    pub(super) fn alerts(&mut self, raw: &[RawAlert]) -> (Vec<Alert>, Vec<InboxAlarm>) {
        let (mut alerts, mut alarms) = (Vec::new(), Vec::new());
        for raw in raw {
            let who = raw.name.as_ref().map_or("an alert".to_owned(), |name| format!("alert \"{}\"", name.value));
            for key in ["name", "when", "tell"] {
                self.missing(key, &raw.keys, raw.at, &who);
            }
            let tell: Vec<_> = raw.tell.iter().flat_map(|tell| &tell.0).collect();
            for person in &tell {
                self.reference_any(&[Kind::Agent, Kind::Team, Kind::Notify], &["owner", "lead", "team"], person, &who);
            }
            let Some(when) = &raw.when else { continue };
            self.condition(when, &who, true);
            let name = raw.name.as_ref().map_or_else(String::new, |name| name.value.clone());
            let tell: Vec<String> = tell.into_iter().map(|person| person.value.clone()).collect();
            if let Some(after) = &when.inbox_down {
                alarms.push(InboxAlarm { name: name.clone(), after: after.value.0, tell: tell.clone() });
            }
            let Some(left) = when.sla_left.as_ref().and_then(|left| share_left(&left.value)) else { continue };
            let priorities = when.priority.iter().flat_map(|values| &values.0).filter_map(|value| self.priority(value)).collect();
            let raise = raw.raise.as_ref().and_then(|priority| self.priority(priority));
            alerts.push(Alert { name, left_percent: left, priorities, tell, raise });
        }
        (alerts, alarms)
    }
}

/// `< 25%`: less than a quarter is left.
fn share_left(text: &str) -> Option<u32> {
    let share = text.trim().trim_start_matches(['<', '=']).trim().strip_suffix('%')?;
    share.trim().parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share)).map(|share| share.round() as u32)
}
