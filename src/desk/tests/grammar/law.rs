//! Laws that hold for every text.

use ::desk::argument::{Line, line_of};
use ::desk::command_block::same_block;
use ::desk::command_word;
use proptest::prelude::*;

use crate::desk::Desk;

/// A ticket mail as an agent gets it.
const TICKET_MAIL: &str = "\
~~~~ T-4821 · Dana replied, due 16:30 · write above this line ~~~~

| Thanks Tomasz. It happened again at 02:10, log attached.
| #close
|
| close
  [probe-0210.log 84 KB]

Your answer goes to Dana Okafor and to anna@northern-labs.example.

DO IT WITH ONE MAIL      take · note · close · wait · snooze 1 day · ask Northgate · more

STEP 2 OF 3  DIAGNOSE    due Mon 23 Nov 12:00
  [x] 1 Confirm serial and firmware
  [ ] 2 Reproduce or ask for a log                log arrived just now
FACTS       Serial FH-20931 · Firmware 3.4.1 · Missing: router model (asked 21 Nov)
PERHAPS     a  KB-112 Probe loses Wi-Fi after DHCP renewal        insert link · insert text
DANA        Northern Labs, key customer · 8 tickets in 2 years, 1 other open · rated good 4, bad 0 · 15:12 there (Oslo)
STATE       open · high · support · owner Maya · first response kept (2 h 10 m) · last note: Tomasz, \"ask for DHCP log\"

All messages https://desk.fernhill.example/t/4821        why: owner · ref T-4821.12

~~~~ T-4821 · Tomasz noted · your answer stays inside ~~~~

~~~~ T-4821 · NOT sent to Dana, one line needs fixing ~~~~
   1   snooze mon 9:00
   2   asign tomasz
       ^^^^^            no such command; \"assign\" is close
Nothing was sent, nothing changed. Your text is safe for 7 days. Answer with the corrected line, or:
use \"assign tomasz\" · send my text without commands · keep as note · throw away
";

/// How mail programs set a quoted line apart.
const QUOTES: [&str; 12] = ["", "> ", ">", ">> ", "> > ", "| ", "|", ": ", "    ", "\t", "\u{a0}\u{a0}", "&gt; "];

/// What they write above it.
const HEADS: [&str; 6] = [
    "",
    "On Wed, 25 Nov 2026 at 10:00, Dana via Fernhill <desk@fernhill.example> wrote:\n",
    "-----Original Message-----\nFrom: Dana via Fernhill\nSent: Wednesday, November 25, 2026 10:00\nTo: Maya\nSubject: [T-4821] Probe\n\n",
    "________________________________\nVon: Dana\nGesendet: Mittwoch\nAn: Maya\nBetreff: [T-4821] Probe\n\n",
    "> From: Dana\n> Date: today\n>\n",
    "Begin forwarded message:\n\n",
];

#[test]
fn no_line_of_ours_is_ever_a_command_in_any_quote() {
    let desk = Desk::new();
    for head in HEADS {
        for quote in QUOTES {
            let mut quoted = String::from(head);
            for line in TICKET_MAIL.lines() {
                quoted.push_str(&format!("{quote}{line}\n"));
                let alone = desk.block(&format!("{head}{quote}{line}\n"));
                assert!(alone.is_empty() && alone.pin.is_none(), "{head}{quote}{line}: {alone:?}");
            }
            let whole = desk.block(&quoted);
            assert!(whole.is_empty(), "{quoted}: {whole:?}");
            assert_eq!(whole.message, quoted);
            let answered = desk.block(&format!("#take\nThanks.\n\n{quoted}"));
            assert_eq!(answered.commands.len(), 1);
            assert!(answered.mistakes.is_empty(), "{answered:?}");
        }
    }
}

