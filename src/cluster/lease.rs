//! Which of several replicas writes: a Lease of coordination.k8s.io. Whether another's claim has
//! lapsed is judged by how long its record was seen unchanged on our own monotonic clock, never by
//! the times it states, so that clocks may differ. A Lease is no fence: writes stay idempotent.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Client;
use kube::api::{Api, PostParams};
use tokio::sync::watch;
use tracing::{info, warn};

use super::client::error::{Error, Result, reason_of};

/// How long a claim that is not renewed stands.
pub const LEASE_SECONDS: u16 = 15;
const LEASE: Duration = Duration::from_secs(LEASE_SECONDS as u64);
/// How long after its last renewal a holder goes on writing.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Time between two attempts.
pub const RETRY_EVERY: Duration = Duration::from_secs(2);
/// Longest time one request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Until when this replica may write. Asked at the moment of writing.
#[derive(Debug)]
pub struct Leadership {
    until: Mutex<Option<Claim>>,
    installed: Mutex<Option<Timestamp>>,
    changed: watch::Sender<bool>,
}

/// A claim ends by whichever clock gets there first: a monotonic one stands still while a machine
/// is suspended, and another replica's does not.
#[derive(Clone, Copy, Debug)]
struct Claim {
    until: Instant,
    until_by_wall: Timestamp,
}

impl Default for Leadership {
    fn default() -> Self {
        Self {
            until: Mutex::default(),
            installed: Mutex::default(),
            changed: watch::Sender::new(false),
        }
    }
}

impl Leadership {
    /// Whether this replica may write now.
    pub fn holds(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|claim| {
            Instant::now() < claim.until && Timestamp::now() < claim.until_by_wall
        })
    }

    /// Tells of changes; what is held at the moment of writing is for [`Leadership::holds`].
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.changed.subscribe()
    }

    /// When the operator came to this cluster: its Lease is created by the first replica that ever
    /// contends, and outlives them all. None without a Lease, and before it was read.
    pub fn installed(&self) -> Option<Timestamp> {
        *self
            .installed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn note_installed(&self, at: Option<Timestamp>) {
        *self
            .installed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// This replica is alone.
    pub fn hold_for_good(&self) {
        let century = Duration::from_secs(100 * 365 * 86_400);
        self.claim_for(century, Instant::now());
    }

    fn claim_for(&self, time: Duration, from: Instant) {
        let by_wall = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let claim = Claim {
            until: from + time,
            until_by_wall: Timestamp::now()
                .saturating_add(by_wall)
                .unwrap_or(Timestamp::MAX),
        };
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(claim);
        self.announce();
    }

    fn give_up(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.announce();
    }

    fn announce(&self) {
        let holds = self.holds();
        self.changed.send_if_modified(|before| {
            let changed = *before != holds;
            *before = holds;
            changed
        });
    }
}

/// A record and when it was first seen just so.
#[derive(Clone, Debug)]
pub struct Sighting {
    version: String,
    first_seen: Instant,
}

/// What there is to do about the Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nobody holds it, or the holder fell silent.
    Take,
    /// It is ours: say that we are still here.
    Renew,
    /// Somebody else holds it.
    Wait,
}

/// Decides. `seen` says since when the record has looked the way it does now.
pub fn evaluate(record: &LeaseSpec, seen: &Sighting, me: &str, now: Instant) -> Step {
    let holder = record.holder_identity.as_deref().unwrap_or_default();
    if holder.is_empty() {
        return Step::Take;
    }
    if holder == me {
        return Step::Renew;
    }
    let stated = record
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok());
    let lasts = stated.map_or(LEASE, Duration::from_secs).max(LEASE);
    if now.saturating_duration_since(seen.first_seen) >= lasts {
        Step::Take
    } else {
        Step::Wait
    }
}

