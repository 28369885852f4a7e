use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::GoldenPathSpec;
use crate::assess::path::Origin;
use crate::assess::settings::OnApply;

pub(in crate::assess) fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn path(name: &str, spec: &Value) -> Path {
    let mut whole = json!({
        "owner": {"team": "platform"},
        "warnOnApply": true,
        "checks": [{"name": "replicas", "expression": "object.spec.replicas >= 2"}],
    });
    for (key, value) in spec.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let spec: GoldenPathSpec = serde_json::from_value(whole).unwrap();
    let origin = Origin {
        name: name.to_owned(),
        uid: Some(format!("uid-of-{name}")),
        ..Origin::default()
    };
    Path::compile(origin, spec)
}

pub(in crate::assess) fn settings() -> Settings {
    Settings {
        on_apply: OnApply::Warn,
        ..Settings::default()
    }
}

fn answers(paths: Vec<Path>, settings: &Settings) -> BTreeMap<Arc<str>, Result<Warning, Obstacle>> {
    let mut set = PathSet::default();
    for path in paths {
        set = set.with(path);
    }
    let at: Vec<PathAt> = set.iter().map(|path| path.at(now())).collect();
    let account = Account {
        user: "system:serviceaccount:platform:goldenpath".to_owned(),
        namespace: Some("platform".to_owned()),
    };
    let terms = GenerateContext {
        settings,
        account: &account,
    };
    warnings(&set, &at, terms)
}

fn only(path: Path) -> Result<Warning, Obstacle> {
    let name = path.name.clone();
    answers(vec![path], &settings()).remove(&name).unwrap()
}

fn expression<'a>(warning: &'a Warning, variable: &str) -> &'a str {
    let variables = warning.policy["spec"]["variables"].as_array().unwrap();
    let found = variables.iter().find(|known| known["name"] == variable);
    found.unwrap()["expression"].as_str().unwrap()
}

#[test]
fn an_obstacle_prevents_a_policy_and_is_reported() {
    for (spec, obstacle) in [
        (json!({"horizon": "Next"}), Obstacle::Preview),
        (
            json!({"launchedAt": "2027-01-01T00:00:00Z"}),
            Obstacle::Preview,
        ),
        (
            json!({"scope": {"kinds": [{"group": "argoproj.io", "kind": "Rollout"}]}}),
            Obstacle::NoKind,
        ),
        (
            json!({"checks": [
                {"name": "a", "expression": "true"}, {"name": "b", "expression": "object."}]}),
            Obstacle::ChecksInvalid,
        ),
        (
            json!({"scope": {"matchConditions": [{"name": "x", "expression": "1"}]}}),
            Obstacle::ChecksInvalid,
        ),
        (
            json!({"variables": [{"name": "v", "expression": "object.status.x"}]}),
            Obstacle::ChecksInvalid,
        ),
    ] {
        assert_eq!(only(path("web", &spec)), Err(obstacle), "{spec}");
    }
}

#[test]
fn nested_loops_are_too_expensive() {
    let loops = "object.spec.l.all(a, object.spec.l.all(b, object.spec.l.all(c, \
                 object.spec.l.all(d, a + b + c + d != 'x'))))";
    let expensive = json!({"checks": [{"name": "a", "expression": loops}]});
    let refused = only(path("web", &expensive));
    assert!(matches!(refused, Err(Obstacle::TooExpensive(cost)) if cost > MOST_COST));
}

#[test]
fn no_policy_without_settings_or_without_warn_on_apply() {
    for (settings, obstacle) in [
        (Settings::default(), Obstacle::NotEnabled),
        (
            Settings {
                labels: false,
                ..settings()
            },
            Obstacle::LabelsOff,
        ),
    ] {
        let answered = answers(vec![path("web", &json!({}))], &settings);
        assert_eq!(answered["web"], Err(obstacle));
    }
    let silent = path("web", &json!({"warnOnApply": false}));
    assert!(answers(vec![silent], &settings()).is_empty());
}

#[test]
fn recommended_and_announced_checks_are_not_steps() {
    let spec = json!({"checks": [
        {"name": "counts", "expression": "object.spec.replicas >= 2"},
        {"name": "advises", "level": "recommended", "expression": "object."},
        {"name": "ahead", "enforceFrom": "2040-01-01T00:00:00Z", "expression": "object."},
    ]});
    let warning = only(path("web", &spec)).unwrap();
    assert_eq!(warning.checks, ["counts"]);
}

#[test]
fn a_policy_is_owned_by_its_path_and_labelled_as_managed() {
    let warning = only(path("web", &json!({}))).unwrap();
    for object in [&warning.policy, &warning.binding] {
        assert_eq!(object["metadata"]["name"], "goldenpath-warn-web");
        let owner = &object["metadata"]["ownerReferences"][0];
        assert_eq!(owner["kind"], "GoldenPath");
        assert_eq!(owner["uid"], "uid-of-web");
        let labels = &object["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/managed-by"], "goldenpath");
    }
}

