mod promoters;
mod visibility;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::api::delivery_record::RecordedWorkload;
use crate::assess::delivery::IncidentReport;
use crate::assess::delivery::seen::{Objects, read};
use crate::assess::namespace_index::records::record_name;
use crate::assess::planner::pacing::WriteResult;
use crate::assess::settings::Settings;
use crate::assess::workload;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A Deployment that has rolled out this image, with this revision and generation.
pub(super) fn web(image: &str, number: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u1", "generation": number,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"deployment.kubernetes.io/revision": number.to_string()},
        },
        "spec": {
            "replicas": 1,
            "template": {"spec": {"containers": [{
                "name": "web", "image": image, "readinessProbe": {"tcpSocket": {"port": 80}},
            }]}},
        },
        "status": {
            "observedGeneration": number,
            "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1,
            "conditions": [{
                "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                "lastUpdateTime": at(number).to_string(),
                "lastTransitionTime": at(number).to_string(),
            }],
        },
    })
}

/// An inventory and a planner, with the cluster that they see.
struct Scene {
    facts: Inventory,
    planner: DeliveryPlanner,
    id: WorkloadId,
}

impl Scene {
    fn new() -> Self {
        let settings = Settings {
            delivery: Some(DeliverySettings::default()),
            ..Settings::default()
        };
        let kind = settings.kinds[0].clone();
        let mut planner = DeliveryPlanner::default();
        planner.records_are_listed();
        Self {
            facts: Inventory::new(settings),
            planner,
            id: WorkloadId {
                namespace: "shop".into(),
                kind,
                name: "web".into(),
            },
        }
    }

    fn sees(&mut self, object: &Value, now: Timestamp) {
        let seen = read(&Objects::of(object));
        self.planner.saw(&self.id, seen, now);
        let ctx = self.facts.read_context("shop");
        let observed = workload::observe(object.clone(), &self.id.kind, &ctx).unwrap();
        self.facts.put_workload(observed);
    }

    fn due(&mut self, now: Timestamp) -> Vec<Look> {
        while self.planner.compare(&mut self.facts, now) {}
        self.planner.looks(&self.facts, now, 10)
    }

    fn finds(&mut self, look: &Look, object: &Value, now: Timestamp) {
        let objects = Objects {
            standing: look.standing,
            after_gap: look.after_gap,
            ..Objects::of(object)
        };
        let found = Found::Workload(Box::new(read(&objects).unwrap()));
        self.planner.looked(&self.facts, look, found, now);
    }

    /// Carries out every write. Returns how many statuses were stored.
    fn writes(&mut self, now: Timestamp) -> usize {
        let mut stored = 0;
        for second in 0..30 {
            let now = Period::seconds(second).after(now);
            while self.planner.compare(&mut self.facts, now) {}
            for write in self.planner.plan(&self.facts, now, 10).writes {
                let version = self.version() + 1;
                let is_status = match &write.act {
                    RecordAct::Create { .. } => {
                        self.creates(version);
                        false
                    }
                    RecordAct::Store { .. } => true,
                };
                let landed = WriteResult::Landed(Some(version));
                let recorded = self.planner.ended(&mut self.facts, write, landed, now);
                assert_eq!(recorded.is_some(), is_status);
                stored += usize::from(is_status);
            }
        }
        stored
    }

    fn creates(&mut self, version: u64) {
        let record = Record {
            uid: Some("r1".into()),
            version: Some(version),
            generation: Some(1),
            owner: Some("u1".into()),
            workload: RecordedWorkload {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: "web".to_owned(),
            },
            packed: PackedStatus::default(),
        };
        let name = record_name(&self.id.kind, "web");
        self.facts.put_record("shop", &name, record);
    }

    fn record(&self) -> Option<&Arc<Record>> {
        self.facts.namespace("shop")?.record(&self.id.kind, "web")
    }

    fn version(&self) -> u64 {
        self.record().and_then(|record| record.version).unwrap_or(0)
    }

    fn status(&self) -> DeliveryRecordStatus {
        self.record().unwrap().status()
    }

