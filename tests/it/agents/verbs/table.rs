//! The table: what is written about a ticket, and what comes of it.

use serde_json::{Value, json};

/// The desk on which it is played.
pub(super) const SECTIONS: &str = r#"
[inbox]
support = { address = "support@acme.example", team = "support", type = "fault" }
[agent_mail]
address = "desk@acme.example"
undo_send = "0s"
[agent.carl]
name = "Carl Roth"
email = "carl@acme.example"
[team]
support = { lead = "ana", members = ["ana", "ben"] }
field = { members = ["carl"] }
[vendor.northgate]
name = "Northgate IT"
email = "servicedesk@northgate.example"
their_ref = '\[NG#(\d+)\]'
sees = ["site"]
[type.fault]
label = "A fault"
fields = [
  { id = "site", ask = "Where is it", kind = "choice", options = ["Leeds", "Bergen"] },
  { id = "serial", ask = "Serial number", kind = "text" },
]
steps = [{ id = "look", do = ["Confirm the serial", "Reproduce it"] }, { id = "mend", do = ["Mend it"] }]
close_asks = ["cause"]
[type.purchase]
label = "A purchase"
steps = [
  { id = "compare", do = ["Compare offers"] },
  { id = "agree", do = ["A second person agrees"], by = "not-owner", approve = true },
]
[articles]
path = "articles"
[[known_issue]]
id = "sync"
title = "Sync is slow"
when = { subject = "~ ^sync only$" }
[limits]
acks_per_hour = 1000
acks_per_day = 1000
notices_per_agent_hour = 256
"#;

