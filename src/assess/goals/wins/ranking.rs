//! Which teams are in the digest: ranked by the share of their services that gained, then by how many,
//! then by how much faster they are than the month before, then by name. Teams of the last digests and
//! teams with few services are left out.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::content::{Evidence, MOST_TEAMS, Note, TeamWin};

/// The teams of the digest, and what is left out.
pub(super) struct Selection {
    pub teams: Vec<TeamWin>,
    pub notes: Vec<Note>,
}

/// Selects from the teams that gained. The result does not depend on their order.
pub(super) fn select(
    candidates: Vec<TeamWin>,
    min_services: usize,
    recent: &BTreeSet<String>,
) -> Selection {
    let (enough, few): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .filter(|win| !win.evidence.is_empty())
        .partition(|win| win.services >= min_services.max(1));
    let (repeated, mut teams): (Vec<_>, Vec<_>) = enough
        .into_iter()
        .partition(|win| recent.contains(&win.team));
    teams.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let more = teams.len().saturating_sub(MOST_TEAMS);
    teams.truncate(MOST_TEAMS);
    let notes = [
        (
            few.len(),
            Note::BelowMinimum {
                teams: few.len(),
                minimum: min_services.max(1),
            },
        ),
        (
            repeated.len(),
            Note::RecentTeams {
                teams: repeated.len(),
            },
        ),
        (more, Note::MoreTeams { teams: more }),
    ];
    Selection {
        teams,
        notes: notes
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, note)| note)
            .collect(),
    }
}

/// Best first. Shares are compared in millionths, so that the order is total.
fn rank(win: &TeamWin) -> (Reverse<usize>, Reverse<usize>, Reverse<usize>, &str) {
    let share = win.gained.saturating_mul(1_000_000) / win.services.max(1);
    let faster = win.evidence.iter().map(faster).max().unwrap_or_default();
    (
        Reverse(share),
        Reverse(win.gained),
        Reverse(faster),
        &win.team,
    )
}

/// How much shorter a time is, in millionths of the time before.
fn faster(evidence: &Evidence) -> usize {
    match evidence {
        Evidence::LeadTime(times) | Evidence::Recovery(times) => {
            let saved = times.before.seconds.saturating_sub(times.after.seconds) as usize;
            saved.saturating_mul(1_000_000) / (times.before.seconds as usize).max(1)
        }
        Evidence::Started { .. } | Evidence::Joined { .. } | Evidence::Closed { .. } => 0,
    }
}
