//! What holds for every mail to an agent, whatever a customer writes; and the expected form of each.

use mail::html::to_text;
use proptest::prelude::*;

use crate::agent_page::{MARKER_COLUMNS_MAX, columns};
use crate::decision::MessageEntry;
use crate::effect::Send;
use crate::policy::{Carrier, Policy};
use crate::sample;
use crate::ticket::Ticket;

const HTML_BYTES_MAX: usize = 40 * 1024;

fn text(send: &Send) -> &str {
    &send.letter.as_deref().expect("a letter").text
}

fn html(send: &Send) -> &str {
    send.letter.as_deref().expect("a letter").html.as_deref().expect("a mail has both forms")
}

/// All mails about a ticket in which everything that a customer can choose is `foreign`.
fn hostile_mails(foreign: &str) -> Vec<(&'static str, Send)> {
    let policy = sample::policy();
    let (ticket, mut message) = hostile(foreign);
    let mut all = sample::mails(&policy, &ticket, &message, "maya");
    message.from = foreign.to_owned();
    all.extend(sample::mails(&policy, &ticket, &message, "tomasz"));
    all
}

fn hostile(foreign: &str) -> (Ticket, MessageEntry) {
    let mut ticket = sample::ticket();
    ticket.requester.name = foreign.to_owned();
    ticket.subject = foreign.to_owned();
    for value in ticket.fields.values_mut() {
        value.value = foreign.to_owned();
    }
    ticket.hold = Some(foreign.to_owned());
    ticket.tags.insert(foreign.to_owned());
    if let Some(note) = &mut ticket.last_note {
        note.excerpt = foreign.to_owned();
    }
    let mut message = sample::message(&format!("{foreign} <dana@northern-labs.example>"), foreign);
    message.attachments = vec![sample::file(foreign, 84_000, 2), sample::file(foreign, 90_000_000, 3)];
    (ticket, message)
}

/// A text as clients quote it.
fn quoted(text: &str) -> Vec<String> {
    let each = |prefix: &str| text.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
    let wrapped = |width: usize, prefix: &str| {
        let mut out = String::new();
        for line in text.lines() {
            let mut rest: Vec<char> = format!("{prefix}{line}").chars().collect();
            while rest.len() > width {
                // A word that is longer than a line is left whole, as clients do.
                let before = rest[..width].iter().rposition(|c| *c == ' ').filter(|at| *at > prefix.len());
                let Some(at) = before.or_else(|| rest.iter().skip(width).position(|c| *c == ' ').map(|at| at + width)) else {
                    break;
                };
                out.extend(rest.drain(..at));
                out.push('\n');
                rest.remove(0);
            }
            out.extend(rest);
            out.push('\n');
        }
        out
    };
    vec![
        text.to_owned(),
        each("> "),
        each(">"),
        each("| "),
        each("    "),
        each("\t"),
        each("> > "),
        text.lines().map(|line| format!("{}\n", line.trim_start())).collect(),
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")).collect(),
        wrapped(80, "> "),
        format!("-----Original Message-----\nFrom: desk\n{text}"),
    ]
}

fn first_word(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>', '\u{a0}'])
}

fn check_laws(foreign: &str) {
    for (name, send) in hostile_mails(foreign) {
        let (text, html) = (text(&send), html(&send));
        let marker = text.lines().next().expect("a line");
        assert!(columns(marker) <= MARKER_COLUMNS_MAX, "{name}: {marker}");
        assert!(marker.starts_with("~~~~ ") && marker.ends_with(" ~~~~"), "{name}: {marker}");
        assert_eq!(text.matches("~~~~").count(), 2, "{name}: the marker stands once\n{text}");
        assert!(html.len() <= HTML_BYTES_MAX, "{name}: {} bytes", html.len());
        assert!(!html.contains("<img") && !html.contains("<script"), "{name}: {html}");
        for form in quoted(text).iter().chain([&to_text(html).text]) {
            for line in form.lines() {
                assert!(!first_word(line).starts_with('#'), "{name}: {line:?}\n{text}");
            }
        }
        let titles = text.lines().filter(|line| line.starts_with("STATE ") || line.starts_with("STAND ")).count();
        assert!(titles <= 1, "{name}: a title is forged\n{text}");
        let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let controls = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(bidi) && !text.contains(controls) && !html.contains(bidi), "{name}: {text:?}");
        assert_eq!(words(text), words(&shown_html(html)), "{name}: both forms say the same words");
    }
}

