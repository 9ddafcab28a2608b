//! Which mail a machine wrote, and what may be done about it.
use crate::{MachineClass, Message};
/// Class.
#[must_use]
pub fn class_of(message: &Message) -> Option<MachineClass> {
    if message.bounce.is_some() { return Some(MachineClass::Bounce); }
    None
}
