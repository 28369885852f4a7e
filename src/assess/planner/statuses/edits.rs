//! Edits of golden paths that made services deviate at once. A later edit of a team's workload is no
//! edit of the path, so the services are compared once for each generation: as last counted before it,
//! and when every workload has been judged by it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::GoldenPathStatus;
use crate::assess::inventory::Inventory;
use crate::assess::path::Path;

/// The last count of each path.
#[derive(Debug, Default)]
pub(super) struct Edits(HashMap<Arc<str>, Counted>);

/// A path's services when every workload was judged by this generation.
#[derive(Clone, Copy, Debug)]
struct Counted {
    generation: i64,
    takes_part: bool,
    /// Services in scope that do not satisfy the path.
    off_path: u32,
    /// How many of them the edit to this generation brought.
    at_once: u32,
}

impl Edits {
    /// How many services the edit to the path's generation made deviate. `off_path` is counted now.
    pub fn deviating_at_once(
        &mut self,
        facts: &Inventory,
        path: &Path,
        takes_part: bool,
        off_path: u32,
    ) -> u32 {
        let Some(generation) = path.generation else {
            return 0;
        };
        let known = self.0.get(&path.name).copied();
        if known.is_none_or(|known| known.generation != generation) && !all_judged(facts) {
            return 0;
        }
        let before = known.or_else(|| stored(facts.path_status(&path.name)?));
        let at_once = match before {
            Some(before) if before.generation == generation => before.at_once,
            // A launch is announced by its date.
            Some(before) if before.takes_part && takes_part => {
                off_path.saturating_sub(before.off_path)
            }
            Some(_) | None => 0,
        };
        let counted = Counted {
            generation,
            takes_part,
            off_path,
            at_once,
        };
        self.0.insert(path.name.clone(), counted);
        at_once
    }

    /// Forgets the paths that are gone.
    pub fn forget(&mut self, facts: &Inventory) {
        self.0.retain(|name, _| facts.is_path_stored(name));
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

/// What an earlier process counted.
fn stored(status: &GoldenPathStatus) -> Option<Counted> {
    let (services, on_path) = (status.services?, status.on_path?);
    Some(Counted {
        generation: status.observed_generation?,
        takes_part: services > 0,
        off_path: services.saturating_sub(on_path),
        at_once: 0,
    })
}
