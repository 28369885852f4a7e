//! The report written piece by piece is the whole report, byte for byte, and the pages of its lists are
//! its lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::object::kind::{WatchedKind, WorkloadId};
use goldenpath::assess::settings::Settings;
use goldenpath::assess::source::Problem;
use goldenpath::report::document::encode;
use goldenpath::report::document::list::{ExceptionQuery, WorkloadQuery};
use goldenpath::report::document::parameters::QueryError;
use goldenpath::report::document::stream::Stream;
use goldenpath::report::document::view::ReportView;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, now, web_path, with};
use crate::fleet::{cluster, excusing, golden, lonely, of_service, of_team, within};
use crate::properties::{Fleet, fleet};

fn view(inventory: &Inventory) -> Arc<ReportView> {
    let problems = vec![
        Problem::new("shop/Deployment/w1", "cannot be\u{7f} followed"),
        Problem::new("Rollout", "cannot be followed"),
    ];
    Arc::new(ReportView::of(inventory, now(), problems))
}

fn pieces(mut stream: Stream) -> Vec<String> {
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next_piece().unwrap() {
        pieces.push(piece);
    }
    assert!(stream.is_done());
    pieces
}

/// A workload that may name a missing path or ask in vain to be left out, under names whose order as
/// texts differs from their order in the inventory.
fn noted() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["w1", "w1-a", "w1.a", "w2", "w10"]);
    let namespaces = prop::sample::select(vec!["shop", "shop-a", "shop.b", "bank"]);
    let kinds = prop::sample::select(vec![
        ("apps/v1", "Deployment"),
        ("batch/v1", "Deployment"),
        ("batch/v1", "CronJob"),
    ]);
    let notes = (any::<bool>(), any::<bool>(), 1..4_u8);
    (names, namespaces, kinds, notes).prop_map(|(name, namespace, (version, kind), notes)| {
        let (is_declared, is_ignored, replicas) = notes;
        let path = if is_declared { json!("wob\u{202e}") } else { Value::Null };
        let reason = if is_ignored { json!("a \u{1b}trial") } else { Value::Null };
        with(
            deployment(name),
            json!({"apiVersion": version, "kind": kind, "spec": {"replicas": replicas},
                "metadata": {"namespace": namespace, "annotations": {"goldenpath.dev/ignore": reason},
                "labels": {"goldenpath.dev/path": path}}}),
        )
    })
}

fn exceptional() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["e", "e-a", "e1"]);
    let namespaces = prop::sample::select(vec!["shop", "shop-a", "zoo"]);
    let paths = prop::sample::select(vec!["web", "wub"]);
    let checks = prop::sample::select(vec!["replicas", "replica", "*"]);
    (names, namespaces, paths, checks, any::<bool>()).prop_map(
        |(name, namespace, path, check, is_approved)| {
            let approval = if is_approved { json!({}) } else { Value::Null };
            with(
                exception(name),
                json!({"metadata": {"namespace": namespace}, "spec": {"path": path, "checks": [check],
                    "targets": [{"kind": "Deployment", "name": "w1"}], "approval": approval,
                    "reason": "vendor\u{2028}s licence"}}),
            )
        },
    )
}

fn with_notes() -> impl Strategy<Value = Inventory> {
    let workloads = prop::collection::vec(noted(), 0..24);
    let exceptions = prop::collection::vec(exceptional(), 0..8);
    (workloads, exceptions).prop_map(|(workloads, exceptions)| {
        let mut settings = Settings::default();
        settings.kinds.push(Arc::new(WatchedKind {
            kind: "Deployment".to_owned(),
            group: "batch".to_owned(),
            version: "v1".to_owned(),
            plural: "deployments".to_owned(),
        }));
        let mut cluster = Cluster::new(settings);
        let broken = json!({"name": "broken", "expression": "object.spec.replicas >="});
        let scope = json!({"kinds": [{"group": "apps", "kind": "Deployment"}, {"group": "batch", "kind": "Deployment"}]});
        let _ = cluster.put_path("web", with(web_path(), json!({"scope": scope})));
        let _ = cluster.put_path("old", with(web_path(), json!({"checks": [broken]})));
        for workload in workloads {
            let (version, kind) = (&workload["apiVersion"], workload["kind"].as_str().unwrap());
            let group = version.as_str().unwrap().split('/').next();
            let kind = cluster.0.settings.kind(group, kind).unwrap().clone();
            put_as(&mut cluster, workload.clone(), &kind);
        }
        for exception in exceptions {
            cluster.put_exception(exception);
        }
        cluster.0.snapshot()
    })
}

fn put_as(cluster: &mut Cluster, object: Value, kind: &Arc<WatchedKind>) {
    let namespace = object["metadata"]["namespace"].as_str().unwrap().to_owned();
    let context = cluster.0.read_context(&namespace);
    if let Some(observed) = goldenpath::assess::workload::observe(object, kind, &context) {
        cluster.0.put_workload(observed);
    }
}

