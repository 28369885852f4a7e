//! An object as the API server stores it, decoded once into plain JSON and the metadata kube needs.
//! Decoding skips `managedFields`, except for the entries that own decisions of an exception.
//! Nothing here judges, and no object outlives the call it is passed to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::GetParams;
use kube::core::{ApiResource, DynamicResourceScope, Request, Resource};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::Instant;
use crate::api::keys::MANAGED_BY;
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::report::policy_report::Format;

/// A stored object.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    meta: ObjectMeta,
    object: Value,
}

/// Namespace (empty where there is none) and name.
pub type Key = (String, String);

impl Stored {
    /// Namespace and name.
    pub fn key(&self) -> Key {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (text(&self.meta.namespace), text(&self.meta.name))
    }

    /// The object itself, with `apiVersion` and `kind`: items of a list lack them.
    pub fn into_value(self, resource: &ApiResource) -> Value {
        let mut object = self.object;
        if let Some(top) = object.as_object_mut() {
            for (field, text) in [
                ("apiVersion", &resource.api_version),
                ("kind", &resource.kind),
            ] {
                top.entry(field)
                    .or_insert_with(|| Value::String(text.clone()));
            }
        }
        object
    }
}

/// The label selector of the objects the operator creates.
pub fn managed_by_us() -> String {
    let (key, value) = MANAGED_BY;
    format!("{key}={value}")
}

/// The `ApiResource` of a format of policy reports.
pub fn resource_of_format(format: Format) -> ApiResource {
    ApiResource {
        group: format.group().to_owned(),
        version: format.version().to_owned(),
        api_version: format.api_version(),
        kind: format.kind().to_owned(),
        plural: format.plural().to_owned(),
    }
}

/// The `ApiResource` of a watched kind.
pub fn resource_of(kind: &WatchedKind) -> ApiResource {
    ApiResource {
        group: kind.group.clone(),
        version: kind.version.clone(),
        api_version: kind.api_version(),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
    }
}

/// A workload as it is now, with status.
///
/// # Errors
/// When the API server does not answer, or has no such workload.
pub async fn read_workload(client: &Client, id: &WorkloadId) -> kube::Result<Value> {
    let path = Stored::url_path(&resource_of(&id.kind), Some(&id.namespace));
    let request = Request::new(path)
        .get(&id.name, &GetParams::default())
        .map_err(kube::Error::BuildRequest)?;
    client.request(request).await
}

impl Resource for Stored {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = deserializer.deserialize_map(ObjectPart::Object)?;
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        let meta = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { meta, object })
    }
}

/// Which part of an object the decoder reads.
#[derive(Clone, Copy)]
enum ObjectPart {
    Object,
    Metadata,
}

impl<'de> Visitor<'de> for ObjectPart {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            match (self, key.as_str()) {
                (Self::Object, "metadata") => {
                    let Metadata(metadata) = members.next_value()?;
                    object.insert(key, metadata);
                }
                (Self::Metadata, "managedFields") => {
                    let record: Option<Vec<RecordEntry>> = members.next_value()?;
                    retain_decisions(record.unwrap_or_default(), key, &mut object);
                }
                (Self::Object | Self::Metadata, _) => {
                    object.insert(key, members.next_value()?);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// An entry of `managedFields`, reduced to the decisions of an exception it owns.
#[derive(Deserialize, Serialize)]
struct RecordEntry {
    #[serde(default, deserialize_with = "readable")]
    time: Option<Instant>,
    #[serde(rename = "fieldsV1")]
    fields: Option<Fields>,
}

#[derive(Deserialize, Serialize)]
struct Fields {
    #[serde(rename = "f:spec")]
    spec: Option<Decisions>,
}

#[derive(Deserialize, Serialize)]
struct Decisions {
    #[serde(rename = "f:approval")]
    approval: Option<FieldSet>,
    #[serde(rename = "f:reviews")]
    reviews: Option<FieldSet>,
}

/// The names in a set of fields. Anything below them is skipped: users control how deep it nests.
#[derive(Deserialize, Serialize)]
#[serde(transparent)]
#[allow(clippy::zero_sized_map_values)] // a set is not what a map of JSON is read into
struct FieldSet(BTreeMap<String, Skipped>);

struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|IgnoredAny| Self)
    }
}

