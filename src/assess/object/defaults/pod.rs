//! Defaults of a pod template. Requests do not default to limits here: the API server does that for Pods,
//! not for pod templates.

use serde_json::{Value, json};

use super::{Object, child, ensure, image, items, set};

/// Defaults of the pod template's spec.
pub(super) fn spec(spec: &mut Object) {
    set(spec, "dnsPolicy", "ClusterFirst");
    set(spec, "restartPolicy", "Always");
    set(spec, "schedulerName", "default-scheduler");
    set(spec, "securityContext", json!({}));
    set(spec, "terminationGracePeriodSeconds", 30);
    service_account(spec);
    for field in ["initContainers", "containers", "ephemeralContainers"] {
        items(spec, field).for_each(container);
    }
    items(spec, "volumes").for_each(volume);
}

/// Defaults of a claim, of a `StatefulSet` or of an ephemeral volume.
pub(super) fn claim(claim: &mut Object) {
    ensure(claim, "metadata");
    if let Some(spec) = ensure(claim, "spec") {
        set(spec, "volumeMode", "Filesystem");
        set(spec, "resources", json!({}));
        for source in ["dataSource", "dataSourceRef"] {
            if let Some(source) = child(spec, source) {
                // Stored as null, not removed.
                set(source, "apiGroup", Value::Null);
            }
        }
    }
}

/// The API server stores the same value under the field's older name.
fn service_account(spec: &mut Object) {
    let name = spec
        .get("serviceAccountName")
        .or_else(|| spec.get("serviceAccount"))
        .cloned();
    if let Some(name) = name {
        spec.insert("serviceAccount".to_owned(), name.clone());
        spec.insert("serviceAccountName".to_owned(), name);
    }
}

fn container(container: &mut Object) {
    set(container, "resources", json!({}));
    set(container, "terminationMessagePath", "/dev/termination-log");
    set(container, "terminationMessagePolicy", "File");
    let image = container.get("image").and_then(Value::as_str);
    let policy = image::pull_policy(image.unwrap_or_default());
    set(container, "imagePullPolicy", policy);
    for port in items(container, "ports") {
        set(port, "protocol", "TCP");
    }
    for variable in items(container, "env") {
        if let Some(from) = child(variable, "valueFrom") {
            reference(from);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(found) = child(container, name) {
            probe(found);
        }
    }
    if let Some(lifecycle) = child(container, "lifecycle") {
        for name in ["postStart", "preStop"] {
            if let Some(hook) = child(lifecycle, name) {
                http_get(hook);
            }
        }
    }
}

fn probe(probe: &mut Object) {
    set(probe, "timeoutSeconds", 1);
    set(probe, "periodSeconds", 10);
    set(probe, "successThreshold", 1);
    set(probe, "failureThreshold", 3);
    http_get(probe);
    if let Some(grpc) = child(probe, "grpc") {
        set(grpc, "service", "");
    }
}

fn http_get(handler: &mut Object) {
    if let Some(get) = child(handler, "httpGet") {
        set(get, "path", "/");
        set(get, "scheme", "HTTP");
    }
}

/// Defaults of a reference in an environment variable or in a file of a volume.
fn reference(from: &mut Object) {
    if let Some(field) = child(from, "fieldRef") {
        set(field, "apiVersion", "v1");
    }
    if let Some(resource) = child(from, "resourceFieldRef") {
        set(resource, "divisor", "0");
    }
    if let Some(file) = child(from, "fileKeyRef") {
        set(file, "optional", false);
    }
}

/// Volume sources with fixed defaults: source, field, value.
const VOLUME_FIELDS: [(&str, &str, &str); 10] = [
    ("hostPath", "type", ""),
    ("iscsi", "iscsiInterface", "default"),
    ("rbd", "pool", "rbd"),
    ("rbd", "user", "admin"),
    ("rbd", "keyring", "/etc/ceph/keyring"),
    ("azureDisk", "cachingMode", "ReadWrite"),
    ("azureDisk", "fsType", "ext4"),
    ("azureDisk", "kind", "Shared"),
    ("scaleIO", "storageMode", "ThinProvisioned"),
    ("scaleIO", "fsType", "xfs"),
];

fn volume(volume: &mut Object) {
    if volume.keys().all(|key| key == "name") {
        set(volume, "emptyDir", json!({}));
    }
    for (source, field, value) in VOLUME_FIELDS {
        if let Some(source) = child(volume, source) {
            set(source, field, value);
        }
    }
    if let Some(disk) = child(volume, "azureDisk") {
        set(disk, "readOnly", false);
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = child(volume, source) {
            set(source, "defaultMode", 0o644);
            items(source, "items").for_each(reference);
        }
    }
    if let Some(projected) = child(volume, "projected") {
        // Stored as null, not removed.
        set(projected, "sources", Value::Null);
        items(projected, "sources").for_each(projection);
    }
    if let Some(image) = child(volume, "image") {
        let name = image.get("reference").and_then(Value::as_str);
        let policy = image::pull_policy(name.unwrap_or_default());
        set(image, "pullPolicy", policy);
    }
    let template = child(volume, "ephemeral").and_then(|e| child(e, "volumeClaimTemplate"));
    if let Some(template) = template {
        claim(template);
    }
}

fn projection(source: &mut Object) {
    if let Some(token) = child(source, "serviceAccountToken") {
        set(token, "expirationSeconds", 3_600);
    }
    if let Some(downward) = child(source, "downwardAPI") {
        items(downward, "items").for_each(reference);
    }
}
