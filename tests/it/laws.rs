//! Laws of a ticket under any order of what happens to it and any clock: who is waited on is accounted for to the second,
//! automatic mail to a person has an end, and a timer fires once, whenever the desk dies.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use desk::command::{Closing, Command};
use desk::event::{Actor, Place, SenderProof};
use desk::{Purpose, Status, Ticket, TicketNo};
use frontdesk::engine::Live;
use frontdesk::engine::core::Core;
use frontdesk::engine::read::read_here;
use frontdesk::store::{Cause, DiskStore, OpenOptions, Store};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, id_of};
use crate::harness::office::{SUPPORT, letter, vouched};
use crate::harness::wait::wait_for;

const DANA: &str = "Dana Okafor <dana@x.example>";
const DANA_ADDRESS: &str = "dana@x.example";
const SECTIONS: &str = "[inbox]\nsupport = { address = \"support@acme.example\", type = \"fault\", sla = \"fast\" }\n\
    [calendar.office]\nhours = { mon-thu = \"09:00-17:30\", fri = \"09:00-16:00\" }\nclosed = [\"2026-12-24..2027-01-01\"]\n\
    timezone = \"Europe/London\"\n\
    [sla.fast]\ncalendar = \"office\"\nfirst_response = { normal = \"4h\" }\nnext_response = { normal = \"1bd\" }\n\
    [vendor.northgate]\nname = \"Northgate\"\nemail = \"help@northgate.example\"\n\
    [type.fault]\nfields = [{ id = \"site\", ask = \"Where is it\", required = true }]\n\
    steps = [{ id = \"repair\", within = \"4h\" }, { id = \"confirm\", waits_on = \"customer\" }]\n\
    [follow_up]\nsilent = [{ after = \"2bd\", send = \"nudge\" }, { after = \"5bd\", send = \"closing-soon\" }, { after = \"8bd\", close = \"no answer\" }]\n\
    closed = { send = \"closed\", rating = \"1 per 30d\" }\ncheck_in = { after = \"5bd\", send = \"check-in\" }\n";

/// Automatic mails that one ticket can cause while nobody does anything: two reminders, the closing, the check-in, three new
/// times for one promise.
const IN_SILENCE_MAX: usize = 2 + 1 + 1 + 3;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Says(&'static str),
    Replies,
    Closes,
    Waits,
    Snoozes,
    AsksVendor,
    Takes,
    Passes(i64),
}

fn happening(minutes: std::ops::Range<i64>) -> impl Strategy<Value = Happening> {
    let says = prop::sample::select(vec!["Thanks!", "Yes", "No, it is broken.", "status", "Is there any news?", "1: Leeds"]);
    prop_oneof![
        3 => says.prop_map(Happening::Says),
        2 => Just(Happening::Replies),
        1 => Just(Happening::Closes),
        1 => Just(Happening::Waits),
        1 => Just(Happening::Snoozes),
        1 => Just(Happening::AsksVendor),
        1 => Just(Happening::Takes),
        4 => minutes.prop_map(Happening::Passes),
    ]
}

/// A desk with Dana's request.
fn begun(live: &Arc<Live>) -> Bare {
    let mut desk = Bare::new(live);
    desk.receive(&vouched(mails::request(letter(DANA, "The meter shows nothing", "d0@x.example"), "It was fine yesterday.\n")));
    desk
}

