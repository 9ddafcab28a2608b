//! `frontdesk demo`: a whole desk on this machine, with directories in place of mail servers. It is the daemon's own wiring
//! that runs here; only the mails are samples.

mod narrator;
mod stage;

use std::time::Duration;

use mail::MessageId;

use crate::cli::args::DemoArgs;
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::run::{self, Daemon};
use crate::cli::service::{Request, Service};
use crate::cli::setup;
use crate::clock::Clock;
use crate::store::Decided;
use crate::supervisor::Supervisor;
use crate::telemetry::{self, LogForm, LogSettings};

use narrator::Narrator;
use stage::{Sample, Stage};

/// A mail that was put in place is decided well within this on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the agent answers in the sample conversation.
const ANSWER: &str = "Hello Dana, E21 means that the speed sensor is not heard. Please move the magnet on the rear wheel so that \
                      it passes the sensor within 5 mm, and tell me if the motor then keeps running.";

/// Does it, until Ctrl-C or, with `--once`, until the sample conversation is over.
///
/// # Errors
/// The directory holds something else, or the desk cannot be started in it.
pub fn demo(options: &DemoArgs, printer: &Printer) -> Result<Exit, Failure> {
    let stage = Stage::prepare(options)?;
    log_to_file(&stage)?;
    let mut quiet = printer.clone();
    quiet.quiet = true;
    let setup = setup::load(&stage.config(), &quiet, "Nothing was started.")?;
    let dir = setup::store_dir(&setup.config)?;
    let store = setup::open_store(&dir, &quiet)?;
    let runtime = run::runtime()?;
    let outcome = runtime.block_on(async {
        let clock = Clock::system();
        let engine = setup::start_engine(store, &setup, clock.clone())?;
        let narrator = Narrator::new(engine.clone(), printer.clone());
        let daemon = Daemon::new(stage.config(), setup, engine, clock.clone(), Supervisor::default(), dir);
        let play = Play { stage: &stage, service: daemon.service(), narrator, printer, clock };
        daemon.serve_until(&quiet, play.perform(options.once)).await
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    stage.leave(options.once && outcome.is_ok(), printer);
    outcome
}

/// The terminal belongs to the conversation; the log of the daemon goes to a file.
fn log_to_file(stage: &Stage) -> Result<(), Failure> {
    let io = |error: std::io::Error| Failure::new(Exit::Failed, format!("{}: {error}", stage.log().display()));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(stage.log()).map_err(io)?;
    let settings = LogSettings { journal: false, colour: false, ..LogSettings::from_environment(false, LogForm::Text) };
    telemetry::init_to(&settings, std::sync::Arc::new(file)).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

/// The conversation, on a desk that runs.
struct Play<'a> {
    stage: &'a Stage,
    service: Service,
    narrator: Narrator,
    printer: &'a Printer,
    clock: Clock,
}

impl Play<'_> {
    async fn perform(mut self, once: bool) -> Result<Exit, Failure> {
        self.introduce();
        self.watched().await?;
        if self.stage.is_fresh {
            self.converse().await?;
        } else {
            self.say("The sample conversation was played here before; its tickets are still there.");
        }
        self.invite(once);
        if once {
            return Ok(Exit::Good);
        }
        loop {
            let decided = self.narrator.next().await?;
            self.narrator.show(None, &decided).await?;
        }
    }

    /// Waits until the mailbox is watched: what lies there before the first look is old mail, and gets no answer.
    async fn watched(&self) -> Result<(), Failure> {
        let wait = async {
            loop {
                let status = self.service.answer(Request::Status).await?;
                let inboxes = status["inboxes"].as_array().map_or(&[][..], Vec::as_slice);
                if inboxes.iter().all(|inbox| inbox["live"] == true) {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| Err(self.stuck()))
    }

    async fn converse(&mut self) -> Result<(), Failure> {
        let first = self.mail(Sample::Request, "1 of 5 · A customer writes", None).await?;
        let acknowledged = first.outbox.first().map(|row| row.message_id.clone());
        self.mail(Sample::Urgent, "2 of 5 · Danger, sent to the wrong address, in German", None).await?;
        self.mail(Sample::Away, "3 of 5 · The customer's mail program answers our answer", acknowledged.as_ref()).await?;
        let answer = self.answer(&first).await?;
        let answered = answer.outbox.first().map(|row| row.message_id.clone()).or(acknowledged);
        self.mail(Sample::Reply, "5 of 5 · The customer answers", answered.as_ref()).await?;
        Ok(())
    }

    async fn mail(&mut self, sample: Sample, title: &str, answers: Option<&MessageId>) -> Result<Decided, Failure> {
        self.stage.deliver(sample, self.clock.now(), answers)?;
        self.decided(title).await
    }

    /// The agent answers on the command line, as `ticket act` does.
    async fn answer(&mut self, first: &Decided) -> Result<Decided, Failure> {
        let no = first.decision.ticket.as_ref().map(|ticket| ticket.no);
        let no = no.ok_or_else(|| Failure::new(Exit::Failed, "the first mail made no ticket; the log says why"))?;
        let ticket = self.narrator.reference(no);
        let words = vec!["reply".to_owned(), ANSWER.to_owned()];
        let request = Request::Act { ticket, words, agent: Some("nora".to_owned()), request: "demo answer".to_owned() };
        self.service.answer(request).await?;
        self.decided("4 of 5 · Nora answers, with `ticket act`").await
    }

    async fn decided(&mut self, title: &str) -> Result<Decided, Failure> {
        let decided = tokio::time::timeout(PATIENCE, self.narrator.next()).await.map_err(|_| self.stuck())??;
        self.narrator.show(Some(title), &decided).await?;
        Ok(decided)
    }

    fn stuck(&self) -> Failure {
        let log = self.stage.log();
        Failure::new(Exit::Failed, format!("nothing happened for {} s; {} says why", PATIENCE.as_secs(), log.display()))
    }

    fn introduce(&self) {
        self.say(&self.printer.paint(Style::Bold, "Larkfield Cycles has two inboxes, two teams and three people."));
        self.say("Their desk runs on this machine, with directories in place of mail servers:");
        self.say(&format!("  {}", self.stage.dir.display()));
    }

    fn invite(&self, once: bool) {
        let dir = self.stage.dir.display();
        let program = stage::program();
        self.say("");
        // How a desk that is kept goes on is said at its end.
        if once && !self.stage.is_temporary {
            return;
        }
        self.say(&self.printer.paint(Style::Bold, "Now you"));
        if once {
            self.say("  frontdesk demo               the same, and it stays to take your mails");
            self.say("  frontdesk demo DIR --once    the same in a directory that is kept");
            return;
        }
        self.say("Write to the desk: save any mail as a file in in/new, or paste");
        self.say("  printf '%s\\n' 'From: you@example.org' 'To: support@larkfield.example' \\");
        self.say("    'Subject: A question' '' 'My brake squeaks. Frame number: LC-123456' \\");
        self.say(&format!("    > {dir}/in/new/mine.eml"));
        self.say("What the desk sends is a file in out/new. From another terminal:");
        self.say(&format!("  export FRONTDESK_CONFIG={dir}/frontdesk.toml   # or --config FILE each time"));
        for command in ["ticket list", "ticket show T-1", "explain T-2", "status", "ticket act --as emil T-2 take"] {
            self.say(&format!("  {program} {command}"));
        }
        self.say("The file with the rules is short: read it, change it, then run `reload`.");
        self.say(&self.printer.paint(Style::Bold, "Ctrl-C ends it."));
    }

    fn say(&self, text: &str) {
        if !self.printer.json {
            self.printer.line(text);
        }
    }
}
