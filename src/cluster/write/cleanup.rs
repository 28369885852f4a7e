//! Removes everything the operator ever wrote to objects of others: label keys on workloads and
//! Services and the field ownership they left, policy reports, warning policies, and delivery records.
//! Leaves the fields and objects of users alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, DeleteParams, PartialObjectMeta};
use kube::core::ApiResource;
use tracing::{info, warn};

use super::apply::{ApiWriter, WriteOutcome, WriteTarget};
use super::policies;
use crate::api::keys::OWN_LABELS;
use crate::api::{API_VERSION, DeliveryRecord};
use crate::assess::object::kind::ExtraKind;
use crate::assess::object::kind::WatchedKind;
use crate::assess::planner::policy_reports::{ReportAct, ReportWrite};
use crate::assess::source::Problem;
use crate::assess::warning::{NAME_PREFIX, Part};
use crate::cluster::client::connect::Target;
use crate::cluster::client::discovery::{discover, is_served};
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::failure::chain;
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::{Stored, managed_by_us, resource_of, resource_of_format};
use crate::cluster::context::Context;
use crate::cluster::lease::LEASE_NAME;
use crate::cluster::readiness::Stage;
use crate::report::policy_report::Format;

/// Removals under way at once.
const AT_ONCE: usize = 16;

/// Settings of a cleanup.
#[derive(Clone, Debug)]
pub struct CleanupSettings {
    /// Which cluster.
    pub target: Target,
    /// The watched kinds.
    pub kinds: Vec<Arc<WatchedKind>>,
    /// More kinds of workload.
    pub extra_kinds: Vec<ExtraKind>,
    /// The namespace of the Lease to delete; none is deleted where absent.
    pub lease_namespace: Option<String>,
    /// Whether objects are only counted.
    pub dry_run: bool,
}

/// Counts of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Objects found.
    pub found: usize,
    /// Objects cleaned or deleted.
    pub cleaned: usize,
}

/// The result of a cleanup.
#[derive(Clone, Debug, Default)]
pub struct Cleanup {
    /// By kind.
    pub kinds: BTreeMap<String, Cleaned>,
    /// One problem for each object or kind that could not be read or cleaned.
    pub problems: Vec<Problem>,
}

/// Removes everything of ours; calls `progress` after each page.
///
/// # Errors
/// When there is no cluster, or it does not answer.
pub async fn cleanup(
    settings: &CleanupSettings,
    mut progress: impl FnMut(&str, &Cleaned),
) -> Result<Cleanup> {
    let client = settings.target.client().await?;
    let mut cleanup = Cleanup::default();
    let mut kinds = settings.kinds.clone();
    for extra in &settings.extra_kinds {
        match discover(extra, &client).await? {
            Some(kind) => kinds.push(kind),
            None => cleanup.miss(&extra.to_string(), "is not served by the cluster"),
        }
    }
    let resources = kinds
        .iter()
        .map(|kind| resource_of(kind))
        .chain([ApiResource::erase::<Service>(&())]);
    for resource in resources {
        let sweeper = LabelSweeper {
            client: &client,
            resource: &resource,
            dry_run: settings.dry_run,
        };
        match sweeper.sweep(&mut progress).await {
            Ok(swept) => cleanup.add(&resource.kind, swept),
            Err(error) => cleanup.miss(&resource.kind, &chain(&error)),
        }
    }
    for format in Format::ALL {
        cleanup.reports(&client, format, settings.dry_run).await;
    }
    for part in Part::ALL {
        cleanup.policies(&client, part, settings.dry_run).await;
    }
    cleanup.records(&client, settings.dry_run).await;
    if let Some(namespace) = settings
        .lease_namespace
        .as_deref()
        .filter(|_| !settings.dry_run)
    {
        remove_lease(&client, namespace).await?;
    }
    Ok(cleanup)
}

impl Cleanup {
    async fn policies(&mut self, client: &Client, part: Part, dry_run: bool) {
        let kind = policies::resource_of(part).kind;
        match remove_policies(client, part, dry_run).await {
            Ok(cleaned) if cleaned.found == 0 => {}
            Ok(cleaned) => {
                self.kinds.insert(kind, cleaned);
            }
            Err(error) => self.miss(&kind, &chain(&error)),
        }
    }

    /// Skips a cluster without the definition: it has no records.
    async fn records(&mut self, client: &Client, dry_run: bool) {
        let resource = ApiResource::erase::<DeliveryRecord>(&());
        let removed = match is_served(client, API_VERSION, &resource.plural).await {
            Ok(false) => return,
            Ok(true) => remove_records(client, &resource, dry_run).await,
            Err(error) => Err(error),
        };
        match removed {
            Ok(swept) if swept.cleaned.found == 0 => {}
            Ok(swept) => self.add(&resource.kind, swept),
            Err(error) => self.miss(&resource.kind, &chain(&error)),
        }
    }

