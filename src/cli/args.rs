//! Every verb and option. Help, completions and the manual page are made from this one definition.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// A shared inbox that loses no mail: tickets, owners and due times by plain email.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, about, propagate_version = true)]
pub struct Args {
    /// Options of every verb.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb, before or after it.
#[derive(Clone, Debug, ClapArgs)]
pub struct Common {
    /// Configuration file [default: ./frontdesk.toml, then /etc/frontdesk/frontdesk.toml]
    #[arg(long, global = true, env = "FRONTDESK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// No colours (also with NO_COLOR set)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print nothing but errors and what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show what would be done and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the daemon in the foreground
    Run,
    /// Try it out: a complete desk on this machine, without any server
    Demo(DemoArgs),
    /// Write a first configuration, asking a few things
    Init(InitArgs),
    /// Check the configuration and say everything that is wrong with it
    Check(CheckArgs),
    /// Run the tests in the configuration
    Test(TestArgs),
    /// Show why a mail is, or was, decided as it is
    Explain(ExplainArgs),
    /// Show what the mail reader makes of mails, one JSON line each
    Parse(ParseArgs),
    /// Show what a reload would change
    Plan,
    /// Decide old mail anew and show what a changed configuration would do otherwise
    Replay(ReplayArgs),
    /// The texts that customers get
    #[command(subcommand)]
    Template(TemplateVerb),
    /// Say in sentences what the configuration does
    Describe,
    /// Put the changed configuration in force
    Reload,
    /// Show how the desk is doing
    Status(StatusArgs),
    /// List tickets, show one, work on one
    #[command(subcommand)]
    Ticket(TicketVerb),
    /// Invite an agent, print rules for their mail program
    #[command(subcommand)]
    Agent(AgentVerb),
    /// Outgoing mail
    #[command(subcommand)]
    Outbox(OutboxVerb),
    /// Mail that waits for a person
    #[command(subcommand)]
    Held(HeldVerb),
    /// Rebuild the state from the journal
    Rebuild(RebuildArgs),
    /// Keep and bring back the whole desk
    #[command(subcommand)]
    Backup(BackupVerb),
    /// Show what came, who was waited on and what was learnt
    Report(ReportArgs),
    /// Follow what happens
    Tail(TailArgs),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `demo`
#[derive(Debug, ClapArgs)]
pub struct DemoArgs {
    /// Where the demonstration lives [default: a temporary directory]
    pub dir: Option<PathBuf>,
    /// End after the sample conversation instead of waiting for mails
    #[arg(long)]
    pub once: bool,
}

/// `init`
#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// Directory to write into
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Answers as `key = "value"` lines instead of questions
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Do not log in anywhere
    #[arg(long)]
    pub offline: bool,
}

/// `check`
#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Log in to every account too
    #[arg(long)]
    pub online: bool,
    /// `warnings`: a warning fails the check
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub deny: Option<String>,
}

/// `test`
#[derive(Debug, ClapArgs)]
pub struct TestArgs {
    /// Only tests whose name contains this
    #[arg(short = 'k', value_name = "NAME")]
    pub name: Option<String>,
}

/// `explain`
#[derive(Debug, ClapArgs)]
pub struct ExplainArgs {
    /// A mail file, or a reference such as T-4821
    pub what: Option<String>,
    /// Sender of a mail made up on the spot
    #[arg(long, conflicts_with = "what")]
    pub from: Option<String>,
    /// Its recipient
    #[arg(long, conflicts_with = "what")]
    pub to: Option<String>,
    /// Its subject
    #[arg(long, conflicts_with = "what")]
    pub subject: Option<String>,
    /// Its text
    #[arg(long, conflicts_with = "what")]
    pub text: Option<String>,
}

