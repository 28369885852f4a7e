//! Settings of the judgement: which keys name a team, which workloads form one service, which
//! namespaces count. Flags are parsed elsewhere. Settings never change while a process runs.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api::{Period, keys};
use crate::assess::object::kind::WatchedKind;
use crate::assess::object::labels::Selector;

/// Settings for reading and counting workloads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Watched kinds.
    pub kinds: Vec<Arc<WatchedKind>>,
    /// Keys that name a team, tried in order as annotation, then as label, on the workload, then
    /// on its namespace.
    pub team_keys: Vec<String>,
    /// Keys that tie workloads to one service, tried in order as label, then as annotation.
    pub service_keys: Vec<String>,
    /// Annotations that may hold the time at which a service was scaffolded; the first one present counts.
    pub scaffolded_keys: Vec<String>,
    /// Whether equal service names in different namespaces are one service.
    pub services_across_namespaces: bool,
    /// Excluded namespaces: exact names, or prefixes that end in `*`.
    pub excluded_namespaces: Vec<String>,
    /// Namespaces whose workloads may opt out with a reason; none by default.
    pub ignore_namespaces: Option<Selector>,
    /// `ignore_namespaces` as written, for policies that the API server evaluates.
    pub ignore_query: Option<LabelSelector>,
    /// Namespaces that count in ratios; all by default.
    pub counted_namespaces: Option<Selector>,
    /// Whether the operator writes labels.
    pub labels: bool,
    /// Whether the operator also labels Kubernetes Services.
    pub label_services: bool,
    /// Whether the operator writes policies for paths with `warnOnApply`.
    pub on_apply: OnApply,
    /// How rollouts are recorded; they are not, where absent.
    pub delivery: Option<DeliverySettings>,
}

/// How rollouts are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySettings {
    /// Annotations that may hold the commit time; the first one present counts.
    pub commit_time_keys: Vec<String>,
    /// A rollback this soon after the availability of a revision marks the revision as failed.
    pub failure_window: Period,
    /// Whether incidents are received. Failures are visible by them in namespaces whose incidents arrive.
    pub has_incidents: bool,
    /// Whether Flagger's canaries are followed.
    pub follows_canaries: bool,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            commit_time_keys: vec![keys::COMMIT_TIME.to_owned()],
            failure_window: Period::days(1),
            has_incidents: false,
            follows_canaries: false,
        }
    }
}

/// Whether the operator writes policies for paths with `warnOnApply`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnApply {
    /// It writes none; the path's status reports that.
    #[default]
    Silent,
    /// It writes a policy that makes the API server warn.
    Warn,
}

impl OnApply {
    /// Whether the operator writes policies.
    pub const fn warns(self) -> bool {
        match self {
            Self::Silent => false,
            Self::Warn => true,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let team_keys = [
            keys::TEAM,
            "backstage.io/owner",
            "a8r.io/owner",
            "team",
            "owner",
        ];
        Self {
            kinds: WatchedKind::built_in(),
            team_keys: team_keys.map(String::from).to_vec(),
            service_keys: vec![keys::BACKSTAGE_KUBERNETES_ID.to_owned()],
            scaffolded_keys: vec![keys::SCAFFOLDED_AT.to_owned()],
            services_across_namespaces: false,
            excluded_namespaces: vec!["kube-*".to_owned()],
            ignore_namespaces: None,
            ignore_query: None,
            counted_namespaces: None,
            labels: true,
            label_services: true,
            on_apply: OnApply::Silent,
            delivery: None,
        }
    }
}

impl Settings {
    /// Whether the operator ignores this namespace.
    pub(crate) fn excludes(&self, namespace: &str) -> bool {
        self.excluded_namespaces
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => namespace.starts_with(prefix),
                None => namespace == pattern,
            })
    }

    /// The watched kind with this kind and, if given, this group.
    pub fn kind(&self, group: Option<&str>, kind: &str) -> Option<&Arc<WatchedKind>> {
        self.kinds
            .iter()
            .find(|known| known.kind == kind && group.is_none_or(|group| known.group == group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_namespaces_are_excluded() {
        let settings = Settings::default();
        for (namespace, is_excluded) in [
            ("kube-system", true),
            ("kube", false),
            ("shop", false),
            ("my-kube-tools", false),
        ] {
            assert_eq!(settings.excludes(namespace), is_excluded, "{namespace}");
        }
    }
}
