//! Over every history of an exception: equal findings change nothing.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{in_use, object};
use super::{ExceptionFindings, PathFound, UnknownName, exception_status};
use crate::api::{DeviationExceptionStatus, Instant};
use crate::assess::exception::Life;
use crate::assess::exception::assurance::{Gap, Vouching, assurance};
use crate::assess::exception::fixtures::day;
use crate::assess::exception::past::Past;
use crate::assess::exception::properties::{Story, instant, story};
use crate::assess::exception::record::Exception;
use crate::assess::path::set::PathSet;
use crate::assess::state::Phase;

/// The exception of a story, with the status it gets at `now`.
fn exception_of(story: &Story, now: Timestamp) -> Exception {
    let mut exception = object(story.spec.clone());
    exception.created = story.created;
    let life = story.at(now);
    let findings = ExceptionFindings {
        assurance: assurance(&exception, &life, Vouching::Absent(Gap::NoPolicy)),
        ..in_use(life)
    };
    exception.past = story.past.clone();
    exception.status = Some(exception_status(&exception, &findings, now));
    exception.past = Past::read(exception.status.as_ref());
    exception
}

/// The phase without reminders: a status does not hold `remindBefore`.
fn without_reminders(life: &Life) -> Phase {
    match life.phase {
        Phase::ReviewDue => Phase::Active,
        phase => phase,
    }
}

fn findings_at(now: Timestamp) -> impl Strategy<Value = (Exception, ExceptionFindings)> {
    let path_found = prop_oneof![
        4 => Just(PathFound::Found),
        1 => Just(PathFound::FormerName("web-service".into())),
        1 => Just(PathFound::Missing { nearest: None }),
        1 => Just(PathFound::Deleted),
    ];
    (
        story(),
        path_found,
        vec("[a-z]{1,8}", 0..30),
        any::<[bool; 4]>(),
    )
        .prop_map(
            move |(story, path_found, matched, [unknown, moved, failing, over])| {
                let findings = ExceptionFindings {
                    path_found,
                    unknown_checks: Vec::from_iter(unknown.then(|| UnknownName {
                        name: "limits".into(),
                        nearest: None,
                    })),
                    matched,
                    on_other_path: moved.then(|| "batch".into()),
                    still_failing: Some(failing),
                    over_max_workloads: over,
                    ..in_use(story.at(now))
                };
                let mut exception = object(story.spec);
                exception.past = story.past;
                (exception, findings)
            },
        )
}

proptest! {
    #[test]
    fn equal_findings_change_nothing(
        (now, (mut exception, findings)) in
            instant().prop_flat_map(|now| (Just(now), findings_at(now))),
    ) {
        let first = exception_status(&exception, &findings, now);
        exception.status = Some(first.clone());
        prop_assert_eq!(&exception_status(&exception, &findings, now), &first);
        // An instant later nothing changes either, while the findings stay.
        let soon = now.saturating_add(SignedDuration::from_nanos(1)).unwrap();
        if findings.life.next_change.is_none_or(|next| soon < next) {
            prop_assert_eq!(&exception_status(&exception, &findings, soon), &first);
        }
        prop_assert!(first.matched.len() <= 20);
    }

    #[test]
    fn an_exception_whose_path_is_gone_stays_as_it_was(
        (now, mut story) in (instant(), story()),
    ) {
        prop_assume!(story.bound);
        // An approval that was not required hides from the status that creation was a decision too.
        story.policy.require_approval |= story.spec.approval.is_some();
        let exception = exception_of(&story, now);
        let (with, without) = (story.at(now), exception.life(&PathSet::default(), None, now));
        let seconds = |at: Option<Timestamp>| at.map(Timestamp::as_second);
        prop_assert_eq!(with.consent, without.consent);
        prop_assert_eq!(with.renewals, without.renewals);
        prop_assert_eq!(seconds(with.next_review_at), seconds(without.next_review_at));
        // The record of an end has no fraction of a second.
        let ends = seconds(with.effective_expiry).zip(seconds(without.effective_expiry));
        prop_assert!(ends.is_none_or(|(with, without)| (with - without).abs() <= 1));
        let near = SignedDuration::from_secs(2);
        let instants = [now.saturating_sub(near).unwrap(), now, now.saturating_add(near).unwrap()];
        let phases = instants.map(|as_of| story.at(as_of).phase);
        if phases.iter().all(|phase| *phase == with.phase) {
            prop_assert_eq!(without_reminders(&with), without_reminders(&without));
        }
    }

    #[test]
    fn a_stored_status_reads_back_unchanged(
        (exception, findings) in findings_at(day(50)),
    ) {
        let written = exception_status(&exception, &findings, day(50));
        let previous = written.previous.as_ref();
        let rejected = previous.map_or(&None, |previous| &previous.rejected_at);
        let dates = [&written.effective_expiry, &written.next_review_at, &written.rejected_at, rejected];
        // Dates are written within the years 1 to 9998, and read so too.
        let year_1 = "0001-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
        let is_written = |date: &Instant| date.0 >= year_1 && *date <= Instant::LATEST;
        prop_assume!(dates.into_iter().flatten().all(is_written));
        let json = serde_json::to_string(&written).unwrap();
        let read: DeviationExceptionStatus = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read, written);
    }
}
