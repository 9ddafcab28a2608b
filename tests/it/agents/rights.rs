//! Who may act: the table of the specification, row by row, with what reached whose mailbox.

use serde_json::{Value, json};

use super::{ANA, ANA_ADDRESS, BEN_ADDRESS, DANA, DANA_ADDRESS, answer, asked, asked_with, links, newest, press, text_of};
use crate::harness::mails::{self, Basics, Mail};
use crate::harness::office::{Office, letter, vouched};

/// What is held.
fn held(office: &Office) -> Vec<Value> {
    office.desk.json(&["held", "list"]).as_array().expect("an array").clone()
}

/// Nothing but the acknowledgement has reached Dana, and nothing of a forger's words anybody.
#[track_caller]
fn nothing_reached_dana(office: &Office) {
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "{}", office.desk.log_tail());
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("new"), &Value::Null), "nothing was done: {ticket}");
}

#[test]
fn an_agent_who_is_not_proven_is_held_and_the_registered_address_is_asked_once() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    for number in 1..=3 {
        let forged = answer(&to_ana, ANA, &format!("forged-{number}@evil.example"), "#close\nWire the money to me.");
        office.deliver(&forged);
    }
    nothing_reached_dana(&office);
    assert_eq!(held(&office).len(), 3, "each is held");
    let to_ana = office.received(ANA_ADDRESS);
    assert_eq!(to_ana.len(), 2, "the ticket and one question within the hour");
    let question = to_ana.last().expect("two mails");
    assert!(!String::from_utf8_lossy(&office.received(BEN_ADDRESS).concat()).contains("Wire the money"), "nobody else reads it");

    // One mail releases it, although nobody vouches for it: only Ana's mailbox has the link.
    office.deliver(&press(question, "it is me: release it", ANA, "ana-yes@acme.example", ""));
    let ticket = office.desk.ticket("T-1");
    assert_eq!(ticket["status"], json!("solved"), "{ticket}\n{}", office.desk.log_tail());
}

#[test]
fn a_pin_stands_in_for_proof_and_never_leaves_the_desk() {
    let office = asked_with(&format!(
        "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\nproof = \"token+pin\"\n\
         [agent.carl]\nname = \"Carl Roth\"\nemail = \"carl@acme.example\"\npin = \"{}\"\n",
        hash_of("246810")
    ));
    let carl = "Carl Roth <carl@acme.example>";
    let to_carl = newest(&office, "carl@acme.example");
    office.deliver(&answer(&to_carl, carl, "carl-1@acme.example", "pin: 000000\n\nPlease try firmware 3.5.0."));
    nothing_reached_dana(&office);
    office.deliver(&answer(&to_carl, carl, "carl-2@acme.example", "pin: 246810\n\nPlease try firmware 3.6.0."));
    let to_dana = office.received(DANA_ADDRESS);
    assert_eq!(to_dana.len(), 2, "{}", office.desk.log_tail());
    assert!(text_of(&to_dana[1]).contains("firmware 3.6.0"));
    let everywhere: Vec<u8> =
        [DANA_ADDRESS, ANA_ADDRESS, BEN_ADDRESS].iter().flat_map(|who| office.received(who).concat()).collect();
    assert!(!String::from_utf8_lossy(&everywhere).contains("246810"), "the PIN reached somebody");
    // Nor does it stand on the ticket, where mails that wait are kept.
    office.deliver(&answer(&to_carl, carl, "carl-3@acme.example", "pin: 246810\n\nThanks.\n\n#asign ben"));
    office.deliver(&answer(&to_carl, carl, "carl-4@acme.example", "pin: 246810\n#spam"));
    let asked = newest(&office, "carl@acme.example");
    office.deliver(&press(&asked, "yes, do it", carl, "carl-5@acme.example", "pin: 246810\n"));
    let ticket = office.desk.ticket("T-1");
    assert_eq!(ticket["status"], json!("closed"), "{ticket}");
    assert!(!ticket.to_string().contains("246810"), "{ticket}");
}

#[test]
fn a_pin_cannot_be_guessed() {
    let sections = format!(
        "{}{}proof = \"token+pin\"\n[agent.carl]\nname = \"Carl Roth\"\nemail = \"carl@acme.example\"\npin = \"{}\"\n",
        crate::harness::office::INBOX,
        super::DESK,
        hash_of("246810")
    );
    let mut desk = crate::harness::bare::Bare::new(&crate::harness::bare::live(&sections));
    desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    let to_carl = desk.newest("carl@acme.example");
    let mut say = |number: u32, pin: &str| {
        let id = format!("carl-{number}@acme.example");
        desk.receive(&answer(&to_carl, "Carl Roth <carl@acme.example>", &id, &format!("pin: {pin}\n#close")));
        desk.ticket(1).status.as_str()
    };
    for number in 1..=5 {
        assert_eq!(say(number, &format!("00000{number}")), "new");
    }
    assert_eq!(say(6, "246810"), "new", "a right one after wrong ones is a guess too");
    desk.pass(jiff::SignedDuration::from_hours(3));
    desk.receive(&answer(&to_carl, "Carl Roth <carl@acme.example>", "carl-7@acme.example", "pin: 246810\n#close"));
    assert_eq!(desk.ticket(1).status.as_str(), "solved", "the hours are over");
}

/// An Argon2id hash with small parameters, as `agent.pin` takes it.
pub(crate) fn hash_of(pin: &str) -> String {
    use argon2::password_hash::{PasswordHasher as _, SaltString};
    let params = argon2::Params::new(64, 1, 1, None).expect("parameters");
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::encode_b64(b"a salt of the test").expect("a salt");
    argon2.hash_password(pin.as_bytes(), &salt).expect("a hash").to_string()
}

