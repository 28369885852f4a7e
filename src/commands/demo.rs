//! `goldenpath demo`: a throwaway real Kubernetes API on loopback, the examples in it, the
//! operator beside it. It reads no kubeconfig of the user and touches no cluster of theirs.

mod examples;
mod policy;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use clap::Args;
use goldenpath_e2e::{Binaries, ControlPlane, Options, Tool};
use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

use super::error::{CommandError, ErrorKind, Result};
use super::output::{self, TableFormat};
use super::run::{APPROVAL_POLICY, Listen, operate};
use super::runtime::{self, LogFormat};
use super::{Exit, Invocation, terminal};
use crate::api::keys::FIELD_MANAGER;
use crate::api::{self, Period};
use crate::assess::settings::{DeliverySettings, Settings};
use crate::cluster::{Measuring, Observer, RunSettings, Target};
use crate::manifests::examples::moved;
use crate::report::metrics;
use crate::report::terminal::summary;
use crate::server::BasePath;
use examples::{EXAMPLES, RECORDS};

/// How often key results are measured.
const MEASURED_EVERY: Period = Period::seconds(60);
/// How long the operator may take to label the examples.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often to check that.
const POLL_EVERY: Duration = Duration::from_millis(100);

pub(super) const HELP: &str = "\
Start a throwaway real Kubernetes API on loopback, install the chart's objects and the examples, \
run the operator, and print the adoption report and the addresses of its page and metrics. Runs \
until interrupted. Never touches a cluster of yours.

The binaries come from KUBEBUILDER_ASSETS, else from an earlier build, else they are built, which \
takes some minutes and happens once.";

/// Flags of `demo`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoArgs {
    /// Stop after the report
    #[arg(long)]
    pub once: bool,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TableFormat,
}

/// Shows everything until Ctrl-C or, with `--once`, until the report is printed.
pub(super) fn run(args: &DemoArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let began = Instant::now();
    runtime::log("warn", LogFormat::Text, invocation.global.color);
    let cluster = start()?;
    install(&cluster, invocation.now)?;
    progress_line("running the operator");
    runtime::start()?.block_on(async {
        let stop = watch::Sender::new(false);
        let (sender, receiver) = oneshot::channel();
        let mut stopped = stop.subscribe();
        let until = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let settings = settings(&cluster);
        let listen = loopback();
        let operator = tokio::spawn(async move {
            let listening = |listen, observer| {
                // The demo may have ended meanwhile, and the receiver with it.
                let _ = sender.send((listen, observer));
            };
            operate(settings, listen, None, until, listening).await
        });
        let shown = match receiver.await {
            Ok((listen, observer)) => match settle(&observer).await {
                Ok(()) => show(&cluster, &listen, &observer, began, args, invocation),
                Err(error) => Err(error),
            },
            Err(_) => Err(ErrorKind::Ended("the operator").into()),
        };
        if shown.is_ok() && !args.once {
            runtime::stop_signal()?.await;
        }
        stop.send_replace(true);
        let ended = operator.await;
        shown?;
        ended.map_err(|_| ErrorKind::Ended("the operator"))?
    })?;
    Ok(Exit::Fine)
}

fn start() -> Result<ControlPlane> {
    let options = Options::default();
    let binaries = Binaries::locate_or_build(&options.tools(), |progress| {
        progress_line(&progress.to_string());
    })?;
    progress_line("starting etcd and kube-apiserver on loopback");
    Ok(ControlPlane::start_with(&binaries, &options)?)
}

/// Definitions first, then the examples, moved to today; the policy last, because it checks who writes an approval,
/// and the people who approved the examples do not exist in the demo.
fn install(cluster: &ControlPlane, now: Timestamp) -> Result<()> {
    progress_line("installing the resource definitions");
    let definitions: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
    cluster.define(&definitions)?;
    progress_line("applying the examples: paths, workloads of eight teams, exceptions");
    for (_, content) in EXAMPLES {
        cluster.apply(&moved(content, now))?;
    }
    progress_line("applying an invented quarter of their rollouts");
    let records = moved(RECORDS, now);
    cluster.apply(&records)?;
    cluster.apply_status(&records, FIELD_MANAGER)?;
    progress_line("installing the policy that verifies approvals from now on");
    cluster.apply(&policy::manifests())?;
    Ok(())
}

fn settings(cluster: &ControlPlane) -> RunSettings {
    RunSettings {
        target: Target {
            kubeconfig: Some(cluster.kubeconfig().to_owned()),
            ..Target::default()
        },
        judging: Settings {
            delivery: Some(DeliverySettings::default()),
            ..Settings::default()
        },
        extra_kinds: Vec::new(),
        metrics: metrics::Options::default(),
        report_formats: &[],
        leader_elect: false,
        reminders: None,
        measuring: Measuring {
            source: None,
            every: MEASURED_EVERY,
        },
        sink: None,
        lease_namespace: None,
        approval_policy: Some(APPROVAL_POLICY.to_owned()),
    }
}

fn loopback() -> Listen {
    Listen {
        pages: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        operations: None,
        base: BasePath::default(),
    }
}

/// Waits until every example has its labels.
async fn settle(observer: &Observer) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while observer.unsettled() != Some(0) {
        if Instant::now() > deadline {
            return Err(ErrorKind::Overdue {
                seconds: PATIENCE.as_secs(),
                pending: observer.pending().join("; "),
            }
            .into());
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
    Ok(())
}

fn show(
    cluster: &ControlPlane,
    listen: &Listen,
    observer: &Observer,
    began: Instant,
    args: &DemoArgs,
    invocation: &Invocation<'_>,
) -> Result<()> {
    progress_line(&format!(
        "everything is labelled, {:.1} s after the start",
        began.elapsed().as_secs_f64()
    ));
    let view = observer.report_view();
    let report = view.ok_or(ErrorKind::Ended("the operator"))?.report();
    let mut out = output::stdout(invocation.global);
    // The commands that the report suggests are about this cluster.
    let flags = format!("--kubeconfig {}", cluster.kubeconfig().display());
    args.output
        .write(&report, invocation.global, &mut out, |report, style| {
            summary::whole_or_summary(report, style, &flags)
        })?;
    signposts(cluster, listen, &mut out).map_err(CommandError::output)
}

/// Where to go next, on stderr, so that `-o json` stays JSON.
fn signposts(cluster: &ControlPlane, listen: &Listen, out: &mut dyn Write) -> io::Result<()> {
    out.flush()?;
    let address = listen.pages;
    let kubectl = cluster
        .binaries()
        .path(Tool::Kubectl)
        .map_or("kubectl".to_owned(), |path| path.display().to_string());
    let mut err = terminal::stderr();
    writeln!(err)?;
    writeln!(err, "page       http://{address}/")?;
    writeln!(err, "contrast   http://{address}/contrast")?;
    writeln!(err, "report     http://{address}/api/v1/report")?;
    writeln!(err, "metrics    http://{address}/metrics")?;
    writeln!(
        err,
        "cluster    export KUBECONFIG={}",
        cluster.kubeconfig().display()
    )?;
    let columns = "goldenpath.dev/status,goldenpath.dev/deviation";
    writeln!(err, "labels     {kubectl} get deployments -A -L {columns}")?;
    writeln!(err, "Ctrl-C stops everything; nothing stays behind.")
}

/// Reports progress on stderr.
fn progress_line(line: &str) {
    terminal::note(&format!("{line}\n"));
}
