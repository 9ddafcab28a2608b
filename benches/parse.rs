//! What reading a mail costs, beside the bare MIME parse of the same mails by `mail_parser`: `cargo bench --bench parse`.
//!
//! The whole reading is all that happens to a mail before something is decided: parse, text, cut, class, fields and 200
//! rule patterns. Bare and whole rounds alternate within one run and time on a processor counts, so that neither the speed
//! of the machine nor its neighbours matter. The second half reads bodies of growing size: the time per megabyte stays the
//! same, whatever the body is made of.
#![expect(clippy::print_stdout, reason = "a bench reports")]
#![allow(missing_docs, unused_crate_dependencies, reason = "made by the macro")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use desk::field::{self, FieldSources};
use desk::pattern::{Pattern, compile_exact};
use desk::policy::{Field, FieldKind, TicketType};
use desk::rule::{Actions, Condition, Rule, RuleBook, RuleView, Target, Test};
use desk::{Priority, Status};
use mail::machine::{self, Around};

/// The whole reading costs at most this many bare parses.
const RATIO_MAX: f64 = 4.0;
/// The time per megabyte of the largest body is at most this many times that of the smallest: beyond it is no noise.
const GROWTH_MAX: f64 = 2.0;
/// Rounds over the samples.
const ROUNDS: u32 = 100;
/// Rounds over the largest bodies; smaller ones are read so much more often that the sum of their times is as long.
const GROWTH_ROUNDS: usize = 3;
/// Sizes of growing bodies.
const SIZES_KB: [usize; 3] = [100, 1_000, 5_000];
/// Mails of the mixture of [`support::mail`].
const TYPICAL_MAILS: u32 = 400;
/// Rule patterns sought in each mail.
const PATTERNS: usize = 200;

