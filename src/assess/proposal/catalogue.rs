//! Candidate steps of a proposed path, as data, and the groups of kinds that each fits. A step looks at
//! every container its title speaks of, init containers and sidecars too. What depends on the cluster is
//! in `survey`; nothing is judged here.

use crate::api::golden_path::{Check, Level, Severity};

/// Kinds of workload that share a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// `Deployment`, `StatefulSet` and extra kinds with a pod template.
    Service,
    /// `DaemonSet`.
    NodeAgent,
    /// `CronJob`.
    BatchJob,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 3] = [Self::Service, Self::NodeAgent, Self::BatchJob];

    /// The group of a kind; none for a kind without pods.
    pub(super) fn of(kind: &str, has_pods: bool) -> Option<Self> {
        match kind {
            "CronJob" => Some(Self::BatchJob),
            "DaemonSet" => Some(Self::NodeAgent),
            _ => has_pods.then_some(Self::Service),
        }
    }

    /// Name of its path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::NodeAgent => "node-agent",
            Self::BatchJob => "batch-job",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::NodeAgent => "Node agent",
            Self::BatchJob => "Batch job",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Service => "A Deployment or StatefulSet, run as most teams run theirs.",
            Self::NodeAgent => "A DaemonSet, run as most teams run theirs.",
            Self::BatchJob => "A CronJob, run as most teams run theirs.",
        }
    }

    /// API groups and kinds.
    pub(super) const fn kinds(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Service => &[("apps", "Deployment"), ("apps", "StatefulSet")],
            Self::NodeAgent => &[("apps", "DaemonSet")],
            Self::BatchJob => &[("batch", "CronJob")],
        }
    }

    /// Names and expressions, in the order in which one reads another.
    pub(super) const fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Service | Self::NodeAgent => &[LABELS_OF, ANNOTATIONS_OF, POD, ALL, RUNNING],
            Self::BatchJob => &[LABELS_OF, ANNOTATIONS_OF, JOB, JOB_POD, ALL],
        }
    }
}

const LABELS_OF: (&str, &str) = ("labels", "object.metadata.?labels.orValue({})");
const ANNOTATIONS_OF: (&str, &str) = ("annotations", "object.metadata.?annotations.orValue({})");
const POD: (&str, &str) = ("pod", "object.spec.template.spec");
const JOB: (&str, &str) = ("job", "object.spec.jobTemplate.spec");
const JOB_POD: (&str, &str) = ("pod", "variables.job.template.spec");
/// Every container, init containers and sidecars too.
const ALL: (&str, &str) = (
    "containers",
    "variables.pod.containers + variables.pod.?initContainers.orValue([])",
);
/// Containers that run as long as the pod: without init containers that end.
const RUNNING: (&str, &str) = (
    "running",
    "variables.pod.containers\n+ variables.pod.?initContainers.orValue([]).filter(c, c.?restartPolicy.orValue('') == 'Always')",
);

/// A step that a path may have.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub(super) groups: &'static [Group],
    name: &'static str,
    title: &'static str,
    action: &'static str,
    severity: Severity,
    expression: &'static str,
    message: &'static str,
    remediation: &'static str,
    docs: &'static str,
}

impl Candidate {
    /// The step, required.
    pub(super) fn check(&self) -> Check {
        Check {
            name: self.name.to_owned(),
            title: Some(self.title.to_owned()),
            action: Some(self.action.to_owned()),
            level: Level::Required,
            severity: self.severity,
            expression: self.expression.to_owned(),
            message: Some(self.message.to_owned()),
            remediation: Some(self.remediation.to_owned()),
            docs_url: Some(format!("https://kubernetes.io/docs/{}", self.docs)),
            exemptible: true,
            ..Check::default()
        }
    }
}

/// Labels that candidates ask for.
pub(super) const LABELS: [&str; 3] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/version",
    "app.kubernetes.io/part-of",
];

