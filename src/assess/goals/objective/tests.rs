//! Results at instants of a period of a hundred days, from 72 hours to 4.

use super::cascade::{cascade, parent};
use super::fixtures::{
    Collected, END, at, attempt, goals, guardrail, measured, missing, objective, promql, seconds,
    target,
};
use super::measurement::{Measurements, NoData};
use super::wanted::{Figure, wanted};
use super::*;
use crate::api::platform_objective::Source;

/// The objective after a status write of its result.
fn stored_result(
    mut objective: StoredObjective,
    measurements: &Measurements,
    now: Timestamp,
) -> StoredObjective {
    let result = result(&objective, measurements, now);
    objective.status = Some(PlatformObjectiveStatus {
        key_results: result.key_results,
        progress: result.progress,
        on_track: result.on_track,
        frozen_at: result.frozen_at,
        ..PlatformObjectiveStatus::default()
    });
    objective
}

fn first(objective: &StoredObjective) -> &KeyResultStatus {
    &objective.status.as_ref().unwrap().key_results[0]
}

fn one() -> StoredObjective {
    objective("faster", [target("first-deploy")])
}

#[test]
fn progress_counts_from_the_baseline_and_is_compared_with_elapsed_time() {
    for (value, day, progress, on_track) in [
        (72.0, 0, 0.0, true),
        (72.0, 1, 0.0, false),
        (38.0, 50, 0.5, true),
        (38.0, 51, 0.5, false),
        (90.0, 10, 0.0, false),
        (3.0, 99, 1.0, true),
        (4.0, END, 1.0, true),
        (4.1, END, 0.99, false),
    ] {
        let measurements = measured(&one(), "first-deploy", value, at(day)).into();
        let result = result(&one(), &measurements, at(day));
        let of = &result.key_results[0];
        let got = (of.progress, of.on_track, result.on_track);
        assert_eq!(
            got,
            (Some(progress), Some(on_track), Some(on_track)),
            "{value} on day {day}"
        );
    }
}

#[test]
fn a_guardrail_holds_at_its_limit_and_decides_over_the_objective() {
    let both = objective("faster", [target("first-deploy"), guardrail("failures")]);
    for (failures, holds) in [(2.0, true), (2.001, false), (0.0, true)] {
        let mut some = measured(&both, "first-deploy", 4.0, at(5));
        some.extend(measured(&both, "failures", failures, at(5)));
        let result = result(&both, &some.into(), at(5));
        assert_eq!(result.on_track, Some(holds), "{failures}");
        assert_eq!(result.progress, Some(1.0), "guardrails have no progress");
    }
    let only_target = measured(&both, "first-deploy", 4.0, at(5)).into();
    assert_eq!(result(&both, &only_target, at(5)).on_track, None);
    let mut upward = guardrail("score");
    upward.direction = Some(Direction::Increase);
    assert_eq!(
        evaluated(&upward, both.spec.period, 1.99, at(1)).on_track,
        Some(false)
    );
    assert_eq!(
        evaluated(&upward, both.spec.period, 2.0, at(1)).on_track,
        Some(true)
    );
}

#[test]
fn no_data_leaves_the_figure_and_gives_the_reason() {
    let measurements = measured(&one(), "first-deploy", 38.0, at(40)).into();
    let known = stored_result(one(), &measurements, at(40));
    let measurements = missing(&known, "first-deploy", at(90)).into();
    let later = stored_result(known.clone(), &measurements, at(90));
    let message = "Not measured: the query returned no series.";
    let expected = KeyResultStatus {
        message: Some(message.to_owned()),
        ..first(&known).clone()
    };
    assert_eq!(
        first(&later),
        &expected,
        "still on track: nothing newer is known"
    );
    let measurements = measured(&later, "first-deploy", 38.0, at(90)).into();
    let again = stored_result(later, &measurements, at(90));
    assert_eq!(first(&again).message, None);
    assert_eq!(first(&again).on_track, Some(false));
}

#[test]
fn a_figure_is_stored_at_once_where_on_track_changes_and_rarely_otherwise() {
    let write = |before: &StoredObjective, value: f64, after: i64| {
        let now = seconds(after);
        let measurements = measured(before, "first-deploy", value, now).into();
        stored_result(before.clone(), &measurements, now)
    };
    let ahead = write(&one(), 38.0, 0);
    assert_eq!(write(&ahead, 37.0, 599), ahead, "within ten minutes");
    assert_eq!(first(&write(&ahead, 37.0, 600)).current, Some(37.0));
    assert_eq!(
        write(&ahead, 38.000_01, 3_600),
        ahead,
        "the same four digits"
    );
    assert_eq!(write(&ahead, 38.0, 86_399), ahead, "unchanged for a day");
    assert_eq!(
        first(&write(&ahead, 38.0, 86_400)).last_measured_at,
        Some(Instant(at(1)))
    );
    assert_eq!(
        first(&write(&ahead, 72.0, 60)).on_track,
        Some(false),
        "at once"
    );
    assert_eq!(
        write(&write(&ahead, 38.0, 90_000), 1.0, 60),
        write(&ahead, 38.0, 90_000)
    );
}

