//! Mails as people and machines send them, with the headers that real programs write.
//!
//! Everything is derived from the arguments: the same call gives the same bytes. Lines end in CR LF.

use data_encoding::BASE64;

/// A mail under construction: headers in order, then a body.
#[derive(Debug, Clone)]
pub struct Mail {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// From whom, to whom, about what, and an id that makes the mail unique.
#[derive(Debug, Clone, Copy)]
pub struct Basics<'a> {
    /// Address of the sender, alone or as `Name <address>`.
    pub from: &'a str,
    /// Address of the recipient.
    pub to: &'a str,
    /// Subject, ASCII or already encoded.
    pub subject: &'a str,
    /// Message-ID without its angle brackets.
    pub id: &'a str,
}

impl Mail {
    /// A mail with the headers that every mail has, and no body.
    pub fn new(basics: Basics<'_>) -> Mail {
        let Basics { from, to, subject, id } = basics;
        let mut mail = Mail { headers: Vec::new(), body: Vec::new() };
        mail.push("Return-Path", &format!("<{}>", address(from)));
        mail.push("Delivered-To", to);
        mail.push(
            "Received",
            &format!("from mail.{0} (mail.{0} [192.0.2.25])\r\n\tby mx.test.example (Postfix) with ESMTPS id 4XyZ\r\n\tfor <{to}>; Mon, 16 Nov 2026 09:12:33 +0000 (UTC)", domain(from)),
        );
        mail.push("Date", "Mon, 16 Nov 2026 10:12:31 +0100");
        mail.push("From", from);
        mail.push("To", to);
        mail.push("Subject", subject);
        mail.push("Message-ID", &format!("<{id}>"));
        mail.push("MIME-Version", "1.0");
        mail
    }

