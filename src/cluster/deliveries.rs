//! Looks at workloads whose delivery record is behind, a few at once, and hands what is found to the
//! planner. Only the leader looks, and never before everything was listed. It writes nothing: the writer
//! stores records, in its slow lane.

mod promotion;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use kube::api::Api;
use kube::core::ApiResource;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::warn;

use super::client::connect::REQUEST_TIMEOUT;
use super::client::error::reason_of;
use super::client::pager::Pager;
use super::client::stored::{Stored, read_workload};
use super::context::Context;
use super::readiness::Stage;
use crate::assess::delivery::seen::{self, Objects};
use crate::assess::object::kind::WatchedKind;
use crate::assess::planner::delivery::{Found, Look};

/// The longest time between two searches for due looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks under way at once.
const WIDTH: usize = 4;

/// Looks until the task is aborted.
pub async fn run(client: Client, context: Arc<Context>) {
    context.gates.reached(Stage::Ready).await;
    let mut leads = context.leadership.subscribe();
    let mut looks = JoinSet::new();
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_leading = false;
    loop {
        tokio::select! {
            () = context.observed.notified() => {}
            _ = leads.changed() => {}
            Some(ended) = looks.join_next() => settle(&context, ended),
            _ = tick.tick() => {}
        }
        if !context.leadership.holds() {
            is_leading = false;
            continue;
        }
        if !std::mem::replace(&mut is_leading, true) {
            let mut facts = context.inventory();
            context.planners().delivery.reset();
            facts.mark_every_delivery();
        }
        compare(&context).await;
        for look in due(&context, WIDTH.saturating_sub(looks.len())) {
            let (client, context) = (client.clone(), context.clone());
            looks.spawn(async move {
                let found = find(&client, &context, &look).await;
                (look, found)
            });
        }
    }
}

/// Compares every workload that changed with its record. Other tasks run between the steps.
async fn compare(context: &Context) {
    while compare_some(context) {
        tokio::task::yield_now().await;
    }
}

fn compare_some(context: &Context) -> bool {
    let mut facts = context.inventory();
    let now = Timestamp::now();
    context.planners().delivery.compare(&mut facts, now)
}

fn due(context: &Context, limit: usize) -> Vec<Look> {
    let facts = context.inventory();
    let now = Timestamp::now();
    context.planners().delivery.looks(&facts, now, limit)
}

fn settle(context: &Context, ended: Result<(Look, Found), tokio::task::JoinError>) {
    let Ok((look, found)) = ended else {
        return context.counters.failed("Panicked");
    };
    let facts = context.inventory();
    let now = Timestamp::now();
    context
        .planners()
        .delivery
        .looked(&facts, &look, found, now);
    drop(facts);
    context.changed.notify_one();
}

async fn find(client: &Client, context: &Context, look: &Look) -> Found {
    let id = &look.id;
    match timeout(REQUEST_TIMEOUT * 2, read(client, context, look)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) if reason_of(&error) == "NotFound" => Found::Nothing,
        Ok(Err(error)) => {
            let reason = reason_of(&error);
            context.counters.failed(reason);
            warn!(workload = %id, reason, %error, "failed to read the rollouts of a workload; retrying");
            Found::Failed
        }
        Err(_) => {
            context.counters.failed("TimedOut");
            warn!(workload = %id, "reading the rollouts of a workload takes too long; retrying");
            Found::Failed
        }
    }
}

async fn read(client: &Client, context: &Context, look: &Look) -> kube::Result<Found> {
    let (id, settings) = (&look.id, context.judging());
    let stamp_keys = settings
        .delivery
        .as_ref()
        .map_or(&[][..], |delivery| &delivery.commit_time_keys);
    let promotion = promotion::read(client, id, look.promoter.as_ref(), &settings).await?;
    let workload = read_workload(client, id).await?;
    let alone = Objects {
        first_of_namespace: look.first_of_namespace,
        standing: look.standing,
        canary: promotion.canary.as_ref(),
        primary: promotion.primary.as_ref(),
        rollout: promotion.rollout.as_ref(),
        commit_time_keys: stamp_keys,
        scaffolded_keys: &settings.scaffolded_keys,
        after_gap: look.after_gap,
        ..Objects::of(&workload)
    };
    let Some(seen) = seen::read(&alone) else {
        return Ok(Found::Nothing);
    };
    let children = children_of(&id.kind).filter(|_| look.needs_revisions(&seen));
    let Some(children) = children else {
        return Ok(Found::Workload(Box::new(seen)));
    };
    let api = Api::<Stored>::namespaced_with(client.clone(), &id.namespace, &children.resource);
    let owned = list(api, &children.resource, &workload).await?;
    let objects = match children.role {
        Role::Revisions => Objects {
            revisions: &owned,
            ..alone
        },
        Role::Jobs => Objects {
            jobs: &owned,
            ..alone
        },
    };
    Ok(seen::read(&objects).map_or(Found::Nothing, |seen| Found::Workload(Box::new(seen))))
}

/// What the controller of a kind makes.
struct Children {
    resource: ApiResource,
    role: Role,
}

/// What they are to the workload.
#[derive(Clone, Copy)]
enum Role {
    Revisions,
    Jobs,
}

fn children_of(kind: &WatchedKind) -> Option<Children> {
    let of = |group: &str, kind: &str, plural: &str, role| {
        Some(Children {
            resource: ApiResource {
                group: group.to_owned(),
                version: "v1".to_owned(),
                api_version: format!("{group}/v1"),
                kind: kind.to_owned(),
                plural: plural.to_owned(),
            },
            role,
        })
    };
    match (&*kind.group, &*kind.kind) {
        ("apps", "Deployment") | ("argoproj.io", "Rollout") => {
            of("apps", "ReplicaSet", "replicasets", Role::Revisions)
        }
        ("apps", "StatefulSet" | "DaemonSet") => of(
            "apps",
            "ControllerRevision",
            "controllerrevisions",
            Role::Revisions,
        ),
        ("batch", "CronJob") => of("batch", "Job", "jobs", Role::Jobs),
        _ => None,
    }
}

/// The objects that a workload owns. Their labels include those that it selects by.
async fn list(
    api: Api<Stored>,
    resource: &ApiResource,
    workload: &Value,
) -> kube::Result<Vec<Value>> {
    let uid = &workload["metadata"]["uid"];
    let pairs = workload["spec"]["selector"]["matchLabels"].as_object();
    let pairs = pairs
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    let selector = pairs.collect::<Vec<_>>().join(",");
    let mut pages = if selector.is_empty() {
        Pager::all(api)
    } else {
        Pager::matching(api, &selector)
    };
    let mut owned = Vec::new();
    while let Some(page) = pages
        .next_each(|object: Stored| {
            let object = object.into_value(resource);
            let owners = object["metadata"]["ownerReferences"].as_array();
            let is_owned = owners.is_some_and(|all| all.iter().any(|owner| owner["uid"] == *uid));
            if is_owned {
                owned.push(object);
            }
        })
        .await
    {
        page?;
    }
    Ok(owned)
}
