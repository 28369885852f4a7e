//! Shared setup: a control plane with our definitions, an operator that writes policies, and
//! kubectl's answers with their warnings.

use std::process::Output;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, User, eventually};
use serde_json::Value;

use crate::suite;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(60);

/// Who applies: may do anything, and is not the operator, which runs as the administrator.
pub const DEV: &str = "dev";

/// A control plane with our definitions.
pub fn prepared(options: Options) -> Option<ControlPlane> {
    let dev = User::new(DEV, &["system:masters"]).unwrap();
    suite::control_plane(&Options {
        users: vec![dev],
        ..options
    })
}

/// An operator that is ready.
pub fn start(cluster: &ControlPlane, more: &[&str]) -> Operator {
    let mut operator = Operator::start(cluster, &suite::operator_options(more)).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    operator
}

/// An operator that writes policies.
pub fn start_warning(cluster: &ControlPlane) -> Operator {
    start(cluster, &["--warn-on-apply=on"])
}

/// The warnings kubectl printed for an accepted request, without the server's prefix.
pub fn warnings(output: &Output) -> Vec<String> {
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    let ours = printed.lines().filter_map(|line| {
        let (before, message) = line.split_once("': ")?;
        before
            .starts_with(
                "Warning: Validation failed for ValidatingAdmissionPolicy 'goldenpath-warn-",
            )
            .then(|| message.to_owned())
    });
    ours.collect()
}

/// Applies a manifest: what was warned of. It always goes through.
pub fn apply(cluster: &ControlPlane, manifest: &str) -> Vec<String> {
    warnings(&cluster.apply_as(DEV, manifest).unwrap())
}

/// kubectl with these arguments: what was warned of.
pub fn kubectl(cluster: &ControlPlane, args: &[&str]) -> Vec<String> {
    warnings(&cluster.kubectl_as(DEV, args).unwrap())
}

/// An object as it is stored now.
pub fn get(cluster: &ControlPlane, args: &[&str]) -> Value {
    let text = cluster
        .kubectl_ok(&[&["get", "-o", "json"], args].concat())
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Whether the policy of a path and its binding are there.
pub fn installed(cluster: &ControlPlane, path: &str) -> bool {
    let name = format!("goldenpath-warn-{path}");
    let both = "validatingadmissionpolicies,validatingadmissionpolicybindings";
    let found = cluster.kubectl_ok(&["get", both, "-o", "name"]).unwrap();
    found
        .lines()
        .filter(|line| line.ends_with(&format!("/{name}")))
        .count()
        == 2
}

/// The condition `WarnOnApply` of a path, once it has this status and reason.
pub fn condition(cluster: &ControlPlane, path: &str, (status, reason): (&str, &str)) -> String {
    eventually(
        SOON,
        &format!("{path}: WarnOnApply {status} {reason}"),
        || {
            let stored = cluster.stored("", &format!("gp/{path}")).unwrap();
            let conditions = stored["status"]["conditions"].as_array()?.clone();
            let found = conditions
                .into_iter()
                .find(|c| c["type"] == "WarnOnApply")?;
            (found["status"] == status && found["reason"] == reason)
                .then(|| found["message"].as_str().unwrap().to_owned())
        },
    )
}

/// Applies a probe until it is warned about: the policy is in force.
pub fn in_force(cluster: &ControlPlane, probe: &str) -> String {
    eventually(SOON, "the policy is in force", || {
        let output = cluster.apply_as(DEV, probe).ok()?;
        warnings(&output).into_iter().next()
    })
}

/// Waits until a workload has these labels, as `status/path/deviation`.
pub fn labelled(cluster: &ControlPlane, (namespace, object): (&str, &str), wanted: &str) {
    eventually(SOON, &format!("{object} is {wanted}"), || {
        (suite::labels(cluster, namespace, object) == wanted).then_some(())
    });
}
