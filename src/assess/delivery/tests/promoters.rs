//! Workloads whose rollouts another controller decides: Flagger's `Canary`, and an Argo `Rollout` that
//! refers to a `Deployment`. Their objects have the fields that these controllers wrote when they were tried.

use serde_json::{Value, json};

use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::fixtures::{Deployment, at, image, lines, mode, template};
use crate::assess::delivery::promoter::PromoterKind;
use crate::assess::delivery::seen::{Objects, read};
use crate::assess::delivery::{IncidentReport, Terms, incident, observe};
use crate::assess::settings::Settings;

const NONE: [&str; 0] = [];

/// A `Deployment` without replicas, and what decides about it.
struct Promoted {
    app: Deployment,
    canary: Option<Value>,
    primary: Option<Value>,
    rollout: Option<Value>,
    status: DeliveryRecordStatus,
}

impl Promoted {
    fn new() -> Self {
        let mut app = Deployment::new();
        app.scale(0);
        app.sync(at("08:30"));
        Self {
            app,
            canary: None,
            primary: None,
            rollout: None,
            status: DeliveryRecordStatus::default(),
        }
    }

    /// Initialised by Flagger.
    fn by_flagger() -> Self {
        let mut promoted = Self::new();
        promoted.promote("08:30");
        promoted.canary = Some(json!({"spec": {}, "status": {"lastAppliedSpec": "a"}}));
        promoted.phase("Initialized", "08:30", "a");
        promoted.look("09:00");
        promoted
    }

    /// Healthy under Argo Rollouts.
    fn by_argo() -> Self {
        let mut promoted = Self::new();
        promoted.rollout = Some(json!({
            "metadata": {"generation": 1},
            "spec": {"replicas": 3, "workloadRef": {"kind": "Deployment", "name": "shop"}},
            "status": {"observedGeneration": "1"},
        }));
        promoted.argo("Healthy", "a", "08:30");
        promoted.look("09:00");
        promoted
    }

    fn edit(&mut self, time: &str, change: impl Fn(&mut Value)) {
        self.app.edit(at(time), change);
        self.app.sync(at(time));
        self.look(time);
    }

