//! What kind of machine wrote a mail: how headers are written decides nothing, and a sign more never suppresses less.
#![no_main]

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;
use mail::machine::{Around, MachineOutcome, Verdict, classify};

/// The verdict on a mail; the detail is left out, since it quotes the header as written.
fn judged(raw: &[u8]) -> Verdict {
    Verdict { detail: String::new(), ..classify(&mail::parse(raw).message, &Around::default()) }
}

/// The row with one more header, which stands on top.
fn row_with(header: &str, raw: &[u8]) -> u8 {
    judged(&[header.as_bytes(), b"\nX-Next: 1\n", raw].concat()).row
}

fuzz_target!(|raw: &[u8]| {
    let unix = law::with_line_feeds(raw);
    let message = mail::parse(&unix).message;
    let verdict = classify(&message, &Around::default());
    assert!((1..=18).contains(&verdict.row));
    law::assert_one_line(&verdict.detail);
    let verdict = Verdict { detail: String::new(), ..verdict };
    match raw.len() % 6 {
        0 if law::is_plain(&unix) => assert_eq!(judged(&law::with_upper_names(&unix)), verdict),
        1 if law::is_plain(&unix) => assert_eq!(judged(&law::with_folding(&unix)), verdict),
        2 if law::is_plain(&unix) => assert_eq!(judged(&law::with_carriage_returns(&unix)), verdict),
        3 => assert!(row_with("Auto-Submitted: auto-replied", &unix) <= 8),
        4 => assert!(row_with("List-Id: <l.x.example>", &unix) <= 11),
        _ => {
            let silent = classify(&message, &Around { muted: true, ..Around::default() });
            assert_ne!(silent.outcome, MachineOutcome::Ticket);
            let own_addresses = message.from.iter().map(|mailbox| mailbox.address.folded()).collect();
            let around = Around { own_addresses, ..Around::default() };
            assert!(message.from.is_empty() || classify(&message, &around).row <= 13);
            assert_eq!(classify(&message, &Around { ours: true, ..Around::default() }).row, 1);
        }
    }
});
