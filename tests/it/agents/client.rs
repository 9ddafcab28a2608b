//! Mail programs, as far as an answer shows which one it was: where they put what is answered, and under which words.
//!
//! The forms were taken from mails that these programs write; `fixtures/mail/answer` has whole ones.

use crate::harness::mails::{self, Basics, Mail, header_of};

/// A mail program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Gmail,
    OutlookDesktop,
    OutlookWeb,
    OutlookMobile,
    AppleMail,
    Iphone,
    Thunderbird,
    ThunderbirdText,
    Mutt,
    K9,
    Yahoo,
    Notes,
    Proton,
}

impl Client {
    pub(crate) const ALL: [Client; 13] = [
        Client::Gmail,
        Client::OutlookDesktop,
        Client::OutlookWeb,
        Client::OutlookMobile,
        Client::AppleMail,
        Client::Iphone,
        Client::Thunderbird,
        Client::ThunderbirdText,
        Client::Mutt,
        Client::K9,
        Client::Yahoo,
        Client::Notes,
        Client::Proton,
    ];

    /// An answer to a mail, to where its Reply-To points, with `typed` where that program puts the cursor.
    pub(crate) fn answer(self, to_mail: &[u8], from: &str, id: &str, typed: &str) -> Mail {
        self.answer_of_two(to_mail, from, id, [typed, typed])
    }

    /// The program writes text alone.
    pub(crate) fn is_text_only(self) -> bool {
        matches!(self, Self::ThunderbirdText | Self::Mutt)
    }

    /// [`Client::answer`] whose text and HTML do not say the same.
    pub(crate) fn answer_of_two(self, to_mail: &[u8], from: &str, id: &str, [typed, in_html]: [&str; 2]) -> Mail {
        let original = Original::of(to_mail);
        let text = self.text(&original, typed);
        let subject = format!("Re: {}", original.subject.trim_start_matches("Re: "));
        let basics = Basics { from, to: &original.reply_to, subject: &subject, id };
        let mail = match self.html(&original, &html_of(in_html)) {
            Some(html) => mails::html(basics, &text, &html),
            None => mails::request(basics, &text),
        };
        let references = format!("{} <{}>", original.references, original.id);
        mail.header("In-Reply-To", &format!("<{}>", original.id)).header("References", references.trim())
    }

    fn text(self, original: &Original, typed: &str) -> String {
        let Original { author, address, text, .. } = original;
        let (top, block) = (format!("{typed}\n"), self.header_block(original));
        match self {
            Self::Gmail => {
                let wrote = format!("On Mon, 16 Nov 2026 at 10:30, {author} <{address}>\nwrote:");
                format!("{top}\n{wrote}\n\n{}", wrapped(text, "> ", 78))
            }
            Self::OutlookDesktop => format!("{top}\n{block}\n{text}"),
            Self::OutlookWeb => format!("{top}\n________________________________\n{block}\n{text}"),
            Self::OutlookMobile => {
                format!("{top}\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n{block}\n{text}")
            }
            Self::AppleMail => {
                let wrote = format!("> On 16 Nov 2026, at 10:30, {author} <{address}> wrote:\n> \n");
                format!("{top}\n\n{wrote}{}", quoted(text, "> "))
            }
            Self::Iphone => {
                let wrote = format!("> On 16 Nov 2026, at 10:30, {author} <{address}> wrote:\n> \n> \u{feff}");
                format!("{top}\nSent from my iPhone\n\n{wrote}{}", quoted(text, "> ").trim_start_matches("> "))
            }
            Self::Thunderbird | Self::ThunderbirdText => {
                format!("{top}\nOn 16/11/2026 10:30, {author} wrote:\n{}", quoted(text, "> "))
            }
            Self::Mutt => {
                format!("On Mon, Nov 16, 2026 at 10:30:00AM +0000, {author} wrote:\n{}\n{top}", quoted(text, "> "))
            }
            Self::K9 => format!("{top}\n\nOn 16 November 2026 10:30:00 GMT, {author} <{address}> wrote:\n{}", quoted(text, ">")),
            Self::Yahoo => {
                let wrote = format!("    On Monday, November 16, 2026 at 10:30:00 AM GMT, {author} <{address}> wrote:  \n \n ");
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                format!(" {top}\n{wrote}{}\n  ", lines.join("\n"))
            }
            Self::Notes => format!("{top}\n\n\n{block}\n\n\n\n{text}"),
            Self::Proton => {
                let wrote = format!("On Monday, November 16th, 2026 at 10:30 AM, {author} <{address}> wrote:\n\n");
                format!("{top}\n{wrote}{}", quoted(text, "> "))
            }
        }
    }

