//! The log: text for people and the journal, JSON for machines.
//!
//! Words of strangers end up in fields, so every control character is escaped: a sender can neither forge a line nor
//! steer a terminal. Two libraries may log passwords and mail below `warn` and are never heard there.

use std::fmt::{self, Debug, Write};
use std::io::IsTerminal;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::Clock;

/// Environment variable with the filter, for instance `debug` or `info,frontdesk::outbox=debug`.
pub const FILTER_VARIABLE: &str = "FRONTDESK_LOG";

/// Heard from `warn` upwards only: they may log credentials and mail below.
const CAPPED: [&str; 3] = ["async_imap", "imap_proto", "lettre"];

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    /// For people, and for the journal.
    #[default]
    Text,
    /// One object a line.
    Json,
}

/// How the log is written.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// How lines look.
    pub form: LogForm,
    /// Only warnings and errors, unless a filter says otherwise.
    pub quiet: bool,
    /// Filter, as in [`FILTER_VARIABLE`].
    pub filter: Option<String>,
    /// The journal reads along: it has its own time and takes levels as prefixes.
    pub journal: bool,
    /// Colours.
    pub colour: bool,
}

impl LogSettings {
    /// What the environment asks for.
    #[must_use]
    pub fn from_environment(quiet: bool, form: LogForm) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        // systemd sets it where its journal reads our output.
        let journal = is_set("JOURNAL_STREAM");
        let colour = !journal && !is_set("NO_COLOR") && std::io::stderr().is_terminal();
        let filter = std::env::var(FILTER_VARIABLE).ok().filter(|filter| !filter.trim().is_empty());
        Self { form, quiet, filter, journal, colour }
    }
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter cannot be read.
    #[error("read log filter `{filter}`")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// A log was set up before.
    #[error("set up the log a second time")]
    Twice,
}

/// Sets up the log of this process, to standard error.
///
/// # Errors
/// [`LogError`]; nothing has been set up then.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    init_to(settings, std::io::stderr)
}

/// Sets up the log of this process, to `writer`.
///
/// # Errors
/// As [`init`].
pub fn init_to<W>(settings: &LogSettings, writer: W) -> Result<(), LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    subscriber(settings, writer)?.try_init().map_err(|_| LogError::Twice)
}

/// The subscriber behind [`init`], writing to `writer`.
///
/// # Errors
/// [`LogError::Filter`].
pub fn subscriber<W>(settings: &LogSettings, writer: W) -> Result<impl Subscriber + Send + Sync + use<W>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let default = if settings.quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    let filter = settings.filter.clone().unwrap_or_else(|| default.to_string());
    let parsed = EnvFilter::builder().with_default_directive(default.into()).parse(&filter);
    let parsed = parsed.map_err(|source| LogError::Filter { filter, source })?;
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer: Box<dyn Layer<_> + Send + Sync> = match settings.form {
        LogForm::Text => {
            let lines = Lines { journal: settings.journal, clock: Clock::system() };
            layer.with_ansi(settings.colour).fmt_fields(Fields).event_format(lines).boxed()
        }
        LogForm::Json => layer.json().flatten_event(true).boxed(),
    };
    Ok(tracing_subscriber::registry().with(layer.with_filter(filter_fn(is_heard))).with(parsed))
}

fn is_heard(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next().unwrap_or_default();
    !CAPPED.contains(&krate) || *metadata.level() <= Level::WARN
}

/// An address as it may stand in a log: `d…@acme.example`. What is no address becomes `…`.
#[must_use]
pub fn mask(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return "…".to_owned() };
    let first: String = local.chars().take(1).filter(|c| !c.is_control()).collect();
    let domain: String = domain.chars().filter(|c| !c.is_control()).collect();
    format!("{first}…@{domain}")
}

/// Writes fields as `name=value`, the message bare, errors with their whole chain, and nothing that controls a terminal.
struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, value: &str) {
        if self.result.is_err() {
            return;
        }
        let gap = if std::mem::take(&mut self.is_first) { "" } else { " " };
        let name = if field.name() == "message" { String::new() } else { format!("{}=", field.name()) };
        self.result = write!(self.writer, "{gap}{name}{}", Escaped(value));
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_bare = field.name() == "message" || !value.contains([' ', '"', '=']) && !value.is_empty();
        if is_bare { self.write(field, value) } else { self.write(field, &format!("{value:?}")) }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut chain = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        self.write(field, &format!("{chain:?}"));
    }
}

