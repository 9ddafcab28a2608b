//! tmp
use crate::ids::FieldId;
use crate::ticket::FieldValue;
use std::collections::BTreeMap;
#[derive(Default)]
pub struct Filled {
    pub requester: Option<mail::Address>,
    pub requester_name: Option<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub fields: BTreeMap<FieldId, FieldValue>,
}
pub fn read(_f: &crate::policy::Form, _m: &mail::Message) -> Filled {
    Filled::default()
}