fn happen(desk: &mut Bare, number: usize, happening: Happening) {
    let ana = || Actor::Agent("ana".into());
    let no = TicketNo(1);
    let command = match happening {
        Happening::Passes(minutes) => return desk.pass(SignedDuration::from_mins(minutes)),
        Happening::Says(words) => {
            let newest = desk.received(DANA_ADDRESS).last().and_then(|mail| id_of(mail)).unwrap_or_default();
            let id = format!("d{number}-{}@x.example", desk.now.as_second());
            let basics = mails::Basics { to: SUPPORT, ..letter(DANA, "Re: The meter", &id) };
            desk.receive(&vouched(mails::reply(basics, &newest, &["d0@x.example"], &format!("{words}\n"))));
            return;
        }
        Happening::Replies => Command::Reply { text: format!("Answer {number}: is it better?") },
        Happening::Closes => Command::Close(Closing { anyway: Some("done".to_owned()), ..Closing::default() }),
        Happening::Waits => Command::Wait,
        Happening::Snoozes => Command::Snooze { until: desk.now + SignedDuration::from_hours(30) },
        Happening::AsksVendor => Command::AskVendor { vendor: "northgate".into(), text: "Please look.".to_owned() },
        Happening::Takes => Command::Take,
    };
    // What the status forbids is refused, and nothing happens.
    desk.command(no, ana(), command);
}

fn automatic(desk: &Bare) -> usize {
    let to_dana = desk.sent.iter().filter(|sent| sent.to == DANA_ADDRESS);
    to_dana.filter(|sent| matches!(sent.purpose, Purpose::Acknowledgement | Purpose::FollowUp)).count()
}

