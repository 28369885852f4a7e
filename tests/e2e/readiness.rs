//! The operator writes nothing until its state is complete, and reports what it waits for.

use goldenpath_e2e::{
    AuditEvent, ControlPlane, Operator, Options, control_plane_or_skip, eventually,
};

use crate::stage::{Place, SOON, start, stop};
use crate::suite::{control_plane, define_all, operator_options};
use crate::words::{PATH, approval, exception, failing, golden, workload};

const ACCOUNT: &str = "system:serviceaccount:operator:operator";

/// All it needs, in one role a resource, so that a test can keep one back.
const ROLES: [(&str, &str, &str, &str); 8] = [
    (
        "workloads",
        "apps",
        "deployments, statefulsets, daemonsets",
        "get, list, watch, patch",
    ),
    ("cronjobs", "batch", "cronjobs", "get, list, watch, patch"),
    (
        "core",
        "''",
        "namespaces, services",
        "get, list, watch, patch",
    ),
    ("paths", "goldenpath.dev", "goldenpaths", "get, list, watch"),
    (
        "exceptions",
        "goldenpath.dev",
        "deviationexceptions",
        "get, list, watch",
    ),
    (
        "status",
        "goldenpath.dev",
        "goldenpaths/status, deviationexceptions/status",
        "patch",
    ),
    ("events", "events.k8s.io", "events", "create, patch"),
    (
        "leases",
        "coordination.k8s.io",
        "leases",
        "get, create, update, patch",
    ),
];

fn grant(cluster: &ControlPlane, wanted: impl Fn(&str) -> bool) {
    for (name, group, resources, verbs) in ROLES.iter().filter(|role| wanted(role.0)) {
        let role = format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: operator-{name}}}
rules: [{{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: operator-{name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator-{name}}}
subjects: [{{kind: ServiceAccount, namespace: operator, name: operator}}]
"
        );
        cluster.apply(&role).unwrap();
    }
}

/// An operator with an account of its own, which has all rights but those of one role.
fn start_without(cluster: &ControlPlane, kept_back: &str) -> Operator {
    cluster
        .kubectl_ok(&["create", "namespace", "operator"])
        .unwrap();
    cluster
        .kubectl_ok(&["create", "serviceaccount", "operator", "-n", "operator"])
        .unwrap();
    grant(cluster, |role| role != kept_back);
    let mut options = operator_options(&["--lease-namespace=operator"]);
    options.kubeconfig = Some(
        cluster
            .kubeconfig_for_service_account("operator", "operator")
            .unwrap(),
    );
    Operator::start(cluster, &options).unwrap()
}

/// What it wrote to workloads.
fn writes(cluster: &ControlPlane) -> Vec<AuditEvent> {
    let events = cluster.audit_events().unwrap();
    let written = events.into_iter().filter(|event| {
        event.user == ACCOUNT && event.verb == "patch" && event.resource == "deployments"
    });
    written.collect()
}

/// How often it asked for a list of exceptions and was refused.
fn refusals(cluster: &ControlPlane) -> usize {
    let events = cluster.audit_events().unwrap();
    let refused = events.iter().filter(|event| {
        event.user == ACCOUNT && event.resource == "deviationexceptions" && event.code == 403
    });
    refused.count()
}

/// Paths and namespaces are known by then; the operator does not even list workloads.
fn waits_for_exceptions(operator: &Operator) -> bool {
    let (status, body) = operator.get("/readyz").unwrap();
    let waits_for = |kind: &str| body.contains(&format!("- {kind}: not listed yet"));
    let known = !waits_for("GoldenPath") && !waits_for("Namespace");
    let is_reported = body.contains("- DeviationException: not listed yet (Forbidden");
    status == 503 && known && is_reported && waits_for("Deployment")
}

#[test]
fn nothing_is_labelled_before_exceptions_are_listed_and_then_never_wrongly() {
    let audited = Options {
        audit_log: true,
        ..Options::default()
    };
    let Some(cluster) = control_plane(&audited) else {
        return;
    };
    let place = Place::on(&cluster, "slow");
    place.apply(PATH);
    place.apply(&[failing("web"), failing("moving"), golden("api")].concat());
    place.apply(&exception("web", &approval()));
    let mut operator = start_without(&cluster, "exceptions");
    eventually(SOON, "it reports that it waits for exceptions", || {
        waits_for_exceptions(&operator).then_some(())
    });
    // It goes on asking, which shows that it ran all the while.
    eventually(SOON, "it has asked again and again", || {
        (refusals(&cluster) >= 4).then_some(())
    });
    for name in ["deploy/web", "deploy/moving", "deploy/api"] {
        assert!(place.labels(name).is_empty(), "{name}");
    }
    grant(&cluster, |role| role == "exceptions");
    // Its pauses between two attempts have grown meanwhile.
    operator.wait_until_ready(SOON * 2).unwrap();
    place.becomes("deploy/web", "deviating", Some("documented"));
    place.becomes("deploy/moving", "deviating", Some("undocumented"));
    place.becomes("deploy/api", "golden-path", None);
    let written = eventually(SOON, "the audit log has all three", || {
        let written = writes(&cluster);
        (written.len() >= 3).then_some(written)
    });
    assert_eq!(
        written.len(),
        3,
        "one write each, and so never a false one: {written:?}"
    );
    assert!(written.iter().all(|event| event.code == 200), "{written:?}");
    stop(operator);
}

#[test]
fn a_kind_it_may_not_list_is_reported_while_the_others_are_served() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "forbidden");
    place.apply(PATH);
    place.apply(&[golden("web"), workload("CronJob", "nightly", "1.0.0")].concat());
    let mut operator = start_without(&cluster, "cronjobs");
    operator.wait_until_ready(SOON).unwrap();
    place.becomes("deploy/web", "golden-path", None);
    let body = operator.get("/readyz").unwrap().1;
    assert!(
        body.contains("CronJob cannot be followed (Forbidden"),
        "{body}"
    );
    let waiting = [("kind", "CronJob"), ("reason", "Forbidden")];
    let is_reported = operator
        .scrape()
        .unwrap()
        .value("goldenpath_kind_waiting", &waiting);
    assert_eq!(is_reported, Some(1.0));
    assert!(place.labels("cronjob/nightly").is_empty());
    grant(&cluster, |role| role == "cronjobs");
    place.becomes_within(SOON * 2, ("cronjob/nightly", "is labelled"), |labels| {
        !labels.is_empty()
    });
    stop(operator);
}

#[test]
fn definitions_that_come_later_are_waited_for() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let mut operator = start(&cluster, &[]);
    eventually(SOON, "readiness names what is pending", || {
        let (status, body) = operator.get("/readyz").ok()?;
        let all = ["GoldenPath", "DeviationException"];
        let is_reported = all
            .iter()
            .all(|kind| body.contains(&format!("{kind}: not listed yet (NotFound")));
        (status == 503 && is_reported).then_some(())
    });
    define_all(&cluster);
    operator.wait_until_ready(SOON * 2).unwrap();
    let place = Place::on(&cluster, "later");
    place.apply(PATH);
    place.apply(&golden("web"));
    place.becomes("deploy/web", "golden-path", None);
    stop(operator);
}
