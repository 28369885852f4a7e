//! Over every history of an exception: saying its status twice is saying it once.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{in_use, object};
use super::{ExceptionFindings, PathFound, UnknownCheck, exception_status};
use crate::api::DeviationExceptionStatus;
use crate::assess::cover::Exception;
use crate::assess::exception::fixtures::day;
use crate::assess::exception::properties::{instant, story};

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
                    unknown_checks: Vec::from_iter(unknown.then(|| UnknownCheck {
                        name: "limits".into(),
                        nearest: None,
                    })),
                    matched,
                    on_other_path: moved.then(|| "batch".into()),
                    still_failing: Some(failing),
                    over_max_workloads: over,
                    ..in_use(story.at(now))
                };
                (object(story.spec), findings)
            },
        )
}

proptest! {
    #[test]
    fn saying_the_same_again_changes_nothing(
        (now, (mut exception, findings)) in
            instant().prop_flat_map(|now| (Just(now), findings_at(now))),
    ) {
        let first = exception_status(&exception, &findings, now);
        exception.status = Some(first.clone());
        prop_assert_eq!(&exception_status(&exception, &findings, now), &first);
        // An instant later nothing is different either, as long as the findings are not.
        let soon = now.saturating_add(SignedDuration::from_nanos(1)).unwrap();
        if findings.life.next_change.is_none_or(|next| soon < next) {
            prop_assert_eq!(&exception_status(&exception, &findings, soon), &first);
        }
        prop_assert!(first.matched.len() <= 20);
    }

    #[test]
    fn what_the_server_gives_back_is_what_was_written(
        (exception, findings) in findings_at(day(50)),
    ) {
        let written = exception_status(&exception, &findings, day(50));
        let dates = [&written.effective_expiry, &written.next_review_at];
        // The server takes no year before 0.
        let year_0 = "0000-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
        prop_assume!(dates.into_iter().flatten().all(|date| date.0 >= year_0));
        let json = serde_json::to_string(&written).unwrap();
        let read: DeviationExceptionStatus = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read, written);
    }
}
