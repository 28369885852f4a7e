//! A compiled golden path: expressions compiled once, checks as bits, scope as selectors. Expressions
//! that do not compile are listed, and the other checks still work. No object is read here.

use std::fmt;
use std::sync::Arc;

use goldenpath_cel::{CompileError, Env, Program};
use jiff::Timestamp;

use crate::api::golden_path::{Check, Level, NamedExpression, TreatAs};
use crate::api::{GoldenPathSpec, Period, keys};
use crate::assess::object::kind::WatchedKind;
use crate::assess::object::labels::{LabelSet, Selector};
use crate::assess::path::enforced::Since;
use crate::assess::path::evaluate::PathResult;

pub mod enforced;
pub mod evaluate;
pub(crate) mod owner;
pub mod set;

/// A set of checks of one path: bit n is the n-th check. A path has at most 32 checks.
pub type Checks = u32;

/// A golden path, compiled.
#[derive(Debug)]
pub struct Path {
    /// Name of the object.
    pub name: Arc<str>,
    /// Uid of the stored object; absent offline.
    pub uid: Option<Box<str>>,
    /// The generation this was compiled from.
    pub generation: Option<i64>,
    /// Creation time of the object; the launch, if none is stated.
    pub created: Option<Timestamp>,
    /// Whether it is annotated as a starter path.
    pub is_starter: bool,
    /// When the object was deleted. It still judges for a grace period.
    pub deleted: Option<Timestamp>,
    /// The spec as written.
    pub spec: GoldenPathSpec,
    /// The variables that its expressions may use.
    pub env: Env,
    /// Programs of each check, in order.
    pub programs: Vec<CheckPrograms>,
    /// Expressions that do not compile, or read fields that are not judged.
    pub invalid: Vec<Invalid>,
    scope: CompiledScope,
    /// Since when each check asks what it asks, as far as the stored status tells.
    since: Vec<Since>,
}

/// The compiled expressions of one check; absent if they do not compile.
#[derive(Clone, Debug, Default)]
pub struct CheckPrograms {
    /// `expression` of the check.
    pub expression: Option<Program>,
    /// `messageExpression` of the check.
    pub message: Option<Program>,
}

/// Which expression of a path, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionPlace {
    /// The expression of a check.
    Check(String),
    /// The `messageExpression` of a check.
    Message(String),
    /// A variable.
    Variable(String),
    /// A condition of the scope.
    MatchCondition(String),
}

impl fmt::Display for ExpressionPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(name) => write!(f, "check '{name}'"),
            Self::Message(check) => write!(f, "messageExpression of check '{check}'"),
            Self::Variable(name) => write!(f, "variable '{name}'"),
            Self::MatchCondition(name) => write!(f, "matchCondition '{name}'"),
        }
    }
}

/// An expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The expression, by kind and name.
    pub place: ExpressionPlace,
    /// A `PascalCase` word.
    pub reason: &'static str,
    /// Position and cause.
    pub message: String,
}

#[derive(Debug, Default)]
struct CompiledScope {
    namespaces: Option<Selector>,
    labels: Option<Selector>,
    conditions: Vec<Option<Program>>,
}

/// A path's identity besides its spec.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Name of the object.
    pub name: String,
    /// Uid of the object; absent offline.
    pub uid: Option<String>,
    /// Generation of the object; absent offline.
    pub generation: Option<i64>,
    /// Creation time of the object; absent offline.
    pub created: Option<Timestamp>,
    /// Whether it is annotated as a starter path.
    pub is_starter: bool,
}

/// How long a step is in force until the like-for-like ratio counts it.
const SETTLED_AFTER: Period = Period::days(90);

/// State of a path at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathAt {
    /// Launched, with at least one enforced required check that compiles.
    pub takes_part: bool,
    /// Required checks in force: these decide.
    pub required: Checks,
    /// Recommended checks in force: these advise.
    pub recommended: Checks,
    /// Checks that are shown, but not counted yet.
    pub announced: Checks,
    /// Those of `required` that have been in force for [`SETTLED_AFTER`]: the steps of the
    /// like-for-like ratio.
    pub settled: Checks,
    /// Those of `required` that did not come into force without notice since the last status.
    pub noticed: Checks,
}

