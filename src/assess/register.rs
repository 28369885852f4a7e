//! The register of exceptions: what each one names, whether its path still judges that, and whether it
//! is still needed. Status, metrics and reports all read it. It does not decide whether a failure is
//! excused: the verdict does.

use super::exception::Life;
use super::inventory::Inventory;
use super::path::{Checks, Path, bit};
use super::verdict::{AsOf, JudgeContext, Verdict, judge};
use super::workload::Workload;
use crate::api::golden_path::Level;
use crate::assess::exception::assurance::{Assurance, assurance};
use crate::assess::exception::record::{EVERY_CHECK, Exception};
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::set::PathSet;
use crate::assess::wording::nearest;

pub mod next;
pub mod preview;

/// One exception at one instant.
#[derive(Clone, Debug)]
pub struct ExceptionView<'a> {
    /// Namespace of the exception.
    pub namespace: &'a str,
    /// The exception itself.
    pub exception: &'a Exception,
    /// The path it names, by its current or a former name. A deleted path stays here for its grace
    /// period.
    pub path: Option<&'a Path>,
    /// Phase and dates at this instant.
    pub life: Life,
    /// Assurance of the decision that counts.
    pub assurance: Assurance,
    /// Number of existing workloads it names, including those beyond `maxWorkloads`.
    pub named: usize,
    /// The workloads it names, within `maxWorkloads`, that its path judges; in order.
    pub matched: Vec<&'a WorkloadId>,
    /// Whether it is in use, or why not.
    pub usage: Usage,
    /// Whether a matched workload fails a check it names. Unknown while it is not in use, while such a
    /// check cannot be evaluated, or while a failing one is only announced.
    pub needed: Option<bool>,
    /// Failing checks it names, over all matched workloads, whatever its phase.
    pub covered_failures: u32,
    /// Check names that cover nothing.
    pub useless_checks: Vec<UselessCheck<'a>>,
}

impl ExceptionView<'_> {
    /// Whether its path exists and is not deleted.
    pub fn path_found(&self) -> bool {
        self.path.is_some_and(|path| path.deleted.is_none())
    }

    /// The current name of its path; as written if no such path is known.
    pub fn path_name(&self) -> &str {
        self.path
            .map_or(&self.exception.spec.path, |path| &*path.name)
    }
}

/// Whether an exception is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Usage {
    /// Its path judges a workload it names.
    InUse,
    /// No workload it names exists.
    NoTarget,
    /// Another path judges the workloads it names.
    OtherPath,
    /// No path judges the workloads it names: they are unscoped or ignored.
    NotJudged,
    /// The path it names does not exist.
    PathNotFound,
}

impl Usage {
    /// The reason of the condition `InUse`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InUse => "InUse",
            Self::NoTarget => "NoTarget",
            Self::OtherPath => "OtherPath",
            Self::NotJudged => "NotJudged",
            Self::PathNotFound => "PathNotFound",
        }
    }

    /// Whether the exception is in use.
    pub(crate) const fn is_in_use(self) -> bool {
        match self {
            Self::InUse => true,
            Self::NoTarget | Self::OtherPath | Self::NotJudged | Self::PathNotFound => false,
        }
    }
}

/// A check name that covers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UselessCheck<'a> {
    /// As the exception writes it.
    pub name: &'a str,
    /// Why it covers nothing.
    pub because: Useless<'a>,
}

/// Why a check name covers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Useless<'a> {
    /// The path has no such check.
    Unknown {
        /// The most similar check of the path.
        nearest: Option<&'a str>,
    },
    /// The check allows no exception.
    NotExemptible,
}

/// Every exception, in order of namespace and name.
pub fn exception_views<'a>(inventory: &'a Inventory, as_of: &AsOf) -> Vec<ExceptionView<'a>> {
    inventory
        .namespaces()
        .flat_map(|(namespace, ns)| {
            ns.exceptions()
                .map(move |exception| view_in(inventory, as_of, namespace, ns, exception))
        })
        .collect()
}

/// One exception by namespace and name.
pub fn exception_view<'a>(
    inventory: &'a Inventory,
    as_of: &AsOf,
    namespace: &'a str,
    name: &str,
) -> Option<ExceptionView<'a>> {
    let ns = inventory.namespace(namespace)?;
    let exception = ns.exception(name)?;
    Some(view_in(inventory, as_of, namespace, ns, exception))
}

