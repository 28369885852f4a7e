//! `goldenpath run`: starts all tasks in order, waits, and stops them in order. Paths, exceptions and
//! namespaces are listed first; only then are workloads judged, and only then is anything written.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kube::Client;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::{info, warn};

use super::client::connect::Target;
use super::client::discovery::{LOOK_UP_EVERY, discover, discover_named, may_follow, shown};
use super::client::error::{Error, Result};
use super::client::failure::chain;
use super::client::heartbeat::Heartbeat;
use super::clock;
use super::context::Context;
use super::deliveries;
use super::delivery_events::{DeliveryEvents, QueuedRollout};
use super::event_queue::{EventQueue, EventTrigger};
use super::incidents::{IncidentQueue, QueuedIncident};
use super::lease::LeaderElector;
use super::measuring::{self, Measuring};
use super::observer::Observer;
use super::publishing::{self, ServiceEventSender};
use super::readiness::{NeededFor, Stage, WatchFailure};
use super::recording;
use super::reminding::{self, Reminders, Reminding};
use super::watch::follow::follow;
use super::watch::followed::Followed;
use super::watch::intake::promoters;
use super::watch::{approval_policy, policy_reports, rereads};
use super::write::apply::ApiWriter;
use super::write::cleanup::remove_other_formats;
use super::write::events::EventRecorder;
use super::write::policies;
use super::write::writer::Writer;
use crate::api::golden_path::KindRef;
use crate::assess::delivery::promoter::PromoterKind;
use crate::assess::object::kind::{ExtraKind, WatchedKind};
use crate::assess::reminders::LONGEST_MESSAGE;
use crate::assess::settings::Settings;
use crate::report::metrics;
use crate::report::policy_report::Format;

/// Settings of a running operator.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Which cluster.
    pub target: Target,
    /// How workloads are read and counted.
    pub judging: Settings,
    /// More kinds of workload, which may not be served yet.
    pub extra_kinds: Vec<ExtraKind>,
    /// Options of the adoption metrics.
    pub metrics: metrics::Options,
    /// Formats of policy reports, the preferred one first; none are written where it is empty.
    pub report_formats: &'static [Format],
    /// Whether a Lease decides who writes.
    pub leader_elect: bool,
    /// The namespace of the Lease; the client's default namespace where absent.
    pub lease_namespace: Option<String>,
    /// Reminders, where any are sent.
    pub reminders: Option<Reminders>,
    /// How key results of objectives are measured.
    pub measuring: Measuring,
    /// What sends events about rollouts, where any are sent.
    pub sink: Option<Arc<dyn ServiceEventSender>>,
    /// The name of the approval policy and its binding; approvals are not verified where absent.
    pub approval_policy: Option<String>,
}

/// A connected operator that does not run yet.
pub struct Operator {
    settings: RunSettings,
    client: Client,
    context: Arc<Context>,
    triggers: mpsc::Receiver<EventTrigger>,
    incidents: Option<mpsc::Receiver<QueuedIncident>>,
    rollouts: Option<mpsc::Receiver<QueuedRollout>>,
}

impl Operator {
    /// Reads the kubeconfig and builds the client. The cluster need not answer yet.
    ///
    /// # Errors
    /// When there is no usable kubeconfig.
    pub async fn connect(settings: RunSettings) -> Result<Self> {
        let heartbeat = Arc::new(Heartbeat::default());
        let client = settings.target.operator_client(heartbeat.clone()).await?;
        let (events, triggers) = EventQueue::new();
        let mut context = Context::new(settings.judging.clone(), heartbeat, events);
        context.own_namespace = in_cluster().then(|| client.default_namespace().to_owned());
        context.metrics = settings.metrics;
        for followed in Followed::all(&settings.judging) {
            context.gates.expect(&followed.name, followed.needed_for);
        }
        await_rollouts(&settings, &context);
        approval_policy::expect(&context, settings.approval_policy.as_deref());
        let incidents = receive_incidents(&settings, &mut context);
        let rollouts = settings.sink.as_ref().map(|_| {
            let (queue, rollouts) = DeliveryEvents::new();
            context.deliveries = queue;
            rollouts
        });
        Ok(Self {
            settings,
            client,
            context: Arc::new(context),
            triggers,
            incidents,
            rollouts,
        })
    }