impl PathAt {
    /// Enforced required checks that fail.
    pub(crate) const fn failing(&self, result: &PathResult) -> Checks {
        self.required & !result.passed & !result.errored
    }

    /// Enforced required checks that could not be evaluated.
    pub(crate) const fn errored(&self, result: &PathResult) -> Checks {
        self.required & result.errored
    }
}

impl Path {
    /// Compiles a path. Never fails: expressions that cannot be used go into `invalid`.
    pub fn compile(origin: Origin, spec: GoldenPathSpec) -> Self {
        let mut invalid = Vec::new();
        let env = declare_variables(&spec.variables, &mut invalid);
        let programs = spec
            .checks
            .iter()
            .map(|check| compile_check(&env, check, &mut invalid))
            .collect();
        let scope = compile_scope(&env, &spec, &mut invalid);
        Self {
            name: origin.name.into(),
            uid: origin.uid.map(Into::into),
            generation: origin.generation,
            created: origin.created,
            is_starter: origin.is_starter,
            deleted: None,
            spec,
            env,
            programs,
            invalid,
            scope,
            since: Vec::new(),
        }
    }

    /// The same path, with what its stored status tells of its checks.
    #[must_use]
    pub(super) fn with_since(self, since: Vec<Since>) -> Self {
        Self { since, ..self }
    }

    /// Since when each check asks what it asks.
    pub(super) fn since(&self) -> &[Since] {
        &self.since
    }

    fn since_of(&self, check: usize) -> Since {
        self.since.get(check).copied().unwrap_or_default()
    }

    /// When the path was launched; absent while it is on the roadmap.
    pub fn launched_at(&self) -> Option<Timestamp> {
        match (&self.spec.launched_at, self.spec.horizon) {
            (Some(at), _) => Some(at.0),
            (None, Some(_)) => None,
            (None, None) => Some(self.created.unwrap_or(Timestamp::MIN)),
        }
    }

    /// When the path was launched, if a date says so: the launch of a manifest without one is unknown.
    pub(crate) fn known_launch(&self) -> Option<Timestamp> {
        self.launched_at().filter(|at| *at > Timestamp::MIN)
    }

    /// Whether it only advises: a starter path that its platform team has not launched. Surfaces show
    /// no target for it, and ask for no exceptions.
    pub(crate) const fn only_advises(&self) -> bool {
        self.is_starter && self.spec.launched_at.is_none()
    }

    /// When the share of new services is measured; absent without a known launch.
    pub(crate) fn adoption_deadline(&self) -> Option<Timestamp> {
        let within = Period::days(self.spec.adoption.within_days.into());
        Some(within.after(self.known_launch()?))
    }

    /// The state of the path at `now`.
    pub fn at(&self, now: Timestamp) -> PathAt {
        let mut at = PathAt {
            takes_part: false,
            required: 0,
            recommended: 0,
            announced: 0,
            settled: 0,
            noticed: 0,
        };
        let mut usable = 0;
        for (index, check) in self.spec.checks.iter().enumerate() {
            let bit = bit(index);
            let set = match check.level {
                _ if check.enforce_from.as_ref().is_some_and(|from| from.0 > now) => {
                    &mut at.announced
                }
                Level::Required => &mut at.required,
                Level::Recommended => &mut at.recommended,
            };
            *set |= bit;
            if !self.since_of(index).is_sudden(now) {
                at.noticed |= bit;
                let settles = self.in_force_since(index).map(|at| SETTLED_AFTER.after(at));
                if settles.is_none_or(|at| at <= now) {
                    at.settled |= bit;
                }
            }
            if self.programs[index].expression.is_some() {
                usable |= bit;
            }
        }
        at.noticed &= at.required;
        at.settled &= at.required;
        let launched = self.launched_at().is_some_and(|launch| launch <= now);
        at.takes_part = launched && at.required & usable != 0;
        at
    }

