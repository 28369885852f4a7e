//! Effects of a drafted exception, found by judging its namespace with it: once as drafted and once as
//! if approved now. The inventory does not change.

use jiff::Timestamp;

use crate::api::deviation_exception::{Approval, Decision};
use crate::api::{DeviationException, Instant};
use crate::assess::exception::record::{EVERY_CHECK, Exception};
use crate::assess::exception::{Consent, Life};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::{Checks, indexes};
use crate::assess::register::assessment::Assessment;
use crate::assess::register::{Usage, Useless, named_checks};
use crate::assess::state::State;
use crate::assess::verdict::{AsOf, JudgeContext, Verdict, judge};
use crate::assess::workload::Workload;

/// Effects of a drafted exception.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptionPreview {
    /// The workloads it would cover, in order of kind and name.
    pub covered: Vec<Covered>,
    /// Whether it would be in use.
    pub usage: Usage,
    /// Check names that cover nothing.
    pub useless: Vec<CoversNothing>,
    /// The current name of its path; as written if no such path is known.
    pub path: String,
    /// Whether it also covers checks added later (`*`).
    pub names_later_checks: bool,
    /// Why it would be in force as soon as it is created.
    pub consent: Consent,
    /// The latest end with which the team could declare it itself, if only the end prevents that.
    pub could_declare_until: Option<Timestamp>,
    /// Its life if approved now.
    pub if_approved: Life,
    /// Whether an exception of this name exists.
    pub replaces: bool,
}

/// A workload that an exception would cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The workload.
    pub id: WorkloadId,
    /// Failing checks that the exception names.
    pub checks: Vec<String>,
    /// Other failing checks.
    pub beside: Vec<String>,
    /// State now.
    pub now: Option<State>,
    /// State as soon as the exception is created.
    pub if_created: Option<State>,
    /// State once the exception is approved.
    pub if_approved: Option<State>,
}

/// A check name that covers nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoversNothing {
    /// As the exception writes it.
    pub name: String,
    /// Whether the path has this check, but allows no exception to it.
    pub is_known: bool,
    /// The most similar check of the path.
    pub nearest: Option<String>,
}

/// The effects of this exception at this instant.
pub fn preview(
    inventory: &Inventory,
    object: &DeviationException,
    as_of: &AsOf,
) -> ExceptionPreview {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let before = inventory.namespace(namespace).cloned().unwrap_or_default();
    let drafted = DraftedNamespace::of(object.clone(), &before, as_of.now);
    let approved = DraftedNamespace::of(approved(object.clone(), as_of.now), &before, as_of.now);
    let exception = &drafted.exception;
    let assessment = Assessment::of(inventory, &drafted.ns, exception, as_of);
    let view = assessment.view(inventory, namespace, exception);
    let ctx = inventory.judge_context(as_of);
    let life = ctx.life(&approved.ns, &approved.exception);
    let comparison = Comparison {
        inventory,
        ctx: &ctx,
        exception,
        before: &before,
        drafted: &drafted.ns,
        approved: &approved.ns,
    };
    let path = view.path_name().to_owned();
    ExceptionPreview {
        covered: view
            .matched
            .iter()
            .filter_map(|id| comparison.covered(id))
            .collect(),
        usage: view.usage,
        useless: view.useless_checks.iter().map(useless).collect(),
        path,
        names_later_checks: exception.spec.checks.iter().any(|name| name == EVERY_CHECK),
        consent: view.life.consent,
        could_declare_until: could_declare_until(&ctx, exception, view.life.consent),
        if_approved: life,
        replaces: before.exception(&exception.name).is_some(),
    }
}

fn approved(mut object: DeviationException, now: Timestamp) -> DeviationException {
    object.spec.approval = Some(Approval {
        decision: Decision::Approved,
        by: "preview".to_owned(),
        at: Instant(now),
        note: None,
    });
    object
}

fn useless(check: &crate::assess::register::UselessCheck<'_>) -> CoversNothing {
    let (is_known, nearest) = match check.because {
        Useless::Unknown { nearest } => (false, nearest.map(str::to_owned)),
        Useless::NotExemptible => (true, None),
    };
    CoversNothing {
        name: check.name.to_owned(),
        is_known,
        nearest,
    }
}

/// A copy of a namespace, with the drafted exception in it.
struct DraftedNamespace {
    ns: NamespaceIndex,
    exception: Exception,
}

impl DraftedNamespace {
    fn of(object: DeviationException, before: &NamespaceIndex, now: Timestamp) -> Self {
        let mut exception = Exception::read(object, now);
        if let Some(known) = before.exception(&exception.name) {
            exception.past = exception.past.with(&known.lasting_past());
        }
        let mut ns = before.clone();
        ns.put_exception(exception.clone());
        Self { ns, exception }
    }
}

/// A namespace without the exception, with it, and with it approved.
struct Comparison<'a> {
    inventory: &'a Inventory,
    ctx: &'a JudgeContext<'a>,
    exception: &'a Exception,
    before: &'a NamespaceIndex,
    drafted: &'a NamespaceIndex,
    approved: &'a NamespaceIndex,
}

impl Comparison<'_> {
    fn covered(&self, id: &WorkloadId) -> Option<Covered> {
        let workload = self.inventory.workload(id)?;
        let verdict = judge(workload, self.before, self.ctx);
        let path = workload.paths.get(verdict.path?);
        let named = named_checks(self.exception, path);
        let state = |ns: &NamespaceIndex| judge(workload, ns, self.ctx).state();
        Some(Covered {
            id: id.clone(),
            checks: names(workload, &verdict, verdict.failing & named),
            beside: names(workload, &verdict, verdict.failing & !named),
            now: verdict.state(),
            if_created: state(self.drafted),
            if_approved: state(self.approved),
        })
    }
}

/// The latest end allowed by `selfDeclare`, if with that end the exception needs no approval.
fn could_declare_until(
    ctx: &JudgeContext<'_>,
    exception: &Exception,
    consent: Consent,
) -> Option<Timestamp> {
    let policy = &ctx.paths.terms(&exception.spec.path)?.spec.exception_policy;
    let limits = policy.self_declare.filter(|_| consent == Consent::None)?;
    let until = limits.max_duration.after(ctx.as_of.now);
    let mut shorter = exception.clone();
    shorter.spec.expires_at = Some(Instant(until));
    let life = shorter.life(ctx.paths, None, ctx.as_of.now);
    (life.consent == Consent::SelfDeclared).then_some(until)
}

fn names(workload: &Workload, verdict: &Verdict, checks: Checks) -> Vec<String> {
    let path = verdict.path.map(|path| workload.paths.get(path));
    indexes(checks)
        .filter_map(|check| path?.spec.checks.get(check))
        .map(|check| check.name.clone())
        .collect()
}
