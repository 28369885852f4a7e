//! What people write with a command: an exception they drafted, an approval, a review. Each is one
//! request, made only because somebody asked for it by name, and the server's answer is theirs.

use std::time::Duration;

use crate::api::Instant;
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::api::deviation_exception::{Decision, MOST_REVIEWS, Outcome, Review};
use crate::api::{DeviationException, Period};
use crate::cluster::client::connect::Target;
use crate::cluster::client::error::{Error, Result};
use crate::cluster::client::identity;

/// Who wrote a field, as the server records it; not the operator.
const FIELD_MANAGER: &str = "kubectl-goldenpath";

/// An exception somebody names.
#[derive(Clone, Debug)]
pub struct Named {
    /// Which cluster.
    pub target: Target,
    /// Its namespace; the one of the context where absent.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// What the owner of a path says to an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The decision on the request.
    Decide {
        /// Approved or Rejected.
        decision: Decision,
        /// Why.
        note: Option<String>,
    },
    /// One more look.
    Review {
        /// Renewed or Closed.
        outcome: Outcome,
        /// Until when it goes on.
        until: Option<Timestamp>,
        /// What was found.
        note: Option<String>,
    },
    /// The owner's own wish to go on.
    Renew {
        /// Why it is still needed.
        because: String,
    },
}

impl Word {
    /// The part of the spec that is written.
    fn written(&self, before: &DeviationException, by: &str, now: Timestamp) -> Value {
        match self {
            // An absent note is a null: a merge would keep the one before.
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
            Self::Renew { because } => json!({
                "renewal": {"requestedAt": Instant(now), "by": by, "stillNeededBecause": because},
            }),
        }
    }

    /// Why the definition would refuse it, in a sentence that names the next command.
    fn refusal(&self, before: &DeviationException) -> Option<String> {
        let renews = match self {
            Self::Review { outcome, .. } => *outcome == Outcome::Renewed,
            Self::Decide { .. } | Self::Renew { .. } => false,
        };
        let is_full = renews && before.spec.reviews.len() >= MOST_REVIEWS;
        is_full.then(|| {
            format!(
                "{MOST_REVIEWS} reviews are recorded, and the last place is kept for closing it. \
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
                Outcome::Renewed => "renew",
                Outcome::Closed => "close",
            },
            Self::Renew { .. } => "ask for a renewal of",
        }
    }
}

/// A review is known by its second: the first from `now` on that none has.
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
/// When the server refuses it: an object of this name is there, a rule is not met, or rights are
/// missing.
pub async fn create(target: &Target, exception: &DeviationException) -> Result<DeviationException> {
    let namespace = exception.metadata.namespace.as_deref().unwrap_or_default();
    let action = format!("create exception {namespace}/{}", exception.name_any());
    let api: Api<DeviationException> = Api::namespaced(target.client().await?, namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let created = api.create(&params, exception).await;
    created.map_err(Error::refused(action))
}

/// Writes a decision or a review into an exception, and returns it as stored. It is refused where
/// somebody changed the exception meanwhile. `asked_at` is the second it is in.
///
/// # Errors
/// When there is no such exception, or the server refuses.
pub async fn say(named: &Named, word: &Word, asked_at: Timestamp) -> Result<DeviationException> {
    let client = named.target.client().await?;
    let namespace = named.namespace.as_deref();
    let namespace = namespace.unwrap_or(client.default_namespace()).to_owned();
    let action = || format!("{} exception {namespace}/{}", word.verb(), named.name);
    let by = identity::of(&client).await?.user;
    let api: Api<DeviationException> = Api::namespaced(client, &namespace);
    let before = api.get(&named.name).await;
    let before = before.map_err(Error::refused(action()))?;
    if let Some(message) = word.refusal(&before) {
        return Err(Error::Refused {
            action: action(),
            message,
            code: 422,
        });
    }
    // A review is dated in a second of its own, and never ahead of the clock.
    let now = free_second(&before.spec.reviews, asked_at);
    let ahead = Duration::try_from(now.duration_since(asked_at)).unwrap_or_default();
    tokio::time::sleep(ahead).await;
    let patch = json!({
        "metadata": {"resourceVersion": before.resource_version()},
        "spec": word.written(&before, &by, now),
    });
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let patched = api.patch(&named.name, &params, &Patch::Merge(patch)).await;
    patched.map_err(Error::refused(action()))
}
