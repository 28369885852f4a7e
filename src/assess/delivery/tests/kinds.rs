//! Kinds other than `Deployment`: their objects, and when their rollouts are available or fail.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::RolloutState;
use crate::assess::delivery::fixtures::{at, lines, template};
use crate::assess::delivery::seen::{Objects, Seen, read};
use crate::assess::delivery::{Terms, observe};

const NONE: [&str; 0] = [];

/// A `StatefulSet` of three pods with its `ControllerRevision`s.
#[derive(Clone)]
pub(super) struct StatefulSet {
    pub object: Value,
    revisions: Vec<Value>,
    pub status: DeliveryRecordStatus,
}

impl StatefulSet {
    /// Image A, followed since 9:00.
    pub(super) fn new() -> Self {
        let mut set = Self {
            object: json!({
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "metadata": {
                    "name": "shop", "uid": "one", "generation": 1, "annotations": {},
                    "creationTimestamp": "2026-03-01T08:00:00Z",
                },
                "spec": {"replicas": 3, "template": template("a"), "updateStrategy": {"type": "RollingUpdate"}},
                "status": {},
            }),
            revisions: Vec::new(),
            status: DeliveryRecordStatus::default(),
        };
        set.add_revision(at("2026-03-01 08:00"), &template("a"), 1);
        set.complete();
        set.look("09:00");
        set
    }

    fn add_revision(&mut self, time: Timestamp, template: &Value, number: i64) {
        let found = self
            .revisions
            .iter_mut()
            .find(|it| it["data"]["spec"]["template"] == *template);
        let name = if let Some(known) = found {
            known["revision"] = number.into();
            known["metadata"]["name"].clone()
        } else {
            let name = json!(format!("shop-{number}"));
            self.revisions.push(json!({
                "metadata": {
                    "name": name, "creationTimestamp": time,
                    "ownerReferences": [{"uid": self.object["metadata"]["uid"]}],
                },
                "revision": number,
                "data": {"spec": {"template": template}},
            }));
            name
        };
        self.object["status"]["updateRevision"] = name;
        self.object["status"]["observedGeneration"] = self.object["metadata"]["generation"].clone();
    }

    pub(super) fn stamp(&mut self, commit: &str) {
        let commit = at(commit).to_string();
        self.object["metadata"]["annotations"]["goldenpath.dev/commit-time"] = commit.into();
    }

    pub(super) fn edit(&mut self, time: &str, template: &Value, number: i64) {
        self.object["spec"]["template"] = template.clone();
        let generation = self.object["metadata"]["generation"].as_i64().unwrap();
        self.object["metadata"]["generation"] = (generation + 1).into();
        self.look(time);
        self.add_revision(at(time), template, number);
        self.count(0, 3);
        self.look(time);
    }

    pub(super) fn count(&mut self, updated: u32, available: u32) {
        let status = &mut self.object["status"];
        status["replicas"] = 3.into();
        status["updatedReplicas"] = updated.into();
        status["availableReplicas"] = available.into();
    }

    pub(super) fn complete(&mut self) {
        self.count(3, 3);
    }

    pub(super) fn roll_out(&mut self, start: &str, end: &str, template: &Value, number: i64) {
        self.edit(start, template, number);
        self.complete();
        self.look(end);
    }

    pub(super) fn recreate(&mut self, time: &str) {
        let template = self.object["spec"]["template"].clone();
        self.object["metadata"]["uid"] = "two".into();
        self.object["metadata"]["generation"] = 1.into();
        self.object["metadata"]["creationTimestamp"] = json!(at(time));
        self.object["status"] = json!({});
        self.revisions.clear();
        self.add_revision(at(time), &template, 1);
    }

    fn seen(&self) -> Seen {
        read(&Objects {
            revisions: &self.revisions,
            ..Objects::of(&self.object)
        })
        .unwrap()
    }

    pub(super) fn look(&mut self, time: &str) {
        self.status = observe(&self.status, &self.seen(), &Terms::default(), at(time));
    }

    /// A look after the operator was down.
    pub(super) fn look_after_gap(&mut self, time: &str) {
        let seen = after_gap(self.seen());
        self.status = observe(&self.status, &seen, &Terms::default(), at(time));
    }
}

/// The same after the operator was down.
fn after_gap(seen: Seen) -> Seen {
    Seen {
        after_gap: true,
        ..seen
    }
}

/// A `CronJob` with its `Job`s.
pub(super) struct CronJob {
    object: Value,
    jobs: Vec<Value>,
    pub status: DeliveryRecordStatus,
}

