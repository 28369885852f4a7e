//! Loads manifests into an inventory: paths and namespaces first, then workloads and exceptions. The
//! inventory is the operator's own, so that a scan and the operator give the same verdicts.

use std::sync::Arc;

use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::passed_over::{PassedOver, Reason};
use super::read::{Input, Manifest};
use super::repeated::{self, Repeated};
use super::shape;
use crate::api::{
    self, DeliveryRecord, DeveloperSurvey, DeviationException, GoldenPath, Persona,
    PlatformObjective, RoadmapItem, keys,
};
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::{GoalKind, GoalResource};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::Record;
use crate::assess::object::kind::{ExtraKind, WatchedKind};
use crate::assess::object::namespace::Namespace;
use crate::assess::path::{Origin, owner};
use crate::assess::settings::{DeliverySettings, Settings};
use crate::assess::source::{Problem, Source};
use crate::assess::workload::{ReadContext, observe};
use crate::report::document::build::Sources;

/// The result of loading.
#[derive(Debug)]
pub struct Loaded {
    /// Workloads, golden paths, exceptions and namespaces.
    pub inventory: Inventory,
    /// Where each object was read.
    pub sources: Sources,
    /// Objects that could not be used.
    pub problems: Vec<Problem>,
    /// Golden paths, exceptions and namespaces that could not be used.
    pub unusable: usize,
    /// What was read and is not judged.
    pub passed_over: PassedOver,
}

/// Loads manifests. `now` replaces the creation time that manifests do not have.
pub fn load(input: Input, mut settings: Settings, extra: &[ExtraKind], now: Timestamp) -> Loaded {
    settings.kinds.extend(extra_kinds(extra, &input.manifests));
    let named = named_kinds(&settings.kinds, &input.manifests);
    settings.kinds.extend(named);
    let mut roles = input.manifests.iter().map(|it| role(&it.value));
    if roles.any(|role| role == Role::Record) {
        settings.delivery = Some(DeliverySettings::default());
    }
    let is_judged = |one: &Repeated| {
        let is_watched = settings
            .kinds
            .iter()
            .any(|kind| kind.group == one.group && kind.kind == one.kind);
        is_watched || one.group == api::GROUP || one.group.is_empty() && one.kind == "Namespace"
    };
    let mut problems = input.problems;
    problems.extend(repeated::problems(&input.repeated, is_judged));
    let mut loaded = Loaded {
        inventory: Inventory::new(settings),
        sources: Sources::default(),
        problems,
        unusable: 0,
        passed_over: input.passed_over,
    };
    let mut later = Vec::new();
    for manifest in input.manifests {
        match role(&manifest.value) {
            Role::Path => loaded.take_path(manifest),
            Role::Namespace => loaded.take_namespace(&manifest),
            Role::Goal(kind) => loaded.take_goal(kind, manifest),
            Role::Record => loaded.take_record(manifest),
            Role::Exception | Role::Other => later.push(manifest),
        }
    }
    for manifest in later {
        match role(&manifest.value) {
            Role::Exception => loaded.take_exception(manifest, now),
            Role::Other => loaded.take_workload(manifest),
            Role::Path | Role::Namespace | Role::Goal(_) | Role::Record => {}
        }
    }
    loaded
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Path,
    Namespace,
    Exception,
    Goal(GoalKind),
    /// Rollouts that an operator recorded, exported from a cluster.
    Record,
    Other,
}

fn role(value: &Value) -> Role {
    let group = value["apiVersion"]
        .as_str()
        .and_then(|version| version.split_once('/'));
    match (group, value["kind"].as_str()) {
        (Some((api::GROUP, _)), Some("GoldenPath")) => Role::Path,
        (Some((api::GROUP, _)), Some("DeviationException")) => Role::Exception,
        (Some((api::GROUP, _)), Some("DeliveryRecord")) => Role::Record,
        (Some((api::GROUP, _)), Some(kind)) => GoalKind::ALL
            .into_iter()
            .find(|goal| goal.as_str() == kind)
            .map_or(Role::Other, Role::Goal),
        (None, Some("Namespace")) => Role::Namespace,
        (Some(_) | None, Some(_) | None) => Role::Other,
    }
}

