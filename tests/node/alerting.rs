//! A Prometheus with an account of its own finds the operator through the API server and reads the
//! chart's rules; its alert goes through an Alertmanager to a webhook.

use std::fs;

use goldenpath_e2e::{Alertmanager, Binaries, Prometheus, Tool, eventually};
use serde_json::{Value, json};

use crate::figures::figure;
use crate::receiver::Receiver;
use crate::story::{Helm, NAMESPACE, SOON, Story, root, skip};
use crate::targets;

const ALERT: &str = "GoldenPathReviewOverdue";

/// What a Prometheus may do, and not the operator.
const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: prometheus}
rules:
- {apiGroups: [\"\"], resources: [services, pods], verbs: [get, list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: prometheus}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: default}]
";

pub fn an_overdue_review_reaches_a_webhook(story: &Story) {
    if !Prometheus::is_installed() || !Alertmanager::is_installed() {
        return skip(
            "alerts on a real node need apt-get install prometheus prometheus-alertmanager",
        );
    }
    let receiver = Receiver::start(story.node.listen().unwrap());
    let alertmanager = Alertmanager::start(story.cluster(), &routes(&receiver)).unwrap();
    let monitor = turn_monitoring_on(story);
    let prometheus = start_prometheus(story, &monitor, alertmanager.address());

    let alert = eventually(SOON, "the alert reaches the webhook", || {
        receiver.alerts(ALERT).into_iter().next()
    });
    it_names_the_next_step(&alert);
    targets_are_the_operators_alone(&prometheus);
    say_what_a_scrape_takes(story, &prometheus, &monitor);
    the_owner_hears_that_it_was_looked_at(story, &receiver);
}

/// Every alert at once, each by itself.
fn routes(receiver: &Receiver) -> String {
    json!({
        "route": {
            "receiver": "webhook",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
        },
        "receivers": [{
            "name": "webhook",
            "webhook_configs": [{"url": format!("http://{}/", receiver.address)}],
        }],
    })
    .to_string()
}

/// The chart's `ServiceMonitor`, once the cluster knows the kinds of the Prometheus operator.
fn turn_monitoring_on(story: &Story) -> Value {
    story.apply_file("tests/node/prometheus-operator");
    story.kubectl(&[
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd",
        "--all",
    ]);
    story.upgrade(&[
        "serviceMonitor.enabled=true",
        "prometheusRule.enabled=true",
        &format!("prometheusRule.alerts.{ALERT}.for=1s"),
    ]);
    story.get(&["-n", NAMESPACE, "servicemonitor/goldenpath"])
}

fn start_prometheus(story: &Story, monitor: &Value, alertmanager: &str) -> Prometheus {
    story.cluster().apply(ACCOUNT).unwrap();
    let token = story.kubectl(&["create", "token", "prometheus", "--duration=1h"]);
    let (token_file, authority) = (story.file("prometheus.token"), story.file("prometheus.ca"));
    fs::write(&token_file, token.trim()).unwrap();
    fs::write(&authority, story.cluster().ca_pem()).unwrap();
    let discovery = json!({
        "api_server": story.cluster().server_url(),
        "authorization": {"credentials_file": token_file},
        "tls_config": {"ca_file": authority},
    });
    let rule = story.get(&["-n", NAMESPACE, "prometheusrule/goldenpath"]);
    let rules = story.file("rules.yaml");
    fs::write(&rules, rule["spec"].to_string()).unwrap();
    let config = json!({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [rules],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [targets::scrape_config(monitor, discovery)],
    });
    let binaries = Binaries::locate_or_build(&[Tool::Prometheus], |_| {}).unwrap();
    let binary = binaries.path(Tool::Prometheus).unwrap();
    Prometheus::start_from(binary, story.cluster(), &config.to_string()).unwrap()
}

fn it_names_the_next_step(alert: &Value) {
    assert_eq!(alert["status"], "firing");
    let labels = &alert["labels"];
    assert_eq!(labels["exception"], "search-index-rebuild");
    // The exception's own: that of the operator would send people to the wrong place.
    assert_eq!(labels["namespace"], "search");
    assert_eq!(labels["path"], "stateful-service");
    assert_eq!(labels["team"], "search");
    assert_eq!(labels["severity"], "warning");
    let runbook = alert["annotations"]["runbook_url"].as_str().unwrap();
    let page = runbook.rsplit('/').next().unwrap();
    assert_eq!(page, format!("{ALERT}.md"));
    assert!(root().join("docs/runbooks").join(page).is_file());
    let description = alert["annotations"]["description"].as_str().unwrap();
    assert!(
        description.contains("search-index-rebuild in search"),
        "{description}"
    );
}

fn targets_are_the_operators_alone(prometheus: &Prometheus) {
    // The pod of before the upgrade stays a target until Prometheus has heard that it is gone.
    eventually(
        SOON,
        "the operator's pod is the only target, and up",
        || {
            let targets = prometheus.ask("targets", &[("state", "active")]).unwrap();
            let active = targets["activeTargets"].as_array().unwrap();
            (active.len() == 1 && active[0]["health"] == "up").then_some(())
        },
    );
    let absent = prometheus.query("goldenpath_leader{namespace!=\"goldenpath-system\"}");
    assert!(absent.unwrap().is_empty());
}

fn say_what_a_scrape_takes(story: &Story, prometheus: &Prometheus, monitor: &Value) {
    let value = |expr: &str| {
        let answer = prometheus.query(expr).unwrap();
        answer[0]["value"][1].as_str().unwrap().to_owned()
    };
    let median = "quantile_over_time(0.5, scrape_duration_seconds[1m]) * 1000";
    figure("scrape, median", format!("{} ms", value(median)));
    figure("samples a scrape", value("scrape_samples_scraped"));
    let port = monitor["spec"]["endpoints"][0]["port"].as_str().unwrap();
    let size = targets::page(story, port, "metrics").len();
    figure("size of a scrape", format!("{size} bytes"));
}

/// The platform team looks at it, and the alert is over.
fn the_owner_hears_that_it_was_looked_at(story: &Story, receiver: &Receiver) {
    let review = "goldenpath renew search-index-rebuild -n search";
    story.type_in(Helm::Four, review);
    eventually(SOON, "the alert is resolved", || {
        let last = receiver.alerts(ALERT).pop()?;
        (last["status"] == "resolved").then_some(())
    });
}
