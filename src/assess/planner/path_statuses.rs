//! What the stored status of each path should say, from the tally of the whole inventory and from
//! the expressions that went wrong while they ran.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::status::{NewServicesNow, PathFindings, path_status};
use super::statuses::{Owned, StatusWrite};
use crate::api::GoldenPathStatus;
use crate::assess::adoption::{PathTally, Tally, total};
use crate::assess::inventory::Inventory;
use crate::assess::path::{Invalid, Path, Place, indexes};

/// How many workloads one check of one path could not be evaluated on.
pub(crate) type Errors = HashMap<(Arc<str>, u16), usize>;

impl Inventory {
    /// Forgets what went wrong with checks that go wrong nowhere any more; counts those that do.
    pub(crate) fn forget_mended_faults(&mut self) -> Errors {
        let errors = self.count_errors();
        self.faults.retain(|key, _| errors.contains_key(key));
        errors
    }

    /// The statuses of paths that differ from what is stored.
    pub(crate) fn changed_path_statuses(
        &self,
        tally: &Tally,
        errors: &Errors,
        now: Timestamp,
    ) -> Vec<StatusWrite<GoldenPathStatus>> {
        let present = self.paths.iter().filter(|path| path.deleted.is_none());
        let changed = present.filter_map(|path| {
            let findings = self.path_findings(path, errors, (tally.paths.get(&path.name), now));
            let before = self.path_statuses.get(&path.name)?.as_ref();
            let status = path_status(path.generation, &findings, before, now);
            let of = Owned::Path(path.name.clone());
            (before != Some(&status)).then(|| StatusWrite {
                of,
                uid: path.uid.clone(),
                status,
            })
        });
        changed.collect()
    }

    fn path_findings(
        &self,
        path: &Path,
        errors: &Errors,
        (tally, now): (Option<&PathTally>, Timestamp),
    ) -> PathFindings {
        let mut findings = PathFindings::of(path, now);
        findings.warning = self.warning_statement(path);
        findings.exceptions_kept = self.exceptions_kept;
        findings
            .invalid
            .extend(self.failures_while_running(path, errors));
        let Some(tally) = tally else { return findings };
        findings.services = count(total(&tally.services));
        findings.counts = tally
            .services
            .iter()
            .map(|(state, n)| (state.as_str(), count(*n)))
            .collect();
        findings.new_services = tally.new_services.as_ref().map(|new| NewServicesNow {
            total: count(new.share().of),
            on_path: count(new.share().part),
            deadline: new.deadline,
        });
        let failing = tally
            .checks
            .iter()
            .map(|check| (check.name.clone(), count(check.failures.values().sum())));
        findings.top_deviations = failing.filter(|(_, services)| *services > 0).collect();
        findings
    }

    fn failures_while_running(&self, path: &Path, errors: &Errors) -> Vec<Invalid> {
        let of_path = self
            .faults
            .iter()
            .filter(|((name, _), _)| *name == path.name);
        let failures = of_path.filter_map(|(key, seen)| {
            let check = path.spec.checks.get(usize::from(key.1))?;
            let workloads = errors.get(key)?;
            Some(Invalid {
                place: Place::Check(check.name.clone()),
                reason: seen.fault.reason,
                message: format!(
                    "fails on {workloads} of its workloads, such as {}: {}",
                    seen.workload, seen.fault.message
                ),
            })
        });
        failures.collect()
    }

    /// Errors by path and check, of checks that compile.
    fn count_errors(&self) -> Errors {
        let mut errors: BTreeMap<(&Arc<str>, u16), usize> = BTreeMap::new();
        for entry in self
            .namespaces
            .values()
            .flat_map(|ns| ns.workloads.values())
        {
            let workload = &entry.workload;
            for result in workload.results.iter().filter(|result| result.errored != 0) {
                let path = workload.paths.get(result.path.into());
                for check in indexes(result.errored)
                    .filter(|check| path.programs[*check].expression.is_some())
                {
                    *errors
                        .entry((&path.name, u16::try_from(check).unwrap_or(u16::MAX)))
                        .or_default() += 1;
                }
            }
        }
        errors
            .into_iter()
            .map(|((path, check), count)| ((path.clone(), check), count))
            .collect()
    }
}

fn count(services: usize) -> u32 {
    u32::try_from(services).unwrap_or(u32::MAX)
}