impl Serialize for Skipped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

/// A time that cannot be read counts as absent: users can write any text there, and it must not make
/// the whole object undecodable.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| serde_json::from_value(text.into()).ok()))
}

impl RecordEntry {
    fn owns_decisions(&self) -> bool {
        let spec = self.fields.as_ref().and_then(|fields| fields.spec.as_ref());
        spec.is_some_and(|spec| spec.approval.is_some() || spec.reviews.is_some())
    }
}

/// Keeps only the entries that own a decision.
fn retain_decisions(record: Vec<RecordEntry>, key: String, metadata: &mut Map<String, Value>) {
    let kept: Vec<Value> = record
        .into_iter()
        .filter(RecordEntry::owns_decisions)
        .filter_map(|entry| serde_json::to_value(entry).ok())
        .collect();
    if !kept.is_empty() {
        metadata.insert(key, Value::Array(kept));
    }
}

struct Metadata(Value);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectPart::Metadata).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = r#"{"spec": {"metadata": {"managedFields": "kept"}}, "metadata": {
        "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7",
        "managedFields": [{"manager": "kubectl"}], "labels": {"a": "b"}}}"#;

    #[test]
    fn managed_fields_are_skipped_and_nothing_else() {
        let stored: Stored = serde_json::from_str(OBJECT).unwrap();
        assert_eq!(stored.key(), ("shop".to_owned(), "web".to_owned()));
        assert_eq!(stored.meta().resource_version.as_deref(), Some("7"));
        let object = stored.into_value(&resource_of(&WatchedKind::built_in()[0]));
        assert!(object["metadata"].get("managedFields").is_none());
        assert_eq!(object["metadata"]["labels"]["a"], "b");
        assert_eq!(object["spec"]["metadata"]["managedFields"], "kept");
        assert_eq!(object["kind"], "Deployment");
        assert_eq!(object["apiVersion"], "apps/v1");
    }

    #[test]
    fn of_managed_fields_the_record_of_decisions_is_kept() {
        let object = r#"{"metadata": {"name": "e", "managedFields": [
            {"manager": "a", "time": "2026-03-01T09:00:00Z", "fieldsV1": {"f:spec": {"f:path": {}}}},
            {"manager": "b", "time": "2026-03-02T09:00:00Z", "fieldsType": "FieldsV1",
             "fieldsV1": {"f:metadata": {}, "f:spec": {"f:approval": {"f:at": {}}, "f:path": {}}}}]}}"#;
        let stored: Stored = serde_json::from_str(object).unwrap();
        let object = stored.into_value(&resource_of(&WatchedKind::built_in()[0]));
        let kept = &object["metadata"]["managedFields"];
        assert_eq!(kept.as_array().unwrap().len(), 1);
        assert_eq!(kept[0]["time"], "2026-03-02T09:00:00Z");
        assert_eq!(
            kept[0]["fieldsV1"]["f:spec"]["f:approval"],
            serde_json::json!({"f:at": {}})
        );
    }

    #[test]
    fn a_record_without_a_readable_time_does_not_keep_an_object_from_being_read() {
        for time in [
            "",
            r#""time": null,"#,
            r#""time": "2026-03-01T09:00:00.0123456789Z","#,
        ] {
            let object = format!(
                r#"{{"metadata": {{"name": "web", "managedFields": [
                    {{"manager": "kubectl", {time} "subresource": "scale",
                      "fieldsV1": {{"f:spec": {{"f:replicas": {{}}}}}}}}]}}}}"#
            );
            let stored: Stored = serde_json::from_str(&object).unwrap();
            assert_eq!(stored.key().1, "web", "{time}");
        }
    }

    #[test]
    fn an_object_without_metadata_is_still_an_object() {
        let stored: Stored = serde_json::from_str("{}").unwrap();
        assert_eq!(stored.key(), (String::new(), String::new()));
    }
}
