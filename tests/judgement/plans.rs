//! Planned writes: one for each difference between stored and wanted, and none at rest.

use goldenpath::assess::namespace_index::KubeService;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::state::{Cause, Standing, State, Status};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, instant, now, stricter, web_path, with};

fn deviating(name: &str) -> Value {
    with(deployment(name), json!({"spec": {"replicas": 1}}))
}

#[test]
fn applied_plan_leaves_an_empty_plan() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web")).put(deviating("api"));
    assert_eq!(cluster.apply(now()).labels.len(), 2);
    let again = cluster.apply(now());
    assert!(again.labels.is_empty() && again.transitions.is_empty());
    cluster.put(deployment("web")); // a watch event that still shows the old labels
    assert_eq!(
        cluster.apply(now()).labels.len(),
        1,
        "and one that does is answered"
    );
}

#[test]
fn labels_hold_status_path_and_standing() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web")).put(deviating("api"));
    cluster.apply(now());
    let text: Vec<_> = cluster
        .labels()
        .into_iter()
        .map(|(id, labels)| format!("{id} {labels:?}"))
        .collect();
    assert_eq!(
        text,
        [
            r#"shop/Deployment/api [("goldenpath.dev/status", "deviating"), ("goldenpath.dev/evaluated-path", "web"), ("goldenpath.dev/deviation", "undocumented")]"#,
            r#"shop/Deployment/web [("goldenpath.dev/status", "golden-path"), ("goldenpath.dev/evaluated-path", "web")]"#,
        ]
    );
}

#[test]
fn labels_of_a_workload_no_path_is_for_are_removed() {
    let mut cluster = Cluster::new(Settings::default());
    let labels = json!({"metadata": {"labels": {"goldenpath.dev/status": "golden-path", "goldenpath.dev/evaluated-path": "gone"}}});
    cluster.put(with(deployment("web"), labels));
    let plan = cluster.apply(now());
    assert_eq!(plan.labels[0].wanted.present().count(), 0);
    assert!(cluster.apply(now()).labels.is_empty());
}

#[test]
fn first_sight_is_no_transition_but_a_change_during_an_absence_is() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deviating("new"));
    let labels = json!({"metadata": {"labels": {"goldenpath.dev/status": "golden-path", "goldenpath.dev/evaluated-path": "web"}}});
    cluster.put(with(deviating("known"), labels));
    let plan = cluster.apply(now());
    let transition: Vec<_> = plan
        .transitions
        .iter()
        .map(|transition| (&*transition.id.name, transition.from, transition.to))
        .collect();
    assert_eq!(
        transition,
        [(
            "known",
            State::GoldenPath,
            State::Deviating(Standing::Undocumented)
        )]
    );
}

#[test]
fn transition_has_its_cause() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    cluster.apply(now());
    let transition = |cluster: &mut Cluster| {
        let plan = cluster.apply(now());
        let [transition] = plan.transitions.as_slice() else {
            panic!("one transition, got {:?}", plan.transitions)
        };
        (transition.to.as_str(), transition.cause)
    };
    cluster.put(deviating("web"));
    assert_eq!(transition(&mut cluster), ("undocumented", Cause::Workload));
    cluster.put_exception(exception("licence"));
    assert_eq!(transition(&mut cluster), ("documented", Cause::Exception));
    cluster.0.remove_exception("shop", "licence");
    assert_eq!(transition(&mut cluster), ("undocumented", Cause::Exception));
    let lenient =
        json!({"checks": [{"name": "replicas", "expression": "object.spec.replicas >= 1"}]});
    let _ = cluster.put_path("web", with(web_path(), lenient));
    cluster.put(deviating("web"));
    assert_eq!(transition(&mut cluster), ("golden-path", Cause::Path));
}

#[test]
fn one_write_at_a_time_and_the_latest_verdict_wins() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let first = cluster.plan(now(), 10);
    cluster.put(deviating("web"));
    assert!(
        cluster.plan(now(), 10).labels.is_empty(),
        "a write is under way"
    );
    cluster.ended(&first.labels[0], WriteResult::Landed(Some(6)), now());
    let second = cluster.plan(now(), 10);
    assert_eq!(second.labels[0].wanted.status.as_deref(), Some("deviating"));
}

#[test]
fn event_older_than_our_own_write_does_not_make_us_write_again() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let plan = cluster.plan(now(), 10);
    cluster.ended(&plan.labels[0], WriteResult::Landed(Some(20)), now());
    cluster.put(with(
        deployment("web"),
        json!({"metadata": {"resourceVersion": "19"}}),
    ));
    assert!(cluster.apply(now()).labels.is_empty());
}

