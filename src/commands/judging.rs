//! Flags for what is judged and how it is counted, shared by every command that judges; and the
//! parsers of dates and expiries.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::selector::LabelQuery;
use crate::api::Period;
use crate::assess::object::kind::ExtraKind;
use crate::assess::object::labels::Selector;
use crate::assess::settings::Settings;
use crate::report::draft::End;
use crate::report::voice::flag;

/// The namespaces that are skipped by default.
const EXCLUDED: &str = "kube-*";

/// Kinds of workload beside the built-in ones.
#[derive(Args, Clone, Debug, Default)]
pub struct ExtraKinds {
    /// More kinds of workload, such as rollouts.argoproj.io/v1alpha1
    #[arg(
        long,
        value_name = "PLURAL.GROUP/VERSION",
        value_delimiter = ',',
        env = "GOLDENPATH_EXTRA_KIND"
    )]
    pub extra_kind: Vec<ExtraKind>,
}

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

    /// Annotations that may hold the time at which a scaffolder created the service, in order
    /// [default: goldenpath.dev/scaffolded-at]
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        env = "GOLDENPATH_SCAFFOLDED_FROM"
    )]
    pub scaffolded_from: Vec<String>,

    /// Count equal service names in different namespaces as one service
    #[arg(long, env = "GOLDENPATH_SERVICES_ACROSS_NAMESPACES")]
    pub services_across_namespaces: bool,

    /// More kinds of workload.
    #[command(flatten)]
    pub kinds: ExtraKinds,

    /// Namespaces that count in ratios, as a label selector [default: all]
    #[arg(long, value_name = "SELECTOR", env = "GOLDENPATH_COUNTED_NAMESPACES")]
    pub counted_namespaces: Option<LabelQuery>,

    /// Namespaces in which goldenpath.dev/ignore exempts a workload [default: none]
    #[arg(long, value_name = "SELECTOR", env = "GOLDENPATH_IGNORE_NAMESPACES")]
    pub ignore_namespaces: Option<LabelQuery>,

    /// Namespaces to skip; a name may end in *
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = EXCLUDED,
        env = "GOLDENPATH_EXCLUDE_NAMESPACES"
    )]
    pub exclude_namespaces: Vec<String>,
}

impl JudgingArgs {
    /// The settings of these flags. Extra kinds are added once their kind is known.
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
        // An empty selector was left empty; it does not mean every namespace.
        let compiled = |query: &Option<LabelQuery>| {
            let selector = query.as_ref().map(|query| Selector::compile(&query.0));
            selector.filter(|selector| !selector.is_empty())
        };
        Settings {
            team_keys: given_or(&self.team_from, default.team_keys),
            service_keys: given_or(&self.service_from, default.service_keys),
            scaffolded_keys: given_or(&self.scaffolded_from, default.scaffolded_keys),
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
            delivery: default.delivery,
        }
    }
}

impl JudgingArgs {
    /// The flags that differ from their defaults.
    pub(super) fn flags(&self) -> Vec<String> {
        let kinds: Vec<String> = self
            .kinds
            .extra_kind
            .iter()
            .map(ToString::to_string)
            .collect();
        let lists = [
            ("team-from", &self.team_from),
            ("service-from", &self.service_from),
            ("scaffolded-from", &self.scaffolded_from),
            ("extra-kind", &kinds),
        ];
        let queries = [
            ("counted-namespaces", &self.counted_namespaces),
            ("ignore-namespaces", &self.ignore_namespaces),
        ];
        let mut flags: Vec<String> = lists
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| flag(name, &values.join(",")))
            .collect();
        if self.services_across_namespaces {
            flags.push("--services-across-namespaces".to_owned());
        }
        for (name, query) in queries {
            flags.extend(query.as_ref().map(|query| flag(name, &query.to_string())));
        }
        let excluded = self.exclude_namespaces.join(",");
        if excluded != EXCLUDED {
            flags.push(flag("exclude-namespaces", &excluded));
        }
        flags
    }
}

/// Parses an instant: RFC 3339, or a date, which means its first instant in UTC.
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

/// Parses an expiry: a period from now, or a date.
///
/// # Errors
/// When it is neither.
pub fn end(text: &str) -> Result<End, String> {
    if let Ok(period) = text.parse::<Period>() {
        return Ok(End::After(period));
    }
    let date = instant(text).map(End::At);
    date.map_err(|_| "write a time such as 90d, or a date such as 2027-03-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_differ_from_their_defaults_are_named() {
        let mut args = JudgingArgs {
            exclude_namespaces: vec![EXCLUDED.to_owned()],
            ..JudgingArgs::default()
        };
        assert_eq!(args.flags(), [""; 0]);
        args.team_from = vec!["team".to_owned()];
        args.scaffolded_from = vec!["example.com/created-at".to_owned()];
        args.kinds.extra_kind = vec!["rollouts.argoproj.io/v1alpha1".parse().unwrap()];
        args.counted_namespaces = Some("env=prod,!old,tier in (a, b)".parse().unwrap());
        args.exclude_namespaces = vec![String::new()];
        assert_eq!(
            args.flags().join(" "),
            "--team-from team --scaffolded-from example.com/created-at --extra-kind rollouts.argoproj.io/v1alpha1 --counted-namespaces \
             'env=prod,!old,tier in (a,b)' --exclude-namespaces=''"
        );
    }

    #[test]
    fn an_instant_is_a_time_or_a_date() {
        assert_eq!(instant("2026-03-01"), instant("2026-03-01T00:00:00Z"));
        assert_eq!(instant("2026-03-01T01:00:00+01:00"), instant("2026-03-01"));
        assert!(instant("tomorrow").is_err());
    }

    #[test]
    fn an_expiry_is_a_period_or_a_date() {
        assert_eq!(end("90d"), Ok(End::After(Period::days(90))));
        assert_eq!(end("2027-03-31"), instant("2027-03-31").map(End::At));
        assert!(end("soon").unwrap_err().contains("90d"));
    }
}