#[test]
fn another_source_starts_without_the_old_figure() {
    let measurements = measured(&one(), "first-deploy", 38.0, at(1)).into();
    let mut known = stored_result(one(), &measurements, at(1));
    known.spec.key_results[0].source = Some(promql("b"));
    assert_eq!(
        first(&stored_result(known.clone(), &measurements, at(1))).current,
        None
    );
    known.spec.key_results[0].source = Some(promql("a"));
    known.spec.key_results[0].target = Some(38.0);
    let reached = stored_result(known, &Measurements::default(), at(2));
    assert_eq!(
        first(&reached).progress,
        Some(1.0),
        "another target keeps it"
    );
}

#[test]
fn the_result_is_frozen_with_the_value_as_of_the_end() {
    let end = 86_400 * END;
    let measurements = measured(&one(), "first-deploy", 38.0, seconds(end - 60)).into();
    let known = stored_result(one(), &measurements, seconds(end - 60));
    let still = stored_result(known.clone(), &measurements, seconds(end + 60));
    assert_eq!(
        still.status.as_ref().unwrap().frozen_at,
        None,
        "late scrapes may come"
    );
    let asked = |now| {
        wanted(
            &goals([known.clone()]),
            &Measurements::default(),
            Period::seconds(60),
            now,
        )
    };
    assert_eq!(asked(seconds(end + 299)), []);
    let due = asked(seconds(end + 300)).remove(0);
    assert_eq!(
        (due.at, &due.from),
        (at(END), &Figure::PromQl("a".to_owned()))
    );
    let (key, measurement) = due.measured(Ok(4.0), seconds(end + 301));
    let mut measurements = Measurements::default();
    measurements.put(key, measurement);
    let frozen = stored_result(known, &measurements, seconds(end + 302));
    let status = frozen.status.as_ref().unwrap();
    assert_eq!(status.frozen_at, Some(Instant(seconds(end + 302))));
    assert_eq!((status.on_track, status.progress), (Some(true), Some(1.0)));
    assert_eq!(first(&frozen).last_measured_at, Some(Instant(at(END))));
    let restarted = stored_result(frozen.clone(), &Measurements::default(), at(200));
    assert_eq!(restarted, frozen);
    assert_eq!(
        wanted(
            &goals([frozen]),
            &measurements,
            Period::seconds(60),
            at(200)
        ),
        []
    );
}

#[test]
fn a_value_that_never_comes_delays_the_freeze_for_a_day() {
    let end = 86_400 * END;
    let measurements = measured(&one(), "first-deploy", 38.0, seconds(end - 60)).into();
    let known = stored_result(one(), &measurements, seconds(end - 60));
    let failed: Measurements =
        attempt(&known, "first-deploy", Err(NoData::TimedOut), at(END)).into();
    let waiting = stored_result(known.clone(), &failed, seconds(end + 3_600));
    assert_eq!(waiting.status.unwrap().frozen_at, None);
    let frozen = stored_result(known.clone(), &failed, at(END + 1));
    assert!(frozen.status.as_ref().unwrap().frozen_at.is_some());
    assert_eq!(first(&frozen).current, Some(38.0));
    assert!(first(&frozen).message.as_ref().unwrap().contains("in time"));
    let untried = stored_result(known, &Measurements::default(), at(END + 9));
    assert_eq!(
        untried.status.unwrap().frozen_at,
        None,
        "it is asked for once at least"
    );
}

/// A result that was measured last on a day, and frozen without a figure of the end.
fn frozen_without_the_end(of: &StoredObjective, some: Collected, day: i64) -> StoredObjective {
    let known = stored_result(of.clone(), &some.into(), at(day));
    let mut failed = Collected::default();
    for it in &of.spec.key_results {
        failed.extend(attempt(of, &it.name, Err(NoData::TimedOut), at(END)));
    }
    stored_result(known, &failed.into(), at(END + 1))
}

#[test]
fn a_value_from_before_the_end_does_not_show_what_was_reached() {
    for (value, day, progress, on_track) in [
        (38.0, 50, 0.5, None),
        (72.0, 50, 0.0, None),
        (4.1, 99, 0.99, None),
        (4.0, 50, 1.0, Some(true)),
    ] {
        let some = measured(&one(), "first-deploy", value, at(day));
        let frozen = frozen_without_the_end(&one(), some, day);
        let status = frozen.status.as_ref().unwrap();
        assert!(status.frozen_at.is_some());
        let got = (first(&frozen).current, status.progress, status.on_track);
        assert_eq!(got, (Some(value), Some(progress), on_track), "{value}");
        assert_eq!(first(&frozen).on_track, on_track, "{value}");
        let restarted = stored_result(frozen.clone(), &Measurements::default(), at(200));
        assert_eq!(restarted, frozen);
    }
}

