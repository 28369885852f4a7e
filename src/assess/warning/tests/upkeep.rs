//! What is planned against a server that stores, refuses, fails or is meddled with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{now, settings};
use crate::api::{GoldenPathSpec, Period};
use crate::assess::inventory::Inventory;
use crate::assess::path::Origin;
use crate::assess::warning::upkeep::{Part, PolicyWritten, Verb};
use crate::assess::warning::{Account, PolicyWrite};

/// A server as far as it matters here.
#[derive(Default)]
struct Server {
    stored: BTreeMap<(Part, String), Value>,
    version: u64,
    /// Applies in this part are refused.
    refuses: Option<Part>,
}

impl Server {
    fn carry_out(&mut self, write: &PolicyWrite) -> PolicyWritten {
        self.version += 1;
        let key = (write.part, write.name.clone());
        match &write.verb {
            Verb::Delete(_) => {
                self.stored.remove(&key);
                PolicyWritten::Landed(None)
            }
            Verb::Apply(_) if self.refuses == Some(write.part) => {
                PolicyWritten::Refused("no such function".to_owned())
            }
            Verb::Apply(wanted) => {
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
                PolicyWritten::Landed(Some(Box::new(stored)))
            }
        }
    }
}

fn inventory(names: &[&str]) -> Inventory {
    let mut inventory = Inventory::new(settings());
    inventory.warn_as(Account::default());
    for part in Part::ALL {
        inventory.complete_policies(part, |_| false);
    }
    for name in names {
        put(&mut inventory, name, true);
    }
    inventory
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
fn round(inventory: &mut Inventory, server: &mut Server, at: Timestamp) -> usize {
    let plan = inventory.plan_warnings(at);
    for write in &plan.writes {
        let how = server.carry_out(write);
        inventory.policy_written(write, how, at);
    }
    plan.writes.len()
}

fn later(seconds: u64) -> Timestamp {
    Period::seconds(seconds).after(now())
}

#[test]
fn after_a_plan_is_applied_planning_again_yields_nothing() {
    let (mut inventory, mut server) = (inventory(&["a", "b"]), Server::default());
    assert_eq!(round(&mut inventory, &mut server, now()), 4);
    assert_eq!(round(&mut inventory, &mut server, now()), 0);
    put(&mut inventory, "a", false);
    assert_eq!(round(&mut inventory, &mut server, now()), 2);
    let _ = inventory.remove_path("b", now());
    assert_eq!(round(&mut inventory, &mut server, now()), 2);
    assert!(server.stored.is_empty());
    assert_eq!(round(&mut inventory, &mut server, later(400)), 0);
}

#[test]
fn nothing_is_written_before_what_is_there_was_listed_and_the_operator_is_known() {
    let mut unlisted = Inventory::new(settings());
    put(&mut unlisted, "a", true);
    unlisted.warn_as(Account::default());
    assert_eq!(unlisted.plan_warnings(now()).writes, []);
    let mut unknown = Inventory::new(settings());
    put(&mut unknown, "a", true);
    for part in Part::ALL {
        unknown.complete_policies(part, |_| false);
    }
    assert_eq!(unknown.plan_warnings(now()).writes, []);
}

#[test]
fn what_the_server_refuses_is_not_sent_again_until_it_changes() {
    let mut server = Server {
        refuses: Some(Part::Policy),
        ..Server::default()
    };
    let mut inventory = inventory(&["a"]);
    assert_eq!(round(&mut inventory, &mut server, now()), 2);
    assert_eq!(round(&mut inventory, &mut server, later(4_000)), 0);
    let path = inventory.paths().get(0);
    let said = inventory.warning_statement(path).unwrap();
    assert_eq!((said.status, said.reason), (Some(false), "Refused"));
    assert!(
        said.message.contains("no such function"),
        "{}",
        said.message
    );
}

#[test]
fn a_step_that_comes_into_force_reaches_the_policy_by_itself() {
    let (mut inventory, mut server) = (inventory(&[]), Server::default());
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
    let _ = inventory.put_path(origin, spec, None);
    assert_eq!(round(&mut inventory, &mut server, later(59)), 2);
    assert_eq!(
        round(&mut inventory, &mut server, later(60)),
        1,
        "the binding stays"
    );
    let policy = &server.stored[&(Part::Policy, "goldenpath-warn-a".to_owned())];
    assert!(
        policy["spec"]["validations"]
            .to_string()
            .contains("of 2 steps")
    );
    assert_eq!(round(&mut inventory, &mut server, later(61)), 0);
}

#[test]
fn a_failed_write_is_tried_again_less_and_less_often() {
    let mut inventory = inventory(&["a"]);
    let fail = |inventory: &mut Inventory, at: Timestamp| {
        let plan = inventory.plan_warnings(at);
        for write in &plan.writes {
            inventory.policy_written(write, PolicyWritten::Failed("ServerError"), at);
        }
        plan
    };
    assert_eq!(fail(&mut inventory, now()).writes.len(), 2);
    let waiting = fail(&mut inventory, now());
    assert_eq!(
        (waiting.writes.len(), waiting.again_at),
        (0, Some(later(1)))
    );
    assert_eq!(fail(&mut inventory, later(1)).writes.len(), 2);
    assert_eq!(fail(&mut inventory, later(2)).again_at, Some(later(3)));
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
        let (mut inventory, mut server) = (inventory(&["a"]), Server::default());
        let mut at = now();
        round(&mut inventory, &mut server, at);
        let wanted: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        for (is_policy, act, pause) in acts {
            let part = if is_policy { Part::Policy } else { Part::Binding };
            let how = [Meddling::Denies, Meddling::Narrows, Meddling::Removes, Meddling::Unlabels][act];
            match meddle(&mut server, (part, how)) {
                Some(object) => inventory.put_policy(part, object),
                None => inventory.remove_policy(part, "goldenpath-warn-a"),
            }
            at = Period::seconds(pause).after(at);
            round(&mut inventory, &mut server, at);
        }
        for _ in 0..4 {
            at = Period::seconds(400).after(at);
            round(&mut inventory, &mut server, at);
        }
        prop_assert_eq!(round(&mut inventory, &mut server, at), 0);
        let stored: Vec<Value> = server.stored.values().map(|o| o["spec"].clone()).collect();
        prop_assert_eq!(stored, wanted);
    }
}
