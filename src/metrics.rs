//! Figures in the text format of Prometheus (version 0.0.4).
//!
//! Counters and histograms live here and are moved where things happen; gauges are mostly read when somebody asks, by
//! sources that look at a snapshot. Labels are bounded: a family that has [`SERIES_MAX`] series counts the rest as `other`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Series of one family. A label that strangers can choose must not fill memory, here or in the monitoring.
pub const SERIES_MAX: usize = 200;

/// Upper bounds, in seconds, for spans of one mail on this machine.
pub const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

/// Label values of one series, in the order of their names.
type Labels = Vec<(String, String)>;

/// A counter. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// `count` more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// So far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A histogram. Clones share it.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<HistogramState>);

#[derive(Debug)]
struct HistogramState {
    bounds: &'static [f64],
    /// One more than bounds: the last has no upper bound.
    counts: Vec<AtomicU64>,
    /// In millionths, since there is no atomic fraction.
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(HistogramState { bounds, counts, sum: AtomicU64::new(0) }))
    }

    /// Counts a value; negative values and what is no number count as 0.
    pub fn observe(&self, value: f64) {
        let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
        let place = self.0.bounds.partition_point(|bound| *bound < value);
        self.0.counts[place].fetch_add(1, Ordering::Relaxed);
        // A cast of a float saturates.
        self.0.sum.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    fn write(&self, into: &mut String, name: &str, labels: &Labels) {
        let mut total = 0;
        let bounds = self.0.bounds.iter().map(|bound| number(*bound)).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(&self.0.counts) {
            total += count.load(Ordering::Relaxed);
            let mut labels = labels.clone();
            labels.push(("le".to_owned(), bound));
            line(into, &format!("{name}_bucket"), &labels, &total.to_string());
        }
        let sum = self.0.sum.load(Ordering::Relaxed) as f64 / 1e6;
        line(into, &format!("{name}_sum"), labels, &number(sum));
        line(into, &format!("{name}_count"), labels, &total.to_string());
    }
}

/// Reads figures when somebody asks.
pub type Source = Box<dyn Fn(&mut Exposition) + Send + Sync>;

/// All figures of the daemon. Clones share them.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    families: BTreeMap<&'static str, Family>,
    sources: Vec<Arc<Source>>,
}

struct Family {
    help: &'static str,
    kind: Kind,
}

enum Kind {
    Counter(BTreeMap<Labels, Counter>),
    Histogram(&'static [f64], BTreeMap<Labels, Histogram>),
}

impl Metrics {
    /// The counter of this name and these labels, made when it is first asked for.
    ///
    /// # Panics
    /// If the name breaks our rules or is another kind: both are bugs that the first start shows.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        assert!(name.ends_with("_total"), "counter {name} does not end in _total");
        let mut registry = self.lock();
        let family = registry.family(name, help, || Kind::Counter(BTreeMap::new()));
        match &mut family.kind {
            Kind::Counter(series) => bounded(series, labels, Counter::default),
            Kind::Histogram(..) => panic!("{name} is a histogram"),
        }
    }

