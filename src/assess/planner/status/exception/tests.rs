//! Conditions and fields of an exception's status for each finding, and that equal findings change
//! nothing.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::Instant;

use super::{ExceptionFindings, PathFound, UnknownName, exception_status};
use crate::api::condition::{
    APPROVED, CHECKS_KNOWN, IN_USE, NEEDED, PATH_FOUND, READY, REVIEW_CURRENT, STALLED,
    WAITS_FOR_KNOWN, stored,
};
use crate::api::deviation_exception::{BoundTo, Decision, Notified};
use crate::api::golden_path::ExceptionPolicy;
use crate::api::{DeviationException, DeviationExceptionSpec, DeviationExceptionStatus};
use crate::assess::exception::assurance::{Assurance, Doubt, Gap, Vouching, assurance};
use crate::assess::exception::fixtures::{
    approval, approved, closed, day, renewal_requested, renewed, requested, self_declare_policy,
    start, terms,
};
use crate::assess::exception::record::Exception;
use crate::assess::exception::{Life, Terms, live};
use crate::assess::state::Phase;

pub(super) fn object(spec: DeviationExceptionSpec) -> Exception {
    let mut object = DeviationException::new("heap", spec);
    object.metadata.generation = Some(3);
    Exception::read(object, start())
}

/// An exception in use whose path, checks and workload are all there.
pub(super) fn in_use(life: Life) -> ExceptionFindings {
    ExceptionFindings {
        namespace: "shop".to_owned(),
        assurance: assurance(&object(requested()), &life, Vouching::Absent(Gap::NoPolicy)),
        life,
        path_found: PathFound::Found,
        unknown_checks: Vec::new(),
        not_exemptible: Vec::new(),
        unknown_items: Vec::new(),
        shipped_item: None,
        matched: vec!["Deployment/shop".into()],
        covered_failures: 1,
        on_other_path: None,
        still_failing: Some(true),
        over_max_workloads: false,
    }
}

fn found(spec: &DeviationExceptionSpec, now: Timestamp) -> ExceptionFindings {
    let policy = ExceptionPolicy::default();
    in_use(live(spec, start(), &terms(&policy), now))
}

fn status(spec: &DeviationExceptionSpec, now: Timestamp) -> DeviationExceptionStatus {
    exception_status(&object(spec.clone()), &found(spec, now), now)
}

/// The status of an approved exception, with one finding changed.
fn status_when(change: impl FnOnce(&mut ExceptionFindings)) -> DeviationExceptionStatus {
    let mut findings = found(&approved(), day(1));
    change(&mut findings);
    exception_status(&object(approved()), &findings, day(1))
}

fn condition<'a>(status: &'a DeviationExceptionStatus, kind: &str) -> &'a Condition {
    let mut all = status.conditions.iter();
    all.find(|condition| condition.type_ == kind).unwrap()
}

fn status_and_reason(status: &DeviationExceptionStatus, kind: &str) -> (String, String) {
    let condition = condition(status, kind);
    (condition.status.clone(), condition.reason.clone())
}

