//! What was sent, as an exception's status remembers it: one entry a stage and decision. A dry run
//! has words of its own, because the owner was not told by it.

use jiff::Timestamp;

use super::Stage;
use crate::api::deviation_exception::Notified;
use crate::assess::cover::Exception;

/// How many entries a status holds; the oldest decisions go first.
pub const REMEMBERED: usize = 32;
const DRY_RUN: &str = "dry-run:";

/// The word an entry has.
pub(super) fn word(stage: Stage, dry_run: bool) -> String {
    let prefix = if dry_run { DRY_RUN } else { "" };
    format!("{prefix}{}", stage.as_str())
}

/// What the word of an entry means; none where it is none of ours.
pub(super) fn read(word: &str) -> Option<(Stage, bool)> {
    let (word, dry_run) = match word.strip_prefix(DRY_RUN) {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let stage = Stage::ALL
        .into_iter()
        .find(|stage| stage.as_str() == word)?;
    Some((stage, dry_run))
}

/// Whether this stage was told for this decision. What the owner was told need not be shown to the
/// platform's channel any more, were a dry run to begin later.
pub fn was_sent(
    exception: &Exception,
    (stage, decision_at): (Stage, Timestamp),
    dry_run: bool,
) -> bool {
    let status = exception.status.as_ref();
    let mut marks = status.into_iter().flat_map(|status| &status.notified);
    marks.any(|mark| {
        let is_of = |dry_run| mark.stage == word(stage, dry_run);
        (is_of(false) || dry_run && is_of(true)) && is_same(mark.decision_at.0, decision_at)
    })
}

/// The entries with one more. Of one stage and decision there is one entry; the new one stays
/// whatever its date, or it would be sent for ever.
#[must_use]
pub fn remember(mut entries: Vec<Notified>, new: Notified) -> Vec<Notified> {
    entries.retain(|entry| {
        entry.stage != new.stage || !is_same(entry.decision_at.0, new.decision_at.0)
    });
    entries.sort_by_key(|entry| (entry.decision_at.0, entry.sent_at.0));
    let too_many = (entries.len() + 1).saturating_sub(REMEMBERED);
    entries.drain(..too_many);
    entries.push(new);
    entries
}

/// Instants are stored in whole seconds.
fn is_same(one: Timestamp, other: Timestamp) -> bool {
    one.as_second() == other.as_second()
}
