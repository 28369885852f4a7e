//! Edits of golden paths that make services deviate at once: what the path enforces now, compared with
//! what its status recorded. Nothing is remembered here, so a restart or an edit made meanwhile loses
//! no answer.

use std::sync::Arc;

use jiff::Timestamp;

use crate::api::golden_path::Enforced;
use crate::assess::inventory::Inventory;
use crate::assess::path::{Path, enforced, indexes};

/// A path's services, counted now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub takes_part: bool,
    /// Services in scope that do not satisfy the path.
    pub off_path: u32,
    /// Those that only steps without notice keep off it.
    pub at_once: u32,
}

/// What to record of a path, and what its last edit did.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub enforced: Option<Enforced>,
    /// How many services the edit made deviate; 0 where there was none, or not every workload has been
    /// judged by it yet.
    pub deviating_at_once: u32,
}

/// Compares a path with what its status recorded.
pub(super) fn compare(facts: &Inventory, path: &Path, counted: Counted, now: Timestamp) -> Edit {
    if !counted.takes_part {
        // The launch date announces a launch: record nothing before it.
        return Edit::default();
    }
    let status = facts.path_status(&path.name);
    let recorded = status.and_then(|status| status.enforced.as_ref());
    let since = enforced::since(&path.spec, recorded.map(|known| &*known.checks));
    let sudden = enforced::sudden(path, &since, now);
    let is_edited = sudden != 0 || recorded.is_none();
    if is_edited && !all_judged(facts) {
        return Edit {
            enforced: recorded.cloned(),
            deviating_at_once: 0,
        };
    }
    let edited = recorded.filter(|_| sudden != 0);
    let deviating_at_once = edited.map_or(0, |before| {
        let is_known = |check: usize| {
            let check = path.spec.checks.get(check);
            check.is_some_and(|check| before.checks.iter().any(|it| it.name == check.name))
        };
        if indexes(sudden).any(is_known) {
            // Services may have failed the check before the edit too.
            let more = counted.off_path.saturating_sub(before.off_path);
            counted.at_once.min(more)
        } else {
            counted.at_once
        }
    });
    Edit {
        enforced: Some(Enforced {
            off_path: counted.off_path,
            checks: enforced::record(&path.spec, &since, now),
        }),
        deviating_at_once,
    }
}

/// Whether every workload was judged by the paths as they are now.
fn all_judged(facts: &Inventory) -> bool {
    facts.namespaces().all(|(_, ns)| {
        ns.workloads
            .values()
            .all(|entry| Arc::ptr_eq(&entry.workload.paths, facts.paths()))
    })
}
