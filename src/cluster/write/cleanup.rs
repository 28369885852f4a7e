//! Taking back everything that was ever written to other people's objects: our label keys on
//! workloads and Services, and the record of who set them; our policy reports; and the policies that
//! warn on apply. Whatever users wrote stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, PartialObjectMeta};
use tracing::warn;

use super::apply::{Hand, Outcome, Place};
use super::policies;
use super::reports::{self, is_served, selector};
use crate::api::keys::OWN_LABELS;
use crate::assess::object::kind::{ExtraKind, WatchedKind};
use crate::assess::planner::policy_reports::{ReportAct, ReportWrite};
use crate::assess::source::Problem;
use crate::assess::warning::Part;
use crate::cluster::client::connect::Target;
use crate::cluster::client::discovery::discover;
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::Stored;
use crate::cluster::run::LEASE_NAME;
use crate::cluster::watch::followed::Followed;
use crate::report::policy_report::Format;

/// Removals under way at once.
const AT_ONCE: usize = 16;

/// What to clean.
#[derive(Clone, Debug)]
pub struct CleanupSettings {
    /// Which cluster.
    pub target: Target,
    /// The watched kinds.
    pub kinds: Vec<Arc<WatchedKind>>,
    /// More kinds of workload.
    pub extra_kinds: Vec<ExtraKind>,
    /// Where the Lease is, which goes too.
    pub lease_namespace: Option<String>,
    /// Whether nothing is removed and only counted.
    pub dry_run: bool,
}

/// One kind, cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Objects that carried a key of ours.
    pub found: usize,
    /// Objects that carry none any more.
    pub cleaned: usize,
}

/// Everything, cleaned.
#[derive(Clone, Debug, Default)]
pub struct Cleanup {
    /// By kind.
    pub kinds: BTreeMap<String, Cleaned>,
    /// What could not be looked at or not be cleaned.
    pub problems: Vec<Problem>,
}

/// Removes every label of ours; `progress` is told after each page.
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
    let followed = kinds.into_iter().map(Followed::Workloads);
    for followed in followed.chain([Followed::Services]) {
        let broom = Broom {
            client: &client,
            followed: &followed,
            dry_run: settings.dry_run,
        };
        match broom.sweep(&mut progress).await {
            Ok((cleaned, problems)) => {
                cleanup.kinds.insert(followed.name().to_owned(), cleaned);
                cleanup.problems.extend(problems);
            }
            Err(error) => cleanup.miss(followed.name(), &chain(&error)),
        }
    }
    for format in Format::ALL {
        cleanup.reports(&client, format, settings.dry_run).await;
    }
    for part in Part::ALL {
        cleanup.policies(&client, part, settings.dry_run).await;
    }
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
        match policies::remove(client, part, dry_run).await {
            Ok(cleaned) if cleaned.found == 0 => {}
            Ok(cleaned) => {
                self.kinds.insert(kind, cleaned);
            }
            Err(error) => self.miss(&kind, &chain(&error)),
        }
    }

    /// A format the cluster does not know has left nothing behind.
    async fn reports(&mut self, client: &Client, format: Format, dry_run: bool) {
        let done = match is_served(client, format).await {
            Ok(false) => return,
            Ok(true) => remove_reports(client, format, dry_run).await,
            Err(error) => Err(error),
        };
        match done {
            Ok((cleaned, problems)) => {
                self.kinds.insert(format.kind().to_owned(), cleaned);
                self.problems.extend(problems);
            }
            Err(error) => self.miss(format.kind(), &chain(&error)),
        }
    }

    fn miss(&mut self, what: &str, message: &str) {
        self.problems.push(Problem::new(what, message));
    }
}

struct Broom<'a> {
    client: &'a Client,
    followed: &'a Followed,
    dry_run: bool,
}

