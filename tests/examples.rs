//! The files in `examples/` on a real API server: it accepts every one, compiles every expression,
//! and finds missing exactly the steps that the examples are written to miss.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

#[path = "suite/mod.rs"]
mod suite;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use goldenpath::api::GoldenPath;
use goldenpath::api::golden_path::{Check, KindRef, Scope};
use goldenpath::assess::state::State;
use goldenpath_e2e::{ControlPlane, Options, eventually, within};
use serde_json::{Value, json};

/// Every step a workload of `examples/workloads` misses on a path it is in scope of, as the API
/// server finds it. A check that cannot be evaluated is known by its policy only.
const MISSED: &str = "
stateful-service error
stateful-service backup-retention: catalog/product-db logistics/parcel-db
stateful-service backup-schedule: catalog/product-db logistics/parcel-db search/search-index
stateful-service graceful-stop: logistics/parcel-db
stateful-service reserved-memory: insights/feature-store logistics/parcel-db
stateful-service storage-class: catalog/product-db logistics/parcel-db
batch-job owner: sandbox/spike
batch-job pinned-image: insights/nightly-export sandbox/spike
batch-job memory-limit: sandbox/spike
batch-job deadline: logistics/dispatch payments/reconciliation sandbox/spike
batch-job no-overlap: payments/reconciliation sandbox/spike
batch-job retries: catalog/price-import sandbox/spike
batch-job time-zone: sandbox/spike
batch-job runbook: catalog/price-import insights/nightly-export insights/report-builder
batch-job runbook: logistics/dispatch payments/reconciliation payments/settlement sandbox/spike
web-service readiness-probe: checkout/promotions logistics/label-printer
web-service memory-limit: catalog/image-resizer logistics/label-printer logistics/route-planner
web-service pinned-image: catalog/pim-sync insights/dashboards logistics/label-printer
web-service pinned-image: payments/fraud-scorer
web-service restricted: logistics/carrier-gateway logistics/label-printer payments/card-vault
web-service spread: checkout/tax-engine identity/directory-sync identity/session-cache
web-service spread: insights/metrics-probe logistics/label-printer logistics/route-planner
web-service spread: payments/payouts search/ranker-a search/ranker-b
web-service telemetry: identity/session-cache insights/metrics-probe logistics/label-printer
web-service telemetry: logistics/route-planner
";

fn expected() -> BTreeSet<String> {
    let lines = MISSED.lines().filter(|line| !line.is_empty());
    lines
        .flat_map(|line| match line.split_once(": ") {
            Some((step, names)) => names
                .split(' ')
                .map(|name| format!("{step} {name}"))
                .collect(),
            None => vec![line.to_owned()],
        })
        .collect()
}

#[test]
fn every_example_is_accepted_and_judged_by_the_api_server_as_it_says() {
    let Some(cluster) = suite::control_plane(&Options::default()) else {
        return;
    };
    let paths = ["examples/paths", "starter"].map(|directory| {
        let paths = golden_paths(directory);
        apply_until_known(&cluster, directory);
        for path in &paths {
            cluster.apply(&policy(directory, path).to_string()).unwrap();
        }
        paths
    });
    assert_eq!(paths.map(|paths| paths.len()), [3, 3]);

    bind(&cluster, "examples/paths");
    cluster.apply(&namespaces()).unwrap();
    // A policy is in force some time after its binding was stored, each at its own.
    let mut found = BTreeSet::new();
    let settled = within(Duration::from_secs(60), "the policies are in force", || {
        found = missed(&cluster);
        (found == expected()).then_some(())
    });
    assert!(
        settled.is_ok(),
        "{:#?}",
        found.symmetric_difference(&expected())
    );

    apply_until_known(&cluster, "examples/workloads");
    apply_until_known(&cluster, "examples/exceptions");
}

/// The namespaces of the example workloads, alone: a dry run needs them to be there.
fn namespaces() -> String {
    let files = fs::read_dir(on_disk("examples/workloads")).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let documents: Vec<String> = texts
        .flat_map(|text| text.split("---\n").map(str::to_owned).collect::<Vec<_>>())
        .filter(|document| document.contains("\nkind: Namespace\n"))
        .collect();
    documents.join("---\n")
}

