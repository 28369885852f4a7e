//! `goldenpath run`: starts everything in the one right order, waits, and ends it in the one right
//! order. Policies are listed first; only then are workloads looked at, and only then is anything
//! written.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kube::Client;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::{info, warn};

use super::client::connect::Target;
use super::client::discovery::{ASK_EVERY, discover};
use super::client::error::{Error, Result};
use super::client::heartbeat::Pulse;
use super::clock;
use super::context::Context;
use super::lease::Contender;
use super::observer::Observer;
use super::readiness::{Stage, Trouble};
use super::reminding::{self, Reminders};
use super::watch::approval_policy as vouch;
use super::watch::follow as watching;
use super::watch::followed::{Followed, Role};
use super::watch::rereads;
use super::write::apply::Hand;
use super::write::events::{self, News};
use super::write::policies;
use super::write::reminder_records::Record;
use super::write::reports;
use super::write::writer::Writer;
use crate::assess::object::kind::ExtraKind;
use crate::assess::reminders::LONGEST_MESSAGE;
use crate::assess::settings::Settings;
use crate::assess::warning::Part;
use crate::report::metrics;
use crate::report::policy_report::Format;

/// What the operator may be told.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Which cluster.
    pub target: Target,
    /// How workloads are read and counted.
    pub judging: Settings,
    /// More kinds of workload.
    pub extra_kinds: Vec<ExtraKind>,
    /// What is exposed as metrics.
    pub metrics: metrics::Options,
    /// Formats of policy reports, the preferred one first; none are written where it is empty.
    pub report_formats: &'static [Format],
    /// Whether a Lease decides who writes.
    pub leader_elect: bool,
    /// The Lease's namespace; the client's own where absent.
    pub lease_namespace: Option<String>,
    /// Reminders, where any are sent.
    pub reminders: Option<Reminders>,
    /// The policy that vouches for approvals, and its binding; none is looked for where absent.
    pub approval_policy: Option<String>,
}

/// The name of the operator's Lease.
pub const LEASE_NAME: &str = "goldenpath";

/// An operator that is connected and does not run yet.
pub struct Operator {
    settings: RunSettings,
    client: Client,
    context: Arc<Context>,
    told: mpsc::Receiver<News>,
    records: mpsc::Receiver<Record>,
}

impl Operator {
    /// Reads the kubeconfig and builds the client. The cluster need not answer yet.
    ///
    /// # Errors
    /// When there is no cluster to talk to, or no way to.
    pub async fn connect(settings: RunSettings) -> Result<Self> {
        let pulse = Arc::new(Pulse::default());
        let client = settings.target.operator_client(pulse.clone()).await?;
        let (news, told) = mpsc::channel(events::QUEUE);
        let (record, records) = mpsc::channel(LONGEST_MESSAGE);
        let own_namespace = in_cluster().then(|| client.default_namespace().to_owned());
        let mut context = Context::new(settings.judging.clone(), pulse, news);
        context.own_namespace = own_namespace;
        context.metrics = settings.metrics;
        context.records = record;
        expect_kinds(&context);
        vouch::expect(&context, settings.approval_policy.as_deref());
        Ok(Self {
            settings,
            client,
            context: Arc::new(context),
            told,
            records,
        })
    }

    /// What it knows, for those who serve it.
    pub fn observer(&self) -> Observer {
        Observer(self.context.clone())
    }

    /// Runs until `stop` ends: then no new plans are made, writes under way end, and the Lease is
    /// given back.
    ///
    /// # Errors
    /// When a part that never ends has ended. What fails on the way is said and tried again.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let Self {
            settings,
            client,
            context,
            told,
            records,
        } = self;
        let identity = identity();
        let mut parts = Parts::start(&settings, &client, &context, records);
        let teller = events::run(client.clone(), context.clone(), identity.clone(), told);
        parts.tasks.spawn(named("telling", teller));
        let contender = contender(&settings, client, &identity);
        let election = elect(contender.clone(), &context);
        let ended = tokio::select! {
            () = stop => None,
            part = parts.ended() => Some(part),
        };
        info!("stopping");
        parts.stop_writing().await;
        election.abort();
        release(contender, &context).await;
        ended.map_or(Ok(()), |part| Err(Error::Ended(part)))
    }
}

fn expect_kinds(context: &Context) {
    let kinds = context.judging().kinds.clone();
    let workloads = kinds.into_iter().map(Followed::Workloads);
    for followed in Followed::POLICIES.into_iter().chain(workloads) {
        context.gates.expect(followed.name(), followed.role());
    }
}

/// What is followed besides workloads, where it is asked for.
fn followed_beside(judging: &Settings) -> Vec<Followed> {
    let services = judging.labels && judging.label_services;
    let services = services.then_some(Followed::Services);
    let warnings = Part::ALL.map(Followed::Warnings).into_iter();
    let warnings = warnings.filter(|_| judging.on_apply.warns());
    services.into_iter().chain(warnings).collect()
}

