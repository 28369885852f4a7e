//! Spreads the first reviews of imported exceptions. Approved on one day, all would be due on one
//! day; an expiry of their own spreads them and keeps the path's interval afterwards. A shorter
//! `reviewEvery` would also spread them, but make some due every few days for ever.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::api::Period;
use crate::api::golden_path::ExceptionPolicy;

const DAY: u64 = 86_400;

/// One instant for each key, evenly spread from the path's `remindBefore` to its `reviewEvery` (or
/// `maxDuration`, if that is shorter), so that reminders come evenly from the first day on. A hash
/// decides the order, so that no team gets all of its reviews at once; equal keys give equal dates.
pub(super) fn first_reviews(
    keys: &[String],
    policy: &ExceptionPolicy,
    now: Timestamp,
) -> Vec<Timestamp> {
    let last = policy.review_every.min(policy.max_duration);
    let lead = policy.remind_before.min(last.half());
    let window = last.as_seconds() - lead.as_seconds();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|index| (Sha256::digest(&keys[*index]), *index));
    let number = u64::try_from(keys.len()).unwrap_or(u64::MAX).max(1);
    let mut reviews = vec![now; keys.len()];
    for (rank, index) in (1_u64..).zip(order) {
        let after = Period::seconds(lead.as_seconds() + window * rank / number);
        reviews[index] = on_a_day(after.after(now), last);
    }
    reviews
}

/// The start of that day if the interval spans days: people keep dates, not seconds.
fn on_a_day(at: Timestamp, last: Period) -> Timestamp {
    if last.as_seconds() < 4 * DAY {
        return at;
    }
    let past_midnight = u64::try_from(at.as_second()).unwrap_or(0) % DAY;
    Period::seconds(past_midnight).before(at)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::api::Instant;
    use crate::api::deviation_exception::{Approval, Decision};
    use crate::assess::exception::{Terms, live};
    use serde_json::json;

    /// First review of an exception that is approved now and ends then.
    fn reviewed_at(end: Timestamp, policy: &ExceptionPolicy, now: Timestamp) -> Timestamp {
        let mut spec: crate::api::DeviationExceptionSpec = serde_json::from_value(json!({
            "path": "web", "checks": ["replicas"], "targets": [{"kind": "Deployment", "name": "a"}],
            "reason": "The vendor licenses a single replica.", "owner": {"team": "shop"},
            "ownershipCost": {"hoursPerMonth": 1},
        }))
        .unwrap();
        spec.expires_at = Some(Instant(end));
        spec.approval = Some(Approval {
            decision: Decision::Approved,
            by: "ada".to_owned(),
            at: Instant(now),
            note: None,
        });
        let terms = Terms {
            policy,
            within_self_declare_severity: false,
            bound_to_matches: true,
        };
        let life = live(&spec, now, &terms, now);
        life.effective_expiry.min(life.next_review_at).unwrap()
    }

    proptest! {
        #[test]
        fn no_day_gets_more_than_its_share(
            number in 1_usize..400,
            review_days in 2_u64..200,
            hour in 0_u64..24,
        ) {
            let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
            let now = Period::seconds(hour * 3_600).after(now);
            let policy = ExceptionPolicy {
                review_every: Period::days(review_days),
                ..ExceptionPolicy::default()
            };
            let keys: Vec<String> = (0..number).map(|n| format!("shop/Deployment/{n}")).collect();
            let reviews = first_reviews(&keys, &policy, now);
            prop_assert_eq!(&reviews, &first_reviews(&keys, &policy, now));
            let mut days = BTreeMap::<i64, usize>::new();
            for end in reviews {
                let review = reviewed_at(end, &policy, now);
                prop_assert!(review > now);
                *days.entry(review.as_second() / 86_400).or_default() += 1;
            }
            let last = policy.review_every.min(policy.max_duration);
            let lead = policy.remind_before.min(last.half());
            let window = usize::try_from((last.as_seconds() - lead.as_seconds()) / DAY).unwrap();
            let share = number.div_ceil(window.max(1)) + 1;
            prop_assert!(days.values().all(|count| *count <= share), "{days:?} {share}");
        }
    }

    #[test]
    fn a_team_does_not_get_all_of_its_own_at_once() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let keys: Vec<String> = (0..60)
            .map(|n| format!("{}/Deployment/{n:02}", if n < 30 { "bank" } else { "shop" }))
            .collect();
        let reviews = first_reviews(&keys, &ExceptionPolicy::default(), now);
        let middle = Period::days(52).after(now);
        let early = reviews[..30]
            .iter()
            .filter(|review| **review < middle)
            .count();
        assert!((5..=25).contains(&early), "{early}");
    }
}
