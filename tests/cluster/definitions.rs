//! A definition is removed while the operator runs: the API server deletes every instance with it,
//! which is not a decision about any of them.

#![allow(clippy::float_cmp)] // counters hold whole numbers

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use serde_json::Value;

use crate::ground::{
    SOON, cluster, deployment, exception, expect_labels, labels, path, start_ready, stored,
};
use crate::suite::{define, let_it_tick};

const EXCEPTIONS: &str = "deviationexceptions.goldenpath.dev";
const PATHS: &str = "goldenpaths.goldenpath.dev";
const DOCUMENTED: &str = "deviating/web-service/documented";
const UNDOCUMENTED: &str = "deviating/web-service/undocumented";

/// Two workloads with an agreed exception each.
fn scene() -> Option<(ControlPlane, Operator)> {
    let cluster = cluster()?;
    cluster.apply(&path("web-service")).unwrap();
    for name in ["web", "api"] {
        cluster.apply(&deployment("default", name, 1)).unwrap();
        cluster.apply(&exception("default", name, name)).unwrap();
    }
    let operator = start_ready(&cluster, &[]);
    for name in ["web", "api"] {
        expect_labels(&cluster, ("default", name), DOCUMENTED);
    }
    Some((cluster, operator))
}

fn expect_removal_is_reported(operator: &Operator, kind: &str) {
    let labels = [("kind", kind), ("reason", "DefinitionRemoved")];
    eventually(SOON, "metric, note and problem report it", || {
        let waiting = operator
            .scrape()
            .ok()?
            .value("goldenpath_kind_waiting", &labels);
        let (status, notes) = operator.get("/readyz").ok()?;
        let (_, report) = operator.get("/api/v1/report").ok()?;
        let report: Value = serde_json::from_str(&report).ok()?;
        let is_problem = report["problems"].to_string().contains("DefinitionRemoved");
        let is_noted = status == 200 && notes.contains("DefinitionRemoved");
        (waiting == Some(1.0) && is_noted && is_problem).then_some(())
    });
}

fn deleted(operator: &Operator) -> f64 {
    let samples = operator.scrape().unwrap();
    let deleted = samples.value("goldenpath_exceptions_deleted_total", &[]);
    deleted.unwrap_or_default()
}

#[test]
fn exceptions_that_go_with_their_definition_stay_in_force_until_a_list_decides() {
    let Some((cluster, operator)) = scene() else {
        return;
    };
    cluster.kubectl_ok(&["delete", "crd", EXCEPTIONS]).unwrap();
    expect_removal_is_reported(&operator, "DeviationException");
    eventually(SOON, "the path reports it", || {
        let object = stored(&cluster, "gp", "web-service");
        let conditions = object["status"]["conditions"].as_array()?.clone();
        let mut found = conditions.iter();
        let condition_found = found.find(|condition| condition["type"] == "ExceptionsFollowed")?;
        (condition_found["status"] == "False" && condition_found["reason"] == "DefinitionRemoved")
            .then_some(())
    });
    let_it_tick(&operator, 2.0);
    for name in ["web", "api"] {
        assert_eq!(labels(&cluster, "default", name), DOCUMENTED, "{name}");
    }

    define(&cluster, EXCEPTIONS);
    eventually(SOON, "one of them is back", || {
        cluster.apply(&exception("default", "web", "web")).ok()
    });
    expect_labels(&cluster, ("default", "api"), UNDOCUMENTED);
    expect_labels(&cluster, ("default", "web"), DOCUMENTED);
    assert_eq!(deleted(&operator), 0.0, "none was deleted by anybody");
    let events = cluster.kubectl_ok(&["get", "events", "-o=json"]).unwrap();
    assert!(!events.contains("ExceptionDeleted"), "{events}");
    eventually(SOON, "the path no longer reports it", || {
        let object = stored(&cluster, "gp", "web-service");
        (!object["status"].to_string().contains("ExceptionsFollowed")).then_some(())
    });
}

#[test]
fn a_deletion_of_one_exception_counts_within_seconds() {
    let Some((cluster, operator)) = scene() else {
        return;
    };
    cluster.kubectl_ok(&["delete", "devex", "web"]).unwrap();
    expect_labels(&cluster, ("default", "web"), UNDOCUMENTED);
    eventually(SOON, "the deletion is counted", || {
        (deleted(&operator) == 1.0).then_some(())
    });
    assert_eq!(labels(&cluster, "default", "api"), DOCUMENTED);
    // Under the same name again, at once: the new one is another exception.
    cluster.kubectl_ok(&["delete", "devex", "api"]).unwrap();
    cluster.apply(&exception("default", "api", "api")).unwrap();
    eventually(SOON, "the second deletion is counted", || {
        (deleted(&operator) == 2.0).then_some(())
    });
    expect_labels(&cluster, ("default", "api"), DOCUMENTED);
}

#[test]
fn paths_that_go_with_their_definition_stay_in_force() {
    let Some((cluster, operator)) = scene() else {
        return;
    };
    cluster.kubectl_ok(&["delete", "crd", PATHS]).unwrap();
    expect_removal_is_reported(&operator, "GoldenPath");
    cluster
        .kubectl_ok(&["scale", "deployment", "web", "--replicas=2"])
        .unwrap();
    expect_labels(&cluster, ("default", "web"), "golden-path/web-service/");
    assert_eq!(labels(&cluster, "default", "api"), DOCUMENTED);
    define(&cluster, PATHS);
    eventually(SOON, "the path is back", || {
        cluster.apply(&path("web-service")).ok()
    });
    eventually(SOON, "the path is followed again", || {
        let object = stored(&cluster, "gp", "web-service");
        (object["status"]["services"] == 2).then_some(())
    });
    assert_eq!(labels(&cluster, "default", "api"), DOCUMENTED);
}
