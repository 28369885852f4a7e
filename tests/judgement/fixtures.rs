//! A small cluster in YAML: one path with two required checks, and builders around it.

use goldenpath::api::{
    DeviationException, DeviationExceptionStatus, GoldenPathSpec, GoldenPathStatus,
};
use goldenpath::assess::adoption::index::Contributions;
use goldenpath::assess::exception::record::Exception;
use goldenpath::assess::inventory::{Inventory, Reread};
use goldenpath::assess::object::kind::{WatchedKind, WorkloadId};
use goldenpath::assess::object::namespace::Namespace;
use goldenpath::assess::path::Origin;
use goldenpath::assess::planner::Planners;
use goldenpath::assess::planner::labels::{LabelPlan, LabelWrite};
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::planner::service_labels::ServiceWrite;
use goldenpath::assess::planner::statuses::{Owned, StatusPlan, StatusWrite};
use goldenpath::assess::register::index::Register;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::verdict::{AsOf, Verdict, judge};
use goldenpath::assess::workload::observe;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The instant most tests happen at.
pub const NOW: &str = "2026-06-01T12:00:00Z";

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    instant(NOW)
}

/// A path for Deployments: enough replicas, and a tier label.
pub fn web_path() -> Value {
    json!({
        "owner": {"team": "platform"},
        "launchedAt": "2026-01-01T00:00:00Z",
        "checks": [
            {"name": "replicas", "expression": "object.spec.replicas >= 2"},
            {"name": "tier", "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels"},
        ],
    })
}

/// `web_path` with a third check, which no Deployment here passes.
pub fn stricter(enforce_from: Option<&str>) -> Value {
    let mut checks = web_path()["checks"].clone();
    let mut check = json!({"name": "many", "expression": "object.spec.replicas >= 9"});
    if let Some(from) = enforce_from {
        check["enforceFrom"] = json!(from);
    }
    checks.as_array_mut().unwrap().push(check);
    with(web_path(), json!({"checks": checks}))
}

/// A Deployment on the web path.
pub fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "resourceVersion": "5",
            "creationTimestamp": "2026-02-01T00:00:00Z", "labels": {"tier": "front", "app": name}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": "shop/web:1"}]}}},
    })
}

/// An approved exception of shop's Deployment `web` for the check `replicas`.
pub fn exception(name: &str) -> Value {
    json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "generation": 1,
            "creationTimestamp": "2026-05-01T00:00:00Z"},
        "spec": {"path": "web", "checks": ["replicas"], "targets": [{"kind": "Deployment", "name": "web"}],
            "reason": "one replica holds the licence of the vendor", "owner": {"team": "shop"},
            "ownershipCost": {"hoursPerMonth": 2.0},
            "approval": {"decision": "Approved", "by": "ann", "at": "2026-05-02T00:00:00Z"}},
    })
}

/// Merges `change` into `object`: `null` removes, objects merge, the rest replaces.
pub fn with(mut object: Value, change: Value) -> Value {
    merge(&mut object, change);
    object
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, change) => *into = change,
    }
}

/// An inventory with the given paths, and the planners and the register beside it.
pub struct Cluster(pub Inventory, pub Planners, pub Register);

impl Cluster {
    pub fn new(settings: Settings) -> Self {
        Self(
            Inventory::new(settings),
            Planners::default(),
            Register::default(),
        )
    }

    /// With the web path and a namespace.
    pub fn with_web_path() -> Self {
        let mut cluster = Self::new(Settings::default());
        let _ = cluster.put_path("web", web_path());
        cluster.put_namespace("shop", &json!({}));
        cluster
    }

    /// A path as the API server lists it: with its generation and its stored status.
    pub fn put_listed_path(
        &mut self,
        name: &str,
        generation: i64,
        spec: Value,
        status: Option<GoldenPathStatus>,
    ) -> Reread {
        let origin = Origin {
            name: name.into(),
            generation: Some(generation),
            ..Origin::default()
        };
        let spec: GoldenPathSpec = serde_json::from_value(spec).unwrap();
        self.0.put_path(origin, spec, status)
    }

    pub fn put_path(&mut self, name: &str, spec: Value) -> Reread {
        let generation = self.0.version().try_into().ok();
        let origin = Origin {
            name: name.into(),
            generation,
            ..Origin::default()
        };
        let spec: GoldenPathSpec = serde_json::from_value(spec).unwrap();
        // As the API server does, an edit leaves the status as it is.
        let status = self.0.path_status(name).cloned();
        self.0.put_path(origin, spec, status)
    }

    pub fn put_namespace(&mut self, name: &str, labels: &Value) -> bool {
        let object = json!({"metadata": {"name": name, "labels": labels}});
        let namespace = Namespace::read(&object, &self.0.settings.team_keys).unwrap();
        self.0.put_namespace(namespace)
    }

