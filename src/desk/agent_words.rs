//! The sentences of mails to agents, one table per language: [`crate::words_en`], [`crate::words_de`].
//!
//! `{name}` in a sentence is filled with a value; both tables have the same names at the same place, which a test compares.
//! Verbs of commands stay as they are typed. Customers' texts are templates of the operator and are not here.

use crate::cause::Why;
use crate::policy::{Agent, Policy};
use crate::ticket::{Priority, Status};
use crate::words_de::GERMAN;
use crate::words_en::ENGLISH;

/// One language.
#[derive(Debug)]
pub(crate) struct Words {
    /// ISO 639-1.
    pub(crate) language: &'static str,
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// In the order of a ticket's life.
    pub(crate) statuses: [&'static str; 6],
    /// Lowest first.
    pub(crate) priorities: [&'static str; 4],
    pub(crate) shortened: &'static str,
    pub(crate) day_mark: &'static str,
    pub(crate) days: &'static str,
    /// Whoever works at the server; as the subject of a sentence.
    pub(crate) operator: &'static str,
    pub(crate) via: &'static str,
    pub(crate) answer_name: &'static str,
    pub(crate) note_name: &'static str,
    pub(crate) write_above: &'static str,
    pub(crate) stays_inside: &'static str,
    pub(crate) no_answer: &'static str,
    pub(crate) due: &'static str,
    pub(crate) overdue: &'static str,
    pub(crate) marker_new: &'static str,
    pub(crate) marker_replied: &'static str,
    pub(crate) marker_wrote: &'static str,
    pub(crate) marker_noted: &'static str,
    pub(crate) marker_answered: &'static str,
    pub(crate) marker_acted: &'static str,
    pub(crate) marker_assigned: &'static str,
    pub(crate) marker_team: &'static str,
    pub(crate) marker_held: &'static str,
    pub(crate) marker_failed: &'static str,
    pub(crate) marker_delayed: &'static str,
    pub(crate) marker_unknown: &'static str,
    pub(crate) marker_late: &'static str,
    pub(crate) marker_risk: &'static str,
    pub(crate) marker_vendor_late: &'static str,
    pub(crate) marker_step: &'static str,
    pub(crate) marker_awake: &'static str,
    pub(crate) marker_not_sent: &'static str,
    pub(crate) marker_not_done: &'static str,
    pub(crate) marker_nothing_done: &'static str,
    pub(crate) marker_unfit: &'static str,
    pub(crate) marker_overtaken: &'static str,
    pub(crate) marker_asked: &'static str,
    pub(crate) marker_not_closed: &'static str,
    pub(crate) marker_code: &'static str,
    pub(crate) marker_challenge: &'static str,
    pub(crate) marker_warning: &'static str,
    pub(crate) marker_receipt: &'static str,
    pub(crate) marker_undone: &'static str,
    pub(crate) marker_help: &'static str,
    pub(crate) marker_list: &'static str,
    pub(crate) marker_whole: &'static str,
    pub(crate) marker_away: &'static str,
    pub(crate) marker_digest: &'static str,
    pub(crate) says_new: &'static str,
    pub(crate) says_new_person: &'static str,
    pub(crate) says_claims: &'static str,
    pub(crate) says_continues: &'static str,
    pub(crate) says_alike: &'static str,
    pub(crate) says_copied: &'static str,
    pub(crate) says_joined: &'static str,
    pub(crate) says_acted: &'static str,
    pub(crate) says_assigned_by: &'static str,
    pub(crate) says_assigned: &'static str,
    pub(crate) says_team_by: &'static str,
    pub(crate) says_team: &'static str,
    pub(crate) says_answered: &'static str,
    pub(crate) says_noted: &'static str,
    pub(crate) says_vendor: &'static str,
    pub(crate) says_held: &'static str,
    pub(crate) says_cut: &'static str,
    pub(crate) says_unproven: &'static str,
    pub(crate) says_failed: &'static str,
    pub(crate) says_delayed: &'static str,
    pub(crate) says_unknown: &'static str,
    pub(crate) says_risk: &'static str,
    pub(crate) says_late: &'static str,
    pub(crate) says_vendor_late: &'static str,
    pub(crate) says_step: &'static str,
    pub(crate) says_step_approve: &'static str,
    pub(crate) says_awake: &'static str,
    pub(crate) says_practice: &'static str,
    pub(crate) answer_goes: &'static str,
    pub(crate) answer_stays: &'static str,
    pub(crate) answer_yes: &'static str,
    pub(crate) held_name: &'static str,
    pub(crate) desk_subject: &'static str,
    pub(crate) and_to: &'static str,
    pub(crate) and_more: &'static str,
    pub(crate) let_in: &'static str,
    pub(crate) put_away: &'static str,
    pub(crate) pass_on: &'static str,
    pub(crate) include: &'static str,
    pub(crate) too_large: &'static str,
    pub(crate) more_files: &'static str,
    pub(crate) do_it: &'static str,
    pub(crate) take: &'static str,
    pub(crate) reply: &'static str,
    pub(crate) note: &'static str,
    pub(crate) close: &'static str,
    pub(crate) wait: &'static str,
    pub(crate) snooze: &'static str,
    pub(crate) reopen: &'static str,
    pub(crate) ask: &'static str,
    pub(crate) more: &'static str,
    pub(crate) below_note: &'static str,
    pub(crate) below_reply: &'static str,
    pub(crate) below_vendor: &'static str,
    pub(crate) below_nothing: &'static str,
    pub(crate) step: &'static str,
    pub(crate) waits_on: &'static str,
    pub(crate) no_items: &'static str,
    pub(crate) check_off: &'static str,
    pub(crate) done: &'static str,
    pub(crate) reject: &'static str,
    pub(crate) facts: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) asked_again: &'static str,
    pub(crate) arrived: &'static str,
    pub(crate) not_understood: &'static str,
    pub(crate) perhaps: &'static str,
    pub(crate) insert_link: &'static str,
    pub(crate) insert_text: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) address: &'static str,
    pub(crate) not_proven: &'static str,
    pub(crate) reply_to: &'static str,
    pub(crate) first_ticket: &'static str,
    pub(crate) tickets: &'static str,
    pub(crate) tickets_in: &'static str,
    pub(crate) so_many_months: &'static str,
    pub(crate) so_many_years: &'static str,
    pub(crate) rated: &'static str,
    pub(crate) others_open: &'static str,
    pub(crate) local_time: &'static str,
    pub(crate) state: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) nobody: &'static str,
    pub(crate) response_kept: &'static str,
    pub(crate) response_was_late: &'static str,
    pub(crate) response_due: &'static str,
    pub(crate) response_late: &'static str,
    pub(crate) answer_due: &'static str,
    pub(crate) answer_late: &'static str,
    pub(crate) claims: &'static str,
    pub(crate) claimed_by: &'static str,
    pub(crate) sleeps: &'static str,
    pub(crate) asked: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) known_issue: &'static str,
    pub(crate) tags: &'static str,
    pub(crate) look_at: &'static str,
    pub(crate) last_note: &'static str,
    pub(crate) why: &'static str,
    /// In the order of [`crate::cause::Why`].
    pub(crate) whys: [&'static str; 7],
    pub(crate) mistake_sent: &'static str,
    pub(crate) unfit: &'static str,
    pub(crate) use_line: &'static str,
    pub(crate) text_only: &'static str,
    pub(crate) keep_note: &'static str,
    pub(crate) throw_away: &'static str,
    pub(crate) overtaken: &'static str,
    pub(crate) overtaken_by_act: &'static str,
    pub(crate) withdrawn: &'static str,
    pub(crate) send_too: &'static str,
    pub(crate) make_note: &'static str,
    pub(crate) parts_differ: &'static str,
    pub(crate) send_as_text: &'static str,
    pub(crate) below_marker: &'static str,
    pub(crate) send_above: &'static str,
    pub(crate) verb_in_text: &'static str,
    pub(crate) send_as_is: &'static str,
    pub(crate) incomplete: &'static str,
    pub(crate) close_anyway: &'static str,
    pub(crate) below_because: &'static str,
    pub(crate) code: &'static str,
    pub(crate) do_it_now: &'static str,
    pub(crate) do_not: &'static str,
    pub(crate) tag_only: &'static str,
    pub(crate) send_to: &'static str,
    pub(crate) challenge: &'static str,
    pub(crate) its_subject: &'static str,
    pub(crate) it_is_me: &'static str,
    pub(crate) it_came_from: &'static str,
    pub(crate) remember_it: &'static str,
    pub(crate) not_me: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) asked_of_another: &'static str,
    pub(crate) another_answered: &'static str,
    pub(crate) decided_sent: &'static str,
    pub(crate) decided_noted: &'static str,
    pub(crate) decided_thrown: &'static str,
    pub(crate) decided_let_in: &'static str,
    pub(crate) decided_done: &'static str,
    pub(crate) decided_by: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) leaves_at: &'static str,
    pub(crate) undo: &'static str,
    pub(crate) undone_all: &'static str,
    pub(crate) undone_recalled: &'static str,
    pub(crate) undone_gone: &'static str,
    pub(crate) undone_part: &'static str,
    pub(crate) undone_kept: &'static str,
    pub(crate) help: &'static str,
    pub(crate) help_unknown: &'static str,
    pub(crate) found: &'static str,
    pub(crate) found_none: &'static str,
    pub(crate) found_more: &'static str,
    pub(crate) found_newest: &'static str,
    pub(crate) more_tickets: &'static str,
    pub(crate) wrote_at: &'static str,
    pub(crate) sent_at: &'static str,
    pub(crate) noted_at: &'static str,
    pub(crate) earlier: &'static str,
    pub(crate) away_until: &'static str,
    pub(crate) forgotten: &'static str,
    pub(crate) forgotten_subject: &'static str,
    pub(crate) marker_forgotten: &'static str,
    pub(crate) away_back: &'static str,
    /// What acts and values are called in the history, and what they are called in this language; others stay as they are.
    pub(crate) acts: &'static [(&'static str, &'static str)],
    pub(crate) digest_due: &'static str,
    pub(crate) digest_yours: &'static str,
    pub(crate) digest_others: &'static str,
    pub(crate) digest_held: &'static str,
    pub(crate) digest_none: &'static str,
    pub(crate) digest_subject: &'static str,
    pub(crate) help_subject: &'static str,
    pub(crate) list_subject: &'static str,
    pub(crate) away_subject: &'static str,
    pub(crate) practice_subject: &'static str,
    pub(crate) practice_text: &'static str,
}

