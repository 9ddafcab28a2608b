//! Small mails, each with one thing that is often wrong, and what a careful person would read in them.

use mail::{Defect, Parsed, ReturnPath};

/// Compares the text and the names of the files.
#[track_caller]
fn check(raw: &[u8], text: &str, files: &[&str]) -> Parsed {
    let parsed = mail::parse(raw);
    let names: Vec<&str> = parsed.message.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!((parsed.message.text.as_str(), names.as_slice()), (text, files));
    parsed
}

#[test]
fn nothing_at_all_is_a_message() {
    for raw in [&b""[..], b"\n", b"\r\n\r\n"] {
        let parsed = check(raw, "", &[]);
        assert!(parsed.defects.contains(&Defect::Unreadable));
    }
    check(b"no header here", "no header here", &[]);
    check(b"\nbody only", "body only", &[]);
    assert_eq!(check(b"Subject: only a header", "", &[]).message.subject, "only a header");
}

#[test]
fn a_boundary_behind_a_forgotten_semicolon_is_found() {
    for gap in [" ", "\t", "\r\n\t"] {
        let raw = format!("Content-Type: multipart/mixed{gap}boundary=\"b\"\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n");
        check(raw.as_bytes(), "text", &[]);
    }
}

#[test]
fn the_block_above_what_outlook_answers_is_no_forward() {
    let block =
        "From: Bob <bob@x.example>\nSent: Monday, May 6, 2024 10:00\nTo: Desk <desk@y.example>\nSubject: Probe\n\nIs it on?\n";
    let forward = |head: &str, above: &str| {
        mail::parse(format!("From: a@x.example\n{head}\n\n{above}{block}").as_bytes()).message.reply.forward
    };
    assert_eq!(forward("Subject: RE: Probe\nIn-Reply-To: <1@y.example>", "Yes.\n\n"), None);
    assert_eq!(forward("Subject: RE: Probe\nReferences: <1@y.example>", "Yes.\n\n-----Original Message-----\n"), None);
    for (head, above) in [
        ("Subject: FW: Probe\nReferences: <1@y.example>", "See below.\n\n"),
        ("Subject: Probe\nReferences: <1@y.example>", "See below.\n\n---------- Forwarded message ---------\n"),
        ("Subject: Probe\nReferences: <1@y.example>", ""),
    ] {
        let found = forward(head, above).expect(head);
        assert_eq!((found.from.as_deref(), found.text.as_str()), (Some("Bob <bob@x.example>"), "Is it on?"), "{head}");
    }
}

#[test]
fn line_ends_of_every_kind_are_read() {
    for end in ["\r\n", "\n", "\r"] {
        let raw = ["From: a@b.example", "Subject: x", " y", "", "one", "two"].join(end);
        let parsed = check(raw.as_bytes(), "one\ntwo", &[]);
        assert_eq!(parsed.message.subject, "x y");
    }
}

#[test]
fn separators_and_blank_lines_before_the_header_are_skipped() {
    for start in ["From a@b.example Mon Jan  1 00:00:00 2024\n", "\r\n\r\n", "\u{feff}", ">From x\n"] {
        let raw = format!("{start}Subject: x\n\nbody");
        assert_eq!(check(raw.as_bytes(), "body", &[]).message.subject, "x");
    }
}

#[test]
fn a_stuffed_sign_of_a_flowed_text_is_no_quote_mark() {
    let raw = b"Content-Type: text/plain; format=flowed\n\nWhich box carries\n\n >30 kg and \nmore\n >5 kg?\n\n\
                On May 6, Bob <bob@x.example> wrote:\n> Big ones.\n";
    let reply =
        check(raw, "Which box carries\n\n>30 kg and more\n>5 kg?\n\nOn May 6, Bob <bob@x.example> wrote:\n> Big ones.", &[])
            .message
            .reply;
    assert_eq!(reply.new_text, "Which box carries\n\n>30 kg and more\n>5 kg?");
}

