//! Words of the sender in places where others have their signature or history: what is cut must not take them along.
#![allow(missing_docs, unused_crate_dependencies)]

use mail::Reply;
use mail::reply_cut::{CutInput, cut};

fn answer(text: &str) -> Reply {
    cut(&CutInput { text, is_answer: true, from_name: Some("Ann Berg"), subject: "Re: Parcel", ..CutInput::default() })
}

#[track_caller]
fn check(text: &str, new_text: &str) {
    assert_eq!(answer(text).new_text, new_text, "{text}");
}

#[track_caller]
fn check_kept(text: &str) {
    check(text, text);
}

#[test]
fn the_signature_of_a_quote_is_its_own() {
    check_kept("> Which model?\n\nThe X200.\n\n> Since when?\n>\n> Kind regards\n> Bob\n\nSince April.");
    let introduced = "On 3 Jun 2019, Bob wrote:\n";
    let answered =
        "> Which model?\n\nThe X200.\n\n> Since when?\n>\n> -- \n> Bob\n\nSince April, I think. The shop gave me the old one.";
    check(&format!("{introduced}{answered}"), &answered.replace("-- \n", "--\n"));
    let from_phone =
        "> Which model?\n\nThe X200.\n\n> Since when?\n>\n> Sent from my phone\n\nSince April. Is it still under guarantee?";
    check(&format!("{introduced}{from_phone}"), from_phone);
    // The sender's own behind it is found.
    check(&format!("{introduced}> Which model?\n\nThe X200.\n\nKind regards\nAnn"), "The X200.");
}

#[test]
fn an_afterthought_stands_below_the_line_of_a_phone() {
    check_kept("The lid fits now.\n\nSent from my iPhone\n\nOh, I forgot: the order number is 771.");
    // A mail without marks greets.
    check("The lid fits now.\n\nSent from my iPhone\n\nHello Ann,\n\ndoes the lid fit?", "The lid fits now.");
}

#[test]
fn what_follows_a_name_may_be_said() {
    for addition in [
        "P.S. The door code is 4711.",
        "PD: la puerta es azul",
        "Where is the bill?",
        "I have attached the photo.",
        "- the ring\n- the screws",
    ] {
        check_kept(&format!("The lid fits now.\n\nBest regards,\nAnn\n\n{addition}"));
    }
    check_kept("The lid fits now.\n\n--\nAnn\n\nPS: The door code is 4711.");
    check(
        "Total: 20 euro.\nThanks again!\nMy address is still\nMill Lane 7\n\nBest regards,\nAnn",
        "Total: 20 euro.\nThanks again!\nMy address is still\nMill Lane 7",
    );
    check("The lid fits now.\n\nThanks!\nAnn van Berg\n\nAcme Ltd.", "The lid fits now.");
}

#[test]
fn a_card_that_is_announced_is_said() {
    let card = "Petra Klein\nMill Lane 7\nTel: 030 5550 123\nFax: 030 5550 124\nwww.klein.example";
    check_kept(&format!("Please use this address from now on.\n\n{card}"));
    check_kept(&format!("The new address is\n\n{card}"));
    check(&format!("The lid fits now.\n\n{card}"), "The lid fits now.");
}

#[test]
fn answers_within_an_unmarked_mail_are_kept_with_it() {
    let block = "From: Bob <bob@desk.example>\nSent: Monday, June 3, 2019 9:00 AM\nTo: Ann\nSubject: Parcel\n\nWhich model?\n[Ann] The X200";
    for said in ["Please see my answers inline.", "Antworten siehe unten.", "Réponses dans le texte."] {
        let text = format!("{said}\n\n{block}");
        let reply = answer(&text);
        assert_eq!((reply.new_text.as_str(), reply.whole_kept, reply.forward), (text.as_str(), true, None));
    }
    check(&format!("Thanks for your answers.\n\n{block}"), "Thanks for your answers.");
}

#[test]
fn a_separator_within_a_sentence_is_part_of_it() {
    check_kept("We get the words ----- Original Message ----- twice in each mail.\nCan you mend that?");
    check_kept("The text \"---------- Forwarded message ----------\" is shown.\nWhy?");
    check_kept("---------- Forwarded message ---------- stands in each subject.\nWhy?");
    check_kept("Begin forwarded message:\nis what I always see. Why?");
    check_kept("At 9:00 on Monday, Mr Miller wrote me a ticket for parking:\n\n45 euro.");
    check("Yes. -----Original Message----- From: Bob <bob@desk.example> Sent: Monday To: Ann", "Yes.");
}

