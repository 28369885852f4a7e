//! Readiness, metrics and the report, computed from the inventory on request. An incomplete inventory
//! yields no report, and only the leader shows adoption metrics.

use std::sync::Arc;

use jiff::Timestamp;
use prometheus::proto::MetricFamily;

use super::context::Context;
use super::counters::GaugeValues;
use super::readiness::Stage;
use super::snapshots::View;
use crate::assess::source::Problem;
use crate::assess::verdict::{AsOf, judge};
use crate::report::document::Report;
use crate::report::document::view::ReportView;
use crate::report::metrics;

/// A view of a running operator. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Observer(pub(super) Arc<Context>);

impl Observer {
    /// One line for each kind whose first list is still needed; ready when there is none.
    pub fn pending(&self) -> Vec<String> {
        match self.0.gates.stage() {
            Stage::Closed | Stage::Judging => self.0.gates.pending(),
            Stage::Ready => Vec::new(),
        }
    }

    /// One line for each kind that cannot be watched.
    pub fn notes(&self) -> Vec<String> {
        self.0
            .gates
            .failures()
            .into_iter()
            .map(|(kind, failure)| format!("{kind} cannot be followed ({failure})"))
            .collect()
    }

    /// Metrics in Prometheus' text format: the operator's own, and adoption where it leads.
    pub fn metrics(&self) -> String {
        let mut families = self.0.counters.families(&self.gauges());
        if self.is_ready() && self.0.leadership.holds() {
            families.extend_from_slice(&self.adoption());
        }
        metrics::text(&families).unwrap_or_else(|error| {
            self.0.counters.failed("Exposition");
            format!("# {error}\n")
        })
    }

    fn adoption(&self) -> Arc<Vec<MetricFamily>> {
        let now = Timestamp::now();
        let snapshots = &self.0.snapshots;
        // Most operators are scraped and rarely read: drop the memory of an old report.
        let version = || self.0.inventory().version();
        snapshots.report.drop_outdated(version(), now);
        let view = || self.0.view();
        snapshots
            .families
            .get(version, now, Vec::new(), view, |view, _| {
                let as_of = AsOf::new(view.now);
                let (facts, counts) = (&view.inventory, &view.contributions);
                metrics::families_of(facts, counts, &view.register, &as_of, &self.0.metrics)
            })
    }

    /// The report; none while it would be incomplete. It is shared: `asOf` is when it was built.
    pub fn report(&self) -> Option<Arc<Report>> {
        if !self.is_ready() {
            return None;
        }
        let build = |view: &View, problems: &[Problem]| {
            let whole_second = Timestamp::from_second(view.now.as_second());
            let view = ReportView {
                inventory: view.inventory.snapshot(),
                contributions: view.contributions.clone(),
                register: view.register.clone(),
                as_of: whole_second.unwrap_or(view.now),
                problems: problems.to_vec(),
                summary: Arc::default(),
            };
            view.report()
        };
        let version = || self.0.inventory().version();
        let view = || self.0.view();
        let (now, problems) = (Timestamp::now(), self.0.problems());
        let snapshot = &self.0.snapshots.report;
        Some(snapshot.get(version, now, problems, view, build))
    }

    /// How many workloads do not carry the labels of their verdict yet; `None` before everything was
    /// listed.
    pub fn unsettled(&self) -> Option<usize> {
        if !self.is_ready() {
            return None;
        }
        let inventory = self.0.inventory().snapshot();
        let as_of = AsOf::new(Timestamp::now());
        let ctx = inventory.judge_context(&as_of);
        let unsettled = inventory.namespaces().map(|(_, ns)| {
            ns.workloads
                .values()
                .map(|entry| &entry.workload)
                .filter(|workload| {
                    *workload.attributes.live != judge(workload, ns, &ctx).labels(workload)
                })
                .count()
        });
        Some(unsettled.sum())
    }

    fn is_ready(&self) -> bool {
        self.0.gates.stage() == Stage::Ready
    }

    fn gauges(&self) -> GaugeValues {
        let failures = self.0.gates.failures();
        GaugeValues {
            leads: self.0.leadership.holds(),
            label_conflicts: self.0.planners().label_conflicts(),
            last_seen: self.0.heartbeat.last_seen(),
            waiting: failures
                .into_iter()
                .map(|(kind, failure)| (kind, failure.reason))
                .collect(),
        }
    }
}
