//! A private Dovecot with Maildir mailboxes on loopback ports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::certs::Identity;
use super::port::Port;
use super::process::{self, Account};
use super::wait::wait_some;

const PROGRAM: &str = "/usr/sbin/dovecot";
const PACKAGE: &str = "dovecot-imapd";
/// Start and stop take a tenth of a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a [`Dovecot`] differs from the usual one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names and passwords; a name may be an address.
    pub users: Vec<(String, String)>,
    /// Certificate for STARTTLS and implicit TLS; without one only plain connections.
    pub tls: Option<Identity>,
    /// Whether the server offers IDLE (RFC 2177).
    pub idle: bool,
    /// Whether it offers MOVE and UIDPLUS (RFC 6851, RFC 4315).
    pub moving: bool,
    /// Lines for the end of the configuration, for what has no field here.
    pub extra: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { users: vec![user("support")], tls: None, idle: true, moving: true, extra: String::new() }
    }
}

impl Options {
    /// The usual server with these users; the password of `x` is `x-secret`.
    pub fn users(names: &[&str]) -> Options {
        Options { users: names.iter().copied().map(user).collect(), ..Options::default() }
    }
}

/// The password that [`Options::users`] gives.
pub fn password(name: &str) -> String {
    format!("{name}-secret")
}

fn user(name: &str) -> (String, String) {
    (name.to_owned(), password(name))
}

/// A mail as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Flags and keywords as IMAP names them, sorted: `\Seen`, `$Frontdesk`.
    pub flags: Vec<String>,
    /// The mail.
    pub bytes: Vec<u8>,
    /// File name in the Maildir.
    pub name: String,
}

/// A running (or stopped) server. Dropping it ends it.
#[derive(Debug)]
pub struct Dovecot {
    dir: TempDir,
    options: Options,
    plain: Port,
    tls: Port,
    owner: Account,
    users: Mutex<Vec<(String, String)>>,
    master: Mutex<Option<Child>>,
}

impl Dovecot {
    /// Starts a server and waits until it accepts connections.
    ///
    /// # Panics
    /// If the package is missing, if we are not root, or if it does not come up.
    #[track_caller]
    pub fn start(options: Options) -> Dovecot {
        process::require(PROGRAM, PACKAGE);
        let dir = tempfile::Builder::new().prefix("fd-dovecot-").tempdir().unwrap();
        open_dir(dir.path());
        for name in ["run", "state", "mail"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let users = Mutex::new(options.users.clone());
        let owner = process::account("mail");
        let (plain, tls) = (Port::reserve(), Port::reserve());
        let dovecot = Dovecot { dir, options, plain, tls, owner, users, master: Mutex::new(None) };
        process::chown(&dovecot.dir.path().join("mail"), owner);
        dovecot.write_config();
        dovecot.write_users();
        for (name, _) in &dovecot.options.users {
            for sub in ["", "new", "cur", "tmp"] {
                dovecot.make_dir(&dovecot.maildir(name, "INBOX").join(sub));
            }
        }
        dovecot.spawn();
        dovecot
    }

    /// Port for plain connections and STARTTLS.
    pub fn port(&self) -> u16 {
        self.plain.number()
    }

    /// Port for implicit TLS; dead without [`Options::tls`].
    pub fn tls_port(&self) -> u16 {
        self.tls.number()
    }

    /// `imap://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("imap://127.0.0.1:{}", self.port())
    }

    /// `imaps://localhost:port`.
    pub fn tls_url(&self) -> String {
        format!("imaps://localhost:{}", self.tls_port())
    }

    /// `imap+starttls://localhost:port`.
    pub fn starttls_url(&self) -> String {
        format!("imap+starttls://localhost:{}", self.port())
    }

    /// Socket on which Postfix may ask for passwords (`smtpd_sasl_path`).
    pub fn auth_socket(&self) -> PathBuf {
        self.dir.path().join("run/auth-smtp")
    }

