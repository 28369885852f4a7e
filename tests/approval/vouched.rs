//! How the operator reads approvals, with the rights of the chart's account: which ones are
//! verified, since when, and what remains of a deleted exception.

use goldenpath_e2e::{AuditEvent, Operator, Options, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ground::{Ground, SOON, accepted, approval, exception, refused, review};
use crate::suite;

/// The chart on a cluster of its own, without its policies yet, and an approval from that time.
fn before_the_policies() -> Option<Ground> {
    let options = Options {
        audit_log: true,
        ..Options::default()
    };
    let ground = Ground::start(&options)?;
    ground.install(&["approval.policies.enabled=false"]);
    let cluster = &ground.cluster;
    cluster
        .kubectl_ok(&["create", "namespace", "elsewhere"])
        .unwrap();
    let workloads = ["shop", "elsewhere"].map(|namespace| suite::deployment(namespace, "web"));
    let manifests = [&[suite::PATH.to_owned()], &workloads[..]].concat();
    cluster.apply(&manifests.concat()).unwrap();
    let mut old = exception("old", "sam");
    old["spec"]["approval"] = approval("ada", Timestamp::now())["approval"].clone();
    accepted(&ground.create("sam", &old));
    Some(ground)
}

fn unverified(operator: &Operator) -> Option<String> {
    let samples = operator.scrape().ok()?;
    let value = samples.value("goldenpath_exceptions_unverified", &[])?;
    Some(value.to_string())
}

#[track_caller]
fn expect_unverified(operator: &Operator, count: &str) {
    let what = format!("{count} exceptions are unverified");
    eventually(SOON, &what, || {
        (unverified(operator)? == count).then_some(())
    });
}

/// Waits until the condition `Approved` has this reason.
#[track_caller]
fn expect_words(ground: &Ground, name: &str, words: &str) {
    eventually(SOON, words, || {
        ground.approved(name)[1].contains(words).then_some(())
    });
}

fn deviation(ground: &Ground, namespace: &str) -> String {
    let label = "-o=jsonpath={.metadata.labels.goldenpath\\.dev/deviation}";
    let get = ["get", "deployment", "web", "-n", namespace, label];
    ground.cluster.kubectl_ok(&get).unwrap()
}

#[test]
fn approvals_are_vouched_for_since_the_policies_came() {
    let Some(ground) = before_the_policies() else {
        return;
    };
    let operator = ground.operator();
    ground.expect_reason("old", "Unverified");
    expect_words(&ground, "old", "the operator may not read the policy");
    expect_unverified(&operator, "1");
    operator.stop(SOON).unwrap();

    ground.install(&[]);
    ground.wait_for_policies();
    let operator = ground.operator();
    ground.agreed("new");
    ground.expect_reason("new", "Verified");
    expect_words(&ground, "old", "The next renewal makes it Verified");
    assert_eq!(ground.approved("old")[0], "Unverified");
    expect_unverified(&operator, "1");

    let renew = ["renew", "old", "-n=shop"];
    accepted(&ground.goldenpath("ada", &renew));
    ground.expect_reason("old", "Verified");
    expect_words(&ground, "old", "renewed by ada");
    expect_unverified(&operator, "0");

    surfaces_agree(&ground, &operator);
    operator.stop(SOON).unwrap();
    a_restart_writes_nothing(&ground);
    in_a_gap_nothing_is_verified(&ground);
}

/// The operator's report, and that of somebody who may only list.
fn surfaces_agree(ground: &Ground, operator: &Operator) {
    let (_, served) = operator.get("/api/v1/report").unwrap();
    let admin = ground.cluster.kubeconfig().to_str().unwrap();
    let listed = ["report", "-o=json", "--kubeconfig", admin];
    let listed = ground.goldenpath("ada", &listed);
    for report in [served, String::from_utf8(listed.stdout).unwrap()] {
        let report: Value = serde_json::from_str(&report).unwrap();
        let exceptions = report["exceptions"].as_array().unwrap();
        assert_eq!(exceptions.len(), 2, "{report}");
        for exception in exceptions {
            assert_eq!(exception["approval"], "Verified", "{exception}");
        }
    }
}

fn a_restart_writes_nothing(ground: &Ground) {
    let versions = || {
        ["old", "new"].map(|name| ground.stored(name)["metadata"]["resourceVersion"].to_string())
    };
    let before = versions();
    let operator = ground.operator();
    let ticks = || {
        let samples = operator.scrape().ok()?;
        samples.value("goldenpath_clock_ticks_total", &[])
    };
    let until = ticks().unwrap_or_default() + 4.0;
    eventually(SOON, "time passes", || (ticks()? >= until).then_some(()));
    assert_eq!(unverified(&operator).as_deref(), Some("0"));
    assert_eq!(versions(), before);
    operator.stop(SOON).unwrap();
}

/// And what was decided before it stays in doubt.
fn in_a_gap_nothing_is_verified(ground: &Ground) {
    let operator = ground.operator();
    let binding = ["validatingadmissionpolicybinding", "goldenpath-approval"];
    let delete = [&["delete"], &binding[..]].concat();
    ground.cluster.kubectl_ok(&delete).unwrap();
    ground.expect_reason("new", "Unverified");
    expect_words(ground, "new", "the policy is not bound");
    expect_unverified(&operator, "2");
    operator.stop(SOON).unwrap();

    ground.helm(&["uninstall", "goldenpath"]);
    ground.install(&[]);
    ground.wait_for_policies();
    let operator = ground.operator();
    expect_words(ground, "new", "The next renewal makes it Verified");
    expect_unverified(&operator, "2");
}

#[test]
fn an_exception_excuses_in_its_namespace_and_leaves_a_record() {
    let Some(ground) = before_the_policies() else {
        return;
    };
    ground.install(&[]);
    ground.wait_for_policies();
    let operator = ground.operator();
    for (namespace, expected) in [("shop", "documented"), ("elsewhere", "undocumented")] {
        eventually(SOON, &format!("{namespace} is {expected}"), || {
            (deviation(&ground, namespace) == expected).then_some(())
        });
    }

    accepted(&ground.kubectl("tess", &["delete", "devex", "old", "-n=shop"]));
    eventually(SOON, "the deletion is counted", || {
        let samples = operator.scrape().ok()?;
        let deleted = samples.value("goldenpath_exceptions_deleted_total", &[])?;
        (deleted > 0.0).then_some(())
    });
    let log = operator.log().unwrap();
    let mut lines = log.lines();
    let line = lines.find(|line| line.contains("exception deleted"));
    let line = line.unwrap();
    assert!(line.contains("The licence of the vendor"), "{line}");
    assert!(line.contains("ada") && !line.contains("tess"), "{line}");
    eventually(SOON, "there is an Event", || {
        let get = ["get", "events", "-n=shop", "-o=json"];
        let events = ground.cluster.kubectl_ok(&get).ok()?;
        events.contains("ExceptionDeleted").then_some(())
    });
    eventually(SOON, "the API server's audit log shows who", || {
        let by_tess = |event: &AuditEvent| {
            event.verb == "delete" && event.name == "old" && event.user == "tess"
        };
        let events = ground.cluster.audit_events().ok()?;
        events.iter().any(by_tess).then_some(())
    });
    eventually(SOON, "it is undocumented again", || {
        (deviation(&ground, "shop") == "undocumented").then_some(())
    });
}

#[test]
fn a_team_renews_an_exception_that_needed_no_approval() {
    let Some(ground) = before_the_policies() else {
        return;
    };
    let patch = r#"{"spec": {"exceptionPolicy": {"requireApproval": false}}}"#;
    let patch = ["patch", "gp", "web-service", "--type=merge", "-p", patch];
    ground.cluster.kubectl_ok(&patch).unwrap();
    ground.install(&[]);
    ground.wait_for_policies();
    ground.asked_for("free");
    let renewed = || json!({"reviews": [review("sam", Timestamp::now(), "Renewed")]});
    let may_not = "may not decide on exceptions for path web-service";
    refused(&ground.patch("sam", "free", &renewed()), may_not);

    let _operator = ground.operator();
    ground.expect_reason("free", "NotRequired");
    accepted(&ground.patch("sam", "free", &renewed()));
    // Once an approver has approved it, the team cannot renew it alone.
    let later = Timestamp::now() + SignedDuration::from_secs(2);
    accepted(&ground.patch("ada", "free", &approval("ada", later)));
    ground.expect_reason("free", "Verified");
    let mut reviews = ground.stored("free")["spec"]["reviews"].clone();
    let again = review("sam", later + SignedDuration::from_secs(1), "Renewed");
    reviews.as_array_mut().unwrap().push(again);
    refused(
        &ground.patch("sam", "free", &json!({ "reviews": reviews })),
        may_not,
    );
}
