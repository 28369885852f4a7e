//! The roadmap as a document: what the platform team works on, for whom, and who waits for it. Steps and
//! exceptions that are not named to everybody are left out. Nothing is counted here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::restricted::{is_restricted, names_restricted};
use crate::api::API_VERSION;
use crate::api::golden_path::{EstimatedImpact, Horizon};
use crate::api::roadmap_item::{ItemDemand, ItemState, KeyResultRef, UnblockedCheck};
use crate::assess::adoption::{ItemTally, Tally};
use crate::assess::goal_objects::{Goals, StoredRoadmapItem};
use crate::assess::goals::roadmap::{ReferenceKind, unknown_references};
use crate::assess::inventory::Inventory;
use crate::assess::register::ExceptionView;
use crate::assess::state::Phase;

/// The roadmap as a document of its own.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Roadmap {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `Roadmap`.
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// What is on it.
    #[serde(flatten)]
    pub lines: RoadmapLines,
}

impl Roadmap {
    /// The document of an instant.
    pub fn new(lines: Option<&RoadmapLines>, as_of: Timestamp) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Roadmap",
            as_of,
            lines: lines.cloned().unwrap_or_default(),
        }
    }
}

/// What is on the roadmap.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RoadmapLines {
    /// Open items by horizon, and within it by most services first; then shipped ones, latest first.
    pub items: Vec<RoadmapLine>,
    /// Golden paths that are not launched yet, by horizon and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PlannedPath>,
}

impl RoadmapLines {
    /// Open items of this horizon, those with the most services first.
    pub(in crate::report) fn open(&self, horizon: Horizon) -> impl Iterator<Item = &RoadmapLine> {
        let open = self.items.iter().filter(|line| !line.is_shipped());
        open.filter(move |line| line.horizon == horizon)
    }

    /// Shipped items, latest first.
    pub(in crate::report) fn shipped(&self) -> impl Iterator<Item = &RoadmapLine> {
        self.items.iter().filter(|line| line.is_shipped())
    }

    /// Paths of this horizon.
    pub(in crate::report) fn planned(
        &self,
        horizon: Horizon,
    ) -> impl Iterator<Item = &PlannedPath> {
        self.paths
            .iter()
            .filter(move |path| path.horizon == horizon)
    }
}

/// For whom something is made, and what for.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Purpose {
    /// Name of the persona it is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Display name of that persona.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona_title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_to_be_done: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_impact: Option<EstimatedImpact>,
}

impl Purpose {
    fn of(
        persona: Option<&String>,
        job: Option<&String>,
        impact: Option<&EstimatedImpact>,
        inventory: &Inventory,
    ) -> Self {
        let personas = &inventory.goals().personas;
        let found = persona.and_then(|name| personas.get(name));
        Self {
            persona: persona.cloned(),
            persona_title: found.map(|persona| persona.spec.title.clone()),
            job_to_be_done: job.cloned(),
            estimated_impact: impact.cloned(),
        }
    }

    /// Display name of the persona, or its name.
    pub fn persona(&self) -> Option<&str> {
        self.persona_title.as_deref().or(self.persona.as_deref())
    }
}

/// A golden path that is not launched yet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PlannedPath {
    /// Name of the path.
    pub path: String,
    /// Its display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Now, Next or Later. Later is subject to change.
    pub horizon: Horizon,
    /// When it will be launched, if that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launches_at: Option<Timestamp>,
    /// For whom it is, and what for.
    #[serde(flatten)]
    pub purpose: Purpose,
}

impl PlannedPath {
    /// Its display name, or its name.
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.path)
    }
}

/// One item.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RoadmapLine {
    pub name: String,
    /// What teams get.
    pub title: String,
    /// Now, Next or Later. Later is subject to change.
    pub horizon: Horizon,
    pub state: ItemState,
    /// For whom it is, and what for.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// The key result it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<KeyResultRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// What changed and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Checks that more services can pass once it is shipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unblocks: Vec<UnblockedCheck>,
    /// Who waits for it.
    pub demand: ItemDemand,
    /// Open exceptions that name it in `waitsFor`, as namespace/name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// What these exceptions say the platform lacks, each text once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<String>,
    /// Names in it that nothing has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl RoadmapLine {
    pub fn is_shipped(&self) -> bool {
        match self.state {
            ItemState::Shipped => true,
            ItemState::Planned | ItemState::InProgress => false,
        }
    }
}

