//! How far the operator is with one object: what it last said, what it last wrote, and how long
//! it holds back after a failure or where somebody else keeps taking its labels.

use std::sync::Arc;

use jiff::Timestamp;

use crate::api::Period;
use crate::assess::state::{Cause, State};
use crate::assess::workload::OwnLabels;

/// The longest the operator holds back before it tries an object again.
const LONGEST_PAUSE: u64 = 300;
/// After this long in peace, a taken label counts as the first one again.
const PEACE: Period = Period::seconds(2 * LONGEST_PAUSE);

/// Progress with one object, in which the operator writes a `T`.
#[derive(Clone, Debug, Default)]
pub struct Progress<T = OwnLabels> {
    /// Why it waits to be judged again.
    pub dirty: Option<Cause>,
    /// The state last announced; none before the first verdict.
    pub said: Option<State>,
    /// A write is under way.
    pub in_flight: bool,
    /// Something changed while it was under way: look again once it has ended.
    pub again: bool,
    /// The object's version our last write made: older events know nothing of it.
    pub written_version: Option<u64>,
    /// What we wrote last.
    written: Option<Arc<T>>,
    failures: u8,
    takings: u8,
    last_taken: Option<Timestamp>,
    /// Not to be written before this instant; whoever set it arranged for a wake-up then.
    not_before: Option<Timestamp>,
}

/// Whether a write may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// Now.
    Go,
    /// Now: somebody took a label of ours, and it is taken back once.
    TakeBack,
    /// At this instant: somebody keeps taking a label of ours.
    TakenAgain(Timestamp),
    /// A write is under way or a wake-up is arranged.
    Waiting,
}

impl<T: Default + PartialEq> Progress<T> {
    /// A fresh start for another object of the same name.
    pub fn restart(&mut self) {
        *self = Self {
            dirty: self.dirty,
            ..Self::default()
        };
    }

    /// Asks to write `wanted` over something else that is stored.
    pub fn clearance(&mut self, wanted: &T, now: Timestamp) -> Clearance {
        if self.in_flight {
            return Clearance::Waiting;
        }
        let taken = self.written.as_deref() == Some(wanted);
        if !taken {
            self.takings = 0;
        }
        match self.not_before {
            Some(until) if until > now && (taken || self.failures > 0) => {
                return Clearance::Waiting;
            }
            Some(_) => {
                self.not_before = None;
                return Clearance::Go;
            }
            None if !taken => return Clearance::Go,
            None => {}
        }
        if self.last_taken.is_none_or(|at| PEACE.after(at) < now) {
            self.takings = 0;
        }
        self.last_taken = Some(now);
        let before = self.takings;
        self.takings = before.saturating_add(1);
        if before == 0 {
            Clearance::TakeBack
        } else {
            Clearance::TakenAgain(self.hold_back(before - 1, now))
        }
    }

    /// Notes that a write landed.
    pub fn landed(&mut self, wanted: Arc<T>, version: Option<u64>) {
        self.in_flight = false;
        self.failures = 0;
        self.not_before = None;
        self.written = Some(wanted);
        self.written_version = version.or(self.written_version);
    }

    /// Notes that a write failed; the instant to try again: 1 s on, doubling to five minutes.
    pub fn failed(&mut self, now: Timestamp) -> Timestamp {
        self.in_flight = false;
        let until = self.hold_back(self.failures, now);
        self.failures = self.failures.saturating_add(1);
        until
    }

    /// Whether no write is under way, and none is held back.
    pub fn is_free(&self, now: Timestamp) -> bool {
        !self.in_flight && self.not_before.is_none_or(|until| until <= now)
    }

    /// Until when it is held back.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn labels(status: &str) -> OwnLabels {
        OwnLabels {
            status: Some(status.to_owned()),
            ..OwnLabels::default()
        }
    }

    fn written(status: &str) -> Progress {
        let mut progress = Progress::default();
        progress.landed(Arc::new(labels(status)), None);
        progress
    }

    #[test]
    fn a_label_taken_by_somebody_else_is_taken_back_once_and_then_less_and_less_often() {
        let mut progress = written("golden-path");
        let wanted = labels("golden-path");
        assert_eq!(progress.clearance(&wanted, at(0)), Clearance::TakeBack);
        let mut now = at(0);
        for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            progress.landed(Arc::new(wanted.clone()), None);
            let until = Period::seconds(pause).after(now);
            assert_eq!(
                progress.clearance(&wanted, now),
                Clearance::TakenAgain(until),
                "{pause}"
            );
            assert_eq!(progress.clearance(&wanted, now), Clearance::Waiting);
            now = until;
            assert_eq!(progress.clearance(&wanted, now), Clearance::Go);
        }
    }

    #[test]
    fn a_changed_verdict_does_not_wait_for_a_quarrel_to_end() {
        let mut progress = written("golden-path");
        for _ in 0..3 {
            progress.clearance(&labels("golden-path"), at(0));
        }
        assert_eq!(
            progress.clearance(&labels("deviating"), at(0)),
            Clearance::Go
        );
    }

    #[test]
    fn after_long_peace_a_taken_label_is_taken_back_at_once() {
        let mut progress = written("golden-path");
        let wanted = labels("golden-path");
        assert_eq!(progress.clearance(&wanted, at(0)), Clearance::TakeBack);
        progress.landed(Arc::new(wanted.clone()), None);
        assert_eq!(progress.clearance(&wanted, at(601)), Clearance::TakeBack);
    }

    #[test]
    fn a_failed_write_waits_longer_each_time_and_a_landed_one_forgets() {
        let mut progress = Progress::default();
        let wanted = labels("golden-path");
        assert_eq!(progress.failed(at(0)), at(1));
        assert_eq!(progress.clearance(&wanted, at(0)), Clearance::Waiting);
        assert_eq!(progress.clearance(&wanted, at(1)), Clearance::Go);
        assert_eq!(progress.failed(at(1)), at(3));
        progress.landed(Arc::new(wanted), None);
        assert_eq!(progress.failed(at(10)), at(11));
    }

    #[test]
    fn nothing_goes_out_while_a_write_is_under_way() {
        let mut progress = Progress {
            in_flight: true,
            ..Progress::default()
        };
        assert_eq!(
            progress.clearance(&labels("deviating"), at(0)),
            Clearance::Waiting
        );
    }
}
