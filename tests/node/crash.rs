//! A release that becomes available, then crash-loops and is undone: one failure, one rollback and one
//! recovery time in its record. Kubernetes itself never calls such a rollout failed.

use goldenpath_e2e::{Image, Tool, eventually, within};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::pods;
use crate::story::{SOON, Story};

const NAMESPACE: &str = "crash";
const DEPLOYMENT: &str = "deployment/web";
const RELEASES: [&str; 2] = [
    "registry.example.com/crash/web:1",
    "registry.example.com/crash/web:2",
];
const OWN_NAMESPACE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: crash, labels: {team: crash}}
";

/// One replica that is available as soon as it answers. `lives_on` is the port that must answer for it
/// to live on.
fn web(image: &str, lives_on: u16) -> String {
    let probe = |port: u16, delay: u16| {
        json!({
            "httpGet": {"path": "/", "port": port}, "periodSeconds": 1, "failureThreshold": 1,
            "initialDelaySeconds": delay, "terminationGracePeriodSeconds": 1,
        })
    };
    let mut readiness = probe(8080, 0);
    readiness
        .as_object_mut()
        .unwrap()
        .remove("terminationGracePeriodSeconds");
    let pods = json!({"app": "web"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": pods},
            "template": {"metadata": {"labels": pods}, "spec": {"containers": [{
                "name": "web", "image": image,
                "readinessProbe": readiness,
                "livenessProbe": probe(lives_on, 4),
            }]}},
        },
    })
    .to_string()
}

pub fn a_release_that_crash_loops_and_is_undone_failed_once(story: &Story) {
    story.upgrade(&["delivery.enabled=true"]);
    pods::ready(story, 1);
    it_crash_loops_and_is_undone(story);
    // Its record goes with it; those of the others go with the operator.
    story.kubectl(&["delete", "-n", NAMESPACE, DEPLOYMENT]);
}

fn it_crash_loops_and_is_undone(story: &Story) {
    bring_images(story);
    story.cluster().apply(OWN_NAMESPACE).unwrap();
    let [good, bad] = RELEASES;
    story.cluster().apply(&web(good, 8080)).unwrap();
    rolled_out(story);
    eventually(SOON, "its record begins", || {
        record(story)?["mark"].is_object().then_some(())
    });

    // Nothing answers on this port: it serves for some seconds, then kubelet restarts it for ever.
    story.cluster().apply(&web(bad, 8081)).unwrap();
    rolled_out(story);
    eventually(SOON, "it crash-loops", || {
        let list = story.get(&["pods", "-n", NAMESPACE]);
        let pods = list["items"].as_array()?;
        let waits = |pod: &Value| {
            let status = &pod["status"]["containerStatuses"][0];
            status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        };
        pods.iter().any(waits).then_some(())
    });
    story.kubectl(&["rollout", "undo", "-n", NAMESPACE, DEPLOYMENT]);
    rolled_out(story);
    it_is_recorded(story);
}

fn bring_images(story: &Story) {
    let program = story.cluster().binaries().path(Tool::Pause).unwrap();
    for (number, name) in RELEASES.into_iter().enumerate() {
        let mut image = Image::of_program(name, program).unwrap();
        image.entrypoint.push("serve".to_owned());
        let archive = story.file(&format!("crash-{number}.tar"));
        image.write(&archive).unwrap();
        story.node.import_image(&archive).unwrap();
    }
}

fn rolled_out(story: &Story) {
    let wait = [
        "rollout",
        "status",
        "-n",
        NAMESPACE,
        DEPLOYMENT,
        "--timeout=120s",
    ];
    story.kubectl(&wait);
}

/// Status of the record of the Deployment.
fn record(story: &Story) -> Option<Value> {
    let record = story
        .cluster()
        .stored(NAMESPACE, "deliveryrecord/deployment-web");
    Some(record.ok()?["status"].take())
}

fn it_is_recorded(story: &Story) {
    let mut status = Value::Null;
    let complete = within(SOON, "the rollback is recorded", || {
        status = record(story)?;
        (status["recorded"] == 2 && status["open"].is_null()).then_some(())
    });
    assert!(complete.is_ok(), "{status:#}");
    let [release, rollback] = [&status["rollouts"][0], &status["rollouts"][1]];
    let words = |rollout: &Value| {
        ["cause", "result", "failure"].map(|name| rollout[name].as_str().map(str::to_owned))
    };
    let are = |words: [&str; 2], failure: Option<&str>| {
        [Some(words[0]), Some(words[1]), failure].map(|word| word.map(str::to_owned))
    };
    assert_eq!(
        words(release),
        are(["release", "failed"], Some("Undone")),
        "{status:#}"
    );
    assert_eq!(
        words(rollback),
        are(["rollback", "available"], None),
        "{status:#}"
    );
    assert_eq!(rollback["reworkOf"], release["number"], "{status:#}");
    assert_eq!(release["failedAt"], release["availableAt"], "{status:#}");
    assert_eq!(
        release["recoveredAt"], rollback["availableAt"],
        "{status:#}"
    );
    let at = |value: &Value| -> Timestamp { value.as_str().unwrap().parse().unwrap() };
    let recovery =
        at(&rollback["availableAt"]).as_second() - at(&release["availableAt"]).as_second();
    let week = &status["figures"][0];
    let counts = &week["counts"];
    assert_eq!(counts["rollouts"], 1, "{week:#}");
    assert_eq!(
        [&counts["failed"], &counts["rollbacks"], &counts["rework"]],
        [1, 1, 1],
        "{week:#}"
    );
    assert_eq!(
        [&week["recoveryTimes"], &week["recoveryTime"]],
        [&json!(1), &json!(recovery)],
        "{week:#}"
    );
}
