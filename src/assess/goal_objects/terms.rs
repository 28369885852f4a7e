//! What services are compared with: the selectors of personas, and the checks that roadmap items unblock.
//! Compiled once per change, so that counts follow only changes that can alter them. Nothing is counted
//! here.

use std::sync::Arc;

use crate::api::roadmap_item::UnblockedCheck;
use crate::assess::goal_objects::{Goals, StoredPersona};
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::labels::{LabelSet, Selector};
use crate::assess::path::set::PathSet;
use crate::assess::workload::Workload;

/// The terms of all personas and roadmap items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceTerms {
    personas: Vec<PersonaTerms>,
    items: Vec<ItemTerms>,
}

/// The services of a persona. One without `match` has no terms: its services cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonaTerms {
    /// Name of the persona.
    pub name: Arc<str>,
    namespaces: Option<Selector>,
    workloads: Option<Selector>,
}

/// The checks that a roadmap item unblocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemTerms {
    /// Name of the item.
    pub name: Arc<str>,
    unblocks: Vec<UnblockedCheck>,
}

impl ServiceTerms {
    /// The terms of these objects.
    pub(in crate::assess) fn of(goals: &Goals) -> Self {
        Self {
            personas: goals.personas.iter().filter_map(PersonaTerms::of).collect(),
            items: goals
                .roadmap
                .iter()
                .map(|item| ItemTerms {
                    name: item.name.clone(),
                    unblocks: item.spec.unblocks.clone(),
                })
                .collect(),
        }
    }

    /// The personas whose services can be told apart, in order of name.
    pub fn personas(&self) -> &[PersonaTerms] {
        &self.personas
    }

    /// The roadmap items, in order of name.
    pub fn items(&self) -> &[ItemTerms] {
        &self.items
    }
}

impl PersonaTerms {
    fn of(persona: &StoredPersona) -> Option<Self> {
        let matching = persona.spec.matching.as_ref()?;
        Some(Self {
            name: persona.name.clone(),
            namespaces: matching.namespace_selector.as_ref().map(Selector::compile),
            workloads: matching.selector.as_ref().map(Selector::compile),
        })
    }

    /// Whether it matches a workload: every selector that is given has to.
    pub(in crate::assess) fn matches(&self, ns: &NamespaceIndex, workload: &Workload) -> bool {
        let no_labels = LabelSet::default();
        let labels = ns.namespace.as_ref().map_or(&no_labels, |ns| &ns.labels);
        let in_namespace = self
            .namespaces
            .as_ref()
            .is_none_or(|selector| selector.matches(labels));
        let by_label = |selector: &Selector| selector.matches(&workload.labels());
        in_namespace && self.workloads.as_ref().is_none_or(by_label)
    }
}

impl ItemTerms {
    /// Whether the item unblocks this check of the path with this current name.
    pub(in crate::assess) fn unblocks(&self, path: &str, check: &str, paths: &PathSet) -> bool {
        self.unblocks.iter().any(|unblocked| {
            let current = paths.resolve(&unblocked.path).map(|at| &paths.get(at).name);
            current.is_some_and(|name| **name == *path)
                && unblocked.check.as_ref().is_none_or(|name| name == check)
        })
    }
}
