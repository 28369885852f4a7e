//! `goldenpath objectives --from`: built-in figures of files, and PromQL where a Prometheus is named.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::gate::{Gate, Mode};
use crate::suite;

fn objectives(args: &[&str]) -> String {
    let args = [&["objectives"], args].concat();
    let output = suite::goldenpath(Path::new("/nowhere"), &args)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_examples_are_measured_below_the_objective_that_they_serve() {
    let json: Value =
        serde_json::from_str(&objectives(&["--from", "examples/", "-o", "json"])).unwrap();
    let lines = json["objectives"].as_array().unwrap();
    let names: Vec<_> = lines.iter().map(|it| (&it["name"], &it["depth"])).collect();
    assert_eq!(
        serde_json::to_value(names).unwrap(),
        serde_json::json!([["ship-sooner", 0], ["easy-path", 1], ["first-deploy", 1]])
    );
    let accounted = &lines[1]["keyResults"][1];
    let share = accounted["current"].as_f64().unwrap();
    assert!(share > 0.0 && share < 1.0, "{accounted}");
    let first = &lines[2]["keyResults"][0];
    assert_eq!(
        (&first["baseline"], &first["target"]),
        (&72.0.into(), &4.0.into())
    );
    let message = first["message"].as_str().unwrap();
    assert!(message.contains("rollouts are not recorded"), "{message}");
    let text = objectives(&["first-deploy", "--from", "examples/"]);
    for part in [
        "no data",
        "72 → 4 hours",
        "at most 2 %",
        "serves ship-sooner",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// An objective with one key result, from 0 to 100, that this query measures.
pub fn portal(query: &str) -> String {
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: PlatformObjective
metadata: {{name: portal}}
spec:
  objective: Developers use the portal
  owner: {{team: platform}}
  period: {{from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z'}}
  keyResults:
  - {{name: users, source: {{promql: {query}}}, baseline: 0, target: 100}}
"
    )
}

#[test]
fn promql_of_files_is_measured_where_a_prometheus_is_named() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("portal-objective");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("portal.yaml"), portal("portal_users")).unwrap();
    let directory = directory.to_str().unwrap();
    let without = objectives(&["--from", directory]);
    assert!(
        without.contains("ask with goldenpath objectives --prometheus-url URL"),
        "{without}"
    );
    let gate = Gate::open(Mode::Answer(
        "200 OK",
        "Content-Type: application/json\r\n".to_owned(),
        r#"{"status":"success","data":{"resultType":"scalar","result":[1,"42"]}}"#.to_owned(),
    ));
    let measured = objectives(&[
        "--from",
        directory,
        "--prometheus-url",
        &gate.url(),
        "-o",
        "markdown",
    ]);
    assert!(
        measured.contains("| users | on track | 42 | 0 → 100 | 42 % |"),
        "{measured}"
    );
}
