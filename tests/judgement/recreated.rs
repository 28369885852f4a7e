//! Exceptions that are deleted and created again under the same name.

use std::collections::HashSet;

use goldenpath::api::DeviationException;
use goldenpath::api::DeviationExceptionStatus;
use goldenpath::assess::exception::record::Exception;
use goldenpath::assess::inventory::lists::Listed;
use goldenpath::assess::inventory::recreation::Recreated;
use goldenpath::assess::object::undecodable::Undecodable;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::planner::statuses::StatusWrite;
use goldenpath::assess::state::{Phase, Standing};
use goldenpath::assess::verdict::AsOf;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, now, web_path, with};

/// A deviating workload, and a path whose teams declare deviations alone and renew them once.
fn trusting() -> Cluster {
    let mut cluster = Cluster::with_web_path();
    let limits = json!({"exceptionPolicy": {"selfDeclare":
        {"maxSeverity": "high", "maxDuration": "300d", "maxRenewals": 1}}});
    let _ = cluster.put_path("web", with(web_path(), limits));
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    cluster
}

/// A request for the workload, as the object with this uid.
fn asked(uid: &str, spec: &Value) -> Value {
    let asked = with(exception("licence"), json!({"spec": {"approval": null}}));
    with(asked, json!({"metadata": {"uid": uid}, "spec": spec}))
}

fn put(cluster: &mut Cluster, object: Value) -> Option<Recreated> {
    let object: DeviationException = serde_json::from_value(object).unwrap();
    let exception = Exception::read(object, Timestamp::MIN);
    cluster.0.put_exception("shop", exception)
}

fn delete(cluster: &mut Cluster) {
    assert!(
        cluster
            .0
            .forget_exception("shop", "licence", now())
            .is_some()
    );
}

fn phase(cluster: &Cluster) -> Phase {
    let as_of = AsOf::new(now());
    let ns = cluster.0.namespace("shop").unwrap();
    let exception = ns.exception("licence").unwrap();
    cluster.0.judge_context(&as_of).life(ns, exception).phase
}

fn renewed(at: &str) -> Value {
    json!({"reviews": [{"by": "sam", "at": at, "outcome": "Renewed"}]})
}

fn rejected() -> Value {
    json!({"approval": {"decision": "Rejected", "by": "ann", "at": "2026-05-20T00:00:00Z"}})
}

/// Plans and writes the status, and returns it.
fn status(cluster: &mut Cluster, at: Timestamp) -> DeviationExceptionStatus {
    let [write]: [StatusWrite<_>; 1] = cluster.plan_statuses(at).exceptions.try_into().unwrap();
    let written = write.status.clone();
    cluster.exception_ended(write, WriteResult::Landed(None), at);
    written
}

#[test]
fn creating_it_again_gives_no_renewals_back() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &renewed("2026-05-20T00:00:00Z")));
    assert_eq!(phase(&cluster), Phase::Active);
    delete(&mut cluster);
    let again = put(&mut cluster, asked("two", &json!({}))).expect("it is created again");
    assert_eq!((again.previous.times, again.previous.renewals), (1, 2));
    assert_eq!(again.replaced, None);
    assert_eq!(phase(&cluster), Phase::Pending);
    assert_eq!(cluster.verdict("web").standing, Some(Standing::Pending));

    // Another round adds to it.
    delete(&mut cluster);
    let again = put(&mut cluster, asked("three", &json!({}))).unwrap();
    assert_eq!((again.previous.times, again.previous.renewals), (2, 2));
}

fn spoil(cluster: &mut Cluster, uid: &str) {
    let object = json!({"metadata": {"uid": uid, "generation": 2}});
    let object = Undecodable::read(&object, "spec.renewal: no date");
    cluster
        .0
        .put_undecodable_exception("shop", "licence", object, now());
}

/// Under a looser definition a requester can make an exception undecodable, and then delete it.
#[test]
fn making_it_undecodable_first_gives_no_renewals_back() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &renewed("2026-05-20T00:00:00Z")));
    spoil(&mut cluster, "one");
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::Undocumented)
    );
    assert!(
        cluster
            .0
            .forget_exception("shop", "licence", now())
            .is_none()
    );
    let again = put(&mut cluster, asked("two", &json!({}))).expect("it is created again");
    assert_eq!((again.previous.times, again.previous.renewals), (1, 2));
    assert_eq!(phase(&cluster), Phase::Pending);
}

#[test]
fn repairing_an_undecodable_exception_is_no_new_one_and_undoes_no_rejection() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    spoil(&mut cluster, "one");
    assert_eq!(put(&mut cluster, asked("one", &json!({}))), None);
    // It waits for a decision, and is not self-declared again.
    assert_eq!(phase(&cluster), Phase::Pending);
}

