//! One judgement, many surfaces: labels, metrics, statuses and the report agree on the same objects
//! at the same instant.

use std::collections::BTreeMap;

use goldenpath::api::DeviationExceptionStatus;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::planner::statuses::{Owned, StatusWrite};
use goldenpath::assess::verdict::{AsOf, judge};
use goldenpath::report::document::build::{Sources, report};
use goldenpath::report::metrics::{Options, exposition_at};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, instant, web_path, with};
use crate::fleet::{
    asking, born, cluster, excusing, far, golden, lonely, of_team, unknown, within,
};

/// From before the launch until every agreement has ended.
const INSTANTS: [&str; 10] = [
    "2025-12-31T23:59:59Z",
    "2026-01-01T00:00:00Z",
    "2026-03-15T00:00:00Z",
    "2026-05-01T12:00:00Z",
    "2026-05-02T00:00:00Z",
    "2026-07-01T00:00:00Z",
    "2026-07-20T00:00:00Z",
    "2026-08-10T00:00:00Z",
    "2026-08-30T00:00:00Z",
    "2027-01-01T00:00:00Z",
];

/// Kind to older services for a while, with a check announced and one that only advises.
fn predating() -> Value {
    json!({
        "existing": {"treatAs": "Predates", "until": "2026-07-10T00:00:00Z"},
        "checks": [
            {"name": "replicas", "expression": "object.spec.replicas >= 2"},
            {"name": "tier", "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels"},
            {"name": "pinned", "expression": "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))",
                "enforceFrom": "2026-07-15T00:00:00Z"},
            {"name": "named", "level": "recommended", "expression": "has(object.metadata.labels.name)"},
        ],
    })
}

/// A workload for each possible state, one service each.
fn fleet() -> Cluster {
    let mut cluster = cluster();
    let _ = cluster.put_path("web", with(web_path(), predating()));
    let jobs = json!({"scope": {"kinds": [{"group": "batch", "kind": "CronJob"}]}});
    let _ = cluster.put_path("jobs", with(web_path(), jobs));
    let untagged = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/web"}]}}}});
    let latest = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/web:latest"}]}}}});
    let declared = |path: &str| json!({"metadata": {"labels": {"goldenpath.dev/path": path}}});
    let ignoring = json!({"metadata": {"annotations": {"goldenpath.dev/ignore": "a load test"}}});
    cluster
        .put(golden("golden"))
        .put(lonely("undocumented"))
        .put(far("agreed"))
        .put(lonely("rejected"))
        .put(of_team(lonely("asked"), "blue"))
        .put(lonely("ending"))
        .put(unknown("unknown"))
        .put(born(far("old"), "2024-01-01T00:00:00Z"))
        .put(with(golden("moving"), latest))
        .put(with(golden("untagged"), untagged))
        .put(with(lonely("astray"), declared("wbe")))
        .put(with(golden("elsewhere"), declared("jobs")))
        .put(with(lonely("asks-out"), ignoring))
        .put(within(lonely("banker"), "bank"));
    put_exceptions(&mut cluster);
    cluster
}

fn put_exceptions(cluster: &mut Cluster) {
    let everything = json!({"spec": {"checks": ["*"]}});
    let no = json!({"spec": {"approval": {"decision": "Rejected"}}});
    let short = json!({"spec": {"expiresAt": "2026-07-05T00:00:00Z"}});
    cluster
        .put_exception(with(excusing("e-agreed", "agreed"), everything))
        .put_exception(with(excusing("e-rejected", "rejected"), no))
        .put_exception(asking("e-asked", "asked"))
        .put_exception(with(excusing("e-ending", "ending"), short))
        .put_exception(excusing("e-unneeded", "golden"))
        .put_exception(excusing("e-unused", "gone"))
        .put_exception(with(
            excusing("e-lost", "golden"),
            json!({"spec": {"path": "wbe"}}),
        ));
}

/// The samples of a scrape: name and labels to value.
struct Scrape(Vec<(String, BTreeMap<String, String>, f64)>);

impl Scrape {
    fn of(inventory: &Inventory, at: Timestamp) -> Self {
        let options = Options {
            workload_info: Some(1_000),
            ..Options::default()
        };
        let text = exposition_at(inventory, at, &options).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Self(samples.map(sample).collect())
    }

    /// The sum over the series that have all of these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |all: &BTreeMap<String, String>| {
            let mut wanted = labels.iter();
            wanted.all(|(key, value)| all.get(*key).is_some_and(|found| found == value))
        };
        let found = self
            .0
            .iter()
            .filter(|(family, all, _)| family == name && has(all));
        let values: Vec<f64> = found.map(|(_, _, value)| *value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let pairs = labels
        .trim_end_matches('}')
        .split(',')
        .filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap();
        (key.to_owned(), value.trim_matches('"').to_owned())
    });
    (name.to_owned(), pairs.collect(), value.parse().unwrap())
}

