//! The published JSON schemas and samples of CDEvents: what we send is valid, and the samples of
//! incidents are understood.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goldenpath::api::Instant;
use goldenpath::api::delivery_record::{Rollout, RolloutCause, RolloutResult};
use goldenpath::assess::delivery::event::ServiceEvent;
use goldenpath::assess::delivery::event::cloudevents::Envelope;
use goldenpath::assess::delivery::event::{ReadEvent, cdevents};
use goldenpath::report::cdevents::cloud_event;
use serde_json::{Value, json};

use crate::schema::Schemas;

const VERSIONS: [&str; 2] = ["0.4.1", "0.5.1"];

fn directory(version: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cdevents");
    fixtures.join(version)
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The schemas of one version.
struct Published {
    version: &'static str,
    schemas: Schemas,
}

impl Published {
    fn of(version: &'static str) -> Self {
        let mut schemas = BTreeMap::new();
        for directory in ["schemas", "schemas/links"] {
            for file in fs::read_dir(self::directory(version).join(directory)).unwrap() {
                let file = file.unwrap().path();
                if file.is_file() {
                    let schema = read(&file);
                    schemas.insert(schema["$id"].as_str().unwrap().to_owned(), schema);
                }
            }
        }
        Self {
            version,
            schemas: Schemas(schemas),
        }
    }

    fn faults(&self, name: &str, event: &Value) -> Vec<String> {
        let id = format!("https://cdevents.dev/{}/schema/{name}-event", self.version);
        self.schemas.faults(&id, event)
    }
}

fn at(text: &str) -> Instant {
    Instant(text.parse().unwrap())
}

pub fn service_event(cause: RolloutCause, image: Option<&str>) -> ServiceEvent {
    ServiceEvent {
        uid: "0f8e2a1c-6a52-4a5b-a6a1-3b0d0d3f5d11".to_owned(),
        namespace: "shop".to_owned(),
        kind: "Deployment".to_owned(),
        name: "checkout".to_owned(),
        image: image.map(str::to_owned),
        rollout: Rollout {
            number: 12,
            revision: Some(7),
            cause,
            started_at: at("2026-03-01T12:00:00Z"),
            runs_from: None,
            available_at: Some(at("2026-03-01T12:01:00Z")),
            noticed_late: false,
            withdrawn: false,
            result: RolloutResult::Available,
            failure: None,
            failed_at: None,
            recovered_at: None,
            recovery_unknown: false,
            failure_visible: true,
            commit_time: Some(at("2026-03-01T11:00:00Z")),
            commit_time_refused: None,
            lead_time: Some(3_660),
            standing: Some("golden-path".to_owned()),
            rework_of: None,
        },
    }
}

#[test]
fn events_about_rollouts_are_valid() {
    let published = Published::of("0.5.1");
    let digest = "ghcr.io/shop/checkout:1.4@sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427";
    for (cause, schema, word) in [
        (RolloutCause::Release, "service-deployed", "deployed"),
        (RolloutCause::Config, "service-deployed", "deployed"),
        (RolloutCause::Rollback, "service-rolledback", "rolledback"),
    ] {
        for (image, environment) in [
            (Some(digest), "production"),
            (Some("checkout"), "eu west/ä"),
            (None, "kubernetes"),
        ] {
            let event = service_event(cause, image);
            let event = serde_json::to_value(cloud_event(&event, environment).unwrap()).unwrap();
            assert_eq!(published.faults(schema, &event["data"]), [""; 0]);
            assert_eq!(event["specversion"], "1.0");
            assert_eq!(event["type"], event["data"]["context"]["type"]);
            assert_eq!(event["source"], event["data"]["context"]["source"]);
            let id = format!("0f8e2a1c-6a52-4a5b-a6a1-3b0d0d3f5d11-12-{word}");
            assert_eq!(event["id"], json!(id));
            assert_eq!(event["time"], "2026-03-01T12:01:00Z");
            assert_eq!(event["subject"], "shop/Deployment/checkout");
            assert_eq!(event["data"]["customData"]["rollout"]["leadTime"], 3_660);
        }
    }
}

#[test]
fn only_available_changes_and_rollbacks_are_events() {
    for cause in [RolloutCause::Platform, RolloutCause::Restart] {
        assert_eq!(cloud_event(&service_event(cause, None), "x"), None);
    }
    let mut failed = service_event(RolloutCause::Release, None);
    failed.rollout.available_at = None;
    assert_eq!(cloud_event(&failed, "x"), None);
}

#[test]
fn the_schemas_refuse_what_they_do_not_know() {
    let published = Published::of("0.5.1");
    let valid = sample("0.5.1", "service_rolledback");
    assert_eq!(published.faults("service-rolledback", &valid), [""; 0]);
    for (pointer, value) in [
        ("/context/timestamp", json!("today")),
        (
            "/context/type",
            json!("dev.cdevents.service.deployed.0.3.0"),
        ),
        ("/context/links", json!([{"linkType": "OTHER"}])),
        ("/subject/content", json!({"environment": {"id": "x"}})),
        (
            "/subject",
            json!({"id": "", "content": {}, "type": "service"}),
        ),
        ("/context", json!({})),
    ] {
        let mut changed = valid.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(
            !published.faults("service-rolledback", &changed).is_empty(),
            "{pointer}"
        );
    }
}

fn sample(version: &str, name: &str) -> Value {
    let file = format!("conformance/{name}.json");
    read(&directory(version).join(file))
}

fn envelope(event: &Value) -> Envelope {
    let text = |field: &str| event["context"][field].as_str().unwrap().to_owned();
    Envelope {
        id: text("id"),
        source: text("source"),
        kind: text("type"),
        data: event.clone(),
    }
}

#[test]
fn published_samples_of_incidents_are_understood() {
    for version in VERSIONS {
        let published = Published::of(version);
        let mut ids = Vec::new();
        for predicate in ["detected", "resolved"] {
            let event = sample(version, &format!("incident_{predicate}"));
            let schema = format!("incident-{predicate}");
            assert_eq!(published.faults(&schema, &event), [""; 0]);
            let ReadEvent::Incident(incident) = cdevents::read(&envelope(&event)).unwrap() else {
                panic!("{event:#}");
            };
            let workload = incident.workload.unwrap().to_string();
            assert_eq!(workload, "namespaceB/myApp");
            let at = event["context"]["timestamp"].as_str().unwrap().parse().ok();
            let is_start = predicate == "detected";
            assert_eq!(incident.report.started_at.is_some(), is_start);
            assert_eq!(
                incident.report.started_at.or(incident.report.resolved_at),
                at
            );
            ids.push(incident.report.id);
        }
        assert_eq!(ids, ["/monitoring/prod1 incident-123"; 2]);
        let reported = sample(version, "incident_reported");
        assert_eq!(cdevents::read(&envelope(&reported)), Ok(ReadEvent::Ignored));
    }
}
