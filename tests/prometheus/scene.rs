//! What the dashboards are tried on: a real control plane with the examples in it, the real
//! operator, and a real Prometheus that scrapes it and has the rules loaded.

use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, Prometheus, eventually};
use serde_json::json;

use crate::promtool::skip;
use crate::rules::{SOURCES, files};
use crate::suite;

const SOON: Duration = Duration::from_secs(40);
/// How often Prometheus scrapes, as the configuration below says.
pub const SCRAPE: Duration = Duration::from_secs(1);
/// The step `examples/workloads` leaves open for `checkout/promotions`.
const LAST_STEP: &str = r#"{"spec": {"template": {"spec": {"containers": [
    {"name": "promotions", "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}}}]}}}}"#;

pub struct Scene {
    pub prometheus: Prometheus,
    pub operator: Operator,
    cluster: ControlPlane,
}

impl Scene {
    /// Sets it up; None, after a line `skipped: …`, where its programs cannot be had.
    pub fn or_skip() -> Option<Self> {
        if !Prometheus::is_installed() {
            skip("needs promtool (apt-get install prometheus)");
            return None;
        }
        let cluster = suite::control_plane(&Options::default())?;
        apply(&cluster, "examples/paths");
        let mut operator = Operator::start(&cluster, &suite::operator_options(&[])).unwrap();
        let prometheus = Prometheus::start(&cluster, &configuration(&operator)).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        let scene = Self {
            prometheus,
            operator,
            cluster,
        };
        scene.let_it_happen();
        Some(scene)
    }

    /// Workloads come, then exceptions; then a team takes its last step.
    fn let_it_happen(&self) {
        let cluster = &self.cluster;
        apply(cluster, "examples/workloads");
        self.until("goldenpath_services{team=\"logistics\"} > 0");
        apply(cluster, "examples/exceptions");
        self.until("count(goldenpath_exception_info) >= 14");
        self.until(r#"goldenpath_transitions_total{cause="exception"} > 0"#);
        self.decide();
        let promotions = [
            "patch",
            "deploy",
            "promotions",
            "-n",
            "checkout",
            "-p",
            LAST_STEP,
        ];
        cluster.kubectl_ok(&promotions).unwrap();
        self.until(r#"goldenpath_transitions_total{to="golden-path"} > 0"#);
        self.until("count_over_time(path:goldenpath_adoption:ratio[1m]) > 5");
    }

    /// The platform team answers one of the requests.
    fn decide(&self) {
        let approve = ["approve", "dashboards-upstream-image", "-n", "insights"];
        let decided = suite::goldenpath(self.cluster.kubeconfig(), &approve)
            .output()
            .unwrap();
        assert!(decided.status.success(), "{decided:?}");
        self.until("goldenpath_exception_decision_seconds >= 0");
    }

    fn until(&self, expr: &str) {
        eventually(SOON, expr, || {
            let answer = self.prometheus.query(expr).unwrap();
            (!answer.is_empty()).then_some(())
        });
    }
}

/// Applies a directory; again while a definition is not served or a namespace not there yet.
fn apply(cluster: &ControlPlane, directory: &str) {
    let directory = format!("{}/{directory}", env!("CARGO_MANIFEST_DIR"));
    eventually(SOON, &directory, || {
        let apply = ["apply", "--server-side", "-f", &directory];
        cluster.kubectl_ok(&apply).ok()
    });
}

/// YAML, as JSON is.
fn configuration(operator: &Operator) -> String {
    let target = operator.url().strip_prefix("http://").unwrap();
    json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": files(SOURCES),
        "scrape_configs": [{
            "job_name": "goldenpath",
            "honor_labels": true,
            "static_configs": [{"targets": [target], "labels": {"cluster": "demo"}}],
        }],
    })
    .to_string()
}
