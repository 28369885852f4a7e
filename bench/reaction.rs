//! Time from a change of a Deployment to its new label, as a watch sees it: 300 changes, 50 per
//! second, each of which changes a verdict.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use goldenpath::api::keys::STATUS;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::Result;
use crate::fleet::{self, Lacks, Member};
use crate::stage::Stage;
use crate::table::{Row, quantile};

const CHANGES: usize = 300;
const PAUSE: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_secs(60);

type At = HashMap<String, Instant>;

pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let golden = fleet::members(stage.workloads).filter(|member| member.lacks() == Lacks::Nothing);
    let chosen: Vec<Member> = golden.take(CHANGES).collect();
    let took = stage.runtime.block_on(reactions(&stage.client, &chosen))?;
    stage
        .runtime
        .block_on(give_teams_back(&stage.client, &chosen))?;
    let note = format!(
        "{} changes at 50/s, patch answered to label watched",
        took.len()
    );
    let of = |share| quantile(took.clone(), share).unwrap_or_default();
    Ok(vec![
        Row::millis("change to label, p50", of(0.5)).note(&note),
        Row::millis("change to label, p99", of(0.99)).note(&note),
    ])
}

async fn reactions(client: &Client, chosen: &[Member]) -> Result<Vec<Duration>> {
    let (watching, is_watching) = oneshot::channel();
    let seen = tokio::spawn(watch(client.clone(), chosen.len(), watching));
    is_watching.await?;
    let answered = change(client, chosen, &Value::Null).await?;
    let seen = tokio::time::timeout(DEADLINE, seen).await???;
    let took = answered.iter().filter_map(|(name, answered)| {
        let seen = seen.get(name)?;
        Some(seen.saturating_duration_since(*answered))
    });
    Ok(took.collect())
}

/// When each Deployment was first seen as deviating.
async fn watch(client: Client, until: usize, watching: oneshot::Sender<()>) -> Result<At> {
    let api: Api<Deployment> = Api::all(client);
    let deviating = WatchParams::default().labels(&format!("{STATUS}=deviating"));
    let now = api.list_metadata(&ListParams::default().limit(1)).await?;
    let version = now.metadata.resource_version.unwrap_or_default();
    let events = api.watch_metadata(&deviating, &version).await?;
    // The receiver is gone only if the measurement has failed.
    let _ = watching.send(());
    let mut events = std::pin::pin!(events);
    let mut seen = At::new();
    while seen.len() < until {
        let event = events.try_next().await?.ok_or("the watch ended")?;
        if let WatchEvent::Added(stored) | WatchEvent::Modified(stored) = event {
            let name = stored.metadata.name.unwrap_or_default();
            seen.entry(name).or_insert_with(Instant::now);
        }
    }
    Ok(seen)
}

/// Sets or removes the team label of these Deployments, evenly paced; returns when each request
/// was answered.
async fn change(client: &Client, chosen: &[Member], team: &Value) -> Result<At> {
    let mut pace = tokio::time::interval(PAUSE);
    let mut tasks = Vec::new();
    for member in chosen {
        pace.tick().await;
        let api: Api<Deployment> = Api::namespaced(client.clone(), &member.namespace());
        let (name, body) = (
            member.name(),
            json!({"metadata": {"labels": {"team": team}}}),
        );
        tasks.push(tokio::spawn(async move {
            let how = PatchParams::default();
            api.patch_metadata(&name, &how, &Patch::Merge(body)).await?;
            Result::Ok((name, Instant::now()))
        }));
    }
    let answered: Vec<_> = futures::stream::iter(tasks)
        .then(|task| task)
        .try_collect()
        .await?;
    answered.into_iter().collect()
}

async fn give_teams_back(client: &Client, chosen: &[Member]) -> Result<()> {
    change(client, chosen, &json!("anybody")).await?;
    Ok(())
}
