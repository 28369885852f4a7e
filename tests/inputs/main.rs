//! Inputs as people really have them, read by the program as a user runs it: what each of them used to
//! be taken for, and what it means.

#![allow(clippy::unwrap_used)]

mod counted;
#[path = "../suite/program.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Every path of ours is launched.
const AS_OF: &str = "2026-07-01";

const PATH: &str = "---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  title: Web service
  owner: {team: platform}
  checks:
  - {name: pinned-image, title: Images have a fixed tag, expression: \"!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))\"}
";

/// `goldenpath ARGS` with `input` on standard input.
fn goldenpath(args: &[&str], input: &str) -> Output {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    program::goldenpath(AS_OF, args, top, input)
}

fn printed(args: &[&str], input: &str) -> String {
    String::from_utf8(goldenpath(args, input).stdout).unwrap()
}

fn report(input: &str) -> Value {
    serde_json::from_str(&printed(&["scan", "-", "-o", "json"], input)).unwrap()
}

/// A file that goes with the test.
struct Manifest(PathBuf);

impl Manifest {
    fn of(test: &str, content: &str) -> Self {
        let name = format!("goldenpath-{test}-{}.yaml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, content).unwrap();
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn problems(report: &Value) -> Vec<&str> {
    report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["message"].as_str().unwrap())
        .collect()
}

/// A Deployment of one container; `metadata` is more than its name.
fn deployment(name: &str, metadata: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{metadata}spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec: {{containers: [{{name: c, image: 'example.com/c:latest'}}]}}
"
    )
}

#[test]
fn a_date_the_api_server_refuses_is_refused() {
    let exception = "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: never}
spec:
  path: web-service
  checks: [pinned-image]
  targets: [{kind: Deployment, name: web}]
  reason: Vendor publishes only the tag latest for it
  owner: {team: shop}
  ownershipCost: {hoursPerMonth: 1}
  expiresAt: \"9999-12-31T23:59:59Z\"
";
    let input = format!("{PATH}{}{exception}", deployment("web", ""));
    let output = goldenpath(&["scan", "-", "-o", "json"], &input);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        problems(&report),
        [
            "DeviationException never cannot be used: spec.expiresAt: '9999-12-31T23:59:59Z' is not \
             accepted: write a date in the years 1 to 9998, such as 2026-03-01T09:00:00Z"
        ]
    );
}

#[test]
fn a_scope_condition_that_fails_is_reported_with_a_count_and_an_example() {
    let conditions = "  scope: {matchConditions: [{name: tier, expression: \"object.metadata.labels['tier'] == 'web'\"}]}\n";
    let mut input = format!("{PATH}{conditions}");
    for name in ["one", "two", "three"] {
        input += &deployment(name, "");
    }
    input += &deployment("other", "  labels: {tier: batch}\n");
    let found = report(&input);
    assert_eq!(
        problems(&found),
        [
            "path web-service, matchCondition 'tier': fails on 3 workloads and leaves them out of the \
             scope, such as default/Deployment/one: no such key: labels"
        ]
    );
    let file = Manifest::of("scope", &input);
    let why = printed(&["why", "deploy/two", "--from", file.path()], "");
    let note = "Note   the matchCondition 'tier' of path web-service fails on it, so it is not in the \
                path's scope: ";
    assert!(why.contains(note), "{why}");
    let silent = report(&format!(
        "{PATH}{conditions}{}",
        deployment("other", "  labels: {tier: batch}\n")
    ));
    assert_eq!(problems(&silent), [""; 0]);
}

#[test]
fn manifests_have_no_contrast_and_their_report_is_markdown_without_it() {
    let text = printed(
        &[
            "report",
            "--from",
            "examples",
            "--contrast",
            "-o",
            "markdown",
        ],
        "",
    );
    assert!(text.contains("--delivery"), "{text}");
    let report = printed(&["report", "--from", "examples", "-o", "markdown"], "");
    assert!(report.starts_with("# Golden paths, "), "{report}");
}

#[test]
fn a_label_that_looks_like_a_float_is_a_text() {
    let found = report(&format!(
        "{PATH}{}",
        deployment("web", "  labels: {commit: 4e51289}\n")
    ));
    assert_eq!(problems(&found), [""; 0]);
    assert_eq!(found["workloads"][0]["status"], "deviating");
}

#[test]
fn teams_are_trimmed() {
    let mut input = PATH.to_owned();
    input += &deployment("one", "  annotations: {goldenpath.dev/team: payments}\n");
    input += &deployment(
        "two",
        "  annotations:\n    goldenpath.dev/team: |\n      payments\n",
    );
    input += &deployment(
        "three",
        "  annotations: {goldenpath.dev/team: '  ', team: ' payments '}\n",
    );
    let found = report(&input);
    let workloads = found["workloads"].as_array().unwrap();
    let teams: Vec<&Value> = workloads.iter().map(|workload| &workload["team"]).collect();
    assert_eq!(teams, ["payments"; 3]);
}

#[test]
fn exceptions_that_cost_nothing_cost_0_hours() {
    for hours in ["1", "-0.0"] {
        let exception = format!(
            "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: e1, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec:
  path: web-service
  checks: [pinned-image]
  targets: [{{kind: Deployment, name: gone}}]
  reason: Vendor publishes only the tag latest for it
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: {hours}}}
"
        );
        let file = Manifest::of(
            "hours",
            &format!("{PATH}{}{exception}", deployment("web", "")),
        );
        let text = printed(&["exceptions", "--from", file.path()], "");
        assert!(text.contains("those in use cost 0 hours a month"), "{text}");
        assert!(!text.contains("-0"), "{text}");
    }
}