impl Broom<'_> {
    /// Every object with one of our keys, key by key: a selector cannot say "one of these".
    async fn sweep(
        &self,
        progress: &mut impl FnMut(&str, &Cleaned),
    ) -> Result<(Cleaned, Vec<Problem>)> {
        let mut cleaned = Cleaned::default();
        let mut problems = Vec::new();
        let resource = self.followed.resource();
        let api: Api<Stored> = Api::all_with(self.client.clone(), &resource);
        for selector in selectors() {
            let mut pager = Pager::new(ListParams::default().labels(&selector));
            while let Some(params) = pager.next() {
                let page = api.list_metadata(params).await;
                let page = page.map_err(Error::on(format!("list {}", self.followed.name())))?;
                pager.turn(&page.metadata);
                cleaned.found += page.items.len();
                let done = self.remove(page.items, &mut problems).await;
                cleaned.cleaned += done;
                progress(self.followed.name(), &cleaned);
            }
        }
        Ok((cleaned, problems))
    }

    async fn remove(
        &self,
        objects: Vec<PartialObjectMeta<Stored>>,
        problems: &mut Vec<Problem>,
    ) -> usize {
        if self.dry_run {
            return 0;
        }
        let hand = Hand::new(self.client.clone());
        let removals = objects
            .into_iter()
            .map(|object| self.remove_one(&hand, object));
        let mut removals = futures::stream::iter(removals).buffer_unordered(AT_ONCE);
        let mut cleaned = 0;
        while let Some((name, outcome)) = removals.next().await {
            match outcome {
                Outcome::Landed(_) | Outcome::Gone => cleaned += 1,
                Outcome::PushedBack(_) | Outcome::Failed(_) | Outcome::NotLeading => {
                    warn!(name, outcome = outcome.as_str(), "failed to remove labels");
                    problems.push(Problem::new(name, "its labels could not be removed"));
                }
            }
        }
        cleaned
    }

    async fn remove_one(
        &self,
        hand: &Hand,
        object: PartialObjectMeta<Stored>,
    ) -> (String, Outcome) {
        let metadata = object.metadata;
        let name = metadata.name.unwrap_or_default();
        let namespace = metadata.namespace.unwrap_or_default();
        let place = Place {
            resource: self.followed.resource(),
            namespace: Some(&namespace),
            name: &name,
            uid: metadata.uid.as_deref(),
        };
        let outcome = hand.strip(&place).await;
        (
            format!("{namespace}/{}/{name}", self.followed.name()),
            outcome,
        )
    }
}

/// Removes every policy report of ours in one format, or counts them.
///
/// # Errors
/// When they cannot be listed.
pub async fn remove_reports(
    client: &Client,
    format: Format,
    dry_run: bool,
) -> Result<(Cleaned, Vec<Problem>)> {
    let resource = reports::resource_of(format);
    let api: Api<Stored> = Api::all_with(client.clone(), &resource);
    let (mut cleaned, mut problems) = (Cleaned::default(), Vec::new());
    let mut pager = Pager::new(ListParams::default().labels(&selector()));
    let hand = Hand::new(client.clone());
    while let Some(params) = pager.next() {
        let page = api.list_metadata(params).await;
        let page = page.map_err(Error::on(format!("list {}", format.kind())))?;
        pager.turn(&page.metadata);
        cleaned.found += page.items.len();
        let items = page.items.into_iter().filter(|_| !dry_run);
        let removals = items.map(|report| remove_report(&hand, report.metadata, format));
        let mut removals = futures::stream::iter(removals).buffer_unordered(AT_ONCE);
        while let Some((name, outcome)) = removals.next().await {
            match outcome {
                Outcome::Landed(_) | Outcome::Gone => cleaned.cleaned += 1,
                Outcome::PushedBack(_) | Outcome::Failed(_) | Outcome::NotLeading => {
                    problems.push(Problem::new(name, "it could not be removed"));
                }
            }
        }
    }
    Ok((cleaned, problems))
}

async fn remove_report(hand: &Hand, metadata: ObjectMeta, format: Format) -> (String, Outcome) {
    let namespace = metadata.namespace.unwrap_or_default();
    let name = metadata.name.unwrap_or_default();
    let write = ReportWrite {
        key: (namespace.as_str().into(), name.as_str().into()),
        act: ReportAct::Remove(metadata.uid.map(Into::into)),
    };
    let outcome = hand.report(&write, format).await;
    (format!("{namespace}/{}/{name}", format.kind()), outcome)
}

/// Objects with the first key; those with the second and not the first; and so on. Each object is
/// found once, cleaned or not.
fn selectors() -> Vec<String> {
    let keys = OWN_LABELS.iter().enumerate();
    let selectors = keys.map(|(index, key)| {
        let without = OWN_LABELS[..index].iter().map(|key| format!(",!{key}"));
        format!("{key}{}", without.collect::<String>())
    });
    selectors.collect()
}

async fn remove_lease(client: &Client, namespace: &str) -> Result<()> {
    let api: Api<Lease> = Api::namespaced(client.clone(), namespace);
    match api.delete(LEASE_NAME, &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(error) if reason_of(&error) == "NotFound" => Ok(()),
        Err(error) => Err(Error::on(format!("delete the lease in {namespace}"))(error)),
    }
}

/// The error and its causes on one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
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
