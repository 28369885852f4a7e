//! The followed kinds: one table for everything but workloads, which come from the settings. A new
//! custom resource is one row here and one type in `intake`. `follow` lists and watches them.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::core::v1::{Namespace, Service};
use kube::core::ApiResource;

use super::intake::promoters::Canaries;
use super::intake::{
    DeliveryRecords, Exceptions, Goals, Intake, Namespaces, Paths, Services, WarningPolicies,
    Workloads,
};
use crate::api::{
    DeliveryRecord, DeveloperSurvey, DeviationException, GoldenPath, Persona, PlatformObjective,
    RoadmapItem,
};
use crate::assess::goal_objects::GoalResource;
use crate::assess::object::kind::WatchedKind;
use crate::assess::settings::Settings;
use crate::assess::warning::Part;
use crate::cluster::client::stored::{Key, Stored, managed_by_us, resource_of};
use crate::cluster::context::Context;
use crate::cluster::readiness::{NeededFor, WatchFailure};

/// A row of the table: the properties of one kind.
pub struct FollowedKind {
    /// Its name in metrics, messages and readiness.
    name: &'static str,
    resource: fn() -> ApiResource,
    scoping: Scoping,
    /// What waits for its first list.
    needed_for: NeededFor,
    /// Which objects are followed.
    selection: Selection,
    listing: Listing,
    definition: Definition,
    /// The problem that commands report where the kind is missing; none where it is optional.
    absent: Option<&'static str>,
    /// Whether these settings need it.
    is_wanted: fn(&Settings) -> bool,
    intake: fn() -> Arc<dyn Intake>,
}

/// Where the objects of a kind are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scoping {
    Cluster,
    Namespaced,
}

/// Which objects of a kind are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selection {
    All,
    /// Those with our `app.kubernetes.io/managed-by`.
    ManagedByUs,
}

/// How objects are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    Pages,
    /// As events of a watch, where the API server can: large objects take memory one at a time.
    Events,
}

/// Who defines a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Definition {
    /// Our own CRD, which may be removed under a running operator.
    Ours,
    /// Of Kubernetes or of another project.
    Foreign,
}

const NOT_SERVED: Option<&str> = Some("is not served by the cluster");

/// `GoldenPath`.
pub static PATHS: FollowedKind = FollowedKind {
    name: "GoldenPath",
    resource: || ApiResource::erase::<GoldenPath>(&()),
    scoping: Scoping::Cluster,
    needed_for: NeededFor::Judging,
    selection: Selection::All,
    listing: Listing::Pages,
    definition: Definition::Ours,
    absent: Some("is not installed: judge by the built-in paths with --paths starter"),
    is_wanted: |_| true,
    intake: || Arc::new(Paths),
};

/// `DeviationException`.
pub static EXCEPTIONS: FollowedKind = FollowedKind {
    name: "DeviationException",
    resource: || ApiResource::erase::<DeviationException>(&()),
    scoping: Scoping::Namespaced,
    needed_for: NeededFor::Judging,
    selection: Selection::All,
    listing: Listing::Pages,
    definition: Definition::Ours,
    absent: None,
    is_wanted: |_| true,
    intake: || Arc::new(Exceptions),
};

/// `Namespace`.
pub static NAMESPACES: FollowedKind = FollowedKind {
    name: "Namespace",
    resource: || ApiResource::erase::<Namespace>(&()),
    scoping: Scoping::Cluster,
    needed_for: NeededFor::Judging,
    selection: Selection::All,
    listing: Listing::Pages,
    definition: Definition::Foreign,
    absent: NOT_SERVED,
    is_wanted: |_| true,
    intake: || Arc::new(Namespaces),
};

static SERVICES: FollowedKind = FollowedKind {
    name: "Service",
    resource: || ApiResource::erase::<Service>(&()),
    scoping: Scoping::Namespaced,
    needed_for: NeededFor::Nothing,
    selection: Selection::All,
    listing: Listing::Pages,
    definition: Definition::Foreign,
    absent: NOT_SERVED,
    is_wanted: |settings| settings.labels && settings.label_services,
    intake: || Arc::new(Services),
};

pub static DELIVERY_RECORDS: FollowedKind = FollowedKind {
    name: "DeliveryRecord",
    resource: || ApiResource::erase::<DeliveryRecord>(&()),
    scoping: Scoping::Namespaced,
    needed_for: NeededFor::Nothing,
    selection: Selection::All,
    listing: Listing::Events,
    definition: Definition::Ours,
    absent: None,
    is_wanted: |settings| settings.delivery.is_some(),
    intake: || Arc::new(DeliveryRecords),
};

static CANARIES: FollowedKind = FollowedKind {
    name: "Canary",
    resource: canaries,
    scoping: Scoping::Namespaced,
    needed_for: NeededFor::Nothing,
    selection: Selection::All,
    listing: Listing::Pages,
    definition: Definition::Foreign,
    absent: NOT_SERVED,
    is_wanted: |settings| {
        let delivery = settings.delivery.as_ref();
        delivery.is_some_and(|delivery| delivery.follows_canaries)
    },
    intake: || Arc::new(Canaries),
};

/// Flagger's canaries.
pub fn canaries() -> ApiResource {
    ApiResource {
        group: "flagger.app".to_owned(),
        version: "v1beta1".to_owned(),
        api_version: "flagger.app/v1beta1".to_owned(),
        kind: "Canary".to_owned(),
        plural: "canaries".to_owned(),
    }
}

static OBJECTIVES: FollowedKind = goals::<PlatformObjective>();
static SURVEYS: FollowedKind = goals::<DeveloperSurvey>();
pub static ROADMAP: FollowedKind = goals::<RoadmapItem>();
static PERSONAS: FollowedKind = goals::<Persona>();