impl Loaded {
    fn take_path(&mut self, manifest: Manifest) {
        let Some(path) = self.typed::<GoldenPath>(manifest.value, &manifest.source) else {
            return;
        };
        let ObjectMeta {
            name,
            uid,
            generation,
            creation_timestamp,
            annotations,
            ..
        } = path.metadata;
        let origin = Origin {
            name: name.unwrap_or_default(),
            uid,
            generation,
            created: creation_timestamp.map(|at| at.0),
            is_starter: annotations.as_ref().is_some_and(keys::marks_starter),
        };
        let team_keys = &self.inventory.settings.team_keys;
        let spec = owner::with_team_keys(path.spec, annotations.as_ref(), team_keys);
        self.sources
            .paths
            .insert(origin.name.clone(), manifest.source);
        // Nothing has been judged yet, so nothing has to be read again.
        let _ = self.inventory.put_path(origin, spec, path.status);
    }

    fn take_namespace(&mut self, manifest: &Manifest) {
        if let Some(namespace) =
            Namespace::read(&manifest.value, &self.inventory.settings.team_keys)
        {
            let _nothing_to_read_again = self.inventory.put_namespace(namespace);
        }
    }

    fn take_exception(&mut self, manifest: Manifest, now: Timestamp) {
        let Manifest { source, value } = manifest;
        let Some(exception) = self.typed::<DeviationException>(value, &source) else {
            return;
        };
        let namespace = exception.metadata.namespace.clone().unwrap_or_default();
        let exception = Exception::read(exception, now);
        let key = (namespace.clone(), exception.name.to_string());
        self.inventory.put_exception(&namespace, exception);
        self.sources.exceptions.insert(key, source);
    }

    fn take_goal(&mut self, kind: GoalKind, manifest: Manifest) {
        match kind {
            GoalKind::Objective => self.take_goal_as::<PlatformObjective>(manifest),
            GoalKind::Survey => self.take_goal_as::<DeveloperSurvey>(manifest),
            GoalKind::RoadmapItem => self.take_goal_as::<RoadmapItem>(manifest),
            GoalKind::Persona => self.take_goal_as::<Persona>(manifest),
        }
    }

    fn take_goal_as<R: GoalResource>(&mut self, manifest: Manifest) {
        if let Some(resource) = self.typed::<R>(manifest.value, &manifest.source) {
            self.inventory.change_goals(|goals| goals.put(resource));
        }
    }

    fn take_record(&mut self, manifest: Manifest) {
        let Some(resource) = self.typed::<DeliveryRecord>(manifest.value, &manifest.source) else {
            return;
        };
        let namespace = resource.metadata.namespace.clone().unwrap_or_default();
        let name = resource.metadata.name.clone().unwrap_or_default();
        let status = resource.status.unwrap_or_default();
        let record = Record::of(resource.metadata, resource.spec.workload, &status);
        self.inventory.put_record(&namespace, &name, record);
    }

    fn take_workload(&mut self, manifest: Manifest) {
        let Manifest { source, value } = manifest;
        if shape::is_retired(&value) {
            return self.passed_over.count(Reason::OldVersion);
        }
        let mut kinds = self.inventory.settings.kinds.iter();
        let Some(kind) = kinds.find(|kind| shape::is_of(&value, kind)).cloned() else {
            return self.passed_over.count(Reason::OtherKind);
        };
        if !value["metadata"]["name"].is_string() {
            return self.passed_over.count(Reason::GeneratedName);
        }
        let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
        let read = ReadContext {
            messages: true,
            ..self.inventory.read_context(namespace)
        };
        let Some(observed) = observe(value, &kind, &read) else {
            return self.passed_over.count(Reason::Excluded);
        };
        self.sources
            .workloads
            .insert(observed.workload.id.clone(), source);
        self.inventory.put_workload(observed);
    }

    /// The object in its own type; a problem where the API server refuses it.
    fn typed<T: DeserializeOwned>(&mut self, value: Value, source: &Source) -> Option<T> {
        let name = format!(
            "{} {}",
            value["kind"].as_str().unwrap_or_default(),
            value["metadata"]["name"].as_str().unwrap_or_default()
        );
        let is_stored = value["metadata"]["uid"].is_string();
        let refused = if is_stored {
            // An older definition let it in: its dates are clamped.
            Vec::new()
        } else {
            api::refused_dates(&value)
        };
        let read = match refused.first() {
            Some(date) => Err(date.to_string()),
            None => serde_json::from_value(value).map_err(|error| error.to_string()),
        };
        read.inspect_err(|error| {
            let message = format!("{name} cannot be used: {error}");
            self.unusable += 1;
            self.problems.push(Problem::new(source, message));
        })
        .ok()
    }
}

