//! The assessment of one exception: all of its view that takes more than a look at its spec. It owns what
//! it holds, so that it can be kept until something changes it. What is excused is decided in the
//! verdict.

use std::sync::Arc;

use crate::api::golden_path::Level;
use crate::assess::exception::Life;
use crate::assess::exception::assurance::{Assurance, assurance};
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::{Checks, Path, bit};
use crate::assess::register::{ExceptionView, Usage, named_checks, unknown_items, useless_checks};
use crate::assess::verdict::{AsOf, JudgeContext, judging_result};
use crate::assess::workload::{PathResult, Workload};

/// One exception at one instant; each field is that of [`ExceptionView`].
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    pub(super) life: Life,
    pub(super) assurance: Assurance,
    pub(super) named: usize,
    pub(super) matched: Arc<[WorkloadId]>,
    pub(super) usage: Usage,
    pub(super) needed: Option<bool>,
    pub(super) covered_failures: u32,
}

/// A workload that an exception names, with the result by the path that judges it.
type Judged<'a> = (&'a Workload, Option<&'a PathResult>);

impl Assessment {
    /// Assesses an exception, stored or drafted, in its namespace.
    pub(super) fn of(
        inventory: &Inventory,
        ns: &NamespaceIndex,
        exception: &Exception,
        as_of: &AsOf,
    ) -> Self {
        let ctx = inventory.judge_context(as_of);
        let path = exception.path(ctx.paths);
        let mut workloads: Vec<_> = ns.named_by(exception).collect();
        let named = workloads.len();
        if let Some(limit) = exception.spec.max_workloads {
            workloads.sort_by_key(|workload| (workload.created(), &workload.id));
            workloads.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let judged: Vec<Judged<'_>> = workloads
            .into_iter()
            .map(|workload| (workload, judging_result(workload, ns, &ctx)))
            .collect();
        let mut matched: Vec<_> = judged
            .iter()
            .filter_map(|(workload, result)| Some((*workload, (*result)?)))
            .filter(|(workload, result)| {
                let judging = workload.paths.get(result.path.into());
                path.is_some_and(|named| ctx.paths.is_about(named, judging))
            })
            .collect();
        matched.sort_by_key(|(workload, _)| &workload.id);
        let need = matched
            .iter()
            .fold(Need::default(), |need, (workload, result)| {
                need.and(Need::of(exception, workload, result, &ctx))
            });
        let life = ctx.life(ns, exception);
        Self {
            assurance: assurance(exception, &life, inventory.vouching()),
            life,
            named,
            usage: usage(path, &judged, matched.len()),
            needed: need.answer(matched.len()),
            covered_failures: need.failing,
            matched: matched
                .iter()
                .map(|(workload, _)| workload.id.clone())
                .collect(),
        }
    }

    /// The view of the exception that this assesses, for readers.
    pub(super) fn view<'a>(
        &self,
        inventory: &'a Inventory,
        namespace: &'a str,
        exception: &'a Exception,
    ) -> ExceptionView<'a> {
        let path = exception.path(inventory.paths());
        ExceptionView {
            namespace,
            exception,
            path,
            life: self.life.clone(),
            assurance: self.assurance,
            named: self.named,
            matched: self.matched.clone(),
            usage: self.usage,
            needed: self.needed,
            covered_failures: self.covered_failures,
            useless_checks: path.map_or_else(Vec::new, |path| useless_checks(exception, path)),
            unknown_items: unknown_items(exception, inventory.goals()),
        }
    }
}

fn usage(path: Option<&Path>, judged: &[Judged<'_>], matched: usize) -> Usage {
    if judged.is_empty() {
        Usage::NoTarget
    } else if path.is_none() {
        Usage::PathNotFound
    } else if matched > 0 {
        Usage::InUse
    } else if judged.iter().any(|(_, result)| result.is_some()) {
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
        result: &PathResult,
        ctx: &JudgeContext<'_>,
    ) -> Self {
        let index = usize::from(result.path);
        let path = workload.paths.get(index);
        let at = ctx.as_of.paths(&workload.paths)[index];
        let named = named_checks(exception, path);
        let announced = at.announced & required(path) & !result.passed;
        Self {
            failing: (at.failing(result) & named).count_ones(),
            open: ((at.errored(result) | announced) & named).count_ones(),
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

fn required(path: &Path) -> Checks {
    let checks = path.spec.checks.iter().enumerate();
    checks
        .filter(|(_, check)| check.level == Level::Required)
        .fold(0, |set, (index, _)| set | bit(index))
}
