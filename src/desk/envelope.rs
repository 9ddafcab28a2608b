//! What every mail of ours has in common: marks against loops, the thread, the return path.

use mail::compose::ExtraHeader;
use mail::{HeaderText, MessageId};

use crate::policy::Policy;

/// Every mail of ours carries its loop mark; automatic mail also says that nobody's machine shall answer it (RFC 3834 §5,
/// and Exchange's own header).
pub(crate) fn marks(policy: &Policy, message_id: &MessageId, auto_submitted: Option<&str>) -> Vec<ExtraHeader> {
    let mark = policy.keys.loop_mark(message_id);
    let automatic = auto_submitted.map(|value| [("Auto-Submitted", value), ("X-Auto-Response-Suppress", "All")]);
    extra(automatic.into_iter().flatten().chain([("X-Frontdesk-Loop", mark.as_str())]))
}

/// Fields in order; values are cleaned, and a value that is empty is left out.
pub(crate) fn extra<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<ExtraHeader> {
    let fields = fields.into_iter().map(|(name, value)| (name, HeaderText::new(value)));
    fields.filter(|(_, value)| !value.is_empty()).filter_map(|(name, value)| ExtraHeader::new(name, value)).collect()
}
