//! Writes the decisions of commands: a new exception, an approval, a review, a request for renewal. Each
//! is one change that a user asked for, and the user gets the server's answer. Nothing is decided here.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::{self, sleep, sleep_until};

use crate::api::deviation_exception::{Decision, MOST_REVIEWS, Review, ReviewOutcome};
use crate::api::{DeviationException, Instant, Period};
use crate::cluster::client::connect::Target;
use crate::cluster::client::error::{Error, Result};
use crate::cluster::client::identity;

/// The field manager of these writes; the operator has another one.
const FIELD_MANAGER: &str = "kubectl-goldenpath";
/// Further attempts after a conflict with a status write.
const CONFLICTS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(10))
    .with_max_delay(Duration::from_millis(200))
    .with_max_times(5)
    .with_jitter();

/// An exception by its name.
#[derive(Clone, Debug)]
pub struct ExceptionRef {
    /// Which cluster.
    pub target: Target,
    /// Its namespace; the context's namespace where absent.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// A change of an exception by the owner of its path, or by its own owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionRequest {
    /// The decision on the request.
    Decide {
        /// Approved or Rejected.
        decision: Decision,
        /// Why.
        note: Option<String>,
    },
    /// A review.
    Review {
        /// Renewed or Closed.
        outcome: ReviewOutcome,
        /// Its new expiry.
        until: Option<Timestamp>,
        /// The finding.
        note: Option<String>,
    },
    /// The owner's request for a renewal.
    RequestRenewal {
        /// Why the exception is still needed.
        because: String,
    },
}

impl DecisionRequest {
    /// The fields of the spec to write.
    fn patch(&self, before: &DeviationException, by: &str, now: Timestamp) -> Value {
        match self {
            // An absent note is a null, because a merge would keep an earlier one.
            Self::Decide { decision, note } => json!({
                "approval": {"decision": decision, "by": by, "at": Instant(now), "note": note},
            }),
            Self::Review {
                outcome,
                until,
                note,
            } => {
                let mut reviews = before.spec.reviews.clone();
                reviews.push(Review {
                    by: by.to_owned(),
                    at: Instant(now),
                    outcome: *outcome,
                    expires_at: until.map(Instant),
                    note: note.clone(),
                });
                json!({ "reviews": reviews })
            }
            Self::RequestRenewal { because } => json!({
                "renewal": {"requestedAt": Instant(now), "by": by, "stillNeededBecause": because},
            }),
        }
    }

    /// Why the definition would refuse it, with the next command.
    fn refusal(&self, before: &DeviationException) -> Option<String> {
        let renews = match self {
            Self::Review { outcome, .. } => *outcome == ReviewOutcome::Renewed,
            Self::Decide { .. } | Self::RequestRenewal { .. } => false,
        };
        let is_full = renews && before.spec.reviews.len() >= MOST_REVIEWS;
        is_full.then(|| {
            format!(
                "{MOST_REVIEWS} reviews are recorded, and the last one is reserved for closing it. \
                 Next: kubectl goldenpath close {}, then request a new exception",
                before.name_any()
            )
        })
    }

    const fn verb(&self) -> &'static str {
        match self {
            Self::Decide { decision, .. } => match decision {
                Decision::Approved => "approve",
                Decision::Rejected => "reject",
            },
            Self::Review { outcome, .. } => match outcome {
                ReviewOutcome::Renewed => "renew",
                ReviewOutcome::Closed => "close",
            },
            Self::RequestRenewal { .. } => "ask for a renewal of",
        }
    }
}

/// The first second from `now` on without a review: a review is identified by its second.
fn free_second(reviews: &[Review], now: Timestamp) -> Timestamp {
    let mut at = now;
    while reviews.iter().any(|review| review.at.0 == at) {
        at = Period::seconds(1).after(at);
    }
    at
}

/// Creates an exception, and returns it as stored.
///
/// # Errors
/// When the server refuses it: the name is taken, a rule is not met, or rights are missing.
pub async fn create(target: &Target, exception: &DeviationException) -> Result<DeviationException> {
    let namespace = exception.metadata.namespace.as_deref().unwrap_or_default();
    let action = format!("create exception {namespace}/{}", exception.name_any());
    let api: Api<DeviationException> = Api::namespaced(target.client().await?, namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    api.create(&params, exception)
        .await
        .map_err(Error::refused(action))
}

/// Writes a decision into an exception, and returns it as stored. A concurrent change of the status
/// makes it try again; a concurrent change of the spec is a conflict. `asked_at` is the current second.
///
/// # Errors
/// When there is no such exception, its spec changed meanwhile, or the server refuses.
pub async fn decide(
    exception: &ExceptionRef,
    request: &DecisionRequest,
    asked_at: Timestamp,
) -> Result<DeviationException> {
    let started = time::Instant::now();
    let client = exception.target.client().await?;
    let namespace = exception
        .namespace
        .as_deref()
        .unwrap_or(client.default_namespace())
        .to_owned();
    let attempt = Attempt {
        started,
        by: identity::of(&client).await?.user,
        api: Api::namespaced(client, &namespace),
        action: format!(
            "{} exception {namespace}/{}",
            request.verb(),
            exception.name
        ),
        name: &exception.name,
        request,
        asked_at,
    };
    let mut before = attempt.read().await?;
    let mut pauses = CONFLICTS.build();
    loop {
        let conflict = match attempt.write(&before).await {
            Err(error) if error.reason() == "Conflict" => error,
            ended => return ended,
        };
        let Some(pause) = pauses.next() else {
            return Err(conflict);
        };
        sleep(pause).await;
        let now = attempt.read().await?;
        // The decision was made on the spec that was read first.
        if content(&now) != content(&before) {
            return Err(conflict);
        }
        before = now;
    }
}

/// Identifies an object and its spec: the API server increments the generation with every change of
/// the spec, and not with changes of the status.
fn content(exception: &DeviationException) -> (Option<&str>, Option<i64>) {
    let metadata = &exception.metadata;
    (metadata.uid.as_deref(), metadata.generation)
}

/// One decision on its way into an exception.
struct Attempt<'a> {
    api: Api<DeviationException>,
    name: &'a str,
    request: &'a DecisionRequest,
    by: String,
    asked_at: Timestamp,
    /// The same instant on the monotonic clock.
    started: time::Instant,
    /// For errors.
    action: String,
}

impl Attempt<'_> {
    async fn read(&self) -> Result<DeviationException> {
        let read = self.api.get(self.name).await;
        read.map_err(Error::refused(&*self.action))
    }

    /// Writes the decision, unless the exception changed since it was read.
    async fn write(&self, before: &DeviationException) -> Result<DeviationException> {
        if let Some(message) = self.request.refusal(before) {
            return Err(Error::Refused {
                action: self.action.clone(),
                message,
                code: 422,
                is_of_policy: false,
            });
        }
        // A review has a second of its own, and is never dated ahead of the clock.
        let at = free_second(&before.spec.reviews, self.asked_at);
        let ahead = Duration::try_from(at.duration_since(self.asked_at)).unwrap_or_default();
        sleep_until(self.started + ahead).await;
        let patch = json!({
            "metadata": {"resourceVersion": before.resource_version()},
            "spec": self.request.patch(before, &self.by, at),
        });
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        self.api
            .patch(self.name, &params, &Patch::Merge(patch))
            .await
            .map_err(Error::refused(&*self.action))
    }
}
