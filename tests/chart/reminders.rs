//! Reminders as the chart sets them up: with the stored configuration, the rights of the account,
//! and the chart's admission policies in force.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use goldenpath_e2e::{
    ControlPlane, Operator, OperatorOptions, Options, Tool, control_plane_or_skip, eventually,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::helm::{Helm, NAMESPACE, chart};
use crate::receiver::Receiver;

const SOON: Duration = Duration::from_secs(90);

const OBJECTS: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  owner: {team: platform}
  releases: [{at: 'RELEASED', note: Replicas are checked.}]
  checks: [{name: replicas, expression: 'object.spec.replicas >= 2'}]
---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: web-replicas, namespace: default}
spec:
  path: web-service
  checks: [replicas]
  targets: [{kind: Deployment, name: web}]
  reason: The licence of the vendor allows one replica only.
  owner: {team: shop}
  requestedBy: admin
  ownershipCost: {hoursPerMonth: 2}
";

#[test]
fn the_operator_reminds_as_the_chart_sets_it_up() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let Some(helm) = Helm::or_skip(Tool::Helm, &cluster) else {
        return;
    };
    let receiver = Receiver::start();
    install(&helm, &receiver);
    let operator = start(&cluster);
    // Our kinds are served a moment after they were created.
    eventually(SOON, "the request is stored", || {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        cluster
            .apply(&OBJECTS.replace("RELEASED", &now.to_string()))
            .ok()
    });
    eventually(SOON, "two messages", || {
        (receiver.received().len() >= 2).then_some(())
    });
    let messages = receiver.received();
    let paths: BTreeSet<&str> = messages.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/all", "/web"].into());
    let reminder = messages.iter().find(|one| one.path == "/web").unwrap();
    assert_eq!(reminder.items(), ["web-replicas decision-waiting"]);
    eventually(SOON, "the announcement is on record", || {
        let get = ["get", "gp", "web-service", "-o=json"];
        let stored: Value = serde_json::from_str(&cluster.kubectl_ok(&get).unwrap()).unwrap();
        stored["status"]["announced"][0]["sentAt"]
            .is_string()
            .then_some(())
    });
    eventually(SOON, "it is on record", || {
        let get = ["get", "devex", "web-replicas", "-n=default", "-o=json"];
        let stored: Value = serde_json::from_str(&cluster.kubectl_ok(&get).unwrap()).unwrap();
        let marks = stored["status"]["notified"].as_array()?;
        (marks.len() == 1 && marks[0]["stage"] == "decision-waiting").then_some(())
    });
    assert!(operator.stop(SOON).unwrap().success());
}

fn install(helm: &Helm<'_>, receiver: &Receiver) {
    let config = serde_json::json!({
        "mode": "immediate", "dryRunDays": 0, "default": "all", "changelog": "all",
        "paths": {"web-service": "web"},
        "channels": {
            "all": {"url": receiver.url("/all"), "format": "json"},
            "web": {"url": receiver.url("/web"), "format": "json"},
        },
    });
    let config = format!("notifications.config={config}");
    let install = ["install", "goldenpath", &chart(), "--create-namespace"];
    // Nothing of what everybody may read helps it.
    let no_readers = "rbac.reader.groups=[]";
    let values = [
        ["--set", "notifications.enabled=true"],
        ["--set-json", no_readers],
        ["--set-json", &config],
    ];
    helm.run(&[&install[..], &values.concat()].concat());
}

/// As the account of the release, with the file its Secret would be mounted as.
fn start(cluster: &ControlPlane) -> Operator {
    let secret = ["get", "secret", "goldenpath-reminders", "-n", NAMESPACE];
    let template = "-o=go-template={{index .data \"config.yaml\" | base64decode}}";
    let config = cluster
        .kubectl_ok(&[&secret[..], &[template]].concat())
        .unwrap();
    let file = cluster.data_dir().join("reminders.yaml");
    fs::write(&file, config).unwrap();
    let account = cluster.kubeconfig_for_service_account(NAMESPACE, "goldenpath");
    let config = format!("--notify-config={}", file.display());
    let lease = format!("--lease-namespace={NAMESPACE}");
    let options = OperatorOptions {
        kubeconfig: Some(account.unwrap()),
        ..OperatorOptions::new(env!("CARGO_BIN_EXE_goldenpath"), &["run", &config, &lease])
    };
    Operator::start(cluster, &options).unwrap()
}
