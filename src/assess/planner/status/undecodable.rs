//! Status of an object that cannot be decoded: why it is not used, the next step, and the recorded
//! fields that exist nowhere else. Which objects these are is decided in the inventory.

use jiff::Timestamp;

use crate::api::condition::{READY, STALLED, Statement, settle};
use crate::api::golden_path::NewServices;
use crate::api::{
    DeveloperSurveyStatus, DeviationExceptionStatus, GoldenPathStatus, PersonaStatus,
    PlatformObjectiveStatus, RoadmapItemStatus,
};
use crate::assess::object::undecodable::{REASON, Undecodable};

/// A status that can report its object as undecodable.
pub(in crate::assess::planner) trait StatusOfUndecodable:
    Clone + PartialEq
{
    /// The new status, with the fields of `before` that must not be lost.
    #[must_use]
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self;
}

impl StatusOfUndecodable for DeviationExceptionStatus {
    /// Keeps the record of rejections, deleted exceptions and reminders: a repair must not erase it.
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let conditions = before.map_or(&[][..], |status| &status.conditions);
        Self {
            observed_generation: generation,
            conditions: settle(conditions, statements, generation, now),
            rejected_at: before.and_then(|status| status.rejected_at),
            rejected_by: before.and_then(|status| status.rejected_by.clone()),
            previous: before.and_then(|status| status.previous.clone()),
            notified: before.map_or_else(Vec::new, |status| status.notified.clone()),
            notifying: before.map_or_else(Vec::new, |status| status.notifying.clone()),
            ..Self::default()
        }
    }
}

impl StatusOfUndecodable for GoldenPathStatus {
    /// Keeps the measurement at the deadline, the history, what the path enforced, and what was
    /// announced.
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let conditions = before.map_or(&[][..], |status| &status.conditions);
        let new_services = before.and_then(|status| status.new_services.as_ref());
        let is_measured = |new: &&NewServices| new.at_deadline.is_some();
        Self {
            observed_generation: generation,
            conditions: settle(conditions, statements, generation, now),
            new_services: new_services.filter(is_measured).cloned(),
            enforced: before.and_then(|status| status.enforced.clone()),
            history: before.map_or_else(Vec::new, |status| status.history.clone()),
            announced: before.map_or_else(Vec::new, |status| status.announced.clone()),
            ..Self::default()
        }
    }
}

impl StatusOfUndecodable for PlatformObjectiveStatus {
    /// Keeps what was measured: a frozen result is stored nowhere else.
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let before = before.cloned().unwrap_or_default();
        Self {
            observed_generation: generation,
            conditions: settle(&before.conditions, statements, generation, now),
            ..before
        }
    }
}

/// Figures of these kinds are computed anew once the object can be decoded.
macro_rules! computed_anew {
    ($($status:ty),+) => {$(
        impl StatusOfUndecodable for $status {
            fn of_undecodable(
                before: Option<&Self>,
                statements: Vec<Statement>,
                generation: Option<i64>,
                now: Timestamp,
            ) -> Self {
                let conditions = before.map_or(&[][..], |status| &status.conditions);
                Self {
                    observed_generation: generation,
                    conditions: settle(conditions, statements, generation, now),
                    ..Self::default()
                }
            }
        }
    )+};
}

computed_anew!(DeveloperSurveyStatus, RoadmapItemStatus, PersonaStatus);

/// The status of an undecodable object, if it differs from the stored one. `effect` completes "so it".
pub(in crate::assess::planner) fn undecodable_status<S: StatusOfUndecodable>(
    object: &Undecodable<S>,
    effect: &str,
    now: Timestamp,
) -> Option<S> {
    let message = format!(
        "The operator cannot decode this object, so it {effect}: {}. Next: correct the field and \
         apply the object again.",
        object.message
    );
    let statements = vec![
        Statement::new(READY, false, REASON, message.clone()),
        Statement::new(STALLED, true, REASON, message),
    ];
    let before = object.status.as_ref();
    let wanted = S::of_undecodable(before, statements, object.generation, now);
    (before != Some(&wanted)).then_some(wanted)
}
