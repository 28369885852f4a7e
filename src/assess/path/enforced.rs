//! What a path enforces, compared with what its status recorded: which checks are new or ask something
//! else, and since when each is in force. Restarts and edits made meanwhile change no answer. No
//! workload is read here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Checks, Path, bit};
use crate::api::GoldenPathSpec;
use crate::api::condition::stored;
use crate::api::golden_path::{Check, EnforcedCheck, NamedExpression};
use crate::assess::object::digest::digest;

/// Since when a check asks what it asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// Since the path began, as far as its status tells.
    #[default]
    Beginning,
    /// Since this instant; ahead for an announced check.
    At(Timestamp),
    /// Since an edit that no status has recorded yet.
    Unrecorded,
}

impl Since {
    /// Whether a check that is in force at `now` came into force without notice: no status knows it, or
    /// it was announced for later.
    pub(crate) fn is_sudden(self, now: Timestamp) -> bool {
        match self {
            Self::Beginning => false,
            Self::At(at) => at > now,
            Self::Unrecorded => true,
        }
    }
}

/// Since when each check asks what it asks, in the order of the spec.
pub(in crate::assess) fn since(
    spec: &GoldenPathSpec,
    recorded: Option<&[EnforcedCheck]>,
) -> Vec<Since> {
    let Some(recorded) = recorded else {
        return vec![Since::Beginning; spec.checks.len()];
    };
    let since = |check: &Check| {
        let rule = rule(spec, check);
        recorded
            .iter()
            .find(|known| known.name == check.name && known.rule == rule)
            .map_or(Since::Unrecorded, |known| {
                known
                    .since
                    .as_ref()
                    .map_or(Since::Beginning, |at| Since::At(at.0))
            })
    };
    spec.checks.iter().map(since).collect()
}

/// The required checks in force that came without notice.
pub(in crate::assess) fn sudden(path: &Path, since: &[Since], now: Timestamp) -> Checks {
    let required = path.at(now).required;
    since
        .iter()
        .enumerate()
        .filter(|(index, since)| required & bit(*index) != 0 && since.is_sudden(now))
        .fold(0, |checks, (index, _)| checks | bit(index))
}

/// What to record of the checks at `now`: an announced check is in force from its date on, and one that
/// came without notice from now on.
pub(in crate::assess) fn record(
    spec: &GoldenPathSpec,
    since: &[Since],
    now: Timestamp,
) -> Vec<EnforcedCheck> {
    let checks = spec.checks.iter().zip(since);
    checks
        .map(|(check, since)| {
            let ahead = check
                .enforce_from
                .as_ref()
                .map(|from| from.0)
                .filter(|from| *from > now);
            let since = ahead.or(match since {
                Since::Beginning => None,
                Since::At(at) => Some((*at).min(now)),
                Since::Unrecorded => Some(now),
            });
            EnforcedCheck {
                name: check.name.clone(),
                rule: rule(spec, check),
                since: since.map(stored),
            }
        })
        .collect()
}

/// A digest of what a check asks: its level, its expression and the variables that this uses.
fn rule(spec: &GoldenPathSpec, check: &Check) -> String {
    let own = [check.level.as_str(), &check.expression];
    let variables = used(&spec.variables, &check.expression)
        .flat_map(|variable| [&*variable.name, &variable.expression]);
    let parts: Vec<&str> = own.into_iter().chain(variables).collect();
    digest(parts.join("\0"), 16)
}

/// The variables that an expression uses, also through others, in the order of the spec. A name within
/// another counts too, which costs nothing worse than a check taken for new.
fn used<'a>(
    variables: &'a [NamedExpression],
    expression: &str,
) -> impl Iterator<Item = &'a NamedExpression> {
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut texts: Vec<&str> = vec![expression];
    while let Some(text) = texts.pop() {
        for (index, variable) in variables.iter().enumerate() {
            if text.contains(&format!("variables.{}", variable.name)) && found.insert(index) {
                texts.push(&variable.expression);
            }
        }
    }
    found.into_iter().filter_map(|index| variables.get(index))
}
