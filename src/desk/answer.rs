//! What an agent wrote in their mail program, as the customer receives it: their words with their formatting and their
//! files, and nothing internal.
//!
//! The words were divided from history and signature by `mail::reply_cut`, their command lines found by the grammar. What
//! is still left of our own ticket mail is taken off here if it is an empty frame, and holds the answer if it says
//! something. The HTML is made of exactly the same words or not used at all, so there is one decision about what is said,
//! not two. [`leaks`] is asked once more before anything is sent.

use mail::html_clean::{self, CleanHtml, Unusable};
use mail::reply_cut::CutInput;
use mail::{Attachment, Message};

use crate::answer_layout::{self, Fate, Frame};
use crate::effect::Enclosed;
use crate::ids::{RawHash, TicketNo};
use crate::letter::Words;
use crate::policy::Policy;
use crate::remark::Remark;
use crate::template;
use crate::token::Mode;

/// An agent's mail whose sender is proven and whose words are for people outside.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) message: &'a Message,
    /// Its HTML part.
    pub(crate) html: Option<&'a str>,
    /// What was decided to be new, without history and signature: [`own_text`].
    pub(crate) text: &'a str,
    /// Lines of `text` that are commands.
    pub(crate) skip: &'a [&'a str],
    /// The mail's bytes.
    pub(crate) raw: RawHash,
    /// What an answer to the mail that it answers is: only then the quoted words in it are the customer's.
    pub(crate) mode: Mode,
    pub(crate) ticket: TicketNo,
}

/// Why an answer waits for its writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// A line of our own mail to agents stands in it.
    Layout {
        /// The line.
        line: String,
    },
    /// It has text that nobody sees.
    Hidden,
    /// A whole mail is attached, and nobody knows what is in it.
    WholeMail {
        /// The file.
        name: String,
    },
    /// See [`leaks`].
    Leak {
        /// What it is.
        what: Remark,
    },
}

impl Hold {
    /// One sentence for the writer, without a full stop.
    pub(crate) fn what(&self) -> Remark {
        match self {
            Self::Layout { line } => Remark::with(|say| say.layout, &[("line", line)]),
            Self::Hidden => Remark::of(|say| say.hidden),
            Self::WholeMail { name } => Remark::with(|say| say.whole_mail, &[("name", name)]),
            Self::Leak { what } => what.around(|say| say.leak),
        }
    }
}

/// What an agent wrote now. Where they wrote below or between the lines of our mail, the marker in it left nothing, and the
/// whole was kept; then the mail is cut once more by its quote marks alone, and believed only where these can be: the HTML
/// has the same words outside of its quotes, or no quoted line was wrapped into one without a mark.
pub(crate) fn own_text(message: &Message, html: Option<&str>) -> String {
    let kept = &message.reply;
    if !kept.whole_kept {
        return kept.new_text.clone();
    }
    let is_marker = |line: &&str| answer_layout::is_marker(answer_layout::unquoted(line).0);
    let Some(marker) = message.text.lines().find(|line| is_marker(line) && answer_layout::unquoted(line).1) else {
        // Above a marker without quote marks is nothing but what the program put there: `From:`, `Sent:`, a device.
        let has_marker = message.text.lines().any(|line| is_marker(&line));
        return if has_marker { String::new() } else { kept.new_text.clone() };
    };
    // What a customer forged or quoted of it stands behind our bar, one sign shorter.
    let is_shown = |line: &&str| answer_layout::unquoted(line).0.starts_with('|') && line.contains("~~~");
    let text = message.text.lines().filter(|line| !is_marker(line) && !is_shown(line)).collect::<Vec<_>>().join("\n");
    let html = html.map(|html| html.replace(answer_layout::unquoted(marker).0, ""));
    let cut = mail::reply_cut::cut(&CutInput {
        text: &text,
        html: html.as_deref(),
        subject: &message.subject,
        from_name: message.from.first().and_then(|mailbox| mailbox.name.as_deref()),
        is_answer: true,
        ..CutInput::default()
    });
    let own = cut.new_text.lines().filter(|line| !answer_layout::unquoted(line).1).collect::<Vec<_>>().join("\n");
    let is_certain = match &html {
        Some(html) => html_clean::is_outside_history(html, &own),
        None => !answer_layout::has_wrapped_quote(&text),
    };
    if cut.whole_kept || !is_certain { kept.new_text.clone() } else { cut.new_text }
}

