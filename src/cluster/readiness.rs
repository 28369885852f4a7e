//! What the operator still waits for. Nothing is judged before every policy kind was listed, and
//! nothing is written before every workload kind was listed or proved out of reach. A gate that
//! opened stays open: what fails later leaves the last known set in force, and is said.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::watch::followed::Role;

/// How far the operator is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Some policy kind was not listed yet.
    #[default]
    Closed,
    /// Policies are known: workloads may be looked at.
    Judging,
    /// Workloads are known: labels, statuses and Events may be written.
    Ready,
}

/// Why a kind cannot be followed at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One of a dozen words.
    pub reason: &'static str,
    /// What the server said.
    pub message: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

#[derive(Clone, Debug)]
struct Progress {
    role: Role,
    listed: bool,
    trouble: Option<Trouble>,
    troubled_at: Option<Duration>,
}

/// The gates.
#[derive(Debug, Default)]
pub struct Gates {
    kinds: Mutex<BTreeMap<String, Progress>>,
    stage: watch::Sender<Stage>,
}

impl Gates {
    /// From now on this kind is waited for as its role says.
    pub fn expect(&self, kind: &str, role: Role) {
        let progress = Progress {
            role,
            listed: false,
            trouble: None,
            troubled_at: None,
        };
        self.kinds().entry(kind.to_owned()).or_insert(progress);
    }

    /// The kind was listed to the end.
    pub fn listed(&self, kind: &str) {
        self.note(kind, |progress| {
            progress.listed = true;
            progress.trouble = None;
        });
    }

    /// Bytes of these kinds arrived, at these seconds since 1970: troubles older than that are over.
    pub fn heard(&self, heard: &[(String, f64)]) {
        for (kind, at) in heard {
            let at = Duration::try_from_secs_f64(*at).unwrap_or_default();
            let is_over = |progress: &Progress| {
                progress.listed && progress.troubled_at.is_some_and(|since| since < at)
            };
            if self.kinds().get(kind).is_some_and(is_over) {
                self.note(kind, |progress| progress.trouble = None);
            }
        }
    }

    /// Events of the kind arrive.
    pub fn recovered(&self, kind: &str) {
        let troubled = |progress: &Progress| progress.trouble.is_some();
        if self.kinds().get(kind).is_some_and(troubled) {
            self.note(kind, |progress| progress.trouble = None);
        }
    }

    /// The kind cannot be followed, as of `now`. True where that is news.
    pub fn troubled(&self, kind: &str, trouble: &Trouble, now: Timestamp) -> bool {
        let mut is_news = false;
        self.note(kind, |progress| {
            progress.troubled_at =
                Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok();
            let before = progress.trouble.replace(trouble.clone());
            is_news = before.is_none_or(|before| before.reason != trouble.reason);
        });
        is_news
    }

    /// How far the operator is.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits until the operator is as far as `stage`.
    pub async fn reached(&self, stage: Stage) {
        let mut stages = self.stage.subscribe();
        // The sender lives as long as `self`.
        let _ = stages.wait_for(|now| *now >= stage).await;
    }

    /// One line for each kind whose first list is still waited for, unless it is out of reach.
    pub fn pending(&self) -> Vec<String> {
        let kinds = self.kinds();
        let waiting = kinds.iter().filter(|(_, progress)| progress.holds_back());
        let lines = waiting.map(|(kind, progress)| match &progress.trouble {
            Some(trouble) => format!("{kind}: not listed yet ({trouble})"),
            None => format!("{kind}: not listed yet"),
        });
        lines.collect()
    }

    /// The kinds that cannot be followed at the moment, and why.
    pub fn troubles(&self) -> Vec<(String, Trouble)> {
        let kinds = self.kinds();
        let troubled = kinds.iter().filter_map(|(kind, progress)| {
            let trouble = progress.trouble.clone()?;
            Some((kind.clone(), trouble))
        });
        troubled.collect()
    }

    fn note(&self, kind: &str, change: impl FnOnce(&mut Progress)) {
        let mut kinds = self.kinds();
        if let Some(progress) = kinds.get_mut(kind) {
            change(progress);
        }
        let stage = stage_of(&kinds);
        self.stage.send_if_modified(|now| {
            let further = stage > *now;
            *now = stage.max(*now);
            further
        });
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<String, Progress>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn holds_back(&self) -> bool {
        match self.role {
            Role::Policy => !self.listed,
            Role::Workload => !self.listed && self.trouble.is_none(),
            Role::Beside => false,
        }
    }
}

fn stage_of(kinds: &BTreeMap<String, Progress>) -> Stage {
    let holds_back = |role| {
        kinds
            .values()
            .any(|progress| progress.role == role && progress.holds_back())
    };
    if holds_back(Role::Policy) {
        Stage::Closed
    } else if holds_back(Role::Workload) {
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
            gates.expect(kind, Role::Policy);
        }
        for kind in ["Deployment", "CronJob"] {
            gates.expect(kind, Role::Workload);
        }
        gates
    }

    fn forbidden() -> Trouble {
        Trouble {
            reason: "Forbidden",
            message: "no".to_owned(),
        }
    }

    #[test]
    fn each_policy_kind_has_to_be_listed_before_anything_is_judged() {
        let gates = gates();
        gates.listed("GoldenPath");
        gates.listed("Namespace");
        gates.troubled("DeviationException", &forbidden(), NOW);
        assert_eq!(gates.stage(), Stage::Closed);
        assert!(gates.pending().join("\n").contains("DeviationException"));
        gates.listed("DeviationException");
        assert_eq!(gates.stage(), Stage::Judging);
    }

    #[test]
    fn a_forbidden_workload_kind_is_not_waited_for() {
        let gates = gates();
        for kind in ["GoldenPath", "DeviationException", "Namespace", "CronJob"] {
            gates.listed(kind);
        }
        assert_eq!(gates.stage(), Stage::Judging);
        assert!(gates.troubled("Deployment", &forbidden(), NOW));
        assert!(!gates.troubled("Deployment", &forbidden(), NOW), "no news");
        assert_eq!(gates.stage(), Stage::Ready);
        assert_eq!(gates.pending(), Vec::<String>::new());
        assert_eq!(gates.troubles(), [("Deployment".to_owned(), forbidden())]);
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
        gates.troubled("GoldenPath", &forbidden(), NOW);
        gates.expect("Rollout", Role::Workload);
        gates.listed("Deployment");
        assert_eq!(gates.stage(), Stage::Ready);
        gates.heard(&[("GoldenPath".to_owned(), 0.0)]);
        assert_eq!(gates.troubles().len(), 1, "nothing was heard since");
        gates.heard(&[("GoldenPath".to_owned(), 1.0)]);
        assert_eq!(gates.troubles(), []);
    }
}
