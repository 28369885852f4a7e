//! Two replicas. The leader's process is killed; another process leads within the lease duration,
//! writes what is left, and writes no label twice. Either process may win: kubelet restarts the
//! killed one in the same pod, and both contend for the Lease.

use std::time::Instant;

use goldenpath_e2e::{AuditEvent, eventually};
use jiff::{SignedDuration, Timestamp};

use crate::figures::figure;
use crate::pods::{self, Pod};
use crate::requests::{label_writes, writers};
use crate::story::{NAMESPACE, SOON, Story};
use crate::workloads::labels;

/// How long a claim stands that its holder does not renew.
const LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How often others look at the Lease, and what a busy machine may add.
const PATIENCE: SignedDuration = SignedDuration::from_secs(2 + 20);

/// On the path with three replicas, one step away with one: the path asks for two.
const BEFORE: [&str; 2] = ["cart", "checkout-api"];
const MEANWHILE: [&str; 2] = ["checkout-web", "order-history"];

/// Who holds the Lease.
#[derive(Clone, Debug)]
struct Holder {
    /// Names the process: the pod, and when the process began.
    identity: String,
    pod: Pod,
    acquired: Timestamp,
    renewed: Timestamp,
}

pub fn another_process_leads_within_the_lease(story: &Story) {
    story.upgrade(&["replicaCount=2"]);
    let pods = pods::ready(story, 2);
    let mut first = eventually(SOON, "one of the pods leads", || holder(story, &pods));
    // From here on that one writes; who wrote during the upgrade is another matter.
    let from = Timestamp::now();

    scale(story, &BEFORE, 1);
    become_(story, &BEFORE, "deviating");
    let killed = Instant::now();
    first.pod.process().kill();
    scale(story, &MEANWHILE, 1);
    let second = eventually(SOON, "another process holds the lease", || {
        let now = holder(story, &pods)?;
        if now.identity == first.identity {
            first = now;
            return None;
        }
        Some(now)
    });
    become_(story, &MEANWHILE, "deviating");
    figure(
        "kill of the leader to labels",
        format!("{:.1} s", killed.elapsed().as_secs_f64()),
    );
    it_was_taken_over_in_time(&first, &second);
    let requests = eventually(SOON, "every label write is in the audit log", || {
        let requests = story.requests_since(from);
        let written = label_writes(&requests);
        let mut names = BEFORE.iter().chain(&MEANWHILE);
        names
            .all(|name| written.contains_key(&object(name)))
            .then_some(requests)
    });
    written_once_and_by_one_at_a_time(&requests, [&first, &second]);

    for names in [BEFORE, MEANWHILE] {
        scale(story, &names, 3);
        become_(story, &names, "golden-path");
    }
    story.upgrade(&["replicaCount=1"]);
    pods::ready(story, 1);
}

/// By the times in the Lease, not by this test's: on one machine there is one clock.
fn it_was_taken_over_in_time(first: &Holder, second: &Holder) {
    let took = second.acquired.duration_since(first.renewed);
    figure(
        "last renewal of the leader to the next leader",
        format!("{:.1} s", took.as_secs_f64()),
    );
    assert!(took >= LEASE, "{took:?}: the first could still write");
    assert!(took < LEASE + PATIENCE, "{took:?}");
}

fn written_once_and_by_one_at_a_time(requests: &[AuditEvent], in_turn: [&Holder; 2]) {
    let mut pods = in_turn.map(|holder| &*holder.pod.name).to_vec();
    pods.dedup();
    assert_eq!(writers(requests), pods);
    let written = label_writes(requests);
    for name in BEFORE.iter().chain(&MEANWHILE) {
        assert_eq!(written.get(&object(name)), Some(&1), "{name}");
    }
    let others = written
        .keys()
        .filter(|object| !object.contains(" checkout/"));
    assert_eq!(others.count(), 0, "{written:?}");
}

fn object(name: &str) -> String {
    format!("deployments checkout/{name}")
}

/// The holder of the Lease; none while it is not a process of these pods.
fn holder(story: &Story, pods: &[Pod]) -> Option<Holder> {
    let lease = &story.get(&["-n", NAMESPACE, "lease/goldenpath"])["spec"];
    let instant = |field: &str| lease[field].as_str()?.parse().ok();
    let identity = lease["holderIdentity"].as_str()?;
    let pod = pods
        .iter()
        .find(|pod| identity.starts_with(&format!("{}_", pod.name)))?;
    Some(Holder {
        identity: identity.to_owned(),
        pod: pod.clone(),
        acquired: instant("acquireTime")?,
        renewed: instant("renewTime")?,
    })
}

/// Gives Deployments of checkout so many replicas.
pub fn scale(story: &Story, names: &[&str], replicas: u8) {
    for name in names {
        let replicas = format!("--replicas={replicas}");
        story.kubectl(&["scale", "deployment", name, "-n=checkout", &replicas]);
    }
}

/// Waits until Deployments of checkout have this status.
pub fn become_(story: &Story, names: &[&str], status: &str) {
    for name in names {
        let what = format!("{name} is {status}");
        eventually(SOON, &what, || {
            let (is, _) = labels(story, "checkout", &format!("deployment/{name}"));
            (is == status).then_some(())
        });
    }
}
