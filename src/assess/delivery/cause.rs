//! What a change of template is, by the record: a release, configuration, the platform, a restart, a
//! rollback, or a failed revision again. The first match counts. A commit time alone decides nothing.

use super::seen::Seen;
use super::template::{Pins, compare_pins, is_same_release, runs, runs_as};
use crate::api::delivery_record::{EarlierRevision, Mark, RolloutCause, TemplateHashes};

/// What a change of template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A rollout.
    Counted(RolloutCause),
    /// A revision that failed before: not counted again.
    Again,
}

/// What the change from the available template to the one seen is.
pub(super) fn classify(
    mark: &Mark,
    available: &TemplateHashes,
    seen: &Seen,
    is_failure_open: bool,
) -> Change {
    let target = &seen.template;
    if !is_same_release(available, target) {
        return to_another_release(mark, seen);
    }
    let other_resources = available.resources != target.resources;
    if available.config != target.config || other_resources && !seen.resources_by_tool {
        let moved_back = seen
            .commit_time
            .at()
            .is_some_and(|at| mark.commit_time.is_some_and(|known| at < known.0));
        let exact = mark
            .revisions
            .iter()
            .rfind(|earlier| runs_as(target, earlier));
        return match exact {
            Some(earlier) if earlier.failed => Change::Again,
            Some(_) if is_failure_open || moved_back => Change::Counted(RolloutCause::Rollback),
            Some(_) | None => Change::Counted(RolloutCause::Config),
        };
    }
    let is_pinned = compare_pins(&available.digests, &target.digests) == Pins::Pinned;
    if available.platform != target.platform || is_pinned || other_resources {
        return Change::Counted(RolloutCause::Platform);
    }
    Change::Counted(RolloutCause::Restart)
}

/// What the change to another release is. One that only failed so far is new with another configuration:
/// that may be the fix.
fn to_another_release(mark: &Mark, seen: &Seen) -> Change {
    let target = &seen.template;
    let is_again = |earlier: &EarlierRevision| {
        let has_resources = earlier.resources == target.resources || seen.resources_by_tool;
        earlier.config == target.config && has_resources
    };
    let of_release = || mark.revisions.iter().filter(|it| runs(target, it)).rev();
    if of_release()
        .find(|it| is_again(it))
        .is_some_and(|it| it.failed)
    {
        return Change::Again;
    }
    Change::Counted(if of_release().any(|it| !it.failed) {
        RolloutCause::Rollback
    } else if of_release().next().is_some() {
        RolloutCause::Config
    } else {
        RolloutCause::Release
    })
}
