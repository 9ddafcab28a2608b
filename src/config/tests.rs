//! Shipped files load; broken ones say where and why. Expected text stands beside each broken file; `UPDATE_EXPECT=1`
//! rewrites it, and the diff is read.

use std::path::{Path, PathBuf};

use desk::FieldId;
use proptest::prelude::*;

use super::*;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the repository as if they lay at `/etc/frontdesk`, with the secrets that they name.
fn world(folder: &str) -> Memory {
    fn add(memory: &mut Memory, from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).expect("the folder is in the repository") {
            let path = entry.expect("readable").path();
            let to = to.join(path.file_name().expect("an entry has a name"));
            if path.is_dir() {
                add(memory, &path, &to);
            } else {
                memory.files.insert(to, std::fs::read(&path).expect("readable"));
            }
        }
    }
    let mut memory = Memory::default();
    add(&mut memory, &root().join(folder), Path::new("/etc/frontdesk"));
    memory.variables.insert("CREDENTIALS_DIRECTORY".into(), "/run/credentials".into());
    for (name, bytes) in [("signing-key", KEY), ("m365-secret", b"x"), ("slack-url", b"https://hooks.example/T0/B0\n")] {
        memory.files.insert(Path::new("/run/credentials").join(name), bytes.to_vec());
    }
    memory.files.insert("/etc/frontdesk/signing.key".into(), KEY.to_vec());
    memory.files.insert("/etc/frontdesk/mail.password".into(), b"hunter2\n".to_vec());
    memory.open.push("/etc/frontdesk/open.password".into());
    memory.variables.insert("MAIL_PASSWORD".into(), "hunter2".into());
    memory
}

fn load_shipped(name: &str) -> Loaded {
    let path = Path::new("/etc/frontdesk").join(name);
    match load(&path, &world("config")) {
        Ok(loaded) => loaded,
        Err(problems) => panic!("{}", problems.render(false, "")),
    }
}

#[test]
fn the_reference_example_loads_with_every_key_checked() {
    let loaded = load_shipped("frontdesk.toml");
    let policy = &loaded.policy;
    assert_eq!(policy.company.languages, ["en", "de"]);
    assert_eq!(policy.inboxes.len(), 3);
    assert_eq!(policy.agents.len(), 8);
    assert_eq!(policy.rules.rules().len(), 6);
    assert_eq!(policy.rules.rules()[0].name, "security words go to security");
    assert_eq!(policy.types[&"invoice".into()].fields[0].id, FieldId::from("invoice"));
    assert_eq!(policy.calendars["office"].closed.len(), 11);
    assert_eq!(policy.forms[0].maps["Your e-mail"], "requester");
    assert_eq!(policy.reopen_within, jiff::SignedDuration::from_hours(14 * 24));
    assert!(policy.own_addresses.contains("accounts@fernhill.example"));
    let account = &loaded.config.accounts[&"m365".into()];
    assert_eq!(account.send_rate, Some(Rate { count: 25, per: jiff::SignedDuration::from_mins(1) }));
    assert_eq!(account.send_bytes_max, Some(25_000_000));
    assert!(matches!(&account.smtp, MailSink::Smtp(host) if host.port == 587 && host.security == Security::StartTls));
    assert_eq!(loaded.config.tests.len(), 6);
    assert_eq!(loaded.warnings, []);
    let notes: Vec<_> = loaded.notes.iter().map(|note| note.code).collect();
    assert_eq!(notes, ["N401", "N402", "N402", "N402"], "{:#?}", loaded.notes);
    assert_eq!(policy.knowledge.issues[0].tell, "issue", "there is no text of that name");
    assert_eq!(policy.knowledge.articles.all().len(), 1);
}

#[test]
fn the_minimal_file_has_defaults_for_everything_else() {
    let loaded = load_shipped("minimal.toml");
    let inbox = &loaded.policy.inboxes[&"support".into()];
    assert_eq!((inbox.team.as_str(), inbox.ticket_type.as_str(), inbox.account.as_str()), ("everyone", "request", "main"));
    assert_eq!((inbox.ack.as_deref(), inbox.label.as_str()), (Some("ack"), "Acme Support"));
    assert_eq!(loaded.policy.teams[&"everyone".into()].members, ["ana".into()]);
    assert!(loaded.policy.calendars.contains_key("always"));
    let watch = &loaded.config.inboxes[&"support".into()];
    assert_eq!((watch.folder.as_str(), &watch.done, watch.since), ("INBOX", &Done::Keep, Since::Now));
    let account = &loaded.config.accounts[&"main".into()];
    assert_eq!(account.poll, jiff::SignedDuration::from_secs(30));
    assert!(matches!(&account.auth, Auth::Password { secret, .. } if secret.expose() == "hunter2"));
    assert_eq!(loaded.config.server.store, StoreKind::Sled { path: "/etc/frontdesk/state".into() });
    let warnings: Vec<_> = loaded.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!((warnings, loaded.notes), (vec!["W308"], vec![]), "agents have no address to answer to");
}

