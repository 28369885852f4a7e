//! The Platform Wins digest of one month: the teams that gained most, with the evidence the cluster
//! stores, what is new on the paths, and an obstacle that was removed.
//!
//! **Invariant:** a claim follows from stored facts of the month alone, a team that opted out or is below
//! the minimum is never named, and nothing negative about a team is in the digest.

use std::collections::BTreeSet;

use crate::assess::adoption::service::services;
use crate::assess::inventory::Inventory;
use crate::assess::verdict::AsOf;

mod adoption;
mod closing;
pub mod content;
#[cfg(test)]
mod fixtures;
mod joining;
mod month;
mod offer;
mod opt_out;
#[cfg(test)]
mod properties;
mod ranking;
pub mod record;
mod scene;
mod speed;
mod team;
#[cfg(test)]
mod tests;

pub use content::Digest;
pub use month::Month;
pub use record::{Recent, RecordedDigest, WinsRecord};

use adoption::adoption;
use closing::{asked_items, returns};
use content::Note;
use offer::{additions, obstacle};
use opt_out::OptOuts;
use ranking::select;
use scene::Scene;
use team::candidates;

/// Fewest services of a team in the digest, if nothing else is asked for: a share of one or two services
/// says little.
pub const MIN_SERVICES: usize = 3;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The month.
    pub month: Month,
    /// Fewest services of a team in the digest.
    pub min_services: usize,
    /// What the last digests named; none if that is unknown.
    pub recent: Option<Recent>,
    /// Whether a namespace without its object opted out. In a cluster it may have, and the reader lacks
    /// the right to see it; manifests may just leave it out.
    pub unseen_opted_out: bool,
}

/// The digest of a month, from what is known at `as_of`.
pub fn digest(inventory: &Inventory, question: &Question, as_of: &AsOf) -> Digest {
    let month = question.month;
    let opt_outs = OptOuts::of(inventory, question.unseen_opted_out);
    let services = services(inventory, as_of);
    let scene = Scene {
        inventory,
        as_of,
        month,
        opt_outs: &opt_outs,
    };
    let returns = returns(&scene);
    let (candidates, recorded) = candidates(&scene, &services, &returns);
    let nothing = Recent::default();
    let recent = question.recent.as_ref().unwrap_or(&nothing);
    let selection = select(candidates, question.min_services, &recent.teams);
    let asked = asked_items(&scene);
    let obstacle = obstacle(&scene, asked, &returns, &recent.obstacles);
    let additions = additions(&scene, obstacle.as_ref());
    let mut notes = opt_outs.notes();
    notes.extend(recorded.note());
    notes.extend(selection.notes);
    notes.extend(timing(month, as_of));
    if question.recent.is_none() {
        notes.push(Note::NoEarlierDigests);
    }
    Digest {
        month,
        as_of: as_of.now,
        teams: selection.teams,
        adoption: adoption(inventory, month, &services, as_of),
        additions,
        obstacle,
        notes,
    }
}

/// What the time of the digest leaves open.
fn timing(month: Month, as_of: &AsOf) -> Option<Note> {
    if as_of.now < month.end() {
        return Some(Note::Unfinished);
    }
    (as_of.now > month.grace()).then_some(Note::Late)
}

/// At most so many names, in order, and how many are left.
fn shortened(names: BTreeSet<String>, most: usize) -> (Vec<String>, usize) {
    let more = names.len().saturating_sub(most);
    (names.into_iter().take(most).collect(), more)
}
