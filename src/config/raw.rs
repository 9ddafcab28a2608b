//! The file as it is written: dumb shapes, every key with its meaning, range and default. Nothing outside of `config` sees
//! them; `compile` turns them into settings and policy.

mod follow;
mod process;
mod rule;
mod test;

use desk::calendar::Span;
use jiff::civil::Time;

use super::read::{At, Named, OneOrMany, TextOrFlag, shape};
use super::secret::Reference;
use super::tree::Node;
use super::value::{Bytes, Days, Length, Rate};

pub(super) use follow::{RawAlert, RawArticles, RawFollowUp, RawLimits, RawNotify, RawReport, RawRetention, RawSilent};
pub(super) use process::{RawField, RawForm, RawStep, RawType};
pub(super) use rule::{RawKnownIssue, RawRule, RawThen, RawWhen};
pub(super) use test::{RawHave, RawMail, RawTest, RawWant};

shape! {
    /// The whole file.
    RawFile = "file" {
        /// Version of this format: 1.
        version: At<u32>,
        /// Further files, relative to this one: `["conf.d/*.toml"]`. Tables are joined, lists of tables continued.
        include: Vec<At<String>>,
        /// Who we are.
        company: RawCompany,
        /// Addresses and places of the daemon itself.
        server: RawServer,
        /// Where mail comes from and goes.
        account: Named<RawAccount>,
        /// Shared addresses.
        inbox: Named<RawInbox>,
        /// Where agents answer.
        agent_mail: RawAgentMail,
        /// People who answer.
        agent: Named<RawAgent>,
        /// Groups of them. Default: one team `everyone`.
        team: Named<RawTeam>,
        /// Outside companies that work on tickets.
        vendor: Named<RawVendor>,
        /// Opening hours. `always` is built in.
        calendar: Named<RawCalendar>,
        /// Promises.
        sla: Named<RawSla>,
        /// Ticket types. Default: one type `request`.
        r#type: Named<RawType>,
        /// Mails that web forms write.
        form: Named<RawForm>,
        /// Rules, top to bottom.
        rule: Vec<RawRule>,
        /// Issues that are known.
        known_issue: Vec<RawKnownIssue>,
        /// Waiting, closing, reopening.
        follow_up: RawFollowUp,
        /// Channels besides mail.
        notify: Named<RawNotify>,
        /// When somebody is told.
        alert: Vec<RawAlert>,
        /// Help articles.
        articles: RawArticles,
        /// How long things are kept.
        retention: RawRetention,
        /// Reports on a schedule.
        report: Vec<RawReport>,
        /// Hard bounds on automatic mail.
        limits: RawLimits,
        /// Tests of this file.
        test: Vec<RawTest>,
    }
}

shape! {
    /// `[company]`
    RawCompany = "company" {
        /// Shown in mails. Required.
        name: At<String>,
        /// IANA time zone. Default `UTC`.
        timezone: At<String>,
        /// Languages of our texts, the first is the fallback. Default `["en"]`.
        languages: Vec<At<String>>,
        /// References read `T-4821`: one to eight letters. Default `T`.
        prefix: At<String>,
    }
}

shape! {
    /// `[server]`
    RawServer = "server" {
        /// Address and port of status pages and metrics. Default: none are served.
        listen: At<String>,
        /// How the pages are reached from outside. Default: no links in mails.
        url: At<String>,
        /// Who may see board and reports.
        sign_in: RawSignIn,
        /// Where state lives. Default `{ kind = "sled", path = "state" }`.
        store: RawStore,
        /// 32 bytes or more that sign reply tokens and links. Default `{ file = "signing.key" }`.
        key: At<Reference>,
        /// Name server that is asked for DKIM keys, as `IP` or `IP:port`. Default: those of this machine.
        resolver: At<String>,
        /// The key before it: what it signed is read for 90 days from `rotated_on`.
        old_key: At<Reference>,
        /// The day on which `key` took the place of `old_key`.
        rotated_on: At<String>,
    }
}

shape! {
    /// `server.sign_in`
    RawSignIn = "sign_in" {
        /// Header in which the proxy names the person.
        header: At<String>,
        /// Addresses of proxies that are believed.
        trust: Vec<At<String>>,
    }
}

