//! Import of existing ignores: fixtures in each tool's format become drafts, fields that need a
//! person are reported, and the API server accepts the completed drafts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn import(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01", "import"])
        .args(args)
        .current_dir(fixtures())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn imported(file: &str) -> (Value, String) {
    let output = import(&[file, "--paths", "starter", "-o", "json"]);
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stderr).unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), printed)
}

/// Name and checks of each draft.
fn drafts(import: &Value) -> Vec<(&str, Vec<&str>)> {
    let drafts = import["drafts"].as_array().unwrap().iter();
    drafts
        .map(|draft| {
            let exception = &draft["exception"];
            let checks = exception["spec"]["checks"].as_array().unwrap().iter();
            (
                exception["metadata"]["name"].as_str().unwrap(),
                checks.map(|check| check.as_str().unwrap()).collect(),
            )
        })
        .collect()
}

/// A fixture, its drafts, and the notes on standard error.
type Case = (
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
    &'static [&'static str],
);

const CASES: [Case; 4] = [
    (
        "import/kube-linter.yaml",
        &[
            (
                "agent-imported",
                &["readiness-probe", "memory-limit", "not-privileged"],
            ),
            ("web-imported", &["pinned-image", "memory-limit"]),
        ],
        &[
            "kube-linter/no-read-only-root-fs on deploy/web: path web-service has no step",
            "step 'readiness-probe' passes now",
            "Service web is not judged",
        ],
    ),
    (
        "import/kube-score.yaml",
        &[("nightly-imported", &["pinned-image", "memory-limit"])],
        &["kube-score/cronjob-has-deadline on cj/nightly: path batch-job has no step"],
    ),
    (
        "import/polaris.yaml",
        &[("db-imported", &["memory-request"])],
        &[
            "'yes' exempts nothing",
            "polaris/cpuRequestsMissing on sts/db",
        ],
    ),
    (
        "import/kyverno.yaml",
        &[("teller-imported", &["pinned-image", "readiness-probe"])],
        &[],
    ),
];

#[test]
fn each_tool_s_ignores_become_drafts_and_notes() {
    for (file, wanted, beside) in CASES {
        let (import, notes) = imported(file);
        let drafts = drafts(&import);
        let drafts: Vec<_> = drafts
            .iter()
            .map(|(name, checks)| (*name, &**checks))
            .collect();
        assert_eq!(drafts, wanted, "{file}");
        for printed in beside {
            assert!(notes.contains(printed), "{printed} not in {notes}");
        }
    }
}

#[test]
fn files_that_are_there_stay_as_they_are() {
    let directory = std::env::temp_dir().join(format!("goldenpath-import-{}", std::process::id()));
    // A test that was killed may have left one, and process ids come again.
    let _ = fs::remove_dir_all(&directory);
    let args = ["import/polaris.yaml", "--paths=starter", "--output-dir"];
    let args = [args.as_slice(), &[directory.to_str().unwrap()]].concat();
    let output = import(&args);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let file = directory.join("bank/db-imported.yaml");
    fs::write(&file, "written by its owner").unwrap();
    let again = import(&args);
    let refusal = String::from_utf8(again.stderr).unwrap();
    assert!(refusal.contains("failed to write"), "{refusal}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "written by its owner");
    fs::remove_dir_all(&directory).unwrap();
}

#[cfg(feature = "demo")]
mod live {
    use goldenpath_e2e::ControlPlane;

    use super::fixtures;
    use crate::live::{goldenpath, shop_with, text};

    /// The shop's cluster with the starter paths and the fixtures in it.
    fn stocked() -> Option<ControlPlane> {
        let cluster = shop_with(Vec::new())?;
        cluster
            .kubectl_ok(&["create", "namespace", "bank"])
            .unwrap();
        cluster.kubectl_ok(&["delete", "gp", "--all"]).unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        cluster
            .kubectl_ok(&["apply", "-f", &format!("{root}/starter")])
            .unwrap();
        for tool in ["kube-linter", "kube-score", "polaris"] {
            let file = fixtures().join(format!("import/{tool}.yaml"));
            let apply = ["apply", "-f", file.to_str().unwrap()];
            cluster.kubectl_ok(&apply).unwrap();
        }
        Some(cluster)
    }

    #[test]
    fn a_draft_is_refused_until_its_owner_spoke_and_taken_then() {
        let Some(cluster) = stocked() else { return };
        let output = goldenpath(&cluster, "admin", &["import", "--from-cluster"]);
        assert!(output.status.success(), "{output:?}");
        let drafts = text(&output.stdout);
        assert_eq!(drafts.matches("kind: DeviationException").count(), 4);
        assert!(drafts.contains("requestedBy: admin"), "{drafts}");

        let refusal = cluster.apply(&drafts).unwrap_err().to_string();
        assert!(refusal.contains("hoursPerMonth"), "{refusal}");
        let spoken: Vec<String> = drafts
            .lines()
            .map(|line| match line.split_once(": null # TODO ") {
                Some((field, _)) if field.ends_with("hoursPerMonth") => format!("{field}: 2"),
                Some((field, _)) if field.ends_with("team") => format!("{field}: shop"),
                Some((field, _)) => format!("{field}: The vendor's chart has no value for it."),
                None => line.to_owned(),
            })
            .collect();
        cluster.apply(&spoken.join("\n")).unwrap();
        let stored = cluster
            .kubectl_ok(&["get", "devex", "-A", "-o=name"])
            .unwrap();
        assert_eq!(stored.lines().count(), 4, "{stored}");

        let again = goldenpath(&cluster, "admin", &["import", "--from-cluster"]);
        assert_eq!(
            text(&again.stdout),
            "",
            "what is asked for is not drafted twice"
        );
        let printed = text(&again.stderr);
        assert!(
            printed.contains("is requested already, in web-imported"),
            "{printed}"
        );
    }
}
