//! Identities. Names come from the configuration; ids are derived from their cause, never drawn, so a repeat is a no-op.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! name_type {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as configured.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }
    )+};
}

name_type! {
    /// Key of `[account.NAME]`.
    AccountName,
    /// Key of an inbox.
    InboxName,
    /// Key of an agent.
    AgentName,
    /// Key of a team.
    TeamName,
    /// Key of `[type.NAME]`.
    TypeName,
    /// Key of `[vendor.NAME]`.
    VendorName,
    /// `id` of a field of a ticket type.
    FieldId,
}

/// Number of a ticket, counted from 1 in the order of commits. Shown with the company's prefix: `T-4821`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketNo(pub u64);

macro_rules! bytes_id {
    ($($(#[$doc:meta])* $name:ident, $bytes:literal);+ $(;)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl $name {
            /// Reads the hexadecimal form that `Display` writes.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
            }
        }

        // Hexadecimal for people's formats, bytes for compact ones.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not an id in hexadecimal"))
                } else {
                    Ok(Self(<[u8; $bytes]>::deserialize(deserializer)?))
                }
            }
        }
    )+};
}

bytes_id! {
    /// Identity of one event: a hash of its cause. The same cause has the same id after any crash.
    EventId, 16;
    /// Identity of one effect: its event and its place among the event's effects.
    EffectId, 16;
}

/// SHA-256 of a mail's bytes as received or as sent: its address in the raw store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawHash(pub [u8; 32]);

impl RawHash {
    /// Hashes a mail.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        Self(Sha256::digest(raw).into())
    }

    /// Reads the hexadecimal form that `Display` writes.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for RawHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl std::fmt::Debug for RawHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for RawHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for RawHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not a hash in hexadecimal"))
        } else {
            Ok(Self(<[u8; 32]>::deserialize(deserializer)?))
        }
    }
}

/// Hashes parts so that no two lists of parts give the same bytes.
fn derive(label: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update((label.len() as u64).to_be_bytes());
    hasher.update(label.as_bytes());
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest[..16].try_into().expect("32 bytes hold 16")
}

impl EventId {
    /// A mail at its place on the server (RFC 9051 §2.3.1.1: the UID means nothing without its UIDVALIDITY).
    #[must_use]
    pub fn of_mail(account: &AccountName, mailbox: &str, uid_validity: u32, uid: u32) -> Self {
        Self(derive("mail", &[account.0.as_bytes(), mailbox.as_bytes(), &uid_validity.to_be_bytes(), &uid.to_be_bytes()]))
    }

    /// A timer of a ticket falling due.
    #[must_use]
    pub fn of_timer(ticket: TicketNo, kind: &str, due_at: jiff::Timestamp) -> Self {
        Self(derive("timer", &[&ticket.0.to_be_bytes(), kind.as_bytes(), &due_at.as_nanosecond().to_be_bytes()]))
    }

    /// A command, by the id of the request that carried it.
    #[must_use]
    pub fn of_request(request: &str) -> Self {
        Self(derive("request", &[request.as_bytes()]))
    }

    /// A note that was made beside the message of the same event.
    #[must_use]
    pub fn of_note(event: Self, index: usize) -> Self {
        Self(derive("note", &[&event.0, &(index as u64).to_be_bytes()]))
    }

    /// What became of a mail of ours.
    #[must_use]
    pub fn of_delivery(effect: EffectId, attempt: u32) -> Self {
        Self(derive("delivery", &[&effect.0, &attempt.to_be_bytes()]))
    }
}

impl EffectId {
    /// The effect at `index` of an event's effects.
    #[must_use]
    pub fn new(event: EventId, index: usize) -> Self {
        Self(derive("effect", &[&event.0, &(index as u64).to_be_bytes()]))
    }
}