/// Whose time a minute is, told by the ticket alone, and by nothing of the ledger's own code.
fn party(ticket: &Ticket, is_open: bool) -> usize {
    let waits_on_vendor = ticket.side_threads.values().any(|thread| thread.asked_at.is_some());
    match ticket.status {
        Status::Pending => 1,
        Status::OnHold if waits_on_vendor => 2,
        Status::Solved | Status::Closed => 4,
        Status::New | Status::Open | Status::OnHold if is_open => 0,
        Status::New | Status::Open | Status::OnHold => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_is_what_counting_minute_by_minute_gives(happenings in prop::collection::vec(happening(1..3_000), 1..14)) {
        let live = live(SECTIONS);
        let mut desk = begun(&live);
        let calendar = &live.policy.calendars["office"];
        let mut counted = [0_i64; 5];
        let mut since = desk.ticket(1).created_at;
        for (number, happening) in happenings.into_iter().enumerate() {
            let passes = if let Happening::Passes(minutes) = happening { minutes } else { 0 };
            // Timers fire on the way, so time passes minute by minute here too.
            for _ in 0..passes {
                let ticket = desk.ticket(1);
                desk.pass(SignedDuration::from_mins(1));
                let seconds = since.duration_until(desk.now).as_secs();
                counted[party(&ticket, calendar.is_open(since))] += seconds;
                since = desk.now;
            }
            let ticket = desk.ticket(1);
            if passes == 0 {
                happen(&mut desk, number, happening);
            }
            let seconds = since.duration_until(desk.now).as_secs();
            counted[party(&ticket, calendar.is_open(since))] += seconds;
            since = desk.now;
        }
        // The ledger is written with the next change.
        desk.command(TicketNo(1), Actor::Agent("ana".into()), Command::Note { text: "The end.".to_owned() });
        let ticket = desk.ticket(1);
        let shares = ticket.ledger.shares().map(|(_, time)| time.as_secs());
        prop_assert_eq!(shares.iter().sum::<i64>(), ticket.created_at.duration_until(ticket.ledger.until).as_secs());
        // A minute at an edge of the hours, or in which something happened, may be counted for either side.
        for (share, count) in shares.iter().zip(counted) {
            prop_assert!((share - count).abs() <= 60 * 16, "{:?} and {:?}", shares, counted);
        }
    }

    #[test]
    fn automatic_mail_to_a_person_has_an_end_under_any_clock(
        happenings in prop::collection::vec(happening(-600_000..600_000), 0..16),
        silence in prop::collection::vec(-600_000..600_000_i64, 1..60),
    ) {
        let mut desk = begun(&live(SECTIONS));
        let mut acts = 0;
        for (number, happening) in happenings.into_iter().enumerate() {
            acts += usize::from(!matches!(happening, Happening::Passes(_)));
            happen(&mut desk, number, happening);
        }
        let tickets = desk.tickets();
        // Each mail and each act is answered once at most, and begins one silence and one wait at most.
        let before = automatic(&desk);
        prop_assert!(before <= tickets + acts + (acts + tickets) * IN_SILENCE_MAX, "{before} after {acts} acts");
        // From here on nobody does anything, and the clock does what it wants.
        for minutes in silence {
            desk.pass(SignedDuration::from_mins(minutes));
        }
        let after = automatic(&desk) - before;
        prop_assert!(after <= tickets * IN_SILENCE_MAX, "{after} mails of {tickets} tickets while nobody did anything");
        prop_assert_eq!(desk.tickets(), tickets);
    }
}

fn open(dir: &Path) -> Arc<DiskStore> {
    // A child of another test may hold the lock for the moment between its fork and its exec.
    let options = OpenOptions { reserve_bytes: 0, ..OpenOptions::default() };
    Arc::new(wait_for("the store to open", Duration::from_secs(10), || DiskStore::open(dir, options, &mut |_, _| {}).ok()))
}

fn question(core: &mut Core, now: Timestamp, uid: u32) {
    let raw = format!(
        "From: c{uid}@x{uid}.example\r\nTo: support@acme.example\r\nSubject: Meter {uid}\r\nMessage-ID: <{uid}@x.example>\r\n\r\n\
         It shows nothing.\r\n"
    );
    let hash = core.store().keep(&[raw.as_bytes()]).expect("kept")[0];
    let mut reading = read_here(hash, raw.as_bytes(), &[]);
    reading.proof = SenderProof::Proven { by: "a test".to_owned() };
    let place = Place { account: "main".into(), mailbox: "INBOX".to_owned(), uid_validity: 1, uid };
    core.mail(now, &place, false, reading).expect("decided");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Promises of several tickets fall due one after the other; the desk dies before and after flushes, as often as it wants.
    #[test]
    fn a_timer_fires_exactly_once_over_any_crash(
        tickets in 1..8_u32,
        steps in prop::collection::vec((1..4_usize, any::<bool>(), any::<bool>(), 1..240_i64), 4..40),
    ) {
        let live = live(SECTIONS);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut now: Timestamp = "2026-11-23T09:00:00Z".parse().expect("an instant");
        let mut store = open(dir.path());
        let mut core = Core::new(store.clone(), live.clone(), now).expect("takes over");
        (1..=tickets).for_each(|uid| question(&mut core, now, uid));
        store.flush().expect("flushed");
        // In the end long enough for every rung of every ladder, and everything done that is due.
        let last = std::iter::repeat_n((64, true, false, 24 * 60), 40);
        for (some, is_flushed, dies, minutes) in steps.into_iter().chain(last) {
            now += SignedDuration::from_mins(minutes);
            core.timers(now, some).expect("the store works");
            if is_flushed {
                store.flush().expect("flushed");
            }
            if dies {
                drop(core);
                drop(store);
                store = open(dir.path());
                core = Core::new(store.clone(), live.clone(), now).expect("takes over");
            }
        }
        store.flush().expect("flushed");
        for no in (1..=u64::from(tickets)).map(TicketNo) {
            let history = store.history(no).expect("readable");
            let mut fired: BTreeMap<(String, desk::EventId), usize> = BTreeMap::new();
            for decided in &history {
                if let Cause::Timer { kind } = decided.cause {
                    *fired.entry((kind.as_str().to_owned(), decided.event)).or_default() += 1;
                }
            }
            prop_assert!(fired.values().all(|times| *times == 1), "{:?}", fired);
            let told = |kind: &str| history.iter().flat_map(|decided| &decided.decision.history).filter(|line| line.kind == kind).count();
            // Whatever was missed while the desk was down, the break itself is told once, and so is each new time.
            prop_assert_eq!(told("promise_broken"), 1);
            prop_assert!((1..=3).contains(&told("promise_renewed")), "{} new times", told("promise_renewed"));
            prop_assert!(told("promise_near") <= 1 && told("escalated") <= 1);
        }
        let found = store.verify(&mut |_, _| {}).expect("verified");
        prop_assert_eq!(found.differences, Vec::<String>::new());
    }
}