shape! {
    /// `server.store`
    RawStore = "store" {
        /// `sled`, or `postgres` for several nodes.
        kind: At<String>,
        /// Folder, for sled.
        path: At<String>,
        /// Connection, for postgres.
        url: At<Reference>,
    }
}

shape! {
    /// `[account.NAME]`
    RawAccount = "account" {
        /// `imaps://host[:port]`, `imap+starttls://host[:port]`, `imap://127.0.0.1:port`, `maildir:PATH`. Required.
        imap: At<String>,
        /// `smtps://`, `submission://`, `smtp://127.0.0.1:port`, `maildir:PATH`. Required.
        smtp: At<String>,
        /// How to log in. Default `{ kind = "none" }`, which only loopback and maildirs take.
        auth: RawAuth,
        /// A private authority.
        tls: RawTls,
        /// How fast and how much is sent.
        send: RawSend,
        /// Whose Authentication-Results are believed. Default: nobody's.
        trusts: Vec<At<String>>,
        /// Folder of sent mail, watched for answers.
        sent: At<String>,
        /// How often to look where the server does not tell. Default `30s`.
        poll: At<Length>,
        /// Signs outgoing mail.
        dkim: RawDkim,
        /// Mirrors tickets into folders below this one.
        board: At<String>,
    }
}

shape! {
    /// `account.auth`
    RawAuth = "auth" {
        /// `password`, `oauth2` or `none`. Required.
        kind: At<String>,
        /// Who logs in.
        user: At<String>,
        /// Password, or the client's secret.
        secret: At<Reference>,
        /// `microsoft`, `google` or `{ token_url = "https://…" }`.
        provider: Node,
        /// Tenant, for Microsoft.
        tenant: At<String>,
        /// The application's id.
        client: At<String>,
        /// What is asked for. Default by provider.
        scope: At<String>,
        /// A person's refresh token.
        refresh_token: At<Reference>,
        /// A Google service account's key file.
        service_account: At<Reference>,
    }
}

shape! {
    /// `account.auth.provider`
    RawProvider = "provider" {
        /// Where tokens are given out.
        token_url: At<String>,
    }
}

shape! {
    /// `account.tls`
    RawTls = "tls" {
        /// PEM file of an authority that is trusted besides the system's.
        ca: At<String>,
    }
}

shape! {
    /// `account.send`
    RawSend = "send" {
        /// Most mails in a time. Default: no bound but the budgets.
        at_most: At<Rate>,
        /// Largest mail. Default: what the server announces.
        size: At<Bytes>,
    }
}

shape! {
    /// `account.dkim`
    RawDkim = "dkim" {
        /// Selector of the public key in DNS.
        selector: At<String>,
        /// Domain that signs. Default: that of the inbox.
        domain: At<String>,
        /// The private key.
        key: At<Reference>,
    }
}

shape! {
    /// `inbox.NAME`
    RawInbox = "inbox" {
        /// Its address. Required.
        address: At<String>,
        /// Shown name. Default: company and key, `Acme Support`.
        name: At<String>,
        /// Aliases.
        also: Vec<At<String>>,
        /// Account that it is watched and sent through. Default: the first one.
        account: At<String>,
        /// Mailbox that is watched. Default `INBOX`.
        folder: At<String>,
        /// Team of its tickets. Default: the first one.
        team: At<String>,
        /// Type of its tickets. Default: the first one.
        r#type: At<String>,
        /// Promise for its tickets. Default: none.
        sla: At<String>,
        /// Template of the acknowledgement, or `false`. Default `ack`.
        ack: At<TextOrFlag>,
        /// Nothing of its tickets stands in automatic mail. Default `false`.
        private: At<bool>,
        /// What happens to a mail on the server: `keep`, `seen`, `{ move = "Archive" }`. Default `keep`.
        done: Node,
        /// First start: `now`, `all`, or a date. Default `now`.
        since: Node,
        /// Machines whose mail makes normal tickets: `["@monitor.example"]`.
        machines: Vec<At<String>>,
        /// Where its PGP key is, for acknowledgements that repeat nothing: an address of a page, a fingerprint.
        pgp: At<String>,
        /// Language of answers where the mail does not tell. Default: the company's first.
        language: At<String>,
    }
}

