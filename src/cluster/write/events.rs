//! Telling people in Kubernetes Events, where they look first: a workload whose standing changed,
//! an exception that entered another phase or was deleted. One task, paced, leader only; what does
//! not fit is counted and dropped, because an Event is a courtesy and the labels are the truth.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::{debug, info};

use super::apply::PATIENCE;
use crate::api::API_VERSION;
use crate::api::previous::Previous;
use crate::assess::exception::record::Exception;
use crate::assess::planner::labels::Transition;
use crate::assess::planner::status::recreated;
use crate::assess::planner::statuses::PhaseChange;
use crate::assess::reminders::Item;
use crate::assess::state::{Phase, Standing, State};
use crate::cluster::client::error::reason_of;
use crate::cluster::context::Context;
use crate::report::reminder;
use crate::report::terminal::plain::plain;
use crate::report::voice::{self, WorkloadState};

/// How much may wait to be told.
pub const QUEUE: usize = 1_024;
/// Time between two Events: a change of everything must not flood the cluster.
const PACE: Duration = Duration::from_millis(20);
/// The longest note Kubernetes takes, in bytes.
const LONGEST_NOTE: usize = 1_024;
/// Who tells.
const CONTROLLER: &str = "goldenpath.dev/goldenpath";

/// Something to tell.
#[derive(Debug)]
pub enum News {
    /// A workload's state changed.
    Transition(Box<Transition>),
    /// An exception entered another phase.
    Phase(PhaseChange),
    /// Somebody was reminded of an exception, or would have been.
    Reminded(Box<Reminded>),
    /// An exception was deleted.
    ExceptionDeleted {
        /// Its namespace.
        namespace: String,
        /// What it was, whole.
        exception: Box<Exception>,
    },
    /// An exception was created under the name of a deleted one.
    ExceptionRecreated {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: Arc<str>,
        /// Its uid.
        uid: Option<Box<str>>,
        /// What counts of the deleted one.
        previous: Previous,
    },
}

/// A reminder that was sent or refused.
#[derive(Debug)]
pub struct Reminded {
    /// What it was about.
    pub item: Item,
    /// Where it went.
    pub channel: Arc<str>,
    /// Why the channel did not take it.
    pub refused: Option<String>,
}

/// One Event to be written.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    regarding: ObjectReference,
    reason: &'static str,
    action: &'static str,
    note: String,
}

/// Tells what comes, until the sender is gone.
pub async fn run(
    client: Client,
    context: Arc<Context>,
    identity: String,
    mut news: mpsc::Receiver<News>,
) {
    while let Some(item) = news.recv().await {
        if !context.leadership.holds() {
            continue;
        }
        match &item {
            News::ExceptionDeleted {
                namespace,
                exception,
            } => {
                context.counters.exception_deleted();
                put_on_record(namespace, exception);
            }
            News::ExceptionRecreated { .. } => context.counters.exception_recreated(),
            News::Transition(_) | News::Phase(_) | News::Reminded(_) => {}
        }
        let result = write(&client, &identity, &item).await;
        context.counters.wrote("event", result);
        tokio::time::sleep(PACE).await;
    }
}

async fn write(client: &Client, identity: &str, news: &News) -> &'static str {
    let now = Timestamp::now();
    let told = told(news, now);
    let namespace = told.regarding.namespace.clone().unwrap_or_default();
    let event = event(told, identity, now);
    let api: Api<Event> = Api::namespaced(client.clone(), &namespace);
    let params = PostParams::default();
    let reason = match tokio::time::timeout(PATIENCE, api.create(&params, &event)).await {
        Ok(Ok(_)) => return "landed",
        Ok(Err(error)) => reason_of(&error),
        Err(_) => "TimedOut",
    };
    // A namespace that is being deleted takes no Events, and nobody would read them.
    debug!(namespace, reason, "failed to write an Event");
    "failed"
}

/// The whole exception as one line, because after its deletion this is all that is left of it.
fn put_on_record(namespace: &str, exception: &Exception) {
    let whole = json!({
        "apiVersion": API_VERSION,
        "kind": "DeviationException",
        "metadata": {
            "namespace": namespace,
            "name": &*exception.name,
            "uid": exception.uid,
            "creationTimestamp": exception.created.to_string(),
        },
        "spec": exception.spec,
        "status": exception.status,
    });
    info!(namespace, name = %exception.name, exception = %whole, "exception deleted");
}

fn told(news: &News, now: Timestamp) -> Told {
    match news {
        News::Transition(transition) => of_workload(transition, now),
        News::Phase(change) => of_phase(change),
        News::Reminded(reminded) => of_reminder(reminded, now),
        News::ExceptionDeleted {
            namespace,
            exception,
        } => of_deletion(namespace, exception),
        News::ExceptionRecreated {
            namespace,
            name,
            uid,
            previous,
        } => Told {
            regarding: exception_reference(namespace, name, uid.as_deref()),
            reason: "Recreated",
            action: "Created",
            note: recreated(previous),
        },
    }
}

