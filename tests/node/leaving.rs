//! The README's commands remove goldenpath: no label, RBAC object or object of ours stays, except
//! the definitions, which hold users' objects.

use goldenpath::api::keys;
use goldenpath_e2e::eventually;

use crate::readme;
use crate::story::{Helm, SOON, Story};
use crate::workloads::all_labels;

const DEFINITIONS: [&str; 7] = [
    "customresourcedefinition.apiextensions.k8s.io/deliveryrecords.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/developersurveys.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/deviationexceptions.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/goldenpaths.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/personas.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/platformobjectives.goldenpath.dev",
    "customresourcedefinition.apiextensions.k8s.io/roadmapitems.goldenpath.dev",
];

/// What has our name in its own and stays: the definitions, what serves them and what is in them;
/// the namespace, which the user made; and Events, which pass.
const STAYS: [&str; 6] = [
    "apiservice.",
    "customresourcedefinition.",
    "deviationexception.",
    "event",
    "goldenpath.",
    "namespace/",
];

pub fn nothing_stays_but_the_definitions(story: &Story, helm: Helm) {
    let paths = story.kubectl(&["get", "goldenpaths", "-o=name"]);
    assert!(!all_labels(story).is_empty());
    story.type_in(helm, readme::remove());

    assert!(all_labels(story).is_empty());
    for key in keys::OWN_LABELS {
        let found = all_with(story, key);
        assert!(found.is_empty(), "{key}: {found:?}");
    }
    // The garbage collector takes what belonged to the Deployment.
    eventually(SOON, "what the chart installed is gone", || {
        (all_with(story, "app.kubernetes.io/name=goldenpath") == DEFINITIONS).then_some(())
    });
    let names = story.kubectl(&["get", &listable(story), "-A", "-o=name"]);
    let ours = names.lines().filter(|name| name.contains("goldenpath"));
    let left: Vec<&str> = ours
        .filter(|name| !STAYS.iter().any(|kind| name.starts_with(kind)))
        .collect();
    assert_eq!(left, Vec::<&str>::new());
    no_write_of_ours_is_on_record(story);
    let kept = story.kubectl(&["get", "goldenpaths", "-o=name"]);
    assert_eq!(kept, paths, "what people wrote stays");
}

/// Who wrote which field is kept in objects as well.
fn no_write_of_ours_is_on_record(story: &Story) {
    let kinds = "deployments,statefulsets,daemonsets,cronjobs,services";
    let list = story.get(&[kinds, "-A"]);
    for object in list["items"].as_array().unwrap() {
        let records = object["metadata"]["managedFields"].as_array();
        let mut managers = records
            .into_iter()
            .flatten()
            .map(|record| &record["manager"]);
        let name = &object["metadata"]["name"];
        assert!(
            !managers.any(|manager| manager == keys::FIELD_MANAGER),
            "{name}"
        );
    }
}

/// Names of everything in the cluster that a label selector finds.
fn all_with(story: &Story, selector: &str) -> Vec<String> {
    let found = story.kubectl(&["get", &listable(story), "-A", "-o=name", "-l", selector]);
    let mut names: Vec<String> = found.lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// Every kind that can be listed.
fn listable(story: &Story) -> String {
    let kinds = story.kubectl(&["api-resources", "--verbs=list", "-o=name"]);
    kinds.lines().collect::<Vec<_>>().join(",")
}

pub fn the_definitions_go_with_everything_in_them(story: &Story) {
    let crds = [
        "goldenpaths.goldenpath.dev",
        "deviationexceptions.goldenpath.dev",
        "deliveryrecords.goldenpath.dev",
        "platformobjectives.goldenpath.dev",
        "developersurveys.goldenpath.dev",
        "roadmapitems.goldenpath.dev",
        "personas.goldenpath.dev",
    ];
    story.kubectl(&[&["delete", "crd"][..], &crds].concat());
    let left = story.kubectl(&["get", "crd", "-o=name"]);
    assert!(!left.contains("goldenpath.dev"), "{left}");
}