const ANY: &[Group] = &Group::ALL;
const LONG_RUNNING: &[Group] = &[Group::Service, Group::NodeAgent];
const SERVICES: &[Group] = &[Group::Service];
const JOBS: &[Group] = &[Group::BatchJob];

const PROBES: &str = "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/";
const RESOURCES: &str = "concepts/configuration/manage-resources-containers/";
const SECURITY: &str = "concepts/security/pod-security-standards/";
const NAMES: &str = "concepts/overview/working-with-objects/common-labels/";
const CRON: &str = "concepts/workloads/controllers/cron-jobs/";
const JOB_DOCS: &str = "concepts/workloads/controllers/job/";

/// Every fixed candidate, by subject.
pub(super) const CANDIDATES: &[Candidate] = &[
    Candidate {
        groups: ANY,
        name: "pinned-image",
        title: "Every image has a fixed tag or digest",
        action: "Pin every image to a version",
        severity: Severity::High,
        expression: "variables.containers.all(c, !c.?image.orValue('').endsWith(':latest')\n  && c.?image.orValue('').matches('[^/]+(:[^:/]+|@sha256:[0-9a-f]{64})$'))",
        message: "an image has no tag, or the tag latest; two pods may run different code",
        remediation: "image: REGISTRY/NAME:1.2.3\n",
        docs: "concepts/containers/images/#image-names",
    },
    Candidate {
        groups: LONG_RUNNING,
        name: "readiness-probe",
        title: "Every container that opens a port has a readiness probe",
        action: "Add a readiness probe",
        severity: Severity::High,
        expression: "variables.running.all(c, size(c.?ports.orValue([])) == 0 || has(c.readinessProbe))",
        message: "a container opens a port and has no readinessProbe, so it gets requests before it can answer",
        remediation: "readinessProbe:\n  httpGet: {path: /ready, port: 8080}\n",
        docs: PROBES,
    },
    Candidate {
        groups: LONG_RUNNING,
        name: "liveness-probe",
        title: "Every container that opens a port has a liveness probe",
        action: "Add a liveness probe",
        severity: Severity::Low,
        expression: "variables.running.all(c, size(c.?ports.orValue([])) == 0 || has(c.livenessProbe))",
        message: "a container opens a port and has no livenessProbe, so it is not restarted when it hangs",
        remediation: "livenessProbe:\n  httpGet: {path: /live, port: 8080}\n",
        docs: PROBES,
    },
    Candidate {
        groups: ANY,
        name: "memory-limit",
        title: "Every container has a memory limit",
        action: "Set a memory limit",
        severity: Severity::Medium,
        expression: "variables.containers.all(c, c.?resources.?limits[?'memory'].hasValue())",
        message: "a container has no memory limit and may starve its neighbours",
        remediation: "resources:\n  limits: {memory: 256Mi}\n",
        docs: RESOURCES,
    },
    Candidate {
        groups: ANY,
        name: "memory-request",
        title: "Every container requests memory",
        action: "Request memory",
        severity: Severity::Medium,
        // A limit alone is the request too.
        expression: "variables.containers.all(c, c.?resources.?requests[?'memory'].hasValue()\n  || c.?resources.?limits[?'memory'].hasValue())",
        message: "a container requests no memory and is among the first to be evicted",
        remediation: "resources:\n  requests: {memory: 128Mi}\n",
        docs: RESOURCES,
    },
    Candidate {
        groups: ANY,
        name: "cpu-request",
        title: "Every container requests CPU",
        action: "Request CPU",
        severity: Severity::Low,
        expression: "variables.containers.all(c, c.?resources.?requests[?'cpu'].hasValue()\n  || c.?resources.?limits[?'cpu'].hasValue())",
        message: "a container requests no CPU, so the scheduler cannot place it well",
        remediation: "resources:\n  requests: {cpu: 100m}\n",
        docs: RESOURCES,
    },
    Candidate {
        groups: SERVICES,
        name: "replicas",
        title: "Has at least two replicas",
        action: "Run two replicas",
        severity: Severity::Medium,
        expression: "object.spec.?replicas.orValue(1) >= 2",
        message: "a single replica, so every restart is an outage",
        remediation: "replicas: 2\n",
        docs: "concepts/workloads/controllers/deployment/",
    },
    Candidate {
        groups: SERVICES,
        name: "spread",
        title: "Asks to be spread over nodes or zones",
        action: "Spread the replicas",
        severity: Severity::Medium,
        expression: "size(variables.pod.?topologySpreadConstraints.orValue([])) > 0\n|| variables.pod.?affinity.?podAntiAffinity.hasValue()",
        message: "all replicas may sit on one node",
        remediation: "topologySpreadConstraints:\n- maxSkew: 1\n  topologyKey: kubernetes.io/hostname\n  whenUnsatisfiable: ScheduleAnyway\n  labelSelector: {matchLabels: {app: NAME}}\n",
        docs: "concepts/scheduling-eviction/topology-spread-constraints/",
    },
    Candidate {
        groups: LONG_RUNNING,
        name: "rolling-update",
        title: "Rolls out pod by pod",
        action: "Use the RollingUpdate strategy",
        severity: Severity::Medium,
        expression: "object.spec.?strategy.?type.orValue('RollingUpdate') == 'RollingUpdate'\n&& object.spec.?updateStrategy.?type.orValue('RollingUpdate') == 'RollingUpdate'",
        message: "an update stops every pod at once, or waits until someone deletes them",
        remediation: "strategy:            # updateStrategy in StatefulSets and DaemonSets\n  type: RollingUpdate\n",
        docs: "concepts/workloads/controllers/deployment/#strategy",
    },
    Candidate {
        groups: SERVICES,
        name: "graceful-stop",
        title: "Has 30 seconds to stop",
        action: "Give it 30 seconds to stop",
        severity: Severity::Low,
        expression: "variables.pod.?terminationGracePeriodSeconds.orValue(30) >= 30",
        message: "pods may be killed before they have finished their requests",
        remediation: "terminationGracePeriodSeconds: 30\n",
        docs: "concepts/workloads/pods/pod-lifecycle/#pod-termination",
    },
    Candidate {
        groups: JOBS,
        name: "no-overlap",
        title: "Runs do not overlap",
        action: "Forbid overlapping runs",
        severity: Severity::Medium,
        expression: "object.spec.?concurrencyPolicy.orValue('Allow') in ['Forbid', 'Replace']",
        message: "a slow run overlaps with the next one",
        remediation: "concurrencyPolicy: Forbid\n",
        docs: CRON,
    },
    Candidate {
        groups: JOBS,
        name: "deadline",
        title: "Has a deadline",
        action: "Set a deadline",
        severity: Severity::Medium,
        expression: "variables.job.?activeDeadlineSeconds.hasValue()\n|| variables.job.?template.?spec.?activeDeadlineSeconds.hasValue()",
        message: "nothing stops a run that hangs",
        remediation: "jobTemplate:\n  spec:\n    activeDeadlineSeconds: 3600\n",
        docs: JOB_DOCS,
    },
    Candidate {
        groups: JOBS,
        name: "start-deadline",
        title: "Has a deadline for late starts",
        action: "Set a deadline for late starts",
        severity: Severity::Low,
        expression: "object.spec.?startingDeadlineSeconds.hasValue()",
        message: "after 100 missed starts the job never runs again",
        remediation: "startingDeadlineSeconds: 300\n",
        docs: CRON,
    },
    Candidate {
        groups: JOBS,
        name: "backoff-limit",
        title: "Retries at most three times",
        action: "Limit retries to three",
        severity: Severity::Low,
        expression: "variables.job.?backoffLimit.orValue(6) <= 3",
        message: "a run that cannot succeed is tried more than three times again",
        remediation: "jobTemplate:\n  spec:\n    backoffLimit: 3\n",
        docs: JOB_DOCS,
    },
    Candidate {
        groups: JOBS,
        name: "failed-runs-kept",
        title: "Keeps at least one failed run",
        action: "Keep a failed run",
        severity: Severity::Low,
        expression: "object.spec.?failedJobsHistoryLimit.orValue(1) >= 1",
        message: "a failed run leaves nothing to look at",
        remediation: "failedJobsHistoryLimit: 1\n",
        docs: CRON,
    },
    Candidate {
        groups: JOBS,
        name: "finished-runs-removed",
        title: "Finished runs are removed after a while",
        action: "Set a time to live for finished runs",
        severity: Severity::Low,
        expression: "variables.job.?ttlSecondsAfterFinished.hasValue()",
        message: "finished runs stay until newer ones replace them",
        remediation: "jobTemplate:\n  spec:\n    ttlSecondsAfterFinished: 86400\n",
        docs: "concepts/workloads/controllers/ttlafterfinished/",
    },
    Candidate {
        groups: JOBS,
        name: "time-zone",
        title: "Its schedule names a time zone",
        action: "Name the schedule's time zone",
        severity: Severity::Low,
        expression: "object.spec.?timeZone.orValue('') != ''",
        message: "the start time changes if the control plane moves to another time zone",
        remediation: "timeZone: Etc/UTC\n",
        docs: CRON,
    },
    Candidate {
        groups: ANY,
        name: "not-privileged",
        title: "No container is privileged",
        action: "Remove privileged",
        severity: Severity::High,
        expression: "variables.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
        message: "a privileged container may do anything on its node",
        remediation: "securityContext:\n  privileged: false\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "no-host-namespaces",
        title: "Stays out of the node's namespaces",
        action: "Remove hostNetwork, hostPID and hostIPC",
        severity: Severity::High,
        expression: "!variables.pod.?hostNetwork.orValue(false) && !variables.pod.?hostPID.orValue(false)\n&& !variables.pod.?hostIPC.orValue(false)",
        message: "the pod shares the network, the processes or the memory of its node",
        remediation: "Remove hostNetwork, hostPID and hostIPC from the pod template.\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "no-host-path",
        title: "Mounts nothing of the node",
        action: "Remove hostPath volumes",
        severity: Severity::High,
        expression: "!variables.pod.?volumes.orValue([]).exists(v, has(v.hostPath))",
        message: "a hostPath volume ties the pod to its node and opens the node to it",
        remediation: "Use an emptyDir, a PersistentVolumeClaim or a ConfigMap instead of hostPath.\n",
        docs: "concepts/storage/volumes/#hostpath",
    },
    Candidate {
        groups: ANY,
        name: "no-plain-secrets",
        title: "No secret stands in an environment variable as plain text",
        action: "Move secrets to a Secret",
        severity: Severity::High,
        expression: "variables.containers.all(c, c.?env.orValue([]).all(e, e.?value.orValue('') == ''\n  || !e.name.matches('(?i)(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY)$')))",
        message: "everyone who may read the workload reads its secrets",
        remediation: "env:\n- name: PASSWORD\n  valueFrom:\n    secretKeyRef: {name: SECRET, key: password}\n",
        docs: "concepts/configuration/secret/",
    },
    Candidate {
        groups: ANY,
        name: "non-root",
        title: "No container runs as root",
        action: "Set runAsNonRoot",
        severity: Severity::Medium,
        expression: "variables.containers.all(c, c.?securityContext.?runAsNonRoot\n  .orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false)))",
        message: "a container may run as root",
        remediation: "securityContext:\n  runAsNonRoot: true\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "no-privilege-escalation",
        title: "No container can gain rights",
        action: "Forbid privilege escalation",
        severity: Severity::Medium,
        expression: "variables.containers.all(c, !c.?securityContext.?allowPrivilegeEscalation.orValue(true))",
        message: "a process of a container may gain more rights than it started with",
        remediation: "securityContext:\n  allowPrivilegeEscalation: false\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "read-only-root",
        title: "Every root file system is read-only",
        action: "Make the root file system read-only",
        severity: Severity::Low,
        expression: "variables.containers.all(c, c.?securityContext.?readOnlyRootFilesystem.orValue(false))",
        message: "a container can change its own programs",
        remediation: "securityContext:\n  readOnlyRootFilesystem: true\n",
        docs: "tasks/configure-pod-container/security-context/",
    },
    Candidate {
        groups: ANY,
        name: "drop-capabilities",
        title: "Every container drops all capabilities",
        action: "Drop all capabilities",
        severity: Severity::Medium,
        expression: "variables.containers.all(c, 'ALL' in c.?securityContext.?capabilities.?drop.orValue([]))",
        message: "a container has capabilities that it was given by default",
        remediation: "securityContext:\n  capabilities: {drop: [ALL]}\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "seccomp",
        title: "Every container has a seccomp profile",
        action: "Set the RuntimeDefault seccomp profile",
        severity: Severity::Low,
        expression: "variables.containers.all(c, c.?securityContext.?seccompProfile.?type\n  .orValue(variables.pod.?securityContext.?seccompProfile.?type.orValue('Unconfined')) != 'Unconfined')",
        message: "a container may use every system call",
        remediation: "securityContext:\n  seccompProfile: {type: RuntimeDefault}\n",
        docs: SECURITY,
    },
    Candidate {
        groups: ANY,
        name: "no-service-account-token",
        title: "Mounts no service account token",
        action: "Set automountServiceAccountToken to false",
        severity: Severity::Low,
        expression: "!variables.pod.?automountServiceAccountToken.orValue(true)",
        message: "the pod holds a token for the Kubernetes API",
        remediation: "automountServiceAccountToken: false\n",
        docs: "tasks/configure-pod-container/configure-service-account/",
    },
    Candidate {
        groups: ANY,
        name: "service-account",
        title: "Has a service account of its own",
        action: "Name a service account",
        severity: Severity::Low,
        expression: "!(variables.pod.?serviceAccountName.orValue('') in ['', 'default'])",
        message: "it shares the namespace's default service account with everything else there",
        remediation: "serviceAccountName: NAME\n",
        docs: "concepts/security/service-accounts/",
    },
    Candidate {
        groups: ANY,
        name: "priority-class",
        title: "Names a priority class",
        action: "Name a priority class",
        severity: Severity::Low,
        expression: "variables.pod.?priorityClassName.orValue('') != ''",
        message: "under pressure it is as dispensable as everything else",
        remediation: "priorityClassName: NAME\n",
        docs: "concepts/scheduling-eviction/pod-priority-preemption/",
    },
    Candidate {
        groups: ANY,
        name: "name-label",
        title: "Has the common name label",
        action: "Set app.kubernetes.io/name",
        severity: Severity::Low,
        expression: "variables.labels[?'app.kubernetes.io/name'].orValue('') != ''",
        message: "tools cannot tell what this workload is",
        remediation: "metadata:\n  labels:\n    app.kubernetes.io/name: NAME\n",
        docs: NAMES,
    },
    Candidate {
        groups: ANY,
        name: "version-label",
        title: "Has the common version label",
        action: "Set app.kubernetes.io/version",
        severity: Severity::Low,
        expression: "variables.labels[?'app.kubernetes.io/version'].orValue('') != ''",
        message: "tools cannot tell which version runs",
        remediation: "metadata:\n  labels:\n    app.kubernetes.io/version: VERSION\n",
        docs: NAMES,
    },
    Candidate {
        groups: ANY,
        name: "part-of-label",
        title: "Has the common part-of label",
        action: "Set app.kubernetes.io/part-of",
        severity: Severity::Low,
        expression: "variables.labels[?'app.kubernetes.io/part-of'].orValue('') != ''",
        message: "tools cannot tell which application it is part of",
        remediation: "metadata:\n  labels:\n    app.kubernetes.io/part-of: APPLICATION\n",
        docs: NAMES,
    },
];