#[test]
fn a_guardrail_that_held_before_the_end_may_be_broken_at_the_end() {
    let both = objective("faster", [target("first-deploy"), guardrail("failures")]);
    for failures in [1.0, 3.0] {
        let mut some = measured(&both, "first-deploy", 4.0, at(50));
        some.extend(measured(&both, "failures", failures, at(50)));
        let frozen = frozen_without_the_end(&both, some, 50);
        let status = frozen.status.unwrap();
        assert_eq!(status.key_results[1].current, Some(failures));
        assert_eq!(
            (status.key_results[1].on_track, status.on_track),
            (None, None)
        );
    }
}

#[test]
fn an_earlier_end_drops_a_value_from_after_it() {
    let mut measurements: Measurements = measured(&one(), "first-deploy", 4.0, at(50)).into();
    let mut known = stored_result(one(), &measurements, at(50));
    known.spec.period.to = Instant(at(50));
    let kept = stored_result(known.clone(), &Measurements::default(), at(60));
    assert_eq!(first(&kept).current, Some(4.0), "it is of the end");
    known.spec.period.to = Instant(at(40));
    let shorter = stored_result(known, &measurements, at(60));
    assert_eq!(
        (first(&shorter).current, first(&shorter).on_track),
        (None, None)
    );
    let every = Period::seconds(60);
    let due = wanted(&goals([shorter.clone()]), &measurements, every, at(60)).remove(0);
    assert_eq!(due.at, at(40), "it is asked for as of the new end");
    let (key, measurement) = due.measured(Ok(38.0), at(60));
    measurements.put(key, measurement);
    let frozen = stored_result(shorter, &measurements, at(60));
    assert_eq!(first(&frozen).current, Some(38.0));
    assert_eq!(frozen.status.unwrap().on_track, Some(false));
}

#[test]
fn a_later_end_opens_a_frozen_result_again() {
    let measurements = measured(&one(), "first-deploy", 38.0, at(END)).into();
    let mut frozen = stored_result(one(), &measurements, at(END));
    assert!(frozen.status.as_ref().unwrap().frozen_at.is_some());
    frozen.spec.key_results[0].target = Some(38.0);
    assert_eq!(
        first(&stored_result(frozen.clone(), &measurements, at(101))).progress,
        Some(0.5)
    );
    frozen.spec.period.to = Instant(at(END + 10));
    let open = stored_result(frozen, &measurements, at(END + 1));
    assert_eq!(open.status.as_ref().unwrap().frozen_at, None);
    assert_eq!(first(&open).progress, Some(1.0));
}

#[test]
fn key_results_that_waited_longest_are_due_first() {
    let many = objective("faster", ["a", "b", "c"].map(target));
    let mut some = measured(&many, "a", 4.0, at(2));
    some.extend(measured(&many, "b", 4.0, at(1)));
    let every = Period::seconds(60);
    let due = wanted(&goals([many]), &some.into(), every, at(3));
    let names: Vec<&str> = due.iter().map(|it| &*it.key.1).collect();
    assert_eq!(names, ["c", "b", "a"]);
}

#[test]
fn a_built_in_figure_is_measured_at_the_end_or_not_at_all() {
    let mut adoption = target("adoption");
    adoption.source = Some(Source {
        promql: None,
        builtin: Some(crate::api::platform_objective::Builtin::AccountedRatio),
        path: None,
        days: None,
    });
    let goals = goals([objective("on-path", [adoption])]);
    let due = |now| wanted(&goals, &Measurements::default(), Period::seconds(60), now).remove(0);
    assert_eq!(due(at(3)).at, at(3));
    let at_the_end = due(seconds(86_400 * END + 30));
    assert_eq!(at_the_end.at, at(END));
    assert!(matches!(at_the_end.from, Figure::Builtin(_)));
    assert_eq!(due(at(END + 1)).from, Figure::Missed(NoData::PeriodOver));
}

#[test]
fn each_objective_is_once_in_the_cascade_even_in_a_circle() {
    let child = |name: &str, parent: Option<&str>| {
        let mut child = objective(name, [target("x")]);
        child.spec.parent = parent.map(str::to_owned);
        child
    };
    let all = goals([
        child("a", Some("b")),
        child("b", Some("a")),
        child("company", None),
        child("delivery", Some("platform")),
        child("lost", Some("gone")),
        child("platform", Some("company")),
        child("adoption", Some("platform")),
        child("below", Some("a")),
    ]);
    let placed: Vec<(&str, usize)> = cascade(&all)
        .iter()
        .map(|it| (&*it.objective.name, it.depth))
        .collect();
    assert_eq!(
        placed,
        [
            ("company", 0),
            ("platform", 1),
            ("adoption", 2),
            ("delivery", 2),
            ("lost", 0),
            ("a", 0),
            ("b", 1),
            ("below", 1),
        ]
    );
    let found = |name: &str| parent(&all, all.objectives.get(name).unwrap());
    let circle = ["a", "b", "a"].map(str::to_owned).to_vec();
    assert_eq!(found("a"), Some(super::cascade::Parent::Circle(circle)));
    assert_eq!(found("below"), Some(super::cascade::Parent::Found));
    assert_eq!(found("lost"), Some(super::cascade::Parent::Missing(None)));
    assert_eq!(found("company"), None);
}
