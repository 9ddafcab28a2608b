//! Machine mail: placeholder until the table lands.

use serde::{Deserialize, Serialize};

/// What the table says of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Row of the table, 1 to 18.
    pub row: u8,
    /// Class, where a machine wrote it.
    pub class: Option<crate::MachineClass>,
    /// Which header or value decided.
    pub detail: String,
}
