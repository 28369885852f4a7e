//! `goldenpath run`: wires operator, HTTP server and reminders together. The server starts first, so
//! that liveness is answered from the start, and stops last.

mod events;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::info;

use self::events::{EventArgs, EventsListen};
use super::error::{ErrorKind, Result};
use super::global::GlobalArgs;
use super::judging::JudgingArgs;
use super::prometheus::PrometheusArgs;
use super::runtime::{self, LogFormat};
use super::{Exit, Invocation};
use crate::api::{Period, keys};
use crate::assess::reminders::{Announcement, Delivery, ReminderMessage};
use crate::assess::settings::{DeliverySettings, OnApply};
use crate::cluster::{Measuring, Observer, Operator, ReminderSender, Reminders, RunSettings};
use crate::notify::{self, WebhookSender};
use crate::proxy::Environment;
use crate::report::document::view::ReportView;
use crate::report::metrics;
use crate::report::policy_report::Format;
use crate::report::terminal::plain::plain;
use crate::server::{self, BasePath, Readiness, Source};

/// The name that the chart gives the policy in a release called goldenpath.
pub const APPROVAL_POLICY: &str = "goldenpath-approval";

pub(super) const HELP: &str = "\
Run the operator. It judges every workload by the golden paths that apply to it, writes labels \
(metadata, nothing else), updates the status of paths and exceptions, and serves metrics and the \
report. It never blocks a workload. With --labels=off it writes nothing to workloads.";

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Address that serves the page, the API, metrics and health
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080",
        env = "GOLDENPATH_LISTEN"
    )]
    pub listen: SocketAddr,

    /// Serve metrics and health on this address instead
    #[arg(long, value_name = "ADDRESS", env = "GOLDENPATH_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Path under which a proxy serves the page, such as /goldenpath; not needed where the proxy takes
    /// it off
    #[arg(
        long,
        value_name = "PATH",
        default_value = "",
        hide_default_value = true,
        value_parser = BasePath::parse,
        env = "GOLDENPATH_BASE_PATH"
    )]
    pub base_path: BasePath,

    /// Whether to write labels
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value_t,
        env = "GOLDENPATH_LABELS"
    )]
    pub labels: OnOff,

    /// Whether to label Kubernetes Services too
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set,
        env = "GOLDENPATH_LABEL_SERVICES"
    )]
    pub label_services: bool,

    /// Write policies that make the API server warn on apply, for paths with `warnOnApply`
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value = "off",
        env = "GOLDENPATH_WARN_ON_APPLY"
    )]
    pub warn_on_apply: OnOff,

    /// Write a policy report per judged workload, in a format that the cluster serves
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        env = "GOLDENPATH_REPORTS"
    )]
    pub reports: ReportMode,

    /// Record the rollouts of each workload, for `kubectl get dlv`
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value = "off",
        default_missing_value = "on",
        num_args = 0..=1,
        require_equals = true,
        env = "GOLDENPATH_DELIVERY"
    )]
    pub delivery: OnOff,

    /// Take the outcome of rollouts from Flagger's canaries, for the workloads that they target
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value = "off",
        default_missing_value = "on",
        num_args = 0..=1,
        require_equals = true,
        requires_if("on", "delivery"),
        env = "GOLDENPATH_FLAGGER"
    )]
    pub flagger: OnOff,

    /// Annotations that may hold the commit time of a workload, in order
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        default_value = keys::COMMIT_TIME,
        env = "GOLDENPATH_COMMIT_TIME_FROM"
    )]
    pub commit_time_from: Vec<String>,

    /// A rollback this soon after a revision became available marks that revision as failed
    #[arg(
        long,
        value_name = "PERIOD",
        default_value = "24h",
        env = "GOLDENPATH_FAILURE_WINDOW"
    )]
    pub failure_window: Period,

    /// Write only while holding a Lease, so that several replicas can run
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set,
        env = "GOLDENPATH_LEADER_ELECT"
    )]
    pub leader_elect: bool,

    /// Namespace of the Lease [default: the operator's own, else default]
    #[arg(long, value_name = "NAME", env = "GOLDENPATH_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// Name of the ValidatingAdmissionPolicy that verifies approvals, and of its binding; if empty,
    /// every approval is Unverified
    #[arg(
        long,
        value_name = "NAME",
        default_value = APPROVAL_POLICY,
        env = "GOLDENPATH_APPROVAL_POLICY"
    )]
    pub approval_policy: String,

    /// Add the label `namespace` to `goldenpath_services`, for recording rules by namespace
    #[arg(long, env = "GOLDENPATH_METRICS_BY_NAMESPACE")]
    pub metrics_by_namespace: bool,

    /// Export `goldenpath_workload_info` for up to N workloads
    #[arg(long, value_name = "N", env = "GOLDENPATH_METRICS_WORKLOAD_INFO")]
    pub metrics_workload_info: Option<usize>,

    /// Teams with metric series of their own; the others share the team `other`
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        env = "GOLDENPATH_METRICS_MAX_TEAMS"
    )]
    pub metrics_max_teams: usize,

    /// Send reminders about exceptions, to the channels configured in this file
    #[arg(long, value_name = "FILE", env = "GOLDENPATH_NOTIFY_CONFIG")]
    pub notify_config: Option<PathBuf>,

    /// Log level: error, warn, info, debug or trace, or a tracing filter
    #[arg(
        long,
        value_name = "LEVEL",
        env = "GOLDENPATH_LOG_LEVEL",
        default_value = "info"
    )]
    pub log_level: String,

    /// Format of logs
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        env = "GOLDENPATH_LOG_FORMAT",
        default_value_t
    )]
    pub log_format: LogFormat,

    /// Received and sent events.
    #[command(flatten)]
    pub events: EventArgs,

    /// How key results of objectives are measured.
    #[command(flatten)]
    pub prometheus: PrometheusArgs,

    /// How often each key result of an objective is measured
    #[arg(
        long,
        value_name = "PERIOD",
        default_value = "1m",
        env = "GOLDENPATH_MEASURE_EVERY",
        help_heading = "Prometheus"
    )]
    pub measure_every: Period,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// A switch.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOff {
    /// On
    #[default]
    On,
    /// Off
    Off,
}

