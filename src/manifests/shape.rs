//! Whether a document is a whole object, a part of a workload, or still to be rendered. Parts and
//! templates never replace an object and never count. Nothing is judged here.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::assess::object::kind::WatchedKind;
use crate::assess::workload::pod_template;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object as the API server takes it.
    Whole,
    /// A patch, or a workload without what every API server requires.
    Fragment,
    /// Parsed, but still to be rendered.
    Template,
}

static BUILT_IN: LazyLock<Vec<Arc<WatchedKind>>> = LazyLock::new(WatchedKind::built_in);
/// The group that workloads had at first.
const FIRST_GROUP: &str = "extensions";
/// Versions whose Deployments took their selector from the pods' labels.
const WITHOUT_SELECTOR: [&str; 2] = ["extensions/v1beta1", "apps/v1beta1"];

/// Texts that may hold templates of others: they are not the object's own.
const FOREIGN_TEXTS: [&str; 5] = ["annotations", "args", "command", "env", "data"];

/// The shape of a parsed document.
pub fn of(value: &Value) -> Shape {
    let is_workload = is_built_in_workload(value);
    if is_template(value, is_workload) {
        Shape::Template
    } else if has_patch_directive(value) || is_workload && !is_complete(value) {
        Shape::Fragment
    } else {
        Shape::Whole
    }
}

fn is_template(value: &Value, is_workload: bool) -> bool {
    let is_open = |pointer: &str| value.pointer(pointer).is_some_and(is_unfilled);
    ["/apiVersion", "/kind", "/metadata/name"]
        .into_iter()
        .any(is_open)
        || is_workload && is_unfilled(value)
}

/// Whether a text that the API server reads is still a template.
fn is_unfilled(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(is_unfilled),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, field)| !FOREIGN_TEXTS.contains(&key.as_str()) && is_unfilled(field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a strategic merge patch says what to do with a part of an object.
fn has_patch_directive(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_patch_directive),
        Value::Object(fields) => {
            fields.contains_key("$patch") || fields.values().any(has_patch_directive)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether an object is of a built-in kind of workload, in any version.
pub fn is_built_in_workload(value: &Value) -> bool {
    BUILT_IN.iter().any(|kind| is_of(value, kind)) || is_retired(value)
}

/// Whether an object is of this kind, in any version.
pub fn is_of(value: &Value, kind: &WatchedKind) -> bool {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    group == kind.group && value["kind"] == kind.kind.as_str()
}

/// Whether it is a workload in an API version that API servers no longer serve, such as `apps/v1beta2`.
pub fn is_retired(value: &Value) -> bool {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let Some((group, version)) = version.split_once('/') else {
        return false;
    };
    BUILT_IN.iter().any(|kind| {
        let is_old = group == kind.group && version != kind.version || group == FIRST_GROUP;
        is_old && value["kind"] == kind.kind.as_str()
    })
}

/// Whether a built-in workload has containers with an image and, but for a CronJob, a selector.
fn is_complete(value: &Value) -> bool {
    let containers = pod_template(value).and_then(|pod| pod["spec"]["containers"].as_array());
    let has_images = containers.is_some_and(|containers| {
        !containers.is_empty()
            && containers
                .iter()
                .all(|container| container["image"].is_string())
    });
    let may_lack_one = WITHOUT_SELECTOR
        .iter()
        .any(|version| value["apiVersion"] == *version);
    let needs_selector = value["kind"] != "CronJob" && !may_lack_one;
    has_images && (!needs_selector || value["spec"]["selector"].is_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(spec: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    }

    fn whole(container: &Value) -> Value {
        json!({"selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}})
    }

    #[test]
    fn a_part_of_a_workload_is_a_fragment() {
        let image = json!({"name": "c", "image": "shop/web:1"});
        assert_eq!(of(&deployment(&whole(&image))), Shape::Whole);
        let mut without_selector = whole(&image);
        without_selector["selector"] = Value::Null;
        for spec in [
            json!({"replicas": 3}),
            whole(&json!({"name": "c", "resources": {}})),
            without_selector,
            json!({"template": {"spec": {"containers": []}}}),
        ] {
            assert_eq!(of(&deployment(&spec)), Shape::Fragment, "{spec}");
        }
        let deleted = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "$patch": "delete"});
        assert_eq!(of(&deleted), Shape::Fragment);
        let nightly = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [image]}}}}}});
        assert_eq!(of(&nightly), Shape::Whole);
    }

    #[test]
    fn a_template_with_a_literal_name_is_a_template() {
        for container in [
            json!({"name": "c", "image": "{{ .Values.image }}"}),
            json!({"name": "{{ $name }}", "image": "shop/web:1"}),
        ] {
            assert_eq!(of(&deployment(&whole(&container))), Shape::Template);
        }
        for container in [
            json!({"name": "c", "image": "shop/web:1", "args": ["--format={{.Name}}"]}),
            json!({"name": "c", "image": "shop/web:1", "env": [{"name": "A", "value": "{{ b }}"}]}),
        ] {
            assert_eq!(of(&deployment(&whole(&container))), Shape::Whole);
        }
        let mut injected = deployment(&whole(&json!({"name": "c", "image": "shop/web:1"})));
        injected["spec"]["template"]["metadata"]["annotations"] =
            json!({"vault.hashicorp.com/agent-inject-template-a": "{{ with secret }}"});
        assert_eq!(of(&injected), Shape::Whole);
        let rules = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r"},
            "data": {"a": "{{ $labels.job }}"}});
        assert_eq!(of(&rules), Shape::Whole);
    }
}
