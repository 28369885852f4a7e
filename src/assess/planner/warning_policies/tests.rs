//! What is planned against a server that stores, refuses, fails or is meddled with.

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

/// A server as far as it matters here.
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
                // What somebody else owns survives an apply.
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
struct Desk {
    inventory: Inventory,
    planner: PolicyPlanner,
}

impl Desk {
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

fn desk(names: &[&str]) -> Desk {
    let mut desk = Desk::empty();
    desk.planner.introduce(Account::default());
    for part in Part::ALL {
        desk.planner.listed(part, |_| false);
    }
    for name in names {
        put(&mut desk.inventory, name, true);
    }
    desk
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
fn round(desk: &mut Desk, server: &mut Server, at: Timestamp) -> usize {
    let plan = desk.plan(at);
    for write in &plan.writes {
        let outcome = server.carry_out(write);
        desk.planner.ended(write, outcome, at);
    }
    plan.writes.len()
}

fn later(seconds: u64) -> Timestamp {
    Period::seconds(seconds).after(now())
}

#[test]
fn after_a_plan_is_applied_planning_again_yields_nothing() {
    let (mut desk, mut server) = (desk(&["a", "b"]), Server::default());
    assert_eq!(round(&mut desk, &mut server, now()), 4);
    assert_eq!(round(&mut desk, &mut server, now()), 0);
    put(&mut desk.inventory, "a", false);
    assert_eq!(round(&mut desk, &mut server, now()), 2);
    let _ = desk.inventory.remove_path("b", now());
    assert_eq!(round(&mut desk, &mut server, now()), 2);
    assert!(server.stored.is_empty());
    assert_eq!(round(&mut desk, &mut server, later(400)), 0);
}

#[test]
fn nothing_is_written_before_what_is_there_was_listed_and_the_operator_is_known() {
    let mut unlisted = Desk::empty();
    put(&mut unlisted.inventory, "a", true);
    unlisted.planner.introduce(Account::default());
    assert_eq!(unlisted.plan(now()).writes, []);
    let mut unknown = Desk::empty();
    put(&mut unknown.inventory, "a", true);
    for part in Part::ALL {
        unknown.planner.listed(part, |_| false);
    }
    assert_eq!(unknown.plan(now()).writes, []);
}

#[test]
fn what_the_server_refuses_is_not_sent_again_until_it_changes() {
    let mut server = Server {
        refuses: Some(Part::Policy),
        ..Server::default()
    };
    let mut desk = desk(&["a"]);
    assert_eq!(round(&mut desk, &mut server, now()), 2);
    assert_eq!(round(&mut desk, &mut server, later(4_000)), 0);
    let path = desk.inventory.paths().get(0);
    let said = desk.planner.statement(path).unwrap();
    assert_eq!((said.status, said.reason), (Some(false), "Refused"));
    assert!(
        said.message.contains("no such function"),
        "{}",
        said.message
    );
}

#[test]
fn a_step_that_comes_into_force_reaches_the_policy_by_itself() {
    let (mut desk, mut server) = (desk(&[]), Server::default());
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
    let _ = desk.inventory.put_path(origin, spec, None);
    assert_eq!(round(&mut desk, &mut server, later(59)), 2);
    assert_eq!(
        round(&mut desk, &mut server, later(60)),
        1,
        "the binding stays"
    );
    let policy = &server.stored[&(Part::Policy, "goldenpath-warn-a".to_owned())];
    assert!(
        policy["spec"]["validations"]
            .to_string()
            .contains("of 2 steps")
    );
    assert_eq!(round(&mut desk, &mut server, later(61)), 0);
}

#[test]
fn a_failed_write_is_tried_again_less_and_less_often() {
    let mut desk = desk(&["a"]);
    let fail = |desk: &mut Desk, at: Timestamp| {
        let plan = desk.plan(at);
        for write in &plan.writes {
            let outcome = PolicyOutcome::Failed("ServerError");
            desk.planner.ended(write, outcome, at);
        }
        plan
    };
    assert_eq!(fail(&mut desk, now()).writes.len(), 2);
    let waiting = fail(&mut desk, now());
    assert_eq!(
        (waiting.writes.len(), waiting.again_at),
        (0, Some(later(1)))
    );
    assert_eq!(fail(&mut desk, later(1)).writes.len(), 2);
    assert_eq!(fail(&mut desk, later(2)).again_at, Some(later(3)));
}

/// What somebody does to what is stored.
#[derive(Clone, Copy, Debug)]
enum Meddling {
    Denies,
    Narrows,
    Removes,
    Unlabels,
}

fn meddle(server: &mut Server, (part, how): (Part, Meddling)) -> Option<Value> {
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
    fn whatever_somebody_does_to_them_they_are_put_right_in_the_end(
        acts in proptest::collection::vec((any::<bool>(), 0..4_usize, 0..20_u64), 1..12)
    ) {
        let (mut desk, mut server) = (desk(&["a"]), Server::default());
        let mut at = now();
        round(&mut desk, &mut server, at);
        let wanted: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        for (is_policy, act, pause) in acts {
            let part = if is_policy { Part::Policy } else { Part::Binding };
            let how = [Meddling::Denies, Meddling::Narrows, Meddling::Removes, Meddling::Unlabels][act];
            match meddle(&mut server, (part, how)) {
                Some(object) => desk.planner.put(part, object),
                None => desk.planner.remove(part, "goldenpath-warn-a"),
            }
            at = Period::seconds(pause).after(at);
            round(&mut desk, &mut server, at);
        }
        for _ in 0..4 {
            at = Period::seconds(400).after(at);
            round(&mut desk, &mut server, at);
        }
        prop_assert_eq!(round(&mut desk, &mut server, at), 0);
        let stored: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        prop_assert_eq!(stored, wanted);
    }
}
