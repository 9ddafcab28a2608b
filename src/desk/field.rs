//! tmp
use crate::ids::FieldId;
use crate::policy::Field;
use crate::ticket::FieldValue;
use std::collections::BTreeMap;
pub struct Sources;
impl Sources {
    pub fn of(_m: &mail::Message, _f: &BTreeMap<FieldId, FieldValue>) -> Self {
        Self
    }
}
pub fn extract<'a>(_f: impl Iterator<Item = &'a Field>, _s: &Sources) -> BTreeMap<FieldId, FieldValue> {
    BTreeMap::new()
}
pub fn missing(f: &[Field], v: &BTreeMap<FieldId, FieldValue>) -> Vec<FieldId> {
    f.iter().filter(|f| f.required && !v.contains_key(&f.id)).map(|f| f.id.clone()).collect()
}
pub fn check(_f: &Field, v: &str) -> Result<String, String> {
    Ok(v.to_owned())
}
