//! Finds the format of policy reports this cluster has, and follows the metadata of our own reports
//! into the ledger. A cluster without a format is waited for, and is not a failure. Reports are
//! written in `write::policy_reports`.

use std::collections::HashSet;

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::Api;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event, watcher};
use tracing::{info, warn};

use super::failure::{self, WatchBackoff, failure_of};
use crate::api::keys::CONTENT_DIGEST;
use crate::assess::planner::policy_reports::{OwnerKind, StoredReport};
use crate::cluster::client::connect::WATCH_SECONDS;
use crate::cluster::client::discovery::{LOOK_UP_EVERY, is_served};
use crate::cluster::client::failure::chain;
use crate::cluster::client::pager::PAGE_SIZE;
use crate::cluster::client::stored::{Key, Stored, managed_by_us, resource_of_format};
use crate::cluster::context::Context;
use crate::cluster::readiness::{NeededFor, WatchFailure};
use crate::report::policy_report::Format;

/// The name in metrics and readiness while the cluster has none of the formats.
const ANY_FORMAT: &str = "policy reports";

/// Waits until the cluster has one of the formats, and makes the writer use it.
pub async fn find(client: &Client, formats: &[Format], context: &Context) -> Format {
    context.gates.expect(ANY_FORMAT, NeededFor::Nothing);
    loop {
        let mut failure = WatchFailure {
            reason: "NotFound",
            message: "the API server serves none of their formats".to_owned(),
        };
        for format in formats {
            match is_served(client, &format.api_version(), format.plural()).await {
                Ok(true) => {
                    context.gates.listed(ANY_FORMAT);
                    context.reports.set_format(*format);
                    info!(format = format.api_version(), "writing policy reports");
                    return *format;
                }
                Ok(false) => {}
                Err(error) => {
                    failure = WatchFailure {
                        reason: error.reason(),
                        message: chain(&error),
                    };
                }
            }
        }
        if context.gates.failed(ANY_FORMAT, &failure, Timestamp::now()) {
            warn!(%failure, "no format of policy reports found; retrying");
        }
        tokio::time::sleep(LOOK_UP_EVERY).await;
    }
}

/// Follows the metadata of our own reports until the task is aborted.
pub async fn follow(client: Client, format: Format, context: &Context) {
    let kind = format.kind();
    let api = Api::<PartialObjectMeta<Stored>>::all_with(client, &resource_of_format(format));
    context.gates.expect(kind, NeededFor::Nothing);
    context
        .heartbeat
        .follow(api.resource_url().to_owned(), kind);
    let config = watcher::Config::default()
        .labels(&managed_by_us())
        .timeout(WATCH_SECONDS)
        .page_size(PAGE_SIZE);
    let mut events = std::pin::pin!(watcher(api, config));
    let mut backoff = WatchBackoff::default();
    let mut listed = HashSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                backoff.observe(&event);
                take(event, kind, &mut listed, context);
            }
            Err(error) => {
                let failure = failure_of(&error);
                if failure.reason == "NotFound" {
                    context.reports.ledger().unlisted();
                }
                failure::report(failure, kind, context);
                backoff.wait().await;
            }
        }
    }
}

fn take(
    event: Event<PartialObjectMeta<Stored>>,
    kind: &str,
    listed: &mut HashSet<Key>,
    context: &Context,
) {
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(report) => {
            listed.insert(key(&report.metadata));
            put(&report.metadata, context);
        }
        Event::InitDone => {
            context.reports.ledger().listed(&std::mem::take(listed));
            context.gates.listed(kind);
        }
        Event::Apply(report) => {
            context.gates.recovered(kind);
            put(&report.metadata, context);
        }
        Event::Delete(report) => {
            context.gates.recovered(kind);
            let (namespace, name) = key(&report.metadata);
            let key = (namespace.into(), name.into());
            context.reports.ledger().remove(&key);
        }
    }
    context.changed.notify_one();
}

fn put(metadata: &ObjectMeta, context: &Context) {
    let (namespace, name) = key(metadata);
    let owner_reference = metadata.owner_references.iter().flatten().next();
    let owner = owner_reference.map(|owner| {
        let group = owner
            .api_version
            .split_once('/')
            .map_or("", |(group, _)| group);
        OwnerKind {
            group: group.into(),
            kind: owner.kind.as_str().into(),
        }
    });
    let digest = metadata
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(CONTENT_DIGEST));
    let stored = StoredReport {
        uid: metadata.uid.as_deref().map(Into::into),
        digest: digest.map(|digest| digest.as_str().into()),
        generation: metadata.generation.and_then(|at| at.try_into().ok()),
        owner,
    };
    context
        .reports
        .ledger()
        .put((namespace.into(), name.into()), stored);
}

fn key(metadata: &ObjectMeta) -> Key {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&metadata.namespace), text(&metadata.name))
}
