//! Whatever somebody writes above, below or between what their client quotes, every word of it stays in the new text.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

use std::collections::BTreeMap;

use mail::Reply;
use mail::reply_cut::{CutInput, cut};
use proptest::prelude::*;

/// Sentences as people write them, among them those that look like a client's work.
const SENTENCES: [&str; 51] = [
    "The printer on the second floor is broken again.",
    "On Monday he wrote: please restart the printer.",
    "I wrote to you on 12 May 2024 at 10:30 and nobody answered.",
    "As your colleague wrote on 12.03.2024: the warranty ends in June.",
    "From: Leeds, to: Bergen, by train, please.",
    "Sent: three parcels. Received: two.",
    "Subject: maths is what my son needs help with.",
    "To: do list is full.",
    "Please forward this message to your accounting department.",
    "I still have the original message from last year.",
    "Sent from the warehouse in Leeds, the parcel never arrived.",
    "Gesendet von unserem Lager am Montag, angekommen ist nichts.",
    "With kind regards to your boss, who was very helpful.",
    "Best of all would be a visit on Friday.",
    "Thanks, that works for us now.",
    "The confidential report was sent by mistake.",
    "The mail of bob@acme.example says that the lamp is red.",
    "Bob <bob@acme.example> cannot log in since yesterday.",
    "See https://acme.example/a/long/path?x=1 for the picture.",
    "1. yes, it is on",
    "2. the serial number is FH-20931",
    "- the cable is new",
    "* the plug is old",
    "Is it the lamp? Or the fuse?",
    "Am Montag schrieb ich: bitte rufen Sie an.",
    "Le 12 mai nous avons écrit : merci de rappeler.",
    "El 12 de mayo escribió mi colega y nadie contestó.",
    "Вчера я писал вам, но ответа нет.",
    "昨日メールを書きましたが返事がありません。",
    "我昨天写信给你们，没有回复。",
    "Call +44 113 496 0000 before noon, please.",
    "The label says -- fragile -- in red.",
    "It costs 42 > 40 euro.",
    "x > 3 and y < 4 is what the manual says.",
    "ERROR 2024-05-14 09:58:01 disk full on host a.example",
    "Could you unsubscribe me from the newsletter as well?",
    "Get the new toner for the office on floor two.",
    "Please reply above this line of the form that you sent.",
    "The forwarded mail from Tom was empty.",
    "My address is 1 Mill Lane, Leeds.",
    "👍 works now!",
    "P.S. The old toner can be collected on Friday.",
    "De nada, but the printer is still broken.",
    "An: Aus switch is what we need, he said.",
    "Von meinem Handy aus kann ich mich nicht anmelden.",
    "从我的手机无法登录",
    "Warning: the link in the mail from outside of town does not open.",
    "Attention, please: the external lamp of the printer is broken.",
    "On floor 2 nothing prints.",
    "In 2023 we bought it from your shop in Leeds.",
    "Regards the printer, it is still broken.",
];

/// What people put below their sentences that looks like a signature and is none.
const BLOCKS: [&str; 11] = [
    "Main Printer      FH-20931\nOld Scanner       FH-11822\nDesk Phone        +44 113 496 0000",
    "Part\tQuantity\nToner\t2\nDrum\t1",
    "| Part  | Quantity |\n|-------|----------|\n| Toner | 2        |",
    "Tom Becker\n+44 113 496 0000\ntom@acme.example",
    "FH-20931\nFH-11822",
    "---\nFH-20931\nFH-11822",
    "Name: Tom Becker\nPhone: +44 113 496 0000",
    "C> dir\nC> type log.txt\nAccess denied",
    "Monday 9 to 5\nTuesday closed",
    "[1] https://acme.example/manual\n[2] https://acme.example/lamps",
    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ0\n-----END CERTIFICATE-----",
];

const HISTORY: &str = "Hello Dana,\n\nis the printer switched on? Which lamp is red?\n\nMaya of the helpdesk";

/// How clients put history below the words of their user: the part above it, and the mark before each line of it.
const STYLES: [(&str, &str); 16] = [
    ("On Tue, May 14, 2024 at 9:58 AM Helpdesk <help@desk.example> wrote:\n", "> "),
    ("On Tue, May 14, 2024 at 9:58 AM Helpdesk of the Fernhill Support Team\n<help@desk.example> wrote:\n", "> "),
    ("Am 14.05.2024 um 09:58 schrieb Helpdesk:\n", "> "),
    ("Le mar. 14 mai 2024 à 09:58, Helpdesk <help@desk.example> a écrit :\n", "> "),
    ("14.05.2024, 09:58, \"Helpdesk\" <help@desk.example>:\n", "> "),
    ("2024/05/14 9:58、Helpdesk <help@desk.example>のメール:\n", "> "),
    ("On 14 May 2024, at 09:58, Helpdesk <help@desk.example> wrote:\n\n", "> "),
    (
        "-----Original Message-----\nFrom: Helpdesk <help@desk.example>\nSent: Tuesday, May 14, 2024 9:58 AM\nTo: Dana\nSubject: Printer\n\n",
        "",
    ),
    ("From: Helpdesk <help@desk.example>\nSent: Tuesday, May 14, 2024 9:58 AM\nTo: Dana\nSubject: Printer\n\n", ""),
    (
        "________________________________\nVon: Helpdesk <help@desk.example>\nGesendet: Dienstag, 14. Mai 2024 09:58\nAn: Dana\nBetreff: Printer\n\n",
        "",
    ),
    ("*From:* Helpdesk <help@desk.example>\n*Sent:* Tuesday, May 14, 2024 9:58 AM\n*To:* Dana\n*Subject:* Printer\n\n", ""),
    ("---- On Tue, 14 May 2024 09:58:01 +0200 Helpdesk <help@desk.example> wrote ---\n\n", ""),
    (
        "------------------ 原始邮件 ------------------\n发件人: \"Helpdesk\" <help@desk.example>;\n发送时间: 2024年5月14日(星期二) 上午9:58\n收件人: \"Dana\";\n主题: Printer\n\n",
        "",
    ),
    (">>> Helpdesk <help@desk.example> 14.05.2024 09:58 >>>\n", ""),
    ("Helpdesk <help@desk.example> wrote on 05/14/2024 09:58:01 AM:\n\n", "> "),
    ("", "> "),
];

