//! A receiving server (RFC 5321): at each phase of a transaction it takes, refuses, or is gone.

use desk::effect::OutboxRow;
use frontdesk::outbox::Reply;

use super::dice::Dice;

/// What it took.
#[derive(Default)]
pub(super) struct Server {
    pub(super) received: Vec<OutboxRow>,
}

/// What the client hears at a phase.
pub(super) enum Heard {
    /// A positive reply.
    Good,
    /// A refusal.
    Refused(Reply),
    /// Nothing: the connection is gone.
    Nothing,
}

/// Phases before the content.
pub(super) const BEFORE: [&str; 4] = ["greeting", "MAIL", "RCPT", "DATA"];

fn refusal(dice: &mut Dice, phase: &str) -> Option<Heard> {
    Some(match dice.roll(100) {
        0 => Heard::Nothing,
        1 | 2 => Heard::Refused(Reply::new(451, "4.3.0 try later")),
        3 => Heard::Refused(Reply::new(421, "4.7.0 too much of you")),
        4 if phase == "RCPT" => Heard::Refused(Reply::new(550, "5.1.1 no such user")),
        5 if phase == "MAIL" || phase == "DATA" => Heard::Refused(Reply::new(554, "5.7.1 not from you")),
        _ => return None,
    })
}

impl Server {
    /// A phase before the content.
    pub(super) fn say(&mut self, phase: &str, trouble: Option<&mut Dice>) -> Heard {
        trouble.and_then(|dice| refusal(dice, phase)).unwrap_or(Heard::Good)
    }

    /// The content and its final dot.
    pub(super) fn dot(&mut self, row: &OutboxRow, trouble: Option<&mut Dice>) -> Heard {
        let Some(dice) = trouble else {
            self.received.push(row.clone());
            return Heard::Good;
        };
        match dice.roll(20) {
            // Taken, and nobody hears of it.
            0 | 1 => {
                self.received.push(row.clone());
                Heard::Nothing
            }
            2 | 3 => Heard::Nothing,
            4 => Heard::Refused(Reply::new(452, "4.3.1 no room")),
            5 => Heard::Refused(Reply::new(554, "5.6.0 not this")),
            _ => {
                self.received.push(row.clone());
                Heard::Good
            }
        }
    }

    /// Whether traces of a mail are found: in Sent, in bounces.
    pub(super) fn has(&self, row: &OutboxRow) -> bool {
        self.received.iter().any(|received| received.message_id == row.message_id)
    }
}
