//! Frontdesk: a shared inbox that never loses a mail.

/// Mail comes in.
pub mod ingest {
    pub mod proof;
}
