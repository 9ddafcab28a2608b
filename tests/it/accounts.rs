//! Accounts whose servers go away, change their password or show a wrong certificate: what `status` says, and that mail
//! flows again without a restart.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::certs::{Authority, Flaw, Identity};
use crate::harness::dovecot::{self, Dovecot, password};
use crate::harness::frontdesk::{Desk, inbox, settled};
use crate::harness::mails::{self, Basics, Mail};
use crate::harness::office::{Office, all_live, letter, trouble};
use crate::harness::postfix::{self, Postfix};

/// Longer than any pause between two looks at credentials (15 s for sending).
const RECOVERY: Duration = Duration::from_secs(60);

/// Two accounts on two servers: `support` over implicit TLS, `sales` over STARTTLS, both sending with a password.
struct Branches {
    authority: Authority,
    /// What Postfix shows, and both Dovecots where nothing else is said.
    identity: Identity,
    support: Dovecot,
    sales: Dovecot,
    postfix: Postfix,
    desk: Desk,
}

impl Branches {
    /// Postfix asks the Dovecot of `support` for passwords; there `sales` has this one.
    fn open(flaw: Flaw, sales_hands_in_with: &str) -> Branches {
        let authority = Authority::new();
        let identity = authority.issue(flaw);
        Self::around(authority, identity.clone(), identity, sales_hands_in_with)
    }

    fn around(authority: Authority, arrival: Identity, identity: Identity, sales_hands_in_with: &str) -> Branches {
        let server = |users: &[(&str, &str)]| {
            let users = users.iter().map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned())).collect();
            Dovecot::start(dovecot::Options { users, tls: Some(arrival.clone()), ..dovecot::Options::default() })
        };
        let support = server(&[("support", "support-secret"), ("sales", sales_hands_in_with)]);
        let sales = server(&[("sales", "sales-secret")]);
        let auth = Some(support.auth_socket());
        let postfix = Postfix::start(&postfix::Options { auth, tls: Some(identity.clone()), ..postfix::Options::default() });
        let config = format!(
            "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\nkey = {{ file = \"signing.key\" }}\n\
             [account.support]\nimap = \"{}\"\nsmtp = \"{}\"\ntls = {{ ca = \"{ca}\" }}\n\
             auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"support.password\" }} }}\n\
             [account.sales]\nimap = \"{}\"\nsmtp = \"{}\"\ntls = {{ ca = \"{ca}\" }}\n\
             auth = {{ kind = \"password\", user = \"sales\", secret = {{ file = \"sales.password\" }} }}\n\
             [inbox]\nsupport = {{ address = \"support@acme.example\", account = \"support\" }}\n\
             sales = {{ address = \"sales@acme.example\", account = \"sales\" }}\n\
             [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n",
            support.tls_url(),
            postfix.tls_url(),
            sales.starttls_url(),
            postfix.starttls_url(),
            ca = authority.ca().display(),
        );
        let desk = Desk::new(&config);
        desk.write("support.password", &password("support"));
        desk.write("sales.password", &password("sales"));
        desk.start();
        Branches { authority, identity, support, sales, postfix, desk }
    }
}

fn request(from: &str, to: &str, id: &str) -> Mail {
    mails::request(Basics { from, to, subject: "About the meter", id }, "Hello.\n")
}

fn sending<'a>(status: &'a Value, name: &str) -> &'a Value {
    let accounts = status["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    accounts.iter().find(|account| account["name"] == name).unwrap_or(&Value::Null)
}

#[test]
fn two_accounts_over_tls_with_a_private_authority_and_passwords() {
    let branches = Branches::open(Flaw::None, "sales-secret");
    let desk = &branches.desk;
    desk.wait_until("both inboxes are live", all_live);
    branches.support.deliver("support", &request("dana@x.example", "support@acme.example", "1@x.example").bytes());
    branches.postfix.wait_for("dana@x.example", 1, RECOVERY);
    branches.sales.deliver("sales", &request("eve@y.example", "sales@acme.example", "2@y.example").bytes());
    branches.postfix.wait_for("eve@y.example", 1, RECOVERY);
    let tickets = desk.tickets();
    let inboxes: Vec<&Value> = tickets.iter().rev().map(|ticket| &ticket["inbox"]).collect();
    assert_eq!(inboxes, [&json!("support"), &json!("sales")]);
    let online = desk.cli(&["check", "--online"]);
    assert_eq!((online.code, online.stdout.matches("good  ").count()), (Some(0), 4), "{online:?}");
}