/// The words of a body without the bars of wrapped lines, order kept.
fn words(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.strip_prefix("| ").unwrap_or(line));
    let words = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || c == '·' || c == '|'));
    // Broken words of more than a line are compared letter by letter.
    vec![words.collect::<String>()]
}

/// What a browser shows, without the addresses of links.
fn shown_html(html: &str) -> String {
    let mut plain = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<a href=\"") {
        plain.push_str(before);
        plain.push_str("<i>");
        rest = after.split_once("\">").map_or("", |(_, behind)| behind);
    }
    plain.push_str(rest);
    to_text(&plain).text
}

#[test]
fn each_mail_reads_as_expected() {
    let policy = sample::policy();
    let tomasz = sample::message("Tomasz Nowak", "I asked for the DHCP log, it should come today.");
    for (name, send) in sample::mails(&policy, &sample::ticket(), &sample::dana(), "maya") {
        sample::expect(name, &sample::shown(&send));
    }
    let german = sample::mails(&policy, &sample::ticket(), &sample::dana(), "tomasz");
    for (name, send) in german.iter().filter(|(name, _)| ["replied", "mistake", "digest"].contains(name)) {
        sample::expect(&format!("{name}.de"), &sample::shown(send));
    }
    let noted = sample::ticket_mails(&policy, &sample::ticket(), &tomasz, "maya");
    let (_, noted) = noted.iter().find(|(name, _)| *name == "noted").expect("among them");
    sample::expect("noted.colleague", &sample::shown(noted));
}

#[test]
fn nothing_that_a_customer_writes_looks_like_ours() {
    let texts = [
        "#close",
        "STATE       closed · low",
        "~~~~ T-4821 · write above this line ~~~~\nSTATE  x",
        "~~~~~~~~~~~~~~~~",
        "a\r\n#close\r\nBcc: all@x.example\r\n\r\n~~~~ x",
        "a\u{2028}#close\u{2029}#close\u{85}#close\u{b}#close\u{c}#close",
        "\u{202e}#close\u{2066}\u{200b}#close\u{feff}#close",
        "</div></td><script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover=\"x",
        "<!-- --> & &amp; &#35;close &lt;",
        "State",
        "FACTS",
        "",
        " ",
        "{name} {people} {reference} {when} {{",
        "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
        "DO IT WITH ONE MAIL      take · note",
        "| | > > #close",
        "https://evil.example/ www.evil.example evil.example/#close mailto:a@b.example",
    ];
    for foreign in texts {
        check_laws(foreign);
    }
    check_laws(&"#close ".repeat(40));
    check_laws(&"x".repeat(3_000));
    check_laws(&format!("{} #close", "word ".repeat(14)));
}

#[test]
fn a_mail_of_megabytes_is_shortened() {
    for text in ["&<>\" ".repeat(900_000), "a\n".repeat(2_000_000)] {
        let (mut ticket, mut message) = hostile(&text[..text.floor_char_boundary(60_000)]);
        message.text = text;
        ticket.tags.clear();
        for (name, send) in sample::mails(&sample::policy(), &ticket, &message, "tomasz") {
            assert!(html(&send).len() <= HTML_BYTES_MAX, "{name}: {}", html(&send).len());
            assert!(self::text(&send).len() <= HTML_BYTES_MAX, "{name}: {}", self::text(&send).len());
        }
    }
}

#[test]
fn long_lists_are_cut() {
    let policy = sample::policy();
    let (ticket, message) = hostile(&"語&".repeat(400));
    let desk = crate::ticket_mail::AgentDesk::of_ticket(&policy, &ticket).expect("agents work by mail");
    let to = &policy.agents[&"tomasz".into()];
    let mail = crate::desk_mail::DeskMail { desk, to, ticket: Some(&ticket), at: sample::at(sample::NOW) };
    let (tickets, messages) = (vec![ticket.clone(); 200], vec![message; 200]);
    let listing = crate::desk_mail::Listing { query: "team", tickets: &tickets, total: 200, looked_through: None };
    let digest =
        crate::desk_mail::Digest { due_today: &tickets, waiting_on_you: &tickets, waiting_on_others: &tickets, held: &tickets };
    let all = [
        mail.listing(&listing, sample::id("a")),
        mail.digest(&digest, sample::id("b")),
        mail.whole(&messages, sample::id("c")),
        mail.help(None, std::iter::repeat_n(("close [reason]", "Answered; a reply reopens the ticket."), 500), sample::id("d")),
        mail.receipt(&vec!["x".repeat(300); 500], None, true, sample::id("e")),
        mail.incomplete(
            crate::EventId::of_request("held"),
            &vec![crate::remark::Remark::plain("x".repeat(300)); 500],
            sample::id("f"),
        ),
    ];
    for send in &all {
        assert!(html(send).len() <= HTML_BYTES_MAX, "{}: {}", text(send), html(send).len());
    }
}

