//! The daemon: the only place where everything is wired together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::alarm::Alarms;
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::{Health, Service, Surroundings};
use crate::cli::setup::{self, Setup};
use crate::cli::wiring::{self, Side};
use crate::cli::{control, figures, files, scan, verb};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::ingest::Progress;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::supervisor::Supervisor;

/// How long everything may take to end once asked.
const STOP_MAX: Duration = Duration::from_secs(30);
/// How often the status line is renewed and the writer is asked for a sign of life.
const STATUS_EVERY: Duration = Duration::from_secs(3);
/// How long the store may be in use by somebody else at the start. A command without a daemon has it for moments.
const BUSY_MAX: Duration = Duration::from_secs(3);
/// Between two looks whether it is free.
const BUSY_AGAIN: Duration = Duration::from_millis(20);
/// The stack of threads that read mail: the reader does not recurse, libraries under it may.
const STACK_BYTES: usize = 4 * 1024 * 1024;

/// The runtime of the daemon and of verbs that open the store themselves.
///
/// # Errors
/// The machine gives no threads.
pub fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(|error| Failure::from_error(Exit::Failed, &error))
}

/// Runs until SIGTERM or SIGINT, or until the store fails.
///
/// # Errors
/// The configuration is invalid, the store is in use or damaged, an address is taken.
pub fn run(path: PathBuf, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&path, printer, "Nothing was started.")?;
    verb::test::refuse_failing(&setup)?;
    let dir = setup::store_dir(&setup.config)?;
    let supervisor = Supervisor::default();
    supervisor.status("reading the journal");
    let store = open_store(&dir, printer)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let clock = Clock::system();
        let engine = setup::start_engine(store, &setup, clock.clone())?;
        let daemon = Daemon::new(path, setup, engine, clock, supervisor, dir);
        daemon.serve(printer).await
    });
    // Whatever still runs is in the middle of nothing that matters: all of it was asked to stop, and waited for.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

/// Opens the store, and waits a little for a command that has it open: only another daemon keeps it.
fn open_store(dir: &Path, printer: &Printer) -> Result<Arc<dyn Store>, Failure> {
    let until = Instant::now() + BUSY_MAX;
    loop {
        match setup::open_store(dir, printer) {
            Err(failure) if failure.exit == Exit::TryAgain && Instant::now() < until => std::thread::sleep(BUSY_AGAIN),
            opened => return opened,
        }
    }
}

/// One running desk.
pub struct Daemon {
    path: PathBuf,
    engine: Engine,
    clock: Clock,
    dir: PathBuf,
    supervisor: Supervisor,
    metrics: Metrics,
    started_at: Timestamp,
    state: Mutex<State>,
    runtime: tokio::runtime::Handle,
}

struct State {
    setup: Setup,
    /// Watchers and senders by their settings: what did not change is not restarted.
    sides: BTreeMap<String, Side>,
}

