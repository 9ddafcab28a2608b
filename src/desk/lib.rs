//! What we do about a mail.
//!
//! Pure functions over values: no clock, no file, no network, no randomness. Time arrives inside the event, and everything
//! that [`decide::decide`] reads is the policy, the ticket and the event, so a decision can be repeated exactly.
//!
//! Start at [`ticket`] for what is kept, [`event`] for what can happen, [`effect`] for what follows.

mod act;
mod act_people;
mod act_work;
pub mod admit;
pub mod agenda;
mod agent_act;
pub mod agent_desk;
mod agent_hold;
mod agent_letter;
pub mod agent_mail;
#[cfg(test)]
mod agent_mail_laws;
mod agent_page;
mod agent_page_html;
mod agent_page_text;
pub mod agent_proof;
pub mod agent_request;
mod agent_words;
mod answer;
mod answer_layout;
pub mod argument;
pub mod arrival;
pub mod article;
mod asked;
pub mod assign;
pub mod calendar;
mod cause;
mod change;
pub mod chore;
pub mod closing_question;
pub mod command;
pub mod command_block;
mod command_desk;
mod command_name;
pub mod command_word;
mod command_work;
pub mod condition;
pub mod courtesy;
mod customer_mail;
pub mod decide;
mod desk_list;
pub mod desk_mail;
pub mod draft;
mod due;
pub mod effect;
mod envelope;
mod escalation;
pub mod event;
pub mod field;
mod follow_up;
pub mod form;
pub mod gist;
pub mod glance;
pub mod help;
pub mod ids;
pub mod issue;
pub mod kind;
pub mod knowledge;
pub mod ledger;
mod letter;
pub mod mistake;
pub mod moment;
mod notice;
pub mod one_click;
mod opening;
mod opening_help;
pub mod pattern;
pub mod policy;
pub mod process;
pub mod promise;
pub mod recurring;
mod reply;
pub mod report;
mod report_build;
pub mod report_html;
mod report_svg;
pub mod report_text;
pub mod rule;
#[cfg(test)]
mod sample;
pub mod subject;
pub mod template;
pub mod thread;
pub mod ticket;
mod ticket_block;
pub mod ticket_mail;
pub mod token;
pub mod trace;
pub mod undo;
pub mod vendor;
pub mod verb;
mod words_de;
mod words_en;

pub use command::Command;
pub use effect::{Effect, Purpose, Send, SendClass, TimerKind};
pub use event::{Arrival, Decision, Event, EventKind, HistoryEntry, MessageEntry, Outcome};
pub use ids::{AccountName, AgentName, EffectId, EventId, FieldId, InboxName, RawHash, TeamName, TicketNo, TypeName, VendorName};
pub use policy::Policy;
pub use ticket::{Priority, Status, Ticket};
pub use trace::TraceLine;
