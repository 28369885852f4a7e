//! The owner check of a golden path: the expression that holds where one of the configured keys names a
//! team, on a workload or its namespace. It is plain CEL, so that the API server evaluates the same
//! text; no variable exists that only this program knows. Nothing is compiled here.

use std::collections::BTreeMap;

use crate::api::GoldenPathSpec;
use crate::api::keys::OWNER_CHECK;

/// The expression that holds where one of `keys` names a team; none where no key can be written in it.
pub(in crate::assess) fn expression(keys: &[String]) -> Option<String> {
    let list: Vec<String> = keys
        .iter()
        .filter(|key| is_plain_key(key))
        .map(|key| format!("'{key}'"))
        .collect();
    (!list.is_empty()).then(|| {
        format!(
            "[{}].exists(key,\n  \
             object.metadata.?annotations[?key].orValue('') != '' || object.metadata.?labels[?key].orValue('') != ''\n  \
             || (namespaceObject != null\n      \
             && (namespaceObject.metadata.?annotations[?key].orValue('') != ''\n          \
             || namespaceObject.metadata.?labels[?key].orValue('') != '')))",
            list.join(", ")
        )
    })
}

/// Whether a key can stand between quotes in CEL as it is.
pub(in crate::assess) fn is_plain_key(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !key.is_empty() && key.len() <= 317 && key.chars().all(is_plain)
}

/// The spec with the check that the path's annotation names as its owner check reading `team_keys`, so
/// that a workload has an owner for the check exactly where it has a team.
pub(crate) fn with_team_keys(
    mut spec: GoldenPathSpec,
    annotations: Option<&BTreeMap<String, String>>,
    team_keys: &[String],
) -> GoldenPathSpec {
    let named = annotations.and_then(|annotations| annotations.get(OWNER_CHECK));
    let check = named.and_then(|name| spec.checks.iter_mut().find(|check| check.name == *name));
    if let (Some(check), Some(expression)) = (check, expression(team_keys)) {
        check.expression = expression;
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::settings::Settings;

    fn spec(annotated: &str) -> GoldenPathSpec {
        let spec = serde_json::json!({"owner": {"team": "platform"}, "checks": [
            {"name": "owner", "expression": "false"}, {"name": "other", "expression": "false"}]});
        let annotations = BTreeMap::from([(OWNER_CHECK.to_owned(), annotated.to_owned())]);
        let keys = ["example.com/squad".to_owned(), "it's".to_owned()];
        with_team_keys(
            serde_json::from_value(spec).unwrap(),
            Some(&annotations),
            &keys,
        )
    }

    #[test]
    fn only_the_check_that_is_named_reads_the_team_keys() {
        let spec = spec("owner");
        assert!(
            spec.checks[0]
                .expression
                .starts_with("['example.com/squad'].exists(key,")
        );
        assert_eq!(spec.checks[1].expression, "false");
        assert_eq!(self::spec("absent").checks[0].expression, "false");
    }

    #[test]
    fn the_examples_are_written_as_the_default_keys_make_them() {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = squeezed(&expression(&Settings::default().team_keys).unwrap_or_default());
        for file in [
            include_str!("../../../examples/paths/web-service.yaml"),
            include_str!("../../../examples/paths/stateful-service.yaml"),
            include_str!("../../../examples/paths/batch-job.yaml"),
        ] {
            let path: crate::api::GoldenPath = serde_saphyr::from_str(file).unwrap();
            let named = &path.metadata.annotations.unwrap()[OWNER_CHECK];
            let checks = path.spec.checks;
            let owner = checks.iter().find(|check| check.name == *named).unwrap();
            assert_eq!(squeezed(&owner.expression), wanted);
        }
    }
}
