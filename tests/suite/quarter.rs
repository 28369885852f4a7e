//! Ninety days of rollouts of the services in `examples/`, as the state machine records them: what
//! `docs/delivery-example.json` holds. The stories are invented; the figures follow from them.

use goldenpath::api::DeliveryRecordStatus;
use goldenpath::assess::delivery::seen::{Objects, read};
use goldenpath::assess::delivery::{Terms, observe};
use goldenpath::assess::state::Status;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

/// The last of the ninety days: the one that the examples are written for.
const LAST: &str = "2026-10-15T00:00:00Z";
const DAYS: u32 = 90;

/// How a service delivers.
struct Pace {
    /// Days from one change to the next.
    every: u32,
    /// Hours from the commit to the change; none without a stamp.
    lead: Option<i64>,
    /// One change of so many fails.
    fails: u32,
    /// Minutes until a failure is mended.
    mended: i64,
}

const FAST: Pace = Pace {
    every: 5,
    lead: Some(6),
    fails: 12,
    mended: 45,
};
const STEADY: Pace = Pace {
    every: 9,
    lead: Some(20),
    fails: 9,
    mended: 80,
};
const SLOW: Pace = Pace {
    every: 19,
    lead: Some(75),
    fails: 4,
    mended: 260,
};
/// A service before it joined the path.
const BEFORE: Pace = Pace { every: 7, ..SLOW };
/// Its pipeline stamps no commit.
const UNSTAMPED: Pace = Pace { lead: None, ..SLOW };

/// What seldom changes.
const RARE: Pace = Pace {
    every: 29,
    ..STEADY
};

/// Since when a service is on the path.
#[derive(Clone, Copy)]
enum OnPath {
    Always,
    /// So many days before the last one; until then it delivered like the steady ones.
    Since(u32),
    Never,
}

impl OnPath {
    const fn at(self, back: u32) -> Status {
        match self {
            Self::Always => Status::GoldenPath,
            Self::Since(joined) if back < joined => Status::GoldenPath,
            Self::Since(_) | Self::Never => Status::Deviating,
        }
    }
}

use OnPath::{Always, Never, Since};

const STORIES: [(&str, &str, OnPath, Pace); 45] = [
    ("catalog", "deployment/product-api", Always, FAST),
    ("catalog", "deployment/product-web", Since(46), FAST),
    ("catalog", "deployment/image-resizer", Never, SLOW),
    ("catalog", "deployment/pim-sync", Never, UNSTAMPED),
    ("checkout", "deployment/cart", Always, FAST),
    ("checkout", "deployment/checkout-api", Always, STEADY),
    ("checkout", "deployment/checkout-web", Always, FAST),
    ("checkout", "deployment/order-history", Since(44), FAST),
    ("checkout", "deployment/promotions", Never, SLOW),
    ("checkout", "deployment/tax-engine", Never, SLOW),
    ("identity", "deployment/login-web", Always, STEADY),
    ("identity", "deployment/token-service", Always, STEADY),
    ("identity", "deployment/directory-sync", Never, SLOW),
    ("insights", "deployment/events-api", Since(41), FAST),
    ("insights", "deployment/dashboards", Never, UNSTAMPED),
    ("insights", "deployment/metrics-probe", Never, SLOW),
    ("logistics", "deployment/tracking-api", Always, STEADY),
    ("logistics", "deployment/warehouse-bridge", Since(45), FAST),
    ("logistics", "deployment/carrier-gateway", Never, SLOW),
    ("logistics", "deployment/route-planner", Never, SLOW),
    ("payments", "deployment/payment-api", Always, FAST),
    ("payments", "deployment/payouts", Never, SLOW),
    ("payments", "deployment/card-vault", Never, SLOW),
    ("payments", "deployment/fraud-scorer", Never, SLOW),
    ("search", "deployment/search-api", Always, FAST),
    ("search", "deployment/suggest", Since(48), FAST),
    ("search", "deployment/ranker-a", Never, SLOW),
    ("search", "deployment/ranker-b", Never, SLOW),
    ("identity", "deployment/session-cache", Always, RARE),
    ("logistics", "deployment/label-printer", Never, RARE),
    ("identity", "statefulset/audit-log", Always, RARE),
    ("payments", "statefulset/ledger", Always, RARE),
    ("catalog", "statefulset/product-db", Never, RARE),
    ("insights", "statefulset/feature-store", Never, RARE),
    ("logistics", "statefulset/parcel-db", Never, RARE),
    ("search", "statefulset/search-index", Never, RARE),
    ("checkout", "cronjob/basket-cleanup", Always, RARE),
    ("identity", "cronjob/key-rotation", Always, RARE),
    ("insights", "cronjob/report-builder", Always, RARE),
    ("payments", "cronjob/settlement", Always, RARE),
    ("catalog", "cronjob/price-import", Never, RARE),
    ("insights", "cronjob/nightly-export", Never, RARE),
    ("logistics", "cronjob/dispatch", Never, RARE),
    ("payments", "cronjob/reconciliation", Never, RARE),
    ("sandbox", "cronjob/spike", Never, RARE),
];

