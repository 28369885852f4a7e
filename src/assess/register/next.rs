//! The next action on an exception, and who takes it: a decision, a review, a renewal or a close.
//! Registers sort by it and inboxes filter by it. Also how long the owner waited for an answer. Nothing
//! here decides what is excused.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use crate::api::DeviationExceptionSpec;
use crate::assess::exception::Life;
use crate::assess::goal_objects::shipped::closing_items;
use crate::assess::inventory::Inventory;
use crate::assess::register::{ExceptionView, Usage};
use crate::assess::state::{Phase, Turn};

/// The next action on an exception, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// The path owner decides about the request.
    Decide,
    /// The path owner decides about the requested renewal.
    Answer,
    /// The overdue review, before the exception lapses.
    ReviewOverdue,
    /// It expired and is still needed: renew it, or return to the path.
    RenewOrReturn,
    /// The review: its date or the expiry is near.
    Review,
    /// Close it: no workload needs it, or what it waits for was shipped.
    Close,
    /// No action is due.
    Rest,
}

impl Next {
    /// Every action, most urgent first.
    pub const ALL: [Self; 7] = [
        Self::Decide,
        Self::Answer,
        Self::ReviewOverdue,
        Self::RenewOrReturn,
        Self::Review,
        Self::Close,
        Self::Rest,
    ];

    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Answer => "answer-renewal",
            Self::ReviewOverdue => "review-overdue",
            Self::RenewOrReturn => "renew-or-return",
            Self::Review => "review",
            Self::Close => "close",
            Self::Rest => "nothing",
        }
    }

    /// Who has to act.
    pub const fn turn(self) -> Turn {
        match self {
            Self::Decide | Self::Answer => Turn::Platform,
            Self::ReviewOverdue | Self::RenewOrReturn | Self::Review | Self::Close => Turn::Team,
            Self::Rest => Turn::AtRest,
        }
    }

    /// The next action on this exception.
    pub fn of(view: &ExceptionView<'_>, inventory: &Inventory, now: Timestamp) -> Self {
        let life = &view.life;
        let mut items = closing_items(view.exception, life, inventory.goals(), now);
        let closable = if view.needed == Some(false) || is_unused(view.usage) {
            Closable::Superfluous
        } else if view.usage.is_in_use() && items.next().is_some() {
            Closable::ItemShipped
        } else {
            Closable::No
        };
        Self::asked(life.phase, life.renewal_open, closable)
    }

    /// The next action in this phase. A pending decision comes first. An overdue review comes before an item
    /// that was shipped: until the exception is closed or renewed, its workloads may soon be without one.
    pub const fn asked(phase: Phase, renewal_open: bool, closable: Closable) -> Self {
        match phase {
            Phase::Pending => Self::Decide,
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue | Phase::Expired
                if renewal_open =>
            {
                Self::Answer
            }
            // An exception that is not needed may expire without an action.
            Phase::Expired if closable.is_superfluous() => Self::Rest,
            Phase::Expired => Self::RenewOrReturn,
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue
                if closable.is_superfluous() =>
            {
                Self::Close
            }
            Phase::Active | Phase::ReviewDue if closable.is_item_shipped() => Self::Close,
            Phase::ReviewOverdue => Self::ReviewOverdue,
            Phase::ReviewDue => Self::Review,
            Phase::Active | Phase::Closed | Phase::Rejected => Self::Rest,
        }
    }
}

/// Whether an exception could be closed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closable {
    /// It excuses something.
    No,
    /// No workload needs it.
    Superfluous,
    /// It excuses something, and a roadmap item that it waits for was shipped.
    ItemShipped,
}

impl Closable {
    const fn is_superfluous(self) -> bool {
        match self {
            Self::Superfluous => true,
            Self::No | Self::ItemShipped => false,
        }
    }

    const fn is_item_shipped(self) -> bool {
        match self {
            Self::ItemShipped => true,
            Self::No | Self::Superfluous => false,
        }
    }
}