fn of_workload(transition: &Transition, now: Timestamp) -> Told {
    let id = &transition.id;
    let verdict = &transition.verdict;
    let kind = id.kind.kind.to_ascii_lowercase();
    let off_ramp = format!(
        "kubectl goldenpath except {kind}/{} -n {}",
        id.name, id.namespace
    );
    let sentence = voice::sentence(&WorkloadState {
        status: verdict.status,
        standing: verdict.standing,
        to_go: verdict.steps.of.saturating_sub(verdict.steps.passed) as usize,
        until: verdict.worst().and_then(|standing| standing.until),
        since: None,
        command: Some(&off_ramp),
        as_of: now,
    });
    let note = format!("Golden path {}: {sentence}", transition.path);
    Told {
        regarding: ObjectReference {
            api_version: Some(id.kind.api_version()),
            kind: Some(id.kind.kind.clone()),
            namespace: Some(id.namespace.to_string()),
            name: Some(id.name.to_string()),
            uid: transition.uid.as_deref().map(str::to_owned),
            ..ObjectReference::default()
        },
        reason: reason_of_state(transition.to),
        action: "Judged",
        note,
    }
}

fn of_phase(change: &PhaseChange) -> Told {
    let note = format!(
        "This exception is now {} (it was {}).",
        change.to.as_str(),
        change.from.as_str()
    );
    Told {
        regarding: exception_reference(&change.namespace, &change.name, change.uid.as_deref()),
        reason: reason_of_phase(change.to),
        action: "Reviewed",
        note,
    }
}

fn of_reminder(reminded: &Reminded, now: Timestamp) -> Told {
    let Reminded {
        item,
        channel,
        refused,
    } = reminded;
    let state = reminder::sentences(item, now).state;
    let (reason, note) = match refused {
        None => (
            "ReminderSent",
            format!("Reminded in channel {channel}: {state}"),
        ),
        Some(why) => (
            "ReminderRefused",
            format!(
                "Channel {channel} did not take a reminder ({why}). Next, for whoever runs \
                 goldenpath: correct the channel; it is tried again within an hour. It said: {state}"
            ),
        ),
    };
    Told {
        regarding: exception_reference(&item.namespace, &item.name, item.uid.as_deref()),
        reason,
        action: "Reminded",
        note,
    }
}

fn of_deletion(namespace: &str, exception: &Exception) -> Told {
    let note = format!(
        "The exception from golden path {} for checks {} was deleted; it was owned by {}. What it \
         covered is no longer covered by it.",
        exception.spec.path,
        exception.spec.checks.join(", "),
        exception.spec.owner.team,
    );
    Told {
        regarding: exception_reference(namespace, &exception.name, exception.uid.as_deref()),
        reason: "ExceptionDeleted",
        action: "Deleted",
        note,
    }
}

fn exception_reference(namespace: &str, name: &str, uid: Option<&str>) -> ObjectReference {
    ObjectReference {
        api_version: Some(API_VERSION.to_owned()),
        kind: Some("DeviationException".to_owned()),
        namespace: Some(namespace.to_owned()),
        name: Some(name.to_owned()),
        uid: uid.map(str::to_owned),
        ..ObjectReference::default()
    }
}

const fn reason_of_state(state: State) -> &'static str {
    match state {
        State::GoldenPath => "OnGoldenPath",
        State::Unknown => "CheckNotEvaluated",
        State::Deviating(Standing::Undocumented) => "DeviationUndocumented",
        State::Deviating(Standing::Expired) => "DeviationExpired",
        State::Deviating(Standing::Pending) => "DeviationPending",
        State::Deviating(Standing::ReviewOverdue) => "DeviationReviewOverdue",
        State::Deviating(Standing::ReviewDue) => "DeviationReviewDue",
        State::Deviating(Standing::Predates) => "DeviationPredates",
        State::Deviating(Standing::Documented) => "DeviationDocumented",
    }
}

const fn reason_of_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "ExceptionPending",
        Phase::Active => "ExceptionActive",
        Phase::ReviewDue => "ExceptionReviewDue",
        Phase::ReviewOverdue => "ExceptionReviewOverdue",
        Phase::Expired => "ExceptionExpired",
        Phase::Rejected => "ExceptionRejected",
        Phase::Closed => "ExceptionClosed",
    }
}

fn event(told: Told, identity: &str, now: Timestamp) -> Event {
    let subject = told.regarding.name.as_deref().unwrap_or("goldenpath");
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{subject}.{:x}", now.as_nanosecond())),
            namespace: told.regarding.namespace.clone(),
            ..ObjectMeta::default()
        },
        action: Some(told.action.to_owned()),
        reason: Some(told.reason.to_owned()),
        note: Some(cut(plain(&told.note).into_owned())),
        type_: Some("Normal".to_owned()),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(identity.chars().take(128).collect()),
        regarding: Some(told.regarding),
        ..Event::default()
    }
}

/// At most as many bytes as Kubernetes takes, cut between two characters.
fn cut(mut note: String) -> String {
    let mut end = note.len().min(LONGEST_NOTE);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note.truncate(end);
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_two_characters() {
        let note = cut("ä".repeat(600));
        assert_eq!(note.len(), 1_024);
        assert_eq!(cut("x".repeat(2_000)).len(), 1_024);
        let odd = cut(format!("x{}", "ä".repeat(600)));
        assert_eq!(odd.len(), 1_023);
    }
}