#[test]
fn a_password_that_only_the_sending_server_refuses_stops_only_that_account() {
    let branches = Branches::open(Flaw::None, "other-secret");
    let desk = &branches.desk;
    desk.wait_until("both inboxes are live", all_live);
    branches.sales.deliver("sales", &request("eve@y.example", "sales@acme.example", "1@y.example").bytes());
    let status = desk.wait_until("the refused login is shown", |status| sending(status, "sales")["state"] == "login_refused");
    assert!(sending(&status, "sales")["error"].as_str().is_some_and(|error| error.contains("535")), "{status}");
    assert_eq!(status["tickets"]["new"], json!(1), "the ticket stands");
    branches.support.deliver("support", &request("dana@x.example", "support@acme.example", "2@x.example").bytes());
    branches.postfix.wait_for("dana@x.example", 1, RECOVERY);
    assert_eq!(branches.postfix.received("eve@y.example").len(), 0);
    branches.sales.set_password("sales", "other-secret");
    desk.write("sales.password", "other-secret");
    branches.postfix.wait_for("eve@y.example", 1, RECOVERY);
    let status = desk.wait_until("sending is live", |status| sending(status, "sales")["state"] == "live");
    assert_eq!(sending(&status, "sales")["error"], json!(null));
    for secret in ["other-secret", "sales-secret", "support-secret"] {
        assert!(!desk.log().contains(secret), "a password in the log");
    }
}

#[test]
fn a_certificate_for_another_name_stops_both_directions_and_its_renewal_heals_them() {
    let branches = Branches::open(Flaw::WrongName, "sales-secret");
    let desk = &branches.desk;
    let status = desk.wait_until("the wrong certificate is shown", |status| {
        ["support", "sales"].iter().all(|name| trouble(status, name).contains("certificate"))
    });
    for name in ["support", "sales"] {
        assert!(trouble(&status, name).contains("localhost"), "{}", trouble(&status, name));
        assert_eq!(inbox(&status, name)["live"], json!(false));
    }
    let online = desk.cli(&["check", "--online"]);
    assert!(online.code == Some(1) && online.stdout.contains("FAILED") && online.stdout.contains("certificate"), "{online:?}");
    branches.authority.issue(Flaw::None).replace(&branches.identity);
    for server in [&branches.support, &branches.sales] {
        server.restart();
    }
    desk.wait_until_within(RECOVERY, "both inboxes are live", all_live);
    branches.support.deliver("support", &request("dana@x.example", "support@acme.example", "1@x.example").bytes());
    desk.wait_settled(1);
}

#[test]
fn mail_leaves_soon_after_the_certificate_of_the_sending_server_was_renewed() {
    let authority = Authority::new();
    let (good, wrong) = (authority.issue(Flaw::None), authority.issue(Flaw::WrongName));
    let branches = Branches::around(authority, good.clone(), wrong, "sales-secret");
    let desk = &branches.desk;
    desk.wait_until("both inboxes are live", all_live);
    branches.support.deliver("support", &request("dana@x.example", "support@acme.example", "1@x.example").bytes());
    let status = desk.wait_until("sending has stopped", |status| sending(status, "support")["state"] == "unsafe");
    assert!(sending(&status, "support")["error"].as_str().is_some_and(|error| error.contains("certificate")), "{status}");
    good.replace(&branches.identity);
    branches.postfix.restart();
    // The pause itself takes minutes; the server is looked at sooner.
    branches.postfix.wait_for("dana@x.example", 1, RECOVERY);
    let status = desk.wait_until("sending is live", |status| sending(status, "support")["state"] == "live");
    assert_eq!(sending(&status, "support")["error"], json!(null));
}

