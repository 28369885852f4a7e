//! Flags about what is judged and how it is counted, shared by every command that judges.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::selector::LabelQuery;
use crate::assess::object::labels::Selector;
use crate::assess::settings::Settings;

/// How workloads are found, attributed and counted.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What is judged")]
pub struct JudgingArgs {
    /// Labels or annotations that name a workload's team, in order; also looked up on its namespace
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        env = "GOLDENPATH_TEAM_FROM"
    )]
    pub team_from: Vec<String>,

    /// Labels or annotations that tie workloads to one service, in order
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        env = "GOLDENPATH_SERVICE_FROM"
    )]
    pub service_from: Vec<String>,

    /// Count equal service names in different namespaces as one service
    #[arg(long, env = "GOLDENPATH_SERVICES_ACROSS_NAMESPACES")]
    pub services_across_namespaces: bool,

    /// More kinds of workload, such as rollouts.argoproj.io/v1alpha1
    #[arg(
        long,
        value_name = "PLURAL.GROUP/VERSION",
        value_delimiter = ',',
        env = "GOLDENPATH_EXTRA_KIND"
    )]
    pub extra_kind: Vec<ExtraKind>,

    /// Namespaces that enter the ratios, as a label selector [default: all]
    #[arg(long, value_name = "SELECTOR", env = "GOLDENPATH_COUNTED_NAMESPACES")]
    pub counted_namespaces: Option<LabelQuery>,

    /// Namespaces in which goldenpath.dev/ignore takes a workload out [default: none]
    #[arg(long, value_name = "SELECTOR", env = "GOLDENPATH_IGNORE_NAMESPACES")]
    pub ignore_namespaces: Option<LabelQuery>,

    /// Namespaces that are not looked at; a name may end in *
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "kube-*",
        env = "GOLDENPATH_EXCLUDE_NAMESPACES"
    )]
    pub exclude_namespaces: Vec<String>,
}

impl JudgingArgs {
    /// The settings these flags ask for. Extra kinds are added where their kind is known.
    pub fn settings(&self) -> Settings {
        let default = Settings::default();
        let given_or = |given: &[String], default: Vec<String>| {
            let given: Vec<String> = given
                .iter()
                .filter(|key| !key.is_empty())
                .cloned()
                .collect();
            if given.is_empty() { default } else { given }
        };
        // An empty selector is one that was left empty, not one for every namespace.
        let compiled = |query: &Option<LabelQuery>| {
            let selector = query.as_ref().map(|query| Selector::compile(&query.0));
            selector.filter(|selector| !selector.is_empty())
        };
        Settings {
            team_keys: given_or(&self.team_from, default.team_keys),
            service_keys: given_or(&self.service_from, default.service_keys),
            services_across_namespaces: self.services_across_namespaces,
            excluded_namespaces: self.exclude_namespaces.clone(),
            ignore_namespaces: compiled(&self.ignore_namespaces),
            ignore_query: self
                .ignore_namespaces
                .as_ref()
                .map(|query| query.0.clone())
                .filter(|selector| *selector != LabelSelector::default()),
            counted_namespaces: compiled(&self.counted_namespaces),
            kinds: default.kinds,
            labels: default.labels,
            label_services: default.label_services,
            on_apply: default.on_apply,
        }
    }
}

/// A kind of workload to watch besides the built-in ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraKind {
    /// Name in URLs, such as `rollouts`.
    pub plural: String,
    /// API group, such as `argoproj.io`.
    pub group: String,
    /// Version, such as `v1alpha1`.
    pub version: String,
}

/// Why a text names no kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' names no kind: write PLURAL.GROUP/VERSION, such as rollouts.argoproj.io/v1alpha1")]
pub struct InvalidKind(String);

impl fmt::Display for ExtraKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}/{}", self.plural, self.group, self.version)
    }
}

impl FromStr for ExtraKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split_once('/')
            .and_then(|(name, version)| Some((name.split_once('.')?, version)))
            .filter(|((plural, group), version)| {
                !plural.is_empty() && !group.is_empty() && version.starts_with('v')
            });
        let ((plural, group), version) =
            parts.ok_or_else(|| InvalidKind(text.chars().take(80).collect()))?;
        Ok(Self {
            plural: plural.to_ascii_lowercase(),
            group: group.to_owned(),
            version: version.to_owned(),
        })
    }
}

/// Where golden paths come from besides the cluster or the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathsFrom {
    /// The three paths that come with the binary.
    Starter,
    /// A file or directory.
    File(PathBuf),
}

impl FromStr for PathsFrom {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "starter" => Self::Starter,
            path => Self::File(path.into()),
        })
    }
}

/// An instant as RFC 3339 or a date, which means its first instant in UTC.
///
/// # Errors
/// When it is neither.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let date = |text: &str| {
        let day = text.parse::<Date>().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse()
        .ok()
        .or_else(|| date(text))
        .ok_or_else(|| "write an instant such as 2026-03-01T12:00:00Z, or a date".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_in_urls() {
        let kind: ExtraKind = "rollouts.argoproj.io/v1alpha1".parse().unwrap();
        assert_eq!(
            (kind.plural.as_str(), kind.group.as_str()),
            ("rollouts", "argoproj.io")
        );
        for text in ["Rollout", "rollouts/v1", "rollouts.argoproj.io", ".x/v1"] {
            assert!(text.parse::<ExtraKind>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_is_a_time_or_a_date() {
        assert_eq!(instant("2026-03-01"), instant("2026-03-01T00:00:00Z"));
        assert_eq!(instant("2026-03-01T01:00:00+01:00"), instant("2026-03-01"));
        assert!(instant("tomorrow").is_err());
    }
}
