//! The problems that a report lists beside its numbers.

use goldenpath::assess::source::Source;
use goldenpath::assess::verdict::AsOf;
use goldenpath::report::Report;
use goldenpath::report::document::build::{Sources, report};
use serde_json::json;

use crate::fixtures::{Cluster, now, web_path, with};
use crate::fleet::{asking, cluster, excusing, golden, lonely, of_service};

fn built(cluster: &Cluster) -> Report {
    report(&cluster.0, &AsOf::new(now()), &Sources::default())
}

fn messages(cluster: &Cluster) -> Vec<String> {
    let problems = built(cluster).problems.into_iter();
    problems
        .map(|problem| format!("{}: {}", problem.source, problem.message))
        .collect()
}

#[test]
fn an_exception_that_covers_nothing_is_reported_with_the_reason() {
    let mut cluster = cluster();
    let narrow = json!({"scope": {"selector": {"matchLabels": {"app": "job"}}}});
    let _ = cluster.put_path("jobs", with(web_path(), narrow));
    cluster
        .put(lonely("web"))
        .put_exception(excusing("a", "gone"))
        .put_exception(with(
            excusing("b", "web"),
            json!({"spec": {"path": "jobs"}}),
        ))
        .put_exception(with(excusing("c", "web"), json!({"spec": {"path": "wbe"}})))
        .put_exception(with(
            excusing("d", "web"),
            json!({"spec": {"checks": ["replica", "tier"]}}),
        ));
    assert_eq!(
        messages(&cluster),
        [
            "shop/deviationexception/a: exception a: no workload it names was found, so it covers nothing",
            "shop/deviationexception/b: exception b: the workloads it names are judged by another path than jobs, so it covers nothing",
            "shop/deviationexception/c: exception c: the path 'wbe' does not exist, so this exception covers nothing; did you mean 'web'?",
            "shop/deviationexception/d: exception d: the path web has no check 'replica'; did you mean 'replicas'?",
        ]
    );
}

#[test]
fn what_is_over_is_no_problem() {
    let mut cluster = cluster();
    for (name, spec) in [
        ("rejected", json!({"approval": {"decision": "Rejected"}})),
        ("expired", json!({"expiresAt": "2026-05-20T00:00:00Z"})),
        (
            "closed",
            json!({"reviews": [{"by": "ann", "at": "2026-05-20T00:00:00Z", "outcome": "Closed"}]}),
        ),
    ] {
        cluster.put_exception(with(excusing(name, "gone"), json!({"spec": spec})));
    }
    assert_eq!(messages(&cluster), [""; 0]);
}

#[test]
fn a_decision_dated_ahead_is_reported_as_ignored() {
    let mut cluster = cluster();
    let ahead = json!({"spec": {"reviews": [{"by": "eve", "at": "2026-07-01T00:00:00Z", "outcome": "Renewed"}]}});
    cluster
        .put(lonely("web"))
        .put_exception(with(excusing("e", "web"), ahead));
    let report = built(&cluster);
    assert!(
        report.problems[0]
            .message
            .contains("dated 2026-07-01T00:00:00Z"),
        "{:?}",
        report.problems
    );
    assert_eq!(report.exceptions[0].decided_by.as_deref(), Some("ann"));
}

#[test]
fn an_expression_that_does_not_compile_is_a_problem_of_its_path() {
    let mut cluster = cluster();
    let broken = json!({"checks": [
        {"name": "replicas", "expression": "object.spec.replicas >= 2"},
        {"name": "tier", "expression": "object.spec.("},
    ]});
    let _ = cluster.put_path("web", with(web_path(), broken));
    cluster.put(golden("api"));
    let report = built(&cluster);
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert_eq!(report.problems[0].source, "goldenpath/web");
    assert!(
        report.problems[0]
            .message
            .starts_with("path web, check 'tier': "),
        "{:?}",
        report.problems
    );
}

#[test]
fn requests_without_effect_are_on_the_workloads_line_and_among_the_problems() {
    let mut cluster = cluster();
    let asks = json!({"metadata": {
        "labels": {"goldenpath.dev/path": "wbe"},
        "annotations": {"goldenpath.dev/ignore": "a load test"},
    }});
    cluster.put(with(golden("api"), asks));
    let report = built(&cluster);
    let line = &report.workloads[0];
    assert_eq!(line.problems.len(), 2, "{:?}", line.problems);
    assert!(
        line.problems[0].ends_with("; did you mean 'web'?"),
        "{:?}",
        line.problems
    );
    assert_eq!(line.ignore_reason.as_deref(), Some("a load test"));
    let place = "shop/Deployment/api";
    assert!(
        report
            .problems
            .iter()
            .all(|problem| problem.source == place)
    );
    assert_eq!(report.problems.len(), 2);
}

#[test]
fn a_line_names_its_file() {
    let mut cluster = cluster();
    cluster
        .put(golden("api"))
        .put_exception(asking("e", "gone"));
    let read = |line| Source {
        file: "shop.yaml".to_owned(),
        line,
    };
    let (_, ns) = cluster
        .0
        .namespaces()
        .find(|(name, _)| *name == "shop")
        .unwrap();
    let id = ns.workloads.values().next().unwrap().workload.id.clone();
    let sources = Sources {
        workloads: [(id, read(1))].into(),
        exceptions: [(("shop".to_owned(), "e".to_owned()), read(30))].into(),
        ..Sources::default()
    };
    let report = report(&cluster.0, &AsOf::new(now()), &sources);
    assert_eq!(report.workloads[0].source, Some(read(1)));
    assert_eq!(report.problems[0].source, "shop.yaml:30");
}

#[test]
fn lines_come_in_order_of_namespace_kind_and_name() {
    let mut cluster = cluster();
    for name in ["c", "a", "b"] {
        cluster.put(of_service(golden(name), "same"));
    }
    let bank = crate::fleet::within(golden("z"), "bank");
    cluster.put(bank);
    let names: Vec<_> = built(&cluster)
        .workloads
        .into_iter()
        .map(|line| line.name)
        .collect();
    assert_eq!(names, ["z", "a", "b", "c"]);
}