#[test]
fn an_unknown_address_with_an_agents_token_is_asked_about_and_a_customer_with_one_is_held() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    office.deliver(&vouched(answer(
        &to_ana,
        "Eve <eve@elsewhere.example>",
        "eve-1@elsewhere.example",
        "Close it please.\n#close",
    )));
    nothing_reached_dana(&office);
    let asks = links(&newest(&office, ANA_ADDRESS));
    assert!(asks.iter().any(|(words, _)| words == "not me"), "Ana is asked: {asks:?}");

    // Dana was forwarded the mail with the token in it, and answers it.
    office.deliver(&vouched(answer(&to_ana, DANA, "dana-2@x.example", "#close\nThanks")));
    nothing_reached_dana(&office);
    assert_eq!(held(&office).len(), 2);
    let warned = text_of(&newest(&office, BEN_ADDRESS));
    assert!(warned.contains("dana@x.example"), "who works on it is warned: {warned}");
}

#[test]
fn a_colleagues_token_lets_a_teammate_act_as_themselves() {
    let office = asked();
    let to_ben = newest(&office, BEN_ADDRESS);
    office.deliver(&vouched(answer(&to_ben, ANA, "ana-1@acme.example", "#take")));
    assert_eq!(office.desk.ticket("T-1")["owner"], json!("ana"));
}

#[test]
fn a_subject_tag_alone_makes_a_note_and_an_offer_to_send_it() {
    let office = asked();
    let basics = Basics { from: ANA, to: "desk@acme.example", subject: "[T-1] Probe", id: "ana-1@acme.example" };
    office.deliver(&vouched(mails::request(basics, "Please try firmware 3.5.0.\n")));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "a tag never authorises");
    let offer = newest(&office, ANA_ADDRESS);
    office.deliver(&vouched(press(&offer, "send it to Dana", ANA, "ana-2@acme.example", "")));
    let to_dana = office.received(DANA_ADDRESS);
    assert_eq!(to_dana.len(), 2, "{}", office.desk.log_tail());
    assert!(text_of(&to_dana[1]).contains("firmware 3.5.0"));
}

#[test]
fn words_of_customers_are_words_and_never_commands() {
    let office = asked();
    let ack = office.received(DANA_ADDRESS).remove(0);
    let id = mails::id_of(&ack).expect("an id");
    let reply = mails::reply(letter(DANA, "Re: Probe drops off Wi-Fi", "dana-2@x.example"), &id, &[], "#close\n#assign ben\n");
    office.deliver(&vouched(reply));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("new"), &Value::Null), "{ticket}");
    assert!(text_of(&newest(&office, ANA_ADDRESS)).contains("| #close"));
}

#[test]
fn an_away_notice_of_an_agent_executes_nothing_and_makes_them_away() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    let parent = mails::id_of(&to_ana).expect("an id");
    let to = mail::parse(&to_ana).message.reply_to[0].address.to_string();
    let basics = Basics { from: ANA, to: &to, subject: "Automatic reply: [T-1]", id: "ana-away@acme.example" };
    office.deliver(&vouched(mails::out_of_office(basics, &parent)));
    nothing_reached_dana(&office);
    assert_eq!(held(&office), Vec::<Value>::new());
}

/// A forged mail in every way that comes to mind, for the three modes of proof.
fn forgeries(to_ana: &[u8]) -> Vec<Mail> {
    let base = |id: &str| answer(to_ana, ANA, id, "#close\nWire the money to me.");
    let mut all = vec![
        base("f1@evil.example"),
        base("f2@evil.example").on_top("Authentication-Results", "mx.evil.example; dmarc=pass header.from=acme.example"),
        base("f3@evil.example")
            .header("Received", "from evil.example by mail.evil.example; Mon, 16 Nov 2026 09:12:30 +0000")
            .header("Authentication-Results", "mx.test.example; dmarc=pass header.from=acme.example"),
        base("f4@evil.example").set("From", "Ana Ruiz <ana@acme.example>, Eve <eve@evil.example>"),
        base("f5@evil.example").set("From", "\"ana@acme.example\" <eve@evil.example>"),
        base("f6@evil.example").header("Sender", "ana@acme.example"),
        base("f7@evil.example").header("DKIM-Signature", "v=1; a=rsa-sha256; d=acme.example; s=x; h=from; bh=AAAA; b=AAAA"),
        base("f8@evil.example").without("References").without("In-Reply-To"),
    ];
    all.push(vouched(base("f9@evil.example").set("From", "Ana Ruiz <ana@acme.example.evil.example>")));
    all.push(base("f10@evil.example").on_top("Authentication-Results", "mx.test.example; dmarc=fail header.from=acme.example"));
    all
}

#[test]
fn no_forgery_is_carried_out_or_sent_on() {
    for proof in ["token+sender", "token+pin"] {
        let office =
            asked_with(&format!("[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\nproof = \"{proof}\"\n"));
        let to_ana = newest(&office, ANA_ADDRESS);
        for forged in forgeries(&to_ana) {
            office.deliver(&forged);
        }
        nothing_reached_dana(&office);
        assert_eq!(office.desk.tickets().iter().filter(|ticket| ticket["status"] == "solved").count(), 0);
        assert!(office.received(ANA_ADDRESS).len() <= 4, "the registered address is not flooded");
    }
}
