//! Status writes of objectives, surveys, roadmap items and personas, where a status differs from the
//! stored one. Nothing is paced here.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{
    DeveloperSurvey, DeveloperSurveyStatus, Persona, PersonaStatus, PlatformObjective,
    PlatformObjectiveStatus, RoadmapItem, RoadmapItemStatus,
};
use crate::assess::adoption::Tally;
use crate::assess::goal_objects::{ByName, GoalKind, GoalObject};
use crate::assess::goals::objective::measurement::Measurements;
use crate::assess::goals::persona::figures_of;
use crate::assess::goals::roadmap::unknown_references;
use crate::assess::goals::survey::waves::Waves;
use crate::assess::inventory::Inventory;
use crate::assess::planner::status::{
    StatusOfUndecodable, objective_status, persona_status, roadmap_item_status, survey_status,
    undecodable_status,
};
use crate::assess::planner::statuses::{Owned, StatusWrite, StoredStatus};

/// A status of one of these kinds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum GoalStatus {
    Objective(PlatformObjectiveStatus),
    Survey(DeveloperSurveyStatus),
    RoadmapItem(RoadmapItemStatus),
    Persona(PersonaStatus),
}

impl StoredStatus for GoalStatus {
    fn record(self, facts: &mut Inventory, of: &Owned, uid: Option<&str>) {
        let Owned::Goal(_, name) = of else { return };
        facts.change_goals(|goals| match self {
            Self::Objective(status) => {
                goals.record_status::<PlatformObjective>(name, uid, status);
            }
            Self::Survey(status) => goals.record_status::<DeveloperSurvey>(name, uid, status),
            Self::RoadmapItem(status) => goals.record_status::<RoadmapItem>(name, uid, status),
            Self::Persona(status) => goals.record_status::<Persona>(name, uid, status),
        });
    }
}

/// The statuses that differ, including those of undecodable objects.
pub(super) fn changed_goals(
    facts: &Inventory,
    tally: &Tally,
    measurements: &Measurements,
    now: Timestamp,
) -> Vec<StatusWrite<GoalStatus>> {
    let goals = facts.goals();
    let mut changed = differing(
        GoalKind::Objective,
        &goals.objectives,
        |objective| objective_status(objective, goals, measurements, now),
        now,
        GoalStatus::Objective,
    );
    let waves = Waves::new(goals.surveys.iter());
    changed.extend(differing(
        GoalKind::Survey,
        &goals.surveys,
        |survey| survey_status(survey, &waves, now),
        now,
        GoalStatus::Survey,
    ));
    changed.extend(differing(
        GoalKind::RoadmapItem,
        &goals.roadmap,
        |item| {
            let unknown = unknown_references(item, facts);
            roadmap_item_status(item, tally.roadmap.get(&item.name), &unknown, now)
        },
        now,
        GoalStatus::RoadmapItem,
    ));
    changed.extend(differing(
        GoalKind::Persona,
        &goals.personas,
        |persona| persona_status(&figures_of(persona, facts, tally), now),
        now,
        GoalStatus::Persona,
    ));
    changed
}

fn differing<S: Clone, T: StatusOfUndecodable>(
    kind: GoalKind,
    objects: &ByName<S, T>,
    wanted: impl Fn(&GoalObject<S, T>) -> T,
    now: Timestamp,
    status: fn(T) -> GoalStatus,
) -> Vec<StatusWrite<GoalStatus>> {
    let write = |name: &Arc<str>, uid: Option<&str>, wanted: T| StatusWrite {
        of: Owned::Goal(kind, name.clone()),
        uid: uid.map(Into::into),
        status: status(wanted),
    };
    let readable = objects.iter().filter_map(|object| {
        let wanted = wanted(object);
        let differs = object.status.as_ref() != Some(&wanted);
        differs.then(|| write(&object.name, object.uid.as_deref(), wanted))
    });
    let undecodable = objects.undecodable().filter_map(|(name, object)| {
        let wanted = undecodable_status(object, "has no effect", now)?;
        Some(write(name, object.uid.as_deref(), wanted))
    });
    readable.chain(undecodable).collect()
}

/// Gives these objectives the status that an operator would store, for surfaces of what no operator follows.
pub(in crate::assess) fn record_objectives(
    facts: &mut Inventory,
    names: &BTreeSet<Arc<str>>,
    measurements: &Measurements,
    now: Timestamp,
) {
    let goals = facts.goals();
    let wanted: Vec<_> = goals
        .objectives
        .iter()
        .filter(|objective| names.contains(&objective.name))
        .map(|objective| {
            let status = objective_status(objective, goals, measurements, now);
            (objective.name.clone(), objective.uid.clone(), status)
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    facts.change_goals(|goals| {
        for (name, uid, status) in wanted {
            goals.record_status::<PlatformObjective>(&name, uid.as_deref(), status);
        }
    });
}
