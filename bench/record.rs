//! A delivery record as full as records get: 20 rollouts on 20 days, 10 earlier revisions and an incident.
//! Pure data, so that every run measures the same record.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fleet::Member;

/// Rollouts of a full record.
const ROLLOUTS: u32 = 20;
/// Earlier revisions of a full record.
const REVISIONS: u32 = 10;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// From the commit to the availability of each rollout.
const LEAD: i64 = 5 * HOUR + 180;

/// Name of the record of a member.
pub fn name(member: Member) -> String {
    format!("deployment-{}", member.name())
}

/// The spec of its record.
pub fn spec(member: Member) -> Value {
    json!({"workload": {"group": "apps", "kind": "Deployment", "name": member.name()}})
}

/// A full status. `uid` is the workload's.
pub fn status(member: Member, uid: &str, now: Timestamp) -> Value {
    let of = Full { member, now };
    let last = of.at(ROLLOUTS, 180);
    let windows = [7, 30, 90].map(figures);
    json!({
        "observedGeneration": 1,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Read", "message": "Accepted. Nothing to do.",
            "lastTransitionTime": of.at(1, 0), "observedGeneration": 1,
        }],
        "workload": format!("Deployment/{}", member.name()),
        "standing": "golden-path",
        "state": "Available",
        "columns": {"rollouts": "20", "failed": "4 of 20", "leadTime": "5h3m (20 of 20)"},
        "lastRolloutAt": last,
        "mark": {
            "uid": uid, "createdAt": of.at(0, 0), "generation": 21, "revision": 21,
            "at": last, "template": of.template(ROLLOUTS), "available": of.template(ROLLOUTS),
            "rollout": ROLLOUTS, "commitTime": of.at(ROLLOUTS, -5 * HOUR),
            "revisions": each(ROLLOUTS - REVISIONS + 1, |it| of.revision(it)),
        },
        "rollouts": each(1, |it| of.rollout(it)),
        "recorded": ROLLOUTS,
        "incidents": [{
            "id": of.hash(5, 0), "startedAt": of.at(5, HOUR), "resolvedAt": of.at(5, 2 * HOUR),
            "rollout": 5,
        }],
        "firstDeploy": {"at": of.at(0, HOUR), "sinceStarted": 5_400, "clock": "Namespace"},
        "days": each(1, |it| of.day(it)),
        "figures": windows,
    })
}

fn each(first: u32, one: impl Fn(u32) -> Value) -> Vec<Value> {
    (first..=ROLLOUTS).map(one).collect()
}

fn figures(days: u32) -> Value {
    let rollouts = days.min(ROLLOUTS);
    json!({
        "days": days, "counts": {"rollouts": rollouts, "visible": rollouts, "failed": 2},
        "leadTime": LEAD, "leadTimes": rollouts, "recoveryTimes": 0,
    })
}

/// The record of one member.
struct Full {
    member: Member,
    now: Timestamp,
}

impl Full {
    /// So many seconds after the start of a rollout. The last one started today.
    fn at(&self, rollout: u32, seconds: i64) -> String {
        let own = i64::try_from(self.member.0).unwrap_or_default() % HOUR;
        let back = i64::from(ROLLOUTS - rollout) * DAY + own - seconds;
        let at = Timestamp::from_second(self.now.as_second() - back).unwrap_or(self.now);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn hash(&self, part: u32, of: u32) -> String {
        let mixed = (self.member.0 as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:016x}", mixed.rotate_left(part * 7 + of))
    }

    fn template(&self, of: u32) -> Value {
        json!({
            "version": 1, "release": self.hash(1, of), "config": self.hash(2, of / 3),
            "resources": self.hash(3, 0), "platform": self.hash(4, 0),
        })
    }

    fn revision(&self, of: u32) -> Value {
        json!({
            "release": self.hash(1, of), "config": self.hash(2, of / 3), "resources": self.hash(3, 0),
            "failed": has_failed(of),
        })
    }

    fn rollout(&self, number: u32) -> Value {
        let mut rollout = json!({
            "number": number, "revision": number + 1, "cause": "release",
            "startedAt": self.at(number, 0), "availableAt": self.at(number, 180),
            "result": "available", "failureVisible": true,
            "commitTime": self.at(number, 180 - LEAD), "leadTime": LEAD, "standing": "golden-path",
        });
        if has_failed(number) {
            rollout["result"] = json!("failed");
            rollout["failure"] = json!("Incident");
            rollout["failedAt"] = json!(self.at(number, HOUR));
            rollout["recoveredAt"] = json!(self.at(number, 2 * HOUR));
        }
        rollout
    }

    fn day(&self, number: u32) -> Value {
        let day: String = self.at(number, 180).chars().take(10).collect();
        let failed = u32::from(has_failed(number));
        json!({
            "day": day, "standing": "golden-path", "leadTimes": [LEAD],
            "counts": {"rollouts": 1, "visible": 1, "failed": failed, "visibleFailed": failed},
        })
    }
}

/// One rollout in five failed and was recovered.
const fn has_failed(number: u32) -> bool {
    number.is_multiple_of(5)
}
