//! A `Deployment` without replicas whose pods an Argo `Rollout` runs, one step after another, and a `Rollout`
//! with a template of its own.

use goldenpath_e2e::eventually;
use serde_json::{Value, json};

use crate::ground::Ground;
use crate::scene::{NEVER, SOON, Scene};

const RECORD: &str = "deployment-web";
const OWN: &str = "rollout-own";

pub struct Web<'a> {
    scene: Scene<'a>,
}

fn template(name: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{
            "name": "app", "image": "registry.invalid/web:1",
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        }]},
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template("web"),
        },
    })
}

fn rollout(name: &str, part: &str, content: &Value) -> Value {
    let mut rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"canary": {
                "maxUnavailable": 0, "maxSurge": 1,
                "steps": [{"setWeight": 50}, {"pause": {"duration": 3}}],
            }},
        },
    });
    rollout["spec"][part] = content.clone();
    rollout
}

impl<'a> Web<'a> {
    pub fn new(ground: &'a Ground) -> Self {
        let scene = Scene {
            namespace: ground.cluster.create_namespace("argo").unwrap(),
            cluster: &ground.cluster,
        };
        let reference = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
        scene.apply(&rollout("web", "workloadRef", &reference));
        scene.apply(&deployment());
        scene.apply(&rollout("own", "template", &template("own")));
        scene.is_available(RECORD);
        scene.is_available(OWN);
        Self { scene }
    }

    pub fn versions(&self) -> String {
        self.scene.versions()
    }

    fn abort(&self, name: &str) {
        let rollout = format!("rollout/{name}");
        let patch = r#"{"status": {"abort": true}}"#;
        let patch = ["--subresource=status", "--type=merge", "-p", patch];
        self.scene
            .kubectl(&[&["patch", &rollout], &patch[..]].concat());
    }

    /// Waits until the new pods of a rollout exist.
    fn is_at(&self, name: &str, phase: &str) {
        eventually(SOON, phase, || {
            let rollout = format!("rollout/{name}");
            let stored = self.scene.cluster.stored(&self.scene.namespace, &rollout);
            let status = &stored.ok()?["status"];
            let is_new = status["currentPodHash"] != status["stableRS"];
            (status["phase"] == phase && is_new).then_some(())
        });
    }

    fn set_own_image(&self, image: &str) {
        let patch = format!(
            r#"[{{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "{image}"}}]"#
        );
        self.scene
            .kubectl(&["patch", "rollout/own", "--type=json", "-p", &patch]);
    }

    pub fn a_release_and_a_configuration(&self) {
        self.scene
            .set_image("deployment/web", "registry.invalid/web:2");
        self.set_own_image("registry.invalid/web:2");
        self.scene.recorded(RECORD, &["release available"]);
        self.scene
            .kubectl(&["set", "env", "deployment/web", "MODE=fast"]);
        self.scene
            .recorded(RECORD, &["release available", "config available"]);
        self.scene.recorded(OWN, &["release available"]);
    }

    pub fn a_bad_release_begins(&self) {
        self.scene.set_image("deployment/web", NEVER);
        self.set_own_image(NEVER);
        self.is_at("web", "Progressing");
        self.is_at("own", "Progressing");
    }

    pub fn is_aborted_and_undone(&self) {
        self.abort("web");
        self.abort("own");
        let mut done = vec!["release available", "config available", "release failed"];
        self.scene.recorded(RECORD, &done);
        let mut own = vec!["release available", "release failed"];
        self.scene.recorded(OWN, &own);
        self.scene.kubectl(&["rollout", "undo", "deployment/web"]);
        done.push("rollback available");
        self.scene.recorded(RECORD, &done);
        // Retried with a fix.
        self.set_own_image("registry.invalid/web:3");
        own.push("release available");
        self.scene.recorded(OWN, &own);
        self.the_record_tells_what_was_repaired();
    }

    fn the_record_tells_what_was_repaired(&self) {
        for (name, failed, repaired) in [(RECORD, 2, 3), (OWN, 1, 2)] {
            let record = self.scene.record(name).unwrap();
            let status = &record["status"];
            let rollouts = &status["rollouts"];
            assert_eq!(rollouts[repaired]["reworkOf"], failed + 1, "{status:#}");
            assert_eq!(
                rollouts[failed]["recoveredAt"], rollouts[repaired]["availableAt"],
                "{status:#}"
            );
            assert!(status["untracked"].is_null(), "{status:#}");
        }
        assert!(
            self.scene.record("rollout-web").is_none(),
            "its Deployment has the record"
        );
    }
}
