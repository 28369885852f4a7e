//! The example workloads, labelled by the pod with only the chart's rights. Those of one team
//! really run, under the image names they ask for; a quota keeps the others waiting, which does not
//! affect what they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use goldenpath::api::keys;
use goldenpath_e2e::{Image, Tool, eventually, within};
use jiff::SignedDuration;
use serde_json::Value;

use crate::figures::figure;
use crate::requests::{label_writes, received, writes};
use crate::story::{Helm, SOON, Story, root};
use crate::{pods, suite, targets};

/// The team whose pods run.
const RUNNING: &str = "identity";
const EXAMPLES: &str = "examples/workloads";

/// What is labelled.
const KINDS: &str = "deployments,statefulsets,daemonsets,cronjobs,services";

/// Status, path, deviation, as the keys are listed; empty where there is none.
pub type Labels = [String; 3];

/// No example of a path is for these.
const AGENTS: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: node-agent}
spec:
  title: Node agent
  owner: {team: platform}
  scope: {kinds: [{group: apps, kind: DaemonSet}]}
  checks:
  - name: owner
    expression: \"true\"
    message: nobody can be asked about this agent
";

/// Who brings what is in Git.
const GITOPS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: gitops}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: kustomize-controller, namespace: gitops}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: gitops}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: kustomize-controller, namespace: gitops}]
";

/// Namespace, object, and its labels for status and deviation.
const EXPECTED: [(&str, &str, &str, &str); 12] = [
    (RUNNING, "deployment/login-web", "golden-path", ""),
    (RUNNING, "service/login-web", "golden-path", ""),
    (
        RUNNING,
        "deployment/directory-sync",
        "deviating",
        "review-due",
    ),
    (
        "checkout",
        "deployment/promotions",
        "deviating",
        "undocumented",
    ),
    ("checkout", "cronjob/basket-cleanup", "golden-path", ""),
    (
        "payments",
        "deployment/card-vault",
        "deviating",
        "documented",
    ),
    ("payments", "deployment/payouts", "deviating", "pending"),
    ("catalog", "deployment/pim-sync", "deviating", "expired"),
    ("catalog", "statefulset/product-db", "deviating", "predates"),
    (
        "search",
        "statefulset/search-index",
        "deviating",
        "review-overdue",
    ),
    ("search", "statefulset/vector-store", "unknown", ""),
    ("insights", "daemonset/log-shipper", "golden-path", ""),
];

pub fn the_pod_labels_them_each_once(story: &Story) {
    let pod = pods::ready(story, 1).remove(0);
    bring_images(story);
    story.apply_file("examples/paths");
    story.cluster().apply(AGENTS).unwrap();
    create_namespaces(story);
    a_gitops_controller_brings_the_exceptions(story);
    eventually(SOON, "the operator knows all paths and exceptions", || {
        let report = targets::report(story);
        let (paths, exceptions) = (&report["summary"]["paths"], &report["exceptions"]);
        (paths.as_array()?.len() == 4 && exceptions.as_array()?.len() == 14).then_some(())
    });
    story.apply_file(EXAMPLES);

    labels_are_as_expected(story);
    the_page_shows_them_through_the_service(story);
    running_pods_are_labelled_too(story);
    let requests = story.requests();
    assert!(writes(&requests).iter().all(|write| write.pod == pod.name));
    let mut twice = label_writes(&requests);
    // A Service gets the worst state of its workloads, which arrive one after the other.
    twice.retain(|object, count| *count > 1 && !object.starts_with("services "));
    assert!(twice.is_empty(), "written more than once: {twice:?}");
    let memory = format!("{} KiB", pod.process().resident());
    figure("resident memory with the examples labelled", memory);
}

/// Behind the path of the API server's proxy; a service's page is two levels below.
fn the_page_shows_them_through_the_service(story: &Story) {
    let overview = targets::page(story, "http", "");
    let link = r#"href="./services?state=golden-path""#;
    assert!(overview.contains(link), "{overview}");
    let service = targets::page(story, "http", "services/payments/payouts");
    assert!(
        service.contains(r#"href="../../paths/web-service""#),
        "{service}"
    );
}

/// What the running team's workloads ask for, answered by the smallest program there is.
fn bring_images(story: &Story) {
    let text = fs::read_to_string(root().join(format!("{EXAMPLES}/{RUNNING}.yaml"))).unwrap();
    let images = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "));
    let program = story.cluster().binaries().path(Tool::Pause).unwrap();
    for (index, name) in images.enumerate() {
        let mut image = Image::of_program(name, program).unwrap();
        image.entrypoint.push("serve".to_owned());
        let archive = story.file(&format!("example-{index}.tar"));
        image.write(&archive).unwrap();
        story.node.import_image(&archive).unwrap();
    }
}

/// First, with their labels: what a workload is judged by does not change after it came.
fn create_namespaces(story: &Story) {
    for file in fs::read_dir(root().join(EXAMPLES)).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let namespace = text.split("\n---\n").next().unwrap();
        assert!(namespace.contains("kind: Namespace"));
        story.cluster().apply(namespace).unwrap();
        let name = namespace
            .lines()
            .find_map(|line| line.strip_prefix("  name: "))
            .unwrap();
        if name != RUNNING {
            story.kubectl(&[
                "create",
                "quota",
                "nothing-runs",
                "--hard=pods=0",
                "-n",
                name,
            ]);
        }
    }
}

