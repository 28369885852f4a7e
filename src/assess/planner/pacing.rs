//! When one object may be written again: one write at a time, a pause after a failure that doubles up to
//! five minutes, a least interval between two writes, and growing pauses while another client keeps
//! changing what we write. Every planner paces its writes with this. The content of a write is unknown
//! here.

use jiff::Timestamp;

use crate::api::Period;

/// The longest pause before an object is tried again, in seconds.
const LONGEST_PAUSE: u64 = 300;
/// After this long without a conflict, the next one counts as the first.
const PEACE: Period = Period::seconds(2 * LONGEST_PAUSE);

/// The outcome of a write, as a planner takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// It landed; the object's version afterwards, where it is a number.
    Landed(Option<u64>),
    /// The object is gone: its delete event is on the way.
    Gone,
    /// It failed, and is tried again less and less often.
    Failed,
    /// It was not tried, or the server pushed back. It is planned again.
    NotTaken,
}

/// Whether a write may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clearance {
    /// Now.
    Go,
    /// Now: another client changed our write, which is put back once.
    PutBack,
    /// At this instant: another client keeps changing our writes.
    Contested(Timestamp),
    /// A write is under way, or held back until an instant that was returned before.
    Waiting,
}

/// The pace of one object. The default is an object at rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Pacing {
    in_flight: bool,
    failures: u8,
    conflicts: u8,
    last_conflict: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

impl Pacing {
    /// Asks for a write. `is_conflict` where our last write was the wanted one and another client changed
    /// it since.
    pub fn clearance(&mut self, is_conflict: bool, now: Timestamp) -> Clearance {
        if self.in_flight {
            return Clearance::Waiting;
        }
        if !is_conflict {
            self.conflicts = 0;
        }
        match self.not_before {
            Some(until) if until > now && (is_conflict || self.failures > 0) => {
                return Clearance::Waiting;
            }
            Some(_) => {
                self.not_before = None;
                return Clearance::Go;
            }
            None if !is_conflict => return Clearance::Go,
            None => {}
        }
        if self.last_conflict.is_none_or(|at| PEACE.after(at) < now) {
            self.conflicts = 0;
        }
        self.last_conflict = Some(now);
        let before = self.conflicts;
        self.conflicts = before.saturating_add(1);
        if before == 0 {
            Clearance::PutBack
        } else {
            Clearance::Contested(self.hold_back(before - 1, now))
        }
    }

    /// Records that a write goes out.
    pub fn started(&mut self) {
        self.in_flight = true;
    }

    /// Records that a write landed.
    pub fn landed(&mut self) {
        self.in_flight = false;
        self.failures = 0;
        self.not_before = None;
    }

    /// Records that a write ended and the next one need not wait.
    pub fn stopped(&mut self) {
        self.in_flight = false;
    }

    /// Records that a write ended, landed or not, and that the next one waits this long.
    pub fn rests(&mut self, interval: Period, now: Timestamp) {
        self.in_flight = false;
        self.not_before = Some(interval.after(now));
    }

    /// Records that a write failed. Returns when to try again: after 1 s, doubling to five minutes.
    pub fn failed(&mut self, now: Timestamp) -> Timestamp {
        self.in_flight = false;
        let until = self.hold_back(self.failures, now);
        self.failures = self.failures.saturating_add(1);
        until
    }

    pub fn is_in_flight(&self) -> bool {
        self.in_flight
    }

    /// Whether a write may go out: none is under way or held back.
    pub fn is_free(&self, now: Timestamp) -> bool {
        !self.in_flight && self.held_until(now).is_none()
    }

    /// Until when writes are held back.
    pub fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.not_before.filter(|until| *until > now)
    }

    /// Whether it equals the default: it can be dropped.
    pub fn is_at_rest(&self, now: Timestamp) -> bool {
        let is_peaceful =
            self.conflicts == 0 || self.last_conflict.is_none_or(|at| PEACE.after(at) < now);
        !self.in_flight && self.failures == 0 && self.not_before.is_none() && is_peaceful
    }

    /// When [`Pacing::is_at_rest`] holds, if nothing more happens.
    pub fn at_rest_from(&self) -> Option<Timestamp> {
        self.last_conflict
            .map(|at| Period::seconds(1).after(PEACE.after(at)))
    }

    fn hold_back(&mut self, doublings: u8, now: Timestamp) -> Timestamp {
        let pause = 1_u64
            .checked_shl(doublings.into())
            .unwrap_or(LONGEST_PAUSE)
            .min(LONGEST_PAUSE);
        let until = Period::seconds(pause).after(now);
        self.not_before = Some(until);
        until
    }
}

/// The earlier of two optional instants.
pub(super) fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn landed() -> Pacing {
        let mut pacing = Pacing::default();
        pacing.landed();
        pacing
    }

    #[test]
    fn a_label_taken_by_somebody_else_is_taken_back_once_and_then_less_and_less_often() {
        let mut pacing = landed();
        assert_eq!(pacing.clearance(true, at(0)), Clearance::PutBack);
        let mut now = at(0);
        for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            pacing.landed();
            let until = Period::seconds(pause).after(now);
            assert_eq!(
                pacing.clearance(true, now),
                Clearance::Contested(until),
                "{pause}"
            );
            assert_eq!(pacing.clearance(true, now), Clearance::Waiting);
            now = until;
            assert_eq!(pacing.clearance(true, now), Clearance::Go);
        }
    }

    #[test]
    fn a_changed_verdict_does_not_wait_for_a_quarrel_to_end() {
        let mut pacing = landed();
        for _ in 0..3 {
            pacing.clearance(true, at(0));
        }
        assert_eq!(pacing.clearance(false, at(0)), Clearance::Go);
    }

    #[test]
    fn after_long_peace_a_taken_label_is_taken_back_at_once() {
        let mut pacing = landed();
        assert_eq!(pacing.clearance(true, at(0)), Clearance::PutBack);
        pacing.landed();
        assert!(!pacing.is_at_rest(at(600)));
        assert!(pacing.is_at_rest(at(601)));
        assert_eq!(pacing.at_rest_from(), Some(at(601)));
        assert_eq!(pacing.clearance(true, at(601)), Clearance::PutBack);
    }

    #[test]
    fn a_failed_write_waits_longer_each_time_and_a_landed_one_forgets() {
        let mut pacing = Pacing::default();
        assert_eq!(pacing.failed(at(0)), at(1));
        assert_eq!(pacing.clearance(false, at(0)), Clearance::Waiting);
        assert_eq!(pacing.clearance(false, at(1)), Clearance::Go);
        assert_eq!(pacing.failed(at(1)), at(3));
        pacing.landed();
        assert!(pacing.is_at_rest(at(3)));
        assert_eq!(pacing.failed(at(10)), at(11));
    }

    #[test]
    fn nothing_goes_out_while_a_write_is_under_way() {
        let mut pacing = Pacing::default();
        pacing.started();
        assert_eq!(pacing.clearance(false, at(0)), Clearance::Waiting);
    }
}
