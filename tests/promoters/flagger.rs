//! A `Deployment` and a `DaemonSet` that a `Canary` targets, blue and green without a mesh. Flagger takes ten seconds a step.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use goldenpath_e2e::{eventually, within};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ground::{Ground, Operators, TOKEN};
use crate::scene::{SOON, Scene};

/// A promotion takes about a minute.
const PROMOTED: Duration = Duration::from_secs(180);
const RECORD: &str = "deployment-app";

pub struct Shop<'a> {
    scene: Scene<'a>,
    events: u16,
}

fn app() -> Value {
    let pods = json!({"app": "app"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": pods},
            "template": {
                "metadata": {"labels": pods},
                // No probe: that the analysis fails is visible.
                "spec": {"containers": [{
                    "name": "app", "image": "registry.invalid/app:1",
                    "envFrom": [{"configMapRef": {"name": "settings"}}],
                }]},
            },
        },
    })
}

/// Its webhook is asked at each step of an analysis. Nothing listens there.
fn canary() -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "of-app"},
        "spec": {
            "provider": "kubernetes",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
            "service": {"port": 80},
            "analysis": {
                "interval": "10s", "threshold": 1, "iterations": 1,
                "webhooks": [{
                    "name": "gate", "type": "rollout", "url": "http://127.0.0.1:1/", "timeout": "1s",
                }],
            },
        },
    })
}

/// A `DaemonSet` whose canary nothing refuses.
pub struct Agent<'a>(Scene<'a>);

impl<'a> Agent<'a> {
    pub fn new(ground: &'a Ground) -> Self {
        let scene = scene(ground, "agent");
        let mut agent = app();
        agent["kind"] = "DaemonSet".into();
        agent["spec"].as_object_mut().unwrap().remove("replicas");
        scene.apply(&agent);
        scene.is_available("daemonset-app");
        let mut canary = canary();
        canary["spec"]["targetRef"]["kind"] = "DaemonSet".into();
        canary["spec"]["analysis"]["webhooks"] = json!([]);
        scene.apply(&canary);
        Self(scene)
    }

    pub fn two_releases_are_promoted(&self) {
        reaches(&self.0, "Initialized");
        let mut done = Vec::new();
        for number in [2, 3] {
            let image = format!("registry.invalid/app:{number}");
            self.0.set_image("daemonset/app", &image);
            done.push("release available");
            self.0.recorded_within(PROMOTED, "daemonset-app", &done);
            reaches(&self.0, "Succeeded");
        }
        let record = self.0.record("daemonset-app").unwrap();
        assert!(record["status"]["untracked"].is_null(), "{record:#}");
        assert!(self.0.record("daemonset-app-primary").is_none());
    }
}

/// A namespace with the settings that the app reads.
fn scene<'a>(ground: &'a Ground, namespace: &str) -> Scene<'a> {
    let scene = Scene {
        namespace: ground.cluster.create_namespace(namespace).unwrap(),
        cluster: &ground.cluster,
    };
    let settings = ["configmap", "settings", "--from-literal=mode=fast"];
    scene.kubectl(&[&["create"][..], &settings].concat());
    scene
}

fn reaches(scene: &Scene<'_>, phase: &str) {
    eventually(PROMOTED, phase, || {
        let stored = scene.cluster.stored(&scene.namespace, "canary/of-app");
        (stored.ok()?["status"]["phase"] == phase).then_some(())
    });
}

impl<'a> Shop<'a> {
    /// The app, and its canary once the app is available.
    pub fn new(ground: &'a Ground, operators: &Operators<'_>) -> Self {
        let scene = scene(ground, "flagger");
        scene.apply(&app());
        scene.is_available(RECORD);
        scene.apply(&canary());
        Self {
            scene,
            events: operators.events,
        }
    }

    pub fn seen_by(self, operators: &Operators<'_>) -> Self {
        Self {
            events: operators.events,
            ..self
        }
    }

    pub fn versions(&self) -> String {
        self.scene.versions()
    }

    fn release(&self, number: u32) {
        let image = format!("registry.invalid/app:{number}");
        self.scene.set_image("deployment/app", &image);
    }

