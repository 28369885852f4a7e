//! The error of every command: what failed, its cause, and the next step. `terminal` prints it.
//! Nothing is retried here.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use http::uri::InvalidUri;
use jiff::Timestamp;

use super::advice;
use super::stamp::git;
use super::survey::refusal;
use super::workload_name::WorkloadName;
use crate::assess::goals::wins::Month;
use crate::manifests::stamp::ImplausibleTime;
use crate::outbound::{NoAnswer, NoRoots};
use crate::report::draft::Refusal;
use crate::{cluster, manifests, notify, prometheus};

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub struct CommandError {
    kind: ErrorKind,
    hint: Option<String>,
}

/// The result of every command.
pub type Result<T, E = CommandError> = std::result::Result<T, E>;

/// What failed, with its cause as the source.
#[derive(Debug, thiserror::Error)]
pub(super) enum ErrorKind {
    /// A request to the cluster.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Reading manifests.
    #[error(transparent)]
    Manifests(#[from] manifests::Error),
    /// Reading the configuration of reminders.
    #[error(transparent)]
    Notify(#[from] notify::Error),
    /// Connecting to an https address.
    #[error(transparent)]
    NoRoots(#[from] NoRoots),
    /// Connecting to Prometheus.
    #[error(transparent)]
    Prometheus(#[from] prometheus::Error),
    /// Drafting an exception.
    #[error(transparent)]
    Draft(#[from] Refusal),
    /// Parsing the address to probe.
    #[error("'{url}' is not an address: write http://HOST:PORT/PATH")]
    Address {
        /// What was written.
        url: String,
        /// What is wrong with it.
        #[source]
        source: Option<InvalidUri>,
    },
    /// Sending a request to an address.
    #[error("failed to reach {url}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: NoAnswer,
    },
    /// Reading an answer that breaks off, or is too long.
    #[error("failed to read the answer of {url}")]
    BrokenAnswer {
        /// The address.
        url: String,
        /// Why.
        source: NoAnswer,
    },
    /// Starting the throwaway cluster of the demo.
    #[cfg(feature = "demo")]
    #[error("failed to start a throwaway cluster")]
    ControlPlane(#[from] goldenpath_e2e::Error),
    /// Writing to standard output.
    #[error("failed to write the output")]
    Output(#[source] io::Error),
    /// Encoding the output.
    #[error("failed to write as {format}")]
    Render {
        /// The format asked for.
        format: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Writing one draft; those before it were written.
    #[error("failed to write {}", file.display())]
    WriteFile {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory to write a site into has files of others.
    #[error("{} has files that goldenpath docs did not write: name a new or empty directory", .0.display())]
    NotOurs(PathBuf),
    /// Asking questions on the terminal.
    #[error("failed to read answers from the terminal")]
    Terminal(#[source] io::Error),
    /// Asking git for a commit.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The time on the command line.
    #[error("--at: {0}")]
    CommitTime(ImplausibleTime),
    /// The time of a commit.
    #[error("the time of commit {id} cannot be used")]
    CommitTimeOf {
        /// The commit.
        id: String,
        /// Why.
        source: ImplausibleTime,
    },
    /// Setting up threads or signals.
    #[error("failed to start the runtime")]
    Runtime(#[source] io::Error),
    /// Importing a survey.
    #[error(transparent)]
    Survey(#[from] refusal::Refusal),
    /// Binding an address.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A task that should run until it is stopped ended.
    #[error("{0} ended unexpectedly")]
    Ended(&'static str),
    /// The demo's operator took too long.
    #[error("the examples were not labelled within {seconds} s; waiting for {pending}")]
    Overdue {
        /// How long the demo waited.
        seconds: u64,
        /// What was still missing.
        pending: String,
    },
    /// The workload does not exist.
    #[error("no {target} in {place}, or it is not judged")]
    NoSuchWorkload {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it was searched.
        place: String,
    },
    /// The objective does not exist.
    #[error("there is no objective '{name}'")]
    NoSuchObjective {
        /// Its name.
        name: String,
    },
    /// The workload is in other namespaces alone.
    #[error("{target} is in {there}, not {namespace}")]
    Elsewhere {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it is.
        there: String,
        /// Where it was searched.
        namespace: String,
    },
    /// Several workloads have this name.
    #[error("{target} is in namespaces {namespaces}")]
    Ambiguous {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it is.
        namespaces: String,
    },
    /// The golden path does not exist.
    #[error("--path: there is no golden path '{name}'{}", did_you_mean(.nearest.as_ref()))]
    NoSuchPath {
        /// As it was written.
        name: String,
        /// The path that was probably meant.
        nearest: Option<String>,
    },
    /// No roadmap item has this name.
    #[error("--waits-for: there is no roadmap item '{name}'{}", did_you_mean(.nearest.as_ref()))]
    NoSuchItem {
        /// As it was written.
        name: String,
        /// The item that was probably meant.
        nearest: Option<String>,
    },
    /// An exception covers one namespace.
    #[error("the workloads are in namespaces {0}, and an exception covers one namespace")]
    SeveralNamespaces(String),
    /// The selector matches nothing.
    #[error("--selector finds no workload in namespace {0}")]
    SelectsNothing(String),
    /// A check that was named covers nothing.
    #[error("--check: {0}")]
    CoversNothing(String),
    /// The drafts hold nothing to preview.
    #[error("no golden path and no exception among the drafts")]
    NoDraft,
    /// A flag asks for a part that the format does not have.
    #[error("-o {format} cannot be used with {flag}")]
    FormatWithFlag {
        /// The format asked for.
        format: &'static str,
        /// The flag.
        flag: &'static str,
    },
    /// The operator's report is one of the whole cluster, now.
    #[error("the operator reports on the whole cluster as it is now")]
    WholeReport,
    /// The answer of an operator is not a report.
    #[error("failed to read the operator's report: {problem}")]
    NotAReport {
        /// What it is instead.
        problem: String,
    },
    /// The digest of wins is one of the whole cluster.
    #[error("the digest is one of the whole cluster")]
    WholeDigest,
    /// The month of the digest has not begun.
    #[error("--month: {0} has not begun")]
    MonthAhead(Month),
    /// The record of digests cannot be used.
    #[error("failed to read the record of digests in {place}: {message}")]
    WinsRecord {
        /// The file or `ConfigMap`.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// There is no draft to publish.
    #[error("no draft of {0} is recorded")]
    NoDraftOf(Month),
    /// A digest is published once.
    #[error("the digest of {month} was published at {at}")]
    Published {
        /// The month.
        month: Month,
        /// When.
        at: Timestamp,
    },
    /// The configuration names no channel for it.
    #[error("the configuration names no channel to publish the digest in")]
    NoPublishChannel,
    /// Some facts of the cluster could not be read.
    #[error("the digest was not sent: part of the cluster could not be read")]
    PartialDigest,
    /// Some labels are still there.
    #[error("not everything could be removed")]
    NotClean,
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean '{name}'?"))
}

impl CommandError {
    /// Adds the next step: a short sentence that starts with a verb.
    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// For `map_err` on the output of a command.
    pub(super) fn output(source: io::Error) -> Self {
        ErrorKind::Output(source).into()
    }

    /// For `map_err` on an encoder.
    pub(super) fn render<E>(format: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        move |source| {
            let source = source.into();
            ErrorKind::Render { format, source }.into()
        }
    }

    /// The next step, where there is one.
    pub(super) fn hint(&self) -> Option<String> {
        self.hint.clone().or_else(|| match &self.kind {
            ErrorKind::Cluster(error) => advice::of(error),
            ErrorKind::WholeReport => Some("leave out -n and --as-of".to_owned()),
            ErrorKind::WholeDigest => Some("leave out -n".to_owned()),
            ErrorKind::NoDraftOf(month) => Some(format!(
                "make and record it: goldenpath wins --month {month} --record"
            )),
            ErrorKind::Published { .. } => Some(
                "to publish another edition, record the draft once more: --record --again"
                    .to_owned(),
            ),
            ErrorKind::NoPublishChannel => {
                Some("add wins: {publish: CHANNEL} to the file of --config".to_owned())
            }
            ErrorKind::PartialDigest => {
                Some("ask an administrator for the rights named above".to_owned())
            }
            ErrorKind::Git(error) => Some(error.hint().to_owned()),
            ErrorKind::Survey(refusal) => refusal.hint().map(str::to_owned),
            _ => None,
        })
    }

    /// Whether the reader of the output has gone, as with `| head`, which is not a failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&self.kind, ErrorKind::Output(source) if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

impl<K: Into<ErrorKind>> From<K> for CommandError {
    fn from(kind: K) -> Self {
        let kind = kind.into();
        let hint = None;
        Self { kind, hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::chain;

    #[test]
    fn an_error_is_one_line_with_its_causes() {
        let source = io::Error::other("disk full");
        let error = CommandError::output(source).with_hint("free some space");
        assert_eq!(chain(&error), "failed to write the output: disk full");
        assert_eq!(error.hint().as_deref(), Some("free some space"));
        assert!(!error.is_broken_pipe());
        assert!(CommandError::output(io::ErrorKind::BrokenPipe.into()).is_broken_pipe());
    }
}
