//! Reads a cluster once, with list rights and nothing installed, for commands: into an inventory, or
//! as stored objects. A kind that may not be listed or is not served becomes a problem of the answer;
//! only a cluster that does not answer is an error.

use std::sync::Arc;

use kube::Client;
use kube::api::Api;
use serde_json::Value;

use super::followed::{DELIVERY_RECORDS, EXCEPTIONS, Followed, GOALS, NAMESPACES, PATHS, ROADMAP};
use super::intake::{Intake as _, Paths};
use crate::api::golden_path::KindRef;
use crate::assess::inventory::Inventory;
use crate::assess::inventory::births::OLDEST_NAMESPACE;
use crate::assess::object::kind::{ExtraKind, WatchedKind};
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::cluster::client::connect::Target;
use crate::cluster::client::discovery::{discover, discover_named, shown};
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::failure::chain;
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::Stored;
use crate::cluster::context::Context;
use crate::cluster::event_queue::EventQueue;
use crate::cluster::readiness::NeededFor;

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
    /// Whether the inventory keeps the messages of checks.
    pub messages: bool,
    /// Whether to read objectives, surveys, roadmap items and personas. Otherwise only roadmap items are
    /// read, where an exception waits for one.
    pub goals: bool,
}

/// Which namespaces are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Everything,
    /// The namespace of the context.
    ContextNamespace,
    /// This one.
    Namespace(String),
}

/// The result of reading.
#[derive(Debug)]
pub struct Listing {
    /// The judged objects.
    pub inventory: Inventory,
    /// One problem for each kind that could not be read.
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
    let (events, _unread) = EventQueue::new();
    let mut context = Context::new(settings.judging, Arc::default(), events);
    context.messages = settings.messages;
    let is_installed = if let Some(given) = settings.paths {
        for path in given {
            Paths.put(path, &context);
        }
        false
    } else {
        reader.read_into(&Followed::kind(&PATHS), &context).await?;
        reader.problems.is_empty()
    };
    let namespaces = Followed::kind(&NAMESPACES);
    let take = &mut |stored| namespaces.put(stored, &context);
    reader.read_namespaces(take).await?;
    for kind in reader.discover_kinds(&settings.extra_kinds).await {
        context.add_kind(kind);
    }
    for kind in reader.discover_named(&context.missing_kinds()).await {
        context.add_kind(kind);
    }
    for kind in &context.judging().kinds {
        let followed = Followed::workloads(kind);
        reader.read_into(&followed, &context).await?;
    }
    let exceptions = Followed::kind(&EXCEPTIONS);
    reader.read_into(&exceptions, &context).await?;
    if context.judging().delivery.is_some() {
        let records = Followed::kind(&DELIVERY_RECORDS);
        reader.read_into(&records, &context).await?;
    }
    if settings.goals {
        for kind in GOALS {
            let mut followed = Followed::kind(kind);
            // Where nothing of ours is installed, that is no problem.
            followed.absent = followed.absent.filter(|_| is_installed);
            reader.read_into(&followed, &context).await?;
        }
    } else if waits_for_items(&context.inventory()) {
        reader
            .read_into(&Followed::kind(&ROADMAP), &context)
            .await?;
    }
    let mut problems = reader.problems;
    problems.extend(context.problems());
    Ok(Listing {
        inventory: context.into_inventory(),
        problems,
        namespace: reader.namespace,
        is_partial: reader.is_partial,
    })
}

fn waits_for_items(inventory: &Inventory) -> bool {
    let mut exceptions = inventory.namespaces().flat_map(|(_, ns)| ns.exceptions());
    exceptions.any(|exception| !exception.spec.waits_for.is_empty())
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
        self.read(followed, &mut |stored| followed.put(stored, context))
            .await
    }

    /// All namespaces, or only the one in scope, which takes fewer rights.
    pub async fn read_namespaces(&mut self, take: &mut dyn FnMut(Stored)) -> Result<()> {
        let followed = Followed::kind(&NAMESPACES);
        let Some(name) = &self.namespace else {
            return self.read(&followed, take).await;
        };
        let api = Api::<Stored>::all_with(self.client.clone(), &followed.resource);
        match api.get_opt(name).await {
            Ok(Some(stored)) => take(stored),
            Ok(None) => self.miss(&followed, &format!("{name} does not exist")),
            Err(error) => return self.skip(&followed, error),
        }
        // It is as old as the cluster: services of that age have no known birth.
        match api.get_opt(OLDEST_NAMESPACE).await {
            Ok(oldest) => oldest.into_iter().for_each(take),
            Err(error) if reason_of(&error) == "Forbidden" => self.problems.push(Problem::new(
                format!("Namespace {OLDEST_NAMESPACE}"),
                "may not be read by you, so services as old as the cluster may count as new",
            )),
            Err(error) => return self.skip(&followed, error),
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
                Err(error) => self.problems.push(Problem::new(kind, chain(&error))),
            }
        }
        kinds
    }

    /// The kinds that paths name and the cluster serves.
    pub async fn discover_named(&mut self, named: &[KindRef]) -> Vec<Arc<WatchedKind>> {
        let mut kinds = Vec::new();
        for kind in named {
            let problem = match discover_named(kind, &self.client).await {
                Ok(Some(found)) => {
                    kinds.push(found);
                    continue;
                }
                Ok(None) => "a path names it, and the cluster does not serve it".to_owned(),
                Err(error) => chain(&error),
            };
            self.problems.push(Problem::new(shown(kind), problem));
        }
        kinds
    }

    /// Lists one kind page by page: in the namespace in scope, or in the cluster where the kind has no
    /// namespaces.
    pub async fn read(&mut self, followed: &Followed, take: &mut dyn FnMut(Stored)) -> Result<()> {
        let namespace = self.namespace.clone().filter(|_| followed.is_namespaced);
        self.read_in(namespace.as_deref(), followed, take).await
    }

    /// Lists one kind in a namespace, or in all.
    pub async fn read_in(
        &mut self,
        namespace: Option<&str>,
        followed: &Followed,
        take: &mut dyn FnMut(Stored),
    ) -> Result<()> {
        let (client, resource) = (self.client.clone(), &followed.resource);
        let api: Api<Stored> = match namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, resource),
            None => Api::all_with(client, resource),
        };
        let mut pages = Pager::all(api);
        while let Some(page) = pages.next_each(&mut *take).await {
            if let Err(error) = page {
                return self.skip(followed, error);
            }
        }
        Ok(())
    }

    /// Goes on without a kind that may not be read or is not installed.
    fn skip(&mut self, followed: &Followed, error: kube::Error) -> Result<()> {
        let message = match reason_of(&error) {
            "Forbidden" => Some("may not be listed by you, and is not in this answer"),
            "NotFound" => followed.absent,
            _ => return Err(Error::on(format!("list {}", followed.name))(error)),
        };
        if let Some(message) = message {
            self.miss(followed, message);
        }
        Ok(())
    }

    fn miss(&mut self, followed: &Followed, message: &str) {
        self.is_partial |= followed.needed_for == NeededFor::Writing;
        self.problems.push(Problem::new(&followed.name, message));
    }
}