#[test]
fn somebody_outside_never_looks_like_an_agent() {
    let message = sample::message("MAYA Chen <dana@northern-labs.example>", "Please pay this.");
    let mails = sample::ticket_mails(&sample::policy(), &sample::ticket(), &message, "maya");
    let letter = mails[0].1.letter.as_deref().expect("a letter");
    assert_eq!(letter.from.name.as_deref(), Some("dana@northern-labs.example via Fernhill Support"));
    let long = sample::message(&format!("{} <dana@northern-labs.example>", "Fernhill ".repeat(9)), "Please pay this.");
    let mails = sample::ticket_mails(&sample::policy(), &sample::ticket(), &long, "maya");
    let letter = mails[0].1.letter.as_deref().expect("a letter");
    assert_eq!(letter.from.name.as_deref(), Some("Fernhill Fernhill Fernhill Fern… via Fernhill Support"));
}

#[test]
fn a_thread_has_one_root_and_one_conversation() {
    let policy = sample::policy();
    let mails = sample::mails(&policy, &sample::ticket(), &sample::dana(), "maya");
    let later = crate::agent_letter::thread_index(&sample::ticket(), sample::at("2029-01-01T00:00:00Z"), sample::id("x"));
    let bytes = data_encoding::BASE64.decode(later.as_bytes()).expect("base64");
    assert_eq!((bytes.len(), bytes[0], bytes[22] & 0x80), (27, 1, 0x80), "over 1.7 years the count is coarser");
    for (name, send) in mails.iter().filter(|(name, _)| !["invite", "help", "listing", "away", "digest"].contains(name)) {
        let letter = send.letter.as_deref().expect("a letter");
        assert_eq!(
            letter.references,
            [crate::ticket_mail::agent_root(&policy, policy.agent_mail.as_ref().expect("set"), &sample::ticket())]
        );
        assert_eq!(letter.subject.as_str(), "[T-4821] Probe drops off Wi-Fi every night", "{name}");
        let raw = mail::compose(letter);
        let index = mail::parse(&raw).message.header("Thread-Index").expect("a field").to_owned();
        assert_eq!(index[..29], later[..29], "{name}");
    }
}

#[test]
fn links_of_a_full_mail_fit_every_client() {
    let mut policy = sample::policy();
    for (name, label) in [("zeta", "Zeta Wärme & Söhne"), ("alpha", "Alpha")] {
        let northgate = policy.vendors[&"northgate".into()].clone();
        let vendor = crate::policy::Vendor { name: name.into(), label: label.into(), ..northgate };
        policy.vendors.insert(name.into(), vendor);
    }
    let mut count = 0;
    for agent in ["maya", "tomasz"] {
        for (name, send) in sample::mails(&policy, &sample::ticket(), &sample::dana(), agent) {
            for link in links(html(&send)) {
                count += 1;
                assert!(link.len() <= 450 && !link.contains('+'), "{name}: {link}");
                let escapes: Vec<&str> = link.split('%').skip(1).map(|rest| &rest[..2]).collect();
                assert!(escapes.iter().all(|escape| ["20", "0D", "0A"].contains(escape)), "{name}: {link}");
            }
        }
    }
    assert!(count > 200, "{count}");
}

fn links(html: &str) -> Vec<String> {
    let parts = html.split("href=\"mailto:").skip(1).filter_map(|rest| rest.split('"').next());
    parts.map(|link| format!("mailto:{}", link.replace("&amp;", "&"))).collect()
}

#[test]
fn each_link_reads_back_as_what_its_label_says() {
    let policy = sample::policy();
    let (_, replied) = &sample::ticket_mails(&policy, &sample::ticket(), &sample::dana(), "maya")[0];
    let mut read = Vec::new();
    for link in links(html(replied)) {
        let subject =
            link.split_once("?subject=").expect("a subject").1.split('&').next().expect("a subject").replace("%20", " ");
        let click = crate::one_click::read(&policy, &subject, sample::at(sample::NOW)).expect("ours");
        assert_eq!((click.ticket.0, click.rev, click.agent.as_str()), (4821, 12, "maya"));
        read.push(click.words);
    }
    let expected =
        ["note", "close", "wait", "snooze 1d", "vendor northgate", "help", "done 2", "kb kb-112 link", "kb kb-112 text"];
    assert_eq!(read, expected);
}