#[test]
fn a_rollout_and_the_deployment_it_refers_to_count_once() {
    let rollout = "---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
";
    let input = format!("{PATH}{}{rollout}", deployment("web", ""));
    let extra = [
        "scan",
        "-",
        "-o",
        "json",
        "--extra-kind",
        "rollouts.argoproj.io/v1alpha1",
    ];
    let found: Value = serde_json::from_str(&printed(&extra, &input)).unwrap();
    let kinds: Vec<_> = found["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert_eq!(kinds, ["Deployment"]);
    let own = rollout.replace(
        "{workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}",
        "{replicas: 1}",
    );
    let found: Value = serde_json::from_str(&printed(&extra, &format!("{PATH}{own}"))).unwrap();
    assert_eq!(found["workloads"][0]["kind"], "Rollout");
}

#[test]
fn objects_that_are_not_judged_are_not_reported_twice() {
    let role = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
";
    let found = report(&format!("{PATH}{}{role}{role}", deployment("web", "")));
    assert_eq!(problems(&found), [""; 0]);
}

#[test]
fn repeated_workloads_are_one_problem_with_a_count() {
    let mut input = PATH.to_owned();
    for _ in 0..2 {
        for name in ["one", "two", "three"] {
            input += &deployment(name, "");
        }
    }
    let found = report(&input);
    let only = problems(&found);
    assert_eq!(only.len(), 1);
    assert!(
        only[0].starts_with("Deployment default/one is given again at -:"),
        "{only:?}"
    );
    assert!(
        only[0].ends_with(", which counts; so are 2 more in -"),
        "{only:?}"
    );
}

#[test]
fn problems_follow_the_report_and_are_capped() {
    let mut input = format!("{PATH}{}", deployment("web", ""));
    for n in 0..30 {
        use std::fmt::Write as _;
        write!(input, "---\napiVersion: v1\nkind: [{n}\n").unwrap();
    }
    let text = printed(&["scan", "-"], &input);
    let place = |words: &str| {
        text.find(words)
            .unwrap_or_else(|| panic!("{words}: {text}"))
    };
    assert!(place("deploy/web") < place("-:"));
    assert!(place("and 20 more problems: list them with --explain") > place("-:"));
    assert_eq!(
        text.lines().filter(|line| line.starts_with("-:")).count(),
        10
    );
    let all = printed(&["scan", "-", "--explain"], &input);
    assert_eq!(
        all.lines().filter(|line| line.starts_with("-:")).count(),
        30
    );
}

#[test]
fn a_suggested_command_gives_the_same_answer() {
    let web = deployment("web", "  namespace: kube-tools\n");
    let file = Manifest::of("suggested", &format!("{PATH}{web}"));
    let flags = ["--exclude-namespaces", "", "--team-from", "owner,x"];
    let scan = [&["scan", file.path()][..], &flags].concat();
    let text = printed(&scan, "");
    let next = text
        .lines()
        .find_map(|line| line.strip_prefix("Next: "))
        .unwrap();
    let command = format!(
        "goldenpath why deploy/web -n kube-tools --from {} --team-from owner,x \
         --exclude-namespaces='' --as-of 2026-07-01T00:00:00Z",
        file.path()
    );
    assert_eq!(next, command);
    let program = format!("'{}'", env!("CARGO_BIN_EXE_goldenpath"));
    let answer = Command::new("sh")
        .args(["-c", &next.replacen("goldenpath", &program, 1)])
        .output()
        .unwrap();
    let why = String::from_utf8(answer.stdout).unwrap();
    assert!(why.starts_with("deploy/web in kube-tools"), "{why}");
    let off_ramp = why
        .lines()
        .find(|line| line.starts_with("Off-ramp"))
        .unwrap();
    assert!(off_ramp.contains("--exclude-namespaces=''"), "{off_ramp}");
}

/// The required and recommended checks that `container`, as an init container, fails on a path.
fn failed(paths: &str, workload: &str, container: &str) -> Vec<String> {
    let input = workload.replace("INIT", container);
    let paths = format!("{}/{paths}", env!("CARGO_MANIFEST_DIR"));
    let args = ["scan", "-", "-o", "json", "--paths", &paths];
    let found: Value = serde_json::from_str(&printed(&args, &input)).unwrap();
    assert_eq!(problems(&found), [""; 0]);
    let checks = found["workloads"][0]["checks"].as_array().unwrap();
    checks
        .iter()
        .filter(|check| check["outcome"] != "pass" && check["outcome"] != "announced")
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A workload that is on every path of ours, but for its init containers.
fn sound(kind: &str, version: &str) -> String {
    let pod = "
      metadata: {labels: {a: b}, annotations: {sidecar.opentelemetry.io/inject: 'true'}}
      spec:
        terminationGracePeriodSeconds: 60
        topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]
        initContainers: [INIT]
        containers:
        - name: c
          image: registry.example.com/c:1
          ports: [{containerPort: 80}]
          readinessProbe: {tcpSocket: {port: 80}}
          resources: {requests: {memory: 64Mi}, limits: {memory: 64Mi}}
          securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";
    let spec = match kind {
        "CronJob" => format!(
            "  schedule: '@daily'\n  concurrencyPolicy: Forbid\n  timeZone: Etc/UTC\n  jobTemplate:\n   spec:\n    \
             activeDeadlineSeconds: 9\n    backoffLimit: 1\n    template:{pod}"
        ),
        _ => format!(
            "  replicas: 2\n  selector: {{matchLabels: {{a: b}}}}\n  volumeClaimTemplates:\n  - metadata: {{name: d}}\n    \
             spec: {{storageClassName: s}}\n  template:{pod}"
        ),
    };
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: web\n  labels: {{app.kubernetes.io/name: web}}\n  \
         annotations: {{goldenpath.dev/team: shop, a8r.io/runbook: x, backup.example.com/schedule: x, \
         backup.example.com/keep-days: '14'}}\nspec:\n{spec}"
    )
}

