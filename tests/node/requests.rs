//! The operator's requests in the API server's audit log: which pod wrote, when, and how often the
//! same thing.

use std::collections::BTreeMap;

use goldenpath_e2e::AuditEvent;
use jiff::Timestamp;

/// Requests that change something, the Lease left aside: that one is how replicas agree.
pub fn writes(requests: &[AuditEvent]) -> Vec<&AuditEvent> {
    let writes = requests.iter().filter(|request| {
        let verb = request.verb.as_str();
        !["get", "list", "watch"].contains(&verb) && request.resource != "leases"
    });
    writes.collect()
}

/// Label writes that landed, by object: `deployments checkout/cart`.
pub fn label_writes(requests: &[AuditEvent]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for write in writes(requests) {
        if write.verb == "patch" && write.subresource.is_empty() && write.code < 300 {
            let object = format!("{} {}/{}", write.resource, write.namespace, write.name);
            *counts.entry(object).or_default() += 1;
        }
    }
    counts
}

/// Who wrote, in order, each named once for a run of writes.
pub fn writers(requests: &[AuditEvent]) -> Vec<&str> {
    let mut writers: Vec<&str> = writes(requests).iter().map(|write| &*write.pod).collect();
    writers.dedup();
    writers
}

/// When the API server got it.
pub fn received(request: &AuditEvent) -> Timestamp {
    request.received_at.parse().unwrap()
}

#[test]
fn a_run_of_writes_has_one_writer() {
    let write = |pod: &str, verb: &str| AuditEvent {
        pod: pod.to_owned(),
        verb: verb.to_owned(),
        resource: "deployments".to_owned(),
        code: 200,
        ..AuditEvent::default()
    };
    let requests = [
        write("a", "patch"),
        write("b", "list"),
        write("a", "patch"),
        write("b", "patch"),
    ];
    assert_eq!(writers(&requests), ["a", "b"]);
    assert_eq!(label_writes(&requests)["deployments /"], 3);
}