/// Whether no workload uses it. An exception without a path does not count: its path may be misspelt.
const fn is_unused(usage: Usage) -> bool {
    match usage {
        Usage::NoTarget | Usage::OtherPath | Usage::NotJudged => true,
        Usage::InUse | Usage::PathNotFound => false,
    }
}

/// The date that decides how urgent it is: since when the owner waits, or until when a review is in
/// time. None without a date.
pub(crate) fn pressing_at(next: Next, dates: &Dates) -> Option<Timestamp> {
    match next {
        Next::Decide | Next::Answer => dates.waiting_since,
        Next::ReviewOverdue | Next::RenewOrReturn => dates.end,
        Next::Review | Next::Close | Next::Rest => {
            [dates.review, dates.end].into_iter().flatten().min()
        }
    }
}

/// Dates of an exception that can need action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// Since when the owner waits for the platform team.
    pub waiting_since: Option<Timestamp>,
    /// Date of the next review.
    pub review: Option<Timestamp>,
    /// Effective expiry.
    pub end: Option<Timestamp>,
}

/// Most urgent first; of equals the earlier date, and no date last.
pub(crate) fn by_urgency(a: (Next, Option<Timestamp>), b: (Next, Option<Timestamp>)) -> Ordering {
    let key = |(next, at): (Next, Option<Timestamp>)| (next, at.is_none(), at);
    key(a).cmp(&key(b))
}

/// Since when the owner waits for the platform team: since the creation of the request, or since the
/// requested renewal. None if no decision is pending.
pub(crate) fn waiting_since(
    spec: &DeviationExceptionSpec,
    created: Timestamp,
    life: &Life,
) -> Option<Timestamp> {
    match life.phase {
        Phase::Pending => Some(created),
        Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue | Phase::Expired => {
            let open = spec.renewal.as_ref().filter(|_| life.renewal_open);
            open.map(|renewal| renewal.requested_at.0)
        }
        Phase::Rejected | Phase::Closed => None,
    }
}

