//! Two clusters with an operator each, and one Prometheus that scrapes both: the queries of
//! docs/dashboards.md answer for the fleet.

use std::path::Path;
use std::time::Duration;

use goldenpath::api;
use goldenpath_e2e::{
    ControlPlane, Operator, OperatorOptions, Options, Prometheus, control_plane_or_skip,
    within_or_fail,
};
use serde_json::json;

use crate::promtool::skip;

const SOON: Duration = Duration::from_secs(40);
const DOCS: &str = include_str!("../../docs/dashboards.md");

/// Name, service that it names, replicas: the path asks for two.
type Workload = (&'static str, Option<&'static str>, u32);
const EAST: [Workload; 3] = [
    ("checkout", Some("checkout"), 2),
    ("cart", None, 1),
    ("web", None, 2),
];
const WEST: [Workload; 3] = [
    ("checkout", Some("checkout"), 1),
    ("search", Some("search"), 2),
    ("cart", None, 2),
];

#[test]
fn a_fleet_is_summed_and_a_service_in_two_clusters_counts_once() {
    if !Prometheus::is_installed() {
        skip("needs prometheus (apt-get install prometheus)");
        return;
    }
    let (Some(east), Some(west)) = (cluster(&EAST), cluster(&WEST)) else {
        return;
    };
    let (in_east, in_west) = (operator(&east), operator(&west));
    let prometheus = prometheus(&east, [("east", &in_east), ("west", &in_west)]);
    let answers = |query: &str, wanted: f64| {
        let query = documented(query);
        within_or_fail(SOON, &format!("{query} is {wanted}"), || {
            Ok((value(&prometheus, &query) == Some(wanted)).then_some(()))
        })
        .unwrap();
    };
    // Golden: checkout and web in the east, search and cart in the west.
    answers(
        "sum(fleet_state:goldenpath_services:sum{state=\"golden-path\"})",
        4.0 / 6.0,
    );
    // By name: checkout and search. One by one: cart and web in the east, cart in the west.
    answers("count(count by (service_name) (", 5.0);
    // Checkout in the west, and cart in the east.
    answers("(count(count by (service_name) (", 2.0);
    let clusters = "count(count by (cluster) (goldenpath_services))";
    assert_eq!(value(&prometheus, clusters), Some(2.0));
}

/// The documented query that starts like this.
fn documented(start: &str) -> String {
    let mut blocks = DOCS.split("```promql\n").skip(1);
    let block = blocks.find(|block| block.starts_with(start)).unwrap();
    block.split("```").next().unwrap().trim().to_owned()
}

fn value(prometheus: &Prometheus, query: &str) -> Option<f64> {
    let answer = prometheus.query(query).unwrap();
    answer.first()?["value"][1].as_str()?.parse().ok()
}

fn cluster(workloads: &[Workload]) -> Option<ControlPlane> {
    let cluster = control_plane_or_skip(&Options::default())?;
    let definitions: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
    cluster.define(&definitions).unwrap();
    let path = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath",
        "metadata": {"name": "web"},
        "spec": {"title": "Web service", "owner": {"team": "platform"},
            "checks": [{"name": "replicas", "expression": "object.spec.replicas >= 2"}]}});
    cluster.apply(&path.to_string()).unwrap();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    cluster.apply(&namespace.to_string()).unwrap();
    for (name, service, replicas) in workloads {
        let labels = service.map(|service| json!({"backstage.io/kubernetes-id": service}));
        let pods = json!({"app": name});
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "shop", "labels": labels.unwrap_or_default()},
            "spec": {"replicas": replicas, "selector": {"matchLabels": pods},
                "template": {"metadata": {"labels": pods},
                    "spec": {"containers": [{"name": "app", "image": "shop/web:1"}]}}}});
        cluster.apply(&deployment.to_string()).unwrap();
    }
    Some(cluster)
}

fn operator(cluster: &ControlPlane) -> Operator {
    let binary = Path::new(env!("CARGO_BIN_EXE_goldenpath"));
    let options = OperatorOptions::new(binary, &["run", "--metrics-workload-info=100"]);
    let mut operator = Operator::start(cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    operator
}

fn prometheus(beside: &ControlPlane, operators: [(&str, &Operator); 2]) -> Prometheus {
    let rules = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/charts/goldenpath/files/rules/*"
    );
    let targets = operators.map(|(cluster, operator)| {
        let address = operator.url().trim_start_matches("http://");
        json!({"targets": [address], "labels": {"cluster": cluster}})
    });
    let config = json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [rules],
        "scrape_configs": [{"job_name": "goldenpath", "honor_labels": true, "static_configs": targets}],
    });
    Prometheus::start(beside, &config.to_string()).unwrap()
}
