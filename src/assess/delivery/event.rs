//! Events about incidents, as other tools send them: bytes in, typed reports out, by total functions.
//! Also the events that this program sends about rollouts. It neither receives nor sends anything.

pub mod alertmanager;
pub mod cdevents;
pub mod cloudevents;
mod memory;
mod workload;

use jiff::Timestamp;

use super::incident::{IncidentReport, LONGEST_ID};
use crate::api::delivery_record::Rollout;
use crate::assess::object::digest::digest;

pub use memory::SeenIncidents;
pub use workload::{NamedWorkload, NoMatch, WorkloadLabel, matching, with_incident};

/// Who sends events: the label `source` of their counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource {
    /// CDEvents in CloudEvents.
    CdEvents,
    /// Alertmanager's webhook.
    Alertmanager,
}

impl EventSource {
    /// Every source.
    pub const ALL: [Self; 2] = [Self::CdEvents, Self::Alertmanager];

    /// The word in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CdEvents => "cdevents",
            Self::Alertmanager => "alertmanager",
        }
    }
}

/// The result of an event, or of a request without events: the label `result` of their counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventResult {
    /// The record of its workload has it.
    Accepted,
    /// The record had it already.
    Duplicate,
    /// No workload of the cluster has its name.
    Unmatched,
    /// It is not about an incident, or not selected.
    Ignored,
    /// It cannot be read.
    Invalid,
    /// The request had no token, or a wrong one.
    Unauthorized,
    /// The request was too large.
    TooLarge,
    /// There were too many requests.
    RateLimited,
    /// This replica cannot record it now; the sender tries again.
    Unavailable,
}

impl EventResult {
    /// Every result.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Duplicate,
        Self::Unmatched,
        Self::Ignored,
        Self::Invalid,
        Self::Unauthorized,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
    ];

    /// The word in metrics and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Unmatched => "unmatched",
            Self::Ignored => "ignored",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What one event states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadEvent {
    /// An incident began or ended.
    Incident(ReportedIncident),
    /// An incident began, and its event names no workload.
    Nameless,
    /// The event is not about an incident, or not selected.
    Ignored,
}

/// A report of an incident, and the workload it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedIncident {
    /// The workload. The end of an incident may name none; then the incident's identity finds it.
    pub workload: Option<NamedWorkload>,
    /// Identity and times.
    pub report: IncidentReport,
}

/// What the record of a workload made of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentOutcome {
    /// It has it now.
    Recorded,
    /// It had it already.
    Duplicate,
}

/// Why an event cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EventError {
    /// The content type is another one.
    #[error(
        "the content type '{0}' is not supported: send application/json, application/cloudevents+json or application/cloudevents-batch+json"
    )]
    MediaType(String),
    /// The body is not JSON, or not of the expected form.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// A batch of too many events.
    #[error("the batch has {0} events: send at most {most} at once", most = cloudevents::MOST_EVENTS)]
    Batch(usize),
    /// A CloudEvents attribute is missing.
    #[error("the event has no {0}: CloudEvents 1.0 requires it")]
    MissingAttribute(&'static str),
    /// A CloudEvents attribute is not text.
    #[error("the attribute {0} is not UTF-8 text")]
    MalformedAttribute(&'static str),
    /// Another version of CloudEvents.
    #[error("specversion is '{0}': only CloudEvents 1.0 is supported")]
    SpecVersion(String),
    /// Two fields contradict each other.
    #[error(
        "the attribute type is '{envelope}', and context.type is '{context}': they must be equal"
    )]
    TypeMismatch {
        /// The type of the CloudEvents envelope.
        envelope: String,
        /// The type in the CDEvents context.
        context: String,
    },
    /// A version of an event that is not known.
    #[error("'{0}' has an unknown version: versions 0.1 to 0.x of incident events are supported")]
    EventVersion(String),
    /// A field is missing or has another type.
    #[error("the field {0} is missing or not a string")]
    MissingField(&'static str),
    /// A field is not a time.
    #[error("the field {field} is '{value}', which is not an RFC 3339 time")]
    NotATime {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// Another version of Alertmanager's webhook.
    #[error("version is '{0}': only version 4 of Alertmanager's webhook is supported")]
    WebhookVersion(String),
}

impl EventError {
    fn body(error: &serde_json::Error) -> Self {
        Self::Body(brief(&error.to_string()))
    }
}

/// The beginning of a received text, as errors quote it.
fn brief(text: &str) -> String {
    const QUOTED: usize = 120;
    text.chars().take(QUOTED).collect()
}

fn time(field: &'static str, value: &str) -> Result<Timestamp, EventError> {
    value.parse().map_err(|_| EventError::NotATime {
        field,
        value: brief(value),
    })
}

/// An identity that a record can hold: a longer one becomes its digest.
fn identity(id: String) -> String {
    if id.chars().count() <= LONGEST_ID {
        return id;
    }
    format!("sha256:{}", digest(id, 64))
}

/// A rollout to send an event about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// Uid of the workload's record.
    pub uid: String,
    /// Namespace of the workload.
    pub namespace: String,
    /// Kind of the workload.
    pub kind: String,
    /// Name of the workload.
    pub name: String,
    /// Image of its first container, if known.
    pub image: Option<String>,
    /// The rollout.
    pub rollout: Rollout,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_fits_into_a_record_and_stays_unique() {
        let long = |end: &str| identity(format!("{}{end}", "é".repeat(LONGEST_ID)));
        assert_eq!(identity("a b".to_owned()), "a b");
        assert_eq!(identity("é".repeat(LONGEST_ID)).chars().count(), LONGEST_ID);
        assert!(long("1").starts_with("sha256:"));
        assert_ne!(long("1"), long("2"));
    }

    #[test]
    fn words_of_metrics_differ() {
        let results: std::collections::BTreeSet<_> =
            EventResult::ALL.map(EventResult::as_str).into();
        assert_eq!(results.len(), EventResult::ALL.len());
    }
}
