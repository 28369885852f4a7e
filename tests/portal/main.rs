//! The parts for a Backstage portal: the card and the fact retriever are built and tested against Backstage's
//! own libraries and a running operator, and Backstage's scaffolder executes the template. What each of them
//! does is tested in TypeScript, in `backstage/`; this program starts the operator and judges what was written.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

#[path = "../suite/npm.rs"]
mod npm;
mod package;
#[path = "../suite/page.rs"]
mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use npm::{on_path, or_skip};
use package::Package;
use page::Page;

fn on_disk(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn goldenpath() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The operator's page and API for the examples.
fn operator() -> Page {
    Page::start(goldenpath().args(["serve", "--from", "examples", "--listen", "127.0.0.1:0"]))
}

#[test]
fn a_service_is_found_by_its_whole_name_and_answers_in_the_words_of_the_page() {
    let operator = operator();
    let read = |query: &str| -> Value {
        let answer = operator.get(&format!("/api/v1/services?{query}"), &operator.address);
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let found = read("name=tax-engine");
    assert_eq!(found["total"], 1, "{found:#}");
    let line = &found["items"][0];
    let sentence = line["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("exception approved until "),
        "{line:#}"
    );
    let exception = &line["exceptions"][0];
    assert_eq!(
        sentence,
        format!("exception {}", exception["sentence"].as_str().unwrap())
    );
    assert_eq!(exception["until"], line["until"]);
    assert!(
        line["next"]
            .as_str()
            .unwrap()
            .starts_with("nothing to do until "),
        "{line:#}"
    );
    // The page of the same service has the same words.
    let page = operator.get("/services/checkout/tax-engine", &operator.address);
    assert!(page.contains(sentence), "{page}");
    // A part of the name is not the name; on the path, nothing comes next.
    assert_eq!(read("name=tax")["total"], 0);
    let golden = read("name=cart&namespace=checkout");
    assert_eq!(golden["items"][0]["sentence"], "on the path");
    assert!(golden["items"][0].get("next").is_none(), "{golden:#}");
}

#[test]
fn the_card_is_built_and_shows_what_a_running_operator_answers() {
    let Some(card) = or_skip(Package::ready("card")) else {
        return;
    };
    let operator = operator();
    let url = format!("http://{}", operator.address);
    card.run("build", &[]);
    card.run("test", &[("GOLDENPATH_URL", &url)]);
    // Its types are a part of what the operator says of its API.
    let document = format!("{url}/api/v1/openapi.json");
    card.run("contract", &[("OPENAPI", &document)]);
}

#[test]
fn the_fact_retriever_is_built_and_reads_a_running_operator() {
    let Some(facts) = or_skip(Package::ready("facts")) else {
        return;
    };
    let operator = operator();
    let url = format!("http://{}", operator.address);
    facts.run("build", &[]);
    facts.run("test", &[("GOLDENPATH_URL", &url)]);
}

#[test]
fn what_the_template_writes_is_on_the_path_from_the_first_commit() {
    let Some(scaffolder) = or_skip(Package::ready("scaffolder")) else {
        return;
    };
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("portal/written");
    let _ = fs::remove_dir_all(&written);
    let template = on_disk("examples/backstage").display().to_string();
    scaffolder.run("build", &[]);
    scaffolder.run(
        "test",
        &[
            ("TEMPLATE", &template),
            ("OUTPUT", written.to_str().unwrap()),
        ],
    );

    let deploy = written.join("deploy");
    for paths in ["examples/paths", "starter"] {
        let service = judged(&deploy, paths);
        assert_eq!(service["status"], "golden-path", "{paths}: {service:#}");
        assert_eq!(service["path"], "web-service", "{paths}");
        assert_eq!(service["team"], "logistics", "{paths}");
        assert_eq!(service["bornAt"].as_str().map(str::len), Some(20));
        assert!(service.get("problems").is_none(), "{paths}: {service:#}");
    }
    // As its pipeline does.
    let stamp = goldenpath()
        .args(["stamp", "--at", "2026-03-01T12:00:00Z"])
        .arg(&deploy)
        .output()
        .unwrap();
    assert!(stamp.status.success(), "{stamp:?}");
    let deployment = fs::read_to_string(deploy.join("deployment.yaml")).unwrap();
    assert!(
        deployment.contains("goldenpath.dev/commit-time: \"2026-03-01T12:00:00Z\""),
        "{deployment}"
    );
    assert_eq!(
        judged(&deploy, "examples/paths")["status"],
        "golden-path",
        "stamped"
    );
    if on_path("go").is_some() {
        let vet = Command::new("go")
            .args(["vet", "."])
            .current_dir(&written)
            .env("GOWORK", "off")
            .output()
            .unwrap();
        assert!(vet.status.success(), "{vet:?}");
    }
}

/// The line of the only workload in these manifests, by these paths.
fn judged(manifests: &Path, paths: &str) -> Value {
    let scan = goldenpath()
        .args(["scan", "--output=json", "--paths", paths])
        .arg(manifests)
        .output()
        .unwrap();
    assert!(scan.status.success(), "{scan:?}");
    let report: Value = serde_json::from_slice(&scan.stdout).unwrap();
    let workloads = report["workloads"].as_array().unwrap();
    assert_eq!(workloads.len(), 1, "{report:#}");
    workloads[0].clone()
}
