//! The rights the chart grants, read from the cluster, against the requests the operator made, read
//! from the audit log: it used every right, and no request was forbidden.

use std::collections::BTreeSet;

use goldenpath_e2e::AuditEvent;
use serde_json::Value;

use crate::story::{NAMESPACE, Story};

/// One verb on one resource; in one namespace and by one name where it is bound to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    verb: String,
    group: String,
    /// With its subresource, such as `goldenpaths/status`.
    resource: String,
    namespace: Option<String>,
    name: Option<String>,
}

/// Requests that the API server may refuse: verb, resource, and the reason.
const REFUSED: [(&str, &str, &str); 0] = [];

pub fn every_right_was_used_and_none_was_missing(story: &Story) {
    let requests = story.requests();
    let unused: Vec<Right> = granted(story)
        .into_iter()
        .filter(|right| !requests.iter().any(|request| right.allowed(request)))
        .collect();
    let refused: BTreeSet<Right> = requests
        .iter()
        .filter(|request| request.code == 403)
        .map(Right::asked_for)
        .filter(|right| !is_expected(right))
        .collect();
    assert!(unused.is_empty(), "granted and never used: {unused:#?}");
    assert!(refused.is_empty(), "asked for in vain: {refused:#?}");
}

fn is_expected(right: &Right) -> bool {
    let mut all = REFUSED.iter();
    all.any(|(verb, resource, _)| right.verb == *verb && right.resource == *resource)
}

/// Everything that is bound to the operator's account by name.
fn granted(story: &Story) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for bindings in ["clusterrolebindings", "rolebindings"] {
        let list = story.get(&[bindings, "-A"]);
        for binding in list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|binding| is_for_us(binding))
        {
            let namespace = binding["metadata"]["namespace"].as_str();
            let role = &binding["roleRef"];
            let kind = role["kind"].as_str().unwrap();
            let role = format!("{kind}/{}", role["name"].as_str().unwrap());
            let role = story.get(&["-n", namespace.unwrap_or("default"), &role]);
            for rule in role["rules"].as_array().unwrap() {
                rights.extend(rights_of(rule, namespace));
            }
        }
    }
    assert!(!rights.is_empty());
    rights
}

fn is_for_us(binding: &Value) -> bool {
    let subjects = binding["subjects"].as_array().into_iter().flatten();
    let mut accounts = subjects.filter(|subject| subject["kind"] == "ServiceAccount");
    accounts.any(|account| account["name"] == "goldenpath" && account["namespace"] == NAMESPACE)
}

/// One rule, taken apart.
fn rights_of(rule: &Value, namespace: Option<&str>) -> Vec<Right> {
    let texts = |key: &str| -> Vec<String> {
        let values = rule[key].as_array().into_iter().flatten();
        values
            .map(|value| value.as_str().unwrap().to_owned())
            .collect()
    };
    let names: Vec<Option<String>> = match texts("resourceNames") {
        names if names.is_empty() => vec![None],
        names => names.into_iter().map(Some).collect(),
    };
    let mut rights = Vec::new();
    for verb in texts("verbs") {
        for group in texts("apiGroups") {
            for resource in texts("resources") {
                rights.extend(names.iter().map(|name| Right {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                    namespace: namespace.map(str::to_owned),
                    name: name.clone(),
                }));
            }
        }
    }
    rights
}

impl Right {
    fn asked_for(request: &AuditEvent) -> Self {
        let parts = [&*request.resource, &*request.subresource];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        Self {
            verb: request.verb.clone(),
            group: request.group.clone(),
            resource: parts.collect::<Vec<_>>().join("/"),
            namespace: Some(request.namespace.clone()).filter(|text| !text.is_empty()),
            name: Some(request.name.clone()).filter(|text| !text.is_empty()),
        }
    }

    /// Whether a request needed this right and was let through.
    fn allowed(&self, request: &AuditEvent) -> bool {
        let asked = Self::asked_for(request);
        let fits =
            |bound: &Option<String>, asked: &Option<String>| bound.is_none() || bound == asked;
        request.code != 403
            && (self.verb == asked.verb || self.verb == "create" && creates(request))
            && (&self.group, &self.resource) == (&asked.group, &asked.resource)
            && fits(&self.namespace, &asked.namespace)
            && fits(&self.name, &asked.name)
    }
}

/// A patch that found nothing and made it took both rights, and is on record as a patch.
fn creates(request: &AuditEvent) -> bool {
    request.verb == "patch" && request.code == 201
}

#[test]
fn a_rule_is_taken_apart_into_rights_and_found_in_requests() {
    let rule = serde_json::json!({
        "apiGroups": ["goldenpath.dev"],
        "resources": ["goldenpaths", "goldenpaths/status"],
        "resourceNames": ["web"],
        "verbs": ["get", "patch"],
    });
    let rights = rights_of(&rule, None);
    assert_eq!(rights.len(), 4);
    let mut request = AuditEvent {
        verb: "patch".to_owned(),
        group: "goldenpath.dev".to_owned(),
        resource: "goldenpaths".to_owned(),
        subresource: "status".to_owned(),
        name: "web".to_owned(),
        code: 200,
        ..AuditEvent::default()
    };
    let used = |request: &AuditEvent| rights.iter().filter(|right| right.allowed(request)).count();
    assert_eq!(used(&request), 1);
    request.code = 403;
    assert_eq!(used(&request), 0, "a refusal uses no right");
    request.code = 200;
    request.name = "batch".to_owned();
    assert_eq!(used(&request), 0, "the right is bound to a name");
}
