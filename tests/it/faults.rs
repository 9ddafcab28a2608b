//! Faults of the world around the daemon, each provoked on the real program.

mod clock;
mod mailbox;
mod process;
mod sending;
mod store;
