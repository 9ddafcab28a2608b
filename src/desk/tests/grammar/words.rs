//! Every verb with good and bad words.

use ::desk::verb::TABLE;

use crate::desk::{Desk, shown};

/// Lines with what they say, as `line => value`.
fn check(cases: &[(&str, &str)]) {
    let desk = Desk::new();
    for (line, expect) in cases {
        let said = shown(&desk.context(), line);
        let said = said.strip_prefix("Ticket(").and_then(|said| said.strip_suffix(')')).unwrap_or(&said);
        assert_eq!(said, *expect, "{line}");
    }
}

#[test]
fn words_for_people_are_taken_as_written() {
    check(&[
        ("note", r#"Note { text: "" }"#),
        ("#note: please call him, it’s “urgent” #now", r#"Note { text: "please call him, it’s “urgent” #now" }"#),
        ("note \"in quotes\"", r#"Note { text: "in quotes" }"#),
        ("note he said \"no", r#"Note { text: "he said \"no" }"#),
        ("notiz bitte anrufen", r#"Note { text: "bitte anrufen" }"#),
        ("reply", r#"Reply { text: "" }"#),
        ("reply Yes.", r#"Reply { text: "Yes." }"#),
    ]);
}

#[test]
fn articles_answers_and_questions() {
    check(&[
        ("kb a", r#"Article { which: "a", whole: false }"#),
        ("kb KB-112 text", r#"Article { which: "KB-112", whole: true }"#),
        ("kb", "say which article, by its letter or id: `kb a [text]` [kb]"),
        ("kb a txt", "an article is sent as `link` or `text` [txt] -> kb a text"),
        ("send reset", r#"SendSaved { name: "reset" }"#),
        ("send slow wifi", r#"SendSaved { name: "slow wifi" }"#),
        ("send \"Slow Wifi\"", r#"SendSaved { name: "slow wifi" }"#),
        ("send rset", "there is no saved answer `rset`; there are: reset, slow wifi [rset] -> send reset"),
        ("send", "say which saved answer: `send NAME` [send]"),
        ("ask", "Ask { fields: [] }"),
        ("ask serial, firmware", r#"Ask { fields: [FieldId("serial"), FieldId("firmware")] }"#),
        ("ask \"Serial number\" and site", r#"Ask { fields: [FieldId("serial"), FieldId("site")] }"#),
        ("ask seral", "there is no field `seral`; there are: serial, firmware, site, refund [seral] -> ask serial"),
        ("ask refund", "customers are never asked for `refund` [refund]"),
    ]);
}

#[test]
fn owners_are_found_by_any_of_their_names() {
    let tomasz = r#"Assign { to: Agent(AgentName("tomasz")) }"#;
    check(&[
        ("take", "Take"),
        ("#Take!", "Take"),
        ("take T-4821", "Take"),
        ("take it", "`take` stands alone [it] -> take"),
        ("take T-1", "this mail is about T-4821: write to the other ticket [T-1]"),
        ("take #close", "one command per line [#close]"),
        ("drop", "Drop"),
        ("assign @tomasz", tomasz),
        ("assign Tomasz.", tomasz),
        ("assign to tomasz@fernhill.example", tomasz),
        ("assign Tomasz Nowak", tomasz),
        ("assign \"tomasz nowak\"", tomasz),
        ("assign me", r#"Assign { to: Agent(AgentName("maya")) }"#),
        ("assign team:billing", r#"Assign { to: Team(TeamName("billing")) }"#),
        ("assign team billing", r#"Assign { to: Team(TeamName("billing")) }"#),
        ("assign billing", r#"Assign { to: Team(TeamName("billing")) }"#),
        ("assign none", "Assign { to: Nobody }"),
        ("assign", "say to whom: `assign @agent | team:NAME | none` [assign]"),
        ("assign @tomas", "there is no agent `tomas`; there are: aisha, maya, tomasz [@tomas] -> assign @tomasz"),
        ("assign boss", "there is no agent `boss`; there are: aisha, maya, tomasz [boss]"),
        ("assign team:biling", "there is no team `biling`; there are: billing, support [team:biling] -> assign team:billing"),
        ("assign tomasz please", "nothing more is expected here: `assign @agent | team:NAME | none` [please] -> assign tomasz"),
        ("watch", "Watch"),
        ("mute", "Mute"),
    ]);
}

#[test]
fn closing_takes_a_reason_and_answers() {
    check(&[
        ("close", "Close(Closing { reason: None, answers: [], anyway: None })"),
        ("erledigt", "Close(Closing { reason: None, answers: [], anyway: None })"),
        ("close replaced the probe", r#"Close(Closing { reason: Some("replaced the probe"), answers: [], anyway: None })"#),
        (
            "close cause=“bad firmware” article=KB-112 Feature=none told her",
            r#"Close(Closing { reason: Some("told her"), answers: [("cause", "bad firmware"), ("article", "KB-112"), ("feature", "none")], anyway: None })"#,
        ),
        ("close mood=good", r#"Close(Closing { reason: None, answers: [("mood", "good")], anyway: None })"#),
        ("close anyway because she is gone", r#"Close(Closing { reason: None, answers: [], anyway: Some("she is gone") })"#),
        (
            "close anyway: duplicate cause=x",
            r#"Close(Closing { reason: None, answers: [("cause", "x")], anyway: Some("duplicate") })"#,
        ),
        ("close anyway", "say why: `close anyway because …` [anyway]"),
        (
            "close casue=x done",
            "`casue` is no closing question; there are: cause, article, feature [casue] -> close cause=x done",
        ),
        ("close cause=", "`cause` has no value []"),
        ("close cause=a cause=b", "`cause` is answered twice [b]"),
        ("close cause=\"a b", "the quotation mark has no end [\"a b]"),
        ("wait", "Wait"),
        ("wait 3d", "`wait` has no date; `snooze` has [3d] -> snooze 3d"),
        ("wait please", "`wait` stands alone [please] -> wait"),
        ("reopen", "Reopen"),
    ]);
}

#[test]
fn snooze_counts_in_the_zone_of_the_desk_and_of_the_agent() {
    check(&[
        ("snooze 1 day", "Snooze { until: 2026-11-26T10:00:00Z }"),
        ("snooze mon 9:00", "Snooze { until: 2026-11-30T09:00:00Z }"),
        ("snooze 3bd", "Snooze { until: 2026-11-30T10:00:00Z }"),
        ("wiedervorlage morgen", "Snooze { until: 2026-11-26T09:00:00Z }"),
        ("snooze", "say until when: 2h, 3d, 1bd, mon, tue 9:00, 2026-12-01 [snooze]"),
        ("snooze today 9:00", "`today 9:00` is in the past [today 9:00]"),
        ("snooze a while", "`a while` is no moment: 2h, 3d, 1bd, mon, tue 9:00, tomorrow, 2026-12-01 14:00 [a while]"),
    ]);
    let desk = Desk { agent: "aisha".into(), ..Desk::new() };
    assert_eq!(shown(&desk.context(), "snooze tomorrow 9:00"), "Ticket(Snooze { until: 2026-11-26T00:00:00Z })");
}

#[test]
fn checklists_are_counted_from_one() {
    check(&[
        ("done 2", "Done { items: [2] }"),
        ("done 3 2, 2", "Done { items: [2, 3] }"),
        ("done 1-2 and 3.", "Done { items: [1, 2, 3] }"),
        ("done all", "Done { items: [1, 2, 3] }"),
        ("done", "Done { items: [] }"),
        ("done 4", "step diagnose has items 1 to 3 [4]"),
        ("done 0", "`0` is no number of an item: `done [2 3 …]` [0]"),
        ("done two", "`two` is no number of an item: `done [2 3 …]` [two]"),
        ("done2", "a blank is missing [done2] -> done 2"),
        ("undone 2", "Undone { items: [2] }"),
        ("skip 2 because she has no log", r#"Skip { item: 2, because: "she has no log" }"#),
        ("skip 2: no “log” left", r#"Skip { item: 2, because: "no “log” left" }"#),
        ("skip 2 because", "say why: `skip 2 because …` [skip]"),
        ("skip 2", "say why: `skip 2 because …` [skip]"),
        ("skip", "say which item, and why: `skip 2 because …` [skip]"),
        ("skip it because", "`it` is no number of an item: `skip 2 because …` [it]"),
        ("step understand", r#"Step { id: "understand" }"#),
        ("step diagnos", "there is no step `diagnos`; there are: understand, diagnose [diagnos] -> step diagnose"),
    ]);
}

#[test]
fn fields_types_priorities_labels_and_time() {
    check(&[
        ("set serial=FH-20931", r#"Set { field: FieldId("serial"), value: "FH-20931" }"#),
        ("set serial = FH 20931", r#"Set { field: FieldId("serial"), value: "FH 20931" }"#),
        ("set S/N: FH-20931", r#"Set { field: FieldId("serial"), value: "FH-20931" }"#),
        ("set Serial number=“FH 1”", r#"Set { field: FieldId("serial"), value: "FH 1" }"#),
        ("set site leeds", r#"Set { field: FieldId("site"), value: "leeds" }"#),
        ("set firmware https://x.example/?a=b", r#"Set { field: FieldId("firmware"), value: "https://x.example/?a=b" }"#),
        ("set seral=1", "there is no field `seral`; there are: serial, firmware, site, refund [seral] -> set serial=1"),
        ("set serial=1 site=Leeds", "one field per line [Leeds] -> set serial=1"),
        ("set serial=", "say its value: `set field=value` [set]"),
        ("set", "say which field: `set field=value` [set]"),
        ("set site=Moon", "`Moon` is no value for site (one of Leeds, Bergen, Home office) [Moon]"),
        (
            "set site=Hime ofise",
            "`Hime ofise` is no value for site (one of Leeds, Bergen, Home office) [Hime ofise] -> set site=\"Home office\"",
        ),
        ("type invoice", r#"ChangeType { to: TypeName("invoice") }"#),
        ("type invoces", "there is no type `invoces`; there are: invoice, question [invoces] -> type invoice"),
        ("priority High", "SetPriority { priority: High }"),
        ("prio dringend", "SetPriority { priority: Urgent }"),
        ("priority hihg", "there is no priority `hihg`; there are: low, normal, high, urgent [hihg] -> priority high"),
        ("tag +a -b c", r#"Tag { add: ["a", "c"], remove: ["b"] }"#),
        ("tag a, #vip", r#"Tag { add: ["a", "vip"], remove: [] }"#),
        ("tag", "say which labels: `tag +a -b` [tag]"),
        ("tag +a -a", "the same label is added and removed [+a]"),
        ("tag <x>", "`<x>` is no label: letters, digits, `-`, `_` [<x>]"),
        ("time 15m", "Time { minutes: 15 }"),
        ("time 1h 30m", "Time { minutes: 90 }"),
        ("time long", "this is no time worked: 15m, 1h30, 90 (minutes), at most a day [long]"),
    ]);
}

#[test]
fn people_are_addresses_in_any_dress() {
    let anna = r#"AddPerson { address: Address("anna@x.example") }"#;
    check(&[
        ("cc anna@x.example", anna),
        ("cc Anna Berg <anna@x.example>", anna),
        ("cc anna@x.example<mailto:anna@x.example>", anna),
        ("cc <anna@x.example>,", anna),
        ("cc", "say whose address: `cc a@b` [cc]"),
        ("cc anna", "this is no mail address [anna]"),
        ("cc anna@x.example b@x.example", "one address per line [b@x.example] -> cc anna@x.example"),
        ("cc anna@x.example please", "only an address is expected here [anna@x.example please] -> cc anna@x.example"),
        ("uncc anna@x.example", r#"RemovePerson { address: Address("anna@x.example") }"#),
        ("customer dana@x.example", r#"SetRequester { address: Address("dana@x.example") }"#),
        ("vendor northgate", r#"AskVendor { vendor: VendorName("northgate"), text: "" }"#),
        (
            "vendor Northgate: please look, it’s down",
            r#"AskVendor { vendor: VendorName("northgate"), text: "please look, it’s down" }"#,
        ),
        ("vendor nortgate", "there is no vendor `nortgate`; there are: northgate [nortgate] -> vendor northgate"),
    ]);
}

#[test]
fn tickets_are_merged_split_and_joined_to_issues() {
    check(&[
        ("merge T-4700", "Merge { into: TicketNo(4700) }"),
        ("merge into #4700", "Merge { into: TicketNo(4700) }"),
        ("merge [t4700]", "Merge { into: TicketNo(4700) }"),
        ("merge", "say into which ticket: `merge T-4700` [merge]"),
        ("merge T-4821", "a ticket cannot be merged into itself [T-4821]"),
        ("merge other", "`other` names no ticket; write T-4700 [other]"),
        ("split", "Split"),
        ("issue cloud-sync", r#"Issue(Join { issue: "cloud-sync" })"#),
        ("issue new \"Cloud sync is slow\"", r#"Issue(New { title: "Cloud sync is slow", words: "" })"#),
        ("issue new \"Slow\" match: sync slow, upload", r#"Issue(New { title: "Slow", words: "sync slow, upload" })"#),
        ("issue new match: the title", r#"Issue(New { title: "match: the title", words: "" })"#),
        ("issue cloud-sync match: sync, upload", r#"Issue(Describe { issue: "cloud-sync", fact: Match, text: "sync, upload" })"#),
        ("issue cloud-sync cause: disks", r#"Issue(Describe { issue: "cloud-sync", fact: Cause, text: "disks" })"#),
        ("issue cloud-sync update: better since 9", r#"Issue(Update { issue: "cloud-sync", text: "better since 9" })"#),
        ("issue cloud-sync solved", r#"Issue(Solved { issue: "cloud-sync" })"#),
        ("issue cloud-sink", "there is no known issue `cloud-sink`; there are: cloud-sync [cloud-sink] -> issue cloud-sync"),
        (
            "issue cloud-sync solvd",
            "after the name stands nothing, `update: …`, `match: …`, `workaround: …`, `cause: …` or `solved` [solvd] \
             -> issue cloud-sync solved",
        ),
        ("spam", "Spam"),
        ("redact", "Redact"),
    ]);
}

#[test]
fn commands_about_commands() {
    let coded = ::desk::EventId::of_request("coded");
    let overtaken = ::desk::EventId::of_request("overtaken");
    check(&[
        ("undo", "Undo"),
        ("confirm K7-19", &format!(r#"Confirm {{ draft: {coded}, code: Some("K7-19") }}"#)),
        ("confirm", &format!("Confirm {{ draft: {overtaken}, code: None }}")),
        ("confirm ä", "this is no code: letters and digits [ä]"),
        ("help", "Help { verb: None }"),
        ("help #schließen", r#"Help { verb: Some("close") }"#),
        ("help clsoe", "there is no command `clsoe` [clsoe] -> help close"),
        ("show", "Show"),
        ("show T-4821", "Show"),
    ]);
    let other = Desk { agent: "tomasz".into(), ..Desk::new() };
    assert_eq!(shown(&other.context(), "confirm K719"), "nothing of yours waits for that [K719]");
}

#[test]
fn the_desk_takes_commands_without_a_ticket() {
    let desk = Desk::new();
    for (line, expect) in [
        ("list", "List { which: Mine }"),
        ("list team", "List { which: Team(None) }"),
        ("list team:billing", r#"List { which: Team(Some(TeamName("billing"))) }"#),
        ("list team support", r#"List { which: Team(Some(TeamName("support"))) }"#),
        ("list overdu", "lists are: mine, team, overdue [overdu] -> list overdue"),
        ("find wifi \"two words\"", r#"Find { words: "wifi \"two words\"" }"#),
        ("find", "say what to look for: `find words` [find]"),
        ("show T-12", "Show { ticket: TicketNo(12) }"),
        ("show", "say which ticket: `show [T-n]` [show]"),
        ("new", "New { customer: None }"),
        ("new for Dana <dana@x.example>", r#"New { customer: Some(Address("dana@x.example")) }"#),
        ("away until mon", "Away { until: Some(2026-11-30T09:00:00Z) }"),
        ("away off", "Away { until: None }"),
        ("away", "say until when: `away until WHEN | away off` [away]"),
        ("report", "Report { period: Week }"),
        ("report month", "Report { period: Month }"),
        ("report wek", "reports are of a week or a month [wek] -> report week"),
        ("help new", r#"Help { verb: Some("new") }"#),
    ] {
        let said = shown(&desk.without_ticket(), line);
        let said = said.strip_prefix("Desk(").and_then(|said| said.strip_suffix(')')).unwrap_or(&said);
        assert_eq!(said, expect, "{line}");
    }
}

#[test]
fn an_unknown_verb_names_the_nearest_and_offers_only_what_reads() {
    check(&[
        ("#asign tomasz", "no such command; \"assign\" is close [asign] -> assign tomasz"),
        ("asign bob", "no such command; \"assign\" is close [asign]"),
        ("resolve", "no such command; \"close\" is close [resolve] -> close"),
        ("escalate", "no such command; \"priority\" is close [escalate]"),
        ("thanks everyone", "no such command; `help` lists them [thanks]"),
        ("#", "no command []"),
    ]);
}

#[test]
fn every_verb_reads_its_own_usage_or_says_what_is_missing() {
    let desk = Desk::new();
    for entry in &TABLE {
        let said = shown(&desk.context(), entry.word);
        let is_read = said.starts_with("Ticket(") || said.starts_with("Desk(");
        assert_eq!(is_read, entry.stands_alone || matches!(entry.word, "new" | "done"), "{}: {said}", entry.word);
    }
}

#[test]
fn lines_are_bounded_and_characters_normalised() {
    let desk = Desk::new();
    let long = format!("tag {}", "a ".repeat(2000));
    assert_eq!(shown(&desk.context(), &long), "this line is too long [tag]");
    for line in ["＃ＣＬＯＳＥ", "#\u{200b}Cl\u{ad}ose\u{a0}", "\u{feff}# close :", "#CLOSE;"] {
        let said = shown(&desk.context(), line);
        assert!(said.starts_with("Ticket(Close(Closing { reason: None"), "{line}: {said}");
    }
}
