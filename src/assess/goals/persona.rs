//! Personas beside golden paths: which paths are meant for whom, and whose services have none. Services
//! are counted in `adoption`, not here.

use crate::assess::adoption::{PersonaTally, Tally};
use crate::assess::goal_objects::StoredPersona;
use crate::assess::inventory::Inventory;
use crate::assess::path::Path;

/// One persona with its paths and services.
#[derive(Clone, Debug)]
pub struct PersonaFigures<'a> {
    pub persona: &'a StoredPersona,
    /// The golden paths that name it, in order of name.
    pub paths: Vec<MeantPath<'a>>,
    /// Its services; none without `match`.
    pub services: Option<&'a PersonaTally>,
}

/// A golden path that names a persona.
#[derive(Clone, Copy, Debug)]
pub struct MeantPath<'a> {
    pub path: &'a Path,
    /// Whether it is launched; otherwise it serves nobody yet.
    pub is_launched: bool,
}

/// Whether the services of a persona have a golden path that is meant for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Served {
    /// A launched path names it.
    Served,
    /// It has services, and no launched path names it.
    Unserved,
    /// No service matches, and no launched path names it.
    NoServices,
    /// Without `match` its services cannot be told apart, and no launched path names it.
    NotCounted,
}

impl Served {
    /// The reason of the condition `Served`, and the word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "Served",
            Self::Unserved => "NoPath",
            Self::NoServices => "NoServices",
            Self::NotCounted => "NotCounted",
        }
    }
}

impl PersonaFigures<'_> {
    /// Whether its services have a path that is meant for them.
    pub fn served(&self) -> Served {
        if self.paths.iter().any(|meant| meant.is_launched) {
            return Served::Served;
        }
        match self.services {
            None => Served::NotCounted,
            Some(tally) if tally.total() == 0 => Served::NoServices,
            Some(_) => Served::Unserved,
        }
    }
}

/// Every persona, in order of name.
pub fn personas<'a>(inventory: &'a Inventory, tally: &'a Tally) -> Vec<PersonaFigures<'a>> {
    let personas = inventory.goals().personas.iter();
    personas
        .map(|persona| figures_of(persona, inventory, tally))
        .collect()
}

/// One persona.
pub fn figures_of<'a>(
    persona: &'a StoredPersona,
    inventory: &'a Inventory,
    tally: &'a Tally,
) -> PersonaFigures<'a> {
    PersonaFigures {
        persona,
        paths: meant_for(persona, inventory, tally),
        services: tally.personas.get(&persona.name),
    }
}

/// The paths whose `persona` is the name of the persona or, in any case of letters, its title.
fn meant_for<'a>(
    persona: &StoredPersona,
    inventory: &'a Inventory,
    tally: &Tally,
) -> Vec<MeantPath<'a>> {
    let title = persona.spec.title.trim().to_lowercase();
    let is_meant = |path: &Path| {
        let named = path.spec.persona.as_deref().map(str::trim);
        named.is_some_and(|named| named == &*persona.name || named.to_lowercase() == title)
    };
    let mut paths: Vec<_> = inventory
        .paths()
        .iter()
        .filter(|path| path.deleted.is_none() && is_meant(path))
        .map(|path| MeantPath {
            path,
            is_launched: tally
                .paths
                .get(&path.name)
                .is_some_and(|tally| tally.takes_part),
        })
        .collect();
    paths.sort_by(|a, b| a.path.name.cmp(&b.path.name));
    paths
}
