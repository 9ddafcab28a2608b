//! One SMTP session, driven command by command, so that we know at each instant whether the server may have the mail.
//!
//! Not followed: pipelining (RFC 2920) and CHUNKING (RFC 3030). The mark between "provably unsent" and "nobody knows" is
//! set between 354 and the first byte of content, and a session that sends ahead of replies has no such place.

use std::future::Future;

use desk::SendClass;
use desk::effect::OutboxRow;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::response::Response;
use mail::ReturnPath;
use tokio::time::Instant;

use super::content::lines_for_data;
use super::reply::{Reply, words};
use super::wire::ReplyLimit;
use super::{Deadlines, limits};
use crate::failpoint;
use crate::store::StoreError;

/// What the server offers (reply to EHLO, RFC 5321 §4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) start_tls: bool,
    pub(crate) auth_plain: bool,
    pub(crate) auth_login: bool,
    pub(crate) auth_xoauth2: bool,
    /// RFC 6152.
    pub(crate) eight_bit: bool,
    /// RFC 6531.
    pub(crate) utf8: bool,
    /// RFC 3461.
    pub(crate) dsn: bool,
    /// RFC 1870: offered, with the largest mail if the server names one.
    pub(crate) size: Option<Option<u64>>,
}

impl Offer {
    pub(crate) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut offer = Self::default();
        for line in lines {
            // `AUTH=` is how servers of the last century wrote it, and some still do.
            let mut parts = line.split(|c: char| c.is_ascii_whitespace() || c == '=').filter(|part| !part.is_empty());
            match parts.next().map(str::to_ascii_uppercase).as_deref() {
                Some("STARTTLS") => offer.start_tls = true,
                Some("8BITMIME") => offer.eight_bit = true,
                Some("SMTPUTF8") => offer.utf8 = true,
                Some("DSN") => offer.dsn = true,
                Some("SIZE") => offer.size = Some(parts.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0)),
                Some("AUTH") => {
                    for mechanism in parts {
                        match mechanism.to_ascii_uppercase().as_str() {
                            "PLAIN" => offer.auth_plain = true,
                            "LOGIN" => offer.auth_login = true,
                            "XOAUTH2" => offer.auth_xoauth2 = true,
                            _ => {}
                        }
                    }
                }
                Some(_) | None => {}
            }
        }
        offer
    }
}

/// What became of one mail.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The server has it.
    Accepted(String),
    /// The server said no; it does not have it.
    Refused(Reply),
    /// We cannot send this mail to this server, ever.
    Impossible(String),
    /// The connection broke before the final dot: the server does not have it.
    LostBefore(String),
    /// The connection broke when the final dot may have been out: nobody knows.
    InDoubt(String),
    /// The mark could not be made durable, so no content was sent.
    Unrecorded(StoreError),
}

/// An open session, logged in, between two mails.
pub(crate) struct Session {
    connection: AsyncSmtpConnection,
    offer: Offer,
    reply_limit: ReplyLimit,
    deadlines: Deadlines,
    mails: u32,
    broken: bool,
    /// When it was last used.
    pub(crate) used_at: Instant,
}

/// Ends a mail early with its outcome.
type Step<T> = Result<T, Sent>;

impl Session {
    pub(crate) fn new(connection: AsyncSmtpConnection, offer: Offer, reply_limit: ReplyLimit, deadlines: Deadlines) -> Self {
        Self { connection, offer, reply_limit, deadlines, mails: 0, broken: false, used_at: Instant::now() }
    }

    /// It may carry another mail.
    pub(crate) fn is_usable(&self) -> bool {
        !self.broken && self.mails < limits::MAILS_PER_CONNECTION_MAX
    }

    /// It carried a mail before, so the server may have closed it meanwhile without any fault of the next mail.
    pub(crate) fn is_used(&self) -> bool {
        self.mails > 0
    }

    /// Sends one mail. `mark` makes durable that content may be out from now on; it is awaited after the server
    /// agreed to take content and before the first byte of it.
    pub(crate) async fn send<M>(&mut self, row: &OutboxRow, raw: &[u8], mark: M) -> Sent
    where
        M: Future<Output = Result<(), StoreError>> + Send,
    {
        let lines = lines_for_data(raw);
        let sent = match self.envelope(row, &lines).await {
            Ok(()) => self.content(&lines, mark).await,
            Err(sent) => sent,
        };
        self.mails += 1;
        self.used_at = Instant::now();
        match &sent {
            Sent::Accepted(_) => {}
            Sent::Refused(reply) if reply.code != 421 => self.reset().await,
            Sent::Impossible(_) => {}
            Sent::Refused(_) | Sent::LostBefore(_) | Sent::InDoubt(_) | Sent::Unrecorded(_) => self.broken = true,
        }
        sent
    }

    async fn envelope(&mut self, row: &OutboxRow, lines: &[u8]) -> Step<()> {
        let mail = self.mail_command(row, lines)?;
        self.reply_limit.set(self.deadlines.command);
        self.command(mail).await?;
        let rcpt = self.rcpt_command(row);
        self.command(rcpt).await?;
        self.reply_limit.set(self.deadlines.data);
        let response = self.command(Data.to_string()).await?;
        if response.has_code(354) {
            return Ok(());
        }
        self.broken = true;
        Err(Sent::LostBefore("the server answers DATA with something else than 354".to_owned()))
    }

