//! The operator harness, tried on `kubectl proxy`: it listens on the given address, answers
//! `/readyz` and `/metrics`, and stops when asked to.

use std::time::Duration;

use goldenpath_e2e::{
    ControlPlane, Error, Operator, OperatorOptions, Options, Tool, control_plane_or_skip,
};

/// `$2` is the address that follows the harness's `--listen`.
const LISTEN_AS_TOLD: &str = r#"exec "$0" proxy --port="${2##*:}""#;

fn proxy(cluster: &ControlPlane) -> OperatorOptions {
    let kubectl = cluster.binaries().path(Tool::Kubectl).expect("was located");
    OperatorOptions::new("sh", &["-c", LISTEN_AS_TOLD, &kubectl.to_string_lossy()])
}

#[test]
fn an_operator_is_started_watched_and_stopped() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let mut operator = Operator::start(&cluster, &proxy(&cluster)).unwrap();
    operator.wait_until_ready(Duration::from_secs(20)).unwrap();
    assert_eq!(operator.get("/no-such-page").unwrap().0, 404);
    let samples = operator.scrape().unwrap();
    assert!(samples.sum("apiserver_request_total", &[("code", "404")]) > Some(0.0));
    assert!(operator.log().unwrap().contains("Starting to serve"));
    operator.stop(Duration::from_secs(10)).unwrap();
}

#[test]
fn an_operator_that_ends_at_once_is_reported_with_its_log() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let failing = OperatorOptions::new("sh", &["-c", "echo no such flag; exit 2"]);
    let error = Operator::start(&cluster, &failing).unwrap_err();
    assert!(matches!(&error, Error::Stopped { log, .. } if log == "no such flag"));
}

#[test]
fn an_operator_that_does_not_listen_to_reason_is_killed() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let operator = Operator::start(&cluster, &proxy(&cluster)).unwrap();
    let log = operator.log_file();
    // A stopped process does not act on SIGTERM.
    operator.pause();
    let outcome = operator.stop(Duration::from_millis(200));
    assert!(matches!(outcome, Err(Error::Deadline { .. })));
    assert!(log.exists());
}
