//! Conditions and records of a path's status, and that equal findings change nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::exception::tests::assert_helps;
use super::{NewServicesNow, NotTakingPart, PathFindings, path_status};
use crate::api::condition::{ANNOUNCED, CHECKS_VALID, READY, STALLED};
use crate::api::{GoldenPathStatus, Period};
use crate::assess::exception::fixtures::day;
use crate::assess::path::{ExpressionPlace, Invalid, Origin, Path};

/// A launched path that judges ten services.
fn takes_part() -> PathFindings {
    PathFindings {
        services: 10,
        counts: BTreeMap::from([("golden-path", 7), ("undocumented", 3)]),
        target_percent: 70,
        ..PathFindings::default()
    }
}

fn with_new_services(on_path: u32, deadline: Timestamp) -> PathFindings {
    PathFindings {
        new_services: Some(NewServicesNow {
            total: 10,
            on_path,
            births_unknown: 0,
            deadline,
        }),
        ..takes_part()
    }
}

fn status(findings: &PathFindings, now: Timestamp) -> GoldenPathStatus {
    path_status(Some(2), findings, None, now)
}

fn condition<'a>(status: &'a GoldenPathStatus, kind: &str) -> &'a Condition {
    let mut all = status.conditions.iter();
    all.find(|condition| condition.type_ == kind).unwrap()
}

fn status_and_reason(status: &GoldenPathStatus, kind: &str) -> (String, String) {
    let condition = condition(status, kind);
    (condition.status.clone(), condition.reason.clone())
}

