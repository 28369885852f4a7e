//! Alertmanager's webhook, version 4. Each alert is one incident: it has a status of its own, and its
//! fingerprint and start identify it, so that repeated notifications and those of a second Alertmanager
//! change nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    EventError, NamedWorkload, ReadEvent, ReportedIncident, WorkloadLabel, brief, identity, time,
};
use crate::assess::delivery::IncidentReport;
use crate::assess::object::labels::{LabelSet, Selector};

/// Which alerts are incidents, and of which workloads.
#[derive(Clone, Debug)]
pub struct AlertSettings {
    /// Labels that hold the namespace; the first one present counts.
    pub namespace_labels: Vec<String>,
    /// Labels that hold the name of the workload; the first one present counts.
    pub workload_labels: Vec<WorkloadLabel>,
    /// Labels of the alerts that count; every alert where absent.
    pub selector: Option<Selector>,
}

impl AlertSettings {
    /// The labels that hold the namespace by default. Prometheus renames the label of a metric to
    /// `exported_namespace` where it clashes with the target's own.
    pub const NAMESPACE_LABELS: [&str; 2] = ["exported_namespace", "namespace"];
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            namespace_labels: Self::NAMESPACE_LABELS.map(str::to_owned).to_vec(),
            workload_labels: WorkloadLabel::defaults(),
            selector: None,
        }
    }
}

