//! The operator's metrics about itself. Counters live here; gauges are computed from current values at
//! each scrape, so that none is ever stale.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use crate::assess::delivery::event::{EventResult, EventSource};
use crate::assess::planner::labels::Transition;
use crate::assess::reminders::ReminderStage;

/// Buckets of a plan's duration in seconds: a verdict takes microseconds.
const PLAN_SECONDS: [f64; 8] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

/// The operator's counters.
#[derive(Debug)]
pub struct Counters {
    registry: Registry,
    plans: IntCounter,
    plan_seconds: Histogram,
    errors: IntCounterVec,
    writes: IntCounterVec,
    transitions: IntCounterVec,
    notifications: IntCounterVec,
    events_received: IntCounterVec,
    events_sent: IntCounterVec,
    exceptions_deleted: IntCounter,
    exceptions_recreated: IntCounter,
    clock_ticks: IntCounter,
    clock_jumps: IntCounter,
}

/// What a sent item is about: the label `stage` of its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifiedAbout {
    /// An exception in this stage.
    Exception(ReminderStage),
    /// A new entry in the changelog of a path.
    Changelog,
}

impl NotifiedAbout {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Exception(stage) => stage.as_str(),
            Self::Changelog => "changelog",
        }
    }
}

/// What a write does: the label `verb` of its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteVerb {
    /// Labels of a workload.
    Label,
    /// The label of a Kubernetes Service.
    ServiceLabel,
    /// The status of a path or an exception.
    Status,
    /// A reminder record in the status of an exception.
    Reminder,
    /// A warning policy or its binding.
    Policy,
    /// A policy report.
    Report,
    /// A delivery record.
    Record,
    /// An Event.
    Event,
}

impl WriteVerb {
    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::ServiceLabel => "service-label",
            Self::Status => "status",
            Self::Reminder => "reminder",
            Self::Policy => "policy",
            Self::Report => "report",
            Self::Record => "record",
            Self::Event => "event",
        }
    }
}

/// The values of gauges at one scrape.
#[derive(Debug, Default)]
pub struct GaugeValues {
    /// Whether this replica writes.
    pub leads: bool,
    /// Label keys of ours that others changed, since the start.
    pub label_conflicts: u64,
    /// Kind, and when it last sent something, in seconds since 1970.
    pub last_seen: Vec<(String, f64)>,
    /// Kind, and why it cannot be watched.
    pub waiting: Vec<(String, &'static str)>,
}

impl Default for Counters {
    fn default() -> Self {
        let registry = Registry::new();
        let metrics = Registration(&registry);
        Self {
            plans: metrics.counter(
                "reconcile_total",
                "Label plans that covered at least one workload.",
            ),
            plan_seconds: metrics.histogram(
                "reconcile_duration_seconds",
                "Duration of one label plan in seconds.",
            ),
            errors: metrics.counters(
                "reconcile_errors_total",
                "Failed watches, lists and writes by reason.",
                &["reason"],
            ),
            writes: metrics.counters(
                "writes_total",
                "Writes to the API server by verb and result.",
                &["verb", "result"],
            ),
            transitions: metrics.counters(
                "transitions_total",
                "Changes of a workload's state by path and cause.",
                &["path", "from", "to", "cause"],
            ),
            notifications: notifications(&metrics),
            events_received: events_received(&metrics),
            events_sent: events_sent(&metrics),
            exceptions_deleted: metrics.counter(
                "exceptions_deleted_total",
                "Deleted exceptions of any phase.",
            ),
            exceptions_recreated: recreations(&metrics),
            clock_ticks: metrics.counter(
                "clock_ticks_total",
                "Comparisons of all dates with the wall clock.",
            ),
            clock_jumps: metrics.counter("clock_jumps_total", "Jumps of the wall clock."),
            registry,
        }
    }
}

fn notifications(metrics: &Registration<'_>) -> IntCounterVec {
    metrics.counters(
        "notifications_total",
        "Items in sent reminders, and announced changelog entries, by channel, stage and result.",
        &["sink", "stage", "result"],
    )
}

fn events_received(metrics: &Registration<'_>) -> IntCounterVec {
    metrics.counters(
        "events_received_total",
        "Received events about incidents, and refused requests, by source and result.",
        &["source", "result"],
    )
}

fn events_sent(metrics: &Registration<'_>) -> IntCounterVec {
    metrics.counters(
        "events_sent_total",
        "Events about rollouts for the CDEvents sink by result.",
        &["result"],
    )
}

fn recreations(metrics: &Registration<'_>) -> IntCounter {
    metrics.counter(
        "exceptions_recreated_total",
        "Exceptions created under the name of a deleted one.",
    )
}

impl Counters {
    /// A label plan was made.
    pub fn planned(&self, took: Duration) {
        self.plans.inc();
        self.plan_seconds.observe(took.as_secs_f64());
    }

    /// A list, watch or write failed.
    pub fn failed(&self, reason: &str) {
        self.errors.with_label_values(&[reason]).inc();
    }

    /// A write ended.
    pub fn wrote(&self, verb: WriteVerb, result: &str) {
        self.writes
            .with_label_values(&[verb.as_str(), result])
            .inc();
    }

