//! Policy reports: which format this cluster has, which of our reports are stored, and the two
//! requests that store and remove one. What is written, and when, is planned by the ledger. A
//! cluster without the format is waited for and never a failure.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::{ApiResource, PartialObjectMeta, Request as Requests, Resource};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, DefaultBackoff, Event, watcher};
use tracing::{info, warn};

use super::apply::{Hand, Outcome};
use super::cleanup::remove_reports;
use crate::api::keys::{CONTENT_DIGEST, FIELD_MANAGER, MANAGED_BY};
use crate::assess::inventory::Inventory;
use crate::assess::planner::policy_reports::{
    Ledger, ReportAct, ReportPlan, ReportWrite, StoredReport,
};
use crate::cluster::client::discovery::ASK_EVERY;
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::pager::PAGE;
use crate::cluster::client::stored::{Key, Stored};
use crate::cluster::context::Context;
use crate::cluster::readiness::{Stage, Trouble};
use crate::cluster::watch::follow::{
    LONGEST_PAUSE, WATCH_SECONDS, complain, is_progress, trouble_of,
};
use crate::cluster::watch::followed::Role;
use crate::report::policy_report::{Format, render};

/// What is waited for while the cluster has no format of ours.
const WAITED_FOR: &str = "policy reports";
/// Reports a round: nobody waits for them.
const A_ROUND: usize = 200;

/// The reports of a running operator.
#[derive(Debug, Default)]
pub struct Reports {
    ledger: Mutex<Ledger>,
    format: OnceLock<Format>,
}

impl Reports {
    /// The ledger. Hold it briefly, and never across an await.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The format they are written in, once it is known.
    pub fn format(&self) -> Option<Format> {
        self.format.get().copied()
    }

    /// What is to be written now; nothing where no reports are wanted.
    pub fn plan(&self, inventory: &Inventory, now: Timestamp) -> ReportPlan {
        let Some(format) = self.format() else {
            return ReportPlan::default();
        };
        let mut ledger = self.ledger();
        ledger.plan((inventory, now), A_ROUND, |found| render(found, format))
    }
}

/// How kube names a format.
pub fn resource_of(format: Format) -> ApiResource {
    ApiResource {
        group: format.group().to_owned(),
        version: format.version().to_owned(),
        api_version: format.api_version(),
        kind: format.kind().to_owned(),
        plural: format.plural().to_owned(),
    }
}

/// The label selector that finds our reports.
pub fn selector() -> String {
    let (key, value) = MANAGED_BY;
    format!("{key}={value}")
}

/// Whether the API server serves a format now.
///
/// # Errors
/// When it does not answer.
pub async fn is_served(client: &Client, format: Format) -> Result<bool> {
    let list = client.list_api_group_resources(&format.api_version()).await;
    match list {
        Ok(list) => {
            let mut resources = list.resources.iter();
            Ok(resources.any(|resource| resource.name == format.plural()))
        }
        Err(error) if reason_of(&error) == "NotFound" => Ok(false),
        Err(error) => Err(Error::on(format!("look up {}", format.api_version()))(
            error,
        )),
    }
}

/// Finds the format and follows our reports in it, until the task is aborted.
pub async fn run(client: Client, formats: &'static [Format], context: Arc<Context>) {
    let format = find(&client, formats, &context).await;
    let format = *context.reports.format.get_or_init(|| format);
    info!(format = format.api_version(), "writing policy reports");
    let others = formats.iter().copied().filter(|other| *other != format);
    tokio::join!(
        follow(client.clone(), format, &context),
        remove_others(&client, others.collect(), &context)
    );
}

