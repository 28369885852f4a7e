//! The chart's `CronJob` on a real API server: the account that the chart creates for it has every right
//! that its arguments need, and the record outlives a `Job`.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldenpath_e2e::ControlPlane;
use serde_json::{Value, json};

use crate::receiver::{Received, Receiver};
use crate::suite;

const NAMESPACE: &str = "goldenpath-system";
/// Where the chart mounts the configuration of channels.
const MOUNTED: &str = "/etc/goldenpath/reminders/";

/// The objects of the `Job`, as Helm renders them; `None` without Helm.
fn objects(cluster: &ControlPlane, channels: &Value) -> Option<Vec<Value>> {
    let text = suite::rendered(
        cluster,
        &["templates/wins.yaml", "templates/notifications.yaml"],
        &[
            "--namespace",
            NAMESPACE,
            "--set",
            "wins.enabled=true,notifications.enabled=true",
            "--set-json",
            &format!("notifications.config={channels}"),
        ],
    )?;
    let documents = text.split("\n---\n");
    Some(
        documents
            .map(|document| serde_saphyr::from_str(document).unwrap())
            .collect(),
    )
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let object = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert_eq!(found.next(), None, "more than one {kind}");
    object
}

/// The files of the Secret, where a kubelet would mount them.
fn mounted(cluster: &ControlPlane, secret: &Value) -> PathBuf {
    let directory = cluster.data_dir().join("mounted");
    fs::create_dir_all(&directory).unwrap();
    for (file, content) in secret["data"].as_object().unwrap() {
        let content = STANDARD.decode(content.as_str().unwrap()).unwrap();
        fs::write(directory.join(file), content).unwrap();
    }
    directory
}

/// The arguments of the container. Only the place of the mounted files is another one.
fn arguments(cronjob: &Value, files: &str) -> Vec<String> {
    let container = &cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().unwrap().iter();
    arguments
        .map(|argument| argument.as_str().unwrap().replace(MOUNTED, files))
        .collect()
}

pub fn the_account_of_the_charts_job_suffices_for_its_arguments(cluster: &ControlPlane) {
    let receiver = Receiver::start();
    let channels = json!({
        "default": "pm", "wins": {"draft": "pm"},
        "channels": {"pm": {"url": receiver.url("/pm"), "format": "json"}},
    });
    let Some(objects) = objects(cluster, &channels) else {
        return;
    };
    let create = ["create", "namespace", NAMESPACE];
    cluster.kubectl_ok(&create).unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    cluster.apply(&list.to_string()).unwrap();

    let cronjob = of_kind(&objects, "CronJob");
    let account = &cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"];
    let account = account.as_str().unwrap();
    let kubeconfig = cluster
        .kubeconfig_for_service_account(NAMESPACE, account)
        .unwrap();
    let files = mounted(cluster, of_kind(&objects, "Secret"));
    let arguments = arguments(cronjob, &format!("{}/", files.display()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert!(arguments.contains(&"--send"), "{arguments:?}");
    // The second run is a Job that starts anew: the record says that the digest was sent.
    for run in ["first", "second"] {
        let output = suite::goldenpath(&kubeconfig, &arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{run} run: {errors}");
        assert!(!errors.contains("orbidden"), "{run} run: {errors}");
    }
    each_digest_was_sent_once(cluster, of_kind(&objects, "ConfigMap"), &receiver);
    nothing_else_is_allowed(cluster, account);
}

/// A test that runs while a month ends sees two digests, each sent once.
fn each_digest_was_sent_once(cluster: &ControlPlane, map: &Value, receiver: &Receiver) {
    let name = map["metadata"]["name"].as_str().unwrap();
    let stored = cluster.stored(NAMESPACE, &format!("configmap/{name}"));
    let stored = stored.unwrap();
    let record = stored["data"]["digests.json"].as_str().unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    let digests = record["digests"].as_array().unwrap().iter();
    let mut recorded: Vec<String> = digests
        .map(|digest| {
            assert!(digest["sentAt"].is_string(), "{digest:#}");
            format!(
                "\"wins-{}-draft\"",
                digest["digest"]["month"].as_str().unwrap()
            )
        })
        .collect();
    recorded.sort();
    let messages = receiver.received();
    let sent: Vec<String> = messages.iter().map(Received::key).collect();
    assert!(!sent.is_empty());
    assert_eq!(sent, recorded);
}

fn nothing_else_is_allowed(cluster: &ControlPlane, account: &str) {
    let who = format!("--as=system:serviceaccount:{NAMESPACE}:{account}");
    let own = format!("--namespace={NAMESPACE}");
    for (verb, resource) in [
        ("get", "secrets"),
        ("list", "configmaps"),
        ("create", "configmaps"),
        ("get", "configmaps/other"),
        ("delete", "configmaps/goldenpath-wins"),
        ("patch", "deployments.apps"),
        ("patch", "deviationexceptions.goldenpath.dev"),
    ] {
        let ask = ["auth", "can-i", &who, verb, resource, &own];
        let answer = cluster.kubectl(&ask).unwrap();
        assert!(!answer.status.success(), "{verb} {resource}");
    }
}
