//! `goldenpath demo`: a throwaway real Kubernetes API on loopback, the examples in it, the
//! operator beside it. It reads no kubeconfig of the user and touches no cluster of theirs.

mod examples;
mod policy;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use goldenpath_e2e::{Binaries, ControlPlane, Options, Tool};
use tokio::sync::{oneshot, watch};

use crate::assess::settings::Settings;
use crate::cli::{APPROVAL_POLICY, DemoArgs, GlobalArgs, Reports};
use crate::cluster::{Observer, RunSettings, Target};
use crate::operate::{self, Listen};
use crate::report::metrics;
use crate::{api, print, screen};
use examples::EXAMPLES;

/// How long the operator may take to label the examples.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The throwaway cluster cannot be had.
    #[error("failed to start a throwaway cluster")]
    Cluster(#[from] goldenpath_e2e::Error),
    /// The operator failed.
    #[error(transparent)]
    Operate(#[from] operate::Error),
    /// The operator did not get done.
    #[error("the examples were not labelled within {} s: {waiting}", PATIENCE.as_secs())]
    Overdue {
        /// What was still missing.
        waiting: String,
    },
    /// The output does not take it.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// A part of the demo came to an end it should not have.
    #[error("the demo ended before it was shown")]
    Ended,
}

/// Shows everything, until Ctrl-C or, with `--once`, until the report is printed.
///
/// # Errors
/// When the cluster cannot be started, or the operator does not get done.
pub fn run(args: &DemoArgs, global: &GlobalArgs) -> Result<(), Error> {
    let began = Instant::now();
    operate::log(global, "warn");
    let cluster = start()?;
    furnish(&cluster)?;
    say("running the operator");
    operate::runtime()?.block_on(async {
        let stop = watch::Sender::new(false);
        let (tell, told) = oneshot::channel();
        let mut asked = stop.subscribe();
        let until = async move {
            let _ = asked.wait_for(|stop| *stop).await;
        };
        let settings = settings(&cluster);
        let listen = loopback();
        let operator = tokio::spawn(async move {
            let listening = |listen, observer| {
                // Nobody listens where the demo has ended meanwhile.
                let _ = tell.send((listen, observer));
            };
            operate::operate(settings, listen, until, listening).await
        });
        let shown = match told.await {
            Ok((listen, observer)) => show(&cluster, (listen, &observer), global, began).await,
            Err(_) => Err(Error::Ended),
        };
        if shown.is_ok() && !args.once {
            operate::stop_signal()?.await;
        }
        stop.send_replace(true);
        let ended = operator.await;
        shown?;
        Ok(ended.map_err(|_| Error::Ended)??)
    })
}

fn start() -> Result<ControlPlane, Error> {
    let options = Options::default();
    let binaries = Binaries::locate_or_build(&options.tools(), |progress| {
        say(&progress.to_string());
    })?;
    say("starting etcd and kube-apiserver on loopback");
    Ok(ControlPlane::start_with(&binaries, &options)?)
}

/// Definitions first, then the examples; the policy last, as it asks who writes an approval, and the
/// examples' were made by people the demo does not have.
fn furnish(cluster: &ControlPlane) -> Result<(), Error> {
    say("installing the resource definitions");
    let definitions: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
    cluster.define(&definitions)?;
    say("applying the examples: paths, workloads of eight teams, exceptions");
    for (_, content) in EXAMPLES {
        cluster.apply(content)?;
    }
    say("installing the policy that vouches for approvals from now on");
    cluster.apply(&policy::manifests())?;
    Ok(())
}

fn settings(cluster: &ControlPlane) -> RunSettings {
    RunSettings {
        target: Target {
            kubeconfig: Some(cluster.kubeconfig().to_owned()),
            context: None,
        },
        judging: Settings::default(),
        extra_kinds: Vec::new(),
        metrics: metrics::Options::default(),
        reports: Reports::Off,
        leader_elect: false,
        reminders: None,
        lease_namespace: None,
        approval_policy: Some(APPROVAL_POLICY.to_owned()),
    }
}

const fn loopback() -> Listen {
    Listen {
        pages: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        operations: None,
    }
}

async fn show(
    cluster: &ControlPlane,
    (listen, observer): (Listen, &Observer),
    global: &GlobalArgs,
    began: Instant,
) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    while observer.unsettled() != Some(0) {
        if Instant::now() > deadline {
            let waiting = observer.pending().join("; ");
            return Err(Error::Overdue { waiting });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    say(&format!(
        "everything is labelled, {:.1} s after the start",
        began.elapsed().as_secs_f64()
    ));
    let report = observer.report().ok_or(Error::Ended)?;
    let mut out = print::stdout(global);
    // Whoever follows its hints means this cluster, not their own.
    let this_cluster = format!("--kubeconfig {}", cluster.kubeconfig().display());
    print::report(&report, global, &this_cluster, &mut out)?;
    signposts(cluster, listen, &mut out).map_err(print::Error::from)?;
    Ok(())
}

/// Where to go from here. On standard error, so that `-o json` stays JSON.
fn signposts(cluster: &ControlPlane, listen: Listen, out: &mut dyn Write) -> io::Result<()> {
    out.flush()?;
    let address = listen.pages;
    let kubectl = cluster.binaries().path(Tool::Kubectl);
    let kubectl = kubectl.map_or("kubectl".to_owned(), |path| path.display().to_string());
    let mut err = screen::stderr();
    writeln!(err)?;
    writeln!(err, "page       http://{address}/")?;
    writeln!(err, "report     http://{address}/api/v1/report")?;
    writeln!(err, "metrics    http://{address}/metrics")?;
    writeln!(
        err,
        "cluster    export KUBECONFIG={}",
        cluster.kubeconfig().display()
    )?;
    let columns = "goldenpath.dev/status,goldenpath.dev/deviation";
    writeln!(err, "labels     {kubectl} get deployments -A -L {columns}")?;
    writeln!(err, "Ctrl-C ends all of it; nothing stays behind.")
}

/// What is going on, on standard error.
fn say(line: &str) {
    screen::say(&format!("{line}\n"));
}