/// Rollouts listed in one record: fewer than in a real one, to keep the file small.
const LISTED: usize = 5;

/// The records, as `kubectl get deliveryrecords -A -o json` prints them, one a line and without earlier
/// revisions.
pub fn records() -> String {
    let items: Vec<String> = (0..)
        .zip(STORIES)
        .map(|(number, (namespace, workload, on_path, pace))| {
            let (kind, name) = workload.split_once('/').unwrap();
            let (group, kind) = match kind {
                "deployment" => ("apps", "Deployment"),
                "statefulset" => ("apps", "StatefulSet"),
                _ => ("batch", "CronJob"),
            };
            json!({
                "apiVersion": "goldenpath.dev/v1alpha1",
                "kind": "DeliveryRecord",
                "metadata": {"namespace": namespace, "name": workload.replace('/', "-")},
                "spec": {"workload": {"group": group, "kind": kind, "name": name}},
                "status": Story::new(group, kind, name, number).told(on_path, &pace),
            })
            .to_string()
        })
        .collect();
    format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{}\n]}}\n",
        items.join(",\n")
    )
}

/// One workload and its record.
struct Story {
    object: Value,
    /// Of a `CronJob`.
    jobs: Vec<Value>,
    status: DeliveryRecordStatus,
    /// The minute of the day of each change, so that services do not change at once.
    minute: i64,
}

impl Story {
    fn new(group: &str, kind: &str, name: &str, number: i64) -> Self {
        let template = json!({"spec": {"containers": [{
            "name": name,
            "image": "registry.example.com/first:1",
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
        }]}});
        let spec = if kind == "CronJob" {
            json!({"jobTemplate": {"spec": {"template": template}}})
        } else {
            json!({"replicas": 2, "progressDeadlineSeconds": 600, "template": template})
        };
        Self {
            object: json!({
                "apiVersion": format!("{group}/v1"),
                "kind": kind,
                "metadata": {
                    "name": name,
                    "uid": format!("5eed0000-0000-4000-8000-{number:012}"),
                    "generation": 1,
                    "creationTimestamp": "2026-05-04T08:00:00Z",
                    "annotations": {},
                },
                "spec": spec,
            }),
            jobs: Vec::new(),
            status: DeliveryRecordStatus::default(),
            minute: 8 * 60 + number * 17,
        }
    }

