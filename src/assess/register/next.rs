//! What an exception asks next, and of whom: a decision, an answer, a look, a farewell. The
//! register is sorted by it and an inbox is filtered by it. Also how long its owner waited for an
//! answer: the platform team's own promise. It decides nothing about what is excused.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use crate::api::DeviationExceptionSpec;
use crate::assess::exception::Life;
use crate::assess::register::{ExceptionView, Usage};
use crate::assess::state::{Phase, Turn};

/// What an exception asks next, most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    /// A first decision by the owner of the path.
    Decide,
    /// An answer by the owner of the path: its owner asked to go on.
    Answer,
    /// The look that was missed; it lapses otherwise.
    ReviewOverdue,
    /// It has ended and is still needed: go on, or return to the path.
    RenewOrReturn,
    /// A look: its review or its end is near.
    Review,
    /// To be closed: nothing it names needs it any more.
    Close,
    /// Nothing.
    Rest,
}

impl Next {
    /// Everything an exception can ask, most pressing first.
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

    /// Whose turn it is.
    pub const fn turn(self) -> Turn {
        match self {
            Self::Decide | Self::Answer => Turn::Platform,
            Self::ReviewOverdue | Self::RenewOrReturn | Self::Review | Self::Close => Turn::Team,
            Self::Rest => Turn::Nobody,
        }
    }

    /// What `view` asks next.
    pub fn of(view: &ExceptionView<'_>) -> Self {
        let is_superfluous = view.needed == Some(false) || is_unused(view.usage);
        Self::asked(view.life.phase, view.life.renewal_open, is_superfluous)
    }

    /// What an exception in this phase asks next; it is superfluous where nothing needs it.
    pub const fn asked(phase: Phase, renewal_open: bool, is_superfluous: bool) -> Self {
        match phase {
            Phase::Pending => Self::Decide,
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue | Phase::Expired
                if renewal_open =>
            {
                Self::Answer
            }
            // An exception that is not needed may expire by itself.
            Phase::Expired if is_superfluous => Self::Rest,
            Phase::Expired => Self::RenewOrReturn,
            Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue if is_superfluous => {
                Self::Close
            }
            Phase::ReviewOverdue => Self::ReviewOverdue,
            Phase::ReviewDue => Self::Review,
            Phase::Active | Phase::Closed | Phase::Rejected => Self::Rest,
        }
    }
}

/// Whether it stands for nothing. One whose path has no such name may only be misspelt.
const fn is_unused(usage: Usage) -> bool {
    match usage {
        Usage::NoTarget | Usage::OtherPath | Usage::NotJudged => true,
        Usage::InUse | Usage::PathNotFound => false,
    }
}

/// The instant that says how pressing it is: since when an answer is waited for, or until when a
/// look is in time. None where no date is.
pub fn pressing_at(next: Next, dates: &Dates) -> Option<Timestamp> {
    match next {
        Next::Decide | Next::Answer => dates.waiting_since,
        Next::ReviewOverdue | Next::RenewOrReturn => dates.end,
        Next::Review | Next::Close | Next::Rest => {
            [dates.review, dates.end].into_iter().flatten().min()
        }
    }
}

/// The dates of an exception that need action; absent where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// Since when the platform team is asked.
    pub waiting_since: Option<Timestamp>,
    /// When it should be reviewed.
    pub review: Option<Timestamp>,
    /// When it ends, everything considered.
    pub end: Option<Timestamp>,
}

/// Most pressing first; of equals the earlier date, and no date last.
pub fn by_urgency(a: (Next, Option<Timestamp>), b: (Next, Option<Timestamp>)) -> Ordering {
    let key = |(next, at): (Next, Option<Timestamp>)| (next, at.is_none(), at);
    key(a).cmp(&key(b))
}

/// Since when it is the platform team's turn: the creation of a request, or its owner's wish to
/// go on. None while it is not.
pub fn waiting_since(
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

/// How long its owner waited for the latest answer: from the request to go on to the first review
/// after it, else from creation to the decision. None while nothing was answered, where nobody
/// had to answer, and where the answer is older than the question, as with an approval that came
/// with the manifest: nobody can tell from here how long that took.
pub fn answered_after(
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
    fn the_platform_is_asked_from_the_request_on_and_answers_once() {
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
    fn an_answer_older_than_its_question_says_nothing_about_waiting() {
        assert_eq!(
            answered(&json!({"approval": approval("2025-12-31T00:00:00Z")})),
            None
        );
        assert_eq!(answered(&json!({"approval": approval(CREATED)})), Some(0));
    }

    #[test]
    fn a_decision_that_does_not_count_yet_is_no_answer() {
        assert_eq!(
            answered(&json!({"approval": approval("2027-01-01T00:00:00Z")})),
            None
        );
    }

    #[test]
    fn what_is_waited_for_longest_comes_first_and_what_rests_last() {
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
    fn every_word_is_its_own_and_somebody_s_turn_is_said() {
        let words: std::collections::BTreeSet<_> =
            Next::ALL.iter().map(|next| next.as_str()).collect();
        assert_eq!(words.len(), Next::ALL.len());
        assert!(Next::ALL.is_sorted());
    }
}
