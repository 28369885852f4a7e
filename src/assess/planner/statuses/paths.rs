//! Status writes of paths: the tally of the inventory and the failing expressions, as a status, if it
//! differs from the stored one. Nothing is paced or counted here.

use jiff::Timestamp;

use crate::api::GoldenPathStatus;
use crate::assess::adoption::Tally;
use crate::assess::inventory::Inventory;
use crate::assess::inventory::faults::FaultCounts;
use crate::assess::path::Path;
use crate::assess::planner::status::{
    NewServicesNow, PathFindings, path_status, undecodable_status,
};
use crate::assess::planner::statuses::edits::{self, Counted};
use crate::assess::planner::statuses::{Owned, StatusWrite};
use crate::assess::planner::warning_policies::PolicyPlanner;

/// What is counted for the statuses of paths.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a> {
    pub tally: &'a Tally,
    pub faults: &'a FaultCounts,
}

/// The statuses that differ, including those of undecodable paths.
pub(super) fn changed_paths(
    facts: &Inventory,
    policies: &PolicyPlanner,
    counts: Counts<'_>,
    now: Timestamp,
) -> Vec<StatusWrite<GoldenPathStatus>> {
    let present = facts
        .paths()
        .iter()
        .filter(|path| path.deleted.is_none() && facts.is_path_stored(&path.name));
    let changed = present.filter_map(|path| {
        let before = facts.path_status(&path.name);
        let mut findings = findings(facts, path, counts, now);
        findings.warning = policies.statement(path);
        let counted = Counted {
            takes_part: findings.preview.is_none(),
            off_path: findings.services.saturating_sub(findings.on_path),
            at_once: at_once(path, counts.tally),
        };
        let edit = edits::compare(facts, path, counted, now);
        findings.enforced = edit.enforced;
        findings.deviating_at_once = edit.deviating_at_once;
        let status = path_status(path.generation, &findings, before, now);
        (before != Some(&status)).then(|| StatusWrite {
            of: Owned::Path(path.name.clone()),
            uid: path.uid.clone(),
            status: without_announced(status),
        })
    });
    let undecodable = facts
        .undecodable()
        .paths
        .iter()
        .filter_map(|(name, object)| {
            Some(StatusWrite {
                of: Owned::Path(name.clone()),
                uid: object.uid.clone(),
                status: without_announced(undecodable_status(object, "judges nothing", now)?),
            })
        });
    changed.chain(undecodable).collect()
}

/// Announcements are recorded separately, under their own field manager. A field that this write omits
/// stays as stored.
fn without_announced(status: GoldenPathStatus) -> GoldenPathStatus {
    GoldenPathStatus {
        announced: Vec::new(),
        ..status
    }
}

fn findings(facts: &Inventory, path: &Path, counts: Counts<'_>, now: Timestamp) -> PathFindings {
    let mut findings = PathFindings::of(path, now);
    findings.exceptions_kept = facts.exceptions_kept();
    findings
        .invalid
        .extend(facts.failures_while_running(path, counts.faults));
    let Some(tally) = counts.tally.paths.get(&path.name) else {
        return findings;
    };
    findings.services = count(tally.adoption.of);
    findings.on_path = count(tally.adoption.part);
    findings.counts = tally
        .services
        .iter()
        .map(|(state, n)| (state.as_str(), count(*n)))
        .collect();
    findings.launched_beside = count(tally.launched_beside.values().sum());
    findings.new_services = tally.new_services.as_ref().map(|new| NewServicesNow {
        total: count(new.share().of),
        on_path: count(new.share().part),
        births_unknown: count(new.births_unknown),
        deadline: new.deadline,
    });
    findings.top_deviations = tally
        .checks
        .iter()
        .map(|check| (check.name.clone(), count(check.failures.values().sum())))
        .filter(|(_, services)| *services > 0)
        .collect();
    findings
}

fn at_once(path: &Path, tally: &Tally) -> u32 {
    let tally = tally.paths.get(&path.name);
    tally.map_or(0, |tally| count(tally.deviating_at_once))
}

fn count(services: usize) -> u32 {
    u32::try_from(services).unwrap_or(u32::MAX)
}