    async fn content<M>(&mut self, lines: &[u8], mark: M) -> Sent
    where
        M: Future<Output = Result<(), StoreError>> + Send,
    {
        if let Err(error) = mark.await {
            return Sent::Unrecorded(error);
        }
        self.reply_limit.set(self.deadlines.last);
        let mut blocks = lines.chunks(limits::BLOCK_BYTES);
        // The iterator is asked once more after its last block has been written, and only then the dot follows.
        let mut dot_may_be_out = false;
        let content = std::iter::from_fn(|| {
            let block = blocks.next();
            dot_may_be_out = block.is_none();
            if dot_may_be_out {
                failpoint::hit("before_the_dot");
            }
            block
        });
        match self.connection.message_iter(content).await {
            Ok(response) => Sent::Accepted(words(&format!("{} {}", u16::from(response.code()), joined(&response)))),
            Err(error) => match reply_of_error(&error) {
                Some(reply) => Sent::Refused(reply),
                None if dot_may_be_out => Sent::InDoubt(words(&error.to_string())),
                None => Sent::LostBefore(words(&error.to_string())),
            },
        }
    }

    fn mail_command(&self, row: &OutboxRow, lines: &[u8]) -> Step<String> {
        let from = match &row.envelope_from {
            ReturnPath::Null => "",
            ReturnPath::Address(address) => address.as_str(),
        };
        let mut command = format!("MAIL FROM:<{from}>");
        let octets = lines.len() as u64 + 2;
        match self.offer.size {
            Some(Some(most)) if octets > most => {
                return Err(Sent::Impossible(format!("the mail has {octets} octets, the server takes no more than {most}")));
            }
            Some(_) => command.push_str(&format!(" SIZE={octets}")),
            None => {}
        }
        // Where 8BITMIME is not offered the content goes out as it is: a server that minds says so, one that does not
        // delivers, and either is better than to keep a person's answer.
        if self.offer.eight_bit && !lines.is_ascii() {
            command.push_str(" BODY=8BITMIME");
        }
        if !from.is_ascii() || !row.to.as_str().is_ascii() {
            if !self.offer.utf8 {
                return Err(Sent::Impossible("the address has letters this server cannot take (no SMTPUTF8)".to_owned()));
            }
            command.push_str(" SMTPUTF8");
        }
        if self.wants_report(row) {
            command.push_str(&format!(" RET=HDRS ENVID={}", row.id));
        }
        command.push_str("\r\n");
        Ok(command)
    }

    fn rcpt_command(&self, row: &OutboxRow) -> String {
        let mut command = format!("RCPT TO:<{}>", row.to);
        if self.wants_report(row) {
            command.push_str(" NOTIFY=FAILURE,DELAY");
            if row.to.as_str().is_ascii() {
                command.push_str(&format!(" ORCPT=rfc822;{}", xtext(row.to.as_str())));
            }
        }
        command.push_str("\r\n");
        command
    }

    /// Reports are asked for where a person waits for an answer to arrive (RFC 3461 §4.1).
    fn wants_report(&self, row: &OutboxRow) -> bool {
        self.offer.dsn && row.class == SendClass::AtLeastOnce
    }

    async fn command(&mut self, line: String) -> Step<Response> {
        self.connection.command(line).await.map_err(|error| match reply_of_error(&error) {
            Some(reply) => Sent::Refused(reply),
            None => Sent::LostBefore(words(&error.to_string())),
        })
    }

    /// Clears the refused transaction, so that the next mail begins anew.
    async fn reset(&mut self) {
        self.reply_limit.set(self.deadlines.command);
        self.broken = self.connection.command(Rset).await.is_err();
    }

    /// Says goodbye; the answer is not waited for long.
    pub(crate) async fn quit(mut self) {
        if !self.broken {
            // A courtesy: whatever comes back changes nothing.
            let _ = tokio::time::timeout(limits::QUIT_MAX, self.connection.quit()).await;
        }
    }
}

/// The server's words in an error of the library, if the error is a reply at all.
pub(crate) fn reply_of_error(error: &lettre::transport::smtp::Error) -> Option<Reply> {
    let code = error.status()?;
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Some(Reply::new(u16::from(code), &text))
}

fn joined(response: &Response) -> String {
    response.message().collect::<Vec<_>>().join(" ")
}

/// `xtext` of RFC 3461 §4.
fn xtext(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'+' | b'=' | 0..=0x20 | 0x7f.. => format!("+{byte:02X}"),
            _ => char::from(byte).to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_whatever_their_case() {
        let offer = Offer::read(
            ["mx.example at your service", "SIZE 1000", "8bitmime", "AUTH=LOGIN", "auth PLAIN XOAUTH2", "dsn"].into_iter(),
        );
        let expect = Offer {
            auth_plain: true,
            auth_login: true,
            auth_xoauth2: true,
            eight_bit: true,
            dsn: true,
            size: Some(Some(1000)),
            ..Offer::default()
        };
        assert_eq!(offer, expect);
        assert_eq!(Offer::read(["x", "SIZE 0"].into_iter()).size, Some(None));
    }

    #[test]
    fn recipients_are_written_as_xtext() {
        assert_eq!(xtext("a+b=c@x.example"), "a+2Bb+3Dc@x.example");
    }
}
