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
    let number = i64::try_from(member.0).unwrap_or_default();
    let at = |rollout: u32, seconds: i64| {
        let back = i64::from(ROLLOUTS - rollout) * DAY + number % HOUR - seconds;
        let at = Timestamp::from_second(now.as_second() - back).unwrap_or(now);
        json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let hash = |part: u32, of: u32| {
        let mixed = (member.0 as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:016x}", mixed.rotate_left(part * 7 + of))
    };
    let template = |of: u32| {
        json!({
            "version": 1, "release": hash(1, of), "config": hash(2, of / 3),
            "resources": hash(3, 0), "platform": hash(4, 0),
        })
    };
    let revision = |of| {
        let parts = template(of);
        json!({
            "release": parts["release"], "config": parts["config"], "resources": parts["resources"],
            "failed": of % 7 == 0,
        })
    };
    let rollouts: Vec<Value> = (1..=ROLLOUTS)
        .map(|it| rollout(it, &|seconds| at(it, seconds)))
        .collect();
    let days: Vec<Value> = (1..=ROLLOUTS)
        .map(|it| {
            let day = at(it, 200)
                .as_str()
                .map(|at| at.chars().take(10).collect::<String>());
            let failed = u32::from(it % 5 == 0);
            json!({
                "day": day, "standing": "golden-path", "leadTimes": [5 * HOUR + 180],
                "counts": {"rollouts": 1, "visible": 1, "failed": failed, "visibleFailed": failed},
            })
        })
        .collect();
    let figures = [7, 30, 90].map(|days: u32| {
        json!({
            "days": days, "counts": {"rollouts": days.min(20), "visible": days.min(20), "failed": 2},
            "leadTime": 5 * HOUR + 180, "leadTimes": days.min(20), "recoveryTimes": 0,
        })
    });
    json!({
        "observedGeneration": 1,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Read", "message": "Accepted. Nothing to do.",
            "lastTransitionTime": at(1, 0), "observedGeneration": 1,
        }],
        "workload": format!("Deployment/{}", member.name()),
        "standing": "golden-path",
        "state": "Available",
        "columns": {"rollouts": "20", "failed": "4 of 20", "leadTime": "5h3m (20 of 20)"},
        "lastRolloutAt": at(ROLLOUTS, 180),
        "mark": {
            "uid": uid, "createdAt": at(0, 0), "generation": 21, "revision": 21,
            "at": at(ROLLOUTS, 180), "template": template(ROLLOUTS), "available": template(ROLLOUTS),
            "rollout": ROLLOUTS, "commitTime": at(ROLLOUTS, -5 * HOUR),
            "revisions": (ROLLOUTS - REVISIONS + 1..=ROLLOUTS).map(revision).collect::<Vec<_>>(),
        },
        "rollouts": rollouts,
        "recorded": ROLLOUTS,
        "incidents": [{
            "id": hash(5, 0), "startedAt": at(5, HOUR), "resolvedAt": at(5, 2 * HOUR), "rollout": 5,
        }],
        "firstDeploy": {"at": at(0, HOUR), "sinceStarted": 5_400, "clock": "Namespace"},
        "days": days,
        "figures": figures,
    })
}

/// One in five failed and was recovered.
fn rollout(number: u32, at: &dyn Fn(i64) -> Value) -> Value {
    let mut rollout = json!({
        "number": number, "revision": number + 1, "cause": "release",
        "startedAt": at(0), "availableAt": at(180), "result": "available", "failureVisible": true,
        "commitTime": at(-5 * HOUR), "leadTime": 5 * HOUR + 180, "standing": "golden-path",
    });
    if number % 5 == 0 {
        rollout["result"] = json!("failed");
        rollout["failure"] = json!("Incident");
        rollout["failedAt"] = at(HOUR);
        rollout["recoveredAt"] = at(2 * HOUR);
    }
    rollout
}