fn main() {
    let reader = Reader::new();
    let corpus = samples(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus"));
    let typical: Vec<Vec<u8>> = (0..TYPICAL_MAILS).map(support::mail).collect();
    let ratios = [("corpus", &corpus), ("typical", &typical)].map(|(name, mails)| ratio(name, mails, &reader));
    let is_flat = print_growth(&reader);
    let worst = ratios.into_iter().fold(0.0, f64::max);
    assert!(worst <= RATIO_MAX, "reading costs {worst:.2} bare parses, at most {RATIO_MAX} are allowed");
    assert!(is_flat, "the time per megabyte grows with the size");
}

/// Prints what the whole reading costs beside the bare parse, and what its stages are.
fn ratio(name: &str, mails: &[Vec<u8>], reader: &Reader) -> f64 {
    let bare = |raw: &[u8]| {
        black_box(mail_parser::MessageParser::default().parse(black_box(raw)));
    };
    let parsed = |raw: &[u8]| {
        black_box(mail::parse(black_box(raw)));
    };
    let whole = |raw: &[u8]| {
        black_box(reader.read(black_box(raw)));
    };
    let [bare, parsed, whole] = time(mails, [&bare, &parsed, &whole], ROUNDS);
    let ratio = whole.as_secs_f64() / bare.as_secs_f64();
    let bytes: usize = mails.iter().map(Vec::len).sum();
    println!("{name}: {} mails, mean {:.1} KB", mails.len(), bytes as f64 / mails.len() as f64 / 1_000.0);
    println!("  bare  {bare:>10.2?}");
    println!("  parse {parsed:>10.2?}  {:.2} x bare", parsed.as_secs_f64() / bare.as_secs_f64());
    println!("  whole {whole:>10.2?}  {ratio:.2} x bare (at most {RATIO_MAX})");
    ratio
}

/// Bodies of growing size: text and HTML as people write it, then the shapes that invite a reader to look again and again.
fn print_growth(reader: &Reader) -> bool {
    let line = "The printer on the second floor of building 4 shows E42 again, please have a look.";
    let shapes: [(&str, &str, String); 17] = [
        ("plain", "plain", format!("{line}\r\n")),
        ("html", "html", format!("<p>{line} <a href=\"https://x.example\">more</a></p>\r\n")),
        ("one line", "plain", format!("{line} ")),
        ("quote marks", "plain", "> ".to_owned()),
        ("quoted lines", "plain", format!("> {line}\r\n")),
        ("quotes and answers", "plain", format!("> {line}\r\n\r\nYes.\r\n\r\n")),
        ("introductions", "plain", "On Mon, Apr 2, 2012 at 6:26 PM, Ann <ann@x.example> wrote:\r\n".to_owned()),
        ("headers", "plain", "From: Ann\r\n".to_owned()),
        ("header blocks", "plain", "From: Ann <a@x.example>\r\nSent: Monday\r\nTo: Bob\r\n\r\n".to_owned()),
        ("forwards", "plain", "---------- Forwarded message ---------\r\n".to_owned()),
        ("rules", "plain", "-----\r\n".to_owned()),
        ("signatures", "plain", "-- \r\nAnn Other\r\n".to_owned()),
        ("empty lines", "plain", "\r\n".to_owned()),
        ("table cells", "html", "<table><tr><td>a</td><td>b</td></tr></table>".to_owned()),
        ("links", "html", "<a href=\"https://x.example/y\">z</a>".to_owned()),
        ("spaces", "html", "&nbsp;".to_owned()),
        ("deep quotes", "html", "<blockquote><div>x".to_owned()),
    ];
    let mut is_flat = true;
    println!("growth, ms/MB at {SIZES_KB:?} kB");
    for (name, kind, piece) in &shapes {
        let costs = SIZES_KB.map(|kilobytes| {
            let body = piece.repeat(kilobytes * 1_000 / piece.len());
            let mail = format!("From: a@x.example\r\nSubject: x\r\nContent-Type: text/{kind}\r\n\r\n{body}").into_bytes();
            let read = |raw: &[u8]| {
                black_box(reader.read(raw));
            };
            let rounds = GROWTH_ROUNDS.max(SIZES_KB[2] * 2 / kilobytes);
            let [time] = time(&[mail], [&read], u32::try_from(rounds).unwrap_or(u32::MAX));
            time.as_secs_f64() * 1e6 / kilobytes as f64
        });
        let growth = costs[2] / costs[0];
        is_flat &= growth <= GROWTH_MAX;
        println!("  {name:<20}{:>8.2}{:>8.2}{:>8.2}   x {growth:.2}", costs[0], costs[1], costs[2]);
    }
    is_flat
}

/// Everything that reads a mail, compiled once as in the daemon.
struct Reader {
    rules: RuleBook,
    ticket_type: TicketType,
}

impl Reader {
    fn new() -> Self {
        let rules = (0..PATTERNS).map(rule).collect();
        Self { rules: RuleBook::new(rules).expect("the patterns are small"), ticket_type: ticket_type() }
    }

    /// Returns how many rules matched and how many fields were found.
    fn read(&self, raw: &[u8]) -> (mail::Parsed, usize, usize) {
        let parsed = mail::parse(raw);
        let message = &parsed.message;
        black_box(machine::classify(message, &Around::default()));
        let sources = FieldSources {
            form: None,
            subject: &message.subject,
            text: &message.reply.new_text,
            attachments: message.attachments.iter().map(|file| file.name.as_str()).collect(),
            today: jiff::civil::date(2026, 11, 16),
        };
        let extracted = field::extract(&self.ticket_type, &BTreeMap::new(), &sources);
        let found = extracted.fields.len();
        let outcomes = self.rules.run(&mut view(message, raw.len(), extracted.fields), false, |_, _, _| {});
        let matched = outcomes.iter().filter(|outcome| outcome.matched).count();
        (parsed, matched, found)
    }
}

/// As the daemon builds it for a new ticket.
fn view(message: &mail::Message, bytes: usize, fields: BTreeMap<desk::FieldId, desk::ticket::FieldValue>) -> RuleView<'_> {
    RuleView {
        from: message.from.iter().map(|mailbox| &mailbox.address).collect(),
        to: message.to.iter().map(|mailbox| &mailbox.address).chain(&message.delivered_to).collect(),
        cc: message.cc.iter().map(|mailbox| &mailbox.address).collect(),
        arrived_at: "support".into(),
        subject: &message.subject,
        text: &message.reply.new_text,
        any_text: &message.text,
        attachments: message.attachments.iter().map(|file| (file.name.as_str(), file.bytes)).collect(),
        headers: &message.headers,
        bytes: bytes as u64,
        authenticated: false,
        at: jiff::Timestamp::UNIX_EPOCH,
        contact_tickets: 0,
        language: message.language.as_deref(),
        ticket_type: "question".into(),
        team: None,
        inbox: "support".into(),
        priority: Priority::Normal,
        status: Status::New,
        tags: BTreeSet::new(),
        owner: None,
        fields,
    }
}

