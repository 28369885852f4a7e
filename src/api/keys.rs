//! Label and annotation keys, split into those the operator writes and those users write.
//! The two sets are disjoint: the operator never touches a key a user owns, and never writes
//! annotations, because the Deployment controller copies those to every ReplicaSet.

/// Written on workloads and on Kubernetes Services: `golden-path`, `deviating` or `unknown`.
pub const STATUS: &str = "goldenpath.dev/status";
/// Written on workloads: the golden path the workload was judged by.
pub const EVALUATED_PATH: &str = "goldenpath.dev/evaluated-path";
/// Written on deviating workloads: the standing of the deviation, such as `documented`.
pub const DEVIATION: &str = "goldenpath.dev/deviation";

/// Every label key the operator may write, and so removes from what it judges.
pub const OWN_LABELS: [&str; 3] = [STATUS, EVALUATED_PATH, DEVIATION];

/// User label: the path this workload declares for itself.
pub const PATH: &str = "goldenpath.dev/path";
/// User annotation or label: the team that owns the workload.
pub const TEAM: &str = "goldenpath.dev/team";
/// User annotation: why this workload should not be counted.
pub const IGNORE: &str = "goldenpath.dev/ignore";
/// User annotation: when the service first existed, where its objects are younger.
pub const SERVICE_SINCE: &str = "goldenpath.dev/service-since";
/// User annotation: when the scaffolder created the service.
pub const SCAFFOLDED_AT: &str = "goldenpath.dev/scaffolded-at";
/// User annotation: when work on the service began, on or off the path.
pub const STARTED_AT: &str = "goldenpath.dev/started-at";
/// User annotation: the commit time of the running version.
pub const COMMIT_TIME: &str = "goldenpath.dev/commit-time";

/// Backstage's label that ties workloads to one catalog entity: our service identity by default.
pub const BACKSTAGE_KUBERNETES_ID: &str = "backstage.io/kubernetes-id";

/// Field manager of every server-side apply.
pub const FIELD_MANAGER: &str = "goldenpath";

/// The label that ties objects the operator creates to it: admission policies, policy reports.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "goldenpath");

/// On policy reports of ours: the state of the workload the report is about, such as `documented`.
pub const STATE: &str = "goldenpath.dev/state";
/// Annotation on policy reports of ours: stands for their content, so that an unchanged report is
/// never written again.
pub const CONTENT_DIGEST: &str = "goldenpath.dev/content-digest";
