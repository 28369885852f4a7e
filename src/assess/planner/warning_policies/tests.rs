//! Plans against an API server that stores, rejects or fails, and whose objects other clients change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{PolicyOutcome, PolicyPlan, PolicyPlanner, PolicyVerb, PolicyWrite};
use crate::api::{GoldenPathSpec, Period};
use crate::assess::inventory::Inventory;
use crate::assess::path::Origin;
use crate::assess::warning::tests::{now, settings};
use crate::assess::warning::{Account, Part};

/// A minimal API server.
#[derive(Default)]
struct Server {
    stored: BTreeMap<(Part, String), Value>,
    version: u64,
    /// Applies in this part are refused.
    refuses: Option<Part>,
}

impl Server {
    fn carry_out(&mut self, write: &PolicyWrite) -> PolicyOutcome {
        self.version += 1;
        let key = (write.part, write.name.clone());
        match &write.verb {
            PolicyVerb::Delete(_) => {
                self.stored.remove(&key);
                PolicyOutcome::Landed(None)
            }
            PolicyVerb::Apply(_) if self.refuses == Some(write.part) => {
                PolicyOutcome::Refused("no such function".to_owned())
            }
            PolicyVerb::Apply(wanted) => {
                let foreign = self
                    .stored
                    .get(&key)
                    .map(|known| known["spec"]["paramRef"].clone());
                let mut stored = Value::clone(wanted);
                stored["metadata"]["resourceVersion"] = json!(self.version.to_string());
                // Fields of other managers survive an apply.
                if let Some(foreign) = foreign.filter(|foreign| !foreign.is_null()) {
                    stored["spec"]["paramRef"] = foreign;
                }
                self.stored.insert(key, stored.clone());
                PolicyOutcome::Landed(Some(Box::new(stored)))
            }
        }
    }
}

/// An inventory, and the planner beside it.
struct Planning {
    inventory: Inventory,
    planner: PolicyPlanner,
}

impl Planning {
    fn empty() -> Self {
        Self {
            inventory: Inventory::new(settings()),
            planner: PolicyPlanner::default(),
        }
    }

    fn plan(&mut self, at: Timestamp) -> PolicyPlan {
        self.planner.plan(&self.inventory, at)
    }
}

fn planning(names: &[&str]) -> Planning {
    let mut planning = Planning::empty();
    planning.planner.introduce(Account::default());
    for part in Part::ALL {
        planning.planner.listed(part, |_| false);
    }
    for name in names {
        put(&mut planning.inventory, name, true);
    }
    planning
}

fn put(inventory: &mut Inventory, name: &str, warns: bool) {
    let spec: GoldenPathSpec = serde_json::from_value(json!({
        "owner": {"team": "platform"},
        "warnOnApply": warns,
        "checks": [{"name": "replicas", "expression": "object.spec.replicas >= 2"}],
    }))
    .unwrap();
    let origin = Origin {
        name: name.to_owned(),
        ..Origin::default()
    };
    let _ = inventory.put_path(origin, spec, None);
}

/// One round: how many writes there were.
fn round(planning: &mut Planning, server: &mut Server, at: Timestamp) -> usize {
    let plan = planning.plan(at);
    for write in &plan.writes {
        let outcome = server.carry_out(write);
        planning.planner.ended(write, outcome, at);
    }
    plan.writes.len()
}

fn later(seconds: u64) -> Timestamp {
    Period::seconds(seconds).after(now())
}

#[test]
fn after_a_plan_is_applied_planning_again_yields_nothing() {
    let (mut planning, mut server) = (planning(&["a", "b"]), Server::default());
    assert_eq!(round(&mut planning, &mut server, now()), 4);
    assert_eq!(round(&mut planning, &mut server, now()), 0);
    put(&mut planning.inventory, "a", false);
    assert_eq!(round(&mut planning, &mut server, now()), 2);
    let _ = planning.inventory.remove_path("b", now());
    assert_eq!(round(&mut planning, &mut server, now()), 2);
    assert!(server.stored.is_empty());
    assert_eq!(round(&mut planning, &mut server, later(400)), 0);
}

#[test]
fn nothing_is_written_before_the_lists_and_the_account_are_known() {
    let mut unlisted = Planning::empty();
    put(&mut unlisted.inventory, "a", true);
    unlisted.planner.introduce(Account::default());
    assert_eq!(unlisted.plan(now()).writes, []);
    let mut unknown = Planning::empty();
    put(&mut unknown.inventory, "a", true);
    for part in Part::ALL {
        unknown.planner.listed(part, |_| false);
    }
    assert_eq!(unknown.plan(now()).writes, []);
}

