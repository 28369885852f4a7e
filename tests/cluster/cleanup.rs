//! `cleanup` removes everything of ours and nothing of others.

use std::process::Output;

use goldenpath_e2e::{ControlPlane, eventually};

use crate::ground::{SOON, cluster, deployment, expect_labels, labels, path, start_ready};
use crate::suite;

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default, labels: {team: shop}}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

const UNDOCUMENTED: &str = "deviating/web-service/undocumented";

fn cleanup(cluster: &ControlPlane, more: &[&str]) -> Output {
    let args = [&["cleanup"], more].concat();
    suite::goldenpath(cluster.kubeconfig(), &args)
        .output()
        .unwrap()
}

fn whole(cluster: &ControlPlane, kind: &str, name: &str) -> String {
    let args = ["get", kind, name, "-o=yaml", "--show-managed-fields"];
    cluster.kubectl_ok(&args).unwrap()
}

/// Two Deployments and a Service, labelled by an operator that has ended.
fn label_everything(cluster: &ControlPlane) {
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    cluster.apply(&deployment("default", "forged", 2)).unwrap();
    cluster.apply(SERVICE).unwrap();
    let operator = start_ready(cluster, &["--lease-namespace=default"]);
    expect_labels(cluster, ("default", "web"), UNDOCUMENTED);
    expect_labels(cluster, ("default", "forged"), "golden-path/web-service/");
    eventually(SOON, "the Service is labelled", || {
        let service = whole(cluster, "service", "web");
        service
            .contains("goldenpath.dev/status: deviating")
            .then_some(())
    });
    operator.stop(SOON).unwrap();
}

#[test]
fn cleanup_leaves_no_trace_of_the_operator() {
    let Some(cluster) = cluster() else { return };
    label_everything(&cluster);
    let forge = [
        "label",
        "deployment",
        "forged",
        "goldenpath.dev/deviation=documented",
    ];
    cluster.kubectl_ok(&forge).unwrap();

    let printed = String::from_utf8(cleanup(&cluster, &["--dry-run"]).stdout).unwrap();
    assert!(
        printed.contains("Deployment: 2 would be cleaned"),
        "{printed}"
    );
    assert_eq!(labels(&cluster, "default", "web"), UNDOCUMENTED);
    let output = cleanup(&cluster, &["--lease-namespace=default"]);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("Deployment: 2 cleaned") && printed.contains("Service: 1 cleaned"));

    for (kind, name) in [
        ("deployment", "web"),
        ("deployment", "forged"),
        ("service", "web"),
    ] {
        let whole = whole(&cluster, kind, name);
        assert!(!whole.contains("goldenpath"), "{whole}");
    }
    assert!(whole(&cluster, "service", "web").contains("team: shop"));
    let lease = ["get", "lease", "-n", "default", "goldenpath"];
    assert!(!cluster.kubectl(&lease).unwrap().status.success());
    let again = String::from_utf8(cleanup(&cluster, &[]).stdout).unwrap();
    assert!(again.contains("Deployment: 0 cleaned"), "{again}");
}