    /// A record of version 1 of the workload.
    fn with_a_record() -> Self {
        let mut scene = Self::new();
        let first = web("web:1", 1);
        scene.sees(&first, at(10));
        let looks = scene.due(at(10));
        scene.finds(&looks[0], &first, at(10));
        assert_eq!(scene.writes(at(10)), 1);
        scene
    }

    /// The same, with version 2 in a workload that is paused.
    fn with_a_paused_change() -> Self {
        let mut scene = Self::with_a_record();
        let mut paused = web("web:2", 100);
        paused["spec"]["paused"] = true.into();
        scene.sees(&paused, at(100));
        let looks = scene.due(at(100));
        scene.finds(&looks[0], &paused, at(100));
        scene.writes(at(100));
        let again = scene.due(at(140));
        scene.finds(&again[0], &paused, at(140));
        scene
    }
}

/// An incident that began at this second.
fn started(second: i64) -> IncidentReport {
    IncidentReport {
        id: "a1".to_owned(),
        started_at: Some(at(second)),
        resolved_at: None,
    }
}

#[test]
fn a_record_is_created_stored_once_and_then_nothing_happens() {
    let mut scene = Scene::with_a_record();
    assert_eq!(scene.status().recorded, 0);
    assert_eq!(scene.status().observed_generation, Some(1));
    assert!(scene.due(at(60)).is_empty());
    assert_eq!(scene.writes(at(60)), 0);
    let scaled = web("web:1", 1);
    scene.sees(&scaled, at(70));
    assert!(scene.due(at(70)).is_empty(), "nothing changed");
}

#[test]
fn a_new_leader_looks_at_nothing_where_record_and_workload_agree() {
    let mut scene = Scene::with_a_record();
    scene.planner.reset();
    scene.facts.mark_every_delivery();
    assert!(scene.due(at(60)).is_empty());
    scene.sees(&web("web:2", 2), at(61));
    assert_eq!(scene.due(at(61)).len(), 1);
}

#[test]
fn templates_that_are_replaced_before_a_look_are_counted() {
    let mut scene = Scene::with_a_record();
    for number in 2..5 {
        let next = web(&format!("web:{number}"), number);
        scene.sees(&next, at(100 + number));
    }
    let looks = scene.due(at(110));
    scene.finds(&looks[0], &web("web:4", 4), at(110));
    assert_eq!(scene.writes(at(110)), 1, "one write for all of them");
    assert_eq!(scene.status().recorded, 3);
    assert_eq!(scene.status().untracked, None);
}

#[test]
fn what_a_follower_saw_is_not_lost_when_it_leads() {
    let mut scene = Scene::with_a_record();
    scene.sees(&web("web:2", 2), at(100));
    scene.sees(&web("web:3", 3), at(101));
    scene.planner.reset();
    scene.facts.mark_every_delivery();
    let looks = scene.due(at(103));
    scene.finds(&looks[0], &web("web:3", 3), at(103));
    scene.writes(at(103));
    assert_eq!(scene.status().recorded, 2);
    assert_eq!(scene.status().untracked, None);
}

#[test]
fn a_status_of_another_writer_is_not_overwritten() {
    let mut scene = Scene::with_a_record();
    let next = web("web:2", 2);
    scene.sees(&next, at(100));
    let looks = scene.due(at(100));
    scene.finds(&looks[0], &next, at(100));
    let mut other = Record::clone(scene.record().unwrap());
    other.version = Some(90);
    let mut status = other.status();
    status.recorded = 40;
    other.packed = PackedStatus::of(&status);
    let name = record_name(&scene.id.kind, "web");
    scene.facts.put_record("shop", &name, other);
    let again = scene.due(at(105));
    assert_eq!(again.len(), 1, "the workload is read again");
    assert!(
        scene
            .planner
            .plan(&scene.facts, at(105), 10)
            .writes
            .is_empty()
    );
    scene.finds(&again[0], &next, at(105));
    scene.writes(at(105));
    assert_eq!(scene.status().recorded, 41);
}