/// Which policy reports to write.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportMode {
    /// None
    #[default]
    Off,
    /// The format that the cluster serves, openreports first
    Auto,
    /// `Report` of openreports.io
    #[value(name = "openreports")]
    OpenReports,
    /// `PolicyReport` of wgpolicyk8s.io
    #[value(name = "wgpolicy")]
    WgPolicy,
}

/// Addresses of the HTTP server.
#[derive(Clone, Debug)]
pub(super) struct Listen {
    /// Page and API; metrics and health too unless they are split off.
    pub(super) pages: SocketAddr,
    /// Metrics and health, where they are split off.
    pub(super) operations: Option<SocketAddr>,
    /// What a proxy puts before every address.
    pub(super) base: BasePath,
}

/// Runs the operator until SIGTERM or Ctrl-C. It fails only where it cannot start: later failures are
/// logged and retried.
pub(super) fn run(args: &RunArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let global = invocation.global;
    runtime::log(&args.log_level, args.log_format, global.color);
    let listen = Listen {
        pages: args.listen,
        operations: args.metrics_listen,
        base: args.base_path.clone(),
    };
    runtime::start()?.block_on(async {
        let stop = runtime::stop_signal()?;
        let events = args.events.listener();
        operate(settings(args, global)?, listen, events, stop, |_, _| {}).await
    })?;
    Ok(Exit::Fine)
}

fn settings(args: &RunArgs, global: &GlobalArgs) -> Result<RunSettings> {
    let mut judging = args.judging.settings();
    judging.labels = match args.labels {
        OnOff::On => true,
        OnOff::Off => false,
    };
    judging.on_apply = match args.warn_on_apply {
        OnOff::On => OnApply::Warn,
        OnOff::Off => OnApply::Silent,
    };
    judging.label_services = args.label_services;
    judging.delivery = match args.delivery {
        OnOff::On => Some(DeliverySettings {
            commit_time_keys: args.commit_time_from.clone(),
            failure_window: args.failure_window,
            has_incidents: args.events.events_listen.is_some(),
            follows_canaries: match args.flagger {
                OnOff::On => true,
                OnOff::Off => false,
            },
        }),
        OnOff::Off => None,
    };
    let reminders = args.notify_config.as_deref().map(reminders).transpose()?;
    Ok(RunSettings {
        target: global.target(),
        judging,
        extra_kinds: args.judging.kinds.extra_kind.clone(),
        metrics: exposed(args),
        report_formats: formats(args.reports),
        leader_elect: args.leader_elect,
        lease_namespace: args.lease_namespace.clone(),
        approval_policy: Some(args.approval_policy.clone()).filter(|name| !name.is_empty()),
        reminders,
        measuring: Measuring {
            source: args.prometheus.source()?,
            every: args.measure_every,
        },
        sink: args.events.sink()?,
    })
}