    /// Since when a check is in force; none where the path began with it.
    fn in_force_since(&self, check: usize) -> Option<Timestamp> {
        let stated = self.spec.checks.get(check)?.enforce_from.as_ref();
        let seen = match self.since_of(check) {
            Since::At(at) => Some(at),
            Since::Beginning | Since::Unrecorded => None,
        };
        stated.map(|from| from.0).max(seen)
    }

    /// The next instant after `now` at which time alone changes the path's state.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let stated = self
            .spec
            .checks
            .iter()
            .filter_map(|check| Some(check.enforce_from.as_ref()?.0));
        let seen = (0..self.spec.checks.len()).filter_map(|check| self.in_force_since(check));
        let enforced = stated
            .chain(seen)
            .flat_map(|from| [from, SETTLED_AFTER.after(from)]);
        let predates = self.spec.existing.until.as_ref().map(|until| until.0);
        let dates = enforced
            .chain(predates)
            .chain(self.launched_at())
            .chain(self.adoption_deadline());
        dates.filter(|date| *date > now).min()
    }

    /// Whether a workload of this age predates the path, so that nothing is due yet.
    pub(crate) fn is_predated_by(&self, birth: Option<Timestamp>, now: Timestamp) -> bool {
        let is_older = || {
            let dates = birth.zip(self.launched_at());
            dates.is_some_and(|(birth, launch)| birth < launch)
        };
        self.spares_older(now) && is_older()
    }

    /// Whether nothing is due yet of workloads that are older than the path.
    pub(crate) fn spares_older(&self, now: Timestamp) -> bool {
        let existing = &self.spec.existing;
        match existing.treat_as {
            TreatAs::Judge => false,
            TreatAs::Predates => existing.until.as_ref().is_some_and(|until| until.0 > now),
        }
    }

    /// Whether an exception may name this check.
    pub(crate) fn is_exemptible(&self, check: usize) -> bool {
        self.spec.checks[check].exemptible
    }

    /// Whether a check of this name is not named to everybody.
    pub(crate) fn is_sensitive(&self, check: &str) -> bool {
        let mut checks = self.spec.checks.iter();
        checks.any(|found| found.name == check && found.sensitive)
    }

    /// The index of a check by name.
    pub(crate) fn check_index(&self, name: &str) -> Option<usize> {
        self.spec.checks.iter().position(|check| check.name == name)
    }

    /// Whether kind, labels and namespace match the scope; expressions are not evaluated.
    pub(super) fn admits(
        &self,
        kind: &WatchedKind,
        labels: &LabelSet,
        namespace: &LabelSet,
    ) -> bool {
        let scope = &self.scope;
        self.takes_kind(kind)
            && scope
                .labels
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
            && scope
                .namespaces
                .as_ref()
                .is_none_or(|selector| selector.matches(namespace))
    }

    /// Whether the scope includes this kind.
    pub(super) fn takes_kind(&self, kind: &WatchedKind) -> bool {
        let kinds = &self.spec.scope.kinds;
        kinds.is_empty()
            || kinds
                .iter()
                .any(|known| known.group == kind.group && known.kind == kind.kind)
    }

    /// The match conditions of the scope. One that does not compile is absent and never holds.
    pub(super) fn conditions(&self) -> &[Option<Program>] {
        &self.scope.conditions
    }

    /// The same path, deleted at `now`.
    pub(super) fn deleted_at(&self, now: Timestamp) -> Self {
        let origin = Origin {
            name: self.name.to_string(),
            uid: self.uid.as_deref().map(str::to_owned),
            generation: self.generation,
            created: self.created,
            is_starter: self.is_starter,
        };
        Self {
            deleted: Some(now),
            since: self.since.clone(),
            ..Self::compile(origin, self.spec.clone())
        }
    }

    pub(super) fn judges_like(&self, other: &Self) -> bool {
        let same_checks = |(a, b): (&Check, &Check)| {
            a.name == b.name
                && a.expression == b.expression
                && a.message_expression == b.message_expression
        };
        self.name == other.name
            && self.spec.scope == other.spec.scope
            && self.spec.variables == other.spec.variables
            && self.spec.checks.len() == other.spec.checks.len()
            && self
                .spec
                .checks
                .iter()
                .zip(&other.spec.checks)
                .all(same_checks)
    }
}

