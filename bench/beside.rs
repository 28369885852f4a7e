//! Other programs on the same objects in the same run, where they have been built: kube-state-metrics, which
//! follows every Deployment and is scraped, and Gatekeeper's audit, which judges every Deployment.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::{
    Binaries, Companion, Error, Samples, Tool, free_port, published_directory, within,
    within_or_fail,
};

use crate::fleet::{self, Lacks};
use crate::stage::{DEADLINE, Stage};
use crate::table::{Row, or_skipped, quantile};
use crate::{Result, process};

const SCRAPES: usize = 5;
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// One line of kube-state-metrics for each Deployment.
const LINE: &str = "\nkube_deployment_created{";
/// Gatekeeper's audits that are measured, after the first one that was complete.
const AUDITS: f64 = 2.0;
const AUDITED_WITHIN: Duration = Duration::from_secs(600);
/// Gatekeeper's own namespace.
const NAMESPACE: &str = "gatekeeper-system";
/// The check `team` of our path.
const TEMPLATE: &str = r#"
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: requiredlabels}
spec:
  crd:
    spec:
      names: {kind: RequiredLabels}
      validation:
        openAPIV3Schema:
          type: object
          properties: {labels: {type: array, items: {type: string}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package requiredlabels
      violation[{"msg": msg}] {
        required := input.parameters.labels[_]
        not input.review.object.metadata.labels[required]
        msg := sprintf("no label %v", [required])
      }
"#;
const CONSTRAINT: &str = "
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: RequiredLabels
metadata: {name: team}
spec:
  enforcementAction: dryrun
  match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}
  parameters: {labels: [team]}
";

pub fn measure(stage: &Stage) -> Vec<Row> {
    let mut rows = or_skipped(Tool::KubeStateMetrics.as_str(), kube_state_metrics(stage));
    rows.extend(or_skipped(Tool::Gatekeeper.as_str(), gatekeeper(stage)));
    rows
}

/// A row with the command that builds a missing tool.
fn not_built(tool: Tool) -> Row {
    let name = tool.as_str();
    let how = format!("not built: cargo run -p goldenpath-e2e --example tools -- {name}");
    Row::skipped(name, how)
}

fn kube_state_metrics(stage: &Stage) -> Result<Vec<Row>> {
    let (found, missing) = Binaries::search(&[Tool::KubeStateMetrics])?;
    if !missing.is_empty() {
        return Ok(vec![not_built(Tool::KubeStateMetrics)]);
    }
    let (port, telemetry) = (free_port()?, free_port()?);
    let args = [
        "--resources=deployments".to_owned(),
        format!("--kubeconfig={}", stage.cluster.kubeconfig().display()),
        "--host=127.0.0.1".to_owned(),
        format!("--port={port}"),
        "--telemetry-host=127.0.0.1".to_owned(),
        format!("--telemetry-port={telemetry}"),
    ];
    let url = format!("http://127.0.0.1:{port}/metrics");
    let start = Instant::now();
    let binary = found.path(Tool::KubeStateMetrics)?;
    let mut beside = Companion::start(&stage.cluster, binary, &args, &[])?;
    wait_for_all(&mut beside, &url, stage.workloads)?;
    let complete = start.elapsed();
    let (mut took, mut size) = (Vec::with_capacity(SCRAPES), 0);
    for _ in 0..SCRAPES {
        let start = Instant::now();
        size = beside.get(&url, ANSWERS_WITHIN)?.len();
        took.push(start.elapsed());
    }
    let memory = process::memory(beside.process_id())?;
    let peak = format!("right after the scrapes; peak {:.1}", memory.peak / 1_024.0);
    let scrape = quantile(took, 0.5).unwrap_or_default();
    Ok(vec![
        Row::seconds(
            "kube-state-metrics, start to first complete scrape",
            complete,
        )
        .note("--resources=deployments"),
        Row::millis("kube-state-metrics, a scrape", scrape).note(format!("median of {SCRAPES}")),
        Row::new("kube-state-metrics, its size", size.div_ceil(1_024), "KiB"),
        Row::mebibytes("kube-state-metrics, resident memory", memory.resident).note(peak),
    ])
}

fn wait_for_all(beside: &mut Companion, url: &str, workloads: usize) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        match beside.get(url, ANSWERS_WITHIN) {
            Ok(text) if text.matches(LINE).count() == workloads => return Ok(()),
            Err(error @ Error::Stopped { .. }) => return Err(error.into()),
            // It does not listen or has not listed everything yet.
            Ok(_) | Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
    Err("kube-state-metrics did not list everything in time".into())
}

fn gatekeeper(stage: &Stage) -> Result<Vec<Row>> {
    let (found, missing) = Binaries::search(&[Tool::Gatekeeper])?;
    if !missing.is_empty() {
        return Ok(vec![not_built(Tool::Gatekeeper)]);
    }
    define(stage)?;
    let (port, health) = (free_port()?, free_port()?);
    let objects = stage.cluster.data_dir().join("gatekeeper-audit");
    fs::create_dir_all(&objects)?;
    let args = [
        "--operation=audit".to_owned(),
        "--operation=status".to_owned(),
        // It defines the constraint.
        "--operation=generate".to_owned(),
        // It runs in no pod and serves no webhook.
        "--debug-use-fake-pod".to_owned(),
        "--disable-cert-rotation".to_owned(),
        "--enable-external-data=false".to_owned(),
        // Deployments only, again and again.
        "--audit-match-kind-only".to_owned(),
        "--audit-interval=1".to_owned(),
        format!("--api-cache-dir={}", objects.display()),
        format!("--health-addr=127.0.0.1:{health}"),
        format!("--prometheus-port={port}"),
    ];
    let env = [("POD_NAMESPACE", NAMESPACE), ("POD_NAME", "audit")];
    let binary = found.path(Tool::Gatekeeper)?;
    let mut beside = Companion::start(&stage.cluster, binary, &args, &env)?;
    within(DEADLINE, "Gatekeeper takes the constraint", || {
        stage.cluster.apply(CONSTRAINT).ok()
    })?;
    let lacking = fleet::count(stage.workloads, |lacks| lacks == Lacks::Team);
    within_or_fail(AUDITED_WITHIN, "Gatekeeper has audited all", || {
        beside.still_runs()?;
        let stored = stage.cluster.stored("", "requiredlabels/team")?;
        Ok((stored["status"]["totalViolations"] == lacking).then_some(()))
    })?;
    let url = format!("http://127.0.0.1:{port}/metrics");
    let before = audits(&mut beside, &url)?;
    let after = within_or_fail(AUDITED_WITHIN, "Gatekeeper has audited again", || {
        let after = audits(&mut beside, &url)?;
        Ok((after.number - before.number >= AUDITS).then_some(after))
    })?;
    let mean = (after.seconds - before.seconds) / (after.number - before.number);
    let memory = process::memory(beside.process_id())?;
    let peak = format!("peak {:.1}", memory.peak / 1_024.0);
    stage
        .cluster
        .kubectl_ok(&["delete", "--wait=false", "requiredlabels", "team"])?;
    Ok(vec![
        Row::seconds("Gatekeeper, one audit", Duration::try_from_secs_f64(mean)?).note(format!(
            "one constraint; mean of {:.0}, as it reports",
            after.number - before.number
        )),
        Row::mebibytes("Gatekeeper, resident memory", memory.resident).note(peak),
    ])
}

/// Gatekeeper's definitions, its namespace and one template.
fn define(stage: &Stage) -> Result<()> {
    let directory = published_directory(&Tool::Gatekeeper.pinned())?;
    let mut definitions = Vec::new();
    for file in fs::read_dir(directory.join("charts/gatekeeper/crds"))? {
        definitions.push(fs::read_to_string(file?.path())?);
    }
    stage.cluster.define(&definitions)?;
    let namespace = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}");
    stage.cluster.apply(&namespace)?;
    stage.cluster.apply(TEMPLATE)?;
    Ok(())
}

/// Gatekeeper's audits so far, as it counts them.
#[derive(Clone, Copy, Debug)]
struct Audits {
    number: f64,
    seconds: f64,
}

fn audits(gatekeeper: &mut Companion, url: &str) -> goldenpath_e2e::Result<Audits> {
    let samples = Samples::parse(&gatekeeper.get(url, ANSWERS_WITHIN)?);
    let sum = |name| samples.sum(name, &[]).unwrap_or_default();
    Ok(Audits {
        number: sum("gatekeeper_audit_duration_seconds_count"),
        seconds: sum("gatekeeper_audit_duration_seconds_sum"),
    })
}