/// The platform team's own objects, which the operator judges and labels without.
pub static GOALS: [&FollowedKind; 4] = [&OBJECTIVES, &SURVEYS, &ROADMAP, &PERSONAS];

const fn goals<R: GoalResource + 'static>() -> FollowedKind {
    FollowedKind {
        name: R::KIND.as_str(),
        resource: || ApiResource::erase::<R>(&()),
        scoping: Scoping::Cluster,
        needed_for: NeededFor::Nothing,
        selection: Selection::All,
        listing: Listing::Pages,
        definition: Definition::Ours,
        absent: Some("is not installed: goldenpath crds | kubectl apply -f -"),
        is_wanted: |_| true,
        intake: || Arc::new(Goals::<R>(PhantomData)),
    }
}

// The approval policy is watched as well, under the name of its kind.
static WARNING_POLICIES: FollowedKind = FollowedKind {
    name: "ValidatingAdmissionPolicy (warning)",
    resource: || ApiResource::erase::<ValidatingAdmissionPolicy>(&()),
    scoping: Scoping::Cluster,
    needed_for: NeededFor::Nothing,
    selection: Selection::ManagedByUs,
    listing: Listing::Pages,
    definition: Definition::Foreign,
    absent: NOT_SERVED,
    is_wanted: |settings| settings.on_apply.warns(),
    intake: || Arc::new(WarningPolicies(Part::Policy)),
};

static WARNING_BINDINGS: FollowedKind = FollowedKind {
    name: "ValidatingAdmissionPolicyBinding (warning)",
    resource: || ApiResource::erase::<ValidatingAdmissionPolicyBinding>(&()),
    scoping: Scoping::Cluster,
    needed_for: NeededFor::Nothing,
    selection: Selection::ManagedByUs,
    listing: Listing::Pages,
    definition: Definition::Foreign,
    absent: NOT_SERVED,
    is_wanted: |settings| settings.on_apply.warns(),
    intake: || Arc::new(WarningPolicies(Part::Binding)),
};

/// Every followed kind but workloads.
static KINDS: [&FollowedKind; 12] = [
    &PATHS,
    &EXCEPTIONS,
    &NAMESPACES,
    &SERVICES,
    &DELIVERY_RECORDS,
    &CANARIES,
    &OBJECTIVES,
    &SURVEYS,
    &ROADMAP,
    &PERSONAS,
    &WARNING_POLICIES,
    &WARNING_BINDINGS,
];

/// A kind that is followed.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Its name in metrics, messages and readiness.
    pub name: Arc<str>,
    /// Its group, version and kind.
    pub resource: ApiResource,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// The label selector of the followed objects; all where absent.
    pub selector: Option<String>,
    /// What waits for its first list.
    pub needed_for: NeededFor,
    /// Whether its definition is our own CRD.
    pub is_ours: bool,
    /// Whether the API server itself serves it, and can send its list as events of a watch. Other
    /// servers may ignore that wish, and the list would never end.
    pub can_stream: bool,
    /// The problem that commands report where the kind is missing.
    pub absent: Option<&'static str>,
    intake: Arc<dyn Intake>,
}

impl Followed {
    /// A row of the table.
    pub fn kind(row: &FollowedKind) -> Self {
        Self {
            name: row.name.into(),
            resource: (row.resource)(),
            selector: (row.selection == Selection::ManagedByUs).then(managed_by_us),
            is_namespaced: row.scoping == Scoping::Namespaced,
            needed_for: row.needed_for,
            is_ours: row.definition == Definition::Ours,
            can_stream: row.listing == Listing::Events,
            absent: row.absent,
            intake: (row.intake)(),
        }
    }

    /// Workloads of one kind.
    pub fn workloads(kind: &Arc<WatchedKind>) -> Self {
        Self {
            name: kind.kind.as_str().into(),
            resource: resource_of(kind),
            selector: None,
            is_namespaced: true,
            needed_for: NeededFor::Writing,
            is_ours: false,
            can_stream: WatchedKind::built_in().contains(kind),
            absent: NOT_SERVED,
            intake: Arc::new(Workloads(kind.clone())),
        }
    }

    /// All kinds that these settings need.
    pub fn all(settings: &Settings) -> Vec<Self> {
        let rows = KINDS
            .iter()
            .filter(|row| (row.is_wanted)(settings))
            .map(|row| Self::kind(row));
        rows.chain(settings.kinds.iter().map(Self::workloads))
            .collect()
    }

    /// Adds or replaces an object.
    pub fn put(&self, stored: Stored, context: &Context) {
        self.intake.put(stored.into_value(&self.resource), context);
        context.changed.notify_one();
        context.observed.notify_one();
    }

    /// Removes an object.
    pub fn remove(&self, key: &Key, context: &Context) {
        self.intake.remove(key, context);
        context.changed.notify_one();
        context.observed.notify_one();
    }

    /// Applies a complete list: objects that are not `listed` are gone. `outlived` objects went with an
    /// earlier definition of their kind, without a deletion by a user.
    pub fn complete(&self, listed: &HashSet<Key>, outlived: &HashSet<Key>, context: &Context) {
        self.intake.complete(listed, outlived, context);
        context.changed.notify_one();
        context.observed.notify_one();
    }

    /// Records that the kind cannot be watched.
    pub fn unavailable(&self, failure: &WatchFailure, context: &Context) {
        self.intake.unavailable(failure, context);
    }

    /// Records that the definition of the kind was removed, or is back.
    pub fn definition_removed(&self, is_removed: bool, context: &Context) {
        self.intake.definition_removed(is_removed, context);
        context.changed.notify_one();
        context.observed.notify_one();
    }
}