impl CronJob {
    pub(super) fn new() -> Self {
        Self {
            object: json!({
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": {
                    "name": "shop", "uid": "one", "generation": 1,
                    "creationTimestamp": "2026-03-01T08:00:00Z",
                },
                "spec": {
                    "suspend": false,
                    "successfulJobsHistoryLimit": 3,
                    "jobTemplate": {"spec": {"template": template("a")}},
                },
                "status": {},
            }),
            jobs: Vec::new(),
            status: DeliveryRecordStatus::default(),
        }
    }

    fn raise_generation(&mut self) {
        let generation = self.object["metadata"]["generation"].as_i64().unwrap();
        self.object["metadata"]["generation"] = (generation + 1).into();
    }

    pub(super) fn suspend(&mut self, suspended: bool) {
        self.object["spec"]["suspend"] = suspended.into();
        self.raise_generation();
    }

    pub(super) fn edit(&mut self, time: &str, image: &str) {
        self.object["spec"]["jobTemplate"]["spec"]["template"] = template(image);
        self.object["metadata"]["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Update", "time": at(time),
            "fieldsV1": {"f:spec": {"f:jobTemplate": {"f:spec": {"f:template": {}}}}},
        }]);
        self.raise_generation();
    }

    pub(super) fn run(&mut self, due: &str, end: &str, condition: &str) {
        self.start(due);
        self.end(end, condition);
    }

    /// A job becomes due.
    pub(super) fn start(&mut self, due: &str) {
        let mut template = self.object["spec"]["jobTemplate"]["spec"]["template"].clone();
        template["metadata"]["labels"]["batch.kubernetes.io/job-name"] = json!(due);
        self.jobs.push(json!({
            "metadata": {
                "creationTimestamp": at(due),
                "ownerReferences": [{"uid": "one"}],
                "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": at(due)},
            },
            "spec": {"template": template},
            "status": {},
        }));
    }

    /// The latest job ends.
    pub(super) fn end(&mut self, end: &str, condition: &str) {
        self.jobs.last_mut().unwrap()["status"] = json!({
            "completionTime": at(end),
            "conditions": [{"type": condition, "status": "True", "lastTransitionTime": at(end)}],
        });
    }

    pub(super) fn stamp(&mut self, commit: &str) {
        let commit = at(commit).to_string();
        self.object["metadata"]["annotations"] = json!({"goldenpath.dev/commit-time": commit});
    }

    /// The controller deletes jobs beyond its limits: these are the ones before a number.
    pub(super) fn delete_before(&mut self, number: usize) {
        self.jobs.drain(..number);
    }

    fn seen(&self) -> Seen {
        let objects = Objects {
            jobs: &self.jobs,
            ..Objects::of(&self.object)
        };
        read(&objects).unwrap()
    }

    pub(super) fn look(&mut self, time: &str) {
        self.status = observe(&self.status, &self.seen(), &Terms::default(), at(time));
    }

    /// A look after the operator was down.
    pub(super) fn look_after_gap(&mut self, time: &str) {
        let seen = after_gap(self.seen());
        self.status = observe(&self.status, &seen, &Terms::default(), at(time));
    }
}

/// The status after a look at this object.
fn seen_as(before: &DeliveryRecordStatus, object: &Value, time: &str) -> DeliveryRecordStatus {
    let seen = read(&Objects::of(object)).unwrap();
    observe(before, &seen, &Terms::default(), at(time))
}

#[test]
fn a_stateful_set_without_progress_fails_after_ten_minutes() {
    let mut set = StatefulSet::new();
    set.edit("10:00", &template("b"), 2);
    set.count(1, 3);
    set.look("10:09");
    set.look("10:18");
    assert_eq!(lines(&set.status), NONE);
    set.look("10:20");
    assert_eq!(lines(&set.status), ["release failed"]);
    assert_eq!(set.status.rollouts[0].failed_at.unwrap().0, at("10:19"));
    set.complete();
    set.look("10:29");
    assert_eq!(lines(&set.status), ["release failed, recovery 10m"]);
}

