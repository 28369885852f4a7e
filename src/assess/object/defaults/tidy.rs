//! Fields that the API server stores differently: it removes empty fields and writes quantities in
//! canonical form. Checks with `has(…)` depend on the first, checks that compare strings on the second.
//! No default is added here.

use goldenpath_cel::{Precision, canonical_quantity};
use serde_json::{Value, json};

use super::Object;

/// Flags that are removed when false.
const FLAGS: [&str; 11] = [
    "chapAuthDiscovery",
    "chapAuthSession",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "paused",
    "readOnly",
    "sslEnabled",
    "stdin",
    "stdinOnce",
    "tty",
];
/// Numbers that are removed when 0.
const NUMBERS: [&str; 7] = [
    "failureThreshold",
    "hostPort",
    "initialDelaySeconds",
    "minReadySeconds",
    "periodSeconds",
    "successThreshold",
    "timeoutSeconds",
];
/// Numbers that are removed when 0, in this parent only.
const NUMBERS_OF: [(&str, &str); 2] = [
    ("awsElasticBlockStore", "partition"),
    ("gcePersistentDisk", "partition"),
];
/// Texts that are removed when empty.
const TEXTS: [&str; 37] = [
    "apiVersion",
    "audience",
    "concurrencyPolicy",
    "dnsPolicy",
    "effect",
    "generateName",
    "host",
    "hostIP",
    "hostname",
    "image",
    "imagePullPolicy",
    "keyring",
    "level",
    "medium",
    "nodeName",
    "podManagementPolicy",
    "pool",
    "prefix",
    "priorityClassName",
    "protocol",
    "pullPolicy",
    "request",
    "role",
    "schedulerName",
    "scheme",
    "secretName",
    "serviceAccount",
    "serviceAccountName",
    "subPath",
    "subPathExpr",
    "subdomain",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "user",
    "whenDeleted",
    "whenScaled",
    "workingDir",
];
/// Texts that are removed when empty, in this parent only.
const TEXTS_OF: [(&str, &str); 29] = [
    ("awsElasticBlockStore", "fsType"),
    ("cephfs", "path"),
    ("cinder", "fsType"),
    ("env", "value"),
    ("fc", "fsType"),
    ("flexVolume", "fsType"),
    ("gcePersistentDisk", "fsType"),
    ("gitRepo", "directory"),
    ("gitRepo", "revision"),
    ("httpGet", "path"),
    ("imagePullSecrets", "name"),
    ("iscsi", "fsType"),
    ("metadata", "name"),
    ("photonPersistentDisk", "fsType"),
    ("ports", "name"),
    ("portworxVolume", "fsType"),
    ("quobyte", "group"),
    ("quobyte", "tenant"),
    ("rbd", "fsType"),
    ("resourceFieldRef", "containerName"),
    ("scaleIO", "fsType"),
    ("spec", "restartPolicy"),
    ("storageos", "fsType"),
    ("strategy", "type"),
    ("tolerations", "key"),
    ("tolerations", "operator"),
    ("tolerations", "value"),
    ("updateStrategy", "type"),
    ("vsphereVolume", "fsType"),
];
/// Maps from text to text or quantity: removed when empty, and their keys are not fields.
const MAPS: [&str; 10] = [
    "annotations",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "options",
    "overhead",
    "requests",
    "userAnnotations",
    "volumeAttributes",
];
/// Lists that are stored when empty.
const KEPT_LISTS: [&str; 5] = [
    "containers",
    "monitors",
    "nodeSelectorTerms",
    "rules",
    "sources",
];
/// Maps whose values are quantities of whole thousandths.
const RESOURCES: [&str; 3] = ["limits", "overhead", "requests"];
/// Fields that hold one quantity.
const QUANTITIES: [&str; 2] = ["divisor", "sizeLimit"];

/// Removes null fields, and the empty fields that the API server removes.
pub(super) fn remove_empty(object: &mut Object) {
    walk("", object, &|parent, object| {
        object.retain(|key, value| !is_removed(parent, key, value));
    });
}

/// Writes every quantity in canonical form.
pub(super) fn write_quantities(object: &mut Object) {
    walk("", object, &|_, object| {
        for name in RESOURCES {
            if let Some(Value::Object(amounts)) = object.get_mut(name) {
                for amount in amounts.values_mut() {
                    write_quantity(amount, Precision::Milli);
                }
            }
        }
        for name in QUANTITIES {
            if let Some(amount) = object.get_mut(name) {
                write_quantity(amount, Precision::Nano);
            }
        }
    });
}

fn write_quantity(amount: &mut Value, precision: Precision) {
    let text = match &*amount {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return,
    };
    *amount = json!(canonical_quantity(&text, precision));
}

/// Visits an object and every nested object, outermost first, with the name of its field.
fn walk(parent: &str, object: &mut Object, visit: &impl Fn(&str, &mut Object)) {
    visit(parent, object);
    for (key, value) in object.iter_mut() {
        match value {
            Value::Object(_) if MAPS.contains(&key.as_str()) => {}
            Value::Object(child) => walk(key, child, visit),
            Value::Array(list) => {
                for child in list.iter_mut().filter_map(Value::as_object_mut) {
                    walk(key, child, visit);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn is_removed(parent: &str, key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag && FLAGS.contains(&key) && !is_false_kept(parent),
        Value::Number(number) => {
            number.as_i64() == Some(0)
                && (NUMBERS.contains(&key) || NUMBERS_OF.contains(&(parent, key)))
        }
        Value::String(text) => {
            text.is_empty() && (TEXTS.contains(&key) || TEXTS_OF.contains(&(parent, key)))
        }
        Value::Array(list) => list.is_empty() && !KEPT_LISTS.contains(&key),
        Value::Object(map) => map.is_empty() && MAPS.contains(&key),
    }
}

/// Volume sources whose `readOnly: false` is stored.
fn is_false_kept(parent: &str) -> bool {
    matches!(parent, "azureDisk" | "csi")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_fields_are_removed_and_empty_values_of_labels_stay() {
        let mut object = json!({
            "labels": {"value": "", "paused": ""},
            "spec": {"paused": false, "minReadySeconds": 0, "replicas": 0, "affinity": {}},
            "env": [{"name": "A", "value": ""}],
            "args": [],
            "annotations": {},
            "gone": null,
        });
        remove_empty(object.as_object_mut().unwrap());
        let left = json!({
            "labels": {"value": "", "paused": ""},
            "spec": {"replicas": 0, "affinity": {}},
            "env": [{"name": "A"}],
        });
        assert_eq!(object, left);
    }
}