#[test]
fn a_stopping_operator_stores_what_waits_for_its_pace() {
    let mut scene = Scene::with_a_record();
    for (number, now) in [(2, 100), (3, 103)] {
        let next = web(&format!("web:{number}"), number);
        scene.sees(&next, at(now));
        let looks = scene.due(at(now));
        scene.finds(&looks[0], &next, at(now));
        let writes = scene.planner.plan(&scene.facts, at(now), 10).writes;
        for write in writes {
            let landed = WriteResult::Landed(Some(scene.version() + 1));
            scene
                .planner
                .ended(&mut scene.facts, write, landed, at(now));
        }
    }
    assert_eq!(scene.status().recorded, 1, "the second one waits");
    let version = scene.version();
    let mut writes = scene.planner.flush(&scene.facts, at(104));
    let write = writes.pop().unwrap();
    assert!(writes.is_empty());
    let RecordAct::Store { version: over, .. } = &write.act else {
        panic!("{write:?}");
    };
    assert_eq!(*over, Some(version), "over the version it came from");
    let again = scene.planner.flush(&scene.facts, at(104));
    assert!(again.is_empty(), "it is under way");
    let landed = WriteResult::Landed(Some(version + 1));
    scene
        .planner
        .ended(&mut scene.facts, write, landed, at(105));
    assert_eq!(scene.status().recorded, 2);
    assert!(scene.planner.flush(&scene.facts, at(105)).is_empty());
}

#[test]
fn a_status_counts_although_the_watch_shows_it_before_the_answer() {
    let mut scene = Scene::with_a_record();
    let next = web("web:2", 2);
    scene.sees(&next, at(100));
    let looks = scene.due(at(100));
    scene.finds(&looks[0], &next, at(100));
    let mut writes = scene.planner.plan(&scene.facts, at(120), 10).writes;
    let write = writes.pop().unwrap();
    let RecordAct::Store { status, .. } = &write.act else {
        panic!("{write:?}");
    };
    let version = scene.version() + 1;
    let mut shown = Record::clone(scene.record().unwrap());
    shown.packed = PackedStatus::of(status);
    shown.version = Some(version);
    let name = record_name(&scene.id.kind, "web");
    scene.facts.put_record("shop", &name, shown);
    let landed = WriteResult::Landed(Some(version));
    let recorded = scene
        .planner
        .ended(&mut scene.facts, write, landed, at(121));
    let recorded = recorded.unwrap();
    assert_eq!(recorded.before.unwrap().recorded, 0);
    assert_eq!(recorded.after.recorded, 1);
}

#[test]
fn a_look_that_fails_is_tried_again_later() {
    let mut scene = Scene::new();
    scene.sees(&web("web:1", 1), at(0));
    let looks = scene.due(at(0));
    scene
        .planner
        .looked(&scene.facts, &looks[0], Found::Failed, at(0));
    assert!(scene.due(at(1)).is_empty());
    assert_eq!(scene.due(at(5)).len(), 1);
}

#[test]
fn an_incident_is_stored_once_and_fails_the_latest_release() {
    let mut scene = Scene::new();
    let report = started(200);
    let early = scene
        .planner
        .report(&scene.facts, &scene.id, &report, at(1));
    assert_eq!(early, Reported::Behind);
    let mut scene = Scene::with_a_record();
    let next = web("web:2", 100);
    scene.sees(&next, at(100));
    let looks = scene.due(at(100));
    scene.finds(&looks[0], &next, at(100));
    for now in [201, 202] {
        let taken = scene
            .planner
            .report(&scene.facts, &scene.id, &report, at(now));
        assert_eq!(taken, Reported::Pending);
    }
    assert_eq!(scene.writes(at(203)), 1);
    assert_eq!(scene.status().incidents.len(), 1);
    assert_eq!(
        scene.status().rollouts[0].failed_at.map(|it| it.0),
        Some(at(200))
    );
    let again = scene
        .planner
        .report(&scene.facts, &scene.id, &report, at(300));
    assert_eq!(again, Reported::Stored);
    assert_eq!(scene.writes(at(300)), 0);
}

