//! The services of the month: what a script applies of each, and its own list of what it did. It must not
//! read what the operator recorded.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::truth::{DEVIATING, GOLDEN_PATH};

/// The earliest and the latest instant at which something happened.
pub type Bracket = (Timestamp, Timestamp);

/// What the script did to one service, which the record must list as one rollout.
#[derive(Clone, Debug)]
pub struct Did {
    pub cause: &'static str,
    /// The status in force before.
    pub side: &'static str,
    pub failure: Option<Failure>,
    /// Whether a failure of it would be visible.
    pub is_visible: bool,
    /// Number of the rollout that this one repairs.
    pub rework_of: Option<u32>,
    /// The oldest commit in it.
    pub commit: Option<Timestamp>,
    /// Why its stamp cannot be believed.
    pub refused: Option<&'static str>,
    pub changed: Bracket,
    /// Unless it was never available.
    pub available: Option<Bracket>,
    pub recovered: Option<Recovered>,
}

#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Deadline(Bracket),
    /// A rollback left it: it failed when it became available.
    Undone,
    /// An incident began.
    Incident(Timestamp),
}

impl Failure {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline(_) => "Deadline",
            Self::Undone => "Undone",
            Self::Incident(_) => "Incident",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Recovered {
    /// The availability of the rollout of this number.
    By(u32),
    /// The end of the incident.
    At(Timestamp),
}

/// A service of one workload.
#[derive(Clone, Debug)]
pub struct App {
    pub name: &'static str,
    pub team: &'static str,
    pub kind: &'static str,
    /// Its status now.
    pub side: &'static str,
    /// Its status when it came.
    pub first_side: &'static str,
    pub replicas: u32,
    /// Number of the release.
    pub release: u32,
    /// An image that no node runs.
    pub is_broken: bool,
    /// Whether its container has a readiness probe.
    pub has_probe: bool,
    /// Number of the configuration.
    pub mode: u32,
    pub commit: Option<Timestamp>,
    pub min_ready_seconds: u32,
    pub deadline_seconds: u32,
    pub started: Timestamp,
    pub scaffolded: Option<Timestamp>,
    pub did: Vec<Did>,
    pub untracked: u32,
    pub incidents: usize,
}

/// Whole seconds, as Kubernetes stores times.
pub fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

impl App {
    fn new(name: &'static str, team: &'static str, side: &'static str) -> Self {
        let is_golden = side == GOLDEN_PATH;
        let now = now();
        Self {
            name,
            team,
            kind: "Deployment",
            side,
            first_side: side,
            replicas: if is_golden { 2 } else { 1 },
            release: 1,
            is_broken: false,
            has_probe: name != "fax",
            mode: 1,
            commit: None,
            min_ready_seconds: 0,
            deadline_seconds: 600,
            started: now - if is_golden { 30.minutes() } else { 72.hours() },
            scaffolded: is_golden.then(|| now - 20.minutes()),
            did: Vec::new(),
            untracked: 0,
            incidents: 0,
        }
    }

    /// The time from a commit to its release: fast on the path.
    pub fn commit_age(&self) -> jiff::Span {
        let own = i64::from(self.name.as_bytes()[0]);
        let hours = if self.side == GOLDEN_PATH { 1 } else { 48 };
        hours.hours().minutes(own)
    }

    /// As `kubectl` names it.
    pub fn object(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }

    /// The number of the next rollout in its record.
    pub fn next_number(&self) -> u32 {
        u32::try_from(self.did.len()).unwrap() + 1
    }

    pub fn manifest(&self) -> Value {
        let image = if self.is_broken {
            crate::scene::NEVER.to_owned()
        } else {
            format!("registry.invalid/{}:{}", self.name, self.release)
        };
        let pods = json!({"app": self.name});
        let mut annotations = json!({"goldenpath.dev/started-at": self.started.to_string()});
        if let Some(at) = self.scaffolded {
            annotations["goldenpath.dev/scaffolded-at"] = json!(at.to_string());
        } else if self.kind == "Deployment" {
            annotations["goldenpath.dev/service-since"] = json!(self.started.to_string());
        }
        if let Some(commit) = self.commit {
            annotations["goldenpath.dev/commit-time"] = json!(commit.to_string());
        }
        let mut spec = json!({
            "replicas": self.replicas,
            "minReadySeconds": self.min_ready_seconds,
            "selector": {"matchLabels": pods},
            "template": {
                "metadata": {"labels": pods},
                "spec": {"containers": [{
                    "name": "app", "image": image,
                    "env": [{"name": "MODE", "value": self.mode.to_string()}],
                }]},
            },
        });
        if self.has_probe {
            let probe = json!({"httpGet": {"path": "/", "port": 80}});
            spec["template"]["spec"]["containers"][0]["readinessProbe"] = probe;
        }
        if self.kind == "Deployment" {
            spec["progressDeadlineSeconds"] = json!(self.deadline_seconds);
            spec["strategy"] = json!({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": "100%"}});
        } else {
            spec["serviceName"] = json!(self.name);
        }
        json!({
            "apiVersion": "apps/v1",
            "kind": self.kind,
            "metadata": {
                "name": self.name, "labels": {"team": self.team}, "annotations": annotations,
            },
            "spec": spec,
        })
    }
}

/// Three teams with two services on the path and two that deviate, one of which has no probe; two that join,
/// one of them before its first release; and one without a path.
pub fn all() -> Vec<App> {
    let golden = [
        ("cart", "blue"),
        ("pay", "blue"),
        ("search", "green"),
        ("ads", "green"),
        ("mail", "red"),
        ("auth", "red"),
    ];
    let deviating = [
        ("bill", "blue"),
        ("ship", "blue"),
        ("tax", "green"),
        ("crm", "green"),
        ("erp", "red"),
        ("fax", "red"),
        ("join", "blue"),
        ("early", "red"),
    ];
    let database = App {
        kind: "StatefulSet",
        ..App::new("db", "green", "unscoped")
    };
    let golden = golden.map(|(name, team)| App::new(name, team, GOLDEN_PATH));
    let deviating = deviating.map(|(name, team)| App::new(name, team, DEVIATING));
    golden
        .into_iter()
        .chain(deviating)
        .chain([database])
        .collect()
}

/// The path that they are judged by, and two exceptions with one-off hours.
pub fn path_and_exceptions(namespace: &str) -> String {
    let path = json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath",
        "metadata": {"name": "month"},
        "spec": {
            "owner": {"team": "platform"},
            "scope": {"kinds": [{"group": "apps", "kind": "Deployment"}]},
            "checks": [{"name": "replicas", "expression": "object.spec.replicas >= 2"}],
        },
    });
    let exceptions = ONE_OFF_HOURS.map(|(name, hours)| {
        json!({
            "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "path": "month", "checks": ["replicas"],
                "targets": [{"kind": "Deployment", "name": name}],
                "category": "VendorSoftware", "disposition": "Waiver",
                "reason": "The vendor licenses one running replica only.",
                "owner": {"team": "blue", "contact": "#blue"},
                "ownershipCost": {"hoursPerMonth": 2, "oneOffHours": hours},
            },
        })
    });
    let [bill, fax] = exceptions.map(|it| it.to_string());
    format!("{path}\n---\n{bill}\n---\n{fax}\n")
}

pub const ONE_OFF_HOURS: [(&str, f64); 2] = [("bill", 24.0), ("fax", 40.0)];