/// Those of others, approved before today: what an administrator may not write, a controller may
/// that brings what was reviewed.
fn a_gitops_controller_brings_the_exceptions(story: &Story) {
    let exceptions = suite::as_of_today("examples/exceptions");
    let apply = format!("kubectl apply --server-side -f {}", exceptions.display());
    let refused = story.try_to_type_in(Helm::Four, &apply).unwrap_err();
    assert!(refused.contains("goldenpath-approval"), "{refused}");

    story.cluster().apply(GITOPS).unwrap();
    story.upgrade(&["approval.onBehalfOf[0]=gitops/kustomize-controller"]);
    let account = story
        .cluster()
        .kubeconfig_for_service_account("gitops", "kustomize-controller");
    let apply = format!("{apply} --kubeconfig {}", account.unwrap().display());
    let mut printed = String::new();
    let applied = within(SOON, "the API server knows who may", || {
        story
            .try_to_type_in(Helm::Four, &apply)
            .map_err(|error| printed = error)
            .ok()
    });
    assert!(applied.is_ok(), "{printed}");
}

/// Status and deviation of an object, each empty where it has none.
pub fn labels(story: &Story, namespace: &str, object: &str) -> (String, String) {
    let object = story.get(&["-n", namespace, object]);
    let label = |key: &str| {
        let value: &Value = &object["metadata"]["labels"][key];
        value.as_str().unwrap_or_default().to_owned()
    };
    (label(keys::STATUS), label(keys::DEVIATION))
}

fn labels_are_as_expected(story: &Story) {
    for (namespace, object, status, deviation) in EXPECTED {
        let what = format!("{namespace} {object} is {status} {deviation}");
        eventually(SOON, &what, || {
            let is = labels(story, namespace, object);
            (is == (status.to_owned(), deviation.to_owned())).then_some(())
        });
    }
}

fn running_pods_are_labelled_too(story: &Story) {
    for name in ["login-web", "directory-sync"] {
        let deployment = format!("deployment/{name}");
        let wait = [
            "rollout",
            "status",
            "-n",
            RUNNING,
            &deployment,
            "--timeout=180s",
        ];
        story.kubectl(&wait);
        // A label of the Deployment is not one of its pods: nothing is rolled out for it.
        let revision = story.get(&["-n", RUNNING, &deployment]);
        let revision = &revision["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
        assert_eq!(revision, "1");
    }
}

/// Our labels on every object that has them, by kind, namespace and name.
pub fn all_labels(story: &Story) -> BTreeMap<String, Labels> {
    let list = story.get(&[KINDS, "-A", "-l", keys::STATUS]);
    let objects = list["items"].as_array().unwrap().iter();
    let named = objects.map(|object| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let meta = &object["metadata"];
        let (kind, namespace) = (text(&object["kind"]), text(&meta["namespace"]));
        let name = format!("{kind} {namespace}/{}", text(&meta["name"]));
        let own = keys::OWN_LABELS.map(|key| text(&meta["labels"][key]));
        (name, own)
    });
    named.collect()
}

fn differences(before: &BTreeMap<String, Labels>, now: &BTreeMap<String, Labels>) -> String {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name));
    let lines = differ.map(|name| {
        let (before, now) = (before.get(name), now.get(name));
        format!("{name}: {before:?}, and now {now:?}\n")
    });
    lines.collect()
}

/// The operator has just been started next to everything: its labels stay the same, whatever
/// the order of the lists.
pub fn a_start_beside_them_is_quick(story: &Story, before: &BTreeMap<String, Labels>) {
    let pod = pods::ready(story, 1).remove(0);
    let mut now = BTreeMap::new();
    let again = within(SOON, "all labels are as they were", || {
        now = all_labels(story);
        (now == *before).then_some(())
    });
    assert!(again.is_ok(), "{}", differences(before, &now));
    let began = pod.process().began();
    let mut requests = story.requests();
    requests.retain(|request| request.pod == pod.name);
    let since = |verb: &str| -> Vec<SignedDuration> {
        let matching = requests.iter().filter(|request| {
            request.verb == verb && request.subresource.is_empty() && request.code < 300
        });
        matching
            .map(|request| received(request).duration_since(began))
            .collect()
    };
    let (lists, labels) = (since("list"), since("patch"));
    let milliseconds = |after: &SignedDuration| format!("{} ms", after.as_millis());
    figure("start to first list", milliseconds(&lists[0]));
    figure("start to first label", milliseconds(&labels[0]));
    let last = milliseconds(labels.last().unwrap());
    figure(&format!("start to last of {} labels", labels.len()), last);
}
