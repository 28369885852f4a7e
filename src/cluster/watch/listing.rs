//! Reads a cluster once, with list rights and nothing installed, for commands: into an inventory, or
//! as stored objects. A kind that may not be listed or is not served becomes a problem of the answer;
//! only a cluster that does not answer is an error. Nothing is written here.

use std::sync::Arc;

use kube::Client;
use kube::api::{Api, ListParams};
use serde_json::Value;
use tokio::sync::mpsc;

use super::followed::Followed;
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::{ExtraKind, WatchedKind};
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::cluster::client::connect::Target;
use crate::cluster::client::discovery::discover;
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::Stored;
use crate::cluster::context::Context;

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

/// Reads a cluster into an inventory; each object is judged and dropped.
///
/// # Errors
/// When there is no cluster, or it does not answer.
pub async fn list(settings: ListingSettings) -> Result<Listing> {
    let mut reader = Reader::connect(&settings.target, settings.scope).await?;
    let (news, _nobody_is_told) = mpsc::channel(1);
    let mut context = Context::new(settings.judging, Arc::default(), news);
    context.messages = settings.messages;
    match settings.paths {
        Some(given) => given.iter().for_each(|path| context.take_path(path)),
        None => reader.read_into(&Followed::Paths, &context).await?,
    }
    let take = &mut |stored| context.take(&Followed::Namespaces, stored);
    reader.read_namespaces(take).await?;
    for kind in reader.discover_kinds(&settings.extra_kinds).await {
        context.add_kind(kind);
    }
    for kind in context.judging().kinds.clone() {
        let followed = Followed::Workloads(kind);
        reader.read_into(&followed, &context).await?;
    }
    reader.read_into(&Followed::Exceptions, &context).await?;
    let mut problems = reader.problems;
    problems.extend(context.problems());
    Ok(Listing {
        inventory: context.into_inventory(),
        problems,
        namespace: reader.namespace,
        is_partial: reader.is_partial,
    })
}

/// One pass over a cluster, page by page.
pub struct Reader {
    pub client: Client,
    namespace: Option<String>,
    pub problems: Vec<Problem>,
    is_partial: bool,
}

impl Reader {
    pub async fn connect(target: &Target, scope: Scope) -> Result<Self> {
        let client = target.client().await?;
        let namespace = match scope {
            Scope::Everything => None,
            Scope::ContextNamespace => Some(client.default_namespace().to_owned()),
            Scope::Namespace(name) => Some(name),
        };
        Ok(Self {
            client,
            namespace,
            problems: Vec::new(),
            is_partial: false,
        })
    }

    async fn read_into(&mut self, followed: &Followed, context: &Context) -> Result<()> {
        self.read(followed, &mut |stored| context.take(followed, stored))
            .await
    }

    /// All namespaces, or only the one in scope, which takes fewer rights.
    pub async fn read_namespaces(&mut self, take: &mut dyn FnMut(Stored)) -> Result<()> {
        let Some(name) = &self.namespace else {
            return self.read(&Followed::Namespaces, take).await;
        };
        let resource = Followed::Namespaces.resource();
        let api = Api::<Stored>::all_with(self.client.clone(), &resource);
        match api.get_opt(name).await {
            Ok(Some(stored)) => take(stored),
            Ok(None) => self.miss(&Followed::Namespaces, &format!("{name} does not exist")),
            Err(error) => self.forgive(&Followed::Namespaces, error)?,
        }
        Ok(())
    }

    /// The extra kinds that the cluster serves.
    pub async fn discover_kinds(&mut self, extra: &[ExtraKind]) -> Vec<Arc<WatchedKind>> {
        let mut kinds = Vec::new();
        for kind in extra {
            match discover(kind, &self.client).await {
                Ok(Some(found)) => kinds.push(found),
                Ok(None) => self
                    .problems
                    .push(Problem::new(kind, "is not served by the cluster")),
                Err(error) => self.problems.push(Problem::new(kind, error.to_string())),
            }
        }
        kinds
    }

    /// Lists one kind page by page: of the namespace in scope, or of the cluster where the kind has
    /// none.
    pub async fn read(&mut self, followed: &Followed, take: &mut dyn FnMut(Stored)) -> Result<()> {
        let namespace = match followed {
            Followed::Paths | Followed::Namespaces => None,
            Followed::Exceptions
            | Followed::Services
            | Followed::Warnings(_)
            | Followed::Workloads(_) => self.namespace.clone(),
        };
        self.read_in(namespace.as_deref(), followed, take).await
    }

    pub async fn read_in(
        &mut self,
        namespace: Option<&str>,
        followed: &Followed,
        take: &mut dyn FnMut(Stored),
    ) -> Result<()> {
        let resource = followed.resource();
        let api: Api<Stored> = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        let mut pager = Pager::new(ListParams::default());
        while let Some(params) = pager.next() {
            let page = match api.list(params).await {
                Ok(page) => page,
                Err(error) => return self.forgive(followed, error),
            };
            pager.turn(&page.metadata);
            page.into_iter().for_each(&mut *take);
        }
        Ok(())
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
            // There are no exceptions where nothing is installed.
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
