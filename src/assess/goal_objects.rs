//! The platform team's own objects, as they are stored: objectives, surveys, roadmap items and
//! personas. They are few, so the inventory holds them whole. A new kind of them is a variant of
//! `GoalKind`, a field of `Goals` and a row of `goal_resource!`. Nothing is computed here.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::roadmap_item::ItemState;
use crate::api::{
    DeveloperSurvey, DeveloperSurveySpec, DeveloperSurveyStatus, Persona, PersonaSpec,
    PersonaStatus, PlatformObjective, PlatformObjectiveSpec, PlatformObjectiveStatus, RoadmapItem,
    RoadmapItemSpec, RoadmapItemStatus,
};
use crate::assess::object::undecodable::Undecodable;

pub(crate) mod shipped;
pub mod terms;

/// The kind of such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoalKind {
    Objective,
    Survey,
    RoadmapItem,
    Persona,
}

impl GoalKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 4] = [
        Self::Objective,
        Self::Survey,
        Self::RoadmapItem,
        Self::Persona,
    ];

    /// The Kubernetes kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Objective => "PlatformObjective",
            Self::Survey => "DeveloperSurvey",
            Self::RoadmapItem => "RoadmapItem",
            Self::Persona => "Persona",
        }
    }
}

/// An object of one of these kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalObject<S, T> {
    /// Name of the object.
    pub name: Arc<str>,
    /// Uid of the stored object.
    pub uid: Option<Box<str>>,
    /// Generation of the spec.
    pub generation: Option<i64>,
    /// Creation of the object; none in manifests.
    pub created: Option<Timestamp>,
    /// What its author wrote.
    pub spec: S,
    /// The stored status.
    pub status: Option<T>,
}

/// The objects of one kind, by name.
#[derive(Clone, Debug)]
pub struct ByName<S, T> {
    readable: BTreeMap<Arc<str>, Arc<GoalObject<S, T>>>,
    undecodable: BTreeMap<Arc<str>, Undecodable<T>>,
}

impl<S, T> Default for ByName<S, T> {
    fn default() -> Self {
        Self {
            readable: BTreeMap::new(),
            undecodable: BTreeMap::new(),
        }
    }
}

impl<S: Clone, T: Clone> ByName<S, T> {
    /// All objects that can be used, in order of name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &GoalObject<S, T>> {
        self.readable.values().map(|goal| &**goal)
    }

    /// The object of this name, if it can be used.
    pub fn get(&self, name: &str) -> Option<&GoalObject<S, T>> {
        self.readable.get(name).map(|goal| &**goal)
    }

    /// Objects that cannot be decoded, in order of name.
    pub(crate) fn undecodable(
        &self,
    ) -> impl ExactSizeIterator<Item = (&Arc<str>, &Undecodable<T>)> {
        self.undecodable.iter()
    }

    fn has(&self, name: &str) -> bool {
        self.readable.contains_key(name) || self.undecodable.contains_key(name)
    }

    /// Whether there are no objects, readable or not.
    pub fn is_empty(&self) -> bool {
        self.readable.is_empty() && self.undecodable.is_empty()
    }

    fn put(&mut self, goal: GoalObject<S, T>) {
        self.undecodable.remove(&goal.name);
        self.readable.insert(goal.name.clone(), Arc::new(goal));
    }

    fn put_undecodable(&mut self, name: &str, object: Undecodable<T>) {
        self.readable.remove(name);
        self.undecodable.insert(name.into(), object);
    }

    fn remove(&mut self, name: &str) -> bool {
        let was_readable = self.readable.remove(name).is_some();
        self.undecodable.remove(name).is_some() || was_readable
    }

    fn retain(&mut self, seen: &HashSet<String>) {
        self.readable.retain(|name, _| seen.contains(&**name));
        self.undecodable.retain(|name, _| seen.contains(&**name));
    }

    fn record_status(&mut self, name: &str, uid: Option<&str>, status: T) {
        if let Some(goal) = self.readable.get_mut(name)
            && goal.uid.as_deref() == uid
        {
            Arc::make_mut(goal).status = Some(status);
        } else if let Some(object) = self.undecodable.get_mut(name)
            && object.uid.as_deref() == uid
        {
            object.status = Some(status);
        }
    }
}

pub type StoredObjective = GoalObject<PlatformObjectiveSpec, PlatformObjectiveStatus>;
pub type StoredSurvey = GoalObject<DeveloperSurveySpec, DeveloperSurveyStatus>;
pub type StoredRoadmapItem = GoalObject<RoadmapItemSpec, RoadmapItemStatus>;
pub type StoredPersona = GoalObject<PersonaSpec, PersonaStatus>;

impl StoredRoadmapItem {
    /// When it was shipped, which may lie ahead; none in another state.
    pub fn shipped_at(&self) -> Option<Timestamp> {
        let at = self.spec.shipped_at.as_ref().map(|at| at.0);
        at.filter(|_| self.spec.state == ItemState::Shipped)
    }
}

