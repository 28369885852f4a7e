//! Stored policies or bindings, with the attempts to write each, and the write that is due next. A change
//! by another client, a rejection and a failure are each paced. An object that the API server accepted or
//! rejected once is not sent again. No policy is generated here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{PolicyOutcome, PolicyPlan, PolicyVerb, PolicyWrite};
use crate::assess::planner::pacing::{Clearance, Pacing, earliest};
use crate::assess::warning::{Part, Warnings, fits, policy_name};

/// The objects of one kind.
#[derive(Debug, Default)]
pub(super) struct StoredPolicies {
    pub is_listed: bool,
    /// Why they cannot be watched: the reason, and the API server's message.
    pub trouble: Option<(&'static str, String)>,
    pub stored: BTreeMap<String, Value>,
    pub attempts: BTreeMap<String, Attempts>,
}

/// Attempts to write one object.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    pacing: Pacing,
    /// Our last write.
    written: Option<Value>,
    /// Applying did not suffice, because other managers own fields of the object.
    needs_replacing: bool,
    pub refused: Option<RefusedPolicy>,
    pub failed: Option<&'static str>,
}

/// An object that the API server rejects, with its message.
#[derive(Debug)]
pub(super) struct RefusedPolicy {
    object: Value,
    pub message: String,
}

impl StoredPolicies {
    pub fn plan(&mut self, part: Part, warnings: &Warnings, now: Timestamp, plan: &mut PolicyPlan) {
        let wanted: BTreeMap<String, &Value> = warnings
            .iter()
            .filter_map(|(path, warning)| {
                Some((policy_name(path), part.of(warning.as_ref().ok()?)))
            })
            .collect();
        self.attempts
            .retain(|name, attempts| wanted.contains_key(name) || !attempts.pacing.is_free(now));
        let surplus: Vec<String> = self
            .stored
            .keys()
            .filter(|name| !wanted.contains_key(*name) && !self.is_held_back(name, now))
            .cloned()
            .collect();
        for name in surplus {
            let verb = PolicyVerb::Delete(uid(&self.stored[&name]));
            plan.writes.extend(self.start(part, name, verb));
        }
        for (name, wanted) in wanted {
            let verb = self.due(&name, wanted, now, &mut plan.again_at);
            plan.writes
                .extend(verb.and_then(|verb| self.start(part, name, verb)));
        }
    }

    fn is_held_back(&self, name: &str, now: Timestamp) -> bool {
        let attempts = self.attempts.get(name);
        attempts.is_some_and(|attempts| attempts.pacing.held_until(now).is_some())
    }

    /// The write that is due to make the stored object equal `wanted`.
    fn due(
        &mut self,
        name: &str,
        wanted: &Value,
        now: Timestamp,
        again_at: &mut Option<Timestamp>,
    ) -> Option<PolicyVerb> {
        let stored = self.stored.get(name);
        if stored.is_some_and(|stored| fits(wanted, stored)) {
            return None;
        }
        let attempts = self.attempts.entry(name.to_owned()).or_default();
        attempts
            .refused
            .take_if(|refused| refused.object != *wanted);
        match stored {
            Some(stored) if attempts.needs_replacing && attempts.pacing.is_free(now) => {
                return Some(PolicyVerb::Delete(uid(stored)));
            }
            None if attempts.refused.is_some() => return None,
            Some(_) | None => {}
        }
        let is_ours = attempts.written.as_ref() == Some(wanted);
        match attempts.pacing.clearance(is_ours, now) {
            Clearance::Go | Clearance::PutBack => Some(PolicyVerb::Apply(Box::new(wanted.clone()))),
            Clearance::Contested(until) => {
                *again_at = earliest(*again_at, Some(until));
                None
            }
            Clearance::Waiting => {
                *again_at = earliest(*again_at, attempts.pacing.held_until(now));
                None
            }
        }
    }

    fn start(&mut self, part: Part, name: String, verb: PolicyVerb) -> Option<PolicyWrite> {
        let pacing = &mut self.attempts.entry(name.clone()).or_default().pacing;
        if pacing.is_in_flight() {
            return None;
        }
        pacing.started();
        Some(PolicyWrite { part, name, verb })
    }

    pub fn ended(&mut self, write: &PolicyWrite, outcome: PolicyOutcome, now: Timestamp) {
        let is_stored = self.stored.contains_key(&write.name);
        let attempts = self.attempts.entry(write.name.clone()).or_default();
        attempts.pacing.stopped();
        match (outcome, &write.verb) {
            (PolicyOutcome::Landed(Some(stored)), PolicyVerb::Apply(wanted)) => {
                attempts.needs_replacing = !fits(wanted, &stored);
                (attempts.refused, attempts.failed) = (None, None);
                attempts.written = Some(Value::clone(wanted));
                attempts.pacing.landed();
                self.stored.insert(write.name.clone(), *stored);
            }
            (PolicyOutcome::Landed(_), _) => {
                attempts.needs_replacing = false;
                attempts.failed = None;
                self.stored.remove(&write.name);
            }
            // Fields of other managers may cause the rejection; a new object has none.
            (PolicyOutcome::Refused(_), PolicyVerb::Apply(_)) if is_stored => {
                attempts.needs_replacing = true;
            }
            (PolicyOutcome::Refused(message), PolicyVerb::Apply(wanted)) => {
                attempts.refused = Some(RefusedPolicy {
                    object: Value::clone(wanted),
                    message,
                });
            }
            (PolicyOutcome::Refused(_), PolicyVerb::Delete(_)) => {
                attempts.pacing.failed(now);
                attempts.failed = Some("Refused");
            }
            (PolicyOutcome::Failed(reason), _) => {
                attempts.pacing.failed(now);
                attempts.failed = Some(reason);
            }
            (PolicyOutcome::NotTaken, _) => {}
        }
    }
}

fn uid(object: &Value) -> Option<String> {
    object["metadata"]["uid"].as_str().map(str::to_owned)
}

pub(super) fn version(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}
