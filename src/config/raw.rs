//! The file as it is written: dumb shapes, every key with its meaning, range and default. Nothing outside of `config` sees
//! them; `compile` turns them into settings and policy.

use desk::calendar::Span;
use jiff::civil::Time;

use super::read::{At, Named, OneOrMany, TextOrFlag, shape};
use super::secret::Reference;
use super::tree::Node;
use super::value::{Bytes, Days, Length, Rate};

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
        /// Language of answers where the mail does not tell. Default: the company's first.
        language: At<String>,
    }
}

shape! {
    /// `[agent_mail]`
    RawAgentMail = "agent_mail" {
        /// Where agents answer.
        address: At<String>,
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

shape! {
    /// `[type.NAME]`
    RawType = "type" {
        /// For people. Default: the key.
        label: At<String>,
        /// Public form at `/f/NAME`.
        form: At<String>,
        /// What is asked.
        fields: Vec<RawField>,
        /// What is walked.
        steps: Vec<RawStep>,
        /// Questions at closing.
        close_asks: Vec<At<String>>,
    }
}

shape! {
    /// An entry of `type.NAME.fields`
    RawField = "field" {
        /// Key. Required.
        id: At<String>,
        /// The question. Default: the key.
        ask: At<String>,
        /// `text number money date choice email phone url bool`. Default `text`.
        kind: At<String>,
        /// Pattern that finds it; group `value`, else group 1, else the whole match.
        find: At<String>,
        /// Labels that announce it.
        labels: Vec<At<String>>,
        /// Pattern that a value must match.
        r#match: At<String>,
        /// Choices, for `choice`.
        options: Vec<At<String>>,
        /// The request is incomplete without it. Default `false`.
        required: At<bool>,
        /// Customers are never asked, and their mails never fill it. Default `false`.
        agents_only: At<bool>,
    }
}

shape! {
    /// An entry of `type.NAME.steps`
    RawStep = "step" {
        /// Key. Required.
        id: At<String>,
        /// Checklist.
        r#do: Vec<At<String>>,
        /// How long it may take.
        within: At<Span>,
        /// Team that does it.
        team: At<String>,
        /// Agent who does it.
        owner: At<String>,
        /// `not-owner`: a second person.
        by: At<String>,
        /// Skipped unless these fields match.
        only_if: Named<Node>,
        /// `customer`, a vendor or a team.
        waits_on: At<String>,
        /// Ends with done or reject. Default `false`.
        approve: At<bool>,
        /// What happens when it is late.
        on_late: RawOnLate,
        /// Steps that must be done. Default: the one before.
        after: OneOrMany<At<String>>,
    }
}

shape! {
    /// `on_late` of a step
    RawOnLate = "on_late" {
        /// Whom to tell.
        tell: OneOrMany<At<String>>,
        /// Whom to give it to.
        assign: At<String>,
        /// The new priority.
        priority: At<String>,
        /// Whom to tell, one after the other.
        escalate: OneOrMany<At<String>>,
    }
}

shape! {
    /// `[form.NAME]`
    RawForm = "form" {
        /// Which mails. Required.
        when: RawWhen,
        /// `lines`, `table`, `json` or `urlencoded`. Default `lines`.
        reads: At<String>,
        /// Key in the mail to `requester`, `requester.name`, `subject`, `text` or a field. Required.
        maps: Named<At<String>>,
    }
}

shape! {
    /// A condition.
    RawWhen = "when" {
        /// Sender: `a@b`, `@domain`, `@*.domain`.
        from: OneOrMany<At<String>>,
        /// Recipients, or the inbox.
        to: OneOrMany<At<String>>,
        /// Copies.
        cc: OneOrMany<At<String>>,
        /// Patterns in the subject.
        subject: OneOrMany<At<String>>,
        /// Patterns in the new text.
        text: OneOrMany<At<String>>,
        /// Patterns in the text with quotes.
        any_text: OneOrMany<At<String>>,
        /// Patterns in file names.
        attachment: OneOrMany<At<String>>,
        /// Patterns in headers.
        header: Named<OneOrMany<At<String>>>,
        /// Ticket types.
        r#type: OneOrMany<At<String>>,
        /// Teams.
        team: OneOrMany<At<String>>,
        /// Inboxes.
        inbox: OneOrMany<At<String>>,
        /// Priorities.
        priority: OneOrMany<At<String>>,
        /// Statuses.
        status: OneOrMany<At<String>>,
        /// Tags.
        tags: OneOrMany<At<String>>,
        /// Languages.
        language: OneOrMany<At<String>>,
        /// Owners, or `none`.
        owner: OneOrMany<At<String>>,
        /// Fields.
        field: Named<OneOrMany<Node>>,
        /// How many files, or how large: `any`, `none`, `> 3`, `> 5MB`.
        attachments: At<String>,
        /// Size of the mail: `> 5MB`.
        size: At<String>,
        /// The sender is proven.
        authenticated: At<bool>,
        /// `{ calendar = "office", open = false }`.
        time: RawTime,
        /// What is known of the sender.
        contact: RawContact,
        /// Must not hold.
        not: Box<RawWhen>,
        /// One of them must hold.
        any: Vec<RawWhen>,
        /// Part of a promise that is left, for alerts: `< 25%`.
        sla_left: At<String>,
        /// An inbox is not reached for so long, for alerts.
        inbox_down: At<Length>,
    }
}

shape! {
    /// `when.time`
    RawTime = "time" {
        /// Which calendar. Required.
        calendar: At<String>,
        /// Open or closed. Default `true`.
        open: At<bool>,
    }
}

shape! {
    /// `when.contact`
    RawContact = "contact" {
        /// Tickets they had: `> 10`.
        tickets: At<String>,
        /// They had one.
        known: At<bool>,
    }
}

shape! {
    /// `then` of a rule
    RawThen = "then" {
        /// Move to that inbox.
        inbox: At<String>,
        /// Give to that team.
        team: At<String>,
        /// Give to that agent.
        owner: At<String>,
        /// Follow that process.
        r#type: At<String>,
        /// `low normal high urgent`.
        priority: At<String>,
        /// Labels to add.
        tags: OneOrMany<At<String>>,
        /// Fields to set; `{name}` is what a group captured.
        set: Named<At<String>>,
        /// Ask that vendor.
        vendor: At<String>,
        /// Another acknowledgement, or `false`.
        ack: At<TextOrFlag>,
        /// Channels and agents to tell.
        tell: OneOrMany<At<String>>,
        /// Keep for a person, for that reason.
        hold: At<String>,
        /// Record without a ticket, for that reason.
        ignore: At<String>,
        /// No rule below runs.
        stop: At<bool>,
    }
}

shape! {
    /// A `[[rule]]`
    RawRule = "rule" {
        /// For people. Required.
        name: At<String>,
        /// What must hold. Default: nothing, so it always matches.
        when: RawWhen,
        /// What follows. Required.
        then: RawThen,
        /// `reply`: it runs on replies too. Default `new`.
        on: At<String>,
    }
}

shape! {
    /// A `[[known_issue]]`
    RawKnownIssue = "known_issue" {
        /// Key. Required.
        id: At<String>,
        /// For customers. Required.
        title: At<String>,
        /// Which tickets. Required.
        when: RawWhen,
        /// Template that joins the acknowledgement.
        tell: At<String>,
        /// What helps until it is solved.
        workaround: At<String>,
        /// Agent who works on it.
        owner: At<String>,
        /// The cause that its tickets are closed with.
        cause: At<String>,
    }
}

shape! {
    /// `[follow_up]`
    RawFollowUp = "follow_up" {
        /// What happens while a customer is silent.
        silent: Vec<RawSilent>,
        /// What follows a closing.
        closed: RawClosed,
        /// A question some time after closing.
        check_in: RawCheckIn,
        /// When a reply reopens.
        reopen: RawReopen,
        /// When customer mail leaves: `09:00-16:00`.
        hours: At<String>,
        /// Calendar of business days.
        calendar: At<String>,
    }
}

shape! {
    /// An entry of `follow_up.silent`
    RawSilent = "silent" {
        /// After so long. Required.
        after: At<Span>,
        /// Template to send.
        send: At<String>,
        /// Reason to close with.
        close: At<String>,
    }
}

shape! {
    /// `follow_up.closed`
    RawClosed = "closed" {
        /// Template to send.
        send: At<String>,
        /// How often a rating is asked of a person.
        rating: At<Rate>,
    }
}

shape! {
    /// `follow_up.check_in`
    RawCheckIn = "check_in" {
        /// After so long.
        after: At<Span>,
        /// Template to send.
        send: At<String>,
        /// Types it is asked for. Default: all.
        types: Vec<At<String>>,
    }
}

shape! {
    /// `follow_up.reopen`
    RawReopen = "reopen" {
        /// So long after solving. Default `14d`.
        within: At<Length>,
        /// Plain thanks change nothing. Default `true`.
        thanks_keeps_closed: At<bool>,
        /// Most reopenings by mail. Default `5 per 1d`.
        at_most: At<Rate>,
    }
}

shape! {
    /// `notify.NAME`
    RawNotify = "notify" {
        /// `slack mattermost discord teams ntfy sms pagerduty webhook email`. Required.
        kind: At<String>,
        /// Where to, as a text or a secret.
        url: Node,
        /// Address, for `email`.
        to: At<String>,
        /// Key that signs or logs in.
        key: At<Reference>,
        /// HTTP method, for `sms`.
        method: At<String>,
        /// Body with `{text}` and `{to}`, for `sms`.
        body: At<String>,
    }
}

shape! {
    /// An `[[alert]]`
    RawAlert = "alert" {
        /// For people. Required.
        name: At<String>,
        /// When. Required.
        when: RawWhen,
        /// Whom: `owner`, `lead`, `team`, agents, channels. Required.
        tell: OneOrMany<At<String>>,
    }
}

shape! {
    /// `[articles]`
    RawArticles = "articles" {
        /// Folder of Markdown files.
        path: At<String>,
    }
}

shape! {
    /// `[retention]`
    RawRetention = "retention" {
        /// Tickets.
        tickets: At<Length>,
        /// Tickets of private inboxes.
        private: At<Length>,
        /// Original mail.
        raw: At<Length>,
        /// Backups.
        backup: RawBackup,
    }
}

shape! {
    /// `retention.backup`
    RawBackup = "backup" {
        /// Folder.
        to: At<String>,
        /// Time of day.
        at_: At<Time>,
        /// How many: `7d 4w 12m`.
        keep: At<String>,
    }
}

shape! {
    /// A `[[report]]`
    RawReport = "report" {
        /// For people.
        name: At<String>,
        /// `day`, `week` or `month`.
        every: At<String>,
        /// Time of day.
        at_: At<Time>,
        /// Who gets it: agents, `lead`.
        to: OneOrMany<At<String>>,
        /// Which team. Default: all.
        team: At<String>,
    }
}

shape! {
    /// `[limits]`
    RawLimits = "limits" {
        /// Acknowledgements per sender in 24 h. Default 3.
        acks_per_sender_day: At<u32>,
        /// Acknowledgements per domain in 24 h. Default 20.
        acks_per_domain_day: At<u32>,
        /// The same for domains where strangers share a name. Default 200.
        acks_per_freemail_day: At<u32>,
        /// Acknowledgements in all per hour. Default 60.
        acks_per_hour: At<u32>,
        /// Acknowledgements in all in 24 h. Default 300.
        acks_per_day: At<u32>,
        /// Reopenings of one ticket by mail in 24 h. Default 5.
        reopens_per_day: At<u32>,
        /// Notices to one agent per hour. Default 30.
        notices_per_agent_hour: At<u32>,
    }
}

shape! {
    /// A `[[test]]`
    RawTest = "test" {
        /// For people. Required.
        name: At<String>,
        /// An inline mail, or a file. Required.
        mail: Node,
        /// The ticket that is there before.
        have: RawHave,
        /// What must come out. Required.
        want: RawWant,
    }
}

shape! {
    /// `test.mail`
    RawMail = "mail" {
        /// Sender. Required.
        from: At<String>,
        /// Recipients. Default: the first inbox.
        to: OneOrMany<At<String>>,
        /// Copies.
        cc: OneOrMany<At<String>>,
        /// Subject.
        subject: At<String>,
        /// Body.
        text: At<String>,
        /// Further headers.
        header: Named<At<String>>,
        /// File names.
        attachments: OneOrMany<At<String>>,
        /// The sender is proven. Default `true`.
        authenticated: At<bool>,
    }
}

shape! {
    /// `test.have`
    RawHave = "have" {
        /// Its status.
        status: At<String>,
        /// Its inbox.
        inbox: At<String>,
        /// Its team.
        team: At<String>,
        /// Its owner.
        owner: At<String>,
        /// Its type.
        r#type: At<String>,
        /// Its priority.
        priority: At<String>,
        /// Its tags.
        tags: OneOrMany<At<String>>,
        /// Its fields.
        field: Named<At<String>>,
    }
}

shape! {
    /// `test.want`
    RawWant = "want" {
        /// Inbox in the end.
        inbox: At<String>,
        /// Team in the end.
        team: At<String>,
        /// Owner in the end, or `none`.
        owner: At<String>,
        /// Type in the end.
        r#type: At<String>,
        /// Priority in the end.
        priority: At<String>,
        /// All tags in the end.
        tags: OneOrMany<At<String>>,
        /// Status in the end.
        status: At<String>,
        /// Fields in the end.
        field: Named<At<String>>,
        /// Template of the acknowledgement, or `false`.
        ack: At<TextOrFlag>,
        /// Kinds of mail that leave, in order.
        sends: Vec<At<String>>,
        /// `new` or `attached`.
        thread: At<TextOrFlag>,
        /// Class of machine mail, or `false`.
        machine: At<TextOrFlag>,
        /// It is held: the reason, `true` or `false`.
        held: At<TextOrFlag>,
        /// It is ignored: the rule or reason, `true` or `false`.
        ignored: At<TextOrFlag>,
    }
}
