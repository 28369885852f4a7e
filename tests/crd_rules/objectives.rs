//! Rules of PlatformObjective: a key result is an outcome with a source, whose figures and unit fit.

use goldenpath::api;
use serde_json::{Value, json};

use crate::{accepts, refuses, stored, with_cluster};

fn objective(name: &str, key_results: &Value) -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "PlatformObjective",
        "metadata": {"name": name},
        "spec": {
            "objective": "A new service is in production the day it is created",
            "owner": {"team": "platform"},
            "period": {"from": "2026-07-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
            "keyResults": key_results,
        },
    })
}

/// A target that is fine, with changes.
fn target(changes: &Value) -> Value {
    let mut target =
        json!({"name": "time", "source": {"promql": "up"}, "baseline": 72, "target": 4});
    merge(&mut target, changes);
    target
}

fn guardrail(changes: &Value) -> Value {
    let mut guardrail = json!({"name": "failures", "role": "Guardrail", "source": {"promql": "up"},
        "target": 2, "direction": "Decrease"});
    merge(&mut guardrail, changes);
    guardrail
}

/// Null removes a field.
fn merge(object: &mut Value, changes: &Value) {
    let fields = object.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => fields.remove(key),
            value => fields.insert(key.clone(), value.clone()),
        };
    }
}

fn builtin(builtin: &str, changes: &Value) -> Value {
    let mut target = target(&json!({"source": {"builtin": builtin}, "unit": "hours"}));
    merge(&mut target, changes);
    target
}

#[test]
fn a_key_result_without_a_source_is_refused_by_name_with_a_way_to_rephrase_it() {
    with_cluster(|cluster| {
        let output = json!({"name": "ship-backstage", "description": "Ship Backstage 1.20"});
        let with_target = objective("output-shaped", &json!([target(&json!({})), output]));
        refuses(
            cluster,
            &with_target,
            "key result ship-backstage names an output, because it has no source: say what changes for \
             teams once it is shipped, and measure that with source.promql or source.builtin, a baseline \
             and a target",
        );
        accepts(
            cluster,
            &objective("output-shaped", &json!([target(&json!({}))])),
        );
    });
}

#[test]
fn figures_of_a_key_result_say_where_it_goes() {
    with_cluster(|cluster| {
        let refused = [
            (
                target(&json!({"target": null})),
                "set target: the value that the figure shall reach",
            ),
            (
                target(&json!({"baseline": null})),
                "set baseline: the value of the figure when",
            ),
            (
                target(&json!({"baseline": 4})),
                "baseline and target are equal",
            ),
            (
                target(&json!({"direction": "Increase"})),
                "direction contradicts baseline and target",
            ),
            (
                target(&json!({"source": {}})),
                "set exactly one of promql and builtin",
            ),
            (
                target(&json!({"source": {"promql": "up", "path": "web"}})),
                "path and days belong to builtin",
            ),
            (
                target(&json!({"target": 1e16})),
                "less than or equal to 1000000000000000",
            ),
        ];
        for (key_result, sentence) in refused {
            refuses(
                cluster,
                &objective("figures", &json!([key_result])),
                sentence,
            );
        }
        let without_direction = guardrail(&json!({"direction": null}));
        refuses(
            cluster,
            &objective("figures", &json!([target(&json!({})), without_direction])),
            "a Guardrail needs a direction",
        );
        refuses(
            cluster,
            &objective("figures", &json!([guardrail(&json!({}))])),
            "an objective needs a key result with role Target",
        );
        let mut backwards = objective("figures", &json!([target(&json!({}))]));
        backwards["spec"]["period"]["to"] = "2026-07-01T00:00:00Z".into();
        refuses(cluster, &backwards, "a period ends after it begins");
    });
}

#[test]
fn a_built_in_figure_has_a_unit_that_it_knows() {
    with_cluster(|cluster| {
        let refused = [
            (
                builtin("LeadTime", &json!({"unit": "percent"})),
                "seconds, minutes, hours or days",
            ),
            (
                builtin("TimeToFirstDeploy", &json!({"unit": null})),
                "set unit of key result time to one that TimeToFirstDeploy knows",
            ),
            (builtin("ChangeFailRate", &json!({})), "ratio or percent"),
            (
                builtin("AccountedRatio", &json!({"unit": null})),
                "ratio or percent",
            ),
            (builtin("NPS", &json!({})), "points, or leave it out"),
            (
                builtin("OwnershipHours", &json!({"unit": "days"})),
                "hours (a month), or leave it out",
            ),
            (
                builtin(
                    "NPS",
                    &json!({"unit": null, "source": {"builtin": "NPS", "path": "web"}}),
                ),
                "NPS and SelfServiceRatio are figures of the whole platform",
            ),
            (
                builtin(
                    "OwnershipHours",
                    &json!({"source": {"builtin": "OwnershipHours", "days": 30}}),
                ),
                "days belongs to the built-in figures of rollouts",
            ),
            (
                builtin(
                    "LeadTime",
                    &json!({"source": {"builtin": "LeadTime", "days": 14}}),
                ),
                "delivery figures exist for 7, 30 and 90 days",
            ),
        ];
        for (key_result, sentence) in refused {
            refuses(cluster, &objective("units", &json!([key_result])), sentence);
        }
        let accepted = [
            builtin(
                "LeadTime",
                &json!({"source": {"builtin": "LeadTime", "days": 90, "path": "web"}}),
            ),
            builtin("RecoveryTime", &json!({"unit": "minutes"})),
            builtin("ChangeFailRate", &json!({"unit": "percent"})),
            builtin("NPS", &json!({"unit": null})),
            builtin("OwnershipHours", &json!({})),
            target(&json!({"unit": "requests per second"})),
        ];
        for key_result in accepted {
            accepts(cluster, &objective("units", &json!([key_result])));
        }
    });
}

#[test]
fn an_objective_is_listed_by_its_short_name_and_role_has_a_default() {
    with_cluster(|cluster| {
        accepts(cluster, &objective("listed", &json!([target(&json!({}))])));
        let object = stored(cluster, "okr", "listed");
        assert_eq!(object["spec"]["keyResults"][0]["role"], "Target");
        let table = cluster.kubectl_ok(&["get", "okr", "listed"]).unwrap();
        for head in ["OBJECTIVE", "OWNER", "PROGRESS", "STATE", "UNTIL"] {
            assert!(table.contains(head), "{table}");
        }
    });
}
