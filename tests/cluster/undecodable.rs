//! Stored exceptions and paths that cannot be decoded: they excuse and judge nothing, and every
//! surface gives the reason.

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use serde_json::Value;

use crate::ground::{
    SOON, cluster, deployment, exception, expect_labels, loosen, path, start_ready, stored,
};
use crate::suite::define;

const CRD: &str = "deviationexceptions.goldenpath.dev";
/// Ten digits of a fraction: `format: date-time` takes them, and no parser of ours does.
const PIN: &str = r#"-p={"spec": {"renewal": {"requestedAt": "2026-03-01T09:00:00.0123456789Z",
    "by": "sam", "stillNeededBecause": "still needed"}}}"#;

fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let mut found = conditions.into_iter().flatten();
    found
        .find(|condition| condition["type"] == kind)
        .cloned()
        .unwrap_or_default()
}

fn problems(operator: &Operator) -> String {
    let (_, report) = operator.get("/api/v1/report").unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    report["problems"].to_string()
}

fn undecodable(operator: &Operator, kind: &str) -> Option<f64> {
    let samples = operator.scrape().unwrap();
    samples.value("goldenpath_undecodable_objects", &[("kind", kind)])
}

/// The pinned exception on every surface.
fn expect_no_agreement(cluster: &ControlPlane, operator: &Operator) {
    expect_labels(
        cluster,
        ("default", "web"),
        "deviating/web-service/undocumented",
    );
    eventually(SOON, "the status reports that it cannot be decoded", || {
        let object = stored(cluster, "devex", "thin");
        let ready = condition(&object, "Ready");
        let is_said = ready["status"] == "False"
            && ready["reason"] == "Undecodable"
            && ready["message"].as_str()?.contains("spec.renewal")
            && object["status"]["observedGeneration"] == object["metadata"]["generation"];
        let is_blank =
            object["status"].get("phase").is_none() && condition(&object, "Approved").is_null();
        (is_said && is_blank).then_some(())
    });
    eventually(SOON, "metrics and the report list it", || {
        let counted = undecodable(operator, "DeviationException") == Some(1.0);
        (counted && problems(operator).contains("default/deviationexception/thin")).then_some(())
    });
}

#[test]
fn an_agreement_cannot_be_pinned_by_a_date_the_operator_cannot_read() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    cluster.apply(&exception("default", "thin", "web")).unwrap();
    let operator = start_ready(&cluster, &[]);
    expect_labels(
        &cluster,
        ("default", "web"),
        "deviating/web-service/documented",
    );
    let pin = ["patch", "devex", "thin", "--type=merge", PIN];
    let refused = cluster.kubectl(&pin).unwrap();
    assert!(!refused.status.success(), "our definition lets it in");
    let printed = String::from_utf8_lossy(&refused.stderr);
    assert!(printed.contains("spec.renewal.requestedAt"), "{printed}");

    loosen(&cluster, CRD);
    eventually(SOON, "the looser definition takes the date", || {
        cluster.kubectl_ok(&pin).ok()
    });
    expect_no_agreement(&cluster, &operator);
    assert!(operator.stop(SOON).unwrap().success());
    let operator = start_ready(&cluster, &[]);
    expect_no_agreement(&cluster, &operator);

    let repair = r#"-p={"spec": {"renewal": null}}"#;
    cluster
        .kubectl_ok(&["patch", "devex", "thin", "--type=merge", repair])
        .unwrap();
    expect_labels(
        &cluster,
        ("default", "web"),
        "deviating/web-service/documented",
    );
    eventually(SOON, "nothing is undecodable any more", || {
        let ready = condition(&stored(&cluster, "devex", "thin"), "Ready");
        let is_counted = undecodable(&operator, "DeviationException") == Some(0.0);
        (ready["status"] == "True" && is_counted && !problems(&operator).contains("thin"))
            .then_some(())
    });
    let withdrawal = r#"-p={"spec": {"approval": null}}"#;
    cluster
        .kubectl_ok(&["patch", "devex", "thin", "--type=merge", withdrawal])
        .unwrap();
    expect_labels(
        &cluster,
        ("default", "web"),
        "deviating/web-service/pending",
    );
}

