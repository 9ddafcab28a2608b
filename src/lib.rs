//! Frontdesk replaces the shared inbox.
//!
//! Mail comes in ([`ingest`]), is kept ([`store`]), read (`mail`), decided about (`desk`) and committed ([`engine`]); what
//! follows leaves through [`outbox`]. [`config`] turns the operator's file into a policy. Wiring is in `cli::run` alone.

pub mod cli;
pub mod clock;
pub mod config;
pub mod engine;
pub mod failpoint;
pub mod ingest;
pub mod metrics;
pub mod notify;
pub mod outbox;
pub mod store;
pub mod supervisor;
pub mod telemetry;
pub mod web;
