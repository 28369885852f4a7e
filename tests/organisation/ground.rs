//! The organisation's cluster: its people and their rights, its manifests in a directory and applied,
//! the chart's release with an operator beside it. Must not know what happens in the month.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use goldenpath_e2e::{
    ControlPlane, Operator, OperatorOptions, Options, Tool, User, binaries_or_skip,
    control_plane_or_skip,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::generated::tree::{File, write};
use crate::generated::{IGNORES_ALLOWED, Organisation};
use crate::shell::Shell;

/// For everything that is to happen soon, beside a build too.
pub const SOON: Duration = Duration::from_secs(180);
const NAMESPACE: &str = "goldenpath-system";
const WATCHED: &str = "deployments,statefulsets,daemonsets,cronjobs";
/// Holds what is in Git, approvals too: `approval.onBehalfOf`.
const DELIVERY: &str = "system:serviceaccount:delivery:flux";
/// People with their teams.
pub const PLATFORM: (&str, &str) = ("nora", "platform-team");
pub const CART: (&str, &str) = ("sam", "cart");
pub const TILLS: (&str, &str) = ("tess", "tills");
pub const LEDGER: (&str, &str) = ("lee", "ledger");

/// What the organisation grants: teams write in every namespace, the platform team reads everything
/// and writes golden paths.
const RIGHTS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: delivery}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: team}
rules:
- {apiGroups: [goldenpath.dev], resources: [deviationexceptions], verbs: ['*']}
- {apiGroups: [apps, batch], resources: ['*'], verbs: [get, list, watch]}
- {apiGroups: [''], resources: [namespaces], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: teams}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: team}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: cart}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: tills}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: ledger}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: platform-team}
- {kind: ServiceAccount, name: flux, namespace: delivery}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: writes-paths}
rules:
- {apiGroups: [goldenpath.dev], resources: [goldenpaths], verbs: [get, list, watch, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: writes-paths}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writes-paths}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: platform-team}
";

/// Values of the organisation's release.
fn values() -> String {
    let (key, value) = IGNORES_ALLOWED;
    format!(
        "judging: {{ignoreNamespaces: '{key}={value}'}}
approval: {{onBehalfOf: [delivery/flux]}}
rbac:
  approvers:
  - {{name: platform, paths: [service, node-agent, batch-job], groups: [platform-team]}}
"
    )
}

pub struct Ground {
    pub files: Vec<File>,
    pub cluster: ControlPlane,
    /// The administrator's.
    pub shell: Shell,
}

impl Ground {
    /// None, after a line `skipped: …`, where it cannot be had.
    pub fn or_skip() -> Option<Self> {
        binaries_or_skip(&[Tool::Helm, Tool::Kubectl])?;
        let people = [PLATFORM, CART, TILLS, LEDGER];
        let users = people.map(|(name, team)| User::new(name, &[team]).unwrap());
        let cluster = control_plane_or_skip(&Options {
            users: users.to_vec(),
            ..Options::default()
        })?;
        let home = cluster.data_dir().join("home");
        let tools = [Tool::Helm, Tool::Kubectl];
        let shell = Shell::new(home, cluster.kubeconfig().to_owned(), &tools);
        let organisation = Organisation {
            seed: 1,
            today: Timestamp::from_second(Timestamp::now().as_second()).unwrap(),
        };
        let files = organisation.files();
        write(&files, &shell.file("deploy")).unwrap();
        std::fs::write(shell.file("values.yaml"), values()).unwrap();
        Some(Self {
            files,
            cluster,
            shell,
        })
    }

    /// The shell of one of the people.
    pub fn shell_of(&self, (name, _): (&str, &str)) -> Shell {
        self.shell.of(self.cluster.kubeconfig_for(name).unwrap())
    }

    /// Applies the tree as its teams do: every file that is a manifest, some at once.
    pub fn apply_tree(&self) {
        self.cluster.apply(RIGHTS).unwrap();
        let namespaces = self.shell.file("deploy/namespaces.yaml");
        self.apply(&[namespaces.to_string_lossy().into_owned()]);
        let files: Vec<String> = self
            .files
            .iter()
            .filter(|file| file.is_manifest)
            .map(|file| self.shell.file("deploy").join(&file.path))
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        thread::scope(|scope| {
            for part in files.chunks(files.len().div_ceil(4)) {
                scope.spawn(|| self.apply(part));
            }
        });
    }