#[test]
fn an_undecodable_exception_can_be_repaired_and_edited_under_the_stricter_definition() {
    let Some(cluster) = cluster() else { return };
    loosen(&cluster, CRD);
    cluster.apply(&exception("default", "thin", "web")).unwrap();
    let pin = ["patch", "devex", "thin", "--type=merge", PIN];
    eventually(SOON, "the looser definition takes the date", || {
        cluster.kubectl_ok(&pin).ok()
    });
    define(&cluster, CRD);
    eventually(SOON, "the stricter definition is in force", || {
        let refused = cluster.apply(&exception("default", "other", "web").replace(
            "approval:",
            "expiresAt: '9999-06-01T00:00:00Z'\n  approval:",
        ));
        refused.is_err().then_some(())
    });
    let ticket = r#"-p={"spec": {"ticket": "SHOP-1"}}"#;
    cluster
        .kubectl_ok(&["patch", "devex", "thin", "--type=merge", ticket])
        .unwrap();
    let repair = r#"-p={"spec": {"renewal": null}}"#;
    cluster
        .kubectl_ok(&["patch", "devex", "thin", "--type=merge", repair])
        .unwrap();
}

#[test]
fn a_path_that_cannot_be_decoded_is_reported_and_its_exceptions_keep_their_phase() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    cluster.apply(&exception("default", "thin", "web")).unwrap();
    let operator = start_ready(&cluster, &[]);
    let phase = || stored(&cluster, "devex", "thin")["status"]["phase"].clone();
    eventually(SOON, "the exception is active", || {
        (phase() == "Active").then_some(())
    });
    loosen(&cluster, "goldenpaths.goldenpath.dev");
    let launch = r#"-p={"spec": {"launchedAt": "2026-01-01T00:00:00.0123456789Z"}}"#;
    eventually(SOON, "the looser definition takes the date", || {
        cluster
            .kubectl_ok(&["patch", "gp", "web-service", "--type=merge", launch])
            .ok()
    });
    eventually(SOON, "the path reports that it cannot be decoded", || {
        let ready = condition(&stored(&cluster, "gp", "web-service"), "Ready");
        (ready["status"] == "False" && ready["reason"] == "Undecodable").then_some(())
    });
    assert_eq!(undecodable(&operator, "GoldenPath"), Some(1.0));
    assert!(problems(&operator).contains("goldenpath/web-service"));
    eventually(SOON, "the exception misses its path", || {
        let found = condition(&stored(&cluster, "devex", "thin"), "PathFound");
        (found["status"] == "False").then_some(())
    });
    assert_eq!(phase(), "Active");
}

/// An exception without an end, as an older definition let it in.
const NEVER: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: never, namespace: default}
spec:
  path: web-service
  checks: [replicas]
  targets: [{kind: Deployment, name: web}]
  reason: Vendor publishes only the tag latest for it
  owner: {team: shop}
  requestedBy: ada
  ownershipCost: {hoursPerMonth: 1}
  expiresAt: '9999-12-31T23:59:59Z'
";

#[test]
fn a_stored_exception_without_an_end_can_be_approved_and_closed() {
    let Some(cluster) = cluster() else { return };
    cluster.apply(&path("web-service")).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    loosen(&cluster, CRD);
    eventually(SOON, "the looser definition takes the date", || {
        cluster.apply(NEVER).ok()
    });
    define(&cluster, CRD);
    eventually(SOON, "the stricter definition is in force", || {
        let refused = cluster.apply(&NEVER.replace("never", "other"));
        refused.is_err().then_some(())
    });
    let operator = start_ready(&cluster, &[]);
    let phase = |wanted: &str| {
        eventually(SOON, wanted, || {
            (stored(&cluster, "devex", "never")["status"]["phase"] == wanted).then_some(())
        });
    };
    let decide = |verb: &str| {
        let args = [verb, "never", "-n", "default"];
        let output = crate::suite::goldenpath(cluster.kubeconfig(), &args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{verb}: {output:?}");
    };
    phase("Pending");
    decide("approve");
    phase("Active");
    decide("close");
    phase("Closed");
    drop(operator);
}
