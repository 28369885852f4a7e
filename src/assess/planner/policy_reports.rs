//! Which policy reports are stored and what they say, in one record each: their names, and a digest
//! of their content. From that and the inventory follow the writes, as data: a report is stored
//! where its digest is another one, and removed where its workload is not judged any more. At rest,
//! and after a restart, nothing is planned.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WatchedKind;
use crate::assess::planner::pacing::{Pacing, WriteResult, earliest};
use crate::assess::verdict::AsOf;
use crate::assess::verdict::findings::{Findings, findings};

/// As many reports are written down in one plan at most: nobody else looks at the inventory
/// meanwhile.
const RENDERED_AT_ONCE: usize = 500;

/// Namespace and name of a report; the name is its workload's uid.
pub type ReportKey = (Arc<str>, Arc<str>);

/// A report as it is to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Stands for the content.
    pub digest: String,
    /// The whole object, the digest included.
    pub object: serde_json::Value,
}

/// A stored report, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    /// Its own uid.
    pub uid: Option<Box<str>>,
    /// The digest it carries.
    pub digest: Option<Box<str>>,
    /// Grows with every change of its content.
    pub generation: Option<u64>,
    /// API group and kind of the workload that owns it.
    pub owner: Option<(Box<str>, Box<str>)>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportWrite {
    /// Which report.
    pub key: ReportKey,
    /// What is done to it.
    pub act: ReportAct,
}

/// What is done to a report.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportAct {
    /// Create it, or replace its content.
    Store(Rendered),
    /// It is removed, if it still is the object with this uid.
    Remove(Option<Box<str>>),
}

/// What a plan comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportPlan {
    /// To be carried out.
    pub writes: Vec<ReportWrite>,
    /// There is more to write than was asked for.
    pub has_more: bool,
    /// When a report that had to wait may be tried again.
    pub again_at: Option<Timestamp>,
}

/// What is known of one report.
#[derive(Debug, Default)]
struct ReportState {
    stored: Option<StoredReport>,
    /// What its workload's findings were when it was last written down, and the digest of that:
    /// at rest nothing is written down again only to be compared.
    wanted: Option<(u64, Box<str>)>,
    /// The generation our own last write made.
    ours: Option<u64>,
    pacing: Pacing,
}

impl ReportState {
    /// Whether it holds the report of findings with this fingerprint.
    fn is_settled(&self, fingerprint: u64) -> bool {
        let known = self.wanted.as_ref();
        known.is_some_and(|(known, digest)| *known == fingerprint && self.says(digest))
    }

    /// Whether it holds this content, unchanged by other clients since we wrote it.
    fn says(&self, digest: &str) -> bool {
        let Some(stored) = &self.stored else {
            return false;
        };
        let is_edited = self
            .ours
            .zip(stored.generation)
            .is_some_and(|(ours, seen)| seen > ours);
        stored.digest.as_deref() == Some(digest) && !is_edited
    }

    /// Plans to store what is found where that is something else than is stored.
    fn settle(
        &mut self,
        key: &ReportKey,
        found: &Findings<'_>,
        builder: &mut PlanBuilder,
        render: impl Fn(&Findings<'_>) -> Rendered,
    ) {
        let fingerprint = found.fingerprint();
        if self.is_settled(fingerprint) {
            return;
        }
        if self.waits(builder) {
            return;
        }
        if builder.is_full() || builder.rendered >= RENDERED_AT_ONCE {
            builder.plan.has_more = true;
            return;
        }
        builder.rendered += 1;
        let rendered = render(found);
        self.wanted = Some((fingerprint, rendered.digest.as_str().into()));
        if !self.says(&rendered.digest) {
            builder.offer(key, self, ReportAct::Store(rendered));
        }
    }

    /// Whether a write is under way or held back: nothing is written down in vain.
    fn waits(&self, builder: &mut PlanBuilder) -> bool {
        let again_at = &mut builder.plan.again_at;
        *again_at = earliest(*again_at, self.pacing.held_until(builder.now));
        !self.pacing.is_free(builder.now)
    }
}

/// The reports that are stored, and how far the operator is with each.
#[derive(Debug, Default)]
pub struct ReportPlanner {
    reports: BTreeMap<ReportKey, ReportState>,
    /// Kinds all of whose workloads are known: what is absent is gone.
    complete: HashSet<Arc<WatchedKind>>,
    is_listed: bool,
    version: u64,
}

impl ReportPlanner {
    /// A number that grows when other clients change reports.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes in a stored report. An event that our own write has overtaken changes nothing.
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

    /// Takes in that a report is gone.
    pub fn remove(&mut self, key: &ReportKey) {
        if let Some(report) = self.reports.get_mut(key) {
            report.stored = None;
            report.ours = None;
            self.version += 1;
        }
    }

    /// Takes in that a list of reports is complete: what it did not hold is gone. Before the first
    /// one nothing is planned.
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

    /// Takes in that the kind of reports itself is gone: nothing is planned until there is a list of
    /// them again.
    pub fn unlisted(&mut self) {
        self.is_listed = false;
    }

    /// Every workload of this kind is known from now on.
    pub fn kind_is_complete(&mut self, kind: &Arc<WatchedKind>) {
        self.version += u64::from(self.complete.insert(kind.clone()));
    }

    /// What is to be written now, at most `limit` reports. `render` writes a report down; equal
    /// findings have to give equal reports.
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
                let key = (namespace.clone(), Arc::from(found.uid));
                let report = self.reports.entry(key.clone()).or_default();
                report.settle(&key, &found, &mut builder, &render);
                judged.insert(key);
            }
        }
        self.plan_removals(&judged, facts, &mut builder);
        builder.plan
    }

    /// Reports of workloads that are known not to be judged. A workload of a kind that was not
    /// listed may well be: its report stays.
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
            let is_known = |(group, kind): &(Box<str>, Box<str>)| {
                let mut kinds = complete.iter();
                kinds.any(|known| *known.group == **group && *known.kind == **kind)
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

    /// Notes how a write ended. What a landed one tells of a report is its generation.
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
            // Its namespace is gone, or the kind: soon the API server would answer the same.
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

/// A plan that is being made.
struct PlanBuilder {
    now: Timestamp,
    limit: usize,
    /// How many reports were written down, also those that turned out to say what is stored.
    rendered: usize,
    plan: ReportPlan,
}

impl PlanBuilder {
    fn is_full(&self) -> bool {
        self.plan.writes.len() >= self.limit
    }

    /// Plans a write unless one is under way, held back, or more than was asked for.
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
