//! Who is told of what by mail, and why. Nobody gets mail about their own act.

use crate::change::Change;
use crate::event::Actor;

/// After an act of an agent or an operator.
pub(crate) fn of_act(_change: &mut Change<'_>, _by: &Actor) {}
