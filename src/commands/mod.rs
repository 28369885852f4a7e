//! The command line: one file a verb, with its flags and what it does. A command reads through
//! [`evidence`], prints through [`output`], and fails with a [`CommandError`]; what it answers is
//! decided in the rooms it imports.

mod advice;
mod approve;
mod cleanup;
mod close;
mod completion;
mod crds;
mod decision;
mod demand;
#[cfg(feature = "demo")]
mod demo;
mod docs;
mod error;
mod evidence;
mod except;
mod exceptions;
mod export;
mod global;
mod import;
mod inbox;
mod init;
mod judging;
mod objectives;
mod open;
mod operator_report;
mod output;
mod page_server;
mod preview;
mod probe;
mod prometheus;
mod reject;
mod reminders;
mod renew;
mod report;
mod request_renewal;
mod retired;
mod run;
mod runtime;
mod scan;
mod selector;
mod serve;
mod stamp;
mod survey;
pub mod terminal;
mod why;
mod wins;
mod workload_name;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use jiff::Timestamp;

pub use completion::answer_shell;
pub use error::CommandError;
use error::Result;
use global::GlobalArgs;

const ABOUT: &str = "Makes golden-path adoption visible. Never blocks a workload.";
const LONG_ABOUT: &str = "\
Makes golden-path adoption visible: which services are on the path, which have an approved \
exception, and which deviate without one. It labels, explains, counts and reminds. It never blocks \
a workload.

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
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the operator
    #[command(long_about = run::HELP)]
    Run(Box<run::RunArgs>),
    /// Judge manifests, without a cluster
    #[command(long_about = scan::HELP, after_long_help = scan::EXAMPLES)]
    Scan(scan::ScanArgs),
    /// Judge a cluster, without installing anything
    #[command(long_about = report::HELP, after_long_help = report::EXAMPLES)]
    Report(report::ReportArgs),
    /// Open the operator's page in a browser
    #[command(long_about = open::HELP, after_long_help = open::EXAMPLES)]
    Open(open::OpenArgs),
    /// Serve the page of manifests, without a cluster
    #[command(long_about = serve::HELP, after_long_help = serve::EXAMPLES)]
    Serve(Box<serve::ServeArgs>),
    /// Explain one workload: what is right, what is missing, what to do next
    #[command(long_about = why::HELP, after_long_help = why::EXAMPLES)]
    Why(why::WhyArgs),
    /// Draft an exception: a deviation with a reason and a cost
    #[command(long_about = except::HELP, after_long_help = except::EXAMPLES)]
    Except(Box<except::ExceptArgs>),
    /// Approve an exception
    #[command(long_about = approve::HELP, after_long_help = approve::EXAMPLES)]
    Approve(approve::ApproveArgs),
    /// Reject an exception
    #[command(long_about = reject::HELP, after_long_help = reject::EXAMPLES)]
    Reject(reject::RejectArgs),
    /// Renew an exception, as the owner of its path
    #[command(long_about = renew::HELP, after_long_help = renew::EXAMPLES)]
    Renew(renew::RenewArgs),
    /// Ask for an exception of yours to be renewed
    #[command(long_about = request_renewal::HELP, after_long_help = request_renewal::EXAMPLES)]
    RequestRenewal(request_renewal::RequestRenewalArgs),
    /// End an exception for good
    #[command(long_about = close::HELP, after_long_help = close::EXAMPLES)]
    Close(close::CloseArgs),
    /// List what waits for you: requests to decide, exceptions that need attention
    #[command(long_about = inbox::HELP, after_long_help = inbox::EXAMPLES)]
    Inbox(inbox::InboxArgs),
    /// List exceptions, those that need attention first
    #[command(long_about = exceptions::HELP, after_long_help = exceptions::EXAMPLES)]
    Exceptions(exceptions::ExceptionsArgs),
    /// List what keeps services off the paths, ranked
    #[command(long_about = demand::HELP, after_long_help = demand::EXAMPLES)]
    Demand(demand::DemandArgs),
    /// List objectives and key results: progress, guardrails, on track or not
    #[command(long_about = objectives::HELP, after_long_help = objectives::EXAMPLES)]
    Objectives(Box<objectives::ObjectivesArgs>),
    /// Write a documentation site: roadmap, paths, exceptions, personas
    #[command(long_about = docs::HELP, after_long_help = docs::EXAMPLES)]
    Docs(Box<docs::DocsArgs>),
    /// Print the reminders that owners would get now
    #[command(long_about = reminders::HELP, after_long_help = reminders::EXAMPLES)]
    Reminders(reminders::RemindersArgs),
    /// Write the Platform Wins digest of a month
    #[command(long_about = wins::HELP, after_long_help = wins::EXAMPLES)]
    Wins(Box<wins::WinsArgs>),
    /// Preview a draft: which workloads would leave a path, join it, or be covered
    #[command(long_about = preview::HELP, after_long_help = preview::EXAMPLES)]
    Preview(Box<preview::PreviewArgs>),
    /// Propose golden paths from what teams already do
    #[command(long_about = init::HELP, after_long_help = init::EXAMPLES)]
    Init(Box<init::InitArgs>),
    /// Draft exceptions from the ignores of other tools
    #[command(long_about = import::HELP, after_long_help = import::EXAMPLES)]
    Import(Box<import::ImportArgs>),
    /// Export golden paths and exceptions as one bundle
    #[command(long_about = export::HELP, after_long_help = export::EXAMPLES)]
    Export(export::ExportArgs),
    /// Write the commit time into manifests, from git
    #[command(long_about = stamp::HELP, after_long_help = stamp::EXAMPLES)]
    Stamp(stamp::StampArgs),
    /// Ask developers about the platform, and store what groups answer
    #[command(long_about = survey::HELP, after_long_help = survey::EXAMPLES)]
    Survey(survey::SurveyArgs),
    /// Print the custom resource definitions
    Crds(crds::CrdsArgs),
    /// Print a shell completion script
    #[command(long_about = completion::HELP)]
    Completion(completion::CompletionArgs),
    /// Remove every label this operator ever wrote
    #[command(long_about = cleanup::HELP)]
    Cleanup(cleanup::CleanupArgs),
    /// Check the answer of an HTTP address, for `helm test`
    #[command(long_about = probe::HELP, after_long_help = probe::EXAMPLES)]
    Probe(probe::ProbeArgs),
    /// Start a throwaway cluster with examples
    #[cfg(feature = "demo")]
    #[command(long_about = demo::HELP)]
    Demo(demo::DemoArgs),
}