    /// A view for the HTTP server.
    pub fn observer(&self) -> Observer {
        Observer(self.context.clone())
    }

    /// Runs until `stop` ends: then no new plans are made, writes under way finish, and the Lease is
    /// released.
    ///
    /// # Errors
    /// When a task that should never end has ended. Other failures are logged and retried.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let Self {
            settings,
            client,
            context,
            triggers,
            incidents,
            rollouts,
        } = self;
        let identity = identity();
        let mut tasks = Tasks::start(&settings, &client, &context);
        let recorder = EventRecorder::new(client.clone(), context.clone(), identity.clone());
        tasks
            .others
            .spawn(named("the event recorder", recorder.run(triggers)));
        if let Some(incidents) = incidents {
            let records = recording::run(incidents, context.clone());
            tasks.others.spawn(named("the incidents", records));
        }
        if let Some((sender, rollouts)) = settings.sink.clone().zip(rollouts) {
            let events = publishing::run(sender, rollouts, client.clone(), context.clone());
            tasks.others.spawn(named("the CDEvents sink", events));
        }
        let elector = elector(&settings, client, &identity);
        let election = elect(elector.clone(), &context);
        let ended = tokio::select! {
            () = stop => None,
            task = tasks.ended() => Some(task),
        };
        info!("stopping");
        tasks.stop_writing().await;
        election.abort();
        release(elector, &context).await;
        ended.map_or(Ok(()), |task| Err(Error::Ended(task)))
    }
}

/// Has the planner list Argo `Rollout`s before it looks at `Deployment`s: a `Rollout` may refer to one of them.
fn await_rollouts(settings: &RunSettings, context: &Context) {
    for kind in settings
        .extra_kinds
        .iter()
        .filter_map(PromoterKind::of_extra)
    {
        context.planners().delivery.await_promoters(kind);
    }
}

/// The receiving end of the queue of incidents, where any are received.
fn receive_incidents(
    settings: &RunSettings,
    context: &mut Context,
) -> Option<mpsc::Receiver<QueuedIncident>> {
    let delivery = settings.judging.delivery.as_ref()?;
    delivery.has_incidents.then(|| {
        let (queue, incidents) = IncidentQueue::new();
        context.incidents = queue;
        context.counters.expect_events();
        incidents
    })
}

/// The operator's tasks. None of them ever ends by itself.
struct Tasks {
    reminding: JoinHandle<()>,
    writer: JoinHandle<()>,
    /// Those that may be aborted at any time.
    others: JoinSet<&'static str>,
    stop_reminding: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl Tasks {
    fn start(settings: &RunSettings, client: &Client, context: &Arc<Context>) -> Self {
        let mut others = watches(settings, client, context);
        let rereads = rereads::run(client.clone(), context.clone());
        others.spawn(named("the rereads", rereads));
        others.spawn(named("the clock", clock::run(context.clone())));
        let measuring = measuring::run(settings.measuring.clone(), context.clone());
        others.spawn(named("the measuring of key results", measuring));
        if settings.judging.delivery.is_some() {
            let looks = deliveries::run(client.clone(), context.clone());
            others.spawn(named("the looks at rollouts", looks));
        }
        let stop = watch::Sender::new(false);
        let stop_reminding = watch::Sender::new(false);
        let api = ApiWriter::new(client.clone());
        let (record, records) = mpsc::channel(LONGEST_MESSAGE);
        let writer = Writer::new(context.clone(), api.clone(), records);
        let reminding = settings.reminders.clone().map(|reminders| {
            Reminding::new(
                reminders,
                context.clone(),
                api,
                record.clone(),
                stop_reminding.subscribe(),
            )
        });
        let mut stopped = stop_reminding.subscribe();
        Self {
            reminding: tokio::spawn(async move {
                // The writer receives records as long as their sender lives.
                let _record = record;
                match reminding {
                    Some(reminding) => reminding.run().await,
                    None => drop(stopped.wait_for(|stop| *stop).await),
                }
            }),
            writer: tokio::spawn(writer.run(stop.subscribe())),
            others,
            stop_reminding,
            stop,
        }
    }

    /// Waits until a task that should never end has ended.
    async fn ended(&mut self) -> &'static str {
        tokio::select! {
            Some(task) = self.others.join_next() => task.unwrap_or("a task"),
            _ = &mut self.writer => "the writer",
            _ = &mut self.reminding => "reminding",
        }
    }

