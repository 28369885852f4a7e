//! Policy reports: one record per stored report, with its name and a digest of its content. A report is
//! written if its digest differs from the inventory's findings, and removed if its workload is not
//! judged any more. At rest, and after a restart, nothing is planned. Reports are not rendered here.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WatchedKind;
use crate::assess::planner::pacing::{Pacing, WriteResult, earliest};
use crate::assess::verdict::AsOf;
use crate::assess::verdict::findings::{Findings, findings};

/// Reports rendered in one plan at most, because a plan holds the inventory's lock.
const RENDERED_AT_ONCE: usize = 500;

/// Namespace and name of a report; the name is its workload's uid.
pub type ReportKey = (Arc<str>, Arc<str>);

/// A report to store.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Digest of the content.
    pub digest: String,
    /// The whole object, including the digest.
    pub object: serde_json::Value,
}

/// A stored report, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    /// Uid of the report.
    pub uid: Option<Box<str>>,
    /// The digest in its annotation.
    pub digest: Option<Box<str>>,
    /// Grows with every change of its content.
    pub generation: Option<u64>,
    /// Kind of the workload that owns it.
    pub owner: Option<OwnerKind>,
}

/// Kind of the object that owns a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerKind {
    /// API group; empty for the core group.
    pub group: Box<str>,
    /// Kind, such as `Deployment`.
    pub kind: Box<str>,
}

/// A write of one report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportWrite {
    /// Namespace and name of the report.
    pub key: ReportKey,
    /// Whether to store or remove it.
    pub act: ReportAct,
}

/// The action of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportAct {
    /// Create the report, or replace its content.
    Store(Rendered),
    /// Remove the report, if it still has this uid.
    Remove(Option<Box<str>>),
}

/// The writes that are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportPlan {
    /// At most as many as requested.
    pub writes: Vec<ReportWrite>,
    /// More writes are due than requested.
    pub has_more: bool,
    /// When a report that had to wait may be written.
    pub again_at: Option<Timestamp>,
}

/// Findings as last rendered. At rest nothing is rendered again only to compare it.
#[derive(Debug)]
struct LastRender {
    /// Fingerprint of the findings.
    fingerprint: u64,
    /// Digest of the report.
    digest: Box<str>,
}

/// State of one report.
#[derive(Debug, Default)]
struct ReportState {
    stored: Option<StoredReport>,
    rendered: Option<LastRender>,
    /// The generation that our last write made.
    ours: Option<u64>,
    pacing: Pacing,
}

impl ReportState {
    /// Whether the report of findings with this fingerprint is stored.
    fn is_settled(&self, fingerprint: u64) -> bool {
        self.rendered
            .as_ref()
            .is_some_and(|last| last.fingerprint == fingerprint && self.holds(&last.digest))
    }

    /// Whether this content is stored, unchanged by other clients since our write.
    fn holds(&self, digest: &str) -> bool {
        let Some(stored) = &self.stored else {
            return false;
        };
        let is_edited = self
            .ours
            .zip(stored.generation)
            .is_some_and(|(ours, seen)| seen > ours);
        stored.digest.as_deref() == Some(digest) && !is_edited
    }

    /// Plans a write if the report of these findings is not stored.
    fn settle(
        &mut self,
        key: &ReportKey,
        found: &Findings<'_>,
        builder: &mut PlanBuilder,
        render: impl Fn(&Findings<'_>) -> Rendered,
    ) {
        let fingerprint = found.fingerprint();
        if self.is_settled(fingerprint) || self.waits(builder) {
            return;
        }
        if builder.is_full() || builder.rendered >= RENDERED_AT_ONCE {
            builder.plan.has_more = true;
            return;
        }
        builder.rendered += 1;
        let rendered = render(found);
        self.rendered = Some(LastRender {
            fingerprint,
            digest: rendered.digest.as_str().into(),
        });
        if !self.holds(&rendered.digest) {
            builder.offer(key, self, ReportAct::Store(rendered));
        }
    }

    /// Whether a write is in flight or held back, so that rendering would be in vain.
    fn waits(&self, builder: &mut PlanBuilder) -> bool {
        let again_at = &mut builder.plan.again_at;
        *again_at = earliest(*again_at, self.pacing.held_until(builder.now));
        !self.pacing.is_free(builder.now)
    }
}

/// Plans policy reports.
#[derive(Debug, Default)]
pub struct ReportPlanner {
    reports: BTreeMap<ReportKey, ReportState>,
    /// Kinds whose workloads are all listed, so that an absent workload is gone.
    complete: HashSet<Arc<WatchedKind>>,
    is_listed: bool,
    version: u64,
}

impl ReportPlanner {
    /// A counter that grows when other clients change reports.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Records a stored report. An event older than our own write changes nothing.
    pub fn put(&mut self, key: ReportKey, stored: StoredReport) {
        let report = self.reports.entry(key).or_default();
        let is_overtaken = stored
            .generation
            .zip(report.ours)
            .is_some_and(|(seen, ours)| seen < ours);
        if !is_overtaken && report.stored.as_ref() != Some(&stored) {
            report.stored = Some(stored);
            self.version += 1;
        }
    }

