//! `goldenpath serve`: the page, the API and metrics of manifests, on loopback and without a cluster. It
//! follows changes of the files. It writes nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;

use super::error::Result;
use super::evidence;
use super::judging::JudgingArgs;
use super::{Exit, Invocation, page_server, runtime, terminal};
use crate::assess::delivery::tallies::Tallies;
use crate::assess::inventory::Inventory;
use crate::assess::planner::objectives::Unfollowed;
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;
use crate::manifests::{self, PathsFrom, Stamp};
use crate::report::document::view::ReportView;
use crate::report::metrics;
use crate::server::{self, BasePath, Readiness, Source};

pub(super) const HELP: &str = "\
Serve the operator's page, API and metrics for manifests, without a cluster: on loopback, unless \
--listen says otherwise. An open page follows changes of the files.

Everyone who reaches the address can read everything, so listen on another address only in a network \
that may.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath serve --from deploy/ --paths paths/
  goldenpath serve --from . --paths starter --listen 127.0.0.1:9000";

/// How often the files are compared, at most.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Flags of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Judge the manifests in this directory
    #[arg(long, required = true, value_name = "DIR", value_parser = place, help_heading = "What is read")]
    pub from: Vec<PathBuf>,

    /// More golden paths: a file or directory, or `starter` for the built-in ones
    #[arg(long, value_name = "FILE|starter", help_heading = "What is read")]
    pub paths: Vec<PathsFrom>,

    /// Address to serve on; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Path that a proxy puts before every address, such as /goldenpath, where it does not take it off
    #[arg(
        long,
        value_name = "PATH",
        default_value = "",
        hide_default_value = true,
        value_parser = BasePath::parse
    )]
    pub base_path: BasePath,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Standard input cannot be read again.
fn place(text: &str) -> Result<PathBuf, &'static str> {
    match text {
        "-" => Err("name a directory or a file: standard input cannot be read again"),
        text => Ok(text.into()),
    }
}

/// Serves until SIGTERM or Ctrl-C.
pub(super) fn run(args: &ServeArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let source = Arc::new(Files::read(args, invocation)?);
    let base = &args.base_path;
    let routes = server::everything(source).behind(base.clone());
    runtime::start()?.block_on(page_server::serve(args.listen, routes, |bound| {
        terminal::note(&format!("page       http://{bound}{base}/\n"));
    }))
}

/// Manifests, read again when a file changes.
struct Files {
    args: ServeArgs,
    namespace: String,
    /// The instant that is judged for; now where absent.
    as_of: Option<Timestamp>,
    state: Mutex<State>,
}

/// What was read.
struct State {
    inventory: Inventory,
    problems: Vec<Problem>,
    checked: Instant,
    stamps: Vec<Stamp>,
    /// Counts the changes of the files.
    version: u64,
    /// The version that the inventory is of.
    read: u64,
}

impl Files {
    fn read(args: &ServeArgs, invocation: &Invocation<'_>) -> Result<Self> {
        let namespace = invocation.global.default_namespace().to_owned();
        // Before the files are read: a change meanwhile is read next time.
        let stamps = manifests::stamps(&args.from, &args.paths);
        let input = manifests::input(&args.from, &args.paths, &namespace, &mut std::io::empty())?;
        let as_of = evidence::day_of(&input, invocation);
        let now = as_of.unwrap_or(invocation.now);
        let judging = &args.judging;
        let mut loaded = manifests::load(input, judging.settings(), &judging.kinds.extra_kind, now);
        measure(&mut loaded.inventory, now);
        Ok(Self {
            args: args.clone(),
            namespace,
            as_of,
            state: Mutex::new(State {
                inventory: loaded.inventory,
                problems: loaded.problems,
                checked: Instant::now(),
                stamps,
                version: 1,
                read: 1,
            }),
        })
    }

    /// The state, after the files were compared.
    fn compared(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.checked.elapsed() >= CHECK_EVERY {
            let stamps = manifests::stamps(&self.args.from, &self.args.paths);
            if stamps != state.stamps {
                state.stamps = stamps;
                state.version += 1;
            }
            state.checked = Instant::now();
        }
        state
    }

    /// The state of the files as they are.
    fn current(&self) -> MutexGuard<'_, State> {
        let mut state = self.compared();
        if state.read < state.version {
            self.read_again(&mut state);
        }
        state
    }

    /// Keeps the last known state where a file cannot be read, and says so.
    fn read_again(&self, state: &mut State) {
        let args = &self.args;
        let input = manifests::input(
            &args.from,
            &args.paths,
            &self.namespace,
            &mut std::io::empty(),
        );
        state.read = state.version;
        match input {
            Ok(input) => {
                let extra = &args.judging.kinds.extra_kind;
                let now = self.now();
                let mut loaded = manifests::load(input, args.judging.settings(), extra, now);
                measure(&mut loaded.inventory, now);
                state.inventory = loaded.inventory;
                state.problems = loaded.problems;
            }
            Err(error) => {
                let message = format!("{error}; this is the last known state");
                state.problems = vec![Problem::new("files", message)];
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.as_of.unwrap_or_else(Timestamp::now)
    }
}

/// No operator follows files.
fn measure(inventory: &mut Inventory, now: Timestamp) {
    Unfollowed::all(inventory).measure(inventory, Vec::new(), now);
}

impl Source for Files {
    fn readiness(&self) -> Readiness {
        Readiness::default()
    }

    fn metrics(&self) -> String {
        let Some(view) = self.view() else {
            return String::new();
        };
        let as_of = AsOf::new(view.as_of);
        let counted = metrics::Counted {
            contributions: &view.contributions,
            register: &view.register,
            tallies: &Tallies::default(),
        };
        let options = metrics::Options::default();
        let text = metrics::exposition(&view.inventory, &counted, &as_of, &options);
        text.unwrap_or_default()
    }

    fn version(&self) -> Option<u64> {
        Some(self.compared().version)
    }

    fn view(&self) -> Option<Arc<ReportView>> {
        let state = self.current();
        let view = ReportView::of(&state.inventory, self.now(), state.problems.clone());
        let version = state.read;
        Some(Arc::new(ReportView { version, ..view }))
    }
}