    /// The primary gets the template, as Flagger writes it.
    fn promote(&mut self, time: &str) {
        let mut primary = self.app.object.clone();
        let template = &mut primary["spec"]["template"];
        template["metadata"]["annotations"]["flagger-id"] = time.into();
        template["metadata"]["labels"]["app"] = "shop-primary".into();
        let container = &mut template["spec"]["containers"][0];
        if let Some(sources) = container.get_mut("envFrom") {
            sources[0]["configMapRef"]["name"] = "settings-primary".into();
        }
        primary["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "uid": "two"}]);
        primary["status"]["conditions"] = json!([{
            "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
            "lastUpdateTime": at(time),
        }]);
        self.primary = Some(primary);
    }

    fn phase(&mut self, phase: &str, time: &str, applied: &str) {
        let status = &mut self.canary.as_mut().unwrap()["status"];
        if status["phase"] != phase {
            status["conditions"] = json!([{
                "type": "Promoted", "reason": phase, "status": "Unknown", "lastUpdateTime": at(time),
            }]);
        }
        status["phase"] = phase.into();
        status["lastTransitionTime"] = json!(at(time));
        status["lastAppliedSpec"] = applied.into();
        if ["Initialized", "Succeeded"].contains(&phase) {
            status["lastPromotedSpec"] = applied.into();
        }
    }

    /// The status of a `Rollout` that has seen the `Deployment` as it is.
    fn argo(&mut self, phase: &str, hash: &str, time: &str) {
        let generation = self.app.object["metadata"]["generation"].to_string();
        let status = &mut self.rollout.as_mut().unwrap()["status"];
        status["workloadObservedGeneration"] = generation.into();
        status["currentPodHash"] = hash.into();
        status["phase"] = phase.into();
        status["abort"] = Value::Null;
        status["abortedAt"] = Value::Null;
        let (is, reason) = match phase {
            "Degraded" => ("False", "RolloutAborted"),
            "Healthy" => ("True", "NewReplicaSetAvailable"),
            _ => ("True", "ReplicaSetUpdated"),
        };
        match phase {
            "Degraded" => {
                status["abort"] = true.into();
                status["abortedAt"] = json!(at(time));
            }
            "Healthy" => status["stableRS"] = hash.into(),
            _ => {}
        }
        status["conditions"] = json!([{
            "type": "Progressing", "status": is, "reason": reason,
            "lastUpdateTime": at(time), "lastTransitionTime": at(time),
        }]);
    }

    fn look(&mut self, time: &str) {
        let objects = Objects {
            revisions: &self.app.revisions,
            canary: self.canary.as_ref(),
            primary: self.primary.as_ref(),
            rollout: self.rollout.as_ref(),
            ..Objects::of(&self.app.object)
        };
        let seen = read(&objects).unwrap();
        self.status = observe(&self.status, &seen, &Terms::default(), at(time));
    }

    /// Reports an incident as it begins, and looks at the workload.
    fn breaks(&mut self, id: &str, time: &str) -> Vec<Option<u32>> {
        let report = IncidentReport {
            id: id.to_owned(),
            started_at: Some(at(time)),
            resolved_at: None,
        };
        self.status = incident(&self.status, &report, &Terms::default(), at(time));
        self.look(time);
        self.status.incidents.iter().map(|it| it.rollout).collect()
    }

    fn looks(&mut self, phase: &str, time: &str, applied: &str) -> Vec<String> {
        self.phase(phase, time, applied);
        self.look(time);
        lines(&self.status)
    }

    fn looks_at_argo(&mut self, phase: &str, hash: &str, time: &str) -> Vec<String> {
        self.argo(phase, hash, time);
        self.look(time);
        lines(&self.status)
    }
}

#[test]
fn story_10_flagger_is_one_release_of_the_target_and_nothing_of_the_primary() {
    let mut shop = Promoted::by_flagger();
    shop.edit("10:00", image("b"));
    shop.app.scale(3);
    shop.app.sync(at("10:01"));
    shop.app.complete(at("10:02"));
    assert_eq!(shop.looks("Progressing", "10:02", "b"), NONE);
    shop.app.scale(0);
    shop.app.sync(at("10:10"));
    assert_eq!(shop.looks("Failed", "10:10", "b"), ["release failed"]);
    assert!(shop.status.rollouts[0].failure_visible);
    shop.edit("11:00", image("c"));
    // Flagger renews the status of the failure for the new template, then begins to analyse that.
    assert_eq!(shop.looks("Failed", "11:01", "c"), ["release failed"]);
    shop.looks("Progressing", "11:02", "c");
    shop.promote("11:10");
    let expected = [
        "release failed, recovery 60m",
        "release available, rework of 1",
    ];
    assert_eq!(shop.looks("Succeeded", "11:12", "c"), expected);
    let available = shop.status.rollouts[1].available_at.unwrap().0;
    assert_eq!(available, at("11:10"), "since the primary runs it");
    assert_eq!(read(&Objects::of(shop.primary.as_ref().unwrap())), None);
}

#[test]
fn a_return_to_what_flagger_promoted_ends_the_failure_though_the_canary_stays_failed() {
    let mut shop = Promoted::by_flagger();
    shop.edit("10:00", image("b"));
    shop.looks("Progressing", "10:01", "b");
    assert_eq!(shop.looks("Failed", "10:10", "b"), ["release failed"]);
    shop.app.undo(at("10:20"), "1");
    shop.app.sync(at("10:20"));
    shop.look("10:20");
    assert_eq!(lines(&shop.status), ["release failed"], "not noticed yet");
    let expected = [
        "release failed, recovery 11m",
        "rollback available, rework of 1",
    ];
    assert_eq!(shop.looks("Failed", "10:21", "a"), expected);
    shop.edit("10:30", image("c"));
    let before = lines(&shop.status);
    shop.look("10:30");
    assert_eq!(lines(&shop.status), before, "the return is about A");
}

#[test]
fn a_change_during_a_promotion_waits_for_its_own() {
    for change in [&image("c") as &dyn Fn(&mut Value), &mode("slow")] {
        let mut shop = Promoted::by_flagger();
        shop.edit("10:00", image("b"));
        shop.looks("Progressing", "10:01", "b");
        shop.promote("10:10");
        shop.edit("10:11", change);
        assert_eq!(shop.looks("Succeeded", "10:12", "b"), NONE);
        shop.looks("Progressing", "10:13", "c");
        shop.promote("10:20");
        let done = shop.looks("Succeeded", "10:22", "c");
        assert_eq!(done.len(), 1, "B was superseded: {done:?}");
    }
}

/// A is promoted at 9:10, and B waits at the gate of its canary from 10:01 on.
fn gated() -> Promoted {
    let mut shop = Promoted::by_flagger();
    shop.edit("09:05", image("a2"));
    shop.looks("Progressing", "09:06", "a2");
    shop.promote("09:10");
    shop.looks("Succeeded", "09:12", "a2");
    shop.edit("10:00", image("b"));
    shop.looks("Progressing", "10:01", "b");
    shop.looks("Waiting", "10:02", "b");
    shop
}

#[test]
fn an_incident_before_a_canary_has_pods_is_of_the_release_before() {
    let mut shop = gated();
    assert_eq!(shop.breaks("1", "11:00"), [Some(1)]);
    shop.app.scale(3);
    shop.app.sync(at("12:00"));
    shop.app.count([3, 3, 0]);
    shop.looks("Progressing", "12:00", "b");
    assert_eq!(shop.breaks("2", "12:05"), [Some(1), None], "not decided");
    shop.promote("12:10");
    let done = shop.looks("Succeeded", "12:12", "b");
    assert_eq!(shop.status.rollouts[1].runs_from.unwrap().0, at("12:00"));
    assert_eq!(shop.status.incidents[1].rollout, Some(2), "{done:?}");
}

#[test]
fn a_canary_that_is_taken_back_at_its_gate_has_not_failed() {
    let mut shop = gated();
    shop.edit("10:30", image("a2"));
    shop.looks("Succeeded", "10:31", "a2");
    assert_eq!(lines(&shop.status), ["release available"]);
}

#[test]
fn an_incident_after_a_failed_analysis_is_of_the_release_that_serves() {
    let mut shop = gated();
    shop.app.scale(3);
    shop.app.sync(at("10:10"));
    shop.app.count([3, 3, 0]);
    shop.looks("Progressing", "10:10", "b");
    shop.app.scale(0);
    shop.app.sync(at("10:40"));
    shop.app.count([0, 0, 0]);
    shop.looks("Failed", "10:40", "b");
    assert!(shop.status.rollouts[1].withdrawn);
    assert_eq!(shop.breaks("1", "11:00"), [Some(1)]);
    assert!(lines(&shop.status)[0].starts_with("release failed"));
}

#[test]
fn an_argo_rollout_that_resumes_runs_from_its_first_pod_on() {
    let mut shop = Promoted::by_argo();
    shop.edit("10:00", image("b"));
    shop.looks_at_argo("Paused", "b", "10:01");
    let status = |shop: &mut Promoted, pods: u32| {
        shop.rollout.as_mut().unwrap()["status"]["updatedReplicas"] = pods.into();
    };
    status(&mut shop, 0);
    shop.looks_at_argo("Progressing", "b", "10:10");
    assert!(shop.status.open.as_ref().unwrap().idle);
    status(&mut shop, 1);
    shop.looks_at_argo("Progressing", "b", "10:20");
    let open = shop.status.open.as_ref().unwrap();
    assert_eq!((open.idle, open.runs_from.unwrap().0), (false, at("10:20")));
}

#[test]
fn a_template_seen_before_its_promoter_has_what_the_promoter_says_of_pauses_and_failures() {
    let mut shop = Promoted::by_argo();
    let without_probe = |template: &mut Value| {
        template["spec"]["containers"][0]["readinessProbe"] = Value::Null;
    };
    shop.app.edit(at("10:00"), without_probe);
    shop.rollout.as_mut().unwrap()["spec"]["paused"] = true.into();
    let canary = json!({"spec": {}});
    let event = || read(&Objects::of(&shop.app.object)).unwrap();
    let objects = Objects {
        canary: Some(&canary),
        rollout: shop.rollout.as_ref(),
        ..Objects::of(&shop.app.object)
    };
    let look = read(&objects).unwrap();
    assert!(!event().shows_failure && !event().is_paused);
    let seen = event().undecided(&look);
    assert!(seen.shows_failure && seen.is_paused);
}

#[test]
fn config_maps_of_the_primary_have_other_names() {
    let mut shop = Promoted::by_flagger();
    let with_settings = |template: &mut Value| {
        template["spec"]["containers"][0]["envFrom"] =
            json!([{"configMapRef": {"name": "settings"}}]);
    };
    shop.edit("10:00", with_settings);
    shop.looks("Progressing", "10:01", "b");
    shop.promote("10:10");
    assert_eq!(shop.looks("Succeeded", "10:12", "b"), ["config available"]);
}

/// A `DaemonSet` after Flagger changed its node selector so many times.
fn daemon_set(version: &str, generation: i64, is_scaled_down: bool) -> (Value, Vec<Value>) {
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "agent", "uid": "one", "generation": generation},
        "spec": {"template": template(version)},
        "status": {"observedGeneration": generation},
    });
    if is_scaled_down {
        set["spec"]["template"]["spec"]["nodeSelector"] =
            json!({"flagger.app/scale-to-zero": "true"});
    }
    let revision = json!({
        "metadata": {"name": "agent-1", "ownerReferences": [{"uid": "one"}]},
        "revision": generation, "data": {"spec": {"template": set["spec"]["template"]}},
    });
    (set, vec![revision])
}

