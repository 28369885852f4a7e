//! The families of metrics, as a table: name, labels and what a person should know. README's table
//! is held against this one by a test. Names and labels are a contract with dashboards.

use std::collections::BTreeMap;

use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};

use crate::report::terminal::plain::plain;

/// A gauge with its labels. Every family read from the inventory is a gauge.
#[derive(Debug)]
pub struct Family {
    /// Full name.
    pub name: &'static str,
    /// Labels every series carries.
    pub labels: &'static [&'static str],
    /// A further label, there only on request.
    pub on_request: Option<&'static str>,
    /// What it counts, for people.
    pub help: &'static str,
}

const fn family(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family {
        name,
        labels,
        on_request: None,
        help,
    }
}

/// Services by where they stand.
pub const SERVICES: Family = Family {
    on_request: Some("namespace"),
    ..family(
        "goldenpath_services",
        &["path", "team", "state"],
        "Services by the path they are judged by, their team and where they stand; a service's state is its worst workload's.",
    )
};
/// Services no path is for.
pub const SERVICES_UNSCOPED: Family = family(
    "goldenpath_services_unscoped",
    &[],
    "Services no path is for yet.",
);
/// Services taken out.
pub const SERVICES_IGNORED: Family = family(
    "goldenpath_services_ignored",
    &[],
    "Services taken out of the count with a reason, where that is allowed.",
);
/// Denominator of a path's ratios.
pub const SERVICES_IN_SCOPE: Family = family(
    "goldenpath_services_in_scope",
    &["path"],
    "Services in the path's scope, whichever path they are judged by: what its ratios are shares of.",
);
/// Share of services that satisfy a path.
pub const ADOPTION_RATIO: Family = family(
    "goldenpath_adoption_ratio",
    &["path"],
    "Services that satisfy the path, of those in its scope, whichever path they are judged by; absent while there are none.",
);
/// Share of services somebody has spoken for.
pub const ACCOUNTED_RATIO: Family = family(
    "goldenpath_accounted_ratio",
    &["path"],
    "Services on the path or on an agreed route of their own, of those in its scope; absent while there are none.",
);
/// Goal of a path.
pub const ADOPTION_TARGET_RATIO: Family = family(
    "goldenpath_adoption_target_ratio",
    &["path"],
    "Share of new services the path's owner wants on the path by the deadline.",
);
/// The launch cohort.
pub const NEW_SERVICES: Family = family(
    "goldenpath_new_services",
    &["path", "state"],
    "Services in the path's scope born between its launch and the adoption deadline, by where they stand with it now.",
);
/// Share of the launch cohort.
pub const NEW_SERVICE_ADOPTION_RATIO: Family = family(
    "goldenpath_new_service_adoption_ratio",
    &["path"],
    "New services on the path now, of all new services of the path; absent while there are none.",
);
/// Deadline of a path.
pub const ADOPTION_DEADLINE: Family = family(
    "goldenpath_adoption_deadline_timestamp_seconds",
    &["path"],
    "When the share of new services on the path is measured against its target.",
);
/// Services by age since the launch.
pub const COHORT_SERVICES: Family = family(
    "goldenpath_cohort_services",
    &["path", "horizon_days", "state"],
    "Services in the path's scope born since its launch and at least this many days old, by where they stand with it now.",
);
/// Services by check.
pub const CHECK_FAILURES: Family = family(
    "goldenpath_check_failures",
    &["path", "check", "standing"],
    "Services that fail the check, by how that stands with their exceptions.",
);
/// Services one step away.
pub const CHECK_LAST_STEP: Family = family(
    "goldenpath_check_last_step",
    &["path", "check"],
    "Services for which this check is the only step missing.",
);
/// The register in numbers.
pub const EXCEPTIONS: Family = family(
    "goldenpath_exceptions",
    &["path", "team", "category", "phase"],
    "Deviation exceptions by path, owner, why teams deviate and phase.",
);
/// Facts of one exception.
pub const EXCEPTION_INFO: Family = family(
    "goldenpath_exception_info",
    &["namespace", "exception", "path", "team", "category"],
    "Facts of a deviation exception, always 1: join them to its other series.",
);
/// Phase of one exception.
pub const EXCEPTION_PHASE: Family = family(
    "goldenpath_exception_phase",
    &["namespace", "exception", "phase"],
    "Phase of a deviation exception: 1 for the phase it is in, 0 for the others.",
);
/// Age of one exception.
pub const EXCEPTION_CREATED: Family = family(
    "goldenpath_exception_created_timestamp_seconds",
    &["namespace", "exception"],
    "When the exception was written down.",
);
/// Next review of one exception.
pub const EXCEPTION_REVIEW: Family = family(
    "goldenpath_exception_review_timestamp_seconds",
    &["namespace", "exception"],
    "When somebody should look at the exception again; absent while nothing is agreed.",
);
/// End of one exception.
pub const EXCEPTION_EXPIRY: Family = family(
    "goldenpath_exception_expiry_timestamp_seconds",
    &["namespace", "exception"],
    "When the exception ends or ended, everything considered; absent while nothing was ever agreed.",
);
/// A decision that is waited for.
pub const EXCEPTION_WAITING_SINCE: Family = family(
    "goldenpath_exception_waiting_since_timestamp_seconds",
    &["namespace", "exception"],
    "Since when the exception waits for the platform team: for a first decision, or for an answer to a renewal its owner asked for; absent while it does not.",
);
/// A decision that was made.
pub const EXCEPTION_DECISION: Family = family(
    "goldenpath_exception_decision_seconds",
    &["namespace", "exception", "path"],
    "How long the owner of the exception waited for the platform team's latest answer: from its creation to the approval or rejection, or from a renewal request to the review that answered it; absent where nothing was asked or answered.",
);
/// Reach of one exception.
pub const EXCEPTION_MATCHED: Family = family(
    "goldenpath_exception_matched_workloads",
    &["namespace", "exception"],
    "Workloads the exception names that are judged by its path; 0 means it is not in use.",
);
/// Need of one exception.
pub const EXCEPTION_NEEDED: Family = family(
    "goldenpath_exception_needed",
    &["namespace", "exception"],
    "1 while a workload it names fails a check it names, 0 once they all pass; absent where that is not known.",
);
/// Approvals nobody vouches for.
pub const EXCEPTIONS_UNVERIFIED: Family = family(
    "goldenpath_exceptions_unverified",
    &[],
    "Exceptions whose approval the API server does not vouch for.",
);
/// Objects that are not used.
pub const UNDECODABLE: Family = family(
    "goldenpath_undecodable_objects",
    &["kind"],
    "Stored golden paths and exceptions that cannot be decoded: they judge and excuse nothing.",
);
/// What deviating costs.
pub const OWNERSHIP_HOURS: Family = family(
    "goldenpath_deviation_ownership_hours",
    &["path", "team", "standing", "source"],
    "Hours a month that deviations cost their owners: stated by exceptions in use, or assumed by the path for services nobody excuses. Never sum both sources.",
);
/// Self-service.
pub const TEAMS_SELF_SERVICE_RATIO: Family = family(
    "goldenpath_teams_self_service_ratio",
    &[],
    "Teams whose new services of the last 90 days were all scaffolded, of the teams that created any; absent while there are none.",
);
/// One workload, on request.
pub const WORKLOAD_INFO: Family = family(
    "goldenpath_workload_info",
    &["namespace", "kind", "workload", "path", "team", "state"],
    "What is said of a workload, always 1; only on request, and only so many.",
);

