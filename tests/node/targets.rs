//! The operator's Service, requested through the API server, and the scrape configuration that the
//! Prometheus operator would generate from the chart's `ServiceMonitor`.

use serde_json::{Value, json};

use crate::story::{NAMESPACE, Story};

/// The live report.
pub fn report(story: &Story) -> Value {
    serde_json::from_str(&page(story, "http", "api/v1/report")).unwrap_or_default()
}

/// What a port of the Service answers; nothing while it does not answer.
pub fn page(story: &Story, port: &str, path: &str) -> String {
    let services = format!("/api/v1/namespaces/{NAMESPACE}/services");
    let raw = format!("{services}/goldenpath:{port}/proxy/{path}");
    story
        .cluster()
        .kubectl_ok(&["get", "--raw", &raw])
        .unwrap_or_default()
}

/// The scrape configuration that the Prometheus operator makes of an endpoint of a `ServiceMonitor`,
/// as far as the chart uses it; `discovery` configures how to reach the API server.
pub fn scrape_config(monitor: &Value, mut discovery: Value) -> Value {
    let endpoint = &monitor["spec"]["endpoints"][0];
    let namespace = &monitor["metadata"]["namespace"];
    discovery["role"] = json!("endpointslice");
    discovery["namespaces"] = json!({"names": [namespace]});
    let keep = |label: String, regex: &Value| json!({"action": "keep", "source_labels": [label], "regex": regex});
    let selected = monitor["spec"]["selector"]["matchLabels"]
        .as_object()
        .unwrap();
    let mut relabel: Vec<Value> = selected
        .iter()
        .map(|(key, value)| {
            keep(
                format!("__meta_kubernetes_service_label_{}", word(key)),
                value,
            )
        })
        .collect();
    relabel.push(keep(
        "__meta_kubernetes_endpointslice_port_name".to_owned(),
        &endpoint["port"],
    ));
    for (target, source) in [
        ("namespace", "__meta_kubernetes_namespace"),
        ("service", "__meta_kubernetes_service_name"),
        ("pod", "__meta_kubernetes_pod_name"),
        ("job", "__meta_kubernetes_service_name"),
    ] {
        relabel.push(json!({"source_labels": [source], "target_label": target}));
    }
    json!({
        "job_name": format!("serviceMonitor/{NAMESPACE}/goldenpath/0"),
        "honor_labels": endpoint["honorLabels"],
        "metrics_path": endpoint["path"],
        "kubernetes_sd_configs": [discovery],
        "relabel_configs": relabel,
    })
}

/// As Prometheus writes a label of Kubernetes in the name of one of its own.
fn word(key: &str) -> String {
    key.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}