/// What somebody writes.
#[derive(Clone, Debug)]
pub(super) enum Say {
    /// Ana answers the first mail that she got of the ticket.
    Ana(&'static str),
    /// Ben does.
    Ben(&'static str),
    /// Ana answers the newest one.
    Again(&'static str),
    /// Ana presses a link of the newest one.
    Press(&'static str),
    /// The same with words typed above the line.
    PressWith(&'static str, &'static str),
    /// Ana gives the code that the newest one shows.
    Code,
    /// The customer writes again.
    Dana(&'static str),
    /// The vendor answers.
    Vendor(&'static str),
}

/// One row.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// For people, and in the customer's first mail.
    pub(super) name: &'static str,
    /// Verbs that it shows.
    pub(super) verbs: Vec<&'static str>,
    /// What is written, one after the other.
    pub(super) says: Vec<Say>,
    /// What the customer gets beyond the acknowledgement: all of it, in order, by words that stand in each.
    pub(super) customer: Vec<&'static str>,
    /// Words that somebody else got of the ticket, agents with the last thing written; `None` = nothing.
    pub(super) mailboxes: Vec<(&'static str, Option<&'static str>)>,
    /// Values in the ticket.
    pub(super) ticket: Vec<(&'static str, Value)>,
    /// Kinds of lines in its history.
    pub(super) history: Vec<&'static str>,
}

impl Row {
    fn customer(mut self, words: &'static str) -> Self {
        self.customer.push(words);
        self
    }

    fn got(mut self, who: &'static str, words: &'static str) -> Self {
        self.mailboxes.push((who, Some(words)));
        self
    }

    fn got_nothing(mut self, who: &'static str) -> Self {
        self.mailboxes.push((who, None));
        self
    }

    fn ticket(mut self, pointer: &'static str, value: Value) -> Self {
        self.ticket.push((pointer, value));
        self
    }

    fn history(mut self, kind: &'static str) -> Self {
        self.history.push(kind);
        self
    }
}

fn row(name: &'static str, verbs: &[&'static str], says: &[Say]) -> Row {
    Row { name, verbs: verbs.to_vec(), says: says.to_vec(), ..Row::default() }
}

/// Ana alone writes one mail.
fn ana(name: &'static str, verb: &'static str, text: &'static str) -> Row {
    row(name, &[verb], &[Say::Ana(text)])
}

const BEN: &str = "ben@acme.example";
const ANA: &str = "ana@acme.example";
const CARL: &str = "carl@acme.example";
const NORTHGATE: &str = "servicedesk@northgate.example";

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    [saying(), owning(), status(), work(), people(), shape(), meta()].concat()
}

fn saying() -> Vec<Row> {
    let canary = "#note\nINTERNAL-CANARY: they restart it twice.";
    vec![
        ana("note", "note", canary)
            .ticket("/messages/1/direction", json!("note"))
            .ticket("/status", json!("open"))
            .history("noted"),
        ana("note below", "note", "They restart it, INTERNAL-CANARY.\n\n#note").ticket("/messages/1/direction", json!("note")),
        ana("note and answer", "note", "#note INTERNAL-CANARY be kind\n\nPlease try 3.5.0.")
            .customer("Please try 3.5.0.")
            .ticket("/messages/1/direction", json!("out"))
            .ticket("/messages/2/text", json!("INTERNAL-CANARY be kind"))
            .ticket("/status", json!("pending")),
        ana("answer", "reply", "Please try *3.5.0*.\n\n-- \nAna Ruiz, extension 12")
            .customer("Please try *3.5.0*.")
            .ticket("/owner", json!("ana")),
        ana("reply", "reply", "#reply Please try 3.6.0.").customer("Please try 3.6.0."),
        row(
            "reply to a note",
            &["reply"],
            &[Say::Ana("#take"), Say::Ben("#note\nINTERNAL-CANARY ask for the log"), Say::Again("#reply\nPlease send the log.")],
        )
        .customer("Please send the log.")
        .got_nothing(ANA),
        ana("kb link", "kb", "#kb KB-1").customer("https://help.acme.example/1").history("article_sent"),
        ana("kb text", "kb", "This is it:\n\n#kb KB-1 text").customer("Set the router to channel 6."),
        row("router channel link", &["kb"], &[Say::PressWith("insert link", "Perhaps this helps.\n")])
            .customer("Perhaps this helps.\n\nThis should help: Set the channel\nhttps://help.acme.example/1")
            .history("article_sent"),
        row("router channel text", &["kb"], &[Say::Press("insert text")]).customer("Set the router to channel 6."),
        ana("send", "send", "#send reset").customer("Hello Dana,\n\nhold the button").history("saved_answer_sent"),
        ana("send with words", "send", "Before you ring us:\n\n#send reset").customer("Before you ring us:\n\nhold the button"),
        ana("two articles", "send", "#kb KB-1\n#send reset")
            .customer("hold the button")
            .history("article_sent")
            .history("saved_answer_sent"),
        ana("ask", "ask", "#ask site serial").customer("Where is it").ticket("/status", json!("pending")),
    ]
}

fn owning() -> Vec<Row> {
    vec![
        ana("take", "take", "#take").ticket("/owner", json!("ana")).got(ANA, "assigned: to ana"),
        ana("an alias", "take", "#nimm").ticket("/owner", json!("ana")),
        ana("an own alias", "take", "#nimmdirs").ticket("/owner", json!("ana")),
        row("drop", &["drop"], &[Say::Ana("#take"), Say::Ana("#drop")]).ticket("/owner", Value::Null),
        ana("assign", "assign", "#assign @ben").ticket("/owner", json!("ben")).got(BEN, "It happened again, case assign."),
        ana("assign team", "assign", "#assign team:field").ticket("/team", json!("field")).ticket("/owner", Value::Null),
        row("assign none", &["assign"], &[Say::Ana("#take"), Say::Ana("#assign none")]).ticket("/owner", Value::Null),
        row("watch", &["watch"], &[Say::Ben("#take"), Say::Ana("#watch"), Say::Dana("Any news?")])
            .got(ANA, "Any news?")
            .got(BEN, "Any news?"),
        row("mute", &["mute"], &[Say::Ana("#mute"), Say::Dana("Any news?")]).got_nothing(ANA).got(BEN, "Any news?"),
    ]
}

fn status() -> Vec<Row> {
    vec![
        ana("close", "close", "It is mended.\n\n#close anyway because new fuse cause=\"old fuse\"")
            .customer("It is mended.")
            .ticket("/status", json!("solved"))
            .history("closed_anyway"),
        row("close asks once", &["close"], &[Say::Ana("#close fixed"), Say::Press("close anyway")])
            .ticket("/status", json!("solved")),
        ana("close held", "close", "#close fixed").ticket("/status", json!("new")).got(ANA, "NOT closed"),
        ana("wait", "wait", "#wait").ticket("/status", json!("pending")),
        ana("snooze", "snooze", "#snooze 1d").ticket("/status", json!("on_hold")).history("snoozed"),
        row("reopen", &["reopen"], &[Say::Ana("#close anyway because x"), Say::Ana("#reopen")]).ticket("/status", json!("open")),
    ]
}

fn work() -> Vec<Row> {
    vec![
        ana("done", "done", "#done 2").ticket("/step/done", json!([2])).ticket("/step/id", json!("look")),
        ana("done all", "done", "#done").ticket("/step/id", json!("mend")),
        row("undone", &["undone"], &[Say::Ana("#done 2"), Say::Ana("#undone 2")]).ticket("/step/done", json!([])),
        ana("skip", "skip", "#skip 1 because it is known").ticket("/step/done", json!([1])).history("item_skipped"),
        ana("step", "step", "#step mend").ticket("/step/id", json!("mend")),
        row("reject", &["reject"], &[Say::Ana("#take\n#type purchase"), Say::Ana("#done"), Say::Ben("#reject because too dear")])
            .ticket("/step/id", json!("compare")),
        ana("set", "set", "#set site=leeds").ticket("/fields/site/value", json!("Leeds")),
        ana("type", "type", "#type purchase").ticket("/type", json!("purchase")),
        ana("priority", "priority", "#priority high").ticket("/priority", json!("high")),
        ana("tag", "tag", "#tag +wifi +old -old2").ticket("/tags", json!(["old", "wifi"])),
        ana("time", "time", "#time 15m").history("worked"),
    ]
}

fn people() -> Vec<Row> {
    vec![
        row("cc", &["cc"], &[Say::Ana("#cc bob@elsewhere.example"), Say::Ana("Please try 3.5.1.")])
            .customer("Please try 3.5.1.")
            .got("bob@elsewhere.example", "Please try 3.5.1."),
        row(
            "uncc",
            &["uncc"],
            &[Say::Ana("#cc eve@evil.example"), Say::Ana("#uncc eve@evil.example"), Say::Ana("Please try 3.5.2.")],
        )
        .customer("Please try 3.5.2.")
        .got_nothing("eve@evil.example"),
        row(
            "vendor",
            &["vendor"],
            &[
                Say::Ana("#set site=Leeds\n#take"),
                Say::Ana("#vendor northgate Is the access point down?"),
                Say::Vendor("It was, it is up again."),
            ],
        )
        .got(NORTHGATE, "Is the access point down?")
        .got(NORTHGATE, "Leeds")
        .got(ANA, "It was, it is up again.")
        .ticket("/status", json!("open")),
        row(
            "vendor passed on",
            &["vendor"],
            &[
                Say::Ana("#take"),
                Say::Ana("#vendor northgate Is it down?"),
                Say::Vendor("It is up again since noon."),
                Say::Press("pass on to Dana"),
            ],
        )
        .customer("It is up again since noon."),
        ana("customer", "customer", "#customer emil@y.example")
            .ticket("/requester/address", json!("emil@y.example"))
            .ticket("/requester/proven", json!(false)),
    ]
}

fn shape() -> Vec<Row> {
    let code = |name, verb, text| row(name, &[verb], &[Say::Ana(text), Say::Code]);
    vec![
        code("merge", "merge", "#merge T-1").ticket("/status", json!("closed")).ticket("/links/0/ref", json!("T-1")),
        row("split", &["split"], &[Say::Dana("And my lamp is broken."), Say::Ana("#split"), Say::Code]).history("split"),
        code("issue", "issue", "#issue sync").customer("Known: Sync is slow.").ticket("/known_issue", json!("sync")),
        code("issue new", "issue", "#issue new \"Lamps flicker\"").customer("Known: Lamps flicker.").history("issue_made"),
        code("spam", "spam", "#spam").ticket("/status", json!("closed")).ticket("/tags", json!(["spam"])),
        row("spam by the link", &["spam", "confirm"], &[Say::Ana("#spam"), Say::Press("yes, do it")])
            .ticket("/status", json!("closed")),
        row("spam not after all", &["spam"], &[Say::Ana("#spam"), Say::Press("no, leave it")])
            .ticket("/status", json!("new"))
            .ticket("/tags", json!([])),
        ana("merge into nothing", "merge", "#merge T-9999").ticket("/status", json!("new")).got(ANA, "there is no ticket T-9999"),
        code("redact", "redact", "#redact").ticket("/messages/0/text", json!("(redacted by ana)")).history("redacted"),
    ]
}

fn meta() -> Vec<Row> {
    vec![
        row("undo", &["undo"], &[Say::Ana("#take\n#priority high"), Say::Ana("#undo")])
            .ticket("/owner", Value::Null)
            .ticket("/priority", json!("normal"))
            .got(ANA, "undone"),
        row("undo too late", &["undo"], &[Say::Ana("Please try 3.5.3."), Say::Ana("#undo")])
            .customer("Please try 3.5.3.")
            .got(ANA, "the mail is already out"),
        ana("confirm", "confirm", "#confirm abc123").got(ANA, "nothing of yours waits for that"),
        ana("help", "help", "#help snooze").got(ANA, "snooze WHEN"),
        ana("show", "show", "#show").got(ANA, "It happened again, case show."),
        ana("a mistake", "assign", "Hello.\n\n#asign ben").ticket("/status", json!("new")).got(ANA, "NOT sent"),
        row("mended", &["assign"], &[Say::Ana("Hello.\n\n#asign ben"), Say::Press("use \"assign ben\"")])
            .customer("Hello.")
            .ticket("/owner", json!("ben")),
        ana("assigned elsewhere", "assign", "#assign carl").got(CARL, "It happened again, case assigned elsewhere."),
    ]
}
