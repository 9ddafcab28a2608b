//! Rules: a condition on a message or ticket, and what follows.

/// What must hold.
#[derive(Clone, Debug, Default)]
pub struct Condition {}

/// All rules, top to bottom.
#[derive(Debug, Default)]
pub struct RuleBook {}
