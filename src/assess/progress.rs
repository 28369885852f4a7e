//! How far the operator is with one object: what it last said, what it last wrote, and how long
//! it holds back after a failure or where somebody else keeps taking its labels.

use std::sync::Arc;

use jiff::Timestamp;

use super::state::{Cause, State};
use super::workload::OwnLabels;
use crate::api::Period;

/// The longest the operator holds back before it tries an object again.
const LONGEST_PAUSE: u64 = 300;
/// After this long in peace, a taken label counts as the first one again.
const PEACE: Period = Period::seconds(2 * LONGEST_PAUSE);

/// Progress with one object.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Why it waits to be judged again.
    pub dirty: Option<Cause>,
    /// The state last announced; none before the first verdict.
    pub said: Option<State>,
    /// A write is under way.
    pub in_flight: bool,
    /// The object's version our last write made: older events know nothing of it.
    pub written_version: Option<u64>,
    /// What we wrote last.
    written: Option<Arc<OwnLabels>>,
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

impl Progress {
    /// A fresh start for another object of the same name.
    pub fn restart(&mut self) {
        *self = Self {
            dirty: self.dirty,
            ..Self::default()
        };
    }

    /// Asks to write `wanted` over something else that is stored.
    pub fn clearance(&mut self, wanted: &OwnLabels, now: Timestamp) -> Clearance {
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
    pub fn landed(&mut self, wanted: Arc<OwnLabels>, version: Option<u64>) {
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
