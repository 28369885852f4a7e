//! Time from a change of a Deployment to its new label, as a watch sees it, while changes arrive evenly
//! and each of them changes a verdict. Beside it, in the same watch and under the same load, the time a
//! bare patch takes to be seen.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use goldenpath::api::keys::STATUS;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::fleet::{self, Lacks, Member};
use crate::stage::Stage;
use crate::table::{Row, quantile};
use crate::{Result, load};

/// Until the last change is labelled, after it was sent.
const DEADLINE: Duration = Duration::from_secs(60);
/// The label that a bare patch sets.
const PROBE: &str = "measured.example.com/probe";
/// One bare patch to so many changes.
const CHANGES_A_PROBE: usize = 10;

type At = HashMap<String, Instant>;

/// How many changes arrive, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    pub changes: usize,
    pub a_second: u32,
}

/// One bare patch, by the value of its label.
#[derive(Clone, Debug)]
struct Probe {
    member: Member,
    value: String,
}

/// When each change and each probe was seen.
#[derive(Debug, Default)]
struct Seen {
    labelled: At,
    probes: At,
}

/// The middle times of one measurement.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From a change to its label.
    pub change: Duration,
    /// Of a bare patch beside them.
    pub bare: Duration,
}

/// The middle times beside a running operator whose labels are on. The labels are changed back.
pub fn times(stage: &Stage, churn: Churn) -> Result<Times> {
    let Measured { changes, bare } = seen(stage, churn)?;
    let middle = |took| quantile(took, 0.5).unwrap_or_default();
    Ok(Times {
        change: middle(changes),
        bare: middle(bare),
    })
}

/// Changes a Deployment in nothing that is judged.
pub async fn touch(client: &Client, number: usize) -> Result<()> {
    let member = Member(number);
    let api: Api<Deployment> = Api::namespaced(client.clone(), &member.namespace());
    let at = jiff::Timestamp::now().to_string();
    let body = json!({"metadata": {"annotations": {PROBE: at}}});
    let how = PatchParams::default();
    api.patch_metadata(&member.name(), &how, &Patch::Merge(body))
        .await?;
    Ok(())
}

fn seen(stage: &Stage, churn: Churn) -> Result<Measured> {
    let on_path = fleet::members(stage.workloads).filter(|member| member.lacks() == Lacks::Nothing);
    let chosen: Vec<Member> = on_path.take(churn.changes).collect();
    let beside_them: Vec<Member> = fleet::deviating(stage.workloads)
        .map(|one| one.member)
        .collect();
    let sent = chosen.len().div_ceil(CHANGES_A_PROBE);
    // A value that was set before changes nothing, so no watch would show it.
    let run = jiff::Timestamp::now().as_millisecond();
    let probes: Vec<Probe> = beside_them
        .iter()
        .cycle()
        .take(sent)
        .enumerate()
        .map(|(number, member)| Probe {
            member: *member,
            value: format!("{run}-{number}"),
        })
        .collect();
    let pace = Duration::from_secs(1) / churn.a_second;
    let measured = measured(&stage.client, &chosen, &probes, pace);
    let seen = stage.runtime.block_on(measured)?;
    let client = &stage.client;
    stage.runtime.block_on(give_teams_back(client, chosen))?;
    Ok(seen)
}

/// Measures beside a running operator whose labels are on. The labels are changed back.
pub fn measure(stage: &Stage, churn: Churn) -> Result<Vec<Row>> {
    let Measured { changes, bare } = seen(stage, churn)?;
    let note = format!(
        "{} changes at {}/s, patch answered to label watched",
        changes.len(),
        churn.a_second
    );
    let beside = format!(
        "{} bare patches beside them, sent to watched; p99 {:.1} ms",
        bare.len(),
        quantile(bare.clone(), 0.99)
            .unwrap_or_default()
            .as_secs_f64()
            * 1_000.0
    );
    let of = |share| quantile(changes.clone(), share).unwrap_or_default();
    let round_trip = quantile(bare, 0.5).unwrap_or_default();
    let ratio = of(0.5).as_secs_f64() / round_trip.as_secs_f64();
    Ok(vec![
        Row::millis("change to label, p50", of(0.5)).note(&note),
        Row::millis("change to label, p99", of(0.99)).note(&note),
        Row::millis("bare round trip, p50", round_trip).note(beside),
        Row::ratio("change to label ÷ bare round trip", ratio).at_most(ratio, 2.0),
    ])
}

