//! RBAC as a real API server enforces it: what the operator's account may do and nothing else, what
//! teams may do, and who decides.

use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Options, Tool, control_plane_or_skip, eventually};

use crate::helm::{Helm, chart};

const ACCOUNT: &str = "--as=system:serviceaccount:goldenpath-system:goldenpath";

const IN_NAMESPACE: &str = "--namespace=goldenpath-system";
const WORKLOADS: [&str; 5] = [
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "cronjobs.batch",
    "services",
];

/// Whether `who` may, by `kubectl auth can-i`.
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
    let Some(helm) = Helm::or_skip(Tool::Helm, &cluster) else {
        return;
    };

    helm.run(&["install", "goldenpath", &chart(), "--create-namespace"]);
    everything_it_does_is_allowed(&cluster);
    it_reads_the_policy_that_vouches(&cluster);
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

#[test]
fn approvers_decide_on_their_own_paths_and_no_others() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let Some(helm) = Helm::or_skip(Tool::Helm, &cluster) else {
        return;
    };
    let approvers = "rbac.approvers=[\
        {\"name\": \"data\", \"paths\": [\"stateful-service\"], \"users\": [\"mira\"]},\
        {\"name\": \"gitops\", \"paths\": [\"web-service\"], \"serviceAccounts\": \
            [{\"name\": \"flux\", \"namespace\": \"flux-system\"}]}]";
    let install = ["install", "goldenpath", &chart(), "--create-namespace"];
    helm.run(&[&install[..], &["--set-json", approvers]].concat());
    let example = format!("{}/examples/approver.yaml", env!("CARGO_MANIFEST_DIR"));
    cluster.kubectl_ok(&["apply", "-f", &example]).unwrap();

    let platform = &["--as=pat", "--as-group=platform-team"];
    decides_on(&cluster, &["--as=mira"], &["stateful-service"]);
    decides_on(&cluster, platform, &["web-service", "batch-job"]);
    let flux = "--as=system:serviceaccount:flux-system:flux";
    decides_on(&cluster, &[flux], &["web-service"]);
    decides_on(&cluster, &[ACCOUNT], &[]);
}

/// `who` decides on these paths and on no other, and writes decisions but neither paths nor
/// exceptions of its own.
fn decides_on(cluster: &ControlPlane, who: &[&str], paths: &[&str]) {
    let (first, others) = who.split_first().unwrap();
    let may = |what: &[&str]| may(cluster, first, &[others, what].concat());
    for path in ["stateful-service", "web-service", "batch-job", "other"] {
        let named = format!("goldenpaths.goldenpath.dev/{path}");
        let decides = may(&["approve", &named]);
        assert_eq!(decides, paths.contains(&path), "{who:?} {path}");
    }
    assert!(!may(&["approve", "goldenpaths.goldenpath.dev"]));
    let exceptions = "deviationexceptions.goldenpath.dev";
    for verb in ["update", "patch"] {
        assert_eq!(may(&[verb, exceptions, "-A"]), !paths.is_empty(), "{who:?}");
        assert!(!may(&[verb, "goldenpaths.goldenpath.dev"]), "{who:?}");
    }
    for verb in ["create", "delete"] {
        assert!(!may(&[verb, exceptions, "-A"]), "{who:?} {verb}");
    }
}

fn it_reads_the_policy_that_vouches(cluster: &ControlPlane) {
    for kind in [
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ] {
        let ours = format!("{kind}/goldenpath-approval");
        assert!(may(cluster, ACCOUNT, &["list", &ours]), "{ours}");
        assert!(may(cluster, ACCOUNT, &["watch", &ours]), "{ours}");
    }
}

fn everything_it_does_is_allowed(cluster: &ControlPlane) {
    let own = [
        "goldenpaths.goldenpath.dev",
        "deviationexceptions.goldenpath.dev",
        "namespaces",
    ];
    for kind in WORKLOADS.into_iter().chain(own) {
        for verb in ["list", "watch"] {
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
        ["list", "validatingadmissionpolicies", "-A"],
        [
            "patch",
            "validatingadmissionpolicies/goldenpath-approval",
            "-A",
        ],
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
