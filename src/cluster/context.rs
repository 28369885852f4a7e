//! What every part of the operator may touch: the inventory behind its lock, the gates, the
//! counters, and the bells that wake the writer. Events of the watches are taken in here.
//! It never talks to the API server.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tracing::warn;

use super::counters::Counters;
use super::followed::Followed;
use super::gates::Gates;
use super::lease::Leadership;
use super::pulse::Pulse;
use super::rereads::Rereads;
use super::stored::{Key, Stored};
use super::tell::News;
use crate::api::{DeviationException, GoldenPath};
use crate::assess::cover::Exception;
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::kind::{WatchedKind, WorkloadId};
use crate::assess::lists::Listed;
use crate::assess::namespace::Namespace;
use crate::assess::path::Origin;
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::assess::space::KubeService;
use crate::assess::workload::{Lens, observe};
use crate::report::metrics;

/// Shared by everything that runs.
#[derive(Debug)]
pub struct Context {
    inventory: Mutex<Inventory>,
    judging: RwLock<Arc<Settings>>,
    /// The operator's own objects, which it never labels.
    own_namespace: Option<String>,
    /// What is waited for.
    pub gates: Gates,
    /// When each kind was last heard from.
    pub pulse: Arc<Pulse>,
    /// The operator's metrics about itself.
    pub counters: Counters,
    /// Whether this replica may write.
    pub leadership: Leadership,
    /// What has to be listed again.
    pub rereads: Rereads,
    /// Rings when there may be something to write.
    pub changed: Notify,
    /// What is to be told in Events.
    pub news: mpsc::Sender<News>,
    /// What is exposed as metrics.
    pub metrics: metrics::Options,
    problems: Mutex<BTreeMap<String, String>>,
}

/// How an object came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// By the watch, which alone says what exists.
    Watched,
    /// By a list made to judge again what is known.
    Reread,
}

impl Context {
    /// A context that knows nothing yet.
    pub fn new(settings: Settings, pulse: Arc<Pulse>, news: mpsc::Sender<News>) -> Self {
        Self {
            judging: RwLock::new(Arc::new(settings.clone())),
            inventory: Mutex::new(Inventory::new(settings)),
            own_namespace: None,
            gates: Gates::default(),
            pulse,
            counters: Counters::default(),
            leadership: Leadership::default(),
            rereads: Rereads::default(),
            changed: Notify::new(),
            news,
            metrics: metrics::Options::default(),
            problems: Mutex::default(),
        }
    }

    /// Leaves out the operator's own objects, which are in this namespace.
    #[must_use]
    pub fn leaving_out_own(mut self, namespace: Option<String>) -> Self {
        self.own_namespace = namespace;
        self
    }

    /// Exposes metrics so.
    #[must_use]
    pub fn exposing(mut self, metrics: metrics::Options) -> Self {
        self.metrics = metrics;
        self
    }