    /// Applying again changes nothing, so a server that is too busy is asked once more.
    fn apply(&self, files: &[String]) {
        let mut args = vec!["apply", "--server-side"];
        args.extend(files.iter().flat_map(|file| ["-f", file]));
        let mut answers = (0..3).map(|_| self.cluster.kubectl(&args).unwrap());
        let mut refusals = Vec::new();
        let applied = answers.any(|answer| {
            refusals.push(String::from_utf8_lossy(&answer.stderr).into_owned());
            answer.status.success()
        });
        assert!(applied, "{refusals:?}");
    }

    /// Applies a file of the user's directory as the account that holds what is in Git.
    pub fn deliver(&self, file: &str) {
        let file = self.shell.file(file);
        let identity = format!("--as={DELIVERY}");
        let file = file.to_string_lossy();
        let args = ["apply", "--server-side", "-f", &file, &identity];
        self.cluster.kubectl_ok(&args).unwrap();
    }

    /// The chart's policies decide who may write what, a moment after they were created.
    pub fn wait_for_policies(&self) {
        let file = self.shell.file("elses.yaml");
        std::fs::write(&file, ELSES).unwrap();
        let file = file.to_string_lossy();
        let create = ["create", "--dry-run=server", "-f", &file];
        goldenpath_e2e::eventually(SOON, "the policies are in force", || {
            let answer = self.cluster.kubectl(&create).unwrap();
            let printed = String::from_utf8_lossy(&answer.stderr).into_owned();
            printed.contains("requestedBy").then_some(())
        });
    }

    /// All workloads as they are stored.
    pub fn workloads(&self) -> Vec<Value> {
        let args = ["get", WATCHED, "-A", "-o", "json"];
        let mut list: Value =
            serde_json::from_str(&self.cluster.kubectl_ok(&args).unwrap()).unwrap();
        match list["items"].take() {
            Value::Array(items) => items,
            other => panic!("a list has items, not {other}"),
        }
    }

    /// The operator of the release, with its arguments and rights, at addresses of this machine.
    pub fn operator(&self) -> Operator {
        let args = ["get", "deploy", "goldenpath", "-n", NAMESPACE, "-o", "json"];
        let stored: Value = serde_json::from_str(&self.cluster.kubectl_ok(&args).unwrap()).unwrap();
        let container = &stored["spec"]["template"]["spec"]["containers"][0];
        let args: Vec<String> = serde_json::from_value(container["args"].clone()).unwrap();
        // The harness adds `--listen`, which then serves everything.
        let args = args
            .into_iter()
            .filter(|arg| !arg.starts_with("--listen=") && !arg.starts_with("--metrics-listen="));
        let account = self
            .cluster
            .kubeconfig_for_service_account(NAMESPACE, "goldenpath");
        let options = OperatorOptions {
            binary: env!("CARGO_BIN_EXE_goldenpath").into(),
            args: args.collect(),
            env: vec![("GOLDENPATH_LEASE_NAMESPACE".into(), NAMESPACE.into())],
            kubeconfig: Some(account.unwrap()),
        };
        let mut operator = Operator::start(&self.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        operator
    }
}

/// Asks a running operator to end, and expects that it does so in good order.
pub fn stop(operator: Operator) {
    let status = operator.stop(SOON).unwrap();
    assert!(status.success(), "{status}");
}

/// Seconds of each part of a run, for the log.
pub fn lap(what: &str) {
    static BEGAN: Mutex<Option<Timestamp>> = Mutex::new(None);
    let mut began = BEGAN.lock().unwrap();
    let now = Timestamp::now();
    let before = began.replace(now).unwrap_or(now);
    let seconds = now.duration_since(before).as_millis();
    let mut stderr = std::io::stderr();
    // Not `eprintln!`: the test runner would swallow the line.
    let _ = std::io::Write::write_fmt(&mut stderr, format_args!("figure   {what}: {seconds} ms\n"));
}

const ELSES: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: elses, namespace: default}
spec:
  path: service
  checks: ['*']
  targets: [{kind: Deployment, name: web}]
  reason: It is here to be refused by the policy.
  owner: {team: cart}
  requestedBy: somebody-else
  ownershipCost: {hoursPerMonth: 1}
";