    /// Stops planning, waits for writes under way, and aborts all other tasks. A message under way is
    /// recorded before the writer ends.
    async fn stop_writing(&mut self) {
        self.stop_reminding.send_replace(true);
        let is_running = !self.reminding.is_finished();
        if is_running
            && timeout(reminding::DRAIN, &mut self.reminding)
                .await
                .is_err()
        {
            self.reminding.abort();
            warn!("reminder did not finish in time; it may be sent again");
        }
        self.stop.send_replace(true);
        if !self.writer.is_finished() && (&mut self.writer).await.is_err() {
            warn!("writer panicked");
        }
        self.others.shutdown().await;
    }
}

/// Starts a task for each followed kind.
fn watches(
    settings: &RunSettings,
    client: &Client,
    context: &Arc<Context>,
) -> JoinSet<&'static str> {
    let mut tasks = JoinSet::new();
    for followed in Followed::all(&settings.judging) {
        let (client, context) = (client.clone(), context.clone());
        match followed.needed_for {
            NeededFor::Judging => tasks.spawn(named("a watch", follow(client, followed, context))),
            NeededFor::Writing | NeededFor::Nothing => {
                tasks.spawn(named("a watch", once_judging(client, followed, context)))
            }
        };
    }
    if settings.judging.on_apply.warns() {
        let identity = policies::resolve_identity(client.clone(), context.clone());
        tasks.spawn(named("identity", identity));
    }
    for extra in settings.extra_kinds.iter().cloned() {
        let watch = follow_extra(client.clone(), extra, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    let named_kinds = follow_named(client.clone(), context.clone());
    tasks.spawn(named("the kinds of paths", named_kinds));
    if let Some(policy) = settings.approval_policy.clone() {
        let watch = approval_policy::follow(client.clone(), policy, context.clone());
        tasks.spawn(named("a watch", watch));
    }
    if !settings.report_formats.is_empty() {
        let formats = settings.report_formats;
        let reports = follow_reports(client.clone(), formats, context.clone());
        tasks.spawn(named("policy reports", reports));
    }
    tasks
}

/// Finds the format of policy reports, follows our reports in it, and removes those in other formats.
async fn follow_reports(client: Client, formats: &'static [Format], context: Arc<Context>) {
    let format = policy_reports::find(&client, formats, &context).await;
    let others = formats.iter().copied().filter(|other| *other != format);
    tokio::join!(
        policy_reports::follow(client.clone(), format, &context),
        remove_other_formats(&client, others.collect(), &context)
    );
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

async fn once_judging(client: Client, followed: Followed, context: Arc<Context>) {
    context.gates.reached(Stage::Judging).await;
    follow(client, followed, context).await;
}

/// Follows a kind that may not be served yet.
async fn follow_extra(client: Client, extra: ExtraKind, context: Arc<Context>) {
    let name = extra.to_string();
    context.gates.expect(&name, NeededFor::Nothing);
    let kind = loop {
        let failure = match discover(&extra, &client).await {
            Ok(Some(kind)) => break kind,
            Ok(None) => WatchFailure {
                reason: "NotFound",
                message: "the API server does not serve it".to_owned(),
            },
            Err(error) => WatchFailure {
                reason: error.reason(),
                message: chain(&error),
            },
        };
        if let Some(kind) = PromoterKind::of_extra(&extra) {
            promoters::unavailable(kind, &failure, &context);
        }
        let now = jiff::Timestamp::now();
        if context.gates.failed(&name, &failure, now) {
            warn!(
                kind = name,
                reason = failure.reason,
                "kind is not served yet; retrying"
            );
        }
        tokio::time::sleep(LOOK_UP_EVERY).await;
    };
    context.gates.listed(&name);
    let followed = Followed::workloads(&kind);
    context.gates.expect(&followed.name, followed.needed_for);
    context.add_kind(kind);
    once_judging(client, followed, context).await;
}

/// Follows the kinds that paths name, as far as the operator may list and watch them. A kind stays
/// followed after the path that named it has gone.
async fn follow_named(client: Client, context: Arc<Context>) {
    context.gates.reached(Stage::Judging).await;
    let mut watches = JoinSet::new();
    loop {
        for wanted in context.missing_kinds() {
            let name = shown(&wanted);
            match named_kind(&client, &wanted).await {
                Ok(kind) => {
                    context.gates.listed(&name);
                    let followed = Followed::workloads(&kind);
                    context.gates.expect(&followed.name, followed.needed_for);
                    context.add_kind(kind);
                    info!(kind = name, "following a kind that a path names");
                    watches.spawn(once_judging(client.clone(), followed, context.clone()));
                }
                Err(failure) => {
                    context.gates.expect(&name, NeededFor::Nothing);
                    let (reason, error) = (failure.reason, failure.message.clone());
                    if context
                        .gates
                        .failed(&name, &failure, jiff::Timestamp::now())
                    {
                        warn!(
                            kind = name,
                            reason, error, "a path names a kind that is not followed"
                        );
                    }
                }
            }
        }
        tokio::time::sleep(LOOK_UP_EVERY).await;
    }
}

async fn named_kind(client: &Client, wanted: &KindRef) -> Result<Arc<WatchedKind>, WatchFailure> {
    let failure = |reason, message: &str| WatchFailure {
        reason,
        message: message.to_owned(),
    };
    let failed = |error: Error| failure(error.reason(), &chain(&error));
    let Some(kind) = discover_named(wanted, client).await.map_err(failed)? else {
        let message = "a path names it, and the API server does not serve it";
        return Err(failure("NotFound", message));
    };
    if may_follow(client, &kind).await.map_err(failed)? {
        return Ok(kind);
    }
    let message = format!(
        "a path names it, and the operator may not list and watch it: add {}.{}/{} to \
         judging.extraKinds of the chart",
        kind.plural, kind.group, kind.version
    );
    Err(failure("Forbidden", &message))
}

fn elector(settings: &RunSettings, client: Client, identity: &str) -> Option<LeaderElector> {
    let namespace = settings
        .lease_namespace
        .clone()
        .unwrap_or_else(|| client.default_namespace().to_owned());
    settings
        .leader_elect
        .then(|| LeaderElector::new(client, &namespace, identity))
}

fn elect(elector: Option<LeaderElector>, context: &Arc<Context>) -> JoinHandle<()> {
    let context = context.clone();
    tokio::spawn(async move {
        match elector {
            Some(elector) => elector.run(&context.leadership).await,
            None => context.leadership.hold_for_good(),
        }
    })
}

async fn release(elector: Option<LeaderElector>, context: &Context) {
    let Some(elector) = elector else { return };
    if let Err(error) = elector.release(&context.leadership).await {
        warn!(reason = error.reason(), error = %chain(&error), "failed to release the Lease; it will lapse");
    }
}

/// A name that identifies this replica for ever: the host, the process, and when it started.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "goldenpath".to_owned());
    let started = SystemTime::now().duration_since(UNIX_EPOCH);
    let started = started.unwrap_or_default().as_nanos();
    format!("{host}_{}_{started:x}", std::process::id())
}

/// Whether this process runs in a pod, as kube's configuration decides it.
fn in_cluster() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}