/// Lines as agents write them, commands and mistakes among them.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("#take".to_owned()),
        Just("# Close: it works".to_owned()),
        Just("#note\u{a0}call him".to_owned()),
        Just("#snooze mon 9:00".to_owned()),
        Just("#asign tomasz".to_owned()),
        Just("#1 is broken".to_owned()),
        Just("close".to_owned()),
        "[a-zA-Zäß ,.:#=\"'0-9-]{0,80}",
        "[\\PC]{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_spans_lie_within_the_line(text in any::<String>()) {
        let desk = Desk::new();
        for context in [desk.context(), desk.without_ticket()] {
            let line = Line::new(&text);
            if let Err(mistake) = command_word::read(&context, &text) {
                prop_assert!(line.text.get(mistake.span.clone()).is_some(), "{mistake:?}");
                prop_assert!(mistake.caret(line.text).contains("^"));
            }
            for argument in &line.arguments {
                prop_assert!(line.text.get(argument.span.clone()).is_some());
                prop_assert!(line.text.get(argument.value_span.clone()).is_some());
            }
        }
        desk.block(&text);
    }

    #[test]
    fn verbs_with_any_words_do_not_panic(verb in 0..::desk::verb::TABLE.len(), words in "[ -~äß„“’\u{a0}\u{200b}]{0,60}") {
        let desk = Desk::new();
        let line = format!("#{} {words}", ::desk::verb::TABLE[verb].word);
        if let Err(mistake) = command_word::read(&desk.context(), &line) {
            let line = Line::new(&line);
            prop_assert!(line.text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            prop_assert!(mistake.meant.is_none_or(|meant| !meant.contains(['\n', '#'])) || words.contains('#'));
        }
    }

    #[test]
    fn a_mail_whose_ends_bear_no_mark_is_untouched(lines in prop::collection::vec(line(), 1..8)) {
        let text = format!("Hi Dana,\n{}\nMaya", lines.join("\n"));
        let block = Desk::new().block(&text);
        prop_assert!(block.is_empty());
        prop_assert_eq!(block.message, text);
    }

    #[test]
    fn commands_and_message_are_all_that_was_written(lines in prop::collection::vec(line(), 0..8)) {
        let text = lines.join("\n");
        let block = Desk::new().block(&text);
        let written: Vec<&str> = text.lines().filter(|line| !line.trim_matches(|c: char| c.is_whitespace() || !c.is_alphanumeric() && c != '#').is_empty()).collect();
        let mut read: Vec<(usize, &str)> = block.commands.iter().map(|line| (line.number, line.raw.as_str())).collect();
        read.extend(block.mistakes.iter().map(|line| (line.number, line.raw.as_str())));
        read.sort_unstable();
        let left: Vec<&str> = block.message.lines().collect();
        for line in &written {
            let is_command = read.iter().any(|(_, raw)| raw == line);
            prop_assert!(is_command || left.iter().any(|text| text == line), "{line:?} got lost of {text:?}");
        }
        for (number, raw) in &read {
            prop_assert_eq!(text.lines().nth(number - 1), Some(*raw));
        }
    }

    #[test]
    fn white_space_between_lines_makes_no_difference(lines in prop::collection::vec(line(), 0..6)) {
        let desk = Desk::new();
        let (text, html) = (desk.block(&lines.join("\n")), desk.block(&lines.join("\r\n")));
        prop_assert!(same_block(&text, &html), "{text:?} {html:?}");
    }

    #[test]
    fn a_shell_says_the_same_as_a_mail(words in prop::collection::vec("[a-z0-9=@:.-]{1,10}( [a-z]{1,5})?", 1..5)) {
        let line = line_of(&words);
        let read = Line::new(&line);
        // A colon after the verb belongs to the verb.
        if !words[0].contains([' ', ':', '#']) && words.len() > 2 && !words[1].starts_with(':') {
            prop_assert_eq!(read.arguments.len(), words.len() - 1, "{}", line);
        }
    }
}

#[test]
fn reading_takes_time_in_proportion_to_length() {
    let desk = Desk::new();
    for piece in
        ["#close ", "#asign\n", "#a #b\n", "\"", "x=\"", "#note a\n", "#", "close\n", "#done 1-999 ", "a@b ", "„x “y", "\r"]
    {
        // A quadratic step would take minutes here.
        let text = piece.repeat(100_000 / piece.len());
        desk.block(&text);
        desk.block(&format!("#{text}"));
        desk.block(&format!("#tag {text}"));
        desk.block(&format!("Hi\n{text}\nBye"));
    }
}