    fn told(mut self, on_path: OnPath, pace: &Pace) -> Value {
        let last: Timestamp = LAST.parse().unwrap();
        let opening = last - (i64::from(DAYS) * 24).hours();
        self.available(opening, on_path.at(DAYS));
        self.status.conditions = serde_json::from_value(json!([{
            "type": "Ready", "status": "True", "reason": "Read", "message": "Accepted. Nothing to do.",
            "lastTransitionTime": opening,
        }]))
        .unwrap();
        let mut back = DAYS - 2;
        for change in 1.. {
            let standing = on_path.at(back);
            let pace = match on_path {
                Since(_) if standing == Status::Deviating => &BEFORE,
                Always | Since(_) | Never => pace,
            };
            let at = last - (i64::from(back) * 24).hours() + self.minute.minutes();
            self.release(at, change, standing, pace);
            let Some(next) = back.checked_sub(pace.every) else {
                break;
            };
            back = next;
        }
        let surplus = self.status.rollouts.len().saturating_sub(LISTED);
        self.status.rollouts.drain(..surplus);
        if let Some(mark) = &mut self.status.mark {
            mark.revisions.clear();
        }
        serde_json::to_value(&self.status).unwrap()
    }

    fn release(&mut self, at: Timestamp, change: u32, standing: Status, pace: &Pace) {
        self.edit(at, &format!("{change}"), pace);
        self.progressing(at, standing);
        // The first changes of a service went well.
        if change % pace.fails == 3 {
            self.exceeded(at + 10.minutes(), standing);
            let fix = at + pace.mended.minutes();
            self.edit(fix, &format!("{change}.1"), pace);
            self.progressing(fix, standing);
            self.available(fix + 4.minutes(), standing);
        } else {
            self.available(at + 4.minutes(), standing);
        }
    }

    fn edit(&mut self, at: Timestamp, version: &str, pace: &Pace) {
        let metadata = &mut self.object["metadata"];
        let generation = metadata["generation"].as_i64().unwrap() + 1;
        metadata["generation"] = generation.into();
        if let Some(lead) = pace.lead {
            metadata["annotations"]["goldenpath.dev/commit-time"] =
                json!(at - (lead + generation % 5).hours());
        }
        let name = metadata["name"].as_str().unwrap().to_owned();
        self.template()["spec"]["containers"][0]["image"] =
            json!(format!("registry.example.com/{name}:{version}"));
    }

    fn template(&mut self) -> &mut Value {
        let of_jobs = self.object["kind"] == "CronJob";
        let spec = &mut self.object["spec"];
        let owner = if of_jobs {
            &mut spec["jobTemplate"]["spec"]
        } else {
            spec
        };
        &mut owner["template"]
    }

    /// A scheduled job of the current template ends.
    fn job_ends(&mut self, at: Timestamp, condition: &str) {
        let template = self.template().clone();
        self.jobs = vec![json!({
            "metadata": {
                "ownerReferences": [{"uid": self.object["metadata"]["uid"]}],
                "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": at - 2.minutes()},
            },
            "spec": {"template": template},
            "status": {"conditions": [
                {"type": condition, "status": "True", "lastTransitionTime": at},
            ]},
        })];
    }

    fn progressing(&mut self, at: Timestamp, standing: Status) {
        self.shows(at, standing, 1, "True", "ReplicaSetUpdated");
    }

    fn exceeded(&mut self, at: Timestamp, standing: Status) {
        self.job_ends(at, "Failed");
        self.shows(at, standing, 1, "False", "ProgressDeadlineExceeded");
    }

    fn available(&mut self, at: Timestamp, standing: Status) {
        self.job_ends(at, "Complete");
        self.shows(at, standing, 2, "True", "NewReplicaSetAvailable");
    }

    fn shows(&mut self, at: Timestamp, standing: Status, updated: u32, is: &str, reason: &str) {
        self.object["status"] = json!({
            "observedGeneration": self.object["metadata"]["generation"],
            "replicas": 2, "updatedReplicas": updated, "availableReplicas": 2,
            "conditions": [{"type": "Progressing", "status": is, "reason": reason,
                "lastUpdateTime": at, "lastTransitionTime": at}],
        });
        let objects = Objects {
            standing: Some(standing),
            jobs: &self.jobs,
            ..Objects::of(&self.object)
        };
        let seen = read(&objects).unwrap();
        self.status = observe(&self.status, &seen, &Terms::default(), at);
    }
}
