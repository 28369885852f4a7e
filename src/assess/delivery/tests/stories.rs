//! The twelve stories: A is good, B is bad, C is good.

use super::kinds::{CronJob, StatefulSet};
use crate::assess::delivery::fixtures::{
    Deployment, World, annotation, at, image, lines, mode, template,
};
use crate::assess::delivery::{IncidentReport, carried_over, incident};

const NONE: [&str; 0] = [];

#[test]
fn story_1_a_crash_loop_that_is_undone_is_one_failure_one_rollback_one_recovery() {
    let mut world = World::new();
    world.stamp("09:30");
    world.roll_out("09:58", "10:00", image("b"));
    world.app.count([3, 3, 1]); // crash loop: Progressing stays as it is
    world.look("10:05");
    world.undo("10:18", "1");
    world.complete("10:20");
    assert_eq!(
        world.lines(),
        [
            "release failed, lead 30m, recovery 20m",
            "rollback available, rework of 1"
        ]
    );
    let counts = world.status.figures[0].counts;
    assert_eq!((counts.rollouts, counts.rollbacks), (1, 1));
    assert_eq!((counts.failed, counts.rework), (1, 1));
}

#[test]
fn story_2_a_deadline_and_a_revert_in_git() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.exceed("10:10");
    world.stamp("10:25"); // a revert is a newer commit
    world.roll_out("10:28", "10:30", image("a"));
    assert_eq!(
        world.lines(),
        [
            "release failed, recovery 20m",
            "rollback available, rework of 1"
        ]
    );
    assert_eq!(world.status.rollouts[0].failed_at.unwrap().0, at("10:10"));
}

#[test]
fn story_3_a_superseded_release_lends_its_clock_to_the_next() {
    let mut world = World::new();
    world.stamp("09:00");
    world.edit("09:55", image("b"));
    world.stamp("09:50");
    world.roll_out("09:56", "10:00", image("c"));
    assert_eq!(world.lines(), ["release available, lead 60m"]);
    assert_eq!(world.untracked(), 0);
}

#[test]
fn story_4_edits_of_a_paused_deployment_count_once_at_resume() {
    let mut world = World::new();
    world.app.object["spec"]["paused"] = true.into();
    world.edit("10:00", mode("x"));
    world.edit("10:05", image("b"));
    world.edit("10:10", mode("y"));
    assert_eq!(world.lines(), NONE);
    world.app.object["spec"]["paused"] = false.into();
    world.roll_out("10:20", "10:22", |_| ());
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(world.status.rollouts[0].started_at.0, at("10:20"));
    assert_eq!(world.untracked(), 0);
}

#[test]
fn story_5_self_heal_after_an_undo_is_no_rollback_and_b_failed_once() {
    let mut world = World::new();
    world.roll_out("09:58", "10:00", image("b"));
    world.undo("10:10", "1");
    world.edit("10:10:05", image("b"));
    world.complete("10:11");
    assert_eq!(world.lines(), ["release failed"]);
    world.roll_out("10:30", "10:40", image("a"));
    assert_eq!(
        world.lines(),
        [
            "release failed, recovery 40m",
            "rollback available, rework of 1"
        ]
    );
    assert_eq!(world.status.figures[0].counts.failed, 1);
}

#[test]
fn story_6_a_maintenance_flag_on_and_off_is_two_changes_and_no_failure() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", mode("maintenance"));
    world.roll_out("10:45", "10:47", mode("normal"));
    assert_eq!(world.lines(), ["config available", "config available"]);
    assert_eq!(world.status.figures[0].counts.rework, 0);
}

#[test]
fn story_7_restart_sidecar_and_digest_are_shown_scaling_and_upgrades_are_nothing() {
    let mut world = World::new();
    let restart = annotation("kubectl.kubernetes.io/restartedAt", "2026-03-02T10:00:00Z");
    world.roll_out("10:00", "10:02", restart);
    world.roll_out("10:10", "10:12", annotation("linkerd.io/inject", "enabled"));
    world.roll_out("10:20", "10:22", image("a@sha256:0123456789abcdef"));
    world.app.scale(9);
    world.look("10:30");
    world.app.sync(at("10:30"));
    world.app.count([9, 9, 5]);
    world.look("10:30");
    world.app.count([9, 9, 9]);
    world.look("10:31");
    // An upgrade of the API server adds a default, in the same generation.
    world.app.object["spec"]["template"]["spec"]["newDefault"] = true.into();
    world.look("10:40");
    let expected = [
        "restart available",
        "platform available",
        "platform available",
    ];
    assert_eq!(world.lines(), expected);
    world.roll_out("11:00", "11:02", image("b"));
    assert_eq!(world.lines()[3], "release available");
    assert_eq!(world.untracked(), 0);
}