#[test]
fn labels_without_an_address_or_a_time_are_a_form() {
    check_kept("Please fill it in like this:\n\nFrom: Hamburg\nTo: Bremen\nSubject: 2 pallets of soil\n\nPlease book the truck.");
    check_kept(
        "From the log:\n\nReceived: by mx.desk.example; Mon, 24 Nov 2025 07:31:02 -0800\nFrom: News <news@desk.example>\nTo: ann@x.example\nSubject: News\nDate: Mon, 24 Nov 2025 07:31:00 -0800\n\nIs it yours?",
    );
    check_kept(
        "The config:\n\nfrom: shop@x.example\nto: orders@x.example\nsubject: New order\nhost = mx.x.example\n\nWhat is missing?",
    );
    check_kept("It should be:\n\nFrom: shop@x.example\nSubject: Your order\n\nI looked for it.");
    check_kept("Bitte umbuchen:\n\nVon: Frankfurt\nAn: Lissabon\nDatum: 28.11.2025\nBetreff: Buchung X7\n\nWas kostet das?");
    check_kept("Order form\nFrom: Berg Garden\nSent: by truck\nTo: Mill Lane 7\nSubject: soil\n\nPlease confirm it by Friday.");
    check("Yes.\n\nFrom: Bob\nSent: Monday, June 3, 2019 9:00 AM\nTo: Ann\nSubject: Parcel\n\nDoes it fit?", "Yes.");
}

#[test]
fn what_is_told_of_others_is_no_introduction() {
    check_kept("What exactly do you mean with what you wrote:\n\n> the warranty is three years\n\nIs it so for lids?");
    check_kept(
        "Your colleague Petr wrote to me last week:\n\n> the warranty is three years\n\nand now it is two. Which is right?",
    );
    check_kept("Le 24 novembre 2025 à 16:31, votre technicien a écrit :\n« remplacez le joint »\n\nJe l'ai fait.");
    let told = "On Nov 20, 2025, Tim wrote:\n\n\"by Monday\"\n\nIt was not. What now?";
    let history = "On Mon, Nov 24, 2025 at 4:31 PM Bob <bob@desk.example> wrote:\n\n> Does it fit?";
    check(&format!("{told}\n\n{history}"), told);
    check("It does.\n\nOn Mon, 24 Nov 2025, Bob Miller wrote:\n\n> Does it fit?", "It does.");
}

#[test]
fn prose_below_dashes_is_no_signature() {
    let prose = "The lamp was bought on 3 March and broke on 4 March. It was never moved, and the bulb is new. I have the receipt and the box.";
    check_kept(&format!("First the facts:\n\n--\n\n{prose}\n\n--\n\nDo I send it to you?"));
    check_kept("The dump begins so:\n\n--\n-- Name: orders\n--\n\nSET timeout = 0;\n\n--\n-- Data\n--\n\nand then hangs.");
    check("It does.\n\n--\nAnn Berg\nBerg Garden Ltd", "It does.");
    check(
        "It does.\n\n--\nYou get this mail as a member of the list. To leave it, write to leave@lists.example. Its rules are on the page.",
        "It does.",
    );
}

#[test]
fn an_address_that_was_asked_for_is_said() {
    check_kept("Hello,\n\nAnn Berg\nMill Lane 12\n602 00 Brno\n+420 541 555 010");
    check("Hello,\n\nKind regards\nAnn Berg\n+420 541 555 010", "Hello,");
}

#[test]
fn the_sender_goes_on_behind_a_signature_that_the_client_marked() {
    let signed = "<p>It does.</p><div class=\"moz-signature\">-- <br>Ann</div>";
    let read = |html: &str| cut(&CutInput { html: Some(html), is_text_from_html: true, ..CutInput::default() }).new_text;
    assert_eq!(read(signed), "It does.");
    assert_eq!(read(&format!("{signed}<p>One more: the lid is red.</p>")), "It does.\n\n--\nAnn\n\nOne more: the lid is red.");
}

