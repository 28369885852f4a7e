//! What the operator waits for, and what it does without.

use goldenpath_e2e::{ControlPlane, Operator, OperatorOptions, Options, User, eventually};

use crate::ground::{
    SOON, cluster_with, define, deployment, expect_labels, labels, let_it_tick, path, start,
    start_ready,
};

/// What the operator may do in these tests: everything but read cron jobs.
const ALL_BUT_CRON_JOBS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all-but-cron-jobs}
rules:
- {apiGroups: [goldenpath.dev, apps, '', events.k8s.io, coordination.k8s.io], resources: ['*'], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all-but-cron-jobs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: all-but-cron-jobs}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: robot}]
";
const CRON_JOBS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cron-jobs}
rules: [{apiGroups: [batch], resources: [cronjobs], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cron-jobs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cron-jobs}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: robot}]
";

#[test]
fn nothing_is_written_before_the_exceptions_were_listed() {
    let Some(cluster) = goldenpath_e2e::control_plane_or_skip(&Options::default()) else {
        return;
    };
    define(&cluster, "goldenpaths.goldenpath.dev");
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    let operator = start(&cluster, &[]);
    eventually(SOON, "the missing kind is named", || {
        let (status, body) = operator.get("/readyz").unwrap();
        let named = body.contains("DeviationException") && body.contains("NotFound");
        (status == 503 && named).then_some(())
    });
    let_it_tick(&operator, 2.0);
    assert_eq!(labels(&cluster, "default", "web"), "//");
    let waiting = [("kind", "DeviationException"), ("reason", "NotFound")];
    let scraped = operator.scrape().unwrap();
    assert_eq!(
        scraped.value("goldenpath_kind_waiting", &waiting),
        Some(1.0)
    );
    assert_eq!(operator.get("/livez").unwrap().0, 200);
    define(&cluster, "deviationexceptions.goldenpath.dev");
    expect_labels(
        &cluster,
        ("default", "web"),
        "deviating/web-service/undocumented",
    );
    assert!(operator.is_ready());
}

#[test]
fn a_forbidden_kind_does_not_stop_the_others_and_is_followed_once_allowed() {
    let options = Options {
        users: vec![User::new("robot", &[]).unwrap()],
        ..Options::default()
    };
    let Some(cluster) = cluster_with(&options) else {
        return;
    };
    cluster.apply(ALL_BUT_CRON_JOBS).unwrap();
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let mut operator = start_as(&cluster, "robot");
    operator.wait_until_ready(SOON).unwrap();
    expect_labels(&cluster, ("default", "web"), "golden-path/web-service/");
    let (_, body) = operator.get("/readyz").unwrap();
    assert!(
        body.contains("CronJob") && body.contains("Forbidden"),
        "{body}"
    );
    cluster.apply(CRON_JOBS).unwrap();
    eventually(SOON, "the kind is followed", || {
        let waiting = [("kind", "CronJob")];
        let scraped = operator.scrape().unwrap();
        scraped
            .sum("goldenpath_kind_waiting", &waiting)
            .is_none()
            .then_some(())
    });
}

fn start_as(cluster: &ControlPlane, user: &str) -> Operator {
    let mut options = OperatorOptions::new(env!("CARGO_BIN_EXE_goldenpath"), &["run"]);
    options.kubeconfig = Some(cluster.kubeconfig_for(user).unwrap());
    Operator::start(cluster, &options).unwrap()
}

#[test]
fn a_definition_that_is_deleted_later_leaves_the_operator_running() {
    let Some(cluster) = cluster_with(&Options::default()) else {
        return;
    };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let operator = start_ready(&cluster, &[]);
    expect_labels(&cluster, ("default", "web"), "golden-path/web-service/");
    let crd = "deviationexceptions.goldenpath.dev";
    cluster.kubectl_ok(&["delete", "crd", crd]).unwrap();
    eventually(SOON, "the loss is noticed", || {
        let (status, body) = operator.get("/readyz").unwrap();
        (status == 200 && body.contains("DeviationException")).then_some(())
    });
    define(&cluster, crd);
    cluster
        .apply(&crate::ground::exception("default", "thin", "web"))
        .unwrap();
    cluster
        .kubectl_ok(&["scale", "deployment", "web", "--replicas=1"])
        .unwrap();
    expect_labels(
        &cluster,
        ("default", "web"),
        "deviating/web-service/documented",
    );
}