/// The tasks that make up the operator. None of them ever ends by itself.
struct Parts {
    tasks: JoinSet<&'static str>,
    reminding: JoinHandle<()>,
    writer: JoinHandle<()>,
    stop_reminding: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl Parts {
    fn start(
        settings: &RunSettings,
        client: &Client,
        context: &Arc<Context>,
        records: mpsc::Receiver<Record>,
    ) -> Self {
        let mut tasks = watches(settings, client, context);
        tasks.spawn(named(
            "rereading",
            rereads::run(client.clone(), context.clone()),
        ));
        tasks.spawn(named("the clock", clock::run(context.clone())));
        let stop = watch::Sender::new(false);
        let hand = Hand::new(client.clone());
        let writer = Writer::new(context.clone(), hand.clone(), records);
        let writer = tokio::spawn(writer.run(stop.subscribe()));
        let stop_reminding = watch::Sender::new(false);
        let reminders = settings.reminders.clone();
        let reminding = reminding::run(reminders, context.clone(), hand);
        Self {
            tasks,
            reminding: tokio::spawn(reminding(stop_reminding.subscribe())),
            writer,
            stop_reminding,
            stop,
        }
    }

    /// Waits for a part that never ends to end.
    async fn ended(&mut self) -> &'static str {
        tokio::select! {
            Some(part) = self.tasks.join_next() => part.unwrap_or("a part"),
            _ = &mut self.writer => "the writer",
            _ = &mut self.reminding => "reminding",
        }
    }

    /// No new plans; what is under way ends; then everything else is dropped. A message under way
    /// is put on record before the writer ends.
    async fn stop_writing(&mut self) {
        self.stop_reminding.send_replace(true);
        let is_running = !self.reminding.is_finished();
        if is_running
            && timeout(reminding::DRAIN, &mut self.reminding)
                .await
                .is_err()
        {
            self.reminding.abort();
            warn!("a reminder under way was given up; it may come again");
        }
        self.stop.send_replace(true);
        if !self.writer.is_finished() && (&mut self.writer).await.is_err() {
            warn!("the writer panicked");
        }
        self.tasks.shutdown().await;
    }
}

/// Everything that is followed, each in a task of its own.
fn watches(
    settings: &RunSettings,
    client: &Client,
    context: &Arc<Context>,
) -> JoinSet<&'static str> {
    let mut tasks = JoinSet::new();
    for followed in Followed::POLICIES {
        let watch = watching::follow(client.clone(), followed, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    for kind in context.judging().kinds.iter().cloned() {
        let watch = once_judging(client.clone(), Followed::Workloads(kind), context.clone());
        tasks.spawn(named("a watch", watch));
    }
    for followed in followed_beside(&settings.judging) {
        let watch = once_judging(client.clone(), followed, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    if settings.judging.on_apply.warns() {
        let asking = policies::introduce(client.clone(), context.clone());
        tasks.spawn(named("asking who it is", asking));
    }
    for extra in settings.extra_kinds.iter().cloned() {
        let watch = follow_extra(client.clone(), extra, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    if let Some(policy) = settings.approval_policy.clone() {
        let watch = vouch::follow(client.clone(), policy, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    if !settings.report_formats.is_empty() {
        let reports = reports::run(client.clone(), settings.report_formats, context.clone());
        tasks.spawn(named("reports", reports));
    }
    tasks
}

async fn named(name: &'static str, part: impl Future<Output = ()>) -> &'static str {
    part.await;
    name
}

async fn once_judging(client: Client, followed: Followed, context: Arc<Context>) {
    context.gates.expect(followed.name(), followed.role());
    context.gates.reached(Stage::Judging).await;
    watching::follow(client, followed, context).await;
}

/// Follows a kind that may not exist yet.
async fn follow_extra(client: Client, extra: ExtraKind, context: Arc<Context>) {
    let name = extra.to_string();
    context.gates.expect(&name, Role::Beside);
    let kind = loop {
        let trouble = match discover(&extra, &client).await {
            Ok(Some(kind)) => break kind,
            Ok(None) => Trouble {
                reason: "NotFound",
                message: "the API server does not serve it".to_owned(),
            },
            Err(error) => Trouble {
                reason: error.reason(),
                message: error.to_string(),
            },
        };
        let now = jiff::Timestamp::now();
        if context.gates.troubled(&name, &trouble, now) {
            warn!(kind = name, "is not there yet; waiting for it");
        }
        tokio::time::sleep(ASK_EVERY).await;
    };
    context.gates.listed(&name);
    context.add_kind(kind.clone());
    once_judging(client, Followed::Workloads(kind), context).await;
}

fn contender(settings: &RunSettings, client: Client, identity: &str) -> Option<Contender> {
    let namespace = settings.lease_namespace.clone();
    let namespace = namespace.unwrap_or_else(|| client.default_namespace().to_owned());
    settings
        .leader_elect
        .then(|| Contender::new(client, &namespace, LEASE_NAME, identity))
}

fn elect(contender: Option<Contender>, context: &Arc<Context>) -> JoinHandle<()> {
    let context = context.clone();
    tokio::spawn(async move {
        match contender {
            Some(contender) => contender.run(&context.leadership).await,
            None => context.leadership.hold_for_good(),
        }
    })
}

async fn release(contender: Option<Contender>, context: &Context) {
    let Some(contender) = contender else { return };
    if let Err(error) = contender.release(&context.leadership).await {
        warn!(reason = error.reason(), %error, "the lease was not released; it will lapse");
    }
}

/// A name no other replica ever has: the host's, and when this process began.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "goldenpath".to_owned());
    let began = SystemTime::now().duration_since(UNIX_EPOCH);
    let began = began.unwrap_or_default().as_nanos();
    format!("{host}_{}_{began:x}", std::process::id())
}

/// Whether this process runs in a pod, as kube's configuration decides it.
fn in_cluster() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}
