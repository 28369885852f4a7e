//! A cluster read once, with rights to list and nothing installed: for `report` and `why`. What
//! may not be listed is a problem that is said; only a cluster that does not answer is a failure.

use std::sync::Arc;

use kube::Client;
use kube::api::{Api, ListParams};
use serde_json::Value;
use tokio::sync::mpsc;

use super::connect::Target;
use super::context::Context;
use super::error::{Error, Result, reason_of};
use super::followed::Followed;
use super::kinds::discover;
use super::stored::Stored;
use super::watch::PAGE;
use crate::assess::inventory::Inventory;
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::cli::ExtraKind;

/// What to read.
#[derive(Clone, Debug)]
pub struct ListingSettings {
    /// Which cluster.
    pub target: Target,
    /// How workloads are read and counted.
    pub judging: Settings,
    /// More kinds of workload.
    pub extra_kinds: Vec<ExtraKind>,
    /// Which namespaces.
    pub scope: Scope,
    /// Golden paths to judge by instead of the cluster's.
    pub paths: Option<Vec<Value>>,
    /// Whether the messages of checks are kept.
    pub messages: bool,
}

/// Which namespaces are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// The one of the context.
    ContextNamespace,
    /// This one.
    Namespace(String),
}

/// What was read.
#[derive(Debug)]
pub struct Listing {
    /// Everything to judge, and to judge by.
    pub inventory: Inventory,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The namespace that was read; all where absent.
    pub namespace: Option<String>,
    /// Whether workloads may be missing: some kind of them could not be listed.
    pub is_partial: bool,
}

/// Reads a cluster.
///
/// # Errors
/// When there is no cluster, or it does not answer.
pub async fn list(settings: ListingSettings) -> Result<Listing> {
    let client = settings.target.client().await?;
    let namespace = match settings.scope {
        Scope::Everything => None,
        Scope::ContextNamespace => Some(client.default_namespace().to_owned()),
        Scope::Namespace(name) => Some(name),
    };
    let (news, _nobody_is_told) = mpsc::channel(1);
    let mut context = Context::new(settings.judging, Arc::default(), news);
    context.messages = settings.messages;
    let mut reader = Reader {
        client,
        namespace,
        context,
        problems: Vec::new(),
        is_partial: false,
    };
    reader.read_paths(settings.paths).await?;
    reader.read_namespaces().await?;
    reader.add_kinds(&settings.extra_kinds).await;
    for kind in reader.context.judging().kinds.clone() {
        reader.read(&Followed::Workloads(kind)).await?;
    }
    reader.read(&Followed::Exceptions).await?;
    let mut problems = reader.problems;
    problems.extend(reader.context.problems());
    Ok(Listing {
        inventory: reader.context.into_inventory(),
        problems,
        namespace: reader.namespace,
        is_partial: reader.is_partial,
    })
}

struct Reader {
    client: Client,
    namespace: Option<String>,
    context: Context,
    problems: Vec<Problem>,
    is_partial: bool,
}

impl Reader {
    async fn read_paths(&mut self, given: Option<Vec<Value>>) -> Result<()> {
        let Some(given) = given else {
            return self.read(&Followed::Paths).await;
        };
        for path in given {
            self.context.take_path(&path);
        }
        Ok(())
    }

    /// All namespaces, or the one that is asked about, which takes fewer rights.
    async fn read_namespaces(&mut self) -> Result<()> {
        let Some(name) = &self.namespace else {
            return self.read(&Followed::Namespaces).await;
        };
        let resource = Followed::Namespaces.resource();
        let api = Api::<Stored>::all_with(self.client.clone(), &resource);
        match api.get_opt(name).await {
            Ok(Some(stored)) => self.context.take(&Followed::Namespaces, stored),
            Ok(None) => self.miss(&Followed::Namespaces, &format!("{name} does not exist")),
            Err(error) => self.forgive(&Followed::Namespaces, error)?,
        }
        Ok(())
    }

    async fn add_kinds(&mut self, extra: &[ExtraKind]) {
        for kind in extra {
            match discover(kind, &self.client).await {
                Ok(Some(found)) => self.context.add_kind(found),
                Ok(None) => self
                    .problems
                    .push(Problem::new(kind, "is not served by the cluster")),
                Err(error) => self.problems.push(Problem::new(kind, error.to_string())),
            }
        }
    }

    /// Lists one kind page by page; each object is judged and dropped.
    async fn read(&mut self, followed: &Followed) -> Result<()> {
        let resource = followed.resource();
        let api: Api<Stored> = match (&self.namespace, followed) {
            (None, _) | (_, Followed::Paths | Followed::Namespaces) => {
                Api::all_with(self.client.clone(), &resource)
            }
            (Some(namespace), _) => Api::namespaced_with(self.client.clone(), namespace, &resource),
        };
        let mut params = ListParams::default().limit(PAGE);
        loop {
            let page = match api.list(&params).await {
                Ok(page) => page,
                Err(error) => return self.forgive(followed, error),
            };
            let more = page.metadata.continue_.clone();
            params.continue_token = more.filter(|token| !token.is_empty());
            for stored in page {
                self.context.take(followed, stored);
            }
            if params.continue_token.is_none() {
                return Ok(());
            }
        }
    }

    /// Goes on without a kind that may not be read or is not installed.
    fn forgive(&mut self, followed: &Followed, error: kube::Error) -> Result<()> {
        match reason_of(&error) {
            "Forbidden" => {
                self.miss(
                    followed,
                    "may not be listed by you, and is not in this answer",
                );
                Ok(())
            }
            "NotFound" => {
                self.miss_definition(followed);
                Ok(())
            }
            _ => Err(Error::on(format!("list {}", followed.name()))(error)),
        }
    }

    fn miss_definition(&mut self, followed: &Followed) {
        match followed {
            Followed::Paths => self.miss(
                followed,
                "is not installed: judge by the built-in paths with --paths starter",
            ),
            // Nothing is agreed where nothing is installed.
            Followed::Exceptions => {}
            Followed::Namespaces
            | Followed::Services
            | Followed::Warnings(_)
            | Followed::Workloads(_) => {
                self.miss(followed, "is not served by the cluster");
            }
        }
    }

    fn miss(&mut self, followed: &Followed, message: &str) {
        self.is_partial |= matches!(followed, Followed::Workloads(_));
        self.problems.push(Problem::new(followed.name(), message));
    }
}
