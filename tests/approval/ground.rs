//! Shared setup: one API server with the chart installed, and users with different rights. Every
//! test names its exceptions after itself.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use goldenpath_e2e::{
    Binaries, ControlPlane, Operator, Options, Tool, User, control_plane_or_skip, eventually,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::suite;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(90);
pub const SYSTEM: &str = "goldenpath-system";
/// May approve, and is listed in `approval.onBehalfOf`.
pub const LISTED: &str = "delivery/listed";
/// Holds the verb `approve` on the path, and is listed nowhere.
pub const UNLISTED: &str = "delivery/unlisted";

/// `sam` and `tess` may write exceptions; `ada` may, and approves for web-service; `bo` does for
/// batch-job; `nora` may do everything in the namespace shop.
const PEOPLE: [&str; 5] = ["sam", "tess", "ada", "bo", "nora"];

const RIGHTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: delivery}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: listed, namespace: delivery}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: unlisted, namespace: delivery}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writes-exceptions}
rules:
- {apiGroups: [goldenpath.dev], resources: [deviationexceptions], verbs: [get, list, watch, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: writes-exceptions}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writes-exceptions}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: sam}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: tess}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: ada}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: bo}
- {kind: ServiceAccount, name: listed, namespace: delivery}
- {kind: ServiceAccount, name: unlisted, namespace: delivery}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approves-web-service}
rules:
- {apiGroups: [goldenpath.dev], resources: [goldenpaths], resourceNames: [web-service], verbs: [approve]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approves-web-service}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approves-web-service}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: ada}
- {kind: ServiceAccount, name: unlisted, namespace: delivery}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: approves-batch-job}
rules:
- {apiGroups: [goldenpath.dev], resources: [goldenpaths], resourceNames: [batch-job], verbs: [approve]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: approves-batch-job}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approves-batch-job}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bo}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: everything, namespace: shop}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: everything, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: everything}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: nora}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: approves-here, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: approves-web-service}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: nora}]
";

static SHARED: OnceLock<Option<Ground>> = OnceLock::new();

/// The body of a test that needs the chart with its policies. Without an API server or Helm it
/// prints why, once.
pub fn with_policies(body: impl FnOnce(&Ground)) {
    let ground = SHARED.get_or_init(|| {
        let ground = Ground::start(&Options::default())?;
        ground.install(&[]);
        ground.wait_for_policies();
        Some(ground)
    });
    if let Some(ground) = ground {
        body(ground);
    }
}

/// An API server, and Helm.
pub struct Ground {
    pub cluster: ControlPlane,
    /// Written once: tests run beside each other.
    kubeconfigs: BTreeMap<&'static str, PathBuf>,
}

impl Ground {
    /// With people and their rights, and nothing of ours yet.
    pub fn start(options: &Options) -> Option<Self> {
        let users = PEOPLE.iter().map(|name| User::new(name, &[]).unwrap());
        let options = Options {
            users: users.collect(),
            ..options.clone()
        };
        let cluster = control_plane_or_skip(&options)?;
        if let Err(error) = Binaries::locate_or_build(&[Tool::Helm], |_| {}) {
            // Not `eprintln!`: the test runner would swallow the line.
            let mut stderr = std::io::stderr();
            writeln!(stderr, "skipped: {error}").unwrap();
            return None;
        }
        cluster.apply(RIGHTS).unwrap();
        let kubeconfigs = PEOPLE.map(|name| (name, cluster.kubeconfig_for(name).unwrap()));
        Some(Self {
            kubeconfigs: kubeconfigs.into(),
            cluster,
        })
    }

    /// Installs the chart, or changes its values.
    pub fn install(&self, values: &[&str]) {
        let chart = format!("{}/charts/goldenpath", env!("CARGO_MANIFEST_DIR"));
        let listed = format!("approval.onBehalfOf={{{LISTED}}}");
        let mut args = vec!["upgrade", "--install", "goldenpath", &chart];
        args.extend(["--create-namespace", "--set", &listed]);
        args.extend(values.iter().flat_map(|value| ["--set", value]));
        self.helm(&args);
        for crd in ["goldenpaths", "deviationexceptions"] {
            let crd = format!("{crd}.goldenpath.dev");
            let established = "--for=condition=Established";
            let wait = ["wait", established, "--timeout=60s", "crd", &crd];
            self.cluster.kubectl_ok(&wait).unwrap();
        }
    }

    pub fn helm(&self, args: &[&str]) {
        let binaries = Binaries::locate_or_build(&[Tool::Helm], |_| {}).unwrap();
        let answer = Command::new(binaries.path(Tool::Helm).unwrap())
            .args(args)
            .args(["--namespace", SYSTEM, "--kubeconfig"])
            .arg(self.cluster.kubeconfig())
            .env("HELM_CACHE_HOME", self.cluster.data_dir())
            .output()
            .unwrap();
        assert!(
            answer.status.success(),
            "helm {args:?}: {}",
            printed(&answer)
        );
    }

    /// Policies are read by the API server a moment after they were written.
    pub fn wait_for_policies(&self) {
        let nobodys = exception("nobodys", "nobody").to_string();
        eventually(SOON, "the policies are in force", || {
            let file = self.file("nobodys", &nobodys);
            let create = ["create", "--dry-run=server", "-f", &file];
            let answer = self.cluster.kubectl(&create).unwrap();
            printed(&answer).contains("requestedBy").then_some(())
        });
    }