/// The words of an agent's mail, fit for people outside.
///
/// # Errors
/// [`Hold`] where something internal stands in them, or may: then nothing of the mail may be sent.
pub(crate) fn words(policy: &Policy, written: &Written<'_>) -> Result<Words, Hold> {
    let (text, dropped) = own_lines(policy, written)?;
    let skip: Vec<&str> = written.skip.iter().copied().chain(dropped.iter().map(String::as_str)).collect();
    let offered: Vec<&str> = written.message.attachments.iter().filter_map(|file| file.content_id.as_deref()).collect();
    let clean = match written.html.map(|html| html_clean::new_words(html, &text, &skip, &offered)) {
        Some(Ok(clean)) => Some(clean),
        Some(Err(Unusable::Hidden)) => return Err(Hold::Hidden),
        Some(Err(Unusable::Differs)) | None => None,
    };
    let enclosed = enclosed(written, clean.as_ref())?;
    // The bar of our frame goes from the HTML as it went from the text.
    let has_bars = written.text.lines().any(|line| answer_layout::unquoted(line).0.starts_with("| "));
    let unbarred = |html: String| if has_bars && written.mode == Mode::Reply { html.replace(">| ", ">") } else { html };
    let words = Words { text, html: clean.map(|clean| unbarred(clean.html)), enclosed };
    match leaks(&words.text, words.html.as_deref(), policy, written.ticket) {
        Some(what) => Err(Hold::Leak { what }),
        None => Ok(words),
    }
}

/// The last check before a mail to people outside is composed: what stands in it that is ours alone. A reference alone
/// (`T-4700`) may be said. Notes cannot be told from other words here; that they are in no answer is the work of the cut.
pub(crate) fn leaks(text: &str, html: Option<&str>, policy: &Policy, ticket: TicketNo) -> Option<Remark> {
    let shown = html.map(|html| mail::html::to_text(html).text);
    let all = [Some(text), html, shown.as_deref()];
    all.into_iter().flatten().find_map(|text| answer_layout::secret_in(text, policy, ticket))
}

/// The files without which the rest stays within `limit_bytes`, largest first; empty where all go along.
pub(crate) fn too_large(words: &Words, limit_bytes: u64) -> Vec<Enclosed> {
    /// Header, structure, and the document around the HTML.
    const FRAME_BYTES: u64 = 16 * 1024;
    // Base64 makes four bytes of three, and a line of 76 has two more for its end (RFC 2045 §6.8).
    let wire = |bytes: u64| bytes.saturating_add(bytes.saturating_mul(37) / 100).saturating_add(1_024);
    let html = words.html.as_ref().map_or(words.text.len() * 2, String::len);
    let texts = u64::try_from(words.text.len() + html).unwrap_or(u64::MAX);
    let mut total =
        words.enclosed.iter().fold(wire(texts).saturating_add(FRAME_BYTES), |all, file| all.saturating_add(wire(file.bytes)));
    let mut files: Vec<&Enclosed> = words.enclosed.iter().collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    let mut left = Vec::new();
    for file in files {
        if total <= limit_bytes {
            break;
        }
        total = total.saturating_sub(wire(file.bytes));
        left.push(file.clone());
    }
    left
}

/// A plain text as the body of a document: its words as they stand, quotes set apart, links where it has addresses.
pub(crate) fn html_of_words(text: &str) -> String {
    let mut body = String::with_capacity(text.len() * 2);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (first, is_quoted) = answer_layout::unquoted(line);
        if first.is_empty() {
            continue;
        }
        body.push_str(if is_quoted { "<blockquote><p>" } else { "<p>" });
        push_words(&mut body, if is_quoted { first } else { line });
        while let Some(next) = lines.next_if(|next| {
            let (words, quoted) = answer_layout::unquoted(next);
            !words.is_empty() && quoted == is_quoted
        }) {
            body.push_str("<br>\n");
            push_words(&mut body, if is_quoted { answer_layout::unquoted(next).0 } else { next });
        }
        body.push_str(if is_quoted { "</p></blockquote>\n" } else { "</p>\n" });
    }
    body
}

/// Spaces in a row would become one.
fn push_words(body: &mut String, line: &str) {
    let line = line.trim_end();
    let words = line.trim_start();
    for _ in 0..line.len() - words.len() {
        body.push_str("&nbsp;");
    }
    for (at, run) in words.split("  ").enumerate() {
        if at > 0 {
            body.push_str("&nbsp; ");
        }
        template::push_linked(body, run);
    }
}

