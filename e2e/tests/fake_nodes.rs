//! Controllers, the scheduler and simulated nodes.

use std::time::Duration;

use goldenpath_e2e::{Options, control_plane_or_skip, eventually};

const WORKLOADS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'registry.invalid/web:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: default}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: once, image: 'registry.invalid/once:1'}]
";

#[test]
fn deployments_become_available_and_jobs_complete() {
    let options = Options {
        fake_nodes: 2,
        ..Options::default()
    };
    let Some(cluster) = control_plane_or_skip(&options) else {
        return;
    };
    cluster.apply(WORKLOADS).unwrap();
    let wait = [
        "wait",
        "--for=condition=Available",
        "deployment/web",
        "--timeout=60s",
    ];
    cluster.kubectl_ok(&wait).unwrap();
    let wait = [
        "wait",
        "--for=condition=Complete",
        "job/once",
        "--timeout=60s",
    ];
    cluster.kubectl_ok(&wait).unwrap();

    cluster
        .kubectl_ok(&["delete", "deployment", "web", "--wait=false"])
        .unwrap();
    eventually(Duration::from_secs(60), "its pods are gone", || {
        let pods = cluster
            .kubectl_ok(&["get", "pods", "-l=app=web", "-o=name"])
            .unwrap();
        pods.is_empty().then_some(())
    });
}
