//! Policies that warn on apply: the stored ones, and the writes that make them match the paths. Policies
//! are generated again only if one of their inputs changed. At rest nothing is planned. The generator is
//! in `warning`, not here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::condition::Statement;
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WatchedKind;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Path, PathAt};
use crate::assess::warning::{
    Account, GenerateContext, NAME_PREFIX, Part, Warning, WarningState, Warnings, asks, fits,
    policy_name, warnings,
};
use stored::{StoredPolicies, version};

mod stored;
#[cfg(test)]
mod tests;

/// The verb of a policy write.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyVerb {
    /// Create or update the object.
    Apply(Box<Value>),
    /// Delete the object, if it still has this uid.
    Delete(Option<String>),
}

/// A write of a policy or a binding.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyWrite {
    pub part: Part,
    pub name: String,
    pub verb: PolicyVerb,
}

/// Result of a policy write.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyOutcome {
    /// The stored object; none after a delete.
    Landed(Option<Box<Value>>),
    /// The API server rejected it, with this message.
    Refused(String),
    /// It failed for this reason, and is retried with backoff.
    Failed(&'static str),
    /// It was not attempted.
    NotTaken,
}

/// The writes that are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyPlan {
    /// At most one per object.
    pub writes: Vec<PolicyWrite>,
    /// When a write that had to wait may start.
    pub again_at: Option<Timestamp>,
}

/// Plans policies and bindings.
#[derive(Debug, Default)]
pub struct PolicyPlanner {
    account: Option<Account>,
    parts: BTreeMap<Part, StoredPolicies>,
    generated: Option<Generated>,
    version: u64,
}

/// Generated policies, with the inputs they were generated from.
#[derive(Debug)]
struct Generated {
    set: Arc<PathSet>,
    at: Vec<PathAt>,
    kinds: Vec<Arc<WatchedKind>>,
    account: Account,
    warnings: Warnings,
}

impl PolicyPlanner {
    /// A counter that grows with every change of a stored policy or binding.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Sets the operator's account. Before that no policy is written.
    pub fn introduce(&mut self, account: Account) {
        self.account = Some(account);
        self.version += 1;
    }

    /// Records a stored policy or binding. Those of others are skipped.
    pub fn put(&mut self, part: Part, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        if !name.starts_with(NAME_PREFIX) {
            return;
        }
        let policies = self.parts.entry(part).or_default();
        let is_older = policies
            .stored
            .get(name)
            .is_some_and(|known| version(&object) < version(known));
        if !is_older {
            policies.stored.insert(name.to_owned(), object);
            self.version += 1;
        }
    }

    /// Records that a policy or binding is gone.
    pub fn remove(&mut self, part: Part, name: &str) {
        let policies = self.parts.entry(part).or_default();
        if policies.stored.remove(name).is_some() {
            self.version += 1;
        }
    }

    /// Records a complete list: objects absent from it are gone.
    pub fn listed(&mut self, part: Part, is_there: impl Fn(&str) -> bool) {
        let policies = self.parts.entry(part).or_default();
        policies.is_listed = true;
        policies.trouble = None;
        policies.stored.retain(|name, _| is_there(name));
        self.version += 1;
    }

    /// Records that they cannot be watched: the reason, and the API server's message.
    pub fn out_of_reach(&mut self, part: Part, reason: &'static str, message: &str) {
        let policies = self.parts.entry(part).or_default();
        let trouble = Some((reason, message.to_owned()));
        // After the first list the watch retries, and the last known state stays.
        if !policies.is_listed && policies.trouble != trouble {
            policies.trouble = trouble;
            self.version += 1;
        }
    }

    /// The writes that are due now.
    pub fn plan(&mut self, facts: &Inventory, now: Timestamp) -> PolicyPlan {
        self.generate(facts, now);
        let mut plan = PolicyPlan::default();
        let (Some(_), Some(generated)) = (&self.account, &self.generated) else {
            return plan;
        };
        if !facts.settings.on_apply.warns() {
            return plan;
        }
        for part in Part::ALL {
            let policies = self.parts.entry(part).or_default();
            if policies.is_listed {
                policies.plan(part, &generated.warnings, now, &mut plan);
            }
        }
        plan
    }

    /// Records the result of a write.
    pub fn ended(&mut self, write: &PolicyWrite, outcome: PolicyOutcome, now: Timestamp) {
        let policies = self.parts.entry(write.part).or_default();
        policies.ended(write, outcome, now);
        self.version += 1;
    }

    /// The condition `WarnOnApply` of a path; none without `warnOnApply`.
    pub fn statement(&self, path: &Path) -> Option<Statement> {
        if !asks(path) {
            return None;
        }
        let generated = self.generated.as_ref()?;
        let state = match generated.warnings.get(&path.name)? {
            Err(obstacle) => WarningState::Blocked(obstacle),
            Ok(warning) => self.state(&path.name, warning),
        };
        Some(state.statement())
    }

    /// Generates the policies again if one of their inputs changed.
    pub fn generate(&mut self, facts: &Inventory, now: Timestamp) {
        let (settings, paths) = (&facts.settings, facts.paths());
        let at: Vec<PathAt> = paths.iter().map(|path| path.at(now)).collect();
        let account = self.account.clone().unwrap_or_default();
        let is_current = |known: &Generated| {
            Arc::ptr_eq(&known.set, paths)
                && known.at == at
                && known.kinds == settings.kinds
                && known.account == account
        };
        if self.generated.as_ref().is_some_and(is_current) {
            return;
        }
        let ctx = GenerateContext {
            settings,
            account: &account,
        };
        self.generated = Some(Generated {
            warnings: warnings(paths, &at, ctx),
            set: paths.clone(),
            kinds: settings.kinds.clone(),
            at,
            account,
        });
    }

    fn state<'a>(&'a self, path: &str, warning: &'a Warning) -> WarningState<'a> {
        let name = policy_name(path);
        let mut is_installed = self.account.is_some();
        for part in Part::ALL {
            let Some(policies) = self.parts.get(&part) else {
                return WarningState::Waiting;
            };
            if let Some((reason, message)) = &policies.trouble {
                return WarningState::OutOfReach { reason, message };
            }
            let attempts = policies.attempts.get(&name);
            if let Some(refused) = attempts.and_then(|attempts| attempts.refused.as_ref()) {
                return WarningState::Refused(&refused.message);
            }
            if let Some(reason) = attempts.and_then(|attempts| attempts.failed) {
                return WarningState::OutOfReach {
                    reason,
                    message: "",
                };
            }
            let stored = policies.stored.get(&name);
            is_installed &= stored.is_some_and(|stored| fits(part.of(warning), stored));
        }
        let policies = self.parts.get(&Part::Policy);
        match policies.and_then(|policies| policies.stored.get(&name)) {
            Some(policy) if is_installed => WarningState::Installed { warning, policy },
            Some(_) | None => WarningState::Waiting,
        }
    }
}
