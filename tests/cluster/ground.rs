//! Shared setup: a control plane with our definitions, a path and workloads, and the operator as a
//! separate process.

use std::time::Duration;

use goldenpath_e2e::{ApiRequests, ControlPlane, Operator, Options, eventually};
use serde_json::{Value, json};

use crate::suite;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(60);

/// A control plane with our definitions.
pub fn cluster() -> Option<ControlPlane> {
    suite::control_plane(&Options::default())
}

/// Puts a definition in the place of ours that takes every date the API server calls one, as an
/// older version did, and waits until it does.
pub fn loosen(cluster: &ControlPlane, name: &str) {
    let mut crd = stored(cluster, "crd", name);
    forget_rules_on_dates(&mut crd["spec"]["versions"][0]["schema"]);
    let manifest = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": crd["spec"],
    });
    cluster.apply(&manifest.to_string()).unwrap();
}

fn forget_rules_on_dates(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields
                .get("format")
                .is_some_and(|format| format == "date-time")
            {
                for rule in ["pattern", "maxLength", "x-kubernetes-validations"] {
                    fields.remove(rule);
                }
            }
            fields.values_mut().for_each(forget_rules_on_dates);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_rules_on_dates),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An object of the namespace `default`, or of none, as it is stored.
pub fn stored(cluster: &ControlPlane, kind: &str, name: &str) -> Value {
    let object = format!("{kind}/{name}");
    cluster.stored("default", &object).unwrap()
}

/// A path every Deployment of these tests is in the scope of: two replicas at least.
pub fn path(name: &str) -> String {
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {{name: {name}}}
spec:
  title: Web service
  owner: {{team: platform, contact: '#platform'}}
  scope: {{kinds: [{{group: apps, kind: Deployment}}]}}
  checks:
  - name: replicas
    expression: object.spec.replicas >= 2
    message: one replica is one restart away from an outage
"
    )
}

/// A Deployment; this cluster has no node that could start its pods.
pub fn deployment(namespace: &str, name: &str, replicas: u32) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: 'registry.example.com/web:1', ports: [{{containerPort: 8080}}]}}]}}
"
    )
}

/// An exception from the check, approved long ago and valid for years.
pub fn exception(namespace: &str, name: &str, target: &str) -> String {
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  path: web-service
  checks: [replicas]
  targets: [{{kind: Deployment, name: {target}}}]
  reason: The licence of the vendor allows one replica only.
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: 2}}
  approval: {{decision: Approved, by: ada, at: '{}'}}
",
        jiff::Timestamp::now()
    )
}

/// The operator, not yet ready.
pub fn start(cluster: &ControlPlane, more: &[&str]) -> Operator {
    Operator::start(cluster, &suite::operator_options(more)).unwrap()
}

/// The operator, ready.
pub fn start_ready(cluster: &ControlPlane, more: &[&str]) -> Operator {
    let mut operator = start(cluster, more);
    operator.wait_until_ready(SOON).unwrap();
    operator
}

/// Our labels of a Deployment, as `status/path/deviation`.
pub fn labels(cluster: &ControlPlane, namespace: &str, name: &str) -> String {
    suite::labels(cluster, namespace, &format!("deployment/{name}"))
}

/// Waits until a Deployment carries these labels.
#[track_caller]
pub fn expect_labels(cluster: &ControlPlane, (namespace, name): (&str, &str), wanted: &str) {
    eventually(SOON, &format!("{name} is {wanted}"), || {
        (labels(cluster, namespace, name) == wanted).then_some(())
    });
}

/// What the API server was asked while `body` ran.
pub fn requests_during(cluster: &ControlPlane, body: impl FnOnce()) -> ApiRequests {
    let before = cluster.api_request_totals().unwrap();
    body();
    cluster.api_request_totals().unwrap().since(&before)
}
