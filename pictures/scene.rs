//! What the dashboards show: a real control plane with the examples in it, the real operator, and a
//! real Prometheus that scrapes it and has the rules loaded. Shared with the tests of the dashboards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use goldenpath::api;
use goldenpath::manifests::examples::moved;
use goldenpath_e2e::{ControlPlane, Operator, OperatorOptions, Prometheus, within, within_or_fail};
use jiff::Timestamp;
use serde_json::json;

use crate::Result;

const SOON: Duration = Duration::from_secs(40);
/// How often Prometheus scrapes.
pub const SCRAPE: Duration = Duration::from_secs(1);
/// The step `examples/workloads` leaves open for `checkout/promotions`.
const LAST_STEP: &str = r#"{"spec": {"template": {"spec": {"containers": [
    {"name": "promotions", "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}}}]}}}}"#;

/// The operator and the Prometheus that has scraped it for a while.
pub struct Scene {
    pub prometheus: Prometheus,
    pub operator: Operator,
    cluster: ControlPlane,
    binary: PathBuf,
}

impl Scene {
    /// Workloads come, then exceptions; then a team takes its last step.
    pub fn set(cluster: ControlPlane, binary: &Path) -> Result<Self> {
        let definitions: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
        cluster.define(&definitions)?;
        apply(&cluster, "examples/paths")?;
        let options = OperatorOptions::new(binary, &["run"]);
        let mut operator = Operator::start(&cluster, &options)?;
        let prometheus = Prometheus::start(&cluster, &configuration(&operator)?)?;
        operator.wait_until_ready(SOON)?;
        let scene = Self {
            prometheus,
            operator,
            cluster,
            binary: binary.to_owned(),
        };
        scene.play()?;
        Ok(scene)
    }

    fn play(&self) -> Result<()> {
        apply(&self.cluster, "examples/workloads")?;
        self.until("goldenpath_services{team=\"logistics\"} > 0")?;
        apply(&self.cluster, "examples/exceptions")?;
        self.until("count(goldenpath_exception_info) >= 14")?;
        self.until(r#"goldenpath_transitions_total{cause="exception"} > 0"#)?;
        self.decide()?;
        let promotions = ["patch", "deploy", "promotions", "-n", "checkout", "-p"];
        let last_step = [&promotions[..], &[LAST_STEP]].concat();
        self.cluster.kubectl_ok(&last_step)?;
        self.until(r#"goldenpath_transitions_total{to="golden-path"} > 0"#)?;
        self.add_goals()?;
        self.until("count_over_time(path:goldenpath_adoption:ratio[1m]) > 5")
    }

    /// Objectives, a roadmap with its personas, and waves of surveys.
    fn add_goals(&self) -> Result<()> {
        for from in [
            "examples/objectives",
            "docs/roadmap-example.yaml",
            "tests/fixtures/surveys/waves.yaml",
        ] {
            apply(&self.cluster, from)?;
        }
        self.until("goldenpath_objective_key_result_on_track >= 0")?;
        self.until("goldenpath_survey_nps >= -100 and goldenpath_survey_nps_low >= -100")?;
        self.until("goldenpath_roadmap_demand_services > 0")?;
        self.until("goldenpath_persona_services > 0")
    }

    /// The platform team answers one of the requests.
    fn decide(&self) -> Result<()> {
        let decided = Command::new(&self.binary)
            .args(["approve", "dashboards-upstream-image", "-n", "insights"])
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .output()?;
        if !decided.status.success() {
            return Err(String::from_utf8_lossy(&decided.stderr).into());
        }
        self.until("goldenpath_exception_decision_seconds >= 0")
    }

    fn until(&self, expr: &str) -> Result<()> {
        let answered = || Ok((!self.prometheus.query(expr)?.is_empty()).then_some(()));
        Ok(within_or_fail(SOON, expr, answered)?)
    }
}

/// Applies a file or a directory of examples as of today; again while a namespace is not there yet.
fn apply(cluster: &ControlPlane, from: &str) -> Result<()> {
    let now = Timestamp::now();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
    let files: Vec<PathBuf> = if path.is_dir() {
        let entries = fs::read_dir(path)?;
        entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?
    } else {
        vec![path]
    };
    let mut texts = Vec::new();
    for file in files {
        texts.push(moved(&fs::read_to_string(file)?, now));
    }
    let text = texts.join("\n---\n");
    within(SOON, from, || cluster.apply(&text).ok())?;
    Ok(())
}

/// YAML, as JSON is.
fn configuration(operator: &Operator) -> Result<String> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/goldenpath/files/rules");
    let rules: Vec<PathBuf> = fs::read_dir(rules)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let target = operator.url().trim_start_matches("http://");
    Ok(json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": rules,
        "scrape_configs": [{
            "job_name": "goldenpath",
            "honor_labels": true,
            "static_configs": [{"targets": [target], "labels": {"cluster": "demo"}}],
        }],
    })
    .to_string())
}
