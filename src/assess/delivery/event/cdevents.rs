//! Incident events of CDEvents: `dev.cdevents.incident.detected` and `.resolved`, in every 0.x version.
//! Other events are ignored, `incident.reported` too: it is about a ticket, not about a time.

use serde_json::Value;

use super::cloudevents::Envelope;
use super::{EventError, NamedWorkload, ReadEvent, ReportedIncident, brief, identity, time};
use crate::assess::delivery::IncidentReport;

/// Types of incident events, up to their version.
const DETECTED: &str = "dev.cdevents.incident.detected.";
const RESOLVED: &str = "dev.cdevents.incident.resolved.";

/// What an event states of an incident.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Predicate {
    Detected,
    Resolved,
}

/// What one event states.
///
/// # Errors
/// When an incident event cannot be read.
pub fn read(event: &Envelope) -> Result<ReadEvent, EventError> {
    let Some((predicate, version)) = predicate(&event.kind) else {
        return Ok(ReadEvent::Ignored);
    };
    if !version.starts_with("0.") {
        return Err(EventError::EventVersion(brief(&event.kind)));
    }
    let (context, subject) = (&event.data["context"], &event.data["subject"]);
    let stated = text(context, "type", "context.type")?;
    if stated != event.kind {
        return Err(EventError::TypeMismatch {
            envelope: brief(&event.kind),
            context: brief(stated),
        });
    }
    let at = text(context, "timestamp", "context.timestamp")?;
    let at = time("context.timestamp", at)?;
    let report = IncidentReport {
        id: incident_id(context, subject)?,
        started_at: (predicate == Predicate::Detected).then_some(at),
        resolved_at: (predicate == Predicate::Resolved).then_some(at),
    };
    let workload = workload(&subject["content"]);
    if workload.is_none() && predicate == Predicate::Detected {
        return Ok(ReadEvent::Nameless);
    }
    Ok(ReadEvent::Incident(ReportedIncident { workload, report }))
}

fn predicate(kind: &str) -> Option<(Predicate, &str)> {
    let detected = kind
        .strip_prefix(DETECTED)
        .map(|version| (Predicate::Detected, version));
    detected.or_else(|| {
        let version = kind.strip_prefix(RESOLVED)?;
        Some((Predicate::Resolved, version))
    })
}

/// The subject's source, which is by default that of the context, and its id.
fn incident_id(context: &Value, subject: &Value) -> Result<String, EventError> {
    let source = match subject["source"].as_str().filter(|text| !text.is_empty()) {
        Some(source) => source,
        None => text(context, "source", "context.source")?,
    };
    let id = text(subject, "id", "subject.id")?;
    Ok(identity(format!("{source} {id}")))
}

/// The service by its id. A plain name is in the namespace that ends the service's source, such as
/// `/cluster/namespace`, else in the one that is the environment's id.
fn workload(content: &Value) -> Option<NamedWorkload> {
    let service = &content["service"];
    let of_source = service["source"].as_str().and_then(|source| {
        let last = source.trim_end_matches('/').rsplit('/').next();
        last.filter(|segment| !segment.is_empty())
    });
    let namespace = of_source.or_else(|| content["environment"]["id"].as_str());
    NamedWorkload::read(service["id"].as_str()?, namespace)
}

fn text<'a>(value: &'a Value, name: &str, field: &'static str) -> Result<&'a str, EventError> {
    let text = value[name].as_str().filter(|text| !text.is_empty());
    text.ok_or(EventError::MissingField(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, service: &Value) -> Envelope {
        Envelope {
            id: "1".to_owned(),
            source: "/monitoring/prod1".to_owned(),
            kind: kind.to_owned(),
            data: json!({
                "context": {"specversion": "0.5.1", "id": "1", "source": "/monitoring/prod1",
                    "type": kind, "timestamp": "2026-03-01T12:00:00.5+02:00"},
                "subject": {"id": "incident-123", "content": {
                    "environment": {"id": "shop"}, "service": service}},
            }),
        }
    }

    fn incident(event: &Envelope) -> ReportedIncident {
        match read(event).unwrap() {
            ReadEvent::Incident(incident) => incident,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_service_names_the_workload() {
        let kind = "dev.cdevents.incident.detected.0.3.0";
        for (service, named) in [
            (
                json!({"id": "shop/deployment/web"}),
                Some("shop/deployment/web"),
            ),
            (json!({"id": "other/web"}), Some("other/web")),
            (json!({"id": "web"}), Some("shop/web")),
            (
                json!({"id": "web", "source": "/clusterA/namespaceB"}),
                Some("namespaceB/web"),
            ),
            (
                json!({"id": "web", "source": "/clusterA/namespaceB/"}),
                Some("namespaceB/web"),
            ),
            (json!({"id": "web", "source": "/"}), Some("shop/web")),
            (json!({"id": "a/b/c/d"}), None),
            (json!({"id": ""}), None),
            (Value::Null, None),
        ] {
            let named = named.map(str::to_owned);
            let read = match read(&event(kind, &service)).unwrap() {
                ReadEvent::Incident(incident) => incident.workload.map(|it| it.to_string()),
                ReadEvent::Nameless | ReadEvent::Ignored => None,
            };
            assert_eq!(read, named, "{service}");
        }
    }

    #[test]
    fn each_version_and_predicate_is_read() {
        let service = json!({"id": "web"});
        for version in ["0.1.0", "0.2.0", "0.3.0", "0.4.0-draft"] {
            let detected = event(&format!("{DETECTED}{version}"), &service);
            let resolved = event(&format!("{RESOLVED}{version}"), &Value::Null);
            let at = Some("2026-03-01T10:00:00.5Z".parse().unwrap());
            let report = incident(&detected).report;
            assert_eq!((report.started_at, report.resolved_at), (at, None));
            let ended = incident(&resolved);
            assert_eq!(
                (ended.report.started_at, ended.report.resolved_at),
                (None, at)
            );
            assert_eq!(ended.workload, None);
            assert_eq!(ended.report.id, report.id);
            assert_eq!(report.id, "/monitoring/prod1 incident-123");
        }
        for other in [
            "dev.cdevents.incident.reported.0.3.0",
            "dev.cdevents.service.deployed.0.3.0",
            "com.example.thing",
        ] {
            assert_eq!(
                read(&event(other, &service)),
                Ok(ReadEvent::Ignored),
                "{other}"
            );
        }
        let newer = read(&event("dev.cdevents.incident.detected.1.0.0", &service));
        assert!(matches!(newer, Err(EventError::EventVersion(_))));
    }

    #[test]
    fn a_bad_incident_is_refused() {
        let broken = |change: fn(&mut Value)| {
            let mut event = event(
                "dev.cdevents.incident.detected.0.3.0",
                &json!({"id": "web"}),
            );
            change(&mut event.data);
            read(&event).unwrap_err()
        };
        let missing = EventError::MissingField;
        for (change, error) in [
            (
                (|data| *data = Value::Null) as fn(&mut Value),
                missing("context.type"),
            ),
            (
                |data| data["context"]["timestamp"] = Value::Null,
                missing("context.timestamp"),
            ),
            (
                |data| data["context"]["source"] = json!(""),
                missing("context.source"),
            ),
            (|data| data["subject"] = json!([1]), missing("subject.id")),
            (
                |data| data["context"]["timestamp"] = json!("yesterday"),
                EventError::NotATime {
                    field: "context.timestamp",
                    value: "yesterday".to_owned(),
                },
            ),
        ] {
            assert_eq!(broken(change), error);
        }
    }
}