/// All languages; the first is the fallback.
pub(crate) const ALL: [&Words; 2] = [&ENGLISH, &GERMAN];

impl Words {
    /// Why a mail goes to somebody.
    pub(crate) fn why_of(&self, why: Why) -> &'static str {
        let [owner, team, watching, lead, step, asked, practice] = self.whys;
        match why {
            Why::Owner => owner,
            Why::Team => team,
            Why::Watching => watching,
            Why::Lead => lead,
            Why::Step => step,
            Why::Asked => asked,
            Why::Practice => practice,
        }
    }

    /// What a status is called.
    pub(crate) fn status(&self, status: Status) -> &'static str {
        let place = Status::ALL.iter().position(|known| *known == status);
        place.map_or(status.as_str(), |place| self.statuses[place])
    }

    /// What an act or a value is called to a person.
    pub(crate) fn act(&self, name: &str) -> String {
        let told = self.acts.iter().find(|(known, _)| *known == name);
        told.map_or_else(|| name.replace('_', " "), |(_, told)| (*told).to_owned())
    }

    /// The same for a change from one status or priority to another: `new → open`.
    pub(crate) fn turn(&self, what: &str) -> String {
        let statuses = Status::ALL.map(Status::as_str).into_iter().zip(self.statuses);
        let priorities = Priority::ALL.map(Priority::as_str).into_iter().zip(self.priorities);
        let known: Vec<_> = statuses.chain(priorities).collect();
        let told = |value: &str| known.iter().find(|(name, _)| *name == value).map(|(_, told)| *told);
        what.split(" → ").map(|value| told(value).unwrap_or(value).to_owned()).collect::<Vec<_>>().join(" → ")
    }
}