    /// Folder of a mailbox on disk; `INBOX` is the Maildir itself. Mailbox names are ASCII here.
    pub fn maildir(&self, user: &str, mailbox: &str) -> PathBuf {
        let root = self.dir.path().join("mail").join(user).join("Maildir");
        if mailbox == "INBOX" { root } else { root.join(format!(".{mailbox}")) }
    }

    /// Puts a mail into the user's INBOX, as a delivery agent does: written aside, then renamed.
    pub fn deliver(&self, user: &str, mail: &[u8]) -> String {
        self.deliver_to(user, "INBOX", mail)
    }

    /// Delivers into one mailbox, which must exist, and returns the file's name.
    pub fn deliver_to(&self, user: &str, mailbox: &str, mail: &[u8]) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        let unique = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.M{}P{}Q{unique}.test,S={}", now.as_secs(), now.subsec_micros(), std::process::id(), mail.len());
        let maildir = self.maildir(user, mailbox);
        let aside = maildir.join("tmp").join(&name);
        fs::write(&aside, mail).unwrap_or_else(|err| panic!("deliver to {}: {err}", maildir.display()));
        process::chown(&aside, self.owner);
        fs::rename(&aside, maildir.join("new").join(&name)).unwrap();
        name
    }

    /// Delivers many mails, in order.
    pub fn deliver_many<M: AsRef<[u8]>>(&self, user: &str, mails: impl IntoIterator<Item = M>) {
        for mail in mails {
            self.deliver(user, mail.as_ref());
        }
    }

    /// What lies in a mailbox now, by file name, that is by time of delivery. Empty if there is no such mailbox.
    pub fn messages(&self, user: &str, mailbox: &str) -> Vec<Stored> {
        let maildir = self.maildir(user, mailbox);
        let keywords = fs::read_to_string(maildir.join("dovecot-keywords")).unwrap_or_default();
        let mut found = Vec::new();
        for sub in ["new", "cur"] {
            let Ok(entries) = fs::read_dir(maildir.join(sub)) else { continue };
            for entry in entries.flatten() {
                // A name that is gone was renamed under us, by a change of flags; the caller polls again.
                let Ok(bytes) = fs::read(entry.path()) else { continue };
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push(Stored { flags: flags(&name, &keywords), bytes, name });
            }
        }
        found.sort_by(|left, right| left.name.cmp(&right.name));
        found
    }

    /// Names of the user's mailboxes, sorted, as Dovecot lists them.
    pub fn mailboxes(&self, user: &str) -> Vec<String> {
        let output = self.doveadm(&["mailbox", "list", "-u", user]);
        let mut names: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Makes a mailbox.
    pub fn create_mailbox(&self, user: &str, mailbox: &str) {
        self.doveadm(&["mailbox", "create", "-u", user, mailbox]);
    }

    /// Deletes a mailbox and the mails in it.
    pub fn delete_mailbox(&self, user: &str, mailbox: &str) {
        self.doveadm(&["mailbox", "delete", "-u", user, mailbox]);
    }

    /// Renames a mailbox.
    pub fn rename_mailbox(&self, user: &str, from: &str, to: &str) {
        self.doveadm(&["mailbox", "rename", "-u", user, from, to]);
    }

    /// Gives the INBOX a new UIDVALIDITY, for open sessions too.
    pub fn bump_uidvalidity(&self, user: &str) {
        let next = self.uidvalidity(user, "INBOX") + 1;
        self.doveadm(&["mailbox", "update", "-u", user, "--uid-validity", &next.to_string(), "INBOX"]);
    }

    /// Loses Dovecot's own files of the INBOX: index, cache and UID list, as a restored backup does.
    pub fn lose_index(&self, user: &str) {
        for entry in fs::read_dir(self.maildir(user, "INBOX")).unwrap().flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("dovecot") {
                // Dovecot writes these concurrently: gone already is as good.
                fs::remove_file(entry.path()).ok();
            }
        }
    }

    /// UIDVALIDITY of a mailbox.
    pub fn uidvalidity(&self, user: &str, mailbox: &str) -> u32 {
        let output = self.doveadm(&["mailbox", "status", "-u", user, "uidvalidity", mailbox]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = text.trim().rsplit('=').next().and_then(|value| value.parse().ok());
        number.unwrap_or_else(|| panic!("no UIDVALIDITY in `{text}`"))
    }

    /// Removes the mails that match a doveadm search, for instance `["all"]` or `["uid", "3"]`.
    pub fn expunge(&self, user: &str, mailbox: &str, search: &[&str]) {
        let mut args = vec!["expunge", "-u", user, "mailbox", mailbox];
        args.extend(search);
        self.doveadm(&args);
    }

    /// Moves mails as a person with another client does.
    pub fn move_mails(&self, user: &str, from: &str, to: &str, search: &[&str]) {
        let mut args = vec!["move", "-u", user, to, "mailbox", from];
        args.extend(search);
        self.doveadm(&args);
    }

    /// Sets flags, as a person who reads the mailbox does.
    pub fn add_flags(&self, user: &str, mailbox: &str, flags: &str, search: &[&str]) {
        let mut args = vec!["flags", "add", "-u", user, flags, "mailbox", mailbox];
        args.extend(search);
        self.doveadm(&args);
    }

    /// Ends the user's sessions.
    pub fn kick(&self, user: &str) {
        // Exit 68 means that there was none.
        self.doveadm_output(&["kick", user]);
    }

    /// Changes a password; open sessions go on.
    pub fn set_password(&self, user: &str, password: &str) {
        let mut users = self.users.lock().unwrap();
        let entry = users.iter_mut().find(|(name, _)| name == user);
        entry.unwrap_or_else(|| panic!("no user `{user}`")).1 = password.to_owned();
        drop(users);
        self.write_users();
        // The password file is looked at again once a second.
        let known = wait_some(PATIENCE, || self.doveadm_output(&["auth", "test", user, password]).status.success().then_some(()));
        assert!(known.is_some(), "dovecot does not learn the new password of {user}\n{}", self.log_tail());
    }

    /// Runs `doveadm` on this server.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn doveadm(&self, args: &[&str]) -> Output {
        let output = self.doveadm_output(args);
        assert!(output.status.success(), "doveadm {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn doveadm_output(&self, args: &[&str]) -> Output {
        Command::new("/usr/bin/doveadm").arg("-c").arg(self.config_path()).args(args).output().expect("run doveadm")
    }

    /// Stops the server in order; sessions end, the port refuses.
    pub fn stop(&self) {
        if let Some(mut master) = self.master.lock().unwrap().take() {
            process::end(&mut master, PATIENCE);
        }
    }

    /// Stops it as a crash does: every process at once.
    pub fn kill(&self) {
        if let Some(mut master) = self.master.lock().unwrap().take() {
            process::kill_tree(&mut master);
        }
    }

    /// Starts it again on the same ports, after stopping it if need be.
    #[track_caller]
    pub fn restart(&self) {
        self.stop();
        self.spawn();
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        process::tail(&self.dir.path().join("dovecot.log"), 30)
    }

    #[track_caller]
    fn spawn(&self) {
        let run = self.dir.path().join("run");
        // Left behind by kill(); Dovecot takes it for a running instance if the number is in use again.
        fs::remove_file(run.join("master.pid")).ok();
        let log = fs::File::create(self.dir.path().join("dovecot.out")).unwrap();
        let child = Command::new(PROGRAM)
            .arg("-F")
            .arg("-c")
            .arg(self.config_path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("start dovecot");
        *self.master.lock().unwrap() = Some(child);
        if wait_some(PATIENCE, || self.plain.answers().then_some(())).is_none() {
            let out = process::tail(&self.dir.path().join("dovecot.out"), 30);
            panic!("dovecot does not answer on port {}\n{out}\n{}", self.port(), self.log_tail());
        }
    }

    fn config_path(&self) -> PathBuf {
        self.dir.path().join("dovecot.conf")
    }

    fn make_dir(&self, path: &Path) {
        fs::create_dir_all(path).unwrap();
        let mut each = path;
        while each != self.dir.path().join("mail") {
            process::chown(each, self.owner);
            each = each.parent().expect("below the temporary directory");
        }
    }

    /// Written aside and renamed: an authentication process may read it at any moment.
    fn write_users(&self) {
        let users = self.users.lock().unwrap();
        let text: String = users.iter().map(|(name, password)| format!("{name}:{{PLAIN}}{password}\n")).collect();
        let aside = self.dir.path().join("users.new");
        fs::write(&aside, text).unwrap();
        fs::rename(&aside, self.dir.path().join("users")).unwrap();
    }

    /// Without the penalty for failed logins, which would make each later one wait for seconds.
    fn write_config(&self) {
        let dir = self.dir.path().display();
        let Account { uid, gid } = self.owner;
        let (tls, tls_listener) = match &self.options.tls {
            Some(identity) => {
                let (cert, key) = (identity.cert.display(), identity.key.display());
                let listener = format!("  inet_listener imaps {{\n    port = {}\n    ssl = yes\n  }}\n", self.tls_port());
                (format!("ssl = yes\nssl_cert = <{cert}\nssl_key = <{key}\n"), listener)
            }
            None => ("ssl = no\n".to_owned(), "  inet_listener imaps {\n    port = 0\n  }\n".to_owned()),
        };
        let (plain, capability, extra) = (self.port(), self.capability(), &self.options.extra);
        let text = format!(
            "base_dir = {dir}/run\nstate_dir = {dir}/state\nprotocols = imap\nlisten = 127.0.0.1\n\
             log_path = {dir}/dovecot.log\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\n{tls}\
             default_vsz_limit = 2G\nauth_failure_delay = 0\nfirst_valid_uid = 1\nmail_location = maildir:~/Maildir\n\
             mail_max_userip_connections = 200\nmailbox_idle_check_interval = 1s\n{capability}\
             passdb {{\n  driver = passwd-file\n  args = {dir}/users\n}}\n\
             userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={dir}/mail/%u\n}}\n\
             namespace inbox {{\n  inbox = yes\n  separator = .\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {plain}\n  }}\n{tls_listener}  service_count = 0\n  chroot =\n}}\n\
             service anvil {{\n  chroot =\n  unix_listener anvil-auth-penalty {{\n    mode = 0\n  }}\n}}\nservice stats {{\n  chroot =\n}}\n\
             service auth {{\n  unix_listener auth-smtp {{\n    mode = 0666\n  }}\n}}\n{extra}\n"
        );
        fs::write(self.config_path(), text).unwrap();
    }

    /// Dovecot 2.3 cannot subtract a capability, so the list is spelled out.
    fn capability(&self) -> String {
        let Options { idle, moving, .. } = &self.options;
        if *idle && *moving {
            return String::new();
        }
        let idle = if *idle { " IDLE" } else { "" };
        let moving = if *moving { " UIDPLUS MOVE" } else { "" };
        format!(
            "imap_capability = IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ NAMESPACE UNSELECT CHILDREN{idle}{moving}\n"
        )
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Lets other accounts enter a temporary directory: servers drop to their own.
pub fn open_dir(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Flags of a Maildir name: after `:2,` capitals are system flags, `a` is keyword 0 of `dovecot-keywords`.
fn flags(name: &str, keywords: &str) -> Vec<String> {
    let letters = name.split_once(":2,").map_or("", |(_, letters)| letters);
    let keyword = |letter: char| {
        let number = (u32::from(letter) - u32::from('a')).to_string();
        keywords
            .lines()
            .find_map(|line| line.split_once(' ').filter(|(index, _)| *index == number))
            .map(|(_, word)| word.to_owned())
    };
    let mut flags: Vec<String> = letters
        .chars()
        .filter_map(|letter| match letter {
            'S' => Some("\\Seen".to_owned()),
            'R' => Some("\\Answered".to_owned()),
            'F' => Some("\\Flagged".to_owned()),
            'T' => Some("\\Deleted".to_owned()),
            'D' => Some("\\Draft".to_owned()),
            'a'..='z' => keyword(letter),
            _ => None,
        })
        .collect();
    flags.sort();
    flags
}
