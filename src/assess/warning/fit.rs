//! Whether a stored object is what was wanted. What a newer API server adds by itself is left
//! alone; what changes the meaning of a policy or a binding never is.

use serde_json::Value;

/// Fields of a policy or a binding that say something where they are present, so that one we did
/// not write was written by somebody else.
const TELLING: [&str; 20] = [
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

/// Whether what is stored is all that is wanted, and nothing else.
pub(in crate::assess) fn fits(wanted: &Value, stored: &Value) -> bool {
    let (wanted_meta, stored_meta) = (&wanted["metadata"], &stored["metadata"]);
    let has_labels = wanted_meta["labels"].as_object().is_none_or(|labels| {
        let has = |(key, value): (&String, &Value)| stored_meta["labels"][key] == *value;
        labels.iter().all(has)
    });
    let is_owned = wanted_meta.get("ownerReferences").is_none_or(|owners| {
        let stored = stored_meta.get("ownerReferences");
        stored.is_some_and(|stored| says(owners, stored))
    });
    has_labels && is_owned && says(&wanted["spec"], &stored["spec"])
}

fn says(wanted: &Value, stored: &Value) -> bool {
    match (wanted, stored) {
        (Value::Object(wanted), Value::Object(stored)) => {
            let missing_or_other = wanted
                .iter()
                .any(|(key, value)| !stored.get(key).is_some_and(|stored| says(value, stored)));
            let mut added = stored.keys().filter(|key| !wanted.contains_key(*key));
            !missing_or_other && !added.any(|key| TELLING.contains(&key.as_str()))
        }
        (Value::Array(wanted), Value::Array(stored)) => {
            wanted.len() == stored.len() && wanted.iter().zip(stored).all(|(a, b)| says(a, b))
        }
        (wanted, stored) => wanted == stored,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_else_wrote_into_a_binding_is_seen() {
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
    fn a_default_of_a_newer_server_is_left_alone() {
        let wanted = json!({"spec": {"failurePolicy": "Ignore"}});
        let stored = json!({"spec": {"failurePolicy": "Ignore", "evaluationMode": "Fast"}});
        assert!(fits(&wanted, &stored));
    }
}