#[test]
fn our_prefix_avoids_the_names_of_the_path() {
    let spec = json!({
        "variables": [{"name": "goldenpath_asked", "expression": "true"}],
        "checks": [{"name": "a", "expression": "variables.goldenpath_asked"}],
    });
    let warning = only(path("web", &spec)).unwrap();
    assert_eq!(expression(&warning, "goldenpath_asked"), "true");
    assert!(expression(&warning, "goldenpath__asked").contains("goldenpath__in_scope"));
}

#[test]
fn another_path_adds_its_scope_and_only_the_variables_it_needs() {
    let other = json!({
        "priority": 7,
        "warnOnApply": false,
        "variables": [
            {"name": "pod", "expression": "object.spec.template.spec"},
            {"name": "volumes", "expression": "variables.pod.?volumes.orValue([])"},
            {"name": "unused", "expression": "'x'"},
        ],
        "scope": {"matchConditions": [
            {"name": "data", "expression": "size(variables.volumes) > 0 // some"}]},
    });
    let elsewhere = json!({"scope": {"kinds": [{"group": "batch", "kind": "CronJob"}]}});
    let here = json!({"scope": {"kinds": [{"group": "apps", "kind": "Deployment"}]}});
    let paths = vec![
        path("data", &other),
        path("job", &elsewhere),
        path("web", &here),
    ];
    let all = answers(paths, &settings());
    let web = all["web"].as_ref().unwrap();
    assert_eq!(
        expression(web, "goldenpath_0_volumes"),
        "variables.goldenpath_0_pod.?volumes.orValue([])"
    );
    let names = web.policy["spec"]["variables"].to_string();
    assert!(
        !names.contains("unused") && !names.contains("goldenpath_1_"),
        "{names}"
    );
    assert!(expression(web, "goldenpath_asked").contains("!(variables.goldenpath_0_in_scope)"));
    assert!(all.contains_key("job") && !all.contains_key("data"));
}

#[test]
fn a_former_name_means_its_path_unless_another_path_has_the_name() {
    let renamed = path("web", &json!({"formerNames": ["http", "api"]}));
    let all = answers(vec![renamed, path("api", &json!({}))], &settings());
    let web = expression(all["web"].as_ref().unwrap(), "goldenpath_asked");
    assert!(web.contains("in ['web', 'http'] :"), "{web}");
}

/// Any text that users may write in a path.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("object.spec.replicas >= 2".to_owned()),
        Just("variables.v != 'x' // Deny".to_owned()),
        Just("object.spec.l.all(a, a != '')".to_owned()),
        "[ -~]{0,40}",
        any::<String>(),
    ]
}

fn check() -> impl Strategy<Value = Value> {
    let texts = (words(), words(), words(), words());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    ("[a-z]{1,6}", texts, flags).prop_map(|(name, texts, (exemptible, sensitive, required))| {
        json!({
            "name": name,
            "expression": texts.0,
            "message": texts.1,
            "messageExpression": texts.2,
            "remediation": texts.3,
            "exemptible": exemptible,
            "sensitive": sensitive,
            "level": if required { "required" } else { "recommended" },
        })
    })
}

fn any_path() -> impl Strategy<Value = Value> {
    let checks = proptest::collection::vec(check(), 1..6);
    let scope = (words(), any::<bool>(), "[a-z]{1,3}");
    (checks, scope, words(), any::<i8>()).prop_map(|(checks, scope, variable, priority)| {
        json!({
            "checks": checks,
            "priority": priority,
            "formerNames": [scope.2],
            "variables": [{"name": "v", "expression": variable}],
            "scope": {
                "matchConditions": if scope.1 { json!([{"name": "c", "expression": scope.0}]) } else { json!([]) },
                "selector": {"matchLabels": {"app": scope.0}},
            },
        })
    })
}

proptest! {
    /// **Invariant:** no policy denies a request, whatever the path contains.
    #[test]
    fn deny_is_never_generated_for_workloads(one in any_path(), other in any_path()) {
        for (_, answer) in answers(vec![path("a", &one), path("b", &other)], &settings()) {
            let Ok(warning) = answer else { continue };
            let binding = &warning.binding["spec"];
            prop_assert_eq!(&binding["validationActions"], &json!(["Warn", "Audit"]));
            prop_assert!(binding.as_object().unwrap().len() == 2);
            prop_assert_eq!(&warning.policy["spec"]["failurePolicy"], "Ignore");
            let rules = warning.policy["spec"]["matchConstraints"]["resourceRules"].to_string();
            prop_assert!(!rules.contains('/') && !rules.contains("\"*\"]"), "{}", rules);
        }
    }
}

#[test]
fn warn_and_audit_are_the_only_actions() {
    assert_eq!(
        ValidationAction::ALL.map(ValidationAction::as_str),
        ["Warn", "Audit"]
    );
}
