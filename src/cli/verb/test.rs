//! `frontdesk test`: the tests in the configuration, through the real pipeline with a store that forgets.

use serde_json::Value;

use super::setup;
use crate::cli::args::{Common, TestArgs};
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::setup::Setup;
use crate::cli::trial::Trial;
use crate::cli::view;
use crate::config::{ConfigTest, Expect, TestWant};
use crate::store::Decided;

/// Does it.
///
/// # Errors
/// The configuration cannot be used.
pub fn test(common: &Common, options: &TestArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&setup::config_path(common)?, printer, "No test was run.")?;
    let wanted = |test: &&ConfigTest| options.name.as_ref().is_none_or(|name| test.name.contains(name));
    let results: Vec<(String, Vec<String>)> =
        setup.config.tests.iter().filter(wanted).map(|test| (test.name.clone(), run_one(&setup, test))).collect();
    if let Some(name) = options.name.as_ref().filter(|_| results.is_empty()) {
        let known: Vec<&str> = setup.config.tests.iter().map(|test| test.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Failure::new(Exit::Usage, format!("no test has \"{name}\" in its name; there are: {known}")));
    }
    let failed = results.iter().filter(|(_, wrong)| !wrong.is_empty()).count();
    if printer.json {
        let shown =
            results.iter().map(|(name, wrong)| serde_json::json!({ "name": name, "passed": wrong.is_empty(), "wrong": wrong }));
        printer.value(&Value::Array(shown.collect()));
    } else {
        for (name, wrong) in &results {
            let word = if wrong.is_empty() { printer.paint(Style::Green, "passed") } else { printer.paint(Style::Red, "FAILED") };
            printer.line(&format!("{word}  {name}"));
            for line in wrong {
                printer.line(&format!("        {line}"));
            }
        }
        printer.line(&format!("{} passed, {failed} failed", results.len() - failed));
    }
    Ok(if failed == 0 { Exit::Good } else { Exit::Findings })
}

/// One line for each thing that is wrong in any test.
#[must_use]
pub fn failing(setup: &Setup) -> Vec<String> {
    let of = |test: &ConfigTest| {
        let name = test.name.clone();
        let line = test.line;
        run_one(setup, test).into_iter().map(move |wrong| format!("error: test \"{name}\" (line {line}) failed: {wrong}"))
    };
    setup.config.tests.iter().flat_map(of).collect()
}

/// A configuration whose tests fail is not put in force.
///
/// # Errors
/// The failed tests.
pub fn refuse_failing(setup: &Setup) -> Result<(), Failure> {
    let failed = failing(setup);
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Findings, failed.join("\n"))) }
}

fn run_one(setup: &Setup, test: &ConfigTest) -> Vec<String> {
    let decided = Trial::new(setup).and_then(|mut trial| trial.test(test));
    match decided {
        Ok((decided, policy)) => compare(&test.want, &decided, &policy),
        Err(failure) => vec![failure.message],
    }
}

fn compare(want: &TestWant, decided: &Decided, policy: &desk::Policy) -> Vec<String> {
    let mut wrong = Vec::new();
    let shown = view::explanation(policy, decided);
    let ticket = &shown["result"];
    let mut text = |what: &str, want: Option<String>, got: &Value| {
        let Some(want) = want else { return };
        let got = got.as_str().unwrap_or("none");
        if got != want {
            wrong.push(format!("{what} is {got}, wanted {want}"));
        }
    };
    text("inbox", want.inbox.clone(), &ticket["inbox"]);
    text("team", want.team.clone(), &ticket["team"]);
    text("owner", want.owner.clone(), &ticket["owner"]);
    text("type", want.ticket_type.clone(), &ticket["type"]);
    text("priority", want.priority.map(|priority| priority.as_str().to_owned()), &ticket["priority"]);
    text("status", want.status.map(|status| status.as_str().to_owned()), &ticket["status"]);
    for (id, value) in &want.fields {
        text(&format!("field {id}"), Some(value.clone()), &ticket["fields"][id]["value"]);
    }
    if let Some(tags) = &want.tags {
        let got: Vec<&str> = ticket["tags"].as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str).collect();
        if got != *tags {
            wrong.push(format!("tags are {}, wanted {}", got.join(", "), tags.join(", ")));
        }
    }
    if let Some(kinds) = &want.sends {
        let sends = shown["sends"].as_array().map_or(&[][..], Vec::as_slice);
        let got: Vec<&str> = sends.iter().filter_map(|send| send["kind"].as_str()).collect();
        if got != *kinds {
            wrong.push(format!("it sends [{}], wanted [{}]", got.join(", "), kinds.join(", ")));
        }
    }
    let outcome = decided.decision.outcome.as_str();
    let machine = decided.decision.message.as_ref().and_then(|message| message.machine).map(|class| json_word(&class));
    let trace = |step: &str| decided.decision.trace.iter().find(|line| line.step == step);
    let template = trace("ack").filter(|line| line.outcome == "yes").and_then(|line| line.detail.strip_prefix("template "));
    let template = template.and_then(|detail| detail.split(',').next()).map(str::to_owned);
    let held = match &decided.decision.outcome {
        desk::Outcome::Held { why } => Some(why.clone()),
        _ => None,
    };
    let ignored = match &decided.decision.outcome {
        desk::Outcome::Ignored { rule } => Some(rule.clone()),
        _ => None,
    };
    let thread = match outcome {
        "new_ticket" => Some("new".to_owned()),
        "attached" => Some("attached".to_owned()),
        _ => None,
    };
    for (what, want, got) in [
        ("ack", &want.ack, template),
        ("machine", &want.machine, machine),
        ("held", &want.held, held),
        ("ignored", &want.ignored, ignored),
        ("thread", &want.thread, thread),
    ] {
        wrong.extend(want.as_ref().and_then(|want| differs(what, want, got.as_deref())));
    }
    wrong
}

fn differs(what: &str, want: &Expect, got: Option<&str>) -> Option<String> {
    let is_met = match want {
        Expect::Text(text) => got == Some(text),
        Expect::Flag(flag) => got.is_some() == *flag,
    };
    let wanted = match want {
        Expect::Text(text) => text.clone(),
        Expect::Flag(flag) => flag.to_string(),
    };
    (!is_met).then(|| format!("{what} is {}, wanted {wanted}", got.unwrap_or("none")))
}

fn json_word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
