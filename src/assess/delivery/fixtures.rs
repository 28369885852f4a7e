//! A `Deployment` with its controller for tests, on 2 March 2026, and objects of other kinds. It does to
//! the objects what Kubernetes 1.36 does. No assertion is made here.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::seen::{Objects, Seen, read};
use super::{Terms, observe};
use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::Rollout;
use crate::assess::state::Status;

/// A time of 2 March 2026, such as `10:00` or `10:00:05`; with a date ahead, of another day.
pub(crate) fn at(time: &str) -> Timestamp {
    let (day, time) = time.split_once(' ').unwrap_or(("2026-03-02", time));
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("{day}T{time}{seconds}Z").parse().unwrap()
}

/// The template of a container with this image and a readiness probe.
pub(crate) fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"containers": [{
            "name": "shop",
            "image": format!("registry/shop:{image}"),
            "env": [{"name": "MODE", "value": "normal"}],
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
            "resources": {"requests": {"cpu": "100m"}},
        }]},
    })
}

pub(crate) fn image(version: &str) -> impl Fn(&mut Value) + use<> {
    let image = format!("registry/shop:{version}");
    move |template| template["spec"]["containers"][0]["image"] = image.clone().into()
}

pub(crate) fn mode(value: &str) -> impl Fn(&mut Value) + use<> {
    let value = value.to_owned();
    move |template| template["spec"]["containers"][0]["env"][0]["value"] = value.clone().into()
}

pub(crate) fn annotation(key: &str, value: &str) -> impl Fn(&mut Value) + use<> {
    let (key, value) = (key.to_owned(), value.to_owned());
    move |template| template["metadata"]["annotations"][&key] = value.clone().into()
}

const NUMBER: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// A `Deployment` and its controller.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub object: Value,
    pub revisions: Vec<Value>,
}

impl Deployment {
    /// Image A, available since 8:01.
    pub(crate) fn new() -> Self {
        let mut deployment = Self::created(at("08:00"));
        deployment.sync(at("08:00"));
        deployment.complete(at("08:01"));
        deployment
    }

    pub(crate) fn created(time: Timestamp) -> Self {
        let object = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "shop", "uid": "one", "generation": 1, "annotations": {},
                "creationTimestamp": time,
            },
            "spec": {"replicas": 3, "progressDeadlineSeconds": 600, "template": template("a")},
            "status": {},
        });
        let mut deployment = Self {
            object,
            revisions: Vec::new(),
        };
        deployment.own_template(time);
        deployment
    }

    fn own_template(&mut self, time: Timestamp) {
        self.object["metadata"]["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Update", "time": time,
            "fieldsV1": {"f:spec": {"f:template": {}}},
        }]);
    }

    pub(crate) fn annotate(&mut self, key: &str, value: &str) {
        self.object["metadata"]["annotations"][key] = value.into();
        self.raise_generation();
    }

    pub(crate) fn raise_generation(&mut self) {
        let generation = self.object["metadata"]["generation"].as_i64().unwrap();
        self.object["metadata"]["generation"] = (generation + 1).into();
    }

    pub(crate) fn edit(&mut self, time: Timestamp, change: impl Fn(&mut Value)) {
        change(&mut self.object["spec"]["template"]);
        self.raise_generation();
        self.own_template(time);
    }

    pub(crate) fn scale(&mut self, replicas: u32) {
        self.object["spec"]["replicas"] = replicas.into();
        self.raise_generation();
    }

    /// Restores the template of an earlier revision, and its annotations, as `rollout undo` does.
    pub(crate) fn undo(&mut self, time: Timestamp, number: &str) {
        let earlier = self
            .revisions
            .iter()
            .find(|set| set["metadata"]["annotations"][NUMBER] == number)
            .unwrap()
            .clone();
        let current = self.object["metadata"]["annotations"][NUMBER].clone();
        self.object["metadata"]["annotations"] = earlier["metadata"]["annotations"].clone();
        self.object["metadata"]["annotations"][NUMBER] = current;
        self.edit(time, |template| {
            *template = earlier["spec"]["template"].clone();
        });
    }

    /// What the controller does next: a `ReplicaSet` for the template, or the one that it had before.
    pub(crate) fn sync(&mut self, time: Timestamp) {
        let generation = self.object["metadata"]["generation"].clone();
        self.object["status"]["observedGeneration"] = generation;
        if self.object["spec"]["paused"] == true {
            self.progressing("Unknown", "DeploymentPaused", time);
            return;
        }
        let template = self.object["spec"]["template"].clone();
        let highest = self
            .revisions
            .iter()
            .filter_map(number_of)
            .max()
            .unwrap_or(0);
        let found = self
            .revisions
            .iter()
            .position(|set| set["spec"]["template"] == template);
        let is_current =
            found.is_some_and(|found| number_of(&self.revisions[found]) == Some(highest));
        let position = found.unwrap_or_else(|| {
            self.revisions.push(json!({
                "metadata": {
                    "name": format!("shop-{}", highest + 1), "creationTimestamp": time,
                    "ownerReferences": [{"uid": self.object["metadata"]["uid"]}],
                    "annotations": {},
                },
                "spec": {"template": template},
            }));
            self.revisions.len() - 1
        });
        let mut annotations = self.object["metadata"]["annotations"].clone();
        let set = &mut self.revisions[position]["metadata"]["annotations"];
        if found.is_some() && !is_current {
            annotations[HISTORY] = set[NUMBER].clone();
        }
        let number = if is_current { highest } else { highest + 1 };
        annotations[NUMBER] = number.to_string().into();
        *set = annotations;
        self.object["metadata"]["annotations"][NUMBER] = number.to_string().into();
        let replicas = self.object["spec"]["replicas"].as_i64().unwrap();
        if replicas == 0 {
            self.count([0; 3]);
            self.progressing("True", "NewReplicaSetAvailable", time);
        } else if !is_current {
            self.count([replicas + 1, 1, replicas]);
            self.progressing("True", "NewReplicaSetCreated", time);
        }
    }

    pub(crate) fn complete(&mut self, time: Timestamp) {
        let replicas = self.object["spec"]["replicas"].as_i64().unwrap();
        self.count([replicas; 3]);
        self.progressing("True", "NewReplicaSetAvailable", time);
    }

    pub(crate) fn exceed(&mut self, time: Timestamp) {
        self.progressing("False", "ProgressDeadlineExceeded", time);
    }

    pub(crate) fn count(&mut self, [total, updated, available]: [i64; 3]) {
        self.object["status"]["replicas"] = total.into();
        self.object["status"]["updatedReplicas"] = updated.into();
        self.object["status"]["availableReplicas"] = available.into();
    }

    fn progressing(&mut self, status: &str, reason: &str, time: Timestamp) {
        let before = self.object["status"]["conditions"][0].clone();
        let transitioned = if before["status"] == status {
            before["lastTransitionTime"].clone()
        } else {
            json!(time)
        };
        let updated = if before["reason"] == reason {
            before["lastUpdateTime"].clone()
        } else {
            json!(time)
        };
        self.object["status"]["conditions"] = json!([{
            "type": "Progressing", "status": status, "reason": reason,
            "lastUpdateTime": updated, "lastTransitionTime": transitioned,
        }]);
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen_as(Some(Status::Deviating))
    }

    pub(crate) fn seen_as(&self, standing: Option<Status>) -> Seen {
        read(&Objects {
            revisions: &self.revisions,
            standing,
            ..Objects::of(&self.object)
        })
        .unwrap()
    }
}