#[test]
fn a_daemon_set_that_flagger_scales_has_rolled_out_nothing() {
    let mut canary = json!({"spec": {}, "status": {}});
    let mut status = DeliveryRecordStatus::default();
    let mut phase = |phase: &str, since: &str, now: &str, (set, revisions): (Value, Vec<Value>)| {
        canary["status"] = json!({"phase": phase, "lastTransitionTime": at(since)});
        let objects = Objects {
            revisions: &revisions,
            canary: Some(&canary),
            primary: Some(&set),
            ..Objects::of(&set)
        };
        let seen = read(&objects).unwrap();
        status = observe(&status, &seen, &Terms::default(), at(now));
        assert_eq!(status.untracked, None);
        lines(&status)
    };
    phase("Initialized", "08:00", "09:00", daemon_set("a", 1, true));
    phase("Initialized", "08:00", "10:00", daemon_set("b", 2, true));
    let up = daemon_set("b", 3, false);
    assert_eq!(phase("Progressing", "10:01", "10:01", up), NONE);
    let promoted = daemon_set("b", 4, true);
    let done = ["release available"];
    assert_eq!(phase("Succeeded", "10:10", "10:10", promoted), done);
    let scaled = daemon_set("b", 7, false);
    assert_eq!(phase("Succeeded", "10:10", "11:00", scaled), done);
}

