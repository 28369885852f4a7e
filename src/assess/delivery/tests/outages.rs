//! What an outage of the operator hides is no time: failures that begin or end in it count, without a
//! recovery time.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::kinds::{CronJob, StatefulSet};
use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::fixtures::{at, lines, template};
use crate::assess::delivery::seen::{Objects, Seen, read};
use crate::assess::delivery::{IncidentReport, Terms, incident, observe};

/// A report of the one incident, at 20:00.
fn reported(
    status: &DeliveryRecordStatus,
    started: &str,
    resolved: Option<&str>,
) -> DeliveryRecordStatus {
    let report = IncidentReport {
        id: "one".to_owned(),
        started_at: Some(at(started)),
        resolved_at: resolved.map(at),
    };
    incident(status, &report, &Terms::default(), at("20:00"))
}

/// A rollout that begins at this time and whose availability is noticed at 18:00.
fn roll_out_until_outage(set: &mut StatefulSet, start: &str, image: &str, number: i64) {
    set.edit(start, &template(image), number);
    set.count(1, 3);
    set.look(start);
    set.complete();
    set.look_after_gap("18:00");
}

#[test]
fn a_release_whose_availability_an_outage_hides_has_no_recovery_time_if_it_is_undone() {
    let mut set = StatefulSet::new();
    roll_out_until_outage(&mut set, "10:00", "b", 2);
    assert!(set.status.rollouts[0].noticed_late);
    set.roll_out("18:10", "18:12", &template("a"), 3);
    let expected = ["release failed", "rollback available, rework of 1"];
    assert_eq!(lines(&set.status), expected);
    let failed = &set.status.rollouts[0];
    assert!(failed.recovery_unknown);
    assert_eq!(failed.recovered_at.unwrap().0, at("18:12"));
    set.roll_out("18:20", "18:22", &template("c"), 4);
    let last = lines(&set.status).pop();
    assert_eq!(last.as_deref(), Some("release available"));
}

#[test]
fn an_incident_that_ends_before_a_rollout_that_an_outage_hides_has_its_own_end() {
    let mut set = StatefulSet::new();
    set.roll_out("10:00", "10:02", &template("b"), 2);
    let mut early = set.clone();
    early.status = reported(&early.status, "10:10", None);
    for set in [&mut early, &mut set] {
        roll_out_until_outage(set, "10:30", "c", 3);
    }
    for (resolved, wanted, rework) in [
        (Some("10:20"), "release failed, recovery 10m", ""),
        (Some("12:00"), "release failed", ", rework of 1"),
        (Some("19:00"), "release failed", ", rework of 1"),
        (None, "release failed", ", rework of 1"),
    ] {
        let reports = [&early, &set].map(|set| reported(&set.status, "10:10", resolved));
        assert_eq!(reports[0].days, reports[1].days);
        let expected = [wanted.to_owned(), format!("release available{rework}")];
        for status in reports {
            assert_eq!(lines(&status), expected, "{resolved:?}");
        }
    }
}

#[test]
fn an_incident_without_an_end_is_over_when_a_rollout_is_noticed_late() {
    let mut set = StatefulSet::new();
    set.roll_out("10:00", "10:02", &template("b"), 2);
    set.status = reported(&set.status, "10:10", None);
    roll_out_until_outage(&mut set, "10:30", "c", 3);
    set.roll_out("18:30", "18:32", &template("d"), 4);
    let expected = [
        "release failed",
        "release available, rework of 1",
        "release available",
    ];
    assert_eq!(lines(&set.status), expected);
}

#[test]
fn a_failed_revision_that_comes_again_in_an_outage_gives_no_recovery_time() {
    let mut set = StatefulSet::new();
    set.roll_out("10:00", "10:02", &template("b"), 2);
    set.roll_out("10:10", "10:12", &template("a"), 3);
    set.edit("11:00", &template("c"), 4);
    set.count(1, 3);
    set.look("11:01");
    set.look("11:11");
    assert_eq!(set.status.rollouts.len(), 3, "c has failed");
    let watched = set.clone();
    roll_out_until_outage(&mut set, "11:30", "b", 5);
    assert_eq!(lines(&set.status)[2], "release failed");
    assert!(set.status.rollouts[2].recovered_at.is_some());
    let mut set = watched;
    set.roll_out("11:30", "11:32", &template("b"), 5);
    assert_eq!(lines(&set.status)[2], "release failed, recovery 21m");
    // An incident reported afterwards knows that end too, though the list has no rollout of it.
    set.status = reported(&set.status, "10:05", None);
    assert_eq!(set.status.rollouts.len(), 3);
}

#[test]
fn an_incident_after_a_rollback_that_an_outage_hides_may_be_of_neither_revision() {
    let mut set = StatefulSet::new();
    set.roll_out("10:00", "10:02", &template("b"), 2);
    roll_out_until_outage(&mut set, "10:30", "a", 3);
    let expected = ["release failed", "rollback available, rework of 1"];
    assert_eq!(lines(&set.status), expected);
    for (started, wanted) in [("10:20", Some(1)), ("14:00", None), ("18:10", None)] {
        let status = reported(&set.status, started, None);
        assert_eq!(status.incidents[0].rollout, wanted, "{started}");
    }
}

/// An hourly `CronJob` whose image changed at 10:00.
fn edited_cron_job() -> CronJob {
    let mut cron = CronJob::new();
    cron.stamp("09:00");
    cron.look("09:30");
    cron.stamp("09:45");
    cron.edit("10:00", "b");
    cron.look("10:00");
    cron
}

