//! Shared setup of all suites that use an API server: a control plane that serves our definitions,
//! and our program as users run it. Must not know what a suite tests: paths, users and waiting for
//! verdicts belong to the suites.

#![allow(dead_code)] // each test program uses its own part

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use goldenpath::api::{self, keys};
use goldenpath::manifests::examples::moved;
use goldenpath_e2e::{
    ApiRequests, ControlPlane, Operator, OperatorOptions, Options, Tool, binaries_or_skip,
    control_plane_or_skip, eventually,
};
use jiff::Timestamp;

/// What the operator may write to, its Lease aside.
const WRITTEN: [&str; 5] = [
    "deployments",
    "services",
    "goldenpaths",
    "deviationexceptions",
    "events",
];

/// Longer than the operator takes to lead and to go round a few times, also beside a build.
const SOON: Duration = Duration::from_secs(60);

/// A golden path for every Deployment: two replicas at least.
pub const PATH: &str = "---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  owner: {team: platform}
  scope: {kinds: [{group: apps, kind: Deployment}]}
  checks:
  - {name: replicas, expression: object.spec.replicas >= 2}
";

/// A Deployment of team shop with one replica, whose pods nothing starts.
pub fn deployment(namespace: &str, name: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}, labels: {{team: shop}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: 'registry.example.com/web:1'}}]}}
"
    )
}

/// A directory of examples with its dates moved, so that the examples' day is today: a copy, made
/// once a process.
pub fn as_of_today(directory: &str) -> PathBuf {
    static COPIES: Mutex<()> = Mutex::new(());
    let _one_at_a_time = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(std::process::id().to_string())
        .join(directory);
    if copy.exists() {
        return copy;
    }
    fs::create_dir_all(&copy).unwrap();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap() {
        let file = file.unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        fs::write(copy.join(file.file_name()), moved(&text, Timestamp::now())).unwrap();
    }
    copy
}

/// A control plane that serves our kinds.
pub fn control_plane(options: &Options) -> Option<ControlPlane> {
    let cluster = control_plane_or_skip(options)?;
    define_all(&cluster);
    Some(cluster)
}

/// Creates our definitions and waits until they are served.
pub fn define_all(cluster: &ControlPlane) {
    let manifests: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
    cluster.define(&manifests).unwrap();
}

/// As [`define_all`], for the definition of this name.
pub fn define(cluster: &ControlPlane, name: &str) {
    let crds = api::crds();
    let crd = crds
        .iter()
        .find(|crd| crd.metadata.name.as_deref() == Some(name));
    cluster.define(&[api::crd_manifest(crd.unwrap())]).unwrap();
}

/// `goldenpath ARGS` as the user of a kubeconfig, from the top of the repository.
pub fn goldenpath(kubeconfig: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    command
        .args(args)
        .env("KUBECONFIG", kubeconfig)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    command
}

/// `goldenpath run ARGS`, as the administrator.
pub fn operator_options(args: &[&str]) -> OperatorOptions {
    OperatorOptions::new(env!("CARGO_BIN_EXE_goldenpath"), &[&["run"], args].concat())
}

/// Our labels of an object, as `status/path/deviation`.
pub fn labels(cluster: &ControlPlane, namespace: &str, object: &str) -> String {
    let stored = cluster.stored(namespace, object).unwrap();
    let labels = &stored["metadata"]["labels"];
    let keys = [keys::STATUS, keys::EVALUATED_PATH, keys::DEVIATION];
    keys.map(|key| labels[key].as_str().unwrap_or_default())
        .join("/")
}

/// Whether an operator holds the Lease.
pub fn leads(operator: &Operator) -> bool {
    let samples = operator.scrape().unwrap();
    samples.value("goldenpath_leader", &[]) == Some(1.0)
}

/// Waits until the operator's clock has ticked `times` more: what it was going to do by itself, it
/// has done.
pub fn let_it_tick(operator: &Operator, times: f64) {
    const TICKS: &str = "goldenpath_clock_ticks_total";
    let ticks = || operator.scrape().ok()?.value(TICKS, &[]);
    let until = ticks().unwrap_or_default() + times;
    let deadline = SOON + Duration::from_secs(10).mul_f64(times);
    eventually(deadline, "the clock ticks", || {
        (ticks()? >= until).then_some(())
    });
}

/// Waits until the operator leads and has renewed its Lease `times` more. It does so every two
/// seconds, so that one time less takes that long at least.
pub fn let_it_renew(cluster: &ControlPlane, operator: &Operator, times: usize) {
    const FIND: [&str; 5] = [
        "get",
        "leases",
        "--all-namespaces",
        "--field-selector=metadata.name=goldenpath",
        "--output=jsonpath={.items[0].metadata.namespace}",
    ];
    eventually(SOON, "the operator leads", || leads(operator).then_some(()));
    let namespace = cluster.kubectl_ok(&FIND).unwrap();
    let renewed = || {
        let lease = cluster.stored(&namespace, "lease/goldenpath").ok()?;
        Some(lease["spec"]["renewTime"].clone())
    };
    let mut seen = BTreeSet::from([renewed().unwrap().to_string()]);
    eventually(SOON, "the Lease is renewed", || {
        seen.insert(renewed()?.to_string());
        (seen.len() > times).then_some(())
    });
}

/// Writes by resource, without the resources nothing was written to.
pub fn writes(requests: &ApiRequests) -> Vec<(&'static str, u64)> {
    let counts = WRITTEN.map(|resource| (resource, requests.writes(resource)));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// These templates of the chart, as Helm renders them with these arguments. Without Helm it prints
/// `skipped: …` and returns None.
pub fn rendered(cluster: &ControlPlane, templates: &[&str], args: &[&str]) -> Option<String> {
    let binaries = binaries_or_skip(&[Tool::Helm])?;
    let output = Command::new(binaries.path(Tool::Helm).unwrap())
        .args(["template", "goldenpath", "charts/goldenpath"])
        .args(templates.iter().flat_map(|file| ["--show-only", file]))
        .args(args)
        .env("HELM_CACHE_HOME", cluster.data_dir())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    Some(String::from_utf8(output.stdout).unwrap())
}