/// Keeps the sighting of an unchanged record, and starts anew for a changed one.
fn sight(before: Option<Sighting>, version: &str, now: Instant) -> Sighting {
    before
        .filter(|sighting| sighting.version == version)
        .unwrap_or_else(|| Sighting {
            version: version.to_owned(),
            first_seen: now,
        })
}

/// The record after a step.
fn claim(record: &LeaseSpec, me: &str, step: Step, now: Timestamp) -> LeaseSpec {
    let takes = step == Step::Take;
    let transitions = record.lease_transitions.unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(me.to_owned()),
        lease_duration_seconds: Some(i32::from(LEASE_SECONDS)),
        acquire_time: if takes {
            Some(MicroTime(now))
        } else {
            record.acquire_time.clone()
        },
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions + i32::from(takes)),
        ..record.clone()
    }
}

/// A contender for one Lease.
#[derive(Clone)]
pub struct Contender {
    api: Api<Lease>,
    name: String,
    me: String,
    seen: Option<Sighting>,
    created: Option<Timestamp>,
}

impl Contender {
    /// Contends for the Lease `name` in `namespace` as `me`, a name nobody else ever has.
    pub fn new(client: Client, namespace: &str, name: &str, me: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
            me: me.to_owned(),
            seen: None,
            created: None,
        }
    }

    /// Contends until the task is aborted.
    pub async fn run(mut self, leadership: &Leadership) {
        let mut held = false;
        loop {
            let started = Instant::now();
            let contended = self.contend().await;
            leadership.note_installed(self.created);
            match contended {
                Ok(true) => leadership.claim_for(RENEW_DEADLINE, started),
                Ok(false) => leadership.give_up(),
                Err(error) => {
                    warn!(reason = error.reason(), %error, "failed to renew the lease");
                    leadership.announce();
                }
            }
            if held != leadership.holds() {
                held = !held;
                info!(leads = held, identity = self.me, "leadership changed");
            }
            tokio::time::sleep(RETRY_EVERY.saturating_sub(started.elapsed())).await;
        }
    }

    /// One attempt. True where the Lease is ours now.
    async fn contend(&mut self) -> Result<bool> {
        let Some(lease) = self.limited("read", self.api.get_opt(&self.name)).await? else {
            return self.create().await;
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        self.created = lease.metadata.creation_timestamp.as_ref().map(|at| at.0);
        let record = lease.spec.clone().unwrap_or_default();
        let now = Instant::now();
        let seen = sight(self.seen.take(), &version, now);
        let step = evaluate(&record, &seen, &self.me, now);
        self.seen = Some(seen);
        match step {
            Step::Wait => Ok(false),
            Step::Take | Step::Renew => {
                let spec = claim(&record, &self.me, step, Timestamp::now());
                self.replace(&lease, spec).await
            }
        }
    }

    async fn create(&self) -> Result<bool> {
        let spec = claim(
            &LeaseSpec::default(),
            &self.me,
            Step::Take,
            Timestamp::now(),
        );
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(spec),
        };
        let params = PostParams::default();
        let made = self
            .limited("create", self.api.create(&params, &lease))
            .await;
        won(made.map(drop))
    }

    /// Carries the version that was read, so that of two contenders one is refused.
    async fn replace(&self, lease: &Lease, spec: LeaseSpec) -> Result<bool> {
        let lease = Lease {
            spec: Some(spec),
            ..lease.clone()
        };
        let params = PostParams::default();
        let done = self
            .limited("renew", self.api.replace(&self.name, &params, &lease))
            .await;
        won(done.map(drop))
    }

    /// Gives the Lease back, so that another replica need not wait for it to lapse.
    pub async fn release(&self, leadership: &Leadership) -> Result<()> {
        leadership.give_up();
        let Some(lease) = self.limited("read", self.api.get_opt(&self.name)).await? else {
            return Ok(());
        };
        let record = lease.spec.clone().unwrap_or_default();
        if record.holder_identity.as_deref() != Some(&self.me) {
            return Ok(());
        }
        let spec = LeaseSpec {
            holder_identity: Some(String::new()),
            renew_time: Some(MicroTime(Timestamp::now())),
            ..record
        };
        self.replace(&lease, spec).await?;
        info!(lease = self.name, "lease released");
        Ok(())
    }

    async fn limited<T>(
        &self,
        verb: &str,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T> {
        let action = format!("{verb} the lease {}", self.name);
        match tokio::time::timeout(PATIENCE, request).await {
            Ok(answer) => answer.map_err(Error::on(action)),
            Err(_) => Err(Error::TimedOut {
                action,
                seconds: PATIENCE.as_secs(),
            }),
        }
    }
}

