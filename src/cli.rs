//! The command line: types that clap reads, with help that teaches. Every flag has an environment
//! variable where a container would set it. Nothing is decided or performed here.

mod decide;
mod except;
mod import;
mod judging;
mod preview;
#[cfg(feature = "cluster")]
mod probe;
mod register;
mod run;
mod selector;
mod upkeep;
mod workload_name;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

#[cfg(feature = "cluster")]
pub use decide::WordCommand;
pub use decide::{CloseArgs, RejectArgs, RenewArgs};
pub use except::{ApproveArgs, ExceptArgs, ReviewArgs, end};
pub use import::ImportArgs;
pub use judging::{ExtraKind, JudgingArgs, PathsFrom, instant};
pub use preview::PreviewArgs;
#[cfg(feature = "cluster")]
pub use probe::ProbeArgs;
pub use register::{ExceptionsArgs, InboxArgs};
pub use run::{APPROVAL_POLICY, DigestArgs, LogFormat, OnOff, Reports, RunArgs};
pub use selector::LabelQuery;
pub use upkeep::{CleanupArgs, CompletionArgs, DemoArgs, Shell};
pub use workload_name::WorkloadName;

const ABOUT: &str = "Makes golden-path adoption visible. Never blocks a workload.";
const LONG_ABOUT: &str = "\
Makes golden-path adoption visible: which services are on the path, which took a route of their \
own that was agreed, and which nobody has spoken for yet. It labels, explains, counts and reminds. \
It never blocks a workload.

Start without a cluster:      goldenpath scan deploy/ --paths starter
Or without installing it:     goldenpath report --paths starter
Ask about one workload:       goldenpath why deploy/web -n shop";

/// The whole command line.
#[derive(Parser, Debug)]
#[command(name = "goldenpath", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line of this process. As kubectl's plugin, usage says `kubectl goldenpath`.
    ///
    /// # Errors
    /// When help is asked for, or the command line is wrong.
    pub fn read() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let program = std::env::args_os().next();
        if program.as_deref().is_some_and(is_plugin) {
            command = command.bin_name("kubectl goldenpath");
        }
        Self::from_arg_matches(&command.try_get_matches()?)
    }
}

fn is_plugin(program: &OsStr) -> bool {
    let name = Path::new(program).file_stem().and_then(OsStr::to_str);
    name.is_some_and(|name| name.starts_with("kubectl-goldenpath"))
}

/// What every command understands.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME", env = "GOLDENPATH_CONTEXT")]
    pub context: Option<String>,

    /// The kubeconfig file [default: as kubectl]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The namespace; for manifests, the one of those that name none
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        env = "GOLDENPATH_NAMESPACE"
    )]
    pub namespace: Option<String>,

    /// All namespaces
    #[arg(short = 'A', long, global = true, conflicts_with = "namespace")]
    pub all_namespaces: bool,

    /// How to print
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t
    )]
    pub output: Format,

    /// When to use colour; `NO_COLOR` is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,

    /// Judge as of this instant: RFC 3339, or a date [default: now]
    #[arg(long, global = true, value_name = "INSTANT", value_parser = instant)]
    pub as_of: Option<Timestamp>,

    /// How much is logged: error, warn, info, debug or trace, or a tracing filter
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "GOLDENPATH_LOG_LEVEL",
        default_value = "info"
    )]
    pub log_level: String,

    /// How logs are written
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        env = "GOLDENPATH_LOG_FORMAT",
        default_value_t
    )]
    pub log_format: LogFormat,
}

/// How a report is printed.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// The report as JSON
    Json,
    /// The report as YAML
    Yaml,
}