#[test]
fn a_rotated_password_is_taken_from_its_file() {
    let office = Office::open();
    let mail = |id| mails::request(letter("Dana <dana@x.example>", id, id), "Hello.\n");
    office.deliver(&mail("1@x.example"));
    assert_eq!(office.received("dana@x.example").len(), 1);
    office.dovecot.set_password("support", "rotated");
    office.dovecot.kick("support");
    // First it sees that the server hung up; the next login says why.
    let refused = |status: &Value| trouble(status, "support").contains("AUTHENTICATIONFAILED");
    let status = office.desk.wait_until("the refused login is shown", refused);
    assert!(trouble(&status, "support").contains("log in"), "{}", trouble(&status, "support"));
    assert!(!office.desk.log().contains("support-secret"), "a password in the log");
    office.dovecot.deliver("support", &mail("2@x.example").bytes());
    office.desk.write("mail.password", "rotated");
    office.desk.wait_until_within(RECOVERY, "the inbox is live", all_live);
    office.desk.wait_until("the second mail is in", |status| settled(status) >= 2);
    assert_eq!(office.received("dana@x.example").len(), 2, "both directions know the new password");
}

#[test]
fn servers_that_restart_are_found_again() {
    let office = Office::open();
    let mail = |id| mails::request(letter("Dana <dana@x.example>", id, id), "Hello.\n");
    office.postfix.stop();
    office.deliver(&mail("1@x.example"));
    let status =
        office.desk.wait_until("the missing server is shown", |status| sending(status, "main")["state"] == "unreachable");
    assert!(sending(&status, "main")["error"].is_string(), "{status}");
    office.dovecot.stop();
    let status = office.desk.wait_until("the inbox is down", |status| inbox(status, "support")["live"] == false);
    office.desk.wait_until("the trouble has a name", |status| trouble(status, "support").contains("connect"));
    assert_eq!(status["tickets"]["new"], json!(1), "what is here can be worked on");
    office.act("T-1", "ana", &["reply", "One moment."]);
    office.dovecot.restart();
    office.postfix.restart();
    office.desk.wait_until_within(RECOVERY, "the inbox is live", all_live);
    office.deliver(&mail("2@x.example"));
    // What was not tried before leaves by itself; what was refused waits its minute, unless somebody is impatient.
    office.postfix.wait_for("dana@x.example", 1, RECOVERY);
    assert_eq!(office.desk.cli(&["outbox", "retry"]).code, Some(0));
    assert_eq!(office.received("dana@x.example").len(), 3, "two acknowledgements and an answer");
    let status = office.desk.status().expect("a status");
    assert_eq!((&sending(&status, "main")["state"], &sending(&status, "main")["error"]), (&json!("live"), &json!(null)));
}

#[test]
fn a_deleted_mailbox_is_named_and_watched_again_once_it_is_back() {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    dovecot.create_mailbox("support", "Desk");
    let office = Office::around(dovecot, "[inbox]\nsupport = { address = \"support@acme.example\", folder = \"Desk\" }\n");
    let mail = |id| mails::request(letter("Dana <dana@x.example>", id, id), "Hello.\n");
    office.deliver_to("Desk", &mail("1@x.example"));
    office.received("dana@x.example");
    office.dovecot.delete_mailbox("support", "Desk");
    let status = office.desk.wait_until("the missing mailbox is shown", |status| !trouble(status, "support").is_empty());
    office.desk.wait_until("the trouble names the mailbox", |status| trouble(status, "support").contains("Desk"));
    assert_eq!(status["tickets"]["new"], json!(1));
    office.dovecot.create_mailbox("support", "Desk");
    office.desk.wait_until_within(RECOVERY, "the inbox is live", all_live);
    office.dovecot.deliver_to("support", "Desk", &mail("2@x.example").bytes());
    office.desk.wait_tickets(2);
    assert_eq!(office.received("dana@x.example").len(), 2);
}

#[test]
fn inboxes_that_share_a_mailbox_count_their_own_mail() {
    let sections = "[inbox]\nsupport = { address = \"support@acme.example\" }\nsales = { address = \"sales@acme.example\" }\n";
    let office = Office::with(sections);
    for (to, id) in
        [("support@acme.example", "1@x.example"), ("sales@acme.example", "2@x.example"), ("sales@acme.example", "3@x.example")]
    {
        office.dovecot.deliver("support", &request("dana@x.example", to, id).bytes());
    }
    let own = |status: &Value, name| inbox(status, name)["settled"].as_u64();
    let status =
        office.desk.wait_until("all are in", |status| own(status, "sales") == Some(2) && own(status, "support") == Some(1));
    assert_eq!(status["settled"]["new_ticket"], json!(3), "{status}");
}
