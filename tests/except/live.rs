//! Drafts on a real API server: list rights suffice, drafts pass admission, and only `--apply`
//! writes.

use std::process::{Command, Output, Stdio};

use goldenpath_e2e::{ControlPlane, Options, Tool, User, eventually};
use serde_json::Value;

use crate::suite;

pub const SOON: std::time::Duration = std::time::Duration::from_secs(60);
pub const REASON: &str = "The vendor licenses a single replica until the contract of May.";

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
- {apiGroups: [apps, goldenpath.dev], resources: ['*'], verbs: [list]}
- {apiGroups: [''], resources: [namespaces], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: grace}]
";

/// A shop with one workload that misses a step; `grace` may only look.
fn shop() -> Option<ControlPlane> {
    shop_with(vec![User::new("grace", &[]).unwrap()])
}

/// The shop, and who may sign in.
pub fn shop_with(users: Vec<User>) -> Option<ControlPlane> {
    let options = Options {
        users,
        ..Options::default()
    };
    let cluster = suite::control_plane(&options)?;
    cluster.apply(SHOP).unwrap();
    let web = suite::deployment("shop", "web");
    cluster.apply(&[suite::PATH, &web].concat()).unwrap();
    Some(cluster)
}

pub fn goldenpath(cluster: &ControlPlane, user: &str, args: &[&str]) -> Output {
    suite::goldenpath(&cluster.kubeconfig_for(user).unwrap(), args)
        .output()
        .unwrap()
}

