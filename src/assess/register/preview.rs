//! What an exception would change, found by judging its namespace with it: once as it is asked
//! for and once as if it were approved on the spot. The inventory stays as it is.

use crate::api::Instant;
use jiff::Timestamp;

use crate::api::DeviationException;
use crate::api::deviation_exception::{Approval, Decision};
use crate::assess::exception::record::{EVERY_CHECK, Exception};
use crate::assess::exception::{Consent, Life};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::{Checks, indexes};
use crate::assess::register::{Usage, Useless, named_checks, view_in};
use crate::assess::state::State;
use crate::assess::verdict::{AsOf, Verdict, judge};
use crate::assess::workload::Workload;

/// What an exception would change.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptionPreview {
    /// The workloads it would cover, in order of kind and name.
    pub covered: Vec<Covered>,
    /// Whether it would be in use.
    pub usage: Usage,
    /// Names among its checks that cover nothing.
    pub useless: Vec<CoversNothing>,
    /// The path's name today; as it is written where no such path is known.
    pub path: String,
    /// Whether it also names checks that do not exist yet.
    pub names_later_checks: bool,
    /// On whose word it would excuse as soon as it is created.
    pub consent: Consent,
    /// The latest end with which its team could declare it alone, where only the end is in the
    /// way.
    pub could_declare_until: Option<Timestamp>,
    /// Its life as if it were approved on the spot.
    pub agreed: Life,
    /// Whether an exception of this name is there already.
    pub replaces: bool,
}

/// A workload that an exception would cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The workload.
    pub id: WorkloadId,
    /// The steps it fails that the exception names.
    pub checks: Vec<String>,
    /// The steps it fails beside these.
    pub beside: Vec<String>,
    /// Where it stands now.
    pub now: Option<State>,
    /// Where it would stand as soon as the exception is created.
    pub asked: Option<State>,
    /// Where it would stand once the exception is approved.
    pub agreed: Option<State>,
}

/// A check name that covers nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoversNothing {
    /// As the exception writes it.
    pub name: String,
    /// Whether the path has such a check, and does not let anybody leave it.
    pub is_known: bool,
    /// The check that was probably meant.
    pub nearest: Option<String>,
}

/// What this exception would change at this moment.
pub fn preview(
    inventory: &Inventory,
    object: &DeviationException,
    as_of: &AsOf,
) -> ExceptionPreview {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let before = inventory.namespace(namespace).cloned().unwrap_or_default();
    let asked = Trial::of(object.clone(), &before, as_of.now);
    let agreed = Trial::of(approved(object.clone(), as_of.now), &before, as_of.now);
    let look = Look { inventory, as_of };
    let exception = asked.exception();
    let view = view_in(inventory, as_of, (namespace, &asked.ns, &exception));
    let ctx = inventory.judge_context(as_of);
    let life = ctx.life(&agreed.ns, &agreed.exception());
    let path = view.path_name().to_owned();
    ExceptionPreview {
        covered: view
            .matched
            .iter()
            .filter_map(|id| look.covered(id, [&before, &asked.ns, &agreed.ns], &exception))
            .collect(),
        usage: view.usage,
        useless: view.useless_checks.iter().map(useless).collect(),
        path,
        names_later_checks: exception.spec.checks.iter().any(|name| name == EVERY_CHECK),
        consent: view.life.consent,
        could_declare_until: look.could_declare_until(&exception, view.life.consent),
        agreed: life,
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

/// A namespace with an exception it does not have.
struct Trial {
    ns: NamespaceIndex,
    exception: Exception,
}

impl Trial {
    fn of(object: DeviationException, before: &NamespaceIndex, now: Timestamp) -> Self {
        let mut exception = Exception::read(object, now);
        if let Some(known) = before.exception(&exception.name) {
            exception.past = exception.past.with(&known.lasting_past());
        }
        let mut ns = before.clone();
        ns.put_exception(exception.clone());
        Self { ns, exception }
    }

    fn exception(&self) -> Exception {
        self.exception.clone()
    }
}

#[derive(Clone, Copy)]
struct Look<'a> {
    inventory: &'a Inventory,
    as_of: &'a AsOf,
}

impl Look<'_> {
    fn covered(
        self,
        id: &WorkloadId,
        [before, asked, agreed]: [&NamespaceIndex; 3],
        exception: &Exception,
    ) -> Option<Covered> {
        let workload = self.inventory.workload(id)?;
        let ctx = self.inventory.judge_context(self.as_of);
        let verdict = judge(workload, before, &ctx);
        let path = workload.paths.get(verdict.path?);
        let named = named_checks(exception, path);
        let state = |ns: &NamespaceIndex| judge(workload, ns, &ctx).state();
        Some(Covered {
            id: id.clone(),
            checks: names(workload, &verdict, verdict.failing & named),
            beside: names(workload, &verdict, verdict.failing & !named),
            now: verdict.state(),
            asked: state(asked),
            agreed: state(agreed),
        })
    }

    /// The longest a team may declare alone, if with that end nobody else had to be asked.
    fn could_declare_until(self, exception: &Exception, consent: Consent) -> Option<Timestamp> {
        let paths = self.inventory.paths();
        let policy = &paths.terms(&exception.spec.path)?.spec.exception_policy;
        let limits = policy.self_declare.filter(|_| consent == Consent::None)?;
        let until = limits.max_duration.after(self.as_of.now);
        let mut shorter = exception.clone();
        shorter.spec.expires_at = Some(Instant(until));
        let life = shorter.life(paths, None, self.as_of.now);
        (life.consent == Consent::SelfDeclared).then_some(until)
    }
}

fn names(workload: &Workload, verdict: &Verdict, checks: Checks) -> Vec<String> {
    let path = verdict.path.map(|path| workload.paths.get(path));
    let checks = indexes(checks).filter_map(|check| path?.spec.checks.get(check));
    checks.map(|check| check.name.clone()).collect()
}
