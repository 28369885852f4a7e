//! One table of every instant at which an answer changes by itself. A second before, at, and a
//! second after each, all surfaces agree: verdict, label, status, metrics, report, `scan`, `why`
//! and policy report.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use goldenpath::api::keys;
use goldenpath::assess::planner::statuses::Owned;
use goldenpath::assess::settings::{OnApply, Settings};
use goldenpath::assess::state::{Phase, Standing, State};
use goldenpath::assess::verdict::AsOf;
use goldenpath::assess::warning::{Account, GenerateContext, warnings};
use goldenpath::report::document::build::{Sources, report};
use goldenpath::report::metrics::{Options, exposition_at};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::fixtures::{Cluster, instant, with};
use crate::scene::report_at;
use crate::table::{TABLE, cluster, manifests, path};

/// Every instant of the table, a second before it, and a second after.
fn instants() -> BTreeSet<Timestamp> {
    let second = SignedDuration::from_secs(1);
    let around = |(_, at, _, _): (_, &str, _, _)| {
        let at = instant(at);
        [at - second, at, at + second]
    };
    TABLE.into_iter().flat_map(around).collect()
}

type Words = BTreeMap<String, String>;

fn by_verdict(cluster: &Cluster, at: Timestamp) -> Words {
    let names = cluster.0.namespace("shop").unwrap().workloads.values();
    let word = |name: &str| {
        let verdict = cluster.verdict_at(name, at).unwrap();
        let word = verdict
            .state()
            .map_or(verdict.status.as_str(), State::as_str);
        (name.to_owned(), word.to_owned())
    };
    names.map(|entry| word(&entry.workload.id.name)).collect()
}

/// What is written, from the labels alone.
fn by_label(cluster: &Cluster) -> Words {
    let labels = cluster.labels().into_iter().map(|(id, labels)| {
        let of = |key| labels.iter().find(|(known, _)| *known == key);
        let word = of(keys::DEVIATION).or(of(keys::STATUS));
        let word = word.map_or("unscoped", |(_, word)| word);
        (id.rsplit('/').next().unwrap().to_owned(), word.to_owned())
    });
    labels.collect()
}

fn by_report(report: &Value) -> Words {
    let lines = report["workloads"].as_array().unwrap().iter().map(|line| {
        let word = line["deviation"].as_str().or(line["status"].as_str());
        let name = line["name"].as_str().unwrap();
        (name.to_owned(), word.unwrap().to_owned())
    });
    lines.collect()
}