    /// Skips a format the cluster does not serve: it has no reports.
    async fn reports(&mut self, client: &Client, format: Format, dry_run: bool) {
        let removed = match is_served(client, &format.api_version(), format.plural()).await {
            Ok(false) => return,
            Ok(true) => remove_reports(client, format, dry_run).await,
            Err(error) => Err(error),
        };
        match removed {
            Ok(swept) => self.add(format.kind(), swept),
            Err(error) => self.miss(format.kind(), &chain(&error)),
        }
    }

    fn add(&mut self, kind: &str, swept: Swept) {
        self.kinds.insert(kind.to_owned(), swept.cleaned);
        self.problems.extend(swept.problems);
    }

    fn miss(&mut self, what: &str, message: &str) {
        self.problems.push(Problem::new(what, message));
    }
}

/// The result for the objects of one kind.
#[derive(Default)]
struct Swept {
    cleaned: Cleaned,
    problems: Vec<Problem>,
}

/// Removes our labels from the objects of one kind.
struct LabelSweeper<'a> {
    client: &'a Client,
    resource: &'a ApiResource,
    dry_run: bool,
}

impl LabelSweeper<'_> {
    /// Every object with one of our keys, key by key: a selector cannot express "one of these".
    async fn sweep(&self, progress: &mut impl FnMut(&str, &Cleaned)) -> Result<Swept> {
        let mut swept = Swept::default();
        let kind = &self.resource.kind;
        let api: Api<Stored> = Api::all_with(self.client.clone(), self.resource);
        for selector in selectors() {
            let mut pages = Pager::matching(api.clone(), &selector);
            while let Some(page) = pages.next_metadata().await {
                let page = page.map_err(Error::on(format!("list {kind}")))?;
                swept.cleaned.found += page.len();
                if !self.dry_run {
                    self.remove(page, &mut swept).await;
                }
                progress(kind, &swept.cleaned);
            }
        }
        Ok(swept)
    }

    async fn remove(&self, objects: Vec<PartialObjectMeta<Stored>>, swept: &mut Swept) {
        let writer = ApiWriter::new(self.client.clone());
        let removals = objects
            .into_iter()
            .map(|object| self.remove_one(&writer, object.metadata));
        let mut removals = futures::stream::iter(removals).buffer_unordered(AT_ONCE);
        while let Some((name, outcome)) = removals.next().await {
            if outcome.is_final() {
                swept.cleaned.cleaned += 1;
            } else {
                warn!(name, outcome = outcome.as_str(), "failed to remove labels");
                let problem = Problem::new(name, "its labels could not be removed");
                swept.problems.push(problem);
            }
        }
    }

    async fn remove_one(&self, writer: &ApiWriter, metadata: ObjectMeta) -> (String, WriteOutcome) {
        let name = metadata.name.unwrap_or_default();
        let namespace = metadata.namespace.unwrap_or_default();
        let target = WriteTarget {
            resource: self.resource.clone(),
            namespace: Some(&namespace),
            name: &name,
            uid: metadata.uid.as_deref(),
        };
        let outcome = writer.strip(&target).await;
        let kind = &self.resource.kind;
        (format!("{namespace}/{kind}/{name}"), outcome)
    }
}

/// Removes policy reports of an earlier run in other formats than the one in use, which would go stale.
/// Waits until this replica leads.
pub async fn remove_other_formats(client: &Client, others: Vec<Format>, context: &Context) {
    context.gates.reached(Stage::Ready).await;
    let mut leads = context.leadership.subscribe();
    // The sender lives as long as the context.
    let _ = leads.wait_for(|leads| *leads).await;
    for format in others {
        let kind = format.kind();
        let removed = match is_served(client, &format.api_version(), format.plural()).await {
            Ok(false) => continue,
            Ok(true) => remove_reports(client, format, false).await,
            Err(error) => Err(error),
        };
        match removed {
            Ok(swept) if swept.cleaned.found == 0 => {}
            Ok(swept) => info!(
                kind,
                removed = swept.cleaned.cleaned,
                "removed older reports"
            ),
            Err(error) => {
                let reason = error.reason();
                warn!(kind, reason, error = %chain(&error), "failed to remove older reports; leaving them");
            }
        }
    }
}

/// Removes every policy report of ours in one format, or counts them.
async fn remove_reports(client: &Client, format: Format, dry_run: bool) -> Result<Swept> {
    let api: Api<Stored> = Api::all_with(client.clone(), &resource_of_format(format));
    let mut swept = Swept::default();
    let mut pages = Pager::matching(api, &managed_by_us());
    let writer = ApiWriter::new(client.clone());
    while let Some(page) = pages.next_metadata().await {
        let page = page.map_err(Error::on(format!("list {}", format.kind())))?;
        swept.cleaned.found += page.len();
        let removals = page
            .into_iter()
            .filter(|_| !dry_run)
            .map(|report| remove_report(&writer, report.metadata, format));
        let mut removals = futures::stream::iter(removals).buffer_unordered(AT_ONCE);
        while let Some((name, outcome)) = removals.next().await {
            if outcome.is_final() {
                swept.cleaned.cleaned += 1;
            } else {
                let problem = Problem::new(name, "it could not be removed");
                swept.problems.push(problem);
            }
        }
    }
    Ok(swept)
}

