//! The programs of a throwaway cluster: their names, their Go packages and how long a build of each
//! takes. Only `tools/go.mod` pins versions. Must not inspect the machine: `binaries` and `builder`
//! do.

use std::{fmt::Write as _, time::Duration};

use sha2::{Digest, Sha256};

/// A program that can be located or built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    Etcd,
    KubeApiserver,
    Kubectl,
    KubeControllerManager,
    KubeScheduler,
    Kubelet,
    KubeProxy,
    Containerd,
    /// containerd's own client.
    Ctr,
    /// containerd starts one for each pod, and expects it beside itself.
    ContainerdShim,
    /// The sandbox of a pod, and with the argument `serve` a small web server.
    Pause,
    /// Plays kubelet for nodes and pods that do not exist.
    Kwok,
    /// Helm 4.
    Helm,
    /// Helm 3, under the file name `helm3`.
    Helm3,
    HelmUnittest,
    Kubeconform,
    KubeScore,
    KubeStateMetrics,
    Gatekeeper,
    Flagger,
    /// The controller of Argo Rollouts.
    RolloutsController,
    /// One that discovers what to scrape by asking Kubernetes.
    Prometheus,
    /// The API server's compiler of CEL, as a program that answers questions.
    CelOracle,
    /// Argo CD's Lua and kstatus, as a program that answers questions about the health of an object.
    HealthVerdict,
}

impl Tool {
    /// Every tool there is.
    pub const ALL: [Self; 24] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::Kubectl,
        Self::KubeControllerManager,
        Self::KubeScheduler,
        Self::Kubelet,
        Self::KubeProxy,
        Self::Kwok,
        Self::Helm,
        Self::Helm3,
        Self::HelmUnittest,
        Self::Kubeconform,
        Self::KubeScore,
        Self::Containerd,
        Self::Ctr,
        Self::ContainerdShim,
        Self::Pause,
        Self::Prometheus,
        Self::CelOracle,
        Self::HealthVerdict,
        Self::KubeStateMetrics,
        Self::Gatekeeper,
        Self::Flagger,
        Self::RolloutsController,
    ];

    /// What a node consists of beyond a control plane with scheduler and controllers.
    pub const NODE: [Self; 6] = [
        Self::Kubelet,
        Self::KubeProxy,
        Self::Containerd,
        Self::Ctr,
        Self::ContainerdShim,
        Self::Pause,
    ];

    /// What the smallest control plane needs; exactly what envtest ships.
    pub const CONTROL_PLANE: [Self; 3] = [Self::Etcd, Self::KubeApiserver, Self::Kubectl];

    /// The name of the executable file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::Kubectl => "kubectl",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::Containerd => "containerd",
            Self::Ctr => "ctr",
            Self::ContainerdShim => "containerd-shim-runc-v2",
            Self::Pause => "pause",
            Self::Kwok => "kwok",
            Self::Helm => "helm",
            Self::Helm3 => "helm3",
            Self::HelmUnittest => "helm-unittest",
            Self::Kubeconform => "kubeconform",
            Self::KubeScore => "kube-score",
            Self::KubeStateMetrics => "kube-state-metrics",
            Self::Gatekeeper => "gatekeeper",
            Self::Flagger => "flagger",
            Self::RolloutsController => "rollouts-controller",
            Self::Prometheus => "prometheus",
            Self::CelOracle => "cel-oracle",
            Self::HealthVerdict => "health-verdict",
        }
    }

    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::KubeScheduler => "k8s.io/kubernetes/cmd/kube-scheduler",
            Self::Kubelet => "k8s.io/kubernetes/cmd/kubelet",
            Self::KubeProxy => "k8s.io/kubernetes/cmd/kube-proxy",
            Self::Containerd => "github.com/containerd/containerd/v2/cmd/containerd",
            Self::Ctr => "github.com/containerd/containerd/v2/cmd/ctr",
            Self::ContainerdShim => {
                "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
            }
            Self::Pause => "goldenpath.dev/e2e/tools/node/pause",
            Self::Kwok => "sigs.k8s.io/kwok/cmd/kwok",
            Self::Helm => "helm.sh/helm/v4/cmd/helm",
            Self::Helm3 => "helm.sh/helm/v3/cmd/helm",
            Self::HelmUnittest => "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
            Self::Kubeconform => "github.com/yannh/kubeconform/cmd/kubeconform",
            Self::KubeScore => "github.com/zegl/kube-score/cmd/kube-score",
            Self::KubeStateMetrics => "k8s.io/kube-state-metrics/v2",
            Self::Gatekeeper => "github.com/open-policy-agent/gatekeeper/v3",
            Self::Flagger => "github.com/fluxcd/flagger/cmd/flagger",
            Self::RolloutsController => "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
            Self::Prometheus => "github.com/prometheus/prometheus/cmd/prometheus",
            Self::CelOracle => "goldenpath.dev/e2e/tools/cel/oracle",
            Self::HealthVerdict => "goldenpath.dev/e2e/tools/health/verdict",
        }
    }

    /// The pinned version of a tool whose package is a Go module, or a command of one, as `MODULE@VERSION`.
    pub fn pinned(self) -> String {
        let package = self.package();
        let module = package.split_once("/cmd/").map_or(package, |(it, _)| it);
        format!("{module}@{}", self.module().version_of(module))
    }

    pub(crate) const fn module(self) -> Module {
        match self {
            Self::Etcd
            | Self::KubeApiserver
            | Self::Kubectl
            | Self::KubeControllerManager
            | Self::KubeScheduler
            | Self::Kubelet
            | Self::KubeProxy
            | Self::Kwok
            | Self::Helm
            | Self::Helm3
            | Self::HelmUnittest
            | Self::Kubeconform => Module::Cluster,
            Self::KubeScore => Module::Lint,
            Self::KubeStateMetrics => Module::State,
            Self::Gatekeeper => Module::Policy,
            Self::Flagger => Module::Flagger,
            Self::RolloutsController => Module::Rollouts,
            Self::Containerd | Self::Ctr | Self::ContainerdShim | Self::Pause => Module::Node,
            Self::Prometheus => Module::Monitoring,
            Self::CelOracle => Module::Cel,
            Self::HealthVerdict => Module::Health,
        }
    }

    /// How long a first build takes on two cores, built in the order of [`Tool::ALL`].
    pub(crate) const fn usual_build(self) -> Duration {
        Duration::from_secs(match self {
            Self::KubeApiserver => 240,
            Self::Flagger | Self::RolloutsController => 150,
            Self::Prometheus | Self::KubeStateMetrics | Self::Gatekeeper => 120,
            Self::Containerd => 80,
            Self::KubeControllerManager => 60,
            Self::CelOracle => 50,
            Self::Etcd => 45,
            Self::HealthVerdict => 40,
            Self::Kubectl => 30,
            Self::Kubelet | Self::Kwok | Self::Helm | Self::KubeScore => 20,
            Self::KubeScheduler
            | Self::KubeProxy
            | Self::Helm3
            | Self::HelmUnittest
            | Self::Kubeconform
            | Self::Ctr
            | Self::ContainerdShim
            | Self::Pause => 10,
        })
    }
}

