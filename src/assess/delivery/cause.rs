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
        return match find_earlier(mark, target) {
            Some(earlier) if earlier.failed => Change::Again,
            Some(_) => Change::Counted(RolloutCause::Rollback),
            None => Change::Counted(RolloutCause::Release),
        };
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

/// The earlier revision that a template returns to: with the same configuration, else the latest with
/// the same release.
fn find_earlier<'a>(mark: &'a Mark, target: &TemplateHashes) -> Option<&'a EarlierRevision> {
    let exact = mark
        .revisions
        .iter()
        .rfind(|earlier| runs_as(target, earlier));
    exact.or_else(|| mark.revisions.iter().rfind(|earlier| runs(target, earlier)))
}
