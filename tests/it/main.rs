//! The daemon against real servers: Dovecot, Postfix, and scripted ones for what those two never do.
//!
//! One binary, so that it is linked once. Tests run in parallel; each starts the servers it needs
//! through [`harness`] and takes them along when it ends.

mod accounts;
mod agents;
mod bombs;
mod broadcast;
mod conversation;
mod explain;
mod faults;
mod first_start;
mod first_steps;
mod harness;
mod harness_test;
mod imap;
mod kill;
mod laws;
mod ledger;
mod machine;
mod notify;
mod operations;
mod process;
mod rules;
mod scenario;
mod scene;
mod sim;
mod smtp;
mod smtp_speed;
mod terminal;
mod unit_file;
