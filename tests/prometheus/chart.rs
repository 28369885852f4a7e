//! The chart's rules: by default exactly the files, and with changed thresholds still valid rules.

use std::fs;
use std::path::Path;
use std::process::Command;

use goldenpath_e2e::{Binaries, Tool};
use serde_json::{Value, json};

use crate::promtool::{promtool_or_skip, skip};
use crate::rules::{SOURCES, files};

/// The groups of the rendered `PrometheusRule`; none, after a line `skipped: …`, without Helm.
fn rendered(values: &[&str]) -> Option<Value> {
    let binaries = match Binaries::locate_or_build(&[Tool::Helm], |_| {}) {
        Ok(binaries) => binaries,
        Err(error) => {
            skip(error);
            return None;
        }
    };
    let answer = Command::new(binaries.path(Tool::Helm).unwrap())
        .args(["template", "goldenpath", "charts/goldenpath"])
        .args(["--show-only", "templates/prometheusrule.yaml"])
        .args(["--set", "prometheusRule.enabled=true"])
        .args(["--set", "prometheusRule.renderMode=alwaysRender"])
        .args(values.iter().flat_map(|value| ["--set", value]))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{printed}");
    let rule: Value = serde_saphyr::from_slice(&answer.stdout).unwrap();
    Some(rule["spec"]["groups"].clone())
}

fn written() -> Value {
    let groups = files(SOURCES).into_iter().flat_map(|file| {
        let text = fs::read_to_string(file).unwrap();
        let file: Value = serde_saphyr::from_str(&text).unwrap();
        file["groups"].as_array().unwrap().clone()
    });
    groups.collect()
}

#[test]
fn the_chart_installs_the_rules_as_they_are_written() {
    if let Some(groups) = rendered(&[]) {
        assert_eq!(groups, written());
    }
}

#[test]
fn a_threshold_from_the_values_reaches_prometheus() {
    let changed = [
        "prometheusRule.alerts.GoldenPathDecisionWaiting.threshold=7",
        "prometheusRule.alerts.GoldenPathAdoptionDropped.threshold=0.2",
        "prometheusRule.alerts.GoldenPathWritesFailing.enabled=false",
    ];
    let Some(groups) = rendered(&changed) else {
        return;
    };
    let text = groups.to_string();
    assert!(text.contains("> 7 # threshold: days"));
    assert!(text.contains("> 0.2 # threshold: share of services"));
    assert!(!text.contains("GoldenPathWritesFailing"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rendered-rules.yaml");
    fs::write(&file, json!({"groups": groups}).to_string()).unwrap();
    promtool_or_skip(["check".into(), "rules".into(), file.into_os_string()]);
}