    /// The histogram of this name and these labels, made when it is first asked for. `bounds` ascend.
    ///
    /// # Panics
    /// As [`Metrics::counter`].
    #[must_use]
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        bounds: &'static [f64],
        labels: &[(&str, &str)],
    ) -> Histogram {
        assert!(bounds.is_sorted(), "bounds of {name} do not ascend");
        let mut registry = self.lock();
        let family = registry.family(name, help, || Kind::Histogram(bounds, BTreeMap::new()));
        match &mut family.kind {
            Kind::Histogram(bounds, series) => {
                let bounds = *bounds;
                bounded(series, labels, || Histogram::new(bounds))
            }
            Kind::Counter(_) => panic!("{name} is a counter"),
        }
    }

    /// Adds figures that are read when somebody asks.
    pub fn source(&self, source: impl Fn(&mut Exposition) + Send + Sync + 'static) {
        self.lock().sources.push(Arc::new(Box::new(source)));
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let sources = {
            let registry = self.lock();
            for (name, family) in &registry.families {
                family.write(&mut text, name);
            }
            registry.sources.clone()
        };
        // Without the lock: a source may count something itself.
        let mut exposition = Exposition::default();
        for source in sources {
            source(&mut exposition);
        }
        exposition.write(&mut text);
        text
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("families", &self.lock().families.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Registry {
    fn family(&mut self, name: &'static str, help: &'static str, kind: impl FnOnce() -> Kind) -> &mut Family {
        check_name(name);
        self.families.entry(name).or_insert_with(|| Family { help, kind: kind() })
    }
}

impl Family {
    fn write(&self, into: &mut String, name: &str) {
        match &self.kind {
            Kind::Counter(series) => {
                head(into, name, self.help, "counter");
                for (labels, counter) in series {
                    line(into, name, labels, &counter.get().to_string());
                }
            }
            Kind::Histogram(_, series) => {
                head(into, name, self.help, "histogram");
                for (labels, histogram) in series {
                    histogram.write(into, name, labels);
                }
            }
        }
    }
}

/// Figures that a source reads.
#[derive(Debug, Default)]
pub struct Exposition {
    families: BTreeMap<&'static str, (&'static str, &'static str, BTreeMap<Labels, f64>)>,
}

impl Exposition {
    /// A figure that goes up and down.
    ///
    /// # Panics
    /// If the name breaks our rules.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        self.put(name, help, "gauge", labels, value);
    }

    /// A figure that only grows and is counted elsewhere.
    ///
    /// # Panics
    /// As [`Metrics::counter`].
    pub fn counter(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: u64) {
        assert!(name.ends_with("_total"), "counter {name} does not end in _total");
        self.put(name, help, "counter", labels, value as f64);
    }

    fn put(&mut self, name: &'static str, help: &'static str, kind: &'static str, labels: &[(&str, &str)], value: f64) {
        check_name(name);
        let (_, _, series) = self.families.entry(name).or_insert_with(|| (help, kind, BTreeMap::new()));
        let labels = owned(labels);
        if series.len() < SERIES_MAX || series.contains_key(&labels) {
            series.insert(labels, value);
        } else {
            *series.entry(other(&labels)).or_default() += value;
        }
    }

    fn write(&self, into: &mut String) {
        for (name, (help, kind, series)) in &self.families {
            head(into, name, help, kind);
            for (labels, value) in series {
                line(into, name, labels, &number(*value));
            }
        }
    }
}

fn check_name(name: &str) {
    let is_good = name.starts_with("frontdesk_") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(is_good, "metric {name} is not named frontdesk_<noun>_<unit>");
}

fn bounded<T: Clone>(series: &mut BTreeMap<Labels, T>, labels: &[(&str, &str)], make: impl FnOnce() -> T) -> T {
    let labels = owned(labels);
    let is_full = series.len() >= SERIES_MAX && !series.contains_key(&labels);
    let labels = if is_full { other(&labels) } else { labels };
    series.entry(labels).or_insert_with(make).clone()
}

fn owned(labels: &[(&str, &str)]) -> Labels {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn other(labels: &Labels) -> Labels {
    labels.iter().map(|(name, _)| (name.clone(), "other".to_owned())).collect()
}

// Writing into a string does not fail.
fn head(into: &mut String, name: &str, help: &str, kind: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(into, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(into: &mut String, name: &str, labels: &Labels, value: &str) {
    into.push_str(name);
    for (index, (label, text)) in labels.iter().enumerate() {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(into, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
    }
    let _ = writeln!(into, "{} {value}", if labels.is_empty() { "" } else { "}" });
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.counter("frontdesk_mails_total", "Mails by class.", &[("class", "a \"b\"\n")]).add(3);
        let histogram = metrics.histogram("frontdesk_answer_seconds", "Time to answer.", &[0.5, 1.0], &[]);
        for value in [0.1, 0.5, 0.7, 7.0, f64::NAN] {
            histogram.observe(value);
        }
        metrics.source(|exposition| exposition.gauge("frontdesk_tickets_open", "Open tickets.", &[("team", "support")], 3.0));
        let expect = r#"# HELP frontdesk_answer_seconds Time to answer.
# TYPE frontdesk_answer_seconds histogram
frontdesk_answer_seconds_bucket{le="0.5"} 3
frontdesk_answer_seconds_bucket{le="1"} 4
frontdesk_answer_seconds_bucket{le="+Inf"} 5
frontdesk_answer_seconds_sum 8.3
frontdesk_answer_seconds_count 5
# HELP frontdesk_mails_total Mails by class.
# TYPE frontdesk_mails_total counter
frontdesk_mails_total{class="a \"b\"\n"} 3
# HELP frontdesk_tickets_open Open tickets.
# TYPE frontdesk_tickets_open gauge
frontdesk_tickets_open{team="support"} 3
"#;
        assert_eq!(metrics.render(), expect);
    }

    #[test]
    fn labels_are_bounded_and_nothing_goes_uncounted() {
        let metrics = Metrics::default();
        for index in 0..2 * SERIES_MAX {
            metrics.counter("frontdesk_rule_matches_total", "Matches.", &[("rule", &index.to_string())]).add_one();
        }
        let text = metrics.render();
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), SERIES_MAX + 1);
        assert!(text.contains(&format!("frontdesk_rule_matches_total{{rule=\"other\"}} {SERIES_MAX}\n")), "{text}");
    }

    #[test]
    #[should_panic(expected = "not named frontdesk_")]
    fn a_name_that_breaks_the_rules_is_a_bug() {
        let _ = Metrics::default().counter("mails_total", "Mails.", &[]);
    }
}
