//! Channels besides mail.

use std::collections::BTreeMap;

use desk::channel::Channel;

use super::Compiler;
use crate::config::problem::Code;
use crate::config::raw::RawNotify;
use crate::config::read::{At, Named, Read as _};
use crate::config::secret::{Reference, Secret, fetch};
use crate::config::settings::{ChannelKind, ChannelTarget};
use crate::config::tree::Value;

const KINDS: [(&str, Option<ChannelKind>); 9] = [
    ("slack", Some(ChannelKind::Slack)),
    ("mattermost", Some(ChannelKind::Mattermost)),
    ("discord", Some(ChannelKind::Discord)),
    ("teams", Some(ChannelKind::Teams)),
    ("ntfy", Some(ChannelKind::Ntfy)),
    ("sms", Some(ChannelKind::Sms)),
    ("webhook", Some(ChannelKind::Webhook)),
    ("pagerduty", Some(ChannelKind::PagerDuty)),
    ("email", None),
];
/// Where PagerDuty takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

impl Compiler<'_> {
    /// What the core knows of channels, and what the shell needs to reach them.
    pub(super) fn channels(
        &mut self,
        raw: Option<&Named<RawNotify>>,
    ) -> (BTreeMap<String, Channel>, BTreeMap<String, ChannelTarget>) {
        let (mut channels, mut targets) = (BTreeMap::new(), BTreeMap::new());
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("channel \"{}\"", name.value);
            self.missing("kind", &raw.keys, name.at, &who);
            let Some(kind) = raw.kind.as_ref().and_then(|kind| self.word(kind, "kind", &KINDS)) else { continue };
            let Some(kind) = kind else {
                self.missing("to", &raw.keys, name.at, &who);
                if let Some(address) = raw.to.as_ref().and_then(|to| self.address(to)) {
                    channels.insert(name.value.clone(), Channel::Mail(address));
                }
                continue;
            };
            channels.insert(name.value.clone(), Channel::Request);
            if let Some(target) = self.target(&name.value, kind, raw, name, &who) {
                targets.insert(name.value.clone(), target);
            }
        }
        (channels, targets)
    }

    fn target(&mut self, name: &str, kind: ChannelKind, raw: &RawNotify, at: &At<String>, who: &str) -> Option<ChannelTarget> {
        let key = raw.key.as_ref().and_then(|key| fetch(key, self.environment, &mut self.report));
        if kind == ChannelKind::PagerDuty {
            self.missing("key", &raw.keys, at.at, who);
        }
        if raw.url.is_none() && kind != ChannelKind::PagerDuty {
            self.missing("url", &raw.keys, at.at, who);
        }
        let url = match &raw.url {
            Some(url) => {
                let text = match &url.value {
                    Value::String(text) => Some(text.clone()),
                    _ => Reference::read(url, &mut self.report)
                        .and_then(|value| fetch(&At { value, at: url.at }, self.environment, &mut self.report))
                        .map(|secret| secret.expose().to_owned()),
                };
                let good = text.as_deref().and_then(crate::config::endpoint::read_url);
                if text.is_some() && good.is_none() {
                    self.report.add(Code::BadUrl, url.at, format!("the url of {who} is none"), "expected https://…");
                }
                good?
            }
            None => PAGERDUTY.to_owned(),
        };
        let method = raw.method.as_ref().map(|method| method.value.to_uppercase());
        if let (Some(text), Some(given)) = (&method, &raw.method)
            && !["POST", "PUT", "GET"].contains(&text.as_str())
        {
            self.report.add(Code::BadValue, given.at, format!("\"{}\" is no method for {who}", given.value), "POST, PUT or GET");
        }
        let body = raw.body.as_ref().map(|body| body.value.clone());
        // Whoever knows the address may post there, so it is as secret as a key.
        let url = Secret::new(url.into_bytes());
        Some(ChannelTarget { name: name.to_owned(), kind, url, key, method, body })
    }
}