#[test]
fn html_is_read_where_the_plain_part_only_stands_in_for_it() {
    let raw = |plain: &str| {
        format!(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{plain}\n\
             --b\nContent-Type: text/html\n\n<p>Hello,</p><p>the pump leaks again.</p>\n--b--\n"
        )
    };
    for notice in ["null", "Please turn on HTML.", "Hello,", "Hello, the pum..."] {
        let parsed = check(raw(notice).as_bytes(), "Hello,\n\nthe pump leaks again.", &[]);
        assert_eq!(parsed.message.reply.new_text, "Hello,\n\nthe pump leaks again.");
    }
    check(raw("The pump leaks again.").as_bytes(), "The pump leaks again.", &[]);
}

#[test]
fn the_text_of_related_parts_is_found_behind_their_pictures() {
    let image = "--r\nContent-Type: image/png; name=i.png\nContent-ID: <i>\n\nx\n";
    let html = "--r\nContent-Type: text/html\nContent-ID: <root>\n\n<p>Where is <b>it</b>?</p>\n";
    let choice = "--r\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nWhere is it?\n\
                  --a\nContent-Type: text/html\n\n<p>Where is it?</p>\n--a--\n";
    for start in ["", "; start=\"<root>\"", "; start=\"<i>\""] {
        for text in [html, choice] {
            let raw = format!("Content-Type: multipart/related; boundary=r{start}\n\n{image}{text}--r--\n");
            check(raw.as_bytes(), "Where is it?", &["i.png"]);
        }
    }
    let other = "--r\nContent-Type: text/html; name=o.html\nContent-ID: <other>\n\n<p>Other</p>\n";
    let raw = format!("Content-Type: multipart/related; boundary=r; start=\"<root>\"\n\n{other}{html}--r--\n");
    check(raw.as_bytes(), "Where is it?", &["o.html"]);
}

#[test]
fn raw_file_names_are_read_in_the_charset_of_the_text() {
    let mut raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=gbk\n\n\xc7\xeb\n\
                    --b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=\"\xba\xcf\xcd\xac.pdf\"\n\nx\n"
        .to_vec();
    raw.extend_from_slice("--b\nContent-Type: application/pdf; name=\"ä.pdf\"\n\nx\n--b--\n".as_bytes());
    check(&raw, "请", &["合同.pdf", "ä.pdf"]);
}

#[test]
fn the_plain_part_is_preferred_unless_it_is_empty() {
    let raw = |plain: &str| {
        format!(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n{plain}\n\
             --b\nContent-Type: text/html\n\n<p>from html</p>\n--b--\n"
        )
    };
    check(raw("from plain").as_bytes(), "from plain", &[]);
    check(raw(" \u{a0}\n--").as_bytes(), "from html", &[]);
}

#[test]
fn text_parts_are_joined_and_footers_kept() {
    let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: image/png\n\nx\n--b\n\
        Content-Type: text/plain\n\ntwo\n--b\nContent-Type: text/plain; name=notes.txt\n\nthree\n--b--\nepilogue\n";
    check(raw, "one\ntwo", &["attachment-1.png", "notes.txt"]);
}

#[test]
fn a_boundary_that_begins_like_another_is_another() {
    let raw =
        b"Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: multipart/alternative; boundary=\"b-alt\"\n\n\
        --b-alt\nContent-Type: text/plain\n\nplain\n--b-alt\nContent-Type: text/html\n\n<p>html</p>\n--b-alt--\n\
        --b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--\n";
    check(raw, "plain", &["a.pdf"]);
}

