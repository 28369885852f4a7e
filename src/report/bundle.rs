//! Golden paths and exceptions as one bundle that another cluster can take: without status and without
//! the fields that a server writes, and with the dates that would otherwise be lost. Nothing is read or
//! applied here.

use serde_json::{Map, Value, json};

use crate::api::{API_VERSION, keys};
use crate::assess::object::kind::short_name;
use crate::report::voice::shell_word;

/// Which objects a bundle holds.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only these paths, and the exceptions for them; all where empty.
    pub paths: Vec<String>,
    /// Only exceptions of this namespace.
    pub namespace: Option<String>,
}

/// Annotations that tools write for themselves.
const TOOL_ANNOTATIONS: [&str; 1] = ["kubectl.kubernetes.io/last-applied-configuration"];

/// The wanted paths, then the wanted exceptions, each as another cluster takes it.
pub fn bundle<'a>(objects: impl Iterator<Item = &'a Value>, wanted: &Wanted) -> Vec<Value> {
    let is_wanted = |name: Option<&str>| {
        wanted.paths.is_empty() || name.is_some_and(|name| wanted.paths.iter().any(|p| p == name))
    };
    let (mut paths, mut exceptions) = (Vec::new(), Vec::new());
    for object in objects.filter(|object| object["apiVersion"] == API_VERSION) {
        let metadata = &object["metadata"];
        match object["kind"].as_str() {
            Some("GoldenPath") if is_wanted(metadata["name"].as_str()) => {
                paths.push(exported_path(object));
            }
            Some("DeviationException") if is_wanted(object["spec"]["path"].as_str()) => {
                let namespace = metadata["namespace"].as_str();
                if wanted.namespace.is_none() || wanted.namespace.as_deref() == namespace {
                    exceptions.push(exported(object));
                }
            }
            Some(_) | None => {}
        }
    }
    let key = |object: &Value| {
        let text = |field: &str| {
            object["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        (text("namespace"), text("name"))
    };
    paths.sort_by_key(key);
    exceptions.sort_by_key(key);
    paths.extend(exceptions);
    paths
}

/// A path is launched when it is created, unless it says otherwise: in another cluster that would be
/// another day.
fn exported_path(object: &Value) -> Value {
    let mut path = exported(object);
    let created = &object["metadata"]["creationTimestamp"];
    if let Some(spec) = path["spec"].as_object_mut() {
        let is_dated = spec.contains_key("launchedAt") || spec.contains_key("horizon");
        if created.is_string() && !is_dated {
            spec.insert("launchedAt".to_owned(), created.clone());
        }
    }
    path
}

/// The object without status and without what a server or a tool writes into its metadata.
fn exported(object: &Value) -> Value {
    let mut metadata = Map::new();
    for field in ["name", "namespace", "labels", "annotations"] {
        if let Some(value) = object["metadata"].get(field) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let mut is_bare = false;
    if let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.retain(|key, _| !TOOL_ANNOTATIONS.contains(&key.as_str()));
        is_bare = annotations.is_empty();
    }
    if is_bare {
        metadata.remove("annotations");
    }
    json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": metadata,
        "spec": object["spec"],
    })
}

/// A workload whose birth only its creation tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birth {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// When it was created, as stored.
    pub created: String,
}

/// The births that objects of these kinds would lose: they state none of their own.
pub fn births<'a>(workloads: impl Iterator<Item = &'a Value>, wanted: &Wanted) -> Vec<Birth> {
    workloads
        .filter_map(|object| {
            let metadata = &object["metadata"];
            let text = |field: &str| metadata[field].as_str().map(str::to_owned);
            let is_stated = [keys::SERVICE_SINCE, keys::SCAFFOLDED_AT]
                .iter()
                .any(|key| metadata["annotations"][key].is_string());
            let birth = Birth {
                kind: object["kind"].as_str()?.to_owned(),
                namespace: text("namespace")?,
                name: text("name")?,
                created: text("creationTimestamp")?,
            };
            let is_elsewhere = wanted
                .namespace
                .as_ref()
                .is_some_and(|namespace| *namespace != birth.namespace);
            (!is_stated && !is_elsewhere).then_some(birth)
        })
        .collect()
}

/// What the commands that state births begin with.
const BIRTHS_HEAD: &str = "#!/bin/sh
# States when each service began, so that a rebuilt cluster counts it as old as it is.
";

/// Commands that state these births in another cluster, or in this one before it is left.
pub fn birth_commands(births: &[Birth]) -> String {
    let commands = births.iter().map(|birth| {
        let target = format!("{}/{}", short_name(&birth.kind), birth.name);
        format!(
            "kubectl annotate {} -n {} {}={}\n",
            shell_word(&target),
            shell_word(&birth.namespace),
            keys::SERVICE_SINCE,
            shell_word(&birth.created)
        )
    });
    std::iter::once(BIRTHS_HEAD.to_owned())
        .chain(commands)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_paths_first_and_nothing_of_the_server() {
        let metadata = |name: &str| {
            json!({"name": name, "uid": "u", "resourceVersion": "1", "generation": 3,
                "creationTimestamp": "2026-01-02T03:04:05Z", "managedFields": [], "labels": {"a": "b"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}})
        };
        let mut exception = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
            "metadata": metadata("e"), "spec": {"path": "web"}, "status": {"phase": "Active"}});
        exception["metadata"]["namespace"] = json!("shop");
        let path = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath",
            "metadata": metadata("web"), "spec": {"checks": []}, "status": {"services": 1}});
        let mut planned = path.clone();
        planned["metadata"]["name"] = json!("later");
        planned["spec"]["horizon"] = json!("Next");
        let objects = [exception, path, planned];
        let found = bundle(objects.iter(), &Wanted::default());
        let names: Vec<_> = found
            .iter()
            .map(|object| &object["metadata"]["name"])
            .collect();
        assert_eq!(names, ["later", "web", "e"]);
        assert_eq!(
            found[1],
            json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath",
                "metadata": {"name": "web", "labels": {"a": "b"}},
                "spec": {"checks": [], "launchedAt": "2026-01-02T03:04:05Z"}})
        );
        assert_eq!(found[0]["spec"].get("launchedAt"), None);
        let wanted = Wanted {
            paths: vec!["later".to_owned()],
            namespace: None,
        };
        assert_eq!(bundle(objects.iter(), &wanted).len(), 1);
        let wanted = Wanted {
            paths: Vec::new(),
            namespace: Some("bank".to_owned()),
        };
        assert_eq!(bundle(objects.iter(), &wanted).len(), 2);
    }

    #[test]
    fn births_are_stated_once() {
        let workload = |name: &str, annotations: Value| {
            json!({"kind": "Deployment", "metadata": {"name": name, "namespace": "shop",
                "creationTimestamp": "2026-01-02T03:04:05Z", "annotations": annotations}})
        };
        let objects = [
            workload("web", json!({})),
            workload(
                "api",
                json!({"goldenpath.dev/service-since": "2024-01-01T00:00:00Z"}),
            ),
        ];
        let births = births(objects.iter(), &Wanted::default());
        assert_eq!(
            birth_commands(&births).lines().last(),
            Some(
                "kubectl annotate deploy/web -n shop \
                 goldenpath.dev/service-since=2026-01-02T03:04:05Z"
            )
        );
        assert_eq!(births.len(), 1);
    }
}
