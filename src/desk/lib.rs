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
mod agent_choice;
pub mod agent_desk;
pub mod agent_filter;
mod agent_hold;
mod agent_letter;
pub mod agent_mail;
#[cfg(test)]
mod agent_mail_laws;
mod agent_page;
mod agent_page_html;
mod agent_page_text;
mod agent_practice;
pub mod agent_proof;
pub mod agent_request;
mod agent_words;
mod answer;
mod answer_layout;
pub mod argument;
pub mod arrival;
pub mod assign;
pub mod calendar;
mod cause;
mod change;
pub mod channel;
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
mod delivery;
mod desk_list;
pub mod desk_mail;
pub mod draft;
mod due;
pub mod effect;
mod envelope;
mod escalation;
pub mod event;
pub mod field;
mod fill_in;
mod follow_up;
pub mod form;
pub mod ids;
pub mod kind;
pub mod ledger;
mod letter;
pub mod mistake;
pub mod moment;
pub mod morning;
mod notice;
pub mod one_click;
mod opening;
pub mod pattern;
pub mod policy;
pub mod process;
pub mod promise;
mod reply;
pub mod rule;
#[cfg(test)]
mod sample;
mod sent;
pub mod subject;
pub mod template;
mod template_sample;
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
