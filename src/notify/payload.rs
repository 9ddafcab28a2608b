//! A note in the form that a channel wants. Pure, so that each is compared with the form that its maker publishes.

use desk::EffectId;
use desk::channel::Note;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::ChannelSettings;

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Slack's incoming webhook.
    Slack,
    /// Mattermost's incoming webhook, which reads Slack's form.
    Mattermost,
    /// Discord's webhook.
    Discord,
    /// A Workflows URL of Microsoft Teams: an Adaptive Card.
    Teams,
    /// ntfy: the text as body, title and priority as header fields.
    Ntfy,
    /// PagerDuty's Events API v2; the key is the routing key.
    PagerDuty,
    /// Any gateway that takes a request per message.
    Sms,
    /// Signed as Standard Webhooks says; the key is `whsec_…` or any text.
    Webhook,
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Header fields besides Host and Content-Length.
    pub fields: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// The request for a stored note; `None` if the bytes are no note.
#[must_use]
pub fn request(settings: &ChannelSettings, stored: &[u8], id: EffectId) -> Option<Request> {
    let note: Note = serde_json::from_slice(stored).ok()?;
    let json_body = |value: serde_json::Value| (value.to_string().into_bytes(), "application/json".to_owned());
    let mut fields = Vec::new();
    let (body, content_type) = match settings.kind {
        Kind::Slack | Kind::Mattermost => json_body(json!({ "text": slack_escaped(&note.text) })),
        // Nobody is pinged by words of a subject.
        Kind::Discord => json_body(json!({ "content": cut(&note.text, 2_000), "allowed_mentions": { "parse": [] } })),
        Kind::Teams => json_body(teams_card(&note)),
        Kind::Ntfy => {
            fields.push(("Title".to_owned(), header_safe(&note.reference)));
            fields.push(("Priority".to_owned(), if note.is_urgent { "5" } else { "3" }.to_owned()));
            if let Some(key) = &settings.key {
                fields.push(("Authorization".to_owned(), format!("Bearer {key}")));
            }
            (note.text.clone().into_bytes(), "text/plain; charset=utf-8".to_owned())
        }
        Kind::PagerDuty => json_body(json!({
            "routing_key": settings.key.as_deref().unwrap_or_default(),
            "event_action": "trigger",
            "dedup_key": note.reference,
            "payload": {
                "summary": cut(&note.text, 1_024),
                "source": "frontdesk",
                "severity": if note.is_urgent { "critical" } else { "warning" },
                "timestamp": note.at.to_string(),
            },
        })),
        Kind::Sms => sms(settings, &note, &mut fields),
        Kind::Webhook => {
            let (body, content_type) = json_body(json!({
                "type": "ticket.alert",
                "timestamp": note.at.to_string(),
                "data": { "ticket": note.reference, "text": note.text },
            }));
            sign(settings, id, &note, &body, &mut fields);
            (body, content_type)
        }
    };
    fields.push(("Content-Type".to_owned(), content_type));
    Some(Request { method: settings.method.clone().unwrap_or_else(|| "POST".to_owned()), fields, body })
}

/// Slack reads `<…>` as links and mentions.
fn slack_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn teams_card(note: &Note) -> serde_json::Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "text": note.reference, "weight": "Bolder" },
                    { "type": "TextBlock", "text": note.text, "wrap": true },
                ],
            },
        }],
    })
}

