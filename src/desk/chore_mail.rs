//! The mails of [`crate::chore`]: how each is said.

use jiff::Timestamp;

use crate::agent_letter::short_time;
use crate::agent_page::{Block, act, clean, fill_text, foreign, own};
use crate::chore::OpenQuestion;
use crate::chore_words::{ChoreWords, words_in};
use crate::desk_mail::{Body, DeskMail, body};
use crate::effect::Send;
use crate::event::UNTOLD_MAX;
use crate::ids::EffectId;
use crate::recurring::Cluster;
use crate::report::Report;
use crate::ticket::Ticket;
use crate::token::Mode;
use crate::{report_html, report_text};

/// Tickets in one list.
const LISTED_MAX: usize = 40;
/// Characters of a subject in a list.
const SUBJECT_CHARACTERS_MAX: usize = 80;

fn words_of(mail: &DeskMail<'_>) -> &'static ChoreWords {
    words_in(mail.words().language)
}

fn sent(mail: &DeskMail<'_>, marker: &'static str, subject: String, blocks: Vec<Block>, id: EffectId) -> Send {
    mail.send(Body { subject, ..body(marker, mail.words().no_answer, blocks) }, Mode::Note, id)
}

/// The report as a mail of its own: text that is complete, and the document beside it.
pub(crate) fn report(mail: &DeskMail<'_>, report: &Report, id: EffectId) -> Send {
    let (policy, words) = (mail.desk.policy, words_of(mail));
    let zone = &policy.company.timezone;
    let title = report_text::title(report, zone);
    let subject = fill_text(words.report_subject, &[("company", &policy.company.name), ("title", &title)]);
    let mut send = sent(mail, words.report, subject, Vec::new(), id);
    if let Some(letter) = &mut send.letter {
        letter.text = report_text::text(report, zone);
        letter.html = Some(report_html::html(report, &policy.company.name, zone));
    }
    send
}

/// Closing questions that are open, each ticket with a link that waives them.
pub(crate) fn questions(mail: &DeskMail<'_>, tickets: &[OpenQuestion], total: usize, id: EffectId) -> Send {
    let (policy, words) = (mail.desk.policy, words_of(mail));
    let lines = tickets.iter().take(LISTED_MAX).map(|ticket| {
        let waive = ticket.questions.iter().map(|question| format!("{question}=-")).collect::<Vec<_>>().join(" ");
        let about = (ticket.no, ticket.rev);
        let subject = crate::one_click::subject(policy, &mail.to.name, about, &format!("close {waive}"), mail.at);
        let owner = ticket.owner.as_ref().map_or_else(String::new, |owner| format!(" · {owner}"));
        own(format!("{} ", policy.reference(ticket.no)))
            .and(foreign(&ticket.subject, SUBJECT_CHARACTERS_MAX))
            .and(own(format!("{owner} · {} · ", ticket.questions.join(", "))))
            .and(act(words.waive, mail.desk.link(&subject, None)))
    });
    let list = Block::List { title: String::new(), lines: lines.collect() };
    let mut blocks = vec![Block::Say(own(words.questions_say)), list];
    if total > tickets.len().min(LISTED_MAX) {
        blocks.push(Block::Say(own(fill_text(words.questions_more, &[("count", &total.to_string())]))));
    }
    sent(mail, words.questions, ChoreWords::counted(&words.questions_subject, total), blocks, id)
}

/// One mail for all cases: each of them alone would say the same.
pub(crate) fn promise(mail: &DeskMail<'_>, issue: &str, cases: usize, due_at: Timestamp, id: EffectId) -> Send {
    let words = words_of(mail);
    let when = short_time(mail.words(), &mail.desk.zone(mail.to), due_at, mail.at);
    let waiting = ChoreWords::counted(&words.issue_waiting, cases);
    let values = [("waiting", waiting.as_str()), ("issue", issue), ("when", when.as_str())];
    let blocks = vec![Block::Say(own(fill_text(words.issue_say, &values)))];
    sent(mail, words.issue, fill_text(words.issue_subject, &values), blocks, id)
}

/// Tickets that may have one cause, with what joins them.
pub(crate) fn recurring(mail: &DeskMail<'_>, cluster: &Cluster, id: EffectId) -> Send {
    let (policy, words) = (mail.desk.policy, words_of(mail));
    let joined = cluster.shown.join(", ");
    let (count, days) = (cluster.tickets.len().to_string(), cluster.days.to_string());
    let before = words.how_often(cluster.before);
    let said = own(fill_text(words.recurring_say, &[("count", &count), ("days", &days)]))
        .and(foreign(&joined, 160))
        .and(own(fill_text(words.recurring_before, &[("times", &before)])));
    let lines = cluster
        .tickets
        .iter()
        .take(LISTED_MAX)
        .map(|(no, subject)| own(format!("{} ", policy.reference(*no))).and(foreign(subject, SUBJECT_CHARACTERS_MAX)));
    let title: String = joined.chars().filter(|c| *c != '"').take(60).collect();
    let link = cluster.tickets.first().and_then(|(no, _)| {
        let verb = format!("issue new \"{title}\"");
        mail.desk.link(&crate::one_click::subject(policy, &mail.to.name, (*no, cluster.rev), &verb, mail.at), None)
    });
    let blocks = vec![
        Block::Say(said),
        Block::List { title: String::new(), lines: lines.collect() },
        Block::Say(own(words.recurring_do).and(act(words.make_it, link))),
    ];
    let subject = fill_text(words.recurring_subject, &[("count", &count), ("words", &clean(&joined, 60))]);
    sent(mail, words.recurring, subject, blocks, id)
}

/// What an agent was not told one by one.
pub(crate) fn untold(mail: &DeskMail<'_>, tickets: &[Ticket], beyond: bool, id: EffectId) -> Send {
    let words = words_of(mail);
    let mut blocks = vec![Block::Say(own(words.untold_say)), mail.tickets("", tickets, UNTOLD_MAX)];
    let mut subject = ChoreWords::counted(&words.untold_subject, tickets.len());
    if beyond {
        blocks.push(Block::Say(own(words.untold_more)));
        subject = fill_text(words.untold_many, &[("count", &tickets.len().to_string())]);
    }
    sent(mail, words.untold, subject, blocks, id)
}
