//! Known issues, articles and reports by mail, between real servers.

use serde_json::json;

use super::{ANA, ANA_ADDRESS, DANA, DANA_ADDRESS, answer, asked_with, newest, text_of};
use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::{Office, letter, vouched};

const SECTIONS: &str = "[team]\neveryone = { lead = \"ana\" }\n[agent_mail]\naddress = \"desk@acme.example\"\n\
                        undo_send = \"0s\"\n[[known_issue]]\nid = \"sync\"\ntitle = \"Sync is slow\"\nwhen = { text = \"sync\" }\n";

#[track_caller]
fn printed(office: &Office, words: &[&str]) -> String {
    let output = office.desk.cli(words);
    assert_eq!(output.code, Some(0), "{output:?}");
    output.stdout
}

#[track_caller]
fn ana_writes(office: &Office, id: &str, words: &str) {
    let to_ana = office.received(ANA_ADDRESS).remove(0);
    office.deliver(&vouched(answer(&to_ana, ANA, &format!("{id}@acme.example"), words)));
}

/// Ana gives the code that her newest mail asks for.
#[track_caller]
fn confirm(office: &Office, id: &str) {
    let asked = newest(office, ANA_ADDRESS);
    let text = text_of(&asked);
    let code = text.split("#confirm ").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{text}"));
    office.deliver(&vouched(answer(&asked, ANA, &format!("{id}@acme.example"), &format!("#confirm {code}"))));
}

#[test]
fn words_above_an_update_reach_every_case_after_a_code() {
    let office = asked_with(SECTIONS);
    let other = mails::request(letter("Emil <emil@y.example>", "Slow", "emil-1@y.example"), "The sync hangs.\n");
    office.deliver(&vouched(other));
    ana_writes(&office, "ana-1", "#issue sync");
    assert_eq!(office.desk.ticket("T-1")["known_issue"], json!(null), "its requester is told, so a code is asked for");
    confirm(&office, "ana-c");
    assert_eq!(office.desk.ticket("T-1")["known_issue"], json!("sync"));
    assert_eq!(office.desk.ticket("T-1")["status"], json!("on_hold"));
    ana_writes(&office, "ana-2", "We have found the cause. It will be mended by noon.\n\n#issue sync update");
    assert!(!office.received(DANA_ADDRESS).iter().any(|mail| text_of(mail).contains("mended by noon")), "not before the code");
    confirm(&office, "ana-3");
    for person in [DANA_ADDRESS, "emil@y.example"] {
        let told: Vec<String> = office.received(person).iter().map(|mail| text_of(mail)).collect();
        let news = told.iter().filter(|text| text.contains("It will be mended by noon.") && !text.contains("#issue")).count();
        assert_eq!(news, 1, "{person}: {told:?}");
        let mail = newest(&office, person);
        assert_eq!(header_of(&mail, "Auto-Submitted").as_deref(), Some("auto-generated"));
        assert!(header_of(&mail, "List-Unsubscribe").is_some_and(|value| value.contains("STOP")));
    }
}

#[test]
fn a_report_is_asked_for_by_mail_and_on_the_command_line() {
    let office = asked_with(SECTIONS);
    office.deliver(&vouched(mails::request(
        Basics { from: ANA, to: "desk@acme.example", subject: "report week", id: "ana-r@acme.example" },
        "\n",
    )));
    let mail = newest(&office, ANA_ADDRESS);
    assert!(header_of(&mail, "Subject").is_some_and(|subject| subject.contains("report")));
    let html = mail::part::html_of(&mail).unwrap_or_default();
    assert!(html.contains("<table") && !html.contains("<script"), "{html}");

    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let since = today.yesterday().expect("a day").to_string();
    let report = office.desk.json(&["report", "--since", &since]);
    assert_eq!(report["flow"]["arrivals"], json!(1), "{report}");
    let text = printed(&office, &["report", "--since", &since, "--csv"]);
    assert!(text.contains("flow,arrivals,,count,1\r\n"), "{text}");
    let html = printed(&office, &["report", "--since", &since, "--html"]);
    assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
    let sent = printed(&office, &["report", "--week", "--mail"]);
    assert_eq!(sent.trim(), "sent to ana");
    let dana = mails::request(letter(DANA, "Again", "dana-9@x.example"), "Another one.\n");
    office.deliver(&vouched(dana));
}