async fn find(client: &Client, formats: &[Format], context: &Context) -> Format {
    context.gates.expect(WAITED_FOR, Role::Beside);
    loop {
        let mut trouble = Trouble {
            reason: "NotFound",
            message: "the API server serves none of their formats".to_owned(),
        };
        for format in formats {
            match is_served(client, *format).await {
                Ok(true) => {
                    context.gates.listed(WAITED_FOR);
                    return *format;
                }
                Ok(false) => {}
                Err(error) => {
                    trouble = Trouble {
                        reason: error.reason(),
                        message: error.to_string(),
                    };
                }
            }
        }
        if context
            .gates
            .troubled(WAITED_FOR, &trouble, Timestamp::now())
        {
            warn!(%trouble, "policy reports cannot be written yet; waiting");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// What an earlier run wrote in a format that is not used any more would go stale.
async fn remove_others(client: &Client, others: Vec<Format>, context: &Context) {
    context.gates.reached(Stage::Ready).await;
    let mut leads = context.leadership.subscribe();
    // The sender lives as long as the context.
    let _ = leads.wait_for(|leads| *leads).await;
    for format in others {
        let kind = format.kind();
        match is_served(client, format).await {
            Ok(false) => continue,
            Ok(true) => {}
            Err(error) => {
                warn!(kind, %error, "left alone");
                continue;
            }
        }
        match remove_reports(client, format, false).await {
            Ok((cleaned, _)) if cleaned.found == 0 => {}
            Ok((cleaned, _)) => info!(kind, removed = cleaned.cleaned, "removed older reports"),
            Err(error) => warn!(kind, reason = error.reason(), %error, "left alone"),
        }
    }
}

/// Follows the metadata of our own reports.
async fn follow(client: Client, format: Format, context: &Context) {
    let kind = format.kind();
    let api = Api::<PartialObjectMeta<Stored>>::all_with(client, &resource_of(format));
    context.gates.expect(kind, Role::Beside);
    context.pulse.listen(api.resource_url().to_owned(), kind);
    let config = watcher::Config::default()
        .labels(&selector())
        .timeout(WATCH_SECONDS)
        .page_size(PAGE);
    let mut events = std::pin::pin!(watcher(api, config));
    let mut pauses = DefaultBackoff::default();
    let mut seen = HashSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                if is_progress(&event) {
                    pauses.reset();
                }
                context.take_report_event(event, kind, &mut seen);
            }
            Err(error) => {
                complain(&error, kind, context);
                if trouble_of(&error).reason == "NotFound" {
                    context.reports.ledger().unlisted();
                }
                let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            }
        }
    }
}

fn key(metadata: &ObjectMeta) -> Key {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&metadata.namespace), text(&metadata.name))
}

impl Context {
    fn take_report_event(
        &self,
        event: Event<PartialObjectMeta<Stored>>,
        kind: &str,
        seen: &mut HashSet<Key>,
    ) {
        match event {
            Event::Init => seen.clear(),
            Event::InitApply(report) => {
                seen.insert(key(&report.metadata));
                self.take_report(&report.metadata);
            }
            Event::InitDone => {
                self.reports.ledger().listed(&std::mem::take(seen));
                self.gates.listed(kind);
            }
            Event::Apply(report) => {
                self.gates.recovered(kind);
                self.take_report(&report.metadata);
            }
            Event::Delete(report) => {
                self.gates.recovered(kind);
                let (namespace, name) = key(&report.metadata);
                let key = (namespace.into(), name.into());
                self.reports.ledger().remove(&key);
            }
        }
        self.changed.notify_one();
    }

    fn take_report(&self, metadata: &ObjectMeta) {
        let (namespace, name) = key(metadata);
        let owner = metadata.owner_references.iter().flatten().next();
        let owner = owner.map(|owner| {
            let group = owner.api_version.split_once('/');
            let group = group.map_or("", |(group, _)| group);
            (group.into(), owner.kind.as_str().into())
        });
        let digest = metadata.annotations.as_ref();
        let digest = digest.and_then(|annotations| annotations.get(CONTENT_DIGEST));
        let stored = StoredReport {
            uid: metadata.uid.as_deref().map(Into::into),
            digest: digest.map(|digest| digest.as_str().into()),
            generation: metadata.generation.and_then(|at| at.try_into().ok()),
            owner,
        };
        self.reports
            .ledger()
            .put((namespace.into(), name.into()), stored);
    }
}

impl Hand {
    /// Stores or removes a report of ours. What a landed write tells is the report's generation.
    pub async fn report(&self, write: &ReportWrite, format: Format) -> Outcome {
        let (namespace, name) = &write.key;
        let resource = resource_of(format);
        let requests = Requests::new(Stored::url_path(&resource, Some(namespace)));
        let request = match &write.act {
            ReportAct::Store(rendered) => {
                let params = PatchParams::apply(FIELD_MANAGER).force();
                requests.patch(name, &params, &Patch::Apply(&rendered.object))
            }
            ReportAct::Remove(uid) => {
                let preconditions = Preconditions {
                    uid: uid.as_deref().map(str::to_owned),
                    resource_version: None,
                };
                requests.delete(name, &DeleteParams::default().preconditions(preconditions))
            }
        };
        let (outcome, after) = self.send(request).await;
        match outcome {
            Outcome::Landed(_) => Outcome::Landed(after.generation),
            Outcome::Gone | Outcome::PushedBack(_) | Outcome::Failed(_) | Outcome::NotLeading => {
                outcome
            }
        }
    }
}
