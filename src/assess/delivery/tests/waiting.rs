//! Changes that wait before they run: an incident in the meantime is of what ran.

use serde_json::json;

use super::kinds::{CronJob, StatefulSet};
use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::fixtures::{World, at, image, lines, template};
use crate::assess::delivery::{IncidentReport, Terms, incident};

/// A report of an incident that began at this time and is still open.
fn reported(status: &DeliveryRecordStatus, started: &str) -> DeliveryRecordStatus {
    let report = IncidentReport {
        id: started.to_owned(),
        started_at: Some(at(started)),
        resolved_at: None,
    };
    incident(status, &report, &Terms::default(), at("23:00"))
}

/// The rollouts that incidents are linked to, by their start.
fn links(status: &DeliveryRecordStatus) -> Vec<(String, Option<u32>)> {
    let of = status.incidents.iter();
    of.map(|it| (it.id.clone(), it.rollout)).collect()
}

fn runs_from(status: &DeliveryRecordStatus, number: u32) -> Option<String> {
    let rollout = status.rollouts.iter().find(|it| it.number == number)?;
    let at = rollout.runs_from?.0.to_string();
    Some(at[11..16].to_owned())
}

/// An hourly `CronJob` whose image B ran first at 10:00.
fn cron_job() -> CronJob {
    let mut cron = CronJob::new();
    cron.look("09:00");
    cron.edit("09:30", "b");
    cron.look("09:30");
    cron.run("10:00", "10:05", "Complete");
    cron.look("10:05");
    cron
}

#[test]
fn a_cron_job_runs_its_new_template_from_the_next_schedule_on() {
    let mut cron = cron_job();
    assert_eq!(runs_from(&cron.status, 1).as_deref(), Some("10:00"));
    cron.edit("10:30", "c");
    cron.look("10:30");
    cron.status = reported(&cron.status, "10:40");
    assert_eq!(
        links(&cron.status),
        [("10:40".to_owned(), None)],
        "until a look"
    );
    cron.look("10:41");
    assert_eq!(links(&cron.status), [("10:40".to_owned(), Some(1))]);
    assert_eq!(lines(&cron.status), ["release failed"]);
    cron.start("11:00");
    cron.look("11:01");
    cron.status = reported(&cron.status, "11:02");
    cron.look("11:03");
    assert_eq!(
        cron.status.incidents[1].rollout, None,
        "its job is not over"
    );
    cron.end("11:05", "Complete");
    cron.look("11:05");
    cron.status = reported(&cron.status, "10:50");
    let linked = [("10:40", 1), ("11:02", 2), ("10:50", 1)];
    let linked = linked.map(|(started, number)| (started.to_owned(), Some(number)));
    assert_eq!(links(&cron.status), linked);
    let expected = ["release failed, recovery 25m", "release failed"];
    assert_eq!(lines(&cron.status), expected);
}

#[test]
fn a_change_of_a_cron_job_that_is_taken_back_before_it_ran_is_no_failure() {
    let mut cron = cron_job();
    cron.edit("10:20", "c");
    cron.look("10:20");
    cron.edit("10:40", "b");
    cron.look("10:40");
    assert_eq!(lines(&cron.status), ["release available"]);
    assert_eq!(cron.status.open, None);
    cron.edit("10:50", "c");
    cron.look("10:50");
    cron.edit("12:40", "b");
    cron.run("11:00", "11:05", "Failed");
    cron.look_after_gap("12:50");
    assert_eq!(lines(&cron.status), ["release available"]);
    let untracked = cron.status.untracked.as_ref().map(|it| it.rollouts);
    assert_eq!(untracked, Some(1), "it may have run in the gap");
}

#[test]
fn a_workload_without_replicas_runs_its_new_template_from_the_first_pod_on() {
    let mut world = World::new();
    world.roll_out("09:30", "09:32", image("b"));
    assert_eq!(runs_from(&world.status, 1), None, "it did not wait");
    world.app.scale(0);
    world.app.sync(at("09:50"));
    world.look("09:50");
    world.edit("10:00", image("c"));
    world.status = reported(&world.status, "10:30");
    world.look("10:31");
    assert_eq!(world.lines(), ["release failed"]);
    world.app.annotate("example.com/note", "x");
    world.look("10:40"); // its controller has not seen the annotation
    world.app.sync(at("10:40"));
    world.look("10:40");
    world.app.scale(3);
    world.look("11:00");
    world.app.sync(at("11:00"));
    world.app.count([3, 3, 0]);
    world.look("11:00");
    world.status = reported(&world.status, "11:01");
    world.complete("11:02");
    assert_eq!(runs_from(&world.status, 2).as_deref(), Some("11:00"));
    world.status = reported(&world.status, "10:45");
    let linked = [("10:30", 1), ("11:01", 2), ("10:45", 1)];
    let linked = linked.map(|(started, number)| (started.to_owned(), Some(number)));
    assert_eq!(links(&world.status), linked);
}

#[test]
fn a_rollout_that_ran_before_it_lost_its_replicas_runs_from_its_start() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.app.scale(0);
    world.app.sync(at("10:10"));
    world.look("10:10");
    world.app.scale(3);
    world.app.sync(at("11:00"));
    world.app.count([3, 3, 0]);
    world.look("11:00");
    world.complete("11:02");
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(runs_from(&world.status, 1), None);
}

#[test]
fn edits_of_a_paused_deployment_run_from_its_resumption_on() {
    let mut world = World::new();
    world.roll_out("09:30", "09:32", image("b"));
    world.app.object["spec"]["paused"] = true.into();
    world.edit("10:00", image("c"));
    let mut late = world.clone();
    world.status = reported(&world.status, "10:30");
    assert_eq!(world.lines(), ["release failed"]);
    for world in [&mut world, &mut late] {
        world.app.object["spec"]["paused"] = false.into();
        world.app.raise_generation();
        world.look("11:00");
        world.app.sync(at("11:00"));
        world.look("11:00");
        world.complete("11:02");
        assert_eq!(world.status.rollouts[1].started_at.0, at("10:00"));
        assert_eq!(runs_from(&world.status, 2).as_deref(), Some("11:00"));
    }
    late.status = reported(&late.status, "10:30");
    assert_eq!(late.lines(), world.lines());
}

#[test]
fn a_partition_that_holds_every_pod_back_leaves_incidents_to_the_change_before() {
    let held = |partition: u32| {
        let mut set = StatefulSet::new();
        set.roll_out("09:30", "09:32", &template("b"), 2);
        set.object["spec"]["updateStrategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"partition": partition}});
        set.edit("10:00", &template("c"), 3);
        set.count(3 - partition, 3);
        set.look("10:02");
        set.status = reported(&set.status, "10:30");
        set.look("10:31");
        set.status.incidents[0].rollout
    };
    assert_eq!(held(3), Some(1));
    assert_eq!(
        held(2),
        None,
        "one pod runs the new template: it waits for the end"
    );
}