#[test]
fn our_paths_look_at_init_containers_and_native_sidecars() {
    let good = "{name: i, image: 'registry.example.com/i:1', resources: {requests: {memory: 1Mi}, limits: {memory: \
                1Mi}}, securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: \
                [ALL]}}}";
    let bad = "{name: i, image: 'i:latest', securityContext: {privileged: true}}";
    let sidecar = "{name: i, image: 'i:latest', restartPolicy: Always, ports: [{containerPort: 1}], \
                   securityContext: {privileged: true}}";
    for (paths, kind, version, of_init, of_sidecar) in [
        (
            "starter/web-service.yaml",
            "Deployment",
            "apps/v1",
            "pinned-image memory-limit not-privileged non-root",
            "pinned-image readiness-probe memory-limit not-privileged non-root",
        ),
        (
            "starter/stateful-service.yaml",
            "StatefulSet",
            "apps/v1",
            "pinned-image not-privileged",
            "pinned-image readiness-probe memory-request not-privileged",
        ),
        (
            "starter/batch-job.yaml",
            "CronJob",
            "batch/v1",
            "pinned-image memory-limit",
            "pinned-image memory-limit",
        ),
        (
            "examples/paths/web-service.yaml",
            "Deployment",
            "apps/v1",
            "memory-limit pinned-image restricted",
            "readiness-probe memory-limit pinned-image restricted",
        ),
        (
            "examples/paths/stateful-service.yaml",
            "StatefulSet",
            "apps/v1",
            "",
            "reserved-memory readiness-probe",
        ),
        (
            "examples/paths/batch-job.yaml",
            "CronJob",
            "batch/v1",
            "pinned-image memory-limit",
            "pinned-image memory-limit",
        ),
    ] {
        let workload = sound(kind, version);
        assert_eq!(failed(paths, &workload, good), [""; 0], "{paths}");
        assert_eq!(failed(paths, &workload, bad).join(" "), of_init, "{paths}");
        assert_eq!(
            failed(paths, &workload, sidecar).join(" "),
            of_sidecar,
            "{paths}"
        );
    }
}
