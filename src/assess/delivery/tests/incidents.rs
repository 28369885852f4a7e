//! Incidents: which rollout they are linked to, and which of two failures counts.

use crate::assess::delivery::fixtures::{World, at, image, mode};
use crate::assess::delivery::{IncidentReport, incident};

fn report(world: &mut World, id: &str, started: &str, resolved: Option<&str>) {
    let report = IncidentReport {
        id: id.to_owned(),
        started_at: Some(at(started)),
        resolved_at: resolved.map(at),
    };
    world.status = incident(&world.status, &report, &world.terms, at("2026-03-05 00:00"));
}

#[test]
fn an_incident_marks_the_latest_change_within_the_gap() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("11:00", "11:02", mode("x"));
    report(&mut world, "1", "11:30", Some("11:45"));
    assert_eq!(
        world.lines(),
        ["release available", "config failed, recovery 15m"]
    );
    report(&mut world, "2", "2026-03-04 11:30", None);
    assert_eq!(world.status.incidents[1].rollout, None);
}

#[test]
fn the_next_availability_ends_an_incident_that_is_still_open() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    report(&mut world, "1", "10:10", None);
    world.roll_out("10:20", "10:30", image("c"));
    let expected = [
        "release failed, recovery 20m",
        "release available, rework of 1",
    ];
    assert_eq!(world.lines(), expected);
    report(&mut world, "1", "10:10", Some("10:50"));
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_fix_is_rework_although_the_incident_is_reported_after_it() {
    let mut early = World::new();
    early.roll_out("10:00", "10:02", image("b"));
    let mut late = early.clone();
    report(&mut early, "1", "10:10", None);
    early.roll_out("10:20", "10:30", image("c"));
    late.roll_out("10:20", "10:30", image("c"));
    report(&mut late, "1", "10:10", None);
    assert_eq!(late.lines(), early.lines());
    assert_eq!(late.status.days, early.status.days);
}

#[test]
fn a_fix_that_ends_the_incident_in_its_first_second_is_rework() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("10:20", "10:20", image("c"));
    report(&mut world, "1", "10:10", Some("10:20"));
    let expected = [
        "release failed, recovery 10m",
        "release available, rework of 1",
    ];
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_change_after_the_end_of_an_incident_is_not_its_rework() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("11:00", "11:02", image("c"));
    report(&mut world, "1", "10:10", Some("10:30"));
    assert_eq!(
        world.lines(),
        ["release failed, recovery 20m", "release available"]
    );
}

#[test]
fn an_incident_and_the_rollback_that_ends_it_are_one_failure_in_either_order() {
    let mut early = World::new();
    early.roll_out("10:00", "10:02", image("b"));
    let mut late = early.clone();
    report(&mut early, "1", "10:10", None);
    early.undo("10:20", "1");
    early.complete("10:30");
    late.undo("10:20", "1");
    late.complete("10:30");
    report(&mut late, "1", "10:10", None);
    let expected = [
        "release failed, recovery 20m",
        "rollback available, rework of 1",
    ];
    assert_eq!(early.lines(), expected);
    assert_eq!(late.lines(), expected);
    assert_eq!(early.status.days, late.status.days);
}

#[test]
fn the_number_of_incidents_is_bounded() {
    let mut world = World::new();
    for id in 0..100 {
        report(&mut world, &id.to_string(), "11:30", None);
    }
    assert_eq!(world.status.incidents.len(), 16);
}

#[test]
fn an_incident_that_begins_during_a_rollout_is_of_the_new_release() {
    let mut early = World::new();
    early.roll_out("09:30", "09:32", image("b"));
    early.edit("10:00", image("c"));
    let mut late = early.clone();
    report(&mut early, "1", "10:01", None);
    assert_eq!(early.lines(), ["release available"], "it waits for the end");
    early.complete("10:05");
    late.complete("10:05");
    report(&mut late, "1", "10:01", None);
    let expected = ["release available", "release failed"];
    assert_eq!(early.lines(), expected);
    assert_eq!(late.lines(), expected);
    early.undo("10:20", "1");
    early.complete("10:21");
    assert_eq!(early.lines()[1], "release failed, recovery 20m");
}

#[test]
fn an_incident_while_a_release_is_stuck_is_no_failure_of_the_one_before_it() {
    let mut world = World::new();
    world.roll_out("09:30", "09:32", image("b"));
    world.edit("10:00", image("c"));
    world.exceed("10:10");
    report(&mut world, "1", "10:15", None);
    assert_eq!(world.lines(), ["release available", "release failed"]);
    world.roll_out("10:30", "10:31", image("b"));
    report(&mut world, "2", "10:40", None);
    assert_eq!(world.lines()[0], "release available");
    assert_eq!(world.status.incidents[1].rollout, None);
}

#[test]
fn an_incident_during_a_change_that_is_taken_back_at_once_is_of_the_one_before_it() {
    let mut world = World::new();
    world.roll_out("09:30", "09:32", image("b"));
    world.edit("10:00", image("c"));
    report(&mut world, "1", "10:00:02", None);
    world.edit("10:00:05", image("b"));
    world.complete("10:01");
    assert!(
        world.lines()[0].starts_with("release failed"),
        "{:?}",
        world.lines()
    );
}