    /// The inventory. Hold it briefly, and never across an await.
    pub fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How workloads are read.
    pub fn judging(&self) -> Arc<Settings> {
        self.judging
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Judges workloads of one more kind from now on.
    pub fn add_kind(&self, kind: Arc<WatchedKind>) {
        let mut judging = self.judging.write().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::clone(&judging);
        settings.kinds.push(kind);
        self.inventory().settings = settings.clone();
        *judging = Arc::new(settings);
    }

    /// Takes in an object that exists.
    pub fn take(&self, followed: &Followed, stored: Stored) {
        let object = stored.into_value(&followed.resource());
        match followed {
            Followed::Paths => self.take_path(&object),
            Followed::Exceptions => self.take_exception(&object),
            Followed::Namespaces => self.take_namespace(&object),
            Followed::Services => self.take_service(&object),
            Followed::Workloads(kind) => self.take_workload(object, kind, Seen::Watched),
        }
        self.changed.notify_one();
    }

    /// Takes in that an object is gone.
    pub fn forget(&self, followed: &Followed, stored: &Stored) {
        let (namespace, name) = stored.key();
        self.solved(followed.name(), &namespace, &name);
        let now = Timestamp::now();
        match followed {
            Followed::Paths => {
                let reread = self.inventory().remove_path(&name, now);
                self.ask(reread);
            }
            Followed::Exceptions => {
                let gone = self.inventory().remove_exception(&namespace, &name);
                if let Some(gone) = gone {
                    self.say_goodbye(&namespace, gone);
                }
            }
            Followed::Namespaces => self.inventory().remove_namespace(&name),
            Followed::Services => self.inventory().remove_service(&namespace, &name),
            Followed::Workloads(kind) => {
                let id = workload_id(kind, &namespace, &name);
                self.inventory().remove_workload(&id);
            }
        }
        self.changed.notify_one();
    }

    /// Takes in that a list is complete: what it did not hold is gone.
    pub fn complete(&self, followed: &Followed, seen: &HashSet<Key>) {
        let names = || seen.iter().map(|(_, name)| name.clone()).collect();
        let plain: HashSet<String>;
        let listed = match followed {
            Followed::Paths => {
                plain = names();
                Listed::Paths(&plain)
            }
            Followed::Exceptions => Listed::Exceptions(seen),
            Followed::Namespaces => {
                plain = names();
                Listed::Namespaces(&plain)
            }
            Followed::Services => Listed::Services(seen),
            Followed::Workloads(kind) => Listed::Workloads {
                kind,
                namespace: None,
                seen,
            },
        };
        let (reread, gone) = self.inventory().complete_list(&listed, Timestamp::now());
        self.ask(reread);
        for (namespace, exception) in gone {
            self.say_goodbye(&namespace, exception);
        }
        self.changed.notify_one();
    }

    fn take_path(&self, object: &Value) {
        let path = match GoldenPath::deserialize(object) {
            Ok(path) => path,
            Err(error) => return self.puzzled("GoldenPath", object, &error),
        };
        let name = path.metadata.name.unwrap_or_default();
        self.solved("GoldenPath", "", &name);
        let origin = Origin {
            name,
            uid: path.metadata.uid,
            generation: path.metadata.generation,
            created: path.metadata.creation_timestamp.map(|at| at.0),
        };
        let reread = self.inventory().put_path(origin, path.spec, path.status);
        self.ask(reread);
    }

    fn take_exception(&self, object: &Value) {
        let exception = match DeviationException::deserialize(object) {
            Ok(exception) => exception,
            Err(error) => return self.puzzled("DeviationException", object, &error),
        };
        let namespace = exception.metadata.namespace.clone().unwrap_or_default();
        let exception = Exception::read(exception, Timestamp::MIN);
        self.solved("DeviationException", &namespace, &exception.name);
        self.inventory().put_exception(&namespace, exception);
    }

    fn take_namespace(&self, object: &Value) {
        let Some(namespace) = Namespace::read(object, &self.judging()) else {
            return;
        };
        let name = namespace.name.clone();
        let stale = self.inventory().put_namespace(namespace);
        if stale {
            self.rereads.ask_namespace(&name);
        }
    }

    fn take_service(&self, object: &Value) {
        let (namespace, name) = named(object);
        if self.is_own(object) {
            return;
        }
        let service = KubeService::read(object);
        self.inventory().put_service(namespace, name, service);
    }

    /// Judges a workload outside the lock and records it. Where paths or its namespace changed
    /// meanwhile, it will be read again.
    pub fn take_workload(&self, object: Value, kind: &Arc<WatchedKind>, how: Seen) {
        if self.is_own(&object) {
            return;
        }
        let (namespace, name) = named(&object);
        let id = workload_id(kind, namespace, name);
        let (paths, known) = self.inventory().glass(namespace);
        let settings = self.judging();
        let lens = Lens {
            settings: &settings,
            paths: &paths,
            namespace: known.as_ref(),
            messages: false,
        };
        let observed = observe(object, kind, &lens);
        let mut inventory = self.inventory();
        let Some(observed) = observed else {
            inventory.remove_workload(&id);
            return;
        };
        let recorded = inventory.workload(&id);
        if how == Seen::Reread
            && recorded.is_none_or(|recorded| recorded.uid != observed.workload.uid)
        {
            return; // deleted or replaced since it was listed
        }
        let (paths_now, known_now) = inventory.glass(&id.namespace);
        inventory.put_workload(observed);
        drop(inventory);
        if !Arc::ptr_eq(&paths, &paths_now) {
            self.rereads.ask_everything();
        } else if known != known_now {
            self.rereads.ask_namespace(&id.namespace);
        }
    }

    /// Lists again what a change asks for.
    pub fn ask(&self, reread: Reread) {
        match reread {
            Reread::Nothing => {}
            Reread::Everything => self.rereads.ask_everything(),
        }
    }

    /// What stored objects cannot be understood, and kinds that cannot be followed.
    pub fn problems(&self) -> Vec<Problem> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        let of_objects = problems
            .iter()
            .map(|(source, message)| Problem::new(source, message));
        let of_kinds = self.gates.troubles();
        let of_kinds = of_kinds
            .into_iter()
            .map(|(kind, trouble)| Problem::new(kind, format!("cannot be followed: {trouble}")));
        of_objects.chain(of_kinds).collect()
    }

    fn puzzled(&self, kind: &str, object: &Value, error: &serde_json::Error) {
        let (namespace, name) = named(object);
        let message: String = error.to_string().chars().take(300).collect();
        warn!(
            kind,
            namespace, name, message, "stored object cannot be understood; left as it was"
        );
        self.counters.failed("Undecodable");
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(
            source(kind, namespace, name),
            format!("cannot be understood: {message}"),
        );
    }

    fn solved(&self, kind: &str, namespace: &str, name: &str) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        if !problems.is_empty() {
            problems.remove(&source(kind, namespace, name));
        }
    }

    /// Objects of the operator's own release: it would fight whoever installed it.
    fn is_own(&self, object: &Value) -> bool {
        let Some(own) = &self.own_namespace else {
            return false;
        };
        let metadata = &object["metadata"];
        metadata["namespace"] == own.as_str()
            && metadata["labels"]["app.kubernetes.io/name"] == "goldenpath"
    }

    fn say_goodbye(&self, namespace: &str, exception: Exception) {
        let news = News::ExceptionDeleted {
            namespace: namespace.to_owned(),
            exception: Box::new(exception),
        };
        self.tell(news);
    }

    /// Hands on what is to be told. What does not fit is counted, never waited for.
    pub fn tell(&self, news: News) {
        if self.news.try_send(news).is_err() {
            self.counters.wrote("event", "dropped");
        }
    }
}

fn named(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (
        metadata["namespace"].as_str().unwrap_or_default(),
        metadata["name"].as_str().unwrap_or_default(),
    )
}

fn workload_id(kind: &Arc<WatchedKind>, namespace: &str, name: &str) -> WorkloadId {
    WorkloadId {
        namespace: namespace.into(),
        kind: kind.clone(),
        name: name.into(),
    }
}

fn source(kind: &str, namespace: &str, name: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    if namespace.is_empty() {
        format!("{kind}/{name}")
    } else {
        format!("{namespace}/{kind}/{name}")
    }
}