    fn analyse(&self, webhooks: &str) {
        let patch = format!(r#"{{"spec": {{"analysis": {{"webhooks": {webhooks}}}}}}}"#);
        self.scene
            .kubectl(&["patch", "canary/of-app", "--type=merge", "-p", &patch]);
    }

    pub fn a_release_fails_its_analysis(&self) {
        reaches(&self.scene, "Initialized");
        self.scene.recorded(RECORD, &[]);
        self.release(2);
        reaches(&self.scene, "Progressing");
        // Its pods are available, and nothing is counted before the analysis ends.
        reaches(&self.scene, "Failed");
        self.scene.recorded(RECORD, &["release failed"]);
        self.analyse("[]");
    }

    pub fn next_release_begins(&self) {
        self.release(3);
        reaches(&self.scene, "Progressing");
    }

    pub fn is_promoted_and_the_next_one_undone(&self) {
        reaches(&self.scene, "Succeeded");
        let mut done = vec!["release failed", "release available"];
        self.scene.recorded(RECORD, &done);
        let webhooks = canary()["spec"]["analysis"]["webhooks"].to_string();
        self.analyse(&webhooks);
        self.release(4);
        reaches(&self.scene, "Failed");
        done.push("release failed");
        self.scene.recorded(RECORD, &done);
        self.scene.kubectl(&["rollout", "undo", "deployment/app"]);
        done.push("rollback available");
        self.scene.recorded(RECORD, &done);
        self.the_record_tells_who_repaired_what();
    }

    fn the_record_tells_who_repaired_what(&self) {
        let record = self.scene.record(RECORD).unwrap();
        let status = &record["status"];
        let rollouts = status["rollouts"].as_array().unwrap();
        let of = |number: usize, field: &str| rollouts[number - 1][field].clone();
        for (failed, repaired) in [(1, 2), (3, 4)] {
            assert_eq!(of(repaired, "reworkOf"), failed, "{status:#}");
            let recovered = of(failed, "recoveredAt");
            assert_eq!(recovered, of(repaired, "availableAt"), "{status:#}");
            assert_eq!(of(failed, "failureVisible"), true, "{status:#}");
        }
        assert!(status["untracked"].is_null(), "{status:#}");
        assert!(self.scene.record("deployment-app-primary").is_none());
        // The primary served the release before Flagger had scaled the canary down.
        let promoted: Timestamp = of(2, "availableAt").as_str().unwrap().parse().unwrap();
        let primary = self
            .scene
            .cluster
            .stored(&self.scene.namespace, "deployment/app-primary");
        let primary = primary.unwrap();
        let conditions = primary["status"]["conditions"].as_array().unwrap();
        let mut conditions = conditions.iter();
        let progressing = conditions.find(|it| it["type"] == "Progressing").unwrap();
        let updated = progressing["lastUpdateTime"].as_str().unwrap();
        assert_eq!(promoted, updated.parse().unwrap(), "{status:#}");
    }

    /// It is linked to nothing: a rollback serves.
    pub fn an_incident_of_the_primary_is_one_of_the_app(&self) {
        let alert = json!({
            "version": "4", "status": "firing", "alerts": [{
                "status": "firing", "startsAt": Timestamp::now().to_string(),
                "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "b6ac39b2c40e2b07",
                "labels": {"namespace": self.scene.namespace, "deployment": "app-primary"},
            }],
        });
        let body = alert.to_string();
        let request = format!(
            "POST /alertmanager HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = String::new();
        let taken = within(SOON, "the incident is recorded", || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.events)).ok()?;
            stream.write_all(request.as_bytes()).ok()?;
            answer.clear();
            stream.read_to_string(&mut answer).ok()?;
            (answer.starts_with("HTTP/1.1 200") && !answer.contains("unmatched")).then_some(())
        });
        assert!(taken.is_ok(), "{answer}");
        let record = self.scene.record(RECORD).unwrap();
        let incidents = record["status"]["incidents"].as_array().unwrap();
        assert_eq!(incidents.len(), 1, "{record:#}");
        assert!(incidents[0]["rollout"].is_null(), "{record:#}");
    }
}