#[test]
fn failed_write_is_tried_again_after_a_pause() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let plan = cluster.plan(now(), 10);
    cluster.ended(&plan.labels[0], WriteResult::Failed, now());
    assert!(cluster.plan(now(), 10).labels.is_empty());
    let later = now() + SignedDuration::from_secs(1);
    assert!(cluster.has_work(later));
    assert_eq!(cluster.plan(later, 10).labels.len(), 1);
}

#[test]
fn labels_somebody_keeps_taking_are_reported_and_backed_off() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    cluster.apply(now());
    for _ in 0..50 {
        cluster.put(with(
            deployment("web"),
            json!({"metadata": {"labels": {"goldenpath.dev/status": "splendid"}}}),
        ));
        cluster.apply(now());
    }
    assert!(
        (2..=3).contains(&cluster.1.label_conflicts()),
        "{}",
        cluster.1.label_conflicts()
    );
    let later = now() + SignedDuration::from_secs(400);
    assert_eq!(
        cluster.apply(later).labels.len(),
        1,
        "and in the end it is taken back"
    );
}

#[test]
fn with_labels_off_nothing_is_written_and_changes_are_still_told() {
    let mut cluster = Cluster::new(Settings {
        labels: false,
        ..Settings::default()
    });
    let _ = cluster.put_path("web", web_path());
    cluster.put(deployment("web"));
    assert!(cluster.apply(now()).labels.is_empty());
    cluster.put(deviating("web"));
    let plan = cluster.apply(now());
    assert_eq!((plan.labels.len(), plan.transitions.len()), (0, 1));
}

fn service(selector: &Value, live: Option<&str>) -> KubeService {
    let labels = live.map_or(json!({}), |live| json!({"goldenpath.dev/status": live}));
    KubeService::read(
        &json!({"metadata": {"uid": "s", "labels": labels}, "spec": {"selector": selector}}),
    )
}

#[test]
fn kubernetes_service_takes_the_worst_status_of_the_workloads_it_selects() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web")).put(deviating("api"));
    cluster
        .0
        .put_service("shop", "both", service(&json!({"app": "web"}), None));
    cluster.0.put_service(
        "shop",
        "one",
        service(&json!({"app": "api"}), Some("deviating")),
    );
    cluster.0.put_service(
        "shop",
        "none",
        service(&json!({"app": "db"}), Some("golden-path")),
    );
    cluster
        .0
        .put_service("shop", "selectorless", service(&Value::Null, None));
    let plan = cluster.plan_services(now(), 10);
    let wanted: Vec<_> = plan
        .iter()
        .map(|write| (&*write.name, write.wanted))
        .collect();
    assert_eq!(wanted, [("both", Some(Status::GoldenPath)), ("none", None)]);
    for write in &plan {
        cluster.service_ended(write, WriteResult::Landed(None), now());
    }
    assert!(cluster.plan_services(now(), 10).is_empty());
}

#[test]
fn an_edit_of_a_path_says_how_many_services_it_made_deviate_at_once() {
    let mut cluster = Cluster::with_web_path();
    let put_all = |cluster: &mut Cluster| {
        let alone = with(deployment("worker"), json!({"spec": {"replicas": 1}}));
        for object in [deployment("api"), deployment("shop"), alone] {
            cluster.put(object);
        }
    };
    let announced = |cluster: &mut Cluster, at: &str| {
        let status = cluster.store_path_status("web", instant(at))?;
        let mut conditions = status.conditions.into_iter();
        let found = conditions.find(|condition| condition.type_ == "Announced")?;
        Some((found.reason, found.message))
    };
    let reason = |found: Option<(String, String)>| found.map(|(reason, _)| reason);
    put_all(&mut cluster);
    let before = announced(&mut cluster, "2026-03-01T00:00:00Z");
    assert_eq!(reason(before).as_deref(), Some("NothingAnnounced"));

    let _ = cluster.put_path("web", stricter(None));
    let half_way = announced(&mut cluster, "2026-03-01T00:01:00Z");
    assert_eq!(reason(half_way).as_deref(), Some("NothingAnnounced"));
    put_all(&mut cluster);
    let (reason_then, message) = announced(&mut cluster, "2026-03-01T00:02:00Z").unwrap();
    assert_eq!(reason_then, "EditedWithoutNotice");
    assert!(
        message.contains("made 2 services deviate at once. Next: set enforceFrom"),
        "{message}"
    );
    // A later change by a team is not an edit of the path.
    cluster.put(deployment("late"));
    let later = announced(&mut cluster, "2026-03-01T00:03:00Z");
    assert!(later.is_none_or(|(_, said)| said == message));

    let _ = cluster.put_path("web", stricter(Some("2026-06-01T00:00:00Z")));
    put_all(&mut cluster);
    cluster.put(deployment("late"));
    let ahead = announced(&mut cluster, "2026-03-01T00:04:00Z");
    assert_eq!(reason(ahead).as_deref(), Some("ChecksAnnounced"));
}
