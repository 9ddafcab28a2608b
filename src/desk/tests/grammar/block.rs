//! Which lines of a mail are commands, and what is left of it.

use ::desk::command_block::{Block, Speech, agreed, read, same_block};
use ::desk::policy::{AgentMail, AgentProof, Carrier, Receipts};

use crate::desk::Desk;

/// `line:text` of commands, `!line:what` of mistakes, `?line` of a verb in the text, then the message.
fn shown(block: &Block) -> String {
    let mut out = String::new();
    for line in &block.commands {
        out.push_str(&format!("{}:{} ", line.number, line.text));
    }
    for line in &block.mistakes {
        out.push_str(&format!("!{}:{} ", line.number, line.mistake.what));
    }
    if let Some(line) = &block.verb_in_text {
        out.push_str(&format!("?{}:{} ", line.number, line.text));
    }
    format!("{out}| {}", block.message.replace('\n', "⏎"))
}

fn check(text: &str, expect: &str) {
    assert_eq!(shown(&Desk::new().block(text)), expect, "{text:?}");
}

#[test]
fn a_block_stands_at_the_top_or_at_the_bottom_or_both() {
    check("#close\n\nHi Dana,\nit works.\n", "1:close | Hi Dana,⏎it works.");
    check("Hi Dana,\n\nit works.\n#close\n", "4:close | Hi Dana,⏎⏎it works.");
    check("\n\n#take\n#tag +a\n\nHi.\n\n# Close: done\n\n", "3:take 4:tag +a 8:Close: done | Hi.");
    check("#take\n\n\n#wait", "1:take 4:wait | ");
    check("#take\r\nHi.\r\n#wait\r\n", "1:take 3:wait | Hi.");
    check("  #take\nHi.", "1:take | Hi.");
}

#[test]
fn text_without_a_block_is_left_as_it_is() {
    for text in
        ["", "  Hi Dana,\n\n  see #1 below. \n\n", "#1 is broken\n", "## Steps\nHi", "#123", "# 1", "#T-4821 is yours", "#"]
    {
        check(text, &format!("| {}", text.replace('\n', "⏎")));
    }
    check("We say #close to windows\nand #take a seat", "| We say #close to windows⏎and #take a seat");
    check("#summer #sale #now\nHi", "| #summer #sale #now⏎Hi");
}

#[test]
fn an_unknown_word_in_a_block_is_a_mistake() {
    check("#asign tomasz\nHi", "!1:no such command; \"assign\" is close | Hi");
    check("#thanks everyone for the great work", "!1:no such command; `help` lists them | ");
    check("Hi\n#WeAreFernhill", "!2:no such command; `help` lists them | Hi");
    check("#take\n#frobnicate\nHi", "1:take !2:no such command; `help` lists them | Hi");
    check("#take #close\nHi", "!1:one command per line | Hi");
}

#[test]
fn a_verb_within_the_message_stops_the_mail() {
    check("Hi\n#close\nBye", "?2:#close | Hi⏎#close⏎Bye");
    check("Hi\n\nclose\n\nBye", "?3:close | Hi⏎⏎close⏎⏎Bye");
    check("take", "?1:take | take");
    check("Hi\n#asign tomasz\nBye", "?2:#asign tomasz | Hi⏎#asign tomasz⏎Bye");
    check("Hi\n#resolve\nBye", "?2:#resolve | Hi⏎#resolve⏎Bye");
    check("Hi\n- #close\nBye", "?2:- #close | Hi⏎- #close⏎Bye");
    check("Hi\n**#close**\nBye", "?2:**#close** | Hi⏎**#close**⏎Bye");
    check("Hi\n#sunshine\nBye", "| Hi⏎#sunshine⏎Bye");
}

#[test]
fn verbs_in_sentences_stay_sentences() {
    check("Done\n\nMaya", "| Done⏎⏎Maya");
    check("Note:\nunplug it.", "| Note:⏎unplug it.");
    check("Please close it.\nWait a minute\nTake care,\nMaya", "| Please close it.⏎Wait a minute⏎Take care,⏎Maya");
    check("Time\n10:00\nType\nFH-3", "| Time⏎10:00⏎Type⏎FH-3");
}