/// Text without control characters.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() || mail::address::is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}') {
                write!(f, "{}", c.escape_default())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// One event, one line: time or journal level, level, spans with their fields, message, fields.
struct Lines {
    journal: bool,
    clock: Clock,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = *event.metadata().level();
        if self.journal {
            write!(writer, "<{}>", syslog_level(level))?;
        } else {
            let (on, off) = if writer.has_ansi_escapes() { (colour(level), "\x1b[0m") } else { ("", "") };
            write!(writer, "{:.3} {on}{level:>5}{off} ", self.clock.now())?;
        }
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            write!(writer, "{}", span.name())?;
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                write!(writer, "{{{fields}}}")?;
            }
            writer.write_str(": ")?;
        }
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// Levels of syslog, read by the journal from `<n>` (sd-daemon(3)).
fn syslog_level(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG | Level::TRACE => "\x1b[2m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Into(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(settings: &LogSettings, act: impl FnOnce()) -> String {
        let into = Into::default();
        let writer = into.clone();
        let subscriber = subscriber(settings, move || writer.clone()).expect("a good filter");
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(into.0.lock().expect("not poisoned").clone()).expect("text")
    }

    fn settings(filter: Option<&str>) -> LogSettings {
        LogSettings { form: LogForm::Text, quiet: false, filter: filter.map(str::to_owned), journal: true, colour: false }
    }

    #[test]
    fn words_of_strangers_make_no_lines_of_their_own() {
        let text = logged(&settings(None), || {
            let hostile = "a\r\n<2>forged \x1b[31mred\u{202e}";
            tracing::info_span!("mail", id = %hostile)
                .in_scope(|| tracing::warn!(subject = hostile, as_shown = %hostile, "Held."));
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("<4>mail{id=a\\r\\n<2>forged"), "{text}");
        assert!(!text.trim_end().contains(|c: char| c.is_control()) && !text.contains('\u{202e}'), "{text:?}");
    }

    #[test]
    fn libraries_that_tell_secrets_are_not_heard() {
        let text = logged(&settings(Some("trace,async_imap=trace")), || {
            tracing::trace!(target: "async_imap::client", "LOGIN maya secret");
            tracing::debug!(target: "lettre::transport", "AUTH PLAIN secret");
            tracing::warn!(target: "async_imap", "Broken.");
            tracing::debug!(target: "frontdesk", "Ours.");
        });
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(text, "<4>Broken.\n<7>Ours.\n");
    }

    #[test]
    fn the_default_is_info_and_quiet_is_warn() {
        let say = || {
            tracing::debug!("Debug.");
            tracing::info!("Info.");
            tracing::warn!("Warn.");
        };
        assert_eq!(logged(&settings(None), say), "<6>Info.\n<4>Warn.\n");
        assert_eq!(logged(&LogSettings { quiet: true, ..settings(None) }, say), "<4>Warn.\n");
        assert_eq!(logged(&LogSettings { quiet: true, ..settings(Some("debug")) }, say), "<7>Debug.\n<6>Info.\n<4>Warn.\n");
        assert!(subscriber(&settings(Some("frontdesk=loud")), io::sink).is_err());
    }

    #[test]
    fn an_error_is_written_with_its_chain() {
        #[derive(Debug, thiserror::Error)]
        #[error("append outbox entry `7`")]
        struct Append(#[source] io::Error);
        let error = Append(io::Error::other("disk on fire"));
        let text = logged(&settings(None), || {
            tracing::error!(error = &error as &dyn std::error::Error, attempt = 3, "Step not recorded.");
        });
        assert_eq!(text, "<3>Step not recorded. error=\"append outbox entry `7`: disk on fire\" attempt=3\n");
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged(&LogSettings { form: LogForm::Json, ..settings(None) }, || {
            tracing::info!(ticket_id = 7, subject = "a\nb", "Message recorded.");
        });
        let line: serde_json::Value = serde_json::from_str(&text).expect("an object");
        assert_eq!(
            (&line["message"], &line["ticket_id"], &line["subject"]),
            (&"Message recorded.".into(), &7.into(), &"a\nb".into())
        );
    }

    #[test]
    fn addresses_are_masked() {
        assert_eq!(mask("dana.okafor@acme.example"), "d…@acme.example");
        assert_eq!(mask("not an address"), "…");
        assert_eq!(mask("\x1b@a\r\nb"), "…@ab");
    }
}
