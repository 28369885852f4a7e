//! The operator's account as the chart creates it, with exactly the rights that its values give it.

use std::path::PathBuf;

use goldenpath_e2e::ControlPlane;

use crate::suite::rendered;

/// The namespace of the account, and of the Lease.
pub const NAMESPACE: &str = "goldenpath-system";

/// Creates account and roles as the chart renders them with this value; the account's kubeconfig.
/// Without Helm it prints `skipped: …` and returns None.
pub fn account(cluster: &ControlPlane, value: &str) -> Option<PathBuf> {
    let text = rendered(
        cluster,
        &["templates/rbac.yaml", "templates/serviceaccount.yaml"],
        &["--namespace", NAMESPACE, "--set", value],
    )?;
    cluster
        .kubectl_ok(&["create", "namespace", NAMESPACE])
        .unwrap();
    cluster.apply(&text).unwrap();
    let kubeconfig = cluster.kubeconfig_for_service_account(NAMESPACE, "goldenpath");
    Some(kubeconfig.unwrap())
}
