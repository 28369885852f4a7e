//! Inboxes on a real API server: for the approver, the team and a stranger, and the register that
//! all of them see.

use goldenpath_e2e::{ControlPlane, User, eventually};
use serde_json::Value;

use crate::live::{REASON, SOON, except, goldenpath, shop_with, stored, text};

const RIGHTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: looking}
rules:
- {apiGroups: [apps, batch, goldenpath.dev], resources: ['*'], verbs: [list]}
- {apiGroups: [''], resources: [namespaces], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: looking}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: looking}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: deciding}
rules:
- {apiGroups: [goldenpath.dev], resources: [goldenpaths], resourceNames: [web-service], verbs: [approve]}
- {apiGroups: [goldenpath.dev], resources: [deviationexceptions], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: deciding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deciding}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ada}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop, namespace: shop}
rules:
- {apiGroups: [goldenpath.dev], resources: [deviationexceptions], verbs: [get, create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'oidc:shop'}]
";

/// The shop, where `grace` of team shop asked for an exception, `ada` decides and `eve` looks on.
fn asked() -> Option<ControlPlane> {
    let cluster = shop_with(vec![
        User::new("grace", &["oidc:shop"]).unwrap(),
        User::new("ada", &[]).unwrap(),
        User::new("eve", &[]).unwrap(),
    ])?;
    cluster.apply(RIGHTS).unwrap();
    eventually(SOON, "grace may ask", || {
        let output = except(&cluster, "grace", &["--reason", REASON, "--apply"]);
        output.status.success().then_some(())
    });
    Some(cluster)
}