fn pair(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

fn undeclared(place: ExpressionPlace) -> Invalid {
    Invalid {
        place,
        reason: "DoesNotCompile",
        message: "1:14: undeclared reference to 'objct'".into(),
    }
}

#[test]
fn path_that_takes_part_is_ready_and_counted() {
    let status = status(&takes_part(), day(1));
    assert_eq!(status_and_reason(&status, READY), pair("True", "TakesPart"));
    assert_eq!(
        status_and_reason(&status, CHECKS_VALID),
        pair("True", "Valid")
    );
    assert_eq!(
        status_and_reason(&status, ANNOUNCED),
        pair("False", "NothingAnnounced")
    );
    assert_eq!(status.observed_generation, Some(2));
    assert_eq!(status.services, Some(10));
    assert_eq!(status.counts["golden-path"], 7);
}

#[test]
fn a_preview_is_ready_and_gives_the_reason() {
    for (preview, words) in [
        (
            NotTakingPart::LaunchAhead(day(31)),
            "until its launch on 1 Feb 2026",
        ),
        (NotTakingPart::OnRoadmap, "set launchedAt"),
        (
            NotTakingPart::NoRequiredCheck,
            "no required check is in force",
        ),
    ] {
        let findings = PathFindings {
            preview: Some(preview),
            ..takes_part()
        };
        let status = status(&findings, day(1));
        assert_eq!(
            status_and_reason(&status, READY),
            pair("True", "NotTakingPart")
        );
        assert!(condition(&status, READY).message.contains(words));
        assert!(status.history.is_empty());
    }
}

#[test]
fn an_expression_that_cannot_be_used_is_named_with_its_place() {
    let findings = PathFindings {
        invalid: [
            ExpressionPlace::Check("limits".into()),
            ExpressionPlace::Variable("x".into()),
            ExpressionPlace::Check("a".into()),
            ExpressionPlace::Check("b".into()),
        ]
        .map(undeclared)
        .into(),
        ..takes_part()
    };
    let status = status(&findings, day(1));
    assert_eq!(
        status_and_reason(&status, CHECKS_VALID),
        pair("False", "DoesNotCompile")
    );
    let message = &condition(&status, CHECKS_VALID).message;
    assert!(message.starts_with("check 'limits': 1:14: undeclared reference to 'objct'; variable"));
    assert!(message.contains("(1 more). Next: "), "{message}");
    // The other checks still work.
    assert_eq!(status_and_reason(&status, READY), pair("True", "TakesPart"));
    assert!(status.conditions.iter().all(|c| c.type_ != STALLED));
}

#[test]
fn only_a_path_without_a_usable_check_is_stalled() {
    let findings = PathFindings {
        preview: Some(NotTakingPart::NoRequiredCheck),
        invalid: vec![undeclared(ExpressionPlace::Check("limits".into()))],
        nothing_usable: true,
        ..PathFindings::default()
    };
    let status = status(&findings, day(1));
    assert_eq!(
        status_and_reason(&status, READY),
        pair("False", "NoCheckUsable")
    );
    assert_eq!(
        status_and_reason(&status, STALLED),
        pair("True", "NoCheckUsable")
    );
}

#[test]
fn announced_checks_are_listed_by_date() {
    let findings = PathFindings {
        announced: vec![("probes".into(), day(60)), ("limits".into(), day(31))],
        ..takes_part()
    };
    let status = status(&findings, day(1));
    assert_eq!(
        status_and_reason(&status, ANNOUNCED),
        pair("True", "ChecksAnnounced")
    );
    let message = &condition(&status, ANNOUNCED).message;
    assert!(message.starts_with("'limits' counts from 1 Feb 2026; 'probes' counts from 2 Mar"));
}

#[test]
fn share_of_new_services_is_open_before_the_deadline() {
    let just_before = Period::seconds(1).before(day(90));
    let status = status(&with_new_services(9, day(90)), just_before);
    let new_services = status.new_services.unwrap();
    assert_eq!((new_services.total, new_services.on_path), (10, 9));
    assert_eq!(new_services.ratio, Some(0.9));
    assert_eq!(new_services.deadline.0, day(90));
    assert_eq!(
        (new_services.at_deadline, new_services.target_met),
        (None, None)
    );
}

#[test]
fn share_at_the_deadline_is_written_once_and_stays() {
    let at = status(&with_new_services(7, day(90)), day(90));
    let measured = at.new_services.as_ref().unwrap();
    assert_eq!(measured.target_met, Some(true));
    assert_eq!(measured.at_deadline.as_ref().unwrap().at.0, day(90));

    // A month later three have left; the record does not change.
    let later = path_status(Some(2), &with_new_services(4, day(90)), Some(&at), day(120));
    let now = later.new_services.as_ref().unwrap();
    assert_eq!(now.on_path, 4);
    assert_eq!(
        (&now.at_deadline, now.target_met),
        (&measured.at_deadline, Some(true))
    );

    // While nothing is known, nothing is forgotten.
    let unknown = path_status(Some(2), &takes_part(), Some(&later), day(121));
    assert_eq!(unknown.new_services, later.new_services);
}

#[test]
fn the_target_is_met_at_exactly_its_share_and_never_without_services() {
    let met = |total, on_path| {
        let mut findings = with_new_services(on_path, day(90));
        findings.new_services.as_mut().unwrap().total = total;
        status(&findings, day(91)).new_services.unwrap().target_met
    };
    assert_eq!(met(10, 6), Some(false));
    assert_eq!(met(10, 7), Some(true));
    assert_eq!(met(u32::MAX, u32::MAX), Some(true));
    assert_eq!(met(0, 0), None);
}

#[test]
fn a_deadline_that_the_operator_missed_gets_no_figure() {
    let late = status(&with_new_services(7, day(90)), day(92));
    let new_services = late.new_services.as_ref().unwrap();
    let record = new_services.at_deadline.as_ref().unwrap();
    assert_eq!((record.total, record.on_path), (None, None));
    assert_eq!(
        record.not_measured.as_deref(),
        Some("The operator did not run at the deadline.")
    );
    assert_eq!((record.at.0, new_services.target_met), (day(92), None));
    let later = path_status(
        Some(2),
        &with_new_services(8, day(90)),
        Some(&late),
        day(200),
    );
    assert_eq!(
        later.new_services.unwrap().at_deadline.as_ref(),
        Some(record)
    );

    // A deadline that is moved ahead is measured like any other.
    let moved = path_status(
        Some(3),
        &with_new_services(7, day(180)),
        Some(&late),
        day(100),
    );
    assert_eq!(moved.new_services.as_ref().unwrap().at_deadline, None);
    let due = path_status(
        Some(3),
        &with_new_services(7, day(180)),
        Some(&moved),
        day(180),
    );
    let new_services = due.new_services.unwrap();
    assert_eq!(new_services.target_met, Some(true));
    assert_eq!(new_services.at_deadline.unwrap().on_path, Some(7));
}

#[test]
fn a_starter_path_that_takes_services_from_launched_ones_shows_how_many() {
    let message = |launched_beside| {
        let findings = PathFindings {
            launched_beside,
            ..takes_part()
        };
        let status = status(&findings, day(1));
        assert_eq!(status_and_reason(&status, READY), pair("True", "TakesPart"));
        condition(&status, READY).message.clone()
    };
    assert!(message(0).starts_with("Launched"));
    assert!(message(3).contains("judges 3 services that a launched path would judge"));
}

#[test]
fn births_that_say_nothing_are_shown() {
    let mut findings = with_new_services(7, day(90));
    assert_eq!(
        status(&findings, day(1))
            .new_services
            .unwrap()
            .births_unknown,
        None
    );
    findings.new_services.as_mut().unwrap().births_unknown = 3;
    assert_eq!(
        status(&findings, day(1))
            .new_services
            .unwrap()
            .births_unknown,
        Some(3)
    );
}

#[test]
fn without_new_services_there_is_no_share() {
    let mut findings = with_new_services(0, day(90));
    findings.new_services.as_mut().unwrap().total = 0;
    assert_eq!(status(&findings, day(1)).new_services.unwrap().ratio, None);
}

#[test]
fn a_moved_deadline_reopens_the_measurement_and_keeps_the_record() {
    let at = status(&with_new_services(7, day(90)), day(90));
    let moved = path_status(Some(3), &with_new_services(7, day(180)), Some(&at), day(91));
    let new_services = moved.new_services.unwrap();
    assert_eq!(new_services.target_met, None);
    assert_eq!(
        new_services.at_deadline,
        at.new_services.unwrap().at_deadline
    );
}

#[test]
fn checks_most_often_missing_come_first() {
    let findings = PathFindings {
        top_deviations: vec![
            ("probes".into(), 2),
            ("owner".into(), 0),
            ("limits".into(), 5),
            ("backup".into(), 2),
        ],
        ..takes_part()
    };
    let top = status(&findings, day(1)).top_deviations;
    let names: Vec<&str> = top.iter().map(|one| one.check.as_str()).collect();
    assert_eq!(names, ["limits", "backup", "probes"]);
}

#[test]
fn history_takes_one_point_a_week_and_keeps_sixty() {
    let mut stored = None;
    for now in (0..500).map(day) {
        stored = Some(path_status(Some(2), &takes_part(), stored.as_ref(), now));
    }
    let history = stored.unwrap().history;
    assert_eq!(history.len(), 60);
    assert_eq!(history.last().unwrap().at.0, day(497));
    assert_eq!(history[0].at.0, day(497 - 59 * 7));
    assert_eq!(history[0].counts["undocumented"], 3);
}

#[test]
fn history_begins_with_the_first_service() {
    let empty = PathFindings {
        services: 0,
        ..takes_part()
    };
    assert!(status(&empty, day(1)).history.is_empty());
}

#[test]
fn every_message_gives_a_next_step_without_blame() {
    let previews = [
        None,
        Some(NotTakingPart::LaunchAhead(day(31))),
        Some(NotTakingPart::OnRoadmap),
        Some(NotTakingPart::NoRequiredCheck),
    ];
    for preview in previews {
        for (nothing_usable, problems) in [(false, 0), (false, 4), (true, 40)] {
            let findings = PathFindings {
                preview,
                nothing_usable,
                invalid: vec![undeclared(ExpressionPlace::Message("limits".into())); problems],
                announced: vec![("probes".into(), day(60)); problems],
                ..takes_part()
            };
            for condition in status(&findings, day(1)).conditions {
                assert_helps(&condition.message);
            }
        }
    }
}

fn findings() -> impl Strategy<Value = PathFindings> {
    let instant = (0_u64..300).prop_map(day);
    let new_services =
        (0_u32..500, 0_u32..500, instant.clone()).prop_map(|(a, b, deadline)| NewServicesNow {
            total: a.max(b),
            on_path: a.min(b),
            births_unknown: a.abs_diff(b),
            deadline,
        });
    (
        option::of(new_services),
        vec(("[a-d]", instant), 0..5),
        vec(("[a-d]", 0_u32..4), 0..15),
        0_u32..20,
        0_u8..=100,
    )
        .prop_map(
            |(new_services, announced, top_deviations, services, target_percent)| PathFindings {
                announced,
                services,
                new_services,
                target_percent,
                top_deviations,
                ..takes_part()
            },
        )
}

#[test]
fn path_is_a_preview_for_the_first_thing_it_lacks() {
    for (launched_at, preview) in [
        (None, NotTakingPart::OnRoadmap),
        (Some(day(2)), NotTakingPart::LaunchAhead(day(2))),
        (Some(day(1)), NotTakingPart::NoRequiredCheck),
    ] {
        assert_eq!(NotTakingPart::of(launched_at, day(1)), preview);
    }
}

#[test]
fn findings_of_a_path_alone_have_no_services() {
    let spec = serde_json::json!({
        "owner": {"team": "platform"},
        "horizon": "Next",
        "adoption": {"targetPercent": 80},
        "checks": [
            {"name": "limits", "expression": "true", "enforceFrom": day(60).to_string()},
            {"name": "probes", "expression": "object.spec +"},
        ],
    });
    let path = Path::compile(Origin::default(), serde_json::from_value(spec).unwrap());
    let found = PathFindings::of(&path, day(1));
    assert_eq!(found.preview, Some(NotTakingPart::OnRoadmap));
    assert_eq!(found.announced, [("limits".to_owned(), day(60))]);
    assert_eq!(found.invalid, path.invalid);
    assert_eq!((found.target_percent, found.services), (80, 0));
    assert!(PathFindings::of(&path, day(60)).announced.is_empty());
}

proptest! {
    #[test]
    fn equal_findings_change_nothing(
        first in findings(), second in findings(), days in 0_u64..300, more in 0_u64..300,
    ) {
        let stored = path_status(Some(1), &first, None, day(days));
        let now = day(days + more);
        let next = path_status(Some(1), &second, Some(&stored), now);
        prop_assert_eq!(&path_status(Some(1), &second, Some(&next), now), &next);
        let soon = Period::seconds(1).after(now);
        prop_assert_eq!(&path_status(Some(1), &second, Some(&next), soon), &next);
    }

    #[test]
    fn a_stored_status_reads_back_unchanged(findings in findings(), days in 0_u64..300) {
        let written = status(&findings, day(days));
        let json = serde_json::to_string(&written).unwrap();
        let read: GoldenPathStatus = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn the_measurement_at_the_deadline_never_changes(
        all in vec((findings(), 0_u64..40), 1..12),
    ) {
        let (mut now, mut stored) = (0, GoldenPathStatus::default());
        for (findings, days) in all {
            now += days;
            let next = path_status(Some(1), &findings, Some(&stored), day(now));
            let record = |status: &GoldenPathStatus| {
                let record = status.new_services.as_ref().and_then(|new| new.at_deadline.clone());
                record.filter(|record| record.not_measured.is_none())
            };
            if let Some(measured) = record(&stored) {
                prop_assert_eq!(record(&next), Some(measured));
            }
            let weekly = next
                .history
                .windows(2)
                .all(|pair| Period::days(7).after(pair[0].at.0) <= pair[1].at.0);
            prop_assert!(weekly);
            stored = next;
        }
    }
}
