//! An edit of a path that makes services deviate at once is the platform's doing: the condition
//! `Announced` follows from what the status recorded, whenever the operator saw the edit.

use goldenpath::api::GoldenPathStatus;
use goldenpath::assess::adoption::Tally;
use goldenpath::assess::inventory::Reread;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::verdict::AsOf;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, instant, stricter, web_path, with};

const SEEN: &str = "2026-03-01T00:00:00Z";
const EDITED: &str = "2026-04-01T00:00:00Z";

/// Two Deployments on the path, and one that misses a step of it.
fn put_all(cluster: &mut Cluster) {
    let alone = with(deployment("worker"), json!({"spec": {"replicas": 1}}));
    for object in [deployment("api"), deployment("shop"), alone] {
        cluster.put(object);
    }
}

/// A process that starts with what the API server has.
fn started(spec: &Value, generation: i64, status: Option<GoldenPathStatus>) -> Cluster {
    let mut cluster = Cluster::new(Settings::default());
    let _ = cluster.put_listed_path("web", generation, spec.clone(), status);
    cluster.put_namespace("shop", &json!({}));
    put_all(&mut cluster);
    cluster
}

/// The stored status after one plan.
fn planned(cluster: &mut Cluster, at: &str) -> GoldenPathStatus {
    let _ = cluster.store_path_status("web", instant(at));
    cluster.0.path_status("web").unwrap().clone()
}

/// Reason and message of `Announced`.
fn announced(status: &GoldenPathStatus) -> (&str, &str) {
    let mut conditions = status.conditions.iter();
    let found = conditions
        .find(|condition| condition.type_ == "Announced")
        .unwrap();
    (&found.reason, &found.message)
}

/// The path with one check changed.
fn with_check(index: usize, change: Value) -> Value {
    let mut path = web_path();
    let check = path["checks"][index].take();
    path["checks"][index] = with(check, change);
    path
}

/// Where the operator is when the path is edited.
#[derive(Clone, Copy, Debug)]
enum Process {
    /// It sees the edit, and every workload after it.
    Runs,
    /// It does not run, and starts with the edited path.
    IsAway,
    /// It sees the edit and plans, and ends before the workloads are judged again.
    EndsDuringTheRelist,
}

/// The status after an edit of `original`.
fn after_edit(original: &Value, edited: &Value, process: Process) -> GoldenPathStatus {
    let mut cluster = started(original, 1, None);
    let before = planned(&mut cluster, SEEN);
    assert_eq!(announced(&before).0, "NothingAnnounced");
    match process {
        Process::Runs => {
            let _ = cluster.put_listed_path("web", 2, edited.clone(), Some(before));
            put_all(&mut cluster);
        }
        Process::IsAway => cluster = started(edited, 2, Some(before)),
        Process::EndsDuringTheRelist => {
            let reread = cluster.put_listed_path("web", 2, edited.clone(), Some(before));
            let half_way = planned(&mut cluster, EDITED);
            // An edit that changes no expression needs no new list, and is noticed at once.
            let is_listing = reread == Reread::Everything;
            let is_noticed = announced(&half_way).0 == "EditedWithoutNotice";
            assert!(!(is_listing && is_noticed), "{edited}");
            cluster = started(edited, 2, Some(half_way));
        }
    }
    planned(&mut cluster, EDITED)
}

fn is_noticed(original: &Value, edited: &Value, deviating: usize) {
    for process in [Process::Runs, Process::IsAway, Process::EndsDuringTheRelist] {
        let status = after_edit(original, edited, process);
        let (reason, message) = announced(&status);
        let says_so = reason == "EditedWithoutNotice";
        assert_eq!(says_so, deviating > 0, "{process:?} {edited}: {message}");
        let services = if deviating == 1 {
            "service"
        } else {
            "services"
        };
        let number = format!("made {deviating} {services} deviate at once");
        assert!(
            !says_so || message.contains(&number),
            "{process:?} {edited}: {message}"
        );
        let recorded = status.enforced.unwrap().checks.len();
        assert_eq!(recorded, edited["checks"].as_array().unwrap().len());
    }
}