fn pair(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

fn rejected() -> DeviationExceptionSpec {
    DeviationExceptionSpec {
        approval: Some(approval(Decision::Rejected, start())),
        ..requested()
    }
}

/// One exception for each phase, and an instant in that phase.
fn each_phase() -> [(Phase, DeviationExceptionSpec, Timestamp); 7] {
    let ended = DeviationExceptionSpec {
        reviews: vec![closed(day(5))],
        ..approved()
    };
    [
        (Phase::Pending, requested(), day(1)),
        (Phase::Active, approved(), day(1)),
        (Phase::ReviewDue, approved(), day(80)),
        (Phase::ReviewOverdue, approved(), day(100)),
        (Phase::Expired, approved(), day(130)),
        (Phase::Rejected, rejected(), day(1)),
        (Phase::Closed, ended, day(6)),
    ]
}

#[test]
fn exception_stays_ready_in_every_phase() {
    for (phase, spec, now) in each_phase() {
        let status = status(&spec, now);
        assert_eq!(status.phase.as_deref(), Some(phase.as_str()));
        assert_eq!(
            status_and_reason(&status, READY),
            pair("True", "Read"),
            "{phase:?}"
        );
        assert!(status.conditions.iter().all(|c| c.type_ != STALLED));
        assert_eq!(status.observed_generation, Some(3));
    }
}

#[test]
fn review_is_current_until_it_is_missed() {
    for ((_, spec, now), expected) in each_phase().into_iter().zip([
        pair("Unknown", "Pending"),
        pair("True", "Current"),
        pair("True", "ReviewDue"),
        pair("False", "ReviewOverdue"),
        pair("False", "Expired"),
        pair("Unknown", "Rejected"),
        pair("Unknown", "Closed"),
    ]) {
        assert_eq!(
            status_and_reason(&status(&spec, now), REVIEW_CURRENT),
            expected
        );
    }
}

#[test]
fn approved_gives_the_assurance_as_its_reason() {
    let free = ExceptionPolicy {
        require_approval: false,
        ..ExceptionPolicy::default()
    };
    let default = ExceptionPolicy::default();
    for (spec, policy, expected) in [
        (approved(), &default, pair("True", "Unverified")),
        (
            requested(),
            &self_declare_policy(),
            pair("True", "SelfDeclared"),
        ),
        (requested(), &free, pair("True", "NotRequired")),
        (requested(), &default, pair("False", "Pending")),
        (rejected(), &free, pair("False", "Rejected")),
    ] {
        let findings = in_use(live(&spec, start(), &terms(policy), day(1)));
        let status = exception_status(&object(spec), &findings, day(1));
        assert_eq!(status_and_reason(&status, APPROVED), expected);
    }
}

/// Reason and message of a renewed approval with this assurance.
fn renewed_with(assurance: Assurance) -> (String, String) {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(20))],
        ..approved()
    };
    let findings = ExceptionFindings {
        assurance,
        ..found(&spec, day(21))
    };
    let status = exception_status(&object(spec), &findings, day(21));
    let approved = condition(&status, APPROVED);
    (approved.reason.clone(), approved.message.clone())
}

#[test]
fn an_approval_gives_its_assurance_and_the_next_step() {
    let (reason, message) = renewed_with(Assurance::Verified);
    assert_eq!(reason, "Verified");
    let who = "by ada on 1 Jan 2026, renewed by ada on 21 Jan 2026. The API server verified";
    assert!(message.contains(who), "{message}");
    let no_policy = Doubt::NoPolicy(Gap::NoPolicy);
    let younger = Doubt::OlderThanPolicy(day(30));
    for (doubt, words) in [
        (Doubt::Offline, "read from a file"),
        (no_policy, "there is no policy. Next, for the platform"),
        (younger, "since 2026-01-31T00:00:00Z. The next renewal"),
        (Doubt::DatedAhead, "Next: remove spec.approval and request"),
        (Doubt::NoStatusYet, "The operator has not checked yet"),
    ] {
        let (reason, message) = renewed_with(Assurance::Unverified(doubt));
        assert_eq!(reason, "Unverified");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn the_message_of_an_approval_stays_while_the_policy_is_unknown() {
    let mut exception = object(approved());
    let doubted = |assurance| ExceptionFindings {
        assurance,
        ..found(&approved(), day(1))
    };
    let older = doubted(Assurance::Unverified(Doubt::OlderThanPolicy(day(30))));
    let before = exception_status(&exception, &older, day(1));
    exception.status = Some(before.clone());
    let unknown = doubted(Assurance::Unverified(Doubt::AsWritten));
    assert_eq!(exception_status(&exception, &unknown, day(2)), before);
}

#[test]
fn a_rejection_gives_approver_reason_and_next_step() {
    let mut spec = rejected();
    spec.approval.as_mut().unwrap().note = Some("Use the\nlarge profile.".into());
    let status = status(&spec, day(1));
    let message = &condition(&status, APPROVED).message;
    assert!(message.starts_with("Rejected by ada on 1 Jan 2026 (“Use the large profile.”)."));
    assert!(message.contains("Next: change the request"), "{message}");
}

#[test]
fn a_decision_dated_in_the_future_is_named_in_approved() {
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(365))),
        ..requested()
    };
    let status = status(&spec, day(1));
    let approved = condition(&status, APPROVED);
    assert_eq!(approved.reason, "Pending");
    assert!(
        approved.message.contains("2027-01-01T00:00:00Z"),
        "{}",
        approved.message
    );
}

