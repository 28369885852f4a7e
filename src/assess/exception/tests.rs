//! The rules of an exception's life: which decisions count (`decisions`), and every boundary one second
//! before, at and after its instant (`bounds`).

mod bounds;
mod decisions;

use crate::api::Instant;
use jiff::Timestamp;

use super::fixtures::{
    approval, approved, closed, day, renewal_requested, renewed, renewed_until, requested,
    self_declare_policy, start, terms,
};
use super::{Consent, Life, Terms, live};
use crate::api::DeviationExceptionSpec;
use crate::api::deviation_exception::Decision;
use crate::api::golden_path::ExceptionPolicy;
use crate::api::period::Period;
use crate::assess::state::Phase;

const SECOND: Period = Period::seconds(1);

/// The life under the default policy.
fn life(spec: &DeviationExceptionSpec, now: Timestamp) -> Life {
    life_under(spec, &ExceptionPolicy::default(), now)
}

fn life_under(spec: &DeviationExceptionSpec, policy: &ExceptionPolicy, now: Timestamp) -> Life {
    live(spec, start(), &terms(policy), now)
}

/// Asserts the phase a second before, at, and a second after an instant, and that `next_change` names
/// the instant.
fn assert_turns(spec: &DeviationExceptionSpec, policy: &ExceptionPolicy, turn: Turn) {
    let before = life_under(spec, policy, SECOND.before(turn.at));
    assert_eq!(before.phase, turn.from, "a second before {}", turn.at);
    assert_eq!(before.next_change, Some(turn.at));
    for now in [turn.at, SECOND.after(turn.at)] {
        assert_eq!(life_under(spec, policy, now).phase, turn.to, "at {now}");
    }
}

#[derive(Clone, Copy)]
struct Turn {
    at: Timestamp,
    from: Phase,
    to: Phase,
}

fn turn(from: Phase, to: Phase, at: Timestamp) -> Turn {
    Turn { at, from, to }
}

fn until(end: Timestamp, spec: DeviationExceptionSpec) -> DeviationExceptionSpec {
    DeviationExceptionSpec {
        expires_at: Some(Instant(end)),
        ..spec
    }
}
