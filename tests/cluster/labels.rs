//! Labels on workloads, and the requests they cost.

use std::time::{Duration, Instant};

use goldenpath_e2e::eventually;

use crate::ground::{
    SOON, cluster, deployment, exception, expect_labels, labels, path, requests_during, start_ready,
};
use crate::suite::let_it_tick;

#[test]
fn workloads_become_labelled_and_a_restart_writes_nothing() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "wide", 2)).unwrap();
    cluster.apply(&deployment("default", "thin", 1)).unwrap();
    cluster.apply(&deployment("default", "agreed", 1)).unwrap();
    cluster
        .apply(&exception("default", "one-replica", "agreed"))
        .unwrap();
    let operator = start_ready(&cluster, &[]);
    expect_labels(&cluster, ("default", "wide"), "golden-path/web-service/");
    expect_labels(
        &cluster,
        ("default", "thin"),
        "deviating/web-service/undocumented",
    );
    expect_labels(
        &cluster,
        ("default", "agreed"),
        "deviating/web-service/documented",
    );
    expect_phase(&cluster, "one-replica", "Active");
    let_it_tick(&operator, 3.0);
    operator.stop(SOON).unwrap();

    let during = requests_during(&cluster, || {
        let operator = start_ready(&cluster, &[]);
        let_it_tick(&operator, 3.0);
        let scraped = operator.scrape().unwrap();
        assert_eq!(scraped.sum("goldenpath_writes_total", &[]), None);
        operator.stop(SOON).unwrap();
    });
    for resource in [
        "deployments",
        "services",
        "events",
        "goldenpaths",
        "deviationexceptions",
    ] {
        assert_eq!(during.writes(resource), 0, "{resource}");
    }
}

fn expect_phase(cluster: &goldenpath_e2e::ControlPlane, name: &str, phase: &str) {
    let args = [
        "get",
        "deviationexception",
        name,
        "-o=jsonpath={.status.phase}",
    ];
    eventually(SOON, &format!("{name} is {phase}"), || {
        (cluster.kubectl_ok(&args).unwrap() == phase).then_some(())
    });
}

#[test]
fn a_change_of_workload_path_or_exception_reaches_the_label() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    let operator = start_ready(&cluster, &[]);
    let web = ("default", "web");
    expect_labels(&cluster, web, "deviating/web-service/undocumented");
    cluster
        .apply(&exception("default", "web-replicas", "web"))
        .unwrap();
    expect_labels(&cluster, web, "deviating/web-service/documented");
    let delete = ["delete", "deviationexception", "web-replicas"];
    cluster.kubectl_ok(&delete).unwrap();
    expect_labels(&cluster, web, "deviating/web-service/undocumented");
    let wider = path("web-service").replace(">= 2", ">= 1");
    cluster.apply(&wider).unwrap();
    expect_labels(&cluster, web, "golden-path/web-service/");
    cluster.apply(&path("web-service")).unwrap();
    expect_labels(&cluster, web, "deviating/web-service/undocumented");
    cluster
        .kubectl_ok(&["scale", "deployment", "web", "--replicas=3"])
        .unwrap();
    expect_labels(&cluster, web, "golden-path/web-service/");
    let scraped = operator.scrape().unwrap();
    assert_eq!(
        scraped.value("goldenpath_exceptions_deleted_total", &[]),
        Some(1.0)
    );
    let by_path = [("cause", "path")];
    assert_eq!(
        scraped.sum("goldenpath_transitions_total", &by_path),
        Some(2.0)
    );
    assert!(operator.log().unwrap().contains("exception deleted"));
    let reasons = ["get", "events", "-o=jsonpath={.items[*].reason}"];
    eventually(SOON, "Events report the changes", || {
        let events = cluster.kubectl_ok(&reasons).unwrap();
        let all = ["DeviationDocumented", "ExceptionDeleted", "OnGoldenPath"];
        all.iter()
            .all(|reason| events.contains(reason))
            .then_some(())
    });
}

#[test]
fn an_exception_ends_at_its_instant_without_any_event() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    let operator = start_ready(&cluster, &[]);
    // Time enough to see it in force, on a busy machine too.
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(40);
    let short = exception("default", "short", "web");
    let ending = format!("spec:\n  expiresAt: '{ends}'\n");
    cluster
        .apply(&short.replacen("spec:\n", &ending, 1))
        .unwrap();
    let web = ("default", "web");
    expect_labels(&cluster, web, "deviating/web-service/review-due");
    expect_labels(&cluster, web, "deviating/web-service/expired");
    let late = jiff::Timestamp::now().duration_since(ends);
    assert!(late.as_secs() <= 30, "{late:?}");
    expect_phase(&cluster, "short", "Expired");
    let by_time = [("cause", "time"), ("to", "expired")];
    let scraped = operator.scrape().unwrap();
    assert_eq!(
        scraped.sum("goldenpath_transitions_total", &by_time),
        Some(1.0)
    );
}

#[test]
fn a_label_taken_by_somebody_else_is_taken_back_once_then_backed_off() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let operator = start_ready(&cluster, &[]);
    let web = ("default", "web");
    expect_labels(&cluster, web, "golden-path/web-service/");
    let forge = [
        "label",
        "--overwrite",
        "deployment",
        "web",
        "goldenpath.dev/status=deviating",
        "goldenpath.dev/deviation=documented",
    ];
    cluster.kubectl_ok(&forge).unwrap();
    expect_labels(&cluster, web, "golden-path/web-service/");
    let began = Instant::now();
    let during = requests_during(&cluster, || {
        for _ in 0..20 {
            cluster.kubectl_ok(&forge).unwrap();
        }
        expect_labels(&cluster, web, "golden-path/web-service/");
    });
    let ours = during.count(&["APPLY"], "deployments");
    // Its pauses double from one second on, so how often depends on how long the 20 took.
    let seconds = began.elapsed().as_secs() + 1;
    let most = 2 + u64::from(seconds.ilog2());
    assert!(
        ours <= most,
        "{ours} writes against 20 of somebody else's in {seconds} s"
    );
    let scraped = operator.scrape().unwrap();
    assert!(scraped.value("goldenpath_label_conflicts", &[]) >= Some(2.0));
}

#[test]
fn a_workload_without_a_path_keeps_no_label_of_ours() {
    let Some(cluster) = cluster() else { return };
    let forged = deployment("default", "web", 2).replace(
        "labels: {app: web}}\nspec",
        "labels: {app: web, goldenpath.dev/status: golden-path}}\nspec",
    );
    cluster.apply(&forged).unwrap();
    assert_eq!(labels(&cluster, "default", "web"), "golden-path//");
    let _operator = start_ready(&cluster, &[]);
    expect_labels(&cluster, ("default", "web"), "//");
}

#[test]
fn labels_off_writes_nothing_to_workloads() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let during = requests_during(&cluster, || {
        let operator = start_ready(&cluster, &["--labels=off"]);
        let_it_tick(&operator, 2.0);
        operator.stop(Duration::from_secs(20)).unwrap();
    });
    assert_eq!(during.writes("deployments"), 0);
}