const fn formats(mode: ReportMode) -> &'static [Format] {
    match mode {
        ReportMode::Off => &[],
        ReportMode::Auto => &Format::ALL,
        ReportMode::OpenReports => &[Format::OpenReports],
        ReportMode::WgPolicy => &[Format::WgPolicy],
    }
}

/// The cluster room plans reminders; the notify room sends them.
fn reminders(config: &Path) -> Result<Reminders> {
    let config = notify::Config::read(config)?;
    Ok(Reminders {
        sender: Arc::new(WebhookSender::new(&config, Environment::read())?),
        settings: config.settings,
    })
}

impl ReminderSender for WebhookSender {
    fn send<'a>(&'a self, message: &'a ReminderMessage) -> BoxFuture<'a, Delivery> {
        Box::pin(self.deliver(message))
    }

    fn announce<'a>(&'a self, announcement: &'a Announcement) -> BoxFuture<'a, Delivery> {
        Box::pin(Self::announce(self, announcement))
    }
}

fn exposed(args: &RunArgs) -> metrics::Options {
    metrics::Options {
        namespace_label: args.metrics_by_namespace,
        max_teams: args.metrics_max_teams,
        workload_info: args.metrics_workload_info,
    }
}

/// Runs operator and server until `stop` ends. `listening` gets the addresses in use and an observer of
/// the operator.
pub(super) async fn operate(
    settings: RunSettings,
    listen: Listen,
    events: Option<EventsListen>,
    stop: impl Future<Output = ()>,
    listening: impl FnOnce(Listen, Observer),
) -> Result<()> {
    let operator = Operator::connect(settings).await?;
    let close = watch::Sender::new(false);
    let mut servers = JoinSet::new();
    let source: Arc<dyn Source> = Arc::new(operator.observer());
    let bound = serve(listen, &source, &mut servers, &close).await?;
    if let Some(events) = events {
        let (listener, address) = bind(events.address).await?;
        let routes = server::events(Arc::new(operator.observer()), events.settings);
        let limits = server::Limits::default();
        servers.spawn(server::serve(listener, routes, limits, close.subscribe()));
        info!(%address, "receiving incidents");
    }
    info!(pages = %bound.pages, metrics = %bound.operations.unwrap_or(bound.pages), "listening");
    listening(bound, operator.observer());
    let mut is_served = true;
    let stop = async {
        tokio::select! {
            () = stop => {}
            _ = servers.join_next() => is_served = false,
        }
    };
    let ended = operator.run(stop).await;
    close.send_replace(true);
    while servers.join_next().await.is_some() {}
    ended?;
    if is_served {
        Ok(())
    } else {
        Err(ErrorKind::Ended("the HTTP server").into())
    }
}

async fn serve(
    listen: Listen,
    source: &Arc<dyn Source>,
    servers: &mut JoinSet<io::Result<()>>,
    close: &watch::Sender<bool>,
) -> Result<Listen> {
    let limits = server::Limits::default();
    let (pages, pages_at) = bind(listen.pages).await?;
    let Some(operations) = listen.operations else {
        let routes = server::everything(source.clone()).behind(listen.base.clone());
        servers.spawn(server::serve(pages, routes, limits, close.subscribe()));
        return Ok(Listen {
            pages: pages_at,
            operations: None,
            base: listen.base,
        });
    };
    let (operations, operations_at) = bind(operations).await?;
    let routes = server::operations(source.clone());
    servers.spawn(server::serve(operations, routes, limits, close.subscribe()));
    let routes = server::pages(source.clone()).behind(listen.base.clone());
    servers.spawn(server::serve(pages, routes, limits, close.subscribe()));
    Ok(Listen {
        pages: pages_at,
        operations: Some(operations_at),
        base: listen.base,
    })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ErrorKind> {
    let refused = |source| ErrorKind::Listen { address, source };
    let listener = server::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

impl Source for Observer {
    fn readiness(&self) -> Readiness {
        Readiness {
            pending: self.pending(),
            notes: self
                .notes()
                .iter()
                .map(|note| plain(note).into_owned())
                .collect(),
        }
    }

    fn metrics(&self) -> String {
        Self::metrics(self)
    }

    fn version(&self) -> Option<u64> {
        Self::version(self)
    }

    fn view(&self) -> Option<Arc<ReportView>> {
        self.report_view()
    }
}
