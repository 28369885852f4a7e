//! The page about observing first lists the rights that the chart grants with labels off: all of them
//! and no other. `UPDATE=1` writes the table anew.

use std::fs;

use goldenpath_e2e::Tool;
use serde_json::Value;

use crate::helm::{Helm, chart, on_disk};

const PAGE: &str = "docs/observe.md";
const BEGIN: &str = "<!-- rights -->\n";
const END: &str = "<!-- end of rights -->";

fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The subjects of a role's binding, else the role that gains it.
fn granted_to(role: &Value, objects: &[Value]) -> String {
    let name = &role["metadata"]["name"];
    let binding = format!("{}Binding", role["kind"].as_str().unwrap());
    let bound = objects
        .iter()
        .filter(|object| object["kind"] == *binding && object["roleRef"]["name"] == *name);
    let mut to: Vec<String> = bound
        .flat_map(|binding| binding["subjects"].as_array().unwrap().clone())
        .map(|subject| match subject["kind"].as_str().unwrap() {
            "ServiceAccount" => "the operator".to_owned(),
            kind => format!("{kind} `{}`", subject["name"].as_str().unwrap()),
        })
        .collect();
    let labels = role["metadata"]["labels"].as_object().into_iter().flatten();
    to.extend(labels.filter_map(|(key, _)| {
        let gains = key.strip_prefix("rbac.authorization.k8s.io/aggregate-to-")?;
        Some(format!("users with the role `{gains}`"))
    }));
    to.join(", ")
}

fn row(role: &Value, granted: &Value, who: &str) -> String {
    let place = match role["kind"].as_str().unwrap() {
        "ClusterRole" => "every namespace",
        _ => "its own namespace",
    };
    let api = words(&granted["apiGroups"]).join(", ");
    let api = if api.is_empty() { "core" } else { &api };
    let mut resources = words(&granted["resources"]).join(", ");
    let names = words(&granted["resourceNames"]).join("`, `");
    if !names.is_empty() {
        resources = format!("{resources}, only `{names}`");
    }
    let verbs = words(&granted["verbs"]).join(", ");
    format!("| {who} | {place} | {api} | {resources} | {verbs} |\n")
}

fn table(objects: &[Value]) -> String {
    let mut table =
        "| who | where | API group | resources | verbs |\n|---|---|---|---|---|\n".to_owned();
    for role in objects {
        if !matches!(role["kind"].as_str(), Some("ClusterRole" | "Role")) {
            continue;
        }
        let to = granted_to(role, objects);
        for rule in role["rules"].as_array().unwrap() {
            table += &row(role, rule, &to);
        }
    }
    table
}

fn rendered(helm: &Helm<'_>) -> Vec<Value> {
    let text = helm.run(&[
        "template",
        "goldenpath",
        &chart(),
        "--skip-tests",
        "--set",
        "labels.enabled=false",
    ]);
    text.split("\n---\n")
        .filter(|document| document.contains("rbac.authorization.k8s.io/v1"))
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}

#[test]
fn the_page_lists_the_rights_of_an_operator_that_only_observes() {
    let Some(helm) = Helm::offline_or_skip(Tool::Helm) else {
        return;
    };
    let objects = rendered(&helm);
    let table = table(&objects);
    // What makes observing safe: nothing is written but its own status, Events and Lease.
    for line in table.lines().filter(|line| line.contains("the operator")) {
        let writes = ["create", "update", "patch", "delete"]
            .iter()
            .any(|verb| line.contains(verb));
        let own = ["/status", "| events |", "leases"]
            .iter()
            .any(|part| line.contains(part));
        assert!(!writes || own, "{line}");
        assert!(!line.contains("secrets") && !line.contains('*'), "{line}");
    }
    let file = on_disk(PAGE);
    let page = fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written, table, "run it with UPDATE=1");
}