/// The text without commands, PIN, device lines and our frame, and every line of these as it stood.
fn own_lines(policy: &Policy, written: &Written<'_>) -> Result<(String, Vec<String>), Hold> {
    let mut frame = Frame::new(policy, written.mode, written.html);
    let mut kept: Vec<String> = Vec::new();
    let mut dropped: Vec<String> = Vec::new();
    for line in written.text.lines() {
        let trimmed = line.trim();
        if written.skip.iter().any(|skip| skip.trim() == trimmed) && !trimmed.is_empty() {
            continue;
        }
        if answer_layout::is_pin(line) {
            dropped.push(line.to_owned());
            continue;
        }
        match frame.fate(line) {
            Fate::End => break,
            Fate::Kept => kept.push(answer_layout::without_echo(line.trim_end())),
            Fate::Dropped => {
                // An introduction that was wrapped before its address.
                let is_begun = kept.last().is_some_and(|last| last.ends_with('<'));
                dropped.extend(kept.pop_if(|_| is_begun && !answer_layout::unquoted(line).1));
                dropped.push(line.to_owned());
            }
            Fate::Quote(words) => kept.push(format!("> {words}").trim_end().to_owned()),
            Fate::Held => return Err(answer_layout::why_held(line, policy)),
        }
    }
    while let Some(last) = kept.last() {
        let is_device = html_clean::is_device_line(last);
        if !is_device && !answer_layout::unquoted(last).0.is_empty() {
            break;
        }
        dropped.extend(kept.pop().filter(|_| is_device));
    }
    let mut text = String::new();
    for line in kept.iter().skip_while(|line| line.is_empty()) {
        // What was left out between two paragraphs leaves one empty line.
        if line.is_empty() && text.ends_with("\n\n") && !dropped.is_empty() {
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    Ok((text, dropped))
}

/// The files that go along. An image of the HTML goes with the words that show it; where the HTML is not used, images that
/// stand in neither quote nor signature go as files, since nothing that was pasted may be lost.
fn enclosed(written: &Written<'_>, clean: Option<&CleanHtml>) -> Result<Vec<Enclosed>, Hold> {
    let html = written.html.unwrap_or("");
    let shown = html_clean::shown_images(html);
    let own = if clean.is_none() { html_clean::own_images(html) } else { Vec::new() };
    let quoted: Vec<(&str, String)> = answer_layout::shown_files(&written.message.text).collect();
    let mut all = Vec::new();
    for file in &written.message.attachments {
        if is_machinery(file, written.message) {
            continue;
        }
        if is_whole_mail(file) {
            return Err(Hold::WholeMail { name: file.name.clone() });
        }
        let image = file.content_id.as_ref().filter(|id| shown.contains(*id));
        let is_shown = image.is_some_and(|id| clean.is_some_and(|clean| clean.content_ids.contains(id)));
        let goes_along = match image {
            Some(id) => is_shown || own.contains(id),
            None => !quoted.iter().any(|(name, size)| *name == file.name && answer_layout::is_size(file.bytes, size)),
        };
        if goes_along {
            all.push(Enclosed {
                raw: written.raw,
                part: file.part,
                name: file.name.clone(),
                content_type: file.content_type.clone(),
                bytes: file.bytes,
                content_id: image.filter(|_| is_shown).cloned(),
            });
        }
    }
    Ok(all)
}

/// Parts that programs add for programs: containers of Outlook, answers to invitations, proofs of the sender.
fn is_machinery(file: &Attachment, message: &Message) -> bool {
    const TYPES: [&str; 10] = [
        "application/ms-tnef",
        "application/vnd.ms-tnef",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pgp-signature",
        "application/pgp-keys",
        "application/pgp-encrypted",
        "text/x-amp-html",
    ];
    let name = file.name.to_lowercase();
    let is_calendar = matches!(file.content_type.as_str(), "text/calendar" | "application/ics");
    is_calendar && message.calendar_method.is_some()
        || TYPES.contains(&file.content_type.as_str())
        || name == "winmail.dat"
        || name == "smime.p7s"
}

/// A mail as a file shows all that its reader saw: very likely our own ticket mail.
fn is_whole_mail(file: &Attachment) -> bool {
    let name = file.name.to_lowercase();
    let is_mail = [".eml", ".msg", ".oft", ".mht", ".emlx"].iter().any(|ending| name.ends_with(ending));
    is_mail || file.content_type.starts_with("message/") || file.content_type == "application/vnd.ms-outlook"
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