    /// A file kubectl can be given.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.cluster.data_dir().join(format!("{name}.yaml"));
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs kubectl as a person, or as an account (`namespace/name`).
    pub fn kubectl(&self, who: &str, args: &[&str]) -> Output {
        let identity = match who.split_once('/') {
            None => format!("--kubeconfig={}", self.kubeconfigs[who].display()),
            Some((namespace, name)) => format!("--as=system:serviceaccount:{namespace}:{name}"),
        };
        self.cluster
            .kubectl(&[args, &[&identity]].concat())
            .unwrap()
    }

    /// `kubectl goldenpath`, as a person.
    pub fn goldenpath(&self, who: &str, args: &[&str]) -> Output {
        suite::goldenpath(&self.kubeconfigs[who], args)
            .output()
            .unwrap()
    }

    /// Creates an exception in shop.
    pub fn create(&self, who: &str, object: &Value) -> Output {
        let name = object["metadata"]["name"].as_str().unwrap();
        let file = self.file(name, &object.to_string());
        self.kubectl(who, &["create", "-f", &file])
    }

    /// An exception that `sam` asked for.
    pub fn asked_for(&self, name: &str) {
        accepted(&self.create("sam", &exception(name, "sam")));
    }

    /// An exception that `sam` asked for and `ada` agreed to.
    pub fn agreed(&self, name: &str) {
        self.asked_for(name);
        accepted(&self.patch("ada", name, &approval("ada", Timestamp::now())));
    }

    /// Merges into the spec of an exception.
    pub fn patch(&self, who: &str, name: &str, spec: &Value) -> Output {
        self.patch_whole(who, name, &json!({ "spec": spec }))
    }

    pub fn patch_whole(&self, who: &str, name: &str, patch: &Value) -> Output {
        let patch = patch.to_string();
        let args = [
            "patch",
            "devex",
            name,
            "-n=shop",
            "--type=merge",
            "-p",
            &patch,
        ];
        self.kubectl(who, &args)
    }

    /// The operator, with the rights of the chart's account and no others.
    pub fn operator(&self) -> Operator {
        let account = self
            .cluster
            .kubeconfig_for_service_account(SYSTEM, "goldenpath");
        let lease = format!("--lease-namespace={SYSTEM}");
        let mut options = suite::operator_options(&[&lease]);
        options.kubeconfig = Some(account.unwrap());
        let mut operator = Operator::start(&self.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        operator
    }

    /// Reason and message of the condition `Approved`.
    pub fn approved(&self, name: &str) -> [String; 2] {
        let stored = self.stored(name);
        let mut conditions = stored["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten();
        let approved = conditions.find(|condition| condition["type"] == "Approved");
        ["reason", "message"].map(|field| {
            let text = approved.and_then(|condition| condition[field].as_str());
            text.unwrap_or_default().to_owned()
        })
    }

    /// Waits until the operator reports how the approval is assured.
    #[track_caller]
    pub fn expect_reason(&self, name: &str, reason: &str) {
        eventually(SOON, &format!("{name} is {reason}"), || {
            (self.approved(name)[0] == reason).then_some(())
        });
    }

    pub fn stored(&self, name: &str) -> Value {
        let object = format!("devex/{name}");
        self.cluster.stored("shop", &object).unwrap()
    }
}

/// An exception in shop.
pub fn exception(name: &str, requested_by: &str) -> Value {
    json!({
        "apiVersion": "goldenpath.dev/v1alpha1",
        "kind": "DeviationException",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "path": "web-service",
            "checks": ["replicas"],
            "targets": [{"kind": "Deployment", "name": "web"}],
            "reason": "The licence of the vendor allows one replica only.",
            "owner": {"team": "shop"},
            "requestedBy": requested_by,
            "ownershipCost": {"hoursPerMonth": 2},
        },
    })
}

pub fn approval(by: &str, at: Timestamp) -> Value {
    json!({"approval": {"decision": "Approved", "by": by, "at": whole(at)}})
}

pub fn review(by: &str, at: Timestamp, outcome: &str) -> Value {
    json!({"by": by, "at": whole(at), "outcome": outcome})
}

pub fn renewal(by: &str, at: Timestamp) -> Value {
    let why = "the contract runs until May";
    json!({"renewal": {"by": by, "requestedAt": whole(at), "stillNeededBecause": why}})
}

pub fn whole(at: Timestamp) -> String {
    let seconds = Timestamp::from_second(at.as_second()).unwrap();
    seconds.to_string()
}

pub fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// Reviews are identified by the second in which they were made.
pub fn wait_for_the_next_second() {
    let began = Timestamp::now().as_second();
    eventually(SOON, "the next second", || {
        (Timestamp::now().as_second() > began).then_some(())
    });
}

/// What a command wrote to standard error.
pub fn printed(answer: &Output) -> String {
    String::from_utf8_lossy(&answer.stderr).trim().to_owned()
}

#[track_caller]
pub fn accepted(answer: &Output) {
    assert!(answer.status.success(), "{}", printed(answer));
}

/// Refused, with this sentence on one line.
#[track_caller]
pub fn refused(answer: &Output, sentence: &str) {
    let printed = printed(answer);
    assert!(!answer.status.success(), "accepted; wanted: {sentence}");
    assert!(printed.contains(sentence), "{printed}");
    assert_eq!(printed.lines().count(), 1, "{printed}");
}