#[test]
fn answers_find_back_by_each_carrier() {
    let mut policy = sample::policy();
    let reply_to = |policy: &Policy, name: &str| {
        let mails = sample::mails(policy, &sample::ticket(), &sample::dana(), "maya");
        let (_, send) = mails.into_iter().find(|(known, _)| *known == name).expect("such a mail");
        send.letter.expect("a letter").reply_to.expect("a reply address").address
    };
    let plus = reply_to(&policy, "replied");
    let detail = plus.local().strip_prefix("desk+").expect("plus").to_owned();
    let (claim, person) = policy.keys.read_reply_detail(&detail, ["maya"]).expect("ours");
    assert_eq!((claim.ticket.0, claim.rev, person), (4821, 12, "maya"));
    let mistake = reply_to(&policy, "mistake");
    let detail = mistake.local().strip_prefix("desk+").expect("plus").to_owned();
    let agents: Vec<_> = policy.agents.keys().collect();
    assert!(policy.keys.read_release_detail(&detail, agents).is_some_and(|(_, agent)| agent.as_str() == "maya"));
    policy.agent_mail.as_mut().expect("set").carrier = Carrier::Subdomain;
    assert!(reply_to(&policy, "replied").as_str().ends_with("@desk.fernhill.example"));
    policy.agent_mail.as_mut().expect("set").carrier = Carrier::Subject;
    assert_eq!(reply_to(&policy, "replied").as_str(), "desk@fernhill.example");
}

#[test]
fn a_mail_of_ours_is_cut_off_at_its_marker_when_it_is_answered() {
    for (name, send) in sample::mails(&sample::policy(), &sample::ticket(), &sample::dana(), "maya") {
        // A bar is no quote mark for the reader of mail.
        for form in quoted(text(&send)).iter().filter(|form| !form.starts_with('|')) {
            let answer = format!("My answer.\n\n{form}");
            let input = mail::reply_cut::CutInput { text: &answer, marker: Some("~~~~"), ..Default::default() };
            let new = mail::reply_cut::cut(&input).new_text;
            assert!(new.starts_with("My answer.") && !new.contains("Dana") && !new.contains("STATE"), "{name}: {new}");
        }
    }
}

#[test]
fn languages_have_the_same_values_in_the_same_sentences() {
    let names = |words: &crate::agent_words::Words| {
        let debug = format!("{words:?}");
        let mut names: Vec<String> =
            debug.split('{').skip(2).map(|rest| rest.split('}').next().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    };
    let [english, german] = crate::agent_words::ALL;
    assert_eq!(names(english), names(german));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_words_of_a_customer_stay_a_customers_words(foreign in "(#|~~~~|STATE|\n|\r|\u{202e}| |[a-z]{1,9}|<|&|\\PC){0,60}") {
        check_laws(&foreign);
    }
}

/// What was looked at in browsers, light and dark, 360 and 800 pixels wide: the HTML of these mails lies beside their text,
/// and whoever changes it looks again.
#[test]
fn the_html_of_mails_is_as_it_was_looked_at() {
    const LOOKED_AT: [&str; 10] =
        ["replied", "new", "held", "failed", "mistake", "overtaken", "code", "digest", "whole", "practice"];
    let policy = sample::policy();
    for (name, send) in sample::mails(&policy, &sample::ticket(), &sample::dana(), "maya") {
        if LOOKED_AT.contains(&name) {
            sample::expect_file(&format!("{name}.html"), html(&send));
        }
    }
    let german = sample::mails(&policy, &sample::ticket(), &sample::dana(), "tomasz");
    let (_, german) = german.iter().find(|(name, _)| *name == "replied").expect("among them");
    sample::expect_file("replied.de.html", html(german));
    let (ticket, message) =
        hostile("</div>שלום \u{202e}Dana\u{202c} ~~~~ T-1 · STATE <b>#close</b>\n#close\n\n  indented  twice");
    let hostile = sample::ticket_mails(&policy, &ticket, &message, "maya");
    sample::expect_file("replied.hostile.html", html(&hostile[0].1));
}
