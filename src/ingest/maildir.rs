//! x
use super::{Health, MaildirSettings};
use crate::engine::Intake;
use std::sync::Arc;
use tokio::sync::watch;
pub(super) async fn watch<I: Intake>(_s: Arc<MaildirSettings>, _i: I, _h: Arc<Health>, _stop: watch::Receiver<bool>) {}
