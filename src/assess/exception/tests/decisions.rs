//! Which decisions count, what gives an exception its consent, and which end each decision sets.

use super::super::past::{Past, Rejection};
use super::super::{Request, live_after};
use super::*;

#[test]
fn a_renewal_starts_a_new_period() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(80))],
        ..approved()
    };
    let life = life(&spec, day(80));
    assert_eq!(life.phase, Phase::Active);
    assert_eq!(life.renewals, 1);
    assert_eq!(life.last_decision, Some(day(80)));
    assert_eq!(life.next_review_at, Some(day(170)));
    assert_eq!(life.effective_expiry, Some(day(200)));
}

#[test]
fn renewal_with_a_date_replaces_the_stated_end() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed_until(day(50), day(100))],
        ..until(day(60), approved())
    };
    assert_eq!(life(&spec, day(60)).effective_expiry, Some(day(100)));
}

#[test]
fn renewal_without_a_date_keeps_the_end_that_is_still_ahead() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(50))],
        ..until(day(60), approved())
    };
    assert_eq!(life(&spec, day(55)).effective_expiry, Some(day(60)));
    assert_eq!(life(&spec, day(60)).phase, Phase::Expired);
}

#[test]
fn a_renewal_after_expiry_counts_from_its_own_instant() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(300))],
        ..until(day(60), approved())
    };
    // A minute or two of clock difference is given away, no more.
    assert_eq!(life(&spec, day(299)).phase, Phase::Expired);
    let revived = life(&spec, day(300));
    assert_eq!(revived.phase, Phase::Active);
    assert_eq!(revived.effective_expiry, Some(day(420)));
}

#[test]
fn renewal_at_the_very_end_no_longer_keeps_that_end() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(60))],
        ..until(day(60), approved())
    };
    assert_eq!(life(&spec, day(60)).effective_expiry, Some(day(180)));
}

#[test]
fn a_renewal_until_a_past_date_expires_at_that_date() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed_until(day(50), day(40))],
        ..approved()
    };
    assert_eq!(life(&spec, day(51)).phase, Phase::Expired);
}

#[test]
fn a_renewal_without_approval_does_not_count() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(10))],
        ..requested()
    };
    let life = life(&spec, day(11));
    assert_eq!((life.phase, life.renewals), (Phase::Pending, 0));
}

#[test]
fn a_new_approval_is_a_decision_with_a_new_end() {
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(70))),
        reviews: vec![renewed_until(day(40), day(90))],
        ..until(day(150), requested())
    };
    let life = life(&spec, day(71));
    assert_eq!(life.last_decision, Some(day(70)));
    assert_eq!(life.effective_expiry, Some(day(150)));
    assert_eq!(life.renewals, 1);
}

#[test]
fn new_approval_of_an_old_date_keeps_the_renewed_end() {
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(70))),
        reviews: vec![renewed_until(day(40), day(90))],
        ..until(day(60), requested())
    };
    assert_eq!(life(&spec, day(71)).effective_expiry, Some(day(90)));
}

#[test]
fn an_approval_of_a_past_date_allows_nothing() {
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(70))),
        ..until(day(60), requested())
    };
    assert_eq!(life(&spec, day(71)).phase, Phase::Expired);
}

#[test]
fn closed_review_is_final_whatever_comes_after() {
    let spec = DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(30))),
        reviews: vec![closed(day(10)), renewed(day(20))],
        ..requested()
    };
    let life = life(&spec, day(31));
    assert_eq!(life.phase, Phase::Closed);
    assert_eq!(life.effective_expiry, Some(day(10)));
    assert_eq!((life.next_review_at, life.next_change), (None, None));
}

#[test]
fn closing_wins_over_rejection_and_rejection_over_everything_else() {
    let rejected = DeviationExceptionSpec {
        approval: Some(approval(Decision::Rejected, start())),
        reviews: vec![renewed(day(5))],
        ..requested()
    };
    let open_policy = ExceptionPolicy {
        require_approval: false,
        ..self_declare_policy()
    };
    for policy in [ExceptionPolicy::default(), open_policy] {
        let life = life_under(&rejected, &policy, day(6));
        assert_eq!((life.phase, life.consent), (Phase::Rejected, Consent::None));
        assert_eq!(life.effective_expiry, None);
    }
    let closed = DeviationExceptionSpec {
        reviews: vec![closed(day(5))],
        ..rejected
    };
    assert_eq!(life(&closed, day(6)).phase, Phase::Closed);
}

#[test]
fn a_request_may_be_closed_before_a_decision() {
    let spec = DeviationExceptionSpec {
        reviews: vec![closed(day(5))],
        ..requested()
    };
    assert_eq!(life(&spec, day(5)).phase, Phase::Closed);
    assert_eq!(life(&spec, day(5)).effective_expiry, None);
}

#[test]
fn where_no_approval_is_required_creation_is_the_first_decision() {
    let policy = ExceptionPolicy {
        require_approval: false,
        ..ExceptionPolicy::default()
    };
    let life = life_under(&requested(), &policy, day(1));
    assert_eq!(
        (life.phase, life.consent),
        (Phase::Active, Consent::NotRequired)
    );
    assert_eq!(life.last_decision, Some(start()));
    assert_eq!(life.effective_expiry, Some(day(120)));
    // An approval of the same object from before it was stored again takes nothing away.
    let restored = DeviationExceptionSpec {
        approval: Some(approval(
            Decision::Approved,
            Period::days(100).before(start()),
        )),
        ..requested()
    };
    let restored = life_under(&restored, &policy, day(1));
    assert_eq!(restored.last_decision, Some(start()));
}

