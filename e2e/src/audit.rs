//! Reads the API server's audit log: who requested what. Others write to a cluster too; this
//! separates their requests where totals cannot.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{Error, Result};

/// The API server's record of a token that kubelet gave to a pod.
const POD_OF_TOKEN: &str = "authentication.kubernetes.io/pod-name";

/// One finished request (stage `ResponseComplete`; watches when they end).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEvent {
    /// User name, such as `admin` or `system:serviceaccount:NAMESPACE:NAME`.
    pub user: String,
    pub user_agent: String,
    /// The pod whose token was used; empty where it was another kind of credential.
    pub pod: String,
    /// The RBAC verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, …
    pub verb: String,
    pub group: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    /// HTTP status of the answer.
    pub code: u16,
    /// RFC 3339, microseconds.
    pub received_at: String,
    /// Annotations of admission, such as policy audit failures.
    pub annotations: Vec<(String, String)>,
}

/// The finished requests in a log; a line still being written is left out.
pub(crate) fn read(log: &Path) -> Result<Vec<AuditEvent>> {
    if !log.is_file() {
        return Err(Error::NoAuditLog);
    }
    let text = fs::read_to_string(log).map_err(Error::file("read", log))?;
    let events = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(events.filter_map(|event| finished(&event)).collect())
}

fn finished(event: &Value) -> Option<AuditEvent> {
    if event["stage"] != "ResponseComplete" {
        return None;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let about = &event["objectRef"];
    let annotations = event["annotations"].as_object();
    let pod = &event["user"]["extra"][POD_OF_TOKEN][0];
    Some(AuditEvent {
        user: text(&event["user"]["username"]),
        user_agent: text(&event["userAgent"]),
        pod: text(pod),
        verb: text(&event["verb"]),
        group: text(&about["apiGroup"]),
        resource: text(&about["resource"]),
        subresource: text(&about["subresource"]),
        namespace: text(&about["namespace"]),
        name: text(&about["name"]),
        code: event["responseStatus"]["code"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .unwrap_or_default(),
        received_at: text(&event["requestReceivedTimestamp"]),
        annotations: annotations
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_requests_are_events() {
        let started = serde_json::json!({"stage": "ResponseStarted"});
        assert_eq!(finished(&started), None);
        let complete = serde_json::json!({
            "stage": "ResponseComplete",
            "verb": "patch",
            "user": {"username": "alice", "extra": {POD_OF_TOKEN: ["web-0"]}},
            "objectRef": {"resource": "deployments", "apiGroup": "apps", "name": "web"},
            "responseStatus": {"code": 200},
        });
        let event = finished(&complete).unwrap();
        assert_eq!((event.user.as_str(), event.code), ("alice", 200));
        assert_eq!(event.pod, "web-0");
        assert_eq!(event.subresource, "");
    }
}
