//! Warning on apply: generates the ValidatingAdmissionPolicy with which the API server warns users who
//! apply a workload about missing steps, fixes and the off-ramp. Policies are data here; a planner
//! compares them with the stored ones. **Invariant:** no generated policy denies a request:
//! [`ValidationAction`] has no such value.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::path::{ExpressionPlace, Path, PathAt, indexes};
use super::settings::Settings;
use crate::assess::object::kind::WatchedKind;
use crate::assess::path::set::PathSet;

mod fit;
mod message;
mod policy;
mod scope;
mod statement;
#[cfg(test)]
pub(in crate::assess) mod tests;
mod text;

pub(in crate::assess) use fit::fits;
pub use policy::ValidationAction;
pub(in crate::assess) use statement::WarningState;

/// Name prefix of each policy and its binding; the path's name follows.
pub(crate) const NAME_PREFIX: &str = "goldenpath-warn-";
/// Limit on the estimated cost of all expressions of one policy, in the API server's units: a tenth of
/// the API server's budget per request.
pub const MOST_COST: u64 = 1_000_000;
/// Assumed number of elements of every collection in a workload, for cost estimates.
const ITEMS: u64 = 32;
/// Prefix of our variables in a policy, unless the path uses it itself.
const PREFIX: &str = "goldenpath_";

/// The operator's account, whose own writes cause no warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// User name in the API server.
    pub user: String,
    /// Namespace of the operator's own release, which is not judged.
    pub namespace: Option<String>,
}

/// A policy and its binding, as they should be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The `ValidatingAdmissionPolicy`.
    pub policy: Value,
    /// The `ValidatingAdmissionPolicyBinding`.
    pub binding: Value,
    /// Names of the checks in the policy's validations, from the second validation on.
    pub checks: Vec<String>,
}

/// Why a path that asks for warnings has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The operator is not configured to write policies.
    NotEnabled,
    /// Without labels the API server cannot know which deviations are approved.
    LabelsOff,
    /// The path does not take part.
    Preview,
    /// None of its kinds is watched.
    NoKind,
    /// A required check, a variable or a scope condition does not compile.
    ChecksInvalid,
    /// The scope of this other path cannot be embedded in the policy.
    Unreadable(String),
    /// The estimated cost exceeds [`MOST_COST`].
    TooExpensive(u64),
}

/// One of the two objects of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The `ValidatingAdmissionPolicy`.
    Policy,
    /// The `ValidatingAdmissionPolicyBinding`.
    Binding,
}

impl Part {
    /// Both, in the order of writing.
    pub const ALL: [Self; 2] = [Self::Policy, Self::Binding];

    pub(in crate::assess) fn of(self, warning: &Warning) -> &Value {
        match self {
            Self::Policy => &warning.policy,
            Self::Binding => &warning.binding,
        }
    }
}

/// For each path with `warnOnApply`, by name: the objects to store, or why there are none.
pub type Warnings = BTreeMap<Arc<str>, Result<Warning, Obstacle>>;

/// Inputs of the generator besides the paths.
#[derive(Clone, Copy, Debug)]
pub struct GenerateContext<'a> {
    /// Settings for reading workloads.
    pub settings: &'a Settings,
    /// The operator's account.
    pub account: &'a Account,
}

/// The name of a path's policy and of its binding.
pub fn policy_name(path: &str) -> String {
    format!("{NAME_PREFIX}{path}")
}

/// Generates the objects for each path with `warnOnApply`.
pub fn warnings(set: &PathSet, at: &[PathAt], ctx: GenerateContext<'_>) -> Warnings {
    set.iter()
        .enumerate()
        .filter(|(_, path)| asks(path))
        .map(|(index, path)| {
            let generator = Generator {
                set,
                at,
                index,
                path,
                ctx,
                prefix: free_prefix(path),
            };
            (path.name.clone(), generator.warning())
        })
        .collect()
}

/// Whether the path should have a policy.
pub(in crate::assess) fn asks(path: &Path) -> bool {
    path.spec.warn_on_apply && path.deleted.is_none()
}

/// Generates the policy of one path, which may compete with the other paths of its set.
struct Generator<'a> {
    set: &'a PathSet,
    at: &'a [PathAt],
    index: usize,
    path: &'a Path,
    ctx: GenerateContext<'a>,
    prefix: String,
}

impl<'a> Generator<'a> {
    fn warning(&self) -> Result<Warning, Obstacle> {
        let settings = self.ctx.settings;
        if !settings.on_apply.warns() {
            return Err(Obstacle::NotEnabled);
        }
        if !settings.labels {
            return Err(Obstacle::LabelsOff);
        }
        if !self.at[self.index].takes_part {
            return Err(Obstacle::Preview);
        }
        if self.kinds().next().is_none() {
            return Err(Obstacle::NoKind);
        }
        if !self.is_usable() {
            return Err(Obstacle::ChecksInvalid);
        }
        self.generate()
    }

    /// Whether every expression of the policy compiles.
    fn is_usable(&self) -> bool {
        let mut invalid = self.path.invalid.iter();
        !invalid.any(|invalid| matches!(invalid.place, ExpressionPlace::Variable(_)))
            && self.steps().all(|(check, _)| {
                let programs = self.path.programs.get(check);
                programs.is_some_and(|programs| programs.expression.is_some())
            })
    }

    /// The enforced required checks: index in the path, and number among them.
    fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        indexes(self.at[self.index].required)
            .enumerate()
            .map(|(number, check)| (check, number))
    }

    /// The watched kinds in scope of the path.
    fn kinds(&self) -> impl Iterator<Item = &'a Arc<WatchedKind>> {
        let (settings, path) = (self.ctx.settings, self.path);
        settings.kinds.iter().filter(|kind| path.takes_kind(kind))
    }

    /// The name of one of our variables.
    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// An expression that reads one of our variables.
    fn read(&self, name: &str) -> String {
        format!("variables.{}{name}", self.prefix)
    }
}

/// A prefix that no variable of the path begins with.
fn free_prefix(path: &Path) -> String {
    let mut prefix = PREFIX.to_owned();
    let variables = &path.spec.variables;
    while variables.iter().any(|v| v.name.starts_with(&prefix)) {
        prefix.push('_');
    }
    prefix
}
