//! A roadmap item that ships: register, `why`, report, page and status offer to close the exception that
//! waited for it, from the same instant on.

use std::fs;

use goldenpath::api::RoadmapItem;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::verdict::AsOf;
use goldenpath::report::document::build::{Sources, report};
use goldenpath::report::document::view::ReportView;
use goldenpath::report::html;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::boundaries::goldenpath;
use crate::fixtures::{Cluster, deployment, exception, instant, web_path, with};

/// When the item ships.
const SHIPPED: &str = "2026-06-20T00:00:00Z";

/// The case, its change of the exception, an instant, and the next action then.
fn cases() -> [(&'static str, Value, &'static str, &'static str); 11] {
    let renewed = |at: &str| json!({"reviews": [{"at": at, "by": "ann", "outcome": "Renewed"}]});
    let asking = json!({"renewal": {"requestedAt": "2026-06-21T00:00:00Z", "by": "sam", "stillNeededBecause": "we need a week"}});
    let pending = json!({"approval": null});
    [
        ("before", json!({}), "2026-06-19T23:59:59Z", "nothing"),
        ("shipped", json!({}), SHIPPED, "close"),
        ("review due", json!({}), "2026-07-17T00:00:00Z", "close"),
        (
            "overdue",
            json!({}),
            "2026-07-31T00:00:00Z",
            "review-overdue",
        ),
        (
            "expired",
            json!({}),
            "2026-08-30T00:00:00Z",
            "renew-or-return",
        ),
        ("pending", pending, "2026-06-21T00:00:00Z", "decide"),
        ("asking", asking, "2026-06-22T00:00:00Z", "answer-renewal"),
        (
            "renewed before",
            renewed("2026-06-19T00:00:00Z"),
            SHIPPED,
            "close",
        ),
        (
            "renewed since",
            renewed("2026-06-21T00:00:00Z"),
            "2026-06-22T00:00:00Z",
            "nothing",
        ),
        (
            "closed",
            json!({"reviews": [{"at": "2026-06-21T00:00:00Z", "by": "sam", "outcome": "Closed"}]}),
            "2026-06-22T00:00:00Z",
            "nothing",
        ),
        (
            "another",
            json!({"waitsFor": ["cache"]}),
            SHIPPED,
            "nothing",
        ),
    ]
}

fn item() -> Value {
    json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "RoadmapItem", "metadata": {"name": "registry"},
        "spec": {"title": "A registry of our own", "horizon": "Now", "state": "Shipped", "shippedAt": SHIPPED},
    })
}

fn waiting(spec: &Value) -> Value {
    let waits = json!({"spec": {"waitsFor": ["registry"]}});
    with(with(exception("e-web"), waits), json!({"spec": spec}))
}

fn lonely() -> Value {
    with(deployment("web"), json!({"spec": {"replicas": 1}}))
}

fn cluster(spec: &Value) -> Cluster {
    let mut cluster = Cluster::with_web_path();
    cluster.put(lonely());
    cluster.put_exception(waiting(spec));
    let item: RoadmapItem = serde_json::from_value(item()).unwrap();
    cluster.0.change_goals(|goals| goals.put(item));
    cluster
}

fn manifests(spec: &Value) -> String {
    let path = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath", "metadata": {"name": "web"}, "spec": web_path()});
    let objects = [path, lonely(), waiting(spec), item()].map(|object| object.to_string());
    let file = format!("{}/shipped.yaml", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&file, objects.join("\n---\n")).unwrap();
    file
}

/// The reason of the condition `WaitsForKnown`, as the operator writes it; none where it writes nothing.
fn written(cluster: &mut Cluster, at: Timestamp) -> Option<String> {
    let write = cluster.plan_statuses(at).exceptions.pop()?;
    let conditions = write.status.conditions.iter();
    let mut found = conditions.filter(|condition| condition.type_ == "WaitsForKnown");
    let reason = found.next().map(|condition| condition.reason.clone());
    cluster.exception_ended(write, WriteResult::Landed(None), at);
    reason
}

#[test]
fn every_surface_offers_to_close_what_waited_for_a_shipped_item() {
    let close = "goldenpath close e-web -n shop";
    for (case, spec, at, wanted) in cases() {
        let offers = wanted == "close";
        let fresh = cluster(&spec);
        let at = instant(at);
        let live = serde_json::to_value(report(&fresh.0, &AsOf::new(at), &Sources::default()));
        let live = live.unwrap();
        assert_eq!(live["exceptions"][0]["next"], wanted, "{case}: report");
        let check = &live["workloads"][0]["checks"][0];
        assert_eq!(check["shippedItem"].is_object(), offers, "{case}: check");
        let has_shipped = written(&mut cluster(&spec), at).as_deref() == Some("ItemShipped");
        assert_eq!(has_shipped, offers, "{case}: status");

        let page = html::file(&ReportView::of(&fresh.0, at, Vec::new()));
        let words = "return to the path and close it: “A registry of our own” has shipped";
        assert_eq!(page.contains(words), offers, "{case}: page");
        let of_service = "then close e-web: “A registry of our own” has shipped";
        assert_eq!(
            page.contains(of_service),
            offers,
            "{case}: page of the service"
        );

        let (file, as_of) = (manifests(&spec), format!("--as-of={at}"));
        let register = goldenpath(&["exceptions", "--from", &file, &as_of]);
        assert_eq!(register.contains(words), offers, "{case}: {register}");
        let register = goldenpath(&["exceptions", "--from", &file, "-o", "json", &as_of]);
        let register: Value = serde_json::from_str(&register).unwrap();
        assert_eq!(
            register["exceptions"][0],
            with_source(&live, &register),
            "{case}"
        );
        let why = goldenpath(&["why", "deploy/web", "-n", "shop", "--from", &file, &as_of]);
        assert_eq!(why.contains(of_service), offers, "{case}: {why}");
        assert_eq!(why.contains(close), offers, "{case}: {why}");
    }
}

/// The live line of the exception, with what only files have.
fn with_source(live: &Value, register: &Value) -> Value {
    let mut wanted = live["exceptions"][0].clone();
    for field in ["source", "requestedAt"] {
        wanted[field] = register["exceptions"][0][field].clone();
        if wanted[field].is_null() {
            wanted.as_object_mut().unwrap().remove(field);
        }
    }
    wanted
}

/// The status follows the date by itself, and an edit of the item.
#[test]
fn a_status_follows_the_item_that_its_exception_waits_for() {
    let mut cluster = cluster(&json!({}));
    let reason = |cluster: &mut Cluster, at: &str| written(cluster, instant(at));
    let known = Some("Known".to_owned());
    assert_eq!(reason(&mut cluster, "2026-06-19T23:59:00Z"), known);
    assert_eq!(reason(&mut cluster, "2026-06-19T23:59:59Z"), None);
    let shipped = reason(&mut cluster, SHIPPED);
    assert_eq!(shipped.as_deref(), Some("ItemShipped"));
    let mut open = item();
    open["spec"] = json!({"title": "A registry of our own", "horizon": "Now"});
    let open: RoadmapItem = serde_json::from_value(open).unwrap();
    cluster.0.change_goals(|goals| goals.put(open));
    assert_eq!(reason(&mut cluster, "2026-06-20T00:01:00Z"), known);
}