#[test]
fn a_changed_workload_differs_from_a_missed_review() {
    let spec = DeviationExceptionSpec {
        bound_to: Some(BoundTo {
            template_hash: format!("v1:{}", "0".repeat(64)),
        }),
        ..approved()
    };
    let policy = ExceptionPolicy::default();
    let changed = Terms {
        bound_to_matches: false,
        ..terms(&policy)
    };
    for (now, reason) in [(day(10), "TemplateChanged"), (day(90), "ReviewOverdue")] {
        let findings = in_use(live(&spec, start(), &changed, now));
        let status = exception_status(&object(spec.clone()), &findings, now);
        assert_eq!(
            status_and_reason(&status, REVIEW_CURRENT),
            pair("False", reason)
        );
    }
}

#[test]
fn an_open_renewal_request_is_the_platform_teams_turn() {
    let spec = DeviationExceptionSpec {
        renewal: Some(renewal_requested(day(95))),
        ..approved()
    };
    let status = status(&spec, day(100));
    let message = &condition(&status, REVIEW_CURRENT).message;
    assert!(message.contains("the platform team decides"), "{message}");
}

#[test]
fn a_review_at_or_after_the_expiry_is_not_mentioned() {
    for (end, words) in [
        (day(40), "Expires on 10 Feb 2026. "),
        (day(90), "Expires on 1 Apr 2026. "),
        (day(91), "Review due on 1 Apr 2026, expires on 2 Apr 2026. "),
    ] {
        let spec = DeviationExceptionSpec {
            expires_at: Some(Instant(end)),
            ..approved()
        };
        let status = status(&spec, day(1));
        let message = &condition(&status, REVIEW_CURRENT).message;
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn an_unknown_check_gets_a_suggestion() {
    let spec = DeviationExceptionSpec {
        checks: vec!["limit".into(), "probes".into()],
        ..approved()
    };
    let mut findings = found(&spec, day(1));
    findings.unknown_checks = vec![UnknownName {
        name: "limit".into(),
        nearest: Some("limits".into()),
    }];
    let status = exception_status(&object(spec), &findings, day(1));
    assert_eq!(
        status_and_reason(&status, CHECKS_KNOWN),
        pair("False", "UnknownCheck")
    );
    let message = &condition(&status, CHECKS_KNOWN).message;
    assert!(message.starts_with("unknown check 'limit': did you mean 'limits'? Next: "));
    // The check it does know still counts.
    assert_eq!(status_and_reason(&status, READY), pair("True", "Read"));
}

#[test]
fn a_check_that_allows_no_exception_is_reported() {
    let spec = DeviationExceptionSpec {
        checks: vec!["limits".into(), "non-root".into()],
        ..approved()
    };
    let mut findings = found(&spec, day(1));
    findings.not_exemptible = vec!["non-root".into()];
    let status = exception_status(&object(spec), &findings, day(1));
    assert_eq!(
        status_and_reason(&status, CHECKS_KNOWN),
        pair("False", "NotExemptible")
    );
}

#[test]
fn only_an_exception_that_can_cover_nothing_is_stalled() {
    let no_check = status_when(|findings| findings.not_exemptible = vec!["limits".into()]);
    let no_path = status_when(|findings| {
        findings.path_found = PathFound::Missing {
            nearest: Some("web-service".into()),
        };
    });
    for (status, reason) in [(no_check, "NoCheckUsable"), (no_path, "PathNotFound")] {
        assert_eq!(status_and_reason(&status, READY), pair("False", reason));
        assert_eq!(status_and_reason(&status, STALLED), pair("True", reason));
    }
}

#[test]
fn a_path_is_found_by_either_name_missing_with_a_hint_or_deleted() {
    let with = |path_found| status_when(|findings| findings.path_found = path_found);
    let renamed = with(PathFound::FormerName("web-service".into()));
    assert_eq!(
        status_and_reason(&renamed, PATH_FOUND),
        pair("True", "FormerName")
    );
    assert_eq!(status_and_reason(&renamed, IN_USE), pair("True", "InUse"));

    let missing = with(PathFound::Missing {
        nearest: Some("webs".into()),
    });
    let message = &condition(&missing, PATH_FOUND).message;
    assert!(message.starts_with("unknown path 'web': did you mean 'webs'? Next: "));
    assert_eq!(
        status_and_reason(&missing, CHECKS_KNOWN),
        pair("Unknown", "PathNotFound")
    );

    let deleted = with(PathFound::Deleted);
    assert_eq!(
        status_and_reason(&deleted, PATH_FOUND),
        pair("False", "Deleted")
    );
    assert_eq!(status_and_reason(&deleted, READY), pair("True", "Read"));
    assert_eq!(deleted.phase.as_deref(), Some("Active"));
    assert_eq!(
        status_and_reason(&deleted, NEEDED),
        pair("Unknown", "NotInUse")
    );
}

#[test]
fn a_path_that_was_found_once_is_reported_as_deleted() {
    let mut object = object(approved());
    object.status = Some(status(&approved(), day(1)));
    let mut findings = found(&approved(), day(2));
    findings.path_found = PathFound::Missing { nearest: None };
    for now in [day(2), day(3)] {
        let status = exception_status(&object, &findings, now);
        assert_eq!(
            status_and_reason(&status, PATH_FOUND),
            pair("False", "Deleted")
        );
        assert_eq!(status_and_reason(&status, READY), pair("True", "Read"));
        object.status = Some(status);
    }
    // A new spec is judged anew.
    object.generation = Some(4);
    let status = exception_status(&object, &findings, day(4));
    assert_eq!(
        status_and_reason(&status, PATH_FOUND),
        pair("False", "NotFound")
    );
}

#[test]
fn exception_without_a_workload_on_its_path_is_not_in_use() {
    let gone = status_when(|findings| findings.matched.clear());
    assert_eq!(status_and_reason(&gone, IN_USE), pair("False", "NoTarget"));
    assert_eq!(
        status_and_reason(&gone, NEEDED),
        pair("Unknown", "NotInUse")
    );

    let moved = status_when(|findings| findings.on_other_path = Some("batch".into()));
    assert_eq!(
        status_and_reason(&moved, IN_USE),
        pair("False", "OtherPath")
    );
    assert!(condition(&moved, IN_USE).message.contains("'batch'"));
}

#[test]
fn exception_whose_workloads_pass_is_no_longer_needed() {
    let needed = |still_failing| {
        let status = status_when(|findings| findings.still_failing = Some(still_failing));
        status_and_reason(&status, NEEDED)
    };
    assert_eq!(needed(true), pair("True", "StillFailing"));
    assert_eq!(needed(false), pair("False", "TargetsPass"));
}

#[test]
fn long_lists_are_cut_and_counted() {
    let matched: Vec<String> = (10..40).map(|n| format!("Deployment/shop-{n}")).collect();
    let status = status_when(|findings| findings.matched = matched);
    assert_eq!((status.matched.len(), status.matched_count), (20, Some(30)));
    assert_eq!(
        condition(&status, IN_USE).message,
        "Matches Deployment/shop-10, Deployment/shop-11, Deployment/shop-12 (27 more). Nothing to \
         do."
    );
}

#[test]
fn workloads_beyond_max_workloads_are_reported() {
    let spec = DeviationExceptionSpec {
        max_workloads: Some(2),
        ..approved()
    };
    let mut findings = found(&spec, day(1));
    findings.over_max_workloads = true;
    let status = exception_status(&object(spec), &findings, day(1));
    assert!(
        condition(&status, IN_USE)
            .message
            .contains("to the 2 oldest")
    );
}

#[test]
fn reminders_already_sent_stay_on_record() {
    let sent = vec![Notified {
        stage: "ReviewDue".into(),
        decision_at: Instant(start()),
        sent_at: Instant(day(76)),
        key: None,
    }];
    let mut object = object(approved());
    object.status = Some(DeviationExceptionStatus {
        notified: sent.clone(),
        ..DeviationExceptionStatus::default()
    });
    let status = exception_status(&object, &found(&approved(), day(80)), day(80));
    assert_eq!(status.notified, sent);
}

#[test]
fn condition_keeps_its_transition_time_until_it_flips() {
    let mut object = object(approved());
    object.status = Some(status(&approved(), day(1)));
    let later = exception_status(&object, &found(&approved(), day(95)), day(95));
    assert_eq!(condition(&later, READY).last_transition_time.0, day(1));
    assert_eq!(
        condition(&later, REVIEW_CURRENT).last_transition_time.0,
        day(95)
    );
}

#[test]
fn an_unknown_roadmap_item_gets_a_suggestion_and_costs_the_exception_nothing() {
    let spec = DeviationExceptionSpec {
        waits_for: vec!["managed-postgre".into(), "managed-kafka".into()],
        ..approved()
    };
    let mut findings = found(&spec, day(1));
    let known = exception_status(&object(spec.clone()), &findings, day(1));
    assert_eq!(
        status_and_reason(&known, WAITS_FOR_KNOWN),
        pair("True", "Known")
    );
    findings.unknown_items = vec![UnknownName {
        name: "managed-postgre".into(),
        nearest: Some("managed-postgres".into()),
    }];
    let status = exception_status(&object(spec), &findings, day(1));
    assert_eq!(
        status_and_reason(&status, WAITS_FOR_KNOWN),
        pair("False", "UnknownItem")
    );
    let message = &condition(&status, WAITS_FOR_KNOWN).message;
    let words = "unknown roadmap item 'managed-postgre': did you mean 'managed-postgres'? Next: ";
    assert!(message.starts_with(words), "{message}");
    assert_helps(message);
    assert_eq!(status_and_reason(&status, READY), pair("True", "Read"));
    // Without waitsFor there is no such condition.
    let without = status_when(|_| {});
    let kinds = without.conditions.iter().map(|condition| &condition.type_);
    assert!(kinds.into_iter().all(|kind| kind != WAITS_FOR_KNOWN));
}

#[test]
fn a_shipped_item_offers_to_close_the_exception() {
    let spec = DeviationExceptionSpec {
        waits_for: vec!["managed-postgres".into()],
        ..approved()
    };
    let mut findings = found(&spec, day(1));
    findings.shipped_item = Some("managed-postgres".into());
    let status = exception_status(&object(spec), &findings, day(1));
    assert_eq!(
        status_and_reason(&status, WAITS_FOR_KNOWN),
        pair("True", "ItemShipped")
    );
    let message = &condition(&status, WAITS_FOR_KNOWN).message;
    assert!(message.contains("goldenpath close"), "{message}");
    assert_helps(message);
}

#[test]
fn every_message_gives_a_next_step_without_blame() {
    let changes: [fn(&mut ExceptionFindings); 7] = [
        |_| {},
        |f| f.path_found = PathFound::Missing { nearest: None },
        |f| f.path_found = PathFound::Deleted,
        |f| f.path_found = PathFound::FormerName("web-service".into()),
        |f| f.not_exemptible = vec!["limits".into()],
        |f| f.matched.clear(),
        |f| f.still_failing = Some(false),
    ];
    for (_, spec, now) in each_phase() {
        for change in changes {
            let mut findings = found(&spec, now);
            change(&mut findings);
            let status = exception_status(&object(spec.clone()), &findings, now);
            for condition in status.conditions {
                assert_helps(&condition.message);
            }
        }
    }
}

/// Asserts that a message has a next step, no blaming word, and fits into a condition.
pub(in crate::assess::planner::status) fn assert_helps(message: &str) {
    let lower = message.to_lowercase();
    for word in ["violat", "complian", "illegal", "invalid", "fail", "error"] {
        assert!(!lower.contains(word), "'{word}' in: {message}");
    }
    let gives_a_step = ["Next", "othing", "Waiting"]
        .iter()
        .any(|word| message.contains(word));
    assert!(gives_a_step, "no next step in: {message}");
    assert!(message.chars().count() <= 1_024);
}

#[test]
fn fractions_of_a_second_are_not_stored() {
    let end: Timestamp = "2026-03-01T12:00:00.75Z".parse().unwrap();
    let spec = DeviationExceptionSpec {
        expires_at: Some(Instant(end)),
        ..approved()
    };
    assert_eq!(status(&spec, day(1)).effective_expiry, Some(stored(end)));
}