/// Extra kinds found among the manifests. Flags name them as in URLs. Without discovery to map
/// `rollouts` to its kind, this tries the usual plurals.
fn extra_kinds(extra: &[ExtraKind], manifests: &[Manifest]) -> Vec<Arc<WatchedKind>> {
    let found = extra.iter().filter_map(|wanted| {
        let found = manifests.iter().find(|one| is_of(&one.value, wanted))?;
        let kind = found.value["kind"].as_str()?;
        Some(Arc::new(WatchedKind {
            kind: kind.to_owned(),
            group: wanted.group.clone(),
            version: wanted.version.clone(),
            plural: wanted.plural.clone(),
        }))
    });
    found.collect()
}

/// The kinds that scopes of paths name and that are among the manifests.
fn named_kinds(known: &[Arc<WatchedKind>], manifests: &[Manifest]) -> Vec<Arc<WatchedKind>> {
    let mut found: Vec<Arc<WatchedKind>> = Vec::new();
    let paths = manifests
        .iter()
        .filter(|it| matches!(role(&it.value), Role::Path));
    let named = paths.filter_map(|path| path.value.pointer("/spec/scope/kinds")?.as_array());
    for wanted in named.flatten() {
        let (group, kind) = (
            wanted["group"].as_str().unwrap_or_default(),
            &wanted["kind"],
        );
        let Some(kind) = kind.as_str() else { continue };
        let is_it = |it: &Arc<WatchedKind>| it.group == group && it.kind == kind;
        if group.is_empty() || known.iter().chain(&found).any(is_it) {
            continue;
        }
        let version = manifests.iter().find_map(|it| {
            let (its_group, version) = it.value["apiVersion"].as_str()?.split_once('/')?;
            (its_group == group && it.value["kind"] == kind).then_some(version)
        });
        found.extend(version.map(|version| {
            Arc::new(WatchedKind {
                kind: kind.to_owned(),
                group: group.to_owned(),
                version: version.to_owned(),
                plural: format!("{}s", kind.to_lowercase()),
            })
        }));
    }
    found
}

/// Whether an object is of an extra kind, in any version.
pub(super) fn is_of(value: &Value, wanted: &ExtraKind) -> bool {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let kind = value["kind"].as_str().unwrap_or_default();
    version
        .split_once('/')
        .is_some_and(|(group, _)| group == wanted.group)
        && is_plural(&wanted.plural, &kind.to_lowercase())
}

fn is_plural(plural: &str, singular: &str) -> bool {
    let usual = [format!("{singular}s"), format!("{singular}es")];
    let changed = singular.strip_suffix('y').map(|stem| format!("{stem}ies"));
    plural == singular || usual.iter().chain(&changed).any(|form| form == plural)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn loaded(value: Value) -> Loaded {
        let source = Source {
            file: "a.yaml".to_owned(),
            line: 1,
        };
        let input = Input {
            manifests: vec![Manifest { source, value }],
            ..Input::default()
        };
        load(input, Settings::default(), &[], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_date_is_refused_in_a_manifest_and_clamped_in_a_stored_object() {
        let mut value = json!({
            "apiVersion": api::API_VERSION, "kind": "DeviationException",
            "metadata": {"name": "never", "namespace": "weird"},
            "spec": {"path": "web-service", "checks": ["memory-limit"],
                "targets": [{"kind": "Deployment", "name": "web"}],
                "reason": "Vendor publishes only the tag latest for it", "owner": {"team": "shop"},
                "ownershipCost": {"hoursPerMonth": 1}, "expiresAt": "9999-12-31T23:59:59Z"},
        });
        let refused = loaded(value.clone());
        assert_eq!(
            refused.problems[0].message,
            "DeviationException never cannot be used: spec.expiresAt: '9999-12-31T23:59:59Z' is not \
             accepted: write a date in the years 1 to 9998, such as 2026-03-01T09:00:00Z"
        );
        assert_eq!(refused.unusable, 1);
        value["metadata"]["uid"] = json!("0b5aa75f-5d2c-4a4d-8e30-0b3a5f1f6e6c");
        let stored = loaded(value);
        assert_eq!((stored.problems, stored.unusable), (Vec::new(), 0));
        assert!(stored.sources.exceptions.len() == 1);
    }

    #[test]
    fn plurals_are_recognised() {
        for (plural, singular) in [
            ("rollouts", "rollout"),
            ("ingresses", "ingress"),
            ("policies", "policy"),
            ("sheep", "sheep"),
        ] {
            assert!(is_plural(plural, singular), "{plural}");
        }
        assert!(!is_plural("rollouts", "rolloutset"));
    }
}
