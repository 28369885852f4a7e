//! Properties of every history at every instant. Instants come from a coarse grid, shifted by a second or
//! a nanosecond, so that coincidences and boundaries are frequent.

use crate::api::Instant;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::fixtures::{approval, day, renewal_requested, requested, review};
use super::past::{Past, Rejection};
use super::{Consent, Life, Request, SKEW, Terms, live_after};
use crate::api::DeviationExceptionSpec;
use crate::api::condition::stored;
use crate::api::deviation_exception::{Decision, Review, ReviewOutcome};
use crate::api::golden_path::{ExceptionPolicy, SelfDeclare, Severity};
use crate::api::period::Period;
use crate::api::previous::Previous;
use crate::assess::state::{Phase, Standing};

/// An exception, its path's terms, and its creation.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) spec: DeviationExceptionSpec,
    pub(crate) created: Timestamp,
    pub(crate) policy: ExceptionPolicy,
    light: bool,
    pub(crate) bound: bool,
    pub(crate) past: Past,
}

impl Story {
    pub(crate) fn at(&self, now: Timestamp) -> Life {
        let terms = Terms {
            policy: &self.policy,
            within_self_declare_severity: self.light,
            bound_to_matches: self.bound,
        };
        let request = Request {
            spec: &self.spec,
            created: self.created,
            past: &self.past,
        };
        live_after(request, &terms, now)
    }
}