impl Daemon {
    /// A desk that is not yet watching anything.
    #[must_use]
    pub fn new(path: PathBuf, setup: Setup, engine: Engine, clock: Clock, supervisor: Supervisor, dir: PathBuf) -> Arc<Self> {
        let metrics = Metrics::default();
        let started_at = clock.now();
        let state = Mutex::new(State { setup, sides: BTreeMap::new() });
        let runtime = tokio::runtime::Handle::current();
        Arc::new(Self { path, engine, clock, dir, supervisor, metrics, started_at, state, runtime })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches, sends and answers until it is asked to stop.
    ///
    /// # Errors
    /// The control socket or the listening address cannot be had, or the store fails.
    pub async fn serve(self: &Arc<Self>, printer: &Printer) -> Result<Exit, Failure> {
        self.serve_until(printer, std::future::pending()).await
    }

    /// [`Daemon::serve`], which also ends when `asked` does, as that says.
    ///
    /// # Errors
    /// As there, and those of `asked`.
    pub async fn serve_until(
        self: &Arc<Self>,
        printer: &Printer,
        asked: impl Future<Output = Result<Exit, Failure>>,
    ) -> Result<Exit, Failure> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = self.start(&stopped).await?;
        self.align(Vec::new());
        self.supervisor.ready();
        tracing::info!(config = self.state().setup.hash, store = %self.dir.display(), "Frontdesk runs.");
        printer.hint("frontdesk runs; Ctrl-C ends it");
        tasks.push(tokio::spawn(scan::show(Arc::clone(self), printer.clone(), stopped.clone())));
        let outcome = self.wait(asked).await;
        self.supervisor.stopping();
        tracing::info!("Frontdesk stops.");
        stop.send_replace(true);
        let sides: Vec<Side> = std::mem::take(&mut self.state().sides).into_values().collect();
        tasks.extend(sides.into_iter().map(Side::stop));
        let all = async {
            for task in tasks {
                // A task that panicked has logged it; stopping goes on.
                drop(task.await);
            }
        };
        if tokio::time::timeout(STOP_MAX, all).await.is_err() {
            tracing::warn!("Not everything ended in time; what is in flight is taken up at the next start.");
        }
        match std::fs::remove_file(control::path(&self.dir)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::debug!(error = &error as &dyn std::error::Error, "Control socket not removed.");
            }
            _ => {}
        }
        outcome
    }

    async fn start(self: &Arc<Self>, stopped: &watch::Receiver<bool>) -> Result<Vec<JoinHandle<()>>, Failure> {
        let io = |what: String| move |error: std::io::Error| Failure::new(Exit::Failed, format!("{what}: {error}"));
        let service = self.service();
        let listener =
            control::listen(&self.dir).map_err(io(format!("open the control socket {}", control::path(&self.dir).display())))?;
        let mut tasks = vec![tokio::spawn(control::serve(listener, service, stopped.clone()))];
        let engine = self.engine.clone();
        let timers = stopped.clone();
        tasks.push(tokio::spawn(async move { engine.run_timers(timers).await }));
        let (engine, chores) = (self.engine.clone(), stopped.clone());
        tasks.push(tokio::spawn(async move { engine.run_chores(chores).await }));
        figures::register(&self.metrics, self);
        let listen = self.state().setup.config.server.listen;
        if let Some(address) = listen {
            let listener = tokio::net::TcpListener::bind(address)
                .await
                .map_err(io(format!("listen on {address}, which `[server] listen` names")))?;
            let (ready, text) = (Arc::downgrade(self), self.metrics.clone());
            let is_ready = move || ready.upgrade().map_or_else(|| Err("stopping".to_owned()), |daemon| daemon.is_ready());
            let (engine, clock) = (self.engine.clone(), self.clock.clone());
            let file_of =
                move |path: &str| files::find(&engine, &clock, path).map(|(name, bytes)| crate::web::file::File { name, bytes });
            let pages = crate::web::machine_pages(Arc::new(is_ready), Arc::new(move || text.render()))
                .merge(crate::web::file::file_pages(Arc::new(file_of)));
            let beats = Arc::default();
            self.supervisor.watch("web", Arc::clone(&beats));
            tasks.push(tokio::spawn(crate::web::serve(listener, pages, beats, stopped.clone())));
        }
        tasks.push(tokio::spawn(self.supervisor.clone().run(stopped.clone())));
        let pulse = Arc::clone(self);
        let until = stopped.clone();
        tasks.push(tokio::spawn(async move { pulse.pulse(until).await }));
        Ok(tasks)
    }

    /// The requests it answers.
    #[must_use]
    pub fn service(self: &Arc<Self>) -> Service {
        Service {
            engine: self.engine.clone(),
            clock: self.clock.clone(),
            store_dir: Some(self.dir.clone()),
            surroundings: Arc::new(Handle(Arc::clone(self))),
        }
    }

    /// Starts what the configuration asks for and does not run, stops what runs and is no longer asked for. `keep` are
    /// sides that ran before under the same settings.
    fn align(self: &Arc<Self>, mut stopping: Vec<JoinHandle<()>>) {
        let mut state = self.state();
        let wanted = wiring::wanted(&state.setup, &self.path, &self.dir);
        let gone: Vec<String> = state.sides.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for key in gone {
            if let Some(side) = state.sides.remove(&key) {
                self.supervisor.forget(&side.name());
                stopping.push(side.stop());
            }
        }
        for (key, plan) in wanted {
            if let Entry::Vacant(free) = state.sides.entry(key) {
                let side = free.insert(plan.start(&self.engine, &self.clock));
                if let Some(beats) = side.beats() {
                    self.supervisor.watch(side.name(), beats);
                }
            }
        }
    }

    async fn wait(self: &Arc<Self>, asked: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
        tokio::pin!(asked);
        let failed = |error: std::io::Error| Failure::from_error(Exit::Failed, &error);
        let mut term = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
        loop {
            tokio::select! {
                outcome = &mut asked => return outcome,
                _ = term.recv() => return Ok(Exit::Good),
                _ = interrupt.recv() => return Ok(Exit::Good),
                _ = hangup.recv() => {
                    if let Err(failure) = self.reload() {
                        tracing::error!(problems = failure.message, "The configuration was not reloaded; the old one stays.");
                    }
                }
                error = self.engine.failed() => return Err(error.into()),
            }
        }
    }

    /// Tells of inboxes that are not reached for too long.
    async fn raise(&self, alarms: &mut Alarms) {
        let (config, policy) = {
            let state = self.state();
            (state.setup.config.clone(), state.setup.live.policy.clone())
        };
        if config.inbox_alarms.is_empty() {
            return;
        }
        let health = self.health();
        let text = |value: &Value| value.as_str().unwrap_or("nobody knows why").to_owned();
        let shown = |inbox: &Value| (text(&inbox["name"]), inbox["live"] == true, text(&inbox["error"]));
        let inboxes: Vec<(String, bool, String)> = health.inboxes.iter().map(shown).collect();
        for alarm in alarms.look(std::time::Instant::now(), &inboxes, &config.inbox_alarms, &policy) {
            tracing::error!(text = alarm.text, "An inbox is not reached.");
            let request = format!("alarm {} {}", alarm.text, self.clock.now());
            // A store that fails ends the process elsewhere.
            drop(self.engine.tell(request, alarm.to, alarm.text).await);
        }
    }

    /// Proves that the writer works and renews the status line.
    async fn pulse(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let beats: Arc<std::sync::atomic::AtomicU64> = Arc::default();
        self.supervisor.watch("engine", Arc::clone(&beats));
        let mut alarms = Alarms::default();
        loop {
            if self.engine.probe().await.is_ok() {
                beats.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            self.supervisor.status(&self.status_line());
            self.raise(&mut alarms).await;
            tokio::select! {
                () = tokio::time::sleep(STATUS_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// `3/3 inboxes live · 37 open, 2 overdue · 1 held · outbox 0 · config 9f3c1a2`
    fn status_line(&self) -> String {
        let counts = self.engine.store().counts();
        let health = self.health();
        let live = health.inboxes.iter().filter(|inbox| inbox["live"] == true).count();
        let open: u64 = counts.tickets[..4].iter().sum();
        let scan = self.scan().map_or_else(String::new, |scan| format!(" · first scan {}/{}", scan.done, scan.total));
        format!(
            "{live}/{} inboxes live{scan} · {open} open · {} held · outbox {} · config {}",
            health.inboxes.len(),
            counts.held,
            counts.outbox,
            health.config
        )
    }

    fn is_ready(&self) -> Result<(), String> {
        let health = self.health();
        let dead: Vec<String> = health
            .inboxes
            .iter()
            .filter(|inbox| inbox["live"] != true)
            .map(|inbox| {
                let error = inbox["error"].as_str().unwrap_or("not yet live");
                format!("inbox {}: {error}", inbox["name"].as_str().unwrap_or_default())
            })
            .collect();
        if dead.is_empty() { Ok(()) } else { Err(dead.join("\n")) }
    }

    /// How far the first scans of all mailboxes are, together; `None` while there is none.
    #[must_use]
    pub fn scan(&self) -> Option<Progress> {
        let state = self.state();
        let scans = state.sides.values().filter_map(Side::progress);
        scans.reduce(|sum, scan| Progress { done: sum.done + scan.done, total: sum.total + scan.total })
    }

    /// State of inboxes and sending.
    #[must_use]
    pub fn health(&self) -> Health {
        let state = self.state();
        let mut inboxes = Vec::new();
        for (name, watch) in &state.setup.config.inboxes {
            let side = state.sides.values().find(|side| side.watches(&watch.account, &watch.folder));
            let mut shown = side.map_or_else(|| json!({ "live": false, "error": "not started" }), Side::inbox_health);
            if let Value::Object(map) = &mut shown {
                map.insert("name".to_owned(), name.as_str().into());
                let is_alone = state.setup.config.inboxes.iter().filter(|(_, other)| shares(watch, other)).count() == 1;
                let settled = if is_alone { self.settled_of(watch) } else { self.engine.store().inbox_mails(name) };
                map.insert("settled".to_owned(), settled.into());
            }
            inboxes.push(shown);
        }
        let accounts = state.sides.values().filter_map(Side::account_health).collect();
        Health { inboxes, accounts, config: state.setup.hash.clone(), started_at: Some(self.started_at) }
    }

    /// Mails of a mailbox that reached their outcome since the store began; what an inbox shows that has it alone.
    fn settled_of(&self, watch: &crate::config::Watch) -> u64 {
        let key = crate::store::MailboxKey { account: watch.account.clone(), mailbox: watch.folder.clone() };
        self.engine.store().cursor(&key).total
    }

    /// The engine, for figures.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Reads the configuration anew; equal configuration is a no-op.
    ///
    /// # Errors
    /// Everything that is wrong with it; the old one stays in force.
    pub fn reload(self: &Arc<Self>) -> Result<Vec<String>, Failure> {
        self.supervisor.reloading();
        let result = self.try_reload();
        self.supervisor.ready();
        result
    }

    /// What a reload would change.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn plan(&self) -> Result<Vec<String>, Failure> {
        let setup = setup::load(&self.path, &Printer::plain(), "The running configuration would be kept.")?;
        verb::test::refuse_failing(&setup)?;
        let mut changes = verb::plan::changes(&self.state().setup, &setup);
        changes.extend(verb::plan::effects(&**self.engine.store(), &setup.live.policy, Clock::system().now()));
        Ok(changes)
    }

    /// Tickets follow the configuration in the background. A store that fails meanwhile ends the process elsewhere.
    fn settle_tickets(&self) {
        let engine = self.engine.clone();
        self.runtime.spawn(async move { engine.settle_all().await.unwrap_or_default() });
    }

    fn try_reload(self: &Arc<Self>) -> Result<Vec<String>, Failure> {
        let quiet = Printer::plain();
        let setup = setup::load(&self.path, &quiet, "The running configuration was kept.")?;
        verb::test::refuse_failing(&setup)?;
        let changes = {
            let mut state = self.state();
            if state.setup.hash == setup.hash {
                return Ok(Vec::new());
            }
            if setup::store_dir(&setup.config)? != self.dir || setup.config.server.listen != state.setup.config.server.listen {
                let message = "server.store and server.listen need a restart; the running configuration was kept";
                return Err(Failure::new(Exit::Failed, message));
            }
            let changes = verb::plan::changes(&state.setup, &setup);
            self.engine.replace(setup.live.clone());
            state.setup = setup;
            changes
        };
        let guard = self.runtime.enter();
        self.align(Vec::new());
        drop(guard);
        self.settle_tickets();
        tracing::info!(config = self.state().setup.hash, changes = changes.len(), "Configuration reloaded.");
        Ok(changes)
    }
}

/// What the control socket sees of the daemon.
struct Handle(Arc<Daemon>);

impl Surroundings for Handle {
    fn health(&self) -> Health {
        self.0.health()
    }

    fn reload(&self) -> Result<Vec<String>, Failure> {
        self.0.reload()
    }

    fn plan(&self) -> Result<Vec<String>, Failure> {
        self.0.plan()
    }
}

/// Mail of both inboxes arrives in one mailbox.
fn shares(one: &crate::config::Watch, other: &crate::config::Watch) -> bool {
    one.account == other.account && one.folder == other.folder
}
