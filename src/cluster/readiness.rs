//! The kinds the operator still waits for. It judges nothing before every kind that judging needs was
//! listed, and writes nothing before every workload kind was listed or turned out to be unavailable. A
//! gate that opened stays open: a watch that fails later is reported, and its last known state counts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// How far the operator has started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Some kind that judging needs was not listed yet.
    #[default]
    Closed,
    /// Paths, exceptions and namespaces are known: workloads may be judged.
    Judging,
    /// Workloads are known: labels, statuses and Events may be written.
    Ready,
}

/// What waits for the first list of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeededFor {
    /// Everything: without this kind a verdict would be wrong.
    Judging,
    /// Every write, unless the kind is unavailable.
    Writing,
    /// Nothing.
    Nothing,
}

/// Why a kind cannot be watched now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchFailure {
    /// One of a dozen short reasons.
    pub reason: &'static str,
    /// The server's message.
    pub message: String,
}

impl fmt::Display for WatchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

#[derive(Clone, Debug)]
struct Gate {
    needed_for: NeededFor,
    listed: bool,
    failure: Option<WatchFailure>,
    /// Since 1970.
    failed_at: Option<Duration>,
}

/// One gate for each followed kind.
#[derive(Debug, Default)]
pub struct Gates {
    kinds: Mutex<BTreeMap<String, Gate>>,
    stage: watch::Sender<Stage>,
}

impl Gates {
    /// Waits for this kind from now on.
    pub fn expect(&self, kind: &str, needed_for: NeededFor) {
        let gate = Gate {
            needed_for,
            listed: false,
            failure: None,
            failed_at: None,
        };
        self.kinds().entry(kind.to_owned()).or_insert(gate);
    }

    /// The kind was listed completely.
    pub fn listed(&self, kind: &str) {
        self.update(kind, |gate| {
            gate.listed = true;
            gate.failure = None;
        });
    }

    /// Bytes of these kinds arrived at these seconds since 1970: older failures are over.
    pub fn received(&self, last_seen: &[(String, f64)]) {
        for (kind, at) in last_seen {
            let at = Duration::try_from_secs_f64(*at).unwrap_or_default();
            let is_over =
                |gate: &Gate| gate.listed && gate.failed_at.is_some_and(|since| since < at);
            if self.kinds().get(kind).is_some_and(is_over) {
                self.update(kind, |gate| gate.failure = None);
            }
        }
    }

    /// Events of the kind arrive.
    pub fn recovered(&self, kind: &str) {
        let is_failed = |gate: &Gate| gate.failure.is_some();
        if self.kinds().get(kind).is_some_and(is_failed) {
            self.update(kind, |gate| gate.failure = None);
        }
    }

    /// The kind cannot be watched, as of `now`. True where the reason changed.
    pub fn failed(&self, kind: &str, failure: &WatchFailure, now: Timestamp) -> bool {
        let mut is_new = false;
        self.update(kind, |gate| {
            gate.failed_at = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok();
            let before = gate.failure.replace(failure.clone());
            is_new = before.is_none_or(|before| before.reason != failure.reason);
        });
        is_new
    }

    /// How far the operator has started.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits until the operator has reached `stage`.
    pub async fn reached(&self, stage: Stage) {
        let mut stages = self.stage.subscribe();
        // The sender lives as long as `self`.
        let _ = stages.wait_for(|now| *now >= stage).await;
    }

    /// One line for each kind whose first list is still needed.
    pub fn pending(&self) -> Vec<String> {
        self.kinds()
            .iter()
            .filter(|(_, gate)| gate.is_closed())
            .map(|(kind, gate)| match &gate.failure {
                Some(failure) => format!("{kind}: not listed yet ({failure})"),
                None => format!("{kind}: not listed yet"),
            })
            .collect()
    }

    /// The kinds that cannot be watched now, and why.
    pub fn failures(&self) -> Vec<(String, WatchFailure)> {
        self.kinds()
            .iter()
            .filter_map(|(kind, gate)| Some((kind.clone(), gate.failure.clone()?)))
            .collect()
    }

    fn update(&self, kind: &str, change: impl FnOnce(&mut Gate)) {
        let mut kinds = self.kinds();
        if let Some(gate) = kinds.get_mut(kind) {
            change(gate);
        }
        let stage = stage_of(&kinds);
        self.stage.send_if_modified(|now| {
            let has_advanced = stage > *now;
            *now = stage.max(*now);
            has_advanced
        });
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<String, Gate>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    fn is_closed(&self) -> bool {
        match self.needed_for {
            NeededFor::Judging => !self.listed,
            NeededFor::Writing => !self.listed && self.failure.is_none(),
            NeededFor::Nothing => false,
        }
    }
}

fn stage_of(kinds: &BTreeMap<String, Gate>) -> Stage {
    let is_closed = |needed_for| {
        kinds
            .values()
            .any(|gate| gate.needed_for == needed_for && gate.is_closed())
    };
    if is_closed(NeededFor::Judging) {
        Stage::Closed
    } else if is_closed(NeededFor::Writing) {
        Stage::Judging
    } else {
        Stage::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn gates() -> Gates {
        let gates = Gates::default();
        for kind in ["GoldenPath", "DeviationException", "Namespace"] {
            gates.expect(kind, NeededFor::Judging);
        }
        for kind in ["Deployment", "CronJob"] {
            gates.expect(kind, NeededFor::Writing);
        }
        gates
    }

    fn forbidden() -> WatchFailure {
        WatchFailure {
            reason: "Forbidden",
            message: "no".to_owned(),
        }
    }

    #[test]
    fn each_policy_kind_has_to_be_listed_before_anything_is_judged() {
        let gates = gates();
        gates.listed("GoldenPath");
        gates.listed("Namespace");
        gates.failed("DeviationException", &forbidden(), NOW);
        assert_eq!(gates.stage(), Stage::Closed);
        assert!(gates.pending().join("\n").contains("DeviationException"));
        gates.listed("DeviationException");
        assert_eq!(gates.stage(), Stage::Judging);
    }

    #[test]
    fn a_forbidden_workload_kind_does_not_hold_up_writing() {
        let gates = gates();
        for kind in ["GoldenPath", "DeviationException", "Namespace", "CronJob"] {
            gates.listed(kind);
        }
        assert_eq!(gates.stage(), Stage::Judging);
        assert!(gates.failed("Deployment", &forbidden(), NOW));
        assert!(!gates.failed("Deployment", &forbidden(), NOW), "no news");
        assert_eq!(gates.stage(), Stage::Ready);
        assert_eq!(gates.pending(), Vec::<String>::new());
        assert_eq!(gates.failures(), [("Deployment".to_owned(), forbidden())]);
    }

    #[test]
    fn a_gate_that_opened_stays_open() {
        let gates = gates();
        let all = [
            "GoldenPath",
            "DeviationException",
            "Namespace",
            "Deployment",
            "CronJob",
        ];
        for kind in all {
            gates.listed(kind);
        }
        gates.failed("GoldenPath", &forbidden(), NOW);
        gates.expect("Rollout", NeededFor::Writing);
        gates.listed("Deployment");
        assert_eq!(gates.stage(), Stage::Ready);
        gates.received(&[("GoldenPath".to_owned(), 0.0)]);
        assert_eq!(gates.failures().len(), 1, "nothing was received since");
        gates.received(&[("GoldenPath".to_owned(), 1.0)]);
        assert_eq!(gates.failures(), []);
    }
}
