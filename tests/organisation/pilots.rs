//! Services that start in the month, and the stories of their exceptions: one for each phase, in days
//! from the beginning of the month, whatever a day lasts. Pure data.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// When the month begins, how long a day of it lasts, and what its names end with.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    pub start: Timestamp,
    pub day: SignedDuration,
    pub suffix: &'static str,
}

impl Calendar {
    pub fn day(&self, number: i32) -> Timestamp {
        self.start + self.day * number
    }

    fn date(&self, number: i32) -> String {
        self.day(number).to_string()
    }

    /// A period of so many days.
    pub fn period(&self, days: i64) -> String {
        format!("{}s", days * self.day.as_secs())
    }

    pub fn name(&self, story: &str) -> String {
        format!("{story}{}", self.suffix)
    }
}

/// The days on which the test checks the states.
pub const DAYS: [i32; 4] = [0, 7, 14, 30];
/// Announced steps count from this day.
pub const ENFORCED: i32 = 10;
/// Services older than the path are judged from this day.
pub const JUDGED: i32 = 20;
/// The path's periods, in days: review, reminder, lapse.
pub const REVIEWED: i64 = 14;
pub const REMINDED: i64 = 4;
pub const LAPSED: i64 = 7;

/// What a pilot lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    Nothing,
    /// A step that is required from the beginning.
    Tag,
    /// A step that is announced.
    Replicas,
}

/// One service of the month: its state on each of [`DAYS`].
#[derive(Clone, Copy, Debug)]
pub struct Story {
    pub name: &'static str,
    pub lacks: Lacks,
    pub stands: [&'static str; 4],
}

const fn story(name: &'static str, lacks: Lacks, stands: [&'static str; 4]) -> Story {
    Story {
        name,
        lacks,
        stands,
    }
}

pub const STORIES: [Story; 12] = [
    story("fresh", Lacks::Nothing, ["", "", "", ""]),
    story(
        "single",
        Lacks::Replicas,
        ["", "", "undocumented", "undocumented"],
    ),
    story("plain", Lacks::Tag, ["undocumented"; 4]),
    story(
        "calm",
        Lacks::Tag,
        ["documented", "documented", "review-overdue", "expired"],
    ),
    story(
        "due",
        Lacks::Tag,
        ["review-due", "review-overdue", "expired", "expired"],
    ),
    story(
        "ending",
        Lacks::Tag,
        ["documented", "expired", "expired", "expired"],
    ),
    story(
        "renewed",
        Lacks::Tag,
        ["documented", "documented", "review-overdue", "expired"],
    ),
    story("waiting", Lacks::Tag, ["pending"; 4]),
    story("refused", Lacks::Tag, ["undocumented"; 4]),
    story("closed", Lacks::Tag, ["undocumented"; 4]),
    // Its exception names a path that does not exist.
    story("elsewhere", Lacks::Tag, ["undocumented"; 4]),
    story(
        "overdue",
        Lacks::Tag,
        ["review-overdue", "expired", "expired", "expired"],
    ),
];

/// A Deployment as the platform's template makes it, of team tills in checkout.
pub fn deployment(name: &str, lacks: Lacks) -> Value {
    let tag = if lacks == Lacks::Tag {
        "latest"
    } else {
        "1.4.2"
    };
    let labels = json!({
        "app": name, "team": "tills", "backstage.io/kubernetes-id": name, "app.kubernetes.io/name": name,
        "app.kubernetes.io/version": "1.4.2", "app.kubernetes.io/part-of": "tills",
    });
    let probe = json!({"httpGet": {"path": "/ready", "port": "http"}});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "checkout", "labels": labels},
        "spec": {
            "replicas": if lacks == Lacks::Replicas { 1 } else { 3 },
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "serviceAccountName": name,
                    "securityContext": {"runAsNonRoot": true},
                    "containers": [{
                        "name": "main",
                        "image": format!("registry.example.com/tills/{name}:{tag}"),
                        "ports": [{"name": "http", "containerPort": 8080}],
                        "readinessProbe": probe, "livenessProbe": probe,
                        "resources": {
                            "requests": {"cpu": "100m", "memory": "64Mi"},
                            "limits": {"memory": "64Mi"},
                        },
                        "securityContext": {
                            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                            "capabilities": {"drop": ["ALL"]},
                        },
                    }],
                },
            },
        },
    })
}

/// The exception of a story, if it has one.
fn exception(story: &Story, calendar: &Calendar) -> Option<Value> {
    let approved = |day| json!({"decision": "Approved", "by": "nora", "at": calendar.date(day)});
    let review = |day: i32, outcome: &str| json!([{"by": "nora", "at": calendar.date(day), "outcome": outcome}]);
    let decided = match story.name {
        "calm" | "elsewhere" => json!({"approval": approved(-1)}),
        "due" => json!({"approval": approved(-11)}),
        "overdue" => json!({"approval": approved(-15)}),
        "ending" => json!({"approval": approved(-1), "expiresAt": calendar.date(6)}),
        "renewed" => json!({"approval": approved(-12), "reviews": review(-1, "Renewed")}),
        "closed" => json!({"approval": approved(-9), "reviews": review(-1, "Closed")}),
        "refused" => json!({"approval": {
            "decision": "Rejected", "by": "nora", "at": calendar.date(-1),
            "note": "The pipeline writes tags since October.",
        }}),
        "waiting" => json!({}),
        _ => return None,
    };
    let name = calendar.name(story.name);
    let mut spec = json!({
        "path": if story.name == "elsewhere" { "moon-base" } else { "service" },
        "checks": ["pinned-image"],
        "targets": [{"kind": "Deployment", "name": name}],
        "category": "Experiment",
        "reason": "The image is built by hand until the pilot ends.",
        "owner": {"team": "tills"},
        "requestedBy": "tess",
        "ownershipCost": {"hoursPerMonth": 2},
        "wouldReturnIf": "The pipeline builds images of pilots.",
    });
    spec.as_object_mut()?.extend(decided.as_object()?.clone());
    Some(json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
        "metadata": {"name": name, "namespace": "checkout"},
        "spec": spec,
    }))
}

/// All of it as a file of manifests: workloads, then exceptions.
pub fn manifests(calendar: &Calendar) -> [String; 2] {
    let file = |objects: Vec<Value>| {
        let documents: Vec<String> = objects
            .iter()
            .map(|object| format!("---\n{object}\n"))
            .collect();
        documents.concat()
    };
    let workloads = STORIES
        .iter()
        .map(|story| deployment(&calendar.name(story.name), story.lacks));
    let exceptions = STORIES
        .iter()
        .filter_map(|story| exception(story, calendar));
    [file(workloads.collect()), file(exceptions.collect())]
}