/// Removes every delivery record, or counts them.
async fn remove_records(client: &Client, resource: &ApiResource, dry_run: bool) -> Result<Swept> {
    let all: Api<Stored> = Api::all_with(client.clone(), resource);
    let mut swept = Swept::default();
    let mut pages = Pager::all(all);
    while let Some(page) = pages.next_metadata().await {
        let page = page.map_err(Error::on(format!("list {}", resource.kind)))?;
        swept.cleaned.found += page.len();
        let removals = page
            .into_iter()
            .filter(|_| !dry_run)
            .map(|record| remove_record(client, resource, record.metadata));
        let mut removals = futures::stream::iter(removals).buffer_unordered(AT_ONCE);
        while let Some((name, is_gone)) = removals.next().await {
            if is_gone {
                swept.cleaned.cleaned += 1;
            } else {
                let problem = Problem::new(name, "it could not be removed");
                swept.problems.push(problem);
            }
        }
    }
    Ok(swept)
}

async fn remove_record(
    client: &Client,
    resource: &ApiResource,
    metadata: ObjectMeta,
) -> (String, bool) {
    let namespace = metadata.namespace.unwrap_or_default();
    let name = metadata.name.unwrap_or_default();
    let api: Api<Stored> = Api::namespaced_with(client.clone(), &namespace, resource);
    let is_gone = match api.delete(&name, &DeleteParams::default()).await {
        Ok(_) => true,
        Err(error) => reason_of(&error) == "NotFound",
    };
    (format!("{namespace}/{}/{name}", resource.kind), is_gone)
}

async fn remove_report(
    writer: &ApiWriter,
    metadata: ObjectMeta,
    format: Format,
) -> (String, WriteOutcome) {
    let namespace = metadata.namespace.unwrap_or_default();
    let name = metadata.name.unwrap_or_default();
    let write = ReportWrite {
        key: (namespace.as_str().into(), name.as_str().into()),
        act: ReportAct::Remove(metadata.uid.map(Into::into)),
    };
    let outcome = writer.policy_report(&write, format).await;
    (format!("{namespace}/{}/{name}", format.kind()), outcome)
}

/// Deletes the policies, or the bindings, that warn on apply, or counts them. A server that does not
/// serve the kind has none.
async fn remove_policies(client: &Client, part: Part, dry_run: bool) -> Result<Cleaned> {
    let resource = policies::resource_of(part);
    let api: Api<Stored> = Api::all_with(client.clone(), &resource);
    let action = |verb: &str| format!("{verb} {}", resource.kind);
    let mut pages = Pager::matching(api.clone(), &managed_by_us());
    let mut names = Vec::new();
    while let Some(page) = pages.next_metadata().await {
        match page {
            Ok(page) => names.extend(page.into_iter().filter_map(|item| item.metadata.name)),
            Err(error) if reason_of(&error) == "NotFound" => return Ok(Cleaned::default()),
            Err(error) => return Err(Error::on(action("list"))(error)),
        }
    }
    names.retain(|name| name.starts_with(NAME_PREFIX));
    let mut cleaned = Cleaned {
        found: names.len(),
        cleaned: 0,
    };
    for name in names.iter().filter(|_| !dry_run) {
        match api.delete(name, &DeleteParams::default()).await {
            Ok(_) => cleaned.cleaned += 1,
            Err(error) if reason_of(&error) == "NotFound" => cleaned.cleaned += 1,
            Err(error) => return Err(Error::on(action("delete"))(error)),
        }
    }
    Ok(cleaned)
}

/// One selector for each key: objects with the first key, objects with the second and without the
/// first, and so on. Each object matches once.
fn selectors() -> Vec<String> {
    OWN_LABELS
        .iter()
        .enumerate()
        .map(|(index, key)| {
            let without = OWN_LABELS[..index].iter().map(|key| format!(",!{key}"));
            format!("{key}{}", without.collect::<String>())
        })
        .collect()
}

async fn remove_lease(client: &Client, namespace: &str) -> Result<()> {
    let api: Api<Lease> = Api::namespaced(client.clone(), namespace);
    match api.delete(LEASE_NAME, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(error) if reason_of(&error) == "NotFound" => Ok(()),
        Err(error) => Err(Error::on(format!("delete the Lease in {namespace}"))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_with_a_key_is_found_once() {
        assert_eq!(
            selectors(),
            [
                "goldenpath.dev/status",
                "goldenpath.dev/evaluated-path,!goldenpath.dev/status",
                "goldenpath.dev/deviation,!goldenpath.dev/status,!goldenpath.dev/evaluated-path",
            ]
        );
    }
}