/// The report of `goldenpath scan examples/`, as users type it.
fn scanned() -> Value {
    scan(&[on_disk("examples")])
}

fn scan(arguments: &[String]) -> Value {
    let answer = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["scan", "--fail-on=none", "--output=json"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    serde_json::from_slice(&answer.stdout).unwrap()
}

#[test]
fn the_offline_scan_finds_the_steps_missing_that_the_api_server_finds() {
    let report = scanned();
    let mut found = BTreeSet::new();
    for workload in report["workloads"].as_array().unwrap() {
        let text = |field: &str| workload[field].as_str().unwrap_or_default();
        for check in workload["checks"].as_array().into_iter().flatten() {
            let name = check["name"].as_str().unwrap();
            match check["outcome"].as_str().unwrap() {
                "fail" => {
                    let step = format!("{} {name}", text("path"));
                    found.insert(format!("{step} {}/{}", text("namespace"), text("name")));
                }
                "error" => {
                    found.insert(format!("{} error", text("path")));
                }
                _ => {}
            }
        }
    }
    // In scope of two paths: the API server is asked about both, a report shows the chosen one.
    let chosen = |missed: &String| {
        !missed.starts_with("web-service") || !missed.ends_with("identity/session-cache")
    };
    let wanted: BTreeSet<_> = expected().into_iter().filter(chosen).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_state_of_a_service_has_an_example() {
    let report = scanned();
    for state in State::ALL {
        let services = &report["summary"]["services"][state.as_str()];
        assert!(services.as_u64() > Some(0), "{}", state.as_str());
    }
}

/// Names of the services with several workloads, and the number of all services.
fn shared_services(report: &Value) -> (BTreeSet<String>, u64) {
    let mut seen = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for workload in report["workloads"].as_array().unwrap() {
        if let Some(service) = workload["service"].as_str() {
            let name = format!("{}/{service}", workload["namespace"].as_str().unwrap());
            if !seen.insert(name.clone()) {
                shared.insert(name);
            }
        }
    }
    let summary = &report["summary"];
    let of = |field: &str| summary[field].as_u64().unwrap();
    (
        shared,
        of("countedServices") + of("unscoped") + of("ignored"),
    )
}

#[test]
fn the_example_of_service_identities_names_services_by_a_second_key() {
    let text = fs::read_to_string(on_disk("docs/service-identities.yaml")).unwrap();
    let values: Value = serde_saphyr::from_str(&text).unwrap();
    let keys = values["judging"]["serviceFrom"].as_array().unwrap().iter();
    let keys: Vec<&str> = keys.map(|key| key.as_str().unwrap()).collect();
    // The command in its comment, and the values of the chart.
    let flag = format!("--service-from {}", keys.join(","));
    assert!(text.contains(&flag), "{flag}");
    let chart = fs::read_to_string(on_disk("charts/goldenpath/values.yaml")).unwrap();
    let chart: Value = serde_saphyr::from_str(&chart).unwrap();
    for name in values["judging"].as_object().unwrap().keys() {
        assert!(chart["judging"].get(name).is_some(), "{name}");
    }

    let (by_catalog, services) = shared_services(&scanned());
    let with_keys = scan(&[
        on_disk("examples"),
        "--service-from".to_owned(),
        keys.join(","),
    ]);
    let (by_both, fewer) = shared_services(&with_keys);
    let more: Vec<&String> = by_both.difference(&by_catalog).collect();
    assert_eq!(more, ["search/ranker"]);
    assert!(
        by_catalog.is_subset(&by_both) && !by_catalog.is_empty(),
        "{by_catalog:?}"
    );
    assert_eq!(fewer, services - 1);
    // Its two workloads have the same exception: one service with it, not two.
    let documented = |report: &Value| {
        report["summary"]["services"]["documented"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(documented(&with_keys), documented(&scanned()) - 1);
}

#[test]
fn every_exception_is_in_the_phase_its_file_is_named_after() {
    let (first, then) = (scanned(), "2026-10-18T00:00:00Z".to_owned());
    assert_eq!(first["asOf"], "2026-10-15T00:00:00Z");
    // A demo that runs over a weekend.
    let later = scan(&[on_disk("examples"), "--as-of".to_owned(), then.clone()]);
    assert_eq!(later["asOf"], *then);
    for report in [first, later] {
        assert_eq!(report["exceptions"].as_array().unwrap().len(), 14);
        for exception in report["exceptions"].as_array().unwrap() {
            let name = exception["name"].as_str().unwrap();
            let phase = exception["phase"].as_str().unwrap();
            assert_eq!(
                phase,
                phase_by_file(name),
                "{name} as of {}",
                report["asOf"]
            );
        }
    }
}

/// The workloads and exceptions of a report, without dates and places.
fn judged(report: &Value) -> Vec<Value> {
    let fields = |list: &str, fields: [&str; 6]| {
        let lines = report[list].as_array().unwrap().iter();
        let lines = lines.map(|line| json!(fields.map(|field| line[field].clone())));
        lines.collect::<Vec<_>>()
    };
    let workloads = fields(
        "workloads",
        ["namespace", "name", "path", "status", "deviation", "steps"],
    );
    let exceptions = fields(
        "exceptions",
        ["namespace", "name", "phase", "inUse", "needed", "matched"],
    );
    [workloads, exceptions].concat()
}

/// The summary without the dates, which move.
fn numbers(mut report: Value) -> Value {
    for path in report["summary"]["paths"].as_array_mut().unwrap() {
        path["launchedAt"] = Value::Null;
        path["newServices"]["deadline"] = Value::Null;
        path["predates"]["until"] = Value::Null;
        for step in path["announced"].as_array_mut().into_iter().flatten() {
            step["enforceFrom"] = Value::Null;
        }
    }
    for objective in report["summary"]["objectives"].as_array_mut().unwrap() {
        objective["from"] = Value::Null;
        objective["to"] = Value::Null;
        for key_result in objective["keyResults"].as_array_mut().unwrap() {
            key_result["lastMeasuredAt"] = Value::Null;
        }
    }
    report["summary"].take()
}

#[test]
fn a_cluster_gets_them_as_of_today_with_the_same_verdicts() {
    let moved = ["paths", "workloads", "objectives", "exceptions"]
        .map(|part| suite::as_of_today(&format!("examples/{part}")));
    let moved = scan(&moved.map(|directory| directory.display().to_string()));
    let written = scanned();
    assert_ne!(moved["asOf"], written["asOf"]);
    assert_eq!(judged(&moved), judged(&written));
    assert_eq!(numbers(moved), numbers(written));
}

/// The README's first picture is what its first line prints.
#[test]
fn the_readme_shows_real_output() {
    const README: &str = include_str!("../README.md");
    let root = env!("CARGO_MANIFEST_DIR");
    let mut shown = README
        .split("```\n$ goldenpath report --from examples/\n")
        .skip(1);
    let shown = shown.next().unwrap().split("```").next().unwrap();
    let printed = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["report", "--from", "examples/"])
        .current_dir(root)
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.lines().count() <= 40, "{printed}");
    let mut rest = printed.lines();
    for line in shown.lines().filter(|line| *line != "…") {
        assert!(rest.any(|found| found == line), "{line}\nin\n{printed}");
    }
}

/// Periods that fit a real path, because people copy the examples.
#[test]
fn no_example_has_a_period_or_a_date_that_no_platform_would_set() {
    for path in golden_paths("examples/paths") {
        let policy = serde_json::to_value(path.spec.exception_policy).unwrap();
        for (field, period) in [
            ("maxDuration", "180d"),
            ("reviewEvery", "90d"),
            ("remindBefore", "14d"),
            ("lapseAfter", "30d"),
        ] {
            assert_eq!(policy[field], period, "{field}");
        }
    }
    for directory in ["paths", "workloads", "exceptions"] {
        for file in fs::read_dir(on_disk(&format!("examples/{directory}"))).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let mut years = text.split("\"20").skip(1).filter_map(|rest| rest.get(..2));
            assert!(years.all(|year| year < "28"), "{text}");
        }
    }
}

/// `review-due.yaml` holds exceptions in the phase `ReviewDue`.
fn phase_by_file(exception: &str) -> String {
    let wanted = format!("\n  name: {exception}\n");
    let files = fs::read_dir(on_disk("examples/exceptions")).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let file = files
        .find(|file| fs::read_to_string(file).unwrap().contains(&wanted))
        .unwrap();
    let words = file.file_stem().unwrap().to_str().unwrap().split('-');
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// Applies a directory; again while a definition is not served or a namespace not there yet.
fn apply_until_known(cluster: &ControlPlane, directory: &str) {
    eventually(Duration::from_secs(60), directory, || {
        cluster
            .kubectl_ok(&["apply", "--server-side", "-f", &on_disk(directory)])
            .ok()
    });
}

/// What a dry run of the example workloads is warned about.
fn missed(cluster: &ControlPlane) -> BTreeSet<String> {
    let workloads = on_disk("examples/workloads");
    let dry_run = [
        "apply",
        "--dry-run=server",
        "--server-side",
        "-f",
        &workloads,
    ];
    let answer = cluster.kubectl(&dry_run).unwrap();
    let printed = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{printed}");
    printed
        .lines()
        .filter(|line| line.contains("ValidatingAdmissionPolicy"))
        .map(in_short)
        .collect()
}

/// The last words of a warning; where a check could not be evaluated, only the policy is known.
fn in_short(warning: &str) -> String {
    if warning.contains("resulted in error") {
        let policy = warning.split('\'').nth(1).unwrap();
        return policy.replace("paths-", "") + " error";
    }
    warning.rsplit(": ").next().unwrap_or(warning).to_owned()
}

/// A policy with the checks of `path`, as the API server understands them: it warns with
/// "PATH CHECK NAMESPACE/NAME".
fn policy(directory: &str, path: &GoldenPath) -> Value {
    let name = path.metadata.name.as_deref().unwrap();
    let scope = &path.spec.scope;
    let in_scope = json!([{"name": "inScope", "expression": scope_expression(scope)}]);
    let mut variables = serde_json::to_value(&path.spec.variables).unwrap();
    variables
        .as_array_mut()
        .unwrap()
        .extend(in_scope.as_array().unwrap().clone());
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": policy_name(directory, name)},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": scope.namespace_selector,
                "resourceRules": scope.kinds.iter().map(resource_rule).collect::<Vec<_>>(),
            },
            "variables": variables,
            "validations": path.spec.checks.iter().filter(|check| check.enforce_from.is_none()).map(|check| validation(name, check)).collect::<Vec<_>>(),
        },
    })
}

