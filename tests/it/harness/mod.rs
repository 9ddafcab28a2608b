//! What tests of the daemon need around it: mail servers, faults, mails, and the daemon itself.
//!
//! | Need | Module |
//! |---|---|
//! | a real IMAP server | [`dovecot`] |
//! | a real mail transfer agent | [`postfix`] |
//! | an SMTP server that misbehaves by script | [`sink`] |
//! | a network that misbehaves by script | [`proxy`] |
//! | certificates, good and bad | [`certs`] |
//! | a name server with a DKIM key | [`dns`] |
//! | mails that are proven, either way | [`proof`] |
//! | the daemon under test | [`frontdesk`] |
//! | mails people and machines send | [`mails`], [`bombs`] |
//! | the daemon between real servers | [`office`] |
//! | the desk without servers | [`bare`] |
//! | waiting for a condition | [`wait`] |
//!
//! Every server listens on a loopback port of its own, held by [`port::Port`], and lives in a temporary
//! directory; dropping the handle ends exactly the processes that it started. A missing server is a
//! panic that names its package, never a skipped test.

// A toolbox: not every test uses every tool, and the compiler cannot know which come next.
#![allow(dead_code)]
// A failed step of the set-up is a failed test; the panic says where.
#![allow(clippy::unwrap_used)]
// `pub` says what tests may use; in a binary nothing is reachable from outside.
#![allow(unreachable_pub)]

pub mod bare;
pub mod bombs;
pub mod certs;
pub mod dns;
pub mod dovecot;
pub mod frontdesk;
pub mod mails;
pub mod office;
pub mod port;
pub mod postfix;
pub mod process;
pub mod proof;
pub mod proxy;
pub mod sink;
pub mod sink_session;
pub mod wait;
