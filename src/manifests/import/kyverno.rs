//! Kyverno's `PolicyException`s of both groups: `kyverno.io`, which matches by kind and name, and
//! `policies.kyverno.io`, which matches by CEL. Finds their workloads among the manifests, and
//! reports conditions that cannot be carried over.

use std::collections::BTreeSet;

use goldenpath_cel::{Env, Evaluation};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::{Ignores, named, pod_template};
use crate::assess::object::labels::{LabelSet, Selector};
use crate::assess::source::Problem;
use crate::manifests::Manifest;
use crate::report::import::{Tool, Waiver, WorkloadRef};

/// The groups that serve a `PolicyException`.
const BY_NAME: &str = "kyverno.io/";
const BY_CEL: &str = "policies.kyverno.io/";
/// Names of annotations in which people give a reason.
const REASONS: [&str; 4] = ["reason", "justification", "description", "why"];

pub(super) fn is_exception(value: &Value) -> bool {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    value["kind"] == "PolicyException"
        && (version.starts_with(BY_NAME) || version.starts_with(BY_CEL))
}

pub(super) fn read(manifest: &Manifest, workloads: &[&Value], ignores: &mut Ignores) {
    let value = &manifest.value;
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let own = named(value);
    let written = format!("PolicyException {}/{}", own.namespace, own.name);
    let mut note = |why: String| {
        let message = format!("{written}: {why}");
        ignores
            .problems
            .push(Problem::new(&manifest.source, message));
    };
    let (found, checks) = if version.starts_with(BY_CEL) {
        (by_cel(value, workloads, &mut note), policies(value))
    } else {
        (by_name(value, workloads, &mut note), rules(value))
    };
    if checks.is_empty() {
        note("names no policy, so there is nothing to carry over".to_owned());
        return;
    }
    if found.is_empty() {
        note("matches none of the workloads here".to_owned());
        return;
    }
    let properties = &value["spec"]["properties"];
    let word = |place: &Value| place.as_str().map(str::to_owned);
    ignores.waivers.push(Waiver {
        source: manifest.source.to_string(),
        tool: Tool::Kyverno,
        written,
        workloads: found,
        checks,
        reason: word(&properties["reason"]).or_else(|| annotated_reason(value)),
        until: word(&value["spec"]["expiresAt"]).and_then(|at| at.parse::<Timestamp>().ok()),
        ticket: word(&properties["ticket"]),
    });
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn texts<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    list(value, field)
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// `POLICY/RULE` for each rule; the policy alone where all its rules are meant.
fn rules(value: &Value) -> Vec<String> {
    let mut checks = Vec::new();
    for exception in list(&value["spec"], "exceptions") {
        let Some(policy) = exception["policyName"].as_str() else {
            continue;
        };
        // A namespaced policy is written NAMESPACE/NAME.
        let policy = policy.rsplit('/').next().unwrap_or(policy);
        let rules = texts(exception, "ruleNames");
        if rules.is_empty() || rules.contains(&"*") {
            checks.push(policy.to_owned());
        } else {
            checks.extend(rules.iter().map(|rule| format!("{policy}/{rule}")));
        }
    }
    checks
}

fn policies(value: &Value) -> Vec<String> {
    let refs = list(&value["spec"], "policyRefs").iter();
    let names = refs.filter_map(|policy| policy["name"].as_str());
    names.map(str::to_owned).collect()
}

fn annotated_reason(value: &Value) -> Option<String> {
    let annotations = value["metadata"]["annotations"].as_object()?;
    let mut reasons = annotations.iter().filter(|(key, _)| {
        let name = key.rsplit('/').next().unwrap_or(key);
        REASONS.contains(&name)
    });
    reasons.find_map(|(_, text)| text.as_str().map(str::to_owned))
}

/// Workloads that match any filter, or all filters of `all`.
fn by_name(
    value: &Value,
    workloads: &[&Value],
    note: &mut dyn FnMut(String),
) -> BTreeSet<WorkloadRef> {
    let spec = &value["spec"];
    let (any, all) = (list(&spec["match"], "any"), list(&spec["match"], "all"));
    for filter in any.iter().chain(all) {
        let users = ["subjects", "roles", "clusterRoles"];
        if users.iter().any(|field| filter.get(field).is_some()) {
            note("also matches users, roles or subjects, which cannot be carried over".to_owned());
        }
        if filter["resources"].get("namespaceSelector").is_some() {
            note("its namespaceSelector cannot be carried over: the draft is wider".to_owned());
        }
    }
    if spec.get("conditions").is_some() || spec.get("podSecurity").is_some() {
        note("its conditions cannot be carried over: the draft is wider".to_owned());
    }
    let matches = |workload: &&&Value| {
        let lets = |filter: &Value| is_let_through(&filter["resources"], workload);
        if all.is_empty() {
            any.iter().any(lets)
        } else {
            all.iter().all(lets)
        }
    };
    workloads.iter().filter(matches).map(|w| named(w)).collect()
}

fn is_let_through(resources: &Value, workload: &Value) -> bool {
    let own = named(workload);
    let kinds = texts(resources, "kinds");
    let kind = |pattern: &&str| {
        let kind = pattern.rsplit('/').next().unwrap_or(pattern);
        // An exception for pods also covers their workloads.
        kind == "Pod" || is_like(kind, &own.kind)
    };
    let mut names = texts(resources, "names");
    names.extend(resources["name"].as_str());
    let name = |pattern: &&str| {
        // A pod's name is its workload's name with a suffix.
        is_like(pattern, &own.name) || is_like(pattern, &format!("{}-x", own.name))
    };
    let namespaces = texts(resources, "namespaces");
    let any = |patterns: &[&str], fits: &dyn Fn(&&str) -> bool| {
        patterns.is_empty() || patterns.iter().any(fits)
    };
    any(&kinds, &kind)
        && any(&names, &name)
        && any(&namespaces, &|pattern| is_like(pattern, &own.namespace))
        && is_selected(resources, workload)
}

fn is_selected(resources: &Value, workload: &Value) -> bool {
    let Some(selector) = resources.get("selector") else {
        return true;
    };
    let Ok(selector) = serde_json::from_value::<LabelSelector>(selector.clone()) else {
        return false;
    };
    let selector = Selector::compile(&selector);
    let template = pod_template(workload).map(|template| &template["metadata"]["labels"]);
    [Some(&workload["metadata"]["labels"]), template]
        .into_iter()
        .map(LabelSet::of_json)
        .any(|labels| selector.matches(&labels))
}

/// Kyverno's wildcards: `*` is any text, `?` any character.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // reached[i]: the pattern so far can stand for the first i characters.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for wanted in pattern {
        if wanted == '*' {
            for i in 1..reached.len() {
                reached[i] = reached[i] || reached[i - 1];
            }
            continue;
        }
        for i in (1..reached.len()).rev() {
            let fits = wanted == '?' || wanted == text[i - 1];
            reached[i] = reached[i - 1] && fits;
        }
        reached[0] = false;
    }
    reached[text.len()]
}

