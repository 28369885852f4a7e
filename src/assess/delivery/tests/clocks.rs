//! Clocks: what an outage of the operator hides, which times are exact, and what a waiting rollout stops.

use serde_json::json;

use super::kinds::StatefulSet;
use crate::api::delivery_record::RolloutState;
use crate::assess::delivery::fixtures::{World, at, image, lines, template};
use crate::assess::delivery::observe;

const NONE: [&str; 0] = [];

#[test]
fn an_availability_that_an_outage_hides_gives_no_lead_time() {
    let mut set = StatefulSet::new();
    set.stamp("09:00");
    set.edit("10:00", &template("b"), 2);
    set.count(1, 3);
    set.look("10:01");
    set.complete();
    set.look_after_gap("18:00");
    assert_eq!(lines(&set.status), ["release available"]);
    let mut short = StatefulSet::new();
    short.stamp("09:00");
    short.edit("10:00", &template("b"), 2);
    short.complete();
    short.look_after_gap("10:05");
    assert_eq!(lines(&short.status), ["release available, lead 65m"]);
    let mut followed = StatefulSet::new();
    followed.stamp("09:00");
    followed.edit("10:00", &template("b"), 2);
    followed.count(1, 3);
    followed.look_after_gap("10:08");
    followed.complete();
    followed.look("10:12");
    assert_eq!(
        lines(&followed.status),
        ["release available, lead 72m"],
        "seen in progress after the gap"
    );
}

#[test]
fn a_recovery_that_an_outage_hides_ends_the_failure_without_a_time() {
    let mut set = StatefulSet::new();
    set.stamp("09:00");
    set.edit("10:00", &template("b"), 2);
    set.count(1, 3);
    set.look("10:01");
    set.look("10:11");
    set.complete();
    let failed = set.clone();
    set.look_after_gap("18:00");
    assert_eq!(lines(&set.status), ["release failed"]);
    assert_eq!(set.status.state, Some(RolloutState::Available));
    set.roll_out("18:10", "18:12", &template("c"), 3);
    assert_eq!(
        lines(&set.status),
        ["release failed", "release available"],
        "no rework: the failure has ended"
    );
    for (image, ends) in [
        ("d", "release available, rework of 1"),
        ("a", "rollback available, rework of 1"),
    ] {
        let mut set = failed.clone();
        set.edit("12:00", &template(image), 3);
        set.complete();
        set.status = failed.status.clone();
        set.look_after_gap("18:00");
        assert_eq!(lines(&set.status), ["release failed", ends]);
        set.roll_out("18:10", "18:12", &template("e"), 4);
        let last = lines(&set.status).pop();
        assert_eq!(last.as_deref(), Some("release available"), "{image}");
    }
}

#[test]
fn a_restart_before_the_rollback_does_not_end_the_failure() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("10:05", "10:06", |it| {
        it["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "x".into();
    });
    world.roll_out("10:20", "10:22", image("a"));
    assert_eq!(world.lines()[0], "release failed, recovery 20m");
    assert_eq!(world.lines()[2], "rollback available, rework of 1");
}

#[test]
fn a_deployment_that_was_available_is_so_though_it_lost_a_pod_before_a_look() {
    let mut world = World::new();
    world.stamp("09:30");
    world.edit("10:00", image("b"));
    world.app.complete(at("10:05"));
    world.app.count([3, 3, 2]); // its node is gone, and the pod cannot be scheduled
    world.look("10:20");
    world.look("10:40");
    world.look("2026-03-04 10:00");
    assert_eq!(world.lines(), ["release available, lead 35m"]);
    assert_eq!(world.status.state, Some(RolloutState::Available));
}

#[test]
fn a_reused_replica_set_is_not_available_by_the_condition_of_the_one_before_it() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.undo("10:10", "1");
    world.app.object["status"]["conditions"][0]["reason"] = "NewReplicaSetAvailable".into();
    world.look("10:11");
    assert_eq!(world.lines().len(), 1);
    assert!(world.status.open.is_some());
}

#[test]
fn a_rollout_that_was_paused_for_days_has_its_whole_time_when_it_resumes() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.app.object["spec"]["paused"] = true.into();
    world.edit("10:05", |_| ());
    assert_eq!(world.status.state, Some(RolloutState::Waiting));
    world.look("2026-03-05 08:00");
    world.app.object["spec"]["paused"] = false.into();
    world.edit("2026-03-05 09:00", |_| ());
    world.app.object["status"]["conditions"][0]["reason"] = "DeploymentResumed".into();
    world.look("2026-03-05 09:01");
    world.look("2026-03-06 08:00");
    assert_eq!(world.lines(), NONE);
    let mut late = world.clone();
    world.complete("2026-03-06 08:10");
    assert_eq!(world.lines(), ["release available"]);
    late.look("2026-03-06 09:02");
    assert_eq!(late.lines(), ["release failed"]);
}

#[test]
fn a_partition_that_is_lowered_after_hours_gives_the_next_pods_their_time() {
    let mut set = StatefulSet::new();
    set.object["spec"]["updateStrategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    set.edit("10:00", &template("b"), 2);
    set.count(1, 2);
    set.look("10:02");
    set.count(1, 3);
    set.look("10:05");
    set.look("14:00");
    set.object["spec"]["updateStrategy"] = json!({"type": "RollingUpdate"});
    set.count(1, 2); // the next pod goes before the first look
    set.look("14:01");
    set.count(2, 2);
    set.look("14:05");
    assert_eq!(lines(&set.status), NONE);
    let mut stuck = set.status.clone();
    set.complete();
    set.look("14:10");
    assert_eq!(lines(&set.status), ["release available"]);
    std::mem::swap(&mut set.status, &mut stuck);
    set.count(2, 2);
    set.look("14:15");
    assert_eq!(lines(&set.status), ["release failed"]);
}

#[test]
fn a_deployment_without_a_deadline_fails_after_a_day_and_not_after_ten_minutes() {
    let mut world = World::new();
    world.app.object["spec"]["progressDeadlineSeconds"] = i32::MAX.into();
    world.edit("10:00", image("b"));
    world.app.object["status"]["conditions"] = json!([]);
    world.look("10:01");
    world.look("18:00");
    assert_eq!(world.lines(), NONE);
    world.look("2026-03-03 10:00");
    assert_eq!(world.lines(), ["release failed"]);
}

#[test]
fn pods_that_a_quota_refuses_fail_at_the_deadline() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.app.count([3, 0, 3]);
    let refused = json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"});
    let conditions = &mut world.app.object["status"]["conditions"];
    conditions.as_array_mut().unwrap().push(refused.clone());
    world.look("10:01");
    world.look("10:09");
    assert_eq!(world.lines(), NONE);
    world.app.exceed(at("10:10"));
    let conditions = &mut world.app.object["status"]["conditions"];
    conditions.as_array_mut().unwrap().push(refused);
    world.look("10:10");
    assert_eq!(world.lines(), ["release failed"]);
}

#[test]
fn a_late_look_dates_a_failure_by_the_deadline_that_the_deployment_states() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.app.exceed(at("10:10"));
    let mut seen = world.app.seen();
    seen.after_gap = true;
    world.status = observe(&world.status, &seen, &world.terms, at("18:00"));
    assert_eq!(world.status.rollouts[0].failed_at.unwrap().0, at("10:10"));
}
