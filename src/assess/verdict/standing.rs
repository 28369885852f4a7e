//! Standing of each failing check of a workload: by the best exception that names it, else by the
//! path's rule for older services, else undocumented. Checks are not evaluated here.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::{Checks, Path, indexes};
use crate::assess::state::{Phase, Standing, Turn};
use crate::assess::verdict::JudgeContext;
use crate::assess::workload::Workload;

/// Standing of one failing check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckStanding {
    /// Index of the check in its path.
    pub check: usize,
    /// Standing under the exception or the path's rule.
    pub standing: Standing,
    /// Name of the exception that gives it this standing.
    pub exception: Option<Arc<str>>,
    /// When the standing ends or ended.
    pub until: Option<Timestamp>,
    /// Whether a renewal is requested and not yet decided.
    pub renewal_open: bool,
}

impl CheckStanding {
    /// Who has to act next.
    pub fn turn(&self) -> Turn {
        match self.standing {
            Standing::Undocumented => Turn::Team,
            Standing::Pending => Turn::Platform,
            Standing::Expired | Standing::ReviewOverdue | Standing::ReviewDue => {
                if self.renewal_open {
                    Turn::Platform
                } else {
                    Turn::Team
                }
            }
            Standing::Predates | Standing::Documented => Turn::AtRest,
        }
    }

    fn by_exception(check: usize, standing: Standing, exception: &Exception, life: &Life) -> Self {
        let until = match life.phase {
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue | Phase::Expired => {
                life.effective_expiry
            }
            Phase::Pending | Phase::Rejected | Phase::Closed => None,
        };
        Self {
            check,
            standing,
            exception: Some(exception.name.clone()),
            until,
            renewal_open: life.renewal_open,
        }
    }
}

/// The check standing that decides the workload's standing.
pub fn worst(standings: &[CheckStanding]) -> Option<&CheckStanding> {
    standings.iter().min_by_key(|standing| standing.standing)
}

/// A workload that fails checks of its path, with the inputs of their standing.
#[derive(Clone, Copy)]
pub(super) struct Deviation<'a> {
    pub workload: &'a Workload,
    pub path: &'a Path,
    pub ns: &'a NamespaceIndex,
    pub ctx: &'a JudgeContext<'a>,
}

impl<'a> Deviation<'a> {
    /// One standing per failing check, in order of check.
    pub fn standings(self, failing: Checks) -> Vec<CheckStanding> {
        let exceptions = self.exceptions();
        indexes(failing)
            .map(|check| {
                self.best(check, &exceptions)
                    .unwrap_or_else(|| self.uncovered(check))
            })
            .collect()
    }

    /// The exceptions that name this workload and its path, each with its life.
    fn exceptions(self) -> Vec<(&'a Exception, Life)> {
        self.ns
            .exceptions_naming(self.workload)
            .filter(|exception| {
                let named = exception.path(self.ctx.paths);
                named.is_some_and(|named| self.ctx.paths.is_about(named, self.path))
                    && self.ns.covers_within_limit(exception, self.workload)
            })
            .map(|exception| (exception, self.ctx.life(self.ns, exception)))
            .collect()
    }

    /// The best standing counts; of equals the one that lasts longest, then the first by name.
    fn best(self, check: usize, exceptions: &[(&'a Exception, Life)]) -> Option<CheckStanding> {
        let (standing, exception, life) = exceptions
            .iter()
            .filter(|(exception, _)| exception.names_check(self.path, check))
            .filter_map(|(exception, life)| Some((life.phase.standing()?, exception, life)))
            .max_by_key(|(standing, exception, life)| {
                (
                    *standing,
                    life.effective_expiry,
                    Reverse(exception.name.clone()),
                )
            })?;
        Some(CheckStanding::by_exception(
            check, standing, exception, life,
        ))
    }

    fn uncovered(self, check: usize) -> CheckStanding {
        let predates = self
            .path
            .is_predated_by(self.workload.birth(), self.ctx.as_of.now);
        let until = self.path.spec.existing.until.as_ref().map(|until| until.0);
        CheckStanding {
            check,
            standing: if predates {
                Standing::Predates
            } else {
                Standing::Undocumented
            },
            exception: None,
            until: until.filter(|_| predates),
            renewal_open: false,
        }
    }
}
