//! The operator's account as the chart creates it, with exactly the rights that its values give it.

use std::path::PathBuf;
use std::process::Command;

use goldenpath_e2e::{ControlPlane, Tool, binaries_or_skip};

/// The namespace of the account, and of the Lease.
pub const NAMESPACE: &str = "goldenpath-system";

/// Creates account and roles as the chart renders them with this value; the account's kubeconfig.
/// Without Helm it prints `skipped: …` and returns None.
pub fn account(cluster: &ControlPlane, value: &str) -> Option<PathBuf> {
    let binaries = binaries_or_skip(&[Tool::Helm])?;
    let output = Command::new(binaries.path(Tool::Helm).unwrap())
        .args(["template", "goldenpath", "charts/goldenpath"])
        .args(["--namespace", NAMESPACE, "--set", value])
        .args(["--show-only", "templates/rbac.yaml"])
        .args(["--show-only", "templates/serviceaccount.yaml"])
        .env("HELM_CACHE_HOME", cluster.data_dir())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    cluster
        .kubectl_ok(&["create", "namespace", NAMESPACE])
        .unwrap();
    cluster
        .apply(&String::from_utf8(output.stdout).unwrap())
        .unwrap();
    let kubeconfig = cluster.kubeconfig_for_service_account(NAMESPACE, "goldenpath");
    Some(kubeconfig.unwrap())
}