/// Every family read from the inventory, in the order they are exposed.
pub const FAMILIES: [&Family; 28] = [
    &SERVICES,
    &SERVICES_UNSCOPED,
    &SERVICES_IGNORED,
    &SERVICES_IN_SCOPE,
    &ADOPTION_RATIO,
    &ACCOUNTED_RATIO,
    &ADOPTION_TARGET_RATIO,
    &NEW_SERVICES,
    &NEW_SERVICE_ADOPTION_RATIO,
    &ADOPTION_DEADLINE,
    &COHORT_SERVICES,
    &CHECK_FAILURES,
    &CHECK_LAST_STEP,
    &EXCEPTIONS,
    &EXCEPTION_INFO,
    &EXCEPTION_PHASE,
    &EXCEPTION_CREATED,
    &EXCEPTION_REVIEW,
    &EXCEPTION_EXPIRY,
    &EXCEPTION_WAITING_SINCE,
    &EXCEPTION_DECISION,
    &EXCEPTION_MATCHED,
    &EXCEPTION_NEEDED,
    &EXCEPTIONS_UNVERIFIED,
    &UNDECODABLE,
    &OWNERSHIP_HOURS,
    &TEAMS_SELF_SERVICE_RATIO,
    &WORKLOAD_INFO,
];

impl Family {
    /// The family with one series for each set of label values.
    pub(super) fn of<const N: usize>(&self, series: Series<'_, N>) -> MetricFamily {
        debug_assert_eq!(N, self.labels.len(), "{}", self.name);
        self.with(series.0.into_iter().map(|(values, value)| {
            let pairs = self.labels.iter().copied().zip(values);
            metric(pairs, value)
        }))
    }

    /// The family with its one series without labels, where its value is known.
    pub(super) fn single(&self, value: Option<f64>) -> MetricFamily {
        self.of(value.map(|value| ([], value)).into_iter().collect())
    }

    pub(super) fn with(&self, metrics: impl Iterator<Item = Metric>) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(metrics.collect());
        family
    }
}

/// Values by label values. Equal label values add up, so that two teams that share a label never
/// make two series of one name.
#[derive(Debug)]
pub(super) struct Series<'a, const N: usize>(BTreeMap<[&'a str; N], f64>);

impl<'a, const N: usize> Series<'a, N> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[&'a str; N], f64)> {
        self.0.iter().map(|(values, value)| (values, *value))
    }
}

impl<'a, const N: usize> FromIterator<([&'a str; N], f64)> for Series<'a, N> {
    fn from_iter<I: IntoIterator<Item = ([&'a str; N], f64)>>(series: I) -> Self {
        let mut sums = BTreeMap::new();
        for (values, value) in series {
            *sums.entry(values).or_insert(0.0) += value;
        }
        Self(sums)
    }
}

/// One series. The exposition escapes line feeds; other characters that mislead are written as codes.
pub(super) fn metric<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, value: f64) -> Metric {
    let pairs = pairs.map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.split('\n').map(plain).collect::<Vec<_>>().join("\n"));
        pair
    });
    let mut metric = Metric::from_label(pairs.collect());
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    metric.set_gauge(gauge);
    metric
}
