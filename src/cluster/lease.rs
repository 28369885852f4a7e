//! Leader election by a Lease of coordination.k8s.io: which of several replicas writes. Another
//! replica's claim has lapsed when its record stayed unchanged long enough on our own monotonic clock;
//! the times in the record do not count, so that clocks may differ. A Lease is not a fence: writes stay
//! idempotent.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Client;
use kube::api::{Api, PostParams};
use tokio::sync::watch;
use tracing::{info, warn};

use super::client::error::{Error, Result};
use super::client::failure::chain;

/// The name of the operator's Lease.
pub const LEASE_NAME: &str = "goldenpath";
/// How long a claim stands without renewal.
pub const LEASE_SECONDS: u16 = 15;
const LEASE: Duration = Duration::from_secs(LEASE_SECONDS as u64);
/// How long after its last renewal a holder goes on writing.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Time between two attempts.
pub const RETRY_EVERY: Duration = Duration::from_secs(2);
/// The longest time one request may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Until when this replica may write. Checked before every write.
#[derive(Debug)]
pub struct Leadership {
    until: Mutex<Option<Claim>>,
    installed: Mutex<Option<Timestamp>>,
    changed: watch::Sender<bool>,
}

/// A claim ends when either clock reaches its end: the monotonic one stands still while the machine is
/// suspended, and another replica's does not.
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

    /// Notifies of changes. Before a write, check [`Leadership::holds`].
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.changed.subscribe()
    }

    /// When the operator was installed: the first replica creates the Lease, which outlives them all.
    /// `None` without a Lease, and before it was read.
    pub fn installed(&self) -> Option<Timestamp> {
        *self
            .installed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn set_installed(&self, at: Option<Timestamp>) {
        *self
            .installed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Leads without a Lease, as the only replica.
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

/// A version of the record, and when it was first read.
#[derive(Clone, Debug)]
struct ObservedRecord {
    version: String,
    first_seen: Instant,
}

/// What to do about the Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeaseAction {
    /// It has no holder, or its holder stopped renewing.
    Acquire,
    /// This replica holds it.
    Renew,
    /// Another replica holds it.
    Wait,
}

fn next_action(
    record: &LeaseSpec,
    observed: &ObservedRecord,
    me: &str,
    now: Instant,
) -> LeaseAction {
    let holder = record.holder_identity.as_deref().unwrap_or_default();
    if holder.is_empty() {
        return LeaseAction::Acquire;
    }
    if holder == me {
        return LeaseAction::Renew;
    }
    let stated = record
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok());
    let lasts = stated.map_or(LEASE, Duration::from_secs).max(LEASE);
    if now.saturating_duration_since(observed.first_seen) >= lasts {
        LeaseAction::Acquire
    } else {
        LeaseAction::Wait
    }
}

/// Keeps the observation of an unchanged record, and starts a new one for a changed record.
fn observe(before: Option<ObservedRecord>, version: &str, now: Instant) -> ObservedRecord {
    before
        .filter(|observed| observed.version == version)
        .unwrap_or_else(|| ObservedRecord {
            version: version.to_owned(),
            first_seen: now,
        })
}

/// The record after acquiring or renewing.
fn claim(record: &LeaseSpec, me: &str, action: LeaseAction, now: Timestamp) -> LeaseSpec {
    let acquires = action == LeaseAction::Acquire;
    let transitions = record.lease_transitions.unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(me.to_owned()),
        lease_duration_seconds: Some(i32::from(LEASE_SECONDS)),
        acquire_time: if acquires {
            Some(MicroTime(now))
        } else {
            record.acquire_time.clone()
        },
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions + i32::from(acquires)),
        ..record.clone()
    }
}

/// Acquires and renews one Lease.
#[derive(Clone)]
pub struct LeaderElector {
    api: Api<Lease>,
    me: String,
    observed: Option<ObservedRecord>,
    created: Option<Timestamp>,
}

