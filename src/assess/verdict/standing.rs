//! How each failing check of a workload stands: by the best exception that names it, else by the
//! path's word on older services, else undocumented.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::namespace_index::Space;
use crate::assess::path::{Checks, Path, indexes};
use crate::assess::state::{Phase, Standing, Turn};
use crate::assess::verdict::Bench;
use crate::assess::workload::Workload;

/// How one failing check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excuse {
    /// Index of the check.
    pub check: usize,
    /// Its standing.
    pub standing: Standing,
    /// The exception that gives it this standing.
    pub exception: Option<Arc<str>>,
    /// When that standing ends or ended, where it does.
    pub until: Option<Timestamp>,
    /// Whether its owner has asked for a renewal that nobody has answered.
    pub renewal_open: bool,
}

impl Excuse {
    /// Whose turn it is.
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
            Standing::Predates | Standing::Documented => Turn::Nobody,
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

/// The excuse a workload's standing comes from.
pub fn worst(excuses: &[Excuse]) -> Option<&Excuse> {
    excuses.iter().min_by_key(|excuse| excuse.standing)
}

/// A workload that fails checks of its path, and whoever may speak for it.
#[derive(Clone, Copy)]
pub(crate) struct Plea<'a> {
    pub workload: &'a Workload,
    pub path: &'a Path,
    pub space: &'a Space,
    pub bench: &'a Bench<'a>,
}

impl<'a> Plea<'a> {
    /// One excuse a failing check, in order of check.
    pub fn answer(self, failing: Checks) -> Vec<Excuse> {
        let spoken = self.exceptions();
        let excuse = |check| {
            self.best(check, &spoken)
                .unwrap_or_else(|| self.unspoken(check))
        };
        indexes(failing).map(excuse).collect()
    }

    /// The exceptions about this workload and its path, and where each is in its life.
    fn exceptions(self) -> Vec<(&'a Exception, Life)> {
        let about = self
            .space
            .exceptions_naming(self.workload)
            .filter(|exception| {
                let named = exception.path(self.bench.paths);
                named.is_some_and(|named| self.bench.paths.is_about(named, self.path))
                    && self.space.covers_within_limit(exception, self.workload)
            });
        about
            .map(|exception| (exception, self.space.life(exception, self.bench)))
            .collect()
    }

    /// The best phase counts; between equals the one that lasts longest, then the first by name.
    fn best(self, check: usize, spoken: &[(&'a Exception, Life)]) -> Option<Excuse> {
        let naming = spoken
            .iter()
            .filter(|(exception, _)| exception.names_check(self.path, check));
        let standing =
            naming.filter_map(|(exception, life)| Some((life.phase.standing()?, exception, life)));
        let (standing, exception, life) = standing.max_by_key(|(standing, exception, life)| {
            (
                *standing,
                life.effective_expiry,
                Reverse(exception.name.clone()),
            )
        })?;
        Some(Excuse::by_exception(check, standing, exception, life))
    }

    fn unspoken(self, check: usize) -> Excuse {
        let predates = self
            .path
            .is_predated_by(self.workload.birth, self.bench.moment.now);
        let until = self.path.spec.existing.until.as_ref().map(|until| until.0);
        Excuse {
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