/// One exception, stored or drafted, in its namespace.
fn view_in<'a>(
    inventory: &'a Inventory,
    as_of: &AsOf,
    namespace: &'a str,
    ns: &'a NamespaceIndex,
    exception: &'a Exception,
) -> ExceptionView<'a> {
    let ctx = inventory.judge_context(as_of);
    let path = exception.path(inventory.paths());
    let named = oldest_first(ns, exception);
    let within = usize_limit(exception.spec.max_workloads);
    let judged: Vec<_> = named
        .iter()
        .take(within)
        .map(|workload| (*workload, judge(workload, ns, &ctx)))
        .collect();
    let mut matched: Vec<_> = judged
        .iter()
        .filter(|(workload, verdict)| is_judged_by(path, ctx.paths, workload, verdict))
        .collect();
    matched.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let need = matched
        .iter()
        .fold(Need::default(), |need, (workload, verdict)| {
            need.and(Need::of(exception, workload, verdict, &ctx))
        });
    let life = ctx.life(ns, exception);
    ExceptionView {
        namespace,
        exception,
        path,
        assurance: assurance(exception, &life, inventory.vouching()),
        life,
        named: named.len(),
        usage: usage(path, &judged, matched.len()),
        needed: need.answer(matched.len()),
        covered_failures: need.failing,
        matched: matched.iter().map(|(workload, _)| &workload.id).collect(),
        useless_checks: path.map_or_else(Vec::new, |path| useless_checks(exception, path)),
    }
}

fn usize_limit(max_workloads: Option<u32>) -> usize {
    max_workloads.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

fn oldest_first<'a>(ns: &'a NamespaceIndex, exception: &'a Exception) -> Vec<&'a Workload> {
    let mut named: Vec<_> = ns.named_by(exception).collect();
    named.sort_by(|a, b| (a.created(), &a.id).cmp(&(b.created(), &b.id)));
    named
}

fn is_judged_by(
    path: Option<&Path>,
    paths: &PathSet,
    workload: &Workload,
    verdict: &Verdict,
) -> bool {
    let judging = verdict.path.map(|index| workload.paths.get(index));
    path.zip(judging)
        .is_some_and(|(named, judging)| paths.is_about(named, judging))
}

fn usage(path: Option<&Path>, judged: &[(&Workload, Verdict)], matched: usize) -> Usage {
    if judged.is_empty() {
        Usage::NoTarget
    } else if path.is_none() {
        Usage::PathNotFound
    } else if matched > 0 {
        Usage::InUse
    } else if judged.iter().any(|(_, verdict)| verdict.path.is_some()) {
        Usage::OtherPath
    } else {
        Usage::NotJudged
    }
}

/// Results of the checks that an exception names, counted over its workloads.
#[derive(Clone, Copy, Default)]
struct Need {
    /// Enforced checks that fail.
    failing: u32,
    /// Checks that could not be evaluated, or that fail and are only announced.
    open: u32,
    /// Exemptible checks that it names.
    named: u32,
}

impl Need {
    fn of(
        exception: &Exception,
        workload: &Workload,
        verdict: &Verdict,
        ctx: &JudgeContext<'_>,
    ) -> Self {
        let judging = verdict.path.and_then(|index| {
            let mut results = workload.results.iter();
            let result = results.find(|result| usize::from(result.path) == index)?;
            Some((index, result))
        });
        let Some((index, result)) = judging else {
            return Self::default();
        };
        let path = workload.paths.get(index);
        let at = ctx.as_of.paths(&workload.paths)[index];
        let named = named_checks(exception, path);
        let announced = at.announced & required(path) & !result.passed;
        Self {
            failing: (verdict.failing & named).count_ones(),
            open: ((verdict.errored | announced) & named).count_ones(),
            named: named.count_ones(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            failing: self.failing + other.failing,
            open: self.open + other.open,
            named: self.named + other.named,
        }
    }

    fn answer(self, matched: usize) -> Option<bool> {
        if self.failing > 0 {
            Some(true)
        } else if matched == 0 || self.open > 0 || self.named == 0 {
            None
        } else {
            Some(false)
        }
    }
}

/// The exemptible checks of a path that an exception names.
fn named_checks(exception: &Exception, path: &Path) -> Checks {
    (0..path.spec.checks.len())
        .filter(|check| exception.names_check(path, *check))
        .fold(0, |named, check| named | bit(check))
}

fn required(path: &Path) -> Checks {
    let checks = path.spec.checks.iter().enumerate();
    checks
        .filter(|(_, check)| check.level == Level::Required)
        .fold(0, |set, (index, _)| set | bit(index))
}

fn useless_checks<'a>(exception: &'a Exception, path: &'a Path) -> Vec<UselessCheck<'a>> {
    let names = exception.spec.checks.iter().map(String::as_str);
    names
        .filter(|name| *name != EVERY_CHECK)
        .filter_map(|name| {
            let because = match path.check_index(name) {
                Some(check) if path.is_exemptible(check) => return None,
                Some(_) => Useless::NotExemptible,
                None => Useless::Unknown {
                    nearest: nearest(name, path.spec.checks.iter().map(|c| c.name.as_str())),
                },
            };
            Some(UselessCheck { name, because })
        })
        .collect()
}
