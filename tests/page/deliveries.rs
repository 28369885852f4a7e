//! Three months of rollouts in the records that the operator keeps of the examples: enough to compare both
//! sides, and too few of some for a figure. It must not know the page.

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ground::SOON;

const DAYS: usize = 90;
/// Days between two releases.
const PACE_ON_THE_PATH: usize = 6;
const PACE_DEVIATING: usize = 14;

/// A workload whose record has rollouts.
struct Recorded {
    namespace: String,
    kind: String,
    name: String,
    /// Its status, and its place among those of the same status.
    standing: String,
    index: usize,
}

/// Fills the records of all Deployments and `StatefulSet`s on and off a path, and waits until the page shows
/// the contrast.
pub fn record(cluster: &ControlPlane, operator: &Operator) {
    let now = Timestamp::now();
    for it in eventually(SOON, "the operator has records", || {
        recorded(cluster, operator)
    }) {
        let patch = format!("--patch={}", json!({"status": status(&it, now)}));
        let record = record_name(&it.kind, &it.name);
        let args = [
            "patch",
            "deliveryrecord",
            &record,
            "--namespace",
            &it.namespace,
            "--subresource=status",
            "--type=merge",
            &patch,
        ];
        cluster.kubectl_ok(&args).unwrap();
    }
    eventually(SOON, "the page shows the contrast", || {
        let (status, text) = operator.get("/contrast").ok()?;
        (status == 200 && text.contains("% covered")).then_some(())
    });
}

fn record_name(kind: &str, name: &str) -> String {
    format!("{}-{name}", kind.to_lowercase())
}

/// The workloads, once each has a record.
fn recorded(cluster: &ControlPlane, operator: &Operator) -> Option<Vec<Recorded>> {
    let (_, report) = operator.get("/api/v1/report").ok()?;
    let report: Value = serde_json::from_str(&report).ok()?;
    let mut counts = [0, 0];
    let mut found = Vec::new();
    for workload in report["workloads"].as_array()? {
        let text = |field: &str| workload[field].as_str().unwrap_or_default().to_owned();
        let (kind, standing) = (text("kind"), text("status"));
        let is_recorded = ["Deployment", "StatefulSet"].contains(&kind.as_str());
        let Some(side) = ["golden-path", "deviating"]
            .iter()
            .position(|side| is_recorded && standing == *side)
        else {
            continue;
        };
        let (namespace, name) = (text("namespace"), text("name"));
        cluster
            .stored(
                &namespace,
                &format!("deliveryrecord/{}", record_name(&kind, &name)),
            )
            .ok()?
            .get("status")?;
        found.push(Recorded {
            namespace,
            kind,
            name,
            standing,
            index: counts[side],
        });
        counts[side] += 1;
    }
    counts.iter().all(|count| *count > 0).then_some(found)
}

/// Days, the latest rollouts and the first deploy of a record.
fn status(it: &Recorded, now: Timestamp) -> Value {
    let is_on = it.standing == "golden-path";
    let pace = if is_on {
        PACE_ON_THE_PATH
    } else {
        PACE_DEVIATING
    };
    let releases: Vec<Release> = (0..DAYS)
        .rev()
        .filter(|ago| ago % pace == it.index % pace)
        .enumerate()
        .map(|(number, ago)| Release::of(it, number, now - days(ago)))
        .collect();
    let latest = releases.len().saturating_sub(3);
    json!({
        "days": releases.iter().map(Release::day).collect::<Vec<_>>(),
        "rollouts": releases.iter().skip(latest).map(Release::rollout).collect::<Vec<_>>(),
        "recorded": releases.len(),
        "firstDeploy": releases.first().map(|first| json!({
            "at": first.at,
            "sinceStarted": if is_on { 3_000 + 900 * it.index } else { 90_000 + 7_200 * it.index },
            "clock": "StartedAt",
        })),
    })
}

fn days(days: usize) -> SignedDuration {
    SignedDuration::from_hours(24) * i32::try_from(days).unwrap()
}

/// One release, on a day of its own.
struct Release<'a> {
    of: &'a Recorded,
    number: usize,
    at: Timestamp,
    has_failed: bool,
}

impl<'a> Release<'a> {
    fn of(of: &'a Recorded, number: usize, at: Timestamp) -> Self {
        let every = if of.standing == "golden-path" { 16 } else { 5 };
        Self {
            of,
            number,
            at,
            has_failed: (number + of.index).is_multiple_of(every),
        }
    }

    fn lead_time(&self) -> usize {
        let hours = if self.of.standing == "golden-path" {
            2 + (self.number + self.of.index) % 9
        } else {
            20 + 3 * ((self.number + self.of.index) % 17)
        };
        hours * 3_600
    }

    fn day(&self) -> Value {
        let failed = u32::from(self.has_failed);
        // The end of a failure is seldom known of those that deviate: that figure is withheld.
        let is_recovered = self.has_failed
            && (self.of.standing == "golden-path" || self.of.index.is_multiple_of(4));
        let recovery = is_recovered.then_some(900 + 60 * self.of.index);
        json!({
            "day": &self.at.to_string()[..10],
            "standing": self.of.standing,
            "counts": {"rollouts": 1, "visible": 1, "failed": failed, "visibleFailed": failed},
            "leadTimes": [self.lead_time()],
            "recoveryTimes": recovery.into_iter().collect::<Vec<_>>(),
        })
    }

    fn rollout(&self) -> Value {
        json!({
            "number": self.number + 1,
            "cause": "release",
            "startedAt": self.at,
            "availableAt": self.at,
            "result": if self.has_failed { "failed" } else { "available" },
            "failureVisible": true,
            "leadTime": self.lead_time(),
            "standing": self.of.standing,
        })
    }
}