shape! {
    /// `[agent_mail]`
    RawAgentMail = "agent_mail" {
        /// Where agents answer.
        address: At<String>,
        /// Account whose mailbox gets that mail. Default: the first one.
        account: At<String>,
        /// Mailbox that gets it. Default `INBOX`; one that an inbox watches too is read once.
        folder: At<String>,
        /// `plus`, `subdomain` or `subject`. Default `plus`.
        carrier: At<String>,
        /// Customer-bound mail waits so long. Default `60s`.
        undo_send: At<Length>,
        /// `none`, `errors`, `commands` or `all`. Default `commands`.
        receipts: At<String>,
        /// Larger files arrive as links. Default `10MB`.
        attach: At<Bytes>,
        /// When the morning list is sent.
        digest: At<Time>,
        /// `token+sender`, `token+pin` or `token`. Default `token+sender`.
        proof: At<String>,
    }
}

shape! {
    /// `agent.NAME`
    RawAgent = "agent" {
        /// Shown name. Default: the key.
        name: At<String>,
        /// Where their mail goes. Required.
        email: At<String>,
        /// Further addresses of theirs.
        also: Vec<At<String>>,
        /// Languages. Default: the company's first.
        speaks: Vec<At<String>>,
        /// Gets reports, never tickets. Default `false`.
        reports_only: At<bool>,
        /// Argon2id hash of a PIN.
        pin: At<String>,
        /// When they work.
        calendar: At<String>,
    }
}

shape! {
    /// `team.NAME`
    RawTeam = "team" {
        /// Who leads it.
        lead: At<String>,
        /// Its members. Default: all agents.
        members: Vec<At<String>>,
        /// `least-loaded`, `round-robin` or `pull`. Default `pull`.
        assign: At<String>,
        /// Most open tickets per member. Default: no bound.
        max_open: At<u32>,
    }
}

shape! {
    /// `[vendor.NAME]`
    RawVendor = "vendor" {
        /// Shown name. Default: the key.
        name: At<String>,
        /// Where their side thread goes. Required.
        email: At<String>,
        /// Pattern of their number; group 1 is the number.
        their_ref: At<String>,
        /// Fields that they may see. Default: none.
        sees: Vec<At<String>>,
        /// When they should answer.
        reply: RawVendorReply,
    }
}

shape! {
    /// `vendor.NAME.reply`
    RawVendorReply = "reply" {
        /// How long it may take.
        within: At<Span>,
        /// Calendar that counts.
        calendar: At<String>,
        /// When they are asked again.
        chase: Vec<At<Span>>,
    }
}

shape! {
    /// `[calendar.NAME]`
    RawCalendar = "calendar" {
        /// `{ mon-thu = "09:00-17:30", fri = "09:00-16:00" }`; several spans as a list. Required.
        hours: Named<OneOrMany<At<String>>>,
        /// Days on which it stays closed: dates and ranges.
        closed: Vec<At<Days>>,
        /// Zone in which the hours are meant. Default: the company's.
        timezone: At<String>,
        /// File of holidays (RFC 5545).
        ics: At<String>,
    }
}

shape! {
    /// Targets per priority.
    RawTargets = "targets" {
        /// For urgent tickets.
        urgent: At<Span>,
        /// For high ones.
        high: At<Span>,
        /// For normal ones.
        normal: At<Span>,
        /// For low ones.
        low: At<Span>,
    }
}

shape! {
    /// `[sla.NAME]`
    RawSla = "sla" {
        /// Calendar whose open time counts. Default `always`.
        calendar: At<String>,
        /// To the first human answer.
        first_response: RawTargets,
        /// To the next human answer.
        next_response: RawTargets,
        /// To the end.
        resolution: RawTargets,
        /// What customers are told: `target` or `measured`. Default `target`.
        promise: At<String>,
        /// Who is told, in order, when it breaks.
        escalate: Vec<At<String>>,
    }
}
