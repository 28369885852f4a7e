//! Two replicas: one writes, the other takes over when the first one stops.

use goldenpath_e2e::{ApiRequests, ControlPlane, Options, eventually};
use serde_json::Value;

use crate::stage::{Place, SOON, start, stop};
use crate::suite::{control_plane, leads};
use crate::words::{PATH, failing, golden};

fn holder(cluster: &ControlPlane) -> String {
    let lease = ["get", "lease", "goldenpath", "-n", "default", "-o", "json"];
    let lease: Value = serde_json::from_str(&cluster.kubectl_ok(&lease).unwrap()).unwrap();
    lease["spec"]["holderIdentity"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn requests(cluster: &ControlPlane) -> ApiRequests {
    cluster.api_request_totals().unwrap()
}

#[test]
fn a_second_replica_takes_over_and_nothing_is_written_twice() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "handover");
    place.apply(PATH);
    place.apply(&[golden("web"), failing("moving")].concat());
    let before = requests(&cluster);
    let mut first = start(&cluster, &["--lease-namespace=default"]);
    first.wait_until_ready(SOON).unwrap();
    eventually(SOON, "the first one leads", || leads(&first).then_some(()));
    let mut second = start(&cluster, &["--lease-namespace=default"]);
    second.wait_until_ready(SOON).unwrap();
    place.becomes("deploy/web", "golden-path", None);
    place.becomes("deploy/moving", "deviating", Some("undocumented"));
    assert!(!leads(&second));
    assert_eq!(
        requests(&cluster)
            .since(&before)
            .count(&["APPLY", "PATCH"], "deployments"),
        2
    );

    let held_by_first = holder(&cluster);
    stop(first);
    // Released before the process ended: the second need not wait for the Lease to lapse.
    assert_ne!(holder(&cluster), held_by_first);
    eventually(SOON, "the second one leads", || {
        leads(&second).then_some(())
    });
    let before = requests(&cluster);
    place.apply(&failing("late"));
    place.becomes("deploy/late", "deviating", Some("undocumented"));
    let since = requests(&cluster).since(&before);
    // One write of the operator; kubectl's own apply is another.
    assert_eq!(since.count(&["APPLY", "PATCH", "POST"], "deployments"), 2);
    stop(second);
    assert_eq!(holder(&cluster), "");
}
