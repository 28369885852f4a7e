//! Drafts from manifests: the fixtures of `scan`, and two paths with rules of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const REASON: &str = "The vendor licenses a single replica until the contract of May.";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn except(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01", "except"])
        .args(args)
        .current_dir(fixtures())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Of the shop's fixtures, with a reason and a cost.
fn drafted(more: &[&str]) -> Output {
    let from = ["--from", "scan/shop.yaml", "--paths", "scan/paths.yaml"];
    let given = ["--reason", REASON, "--cost", "6h"];
    except(&[from.as_slice(), &given, more].concat())
}

/// Of a service that two steps are missing for, by a path whose teams declare light deviations.
fn declared(more: &[&str]) -> Output {
    let from = ["deploy/till", "--from", "except/till.yaml"];
    let given = ["--reason", REASON, "--cost", "6h"];
    except(&[from.as_slice(), &given, more].concat())
}

fn shown(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn manifest(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_saphyr::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_failing_steps_are_drafted_and_the_label_is_foretold() {
    let output = drafted(&["deploy/api", "--expires", "90d", "--once", "8h"]);
    assert_eq!(
        manifest(&output),
        json!({
            "apiVersion": "goldenpath.dev/v1alpha1",
            "kind": "DeviationException",
            "metadata": {"name": "api-replicas", "namespace": "shop"},
            "spec": {
                "path": "web-service",
                "checks": ["replicas"],
                "targets": [{"kind": "Deployment", "name": "api"}],
                "reason": REASON,
                "owner": {"team": "shop"},
                "ownershipCost": {"hoursPerMonth": 6.0, "oneOffHours": 8.0},
                "expiresAt": "2026-05-30T00:00:00Z",
            },
        })
    );
    assert_eq!(
        shown(&output),
        "\
Exception  api-replicas in shop
Path       web-service
Covers     1 workload
           deploy/api: replicas
             label: undocumented now, pending once applied, documented once approved
Cost       6 hours a month, and 8 once, carried by team shop
Until      30 May, counted as if approved today
Decision   the owner of the path approves: kubectl goldenpath approve api-replicas -n shop
Next       nothing is written yet: pipe the manifest to kubectl apply -f -
"
    );
}

#[test]
fn every_flag_finds_its_field() {
    let output = drafted(&[
        "deploy/api",
        "--name=legacy.replicas",
        "--check=replicas,memory-limit",
        "--owner=search",
        "--contact=#search",
        "--category=vendorsoftware",
        "--ticket=https://tickets.example.com/1",
        "--would-return-if=two replicas cost one licence",
        "--requested-by=grace",
        "--expires=2026-04-01",
        "-ojson",
    ]);
    let object = manifest(&output);
    let spec = &object["spec"];
    assert_eq!(object["metadata"]["name"], "legacy.replicas");
    assert_eq!(spec["checks"], json!(["replicas", "memory-limit"]));
    assert_eq!(
        spec["owner"],
        json!({"team": "search", "contact": "#search"})
    );
    assert_eq!(spec["category"], "VendorSoftware");
    assert_eq!(spec["ticket"], "https://tickets.example.com/1");
    assert_eq!(spec["wouldReturnIf"], "two replicas cost one licence");
    assert_eq!(spec["requestedBy"], "grace");
    assert_eq!(spec["expiresAt"], "2026-04-01T00:00:00Z");
}

#[test]
fn invalid_values_are_reported_by_flag_and_nothing_is_written() {
    for (more, given) in [
        (vec!["--reason=why not"], "--reason: 20 to 2000 characters"),
        (vec!["--cost=10001"], "--cost: 0 to 10000 wanted"),
        (vec!["--expires=2026-02-28"], "--expires: 2026-02-28"),
        (vec!["--name=Till_1"], "--name: 'Till_1'"),
        (
            vec!["--check=probs"],
            "no step 'probs': did you mean 'probe'?",
        ),
        (vec!["--check=patched"], "step 'patched' has no off-ramp"),
        (
            vec!["--path=counter", "--check=probe"],
            "no golden path 'counter': did you mean 'counters'?",
        ),
        (vec!["--path=others"], "with --check"),
    ] {
        let from = ["deploy/till", "--from", "except/till.yaml"];
        let mut args = from.to_vec();
        for default in [["--reason", REASON], ["--cost", "6h"], ["--owner", "till"]] {
            if !more.iter().any(|flag| flag.starts_with(default[0])) {
                args.extend(default);
            }
        }
        let output = except(&[args.as_slice(), &more].concat());
        let error = shown(&output);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(
            error.starts_with("error: ") && error.contains(given),
            "{error}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

#[test]
fn missing_fields_are_one_error_without_a_terminal() {
    let output = except(&["deploy/till", "--from", "except/till.yaml"]);
    assert_eq!(
        shown(&output),
        "error: missing: --reason, --cost, --owner; for example: goldenpath except \
         deploy/till -n counter --from except/till.yaml --as-of 2026-03-01T00:00:00Z --reason \
         'The vendor licenses one replica until May.' --cost 6h --owner team-shop\n"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_light_deviation_is_declared_by_the_team_itself() {
    let team = ["--owner", "till", "--check", "probe"];
    let output = declared(&[team.as_slice(), &["--expires", "30d"]].concat());
    let text = shown(&output);
    assert!(
        text.contains("none needed: the path lets a team declare"),
        "{text}"
    );
    assert!(text.contains("still open beside it: replicas"), "{text}");
    assert!(
        text.contains("label: undocumented, with it or without"),
        "{text}"
    );
    let output = declared(&[team.as_slice(), &["--expires", "90d"]].concat());
    let text = shown(&output);
    assert!(
        text.contains("goldenpath approve till-probe -n counter"),
        "{text}"
    );
    assert!(
        text.contains("ending by 31 Mar your team could declare"),
        "{text}"
    );
}

#[test]
fn a_heavy_deviation_waits_for_the_owner_of_the_path() {
    let text = shown(&declared(&["--owner", "till"]));
    assert!(text.contains("deploy/till: replicas, probe"), "{text}");
    assert!(
        text.contains("pending once applied, documented once approved"),
        "{text}"
    );
    assert!(!text.contains("could declare"), "{text}");
}

#[test]
fn an_existing_name_is_reported() {
    let args = ["deploy/search", "--from", "scan/search.yaml"];
    let more = [
        "--paths",
        "scan/paths.yaml",
        "--from",
        "scan/exceptions.yaml",
    ];
    let given = ["--reason", REASON, "--cost", "6h", "--owner", "search"];
    let named = ["--name", "search-memory", "--check", "memory-limit"];
    let output = except(&[args.as_slice(), &more, &given, &named].concat());
    assert!(shown(&output).contains("is there already"), "{output:?}");
}

#[test]
fn a_draft_is_read_back_as_the_preview_foretold() {
    let output = drafted(&["deploy/api"]);
    let file = std::env::temp_dir().join(format!("goldenpath-draft-{}.yaml", std::process::id()));
    std::fs::write(&file, &output.stdout).unwrap();
    let scanned = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01", "scan", "-o", "json"])
        .args(["scan/shop.yaml", "scan/paths.yaml", file.to_str().unwrap()])
        .current_dir(fixtures())
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let report: Value = serde_json::from_slice(&scanned.stdout).unwrap();
    let workloads = report["workloads"].as_array().unwrap();
    let api = workloads.iter().find(|line| line["name"] == "api");
    assert_eq!(api.unwrap()["deviation"], "pending");
    let exception = &report["exceptions"][0];
    assert_eq!(
        (&exception["phase"], &exception["matched"]),
        (&json!("Pending"), &json!(1))
    );
}

#[test]
fn the_command_that_why_prints_drafts_what_it_says() {
    let why = ["why", "deploy/till", "--from", "except/till.yaml"];
    let output = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01"])
        .args(why)
        .current_dir(fixtures())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed = text
        .lines()
        .find_map(|line| line.strip_prefix("Off-ramp  kubectl goldenpath except "))
        .unwrap();
    let words = printed.split(' ').map(|word| match word {
        "\"…\"" => REASON,
        word => word,
    });
    let args: Vec<_> = words.chain(["--cost", "6h", "--owner", "till"]).collect();
    let checks = &manifest(&except(&args))["spec"]["checks"];
    assert_eq!(*checks, json!(["replicas", "probe"]));
}

#[test]
fn several_workloads_are_named_or_found_by_label() {
    let from = [
        "--from",
        "except/till.yaml",
        "--from",
        "except/counters.yaml",
    ];
    let given = [
        "--reason", REASON, "--cost", "6h", "--owner", "till", "-n", "counter",
    ];
    let output = except(&[&["deploy/till", "deploy/till-two"][..], &from, &given].concat());
    let spec = &manifest(&output)["spec"];
    let targets = spec["targets"].as_array().unwrap();
    let names: Vec<_> = targets.iter().map(|target| &target["name"]).collect();
    assert_eq!(names, ["till", "till-two"]);
    assert!(
        shown(&output).contains("Covers     2 workloads"),
        "{output:?}"
    );

    let output = except(&[&["-l", "tier=till"][..], &from, &given].concat());
    let spec = &manifest(&output)["spec"];
    assert_eq!(spec["selector"], json!({"matchLabels": {"tier": "till"}}));
    assert_eq!(spec.get("targets"), None);
    assert!(shown(&output).contains("deploy/till-two"), "{output:?}");

    let output = except(&[&["-l", "tier=none"][..], &from, &given].concat());
    let error = shown(&output);
    assert!(
        error.contains("--selector finds no workload in namespace counter"),
        "{error}"
    );
}