fn inbox(cluster: &ControlPlane, user: &str) -> Value {
    let output = goldenpath(cluster, user, &["inbox", "-o", "json"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `user` is asked, as words of the register.
fn asks(cluster: &ControlPlane, user: &str) -> Vec<String> {
    let inbox = inbox(cluster, user);
    assert_eq!(inbox["problems"], serde_json::json!([]), "{inbox}");
    let items = inbox["items"].as_array().unwrap().iter();
    let word = |item: &Value| item["exception"]["next"].as_str().unwrap().to_owned();
    items.map(word).collect()
}

/// A command about the exception, as `user`.
fn word(cluster: &ControlPlane, user: &str, args: &[&str]) -> String {
    let named = [&args[..1], &["web-replicas", "-n", "shop"], &args[1..]].concat();
    let output = goldenpath(cluster, user, &named);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[test]
fn each_is_asked_what_is_theirs_and_nothing_else() {
    let Some(cluster) = asked() else { return };
    assert_eq!(asks(&cluster, "ada"), ["decide"]);
    assert_eq!(asks(&cluster, "eve"), [""; 0]);
    assert_eq!(asks(&cluster, "grace"), [""; 0]);
    let grace = inbox(&cluster, "grace");
    assert_eq!(grace["waitingForOthers"][0], "shop/web-replicas");
    assert_eq!(grace["reader"]["teamsFrom"], "identity");

    let shown = text(&goldenpath(&cluster, "ada", &["inbox"]).stdout);
    let command = "kubectl goldenpath approve web-replicas -n shop";
    assert!(shown.contains(command), "{shown}");
    let printed = word(&cluster, "ada", &["approve"]);
    assert!(printed.ends_with("web-replicas approved\n"), "{printed}");
    for user in ["ada", "grace", "eve"] {
        assert_eq!(asks(&cluster, user), [""; 0], "{user}");
    }
    let shown = text(&goldenpath(&cluster, "eve", &["inbox"]).stdout);
    assert!(shown.starts_with("Nothing waits for you.\n"), "{shown}");
}

#[test]
fn an_owner_asks_to_go_on_and_is_answered() {
    let Some(cluster) = asked() else { return };
    word(&cluster, "ada", &["approve"]);
    let because = "The new contract is signed in May.";
    let printed = word(
        &cluster,
        "grace",
        &["request-renewal", "--because", because],
    );
    assert!(printed.contains("renewal requested"), "{printed}");
    let renewal = &stored(&cluster, "web-replicas")["spec"]["renewal"];
    assert_eq!(
        (&renewal["by"], &renewal["stillNeededBecause"]),
        (&"grace".into(), &because.into())
    );
    let waiting = eventually(SOON, "the request is newer than the approval", || {
        let asks = asks(&cluster, "ada");
        if asks.is_empty() {
            word(
                &cluster,
                "grace",
                &["request-renewal", "--because", because],
            );
        }
        (!asks.is_empty()).then_some(asks)
    });
    assert_eq!(waiting, ["answer-renewal"]);
    word(&cluster, "ada", &["renew"]);
    word(&cluster, "grace", &["close", "--note", "Runs twice now."]);
    let reviews = stored(&cluster, "web-replicas")["spec"]["reviews"].clone();
    let closed = reviews.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&closed["outcome"], &closed["by"]),
        (&"Closed".into(), &"grace".into())
    );
    let register = goldenpath(&cluster, "eve", &["exceptions"]);
    let shown = text(&register.stdout);
    assert!(shown.contains("Closed"), "{shown}");
}

#[test]
fn a_request_may_be_rejected_by_its_own_verb() {
    let Some(cluster) = asked() else { return };
    let printed = word(
        &cluster,
        "ada",
        &["reject", "--note", "Two fit since March."],
    );
    assert!(printed.ends_with("web-replicas rejected\n"), "{printed}");
    let approval = &stored(&cluster, "web-replicas")["spec"]["approval"];
    assert_eq!(
        (&approval["decision"], &approval["by"], &approval["note"]),
        (
            &"Rejected".into(),
            &"ada".into(),
            &"Two fit since March.".into()
        )
    );
}

#[test]
fn a_user_who_may_not_list_sees_what_is_missing() {
    let Some(cluster) = asked() else { return };
    cluster
        .kubectl_ok(&["delete", "clusterrolebinding", "looking"])
        .unwrap();
    let printed = eventually(SOON, "the right is gone", || {
        let output = goldenpath(&cluster, "eve", &["inbox"]);
        let printed = text(&output.stdout);
        printed.contains("may not be listed").then_some(printed)
    });
    assert!(printed.contains("DeviationException: may not"), "{printed}");
    assert!(printed.contains("as far as you may look"), "{printed}");
}

/// What an operator would store of an exception nothing needs any more.
const SEEN: &str = r#"{"status": {"matchedCount": 1, "conditions": [
        {"type": "InUse", "status": "True", "reason": "InUse", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        {"type": "Needed", "status": "False", "reason": "Passes", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}"#;

#[test]
fn a_user_who_may_not_list_workloads_sees_what_the_operator_recorded() {
    let Some(cluster) = asked() else { return };
    word(&cluster, "ada", &["approve"]);
    let narrow =
        r#"{"rules": [{"apiGroups": ["goldenpath.dev"], "resources": ["*"], "verbs": ["list"]}]}"#;
    cluster
        .kubectl_ok(&["patch", "clusterrole", "looking", "-p", narrow])
        .unwrap();
    let register = || -> Value {
        let output = goldenpath(&cluster, "eve", &["exceptions", "-o", "json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let before = eventually(SOON, "the right is gone", || {
        let register = register();
        let problems = register["problems"].to_string();
        problems.contains("Deployment").then_some(register)
    });
    let line = &before["exceptions"][0];
    assert_eq!(
        (&line["next"], line.get("inUse")),
        (&"nothing".into(), None)
    );

    let patch = [
        "patch",
        "devex",
        "web-replicas",
        "-n",
        "shop",
        "--subresource=status",
        "--type=merge",
        "-p",
        SEEN,
    ];
    cluster.kubectl_ok(&patch).unwrap();
    let line = &register()["exceptions"][0];
    assert_eq!(
        (&line["next"], &line["matched"]),
        (&"close".into(), &1.into())
    );
}
