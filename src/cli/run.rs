//! Flags of the operator itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::JudgingArgs;

/// The name the chart gives it where the release is called goldenpath.
pub const APPROVAL_POLICY: &str = "goldenpath-approval";

#[cfg(feature = "cluster")]
pub(super) const HELP: &str = "\
Run the operator. It judges every workload by the golden paths in whose scope it is, writes labels \
(metadata only, nothing else), keeps the status of paths and exceptions, and serves metrics \
and the report. It never blocks a workload. With --labels=off it writes nothing to workloads.";

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Where report, metrics and health are served
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080",
        env = "GOLDENPATH_LISTEN"
    )]
    pub listen: SocketAddr,

    /// Serve metrics and health here instead
    #[arg(long, value_name = "ADDRESS", env = "GOLDENPATH_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Whether labels are written at all
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value_t,
        env = "GOLDENPATH_LABELS"
    )]
    pub labels: OnOff,

    /// Whether Kubernetes Services are labelled too
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

    /// Write policies with which the API server warns on apply, for paths that ask for it
    #[arg(
        long,
        value_enum,
        value_name = "ON|OFF",
        default_value = "off",
        env = "GOLDENPATH_WARN_ON_APPLY"
    )]
    pub warn_on_apply: OnOff,

    /// Write a policy report for each judged workload, in the format the cluster has
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        env = "GOLDENPATH_REPORTS"
    )]
    pub reports: Reports,

    /// Write only while holding a Lease, so that several replicas may run
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

    /// The namespace of the Lease [default: the operator's own, else default]
    #[arg(long, value_name = "NAME", env = "GOLDENPATH_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// The ValidatingAdmissionPolicy that vouches for approvals, and its binding; empty: none is
    /// looked for, and every approval is Unverified
    #[arg(
        long,
        value_name = "NAME",
        default_value = APPROVAL_POLICY,
        env = "GOLDENPATH_APPROVAL_POLICY"
    )]
    pub approval_policy: String,

    /// Put the namespace on `goldenpath_services`, for recording rules by namespace
    #[arg(long, env = "GOLDENPATH_METRICS_BY_NAMESPACE")]
    pub metrics_by_namespace: bool,

    /// Expose one series for each of at most so many workloads
    #[arg(
        long,
        value_name = "WORKLOADS",
        env = "GOLDENPATH_METRICS_WORKLOAD_INFO"
    )]
    pub metrics_workload_info: Option<usize>,

    /// How many teams have metric series of their own; the others share the label `other`
    #[arg(
        long,
        value_name = "TEAMS",
        default_value_t = 200,
        env = "GOLDENPATH_METRICS_MAX_TEAMS"
    )]
    pub metrics_max_teams: usize,

    /// Send reminders about exceptions as this file says: channels, and who reads which
    #[arg(long, value_name = "FILE", env = "GOLDENPATH_NOTIFY_CONFIG")]
    pub notify_config: Option<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

#[cfg(feature = "cluster")]
pub(super) const DIGEST_HELP: &str = "\
Show what owners would be reminded of now, message by message: everything that is due and was not \
told its owner yet, whatever the time of sending. Nothing is sent and nothing put on record. Rights \
to list are enough.";
#[cfg(feature = "cluster")]
pub(super) const DIGEST_EXAMPLES: &str = "\
Examples:
  goldenpath digest
  goldenpath digest --config reminders.yaml     (with the channels each message would go to)
  goldenpath digest --as-of 2027-01-31          (what will be due by then)
  goldenpath digest -n shop -o json";

/// Flags of `digest`.
#[derive(Args, Clone, Debug, Default)]
pub struct DigestArgs {
    /// The operator's configuration of reminders, for the channels
    #[arg(long, value_name = "FILE", env = "GOLDENPATH_NOTIFY_CONFIG")]
    pub config: Option<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// A switch that reads well in a values file.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnOff {
    /// On
    #[default]
    On,
    /// Off
    Off,
}

/// Which policy reports are written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reports {
    /// None
    #[default]
    Off,
    /// Whichever the cluster has, openreports first
    Auto,
    /// `Report` of openreports.io
    #[value(name = "openreports")]
    OpenReports,
    /// `PolicyReport` of wgpolicyk8s.io
    #[value(name = "wgpolicy")]
    WgPolicy,
}

/// How logs are written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}