impl Cli {
    /// Parses the command line of this process. As kubectl's plugin, usage shows `kubectl goldenpath`.
    ///
    /// # Errors
    /// When help is asked for, or the command line is wrong.
    pub fn read() -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let program = std::env::args_os().next();
        if program.as_deref().is_some_and(is_plugin) {
            command = command.bin_name("kubectl goldenpath");
        }
        let matches = command.try_get_matches().map_err(retired::renamed)?;
        Self::from_arg_matches(&matches)
    }

    /// Runs the command; `now` is the current second.
    ///
    /// # Errors
    /// When the command fails.
    pub fn run(&self, now: Timestamp) -> Result<Exit> {
        let invocation = &Invocation {
            global: &self.global,
            now,
        };
        match &self.command {
            Command::Run(args) => run::run(args, invocation),
            Command::Scan(args) => scan::run(args, invocation),
            Command::Report(args) => report::run(args, invocation),
            Command::Open(args) => open::run(args, invocation),
            Command::Serve(args) => serve::run(args, invocation),
            Command::Why(args) => why::run(args, invocation),
            Command::Except(args) => except::run(args, invocation),
            Command::Approve(args) => approve::run(args, invocation),
            Command::Reject(args) => reject::run(args, invocation),
            Command::Renew(args) => renew::run(args, invocation),
            Command::RequestRenewal(args) => request_renewal::run(args, invocation),
            Command::Close(args) => close::run(args, invocation),
            Command::Inbox(args) => inbox::run(args, invocation),
            Command::Exceptions(args) => exceptions::run(args, invocation),
            Command::Demand(args) => demand::run(args, invocation),
            Command::Objectives(args) => objectives::run(args, invocation),
            Command::Docs(args) => docs::run(args, invocation),
            Command::Reminders(args) => reminders::run(args, invocation),
            Command::Wins(args) => wins::run(args, invocation),
            Command::Preview(args) => preview::run(args, invocation),
            Command::Init(args) => init::run(args, invocation),
            Command::Import(args) => import::run(args, invocation),
            Command::Export(args) => export::run(args, invocation),
            Command::Stamp(args) => stamp::run(args, invocation),
            Command::Survey(args) => survey::run(args, invocation),
            Command::Crds(args) => crds::run(args, invocation),
            Command::Completion(args) => completion::run(args, invocation),
            Command::Cleanup(args) => cleanup::run(args, invocation),
            Command::Probe(args) => probe::run(args),
            #[cfg(feature = "demo")]
            Command::Demo(args) => demo::run(args, invocation),
        }
    }
}

fn is_plugin(program: &OsStr) -> bool {
    let name = Path::new(program).file_stem().and_then(OsStr::to_str);
    name.is_some_and(|name| name.starts_with("kubectl-goldenpath"))
}

/// What every command runs with.
struct Invocation<'a> {
    global: &'a GlobalArgs,
    now: Timestamp,
}

impl Invocation<'_> {
    /// The instant to judge at. What is written to a cluster has the real time, `now`.
    fn as_of(&self) -> Timestamp {
        self.global.as_of.unwrap_or(self.now)
    }
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report: exit code 0.
    Fine,
    /// What the command checks for was found: exit code 1.
    Found,
    /// Part of the input cannot be read, so the answer is incomplete: exit code 2.
    Unreadable,
}

impl Exit {
    const fn of_input(unreadable: usize) -> Self {
        if unreadable > 0 {
            Self::Unreadable
        } else {
            Self::Fine
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Unreadable => Self::from(2),
        }
    }
}

#[cfg(test)]
mod tests;