#[test]
fn the_hash_tells_meaning_apart_and_nothing_else() {
    let path = Path::new("/etc/frontdesk/minimal.toml");
    let world = world("config");
    let before = load(path, &world).expect("loads").hash;
    let text = String::from_utf8(world.files[path].clone()).expect("text");
    let with = |text: String| {
        let mut world = world.clone();
        world.files.insert(path.to_owned(), text.into_bytes());
        load(path, &world).expect("loads").hash
    };
    assert_eq!(with(format!("# another comment\n{text}")), before);
    assert_ne!(with(text.replace("Ana Ruiz", "Ana R.")), before);
    let mut other = world.clone();
    other.files.insert("/etc/frontdesk/mail.password".into(), b"other".to_vec());
    assert_ne!(load(path, &other).expect("loads").hash, before);
}

#[test]
fn a_reload_is_told_in_plain_sentences() {
    let path = Path::new("/etc/frontdesk/frontdesk.toml");
    let old = load_shipped("frontdesk.toml");
    let text = std::fs::read_to_string(root().join("config/frontdesk.toml")).expect("shipped");
    let changes = [
        ("outlook.office365.com", "imap.fernhill.example"),
        ("ack = \"ack-billing\"", "ack = false"),
        ("priority = \"high\", tags = [\"key\"]", "priority = \"urgent\", tags = [\"key\"]"),
        ("name = \"colleagues with IT trouble\"", "name = \"IT trouble\""),
        ("within = \"14d\"", "within = \"7d\""),
        ("version = 1", "version = 1\n# a comment moves every line"),
    ];
    let changed = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let mut world = world("config");
    world.files.insert(path.to_owned(), changed.into_bytes());
    let new = load(path, &world).expect("loads");
    fn side(loaded: &Loaded) -> Side<'_> {
        Side { policy: &loaded.policy, config: &loaded.config }
    }
    let expect = [
        "account \"m365\" reconnects",
        "inbox \"billing\" changes",
        "rule \"key customers first\" changes",
        "rule \"IT trouble\" is new",
        "rule \"colleagues with IT trouble\" goes",
        "a reply reopens within 7d",
    ];
    assert_eq!(diff(side(&old), side(&new)), expect);
    assert_eq!(diff(side(&old), side(&old)), Vec::<String>::new());
}

#[test]
fn broken_files_say_where_and_why() {
    let folder = root().join("fixtures/config/bad");
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("fixtures").map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ext| ext == "toml"));
    files.sort();
    assert!(files.len() >= 30, "{}", files.len());
    let world = world("fixtures/config/bad");
    let mut differing = Vec::new();
    for file in files {
        let name = file.file_name().expect("has a name").to_string_lossy().into_owned();
        let text = match load(&Path::new("/etc/frontdesk").join(&name), &world) {
            Ok(loaded) => Problems([loaded.warnings, loaded.notes].concat()).render(false, ""),
            Err(problems) => problems.render(false, "The running configuration was kept."),
        };
        let text = text.replace("/etc/frontdesk/", "");
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &text).expect("writable");
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            differing.push(format!("{name}:\n{text}"));
        }
    }
    assert!(differing.is_empty(), "differs from the text beside it:\n{}", differing.join("\n"));
}

#[test]
fn good_files_load() {
    let world = world("fixtures/config/good");
    for file in world.files.keys().filter(|file| file.extension().is_some_and(|ext| ext == "toml")) {
        if file.parent() == Some(Path::new("/etc/frontdesk"))
            && let Err(problems) = load(file, &world)
        {
            panic!("{}", problems.render(false, ""));
        }
    }
}

fn load_text(text: &str) -> Result<Loaded, Problems> {
    let mut world = world("config");
    world.files.insert("/etc/frontdesk/x.toml".into(), text.as_bytes().to_vec());
    load(Path::new("/etc/frontdesk/x.toml"), &world)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_panics(text in "[a-z\\[\\]{}=\"'.,#~\\\\\n 0-9€-]{0,200}") {
        let _ = load_text(&text).map_err(|problems| problems.render(true, ""));
    }

    #[test]
    fn no_damage_to_the_reference_panics(at in 0usize..9_000, cut in 0usize..40, with in "[\"'{}\\[\\]=a-z0-9 \n]{0,12}") {
        let text = std::fs::read_to_string(root().join("config/frontdesk.toml")).expect("shipped");
        let from = text.floor_char_boundary(at.min(text.len()));
        let to = text.ceil_char_boundary((from + cut).min(text.len()));
        let damaged = format!("{}{with}{}", &text[..from], &text[to..]);
        let _ = load_text(&damaged).map_err(|problems| problems.render(false, ""));
    }
}
