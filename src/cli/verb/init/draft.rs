//! The files of a first desk.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use mail::Address;

use super::answer::{Answers, Password};
use super::failure;
use crate::cli::output::{Exit, Failure};

/// The configuration file.
pub(super) const CONFIG: &str = "frontdesk.toml";
const KEY: &str = "signing.key";
const PASSWORD: &str = "mail.password";
const DROP_IN: &str = "frontdesk.service.d/local.conf";
const DNS: &str = "dns-to-check.txt";
/// Everything that may be written.
const ALL: [&str; 5] = [CONFIG, KEY, PASSWORD, DROP_IN, DNS];
/// Bytes of the signing key.
const KEY_BYTES: usize = 32;

/// Files by their name below the directory. All are readable by their owner alone.
pub(super) struct Draft {
    files: Vec<(&'static str, Vec<u8>)>,
    dns: String,
}

/// # Errors
/// One of our files is there already.
pub(super) fn refuse_existing(dir: &Path) -> Result<(), Failure> {
    let there: Vec<String> = ALL
        .iter()
        .map(|name| dir.join(name))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    let verbs = if there.len() == 1 { "exists already and is" } else { "exist already and are" };
    let message = format!("{} {verbs} not overwritten; name another directory", there.join(", "));
    Err(Failure::new(Exit::Failed, message))
}

impl Draft {
    /// # Errors
    /// An answer is no address, or the machine gives no random bytes.
    pub(super) fn new(dir: &Path, answers: &Answers) -> Result<Self, Failure> {
        let address = read_address("the support address", &answers.address)?;
        let (agent_name, agent_address) = match answers.agent.rsplit_once('<') {
            Some((name, rest)) => (name.trim().trim_matches('"').trim().to_owned(), rest.trim_end_matches('>').trim()),
            None => (String::new(), answers.agent.trim()),
        };
        let agent = read_address("the first agent's address", agent_address)?;
        let mut key = vec![0; KEY_BYTES];
        getrandom::fill(&mut key)
            .map_err(|error| Failure::new(Exit::Failed, format!("the machine gives no random bytes: {error}")))?;
        let mut files = Vec::new();
        let auth = match &answers.password {
            Password::None => "{ kind = \"none\" }".to_owned(),
            Password::Told(password) => {
                files.push((PASSWORD, format!("{password}\n").into_bytes()));
                password_auth(&answers.user, PASSWORD)
            }
            Password::File(path) => password_auth(&answers.user, &path.display().to_string()),
        };
        let config = config(answers, &address, &auth, &agent_name, &agent);
        let dns = dns(address.domain());
        files.push((CONFIG, config.into_bytes()));
        files.push((KEY, key));
        files.push((DROP_IN, drop_in(dir).into_bytes()));
        files.push((DNS, dns.clone().into_bytes()));
        Ok(Self { files, dns })
    }

    pub(super) fn files(&self) -> &[(&'static str, Vec<u8>)] {
        &self.files
    }

    pub(super) fn dns(&self) -> &str {
        &self.dns
    }

    /// Writes everything below an empty directory.
    ///
    /// # Errors
    /// It cannot be written to.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Failure> {
        for (name, bytes) in &self.files {
            let path = dir.join(name);
            let parent = path.parent().unwrap_or(dir);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(|error| failure(parent, &error))?;
            let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
                .map_err(|error| failure(&path, &error))?;
        }
        Ok(())
    }

    /// Links each file to its place, which fails where one is by now.
    ///
    /// # Errors
    /// A file is there; those before it stand.
    pub(super) fn put_in_place(&self, from: &Path, dir: &Path) -> Result<(), Failure> {
        for (name, _) in &self.files {
            let place: PathBuf = dir.join(name);
            let parent = place.parent().unwrap_or(dir);
            fs::create_dir_all(parent).map_err(|error| failure(parent, &error))?;
            fs::hard_link(from.join(name), &place).map_err(|error| failure(&place, &error))?;
        }
        Ok(())
    }
}

fn read_address(what: &str, text: &str) -> Result<Address, Failure> {
    Address::new(text.trim()).map_err(|_| Failure::new(Exit::BadInput, format!("{what}: `{text}` is no mail address")))
}

/// A TOML string.
fn quoted(text: &str) -> String {
    // A JSON string without slashes escaped is a basic string of TOML too.
    serde_json::Value::from(text).to_string()
}

fn password_auth(user: &str, file: &str) -> String {
    format!("{{ kind = \"password\", user = {}, secret = {{ file = {} }} }}", quoted(user), quoted(file))
}

fn config(answers: &Answers, address: &Address, auth: &str, agent_name: &str, agent: &Address) -> String {
    let key = |text: &str| {
        let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
        if word.is_empty() { "first".to_owned() } else { word }
    };
    let agent_key = key(agent_name.split_whitespace().next().unwrap_or_else(|| agent.local()));
    let inbox_key = key(address.local());
    let shown = if agent_name.is_empty() { agent.local() } else { agent_name };
    format!(
        "# After an edit:  frontdesk check && frontdesk test && frontdesk reload
version = 1

[company]
name     = {company}
timezone = \"UTC\"                       # an IANA name such as \"Europe/London\"

[server]
store = {{ kind = \"sled\", path = \"state\" }}
key   = {{ file = \"{KEY}\" }}

[account.main]
imap = {imap}
smtp = {smtp}
auth = {auth}
# trusts = [\"mx.example.org\"]           # whose Authentication-Results you believe: the first name in that header

[inbox]
{inbox_key} = {{ address = {address} }}

[agent]
{agent_key} = {{ name = {shown}, email = {agent} }}

# Until agents have an address of their own, they get no mail about tickets and cannot answer by mail. Make one at your
# provider, whose mail arrives in the same account, then take the signs away:
# [agent_mail]
# address = {desk}
",
        desk = quoted(&format!("desk@{}", address.domain())),
        company = quoted(&answers.company),
        imap = quoted(&answers.imap),
        smtp = quoted(&answers.smtp),
        address = quoted(&address.to_string()),
        shown = quoted(shown),
        agent = quoted(&agent.to_string()),
    )
}

fn drop_in(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "# For frontdesk.service, with this directory in place of /etc/frontdesk. As root:
#   useradd --system --no-create-home frontdesk && chown -R frontdesk: {dir}
#   install -D -m 644 {dir}/{DROP_IN} /etc/systemd/system/{DROP_IN}
#   systemctl daemon-reload && systemctl enable --now frontdesk
[Service]
DynamicUser=no
User=frontdesk
# Key and password lie in files here, so no credentials are loaded.
LoadCredential=
WorkingDirectory={dir}
ReadWritePaths={dir}
ExecStart=
ExecStart=/usr/bin/frontdesk run --config {dir}/{CONFIG}
ExecReload=
ExecReload=/usr/bin/frontdesk reload --config {dir}/{CONFIG}
"
    )
}

fn dns(domain: &str) -> String {
    format!(
        "DNS records to check, so that our mail is believed and theirs can be:
  {domain}.  MX   your provider's hosts (RFC 5321)
  {domain}.  TXT  \"v=spf1 ...\" names the host that sends for you (RFC 7208)
  <selector>._domainkey.{domain}.  TXT  your provider's DKIM key (RFC 6376)
  _dmarc.{domain}.  TXT  \"v=DMARC1; p=none; rua=mailto:postmaster@{domain}\" or stricter (RFC 7489)
"
    )
}