/// The files of a module without sources of its own.
macro_rules! only_pinned {
    ($directory:literal) => {
        &[
            (
                "go.mod",
                include_str!(concat!("../tools/", $directory, "/go.mod")),
            ),
            (
                "go.sum",
                include_str!(concat!("../tools/", $directory, "/go.sum")),
            ),
        ]
    };
}

/// A pinned set of Go modules that build together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Module {
    Cluster,
    Lint,
    Node,
    Monitoring,
    Cel,
    State,
    Policy,
    Health,
    Flagger,
    Rollouts,
}

impl Module {
    pub(crate) const ALL: [Self; 10] = [
        Self::Cluster,
        Self::Lint,
        Self::Node,
        Self::Monitoring,
        Self::Cel,
        Self::State,
        Self::Policy,
        Self::Health,
        Self::Flagger,
        Self::Rollouts,
    ];

    /// The files of the module by name; the first is its `go.mod`.
    pub(crate) const fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Cluster => &[
                ("go.mod", include_str!("../tools/go.mod")),
                ("go.sum", include_str!("../tools/go.sum")),
            ],
            Self::Lint => only_pinned!("lint"),
            Self::Node => &[
                ("go.mod", include_str!("../tools/node/go.mod")),
                ("go.sum", include_str!("../tools/node/go.sum")),
                ("pause/main.go", include_str!("../tools/node/pause/main.go")),
            ],
            Self::Monitoring => only_pinned!("monitoring"),
            Self::Policy => only_pinned!("policy"),
            Self::Flagger => only_pinned!("flagger"),
            Self::Rollouts => only_pinned!("rollouts"),
            Self::State => only_pinned!("state"),
            Self::Health => &[
                ("go.mod", include_str!("../tools/health/go.mod")),
                ("go.sum", include_str!("../tools/health/go.sum")),
                (
                    "verdict/main.go",
                    include_str!("../tools/health/verdict/main.go"),
                ),
            ],
            Self::Cel => &[
                ("go.mod", include_str!("../tools/cel/go.mod")),
                ("go.sum", include_str!("../tools/cel/go.sum")),
                (
                    "oracle/main.go",
                    include_str!("../tools/cel/oracle/main.go"),
                ),
                (
                    "oracle/policy.go",
                    include_str!("../tools/cel/oracle/policy.go"),
                ),
                (
                    "oracle/speed.go",
                    include_str!("../tools/cel/oracle/speed.go"),
                ),
                (
                    "oracle/canonical.go",
                    include_str!("../tools/cel/oracle/canonical.go"),
                ),
            ],
        }
    }

    const fn go_mod(self) -> &'static str {
        self.files()[0].1
    }

    /// The lowest Go release that builds this module.
    pub(crate) fn go_release(self) -> &'static str {
        let mut lines = self.go_mod().lines();
        lines
            .find_map(|line| line.strip_prefix("go "))
            .unwrap_or("1.26")
    }

    /// Build tags. Of all the ways in which Prometheus finds targets, one is wanted; the others
    /// would be most of the build.
    pub(crate) const fn tags(self) -> Option<&'static str> {
        match self {
            Self::Monitoring => Some("remove_all_sd,enable_kubernetes_sd"),
            Self::Cluster
            | Self::Lint
            | Self::Node
            | Self::Cel
            | Self::State
            | Self::Policy
            | Self::Health
            | Self::Flagger
            | Self::Rollouts => None,
        }
    }

    /// Linker flags that stamp versions, so that `kubectl version` and a
    /// chart's `.Capabilities` report the versions of an official build.
    pub(crate) fn linker_flags(self) -> String {
        let kubernetes = self.version_of("k8s.io/kubernetes");
        let mut release = kubernetes.trim_start_matches('v').split('.');
        let major = release.next().unwrap_or_default();
        let minor = release.next().unwrap_or_default();
        let stamps = [
            ("k8s.io/component-base/version.gitVersion", kubernetes),
            ("k8s.io/component-base/version.gitMajor", major),
            ("k8s.io/component-base/version.gitMinor", minor),
            ("k8s.io/client-go/pkg/version.gitVersion", kubernetes),
            ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor", major),
            ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor", minor),
            ("helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor", major),
            ("helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor", minor),
            (
                "helm.sh/helm/v3/internal/version.version",
                self.version_of("helm.sh/helm/v3"),
            ),
            (
                "helm.sh/helm/v4/internal/version.version",
                self.version_of("helm.sh/helm/v4"),
            ),
            (
                "github.com/containerd/containerd/v2/version.Version",
                self.version_of("github.com/containerd/containerd/v2"),
            ),
        ];
        let mut flags = String::from("-s -w");
        for (variable, value) in stamps.iter().filter(|(_, value)| !value.is_empty()) {
            // Writing to a String cannot fail.
            let _ = write!(flags, " -X {variable}={value}");
        }
        flags
    }

    /// Names the cache directory: whatever changes a binary changes this.
    pub(crate) fn fingerprint(self) -> String {
        let mut hash = Sha256::new();
        let files = self.files().iter().map(|(_, text)| *text);
        let flags = self.linker_flags();
        let platform = [flags.as_str(), std::env::consts::OS, std::env::consts::ARCH];
        for part in files.chain(platform).chain(self.tags()) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        digest[..8].iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn version_of(self, module: &str) -> &'static str {
        let mut lines = self.go_mod().lines().map(str::split_whitespace);
        lines
            .find_map(|mut words| (words.next() == Some(module)).then(|| words.next()))
            .flatten()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linker_flags_take_their_versions_from_the_module_file() {
        let flags = Module::Cluster.linker_flags();
        assert!(flags.contains("component-base/version.gitVersion=v1."));
        assert!(flags.contains("component-base/version.gitMajor=1 "));
        assert!(flags.contains("helm/v4/internal/version.version=v4."));
        assert_eq!(Module::Lint.linker_flags(), "-s -w");
    }

    #[test]
    fn every_tool_is_declared_in_the_module_that_builds_it() {
        for tool in Tool::ALL {
            assert!(
                tool.module().go_mod().contains(tool.package()),
                "{}",
                tool.as_str()
            );
        }
    }

    #[test]
    fn a_pinned_version_is_one_that_go_downloads() {
        let pinned = Tool::Gatekeeper.pinned();
        assert!(
            pinned.starts_with("github.com/open-policy-agent/gatekeeper/v3@v3."),
            "{pinned}"
        );
    }

    #[test]
    fn the_pinned_version_of_a_command_is_that_of_its_module() {
        let pinned = Tool::RolloutsController.pinned();
        let module = "github.com/argoproj/argo-rollouts@v1.";
        assert!(pinned.starts_with(module), "{pinned}");
    }

    #[test]
    fn modules_have_fingerprints_of_their_own() {
        assert_ne!(Module::Cluster.fingerprint(), Module::Lint.fingerprint());
        assert_eq!(Module::Cluster.fingerprint().len(), 16);
    }
}
