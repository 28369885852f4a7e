//! Properties of results over random histories of measurements.

use proptest::prelude::*;

use super::fixtures::{END, at, attempt, guardrail, objective, seconds, target};
use super::measurement::{Measurements, NoData};
use super::*;

/// A step of a history: minutes since the last one, and a value or none.
type Step = (i64, Option<f64>);

fn histories() -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![
        Just(None),
        any::<f64>().prop_map(Some),
        (-10.0..100.0).prop_map(Some),
    ];
    prop::collection::vec((1_i64..30_000, value), 1..40)
}

fn after(objective: &StoredObjective, result: &ObjectiveResult) -> StoredObjective {
    StoredObjective {
        status: Some(PlatformObjectiveStatus {
            key_results: result.key_results.clone(),
            progress: result.progress,
            on_track: result.on_track,
            frozen_at: result.frozen_at,
            ..PlatformObjectiveStatus::default()
        }),
        ..objective.clone()
    }
}

proptest! {
    #[test]
    fn any_history_has_a_result_that_rests_and_keeps_its_invariants(steps in histories()) {
        let mut now = 0;
        let mut known = objective("faster", [target("a"), guardrail("b")]);
        for (minutes, value) in steps {
            now += minutes * 60;
            let end = known.spec.period.to.0;
            let instant = seconds(now);
            let value = value.filter(|value| value.is_finite()).ok_or(NoData::Empty);
            let is_missing = value.is_err();
            let mut some = attempt(&known, "a", value.clone(), instant.min(end));
            some.extend(attempt(&known, "b", value, instant.min(end)));
            let measurements: Measurements = some.into();
            let before = known.clone();
            let first = result(&before, &measurements, instant);
            for it in &first.key_results {
                prop_assert!(it.progress.is_none_or(|share| (0.0..=1.0).contains(&share)));
                prop_assert!(it.current.is_none_or(f64::is_finite));
                prop_assert_eq!(it.current.is_some(), it.last_measured_at.is_some());
            }
            if let Some(status) = &before.status {
                if is_frozen(&before.spec, status) {
                    prop_assert_eq!(&first.key_results, &status.key_results);
                    prop_assert_eq!(first.frozen_at, status.frozen_at);
                }
                for (old, new) in status.key_results.iter().zip(&first.key_results) {
                    if is_missing {
                        prop_assert_eq!((old.current, old.progress), (new.current, new.progress));
                        let is_unknown_at_the_end = first.frozen_at.is_some() && new.on_track.is_none();
                        prop_assert!(old.on_track == new.on_track || is_unknown_at_the_end);
                        prop_assert_eq!(old.last_measured_at, new.last_measured_at);
                    }
                }
            }
            known = after(&known, &first);
            let second = result(&known, &measurements, instant);
            prop_assert_eq!(&second, &first, "planning again yields nothing");
            prop_assert_eq!(&result(&known, &Measurements::default(), instant).key_results, &first.key_results, "a restart keeps it");
        }
    }

    #[test]
    fn progress_grows_with_the_figure(one in -100.0..200.0_f64, other in -100.0..200.0_f64) {
        let falling = target("a");
        let mut rising = target("a");
        (rising.baseline, rising.target) = (Some(4.0), Some(72.0));
        let (low, high) = (one.min(other), one.max(other));
        prop_assert!(progress(&falling, low) >= progress(&falling, high));
        prop_assert!(progress(&rising, low) <= progress(&rising, high));
    }

    #[test]
    fn elapsed_time_grows_from_0_to_1(one in -50..150_i64, other in -50..150_i64) {
        let period = objective("faster", [target("a")]).spec.period;
        let (early, late) = (at(one.min(other)), at(one.max(other)));
        prop_assert!(elapsed(period, early) <= elapsed(period, late));
        prop_assert!((0.0..=1.0).contains(&elapsed(period, early)));
        prop_assert!(elapsed(period, at(END)) >= 1.0);
    }

    #[test]
    fn rounding_is_done_once(value in any::<f64>().prop_filter("finite", |it| it.is_finite())) {
        let once = rounded(value);
        prop_assert_eq!(once.to_bits(), rounded(once).to_bits());
        prop_assert!(!(once == 0.0 && once.is_sign_negative()));
    }
}
