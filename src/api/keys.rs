//! Label and annotation keys, split into those the operator writes and those users write.
//! **Invariant:** the two sets are disjoint. The operator never writes a key that users own, and never
//! writes annotations of workloads, because the Deployment controller copies those to every ReplicaSet.

use std::collections::BTreeMap;

/// Written on workloads and on Kubernetes Services: `golden-path`, `deviating` or `unknown`.
pub const STATUS: &str = "goldenpath.dev/status";
/// Written on workloads: the golden path the workload was judged by.
pub const EVALUATED_PATH: &str = "goldenpath.dev/evaluated-path";
/// Written on deviating workloads: the standing of the deviation, such as `documented`.
pub const DEVIATION: &str = "goldenpath.dev/deviation";

/// Every label key the operator may write. Checks do not see these keys.
pub const OWN_LABELS: [&str; 3] = [STATUS, EVALUATED_PATH, DEVIATION];

/// User label: the path this workload declares for itself.
pub const PATH: &str = "goldenpath.dev/path";
/// User annotation or label: the team that owns the workload.
pub const TEAM: &str = "goldenpath.dev/team";
/// User annotation: why this workload should not be counted.
pub const IGNORE: &str = "goldenpath.dev/ignore";
/// User annotation: when the service first existed, if its objects are younger.
pub const SERVICE_SINCE: &str = "goldenpath.dev/service-since";
/// User annotation: when the scaffolder created the service.
pub const SCAFFOLDED_AT: &str = "goldenpath.dev/scaffolded-at";
/// User annotation: when work on the service began, on or off the path.
pub const STARTED_AT: &str = "goldenpath.dev/started-at";
/// User annotation: the commit time of the running version.
pub const COMMIT_TIME: &str = "goldenpath.dev/commit-time";

/// User annotation or label of a namespace: `off` leaves its services and its team out of the Platform
/// Wins digest.
pub const WINS: &str = "goldenpath.dev/wins";

/// User annotation of a golden path: it is a starter path, which only advises until it has a
/// `launchedAt`.
pub const STARTER: &str = "goldenpath.dev/starter";
/// User annotation of a golden path: the name of the check that holds where a workload has a team. Its
/// expression is written anew for the configured team keys.
pub const OWNER_CHECK: &str = "goldenpath.dev/owner-check";

/// Backstage's label for the catalog entity of a workload: the default service key.
pub(crate) const BACKSTAGE_KUBERNETES_ID: &str = "backstage.io/kubernetes-id";

/// Field manager of every server-side apply.
pub const FIELD_MANAGER: &str = "goldenpath";

/// Label, as key and value, of objects that the operator creates: admission policies and policy
/// reports.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "goldenpath");

/// Label of our policy reports: the state of the workload, such as `documented`.
pub const STATE: &str = "goldenpath.dev/state";
/// Annotation of our policy reports: a digest of the content, so that an unchanged report is not
/// written again.
pub(crate) const CONTENT_DIGEST: &str = "goldenpath.dev/content-digest";

/// Whether these annotations of a golden path mark it as a starter path.
pub(crate) fn marks_starter(annotations: &BTreeMap<String, String>) -> bool {
    annotations
        .get(STARTER)
        .is_some_and(|value| value == "true")
}