/// The bit of the check with this index.
pub(crate) const fn bit(index: usize) -> Checks {
    if index < 32 { 1 << index } else { 0 }
}

/// The indexes of the checks in a set, lowest first.
pub(crate) fn indexes(checks: Checks) -> impl Iterator<Item = usize> {
    (0..32).filter(move |index| checks & bit(*index) != 0)
}

fn declare_variables(variables: &[NamedExpression], invalid: &mut Vec<Invalid>) -> Env {
    let mut env = Env::new();
    for variable in variables {
        let declared = env.compile(&variable.expression).and_then(|program| {
            let reads = program.reads();
            env.declare_variable(&variable.name, program)?;
            Ok(reads)
        });
        let place = ExpressionPlace::Variable(variable.name.clone());
        match declared {
            Ok(reads) => invalid.extend(unjudged(&place, &reads)),
            Err(error) => invalid.push(Invalid::new(place, &error)),
        }
    }
    env
}

fn compile_check(env: &Env, check: &Check, invalid: &mut Vec<Invalid>) -> CheckPrograms {
    let place = ExpressionPlace::Check(check.name.clone());
    let expression = ok_or_note(env.compile_bool(&check.expression), &place, invalid);
    let message = check.message_expression.as_ref().and_then(|source| {
        let place = ExpressionPlace::Message(check.name.clone());
        ok_or_note(env.compile_string(source), &place, invalid)
    });
    CheckPrograms {
        expression,
        message,
    }
}

fn compile_scope(env: &Env, spec: &GoldenPathSpec, invalid: &mut Vec<Invalid>) -> CompiledScope {
    let conditions = spec.scope.match_conditions.iter().map(|condition| {
        let place = ExpressionPlace::MatchCondition(condition.name.clone());
        ok_or_note(env.compile_bool(&condition.expression), &place, invalid)
    });
    CompiledScope {
        conditions: conditions.collect(),
        namespaces: spec
            .scope
            .namespace_selector
            .as_ref()
            .map(Selector::compile),
        labels: spec.scope.selector.as_ref().map(Selector::compile),
    }
}

fn ok_or_note(
    compiled: Result<Program, CompileError>,
    place: &ExpressionPlace,
    invalid: &mut Vec<Invalid>,
) -> Option<Program> {
    match compiled {
        Ok(program) => match unjudged(place, &program.reads()) {
            None => Some(program),
            Some(refused) => {
                invalid.push(refused);
                None
            }
        },
        Err(error) => {
            invalid.push(Invalid::new(place.clone(), &error));
            None
        }
    }
}

/// Rejects an expression that reads fields outside the judgement: a verdict must not depend on what the
/// operator itself writes, or on what changes without a change of the workload.
fn unjudged(place: &ExpressionPlace, reads: &[Vec<String>]) -> Option<Invalid> {
    let names_own_key = |path: &[&str]| {
        path.last()
            .is_some_and(|key| keys::OWN_LABELS.contains(key))
    };
    let refused = reads.iter().find(|path| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["status", ..] | ["metadata", "managedFields" | "resourceVersion", ..] => true,
            ["metadata", "labels", ..] => names_own_key(&path),
            _ => false,
        }
    })?;
    Some(Invalid {
        place: place.clone(),
        reason: "ReadsUnjudged",
        message: format!(
            "reads object.{}, which is not judged: checks see the object without status, \
             managedFields, resourceVersion and the operator's labels",
            refused.join(".")
        ),
    })
}

impl Invalid {
    fn new(place: ExpressionPlace, error: &CompileError) -> Self {
        Self {
            place,
            reason: error.reason(),
            message: error.to_string(),
        }
    }
}