/// A conflict is no failure: somebody else was faster.
fn won(done: Result<()>) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(Error::Request { source, .. }) if reason_of(&source) == "Conflict" => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(holder: &str) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::MIN)), // by its own clock it lapsed long ago
            lease_transitions: Some(4),
            ..LeaseSpec::default()
        }
    }

    fn seen(version: &str, first_seen: Instant) -> Sighting {
        Sighting {
            version: version.to_owned(),
            first_seen,
        }
    }

    #[test]
    fn anothers_claim_lapses_by_our_own_clock_only() {
        let start = Instant::now();
        let record = held_by("other");
        let seen = seen("7", start);
        let just_before = start + LEASE.saturating_sub(Duration::from_millis(1));
        assert_eq!(evaluate(&record, &seen, "me", start), Step::Wait);
        assert_eq!(evaluate(&record, &seen, "me", just_before), Step::Wait);
        assert_eq!(evaluate(&record, &seen, "me", start + LEASE), Step::Take);
    }

    #[test]
    fn every_renewal_of_another_starts_the_wait_anew() {
        let start = Instant::now();
        let later = start + LEASE;
        let first = sight(None, "7", start);
        let unchanged = sight(Some(first.clone()), "7", later);
        assert_eq!(unchanged.first_seen, start);
        let renewed = sight(Some(first), "8", later);
        assert_eq!(
            evaluate(&held_by("other"), &renewed, "me", later),
            Step::Wait
        );
    }

    #[test]
    fn a_free_lease_is_taken_and_our_own_is_renewed() {
        let now = Instant::now();
        let seen = seen("7", now);
        assert_eq!(
            evaluate(&LeaseSpec::default(), &seen, "me", now),
            Step::Take
        );
        assert_eq!(evaluate(&held_by(""), &seen, "me", now), Step::Take);
        assert_eq!(evaluate(&held_by("me"), &seen, "me", now), Step::Renew);
    }

    #[test]
    fn taking_over_is_counted_and_renewing_is_not() {
        let now = Timestamp::UNIX_EPOCH;
        let taken = claim(&held_by("other"), "me", Step::Take, now);
        assert_eq!(taken.lease_transitions, Some(5));
        assert_eq!(taken.acquire_time, Some(MicroTime(now)));
        let later = now + SignedDuration::from_secs(2);
        let renewed = claim(&taken, "me", Step::Renew, later);
        assert_eq!(renewed.lease_transitions, Some(5));
        assert_eq!(renewed.acquire_time, Some(MicroTime(now)));
        assert_eq!(renewed.renew_time, Some(MicroTime(later)));
    }

    #[test]
    fn a_claim_that_was_not_renewed_ends_by_itself() {
        let leadership = Leadership::default();
        assert!(!leadership.holds());
        let now = Instant::now();
        leadership.claim_for(RENEW_DEADLINE, now);
        assert!(leadership.holds());
        leadership.claim_for(Duration::ZERO, now);
        assert!(!leadership.holds());
        leadership.hold_for_good();
        assert!(leadership.holds());
        leadership.give_up();
        assert!(!leadership.holds());
    }

    #[test]
    fn writing_stops_before_another_may_begin() {
        assert!(RENEW_DEADLINE + RETRY_EVERY < LEASE);
    }
}
