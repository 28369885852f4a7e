//! The lists under `/api/v1` over HTTP: pages, filters, and what is refused.

use std::sync::LazyLock;

use goldenpath::assess::inventory::Inventory;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, with};
use crate::ground::{self, Server, ask, view, whole};

static FLEET: LazyLock<Inventory> = LazyLock::new(|| {
    let mut cluster = Cluster::with_web_path();
    for number in 0..7 {
        let name = format!("w{number}");
        cluster.put(with(
            deployment(&name),
            json!({"spec": {"replicas": 1 + number % 2}}),
        ));
        cluster.put_exception(with(
            exception(&format!("e{number}")),
            json!({"spec": {"targets": [{"kind": "Deployment", "name": name}]}}),
        ));
    }
    cluster.0.snapshot()
});

fn get(server: &Server, path: &str) -> (u16, Value) {
    let answer = whole(ask(server, path));
    assert!(
        answer.head.contains("content-type: application/json"),
        "{}",
        answer.head
    );
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

/// The items of every page, in order.
fn pages(server: &Server, address: &str, kind: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut token = String::new();
    loop {
        let (status, page) = get(server, &format!("{address}&continue={token}"));
        assert_eq!((status, &page["kind"]), (200, &json!(kind)));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["metadata"]["continue"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return items,
        }
    }
}

#[test]
fn pages_have_the_lines_of_the_report() {
    let server = Server::of(&FLEET, ground::patient());
    let (_, report) = get(&server, "/api/v1/report");
    let workloads = pages(&server, "/api/v1/workloads?limit=3", "WorkloadList");
    assert_eq!(json!(workloads), report["workloads"]);
    let exceptions = pages(&server, "/api/v1/exceptions?limit=2", "ExceptionList");
    assert_eq!(json!(exceptions), report["exceptions"]);
    let lonely = pages(
        &server,
        "/api/v1/workloads?limit=2&state=documented",
        "WorkloadList",
    );
    assert_eq!(lonely.len(), 4);
    let none = get(&server, "/api/v1/exceptions?namespace=bank").1;
    assert_eq!(
        (&none["items"], &none["metadata"]),
        (&json!([]), &json!({}))
    );
}

#[test]
fn the_summary_is_the_head_of_the_report() {
    let server = Server::of(&FLEET, ground::patient());
    let (_, report) = get(&server, "/api/v1/report");
    let (status, summary) = get(&server, "/api/v1/summary");
    let expected = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "Summary",
        "asOf": report["asOf"], "summary": report["summary"]});
    assert_eq!((status, summary), (200, expected));
}

#[test]
fn without_recorded_rollouts_the_contrast_says_how_to_record_them() {
    let server = Server::of(&FLEET, ground::patient());
    let (status, contrast) = get(&server, "/api/v1/contrast");
    assert_eq!((status, &contrast["kind"]), (200, &json!("Contrast")));
    assert!(contrast["message"].as_str().unwrap().contains("--delivery"));
    assert_eq!(contrast.get("contrast"), None);
    assert_eq!(get(&server, "/api/v1/contrast?days=30").0, 400);
}

#[test]
fn a_small_answer_has_a_length() {
    let server = Server::of(&FLEET, ground::patient());
    let report = goldenpath::report::document::encode::json(&view(&FLEET).report()).unwrap();
    for method in ["GET", "HEAD"] {
        let answer = whole(ground::send(&server, method, "/api/v1/report"));
        let length = format!("content-length: {}", report.len());
        assert!(answer.head.contains(&length), "{}", answer.head);
    }
}

#[test]
fn a_query_that_is_not_understood_is_refused_in_one_sentence() {
    let server = Server::of(&FLEET, ground::patient());
    for (address, message) in [
        (
            "workloads?limit=0",
            "limit must be a whole number from 1 to 500, not '0'",
        ),
        (
            "exceptions?limit=501",
            "limit must be a whole number from 1 to 500, not '501'",
        ),
        (
            "workloads?continue=bm8",
            "the value of continue is not from this list; leave it out to start at the first page",
        ),
        (
            "exceptions?state=documented",
            "unknown parameter 'state'; use limit, continue, namespace, path, phase, team",
        ),
        (
            "summary?path=web",
            "unknown parameter 'path'; this address takes none",
        ),
        (
            "exceptions?phase=Open%1b",
            "unknown phase 'Open\u{1b}'; use Pending, Active, ReviewDue, ReviewOverdue, Expired, \
             Rejected, Closed",
        ),
    ] {
        let (status, refusal) = get(&server, &format!("/api/v1/{address}"));
        assert_eq!(status, 400, "{address}");
        let expected = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "Status", "status": "Failure",
            "message": message, "reason": "BadRequest", "code": 400});
        assert_eq!(refusal, expected, "{address}");
    }
    assert_eq!(server.views_built(), 0);
}