#[test]
fn team_may_declare_within_the_limits_and_no_longer_than_they_allow() {
    let policy = self_declare_policy();
    let spec = requested();
    let life = life_under(&spec, &policy, day(1));
    assert_eq!(
        (life.phase, life.consent),
        (Phase::Active, Consent::SelfDeclared)
    );
    assert_eq!(life.effective_expiry, Some(day(30)));
    assert_turns(
        &spec,
        &policy,
        turn(Phase::ReviewDue, Phase::Expired, day(30)),
    );
    // Once approved, the selfDeclare limits no longer apply.
    let approved = life_under(&approved(), &policy, day(1));
    assert_eq!(approved.effective_expiry, Some(day(120)));
}

#[test]
fn declaration_beyond_the_limits_waits_for_approval() {
    let policy = self_declare_policy();
    let heavy = Terms {
        within_self_declare_severity: false,
        ..terms(&policy)
    };
    assert_eq!(
        live(&requested(), start(), &heavy, day(1)).phase,
        Phase::Pending
    );

    let ends = |end| life_under(&until(end, requested()), &policy, day(1)).phase;
    assert_eq!(ends(SECOND.before(day(30))), Phase::Active);
    assert_eq!(ends(day(30)), Phase::Active);
    assert_eq!(ends(SECOND.after(day(30))), Phase::Pending);

    let renewed_times = |days: &[u64]| {
        let spec = DeviationExceptionSpec {
            reviews: days.iter().map(|at| renewed(day(*at))).collect(),
            ..requested()
        };
        life_under(&spec, &policy, day(21)).phase
    };
    assert_eq!(renewed_times(&[10]), Phase::Active);
    assert_eq!(renewed_times(&[10, 20]), Phase::Pending);
}

#[test]
fn renewed_declaration_is_capped_from_its_renewal() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed_until(day(20), day(300))],
        ..requested()
    };
    let life = life_under(&spec, &self_declare_policy(), day(21));
    assert_eq!(life.effective_expiry, Some(day(50)));
}

#[test]
fn decision_dated_more_than_five_minutes_ahead_is_ignored_and_listed() {
    let skew = Period::seconds(300);
    let policy = ExceptionPolicy::default();
    let mut spec = requested();
    spec.approval = Some(approval(Decision::Approved, day(10)));
    assert_turns(
        &spec,
        &policy,
        turn(Phase::Pending, Phase::Active, skew.before(day(10))),
    );
    assert_eq!(life(&spec, start()).ignored_decisions, [day(10)]);
    assert!(
        life(&spec, skew.before(day(10)))
            .ignored_decisions
            .is_empty()
    );

    let spec = DeviationExceptionSpec {
        reviews: vec![closed(day(30)), renewed(day(20))],
        ..approved()
    };
    let seen = life(&spec, day(1));
    assert_eq!((seen.phase, seen.renewals), (Phase::Active, 0));
    assert_eq!(seen.ignored_decisions, [day(20), day(30)]);
    assert_eq!(seen.next_change, Some(skew.before(day(20))));
    assert_turns(
        &spec,
        &policy,
        turn(Phase::Active, Phase::Closed, skew.before(day(30))),
    );
}

/// As recorded by the operator after the rejection was removed from the spec.
fn rejected_at(at: Timestamp) -> Past {
    Past {
        rejected: Some(Rejection { at, by: None }),
        previous: None,
    }
}

fn request<'a>(
    spec: &'a DeviationExceptionSpec,
    created: Timestamp,
    past: &'a Past,
) -> Request<'a> {
    Request {
        spec,
        created,
        past,
    }
}

#[test]
fn removing_a_rejection_asks_for_a_decision() {
    let free = ExceptionPolicy {
        require_approval: false,
        ..ExceptionPolicy::default()
    };
    for policy in [&self_declare_policy(), &free] {
        let phase = |past: &Past, spec: &DeviationExceptionSpec| {
            live_after(request(spec, start(), past), &terms(policy), day(6)).phase
        };
        assert_eq!(phase(&Past::default(), &requested()), Phase::Active);
        assert_eq!(phase(&rejected_at(day(5)), &requested()), Phase::Pending);
        // A renewal by the owner is not an approval.
        let own = DeviationExceptionSpec {
            reviews: vec![renewed(day(6))],
            ..requested()
        };
        assert_eq!(phase(&rejected_at(day(5)), &own), Phase::Pending);
        let again = DeviationExceptionSpec {
            approval: Some(approval(Decision::Approved, day(6))),
            ..requested()
        };
        assert_eq!(phase(&rejected_at(day(5)), &again), Phase::Active);
    }
}

#[test]
fn renewals_of_deleted_exceptions_count_toward_the_limit() {
    let policy = self_declare_policy(); // one renewal
    let after = |renewals: &[u64], was_self_declared: bool| {
        let spec = DeviationExceptionSpec {
            reviews: renewals.iter().map(|at| renewed(day(*at))).collect(),
            ..requested()
        };
        let previous = Past::default().after_deletion(&spec, was_self_declared, day(20));
        let past = Past {
            previous: Some(previous),
            rejected: None,
        };
        live_after(
            request(&requested(), day(20), &past),
            &terms(&policy),
            day(21),
        )
        .phase
    };
    assert_eq!(after(&[], false), Phase::Active);
    assert_eq!(after(&[], true), Phase::Active, "a new period: one renewal");
    assert_eq!(after(&[10], false), Phase::Active);
    assert_eq!(after(&[10], true), Phase::Pending);
    assert_eq!(after(&[5, 10], false), Phase::Pending);
}