fn by_metrics(cluster: &Cluster, at: Timestamp) -> Words {
    let options = Options {
        workload_info: Some(100),
        ..Options::default()
    };
    let text = exposition_at(&cluster.0, at, &options).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("goldenpath_workload_info{"));
    let of = |line: &str, label: &str| {
        let (_, rest) = line.split_once(&format!("{label}=\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    lines
        .map(|line| (of(line, "workload"), of(line, "state")))
        .collect()
}

fn by_policy_report(cluster: &Cluster, at: Timestamp) -> Words {
    let names = cluster.0.namespace("shop").unwrap().workloads.values();
    let word = |name: &str| {
        let report = report_at(cluster, name, at);
        let word = report.map_or_else(
            || "unscoped".to_owned(),
            |report| {
                let word = report["metadata"]["labels"][keys::STATE].as_str().unwrap();
                results_fit(&report, word);
                word.to_owned()
            },
        );
        (name.to_owned(), word)
    };
    names.map(|entry| word(&entry.workload.id.name)).collect()
}

/// The worst result of the required checks is the one its state calls for.
fn results_fit(report: &Value, word: &str) {
    let wanted = match word {
        "undocumented" | "expired" | "pending" => "fail",
        "review-due" | "review-overdue" => "warn",
        "documented" | "predates" => "skip",
        "golden-path" => "pass",
        other => panic!("{other}"),
    };
    let count = |result: &str| report["summary"][result].as_u64().unwrap();
    let worst = ["fail", "warn", "skip"]
        .into_iter()
        .find(|result| count(result) > 0);
    // What is announced is skipped too, whatever the state.
    let announced = report["results"][2]["result"] == "skip";
    let worst = worst.filter(|worst| *worst != "skip" || !announced || count("skip") > 1);
    assert_eq!(worst.unwrap_or("pass"), wanted, "{report:#}");
}

/// The states of a deviation without a warning, as in the generated policy.
fn silent() -> BTreeSet<&'static str> {
    let mut cluster = Cluster::new(Settings {
        on_apply: OnApply::Warn,
        ..Settings::default()
    });
    let _ = cluster.put_path("web", with(path(), json!({"warnOnApply": true})));
    let as_of = AsOf::new(crate::fixtures::now());
    let paths = cluster.0.paths();
    let terms = GenerateContext {
        settings: &cluster.0.settings,
        account: &Account::default(),
    };
    let warnings = warnings(paths, &as_of.paths(paths), terms);
    let policy = warnings["web"].as_ref().unwrap().policy.to_string();
    let words = Standing::ALL.map(Standing::as_str).into_iter();
    words
        .filter(|word| policy.contains(&format!("'{word}'")))
        .collect()
}

/// There is a warning only where a policy report fails, or a review is overdue.
#[test]
fn the_warning_is_silent_where_something_is_agreed_or_nothing_is_due() {
    let silent = silent();
    assert_eq!(
        silent,
        BTreeSet::from(["documented", "predates", "review-due"])
    );
    for (name, at, _, word) in TABLE {
        let Some(report) = report_at(&cluster(), name, instant(at)) else {
            continue;
        };
        let is_fine = report["summary"]["fail"] == 0 && word != "review-overdue";
        assert_eq!(silent.contains(word), is_fine, "{name} at {at}");
    }
}

/// Phases by status, report and metrics; and each gives its workload's standing.
fn phases_agree(cluster: &mut Cluster, report: &Value, at: Timestamp) {
    let stored = cluster.plan_statuses(at).exceptions;
    let standings = by_report(report);
    let text = exposition_at(&cluster.0, at, &Options::default()).unwrap();
    for line in report["exceptions"].as_array().unwrap() {
        let (name, phase) = (
            line["name"].as_str().unwrap(),
            line["phase"].as_str().unwrap(),
        );
        let status = stored.iter().find(|write| match &write.of {
            Owned::Exception(_, of) => **of == *name,
            Owned::Path(_) | Owned::Goal(..) => false,
        });
        let status = &status.unwrap().status;
        assert_eq!(status.phase.as_deref(), Some(phase), "{at}: {name}");
        let expiry = status.effective_expiry.as_ref().map(|at| at.0.to_string());
        assert_eq!(
            expiry.as_deref(),
            line["effectiveExpiry"].as_str(),
            "{at}: {name}"
        );
        let series = text.lines().find(|line| {
            line.starts_with("goldenpath_exception_phase{")
                && line.contains(&format!("exception=\"{name}\""))
                && line.ends_with(" 1")
        });
        assert!(
            series.unwrap().contains(&format!("phase=\"{phase}\"")),
            "{at}: {name}"
        );
        let phase = Phase::ALL
            .into_iter()
            .find(|known| known.as_str() == phase)
            .unwrap();
        let standing = phase
            .standing()
            .map_or("undocumented", |standing| standing.as_str());
        if standings[name] != "unscoped" {
            assert_eq!(standings[name], standing, "{at}: {name}");
        }
    }
}

pub fn goldenpath(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    let output = command.args(args).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{args:?}: {printed}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Words that the sentence of a state always contains.
fn sentence(word: &str) -> &'static str {
    match word {
        "golden-path" => "on the path",
        "unscoped" => "no path for this yet",
        "undocumented" => "to go, or record why you deviate",
        "expired" => "exception expired",
        "pending" => "waiting for the platform team",
        "review-overdue" => "exception review overdue since",
        "review-due" => "exception needs a review by",
        "predates" => "older than the path",
        "documented" => "exception approved until",
        other => panic!("{other}"),
    }
}

#[test]
fn every_surface_turns_at_the_same_instants() {
    let file = manifests("surfaces");
    let mut running = cluster();
    for at in instants() {
        let cluster = cluster();
        let wanted = by_verdict(&cluster, at);
        // One that has run all along, and one that has just started, write the same.
        let _ = running.0.tick(at);
        running.apply(at);
        assert_eq!(by_label(&running), wanted, "{at}: labels");
        let as_of = AsOf::new(at);
        let live = serde_json::to_value(report(&cluster.0, &as_of, &Sources::default())).unwrap();
        assert_eq!(by_report(&live), wanted, "{at}: report");
        assert_eq!(by_metrics(&cluster, at), wanted, "{at}: metrics");
        assert_eq!(
            by_policy_report(&cluster, at),
            wanted,
            "{at}: policy reports"
        );
        phases_agree(&mut crate::table::cluster(), &live, at);
        let as_of = format!("--as-of={at}");
        let scan = goldenpath(&["scan", &file, "-o", "json", &as_of]);
        let scan: Value = serde_json::from_str(&scan).unwrap();
        assert_eq!(by_report(&scan), wanted, "{at}: scan");
        assert_eq!(scan["exceptions"].as_array().map(Vec::len), Some(7));
    }
}

#[test]
fn every_row_of_the_table_holds_and_is_explained_so() {
    let (file, cluster) = (manifests("rows"), cluster());
    let second = SignedDuration::from_secs(1);
    for (name, at, before, after) in TABLE {
        let at = instant(at);
        for (at, wanted) in [(at - second, before), (at, after), (at + second, after)] {
            assert_eq!(by_verdict(&cluster, at)[name], wanted, "{name} at {at}");
            let target = format!("deploy/{name}");
            let why = ["why", &target, "-n", "shop", "--from", &file, "--as-of"];
            let printed = goldenpath(&[&why[..], &[&at.to_string()]].concat());
            assert!(
                printed.contains(sentence(wanted)),
                "{name} at {at}: {printed}"
            );
        }
    }
}
