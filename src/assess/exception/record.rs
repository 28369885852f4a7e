//! A stored exception and what it names: a path, some of its checks, some workloads of its namespace.
//! Naming is not excusing: the phase decides whether a named failure is excused.

use std::sync::Arc;

use jiff::Timestamp;

use crate::api::{DeviationException, DeviationExceptionSpec, DeviationExceptionStatus};
use crate::assess::exception::assurance::SKEW;
use crate::assess::exception::assurance::written::Written;
use crate::assess::exception::past::{Past, Rejection};
use crate::assess::exception::recorded::Recorded;
use crate::assess::exception::{Life, Request, Terms, live_after};
use crate::assess::object::labels::Selector;
use crate::assess::object::template_hash::TemplateHash;
use crate::assess::path::Path;
use crate::assess::path::set::PathSet;
use crate::assess::workload::Workload;

/// Names every exemptible check, including later ones.
pub(crate) const EVERY_CHECK: &str = "*";

/// A DeviationException in the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// Name of the object.
    pub name: Arc<str>,
    /// Uid of the stored object; absent offline.
    pub uid: Option<Box<str>>,
    /// Generation of the spec; absent offline.
    pub generation: Option<i64>,
    /// Creation time; offline, without a date, the earliest timestamp.
    pub created: Timestamp,
    /// What the owner and approvers wrote.
    pub spec: DeviationExceptionSpec,
    /// The stored status.
    pub status: Option<DeviationExceptionStatus>,
    /// When its decisions were written, from `managedFields`.
    pub written: Written,
    /// The part of its history that the spec does not show.
    pub past: Past,
    selector: Option<Selector>,
}

impl Exception {
    /// Reads a DeviationException. `created` replaces a missing creation time.
    pub fn read(object: DeviationException, created: Timestamp) -> Self {
        let metadata = object.metadata;
        Self {
            name: metadata.name.unwrap_or_default().into(),
            uid: metadata.uid.map(Into::into),
            generation: metadata.generation,
            created: metadata.creation_timestamp.map_or(created, |at| at.0),
            written: Written::read(metadata.managed_fields.as_deref().unwrap_or_default()),
            past: Past::read(object.status.as_ref()),
            selector: object
                .spec
                .selector
                .as_ref()
                .map(Selector::compile)
                .filter(|selector| !selector.is_empty()),
            status: object.status,
            spec: object.spec,
        }
    }

    /// The past after the next change of the spec. It includes a rejection in the spec, unless that
    /// was written ahead of its date and may never have counted.
    pub(crate) fn lasting_past(&self) -> Past {
        let written = |at| self.written.of(&self.spec, at);
        let in_spec = Rejection::in_spec(&self.spec).filter(|rejection| {
            written(rejection.at).is_none_or(|written| rejection.at <= SKEW.after(written))
        });
        Past {
            rejected: in_spec.max(self.past.rejected.clone()),
            ..self.past.clone()
        }
    }

    /// Whether its targets or selector name this workload, whatever the path.
    pub(crate) fn names_workload(&self, workload: &Workload) -> bool {
        let by_name = self.spec.targets.iter().any(|target| {
            let kind = &workload.id.kind;
            *target.name == *workload.id.name
                && target.kind == kind.kind
                && target
                    .group
                    .as_ref()
                    .is_none_or(|group| *group == kind.group)
        });
        by_name
            || self
                .selector
                .as_ref()
                .is_some_and(|selector| selector.matches(&workload.labels()))
    }

    /// Whether it names this check of this path, and the check is exemptible.
    pub(crate) fn names_check(&self, path: &Path, check: usize) -> bool {
        let name = &path.spec.checks[check].name;
        path.is_exemptible(check)
            && self
                .spec
                .checks
                .iter()
                .any(|named| named == name || named == EVERY_CHECK)
    }

    /// The path it names, by its current or a former name.
    pub fn path<'a>(&self, paths: &'a PathSet) -> Option<&'a Path> {
        paths.resolve(&self.spec.path).map(|index| paths.get(index))
    }

    /// Its life at `now`, under the terms of its path; if the path is unknown, under the terms recorded
    /// in its status. `template` is the pod template hash of the target that `boundTo` binds it to.
    pub fn life(&self, paths: &PathSet, template: Option<TemplateHash>, now: Timestamp) -> Life {
        let path = paths.terms(&self.spec.path);
        let recorded = match path {
            Some(_) => Recorded::default(),
            None => Recorded::read(&self.spec, self.created, self.status.as_ref()),
        };
        let bound = self.spec.bound_to.as_ref().zip(template);
        let terms = Terms {
            policy: path.map_or(&recorded.policy, |path| &path.spec.exception_policy),
            within_self_declare_severity: path
                .map_or(recorded.is_light, |path| self.is_light(path)),
            bound_to_matches: bound
                .is_none_or(|(bound, template)| bound.template_hash == template.to_string()),
        };
        let request = Request {
            spec: &self.spec,
            created: self.created,
            past: &self.past,
        };
        live_after(request, &terms, now)
    }

    /// Whether no check it names exceeds `selfDeclare.maxSeverity`.
    fn is_light(&self, path: &Path) -> bool {
        let Some(limits) = path.spec.exception_policy.self_declare else {
            return false;
        };
        let mut named = (0..path.spec.checks.len()).filter(|check| self.names_check(path, *check));
        named.all(|check| path.spec.checks[check].severity <= limits.max_severity)
    }
}