/// The words for one agent: their first language that there is, else the company's, else English.
pub(crate) fn words_of(policy: &Policy, agent: &Agent) -> &'static Words {
    let wanted = agent.speaks.iter().chain(&policy.company.languages);
    let base = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    wanted.map(base).find_map(|tag| ALL.into_iter().find(|words| words.language == tag)).unwrap_or(ALL[0])
}

/// The words of a language; English where there are none.
pub(crate) fn in_language(language: &str) -> &'static Words {
    ALL.into_iter().find(|words| words.language == language).unwrap_or(ALL[0])
}

/// What begins the last line of a mail about a ticket, in each language.
pub(crate) fn whys() -> impl Iterator<Item = &'static str> {
    ALL.into_iter().map(|words| words.why.split('{').next().unwrap_or_default())
}

/// A title of ours in some language.
pub(crate) fn is_title(text: &str) -> bool {
    let titles = |words: &Words| {
        [words.facts, words.perhaps, words.state, words.contact, words.digest_held, words.do_it, words.step, words.digest_due]
    };
    let first = |title: &'static str| title.split_whitespace().next().unwrap_or_default();
    ALL.into_iter().flat_map(titles).any(|title| first(title) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_and_what_they_turn_are_told_in_the_language_of_the_agent() {
        assert_eq!(ENGLISH.act("status_changed"), "status changed");
        assert_eq!(GERMAN.act("priority_changed"), "Dringlichkeit");
        assert_eq!(ENGLISH.turn("on_hold → open"), "on hold → open");
        assert_eq!(GERMAN.turn("new → pending"), "neu → wartet auf Kunde");
        assert_eq!(GERMAN.turn("Please see new → old"), "Please see new → old");
    }
}