/// What is on the roadmap at an instant; none where nothing is. `exceptions` are those of the register.
pub(super) fn lines(
    inventory: &Inventory,
    tally: &Tally,
    exceptions: &[ExceptionView<'_>],
    now: Timestamp,
) -> Option<RoadmapLines> {
    let mut waiting: BTreeMap<&str, Vec<&ExceptionView<'_>>> = BTreeMap::new();
    for exception in exceptions.iter().filter(|it| is_named(it, inventory)) {
        let waits_for: BTreeSet<&String> = exception.exception.spec.waits_for.iter().collect();
        for item in waits_for {
            waiting.entry(item).or_default().push(exception);
        }
    }
    let mut items: Vec<RoadmapLine> = inventory
        .goals()
        .roadmap
        .iter()
        .map(|item| {
            let waiting = waiting.get(&*item.name).map_or(&[][..], Vec::as_slice);
            line(item, tally.roadmap.get(&item.name), waiting, inventory)
        })
        .collect();
    items.sort_by_key(|line| {
        let rank = if line.is_shipped() {
            3
        } else {
            place(line.horizon)
        };
        let services = if line.is_shipped() {
            0
        } else {
            line.demand.services
        };
        (
            rank,
            Reverse(line.shipped_at),
            Reverse(services),
            line.name.clone(),
        )
    });
    let paths = planned_paths(inventory, now);
    (!items.is_empty() || !paths.is_empty()).then_some(RoadmapLines { items, paths })
}

fn place(horizon: Horizon) -> u8 {
    match horizon {
        Horizon::Now => 0,
        Horizon::Next => 1,
        Horizon::Later => 2,
    }
}

/// Paths with a horizon whose launch is not past, by horizon and name.
fn planned_paths(inventory: &Inventory, now: Timestamp) -> Vec<PlannedPath> {
    let mut paths: Vec<PlannedPath> = inventory
        .paths()
        .iter()
        .filter(|path| path.deleted.is_none())
        .filter(|path| path.launched_at().is_none_or(|at| at > now))
        .filter_map(|path| Some((path, path.spec.horizon?)))
        .map(|(path, horizon)| {
            let spec = &path.spec;
            PlannedPath {
                path: path.name.to_string(),
                title: spec.title.clone(),
                horizon,
                launches_at: path.launched_at(),
                purpose: Purpose::of(
                    spec.persona.as_ref(),
                    spec.job_to_be_done.as_ref(),
                    spec.estimated_impact.as_ref(),
                    inventory,
                ),
            }
        })
        .collect();
    paths.sort_by(|a, b| (place(a.horizon), &a.path).cmp(&(place(b.horizon), &b.path)));
    paths
}

/// Whether an exception is open, and names no check that is not named to everybody.
fn is_named(view: &ExceptionView<'_>, inventory: &Inventory) -> bool {
    let is_open = match view.life.phase {
        Phase::Pending
        | Phase::Active
        | Phase::ReviewDue
        | Phase::ReviewOverdue
        | Phase::Expired => true,
        Phase::Rejected | Phase::Closed => false,
    };
    let spec = &view.exception.spec;
    is_open
        && !spec.waits_for.is_empty()
        && !names_restricted(inventory, view.path_name(), &spec.checks)
}

/// Whether names of this kind can be unknown. Files may leave out the personas or objectives, and readers may
/// lack the right to list them.
fn may_be_known(kind: ReferenceKind, goals: &Goals) -> bool {
    match kind {
        ReferenceKind::Persona => !goals.personas.is_empty(),
        ReferenceKind::Objective | ReferenceKind::KeyResult => !goals.objectives.is_empty(),
        ReferenceKind::Path | ReferenceKind::Check => true,
    }
}

fn line(
    item: &StoredRoadmapItem,
    tally: Option<&ItemTally>,
    waiting: &[&ExceptionView<'_>],
    inventory: &Inventory,
) -> RoadmapLine {
    let spec = &item.spec;
    let mut wishes: Vec<String> = Vec::new();
    let given = waiting.iter().map(|it| &it.exception.spec.would_return_if);
    for wish in given.flatten() {
        if !wishes.contains(wish) {
            wishes.push(wish.clone());
        }
    }
    let is_named = |unblocked: &UnblockedCheck| {
        let check = unblocked.check.as_deref();
        !check.is_some_and(|check| is_restricted(inventory, &unblocked.path, check))
    };
    RoadmapLine {
        name: item.name.to_string(),
        title: spec.title.clone(),
        horizon: spec.horizon,
        state: spec.state,
        purpose: Purpose::of(
            spec.persona.as_ref(),
            spec.job_to_be_done.as_ref(),
            spec.estimated_impact.as_ref(),
            inventory,
        ),
        objective: spec.objective.clone(),
        shipped_at: spec.shipped_at.as_ref().map(|at| at.0),
        note: spec.note.clone(),
        unblocks: spec
            .unblocks
            .iter()
            .filter(|it| is_named(it))
            .cloned()
            .collect(),
        demand: tally.map(ItemTally::demand).unwrap_or_default(),
        waiting: waiting
            .iter()
            .map(|it| format!("{}/{}", it.namespace, it.exception.name))
            .collect(),
        wishes,
        problems: unknown_references(item, inventory)
            .iter()
            .filter(|unknown| may_be_known(unknown.kind, inventory.goals()))
            .map(|unknown| {
                let meant = unknown.nearest.as_ref();
                let meant = meant.map_or(String::new(), |name| format!("; did you mean '{name}'?"));
                format!(
                    "there is no {} '{}'{meant}",
                    unknown.kind.as_str(),
                    unknown.name
                )
            })
            .collect(),
    }
}
