//! Whether a stored policy or binding equals the wanted one. Fields that a newer API server defaults do
//! not count; fields that change the meaning always do. Nothing is written here.

use serde_json::Value;

/// Fields that change the meaning of a policy or binding when present. If we did not write one, another
/// client did.
const MEANINGFUL: [&str; 20] = [
    "paramKind",
    "paramRef",
    "matchConstraints",
    "matchResources",
    "matchConditions",
    "matchLabels",
    "matchExpressions",
    "resourceRules",
    "excludeResourceRules",
    "resourceNames",
    "validations",
    "validationActions",
    "variables",
    "auditAnnotations",
    "failurePolicy",
    "message",
    "messageExpression",
    "reason",
    "values",
    "scope",
];

/// Whether the stored object equals the wanted one.
pub(in crate::assess) fn fits(wanted: &Value, stored: &Value) -> bool {
    let (wanted_meta, stored_meta) = (&wanted["metadata"], &stored["metadata"]);
    let has_labels = wanted_meta["labels"].as_object().is_none_or(|labels| {
        labels
            .iter()
            .all(|(key, value)| stored_meta["labels"][key] == *value)
    });
    let is_owned = wanted_meta.get("ownerReferences").is_none_or(|owners| {
        let stored = stored_meta.get("ownerReferences");
        stored.is_some_and(|stored| means_same(owners, stored))
    });
    has_labels && is_owned && means_same(&wanted["spec"], &stored["spec"])
}

fn means_same(wanted: &Value, stored: &Value) -> bool {
    match (wanted, stored) {
        (Value::Object(wanted), Value::Object(stored)) => {
            let holds_wanted = wanted.iter().all(|(key, value)| {
                stored
                    .get(key)
                    .is_some_and(|stored| means_same(value, stored))
            });
            let mut added = stored.keys().filter(|key| !wanted.contains_key(*key));
            holds_wanted && !added.any(|key| MEANINGFUL.contains(&key.as_str()))
        }
        (Value::Array(wanted), Value::Array(stored)) => {
            wanted.len() == stored.len() && wanted.iter().zip(stored).all(|(a, b)| means_same(a, b))
        }
        (wanted, stored) => wanted == stored,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_of_a_binding_by_another_client_is_detected() {
        let wanted = json!({"spec": {"policyName": "p", "validationActions": ["Warn", "Audit"]}});
        let stored = |spec: Value| json!({"metadata": {"uid": "u"}, "spec": spec});
        assert!(fits(&wanted, &stored(wanted["spec"].clone())));
        for actions in [
            json!(["Warn"]),
            json!(["Deny"]),
            json!(["Warn", "Audit", "Deny"]),
        ] {
            let spec = json!({"policyName": "p", "validationActions": actions});
            assert!(!fits(&wanted, &stored(spec)), "{actions}");
        }
        let narrowed = json!({"policyName": "p", "validationActions": ["Warn", "Audit"],
            "matchResources": {"matchPolicy": "Exact"}});
        assert!(!fits(&wanted, &stored(narrowed)));
    }

    #[test]
    fn a_default_of_a_newer_api_server_does_not_count() {
        let wanted = json!({"spec": {"failurePolicy": "Ignore"}});
        let stored = json!({"spec": {"failurePolicy": "Ignore", "evaluationMode": "Fast"}});
        assert!(fits(&wanted, &stored));
    }
}
