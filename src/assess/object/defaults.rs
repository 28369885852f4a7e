//! Changes that the API server (1.36) makes to a manifest before it stores it: defaults, removal of empty
//! and unknown fields, canonical quantities. Applied to manifests, so that a manifest and its stored object get the
//! same verdict. Never applied to objects from a cluster.

mod fields;
mod image;
mod pod;
mod tidy;

use serde_json::{Map, Value, json};

/// A JSON object.
type Object = Map<String, Value>;

/// Applies the defaults of built-in workload kinds and of Namespaces; other kinds do not change. The
/// caller sets a missing namespace. Malformed fields stay as they are: a check that reads one fails.
pub fn apply(object: &mut Value) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    let Some(fill) = defaults_of(object) else {
        return;
    };
    if let Some(kind) = object
        .get("kind")
        .and_then(Value::as_str)
        .map(str::to_owned)
    {
        fields::conform(&kind, object);
    }
    tidy::remove_empty(object);
    ensure(object, "metadata");
    fill(object);
    tidy::write_quantities(object);
}

fn defaults_of(object: &Object) -> Option<fn(&mut Object)> {
    let word = |key: &str| object.get(key).and_then(Value::as_str);
    match (word("apiVersion")?, word("kind")?) {
        ("apps/v1", "Deployment") => Some(deployment),
        ("apps/v1", "StatefulSet") => Some(stateful_set),
        ("apps/v1", "DaemonSet") => Some(daemon_set),
        ("batch/v1", "CronJob") => Some(cron_job),
        ("v1", "Namespace") => Some(namespace),
        _ => None,
    }
}

fn deployment(object: &mut Object) {
    let Some(spec) = ensure(object, "spec") else {
        return;
    };
    set(spec, "replicas", 1);
    set(spec, "revisionHistoryLimit", 10);
    set(spec, "progressDeadlineSeconds", 600);
    if let Some(strategy) = ensure(spec, "strategy") {
        set(strategy, "type", "RollingUpdate");
        rolling_update(strategy, &[("maxUnavailable", "25%"), ("maxSurge", "25%")]);
    }
    template(spec);
}

fn daemon_set(object: &mut Object) {
    let annotations =
        child(object, "metadata").and_then(|metadata| ensure(metadata, "annotations"));
    if let Some(annotations) = annotations {
        // The API server's own count of templates.
        annotations.insert(
            "deprecated.daemonset.template.generation".to_owned(),
            json!("1"),
        );
    }
    let Some(spec) = ensure(object, "spec") else {
        return;
    };
    set(spec, "revisionHistoryLimit", 10);
    if let Some(strategy) = ensure(spec, "updateStrategy") {
        set(strategy, "type", "RollingUpdate");
        rolling_update(strategy, &[("maxUnavailable", 1), ("maxSurge", 0)]);
    }
    template(spec);
}

fn stateful_set(object: &mut Object) {
    let Some(spec) = ensure(object, "spec") else {
        return;
    };
    set(spec, "replicas", 1);
    set(spec, "revisionHistoryLimit", 10);
    set(spec, "podManagementPolicy", "OrderedReady");
    set(spec, "serviceName", "");
    if let Some(strategy) = ensure(spec, "updateStrategy") {
        // Unlike other kinds, a stated type without rollingUpdate gets none.
        if !strategy.contains_key("type") {
            set(strategy, "type", "RollingUpdate");
            set(strategy, "rollingUpdate", json!({}));
        }
        if strategy.contains_key("rollingUpdate") {
            rolling_update(strategy, &[("partition", 0)]);
        }
    }
    if let Some(retention) = ensure(spec, "persistentVolumeClaimRetentionPolicy") {
        set(retention, "whenDeleted", "Retain");
        set(retention, "whenScaled", "Retain");
    }
    if let Some(ordinals) = child(spec, "ordinals") {
        set(ordinals, "start", 0);
    }
    for claim in items(spec, "volumeClaimTemplates") {
        claim.insert("apiVersion".to_owned(), json!("v1"));
        claim.insert("kind".to_owned(), json!("PersistentVolumeClaim"));
        pod::claim(claim);
        if let Some(status) = ensure(claim, "status") {
            set(status, "phase", "Pending");
        }
    }
    template(spec);
}

fn cron_job(object: &mut Object) {
    let Some(spec) = ensure(object, "spec") else {
        return;
    };
    set(spec, "concurrencyPolicy", "Allow");
    set(spec, "suspend", false);
    set(spec, "successfulJobsHistoryLimit", 3);
    set(spec, "failedJobsHistoryLimit", 1);
    let Some(job) = ensure(spec, "jobTemplate") else {
        return;
    };
    ensure(job, "metadata");
    let Some(job) = ensure(job, "spec") else {
        return;
    };
    if let Some(policy) = child(job, "podFailurePolicy") {
        for rule in items(policy, "rules") {
            for condition in items(rule, "onPodConditions") {
                set(condition, "status", "True");
            }
        }
    }
    template(job);
}

fn namespace(object: &mut Object) {
    let name = object
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .cloned();
    let metadata = child(object, "metadata");
    if let (Some(name), Some(metadata)) = (name, metadata)
        && let Some(labels) = ensure(metadata, "labels")
    {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    }
    if let Some(spec) = ensure(object, "spec") {
        set(spec, "finalizers", json!(["kubernetes"]));
    }
}

fn rolling_update<V: Clone + Into<Value>>(strategy: &mut Object, limits: &[(&str, V)]) {
    if strategy.get("type") != Some(&json!("RollingUpdate")) {
        return;
    }
    if let Some(update) = ensure(strategy, "rollingUpdate") {
        for (name, limit) in limits {
            set(update, name, limit.clone());
        }
    }
}

fn template(spec: &mut Object) {
    let Some(template) = ensure(spec, "template") else {
        return;
    };
    ensure(template, "metadata");
    if let Some(spec) = ensure(template, "spec") {
        pod::spec(spec);
    }
}

/// Sets a field if absent.
fn set(object: &mut Object, key: &str, value: impl Into<Value>) {
    object.entry(key).or_insert_with(|| value.into());
}

/// The object in a field, created if absent; none if the field holds another type.
fn ensure<'a>(object: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    object
        .entry(key)
        .or_insert_with(|| json!({}))
        .as_object_mut()
}

/// The object in a field.
fn child<'a>(object: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    object.get_mut(key)?.as_object_mut()
}

/// The objects of a list in a field.
fn items<'a>(object: &'a mut Object, key: &str) -> impl Iterator<Item = &'a mut Object> {
    object
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}