#[test]
fn a_partition_and_on_delete_wait_without_a_deadline() {
    let mut set = StatefulSet::new();
    set.object["spec"]["updateStrategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}});
    set.edit("10:00", &template("b"), 2);
    set.count(1, 3);
    set.look("10:05");
    set.look("14:00");
    assert_eq!(lines(&set.status), NONE);
    assert_eq!(set.status.state, Some(RolloutState::Waiting));
    set.object["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    set.look("15:00");
    set.complete();
    set.look("16:00");
    assert_eq!(lines(&set.status), ["release available"]);
}

#[test]
fn the_first_scheduled_job_decides_and_a_job_that_people_start_does_not() {
    let mut cron = CronJob::new();
    cron.look("09:00");
    cron.edit("10:00", "b");
    cron.look("10:00");
    cron.run("10:05", "10:06", "Complete");
    cron.jobs[0]["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] = "manual".into();
    cron.look("10:07");
    assert_eq!(lines(&cron.status), NONE);
    cron.run("11:00", "11:05", "Failed");
    cron.run("12:00", "12:05", "Complete");
    cron.look("12:06");
    assert_eq!(lines(&cron.status), ["release failed, recovery 60m"]);
    assert!(
        cron.status.rollouts[0].failure_visible,
        "a failed job is visible without a probe"
    );
}

#[test]
fn a_cron_job_that_deletes_its_jobs_is_available_at_its_last_success() {
    let mut cron = CronJob::new();
    cron.object["spec"]["successfulJobsHistoryLimit"] = 0.into();
    cron.look("09:00");
    cron.edit("10:00", "b");
    cron.object["status"] =
        json!({"lastScheduleTime": at("09:30"), "lastSuccessfulTime": at("10:20")});
    cron.look("10:30");
    assert_eq!(lines(&cron.status), NONE, "a manual run may have succeeded");
    cron.object["status"] =
        json!({"lastScheduleTime": at("11:00"), "lastSuccessfulTime": at("11:04")});
    cron.look("11:30");
    assert_eq!(lines(&cron.status), ["release available"]);
}

fn argo(generation: u32, image: &str, status: &Value) -> Seen {
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop", "uid": "one", "generation": generation},
        "spec": {"replicas": 3, "template": template(image)},
        "status": status,
    });
    read(&Objects::of(&object)).unwrap()
}

#[test]
fn an_argo_rollout_that_is_aborted_has_failed() {
    let stable = |generation: &str, hash: &str| {
        json!({
            "observedGeneration": generation, "currentPodHash": hash, "stableRS": hash,
            "phase": "Healthy",
        })
    };
    let running = json!({"observedGeneration": "2", "currentPodHash": "b", "stableRS": "a", "phase": "Progressing"});
    let aborted = json!({
        "observedGeneration": "2", "currentPodHash": "b", "stableRS": "a", "phase": "Degraded",
        "abort": true, "abortedAt": at("10:10"),
    });
    let mut status = DeliveryRecordStatus::default();
    for (seen, time) in [
        (argo(1, "a", &stable("1", "a")), "09:00"),
        (argo(2, "b", &stable("1", "a")), "10:00"),
        (argo(2, "b", &running), "10:01"),
        (argo(2, "b", &aborted), "10:11"),
        (argo(3, "a", &stable("3", "a")), "10:20"),
    ] {
        status = observe(&status, &seen, &Terms::default(), at(time));
    }
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 1",
    ];
    assert_eq!(lines(&status), expected);
}

#[test]
fn a_restart_of_an_argo_rollout_is_a_restart() {
    let stable = json!({"observedGeneration": "9", "currentPodHash": "a", "stableRS": "a", "phase": "Healthy"});
    let mut object = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop", "uid": "one", "generation": 1},
        "spec": {"replicas": 3, "template": template("a")},
        "status": stable,
    });
    let mut status = DeliveryRecordStatus::default();
    for (generation, time) in [(1, "09:00"), (2, "10:00")] {
        object["metadata"]["generation"] = generation.into();
        status = seen_as(&status, &object, time);
        object["spec"]["restartAt"] = "2026-03-02T09:59:00Z".into();
    }
    assert_eq!(lines(&status), ["restart available"]);
}

#[test]
fn a_daemon_set_counts_nodes_that_join_as_nothing() {
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "uid": "one", "generation": 1},
        "spec": {"template": template("a")},
        "status": {
            "observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
            "updatedNumberScheduled": 2, "numberAvailable": 2,
        },
    });
    let mut status = DeliveryRecordStatus::default();
    let mut look = |object: &Value, time: &str| {
        let seen = read(&Objects::of(object)).unwrap();
        status = observe(&status, &seen, &Terms::default(), at(time));
        lines(&status)
    };
    look(&object, "09:00");
    object["status"]["desiredNumberScheduled"] = 3.into();
    assert_eq!(look(&object, "09:30"), NONE);
    object["metadata"]["generation"] = 2.into();
    object["spec"]["template"] = template("b");
    look(&object, "10:00");
    for count in [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
    ] {
        object["status"][count] = 3.into();
    }
    object["status"]["observedGeneration"] = 2.into();
    assert_eq!(look(&object, "10:05"), ["release available"]);
}