/// A self-declared exception that is created again would go on for another period.
#[test]
fn creating_it_again_is_a_renewal() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &json!({})));
    for (uid, expected) in [("two", Phase::Active), ("three", Phase::Pending)] {
        delete(&mut cluster);
        assert!(put(&mut cluster, asked(uid, &json!({}))).is_some());
        assert_eq!(phase(&cluster), expected, "{uid}");
    }
}

#[test]
fn creating_it_again_does_not_undo_a_rejection() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    assert_eq!(phase(&cluster), Phase::Rejected);
    delete(&mut cluster);
    let again = put(&mut cluster, asked("two", &json!({}))).unwrap();
    assert!(again.previous.rejected_at.is_some());
    assert_eq!(phase(&cluster), Phase::Pending);
    let written = status(&mut cluster, now());
    assert_eq!(written.phase.as_deref(), Some("Pending"));
    assert_eq!(written.previous, Some(again.previous));
    // An approver decides, as about any request.
    let approved =
        json!({"approval": {"decision": "Approved", "by": "ann", "at": "2026-05-21T00:00:00Z"}});
    assert!(put(&mut cluster, asked("two", &approved)).is_none());
    assert_eq!(phase(&cluster), Phase::Active);
}

/// The watch may miss the deletion: a list shows another object of the same name.
#[test]
fn a_replacement_whose_deletion_was_not_seen_is_a_deletion() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    let again = put(&mut cluster, asked("two", &json!({}))).unwrap();
    assert_eq!(
        again.replaced.and_then(|gone| gone.uid).as_deref(),
        Some("one")
    );
    assert_eq!(phase(&cluster), Phase::Pending);
}

#[test]
fn what_a_list_no_longer_holds_is_remembered_too() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    let listed = HashSet::new();
    let (_, gone) = cluster.0.complete_list(&Listed::Exceptions(&listed), now());
    assert_eq!(gone.len(), 1);
    assert!(put(&mut cluster, asked("two", &json!({}))).is_some());
    assert_eq!(phase(&cluster), Phase::Pending);
    // One that a list left out by mistake is the same object as before.
    let (_, gone) = cluster.0.complete_list(&Listed::Exceptions(&listed), now());
    assert_eq!(gone.len(), 1);
    assert_eq!(put(&mut cluster, asked("two", &json!({}))), None);
    assert_eq!(phase(&cluster), Phase::Pending);
}

/// A replica that starts later reads it from the status.
#[test]
fn the_record_survives_a_restart() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    delete(&mut cluster);
    let _ = put(&mut cluster, asked("two", &json!({})));
    let written = status(&mut cluster, now());

    let mut restarted = trusting();
    let stored = with(asked("two", &json!({})), json!({ "status": written }));
    assert_eq!(put(&mut restarted, stored), None);
    assert_eq!(phase(&restarted), Phase::Pending);
    assert!(restarted.plan_statuses(now()).exceptions.is_empty());
}

#[test]
fn a_removed_rejection_stays_on_record() {
    let mut cluster = trusting();
    let _ = put(&mut cluster, asked("one", &rejected()));
    let written = status(&mut cluster, now());
    assert_eq!(written.rejected_by.as_deref(), Some("ann"));
    let at = written.rejected_at.as_ref().map(|at| at.0.to_string());
    assert_eq!(at.as_deref(), Some("2026-05-20T00:00:00Z"));

    // It is removed; a view that is older than the record does not lose it either.
    for stored in [json!(written), Value::Null] {
        let removed = with(asked("one", &json!({})), json!({ "status": stored }));
        assert_eq!(put(&mut cluster, removed), None);
        assert_eq!(phase(&cluster), Phase::Pending);
    }
    let later = now() + SignedDuration::from_secs(60);
    let again = status(&mut cluster, later);
    assert_eq!(again.rejected_at, written.rejected_at);
    let approved = again
        .conditions
        .iter()
        .find(|c| c.type_ == "Approved")
        .unwrap();
    assert_eq!((&*approved.status, &*approved.reason), ("False", "Pending"));
    assert!(
        approved
            .message
            .starts_with("Rejected by ann on 20 May 2026"),
        "{}",
        approved.message
    );
}

/// Before there is an approval policy a rejection can be written for a day to come.
#[test]
fn a_rejection_is_recorded_once_it_counts() {
    let mut cluster = trusting();
    let ahead =
        json!({"approval": {"decision": "Rejected", "by": "ann", "at": "2026-06-20T00:00:00Z"}});
    let _ = put(&mut cluster, asked("one", &ahead));
    let written = status(&mut cluster, now());
    assert_eq!(
        (written.phase.as_deref(), written.rejected_at),
        (Some("Active"), None)
    );
    let there = status(&mut cluster, "2026-06-20T00:00:00Z".parse().unwrap());
    assert_eq!(there.phase.as_deref(), Some("Rejected"));
    assert!(there.rejected_at.is_some());
}