fn number_of(set: &Value) -> Option<i64> {
    set["metadata"]["annotations"][NUMBER]
        .as_str()?
        .parse()
        .ok()
}

/// A `Deployment` that an operator follows from 9:00 on.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub app: Deployment,
    pub status: DeliveryRecordStatus,
    pub terms: Terms,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::following(Deployment::new())
    }

    pub(crate) fn following(app: Deployment) -> Self {
        let mut world = Self {
            app,
            status: DeliveryRecordStatus::default(),
            terms: Terms::default(),
        };
        world.look("09:00");
        world
    }

    pub(crate) fn look(&mut self, time: &str) {
        self.look_at(at(time));
    }

    pub(crate) fn look_at(&mut self, time: Timestamp) {
        self.status = observe(&self.status, &self.app.seen(), &self.terms, time);
    }

    pub(crate) fn edit(&mut self, time: &str, change: impl Fn(&mut Value)) {
        self.app.edit(at(time), change);
        self.look(time);
        self.app.sync(at(time));
        self.look(time);
    }

    pub(crate) fn undo(&mut self, time: &str, number: &str) {
        self.app.undo(at(time), number);
        self.look(time);
        self.app.sync(at(time));
        self.look(time);
    }

    pub(crate) fn complete(&mut self, time: &str) {
        self.app.complete(at(time));
        self.look(time);
    }

    pub(crate) fn exceed(&mut self, time: &str) {
        self.app.exceed(at(time));
        self.look(time);
    }

    /// A change that becomes available two minutes later.
    pub(crate) fn roll_out(&mut self, start: &str, end: &str, change: impl Fn(&mut Value)) {
        self.edit(start, change);
        self.complete(end);
    }

    pub(crate) fn stamp(&mut self, commit: &str) {
        let commit = at(commit).to_string();
        self.app.object["metadata"]["annotations"]["goldenpath.dev/commit-time"] = commit.into();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.status)
    }

    pub(crate) fn untracked(&self) -> u32 {
        self.status
            .untracked
            .as_ref()
            .map_or(0, |untracked| untracked.rollouts)
    }
}

/// The rollouts of a record, one line each.
pub(crate) fn lines(status: &DeliveryRecordStatus) -> Vec<String> {
    status.rollouts.iter().map(line).collect()
}

fn line(rollout: &Rollout) -> String {
    let mut parts = vec![format!(
        "{} {}",
        rollout.cause.as_str(),
        rollout.result.as_str()
    )];
    let minutes = |seconds: i64| format!("{}m", seconds / 60);
    if let Some(of) = rollout.rework_of {
        parts.push(format!("rework of {of}"));
    }
    if let Some(lead) = rollout.lead_time {
        parts.push(format!("lead {}", minutes(lead.into())));
    }
    if let Some(recovery) = rollout.recovery_time() {
        parts.push(format!("recovery {}", minutes(recovery.into())));
    }
    parts.join(", ")
}