fn text_of<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value[field].as_str()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// A workload's state in the report, in the words of the labels.
fn labels_by_report(line: &Value) -> Vec<(&'static str, String)> {
    let status = text_of(line, "status").filter(|word| !["unscoped", "ignored"].contains(word));
    let pairs = [
        ("goldenpath.dev/status", status),
        ("goldenpath.dev/evaluated-path", text_of(line, "path")),
        ("goldenpath.dev/deviation", text_of(line, "deviation")),
    ];
    let present = pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.to_owned())));
    present.collect()
}

fn id(line: &Value) -> String {
    let field = |name| text_of(line, name).unwrap();
    format!("{}/{}/{}", field("namespace"), field("kind"), field("name"))
}

fn workloads_agree(lines: &[Value], cluster: &mut Cluster, at: Timestamp) {
    let scrape = Scrape::of(&cluster.0, at);
    let as_of = AsOf::new(at);
    let judged: BTreeMap<String, Vec<(&'static str, String)>> = cluster
        .0
        .namespaces()
        .flat_map(|(_, ns)| ns.workloads.values().map(move |entry| (ns, entry)))
        .map(|(ns, entry)| {
            let verdict = judge(&entry.workload, ns, &cluster.0.judge_context(&as_of));
            let labels = verdict.labels(&entry.workload);
            let present = labels.present().map(|(key, value)| (key, value.to_owned()));
            (entry.workload.id.to_string(), present.collect())
        })
        .collect();
    cluster.apply(at);
    let written: BTreeMap<_, _> = cluster.labels().into_iter().collect();
    assert_eq!(written, judged, "{at}: what is written is what was judged");
    for line in lines {
        assert_eq!(labels_by_report(line), judged[&id(line)], "{at}: {line:#}");
        let state = text_of(line, "deviation")
            .or(text_of(line, "status"))
            .unwrap();
        let series = [
            ("namespace", text_of(line, "namespace").unwrap()),
            ("workload", text_of(line, "name").unwrap()),
            ("team", text_of(line, "team").unwrap()),
            ("path", text_of(line, "path").unwrap_or_default()),
            ("state", state),
        ];
        assert_eq!(
            scrape.sum("goldenpath_workload_info", &series),
            Some(1.0),
            "{at}: {line:#}"
        );
    }
}

fn numbers_agree(report: &Value, scrape: &Scrape, at: Timestamp) {
    let summary = &report["summary"];
    for (state, services) in summary["services"].as_object().unwrap() {
        let scraped = scrape.sum("goldenpath_services", &[("state", state)]);
        assert_eq!(scraped.or(Some(0.0)), number(services), "{at}: {state}");
    }
    for (family, field) in [
        ("goldenpath_services_unscoped", "unscoped"),
        ("goldenpath_services_ignored", "ignored"),
    ] {
        assert_eq!(
            scrape.sum(family, &[]),
            number(&summary[field]),
            "{at}: {field}"
        );
    }
    for line in summary["paths"].as_array().unwrap() {
        let path = [("path", text_of(line, "path").unwrap())];
        for (family, value) in [
            ("goldenpath_adoption_ratio", &line["adoptionRatio"]),
            ("goldenpath_accounted_ratio", &line["accountedRatio"]),
            ("goldenpath_new_services", &line["newServices"]["total"]),
        ] {
            assert_eq!(scrape.sum(family, &path), number(value), "{at}: {family}");
        }
    }
}

/// Every service of the fleet is one workload, so lines and services can be counted alike.
fn failing_checks_agree(lines: &[Value], scrape: &Scrape, at: Timestamp) {
    let mut failing: BTreeMap<(&str, &str, &str), f64> = BTreeMap::new();
    for line in lines {
        for check in line["checks"].as_array().unwrap() {
            if let Some(standing) = text_of(check, "standing") {
                let key = (
                    text_of(line, "path").unwrap(),
                    text_of(check, "name").unwrap(),
                    standing,
                );
                *failing.entry(key).or_default() += 1.0;
            }
        }
    }
    for ((path, check, standing), services) in &failing {
        let series = [("path", *path), ("check", *check), ("standing", *standing)];
        assert_eq!(
            scrape.sum("goldenpath_check_failures", &series),
            Some(*services),
            "{at}"
        );
    }
    let all = scrape.sum("goldenpath_check_failures", &[]);
    let counted: f64 = failing.values().sum();
    assert_eq!(all.or(Some(0.0)), Some(counted), "{at}");
}

fn exceptions_agree(report: &Value, cluster: &mut Cluster, at: Timestamp) {
    let scrape = Scrape::of(&cluster.0, at);
    let stored = cluster.plan_statuses(at).exceptions;
    for line in report["exceptions"].as_array().unwrap() {
        let name = text_of(line, "name").unwrap();
        let series = [("exception", name)];
        let phase = text_of(line, "phase").unwrap();
        let in_phase = [("exception", name), ("phase", phase)];
        assert_eq!(
            scrape.sum("goldenpath_exception_phase", &in_phase),
            Some(1.0),
            "{at}: {name}"
        );
        assert_eq!(
            scrape.sum("goldenpath_exception_phase", &series),
            Some(1.0),
            "{at}: {name}"
        );
        let needed = line["needed"]
            .as_bool()
            .map(|needed| f64::from(u8::from(needed)));
        assert_eq!(
            scrape.sum("goldenpath_exception_needed", &series),
            needed,
            "{at}: {name}"
        );
        dates_agree(line, &scrape, at);
        status_agrees(line, &stored, at);
    }
}

fn dates_agree(line: &Value, scrape: &Scrape, at: Timestamp) {
    let name = text_of(line, "name").unwrap();
    let series = [("exception", name)];
    for (family, field) in [
        (
            "goldenpath_exception_expiry_timestamp_seconds",
            "effectiveExpiry",
        ),
        (
            "goldenpath_exception_review_timestamp_seconds",
            "nextReviewAt",
        ),
    ] {
        let date = text_of(line, field).map(|date| instant(date).as_second());
        let scraped = scrape
            .sum(family, &series)
            .map(|seconds| format!("{seconds}"));
        assert_eq!(
            scraped,
            date.map(|seconds| seconds.to_string()),
            "{at}: {name} {field}"
        );
    }
}

fn status_agrees(line: &Value, stored: &[StatusWrite<DeviationExceptionStatus>], at: Timestamp) {
    let name = text_of(line, "name").unwrap();
    let status = stored
        .iter()
        .find(|write| write.status.phase.is_some() && is_of(&write.of, name));
    let status = &status.unwrap().status;
    assert_eq!(
        status.phase.as_deref(),
        text_of(line, "phase"),
        "{at}: {name}"
    );
    let expiry = status.effective_expiry.as_ref().map(|expiry| expiry.0);
    assert_eq!(
        expiry,
        text_of(line, "effectiveExpiry").map(instant),
        "{at}: {name}"
    );
}

fn is_of(owned: &Owned, wanted: &str) -> bool {
    match owned {
        Owned::Exception(_, name) => **name == *wanted,
        Owned::Path(_) | Owned::Goal(..) => false,
    }
}

/// `kubectl get gp`, the report and the metrics count the same services of a path.
fn paths_agree(report: &Value, cluster: &mut Cluster, at: Timestamp) {
    let scrape = Scrape::of(&cluster.0, at);
    let stored = cluster.plan_statuses(at).paths;
    let lines = report["summary"]["paths"].as_array().unwrap();
    assert_eq!(stored.len(), lines.len(), "{at}");
    for line in lines {
        let name = text_of(line, "path").unwrap();
        let status = stored.iter().find(|write| match &write.of {
            Owned::Path(path) => **path == *name,
            Owned::Exception(..) | Owned::Goal(..) => false,
        });
        let status = serde_json::to_value(&status.unwrap().status).unwrap();
        for field in ["services", "onPath"] {
            assert_eq!(status[field], line[field], "{at}: {name} {field}");
        }
        let path = [("path", name)];
        let in_scope = scrape.sum("goldenpath_services_in_scope", &path);
        let expected = number(&line["services"]).filter(|_| line["takesPart"] == true);
        assert_eq!(in_scope, expected, "{at}: {name}");
        // Services judged by a path are another number, under another name.
        let judged = scrape.sum("goldenpath_services", &path).unwrap_or(0.0);
        let counts = status["counts"].as_object().into_iter().flatten();
        let counted: f64 = counts.filter_map(|(_, services)| services.as_f64()).sum();
        assert!((judged - counted).abs() < f64::EPSILON, "{at}: {name}");
    }
}

#[test]
fn all_surfaces_agree() {
    for at in INSTANTS.map(instant) {
        let mut cluster = fleet();
        let as_of = AsOf::new(at);
        let report = report(&cluster.0, &as_of, &Sources::default());
        let report = serde_json::to_value(report).unwrap();
        let lines = report["workloads"].as_array().unwrap();
        let scrape = Scrape::of(&cluster.0, at);
        numbers_agree(&report, &scrape, at);
        failing_checks_agree(lines, &scrape, at);
        exceptions_agree(&report, &mut cluster, at);
        paths_agree(&report, &mut fleet(), at);
        workloads_agree(lines, &mut cluster, at);
    }
}

/// The cases above are worth little if they are all alike.
#[test]
fn the_fleet_shows_every_state_at_some_instant() {
    let mut seen = std::collections::BTreeSet::new();
    for at in INSTANTS.map(instant) {
        let cluster = fleet();
        let report = report(&cluster.0, &AsOf::new(at), &Sources::default());
        for (state, services) in report.summary.services {
            if services > 0 {
                seen.insert(state);
            }
        }
    }
    let missing: Vec<_> = goldenpath::assess::state::State::ALL
        .into_iter()
        .filter(|state| !seen.contains(state))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