fn agree(view: &Arc<ReportView>, piece: usize) {
    let whole = encode::json(&view.report()).unwrap();
    let stream = Stream::report(view.clone()).in_pieces_of(piece);
    assert_eq!(pieces(stream).concat(), whole);
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn read(stream: Stream) -> Value {
    serde_json::from_str(&pieces(stream.in_pieces_of(100)).concat()).unwrap()
}

fn workload_page(view: &Arc<ReportView>, query: &str) -> Value {
    let query = WorkloadQuery::read(pairs(query)).unwrap();
    read(query.page(view.clone()).unwrap())
}

fn exception_page(view: &Arc<ReportView>, query: &str) -> Value {
    let query = ExceptionQuery::read(pairs(query)).unwrap();
    read(query.page(view.clone()).unwrap())
}

/// The items of every page of this query; `view` gives what the next page is read from.
fn items(query: &str, mut page: impl FnMut(&str) -> Value) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = Some(String::new());
    while let Some(token) = next {
        let page = page(&format!("{query}&continue={token}"));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["metadata"]["continue"].as_str().map(str::to_owned);
    }
    items
}

fn names(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_are_the_whole_report(fleet in fleet(), piece in 1..4_000_usize) {
        let cluster = Fleet::cluster(&fleet, false);
        agree(&view(&cluster.0), piece);
    }

    #[test]
    fn problems_of_workloads_have_their_place_among_the_others(
        inventory in with_notes(),
        piece in 1..4_000_usize,
    ) {
        agree(&view(&inventory), piece);
    }

    #[test]
    fn pages_are_the_lines_of_the_report(inventory in with_notes(), limit in 1..9_usize) {
        let view = view(&inventory);
        let whole = serde_json::to_value(view.report()).unwrap();
        let query = format!("limit={limit}");
        let workloads = items(&query, |query| workload_page(&view, query));
        prop_assert_eq!(&json!(workloads), &whole["workloads"]);
        let exceptions = items(&query, |query| exception_page(&view, query));
        prop_assert_eq!(&json!(exceptions), &whole["exceptions"]);
    }

    #[test]
    fn a_filter_selects_lines_of_the_report(
        inventory in with_notes(),
        filter in prop::sample::select(vec![
            "namespace=shop", "team=unknown", "path=web", "service=w1-a", "state=golden-path",
            "state=deviating", "state=undocumented", "state=unscoped", "namespace=shop-a&state=documented",
            "path=gone", "namespace=sho",
        ]),
    ) {
        let view = view(&inventory);
        let whole = serde_json::to_value(view.report()).unwrap();
        let is_wanted = |line: &&Value| pairs(filter).iter().all(|(field, value)| match field.as_str() {
            "state" => line["status"] == **value || line["deviation"] == **value,
            "service" => line.get("service").unwrap_or(&line["name"]) == value,
            field => line[field] == **value,
        });
        let expected: Vec<_> = whole["workloads"].as_array().unwrap().iter().filter(is_wanted).cloned().collect();
        let query = format!("limit=2&{filter}");
        prop_assert_eq!(items(&query, |query| workload_page(&view, query)), expected);
    }

    #[test]
    fn a_filter_selects_exceptions_of_the_report(
        inventory in with_notes(),
        filter in prop::sample::select(vec![
            "namespace=shop", "path=web", "phase=Active", "phase=pending", "team=shop", "team=bank",
            "namespace=zoo&phase=Active",
        ]),
    ) {
        let view = view(&inventory);
        let whole = serde_json::to_value(view.report()).unwrap();
        let is_wanted = |line: &&Value| pairs(filter).iter().all(|(field, value)| {
            let field = if field == "team" { "owner" } else { field };
            line[field].as_str().unwrap().eq_ignore_ascii_case(value)
        });
        let expected: Vec<_> = whole["exceptions"].as_array().unwrap().iter().filter(is_wanted).cloned().collect();
        let query = format!("limit=2&{filter}");
        prop_assert_eq!(items(&query, |query| exception_page(&view, query)), expected);
    }
}

fn many(workloads: usize) -> Cluster {
    let mut cluster = cluster();
    for number in 0..workloads {
        cluster.put(lonely(&format!("w{number:05}")));
        if number % 3 == 0 {
            let name = format!("w{number:05}");
            cluster.put_exception(excusing(&format!("e{number:05}"), &name));
        }
    }
    cluster
}

#[test]
fn no_piece_grows_with_the_fleet() {
    let largest = |workloads: usize| {
        let cluster = many(workloads);
        let view = view(&cluster.0);
        let lines = view.report().workloads;
        let longest = lines.iter().map(|line| encode::json(line).unwrap().len());
        let bound = 64 * 1024 + longest.max().unwrap();
        let pieces = pieces(Stream::report(view));
        let largest = pieces.iter().map(String::len).max().unwrap();
        assert!(largest <= bound, "{largest} bytes of {bound}");
        pieces.len()
    };
    let (few, more) = (largest(300), largest(1_500));
    assert!(
        more >= 4 * few && more < 6 * few,
        "{few} pieces, {more} pieces"
    );
}

