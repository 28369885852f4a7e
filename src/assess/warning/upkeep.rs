//! Events in, writes out: what the inventory knows of our policies and bindings, and what is due
//! for them to be what the paths ask for. It is generated again only where something it is made
//! from has changed. At rest nothing is planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::fit::fits;
use super::stock::{Stock, version};
use super::words::Outcome;
use super::{Account, NAME_PREFIX, Terms, Warning, Warnings, asks, policy_name, warnings};
use crate::api::condition::Statement;
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WatchedKind;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Path, PathAt};

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

    pub(super) fn of(self, warning: &Warning) -> &Value {
        match self {
            Self::Policy => &warning.policy,
            Self::Binding => &warning.binding,
        }
    }
}

/// What is done to a policy or a binding.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// It is applied, and created where it is not there.
    Apply(Box<Value>),
    /// It is deleted, if it is still this object.
    Delete(Option<String>),
}

/// A write of a policy or a binding.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyWrite {
    /// Which of the two.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What is done to it.
    pub verb: Verb,
}

/// How such a write ended.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyWritten {
    /// It landed; the object as it is stored now, none after it was deleted.
    Landed(Option<Box<Value>>),
    /// The API server does not take it: what it said.
    Refused(String),
    /// It failed, in one word, and is to be tried again, less and less often.
    Failed(&'static str),
    /// It was not tried.
    NotTaken,
}

/// The writes that are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WarningPlan {
    /// One for each object at most.
    pub writes: Vec<PolicyWrite>,
    /// When one that had to wait may go out.
    pub again_at: Option<Timestamp>,
}

/// Everything known of the stored policies and bindings.
#[derive(Debug, Default)]
pub struct Upkeep {
    account: Option<Account>,
    stocks: BTreeMap<Part, Stock>,
    generated: Option<Generated>,
}

/// What was generated, and what from.
#[derive(Debug)]
struct Generated {
    set: Arc<PathSet>,
    at: Vec<PathAt>,
    kinds: Vec<Arc<WatchedKind>>,
    account: Account,
    warnings: Warnings,
}

impl Inventory {
    /// Who the operator is; before that is known no policy is written.
    pub fn warn_as(&mut self, account: Account) {
        self.upkeep.account = Some(account);
        self.version += 1;
    }

    /// Takes in a stored policy or binding. Others than ours are passed over.
    pub fn put_policy(&mut self, part: Part, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        if !name.starts_with(NAME_PREFIX) {
            return;
        }
        let stock = self.upkeep.stocks.entry(part).or_default();
        let is_older = stock
            .stored
            .get(name)
            .is_some_and(|known| version(&object) < version(known));
        if !is_older {
            stock.stored.insert(name.to_owned(), object);
            self.version += 1;
        }
    }

    /// Takes in that a policy or binding is gone.
    pub fn remove_policy(&mut self, part: Part, name: &str) {
        let stock = self.upkeep.stocks.entry(part).or_default();
        if stock.stored.remove(name).is_some() {
            self.version += 1;
        }
    }

    /// Takes in that all of them were listed: what the list did not hold is gone.
    pub fn complete_policies(&mut self, part: Part, is_there: impl Fn(&str) -> bool) {
        let stock = self.upkeep.stocks.entry(part).or_default();
        stock.listed = true;
        stock.trouble = None;
        stock.stored.retain(|name, _| is_there(name));
        self.version += 1;
    }

    /// Takes in that they cannot be followed: in one word, and in the server's words.
    pub fn policies_out_of_reach(&mut self, part: Part, reason: &'static str, message: &str) {
        let stock = self.upkeep.stocks.entry(part).or_default();
        let trouble = Some((reason, message.to_owned()));
        // After a first list the watch is taken up again, and what is known stays.
        if !stock.listed && stock.trouble != trouble {
            stock.trouble = trouble;
            self.version += 1;
        }
    }

    /// The writes of policies and bindings that are due now.
    pub fn plan_warnings(&mut self, now: Timestamp) -> WarningPlan {
        self.generate_warnings(now);
        let mut plan = WarningPlan::default();
        let Upkeep {
            account: Some(_),
            stocks,
            generated: Some(generated),
        } = &mut self.upkeep
        else {
            return plan;
        };
        if !self.settings.on_apply.warns() {
            return plan;
        }
        for part in Part::ALL {
            let stock = stocks.entry(part).or_default();
            if stock.listed {
                stock.plan(part, &generated.warnings, (now, &mut plan));
            }
        }
        plan
    }

    /// Notes how a write ended.
    pub fn policy_written(&mut self, write: &PolicyWrite, how: PolicyWritten, now: Timestamp) {
        let stock = self.upkeep.stocks.entry(write.part).or_default();
        stock.written(write, how, now);
        self.version += 1;
    }

    /// What the status of a path says of its warnings; nothing where it asks for none.
    pub(in crate::assess) fn warning_statement(&self, path: &Path) -> Option<Statement> {
        if !asks(path) {
            return None;
        }
        let generated = self.upkeep.generated.as_ref()?;
        let outcome = match generated.warnings.get(&path.name)? {
            Err(obstacle) => Outcome::Blocked(obstacle),
            Ok(warning) => self.upkeep.outcome(&path.name, warning),
        };
        Some(outcome.statement())
    }

    /// Generates again where something it is made from changed.
    pub(in crate::assess) fn generate_warnings(&mut self, now: Timestamp) {
        let at: Vec<PathAt> = self.paths.iter().map(|path| path.at(now)).collect();
        let account = self.upkeep.account.clone().unwrap_or_default();
        let is_current = |known: &Generated| {
            Arc::ptr_eq(&known.set, &self.paths)
                && known.at == at
                && known.kinds == self.settings.kinds
                && known.account == account
        };
        if self.upkeep.generated.as_ref().is_some_and(is_current) {
            return;
        }
        let terms = Terms {
            settings: &self.settings,
            account: &account,
        };
        self.upkeep.generated = Some(Generated {
            warnings: warnings(&self.paths, &at, terms),
            set: self.paths.clone(),
            kinds: self.settings.kinds.clone(),
            at,
            account,
        });
    }
}

impl Upkeep {
    fn outcome<'a>(&'a self, path: &str, warning: &'a Warning) -> Outcome<'a> {
        let name = policy_name(path);
        let mut installed = self.account.is_some();
        for part in Part::ALL {
            let Some(stock) = self.stocks.get(&part) else {
                return Outcome::Waiting;
            };
            if let Some((reason, message)) = &stock.trouble {
                return Outcome::OutOfReach { reason, message };
            }
            let effort = stock.efforts.get(&name);
            if let Some((_, said)) = effort.and_then(|effort| effort.refused.as_ref()) {
                return Outcome::Refused(said);
            }
            if let Some(reason) = effort.and_then(|effort| effort.failed) {
                return Outcome::OutOfReach {
                    reason,
                    message: "",
                };
            }
            let stored = stock.stored.get(&name);
            installed &= stored.is_some_and(|stored| fits(part.of(warning), stored));
        }
        let policy = self.stocks.get(&Part::Policy);
        let policy = policy.and_then(|stock| stock.stored.get(&name));
        match policy {
            Some(policy) if installed => Outcome::Installed { warning, policy },
            Some(_) | None => Outcome::Waiting,
        }
    }
}