/// When colour is used.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the operator
    #[cfg(feature = "cluster")]
    #[command(long_about = run::HELP)]
    Run(Box<RunArgs>),
    /// Judge manifests, without a cluster
    #[command(long_about = SCAN_HELP, after_long_help = SCAN_EXAMPLES)]
    Scan(ScanArgs),
    /// Judge a cluster, without installing anything
    #[command(long_about = REPORT_HELP, after_long_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Explain one workload: what is right, what is missing, what to do next
    #[command(long_about = WHY_HELP, after_long_help = WHY_EXAMPLES)]
    Why(WhyArgs),
    /// Draft an exception: another route, with a reason and a cost
    #[command(long_about = except::HELP, after_long_help = except::EXAMPLES)]
    Except(Box<ExceptArgs>),
    /// A word to an exception that is there.
    #[cfg(feature = "cluster")]
    #[command(flatten)]
    Say(WordCommand),
    /// What waits for you: requests to decide, exceptions of yours to look at
    #[cfg(feature = "cluster")]
    #[command(long_about = register::INBOX_HELP, after_long_help = register::INBOX_EXAMPLES)]
    Inbox(InboxArgs),
    /// Show what owners would be reminded of now
    #[cfg(feature = "cluster")]
    #[command(long_about = run::DIGEST_HELP, after_long_help = run::DIGEST_EXAMPLES)]
    Digest(DigestArgs),
    /// The register of exceptions, what needs a human next first
    #[command(long_about = register::HELP, after_long_help = register::EXAMPLES)]
    Exceptions(ExceptionsArgs),
    /// Try a draft: who would leave a path, join it, or be covered
    #[command(long_about = preview::HELP, after_long_help = preview::EXAMPLES)]
    Preview(Box<PreviewArgs>),
    /// Draft exceptions from what other tools were told to ignore
    #[command(long_about = import::HELP, after_long_help = import::EXAMPLES)]
    Import(Box<ImportArgs>),
    /// Print the custom resource definitions as YAML
    Crds,
    /// Print what completes commands in your shell
    #[command(long_about = upkeep::COMPLETION_HELP)]
    Completion(CompletionArgs),
    /// Remove every label this operator ever wrote
    #[cfg(feature = "cluster")]
    #[command(long_about = upkeep::CLEANUP_HELP)]
    Cleanup(CleanupArgs),
    /// Ask whether an address answers as expected, for `helm test`
    #[cfg(feature = "cluster")]
    #[command(long_about = probe::HELP, after_long_help = probe::EXAMPLES)]
    Probe(ProbeArgs),
    /// Start a throwaway cluster with examples, and look around
    #[cfg(feature = "demo")]
    #[command(long_about = upkeep::DEMO_HELP)]
    Demo(DemoArgs),
}

const SCAN_HELP: &str = "\
Judge manifests, without a cluster. Reads files, directories (every .yaml, .yml and .json below \
them) and standard input (-). Golden paths, exceptions and namespaces among them are used; \
--paths adds more. Built-in kinds get the API server's defaults first, so that a manifest and \
its stored object get the same verdict.

Exit code: 0 nothing at or above --fail-on, 1 something was, 2 the input cannot be used.";
const SCAN_EXAMPLES: &str = "\
Examples:
  goldenpath scan deploy/ paths/
  goldenpath scan deploy/ --paths starter
  helm template . | goldenpath scan - --paths paths/web-service.yaml
  kustomize build overlays/prod | goldenpath scan - --paths paths/ -n shop -o json
  goldenpath scan . --explain --fail-on none";

/// Flags of `scan`.
#[derive(Args, Clone, Debug, Default)]
pub struct ScanArgs {
    /// Files and directories; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub files: Vec<PathBuf>,

    /// More golden paths: a file or directory, or `starter` for the built-in ones
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Exit with 1 from which state of a service on
    #[arg(
        long,
        value_enum,
        value_name = "STATE",
        default_value_t,
        env = "GOLDENPATH_FAIL_ON"
    )]
    pub fail_on: FailOn,

    /// Explain every workload that is not on its path
    #[arg(long)]
    pub explain: bool,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// From which state on `scan` exits with 1. Each includes those before it.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailOn {
    /// Never
    None,
    /// Deviations nobody speaks for: undocumented, or agreed once and ended
    #[default]
    Undocumented,
    /// Also those asked for and not yet decided
    Pending,
    /// Also those whose review is late
    ReviewOverdue,
    /// Every deviation, agreed ones too
    Deviating,
    /// Also where a check could not be evaluated
    Unknown,
}

const REPORT_HELP: &str = "\
Judge a cluster, without installing anything: rights to list are enough. Says how many services \
are on their path, on an agreed route of their own, or not spoken for; then each workload, closest \
to done first, and every exception.";
const REPORT_EXAMPLES: &str = "\
Examples:
  goldenpath report
  goldenpath report --paths starter          (nothing has to be installed)
  goldenpath report -n shop -o wide
  goldenpath report --from deploy/ -o json   (manifests instead of a cluster)";

/// Flags of `report`.
#[derive(Args, Clone, Debug, Default)]
pub struct ReportArgs {
    /// Golden paths to judge by instead of the cluster's: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Judge the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

const WHY_HELP: &str = "\
Explain one workload: every step of its path with what is right, what is missing and how to fix \
it, the state of its exceptions, whose turn it is, and how to note a reason for going another way.";
const WHY_EXAMPLES: &str = "\
Examples:
  goldenpath why deploy/web -n shop
  goldenpath why sts/db
  goldenpath why deployment/web --from deploy/   (manifests instead of a cluster)";

/// Flags of `why`.
#[derive(Args, Clone, Debug, Default)]
pub struct WhyArgs {
    /// The workload, as KIND/NAME; kinds may be short as with kubectl
    #[arg(value_name = "KIND/NAME")]
    pub target: WorkloadName,

    /// Golden paths to judge by instead of the cluster's: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Judge the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

#[cfg(test)]
mod tests;
