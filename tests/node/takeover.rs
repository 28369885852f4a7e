//! Two replicas. The one that writes is killed without a word; the other goes on within the time
//! of the Lease, writes what was left, and nothing is written twice or by both.

use std::time::{Duration, Instant};

use goldenpath_e2e::{AuditEvent, eventually};
use jiff::Timestamp;

use crate::figures::figure;
use crate::pods::{self, Pod};
use crate::requests::{label_writes, writers};
use crate::story::{NAMESPACE, SOON, Story};
use crate::workloads::labels;

/// How long a claim stands that nobody renews, and how often the others look.
const LEASE: Duration = Duration::from_secs(15 + 2);
/// What a busy machine may add.
const PATIENCE: Duration = Duration::from_secs(20);

/// On the path with three replicas, one step away with one: the path asks for two.
const BEFORE: [&str; 2] = ["cart", "checkout-api"];
const MEANWHILE: [&str; 2] = ["checkout-web", "order-history"];

pub fn another_replica_takes_over_within_the_lease(story: &Story) {
    story.upgrade(&["replicaCount=2"]);
    let pods = pods::ready(story, 2);
    let first = leader(story, &pods);
    // From here on that one writes; who wrote during the upgrade is another matter.
    let from = Timestamp::now();

    scale(story, &BEFORE, 1);
    become_(story, &BEFORE, "deviating");
    let killed = Instant::now();
    first.process().kill();
    scale(story, &MEANWHILE, 1);
    let second = eventually(SOON, "another replica holds the lease", || {
        let holder = leader_among(story, &pods)?;
        (holder.name != first.name).then_some(holder)
    });
    let took = killed.elapsed();
    become_(story, &MEANWHILE, "deviating");
    figure(
        "kill of the leader to the next",
        format!("{:.1} s", took.as_secs_f64()),
    );
    figure(
        "kill of the leader to labels",
        format!("{:.1} s", killed.elapsed().as_secs_f64()),
    );
    assert!(took < LEASE + PATIENCE, "{took:?}");

    written_once_and_by_one_at_a_time(&story.requests_since(from), [&first.name, &second.name]);

    for names in [BEFORE, MEANWHILE] {
        scale(story, &names, 3);
        become_(story, &names, "golden-path");
    }
    story.upgrade(&["replicaCount=1"]);
    pods::ready(story, 1);
}

fn written_once_and_by_one_at_a_time(requests: &[AuditEvent], in_turn: [&str; 2]) {
    assert_eq!(writers(requests), in_turn);
    let written = label_writes(requests);
    for name in BEFORE.iter().chain(&MEANWHILE) {
        let object = format!("deployments checkout/{name}");
        assert_eq!(written.get(&object), Some(&1), "{object}");
    }
    let others = written
        .keys()
        .filter(|object| !object.contains(" checkout/"));
    assert_eq!(others.count(), 0, "{written:?}");
}

/// The pod that holds the Lease, once one of these does.
fn leader(story: &Story, pods: &[Pod]) -> Pod {
    eventually(SOON, "one of the pods leads", || leader_among(story, pods))
}

fn leader_among(story: &Story, pods: &[Pod]) -> Option<Pod> {
    let lease = story.get(&["-n", NAMESPACE, "lease/goldenpath"]);
    let holder = lease["spec"]["holderIdentity"].as_str()?;
    let pod = pods.iter().find(|pod| holder.starts_with(&pod.name));
    pod.cloned()
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