    /// `From:`, `Sent:` and their kin as lines.
    fn header_block(self, original: &Original) -> String {
        let Original { author, address, to, subject, .. } = original;
        match self {
            Self::Notes => {
                format!("From:   \"{author}\" <{address}>\nTo:     {to}\nDate:   16/11/2026 10:30\nSubject:        {subject}")
            }
            _ => format!("From: {author} <{address}>\nSent: Monday, November 16, 2026 10:30 AM\nTo: {to}\nSubject: {subject}\n"),
        }
    }

    /// The HTML; `None` for programs that write text alone.
    fn html(self, original: &Original, typed: &str) -> Option<String> {
        let Original { author, address, to, subject, html, .. } = original;
        let named = format!("{author} &lt;<a href=\"mailto:{address}\">{address}</a>&gt;");
        let block = format!(
            "<b>From:</b> {author} &lt;{address}&gt;<br><b>Sent:</b> Monday, November 16, 2026 10:30<br><b>To:</b> {to}<br>\
             <b>Subject:</b> {subject}"
        );
        Some(match self {
            Self::ThunderbirdText | Self::Mutt => return None,
            Self::Gmail => format!(
                "<div dir=\"ltr\">{typed}</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" \
                 class=\"gmail_attr\">On Mon, 16 Nov 2026 at 10:30, {named} wrote:<br></div><blockquote class=\"gmail_quote\" \
                 style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">{html}</blockquote></div>"
            ),
            Self::OutlookDesktop => format!(
                "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><body lang=\"EN-GB\"><div class=\"WordSection1\">\
                 {typed}<div><div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\">\
                 <p class=\"MsoNormal\">{block}<o:p></o:p></p></div></div><p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>{html}</div>\
                 </body></html>"
            ),
            Self::OutlookWeb => format!(
                "<html><body dir=\"ltr\">{typed}<div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" \
                 tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri, sans-serif\">{block}</font>\
                 <div>&nbsp;</div></div>{html}</body></html>"
            ),
            Self::OutlookMobile => format!(
                "<html><body><div dir=\"ltr\">{typed}</div><div id=\"ms-outlook-mobile-signature\" dir=\"ltr\">Get \
                 <a href=\"https://aka.ms/o0ukef\">Outlook for iOS</a></div><div id=\"mail-editor-reference-message-container\">\
                 <hr style=\"display:inline-block;width:98%\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\">{block}\
                 <div>&nbsp;</div></div>{html}</div></body></html>"
            ),
            Self::AppleMail => format!(
                "<html><head></head><body>{typed}<div><br><blockquote type=\"cite\"><div>On 16 Nov 2026, at 10:30, {named} \
                 wrote:</div><br class=\"Apple-interchange-newline\"><div>{html}</div></blockquote></div><br></body></html>"
            ),
            Self::Iphone => format!(
                "<html><body dir=\"auto\">{typed}<br><br><div dir=\"ltr\">Sent from my iPhone</div><div dir=\"ltr\"><br>\
                 <blockquote type=\"cite\">On 16 Nov 2026, at 10:30, {named} wrote:<br><br></blockquote></div>\
                 <blockquote type=\"cite\"><div dir=\"ltr\">\u{feff}{html}</div></blockquote></body></html>"
            ),
            Self::Thunderbird => format!(
                "<html><body>{typed}<br><div class=\"moz-cite-prefix\">On 16/11/2026 10:30, {author} wrote:<br></div>\
                 <blockquote type=\"cite\" cite=\"mid:{}\">{html}</blockquote></body></html>",
                original.id
            ),
            Self::K9 => format!(
                "<html><body><div dir=\"auto\">{typed}</div><br><br><div class=\"gmail_quote\"><div dir=\"auto\">On 16 November \
                 2026 10:30:00 GMT, {named} wrote:</div><blockquote class=\"gmail_quote\" style=\"margin: 0pt 0pt 0pt 0.8ex; \
                 border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;\">{html}</blockquote></div></body></html>"
            ),
            Self::Yahoo => format!(
                "<html><body><div class=\"ydp1a2b3cyahoo-style-wrap\">{typed}</div><div><br></div><div id=\"ydp9f8e7dyahoo_quoted\
                 _0123456789\" class=\"yahoo_quoted\"><div style=\"font-family:'Helvetica Neue', Helvetica\"><div>On Monday, \
                 November 16, 2026 at 10:30:00 AM GMT, {named} wrote:</div><div><br></div><div>{html}</div></div></div></body></html>"
            ),
            Self::Notes => format!(
                "<html><body>{typed}<br><br><br><font size=1 color=#5f5f5f face=\"sans-serif\">From: </font><font size=1 \
                 face=\"sans-serif\">\"{author}\" &lt;{address}&gt;</font><br><font size=1 color=#5f5f5f face=\"sans-serif\">To: \
                 </font><font size=1 face=\"sans-serif\">{to}</font><br><font size=1 color=#5f5f5f face=\"sans-serif\">Date: </font>\
                 <font size=1 face=\"sans-serif\">16/11/2026 10:30</font><br><font size=1 color=#5f5f5f face=\"sans-serif\">Subject: \
                 </font><font size=1 face=\"sans-serif\">{subject}</font><br><hr noshade><br><br>{html}</body></html>"
            ),
            Self::Proton => format!(
                "<div style=\"font-family: Arial, sans-serif; font-size: 14px;\">{typed}</div><br><div class=\"protonmail_quote\">\
                 On Monday, November 16th, 2026 at 10:30 AM, {named} wrote:<br><blockquote class=\"protonmail_quote\" \
                 type=\"cite\">{html}</blockquote><br></div>"
            ),
        })
    }
}