/// All objects of these kinds.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    pub objectives: ByName<PlatformObjectiveSpec, PlatformObjectiveStatus>,
    pub surveys: ByName<DeveloperSurveySpec, DeveloperSurveyStatus>,
    pub roadmap: ByName<RoadmapItemSpec, RoadmapItemStatus>,
    pub personas: ByName<PersonaSpec, PersonaStatus>,
}

/// A custom resource whose objects are goals.
pub trait GoalResource:
    Resource<DynamicType = ()> + HasStatus<Status = <Self as GoalResource>::State> + DeserializeOwned
{
    /// Its kind.
    const KIND: GoalKind;
    type Spec: Clone;
    type State: Clone + Serialize + DeserializeOwned;

    /// Metadata, spec and status of an object.
    fn into_parts(self) -> (ObjectMeta, Self::Spec, Option<Self::State>);

    /// Where its objects are.
    fn of(goals: &mut Goals) -> &mut ByName<Self::Spec, Self::State>;
}

macro_rules! goal_resource {
    ($resource:ty, $kind:ident, $spec:ty, $status:ty, $field:ident) => {
        impl GoalResource for $resource {
            const KIND: GoalKind = GoalKind::$kind;
            type Spec = $spec;
            type State = $status;

            fn into_parts(self) -> (ObjectMeta, Self::Spec, Option<Self::State>) {
                (self.metadata, self.spec, self.status)
            }

            fn of(goals: &mut Goals) -> &mut ByName<Self::Spec, Self::State> {
                &mut goals.$field
            }
        }
    };
}

goal_resource!(
    PlatformObjective,
    Objective,
    PlatformObjectiveSpec,
    PlatformObjectiveStatus,
    objectives
);
goal_resource!(
    DeveloperSurvey,
    Survey,
    DeveloperSurveySpec,
    DeveloperSurveyStatus,
    surveys
);
goal_resource!(
    RoadmapItem,
    RoadmapItem,
    RoadmapItemSpec,
    RoadmapItemStatus,
    roadmap
);
goal_resource!(Persona, Persona, PersonaSpec, PersonaStatus, personas);

impl Goals {
    /// Adds or replaces an object that cannot be decoded: it has no effect.
    pub fn put_undecodable<R: GoalResource>(&mut self, name: &str, object: Undecodable<R::State>) {
        R::of(self).put_undecodable(name, object);
    }

    /// Adds or replaces an object.
    pub fn put<R: GoalResource>(&mut self, resource: R) {
        let (metadata, spec, status) = resource.into_parts();
        R::of(self).put(GoalObject {
            name: metadata.name.unwrap_or_default().into(),
            uid: metadata.uid.map(Into::into),
            generation: metadata.generation,
            created: metadata.creation_timestamp.map(|at| at.0),
            spec,
            status,
        });
    }

    /// Removes an object. False if there was none.
    pub fn remove<R: GoalResource>(&mut self, name: &str) -> bool {
        R::of(self).remove(name)
    }

    /// Removes every object that is absent from a complete list.
    pub fn retain<R: GoalResource>(&mut self, seen: &HashSet<String>) {
        R::of(self).retain(seen);
    }

    /// Records that a status landed.
    pub(crate) fn record_status<R: GoalResource>(
        &mut self,
        name: &str,
        uid: Option<&str>,
        status: R::State,
    ) {
        R::of(self).record_status(name, uid, status);
    }

    /// Whether there is such an object, decodable or not.
    pub(crate) fn has(&self, kind: GoalKind, name: &str) -> bool {
        match kind {
            GoalKind::Objective => self.objectives.has(name),
            GoalKind::Survey => self.surveys.has(name),
            GoalKind::RoadmapItem => self.roadmap.has(name),
            GoalKind::Persona => self.personas.has(name),
        }
    }

    /// False for an object that is there and cannot be decoded.
    pub(crate) fn is_decodable(&self, kind: GoalKind, name: &str) -> bool {
        !match kind {
            GoalKind::Objective => self.objectives.undecodable.contains_key(name),
            GoalKind::Survey => self.surveys.undecodable.contains_key(name),
            GoalKind::RoadmapItem => self.roadmap.undecodable.contains_key(name),
            GoalKind::Persona => self.personas.undecodable.contains_key(name),
        }
    }

    /// Every object that cannot be decoded: kind, name and message.
    pub fn undecodable(&self) -> Vec<(GoalKind, &str, &str)> {
        fn of<S: Clone, T: Clone>(
            kind: GoalKind,
            objects: &ByName<S, T>,
        ) -> impl Iterator<Item = (GoalKind, &str, &str)> {
            let undecodable = objects.undecodable();
            undecodable.map(move |(name, object)| (kind, &**name, &*object.message))
        }
        of(GoalKind::Objective, &self.objectives)
            .chain(of(GoalKind::Survey, &self.surveys))
            .chain(of(GoalKind::RoadmapItem, &self.roadmap))
            .chain(of(GoalKind::Persona, &self.personas))
            .collect()
    }
}
