//! The chart, installed by Helm on a real API server: what the operator's account may do, and that
//! it may do nothing else.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use goldenpath_e2e::{Binaries, ControlPlane, Options, Tool, control_plane_or_skip, eventually};

const NAMESPACE: &str = "goldenpath-system";
const ACCOUNT: &str = "--as=system:serviceaccount:goldenpath-system:goldenpath";

const IN_NAMESPACE: &str = "--namespace=goldenpath-system";
const WORKLOADS: [&str; 5] = [
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "cronjobs.batch",
    "services",
];

struct Helm<'a> {
    cluster: &'a ControlPlane,
    binary: &'a Path,
}

impl Helm<'_> {
    fn run(&self, args: &[&str]) {
        let answer = Command::new(self.binary)
            .args(args)
            .args(["--namespace", NAMESPACE, "--kubeconfig"])
            .arg(self.cluster.kubeconfig())
            .env("HELM_CACHE_HOME", self.cluster.data_dir())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "helm {args:?}: {said}");
    }
}

fn chart() -> String {
    format!("{}/charts/goldenpath", env!("CARGO_MANIFEST_DIR"))
}

/// Whether `who` may, as `kubectl auth can-i` says.
fn may(cluster: &ControlPlane, who: &str, what: &[&str]) -> bool {
    let ask = [&["auth", "can-i", who][..], what].concat();
    cluster.kubectl(&ask).unwrap().status.success()
}

#[test]
fn the_chart_gives_the_operator_what_it_needs_and_no_more() {
    let options = Options {
        controller_manager: true,
        ..Options::default()
    };
    let Some(cluster) = control_plane_or_skip(&options) else {
        return;
    };
    let binaries = match Binaries::locate_or_build(&[Tool::Helm], |_| {}) {
        Ok(binaries) => binaries,
        Err(error) => return writeln!(std::io::stderr(), "skipped: {error}").unwrap(),
    };
    let helm = Helm {
        cluster: &cluster,
        binary: binaries.path(Tool::Helm).unwrap(),
    };

    helm.run(&["install", "goldenpath", &chart(), "--create-namespace"]);
    everything_it_does_is_allowed(&cluster);
    nothing_else_is_allowed(&cluster);
    teams_write_exceptions_and_read_paths(&cluster);

    helm.run(&[
        "upgrade",
        "goldenpath",
        &chart(),
        "--set",
        "labels.enabled=false",
    ]);
    for kind in WORKLOADS {
        assert!(!may(&cluster, ACCOUNT, &["patch", kind, "-A"]), "{kind}");
        assert!(may(&cluster, ACCOUNT, &["watch", kind, "-A"]), "{kind}");
    }

    helm.run(&["uninstall", "goldenpath"]);
    cluster
        .kubectl_ok(&["get", "crd", "goldenpaths.goldenpath.dev"])
        .unwrap();
    helm.run(&["install", "goldenpath", &chart()]);
}

fn everything_it_does_is_allowed(cluster: &ControlPlane) {
    let own = [
        "goldenpaths.goldenpath.dev",
        "deviationexceptions.goldenpath.dev",
        "namespaces",
    ];
    for kind in WORKLOADS.into_iter().chain(own) {
        for verb in ["get", "list", "watch"] {
            assert!(may(cluster, ACCOUNT, &[verb, kind, "-A"]), "{verb} {kind}");
        }
    }
    for kind in WORKLOADS {
        assert!(
            may(cluster, ACCOUNT, &["patch", kind, "-A"]),
            "patch {kind}"
        );
    }
    for allowed in [
        [
            "patch",
            "goldenpaths.goldenpath.dev",
            "--subresource=status",
        ],
        [
            "patch",
            "deviationexceptions.goldenpath.dev",
            "--subresource=status",
        ],
        ["create", "events.events.k8s.io", "-A"],
        ["create", "leases.coordination.k8s.io", IN_NAMESPACE],
        [
            "update",
            "leases.coordination.k8s.io/goldenpath",
            IN_NAMESPACE,
        ],
    ] {
        assert!(may(cluster, ACCOUNT, &allowed), "{allowed:?}");
    }
}

fn nothing_else_is_allowed(cluster: &ControlPlane) {
    for kind in WORKLOADS {
        for verb in ["create", "update", "delete", "deletecollection"] {
            assert!(
                !may(cluster, ACCOUNT, &[verb, kind, IN_NAMESPACE]),
                "{verb} {kind}"
            );
        }
    }
    for refused in [
        ["patch", "goldenpaths.goldenpath.dev", "-A"],
        ["patch", "deviationexceptions.goldenpath.dev", "-A"],
        ["delete", "deviationexceptions.goldenpath.dev", "-A"],
        ["patch", "namespaces", "-A"],
        ["get", "secrets", IN_NAMESPACE],
        ["get", "configmaps", IN_NAMESPACE],
        ["patch", "pods", IN_NAMESPACE],
        ["create", "leases.coordination.k8s.io", "-A"],
        [
            "update",
            "leases.coordination.k8s.io/kube-scheduler",
            IN_NAMESPACE,
        ],
    ] {
        assert!(!may(cluster, ACCOUNT, &refused), "{refused:?}");
    }
}

/// A developer with the role edit in one namespace.
fn teams_write_exceptions_and_read_paths(cluster: &ControlPlane) {
    cluster
        .kubectl_ok(&["create", "namespace", "shop"])
        .unwrap();
    let bind = [
        "create",
        "rolebinding",
        "dev",
        "-n=shop",
        "--clusterrole=edit",
        "--user=dev",
    ];
    cluster.kubectl_ok(&bind).unwrap();
    let dev = ["--as=dev", "--as-group=system:authenticated"];
    let developer_may = |what: [&str; 3]| may(cluster, dev[0], &[&[dev[1]], &what[..]].concat());

    eventually(
        Duration::from_secs(30),
        "the role edit has the chart's rules",
        || developer_may(["create", "deviationexceptions.goldenpath.dev", "-n=shop"]).then_some(()),
    );
    assert!(developer_may(["list", "goldenpaths.goldenpath.dev", "-A"]));
    assert!(developer_may([
        "list",
        "deviationexceptions.goldenpath.dev",
        "-A"
    ]));
    assert!(!developer_may([
        "create",
        "deviationexceptions.goldenpath.dev",
        "-n=default"
    ]));
    for verb in ["create", "update", "patch", "delete"] {
        assert!(
            !developer_may([verb, "goldenpaths.goldenpath.dev", "-n=shop"]),
            "{verb}"
        );
    }
}
