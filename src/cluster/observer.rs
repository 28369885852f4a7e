//! Readiness, metrics and the report, computed from the inventory on request. An incomplete inventory
//! yields no report, and only the leader shows adoption metrics.

use std::sync::Arc;

use jiff::Timestamp;

use super::context::Context;
use super::counters::GaugeValues;
use super::readiness::Stage;
use crate::assess::delivery::event::{
    EventResult, EventSource, IncidentOutcome, NamedWorkload, NoMatch, ReportedIncident, matching,
    with_incident,
};
use crate::assess::object::kind::WorkloadId;
use crate::assess::verdict::{AsOf, judge};
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
        let own = metrics::text(&self.0.counters.families(&self.gauges()));
        let mut text = self.written(own);
        if self.is_ready() && self.0.leadership.holds() {
            text.push_str(&self.adoption());
        }
        text
    }

    fn written(&self, text: prometheus::Result<String>) -> String {
        text.unwrap_or_else(|error| {
            self.0.counters.failed("Exposition");
            format!("# {error}\n")
        })
    }

    fn adoption(&self) -> Arc<String> {
        let now = Timestamp::now();
        let snapshots = &self.0.snapshots;
        let version = || self.0.view_version();
        let view = || self.0.view();
        snapshots.metrics.get(version, now, view, |view| {
            let as_of = AsOf::new(view.now);
            let counted = metrics::Counted {
                contributions: &view.contributions,
                register: &view.register,
                tallies: &view.tallies,
            };
            let options = &self.0.metrics;
            self.written(metrics::exposition(
                &view.inventory,
                &counted,
                &as_of,
                options,
            ))
        })
    }

    /// A number that grows with the inventory's changes; none while it would be incomplete.
    pub fn version(&self) -> Option<u64> {
        self.is_ready().then(|| self.0.inventory().version())
    }

    /// What reports and lists are written from; none while they would be incomplete. Readers at the same
    /// time share it: its instant is when it was built.
    pub fn report_view(&self) -> Option<Arc<ReportView>> {
        if !self.is_ready() {
            return None;
        }
        let version = || self.0.view_version();
        let view = || self.0.view();
        let (now, problems) = (Timestamp::now(), self.0.problems());
        Some(self.0.snapshots.report.get(version, now, problems, view))
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

    /// Records one report of an incident: accepted or a duplicate once the stored record has it. Only the
    /// leader records.
    pub async fn record_incident(&self, incident: ReportedIncident) -> EventResult {
        let context = &self.0;
        if !self.is_ready() || !context.leadership.holds() {
            return EventResult::Unavailable;
        }
        let ReportedIncident { workload, report } = context.incidents.complete(incident);
        let Some(of) = self.incident_of(workload.as_ref(), &report.id) else {
            return EventResult::Unmatched;
        };
        match context.incidents.record(of, report).await {
            Some(IncidentOutcome::Recorded) => EventResult::Accepted,
            Some(IncidentOutcome::Duplicate) => EventResult::Duplicate,
            None => EventResult::Unavailable,
        }
    }

    /// The workload of an incident, if its rollouts are counted.
    fn incident_of(&self, named: Option<&NamedWorkload>, id: &str) -> Option<WorkloadId> {
        let facts = self.0.inventory();
        let Some(named) = named else {
            let found = with_incident(id, &facts);
            return found.filter(|id| self.0.planners().delivery.counts(id));
        };
        let planner = &self.0.planners().delivery;
        match matching(named, &facts) {
            Ok(found) => planner.counted_as(&found),
            Err(NoMatch::Ambiguous) => None,
            // A `Rollout` that refers to a workload is none itself.
            Err(NoMatch::Unknown) => {
                let mut ids = named.ids(&facts.settings.kinds);
                ids.find_map(|id| planner.counted_as(&id))
            }
        }
    }

    /// Counts one received event, or one refused request.
    pub fn event_received(&self, source: EventSource, result: EventResult) {
        self.0.counters.event_received(source, result);
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