#[test]
fn an_incident_waits_for_the_look_at_a_template_that_the_record_lacks() {
    let report = started(150);
    let reported = |scene: &mut Scene, now| {
        let (facts, id) = (&scene.facts, &scene.id);
        scene.planner.report(facts, id, &report, now)
    };
    for is_restarted in [false, true] {
        let mut scene = Scene::with_a_record();
        let (second, mut third) = (web("web:2", 100), web("web:3", 140));
        third["metadata"]["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Update", "time": at(140).to_string(),
            "fieldsV1": {"f:spec": {"f:template": {}}},
        }]);
        scene.sees(&second, at(100));
        let looks = scene.due(at(100));
        scene.finds(&looks[0], &second, at(100));
        scene.writes(at(100));
        if is_restarted {
            // Another replica leads from here, which has seen nothing else.
            scene.planner = DeliveryPlanner::default();
            scene.planner.records_are_listed();
            scene.facts.mark_every_delivery();
        }
        scene.sees(&third, at(160));
        assert_eq!(reported(&mut scene, at(161)), Reported::Behind);
        let looks = scene.due(at(161));
        assert_eq!(reported(&mut scene, at(161)), Reported::Behind);
        scene.finds(&looks[0], &third, at(162));
        assert_eq!(reported(&mut scene, at(163)), Reported::Pending);
        scene.writes(at(180));
        let failed: Vec<_> = scene
            .status()
            .rollouts
            .iter()
            .map(|it| it.failed_at.is_some())
            .collect();
        assert_eq!(failed, [false, true], "{is_restarted}");
    }
}

#[test]
fn an_incident_of_a_paused_workload_does_not_wait_until_it_resumes() {
    let mut scene = Scene::with_a_paused_change();
    let report = started(150);
    let taken = scene
        .planner
        .report(&scene.facts, &scene.id, &report, at(151));
    assert_eq!(taken, Reported::Pending);
}

#[test]
fn an_incident_while_a_change_waits_without_replicas_leads_to_a_look() {
    let mut scene = Scene::with_a_record();
    let mut idle = web("web:2", 100);
    idle["spec"]["replicas"] = 0.into();
    for count in ["replicas", "updatedReplicas", "availableReplicas"] {
        idle["status"][count] = 0.into();
    }
    scene.sees(&idle, at(100));
    let looks = scene.due(at(100));
    scene.finds(&looks[0], &idle, at(100));
    scene.writes(at(100));
    let again = scene.due(at(140));
    scene.finds(&again[0], &idle, at(140));
    assert!(scene.due(at(149)).is_empty());
    let report = started(150);
    let (facts, id) = (&scene.facts, &scene.id);
    let taken = scene.planner.report(facts, id, &report, at(161));
    assert_eq!(taken, Reported::Pending);
    scene.writes(at(161));
    assert_eq!(
        scene.due(at(200)).len(),
        1,
        "it tells whether the change runs"
    );
}

#[test]
fn rollouts_of_a_workload_that_flagger_generates_are_not_counted() {
    let mut scene = Scene::new();
    let mut primary = web("web:1", 1);
    primary["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "uid": "c1"}]);
    scene.sees(&primary, at(10));
    assert!(scene.facts.workload(&scene.id).is_some());
    assert!(!scene.planner.counts(&scene.id));
    scene.sees(&web("web:1", 1), at(20));
    assert!(scene.planner.counts(&scene.id));
}

#[test]
fn figures_that_only_a_day_changes_are_stored_within_six_hours_after_midnight() {
    let mut scene = Scene::with_a_record();
    let next = web("web:2", 100);
    scene.sees(&next, at(100));
    let looks = scene.due(at(100));
    scene.finds(&looks[0], &next, at(100));
    scene.writes(at(100));
    let week = 7 * 86_400;
    let midnight = |days: i64| at(100).as_second() / 86_400 * 86_400 + days * 86_400;
    let (from, to) = (midnight(7), midnight(7) + 6 * 3_600);
    assert!(from - at(0).as_second() <= week);
    let stored_at = (from..to).step_by(60).find(|second| {
        let now = Timestamp::from_second(*second).unwrap();
        scene.due(now);
        scene.writes(now) > 0
    });
    assert!(stored_at.is_some(), "it is refreshed");
    assert_eq!(scene.status().figures[0].counts.rollouts, 0);
    assert_eq!(scene.status().figures[1].counts.rollouts, 1);
}