fn run(cron: &mut CronJob, hour: u32, condition: &str) {
    let (due, end) = (format!("{hour}:00"), format!("{hour}:05"));
    cron.run(&due, &end, condition);
}

#[test]
fn the_first_run_of_a_cron_job_may_be_deleted_in_an_outage() {
    let mut short = edited_cron_job();
    for hour in 11..13 {
        run(&mut short, hour, "Complete");
    }
    short.look_after_gap("12:10");
    assert_eq!(lines(&short.status), ["release available, lead 80m"]);
    let mut long = edited_cron_job();
    run(&mut long, 11, "Complete");
    run(&mut long, 12, "Failed");
    for hour in 13..16 {
        run(&mut long, hour, "Complete");
    }
    long.delete_before(1);
    long.look_after_gap("15:10");
    assert_eq!(lines(&long.status), ["release available"]);
    assert!(long.status.rollouts[0].noticed_late);
    let mut failing = edited_cron_job();
    run(&mut failing, 11, "Failed");
    failing.look("11:10");
    for hour in 12..16 {
        run(&mut failing, hour, "Complete");
    }
    failing.delete_before(2);
    failing.look_after_gap("15:10");
    assert_eq!(lines(&failing.status), ["release failed"]);
    assert!(failing.status.rollouts[0].recovery_unknown);
}

#[test]
fn what_a_status_states_no_time_of_is_not_when_it_failed() {
    let object = |generation: u32, image: &str, condition: &str| {
        json!({
            "apiVersion": "apps.kruise.io/v1alpha1",
            "kind": "CloneSet",
            "metadata": {"name": "shop", "uid": "one", "generation": generation},
            "spec": {"template": template(image)},
            "status": {
                "observedGeneration": generation,
                "conditions": [{"type": condition, "status": "True"}],
            },
        })
    };
    let end = |after_gap: bool| {
        let mut status = DeliveryRecordStatus::default();
        for (object, time, after_gap) in [
            (object(1, "a", "Available"), "09:00", false),
            (object(2, "b", "Progressing"), "10:00", false),
            (object(2, "b", "Stalled"), "12:00", after_gap),
            (object(3, "c", "Available"), "12:30", false),
        ] {
            let seen = Seen {
                after_gap,
                ..read(&Objects::of(&object)).unwrap()
            };
            status = observe(&status, &seen, &Terms::default(), at(time));
        }
        lines(&status)
    };
    assert_eq!(end(false)[0], "release failed, recovery 30m");
    assert_eq!(end(true)[0], "release failed");
    assert_eq!(end(true)[1], "release available, rework of 1");
}

/// A rollout of an image half an hour after the one before it. An outage may hide its availability.
type Release = (u8, bool);

/// Follows releases. Reports arrive before the look that comes after them, or all at the end.
fn history(
    releases: &[Release],
    reports: &[(Timestamp, IncidentReport)],
    at_end: bool,
) -> DeliveryRecordStatus {
    let mut set = StatefulSet::new();
    let mut waiting = reports.to_vec();
    waiting.sort_by_key(|(arrival, _)| *arrival);
    let mut take = |set: &mut StatefulSet, until: Timestamp| {
        let due = waiting
            .iter()
            .take_while(|(arrival, _)| *arrival <= until)
            .count();
        for (_, report) in waiting.drain(..due) {
            set.status = incident(&set.status, &report, &Terms::default(), at("23:00"));
        }
    };
    let mut current = None;
    for ((image, is_late), number) in releases.iter().zip(2_i64..) {
        if current.replace(*image) == Some(*image) {
            continue;
        }
        let time = |minutes: i64| {
            let minutes = 30 * (number - 2) + minutes;
            format!("{}:{:02}", 10 + minutes / 60, minutes % 60)
        };
        if !at_end {
            take(&mut set, at(&time(0)));
        }
        set.edit(&time(0), &template(&image.to_string()), number);
        set.count(1, 3);
        set.look(&time(1));
        set.complete();
        if *is_late {
            set.look_after_gap(&time(25));
        } else {
            set.look(&time(2));
        }
    }
    take(&mut set, at("23:59"));
    set.status
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn incidents_beside_outages_are_recorded_as_after_them(
        releases in vec((0_u8..4, any::<bool>()), 1..6),
        incidents in vec((0_i64..200, 1_i64..90, any::<bool>(), 0_i64..60), 1..4),
    ) {
        let mut reports = Vec::new();
        for ((minute, length, is_resolved, delay), id) in incidents.into_iter().zip(0..) {
            let start = at("10:00") + SignedDuration::from_mins(minute);
            let end = start + SignedDuration::from_mins(length);
            let report = |started_at, resolved_at| IncidentReport {
                id: i32::to_string(&id),
                started_at,
                resolved_at,
            };
            let delay = SignedDuration::from_mins(delay);
            reports.push((start + delay, report(Some(start), None)));
            if is_resolved {
                reports.push((end + delay, report(None, Some(end))));
            }
        }
        let [between, after] = [false, true].map(|at_end| history(&releases, &reports, at_end));
        prop_assert_eq!(lines(&between), lines(&after));
        prop_assert_eq!(&between.days, &after.days);
        let again = incident(&after, &reports[0].1, &Terms::default(), at("23:00"));
        prop_assert_eq!(again, after);
    }
}
