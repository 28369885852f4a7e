//! A real Prometheus that scrapes each operator as it comes and has the chart's rules loaded. A machine
//! without one prints a line. It must not know what a script did.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use goldenpath_e2e::{ControlPlane, Operator, Prometheus, eventually, within};
use serde_json::json;

use crate::answers::{all, answers};
use crate::boards::{Panel, boards};
use crate::scene::{SCRAPE, SOON};

const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/charts/goldenpath/files/rules/*.yaml"
);
const DOCUMENTATION: &str = include_str!("../../docs/delivery.md");

pub struct Monitoring {
    prometheus: Option<Prometheus>,
    targets_file: PathBuf,
    targets: Mutex<Vec<String>>,
}

impl Monitoring {
    pub fn start(cluster: &ControlPlane) -> Self {
        let targets_file = cluster.data_dir().join("operators.json");
        fs::write(&targets_file, "[]").unwrap();
        let every = format!("{}s", SCRAPE.as_secs());
        let config = json!({
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [RULES],
            "scrape_configs": [{
                "job_name": "goldenpath", "honor_labels": true,
                "file_sd_configs": [{"files": [targets_file], "refresh_interval": every}],
            }],
        });
        let prometheus = Prometheus::is_installed()
            .then(|| Prometheus::start(cluster, &config.to_string()).unwrap());
        if prometheus.is_none() {
            // One line that CI counts. Not `eprintln!`: the test runner would swallow it.
            let why = "needs prometheus (apt-get install prometheus)";
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
        }
        Self {
            prometheus,
            targets_file,
            targets: Mutex::default(),
        }
    }

    /// Scrapes this operator too, and waits until it was scraped.
    pub fn scrapes(&self, operator: &Operator) {
        let Some(prometheus) = &self.prometheus else {
            return;
        };
        let target = operator.url().trim_start_matches("http://").to_owned();
        let up = format!("up{{instance=\"{target}\"}} == 1");
        let mut targets = self.targets.lock().unwrap();
        targets.push(target);
        let groups = json!([{"targets": *targets, "labels": {"cluster": "month"}}]);
        // Prometheus reads it as soon as it is whole.
        let new = self.targets_file.with_extension("new");
        fs::write(&new, groups.to_string()).unwrap();
        fs::rename(&new, &self.targets_file).unwrap();
        eventually(SOON, "the operator is scraped", || {
            (!prometheus.query(&up).ok()?.is_empty()).then_some(())
        });
    }

    fn value(&self, query: &str) -> Option<f64> {
        let found = self.prometheus.as_ref()?.query(query).unwrap();
        assert!(found.len() < 2, "{query}: {found:#?}");
        found.first()?["value"][1].as_str()?.parse().ok()
    }

    /// Waits until these queries have these values, or none.
    pub fn rules_are(&self, wanted: &[(String, Option<f64>)]) {
        if self.prometheus.is_none() {
            return;
        }
        let mut differ = Vec::new();
        let equal = within(SOON, "the rules", || {
            differ.clear();
            for (query, wanted) in wanted {
                let found = self.value(query);
                let is_close = match (found, *wanted) {
                    (Some(found), Some(wanted)) => {
                        (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0)
                    }
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                };
                if !is_close {
                    differ.push(format!("{query}: {found:?} instead of {wanted:?}"));
                }
            }
            differ.is_empty().then_some(())
        });
        assert!(equal.is_ok(), "{differ:#?}");
    }

    /// The documented change fail rate from counters, over the time that there is.
    pub fn the_documented_rate_is(&self, wanted: &[(&str, f64)]) {
        let Some(prometheus) = &self.prometheus else {
            return;
        };
        let mut blocks = DOCUMENTATION.split("```promql\n").skip(1);
        let query = blocks.next().unwrap().split("```").next().unwrap();
        let query = query.replace("[7d]", "[10m]");
        let mut found = Vec::new();
        let equal = within(SOON, "the documented rate", || {
            found = prometheus.query(&query).unwrap();
            let of = |status: &str| {
                let of_status = found.iter().find(|it| it["metric"]["status"] == status)?;
                of_status["value"][1].as_str()?.parse::<f64>().ok()
            };
            let is_close = |(side, wanted): &(&str, f64)| {
                of(side).is_some_and(|found| (found - wanted).abs() < 1e-6)
            };
            wanted.iter().all(is_close).then_some(())
        });
        assert!(equal.is_ok(), "{wanted:?}: {found:#?}");
    }

    /// Every query of every panel in a row of the dashboards answers with data.
    pub fn the_row_has_data(&self, row: &str) {
        let Some(prometheus) = &self.prometheus else {
            return;
        };
        let boards = boards().unwrap();
        let mut panels = 0;
        for board in &boards {
            let choice = all(board);
            let after = board.panels.iter().skip_while(|it| it.title != row).skip(1);
            let of_row: Vec<&Panel> = after.take_while(|it| it.kind != "row").collect();
            for panel in of_row {
                panels += 1;
                for answer in answers(panel, &choice, prometheus).unwrap() {
                    let (title, query) = (&panel.title, &answer.target.expr);
                    assert!(!answer.series.is_empty(), "{title}: no data: {query}");
                }
            }
        }
        assert!(panels > 0, "no panel in {row}");
    }
}
