//! Roadmap items beside what they name: personas, objectives, paths and checks that do not exist are
//! found with the nearest name. Demand is counted in `adoption`, not here.

use crate::assess::goal_objects::{GoalKind, Goals, StoredRoadmapItem};
use crate::assess::inventory::Inventory;
use crate::assess::path::Path;
use crate::assess::wording::nearest;

/// A name in a roadmap item that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownReference {
    pub kind: ReferenceKind,
    /// As the item writes it.
    pub name: String,
    /// The most similar name, if any is close.
    pub nearest: Option<String>,
}

/// What a roadmap item refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    Persona,
    Objective,
    KeyResult,
    Path,
    Check,
}

impl ReferenceKind {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Persona => "persona",
            Self::Objective => "objective",
            Self::KeyResult => "key result",
            Self::Path => "path",
            Self::Check => "check",
        }
    }

    /// The field that holds the name.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Persona => "spec.persona",
            Self::Objective => "spec.objective.name",
            Self::KeyResult => "spec.objective.keyResult",
            Self::Path | Self::Check => "spec.unblocks",
        }
    }

    fn unknown<'a>(self, name: &str, known: impl Iterator<Item = &'a str>) -> UnknownReference {
        UnknownReference {
            kind: self,
            name: name.to_owned(),
            nearest: nearest(name, known).map(str::to_owned),
        }
    }
}

/// The names in a roadmap item that nothing has, in the order of its fields.
pub fn unknown_references(
    item: &StoredRoadmapItem,
    inventory: &Inventory,
) -> Vec<UnknownReference> {
    let goals = inventory.goals();
    let persona = unknown_persona(item, goals);
    let objective = unknown_objective(item, goals);
    let unblocks = item.spec.unblocks.iter().filter_map(|unblocked| {
        let paths = inventory.paths();
        let Some(index) = paths.resolve(&unblocked.path) else {
            let known = paths.iter().filter(|path| path.deleted.is_none());
            let known = known.map(|path| &*path.name);
            return Some(ReferenceKind::Path.unknown(&unblocked.path, known));
        };
        unknown_check(unblocked.check.as_deref()?, paths.get(index))
    });
    persona
        .into_iter()
        .chain(objective)
        .chain(unblocks)
        .collect()
}

fn unknown_persona(item: &StoredRoadmapItem, goals: &Goals) -> Option<UnknownReference> {
    let name = item.spec.persona.as_deref()?;
    let known = goals.personas.iter().map(|persona| &*persona.name);
    let is_unknown = !goals.has(GoalKind::Persona, name);
    is_unknown.then(|| ReferenceKind::Persona.unknown(name, known))
}

fn unknown_objective(item: &StoredRoadmapItem, goals: &Goals) -> Option<UnknownReference> {
    let named = item.spec.objective.as_ref()?;
    if !goals.has(GoalKind::Objective, &named.name) {
        let known = goals.objectives.iter().map(|objective| &*objective.name);
        return Some(ReferenceKind::Objective.unknown(&named.name, known));
    }
    let name = named.key_result.as_deref()?;
    let results = &goals.objectives.get(&named.name)?.spec.key_results;
    let is_known = results.iter().any(|result| result.name == name);
    let known = results.iter().map(|result| result.name.as_str());
    (!is_known).then(|| ReferenceKind::KeyResult.unknown(name, known))
}

fn unknown_check(name: &str, path: &Path) -> Option<UnknownReference> {
    if path.check_index(name).is_some() {
        return None;
    }
    let known = path.spec.checks.iter().map(|check| check.name.as_str());
    Some(ReferenceKind::Check.unknown(name, known))
}
