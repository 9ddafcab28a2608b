//! One request from its first incomplete mail to the rating, on real servers, with days that pass in a moment.

use serde_json::json;

use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::{Office, SUPPORT, all_live, letter, vouched};

const DANA: &str = "Dana Okafor <dana@x.example>";
const DANA_ADDRESS: &str = "dana@x.example";
const SECTIONS: &str = "[inbox]\nsupport = { address = \"support@acme.example\", type = \"fault\" }\n\
    [type.fault]\nfields = [{ id = \"site\", ask = \"Where is it\", kind = \"choice\", options = [\"Leeds\", \"Bergen\"], required = true }]\n\
    steps = [\n  { id = \"repair\", do = [\"Look at it\"], within = \"4h\" },\n\
    \x20 { id = \"confirm\", do = [\"Customer says it works\"], waits_on = \"customer\" },\n]\n\
    [follow_up]\nsilent = [{ after = \"1h\", send = \"nudge\" }, { after = \"2000h\", close = \"no answer\" }]\n\
    closed = { send = \"closed\", rating = \"1 per 30d\" }\nhours = \"00:00-23:59\"\n";

/// Dana answers the newest mail that she got.
fn answer(office: &Office, id: &str, text: &str) {
    let mails = office.received(DANA_ADDRESS);
    let newest = mails.last().and_then(|mail| mails::id_of(mail)).expect("she got a mail");
    let basics: Basics<'_> = letter(DANA, "Re: The meter shows nothing", id);
    office.deliver(&vouched(mails::reply(basics, &newest, &["dana-1@x.example"], text)));
}

/// What Dana got since, as text.
fn got(office: &Office, count: usize) -> String {
    let mails = office.received(DANA_ADDRESS);
    assert_eq!(
        mails.len(),
        count,
        "{:?}",
        mails.iter().map(|mail| String::from_utf8_lossy(mail).into_owned()).collect::<Vec<_>>()
    );
    mail::parse(mails.last().expect("some")).message.text
}

/// Days pass.
fn pass(office: &Office, offset: &str) {
    assert_eq!(office.desk.term(), Some(0));
    office.desk.shift_clock(offset);
    office.desk.start();
    office.desk.wait_until("every inbox is live", all_live);
}

#[test]
fn a_request_is_walked_from_its_first_mail_to_the_rating() {
    let office = Office::with(SECTIONS);
    let first = letter(DANA, "The meter shows nothing", "dana-1@x.example");
    office.deliver(&vouched(mails::request(Basics { to: SUPPORT, ..first }, "It was fine yesterday.\n")));
    assert!(got(&office, 1).contains("1. Where is it:"), "the acknowledgement asks what is missing");
    let asked = office.desk.ticket("T-1");
    assert_eq!((&asked["missing"], &asked["step"]["id"]), (&json!(["site"]), &json!("repair")));

    // A value that is none is asked again; the next one is noted.
    answer(&office, "dana-2@x.example", "On the moon\n");
    assert!(got(&office, 2).contains("we still need to know one thing"));
    answer(&office, "dana-3@x.example", "1: leeds\n");
    assert!(got(&office, 3).contains("Where is it: Leeds"));
    assert_eq!(office.desk.ticket("T-1")["missing"], json!([]));

    // The work, and the question whether it helped.
    office.act("T-1", "ana", &["done", "1"]);
    let replied = office.act("T-1", "ana", &["reply", "It has a new fuse. Does it work now?"]);
    assert_eq!((&replied["status"], &replied["step"]["id"]), (&json!("pending"), &json!("confirm")));
    assert!(got(&office, 4).contains("new fuse"));

    // Nobody answers for days: one reminder, with the question.
    pass(&office, "+5d");
    office.wait_ticket("T-1", "the reminder went out", |ticket| {
        ticket["history"].as_array().is_some_and(|lines| lines.iter().any(|line| line["kind"] == "nudged"))
    });
    let nudge = got(&office, 5);
    assert!(nudge.contains("> It has a new fuse. Does it work now?"), "{nudge}");
    let mails = office.received(DANA_ADDRESS);
    let head = mails.last().expect("a reminder");
    assert_eq!(header_of(head, "Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(header_of(head, "List-Unsubscribe").as_deref(), Some("<mailto:support@acme.example?subject=STOP>"));

    // Yes ends the step; closing asks what she thought; one word tells it.
    answer(&office, "dana-4@x.example", "Yes!\n");
    let confirmed = office.desk.ticket("T-1");
    assert_eq!((&confirmed["status"], &confirmed["step"]), (&json!("open"), &json!(null)));
    office.act("T-1", "ana", &["close"]);
    assert!(got(&office, 6).contains("Was it good?"));
    answer(&office, "dana-5@x.example", "Solved!\n");
    let rated = office.desk.ticket("T-1");
    assert_eq!((&rated["status"], &rated["rating"]), (&json!("solved"), &json!("good")));
    pass(&office, "+30d");
    office.wait_ticket("T-1", "it became final", |ticket| ticket["status"] == "closed");
    assert_eq!(office.received(DANA_ADDRESS).len(), 6, "nothing else was ever sent");
}
