//! Whose failures are visible by incidents: those of a namespace from which an incident has arrived before.

use super::*;
use crate::assess::delivery::incident;

/// A Deployment without a probe.
fn bare(image: &str, number: i64) -> Value {
    let mut object = web(image, number);
    object["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = Value::Null;
    object
}

/// A workload without a probe, and an operator that listens to incidents.
fn listening() -> Scene {
    let mut scene = Scene::with_a_record();
    scene.planner.configure(&DeliverySettings {
        has_incidents: true,
        ..DeliverySettings::default()
    });
    scene
}

/// Only the end of an incident, as of a test.
fn ended(second: i64) -> IncidentReport {
    IncidentReport {
        started_at: None,
        resolved_at: Some(at(second)),
        ..started(second)
    }
}

impl Scene {
    fn takes(&mut self, report: &IncidentReport, now: i64) {
        let taken = self.planner.report(&self.facts, &self.id, report, at(now));
        assert_eq!(taken, Reported::Pending);
        assert_eq!(self.writes(at(now)), 1);
    }

    /// A record of another workload with this incident.
    fn other_takes(&mut self, namespace: &str, report: &IncidentReport) {
        let status = incident(
            &DeliveryRecordStatus::default(),
            report,
            &Terms::default(),
            at(90),
        );
        let mut record = Record::clone(self.record().unwrap());
        record.workload.name = "api".to_owned();
        record.packed = PackedStatus::of(&status);
        self.facts.put_record(namespace, "deployment-api", record);
    }

    /// Whether a failure of the next release, which takes 50 s, would be visible.
    fn shows_failures(&mut self, from: i64, meanwhile: impl FnOnce(&mut Self)) -> bool {
        let number = self.status().recorded + 2;
        let image = format!("web:{number}");
        let mut next = bare(&image, from);
        next["status"]["conditions"][0]["reason"] = "ReplicaSetUpdated".into();
        for key in ["updatedReplicas", "availableReplicas", "readyReplicas"] {
            next["status"][key] = 0.into();
        }
        self.looks_at(&next, from);
        meanwhile(self);
        let mut done = bare(&image, from);
        let condition = &mut done["status"]["conditions"][0];
        condition["lastUpdateTime"] = at(from + 50).to_string().into();
        self.looks_at(&done, from + 51);
        let status = self.status();
        let last = status.rollouts.last().unwrap();
        assert_eq!(status.recorded, number - 1);
        assert_eq!(last.available_at.map(|it| it.0), Some(at(from + 50)));
        last.failure_visible
    }

    fn looks_at(&mut self, object: &Value, now: i64) {
        self.sees(object, at(now));
        for look in self.due(at(now)) {
            self.finds(&look, object, at(now));
        }
        self.writes(at(now));
    }
}

#[test]
fn without_an_incident_of_its_namespace_no_failure_is_visible() {
    assert!(!listening().shows_failures(100, |_| ()));
    let mut scene = listening();
    scene.other_takes("billing", &started(50));
    assert!(!scene.shows_failures(100, |_| ()), "of another namespace");
}

#[test]
fn after_an_incident_of_its_namespace_every_failure_is_visible() {
    let mut scene = listening();
    scene.takes(&started(50), 51);
    assert!(scene.shows_failures(100, |_| ()), "of the same workload");
    let mut scene = listening();
    scene.other_takes("shop", &started(50));
    assert!(scene.shows_failures(100, |_| ()), "of another workload");
}

#[test]
fn the_end_of_a_test_incident_suffices() {
    let mut scene = listening();
    scene.takes(&ended(50), 51);
    assert!(scene.shows_failures(100, |_| ()));
    assert_eq!(scene.status().rollouts[0].failed_at, None);
}

#[test]
fn no_failure_is_visible_by_incidents_that_nothing_receives() {
    let mut scene = Scene::with_a_record();
    scene.takes(&started(50), 51);
    assert!(!scene.shows_failures(100, |_| ()));
}

#[test]
fn a_namespace_is_not_visible_once_its_records_hold_no_incident() {
    let mut scene = listening();
    scene.other_takes("shop", &started(50));
    assert!(scene.shows_failures(100, |_| ()));
    scene.facts.remove_record("shop", "deployment-api");
    assert!(!scene.shows_failures(200, |_| ()));
}

#[test]
fn a_failure_stays_visible_though_the_older_incident_goes_during_the_rollout() {
    let mut scene = listening();
    scene.takes(&ended(50), 51);
    let flaps = |scene: &mut Scene| {
        for second in 101..=120 {
            let report = IncidentReport {
                id: format!("b{second}"),
                ..started(second)
            };
            scene
                .planner
                .report(&scene.facts, &scene.id, &report, at(second));
        }
        scene.writes(at(130));
        let ns = scene.facts.namespace("shop").unwrap();
        assert!(ns.records.incidents_since() > Some(at(100)));
    };
    assert!(scene.shows_failures(100, flaps), "its own incidents");
    assert!(scene.status().rollouts[0].failed_at.is_some());
    let mut scene = listening();
    scene.other_takes("shop", &started(50));
    let goes = |scene: &mut Scene| {
        scene.facts.remove_record("shop", "deployment-api");
    };
    assert!(scene.shows_failures(100, goes), "of another workload");
}

#[test]
fn a_rollout_that_replaces_another_is_visible_by_what_is_known_when_it_begins() {
    let replaced = |meanwhile: fn(&mut Scene)| {
        let mut scene = listening();
        scene.other_takes("shop", &started(50));
        let mut first = bare("web:first", 100);
        first["status"]["updatedReplicas"] = 0.into();
        first["status"]["conditions"][0]["reason"] = "ReplicaSetUpdated".into();
        scene.looks_at(&first, 100);
        assert!(scene.status().open.as_ref().unwrap().incidents_arrive);
        meanwhile(&mut scene);
        scene.shows_failures(200, |scene| {
            assert!(scene.status().open.as_ref().unwrap().replaces);
        })
    };
    assert!(replaced(|_| ()));
    let goes = |scene: &mut Scene| {
        scene.facts.remove_record("shop", "deployment-api");
    };
    assert!(!replaced(goes), "no incident is left when it begins");
}

#[test]
fn the_first_incident_of_a_namespace_does_not_make_its_own_rollout_visible() {
    let meanwhile = |scene: &mut Scene| scene.takes(&started(110), 111);
    let mut scene = listening();
    assert!(!scene.shows_failures(100, meanwhile), "during the rollout");
    assert!(scene.status().rollouts[0].failed_at.is_some());
    let mut scene = listening();
    assert!(!scene.shows_failures(100, |_| ()));
    scene.takes(&started(160), 161);
    assert!(scene.status().rollouts[0].failed_at.is_some());
    assert!(!scene.status().rollouts[0].failure_visible, "after it");
    assert!(scene.shows_failures(300, |_| ()), "the next one is");
}
