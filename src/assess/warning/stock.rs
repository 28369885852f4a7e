//! The policies, or the bindings, that are stored, and how far the operator is with each: what is
//! due for one to be what it should be. A foreign hand, a refusal and a failure are each answered
//! in their own time; nothing is sent twice that was taken once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::fit::fits;
use super::upkeep::{Part, PolicyWrite, PolicyWritten, Verb, WarningPlan};
use super::{Warnings, policy_name};
use crate::assess::planner::progress::{Clearance, Progress};

/// The objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Stock {
    pub listed: bool,
    /// Why they cannot be followed: a word, and what the server said.
    pub trouble: Option<(&'static str, String)>,
    pub stored: BTreeMap<String, Value>,
    pub efforts: BTreeMap<String, Effort>,
}

/// How far the operator is with one object.
#[derive(Debug, Default)]
pub(super) struct Effort {
    pub progress: Progress<Value>,
    /// Applying did not make it what it should be: somebody else's fields are in it.
    pub replace: bool,
    /// What the server does not take, and its words.
    pub refused: Option<(Value, String)>,
    pub failed: Option<&'static str>,
}

impl Stock {
    pub fn plan(&mut self, part: Part, warnings: &Warnings, into: (Timestamp, &mut WarningPlan)) {
        let (now, plan) = into;
        let ready = warnings.iter();
        let wanted: BTreeMap<String, &Value> = ready
            .filter_map(|(path, warning)| {
                Some((policy_name(path), part.of(warning.as_ref().ok()?)))
            })
            .collect();
        self.efforts.retain(|name, effort| {
            wanted.contains_key(name) || effort.progress.in_flight || effort.is_held_back(now)
        });
        let surplus = self.stored.keys().filter(|name| {
            let effort = self.efforts.get(*name);
            !wanted.contains_key(*name) && !effort.is_some_and(|effort| effort.is_held_back(now))
        });
        let surplus: Vec<String> = surplus.cloned().collect();
        for name in surplus {
            let verb = Verb::Delete(uid(&self.stored[&name]));
            plan.writes.extend(self.start(part, name, verb));
        }
        for (name, wanted) in wanted {
            let verb = self.due(&name, wanted, (now, &mut plan.again_at));
            plan.writes
                .extend(verb.and_then(|verb| self.start(part, name, verb)));
        }
    }

    /// What has to be done for `wanted` to be what is stored.
    fn due(
        &mut self,
        name: &str,
        wanted: &Value,
        (now, again_at): (Timestamp, &mut Option<Timestamp>),
    ) -> Option<Verb> {
        let stored = self.stored.get(name);
        if stored.is_some_and(|stored| fits(wanted, stored)) {
            return None;
        }
        let effort = self.efforts.entry(name.to_owned()).or_default();
        if effort
            .refused
            .as_ref()
            .is_some_and(|(refused, _)| refused != wanted)
        {
            effort.refused = None;
        }
        match stored {
            Some(stored) if effort.replace && effort.progress.is_free(now) => {
                return Some(Verb::Delete(uid(stored)));
            }
            None if effort.refused.is_some() => return None,
            Some(_) | None => {}
        }
        match effort.progress.clearance(wanted, now) {
            Clearance::Go | Clearance::TakeBack => Some(Verb::Apply(Box::new(wanted.clone()))),
            Clearance::TakenAgain(until) => {
                *again_at = Some(again_at.map_or(until, |at| at.min(until)));
                None
            }
            Clearance::Waiting => {
                let until = effort.progress.not_before();
                *again_at = (*again_at).into_iter().chain(until).min();
                None
            }
        }
    }

    fn start(&mut self, part: Part, name: String, verb: Verb) -> Option<PolicyWrite> {
        let effort = self.efforts.entry(name.clone()).or_default();
        if std::mem::replace(&mut effort.progress.in_flight, true) {
            return None;
        }
        Some(PolicyWrite { part, name, verb })
    }

    pub fn written(&mut self, write: &PolicyWrite, how: PolicyWritten, now: Timestamp) {
        let is_stored = self.stored.contains_key(&write.name);
        let effort = self.efforts.entry(write.name.clone()).or_default();
        effort.progress.in_flight = false;
        match (how, &write.verb) {
            (PolicyWritten::Landed(Some(stored)), Verb::Apply(wanted)) => {
                effort.replace = !fits(wanted, &stored);
                (effort.refused, effort.failed) = (None, None);
                let wanted = Arc::new(Value::clone(wanted));
                effort.progress.landed(wanted, version(&stored));
                self.stored.insert(write.name.clone(), *stored);
            }
            (PolicyWritten::Landed(_), _) => {
                effort.replace = false;
                effort.failed = None;
                self.stored.remove(&write.name);
            }
            // Somebody else's fields may be what is refused, and it is another one anyway.
            (PolicyWritten::Refused(_), Verb::Apply(_)) if is_stored => effort.replace = true,
            (PolicyWritten::Refused(said), Verb::Apply(wanted)) => {
                effort.refused = Some((Value::clone(wanted), said));
            }
            (PolicyWritten::Refused(_), Verb::Delete(_)) => {
                effort.progress.failed(now);
                effort.failed = Some("Refused");
            }
            (PolicyWritten::Failed(reason), _) => {
                effort.progress.failed(now);
                effort.failed = Some(reason);
            }
            (PolicyWritten::NotTaken, _) => {}
        }
    }
}

impl Effort {
    fn is_held_back(&self, now: Timestamp) -> bool {
        self.progress.not_before().is_some_and(|until| until > now)
    }
}

fn uid(object: &Value) -> Option<String> {
    object["metadata"]["uid"].as_str().map(str::to_owned)
}

pub(super) fn version(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}