#[test]
fn a_daemon_set_that_flagger_no_longer_scales_has_lost_no_rollout() {
    let canary =
        json!({"spec": {}, "status": {"phase": "Initialized", "lastTransitionTime": at("10:00")}});
    let mut status = DeliveryRecordStatus::default();
    let mut look =
        |canary: Option<&Value>, now: &str, (mut set, revisions): (Value, Vec<Value>)| {
            for key in [
                "desiredNumberScheduled",
                "currentNumberScheduled",
                "updatedNumberScheduled",
                "numberAvailable",
            ] {
                set["status"][key] = 3.into();
            }
            let objects = Objects {
                revisions: &revisions,
                canary,
                primary: canary.map(|_| &set),
                ..Objects::of(&set)
            };
            let seen = read(&objects).unwrap();
            status = observe(&status, &seen, &Terms::default(), at(now));
            (lines(&status), status.untracked.clone())
        };
    assert_eq!(
        look(None, "09:00", daemon_set("a", 1, false)),
        (vec![], None)
    );
    look(Some(&canary), "10:00", daemon_set("a", 2, true));
    look(Some(&canary), "10:10", daemon_set("a", 6, false));
    assert_eq!(
        look(None, "11:00", daemon_set("a", 7, false)),
        (vec![], None)
    );
    let released = (vec!["release available".to_owned()], None);
    assert_eq!(look(None, "12:00", daemon_set("b", 8, false)), released);
    let (_, untracked) = look(None, "13:00", daemon_set("b", 10, false));
    assert_eq!(untracked.unwrap().rollouts, 2, "they tell again what ran");
}

