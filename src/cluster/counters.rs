//! The operator's metrics about itself. Counters are kept here; everything that is a state rather
//! than a count is read when somebody scrapes, so that no value is ever stale.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use crate::assess::planner::labels::Transition;
use crate::assess::reminders::Stage;

/// Buckets of a plan's duration, in seconds: a verdict takes microseconds.
const PLAN_SECONDS: [f64; 8] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

/// What is counted while the operator runs.
#[derive(Debug)]
pub struct Counters {
    registry: Registry,
    plans: IntCounter,
    plan_seconds: Histogram,
    errors: IntCounterVec,
    writes: IntCounterVec,
    transitions: IntCounterVec,
    notifications: IntCounterVec,
    exceptions_deleted: IntCounter,
    exceptions_recreated: IntCounter,
    clock_ticks: IntCounter,
    clock_jumps: IntCounter,
}

/// The states that are read at scrape time.
#[derive(Debug, Default)]
pub struct States {
    /// Whether this replica writes.
    pub leads: bool,
    /// Keys of ours that somebody else changed, since the start.
    pub label_conflicts: u64,
    /// Kind, and when it was last heard from in seconds since 1970.
    pub heard: Vec<(String, f64)>,
    /// Kind, and why it cannot be followed.
    pub waiting: Vec<(String, &'static str)>,
}

impl Default for Counters {
    fn default() -> Self {
        let registry = Registry::new();
        let keep = Keep(&registry);
        Self {
            plans: keep.counter("reconcile_total", "Plans that looked at a workload."),
            plan_seconds: keep.histogram(
                "reconcile_duration_seconds",
                "Time one plan took, in seconds.",
            ),
            errors: keep.counters(
                "reconcile_errors_total",
                "Failures of watches, lists and writes by reason.",
                &["reason"],
            ),
            writes: keep.counters(
                "writes_total",
                "Writes to the API server by what was written and how it ended.",
                &["verb", "result"],
            ),
            transitions: keep.counters(
                "transitions_total",
                "Changes of a workload's state by path and by what made the difference.",
                &["path", "from", "to", "cause"],
            ),
            notifications: notifications(&keep),
            exceptions_deleted: keep.counter(
                "exceptions_deleted_total",
                "Exceptions that were deleted, whatever their phase.",
            ),
            exceptions_recreated: recreations(&keep),
            clock_ticks: keep.counter(
                "clock_ticks_total",
                "Times every date was compared with the wall clock.",
            ),
            clock_jumps: keep.counter(
                "clock_jumps_total",
                "Times the wall clock moved other than by time passing.",
            ),
            registry,
        }
    }
}

fn notifications(keep: &Keep<'_>) -> IntCounterVec {
    keep.counters(
        "notifications_total",
        "Things reminded of, by channel, by what was due and by how sending it ended.",
        &["sink", "stage", "result"],
    )
}

fn recreations(keep: &Keep<'_>) -> IntCounter {
    keep.counter(
        "exceptions_recreated_total",
        "Exceptions created under the name of a deleted one.",
    )
}

impl Counters {
    /// A plan looked at workloads.
    pub fn planned(&self, took: Duration) {
        self.plans.inc();
        self.plan_seconds.observe(took.as_secs_f64());
    }

    /// A list, watch or write failed.
    pub fn failed(&self, reason: &str) {
        self.errors.with_label_values(&[reason]).inc();
    }

    /// A write ended.
    pub fn wrote(&self, verb: &str, result: &str) {
        self.writes.with_label_values(&[verb, result]).inc();
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

    /// A message with something of this stage was handed to a channel.
    pub fn notified(&self, channel: &str, stage: Stage, result: &str) {
        let labels = [channel, stage.as_str(), result];
        self.notifications.with_label_values(&labels).inc();
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

    /// Everything, with the states of this moment.
    pub fn families(&self, states: &States) -> Vec<MetricFamily> {
        let mut families = self.registry.gather();
        families.extend(states.families());
        families
    }
}

impl States {
    fn families(&self) -> Vec<MetricFamily> {
        let registry = Registry::new();
        let keep = Keep(&registry);
        let leader = keep.gauges("leader", "1 where this replica writes, else 0.", &[]);
        leader.with_label_values::<&str>(&[]).set(self.leads.into());
        let build = keep.gauges("build_info", "The version that runs.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        keep.counter(
            "label_conflicts",
            "Times somebody else changed a label of ours.",
        )
        .inc_by(self.label_conflicts);
        let waiting = keep.gauges(
            "kind_waiting",
            "1 for a kind that cannot be followed at the moment, and why.",
            &["kind", "reason"],
        );
        for (kind, reason) in &self.waiting {
            waiting.with_label_values(&[kind.as_str(), reason]).set(1);
        }
        let heard = keep.instants(
            "watch_last_event_timestamp_seconds",
            "When a kind was last heard from: an event, a bookmark or a list.",
            &["kind"],
        );
        for (kind, at) in &self.heard {
            heard.with_label_values(&[kind.as_str()]).set(*at);
        }
        registry.gather()
    }
}

/// Makes metrics and keeps them in a registry. Names and labels are written in this file, so that
/// a metric which cannot be made is a mistake in this file.
struct Keep<'a>(&'a Registry);

impl Keep<'_> {
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.keep(IntCounter::with_opts(opts(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.keep(IntCounterVec::new(opts(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.keep(IntGaugeVec::new(opts(name, help), labels))
    }

    fn instants(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.keep(GaugeVec::new(opts(name, help), labels))
    }

    fn histogram(&self, name: &str, help: &str) -> Histogram {
        let options = HistogramOpts::from(opts(name, help)).buckets(PLAN_SECONDS.to_vec());
        self.keep(Histogram::with_opts(options))
    }

    fn keep<M: Collector + Clone + 'static>(&self, made: prometheus::Result<M>) -> M {
        let metric = made.expect("names and labels in this file are valid");
        let kept = self.0.register(Box::new(metric.clone()));
        kept.expect("names in this file differ");
        metric
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("goldenpath")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(counters: &Counters, states: &States) -> String {
        let families = counters.families(states);
        let mut text = String::new();
        let encoder = prometheus::TextEncoder::new();
        encoder.encode_utf8(&families, &mut text).unwrap();
        text
    }

    #[test]
    fn states_are_those_of_the_moment() {
        let counters = Counters::default();
        counters.wrote("label", "landed");
        let waiting = States {
            leads: true,
            waiting: vec![("Rollout".to_owned(), "NotFound")],
            ..States::default()
        };
        let said = text(&counters, &waiting);
        assert!(said.contains(r#"goldenpath_kind_waiting{kind="Rollout",reason="NotFound"} 1"#));
        assert!(said.contains("goldenpath_leader 1"));
        let later = text(&counters, &States::default());
        assert!(!later.contains("Rollout"), "{later}");
        assert!(later.contains(r#"goldenpath_writes_total{result="landed",verb="label"} 1"#));
        assert!(later.contains("goldenpath_leader 0"));
    }
}
