//! `Persona`: a kind of user of the platform, and the services of such users. Nothing is counted here.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::schema;

/// A kind of user of the platform.
///
/// A GoldenPath and a RoadmapItem name it in `persona`.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "Persona",
    plural = "personas",
    category = "golden-path",
    status = "PersonaStatus",
    doc = "A kind of user of the platform.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("the name is used in metrics and links: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),
    printcolumn(name = "Services", type_ = "integer", json_path = ".status.services"),
    printcolumn(name = "On path", type_ = "integer", json_path = ".status.onPath"),
    printcolumn(name = "Paths", type_ = "string", json_path = ".status.columns.paths"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct PersonaSpec {
    /// Display name, such as "Backend engineer".
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// Who they are and what they work on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// What costs them time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 500)))]
    pub pain_points: Vec<String>,
    /// Their jobs to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 500)))]
    pub jobs: Vec<String>,
    /// Tools they prefer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 500)))]
    pub preferred_tools: Vec<String>,
    /// What keeps them off a golden path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 500)))]
    pub blockers: Vec<String>,
    /// Their services. Absent means that services cannot be told apart by persona.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<PersonaMatch>,
}

/// Services of a persona. All given selectors must match.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.namespaceSelector) || has(self.selector)")
        .message("set namespaceSelector or selector; an empty selector ({}) selects everything")
)]
pub struct PersonaMatch {
    /// Selects namespaces by label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects workloads by label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// Observed services of a persona.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PersonaStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready, Served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Services that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<u32>,
    /// Services of these on their path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_path: Option<u32>,
    /// Golden paths that name the persona.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 63)))]
    pub paths: Vec<String>,
    /// Texts of the columns that `kubectl get` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<PersonaColumns>,
}

/// Texts of printed columns.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct PersonaColumns {
    /// Golden paths that name the persona.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub paths: Option<String>,
}
