//! When an exception becomes due, overdue and expired, and what moves those instants.

use super::*;

#[test]
fn request_without_decision_is_pending_and_has_no_dates() {
    let life = life(&until(day(10), requested()), day(400));
    assert_eq!(life.phase, Phase::Pending);
    assert_eq!(life.consent, Consent::None);
    assert_eq!(
        (
            life.last_decision,
            life.next_review_at,
            life.effective_expiry
        ),
        (None, None, None)
    );
    assert_eq!(life.next_change, None);
}

#[test]
fn approved_exception_is_active_from_its_approval() {
    let life = life(&approved(), start());
    assert_eq!(life.phase, Phase::Active);
    assert_eq!(life.consent, Consent::Approved);
    assert_eq!(life.last_decision, Some(start()));
    assert_eq!(life.next_review_at, Some(day(90)));
    // Unreviewed, it lapses before the 180 days are over.
    assert_eq!(life.effective_expiry, Some(day(120)));
    assert_eq!(life.next_change, Some(day(76)));
}

#[test]
fn an_exception_without_review_becomes_due_then_overdue_then_expired() {
    let (spec, policy) = (approved(), ExceptionPolicy::default());
    assert_turns(
        &spec,
        &policy,
        turn(Phase::Active, Phase::ReviewDue, day(76)),
    );
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewDue, Phase::ReviewOverdue, day(90)),
    );
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewOverdue, Phase::Expired, day(120)),
    );
    assert_eq!(life(&spec, day(120)).next_change, None);
}

#[test]
fn a_stated_end_has_a_reminder_and_expires_at_its_instant() {
    let (spec, policy) = (until(day(60), approved()), ExceptionPolicy::default());
    assert_turns(
        &spec,
        &policy,
        turn(Phase::Active, Phase::ReviewDue, day(46)),
    );
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewDue, Phase::Expired, day(60)),
    );
}

#[test]
fn max_duration_limits_an_exception_with_frequent_reviews() {
    let policy = ExceptionPolicy {
        max_duration: Period::days(60),
        ..ExceptionPolicy::default()
    };
    let spec = until(day(1_000), approved());
    assert_turns(
        &spec,
        &policy,
        turn(Phase::Active, Phase::ReviewDue, day(46)),
    );
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewDue, Phase::Expired, day(60)),
    );
}

#[test]
fn the_shorter_review_period_counts() {
    let own = |every| DeviationExceptionSpec {
        review_every: Some(Period::days(every)),
        ..approved()
    };
    assert_eq!(life(&own(30), start()).next_review_at, Some(day(30)));
    assert_eq!(life(&own(365), start()).next_review_at, Some(day(90)));
}

#[test]
fn reminder_comes_at_most_half_a_review_period_ahead() {
    let spec = DeviationExceptionSpec {
        review_every: Some(Period::days(10)),
        ..approved()
    };
    assert_turns(
        &spec,
        &ExceptionPolicy::default(),
        turn(Phase::Active, Phase::ReviewDue, day(5)),
    );
}

#[test]
fn changed_workload_makes_a_bound_exception_overdue_until_it_expires() {
    let policy = ExceptionPolicy::default();
    let moved = Terms {
        bound_to_matches: false,
        ..terms(&policy)
    };
    let phase = |now| live(&approved(), start(), &moved, now).phase;
    assert_eq!(phase(start()), Phase::ReviewOverdue);
    assert_eq!(phase(SECOND.before(day(120))), Phase::ReviewOverdue);
    assert_eq!(phase(day(120)), Phase::Expired);
}

#[test]
fn an_open_renewal_request_stops_only_the_lapse() {
    let spec = DeviationExceptionSpec {
        renewal: Some(renewal_requested(day(100))),
        ..approved()
    };
    let policy = ExceptionPolicy::default();
    let life = life(&spec, day(120));
    assert!(life.renewal_open);
    assert_eq!(life.phase, Phase::ReviewOverdue);
    assert_eq!(life.effective_expiry, Some(day(180)));
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewOverdue, Phase::Expired, day(180)),
    );
}

#[test]
fn request_counts_only_after_the_last_decision_and_before_the_lapse() {
    let open = |at| {
        let spec = DeviationExceptionSpec {
            renewal: Some(renewal_requested(at)),
            ..approved()
        };
        life(&spec, day(130)).renewal_open
    };
    for (at, expected) in [
        (start(), false),
        (SECOND.after(start()), true),
        (SECOND.before(day(120)), true),
        (day(120), false),
        (SECOND.after(day(120)), false),
    ] {
        assert_eq!(open(at), expected, "requested at {at}");
    }
}

#[test]
fn answered_request_is_closed() {
    let spec = DeviationExceptionSpec {
        renewal: Some(renewal_requested(day(85))),
        reviews: vec![renewed(day(86))],
        ..approved()
    };
    assert!(!life(&spec, day(90)).renewal_open);
}

#[test]
fn a_renewal_request_dated_in_the_future_stops_no_lapse_yet() {
    let spec = DeviationExceptionSpec {
        renewal: Some(renewal_requested(day(100))),
        ..approved()
    };
    assert!(!life(&spec, day(95)).renewal_open);
    assert_eq!(
        life(&spec, day(95)).next_change,
        Some(Period::seconds(300).before(day(100)))
    );
}

#[test]
fn instants_compare_to_the_nanosecond() {
    let end = "2026-03-01T12:00:00.000000001Z".parse().unwrap();
    let spec = until(end, approved());
    let just_before = "2026-03-01T12:00:00Z".parse().unwrap();
    assert_eq!(life(&spec, just_before).phase, Phase::ReviewDue);
    assert_eq!(life(&spec, just_before).next_change, Some(end));
    assert_eq!(life(&spec, end).phase, Phase::Expired);
}

#[test]
fn dates_out_of_range_saturate() {
    let policy = ExceptionPolicy {
        max_duration: Period::days(9_999),
        review_every: Period::days(9_999),
        lapse_after: Period::days(9_999),
        ..ExceptionPolicy::default()
    };
    let last_year: Timestamp = "9998-06-01T00:00:00Z".parse().unwrap();
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, last_year)),
        ..requested()
    };
    let life = life_under(&spec, &policy, last_year);
    assert_eq!(life.phase, Phase::Active);
    assert_eq!(life.effective_expiry, Some(Instant::LATEST.0));
    assert_eq!(
        life_under(&spec, &policy, Timestamp::MAX).phase,
        Phase::Expired
    );
    assert_eq!(
        life_under(&spec, &policy, Timestamp::MIN).phase,
        Phase::Pending
    );
}
