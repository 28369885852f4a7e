//! `goldenpath run`: the cluster's operator, the HTTP server and the post, wired together. The server comes
//! first, so that liveness is answered from the start, and goes last.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::info;
use tracing_subscriber::EnvFilter;

use crate::assess::reminders::{Delivery, Message};
use crate::assess::settings::OnApply;
use crate::cli::{GlobalArgs, LogFormat, OnOff, RunArgs};
use crate::cluster::{self, Courier, Observer, Operator, Reminders, RunSettings, Target};
use crate::notify::{self, Post};
use crate::report::document::encode;
use crate::report::metrics;
use crate::report::terminal::plain::plain;
use crate::screen;
use crate::screen::log::{LogWriter, fields};
use crate::server::{self, Readiness, Source};

/// Why the operator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster's side failed.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The configuration of reminders cannot be used.
    #[error(transparent)]
    Notify(#[from] notify::Error),
    /// An address cannot be listened on.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server ended by itself.
    #[error("the HTTP server ended")]
    Served,
    /// The process cannot be set up: threads, signals.
    #[error("failed to start")]
    Start(#[source] io::Error),
}

impl Error {
    /// A word for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Cluster(error) => error.reason(),
            Self::Notify(error) => error.reason(),
            Self::Listen { .. } => "Listen",
            Self::Served => "Served",
            Self::Start(_) => "Start",
        }
    }
}

/// Where the operator listens.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// Page and API; metrics and health too unless they are split off.
    pub pages: SocketAddr,
    /// Metrics and health, where they are split off.
    pub operations: Option<SocketAddr>,
}

/// `goldenpath run`, until SIGTERM or Ctrl-C.
///
/// # Errors
/// When it cannot start. What fails later is said and tried again.
pub fn run(args: &RunArgs, global: &GlobalArgs) -> Result<(), Error> {
    log(global, &global.log_level);
    let listen = Listen {
        pages: args.listen,
        operations: args.metrics_listen,
    };
    runtime()?.block_on(async {
        let stop = stop_signal()?;
        operate(settings(args, global)?, listen, stop, |_, _| {}).await
    })
}

fn settings(args: &RunArgs, global: &GlobalArgs) -> Result<RunSettings, Error> {
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
    let reminders = args.notify_config.as_deref().map(reminders).transpose()?;
    Ok(RunSettings {
        target: target(global),
        judging,
        extra_kinds: args.judging.extra_kind.clone(),
        metrics: exposed(args),
        reports: args.reports,
        leader_elect: args.leader_elect,
        lease_namespace: args.lease_namespace.clone(),
        approval_policy: Some(args.approval_policy.clone()).filter(|name| !name.is_empty()),
        reminders,
    })
}

/// What is reminded of is planned by the cluster's side and sent by the post.
fn reminders(config: &Path) -> Result<Reminders, Error> {
    let config = notify::Config::read(config)?;
    Ok(Reminders {
        courier: Arc::new(Post::new(&config)?),
        settings: config.settings,
    })
}

impl Courier for Post {
    fn carry<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(message))
    }
}

fn exposed(args: &RunArgs) -> metrics::Options {
    metrics::Options {
        namespace_label: args.metrics_by_namespace,
        max_teams: args.metrics_max_teams,
        workload_info: args.metrics_workload_info,
    }
}

/// The cluster the command line names.
pub fn target(global: &GlobalArgs) -> Target {
    Target {
        kubeconfig: global.kubeconfig.clone(),
        context: global.context.clone(),
    }
}

/// Runs operator and server until `stop` ends; `listening` is told the addresses in use and what
/// the operator can be asked through.
///
/// # Errors
/// As [`run`].
pub async fn operate(
    settings: RunSettings,
    listen: Listen,
    stop: impl Future<Output = ()>,
    listening: impl FnOnce(Listen, Observer),
) -> Result<(), Error> {
    let operator = Operator::connect(settings).await?;
    let close = watch::Sender::new(false);
    let mut servers = JoinSet::new();
    let source: Arc<dyn Source> = Arc::new(operator.observer());
    let bound = open(listen, &source, (&mut servers, &close)).await?;
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
        Err(Error::Served)
    }
}

type Servers<'a> = (&'a mut JoinSet<io::Result<()>>, &'a watch::Sender<bool>);

async fn open(
    listen: Listen,
    source: &Arc<dyn Source>,
    (servers, close): Servers<'_>,
) -> Result<Listen, Error> {
    let limits = server::Limits::default();
    let (pages, pages_at) = bind(listen.pages).await?;
    let Some(operations) = listen.operations else {
        let routes = server::everything(source.clone());
        servers.spawn(server::serve(pages, routes, limits, close.subscribe()));
        return Ok(Listen {
            pages: pages_at,
            operations: None,
        });
    };
    let (operations, operations_at) = bind(operations).await?;
    let routes = server::operations(source.clone());
    servers.spawn(server::serve(operations, routes, limits, close.subscribe()));
    let routes = server::pages(source.clone());
    servers.spawn(server::serve(pages, routes, limits, close.subscribe()));
    Ok(Listen {
        pages: pages_at,
        operations: Some(operations_at),
    })
}

async fn bind(address: SocketAddr) -> Result<(tokio::net::TcpListener, SocketAddr), Error> {
    let refused = |source| Error::Listen { address, source };
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

    fn report(&self) -> Option<Vec<u8>> {
        let json = encode::json(&Self::report(self)?).ok()?;
        Some(json.into_bytes())
    }
}

/// The threads everything runs on. One worker is enough: it waits for the API server nearly all the
/// time, and each further one costs megabytes of memory the allocator keeps for it.
///
/// # Errors
/// When the system gives none.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(Error::Start)
}

/// Ends with SIGTERM or Ctrl-C.
///
/// # Errors
/// When signals cannot be waited for.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Start)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Logs to standard error from now on, what `filter` lets through. A second call changes nothing.
pub fn log(global: &GlobalArgs, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // What its watches meet is said by ours, once.
    let filter = match "kube_runtime=error".parse() {
        Ok(quieter) => filter.add_directive(quieter),
        Err(_) => filter,
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter);
    // Where somebody has set up logging already, theirs stays.
    let _ = match global.log_format {
        LogFormat::Text => {
            let color = screen::colors_errors(global.color);
            let logs = logs.with_ansi(color).fmt_fields(fields());
            logs.with_writer(move || LogWriter::Text(color)).try_init()
        }
        LogFormat::Json => logs.json().with_writer(|| LogWriter::Json).try_init(),
    };
}