/// How long each took.
struct Measured {
    changes: Vec<Duration>,
    bare: Vec<Duration>,
}

async fn measured(
    client: &Client,
    chosen: &[Member],
    probes: &[Probe],
    pace: Duration,
) -> Result<Measured> {
    let (watching, is_watching) = oneshot::channel();
    let seen = tokio::spawn(watch(client.clone(), chosen.len(), probes.len(), watching));
    is_watching.await?;
    let mut pace = tokio::time::interval(pace);
    let (mut changes, mut bare) = (Vec::new(), Vec::new());
    for (number, member) in chosen.iter().enumerate() {
        pace.tick().await;
        changes.push(tokio::spawn(set_team(client.clone(), *member, Value::Null)));
        if number % CHANGES_A_PROBE == 0
            && let Some(probe) = probes.get(number / CHANGES_A_PROBE)
        {
            bare.push(tokio::spawn(send(client.clone(), probe.clone())));
        }
    }
    let (changes, bare) = (instants(changes).await?, instants(bare).await?);
    let seen = tokio::time::timeout(DEADLINE, seen).await???;
    Ok(Measured {
        changes: since(&changes, &seen.labelled),
        bare: since(&bare, &seen.probes),
    })
}

async fn instants(tasks: Vec<JoinHandle<Result<(String, Instant)>>>) -> Result<At> {
    let mut at = At::with_capacity(tasks.len());
    for task in tasks {
        let (name, instant) = task.await??;
        at.insert(name, instant);
    }
    Ok(at)
}

fn since(began: &At, seen: &At) -> Vec<Duration> {
    let took = began.iter().filter_map(|(name, began)| {
        let seen = seen.get(name)?;
        Some(seen.saturating_duration_since(*began))
    });
    took.collect()
}

/// When each Deployment was first seen as deviating, and each probe at all.
async fn watch(
    client: Client,
    changes: usize,
    probes: usize,
    watching: oneshot::Sender<()>,
) -> Result<Seen> {
    let api: Api<Deployment> = Api::all(client);
    let deviating = WatchParams::default().labels(&format!("{STATUS}=deviating"));
    let now = api.list_metadata(&ListParams::default().limit(1)).await?;
    let version = now.metadata.resource_version.unwrap_or_default();
    let events = api.watch_metadata(&deviating, &version).await?;
    // The receiver is gone only if the measurement has failed.
    let _ = watching.send(());
    let mut events = std::pin::pin!(events);
    let mut seen = Seen::default();
    while seen.labelled.len() < changes || seen.probes.len() < probes {
        let event = events.try_next().await?.ok_or("the watch ended")?;
        let (WatchEvent::Added(stored) | WatchEvent::Modified(stored)) = event else {
            continue;
        };
        let now = Instant::now();
        let labels = stored.metadata.labels.unwrap_or_default();
        if let Some(probe) = labels.get(PROBE) {
            seen.probes.entry(probe.clone()).or_insert(now);
        } else {
            let name = stored.metadata.name.unwrap_or_default();
            seen.labelled.entry(name).or_insert(now);
        }
    }
    Ok(seen)
}

/// Sets or removes the team label; returns when the request was answered.
async fn set_team(client: Client, member: Member, team: Value) -> Result<(String, Instant)> {
    let api: Api<Deployment> = Api::namespaced(client, &member.namespace());
    let body = json!({"metadata": {"labels": {"team": team}}});
    let how = PatchParams::default();
    let name = member.name();
    api.patch_metadata(&name, &how, &Patch::Merge(body)).await?;
    Ok((name, Instant::now()))
}

/// Applies a label as the operator would; returns when the request was sent.
async fn send(client: Client, probe: Probe) -> Result<(String, Instant)> {
    let (namespace, name) = (probe.member.namespace(), probe.member.name());
    let body = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {PROBE: probe.value}},
    });
    let api: Api<Deployment> = Api::namespaced(client, &namespace);
    let how = PatchParams::apply("measured").force();
    let sent = Instant::now();
    api.patch_metadata(&name, &how, &Patch::Apply(body)).await?;
    Ok((probe.value, sent))
}

async fn give_teams_back(client: &Client, chosen: Vec<Member>) -> Result<()> {
    let client = client.clone();
    load::all(chosen, move |member| {
        let client = client.clone();
        async move {
            set_team(client, member, json!("anybody")).await?;
            Ok(())
        }
    })
    .await?;
    Ok(())
}