pub(crate) fn instant() -> impl Strategy<Value = Timestamp> {
    let nudge = prop_oneof![
        4 => Just(SignedDuration::ZERO),
        1 => (-301_i64..=301).prop_map(SignedDuration::from_secs),
        1 => (-1_i64..=1).prop_map(SignedDuration::from_nanos),
    ];
    let near = (0_u64..40, nudge).prop_map(|(tens, by)| day(tens * 10).saturating_add(by).unwrap());
    prop_oneof![
        30 => near,
        1 => Just(Timestamp::MAX),
        1 => Just(Timestamp::MIN),
        1 => any::<i32>().prop_map(|second| Timestamp::from_second(second.into()).unwrap()),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![
        20 => (0_u64..20).prop_map(|tens| Period::days(tens * 10)),
        1 => (0_u64..3).prop_map(Period::seconds),
        1 => Just(Period::days(9_999)),
    ]
}

fn policy() -> impl Strategy<Value = ExceptionPolicy> {
    let limits = (period(), 0_u8..3).prop_map(|(max_duration, max_renewals)| SelfDeclare {
        max_severity: Severity::Low,
        max_duration,
        max_renewals,
    });
    (
        any::<bool>(),
        [period(), period(), period(), period()],
        option::of(limits),
    )
        .prop_map(
            |(
                require_approval,
                [max_duration, review_every, remind_before, lapse_after],
                limits,
            )| {
                ExceptionPolicy {
                    require_approval,
                    max_duration,
                    review_every,
                    remind_before,
                    lapse_after,
                    self_declare: limits,
                }
            },
        )
}

fn a_review() -> impl Strategy<Value = Review> {
    let outcome = prop_oneof![6 => Just(ReviewOutcome::Renewed), 1 => Just(ReviewOutcome::Closed)];
    (instant(), outcome, option::of(instant())).prop_map(|(at, outcome, end)| Review {
        expires_at: end.map(Instant),
        ..review(outcome, at)
    })
}

fn spec() -> impl Strategy<Value = DeviationExceptionSpec> {
    let decision = prop_oneof![5 => Just(Decision::Approved), 1 => Just(Decision::Rejected)];
    let decided = option::weighted(0.8, (decision, instant()));
    (
        decided,
        vec(a_review(), 0..6),
        option::of(instant()),
        option::of(instant()),
        option::of(period()),
    )
        .prop_map(
            |(decided, reviews, end, asked, review_every)| DeviationExceptionSpec {
                approval: decided.map(|(decision, at)| approval(decision, at)),
                reviews,
                expires_at: end.map(Instant),
                renewal: asked.map(renewal_requested),
                review_every,
                ..requested()
            },
        )
}

/// A rejection that was removed from the spec, and deleted exceptions of the same name.
fn past() -> impl Strategy<Value = Past> {
    let previous = (0_u32..3, option::of(instant())).prop_map(|(renewals, rejected)| Previous {
        deleted_at: Instant(day(1)),
        times: 1,
        renewals,
        rejected_at: rejected.map(stored),
    });
    let rejected = instant().prop_map(|at| Rejection { at, by: None });
    (
        option::weighted(0.2, rejected),
        option::weighted(0.2, previous),
    )
        .prop_map(|(rejected, previous)| Past { rejected, previous })
}

pub(crate) fn story() -> impl Strategy<Value = Story> {
    (
        spec(),
        instant(),
        policy(),
        any::<bool>(),
        prop::bool::weighted(0.9),
        past(),
    )
        .prop_map(|(spec, created, policy, light, bound, past)| Story {
            spec,
            created,
            policy,
            light,
            bound,
            past,
        })
}

/// An instant from `start` to a nanosecond before `end`.
fn between(start: Timestamp, end: Timestamp, share: u8) -> Timestamp {
    let room = (end.as_nanosecond() - start.as_nanosecond() - 1).max(0);
    let into = room * i128::from(share) / i128::from(u8::MAX);
    Timestamp::from_nanosecond(start.as_nanosecond() + into).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_changes_before_the_next_change(
        story in story(), now in instant(), share in any::<u8>(),
    ) {
        let life = story.at(now);
        prop_assert!(life.next_change.is_none_or(|next| next > now));
        let later = between(now, life.next_change.unwrap_or(Timestamp::MAX), share);
        prop_assert_eq!(story.at(later), life);
    }

    #[test]
    fn following_next_change_ends(story in story()) {
        let mut now = Timestamp::MIN;
        let mut steps = 0;
        while let Some(next) = story.at(now).next_change {
            prop_assert!(next > now);
            now = next;
            steps += 1;
            prop_assert!(steps < 64, "no exception changes that often");
        }
        prop_assert_eq!(story.at(Timestamp::MAX), story.at(now));
    }

    #[test]
    fn closed_and_expired_are_final_without_a_new_decision(
        story in story(), now in instant(), later in instant(),
    ) {
        let (first, then) = (story.at(now), story.at(later.max(now)));
        if first.phase == Phase::Closed {
            prop_assert_eq!(then.phase, Phase::Closed);
        }
        if first.phase == Phase::Expired && first.ignored_decisions.is_empty() {
            prop_assert_eq!(then.phase, Phase::Expired);
        }
    }

    #[test]
    fn no_exception_outlives_its_last_decision_by_more_than_allowed(
        story in story(), now in instant(),
    ) {
        let life = story.at(now);
        prop_assert_eq!(life.last_decision.is_some(), life.effective_expiry.is_some());
        if let (Some(decided), Some(end)) = (life.last_decision, life.effective_expiry) {
            prop_assert!(end <= story.policy.max_duration.after(decided));
            if let (Consent::SelfDeclared, Some(limits)) =
                (life.consent, story.policy.self_declare)
            {
                prop_assert!(end <= limits.max_duration.after(decided));
            }
        }
    }

    #[test]
    fn an_exception_excuses_only_with_consent_and_before_its_end(
        story in story(), now in instant(),
    ) {
        let life = story.at(now);
        if life.phase.standing().is_some_and(Standing::is_excused) {
            prop_assert_ne!(life.consent, Consent::None);
            prop_assert!(life.effective_expiry.is_some_and(|end| now < end));
        }
    }

    #[test]
    fn a_decision_dated_in_the_future_has_no_effect(story in story(), now in instant()) {
        let counts = |at: Timestamp| SKEW.before(at) <= now;
        let mut known = story.clone();
        known.spec.reviews.retain(|review| counts(review.at.0));
        known.spec.approval = known.spec.approval.filter(|approval| counts(approval.at.0));
        let (life, known) = (story.at(now), known.at(now));
        prop_assert!(known.ignored_decisions.is_empty());
        let comparable = Life {
            ignored_decisions: Vec::new(),
            next_change: known.next_change,
            ..life
        };
        prop_assert_eq!(comparable, known);
    }

    /// After a rejection, neither removing it nor deleting the exception avoids the need for an approval.
    #[test]
    fn a_rejected_exception_excuses_only_with_an_approval(
        story in story(), at in instant(), now in instant(), before in any::<bool>(),
    ) {
        let mut rejected = story;
        if before {
            let previous = rejected.past.after_deletion(&rejected.spec, false, now);
            rejected.past.previous = Some(Previous { rejected_at: Some(Instant(at)), ..previous });
        } else {
            rejected.past.rejected = Some(Rejection { at, by: None });
        }
        let life = rejected.at(now);
        let is_approved = life.consent == Consent::Approved;
        prop_assert!(is_approved || life.consent == Consent::None);
        let is_excused = life.phase.standing().is_some_and(Standing::is_excused);
        prop_assert!(!is_excused || is_approved);
    }

    /// Renewals and a rejection survive every deletion and re-creation.
    #[test]
    fn deletion_erases_no_history(story in story(), again in 1_u32..5, now in instant()) {
        let mut past = story.past.clone();
        for _ in 0..again {
            let previous = past.after_deletion(&story.spec, false, now);
            past = Past { previous: Some(previous), rejected: None };
        }
        let reviews = story.spec.reviews.iter();
        let renewals = reviews.filter(|review| review.outcome == ReviewOutcome::Renewed).count();
        let renewals = u32::try_from(renewals).unwrap();
        prop_assert_eq!(past.renewals(), story.past.renewals() + again * renewals);
        let seconds = |at: Option<Timestamp>| at.map(Timestamp::as_second);
        prop_assert_eq!(seconds(past.rejected_at()), seconds(story.past.rejected_at()));
    }

    #[test]
    fn the_order_of_reviews_does_not_matter(
        (story, shuffled) in story().prop_flat_map(|story| {
            let reviews = Just(story.spec.reviews.clone()).prop_shuffle();
            (Just(story), reviews)
        }),
        now in instant(),
    ) {
        let mut other = story.clone();
        other.spec.reviews = shuffled;
        prop_assert_eq!(story.at(now), other.at(now));
    }
}
