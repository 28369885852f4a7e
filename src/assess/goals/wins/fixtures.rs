//! A small fleet for tests: one path with one check, Deployments of teams, their delivery records,
//! exceptions and roadmap items. October 2026 is the month.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Digest, Month, Question, Recent, digest};
use crate::api::{DeliveryRecordStatus, DeviationException, GoldenPathSpec, RoadmapItem};
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::{PackedStatus, Record, record_name};
use crate::assess::object::kind::WatchedKind;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::Origin;
use crate::assess::settings::Settings;
use crate::assess::verdict::AsOf;
use crate::assess::workload::observe;

/// The morning after the month.
pub(super) const AFTER: &str = "2026-11-01T07:00:00Z";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn october() -> Month {
    "2026-10".parse().unwrap()
}

pub(super) struct Fleet(pub Inventory);

impl Fleet {
    pub fn new() -> Self {
        Self::with_checks(&json!([{"name": "replicas", "title": "Has two replicas",
            "expression": "object.spec.replicas >= 2"}]))
    }

    /// With a path that has these checks.
    pub fn with_checks(checks: &Value) -> Self {
        let mut inventory = Inventory::new(Settings::default());
        let spec: GoldenPathSpec = serde_json::from_value(json!({
            "title": "Web service", "owner": {"team": "platform"},
            "launchedAt": "2026-01-01T00:00:00Z", "docsURL": "https://docs.example.com/web",
            "checks": checks,
            "releases": [{"at": "2026-10-12T00:00:00Z", "note": "Probes are set for you"}],
        }))
        .unwrap();
        let origin = Origin {
            name: "web".into(),
            ..Origin::default()
        };
        let _ = inventory.put_path(origin, spec, None);
        Self(inventory)
    }

    pub fn namespace(&mut self, name: &str, annotations: &Value) -> &mut Self {
        let object = json!({"metadata": {"name": name, "annotations": annotations}});
        let namespace = Namespace::read(&object, &[]).unwrap();
        let _ = self.0.put_namespace(namespace);
        self
    }

    /// A Deployment, on the path with two replicas, since January or as `since` says.
    pub fn deployment(
        &mut self,
        namespace: &str,
        name: &str,
        team: &str,
        replicas: u32,
    ) -> &mut Self {
        self.deployment_since(namespace, name, (team, replicas), "2026-01-05T00:00:00Z")
    }

    pub fn deployment_since(
        &mut self,
        namespace: &str,
        name: &str,
        (team, replicas): (&str, u32),
        since: &str,
    ) -> &mut Self {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"),
                "creationTimestamp": since, "labels": {"team": team}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "web:1"}]}}},
        });
        let kind = &WatchedKind::built_in()[0];
        let observed = observe(object, kind, &self.0.read_context(namespace)).unwrap();
        self.0.put_workload(observed);
        self
    }

    /// The record of a Deployment, as its status.
    pub fn record(&mut self, namespace: &str, name: &str, status: &Value) -> &mut Self {
        let hashes = json!({"version": 1, "release": "a", "config": "b", "resources": "c",
            "platform": "d"});
        let mut whole =
            json!({"mark": {"uid": "u", "generation": 1, "at": AFTER, "template": hashes}});
        whole
            .as_object_mut()
            .unwrap()
            .extend(status.as_object().unwrap().clone());
        let status: DeliveryRecordStatus = serde_json::from_value(whole).unwrap();
        let kind = &WatchedKind::built_in()[0];
        let record = Record {
            uid: None,
            version: None,
            generation: None,
            owner: None,
            workload: serde_json::from_value(
                json!({"group": kind.group, "kind": kind.kind, "name": name}),
            )
            .unwrap(),
            packed: PackedStatus::of(&status),
        };
        self.0
            .put_record(namespace, &record_name(kind, name), record);
        self
    }

    /// An approved exception of a Deployment from the check, with a change to its spec.
    pub fn exception(
        &mut self,
        namespace: &str,
        of: &str,
        team: &str,
        change: &Value,
    ) -> &mut Self {
        let mut spec = json!({
            "path": "web", "checks": ["replicas"], "targets": [{"kind": "Deployment", "name": of}],
            "reason": "one replica holds the licence of the vendor", "owner": {"team": team},
            "ownershipCost": {"hoursPerMonth": 2.0},
            "approval": {"decision": "Approved", "by": "ann", "at": "2026-08-20T00:00:00Z"},
        });
        spec.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let object: DeviationException = serde_json::from_value(json!({
            "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
            "metadata": {"name": format!("{of}-replicas"), "namespace": namespace,
                "creationTimestamp": "2026-08-19T00:00:00Z"},
            "spec": spec,
        }))
        .unwrap();
        self.0
            .put_exception(namespace, Exception::read(object, Timestamp::MIN));
        self
    }

    /// A roadmap item that was shipped.
    pub fn shipped(&mut self, name: &str, title: &str, on: &str) -> &mut Self {
        let item: RoadmapItem = serde_json::from_value(json!({
            "apiVersion": "goldenpath.dev/v1alpha1", "kind": "RoadmapItem",
            "metadata": {"name": name},
            "spec": {"title": title, "horizon": "Now", "state": "Shipped", "shippedAt": on},
        }))
        .unwrap();
        self.0.change_goals(|goals| goals.put(item));
        self
    }

    pub fn digest(&self) -> Digest {
        self.digest_of(october(), Recent::default(), AFTER)
    }

    pub fn digest_of(&self, month: Month, recent: Recent, now: &str) -> Digest {
        let question = Question {
            month,
            min_services: super::MIN_SERVICES,
            recent: Some(recent),
            unseen_opted_out: true,
        };
        digest(&self.0, &question, &AsOf::new(at(now)))
    }
}

/// A rollout that found the workload in this state.
pub(super) fn rollout(number: u32, started: &str, standing: &str) -> Value {
    json!({"number": number, "cause": "release", "startedAt": started, "availableAt": started,
        "result": "available", "failureVisible": true, "standing": standing})
}

/// The counts of one day.
pub(super) fn day(day: &str, leads: &[u32]) -> Value {
    json!({"day": day, "standing": "golden-path", "counts": {"rollouts": leads.len()},
        "leadTimes": leads})
}

/// An exception that is closed at an instant.
pub(super) fn closed(on: &str) -> Value {
    json!({"reviews": [{"by": "mira", "at": on, "outcome": "Closed"}]})
}