/// The alerts of one notification.
#[derive(Debug, PartialEq, Eq)]
pub struct Notification {
    /// What each alert states.
    pub alerts: Vec<ReadEvent>,
    /// Alerts that Alertmanager left out (`max_alerts`).
    pub truncated: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    version: String,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: AlertStatus,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    starts_at: String,
    #[serde(default)]
    ends_at: String,
    fingerprint: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum AlertStatus {
    Firing,
    Resolved,
}

/// The alerts in one request.
///
/// # Errors
/// When the body is not a notification of version 4.
pub fn read(body: &[u8], settings: &AlertSettings) -> Result<Notification, EventError> {
    let webhook: Webhook =
        serde_json::from_slice(body).map_err(|error| EventError::body(&error))?;
    if webhook.version != "4" {
        return Err(EventError::WebhookVersion(brief(&webhook.version)));
    }
    let alerts = webhook.alerts.iter();
    Ok(Notification {
        alerts: alerts
            .map(|alert| event(alert, settings))
            .collect::<Result<_, _>>()?,
        truncated: webhook.truncated_alerts,
    })
}

fn event(alert: &Alert, settings: &AlertSettings) -> Result<ReadEvent, EventError> {
    let started_at = time("alerts[].startsAt", &alert.starts_at)?;
    if alert.fingerprint.is_empty() {
        return Err(EventError::MissingField("alerts[].fingerprint"));
    }
    let resolved_at = match alert.status {
        AlertStatus::Firing => None,
        AlertStatus::Resolved => Some(time("alerts[].endsAt", &alert.ends_at)?),
    };
    let pairs = alert.labels.iter();
    let labels = LabelSet::of(pairs.map(|(key, value)| (key.as_str(), value.as_str())));
    let selector = settings.selector.as_ref();
    if !selector.is_none_or(|selector| selector.matches(&labels)) {
        return Ok(ReadEvent::Ignored);
    }
    let Some(workload) = workload(&alert.labels, settings) else {
        return Ok(ReadEvent::Nameless);
    };
    let report = IncidentReport {
        id: identity(format!("{}@{started_at}", alert.fingerprint)),
        started_at: Some(started_at),
        resolved_at: resolved_at.filter(|end| *end >= started_at),
    };
    Ok(ReadEvent::Incident(ReportedIncident {
        workload: Some(workload),
        report,
    }))
}

fn workload(labels: &BTreeMap<String, String>, settings: &AlertSettings) -> Option<NamedWorkload> {
    let value = |label: &String| labels.get(label).filter(|value| !value.is_empty());
    let namespace = settings.namespace_labels.iter().find_map(value)?;
    let mut names = settings.workload_labels.iter();
    let (label, name) = names.find_map(|label| Some((label, value(&label.label)?)))?;
    // The rules of the kubernetes-mixin have `workload` and `workload_type`.
    let of_type = (label.label == "workload")
        .then(|| labels.get("workload_type"))
        .flatten();
    let kind = label
        .kind
        .as_ref()
        .or(of_type.filter(|kind| !kind.is_empty()));
    NamedWorkload::of(namespace, kind.map(String::as_str), name)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
    use serde_json::{Value, json};

    use super::*;

    fn alert(status: &str, labels: &Value) -> Value {
        json!({"status": status, "labels": labels, "annotations": {}, "generatorURL": "",
            "startsAt": "2026-03-01T12:00:00.123Z", "endsAt": "2026-03-01T12:30:00Z",
            "fingerprint": "b6ac39b2c40e2b07"})
    }

    fn body(alerts: &Value) -> Vec<u8> {
        json!({"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 3, "status": "firing",
            "receiver": "goldenpath", "groupLabels": {}, "commonLabels": {},
            "commonAnnotations": {}, "externalURL": "http://x", "notification_reason": "new",
            "alerts": alerts})
        .to_string()
        .into_bytes()
    }

    fn named(labels: &Value, settings: &AlertSettings) -> Option<String> {
        let read = read(&body(&json!([alert("firing", labels)])), settings).unwrap();
        match &read.alerts[..] {
            [ReadEvent::Incident(incident)] => incident.workload.as_ref().map(ToString::to_string),
            _ => None,
        }
    }

    #[test]
    fn labels_name_the_workload() {
        let settings = AlertSettings::default();
        for (labels, expected) in [
            (
                json!({"namespace": "shop", "deployment": "web"}),
                Some("shop/deployment/web"),
            ),
            (
                json!({"namespace": "shop", "statefulset": "db"}),
                Some("shop/statefulset/db"),
            ),
            (
                json!({"namespace": "shop", "workload": "web"}),
                Some("shop/web"),
            ),
            (
                json!({"namespace": "shop", "workload": "web", "workload_type": "deployment"}),
                Some("shop/deployment/web"),
            ),
            (
                json!({"namespace": "monitoring", "exported_namespace": "shop", "daemonset": "a"}),
                Some("shop/daemonset/a"),
            ),
            (json!({"namespace": "shop", "service": "web"}), None),
            (json!({"deployment": "web"}), None),
            (json!({"namespace": "", "deployment": "web"}), None),
        ] {
            assert_eq!(named(&labels, &settings).as_deref(), expected, "{labels}");
        }
        let own = AlertSettings {
            namespace_labels: vec!["ns".to_owned()],
            workload_labels: vec!["rollout=Rollout".parse().unwrap()],
            selector: None,
        };
        let labels = json!({"ns": "shop", "rollout": "web", "deployment": "other"});
        assert_eq!(named(&labels, &own).as_deref(), Some("shop/Rollout/web"));
    }

    #[test]
    fn each_alert_has_its_own_status_and_identity() {
        let labels = json!({"namespace": "shop", "deployment": "web"});
        let alerts = json!([alert("firing", &labels), alert("resolved", &labels)]);
        let read = read(&body(&alerts), &AlertSettings::default()).unwrap();
        assert_eq!(read.truncated, 3);
        let reports: Vec<_> = read
            .alerts
            .iter()
            .map(|alert| match alert {
                ReadEvent::Incident(incident) => &incident.report,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(reports[0].id, "b6ac39b2c40e2b07@2026-03-01T12:00:00.123Z");
        assert_eq!(reports[0].id, reports[1].id);
        assert_eq!(reports[0].resolved_at, None);
        let end = "2026-03-01T12:30:00Z".parse().ok();
        assert_eq!(reports[1].resolved_at, end);
        assert_eq!(reports[1].started_at, reports[0].started_at);
    }

    #[test]
    fn a_selector_narrows_the_alerts() {
        let wanted = LabelSelector {
            match_labels: Some([("severity".to_owned(), "critical".to_owned())].into()),
            ..LabelSelector::default()
        };
        let settings = AlertSettings {
            selector: Some(Selector::compile(&wanted)),
            ..AlertSettings::default()
        };
        let labels = |severity: &str| json!({"namespace": "shop", "deployment": "web", "severity": severity});
        assert!(named(&labels("critical"), &settings).is_some());
        assert_eq!(named(&labels("warning"), &settings), None);
    }

    #[test]
    fn a_bad_notification_is_refused_with_a_sentence() {
        let labels = json!({"namespace": "shop", "deployment": "web"});
        let with = |key: &str, value: Value| {
            let mut alert = alert("resolved", &labels);
            alert[key] = value;
            body(&json!([alert]))
        };
        let firing = json!({"version": "3", "alerts": []})
            .to_string()
            .into_bytes();
        for (body, start) in [
            (firing, "version is '3'"),
            (
                b"{}".to_vec(),
                "the body cannot be read: missing field `version`",
            ),
            (b"\xff".to_vec(), "the body cannot be read"),
            (
                with("status", json!("odd")),
                "the body cannot be read: unknown variant",
            ),
            (
                with("startsAt", json!("x")),
                "the field alerts[].startsAt is 'x'",
            ),
            (with("endsAt", json!("")), "the field alerts[].endsAt is ''"),
            (
                with("fingerprint", json!("")),
                "the field alerts[].fingerprint is missing",
            ),
        ] {
            let refused = read(&body, &AlertSettings::default())
                .unwrap_err()
                .to_string();
            assert!(refused.starts_with(start), "{refused}");
        }
    }
}