#[test]
fn a_list_goes_on_after_a_change() {
    let mut cluster = cluster();
    for name in ["a", "c", "e", "g", "i"] {
        cluster.put(golden(name));
    }
    let mut pages = 0;
    let found = items("limit=2", |query| {
        pages += 1;
        let page = workload_page(&view(&cluster.0), query);
        if pages == 1 {
            // The page ends with c. Before it, behind it, and the item it names.
            for name in ["b", "d", "h"] {
                cluster.put(golden(name));
            }
            let kind = cluster.0.settings.kinds[0].clone();
            cluster.0.remove_workload(&WorkloadId {
                namespace: "shop".into(),
                kind,
                name: "c".into(),
            });
        }
        page
    });
    assert_eq!(names(&found), ["a", "c", "d", "e", "g", "h", "i"]);
}

#[test]
fn a_page_says_how_many_items_follow_unless_it_is_filtered() {
    let mut cluster = cluster();
    for name in ["a", "b", "c", "d", "e"] {
        cluster.put(golden(name)).put(within(golden(name), "bank"));
        cluster.put_exception(excusing(name, name));
    }
    let view = view(&cluster.0);
    let remaining = |page: &Value| page["metadata"]["remainingItemCount"].as_u64();
    let first = workload_page(&view, "limit=3");
    assert_eq!(remaining(&first), Some(7));
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = workload_page(&view, &format!("limit=3&continue={token}"));
    assert_eq!(remaining(&second), Some(4));
    assert_eq!(remaining(&workload_page(&view, "limit=10")), None);
    let filtered = workload_page(&view, "limit=3&namespace=shop");
    assert_eq!(remaining(&filtered), None);
    assert!(filtered["metadata"]["continue"].is_string());
    assert_eq!(remaining(&exception_page(&view, "limit=2")), Some(3));
}

#[test]
fn pages_count_nothing() {
    let cluster = many(20);
    let view = view(&cluster.0);
    assert_eq!(
        workload_page(&view, "")
            .get("items")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        20
    );
    exception_page(&view, "phase=Active");
    assert!(view.summary.get().is_none());
    let head = read(Stream::summary(view.clone()));
    assert_eq!(
        head["summary"],
        serde_json::to_value(view.report().summary).unwrap()
    );
}

#[test]
fn a_service_and_a_team_are_listed_by_name() {
    let mut cluster = cluster();
    cluster
        .put(of_service(golden("web"), "checkout"))
        .put(of_service(of_team(golden("cron"), "blue"), "checkout"))
        .put(golden("checkout"))
        .put(golden("other"));
    let view = view(&cluster.0);
    let listed = |query: &str| {
        workload_page(&view, query)["items"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(
        names(&listed("service=checkout")),
        ["checkout", "cron", "web"]
    );
    assert_eq!(names(&listed("service=checkout&team=blue")), ["cron"]);
    assert_eq!(names(&listed("service=other")), ["other"]);
}

#[test]
fn a_default_page_has_a_hundred_items() {
    let view = view(&many(120).0);
    let length = |query: &str| {
        workload_page(&view, query)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(length(""), 100);
    assert_eq!(length("limit=&continue=&team="), 100);
    assert_eq!(length("limit=500"), 120);
}

#[test]
fn odd_queries_are_refused() {
    let token = |query: &str| {
        let page = exception_page(&view(&many(20).0), query);
        page["metadata"]["continue"].as_str().unwrap().to_owned()
    };
    let of_exceptions = token("limit=1");
    let refused: BTreeMap<_, _> = [
        "limit=-1",
        "limit=many",
        "limit=2&limit=3",
        "watch=true",
        "state=broken",
        "continue=_",
        "continue=WyJhIl0",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([format!("continue={of_exceptions}")])
    .map(|query| {
        (
            query.clone(),
            WorkloadQuery::read(pairs(&query)).unwrap_err(),
        )
    })
    .collect();
    let continues = refused
        .values()
        .filter(|error| **error == QueryError::Continue);
    assert_eq!(continues.count(), 3);
    assert_eq!(refused["limit=many"], QueryError::Limit("many".to_owned()));
    assert_eq!(
        refused["limit=2&limit=3"],
        QueryError::Repeated("limit".to_owned())
    );
    assert_eq!(
        refused["state=broken"].to_string(),
        "unknown state 'broken'; use deviating, unknown, golden-path, unscoped, ignored, undocumented, expired, \
         pending, review-overdue, review-due, predates, documented"
    );
    assert_eq!(
        refused["watch=true"].to_string(),
        "unknown parameter 'watch'; use limit, continue, namespace, team, path, state, service"
    );
}
