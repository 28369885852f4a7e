//! What the operator waits for before it writes, and what it does without.

use goldenpath_e2e::{ControlPlane, Operator, Options, User, eventually};

use crate::ground::{
    SOON, deployment, expect_labels, labels, path, requests_during, start, start_ready,
};
use crate::suite::{control_plane, define, let_it_tick, operator_options};

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
    let Some(cluster) = control_plane(&options) else {
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
    let during = requests_during(&cluster, || let_it_tick(&operator, 3.0));
    let lists = during.count(&["LIST"], "cronjobs");
    assert!(lists <= 6, "asked {lists} times in 15 s");
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
    let mut options = operator_options(&[]);
    options.kubeconfig = Some(cluster.kubeconfig_for(user).unwrap());
    Operator::start(cluster, &options).unwrap()
}

#[test]
fn a_definition_that_is_deleted_later_leaves_the_operator_running() {
    let Some(cluster) = control_plane(&Options::default()) else {
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

/// Our own definition without its rules, as an older version that let such objects in.
const LENIENT: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: goldenpaths.goldenpath.dev}
spec:
  group: goldenpath.dev
  scope: Cluster
  names: {kind: GoldenPath, plural: goldenpaths, singular: goldenpath}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";
const UNREADABLE: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: unreadable}
spec: {checks: none}
";

#[test]
fn an_unreadable_stored_object_is_reported_and_does_not_stop_the_others() {
    let Some(cluster) = goldenpath_e2e::control_plane_or_skip(&Options::default()) else {
        return;
    };
    define(&cluster, "deviationexceptions.goldenpath.dev");
    cluster.apply(LENIENT).unwrap();
    eventually(SOON, "the lenient definition is served", || {
        cluster.apply(UNREADABLE).ok()
    });
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let operator = start_ready(&cluster, &[]);
    expect_labels(&cluster, ("default", "web"), "golden-path/web-service/");
    let problems = || {
        let (_, report) = operator.get("/api/v1/report").unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        report["problems"].to_string()
    };
    assert!(
        problems().contains("goldenpath/unreadable"),
        "{}",
        problems()
    );
    let repaired = path("unreadable").replace(">= 2", ">= 1");
    cluster.apply(&repaired).unwrap();
    eventually(SOON, "the repaired path is not a problem", || {
        (!problems().contains("unreadable")).then_some(())
    });
}

/// One write of the robot at a time; any other is answered with 429, as an overloaded server does.
const OVERLOADED: &str = "
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: closed}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {type: Reject}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: writes-of-the-robot}
spec:
  priorityLevelConfiguration: {name: closed}
  matchingPrecedence: 2
  rules:
  - subjects: [{kind: User, user: {name: robot}}]
    resourceRules: [{verbs: [patch], apiGroups: [apps], resources: [deployments], namespaces: ['*']}]
";

#[test]
fn a_server_that_pushes_back_is_asked_seldom_and_all_is_written_in_the_end() {
    let options = Options {
        users: vec![User::new("robot", &[]).unwrap()],
        ..Options::default()
    };
    let Some(cluster) = control_plane(&options) else {
        return;
    };
    cluster.apply(ALL_BUT_CRON_JOBS).unwrap();
    cluster.apply(OVERLOADED).unwrap();
    cluster.apply(&path("web-service")).unwrap();
    let many: Vec<_> = (0..60).map(|number| format!("web-{number}")).collect();
    let manifests = many.iter().map(|name| deployment("default", name, 2));
    cluster
        .apply(&manifests.collect::<Vec<_>>().join("---"))
        .unwrap();
    let noticed = [
        "get",
        "flowschema",
        "writes-of-the-robot",
        "-o=jsonpath={.status.conditions[0].status}",
    ];
    eventually(SOON, "the limit is noticed", || {
        (cluster.kubectl_ok(&noticed).unwrap() == "False").then_some(())
    });
    let mut operator = start_as(&cluster, "robot");
    operator.wait_until_ready(SOON).unwrap();
    // One at a time, with pauses between: this takes minutes on a busy machine.
    eventually(SOON * 5, "every label is written", || {
        let landed = [("verb", "label"), ("result", "landed")];
        let scraped = operator.scrape().ok()?;
        (scraped.value("goldenpath_writes_total", &landed) == Some(60.0)).then_some(())
    });
    for name in &many {
        expect_labels(&cluster, ("default", name), "golden-path/web-service/");
    }
    let scraped = operator.scrape().unwrap();
    let writes = |result| {
        let labels = [("verb", "label"), ("result", result)];
        scraped.value("goldenpath_writes_total", &labels)
    };
    assert_eq!(writes("landed"), Some(60.0));
    let pushed_back = writes("pushed-back").unwrap();
    assert!(
        (1.0..240.0).contains(&pushed_back),
        "{pushed_back} for 60 writes"
    );
}