/// What a program takes from the mail that is answered.
struct Original {
    author: String,
    address: String,
    reply_to: String,
    to: String,
    subject: String,
    id: String,
    references: String,
    text: String,
    /// What stands in its body, or its text in lines.
    html: String,
}

impl Original {
    fn of(bytes: &[u8]) -> Self {
        let message = mail::parse(bytes).message;
        let from = message.from.first();
        let address = from.map(|mailbox| mailbox.address.to_string()).unwrap_or_default();
        let reply_to = message.reply_to.first().map_or_else(|| address.clone(), |mailbox| mailbox.address.to_string());
        let html = mail::part::html_of(bytes).unwrap_or_default();
        let body = html.split_once("<body").and_then(|(_, rest)| rest.split_once('>')).map_or(html.as_str(), |(_, body)| body);
        let body = body.split("</body>").next().unwrap_or_default();
        let html = if body.trim().is_empty() { html_of(&message.text) } else { format!("<div>{body}</div>") };
        Self {
            author: from.and_then(|mailbox| mailbox.name.clone()).unwrap_or_else(|| address.clone()),
            address,
            reply_to,
            to: message.to.first().map(|mailbox| mailbox.address.to_string()).unwrap_or_default(),
            subject: message.subject,
            id: mails::id_of(bytes).unwrap_or_default(),
            references: header_of(bytes, "References").unwrap_or_default(),
            text: message.text,
            html,
        }
    }
}

fn quoted(text: &str, mark: &str) -> String {
    text.lines().map(|line| format!("{mark}{line}\n")).collect()
}

/// Quoted lines broken at so many columns, the rest of each under a mark of its own.
fn wrapped(text: &str, mark: &str, columns: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut now = mark.to_owned();
        for word in line.split(' ') {
            if now.chars().count() + word.chars().count() > columns && now.len() > mark.len() {
                out.push_str(now.trim_end());
                out.push('\n');
                now = mark.to_owned();
            }
            now.push_str(word);
            now.push(' ');
        }
        out.push_str(now.trim_end());
        out.push('\n');
    }
    out
}

/// Lines as a program's editor makes HTML of them.
pub(crate) fn html_of(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped
        .lines()
        .map(|line| if line.is_empty() { "<div><br></div>".to_owned() } else { format!("<div>{line}</div>") })
        .collect()
}