#[test]
fn the_sender_goes_on_behind_the_container_of_a_forward() {
    let html = "<div>Look:</div><div class=\"moz-forward-container\">-------- Forwarded Message --------<br>From: Bob &lt;bob@desk.example&gt;<br>\
                Subject: Lid<br><br>Does it fit?</div><div>Can you answer him?</div>";
    let reply = cut(&CutInput { html: Some(html), subject: "Fwd: Lid", is_text_from_html: true, ..CutInput::default() });
    assert_eq!(reply.new_text, "Look:\n\nCan you answer him?");
    assert_eq!(reply.forward.map(|forward| forward.text).as_deref(), Some("Does it fit?"));
}

#[test]
fn marks_in_a_first_mail_are_the_senders() {
    fn first(subject: &str, text: &str) -> String {
        cut(&CutInput { text, subject, from_name: Some("Ann Berg"), ..CutInput::default() }).new_text
    }
    for text in [
        "The motor carries\n\n>30 kg, says the page.",
        "Does it fit? The page says:\n\n> The lid is 30 cm wide.",
        ">>> import box\nError: closed\n\nWhat does it mean?",
    ] {
        assert_eq!(first("Broken lid", text), text);
        for subject in ["Re: Broken lid", "[desk] AW: Broken lid", ""] {
            assert_ne!(first(subject, text), text, "{subject}");
        }
    }
    for quote in ["> Does it fit?", "> On 3 Jun 2019, at 09:00, Bob <bob@desk.example> wrote:\n>\n> Does it fit?"] {
        assert_eq!(first("Broken lid", &format!("It does.\n\n{quote}")), "It does.");
    }
    let introduced = "It does.\n\nOn Mon, Apr 2, 2012 at 6:26 PM, Bob <bob@desk.example> wrote:\n> Does it fit?";
    assert_eq!(first("Broken lid", introduced), "It does.");
    let html = "<div>The page says:</div><blockquote>closed</blockquote>";
    let text = "The page says:\n\nclosed";
    let input = CutInput { text, html: Some(html), subject: "Broken lid", is_text_from_html: true, ..CutInput::default() };
    assert!(cut(&input).elided.is_empty());
}

#[test]
fn separators_and_introductions_of_more_programs() {
    for history in [
        "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Monday, June 3, 2019 9:00 AM, Bob <bob@desk.example> wrote:\n\n> Does it fit?",
        "[Original Message]\nFrom: Bob <bob@desk.example>\nTo: Ann\nSubject: Parcel\n\nDoes it fit?",
        "Bob Miller ---03/06/2009 09:00:00---Parcel\n\nFrom:\tBob <bob@desk.example>\nTo:\tAnn\nSubject:\tParcel\n\nDoes it fit?",
        "Date sent:      \tMon, 3 Jun 2002 09:00:00 +0200\nFrom:           \tBob <bob@desk.example>\nSubject:        \tParcel\n\n> Does it fit?",
        "\"Bob\" <bob@desk.example> wrote in message\nnews:4f.22@news.example...\n> Does it fit?",
        ">>> Bob <bob@desk.example> schrieb am 03.06.2019 um 09:00 in Nachricht <4A@desk.example>:\nDoes it fit?",
        "----- Bob <bob@desk.example> schrieb am 03.06.2009 09:00 -----\n\nDoes it fit?",
        "Bob <bob@desk.example> 於 2019年6月3日 (週一) 9:00 AM 寫道﹕\n\nDoes it fit?",
        "Začátek přeposílané zprávy:\n\nOd: Bob <bob@desk.example>\nPředmět: Balík\nDatum: 3. června 2019 9:00:00\nKomu: ann@x.example\n\nDoes it fit?",
        "Reply above this line.\n\nBob commented:\n\nDoes it fit?",
    ] {
        check(&format!("Yes, it does.\n\n{history}"), "Yes, it does.");
    }
    let reply = answer(
        "Yes, it does.\n\n--- On Mon, 6/3/09, Bob <bob@desk.example> wrote:\n\nFrom: Bob <bob@desk.example>\nSubject: Parcel\nTo: ann@x.example\n\nDoes it fit?",
    );
    assert_eq!((reply.new_text.as_str(), reply.forward), ("Yes, it does.", None));
}
