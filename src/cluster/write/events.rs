//! Writes Kubernetes Events, where users look first: a workload changed its state, an exception
//! entered another phase or was deleted. One task, paced, leader only. A failed Event is counted and
//! dropped.

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

use crate::api::API_VERSION;
use crate::assess::exception::record::Exception;
use crate::assess::planner::labels::Transition;
use crate::assess::planner::status::recreated;
use crate::assess::planner::statuses::PhaseChange;
use crate::assess::state::{Phase, Standing, State};
use crate::cluster::client::connect::REQUEST_TIMEOUT;
use crate::cluster::client::error::reason_of;
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::event_queue::{EventTrigger, SentReminder};
use crate::report::document::StandingDates;
use crate::report::reminder;
use crate::report::terminal::plain::plain;
use crate::report::voice::{self, WorkloadState};

/// Time between two Events: a change of everything must not flood the cluster.
const PACE: Duration = Duration::from_millis(20);
/// The longest note Kubernetes takes, in bytes.
const LONGEST_NOTE: usize = 1_024;
/// `reportingController` of the Events.
const CONTROLLER: &str = "goldenpath.dev/goldenpath";

/// The content of one Event.
#[derive(Clone, Debug, PartialEq)]
struct EventDraft {
    regarding: ObjectReference,
    reason: &'static str,
    action: &'static str,
    note: String,
}

/// Writes Events as the operator's instance `identity`.
pub struct EventRecorder {
    client: Client,
    context: Arc<Context>,
    identity: String,
}

impl EventRecorder {
    /// A recorder that writes with this client.
    pub fn new(client: Client, context: Arc<Context>, identity: String) -> Self {
        Self {
            client,
            context,
            identity,
        }
    }

    /// Writes an Event for each trigger in the queue, until its sender is gone.
    pub async fn run(self, mut triggers: mpsc::Receiver<EventTrigger>) {
        while let Some(trigger) = triggers.recv().await {
            if !self.context.leadership.holds() {
                continue;
            }
            match &trigger {
                EventTrigger::ExceptionDeleted {
                    namespace,
                    exception,
                } => {
                    self.context.counters.exception_deleted();
                    log_deleted(namespace, exception);
                }
                EventTrigger::ExceptionRecreated { .. } => {
                    self.context.counters.exception_recreated();
                }
                EventTrigger::Transition(_)
                | EventTrigger::Phase(_)
                | EventTrigger::Reminder(_) => {}
            }
            let result = self.write(&trigger).await;
            self.context.counters.wrote(WriteVerb::Event, result);
            tokio::time::sleep(PACE).await;
        }
    }

    async fn write(&self, trigger: &EventTrigger) -> &'static str {
        let now = Timestamp::now();
        let draft = draft(trigger, now);
        let namespace = draft.regarding.namespace.clone().unwrap_or_default();
        let event = event(draft, &self.identity, now);
        let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        let params = PostParams::default();
        let creation = api.create(&params, &event);
        let reason = match tokio::time::timeout(REQUEST_TIMEOUT, creation).await {
            Ok(Ok(_)) => return "landed",
            Ok(Err(error)) => reason_of(&error),
            Err(_) => "TimedOut",
        };
        // Expected in a namespace that is being deleted: it accepts no Events.
        debug!(namespace, reason, "failed to write an Event");
        "failed"
    }
}

/// Logs the whole exception on one line: after its deletion the log is the only copy.
fn log_deleted(namespace: &str, exception: &Exception) {
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

fn draft(trigger: &EventTrigger, now: Timestamp) -> EventDraft {
    match trigger {
        EventTrigger::Transition(transition) => of_workload(transition, now),
        EventTrigger::Phase(change) => of_phase(change),
        EventTrigger::Reminder(reminder) => of_reminder(reminder, now),
        EventTrigger::ExceptionDeleted {
            namespace,
            exception,
        } => of_deletion(namespace, exception),
        EventTrigger::ExceptionRecreated {
            namespace,
            name,
            uid,
            previous,
        } => EventDraft {
            regarding: exception_reference(namespace, name, uid.as_deref()),
            reason: "Recreated",
            action: "Created",
            note: recreated(previous),
        },
    }
}

fn of_workload(transition: &Transition, now: Timestamp) -> EventDraft {
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
        advice: transition.advice,
        dates: StandingDates {
            until: verdict.worst().and_then(|standing| standing.until),
            ..StandingDates::default()
        },
        command: Some(&off_ramp),
        as_of: now,
    });
    let note = format!("Golden path {}: {sentence}", transition.path);
    EventDraft {
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

fn of_phase(change: &PhaseChange) -> EventDraft {
    let note = format!(
        "This exception is now {} (it was {}).",
        change.to.as_str(),
        change.from.as_str()
    );
    EventDraft {
        regarding: exception_reference(&change.namespace, &change.name, change.uid.as_deref()),
        reason: reason_of_phase(change.to),
        action: "Reviewed",
        note,
    }
}

fn of_reminder(sent: &SentReminder, now: Timestamp) -> EventDraft {
    let SentReminder {
        item,
        channel,
        refused,
    } = sent;
    let state = reminder::sentences(item, now).state;
    let (reason, note) = match refused {
        None => (
            "ReminderSent",
            format!("Reminded in channel {channel}: {state}"),
        ),
        Some(why) => (
            "ReminderRefused",
            format!(
                "Channel {channel} refused a reminder ({why}). Next, for the operator of \
                 goldenpath: correct the channel; it is retried within an hour. The reminder: {state}"
            ),
        ),
    };
    EventDraft {
        regarding: exception_reference(&item.namespace, &item.name, item.uid.as_deref()),
        reason,
        action: "Reminded",
        note,
    }
}

fn of_deletion(namespace: &str, exception: &Exception) -> EventDraft {
    let note = format!(
        "The exception from golden path {} for checks {} was deleted; it was owned by {}. What it \
         covered is no longer covered by it.",
        exception.spec.path,
        exception.spec.checks.join(", "),
        exception.spec.owner.team,
    );
    EventDraft {
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

fn event(draft: EventDraft, identity: &str, now: Timestamp) -> Event {
    let subject = draft.regarding.name.as_deref().unwrap_or("goldenpath");
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{subject}.{:x}", now.as_nanosecond())),
            namespace: draft.regarding.namespace.clone(),
            ..ObjectMeta::default()
        },
        action: Some(draft.action.to_owned()),
        reason: Some(draft.reason.to_owned()),
        note: Some(cut(plain(&draft.note).into_owned())),
        type_: Some("Normal".to_owned()),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(identity.chars().take(128).collect()),
        regarding: Some(draft.regarding),
        ..Event::default()
    }
}

/// Cuts a note between two characters to the longest that Kubernetes takes.
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