pub fn except(cluster: &ControlPlane, user: &str, more: &[&str]) -> Output {
    let args = ["except", "deploy/web", "-n", "shop", "--cost", "6h"];
    goldenpath(cluster, user, &[args.as_slice(), more].concat())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn stored(cluster: &ControlPlane, name: &str) -> Value {
    let get = ["get", "devex", "-n", "shop", name, "-o=json"];
    serde_json::from_str(&cluster.kubectl_ok(&get).unwrap()).unwrap()
}

fn none_is_stored(cluster: &ControlPlane) {
    let all = cluster
        .kubectl_ok(&["get", "devex", "-A", "-o=name"])
        .unwrap();
    assert_eq!(all, "");
}

#[test]
fn a_draft_takes_list_rights_and_passes_admission() {
    let Some(cluster) = shop() else { return };
    let longest = "ä".repeat(2000);
    let ticket = "x".repeat(2048);
    let more = [
        "--reason",
        &longest,
        "--expires",
        "9000d",
        "--once",
        "100000",
        "--ticket",
        &ticket,
        "--contact",
        "#shop",
        "--category",
        "Experiment",
        "--would-return-if",
        "it were cheaper",
    ];
    let output = eventually(SOON, "the right is in force", || {
        let output = except(&cluster, "grace", &more);
        output.status.success().then_some(output)
    });
    let printed = text(&output.stderr);
    assert!(
        printed.contains("undocumented now, pending once applied"),
        "{printed}"
    );
    none_is_stored(&cluster);
    cluster.apply(&text(&output.stdout)).unwrap();
    let spec = &stored(&cluster, "web-replicas")["spec"];
    assert_eq!(spec["requestedBy"], "grace");
    assert_eq!(spec["owner"]["team"], "shop");
    assert_eq!(spec["reason"], longest.as_str());
}

#[test]
fn kubectl_finds_the_command_under_the_name_that_texts_print() {
    let Some(cluster) = shop() else { return };
    let directory = cluster.data_dir().join("plugins");
    std::fs::create_dir(&directory).unwrap();
    let plugin = directory.join("kubectl-goldenpath");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_goldenpath"), plugin).unwrap();
    let output = Command::new(cluster.binaries().path(Tool::Kubectl).unwrap())
        .args(["goldenpath", "except", "deploy/web", "-n", "shop"])
        .args(["--cost", "6h", "--reason", REASON])
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("PATH", &directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    cluster.apply(&text(&output.stdout)).unwrap();
}

#[test]
fn applying_takes_the_right_to_create_and_the_refusal_is_shown_whole() {
    let Some(cluster) = shop() else { return };
    let more = ["--reason", REASON, "--apply"];
    let output = eventually(SOON, "the right to look is in force", || {
        let output = except(&cluster, "grace", &more);
        text(&output.stderr)
            .contains("failed to create")
            .then_some(output)
    });
    let refusal = text(&output.stderr);
    let wanted = "User \"grace\" cannot create resource \"deviationexceptions\"";
    assert!(refusal.contains(wanted), "{refusal}");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    none_is_stored(&cluster);

    let before = cluster.api_request_totals().unwrap();
    let output = except(&cluster, "admin", &more);
    let during = cluster.api_request_totals().unwrap().since(&before);
    let printed = text(&output.stdout);
    assert_eq!(
        printed, "deviationexception.goldenpath.dev/web-replicas created\n",
        "{output:?}"
    );
    assert_eq!(during.writes("deviationexceptions"), 1);
    assert_eq!(during.writes("deployments"), 0);

    let named = [more.as_slice(), &["--name=web-replicas"]].concat();
    let output = except(&cluster, "admin", &named);
    let refusal = text(&output.stderr);
    assert!(
        refusal.contains("\"web-replicas\" already exists"),
        "{refusal}"
    );
    assert!(refusal.contains("is there already"), "{refusal}");
    let output = except(&cluster, "admin", &["--reason", REASON]);
    assert!(
        text(&output.stdout).contains("name: web-replicas-2"),
        "{output:?}"
    );
}

/// The shop, with a request of the administrator's.
fn asked() -> Option<ControlPlane> {
    let cluster = shop()?;
    let output = except(&cluster, "admin", &["--reason", REASON, "--apply"]);
    assert!(output.status.success(), "{output:?}");
    Some(cluster)
}

/// The output of a command about that request.
fn word(cluster: &ControlPlane, verb: &str, more: &[&str]) -> String {
    let named = [verb, "web-replicas", "-n", "shop"];
    let output = goldenpath(cluster, "admin", &[named.as_slice(), more].concat());
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[test]
fn the_owner_of_a_path_decides_under_their_own_name() {
    let Some(cluster) = asked() else { return };
    let printed = word(&cluster, "approve", &["--note", "until May"]);
    let object = "deviationexception.goldenpath.dev/web-replicas";
    assert_eq!(printed, format!("{object} approved\n"));
    let approval = &stored(&cluster, "web-replicas")["spec"]["approval"];
    assert_eq!(approval["decision"], "Approved");
    assert_eq!(
        (&approval["by"], &approval["note"]),
        (&"admin".into(), &"until May".into())
    );
    let why = ["why", "deploy/web", "-n", "shop", "-o", "json"];
    let judged = goldenpath(&cluster, "admin", &why).stdout;
    let judged: Value = serde_json::from_slice(&judged).unwrap();
    assert_eq!(judged["deviation"], "documented");

    word(&cluster, "reject", &[]);
    let approval = &stored(&cluster, "web-replicas")["spec"]["approval"];
    assert_eq!(approval["decision"], "Rejected");
    assert_eq!(
        approval.get("note"),
        None,
        "the note was the other decision's"
    );

    let absent = goldenpath(&cluster, "admin", &["approve", "nobody", "-n", "shop"]);
    let refusal = text(&absent.stderr);
    assert!(refusal.contains("\"nobody\" not found"), "{refusal}");
}

#[test]
fn a_review_is_added_to_those_before() {
    let Some(cluster) = asked() else { return };
    word(&cluster, "approve", &[]);
    let renewed = ["--expires", "60d", "--note", "still needed"];
    word(&cluster, "renew", &renewed);
    let first = stored(&cluster, "web-replicas")["spec"]["reviews"][0].clone();
    assert_eq!(
        (&first["by"], &first["outcome"]),
        (&"admin".into(), &"Renewed".into())
    );
    assert_eq!(first["note"], "still needed");
    assert!(first["expiresAt"].is_string(), "{first}");
    // A review is known by its second: the next one needs another.
    let reviews = eventually(SOON, "a second has passed", || {
        let args = ["close", "web-replicas", "-n", "shop"];
        let output = goldenpath(&cluster, "admin", &args);
        let object = stored(&cluster, "web-replicas");
        output
            .status
            .success()
            .then(|| object["spec"]["reviews"].clone())
    });
    assert_eq!(
        (reviews.as_array().unwrap().len(), &reviews[0]),
        (2, &first)
    );
    assert_eq!(reviews[1]["outcome"], "Closed");
}