/// Half of the patterns are words and half regular expressions, as operators write them: products, numbers, phrases.
fn rule(number: usize) -> Rule {
    const THINGS: [&str; 20] = [
        "invoice",
        "refund",
        "contract",
        "password",
        "delivery",
        "warranty",
        "licence",
        "cartridge",
        "scanner",
        "router",
        "voucher",
        "payroll",
        "holiday",
        "laptop",
        "projector",
        "badge",
        "toner",
        "lease",
        "courier",
        "pallet",
    ];
    const ACTS: [&str; 5] = ["cancel", "broken", "missing", "renew", "urgent"];
    let (thing, act) = (THINGS[number % 20], ACTS[number / 40 % 5]);
    let source = match number / 20 % 2 {
        0 => format!("{thing} {act}"),
        _ => match number % 4 {
            0 => format!(r"~ \b{thing}\s+(?:is|was|has been)\s+{act}\b"),
            1 => format!(r"~ \b{act}(?:ed|ing|led|ling)?\b.{{0,40}}\b{thing}s?\b"),
            2 => format!(r"~ \b{thing}\s*(?:no\.?|number|#)?\s*(?<no>\d{{4,10}})\b"),
            _ => format!(r"~ ^{act}:\s.*\b{thing}\b"),
        },
    };
    let pattern = Pattern::new(&source).expect("a fixed pattern");
    let when = Condition { tests: vec![Test::Pattern(Target::Text, vec![pattern])] };
    Rule { name: format!("rule {number}"), line: 1, on_reply: false, when, then: Actions::default() }
}

fn ticket_type() -> TicketType {
    let field = |id: &str, ask: &str, label: &str, find: Option<&str>| Field {
        id: id.into(),
        ask: ask.to_owned(),
        asks: std::collections::BTreeMap::new(),
        kind: FieldKind::Text,
        find: find.and_then(|find| compile_exact(find).ok()),
        labels: vec![label.to_owned()],
        matches: None,
        options: Vec::new(),
        required: true,
        agents_only: false,
    };
    TicketType {
        name: "question".into(),
        label: "Question".to_owned(),
        fields: vec![
            field("serial", "What is the serial number on the back?", "Serial", Some(r"\bFH-\d{5}\b")),
            field("firmware", "Which firmware runs?", "Firmware", Some(r"(?i)\bfirmware\s+v?(?<value>\d+(?:\.\d+)+)")),
            field("order", "What is your order number?", "Order", Some(r"(?i)\border\s+(?:no\.?\s*|#)?(?<value>\d{5,})\b")),
            field("site", "Where does it stand?", "Site", None),
        ],
        steps: Vec::new(),
        close_asks: Vec::new(),
        policy: std::collections::BTreeMap::new(),
    }
}

/// Reads one mail and drops what it says.
type Act<'a> = &'a dyn Fn(&[u8]);

/// The mean time of a round over all mails, for each of several readers in turn.
///
/// The kernel counts in ticks of some milliseconds, so what counts is the sum over the rounds and not the fastest of them.
fn time<const N: usize>(mails: &[Vec<u8>], readers: [Act<'_>; N], rounds: u32) -> [Duration; N] {
    let mut sums = [Duration::ZERO; N];
    for _ in 0..rounds {
        for (read, sum) in readers.iter().zip(&mut sums) {
            let (start, start_on_processor) = (Instant::now(), on_processor());
            mails.iter().for_each(|raw| read(raw));
            let on_processor = on_processor().zip(start_on_processor).map(|(end, start)| end.saturating_sub(start));
            *sum += on_processor.unwrap_or_else(|| start.elapsed());
        }
    }
    sums.map(|sum| sum / rounds)
}

/// Time that this thread has spent on a processor, where the kernel counts it: waiting for the neighbours is none.
fn on_processor() -> Option<Duration> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    counted.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// All mails below a folder, in the order of their names.
fn samples(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the samples are part of the repository").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| std::fs::read(path).expect("the sample is a file")).collect()
}