/// A gateway's own body, or a form of `text`.
fn sms(settings: &ChannelSettings, note: &Note, fields: &mut Vec<(String, String)>) -> (Vec<u8>, String) {
    if let Some(key) = &settings.key {
        fields.push(("Authorization".to_owned(), format!("Bearer {key}")));
    }
    let text = cut(&note.text, 480);
    match &settings.body {
        Some(template) if template.trim_start().starts_with('{') => {
            // Inside of JSON the words are a string's, whatever they contain.
            let inner = |text: &str| {
                let quoted = json!(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            };
            let body = template.replace("{text}", &inner(&text)).replace("{ticket}", &inner(&note.reference));
            (body.into_bytes(), "application/json".to_owned())
        }
        Some(template) => {
            let body = template.replace("{text}", &form_escaped(&text)).replace("{ticket}", &form_escaped(&note.reference));
            (body.into_bytes(), "application/x-www-form-urlencoded".to_owned())
        }
        None => (format!("text={}", form_escaped(&text)).into_bytes(), "application/x-www-form-urlencoded".to_owned()),
    }
}

/// The signature of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in base64.
fn sign(settings: &ChannelSettings, id: EffectId, note: &Note, body: &[u8], fields: &mut Vec<(String, String)>) {
    let (id, at) = (format!("msg_{id}"), note.at.as_second().to_string());
    fields.push(("webhook-id".to_owned(), id.clone()));
    fields.push(("webhook-timestamp".to_owned(), at.clone()));
    let Some(key) = &settings.key else { return };
    let bytes = key.strip_prefix("whsec_").and_then(|text| data_encoding::BASE64.decode(text.as_bytes()).ok());
    let bytes = bytes.unwrap_or_else(|| key.clone().into_bytes());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&bytes) else { return };
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    let signature = data_encoding::BASE64.encode(&mac.finalize().into_bytes());
    fields.push(("webhook-signature".to_owned(), format!("v1,{signature}")));
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// RFC 9110 §5.5: no control characters; what is not ASCII is left out of a title.
fn header_safe(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect()
}

fn form_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn check(kind: Kind, key: Option<&str>, body: Option<&str>, expect: &str) -> Request {
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let settings = ChannelSettings {
            name: "x".into(),
            kind,
            url: String::new(),
            key: key.map(str::to_owned),
            method: None,
            body: body.map(str::to_owned),
            tls: Arc::new(tls),
        };
        let note = Note {
            reference: "T-1".into(),
            text: "T-1 <!channel> & \"late\"".into(),
            at: "2026-11-23T10:00:00Z".parse().expect("instant"),
            is_urgent: true,
        };
        let stored = serde_json::to_vec(&note).expect("a note is JSON");
        let request = request(&settings, &stored, EffectId([7; 16])).expect("a note");
        assert_eq!(String::from_utf8_lossy(&request.body), expect);
        request
    }

    #[test]
    fn each_channel_gets_its_own_form() {
        check(Kind::Slack, None, None, r#"{"text":"T-1 &lt;!channel&gt; &amp; \"late\""}"#);
        check(Kind::Discord, None, None, r#"{"allowed_mentions":{"parse":[]},"content":"T-1 <!channel> & \"late\""}"#);
        let ntfy = check(Kind::Ntfy, None, None, "T-1 <!channel> & \"late\"");
        assert!(ntfy.fields.contains(&("Priority".into(), "5".into())));
        check(
            Kind::PagerDuty,
            Some("key"),
            None,
            r#"{"dedup_key":"T-1","event_action":"trigger","payload":{"severity":"critical","source":"frontdesk","summary":"T-1 <!channel> & \"late\"","timestamp":"2026-11-23T10:00:00Z"},"routing_key":"key"}"#,
        );
        check(Kind::Sms, None, Some(r#"{"to":"+47","body":"{text}"}"#), r#"{"to":"+47","body":"T-1 <!channel> & \"late\""}"#);
        check(Kind::Sms, None, None, "text=T-1+%3C%21channel%3E+%26+%22late%22");
        let card = check(
            Kind::Teams,
            None,
            None,
            r#"{"attachments":[{"content":{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","body":[{"text":"T-1","type":"TextBlock","weight":"Bolder"},{"text":"T-1 <!channel> & \"late\"","type":"TextBlock","wrap":true}],"type":"AdaptiveCard","version":"1.4"},"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null}],"type":"message"}"#,
        );
        assert_eq!(card.method, "POST");
    }

    #[test]
    fn a_webhook_is_signed_over_id_time_and_body() {
        let body = r#"{"data":{"text":"T-1 <!channel> & \"late\"","ticket":"T-1"},"timestamp":"2026-11-23T10:00:00Z","type":"ticket.alert"}"#;
        let request = check(Kind::Webhook, Some("whsec_c2VjcmV0"), None, body);
        let field = |name: &str| request.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("any length");
        mac.update(format!("msg_{}.1795428000.{body}", EffectId([7; 16])).as_bytes());
        let expect = format!("v1,{}", data_encoding::BASE64.encode(&mac.finalize().into_bytes()));
        assert_eq!(field("webhook-timestamp"), Some("1795428000"));
        assert_eq!(field("webhook-signature"), Some(expect.as_str()));
    }
}