/// `parse`
#[derive(Debug, ClapArgs)]
pub struct ParseArgs {
    /// Mail files; `-` is the standard input
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// `replay`
#[derive(Debug, ClapArgs)]
pub struct ReplayArgs {
    /// A folder of mails, or an mbox
    pub from: Option<PathBuf>,
    /// The mails of the newest N tickets instead, compared with what was decided then
    #[arg(long, value_name = "N", conflicts_with = "from")]
    pub last: Option<usize>,
    /// The configuration to compare with; the new one is named by --config
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,
}

/// `template`
#[derive(Debug, Subcommand)]
pub enum TemplateVerb {
    /// List them, with their languages
    List,
    /// Show one as a customer gets it
    Render {
        /// Its name
        name: String,
        /// In which language [default: the company's first]
        #[arg(long)]
        language: Option<String>,
    },
    /// Say what is wrong or missing
    Lint,
}

/// `status`
#[derive(Debug, ClapArgs)]
pub struct StatusArgs {
    /// Let automatic mail go again after the breaker opened
    #[arg(long)]
    pub reset_breaker: bool,
}

/// `ticket …`
#[derive(Debug, Subcommand)]
pub enum TicketVerb {
    /// List tickets, newest first
    List(TicketListArgs),
    /// Show one with its messages and history
    Show {
        /// Reference, such as T-4821
        ticket: String,
    },
    /// Work on one: reply, note, assign, take, close, reopen, priority, tag, set
    Act(ActArgs),
}

/// `ticket list`
#[derive(Debug, ClapArgs)]
pub struct TicketListArgs {
    /// Only these statuses: new, open, pending, on_hold, solved, closed
    #[arg(long, value_delimiter = ',')]
    pub status: Vec<String>,
    /// Only of this team
    #[arg(long)]
    pub team: Option<String>,
    /// Only of this owner
    #[arg(long)]
    pub owner: Option<String>,
    /// Only of this inbox
    #[arg(long)]
    pub inbox: Option<String>,
    /// At most so many; 0 = all
    #[arg(long, default_value_t = 0)]
    pub limit: usize,
}

/// `ticket act`
#[derive(Debug, ClapArgs)]
pub struct ActArgs {
    /// As this agent [default: as the operator]
    #[arg(long = "as", value_name = "AGENT")]
    pub agent: Option<String>,
    /// Identity of the request: the same one again changes nothing
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
    /// Reference, such as T-4821
    pub ticket: String,
    /// The command and its words; options of frontdesk go before the reference
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// `agent …`
#[derive(Debug, Subcommand)]
pub enum AgentVerb {
    /// Send the practice ticket, on which every command is safe
    Invite {
        /// Name of the agent in the configuration
        name: String,
        /// Identity of the request: the same one again sends nothing
        #[arg(long, value_name = "ID")]
        request: Option<String>,
    },
    /// Print rules that sort the desk's mails, to be imported
    Filters {
        /// Name of the agent in the configuration
        name: String,
        /// For which mail program
        #[arg(long = "for", value_name = "PROGRAM", value_parser = ["gmail", "outlook", "sieve", "thunderbird"])]
        program: String,
    },
}

/// `outbox …`
#[derive(Debug, Subcommand)]
pub enum OutboxVerb {
    /// List mail that has not left, newest first
    List {
        /// Also what has left or failed
        #[arg(long)]
        all: bool,
    },
    /// Try now
    Retry {
        /// Ids; none = everything deferred or held
        ids: Vec<String>,
    },
    /// Stop mails from leaving
    Hold {
        /// Ids; none = everything
        ids: Vec<String>,
    },
    /// Throw mails away
    Drop {
        /// Ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

/// `held …`
#[derive(Debug, Subcommand)]
pub enum HeldVerb {
    /// List what waits
    List,
    /// Show one, with its text
    Show {
        /// Its id
        id: String,
    },
    /// Let it in: it becomes a ticket or joins the one it waits on
    Release {
        /// Its id
        id: String,
    },
    /// Put it away; its bytes stay kept
    Discard {
        /// Its id
        id: String,
    },
}

/// `rebuild`
#[derive(Debug, ClapArgs)]
pub struct RebuildArgs {
    /// Change nothing: compare a rebuilt state with the one in use
    #[arg(long)]
    pub verify: bool,
}

/// `backup …`
#[derive(Debug, Subcommand)]
pub enum BackupVerb {
    /// Copy the desk into an empty directory, while it runs or not
    Create {
        /// Where to
        dir: PathBuf,
    },
    /// Prove that a copy is whole
    Verify {
        /// Where it is
        dir: PathBuf,
    },
    /// Make the configured store from a copy; nothing is sent until released
    Restore {
        /// Where it is
        dir: PathBuf,
    },
}

/// `report`
#[derive(Debug, ClapArgs)]
pub struct ReportArgs {
    /// Of the last whole week [default]
    #[arg(long, conflicts_with_all = ["month", "since"])]
    pub week: bool,
    /// Of the last whole month
    #[arg(long, conflicts_with = "since")]
    pub month: bool,
    /// From this day on until now, such as 2026-11-01
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only of this team
    #[arg(long)]
    pub team: Option<String>,
    /// As CSV, times in seconds
    #[arg(long, conflicts_with_all = ["html", "mail", "json"])]
    pub csv: bool,
    /// As a document that stands alone
    #[arg(long, conflicts_with_all = ["mail", "json"])]
    pub html: bool,
    /// Send it by mail instead [default: to the leads]
    #[arg(long, value_name = "AGENT", num_args = 0..=1, conflicts_with = "json")]
    pub mail: Option<Option<String>>,
}

/// `tail`
#[derive(Debug, ClapArgs)]
pub struct TailArgs {
    /// Show so many past events first
    #[arg(short = 'n', default_value_t = 10)]
    pub lines: usize,
    /// End after those
    #[arg(long)]
    pub no_follow: bool,
}
