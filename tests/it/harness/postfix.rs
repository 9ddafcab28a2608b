//! A private Postfix that accepts mail for every address and files it where the test can read it.
//!
//! The master daemon is started directly: no `postfix` command, no set-up of the machine's own instance,
//! nothing under `/etc/postfix` is read or written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::certs::Identity;
use super::dovecot::{Dovecot, open_dir};
use super::port::Port;
use super::process::{self, Account};
use super::wait::wait_some;

const PROGRAM: &str = "/usr/lib/postfix/sbin/master";
const PACKAGE: &str = "postfix";
/// Start takes a fifth of a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a [`Postfix`] differs from the usual one.
#[derive(Debug, Default)]
pub struct Options {
    /// Certificate for STARTTLS and implicit TLS; without one only plain connections.
    pub tls: Option<Identity>,
    /// Passwords are asked of this Dovecot socket and then required.
    pub auth: Option<PathBuf>,
    /// Addresses whose mail goes into a mailbox of our Dovecot instead, see [`route`].
    pub routes: Vec<(String, PathBuf)>,
    /// Lines for the end of `main.cf`, for what has no field here.
    pub extra: String,
}

/// Mail for `address` goes into the INBOX of `user`.
pub fn route(address: &str, dovecot: &Dovecot, user: &str) -> (String, PathBuf) {
    (address.to_owned(), dovecot.maildir(user, "INBOX"))
}

/// A mail that Postfix delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Envelope recipient, lower case.
    pub recipient: String,
    /// Envelope sender, empty for the null path.
    pub sender: String,
    /// The mail as sent, without the lines that Postfix put on top.
    pub bytes: Vec<u8>,
}

/// A running (or stopped) Postfix. Dropping it ends it.
#[derive(Debug)]
pub struct Postfix {
    dir: TempDir,
    smtp: Port,
    smtps: Port,
    master: Mutex<Option<Child>>,
    /// By file name: a delivered file never changes.
    seen: Mutex<BTreeMap<String, (SystemTime, Delivered)>>,
}

impl Postfix {
    /// Starts a server and waits until it greets.
    ///
    /// # Panics
    /// If the package is missing, if we are not root, or if it does not come up.
    #[track_caller]
    pub fn start(options: &Options) -> Postfix {
        process::require(PROGRAM, PACKAGE);
        let dir = tempfile::Builder::new().prefix("fd-postfix-").tempdir().unwrap();
        open_dir(dir.path());
        let (smtp, smtps) = (Port::reserve(), Port::reserve());
        let postfix = Postfix { dir, smtp, smtps, master: Mutex::new(None), seen: Mutex::new(BTreeMap::new()) };
        postfix.make_dirs();
        postfix.write_config(options);
        postfix.spawn();
        postfix
    }

    /// Port for plain connections and STARTTLS.
    pub fn port(&self) -> u16 {
        self.smtp.number()
    }

    /// Port for implicit TLS; dead without [`Options::tls`].
    pub fn tls_port(&self) -> u16 {
        self.smtps.number()
    }