#[test]
fn a_deployment_that_a_rollout_refers_to_is_available_when_the_rollout_is() {
    let mut shop = Promoted::by_argo();
    shop.edit("10:00", image("b"));
    assert_eq!(lines(&shop.status), NONE, "the Rollout has not seen it");
    shop.looks_at_argo("Progressing", "b", "10:01");
    shop.looks_at_argo("Paused", "b", "10:02");
    assert_eq!(
        shop.looks_at_argo("Healthy", "b", "10:10"),
        ["release available"]
    );
    let rollout = &shop.status.rollouts[0];
    assert_eq!(rollout.available_at.unwrap().0, at("10:10"));
    shop.edit("10:20", mode("fast"));
    shop.looks_at_argo("Progressing", "c", "10:21");
    assert_eq!(
        shop.looks_at_argo("Healthy", "c", "10:30"),
        ["release available", "config available"]
    );
}

#[test]
fn a_rollout_that_is_aborted_and_undone_is_one_failure_and_one_rollback() {
    let mut shop = Promoted::by_argo();
    shop.edit("10:00", image("b"));
    shop.looks_at_argo("Progressing", "b", "10:01");
    assert_eq!(
        shop.looks_at_argo("Degraded", "b", "10:10"),
        ["release failed"]
    );
    shop.app.undo(at("10:20"), "1");
    shop.app.sync(at("10:20"));
    shop.look("10:20");
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 1",
    ];
    assert_eq!(shop.looks_at_argo("Healthy", "a", "10:20"), expected);
}

#[test]
fn promoters_name_deployments_and_canaries_daemon_sets_too() {
    let settings = Settings::default();
    let target = |kind: PromoterKind, named: &Value| {
        let promoter = json!({
            "metadata": {"namespace": "shop", "name": "p"},
            "spec": {"targetRef": named, "workloadRef": named},
        });
        kind.target(&promoter, &settings).map(|id| id.to_string())
    };
    let named = |api: &str, kind: &str| json!({"apiVersion": api, "kind": kind, "name": "web"});
    let [canary, rollout] = [PromoterKind::Canary, PromoterKind::Rollout];
    let deployment = named("apps/v1", "Deployment");
    for kind in [canary, rollout] {
        assert_eq!(
            target(kind, &deployment).as_deref(),
            Some("shop/Deployment/web")
        );
        assert_eq!(target(kind, &named("v1", "PodTemplate")), None);
        assert_eq!(target(kind, &Value::Null), None);
    }
    let agent = named("apps/v1", "DaemonSet");
    assert_eq!(
        target(canary, &agent).as_deref(),
        Some("shop/DaemonSet/web")
    );
    assert_eq!(target(rollout, &agent), None);
}