#[test]
fn a_rejected_policy_is_not_sent_again_until_it_changes() {
    let mut server = Server {
        refuses: Some(Part::Policy),
        ..Server::default()
    };
    let mut planning = planning(&["a"]);
    assert_eq!(round(&mut planning, &mut server, now()), 2);
    assert_eq!(round(&mut planning, &mut server, later(4_000)), 0);
    let path = planning.inventory.paths().get(0);
    let statement = planning.planner.statement(path).unwrap();
    assert_eq!(
        (statement.status, statement.reason),
        (Some(false), "Refused")
    );
    assert!(
        statement.message.contains("no such function"),
        "{}",
        statement.message
    );
}

#[test]
fn a_step_that_comes_into_force_reaches_the_policy_by_itself() {
    let (mut planning, mut server) = (planning(&[]), Server::default());
    let spec: GoldenPathSpec = serde_json::from_value(json!({
        "owner": {"team": "platform"},
        "warnOnApply": true,
        "checks": [
            {"name": "replicas", "expression": "object.spec.replicas >= 2"},
            {"name": "ahead", "expression": "has(object.spec.paused)", "enforceFrom": later(60).to_string()},
        ],
    }))
    .unwrap();
    let origin = Origin {
        name: "a".to_owned(),
        ..Origin::default()
    };
    let _ = planning.inventory.put_path(origin, spec, None);
    assert_eq!(round(&mut planning, &mut server, later(59)), 2);
    assert_eq!(
        round(&mut planning, &mut server, later(60)),
        1,
        "the binding stays"
    );
    let policy = &server.stored[&(Part::Policy, "goldenpath-warn-a".to_owned())];
    assert!(
        policy["spec"]["validations"]
            .to_string()
            .contains("of 2 steps")
    );
    assert_eq!(round(&mut planning, &mut server, later(61)), 0);
}

#[test]
fn a_failed_write_is_retried_with_backoff() {
    let mut planning = planning(&["a"]);
    let fail = |planning: &mut Planning, at: Timestamp| {
        let plan = planning.plan(at);
        for write in &plan.writes {
            let outcome = PolicyOutcome::Failed("ServerError");
            planning.planner.ended(write, outcome, at);
        }
        plan
    };
    assert_eq!(fail(&mut planning, now()).writes.len(), 2);
    let waiting = fail(&mut planning, now());
    assert_eq!(
        (waiting.writes.len(), waiting.again_at),
        (0, Some(later(1)))
    );
    assert_eq!(fail(&mut planning, later(1)).writes.len(), 2);
    assert_eq!(fail(&mut planning, later(2)).again_at, Some(later(3)));
}

/// A change of stored objects by another client.
#[derive(Clone, Copy, Debug)]
enum Meddling {
    Denies,
    Narrows,
    Removes,
    Unlabels,
}

fn meddle(server: &mut Server, part: Part, how: Meddling) -> Option<Value> {
    let key = (part, "goldenpath-warn-a".to_owned());
    server.version += 1;
    let version = server.version.to_string();
    let stored = server.stored.get_mut(&key)?;
    stored["metadata"]["resourceVersion"] = json!(version);
    match how {
        Meddling::Denies => stored["spec"]["validationActions"] = json!(["Deny"]),
        Meddling::Narrows => stored["spec"]["paramRef"] = json!({"name": "x"}),
        Meddling::Unlabels => stored["metadata"]["labels"] = json!({}),
        Meddling::Removes => {
            server.stored.remove(&key);
            return None;
        }
    }
    Some(stored.clone())
}

proptest! {
    #[test]
    fn changes_by_other_clients_are_corrected_in_the_end(
        acts in proptest::collection::vec((any::<bool>(), 0..4_usize, 0..20_u64), 1..12)
    ) {
        let (mut planning, mut server) = (planning(&["a"]), Server::default());
        let mut at = now();
        round(&mut planning, &mut server, at);
        let wanted: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        for (is_policy, act, pause) in acts {
            let part = if is_policy { Part::Policy } else { Part::Binding };
            let how = [Meddling::Denies, Meddling::Narrows, Meddling::Removes, Meddling::Unlabels][act];
            match meddle(&mut server, part, how) {
                Some(object) => planning.planner.put(part, object),
                None => planning.planner.remove(part, "goldenpath-warn-a"),
            }
            at = Period::seconds(pause).after(at);
            round(&mut planning, &mut server, at);
        }
        for _ in 0..4 {
            at = Period::seconds(400).after(at);
            round(&mut planning, &mut server, at);
        }
        prop_assert_eq!(round(&mut planning, &mut server, at), 0);
        let stored: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        prop_assert_eq!(stored, wanted);
    }
}