fn policy_name(directory: &str, path: &str) -> String {
    format!("{}-{path}", directory.rsplit('/').next().unwrap())
}

fn scope_expression(scope: &Scope) -> String {
    let conditions: Vec<_> = scope
        .match_conditions
        .iter()
        .map(|condition| format!("({})", condition.expression))
        .collect();
    if conditions.is_empty() {
        "true".to_owned()
    } else {
        conditions.join(" && ")
    }
}

fn resource_rule(kind: &KindRef) -> Value {
    let resource = format!("{}s", kind.kind.to_lowercase());
    json!({
        "apiGroups": [kind.group], "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"], "resources": [resource],
    })
}

fn validation(path: &str, check: &Check) -> Value {
    let message = format!(
        "'{path} {} ' + object.metadata.namespace + '/' + object.metadata.name",
        check.name
    );
    json!({
        "expression": format!("!variables.inScope || ({})", check.expression),
        "messageExpression": message,
    })
}

fn bind(cluster: &ControlPlane, directory: &str) {
    for path in golden_paths(directory) {
        let name = policy_name(directory, path.metadata.name.as_deref().unwrap());
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Warn", "Audit"]},
        });
        cluster.apply(&binding.to_string()).unwrap();
    }
}

fn golden_paths(directory: &str) -> Vec<GoldenPath> {
    let mut files: Vec<PathBuf> = fs::read_dir(on_disk(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap())
        .collect()
}

fn on_disk(directory: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(directory).to_str().unwrap().to_owned()
}