    /// Adds a header at the end.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Mail {
        self.push(name, value);
        self
    }

    /// Replaces a header's value, or adds it.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Mail {
        match self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(header) => value.clone_into(&mut header.1),
            None => self.push(name, value),
        }
        self
    }

    /// Takes a header away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Mail {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Puts a header above all others, where the last server to touch the mail writes.
    #[must_use]
    pub fn on_top(mut self, name: &str, value: &str) -> Mail {
        self.headers.insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    /// A plain text body, UTF-8.
    #[must_use]
    pub fn text(self, text: &str) -> Mail {
        self.typed("text/plain; charset=utf-8", "8bit", crlf(text).into_bytes())
    }

    /// A body of one part with this type and encoding; `body` is encoded already.
    #[must_use]
    pub fn typed(self, content_type: &str, encoding: &str, body: Vec<u8>) -> Mail {
        let mut mail = self.set("Content-Type", content_type).set("Content-Transfer-Encoding", encoding);
        mail.body = body;
        mail
    }

    /// A multipart body; each part is whole, headers included.
    #[must_use]
    pub fn parts(self, subtype: &str, parts: &[Vec<u8>]) -> Mail {
        let boundary = format!("=_{subtype}_{}", parts.len()).replace([';', ' ', '='], "_");
        let mut body = Vec::new();
        for part in parts {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(part);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let mut mail = self
            .without("Content-Transfer-Encoding")
            .set("Content-Type", &format!("multipart/{subtype}; boundary=\"{boundary}\""));
        mail.body = body;
        mail
    }

    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 2048);
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn push(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// A person asks something for the first time.
pub fn request(basics: Basics<'_>, text: &str) -> Mail {
    Mail::new(basics).header("User-Agent", "Mozilla Thunderbird").text(text)
}

/// A person answers the mail with the id `parent`; `thread` are the References of that mail, oldest first.
pub fn reply(basics: Basics<'_>, parent: &str, thread: &[&str], text: &str) -> Mail {
    let references: Vec<String> = thread.iter().chain([&parent]).map(|id| format!("<{}>", bare(id))).collect();
    let quoted = format!(
        "{text}\n\nOn Mon, 16 Nov 2026 at 10:30, Support <{}> wrote:\n> Thank you for your message.\n> We will answer soon.\n",
        basics.to
    );
    request(basics, &quoted).header("In-Reply-To", &format!("<{}>", bare(parent))).header("References", &references.join("\r\n "))
}

/// An out-of-office answer as Exchange writes it (RFC 3834).
pub fn out_of_office(basics: Basics<'_>, parent: &str) -> Mail {
    request(basics, "I am out of the office until 30 November with no access to mail.\n")
        .set("Return-Path", "<>")
        .header("In-Reply-To", &format!("<{}>", bare(parent)))
        .header("X-Auto-Response-Suppress", "All")
        .header("X-MS-Exchange-Inbox-Rules-Loop", basics.from)
        .header("Auto-Submitted", "auto-replied")
}

/// A delivery status notification about `original` (RFC 3464), as Postfix writes it.
pub fn bounce(basics: Basics<'_>, recipient: &str, status: &str, original: &[u8]) -> Mail {
    let text = part(
        "text/plain; charset=us-ascii",
        &format!(
            "This is the mail system at host mx.test.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<{recipient}>: user unknown\n"
        ),
    );
    let action = if status.starts_with('4') { "delayed" } else { "failed" };
    let report = part(
        "message/delivery-status",
        &format!(
            "Reporting-MTA: dns; mx.test.example\nX-Postfix-Queue-ID: 4XyZ\nArrival-Date: Mon, 16 Nov 2026 09:12:33 +0000\n\n\
             Final-Recipient: rfc822; {recipient}\nOriginal-Recipient: rfc822;{recipient}\nAction: {action}\nStatus: {status}\n\
             Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected\n"
        ),
    );
    let mut returned = b"Content-Description: Undelivered Message\r\nContent-Type: message/rfc822\r\n\r\n".to_vec();
    returned.extend_from_slice(original);
    Mail::new(basics)
        .set("Return-Path", "<>")
        .header("Auto-Submitted", "auto-replied")
        .parts("report; report-type=delivery-status", &[text, report, returned])
}

/// A read receipt (RFC 8098).
pub fn read_receipt(basics: Basics<'_>, original_id: &str) -> Mail {
    let text = part("text/plain; charset=utf-8", "The message was displayed.\n");
    let report = part(
        "message/disposition-notification",
        &format!(
            "Reporting-UA: mail.x.example; Thunderbird\nFinal-Recipient: rfc822;{}\nOriginal-Message-ID: <{}>\nDisposition: manual-action/MDN-sent-manually; displayed\n",
            address(basics.from),
            bare(original_id)
        ),
    );
    Mail::new(basics).parts("report; report-type=disposition-notification", &[text, report])
}

/// An abuse report (RFC 5965).
pub fn abuse_report(basics: Basics<'_>, complainer: &str, original: &[u8]) -> Mail {
    let text = part("text/plain; charset=us-ascii", "This is an email abuse report.\n");
    let report = part(
        "message/feedback-report",
        &format!("Feedback-Type: abuse\nUser-Agent: ExampleLoop/1.0\nVersion: 1\nOriginal-Rcpt-To: <{complainer}>\n"),
    );
    let mut returned = b"Content-Type: message/rfc822\r\n\r\n".to_vec();
    returned.extend_from_slice(original);
    Mail::new(basics).parts("report; report-type=feedback-report", &[text, report, returned])
}

/// A mailing list's post, as Mailman writes it (RFC 2369, RFC 2919).
pub fn list_post(basics: Basics<'_>) -> Mail {
    request(basics, "The next meeting is on Friday.\n")
        .header("List-Id", "Users of things <users.lists.example>")
        .header("List-Unsubscribe", "<mailto:users-leave@lists.example>")
        .header("List-Post", "<mailto:users@lists.example>")
        .header("Precedence", "list")
        .set("Return-Path", "<users-bounces@lists.example>")
}

/// Someone accepts an invitation (RFC 5546).
pub fn calendar_reply(basics: Basics<'_>) -> Mail {
    calendar(basics, "REPLY")
}

/// A calendar part with any method: `REQUEST`, `REPLY`, `COUNTER`, `CANCEL`.
pub fn calendar(basics: Basics<'_>, method: &str) -> Mail {
    let text = part("text/plain; charset=utf-8", "Dana Okafor has answered this invitation.\n");
    let event = format!(
        "BEGIN:VCALENDAR\nPRODID:-//Example//Calendar//EN\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\nUID:event-1@x.example\n\
         DTSTAMP:20261116T091231Z\nDTSTART:20261120T090000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{}\nEND:VEVENT\nEND:VCALENDAR\n",
        address(basics.from)
    );
    let event = part(&format!("text/calendar; charset=utf-8; method={method}"), &event);
    Mail::new(basics).parts("alternative", &[text, event])
}

/// A mass mail without list headers.
pub fn bulk(basics: Basics<'_>) -> Mail {
    request(basics, "Our offers this week.\n").header("Precedence", "bulk")
}

/// A mail that the provider marked as spam.
pub fn spam(basics: Basics<'_>) -> Mail {
    request(basics, "You have won.\n").header("X-Spam-Flag", "YES").header("X-Spam-Score", "14.2")
}

/// A request with the verdict of our provider `authserv` on top (RFC 8601); `verdict` as in `dmarc=fail`.
pub fn judged(basics: Basics<'_>, authserv: &str, verdict: &str) -> Mail {
    let from = domain(basics.from);
    request(basics, "Please change my bank account.\n")
        .on_top("Authentication-Results", &format!("{authserv};\r\n\t{verdict} header.from={from}"))
}

/// A monitoring system speaks.
pub fn monitoring(basics: Basics<'_>) -> Mail {
    request(basics, "Disk /dev/sda1 is 91 % full.\n").header("Auto-Submitted", "auto-generated").header("X-Auto-Generated", "yes")
}

/// A challenge to prove that one is human.
pub fn challenge(basics: Basics<'_>) -> Mail {
    request(basics, "Please confirm that you are human: https://confirm.x.example/abc\n")
        .header("X-Delivery-Agent", "TMDA/1.1.12 (Macallan)")
        .header("X-TMDA-Confirm", "yes")
        .header("Auto-Submitted", "auto-replied")
}

/// Text and HTML of the same content, as mail programs send them.
pub fn html(basics: Basics<'_>, text: &str, html: &str) -> Mail {
    let parts = [part("text/plain; charset=utf-8", text), part("text/html; charset=utf-8", html)];
    Mail::new(basics).parts("alternative", &parts)
}

/// Text in ISO-8859-1, quoted-printable: `Grüße aus Köln`.
pub fn latin1(basics: Basics<'_>) -> Mail {
    Mail::new(basics).typed("text/plain; charset=iso-8859-1", "quoted-printable", b"Gr=FC=DFe aus K=F6ln\r\n".to_vec())
}

/// A request with a file of `megabytes` MB that does not compress.
pub fn with_attachment(basics: Basics<'_>, name: &str, megabytes: usize) -> Mail {
    let mut file = format!("Content-Type: application/octet-stream; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").into_bytes();
    file.extend_from_slice(&base64_noise(megabytes * 1_000_000));
    Mail::new(basics).parts("mixed", &[part("text/plain; charset=utf-8", "The file is attached.\n"), file])
}

/// A part with a transfer encoding that leaves text as it is.
pub fn part(content_type: &str, text: &str) -> Vec<u8> {
    format!("Content-Type: {content_type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}", crlf(text)).into_bytes()
}

/// `bytes` bytes of noise in base64, in lines of 76.
fn base64_noise(bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes * 4 / 3 + bytes / 57 * 2 + 128);
    let mut word: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut line = [0_u8; 57];
    for start in (0..bytes).step_by(line.len()) {
        let count = line.len().min(bytes - start);
        for byte in &mut line[..count] {
            // xorshift64: noise enough to defeat compression, the same in every run.
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            *byte = word.to_le_bytes()[3];
        }
        text.extend_from_slice(BASE64.encode(&line[..count]).as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// Value of the first header of this name, unfolded; for looking at what was sent.
pub fn header_of(mail: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(mail);
    let mut value: Option<String> = None;
    for line in text.lines() {
        if let Some(found) = &mut value {
            if line.starts_with([' ', '\t']) {
                found.push(' ');
                found.push_str(line.trim());
                continue;
            }
            break;
        }
        if line.is_empty() {
            break;
        }
        if let Some((known, rest)) = line.split_once(':')
            && known.eq_ignore_ascii_case(name)
        {
            value = Some(rest.trim().to_owned());
        }
    }
    value
}

/// The Message-ID of a mail, without its angle brackets.
pub fn id_of(mail: &[u8]) -> Option<String> {
    header_of(mail, "Message-ID").map(|value| bare(&value).to_owned())
}

fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

fn address(from: &str) -> &str {
    from.rsplit_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>'))
}

fn domain(from: &str) -> &str {
    address(from).rsplit_once('@').map_or("x.example", |(_, domain)| domain)
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}