#[test]
fn story_8_after_an_outage_the_last_rollout_counts_and_the_others_are_untracked() {
    let mut app = Deployment::new();
    for (time, version) in [("08:10", "x"), ("08:20", "y"), ("08:30", "a2")] {
        app.edit(at(time), image(version));
        app.sync(at(time));
        app.complete(at(time));
    }
    let mut world = World::following(app);
    assert_eq!(world.status.mark.as_ref().unwrap().revision, Some(4));
    for (time, version) in [("10:00", "b"), ("10:10", "a2"), ("10:20", "c")] {
        world.app.edit(at(time), image(version));
        world.app.sync(at(time));
        world.app.complete(at(time));
    }
    world.look("12:00");
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(
        world.status.rollouts[0].available_at.unwrap().0,
        at("10:20")
    );
    assert_eq!(world.untracked(), 2);
    world.look("12:05");
    assert_eq!((world.lines().len(), world.untracked()), (1, 2));
}

#[test]
fn story_9_without_replicas_a_rollout_is_available_at_its_first_pod() {
    let mut world = World::new();
    world.app.scale(0);
    world.app.sync(at("09:30"));
    world.look("09:30");
    world.edit("10:00", image("b"));
    world.look("18:00");
    assert_eq!(world.lines(), NONE);
    world.app.scale(1);
    world.app.sync(at("2026-03-03 09:00"));
    world.app.count([1, 1, 0]);
    world.look("2026-03-03 09:00");
    world.app.count([1, 1, 1]);
    world.look("2026-03-03 09:01");
    assert_eq!(world.lines(), ["release available"]);
    let available = world.status.rollouts[0].available_at.unwrap().0;
    assert_eq!(available, at("2026-03-03 09:01"));
}

#[test]
fn story_9_a_suspended_cron_job_is_available_at_its_first_complete_job() {
    let mut cron = CronJob::new();
    cron.look("09:00");
    cron.suspend(true);
    cron.edit("10:00", "b");
    cron.look("10:00");
    cron.look("14:00");
    assert_eq!(lines(&cron.status), NONE);
    cron.suspend(false);
    cron.run("2026-03-03 10:00", "2026-03-03 10:04", "Complete");
    cron.look("2026-03-03 10:05");
    assert_eq!(lines(&cron.status), ["release available"]);
    let available = cron.status.rollouts[0].available_at.unwrap().0;
    assert_eq!(available, at("2026-03-03 10:04"));
}

#[test]
fn story_11_undo_of_a_stateful_set_has_no_lead_time_though_its_stamp_stays() {
    let mut set = StatefulSet::new();
    set.stamp("09:40");
    set.roll_out("09:58", "10:00", &template("b"), 2);
    set.roll_out("10:10", "10:15", &template("a"), 3);
    assert_eq!(
        lines(&set.status),
        [
            "release failed, lead 20m, recovery 15m",
            "rollback available, rework of 1"
        ]
    );
    // GitOps creates it again with the same template.
    let before = set.status.clone();
    set.status = carried_over(&set.status);
    set.recreate("11:00");
    set.look("11:00");
    set.complete();
    set.look("11:05");
    assert_eq!(lines(&set.status), lines(&before));
    assert_eq!(set.status.first_deploy, None);
}

#[test]
fn story_12_incidents_close_by_their_own_times_in_any_order() {
    let mut world = World::new();
    world.roll_out("09:58", "10:00", image("b"));
    let report = |id: &str, started: Option<&str>, resolved: Option<&str>| IncidentReport {
        id: id.to_owned(),
        started_at: started.map(at),
        resolved_at: resolved.map(at),
    };
    let resolved = report("INC-1", None, Some("10:50"));
    let detected = report("INC-1", Some("10:20"), None);
    let firing = report("f00d 10:22", Some("10:22"), None);
    let ended = report("f00d 10:22", Some("10:22"), Some("10:40"));
    let reports = [
        &resolved, &resolved, &detected, &detected, &firing, &firing, &ended, &firing, &ended,
    ];
    for report in reports {
        world.status = incident(&world.status, report, &world.terms, at("11:00"));
    }
    assert_eq!(world.lines(), ["release failed, recovery 30m"]);
    assert_eq!(world.status.incidents.len(), 2);
    assert!(
        world
            .status
            .incidents
            .iter()
            .all(|it| it.rollout == Some(1))
    );
    assert_eq!(world.status.figures[0].counts.failed, 1);
}