/// Workloads for which every match condition is true.
fn by_cel(
    value: &Value,
    workloads: &[&Value],
    note: &mut dyn FnMut(String),
) -> BTreeSet<WorkloadRef> {
    let env = Env::new();
    let mut programs = Vec::new();
    for condition in list(&value["spec"], "matchConditions") {
        let source = condition["expression"].as_str().unwrap_or_default();
        match env.compile_bool(source) {
            Ok(program) => programs.push(program),
            Err(error) => {
                note(format!(
                    "its condition '{source}' cannot be read here: {error}"
                ));
                return BTreeSet::new();
            }
        }
    }
    if value["spec"].get("images").is_some() || value["spec"].get("allowedValues").is_some() {
        note("its images and allowed values cannot be carried over: the draft is wider".to_owned());
    }
    let matches = |workload: &&&Value| {
        let evaluation = Evaluation::new(&env, workload, None);
        programs
            .iter()
            .all(|program| evaluation.run_bool(program).unwrap_or(false))
    };
    workloads.iter().filter(matches).map(|w| named(w)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::assess::source::Source;

    fn workload(name: &str, namespace: &str) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
        })
    }

    fn found(value: Value) -> Ignores {
        let source = Source {
            file: "a.yaml".to_owned(),
            line: 1,
        };
        let workloads = [workload("web", "shop"), workload("api", "bank")];
        let mut ignores = Ignores::default();
        let workloads: Vec<&Value> = workloads.iter().collect();
        read(&Manifest { source, value }, &workloads, &mut ignores);
        ignores
    }

    fn names(ignores: &Ignores) -> Vec<&str> {
        let waivers = ignores.waivers.iter().flat_map(|waiver| &waiver.workloads);
        waivers.map(|workload| workload.name.as_str()).collect()
    }

    fn legacy(resources: &Value) -> Value {
        json!({
            "apiVersion": "kyverno.io/v2", "kind": "PolicyException",
            "metadata": {"name": "e", "namespace": "kyverno", "annotations": {
                "policies.example.com/reason": "The vendor publishes no other tag."}},
            "spec": {
                "match": {"any": [{"resources": resources}]},
                "exceptions": [
                    {"policyName": "disallow-latest-tag", "ruleNames": ["require-image-tag", "validate"]},
                    {"policyName": "shop/probes", "ruleNames": ["*"]},
                ],
            },
        })
    }

    #[test]
    fn resources_are_matched_as_kyverno_matches_them() {
        for (resources, matched) in [
            (
                json!({"kinds": ["Deployment"], "names": ["web"]}),
                vec!["web"],
            ),
            (
                json!({"kinds": ["apps/v1/Deployment"], "namespaces": ["b*"]}),
                vec!["api"],
            ),
            (json!({"kinds": ["Pod"], "names": ["web-*"]}), vec!["web"]),
            (json!({"kinds": ["*"]}), vec!["api", "web"]),
            (
                json!({"kinds": ["Pod"], "selector": {"matchLabels": {"app": "api"}}}),
                vec!["api"],
            ),
            (json!({"kinds": ["StatefulSet"]}), vec![]),
        ] {
            assert_eq!(names(&found(legacy(&resources))), matched, "{resources}");
        }
    }

    #[test]
    fn rules_and_reasons_are_kept() {
        let ignores = found(legacy(&json!({"kinds": ["Deployment"]})));
        let waiver = &ignores.waivers[0];
        assert_eq!(
            waiver.checks,
            [
                "disallow-latest-tag/require-image-tag",
                "disallow-latest-tag/validate",
                "probes"
            ]
        );
        let reason = waiver.reason.as_deref();
        assert_eq!(reason, Some("The vendor publishes no other tag."));
    }

    #[test]
    fn conditions_in_cel_find_their_workloads() {
        let ignores = found(json!({
            "apiVersion": "policies.kyverno.io/v1beta1", "kind": "PolicyException",
            "metadata": {"name": "e", "namespace": "shop"},
            "spec": {
                "policyRefs": [{"name": "require-pod-probes", "kind": "ValidatingPolicy"}],
                "matchConditions": [{"name": "web", "expression": "object.metadata.name == 'web'"}],
                "expiresAt": "2026-12-31T00:00:00Z",
                "properties": {"reason": "It has none.", "ticket": "https://t.example.com/1"},
            },
        }));
        assert_eq!(names(&ignores), ["web"]);
        let waiver = &ignores.waivers[0];
        assert_eq!(waiver.checks, ["require-pod-probes"]);
        assert_eq!(waiver.until, "2026-12-31T00:00:00Z".parse().ok());
        assert_eq!(waiver.ticket.as_deref(), Some("https://t.example.com/1"));
    }

    #[test]
    fn conditions_that_cannot_be_carried_over_are_reported() {
        let mut narrow = legacy(&json!({"kinds": ["Deployment"]}));
        narrow["spec"]["conditions"] = json!({"any": []});
        narrow["spec"]["match"]["any"][0]["subjects"] = json!([{"kind": "User", "name": "ada"}]);
        assert_eq!(found(narrow).problems.len(), 2);
        let unmatched = found(legacy(&json!({"kinds": ["Job"]})));
        assert!(
            unmatched.problems[0]
                .message
                .ends_with("matches none of the workloads here")
        );
    }

    proptest! {
        #[test]
        fn a_text_is_like_itself_and_like_its_beginning_and_a_star(text in "[a-z]{0,8}", cut in 0_usize..9) {
            prop_assert!(is_like(&text, &text));
            let cut = cut.min(text.len());
            let pattern = format!("{}*", &text[..cut]);
            prop_assert!(is_like(&pattern, &text));
            let question = "?".repeat(text.len());
            prop_assert!(is_like(&question, &text));
            let longer = "?".repeat(text.len() + 1);
            prop_assert!(!is_like(&longer, &text));
        }
    }
}