    /// `smtp://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port())
    }

    /// `submission://localhost:port`, where STARTTLS is required.
    pub fn starttls_url(&self) -> String {
        format!("submission://localhost:{}", self.port())
    }

    /// `smtps://localhost:port`.
    pub fn tls_url(&self) -> String {
        format!("smtps://localhost:{}", self.tls_port())
    }

    /// Everything delivered so far, oldest first, without routed mail.
    pub fn delivered(&self) -> Vec<Delivered> {
        let mut seen = self.seen.lock().unwrap();
        for entry in fs::read_dir(self.dir.path().join("mail/all/new")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            seen.entry(name).or_insert_with(|| {
                let at = entry.metadata().and_then(|meta| meta.modified()).expect("a delivered file stays");
                (at, delivered(&fs::read(entry.path()).expect("a delivered file stays")))
            });
        }
        let mut all: Vec<_> = seen.values().cloned().collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, mail)| mail).collect()
    }

    /// The mails delivered to one address, oldest first.
    pub fn received(&self, recipient: &str) -> Vec<Vec<u8>> {
        let recipient = recipient.to_lowercase();
        self.delivered().into_iter().filter(|mail| mail.recipient == recipient).map(|mail| mail.bytes).collect()
    }

    /// Waits until at least `count` mails reached `recipient`, and returns them.
    ///
    /// # Panics
    /// After `timeout`, with what did arrive and the log.
    #[track_caller]
    pub fn wait_for(&self, recipient: &str, count: usize, timeout: Duration) -> Vec<Vec<u8>> {
        let found = wait_some(timeout, || Some(self.received(recipient)).filter(|mails| mails.len() >= count));
        found.unwrap_or_else(|| {
            let got: Vec<String> = self.delivered().into_iter().map(|mail| mail.recipient).collect();
            panic!("{count} mails for {recipient} did not come in {timeout:?}; delivered to {got:?}\n{}", self.log_tail())
        })
    }

    /// Stops the server in order; the queue stays.
    pub fn stop(&self) {
        if let Some(mut master) = self.master.lock().unwrap().take() {
            process::end(&mut master, PATIENCE);
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
        process::tail(&self.dir.path().join("mail.log"), 30)
    }

    #[track_caller]
    fn spawn(&self) {
        let config = self.dir.path().join("conf");
        let out = fs::File::create(self.dir.path().join("master.out")).unwrap();
        let child = Command::new(PROGRAM)
            .env("MAIL_CONFIG", &config)
            .arg("-c")
            .arg(&config)
            // Stays our child, so that its id is ours to end.
            .arg("-d")
            // It ends its children through its process group.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .expect("start postfix master");
        *self.master.lock().unwrap() = Some(child);
        if wait_some(PATIENCE, || self.smtp.answers().then_some(())).is_none() {
            let out = process::tail(&self.dir.path().join("master.out"), 30);
            panic!("postfix does not answer on port {}\n{out}\n{}", self.port(), self.log_tail());
        }
    }

    fn make_dirs(&self) {
        let daemon = process::account("postfix");
        let setgid = Account { uid: daemon.uid, gid: process::group("postdrop") };
        let root = Account { uid: 0, gid: 0 };
        let mail = process::account("mail");
        let make = |name: &str, owner: Account, mode: u32| {
            let path = self.dir.path().join(name);
            fs::create_dir(&path).unwrap();
            process::chown(&path, owner);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        make("conf", root, 0o755);
        make("data", daemon, 0o700);
        make("mail", mail, 0o755);
        make("queue", root, 0o755);
        make("queue/pid", root, 0o755);
        for name in ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"]
        {
            make(&format!("queue/{name}"), daemon, 0o700);
        }
        make("queue/maildrop", setgid, 0o730);
        make("queue/public", setgid, 0o710);
    }

    fn write_config(&self, options: &Options) {
        let conf = self.dir.path().join("conf");
        let routes = options.routes.iter().map(|(address, maildir)| format!("{address} {}/\n", maildir.display()));
        let files = [("routes", routes.collect()), ("main.cf", self.main_cf(options)), ("master.cf", self.master_cf(options))];
        // Postfix reads a file again and again while it looks as if somebody was still writing it.
        let earlier = SystemTime::now() - Duration::from_secs(60);
        for (name, text) in files {
            fs::write(conf.join(name), text).unwrap();
            fs::File::options().write(true).open(conf.join(name)).unwrap().set_modified(earlier).unwrap();
        }
    }

    fn main_cf(&self, options: &Options) -> String {
        let dir = self.dir.path().display();
        let Account { uid, gid } = process::account("mail");
        let tls = match &options.tls {
            Some(identity) => format!(
                "smtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\nsmtpd_tls_security_level = may\n",
                identity.cert.display(),
                identity.key.display()
            ),
            None => "smtpd_tls_security_level = none\n".to_owned(),
        };
        let (auth, permit) = match &options.auth {
            Some(socket) => {
                let tls_only = if options.tls.is_some() { "yes" } else { "no" };
                let socket = socket.display();
                let lines = format!(
                    "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {socket}\n\
                     smtpd_sasl_security_options = noanonymous\nsmtpd_tls_auth_only = {tls_only}\n"
                );
                (lines, "permit_sasl_authenticated, reject")
            }
            None => (String::new(), "permit_mynetworks, reject"),
        };
        let extra = &options.extra;
        format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             maillog_file = {dir}/mail.log\nmaillog_file_prefixes = {dir}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             myhostname = mx.test.example\nmydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             local_recipient_maps =\nvirtual_mailbox_domains = static:all\nvirtual_mailbox_base = /\n\
             virtual_mailbox_maps = texthash:{dir}/conf/routes, static:{dir}/mail/all/\n\
             virtual_uid_maps = static:{uid}\nvirtual_gid_maps = static:{gid}\nvirtual_minimum_uid = 1\n\
             virtual_mailbox_limit = 0\nmailbox_size_limit = 0\nmessage_size_limit = 0\n\
             in_flow_delay = 0\nsmtpd_error_sleep_time = 0\nsmtpd_peername_lookup = no\nsmtpd_client_connection_count_limit = 0\n\
             smtpd_hard_error_limit = 1000\nsmtpd_relay_restrictions = {permit}\nsmtpd_recipient_restrictions = {permit}\n\
             default_transport = error:nothing leaves this machine\nrelay_transport = error:nothing leaves this machine\n\
             {tls}{auth}{extra}\n"
        )
    }

    fn master_cf(&self, options: &Options) -> String {
        let mut text = format!("127.0.0.1:{} inet n - n - - smtpd\n", self.port());
        if options.tls.is_some() {
            text += &format!("127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n", self.tls_port());
        }
        text + "cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\n\
                bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
                error unix - - n - - error\nretry unix - - n - - error\nproxymap unix - - n - - proxymap\n\
                virtual unix - n n - - virtual\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
                tlsmgr unix - - n 1000? 1 tlsmgr\npostlog unix-dgram n - n - 1 postlogd\n"
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if let Some(mut master) = self.master.lock().unwrap().take() {
            process::kill_tree(&mut master);
        }
    }
}

/// Takes apart what virtual(8) wrote: `Return-Path`, `X-Original-To`, `Delivered-To`, then our server's
/// `Received`, then the mail as it was handed in.
fn delivered(file: &[u8]) -> Delivered {
    let mut sender = String::new();
    let mut recipient = String::new();
    let mut rest = file;
    while let Some((header, after)) = split_header(rest) {
        let text = String::from_utf8_lossy(header);
        let (name, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.trim().trim_start_matches('<').trim_end_matches('>');
        match name.to_ascii_lowercase().as_str() {
            "return-path" => sender = value.to_owned(),
            "x-original-to" => recipient = value.to_lowercase(),
            "delivered-to" => {}
            "received" => {
                rest = after;
                break;
            }
            _ => break,
        }
        rest = after;
    }
    Delivered { recipient, sender, bytes: rest.to_vec() }
}

/// The first header with its folded lines, and what follows.
fn split_header(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = 0;
    loop {
        end += bytes[end..].iter().position(|byte| *byte == b'\n')? + 1;
        if !matches!(bytes.get(end), Some(b' ' | b'\t')) {
            return Some(bytes.split_at(end));
        }
    }
}