    /// A workload's state changed.
    pub fn changed(&self, transition: &Transition) {
        let labels = [
            &*transition.path,
            transition.from.as_str(),
            transition.to.as_str(),
            transition.cause.as_str(),
        ];
        self.transitions.with_label_values(&labels).inc();
    }

    /// An item about this was sent to a channel.
    pub fn notified(&self, channel: &str, about: NotifiedAbout, result: &str) {
        let labels = [channel, about.as_str(), result];
        self.notifications.with_label_values(&labels).inc();
    }

    /// Events will be received: every count starts at zero.
    pub fn expect_events(&self) {
        for source in EventSource::ALL {
            for result in EventResult::ALL {
                let labels = [source.as_str(), result.as_str()];
                self.events_received.with_label_values(&labels);
            }
        }
    }

    /// An event was received, or a request refused.
    pub fn event_received(&self, source: EventSource, result: EventResult) {
        let labels = [source.as_str(), result.as_str()];
        self.events_received.with_label_values(&labels).inc();
    }

    /// An event was sent to the CDEvents sink, or not.
    pub fn event_sent(&self, result: &str) {
        self.events_sent.with_label_values(&[result]).inc();
    }

    /// An exception was deleted.
    pub fn exception_deleted(&self) {
        self.exceptions_deleted.inc();
    }

    /// An exception was created under the name of a deleted one.
    pub fn exception_recreated(&self) {
        self.exceptions_recreated.inc();
    }

    /// Dates were compared with the wall clock.
    pub fn clock_ticked(&self) {
        self.clock_ticks.inc();
    }

    /// The wall clock jumped.
    pub fn clock_jumped(&self) {
        self.clock_jumps.inc();
    }

    /// All metrics, with the current gauges.
    pub fn families(&self, gauges: &GaugeValues) -> Vec<MetricFamily> {
        let mut families = self.registry.gather();
        families.extend(gauges.families());
        families
    }
}

impl GaugeValues {
    fn families(&self) -> Vec<MetricFamily> {
        let registry = Registry::new();
        let metrics = Registration(&registry);
        let leader = metrics.gauges(
            "leader",
            "1 where this replica leads and writes, else 0.",
            &[],
        );
        leader.with_label_values::<&str>(&[]).set(self.leads.into());
        let build = metrics.gauges(
            "build_info",
            "Version of the running operator, always 1.",
            &["version"],
        );
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        metrics
            .counter(
                "label_conflicts",
                "Changes of the operator's labels by others.",
            )
            .inc_by(self.label_conflicts);
        let waiting = metrics.gauges(
            "kind_waiting",
            "1 for a kind that cannot be watched, by reason.",
            &["kind", "reason"],
        );
        for (kind, reason) in &self.waiting {
            waiting.with_label_values(&[kind.as_str(), reason]).set(1);
        }
        let last_seen = metrics.instants(
            "watch_last_event_timestamp_seconds",
            "Time of the last event, bookmark or list of a kind, in seconds since 1970.",
            &["kind"],
        );
        for (kind, at) in &self.last_seen {
            last_seen.with_label_values(&[kind.as_str()]).set(*at);
        }
        registry.gather()
    }
}

/// Creates metrics and registers them. Names and labels are constants of this file, so that only a
/// mistake in this file can make it fail.
struct Registration<'a>(&'a Registry);

impl Registration<'_> {
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.register(IntCounter::with_opts(opts(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.register(IntCounterVec::new(opts(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.register(IntGaugeVec::new(opts(name, help), labels))
    }

    fn instants(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.register(GaugeVec::new(opts(name, help), labels))
    }

    fn histogram(&self, name: &str, help: &str) -> Histogram {
        let options = HistogramOpts::from(opts(name, help)).buckets(PLAN_SECONDS.to_vec());
        self.register(Histogram::with_opts(options))
    }

    fn register<M: Collector + Clone + 'static>(&self, created: prometheus::Result<M>) -> M {
        let metric = created.expect("names and labels in this file are valid");
        self.0
            .register(Box::new(metric.clone()))
            .expect("names in this file differ");
        metric
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("goldenpath")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(counters: &Counters, gauges: &GaugeValues) -> String {
        let families = counters.families(gauges);
        let mut text = String::new();
        let encoder = prometheus::TextEncoder::new();
        encoder.encode_utf8(&families, &mut text).unwrap();
        text
    }

    #[test]
    fn gauges_show_current_values_only() {
        let counters = Counters::default();
        counters.wrote(WriteVerb::Label, "landed");
        let waiting = GaugeValues {
            leads: true,
            waiting: vec![("Rollout".to_owned(), "NotFound")],
            ..GaugeValues::default()
        };
        let said = text(&counters, &waiting);
        assert!(said.contains(r#"goldenpath_kind_waiting{kind="Rollout",reason="NotFound"} 1"#));
        assert!(said.contains("goldenpath_leader 1"));
        let later = text(&counters, &GaugeValues::default());
        assert!(!later.contains("Rollout"), "{later}");
        assert!(later.contains(r#"goldenpath_writes_total{result="landed",verb="label"} 1"#));
        assert!(later.contains("goldenpath_leader 0"));
    }
}
