//! The policies themselves: written where enabled, restored, removed, and reported as missing where
//! they cannot be created.

use goldenpath_e2e::{ControlPlane, Operator, OperatorOptions, Options, eventually};

use crate::ground::{SOON, condition, get, installed, prepared, start, start_warning};
use crate::suite::{self, let_it_tick};

fn path(name: &str, more: &str) -> String {
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {{name: {name}}}
spec:
  owner: {{team: platform}}
  warnOnApply: true
{more}
  checks:
  - {{name: replicas, expression: object.spec.replicas >= 2}}
"
    )
}

fn gone(cluster: &ControlPlane, path: &str) {
    let name = format!("/goldenpath-warn-{path}");
    let both = "validatingadmissionpolicies,validatingadmissionpolicybindings";
    eventually(SOON, &format!("{path} has no policy"), || {
        let found = cluster.kubectl_ok(&["get", both, "-o", "name"]).ok()?;
        (!found.lines().any(|line| line.ends_with(&name))).then_some(())
    });
}

fn policy_writes(cluster: &ControlPlane, body: impl FnOnce()) -> u64 {
    let before = cluster.api_request_totals().unwrap();
    body();
    let since = cluster.api_request_totals().unwrap().since(&before);
    since.writes("validatingadmissionpolicies") + since.writes("validatingadmissionpolicybindings")
}

#[test]
fn a_policy_comes_with_its_path_and_goes_with_it_or_with_the_wish() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let operator = start_warning(&cluster);
    for name in ["deleted", "turned-off", "postponed"] {
        cluster.apply(&path(name, "")).unwrap();
        condition(&cluster, name, ("True", "Installed"));
        assert!(installed(&cluster, name));
    }
    cluster.kubectl_ok(&["delete", "gp", "deleted"]).unwrap();
    gone(&cluster, "deleted");
    let off = r#"{"spec": {"warnOnApply": false}}"#;
    let patch = ["patch", "gp", "turned-off", "--type=merge", "-p", off];
    cluster.kubectl_ok(&patch).unwrap();
    gone(&cluster, "turned-off");
    let ahead = r#"{"spec": {"launchedAt": "2040-01-01T00:00:00Z"}}"#;
    let patch = ["patch", "gp", "postponed", "--type=merge", "-p", ahead];
    cluster.kubectl_ok(&patch).unwrap();
    gone(&cluster, "postponed");
    condition(&cluster, "postponed", ("False", "Preview"));
    drop(operator);
}

#[test]
fn at_rest_and_by_a_restart_no_policy_is_written() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let foreign = "goldenpath-approval";
    let theirs = format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, \
         metadata: {{name: {foreign}, labels: {{app.kubernetes.io/managed-by: goldenpath}}}}, \
         spec: {{policyName: {foreign}, validationActions: [Deny]}}}}"
    );
    cluster.apply(&theirs).unwrap();
    let operator = start_warning(&cluster);
    cluster.apply(&path("web", "")).unwrap();
    condition(&cluster, "web", ("True", "Installed"));
    let_it_tick(&operator, 5.0);
    assert_eq!(policy_writes(&cluster, || let_it_tick(&operator, 10.0)), 0);
    drop(operator);
    let writes = policy_writes(&cluster, || {
        let operator = start_warning(&cluster);
        let_it_tick(&operator, 10.0);
    });
    assert_eq!(writes, 0);
    get(&cluster, &["validatingadmissionpolicybinding", foreign]);
}

