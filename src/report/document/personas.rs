//! Personas as a document: who they are, their services, and which golden paths serve them. Nothing is
//! counted here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::API_VERSION;
use crate::assess::adoption::{PersonaTally, Tally, total};
use crate::assess::goals::persona::{MeantPath, PersonaFigures, Served, personas};
use crate::assess::inventory::Inventory;
use crate::assess::state::State;

/// Every persona as a document of its own.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaList {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `PersonaList`.
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// The personas.
    #[serde(flatten)]
    pub lines: PersonaLines,
}

impl PersonaList {
    /// The document of an instant.
    pub fn new(lines: Option<&PersonaLines>, as_of: Timestamp) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "PersonaList",
            as_of,
            lines: lines.cloned().unwrap_or_default(),
        }
    }
}

/// Every persona, and the paths of the matrix.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaLines {
    /// The golden paths that take part or are meant for a persona: the columns of the matrix.
    pub paths: Vec<String>,
    pub items: Vec<PersonaLine>,
}

/// One persona.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaLine {
    pub name: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pain_points: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_tools: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<String>,
    /// Whether a launched path is meant for them; absent where that cannot be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<bool>,
    /// The paths that name the persona.
    pub paths: Vec<PersonaPath>,
    /// Their services; absent without `match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<PersonaServices>,
}

/// A golden path that names a persona.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaPath {
    pub path: String,
    /// Whether it takes part; otherwise it is a preview.
    pub launched: bool,
}

/// The services of a persona.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaServices {
    /// All of them.
    pub total: usize,
    /// Those on their path.
    pub on_path: usize,
    /// Those in scope of no path.
    pub unscoped: usize,
    /// Those in scope of a path by state; a state with none is absent.
    pub states: BTreeMap<State, usize>,
    /// Those judged by each path; a path with none is absent.
    pub paths: BTreeMap<String, PersonaCell>,
}

/// Services of a persona that one path judges.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PersonaCell {
    pub services: usize,
    pub on_path: usize,
}

/// Every persona; none where there is no persona.
pub(super) fn lines(inventory: &Inventory, tally: &Tally) -> Option<PersonaLines> {
    let figures = personas(inventory, tally);
    (!figures.is_empty()).then(|| PersonaLines {
        paths: columns(&figures, tally),
        items: figures.iter().map(line).collect(),
    })
}

fn columns(figures: &[PersonaFigures<'_>], tally: &Tally) -> Vec<String> {
    let is_meant = |name: &str| {
        let mut meant = figures.iter().flat_map(|it| &it.paths);
        meant.any(|meant| *meant.path.name == *name)
    };
    tally
        .paths
        .iter()
        .filter(|(name, path)| path.takes_part || is_meant(name))
        .map(|(name, _)| name.to_string())
        .collect()
}

fn line(figures: &PersonaFigures<'_>) -> PersonaLine {
    let spec = &figures.persona.spec;
    PersonaLine {
        name: figures.persona.name.to_string(),
        title: spec.title.clone(),
        description: spec.description.clone(),
        pain_points: spec.pain_points.clone(),
        jobs: spec.jobs.clone(),
        preferred_tools: spec.preferred_tools.clone(),
        blockers: spec.blockers.clone(),
        served: match figures.served() {
            Served::Served => Some(true),
            Served::Unserved => Some(false),
            Served::NoServices | Served::NotCounted => None,
        },
        paths: figures.paths.iter().map(meant).collect(),
        services: figures.services.map(services),
    }
}

fn meant(meant: &MeantPath<'_>) -> PersonaPath {
    PersonaPath {
        path: meant.path.name.to_string(),
        launched: meant.is_launched,
    }
}

fn services(tally: &PersonaTally) -> PersonaServices {
    let on_path = |states: &BTreeMap<State, usize>| {
        let on_path = states.get(&State::GoldenPath);
        on_path.copied().unwrap_or(0)
    };
    PersonaServices {
        total: tally.total(),
        on_path: tally.on_path(),
        unscoped: tally.unscoped,
        states: tally.services.clone(),
        paths: tally
            .paths
            .iter()
            .map(|(path, states)| {
                let cell = PersonaCell {
                    services: total(states),
                    on_path: on_path(states),
                };
                (path.to_string(), cell)
            })
            .collect(),
    }
}