impl LeaderElector {
    /// Contends for the operator's Lease in `namespace` as `me`, which no other replica ever uses.
    pub fn new(client: Client, namespace: &str, me: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            me: me.to_owned(),
            observed: None,
            created: None,
        }
    }

    /// Contends until the task is aborted.
    pub async fn run(mut self, leadership: &Leadership) {
        let mut held = false;
        loop {
            let started = Instant::now();
            let contended = self.contend().await;
            leadership.set_installed(self.created);
            match contended {
                Ok(true) => leadership.claim_for(RENEW_DEADLINE, started),
                Ok(false) => leadership.give_up(),
                Err(error) => {
                    warn!(reason = error.reason(), error = %chain(&error), "failed to acquire or renew the Lease; retrying");
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

    /// One attempt. True where this replica holds the Lease now.
    async fn contend(&mut self) -> Result<bool> {
        let Some(lease) = self.limited("read", self.api.get_opt(LEASE_NAME)).await? else {
            return self.create().await;
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        self.created = lease.metadata.creation_timestamp.as_ref().map(|at| at.0);
        let record = lease.spec.clone().unwrap_or_default();
        let now = Instant::now();
        let observed = observe(self.observed.take(), &version, now);
        let action = next_action(&record, &observed, &self.me, now);
        self.observed = Some(observed);
        match action {
            LeaseAction::Wait => Ok(false),
            LeaseAction::Acquire | LeaseAction::Renew => {
                let spec = claim(&record, &self.me, action, Timestamp::now());
                self.replace(&lease, spec).await
            }
        }
    }

    async fn create(&self) -> Result<bool> {
        let spec = claim(
            &LeaseSpec::default(),
            &self.me,
            LeaseAction::Acquire,
            Timestamp::now(),
        );
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(LEASE_NAME.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(spec),
        };
        let created = self
            .limited("create", self.api.create(&PostParams::default(), &lease))
            .await;
        acquired(created.map(drop))
    }

    /// Sends the version that was read, so that of two replicas one gets a conflict.
    async fn replace(&self, lease: &Lease, spec: LeaseSpec) -> Result<bool> {
        let lease = Lease {
            spec: Some(spec),
            ..lease.clone()
        };
        let params = PostParams::default();
        let replaced = self
            .limited("renew", self.api.replace(LEASE_NAME, &params, &lease))
            .await;
        acquired(replaced.map(drop))
    }

    /// Releases the Lease, so that another replica need not wait until it lapses.
    pub async fn release(&self, leadership: &Leadership) -> Result<()> {
        leadership.give_up();
        let Some(lease) = self.limited("read", self.api.get_opt(LEASE_NAME)).await? else {
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
        info!(lease = LEASE_NAME, "Lease released");
        Ok(())
    }

    async fn limited<T>(
        &self,
        verb: &str,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T> {
        let action = format!("{verb} the Lease {LEASE_NAME}");
        match tokio::time::timeout(TIMEOUT, request).await {
            Ok(answer) => answer.map_err(Error::on(action)),
            Err(_) => Err(Error::TimedOut {
                action,
                seconds: TIMEOUT.as_secs(),
            }),
        }
    }
}

/// A conflict is not a failure: another replica was faster.
fn acquired(written: Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(Error::Request { source, .. }) if source.reason == "Conflict" => Ok(false),
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

    fn seen(version: &str, first_seen: Instant) -> ObservedRecord {
        ObservedRecord {
            version: version.to_owned(),
            first_seen,
        }
    }

    #[test]
    fn another_replicas_claim_lapses_by_our_own_clock_only() {
        let start = Instant::now();
        let record = held_by("other");
        let seen = seen("7", start);
        let just_before = start + LEASE.saturating_sub(Duration::from_millis(1));
        assert_eq!(next_action(&record, &seen, "me", start), LeaseAction::Wait);
        assert_eq!(
            next_action(&record, &seen, "me", just_before),
            LeaseAction::Wait
        );
        assert_eq!(
            next_action(&record, &seen, "me", start + LEASE),
            LeaseAction::Acquire
        );
    }

    #[test]
    fn every_renewal_by_another_replica_restarts_the_wait() {
        let start = Instant::now();
        let later = start + LEASE;
        let first = observe(None, "7", start);
        let unchanged = observe(Some(first.clone()), "7", later);
        assert_eq!(unchanged.first_seen, start);
        let renewed = observe(Some(first), "8", later);
        assert_eq!(
            next_action(&held_by("other"), &renewed, "me", later),
            LeaseAction::Wait
        );
    }

    #[test]
    fn a_free_lease_is_acquired_and_our_own_is_renewed() {
        let now = Instant::now();
        let seen = seen("7", now);
        assert_eq!(
            next_action(&LeaseSpec::default(), &seen, "me", now),
            LeaseAction::Acquire
        );
        assert_eq!(
            next_action(&held_by(""), &seen, "me", now),
            LeaseAction::Acquire
        );
        assert_eq!(
            next_action(&held_by("me"), &seen, "me", now),
            LeaseAction::Renew
        );
    }

    #[test]
    fn acquiring_counts_as_a_transition_and_renewing_does_not() {
        let now = Timestamp::UNIX_EPOCH;
        let acquired = claim(&held_by("other"), "me", LeaseAction::Acquire, now);
        assert_eq!(acquired.lease_transitions, Some(5));
        assert_eq!(acquired.acquire_time, Some(MicroTime(now)));
        let later = now + SignedDuration::from_secs(2);
        let renewed = claim(&acquired, "me", LeaseAction::Renew, later);
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
