//! Promoters from watches and lists: which workload each one names goes to the planner of delivery records,
//! and the object is dropped. Looks read it again.

use std::collections::HashSet;

use serde_json::Value;

use super::Intake;
use crate::assess::delivery::promoter::{Promoter, PromoterKind};
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::cluster::client::stored::Key;
use crate::cluster::context::Context;
use crate::cluster::readiness::WatchFailure;

/// Flagger's canaries.
#[derive(Debug)]
pub struct Canaries;

impl Intake for Canaries {
    fn put(&self, object: Value, context: &Context) {
        put(PromoterKind::Canary, &object, context);
    }

    fn remove(&self, key: &Key, context: &Context) {
        remove(PromoterKind::Canary, key, context);
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        complete(PromoterKind::Canary, listed, context);
    }

    fn unavailable(&self, failure: &WatchFailure, context: &Context) {
        unavailable(PromoterKind::Canary, failure, context);
    }
}

/// Adds or replaces a promoter.
pub fn put(kind: PromoterKind, object: &Value, context: &Context) {
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default().into();
    let promoter = Promoter {
        kind,
        namespace: text("namespace"),
        name: text("name"),
    };
    let target = kind.target(object, &context.judging());
    let mut facts = context.inventory();
    let changed = context.planners().delivery.promoter_seen(promoter, target);
    compare(&mut facts, &changed);
}

/// Removes a promoter.
pub fn remove(kind: PromoterKind, (namespace, name): &Key, context: &Context) {
    retain(kind, context, |promoter| {
        *promoter.namespace != **namespace || *promoter.name != **name
    });
}

/// Applies a complete list.
pub fn complete(kind: PromoterKind, listed: &HashSet<Key>, context: &Context) {
    retain(kind, context, |promoter| {
        listed.contains(&(promoter.namespace.to_string(), promoter.name.to_string()))
    });
    context.planners().delivery.promoters_are_known(kind);
}

/// Nothing has a promoter of a kind that the cluster does not serve. After any other failure, the looks go on
/// waiting for the list.
pub fn unavailable(kind: PromoterKind, failure: &WatchFailure, context: &Context) {
    if failure.reason == "NotFound" {
        context.planners().delivery.promoters_are_known(kind);
    }
}

fn retain(kind: PromoterKind, context: &Context, is_there: impl Fn(&Promoter) -> bool) {
    let mut facts = context.inventory();
    let planner = &mut context.planners().delivery;
    let changed = planner.retain_promoters(kind, is_there);
    compare(&mut facts, &changed);
}

fn compare(facts: &mut Inventory, changed: &[WorkloadId]) {
    for id in changed {
        facts.mark_delivery(id);
    }
}