    /// Records that a report is gone.
    pub fn remove(&mut self, key: &ReportKey) {
        if let Some(report) = self.reports.get_mut(key) {
            report.stored = None;
            report.ours = None;
            self.version += 1;
        }
    }

    /// Records a complete list: reports absent from it are gone. Before the first list nothing is
    /// planned.
    pub fn listed(&mut self, seen: &HashSet<(String, String)>) {
        for ((namespace, name), report) in &mut self.reports {
            if !seen.contains(&(namespace.to_string(), name.to_string())) {
                report.stored = None;
                report.ours = None;
            }
        }
        self.is_listed = true;
        self.version += 1;
    }

    /// Records that the report kind itself is gone. Nothing is planned until the next list.
    pub fn unlisted(&mut self) {
        self.is_listed = false;
    }

    /// Records that every workload of this kind is known.
    pub fn kind_is_complete(&mut self, kind: &Arc<WatchedKind>) {
        self.version += u64::from(self.complete.insert(kind.clone()));
    }

    /// At most `limit` writes that are due. `render` must return equal reports for equal findings.
    pub fn plan(
        &mut self,
        facts: &Inventory,
        now: Timestamp,
        limit: usize,
        render: impl Fn(&Findings<'_>) -> Rendered,
    ) -> ReportPlan {
        if !self.is_listed {
            return ReportPlan::default();
        }
        let mut builder = PlanBuilder {
            now,
            limit,
            rendered: 0,
            plan: ReportPlan::default(),
        };
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        let mut judged: HashSet<ReportKey> = HashSet::new();
        for (namespace, ns) in facts.namespaces() {
            let namespace: Arc<str> = namespace.into();
            for entry in ns.workloads.values() {
                let Some(found) = findings(&entry.workload, ns, &ctx) else {
                    continue;
                };
                let key = (namespace.clone(), Arc::from(&*found.uid));
                let report = self.reports.entry(key.clone()).or_default();
                report.settle(&key, &found, &mut builder, &render);
                judged.insert(key);
            }
        }
        self.plan_removals(&judged, facts, &mut builder);
        builder.plan
    }

    /// Plans removal of reports whose workloads are known not to be judged. Reports stay while the kind
    /// of their workload is not listed.
    fn plan_removals(
        &mut self,
        judged: &HashSet<ReportKey>,
        facts: &Inventory,
        builder: &mut PlanBuilder,
    ) {
        let complete = &self.complete;
        self.reports.retain(|key, report| {
            if judged.contains(key) {
                return true;
            }
            let Some(stored) = &report.stored else {
                return report.pacing.is_in_flight();
            };
            let is_known = |owner: &OwnerKind| {
                complete
                    .iter()
                    .any(|known| *known.group == *owner.group && *known.kind == *owner.kind)
            };
            let may_go =
                facts.settings.excludes(&key.0) || stored.owner.as_ref().is_some_and(is_known);
            if may_go {
                let act = ReportAct::Remove(stored.uid.clone());
                builder.offer(key, report, act);
            }
            true
        });
    }

    /// Records the result of a write. A landed write returns the report's generation.
    pub fn ended(&mut self, write: &ReportWrite, outcome: WriteResult, now: Timestamp) {
        let Some(report) = self.reports.get_mut(&write.key) else {
            return;
        };
        report.pacing.stopped();
        match (outcome, &write.act) {
            (WriteResult::Landed(generation), ReportAct::Store(rendered)) => {
                report.landed(&rendered.digest, generation);
            }
            (WriteResult::Landed(_) | WriteResult::Gone, ReportAct::Remove(_)) => {
                self.reports.remove(&write.key);
            }
            // The namespace or the report kind is gone: a retry soon would fail the same way.
            (WriteResult::Gone, ReportAct::Store(_)) | (WriteResult::Failed, _) => {
                report.pacing.failed(now);
            }
            (WriteResult::NotTaken, _) => {}
        }
    }
}

impl ReportState {
    fn landed(&mut self, digest: &str, generation: Option<u64>) {
        self.pacing.landed();
        self.ours = generation;
        let stored = self.stored.get_or_insert(StoredReport {
            uid: None,
            digest: None,
            generation: None,
            owner: None,
        });
        stored.digest = Some(digest.into());
        // The watch may have seen a later change already.
        stored.generation = stored.generation.max(generation);
    }
}

/// A plan under construction.
struct PlanBuilder {
    now: Timestamp,
    limit: usize,
    /// Number of rendered reports, including those that equal the stored ones.
    rendered: usize,
    plan: ReportPlan,
}

impl PlanBuilder {
    fn is_full(&self) -> bool {
        self.plan.writes.len() >= self.limit
    }

    /// Plans a write unless one is in flight or held back, or the plan is full.
    fn offer(&mut self, key: &ReportKey, report: &mut ReportState, act: ReportAct) {
        if report.waits(self) {
            return;
        }
        if self.is_full() {
            self.plan.has_more = true;
            return;
        }
        report.pacing.started();
        self.plan.writes.push(ReportWrite {
            key: key.clone(),
            act,
        });
    }
}