#[test]
fn what_somebody_edited_is_put_back_even_into_a_refusal() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let operator = start_warning(&cluster);
    cluster.apply(&path("web", "")).unwrap();
    condition(&cluster, "web", ("True", "Installed"));
    let binding = "validatingadmissionpolicybinding";
    let name = "goldenpath-warn-web";
    let is_ours = |what: &str| {
        eventually(SOON, what, || {
            let found = cluster
                .kubectl_ok(&["get", binding, name, "-o=jsonpath={.spec}"])
                .ok()?;
            (found
                == r#"{"policyName":"goldenpath-warn-web","validationActions":["Warn","Audit"]}"#)
                .then_some(())
        });
    };
    let patch = |spec: &str| {
        let spec = format!("{{\"spec\": {spec}}}");
        let patch = ["patch", binding, name, "--type=merge", "-p", &spec];
        cluster.kubectl_ok(&patch).unwrap();
    };
    patch(r#"{"validationActions": ["Deny"]}"#);
    is_ours("Deny is taken back");
    patch(r#"{"matchResources": {"matchPolicy": "Exact"}}"#);
    is_ours("a narrowed binding is widened again");
    cluster.kubectl_ok(&["delete", binding, name]).unwrap();
    is_ours("a deleted binding comes back");
    let unlabel = ["label", binding, name, "app.kubernetes.io/managed-by-"];
    cluster.kubectl_ok(&unlabel).unwrap();
    eventually(SOON, "its label comes back", || {
        let stored = get(&cluster, &[binding, name]);
        let label = &stored["metadata"]["labels"]["app.kubernetes.io/managed-by"];
        (label == "goldenpath").then_some(())
    });
    drop(operator);
}

#[test]
fn cleanup_removes_only_our_policies() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let operator = start_warning(&cluster);
    cluster.apply(&path("web", "")).unwrap();
    condition(&cluster, "web", ("True", "Installed"));
    assert!(operator.stop(SOON).unwrap().success());
    let others = "goldenpath-warn-of-somebody";
    let theirs = format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, \
         metadata: {{name: {others}}}, spec: {{policyName: {others}, validationActions: [Audit]}}}}"
    );
    cluster.apply(&theirs).unwrap();
    let cleanup = |more: &[&str]| {
        let args = [&["cleanup"], more].concat();
        let output = suite::goldenpath(cluster.kubeconfig(), &args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = cleanup(&["--dry-run"]);
    assert!(
        printed.contains("ValidatingAdmissionPolicy: 1 would be cleaned"),
        "{printed}"
    );
    assert!(installed(&cluster, "web"));
    let printed = cleanup(&[]);
    assert!(
        printed.contains("ValidatingAdmissionPolicyBinding: 1 cleaned"),
        "{printed}"
    );
    gone(&cluster, "web");
    get(&cluster, &["validatingadmissionpolicybinding", others]);
}

/// What the chart grants with `warnOnApply.enabled=false`, in short: everything but policies.
const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: operator}
rules:
- {apiGroups: [apps, batch, '', goldenpath.dev, coordination.k8s.io, events.k8s.io], resources: ['*'], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator}
subjects: [{kind: ServiceAccount, name: operator, namespace: default}]
";

#[test]
fn without_the_right_the_status_reports_it_until_it_is_granted() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    cluster.apply(RIGHTS).unwrap();
    cluster
        .kubectl_ok(&["create", "serviceaccount", "operator"])
        .unwrap();
    let options = OperatorOptions {
        kubeconfig: Some(
            cluster
                .kubeconfig_for_service_account("default", "operator")
                .unwrap(),
        ),
        ..suite::operator_options(&["--warn-on-apply=on"])
    };
    let mut operator = Operator::start(&cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    cluster.apply(&path("web", "")).unwrap();
    let message = condition(&cluster, "web", ("False", "NotGranted"));
    assert!(message.contains("warnOnApply.enabled"), "{message}");
    let granted = "
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: operator}, rules: [
  {apiGroups: [apps, batch, '', goldenpath.dev, coordination.k8s.io, events.k8s.io], resources: ['*'], verbs: ['*']},
  {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies, validatingadmissionpolicybindings],
   verbs: [list, watch, create, patch, delete]}]}";
    cluster.apply(granted).unwrap();
    condition(&cluster, "web", ("True", "Installed"));
    assert!(installed(&cluster, "web"));
    let policy = get(
        &cluster,
        &["validatingadmissionpolicy", "goldenpath-warn-web"],
    );
    let own = "request.userInfo.username != 'system:serviceaccount:default:operator'";
    assert_eq!(policy["spec"]["matchConditions"][0]["expression"], own);
}

#[test]
fn the_status_reports_why_there_is_no_policy() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let silent = start(&cluster, &[]);
    cluster.apply(&path("web", "")).unwrap();
    let message = condition(&cluster, "web", ("False", "NotEnabled"));
    assert!(message.contains("warnOnApply.enabled"), "{message}");
    assert!(!installed(&cluster, "web"));
    drop(silent);

    let operator = start_warning(&cluster);
    condition(&cluster, "web", ("True", "Installed"));
    let expensive = path("costly", "").replace(
        "object.spec.replicas >= 2",
        "\"object.spec.l.all(a, object.spec.l.all(b, object.spec.l.all(c, object.spec.l.all(d, a + b + c + d != 'x'))))\"",
    );
    cluster.apply(&expensive).unwrap();
    let message = condition(&cluster, "costly", ("False", "TooExpensive"));
    assert!(message.contains("the limit is 1000000"), "{message}");
    let broken = path("broken", "").replace("object.spec.replicas >= 2", "object.spec.replicas >");
    cluster.apply(&broken).unwrap();
    condition(&cluster, "broken", ("False", "Preview"));
    drop(operator);
    let unlabelled = start(&cluster, &["--warn-on-apply=on", "--labels=off"]);
    condition(&cluster, "web", ("False", "LabelsOff"));
    assert!(!installed(&cluster, "web"));
    drop(unlabelled);
}