fn words(text: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *count.entry(word.to_owned()).or_default() += 1;
    }
    count
}

fn assert_keeps(written: &str, mail: &str, reply: &Reply) {
    let kept = words(&reply.new_text);
    for (word, count) in words(written) {
        assert!(kept.get(&word).is_some_and(|found| *found >= count), "{word:?} is lost\nmail {mail}\nreply {reply:#?}");
    }
}

fn cut_mail(text: &str) -> Reply {
    cut(&CutInput { text, from_name: Some("Dana Okafor"), is_answer: true, subject: "Re: Printer", ..CutInput::default() })
}

fn quoted(mark: &str) -> String {
    HISTORY.lines().map(|line| format!("{mark}{line}").trim_end().to_owned() + "\n").collect()
}

fn written() -> impl Strategy<Value = String> {
    let sentence = prop::sample::select(SENTENCES.to_vec());
    let gap = prop::sample::select(vec!["\n", "\n\n", " "]);
    prop::collection::vec((sentence, gap), 1..7).prop_map(|parts| {
        parts.into_iter().map(|(sentence, gap)| format!("{sentence}{gap}")).collect::<String>().trim().to_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_above_history_stay(written in written(), style in prop::sample::select(STYLES.to_vec())) {
        let mail = format!("{written}\n\n{}{}", style.0, quoted(style.1));
        let reply = cut_mail(&mail);
        assert_keeps(&written, &mail, &reply);
        if !style.0.is_empty() && !reply.whole_kept {
            prop_assert!(!reply.new_text.contains("helpdesk"), "history stays: {mail}\n{reply:#?}");
        }
    }

    #[test]
    fn blocks_below_sentences_stay(written in written(), block in prop::sample::select(BLOCKS.to_vec()), style in prop::sample::select(STYLES.to_vec())) {
        let written = format!("{written}\n\n{block}");
        assert_keeps(&written, &written, &cut_mail(&written));
        let mail = format!("{written}\n\n{}{}", style.0, quoted(style.1));
        assert_keeps(&written, &mail, &cut_mail(&mail));
    }

    #[test]
    fn words_below_marked_history_stay(written in written(), style in prop::sample::select(STYLES.to_vec())) {
        if !style.1.is_empty() {
            let mail = format!("{}{}\n{written}\n", style.0, quoted(style.1));
            assert_keeps(&written, &mail, &cut_mail(&mail));
        }
    }

    #[test]
    fn words_between_quotes_stay(above in written(), between in written(), below in written()) {
        let intro = STYLES[0].0;
        let mail = format!("{above}\n\n{intro}> is it on?\n\n{between}\n\n> is it red?\n\n{below}\n");
        let reply = cut_mail(&mail);
        assert_keeps(&format!("{above} {between} {below}"), &mail, &reply);
    }

    #[test]
    fn words_without_history_stay(written in written()) {
        assert_keeps(&written, &written, &cut_mail(&written));
    }

    #[test]
    fn words_in_html_above_history_stay(written in written(), style in 0_usize..6) {
        let escaped = written.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let new: String = escaped.lines().map(|line| format!("<div>{line}</div>")).collect();
        let old = "<p>Hello Dana,</p><p>is the printer on?</p>";
        let html = match style {
            0 => format!("<div dir=ltr>{new}</div><div class=gmail_quote><div class=gmail_attr>On Tue Helpdesk wrote:</div><blockquote class=gmail_quote>{old}</blockquote></div>"),
            1 => format!("{new}<div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> Helpdesk<br><b>Sent:</b> Tuesday<br><b>Subject:</b> Printer</div>{old}"),
            2 => format!("{new}<br><blockquote type=cite><div>On 14 May 2024, at 09:58, Helpdesk wrote:</div><br>{old}</blockquote>"),
            3 => format!("{new}<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>From:</b> Helpdesk &lt;help@desk.example&gt;<br><b>Sent:</b> 14 May 2024 09:58<br><b>To:</b> Dana<br><b>Subject:</b> Printer</p></div>{old}"),
            4 => format!("{new}<div class=yahoo_quoted><div>On Tuesday, Helpdesk wrote:</div><div>{old}</div></div>"),
            _ => format!("<div class=moz-cite-prefix>On 14/05/2024 09:58, Helpdesk wrote:<br></div><blockquote type=cite>{old}</blockquote>{new}"),
        };
        let converted = mail::html::to_text(&html);
        let input = CutInput { text: &converted.text, html: Some(&html), is_text_from_html: true, from_name: Some("Dana Okafor"), is_answer: true, ..CutInput::default() };
        assert_keeps(&written, &html, &cut(&input));
    }
}
