//! How many writes each step costs, exactly, as the API server counts them: one for each verdict that is
//! not stored yet, and none for anything else.

use goldenpath_e2e::{ApiRequests, ControlPlane, Operator, eventually};

use crate::ground::{SOON, cluster, deployment, path, start_ready};
use crate::suite::{let_it_renew, writes};

const WORKLOADS: u64 = 300;
/// Every third has one replica.
const THIN: u64 = WORKLOADS / 3;
/// What is written until nothing is left to write. Statuses are written at most every ten seconds.
fn writes_until_rest(
    cluster: &ControlPlane,
    operator: &Operator,
    before: &ApiRequests,
) -> Vec<(&'static str, u64)> {
    eventually(SOON * 5, "nothing is left to write", || {
        let now = cluster.api_request_totals().ok()?;
        let_it_renew(cluster, operator, 6);
        let later = cluster.api_request_totals().ok()?;
        writes(&later.since(&now))
            .is_empty()
            .then(|| writes(&later.since(before)))
    })
}

#[test]
fn each_verdict_is_written_once_and_nothing_is_written_at_rest() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    let workloads = (0..WORKLOADS).map(|number| {
        let replicas = if number % 3 == 0 { 1 } else { 2 };
        deployment("default", &format!("web-{number}"), replicas)
    });
    let workloads: Vec<String> = workloads.collect();
    cluster.apply(&workloads.join("---")).unwrap();

    let before = cluster.api_request_totals().unwrap();
    let operator = start_ready(&cluster, &[]);
    let first = writes_until_rest(&cluster, &operator, &before);
    assert_eq!(first, [("deployments", WORKLOADS), ("goldenpaths", 1)]);

    let rested = cluster.api_request_totals().unwrap();
    let_it_renew(&cluster, &operator, 6);
    let at_rest = cluster.api_request_totals().unwrap().since(&rested);
    assert_eq!(writes(&at_rest), []);
    operator.stop(SOON).unwrap();

    let stopped = cluster.api_request_totals().unwrap();
    let operator = start_ready(&cluster, &[]);
    let_it_renew(&cluster, &operator, 6);
    let restart = cluster.api_request_totals().unwrap().since(&stopped);
    assert_eq!(writes(&restart), []);

    let wider = path("web-service").replace(">= 2", ">= 1");
    cluster.apply(&wider).unwrap();
    let edited = cluster.api_request_totals().unwrap();
    let edit = writes_until_rest(&cluster, &operator, &edited);
    let of = |resource| {
        edit.iter()
            .find(|(name, _)| *name == resource)
            .map(|(_, count)| *count)
    };
    assert_eq!((of("deployments"), of("events")), (Some(THIN), Some(THIN)));
    // One while the fleet is read again, as the case may be, and one when it was.
    assert!(
        of("goldenpaths").is_some_and(|writes| writes <= 2),
        "{edit:?}"
    );
    operator.stop(SOON).unwrap();
}