    pub fn put(&mut self, object: Value) -> &mut Self {
        let kind = self
            .0
            .settings
            .kind(None, object["kind"].as_str().unwrap())
            .unwrap()
            .clone();
        let namespace = object["metadata"]["namespace"].as_str().unwrap().to_owned();
        if let Some(observed) = observe(object, &kind, &self.0.read_context(&namespace)) {
            self.0.put_workload(observed);
        }
        self
    }

    pub fn put_exception(&mut self, object: Value) -> &mut Self {
        let namespace = object["metadata"]["namespace"].as_str().unwrap().to_owned();
        let object: DeviationException = serde_json::from_value(object).unwrap();
        self.0
            .put_exception(&namespace, Exception::read(object, Timestamp::MIN));
        self
    }

    pub fn verdict_at(&self, name: &str, at: Timestamp) -> Option<Verdict> {
        let ns = self.0.namespace("shop")?;
        let entry = ns
            .workloads
            .values()
            .find(|entry| *entry.workload.id.name == *name)?;
        let as_of = AsOf::new(at);
        Some(judge(&entry.workload, ns, &self.0.judge_context(&as_of)))
    }

    pub fn verdict(&self, name: &str) -> Verdict {
        self.verdict_at(name, now()).expect("the workload is known")
    }

    /// Name of the path a workload is judged by.
    pub fn path_of(&self, name: &str) -> Option<String> {
        let verdict = self.verdict(name);
        let ns = self.0.namespace("shop")?;
        let entry = ns
            .workloads
            .values()
            .find(|entry| *entry.workload.id.name == *name)?;
        Some(entry.workload.paths.get(verdict.path?).name.to_string())
    }

    /// Plans and lands everything at `at`.
    pub fn apply(&mut self, at: Timestamp) -> LabelPlan {
        let plan = self.plan(at, usize::MAX);
        for write in &plan.labels {
            self.ended(write, WriteResult::Landed(None), at);
        }
        plan
    }

    pub fn plan(&mut self, at: Timestamp, limit: usize) -> LabelPlan {
        self.1.labels.plan(&mut self.0, at, limit)
    }

    pub fn has_work(&self, at: Timestamp) -> bool {
        self.1.labels.has_work(&self.0, at)
    }

    pub fn ended(&mut self, write: &LabelWrite, outcome: WriteResult, at: Timestamp) {
        self.1.labels.ended(&mut self.0, write, outcome, at);
    }

    pub fn plan_services(&mut self, at: Timestamp, limit: usize) -> Vec<ServiceWrite> {
        self.1.service_labels.plan(&self.0, at, limit)
    }

    pub fn service_ended(&mut self, write: &ServiceWrite, outcome: WriteResult, at: Timestamp) {
        let planner = &mut self.1.service_labels;
        planner.ended(&mut self.0, write, outcome, at);
    }

    /// The status of a path that is planned at `at`, once it is stored.
    pub fn store_path_status(&mut self, path: &str, at: Timestamp) -> Option<GoldenPathStatus> {
        let mut writes = self.plan_statuses(at).paths.into_iter();
        let write = writes.find(|write| write.of == Owned::Path(path.into()))?;
        let status = write.status.clone();
        let planner = &mut self.1.statuses;
        planner.ended(&mut self.0, write, WriteResult::Landed(None), at);
        Some(status)
    }

    pub fn exception_ended(
        &mut self,
        write: StatusWrite<DeviationExceptionStatus>,
        outcome: WriteResult,
        at: Timestamp,
    ) {
        let planner = &mut self.1.statuses;
        planner.ended(&mut self.0, write, outcome, at);
    }

    pub fn plan_statuses(&mut self, at: Timestamp) -> StatusPlan {
        let _ = self.0.tick(at);
        while self.2.follow(&mut self.0, at, usize::MAX) {}
        let counts = Contributions::of(&self.0, &AsOf::new(at));
        self.1.plan_statuses(&self.0, &counts, &self.2, at)
    }

    /// Every label as stored, in order.
    pub fn labels(&self) -> Vec<(String, Vec<(&'static str, String)>)> {
        let entries = self
            .0
            .namespaces()
            .flat_map(|(_, ns)| ns.workloads.values());
        let label = |entry: &goldenpath::assess::namespace_index::Entry| {
            let pairs = entry
                .workload
                .attributes
                .live
                .present()
                .map(|(key, value)| (key, value.to_owned()));
            (entry.workload.id.to_string(), pairs.collect())
        };
        entries.map(|entry| label(entry)).collect()
    }
}

/// The id of a Deployment in shop.
pub fn deployment_id(name: &str) -> WorkloadId {
    WorkloadId {
        namespace: "shop".into(),
        kind: WatchedKind::built_in()[0].clone(),
        name: name.into(),
    }
}
