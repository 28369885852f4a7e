//! Warning on apply: for a path that asks for it, the policy by which the API server itself tells
//! people, as they apply a workload, what is missing, how to fix it and where the off-ramp is.
//! Here a policy is generated as data, or the reason why none is; a planner compares it with what is
//! stored. Nothing here can refuse a workload: the type of what a binding asks for has no word for it.

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

/// What the name of each policy and of its binding begins with; the path's name follows.
pub const NAME_PREFIX: &str = "goldenpath-warn-";
/// The highest estimated cost of all expressions of one policy, in the API server's units: a tenth
/// of what it lets one policy spend on one request.
pub const MOST_COST: u64 = 1_000_000;
/// How many elements every collection of a workload is taken to have.
const ITEMS: u64 = 32;
/// What our own names in a policy begin with, unless the path uses names like these itself.
const PREFIX: &str = "goldenpath_";

/// The operator's account, whose own writes cause no warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its user name, as the API server sees it.
    pub user: String,
    /// Where its own release lives, which is not judged.
    pub namespace: Option<String>,
}

/// A policy and its binding, as they should be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The `ValidatingAdmissionPolicy`.
    pub policy: Value,
    /// The `ValidatingAdmissionPolicyBinding`.
    pub binding: Value,
    /// The checks whose expressions stand in the policy's validations, from the second on.
    pub checks: Vec<String>,
}

/// Why a path that asks for warnings has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The operator is not configured to write policies.
    NotEnabled,
    /// Without labels the API server cannot know which deviations are excepted.
    LabelsOff,
    /// The path does not take part.
    Preview,
    /// None of its kinds is watched.
    NoKind,
    /// A part of it that is needed does not compile.
    ChecksInvalid,
    /// The scope of the path of this name cannot be said in another path's policy.
    Unreadable(String),
    /// The estimated cost is too high.
    TooExpensive(u64),
}

/// One of the two objects a warning takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The `ValidatingAdmissionPolicy`.
    Policy,
    /// The `ValidatingAdmissionPolicyBinding`.
    Binding,
}

impl Part {
    /// Both, in the order they are written.
    pub const ALL: [Self; 2] = [Self::Policy, Self::Binding];

    pub(in crate::assess) fn of(self, warning: &Warning) -> &Value {
        match self {
            Self::Policy => &warning.policy,
            Self::Binding => &warning.binding,
        }
    }
}

/// Each path that asks for warnings, by name: what should be stored, or why nothing is.
pub type Warnings = BTreeMap<Arc<str>, Result<Warning, Obstacle>>;

/// What a policy is generated from besides the paths.
#[derive(Clone, Copy, Debug)]
pub struct GenerateContext<'a> {
    /// How workloads are read.
    pub settings: &'a Settings,
    /// Who the operator is.
    pub account: &'a Account,
}

/// The name of a path's policy and of its binding.
pub fn policy_name(path: &str) -> String {
    format!("{NAME_PREFIX}{path}")
}

/// What should be stored for each path that asks for warnings.
pub fn warnings(set: &PathSet, at: &[PathAt], ctx: GenerateContext<'_>) -> Warnings {
    let asking = set.iter().enumerate().filter(|(_, path)| asks(path));
    let answers = asking.map(|(index, path)| {
        let question = Question {
            set,
            at,
            index,
            path,
            ctx,
            prefix: free_prefix(path),
        };
        (path.name.clone(), question.answer())
    });
    answers.collect()
}

/// Whether the path wants a policy now.
pub(in crate::assess) fn asks(path: &Path) -> bool {
    path.spec.warn_on_apply && path.deleted.is_none()
}

/// One path among the others.
struct Question<'a> {
    set: &'a PathSet,
    at: &'a [PathAt],
    index: usize,
    path: &'a Path,
    ctx: GenerateContext<'a>,
    prefix: String,
}

impl<'a> Question<'a> {
    fn answer(&self) -> Result<Warning, Obstacle> {
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

    /// Whether everything a policy is made of compiles.
    fn is_usable(&self) -> bool {
        let mut invalid = self.path.invalid.iter();
        !invalid.any(|invalid| matches!(invalid.place, ExpressionPlace::Variable(_)))
            && self.steps().all(|(check, _)| {
                let programs = self.path.programs.get(check);
                programs.is_some_and(|programs| programs.expression.is_some())
            })
    }

    /// The enforced required checks, and the number each has among them.
    fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        indexes(self.at[self.index].required)
            .enumerate()
            .map(|(number, check)| (check, number))
    }

    /// The watched kinds the path is for.
    fn kinds(&self) -> impl Iterator<Item = &'a Arc<WatchedKind>> {
        let (settings, path) = (self.ctx.settings, self.path);
        settings.kinds.iter().filter(|kind| path.takes_kind(kind))
    }

    /// A variable of ours.
    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A variable of ours, read.
    fn read(&self, name: &str) -> String {
        format!("variables.{}{name}", self.prefix)
    }
}

/// A prefix no variable of the path begins with.
fn free_prefix(path: &Path) -> String {
    let mut prefix = PREFIX.to_owned();
    let variables = &path.spec.variables;
    while variables.iter().any(|v| v.name.starts_with(&prefix)) {
        prefix.push('_');
    }
    prefix
}