#[test]
fn missing_boundaries_are_found_or_done_without() {
    let body = "--found\nContent-Type: text/plain\n\ntext\n--found\nContent-Type: a/b; name=x.bin\n\nx\n--found--\n";
    check(format!("Content-Type: multipart/mixed\n\n{body}").as_bytes(), "text", &["x.bin"]);
    check(format!("Content-Type: multipart/mixed; boundary=other\n\n{body}").as_bytes(), "text", &["x.bin"]);
    let parsed = check(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nunclosed", "unclosed", &[]);
    assert!(parsed.defects.contains(&Defect::UnclosedMultipart));
}

#[test]
fn nested_messages_are_files() {
    let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n\
        Subject: inner\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ninner text\n--c--\n--b--\n";
    let parsed = check(raw, "see below", &["attachment-1.eml"]);
    let bytes = mail::part::attachment_bytes(raw, parsed.message.attachments[0].part).expect("the part exists");
    assert_eq!(mail::parse(&bytes).message.text, "inner text");
    assert_eq!(parsed.message.attachments[0].bytes, bytes.len() as u64);
}

#[test]
fn inline_files_are_told_by_disposition_and_by_links() {
    let raw = b"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x<img src=\"cid:one@x\"></p>\n\
        --b\nContent-Type: image/png; name=a.png\nContent-ID: <one@x>\n\nx\n--b\nContent-Type: image/png; name=b.png\n\nx\n\
        --b\nContent-Type: image/png; name=c.png\nContent-Disposition: inline\n\nx\n--b--\n";
    let parsed = mail::parse(raw);
    let inline: Vec<bool> = parsed.message.attachments.iter().map(|file| file.inline).collect();
    assert_eq!(inline, [true, false, true]);
}

#[test]
fn transfer_encodings_are_read_leniently() {
    let with = |head: &str, body: &str| format!("Content-Type: text/plain; charset=utf-8\n{head}\n\n{body}");
    check(with("Content-Transfer-Encoding: BASE64", "R3LDvMOfZQ==").as_bytes(), "Grüße", &[]);
    check(with("Content-Transfer-Encoding: quoted-printable", "Gr=C3=BC=\n=C3=9Fe = 5 =ZZ").as_bytes(), "Grüße = 5 =ZZ", &[]);
    let parsed = check(
        with("Content-Transfer-Encoding: base64", "Hello, this was never encoded!").as_bytes(),
        "Hello, this was never encoded!",
        &[],
    );
    assert!(parsed.defects.contains(&Defect::BrokenTransferEncoding));
    check(with("Content-Transfer-Encoding: x-strange", "as it is").as_bytes(), "as it is", &[]);
    check(b"Subject: old\n\nsee file\nbegin 644 cat.txt\n#0V%T\n`\nend\n", "see file", &["cat.txt"]);
}

#[test]
fn flowed_text_is_joined() {
    check(b"Content-Type: text/plain; format=flowed\n\none \ntwo\n> a \n> b\n", "one two\n> a b", &[]);
    check(b"Content-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\n", "onetwo", &[]);
}

#[test]
fn a_charset_is_declared_found_in_the_html_or_guessed() {
    check(b"Content-Type: text/plain; charset=iso-8859-2\n\n\xb3\xf3d\xbc", "łódź", &[]);
    check(b"Content-Type: text/html\n\n<meta charset=windows-1251><p>\xcf\xf0\xe8</p>", "При", &[]);
    let parsed = check(b"Content-Type: text/plain; charset=\"ISO-8859-1\"\n\ncaf\xe9", "caf\u{e9}", &[]);
    assert_eq!(parsed.message.charset.as_deref(), Some("iso-8859-1"));
    check(b"Content-Type: text/plain; charset=us-ascii\n\ncaf\xe9", "café", &[]);
    let parsed = check("Content-Type: text/plain; charset=iso-8859-1\n\nGrüße".as_bytes(), "Grüße", &[]);
    assert!(parsed.defects.contains(&Defect::CharsetMismatch));
    assert_eq!(parsed.message.charset.as_deref(), Some("utf-8"));
}

#[test]
fn calendars_and_enriched_text_speak_where_nothing_else_does() {
    check(
        b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Tea\n\
          DTSTART:20261123T150000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        "Invitation: Tea\nStart: 2026-11-23 15:00 (UTC)",
        &["attachment-1.ics"],
    );
    check(b"Content-Type: text/enriched\n\n<bold>Now</bold> 1 << 2<param>red</param>", "Now 1 < 2", &["attachment-1.bin"]);
}

#[test]
fn ids_are_taken_from_brackets_and_without() {
    let parsed = mail::parse(
        b"Message-ID: <a b\n c@x>\nIn-Reply-To: Your message of Monday <q@x> (why?)\nReferences: one@x, two@x\n\nbody",
    );
    assert_eq!(parsed.message.message_id.map(|id| id.to_string()).as_deref(), Some("abc@x"));
    assert_eq!(parsed.message.in_reply_to.iter().map(ToString::to_string).collect::<Vec<_>>(), ["q@x"]);
    assert_eq!(parsed.message.references.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one@x", "two@x"]);
    let parsed = mail::parse(b"References: <=?a?b?> <?=@x>\nIn-Reply-To: =?utf-8?Q?=3Cq@x=3E?=\n\n");
    assert_eq!(parsed.message.references.iter().map(ToString::to_string).collect::<Vec<_>>(), ["=?a?b?", "?=@x"]);
    assert_eq!(parsed.message.in_reply_to.iter().map(ToString::to_string).collect::<Vec<_>>(), ["q@x"]);
    let many: String = (0..80).map(|n| format!("<{n}@x> ")).collect();
    let parsed = mail::parse(format!("References: {many}\n\n").as_bytes());
    assert_eq!(parsed.message.references.len(), 50);
    assert_eq!(parsed.message.references[0].as_str(), "30@x");
    assert!(parsed.defects.contains(&Defect::ListTruncated));
}

#[test]
fn the_way_a_mail_went_is_kept() {
    let parsed =
        mail::parse(b"Return-Path: <>\nDelivered-To: a@b.example\nDelivered-To: a@b.example\nX-Original-To: c@d.example\n\n");
    assert_eq!(parsed.message.return_path, Some(ReturnPath::Null));
    let to: Vec<String> = parsed.message.delivered_to.iter().map(ToString::to_string).collect();
    assert_eq!(to, ["a@b.example", "a@b.example", "c@d.example"]);
}

#[test]
fn oddities_are_listed() {
    let odd = |raw: &[u8]| mail::parse(raw).defects;
    assert!(odd(b"From: a@b.example, c@d.example\n\n").contains(&Defect::SeveralSenders));
    assert!(odd(b"From: a@b.example\nFrom: c@d.example\n\n").contains(&Defect::SeveralSenders));
    assert!(odd(b"From: nobody\n\n").contains(&Defect::NoSender));
    assert!(odd(b"Subject: a\nSubject: b\n\n").contains(&Defect::RepeatedHeader));
    assert!(odd(b"Date: Wed, 31 Feb 2024 10:00:00 +0000\n\n").contains(&Defect::BadDate));
    assert!(odd(b"Subject: Gr\xfc\xdfe\n\n").contains(&Defect::RawEightBitHeader));
    assert!(odd(b"From: \"a\x00b\" <a@b.example>\n\n").contains(&Defect::ControlInHeader));
    assert!(odd(b"Subject: a\rBcc: x\n\n").contains(&Defect::ControlInHeader));
    let good = b"From: a@b.example\nDate: Wed, 28 Feb 2024 10:00:00 +0000\nSubject: x\n\nbody";
    assert_eq!(odd(good), []);
}

#[test]
fn the_author_signs_with_the_name_of_the_header_or_the_address() {
    for (from, last_line, is_signature) in [
        ("dana.okafor@acme.example", "Dana Okafor", true),
        ("Dana <okafor@acme.example>", "Dana Okafor", true),
        ("Dana Okafor <do@acme.example>", "Dana", true),
        ("dana84@acme.example", "Dana", true),
        ("Dana <tom@acme.example>", "Ines", false),
        ("Acme <support@acme.example>", "Support", false),
    ] {
        let raw = format!("From: {from}\r\nSubject: x\r\n\r\nThe lamp is red.\r\n\r\n{last_line}\r\n");
        let reply = mail::parse(raw.as_bytes()).message.reply;
        assert_eq!(reply.signature == last_line, is_signature, "{from}: {reply:?}");
    }
}
