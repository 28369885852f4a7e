//! What an operator or a command may be told about judging: where a team's name is found, which
//! workloads make one service, which namespaces count. The defaults are the contract's.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api::keys;
use crate::assess::object::kind::WatchedKind;
use crate::assess::object::labels::Selector;

/// How workloads are read and counted.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Watched kinds.
    pub kinds: Vec<Arc<WatchedKind>>,
    /// Keys that name a team, tried in order as annotation, then as label, on the workload, then
    /// on its namespace.
    pub team_keys: Vec<String>,
    /// Keys that tie workloads to one service, tried in order as label, then as annotation.
    pub service_keys: Vec<String>,
    /// Whether equal service names in different namespaces are one service.
    pub services_across_namespaces: bool,
    /// Namespaces left out: exact names, or prefixes that end in `*`.
    pub excluded_namespaces: Vec<String>,
    /// Namespaces whose workloads may take themselves out with a reason; none by default.
    pub ignore_namespaces: Option<Selector>,
    /// The same as it was written, for the API server.
    pub ignore_query: Option<LabelSelector>,
    /// Namespaces that enter ratios; all by default.
    pub counted_namespaces: Option<Selector>,
    /// Whether labels are written at all.
    pub labels: bool,
    /// Whether Kubernetes Services are labelled too.
    pub label_services: bool,
    /// What becomes of paths that ask to warn on apply.
    pub on_apply: OnApply,
}

/// What becomes of paths that ask to warn on apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnApply {
    /// Their status says that nothing is written here.
    #[default]
    Silent,
    /// Policies are written with which the API server warns.
    Warn,
}

impl OnApply {
    /// Whether policies are written.
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
            services_across_namespaces: false,
            excluded_namespaces: vec!["kube-*".to_owned()],
            ignore_namespaces: None,
            ignore_query: None,
            counted_namespaces: None,
            labels: true,
            label_services: true,
            on_apply: OnApply::Silent,
        }
    }
}

impl Settings {
    /// Whether workloads of this namespace are left out altogether.
    pub fn excludes(&self, namespace: &str) -> bool {
        self.excluded_namespaces
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => namespace.starts_with(prefix),
                None => namespace == pattern,
            })
    }

    /// The watched kind with this kind and, where given, this group.
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
    fn the_clusters_own_namespaces_are_left_out() {
        let settings = Settings::default();
        for (namespace, left_out) in [
            ("kube-system", true),
            ("kube", false),
            ("shop", false),
            ("my-kube-tools", false),
        ] {
            assert_eq!(settings.excludes(namespace), left_out, "{namespace}");
        }
    }
}
