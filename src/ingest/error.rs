//! What can go wrong between a mailbox and the intake.

use crate::store::StoreError;

pub use crate::store::Remedy;

/// Why a watcher is not watching. `Display` is one line without mail content or secrets.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// No TCP connection.
    #[error("connect to {server}")]
    Connect {
        /// `host:port`.
        server: String,
        /// Why.
        source: std::io::Error,
    },
    /// No TLS session: wrong authority, wrong name, expired, or not TLS at all.
    #[error("set up TLS with {server}: {why}")]
    Tls {
        /// `host:port`.
        server: String,
        /// Why.
        why: String,
    },
    /// TLS was asked for and the server does not offer it. Nothing secret was sent.
    #[error("{server} refuses STARTTLS ({text}); plain text is not an option")]
    NoTls {
        /// `host:port`.
        server: String,
        /// The server's words.
        text: String,
    },
    /// A plain connection to another machine was asked for.
    #[error("{server} is not on this machine: use TLS")]
    PlainRefused {
        /// `host:port`.
        server: String,
    },
    /// The credentials could not be read.
    #[error("read credentials: {why}")]
    Credentials {
        /// Why.
        why: String,
    },
    /// The server refuses the credentials.
    #[error("log in to {server}: {text}")]
    Login {
        /// `host:port`.
        server: String,
        /// The server's words.
        text: String,
    },
    /// The server has enough of us for now: `[LIMIT]`, `[OVERQUOTA]`, `[UNAVAILABLE]` and kin.
    #[error("{act}: the server asks for patience: {text}")]
    Throttled {
        /// What was tried.
        act: &'static str,
        /// The server's words.
        text: String,
    },
    /// The mailbox is not there or cannot be selected.
    #[error("open mailbox `{mailbox}`: {text}")]
    NoMailbox {
        /// Decoded name.
        mailbox: String,
        /// The server's words.
        text: String,
    },
    /// A command was answered with NO or BAD.
    #[error("{act}: {text}")]
    Refused {
        /// What was tried.
        act: &'static str,
        /// The server's words.
        text: String,
    },
    /// The connection ended.
    #[error("{act}: connection lost ({text})")]
    Lost {
        /// During what.
        act: &'static str,
        /// How it shows.
        text: String,
    },
    /// The peer did not answer in time.
    #[error("{act}: no answer within {seconds} s")]
    Stalled {
        /// During what.
        act: &'static str,
        /// The limit that was reached.
        seconds: u64,
    },
    /// The server sent what it must not.
    #[error("{act}: {what}")]
    Protocol {
        /// During what.
        act: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A file of ours could not be written or read.
    #[error("{act} `{path}`")]
    File {
        /// What was tried.
        act: &'static str,
        /// On which file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The store did not take the mail.
    #[error("hand mail over: {0}")]
    Store(#[source] StoreError),
    /// A bug of ours or of a library; the watcher goes on.
    #[error("watching panicked during {act}")]
    Panicked {
        /// During what.
        act: &'static str,
    },
}

impl IngestError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Connect { .. }
            | Self::Throttled { .. }
            | Self::Refused { .. }
            | Self::Lost { .. }
            | Self::Stalled { .. }
            | Self::Protocol { .. }
            | Self::File { .. } => Remedy::Retry,
            Self::Tls { .. }
            | Self::NoTls { .. }
            | Self::PlainRefused { .. }
            | Self::Credentials { .. }
            | Self::Login { .. }
            | Self::NoMailbox { .. } => Remedy::FixConfig,
            Self::Store(source) => source.remedy(),
            Self::Panicked { .. } => Remedy::ReportBug,
        }
    }

    /// No further attempt makes sense: the store is broken, and taking in more could lose mail.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Store(source) if source.remedy() != Remedy::Retry)
    }

    /// The error with its causes on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            // A store error stands in our own text already.
            let line = source.to_string();
            if !text.contains(&line) {
                text.push_str(": ");
                text.push_str(&line);
            }
            cause = source.source();
        }
        text
    }
}
