//! A namespace on the cluster, what a script does in it, and what the operator recorded of it.

use std::path::Path;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, eventually, within};
use serde_json::{Value, json};

use crate::{account, suite};

pub const SOON: Duration = Duration::from_secs(90);
/// How often Prometheus scrapes.
pub const SCRAPE: Duration = Duration::from_secs(1);
/// A CronJob runs once a minute.
const MINUTES: Duration = Duration::from_secs(180);
/// Simulated nodes never run it.
pub const NEVER: &str = "registry.invalid/never:1";

/// The namespace of the script, and the cluster.
pub struct Scene<'a> {
    pub cluster: &'a ControlPlane,
    pub namespace: String,
}

impl Scene<'_> {
    pub fn kubectl(&self, args: &[&str]) -> String {
        let of = ["-n", &self.namespace];
        self.cluster.kubectl_ok(&[&of[..], args].concat()).unwrap()
    }

    pub fn apply(&self, object: &Value) {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(self.namespace);
        self.cluster.apply(&object.to_string()).unwrap();
    }

    pub fn set_image(&self, workload: &str, image: &str) {
        self.kubectl(&["set", "image", workload, &format!("*={image}")]);
    }

    pub fn rolled_out(&self, workload: &str) {
        self.kubectl(&["rollout", "status", workload, "--timeout=90s"]);
    }

    pub fn release(&self, image: &str) {
        self.set_image("deployment/web", image);
        self.rolled_out("deployment/web");
    }

    pub fn record(&self, name: &str) -> Option<Value> {
        let of = format!("deliveryrecord/{name}");
        self.cluster.stored(&self.namespace, &of).ok()
    }

    /// Cause and result of each rollout, such as `release available`.
    pub fn rollouts(&self, name: &str) -> Vec<String> {
        let record = self.record(name).unwrap_or_default();
        let rollouts = record["status"]["rollouts"].as_array().cloned();
        let words = |rollout: &Value| {
            let word = |field: &str| rollout[field].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("cause"), word("result"))
        };
        rollouts.unwrap_or_default().iter().map(words).collect()
    }

    pub fn recorded(&self, name: &str, wanted: &[&str]) {
        self.recorded_within(SOON, name, wanted);
    }

    pub fn recorded_within(&self, limit: Duration, name: &str, wanted: &[&str]) {
        let mut last = Vec::new();
        let equal = within(limit, name, || {
            last = self.rollouts(name);
            (last == wanted).then_some(())
        });
        if equal.is_err() {
            let record = self.record(name).unwrap_or_default();
            panic!("{name}: {last:#?} instead of {wanted:#?}: {record:#}");
        }
    }

    pub fn is_available(&self, name: &str) {
        eventually(MINUTES, &format!("{name} is available"), || {
            let record = self.record(name)?;
            (record["status"]["state"] == "Available").then_some(())
        });
    }

    /// Versions of all records.
    pub fn versions(&self) -> String {
        self.kubectl(&[
            "get",
            "deliveryrecords",
            "-o=jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion}\n{end}",
        ])
    }
}

/// An operator with the rights of the account that the chart creates.
pub fn start(cluster: &ControlPlane, account: &Path) -> Operator {
    let lease = format!("--lease-namespace={}", account::NAMESPACE);
    let mut options = suite::operator_options(&["--delivery", &lease]);
    options.kubeconfig = Some(account.to_owned());
    let mut operator = Operator::start(cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    operator
}

pub fn stop(operator: Operator) {
    assert!(operator.stop(SOON).unwrap().success());
}