#[test]
fn a_daemon_set_that_is_undone_is_a_rollback_and_its_release_failed() {
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "uid": "one", "generation": 1},
        "spec": {"template": template("a")},
        "status": {},
    });
    let mut status = DeliveryRecordStatus::default();
    for (generation, image, updated, time) in [
        (1, "a", 2, "09:00"),
        (2, "b", 0, "10:00"),
        (2, "b", 2, "10:02"),
        (3, "a", 0, "10:10"),
        (3, "a", 2, "10:12"),
    ] {
        object["metadata"]["generation"] = generation.into();
        object["spec"]["template"] = template(image);
        object["status"] = json!({
            "observedGeneration": generation, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
            "updatedNumberScheduled": updated, "numberAvailable": 2,
        });
        status = seen_as(&status, &object, time);
    }
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 1",
    ];
    assert_eq!(lines(&status), expected);
}

#[test]
fn a_workload_in_another_namespace_is_a_new_service_without_the_old_rollouts() {
    let mut set = StatefulSet::new();
    set.roll_out("10:00", "10:02", &template("b"), 2);
    let mut moved = StatefulSet::new();
    moved.object["spec"]["template"] = template("b");
    moved.recreate("11:00");
    moved.status = DeliveryRecordStatus::default();
    moved.count(0, 0);
    moved.look("11:00");
    moved.complete();
    moved.look("11:02");
    assert_eq!(lines(&moved.status), NONE);
    assert!(moved.status.first_deploy.is_some());
}

#[test]
fn other_kinds_are_read_by_the_conditions_that_controllers_share() {
    let object = |generation: u32, image: &str, condition: &str| {
        json!({
            "apiVersion": "apps.kruise.io/v1alpha1",
            "kind": "CloneSet",
            "metadata": {"name": "shop", "uid": "one", "generation": generation},
            "spec": {"template": template(image)},
            "status": {
                "observedGeneration": generation,
                "conditions": [{"type": condition, "status": "True", "lastTransitionTime": at("08:00")}],
            },
        })
    };
    let mut status = DeliveryRecordStatus::default();
    for (object, time) in [
        (object(1, "a", "Available"), "09:00"),
        (object(2, "b", "Stalled"), "10:00"),
        (object(3, "c", "Available"), "10:30"),
    ] {
        status = seen_as(&status, &object, time);
    }
    let expected = [
        "release failed, recovery 30m",
        "release available, rework of 1",
    ];
    assert_eq!(lines(&status), expected);
}

#[test]
fn a_stateful_set_that_is_reverted_while_broken_recovers_when_it_is_ready() {
    let mut set = StatefulSet::new();
    set.edit("10:00", &template("b"), 2);
    set.count(1, 2);
    set.look("10:10");
    assert_eq!(lines(&set.status), ["release failed"]);
    set.edit("10:20", &template("a"), 3);
    set.count(2, 2); // the broken pod blocks until people delete it
    set.look("10:25");
    set.complete();
    set.look("10:40");
    let expected = [
        "release failed, recovery 30m",
        "rollback available, rework of 1",
    ];
    assert_eq!(lines(&set.status), expected);
}

#[test]
fn a_workload_created_again_with_another_image_is_a_release_and_no_first_deploy() {
    let mut set = StatefulSet::new();
    set.object["spec"]["template"] = template("b");
    set.recreate("10:00");
    set.count(0, 0);
    set.look("10:00");
    set.complete();
    set.look("10:04");
    assert_eq!(lines(&set.status), ["release available"]);
    assert_eq!(
        (&set.status.first_deploy, &set.status.untracked),
        (&None, &None)
    );
    let mut old = StatefulSet::new();
    old.object["spec"]["template"] = template("c");
    old.object["metadata"]["generation"] = 9.into();
    set.status = observe(&set.status, &old.seen(), &Terms::default(), at("10:05"));
    assert_eq!(
        set.status.mark.as_ref().unwrap().uid,
        "two",
        "a late event of the old object"
    );
}

#[test]
fn after_an_outage_a_stateful_set_counts_what_its_revisions_show() {
    let mut set = StatefulSet::new();
    for (time, version, number) in [("10:00", "b", 2), ("10:10", "a", 3), ("10:20", "c", 4)] {
        let before = set.status.clone();
        set.edit(time, &template(version), number);
        set.status = before;
    }
    set.complete();
    set.look("12:00");
    assert_eq!(lines(&set.status), ["release available"]);
    assert_eq!(set.status.untracked.as_ref().unwrap().rollouts, 2);
    let rollout = &set.status.rollouts[0];
    assert_eq!(rollout.started_at.0, at("10:20"));
    assert_eq!(
        rollout.lead_time, None,
        "the availability itself was not seen"
    );
}