/// How long the owner waited for the latest decision: from the requested renewal to the first review
/// after it, else from creation to the decision. None without a decision, if none was required, and if
/// the decision is older than the request (an approval that came with the manifest): that wait is
/// unknown.
pub(crate) fn answered_after(
    spec: &DeviationExceptionSpec,
    created: Timestamp,
    life: &Life,
) -> Option<SignedDuration> {
    let counts = |at: &Timestamp| !life.ignored_decisions.contains(at);
    let to_renewal = spec.renewal.as_ref().and_then(|renewal| {
        let asked = renewal.requested_at.0;
        let reviews = spec.reviews.iter().map(|review| review.at.0);
        let answer = reviews.filter(|at| *at > asked && counts(at)).min()?;
        Some(answer.duration_since(asked))
    });
    let to_request = || {
        let decided = spec.approval.as_ref().map(|approval| approval.at.0);
        let waited = decided.filter(counts)?.duration_since(created);
        (!waited.is_negative()).then_some(waited)
    };
    to_renewal.or_else(to_request)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::golden_path::ExceptionPolicy;
    use crate::assess::exception::{Terms, live};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn spec(more: &serde_json::Value) -> DeviationExceptionSpec {
        let mut spec = json!({
            "path": "web", "checks": ["replicas"], "targets": [{"kind": "Deployment", "name": "a"}],
            "reason": "The vendor licenses a single replica.", "owner": {"team": "shop"},
            "ownershipCost": {"hoursPerMonth": 1},
        });
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    fn life(spec: &DeviationExceptionSpec, now: &str) -> Life {
        let policy = ExceptionPolicy::default();
        let terms = Terms {
            policy: &policy,
            within_self_declare_severity: false,
            bound_to_matches: true,
        };
        live(spec, at(CREATED), &terms, at(now))
    }

    const CREATED: &str = "2026-01-01T00:00:00Z";

    fn answered(more: &serde_json::Value) -> Option<i64> {
        let spec = spec(more);
        let life = life(&spec, "2026-03-01T00:00:00Z");
        answered_after(&spec, at(CREATED), &life).map(|waited| waited.as_secs())
    }

    fn approval(when: &str) -> serde_json::Value {
        json!({"decision": "Approved", "by": "ada", "at": when})
    }

    #[test]
    fn the_owner_waits_from_the_request_until_the_decision() {
        let asked = spec(&json!({}));
        let now = "2026-01-02T00:00:00Z";
        let since = waiting_since(&asked, at(CREATED), &life(&asked, now));
        assert_eq!(since, Some(at(CREATED)));
        let decided = spec(&json!({"approval": approval("2026-01-02T00:00:00Z")}));
        let since = waiting_since(&decided, at(CREATED), &life(&decided, now));
        assert_eq!(since, None);
    }

    #[test]
    fn the_wait_is_from_the_request_to_its_answer() {
        assert_eq!(answered(&json!({})), None);
        assert_eq!(
            answered(&json!({"approval": approval("2026-01-03T00:00:00Z")})),
            Some(2 * 86_400)
        );
        let rejected = json!({"decision": "Rejected", "by": "ada", "at": "2026-01-01T01:00:00Z"});
        assert_eq!(answered(&json!({"approval": rejected})), Some(3_600));
    }

    #[test]
    fn the_latest_request_that_was_answered_counts() {
        let renewal = json!({"requestedAt": "2026-02-01T00:00:00Z", "by": "grace", "stillNeededBecause": "x"});
        let review = |at: &str| json!({"by": "ada", "at": at, "outcome": "Renewed"});
        let approval = approval("2026-01-03T00:00:00Z");
        let unanswered = json!({"approval": approval, "renewal": renewal});
        assert_eq!(answered(&unanswered), Some(2 * 86_400));
        let reviews = [
            review("2026-01-20T00:00:00Z"),
            review("2026-02-01T06:00:00Z"),
        ];
        let spec = json!({"approval": approval, "renewal": renewal, "reviews": reviews});
        assert_eq!(answered(&spec), Some(6 * 3_600));
    }

    #[test]
    fn a_decision_older_than_its_request_gives_no_wait() {
        assert_eq!(
            answered(&json!({"approval": approval("2025-12-31T00:00:00Z")})),
            None
        );
        assert_eq!(answered(&json!({"approval": approval(CREATED)})), Some(0));
    }

    #[test]
    fn a_decision_that_does_not_count_yet_gives_no_wait() {
        assert_eq!(
            answered(&json!({"approval": approval("2027-01-01T00:00:00Z")})),
            None
        );
    }

    #[test]
    fn a_shipped_item_closes_what_no_more_urgent_action_needs() {
        let asked = |phase, renewal_open| Next::asked(phase, renewal_open, Closable::ItemShipped);
        for phase in Phase::ALL {
            let expected = match phase {
                Phase::Active | Phase::ReviewDue => Next::Close,
                Phase::ReviewOverdue
                | Phase::Pending
                | Phase::Expired
                | Phase::Rejected
                | Phase::Closed => Next::asked(phase, false, Closable::No),
            };
            assert_eq!(asked(phase, false), expected, "{phase:?}");
            let renewal = Next::asked(phase, true, Closable::No);
            assert_eq!(
                asked(phase, true),
                renewal,
                "{phase:?} with a renewal request"
            );
        }
    }

    #[test]
    fn the_longest_wait_comes_first_and_no_action_comes_last() {
        let [early, late] = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"].map(at);
        let mut asks = vec![
            (Next::Rest, Some(early)),
            (Next::Review, None),
            (Next::Decide, Some(late)),
            (Next::Review, Some(late)),
            (Next::Decide, Some(early)),
        ];
        asks.sort_by(|a, b| by_urgency(*a, *b));
        let order = [
            (Next::Decide, Some(early)),
            (Next::Decide, Some(late)),
            (Next::Review, Some(late)),
            (Next::Review, None),
            (Next::Rest, Some(early)),
        ];
        assert_eq!(asks, order);
    }

    #[test]
    fn every_action_has_a_word_of_its_own_and_they_are_in_order() {
        let words: std::collections::BTreeSet<_> =
            Next::ALL.iter().map(|next| next.as_str()).collect();
        assert_eq!(words.len(), Next::ALL.len());
        assert!(Next::ALL.is_sorted());
    }
}
