//! Only the leader writes when several replicas run.

use std::time::Duration;

use goldenpath_e2e::eventually;

use crate::ground::{SOON, cluster, deployment, expect_labels, path, start_ready};
use crate::suite::leads;

const HOLDER: [&str; 4] = [
    "get",
    "lease",
    "goldenpath",
    "-o=jsonpath={.spec.holderIdentity}",
];

#[test]
fn the_end_of_the_leader_releases_the_lease_and_another_takes_over() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    let first = start_ready(&cluster, &[]);
    let holder = eventually(SOON, "the first leads", || {
        let holder = cluster.kubectl_ok(&HOLDER).unwrap_or_default();
        (!holder.is_empty()).then_some(holder)
    });
    let second = start_ready(&cluster, &[]);
    assert!(!leads(&second));
    let status = first.stop(Duration::from_secs(20)).unwrap();
    assert!(status.success());
    // Released before the process ended: the second need not wait for the Lease to lapse.
    assert_ne!(cluster.kubectl_ok(&HOLDER).unwrap(), holder);
    eventually(SOON, "the second leads", || leads(&second).then_some(()));
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    expect_labels(&cluster, ("default", "web"), "golden-path/web-service/");
    second.stop(Duration::from_secs(20)).unwrap();
    assert_eq!(cluster.kubectl_ok(&HOLDER).unwrap(), "");
}
