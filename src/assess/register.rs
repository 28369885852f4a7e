//! The register of exceptions: what each one names, whether its path still judges that, and whether it
//! is still needed. Status, metrics and reports all read it. It does not decide whether a failure is
//! excused: the verdict does.

use std::sync::Arc;

use super::exception::Life;
use super::inventory::{ExceptionKey, Inventory};
use super::path::{Checks, Path, bit};
use super::verdict::AsOf;
use crate::assess::exception::assurance::Assurance;
use crate::assess::exception::record::{EVERY_CHECK, Exception};
use crate::assess::goal_objects::{GoalKind, Goals};
use crate::assess::object::kind::WorkloadId;
use crate::assess::register::assessment::Assessment;
use crate::assess::wording::nearest;

pub mod assessment;
pub mod index;
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
    pub matched: Arc<[WorkloadId]>,
    /// Whether it is in use, or why not.
    pub usage: Usage,
    /// Whether a matched workload fails a check it names. Unknown while it is not in use, while such a
    /// check cannot be evaluated, or while a failing one is only announced.
    pub needed: Option<bool>,
    /// Failing checks it names, over all matched workloads, whatever its phase.
    pub covered_failures: u32,
    /// Check names that cover nothing.
    pub useless_checks: Vec<UselessCheck<'a>>,
    /// Names in `waitsFor` that no roadmap item has.
    pub unknown_items: Vec<UnknownItem<'a>>,
}

impl ExceptionView<'_> {
    /// Its namespace and name.
    pub fn key(&self) -> ExceptionKey {
        (self.namespace.into(), self.exception.name.clone())
    }

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

/// A name in `waitsFor` that no roadmap item has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownItem<'a> {
    /// As the exception writes it.
    pub name: &'a str,
    /// The most similar name of an item.
    pub nearest: Option<&'a str>,
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
    let assessment = Assessment::of(inventory, ns, exception, as_of);
    Some(assessment.view(inventory, namespace, exception))
}

/// The exemptible checks of a path that an exception names.
fn named_checks(exception: &Exception, path: &Path) -> Checks {
    (0..path.spec.checks.len())
        .filter(|check| exception.names_check(path, *check))
        .fold(0, |named, check| named | bit(check))
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

fn unknown_items<'a>(exception: &'a Exception, goals: &'a Goals) -> Vec<UnknownItem<'a>> {
    let names = exception.spec.waits_for.iter().map(String::as_str);
    names
        .filter(|name| !goals.has(GoalKind::RoadmapItem, name))
        .map(|name| UnknownItem {
            name,
            nearest: nearest(name, goals.roadmap.iter().map(|item| &*item.name)),
        })
        .collect()
}