#[test]
fn an_edit_is_noticed_wherever_the_operator_was() {
    let path = web_path();
    for (edited, deviating) in [
        // A new step that no service takes: two were on the path.
        (stricter(None), 2),
        // Announced ahead of time.
        (stricter(Some("2026-07-01T00:00:00Z")), 0),
        // In force since a date in the past, of which no status knew.
        (stricter(Some("2025-01-01T00:00:00Z")), 2),
        // A known step asks for more, for less, and for the same in other words.
        (
            with_check(0, json!({"expression": "object.spec.replicas >= 9"})),
            2,
        ),
        (
            with_check(0, json!({"expression": "object.spec.replicas >= 1"})),
            0,
        ),
        (
            with_check(0, json!({"expression": "2 <= object.spec.replicas"})),
            0,
        ),
        // Titles and priorities are no steps.
        (with_check(0, json!({"title": "Runs twice"})), 0),
        (with(path.clone(), json!({"priority": 7})), 0),
        // A step that only advises from now on.
        (with_check(0, json!({"level": "recommended"})), 0),
    ] {
        is_noticed(&path, &edited, deviating);
    }
    // A step that only advised until now: the one service that misses it.
    let advised = with_check(0, json!({"level": "recommended"}));
    is_noticed(&advised, &path, 1);
    // A step that asks for more through a variable.
    let through = |replicas: usize| {
        let check = json!({"expression": "object.spec.replicas >= variables.least"});
        let variables = json!([
            {"name": "base", "expression": replicas.to_string()},
            {"name": "least", "expression": "variables.base"},
        ]);
        with(with_check(0, check), json!({"variables": variables}))
    };
    is_noticed(&through(1), &through(9), 3);
}

#[test]
fn what_teams_do_while_the_operator_is_away_is_no_edit() {
    let mut cluster = started(&web_path(), 1, None);
    let before = planned(&mut cluster, SEEN);
    let alone = || with(deployment("shop"), json!({"spec": {"replicas": 1}}));
    // The path is edited, and in the meantime a service has left it by itself.
    let mut cluster = started(&stricter(None), 2, Some(before.clone()));
    cluster.put(alone());
    let status = planned(&mut cluster, EDITED);
    let (_, message) = announced(&status);
    assert!(message.contains("made 1 service deviate"), "{message}");
    // Without an edit there is nothing to say.
    let mut cluster = started(&web_path(), 1, Some(before));
    cluster.put(alone());
    let status = planned(&mut cluster, EDITED);
    assert_eq!(announced(&status).0, "NothingAnnounced");
}

/// Services that are on the path by the steps of 90 days and more, and how many steps are newer.
fn like_for_like(cluster: &Cluster, at: Timestamp) -> (usize, usize) {
    let tally = Tally::of(&cluster.0, &AsOf::new(at), &Register::default());
    let path = &tally.paths["web"];
    (path.like_for_like.part, path.newer_steps)
}

#[test]
fn a_new_step_is_new_for_90_days_whenever_the_operator_restarts() {
    let status = after_edit(&web_path(), &stricter(None), Process::IsAway);
    let settled = instant("2026-06-30T00:00:00Z");
    for (at, expected) in [
        ("2026-04-01T00:00:01Z", (2, 1)),
        ("2026-06-29T23:59:59Z", (2, 1)),
        // 90 days after it was first seen, the step counts as the others do.
        ("2026-06-30T00:00:00Z", (0, 0)),
    ] {
        let cluster = started(&stricter(None), 2, Some(status.clone()));
        assert_eq!(like_for_like(&cluster, instant(at)), expected, "{at}");
    }
    let cluster = started(&stricter(None), 2, Some(status));
    let path = cluster.0.paths().iter().next().unwrap();
    let wakes = path.next_change(instant("2026-06-29T00:00:00Z"));
    assert_eq!(wakes, Some(settled));

    // Before any status tells of it, too.
    let mut cluster = started(&web_path(), 1, None);
    let before = planned(&mut cluster, SEEN);
    let cluster = started(&stricter(None), 2, Some(before));
    assert_eq!(like_for_like(&cluster, instant(EDITED)), (2, 1));
    // The steps that a path begins with are not new.
    let cluster = started(&stricter(None), 1, None);
    assert_eq!(like_for_like(&cluster, instant(EDITED)), (0, 0));
}

#[test]
fn a_step_that_is_brought_forward_comes_without_notice() {
    let mut cluster = started(&stricter(Some("2026-07-01T00:00:00Z")), 1, None);
    let before = planned(&mut cluster, SEEN);
    for (at, reason) in [
        (EDITED, "EditedWithoutNotice"),
        // The date is removed when it has passed.
        ("2026-07-02T00:00:00Z", "NothingAnnounced"),
    ] {
        let mut cluster = started(&stricter(None), 2, Some(before.clone()));
        assert_eq!(announced(&planned(&mut cluster, at)).0, reason, "{at}");
    }
}