#[test]
fn a_note_or_reply_without_words_says_what_the_message_is() {
    let desk = Desk::new();
    assert_eq!(desk.block("#note\nHi").speech(), Some(Speech::Note));
    assert_eq!(desk.block("Hi\n#Reply:").speech(), Some(Speech::Reply));
    assert_eq!(desk.block("#note please call him\nHi").speech(), None);
    check("#note\n#reply\nHi", "1:note !2:the mail cannot be a note and a reply: give one of them its words on the line | Hi");
    check("#note call him\n#reply\nHi", "1:note call him 2:reply | Hi");
}

#[test]
fn a_line_that_may_have_been_wrapped_is_asked_about() {
    let long = "#note the customer told me on the phone that the probe was replaced by";
    check(
        &format!("{long}\nher colleague\n\nHi"),
        "!1:your mail program may have wrapped this line: put an empty line below it | her colleague⏎⏎Hi",
    );
    check(&format!("{long}\n\nHi"), &format!("1:{} | Hi", &long[1..]));
    check(&format!("Hi\n{long}\nher colleague"), &format!("?2:{long} | Hi⏎{long}⏎her colleague"));
    let url = format!("https://x.example/{}", "a".repeat(70));
    check(&format!("#take\n{url}"), &format!("1:take | {url}"));
}

#[test]
fn the_pin_is_taken_out() {
    let mut desk = Desk::new();
    let block = desk.block("pin: 123456\nHi");
    assert_eq!((block.pin.as_ref(), block.message.as_str()), (None, "pin: 123456\nHi"), "nobody asks for a PIN");
    desk.policy.agent_mail = Some(AgentMail {
        address: mail::Address::new("desk@fernhill.example").expect("address"),
        carrier: Carrier::Plus,
        undo_send: jiff::SignedDuration::ZERO,
        receipts: Receipts::Commands,
        attach_bytes: 0,
        digest: None,
        proof: AgentProof::TokenPin,
    });
    for text in ["pin: 123456\nHi", "Hi\n\nPIN 123456\n", "#take\n#pin: 123456\nHi", "Hi\n#close\nPin:123456"] {
        let block = desk.block(text);
        assert_eq!(block.pin.as_ref().map(|pin| pin.0.as_str()), Some("123456"), "{text}");
        assert_eq!(block.message, "Hi", "{text}");
        assert!(!format!("{block:?}").contains("Pin(1"), "a PIN is not printed");
    }
    let block = desk.block("Hi\npin: 123456\nBye");
    assert_eq!(block.mistakes.len(), 1);
    assert!(!block.mistakes[0].raw.contains("123456"), "the answer does not repeat it");
    assert_eq!(desk.block("pin: see the label\nHi").pin, None);
}

#[test]
fn without_a_ticket_only_the_desk_is_spoken_to() {
    let desk = Desk::new();
    let block = |text: &str| shown(&read(&desk.without_ticket(), text));
    assert_eq!(block("#list mine"), "1:list mine | ");
    assert_eq!(block("#new\n#customer a@b.example\n#take\nHi"), "1:new 2:customer a@b.example 3:take | Hi");
    assert_eq!(block("#customer a@b.example\nHi"), "1:customer a@b.example | Hi");
    assert_eq!(block("#take\nHi"), "!1:this mail is about no ticket: answer a ticket's mail, or begin with `new` | Hi");
}

#[test]
fn text_and_html_must_say_the_same() {
    let desk = Desk::new();
    let check = |text: &str, html: &str, same: bool, agree: Option<&str>| {
        let (text, html) = (desk.block(text), desk.block(html));
        assert_eq!(same_block(&text, &html), same);
        assert_eq!(agreed(&text, &html).map(shown).as_deref(), agree);
    };
    check("#take\n#close it\nHi", "#take\n\n#close  it\n\nHi", true, Some("1:take 2:close it | Hi"));
    check("#take\nHi", "#take\n#close\nHi", false, None);
    check("Hi", "#close\nHi", false, None);
    check("#asign x\nHi", "#assign maya\nHi", false, None);
    let long = "#note the customer told me on the phone that the probe was replaced by";
    let whole = format!("{long} her colleague\n\nHi");
    let expect = format!("1:{} her colleague | Hi", &long[1..]);
    check(&format!("{long}\nher colleague\n\nHi"), &whole, false, Some(&expect));
    let whole = format!("Hi\n\n{long} her colleague");
    let expect = format!("3:{} her colleague | Hi", &long[1..]);
    check(&format!("Hi\n\n{long}\nher colleague"), &whole, false, Some(&expect));
    check("Hi #close", "Hi\n#close", false, None);
}
