//! What a requester cannot undo alone: a rejection, and renewals that count toward the limit,
//! neither by editing the exception nor by deleting and recreating it.

use goldenpath_e2e::{Operator, Options, eventually};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ground::{
    Ground, LISTED, SOON, accepted, approval, exception, refused, review, with_policies,
};
use crate::suite;

const NOT_RECORDED: &str = "status.rejectedAt does not record this rejection yet";
const MAY_NOT: &str = "may not decide on exceptions for path";

const PATHS: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  owner: {team: platform}
  scope: {kinds: [{group: apps, kind: Deployment}]}
  checks:
  - {name: replicas, expression: object.spec.replicas >= 2, severity: low}
---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: batch-job}
spec:
  owner: {team: data}
  scope: {kinds: [{group: batch, kind: CronJob}]}
  checks:
  - {name: replicas, expression: has(object.spec.suspend)}
";

/// Its teams declare deviations alone, and renew them `renewals` times.
fn self_declare(renewals: u32) -> Value {
    let limits = json!({"maxSeverity": "high", "maxDuration": "60d", "maxRenewals": renewals});
    json!({ "selfDeclare": limits })
}

/// A cluster of its own with the policies, where web-service has this policy for exceptions.
fn ground(policy: &Value) -> Option<Ground> {
    let ground = Ground::start(&Options::default())?;
    ground.install(&[]);
    ground.cluster.apply(PATHS).unwrap();
    let web = suite::deployment("shop", "web");
    ground.cluster.apply(&web).unwrap();
    allow(&ground, policy);
    ground.wait_for_policies();
    Some(ground)
}

fn allow(ground: &Ground, policy: &Value) {
    let patch = json!({"spec": {"exceptionPolicy": policy}}).to_string();
    let patch = ["patch", "gp", "web-service", "--type=merge", "-p", &patch];
    ground.cluster.kubectl_ok(&patch).unwrap();
}

fn rejection(by: &str) -> Value {
    let mut spec = approval(by, Timestamp::now());
    spec["approval"]["decision"] = json!("Rejected");
    spec
}

#[track_caller]
fn expect_phase(ground: &Ground, name: &str, phase: &str) {
    eventually(SOON, &format!("{name} is {phase}"), || {
        let stored = ground.stored(name);
        let is_current = stored["status"]["observedGeneration"] == stored["metadata"]["generation"];
        (is_current && stored["status"]["phase"] == phase).then_some(())
    });
}

fn renewed(by: &str) -> Value {
    json!({"reviews": [review(by, Timestamp::now(), "Renewed")]})
}

fn restarted(ground: &Ground, operator: Operator) -> Operator {
    operator.stop(SOON).unwrap();
    ground.operator()
}

#[test]
fn a_requester_cannot_undo_a_rejection_by_removing_it() {
    let Some(ground) = ground(&self_declare(3)) else {
        return;
    };
    let mut operator = ground.operator();
    let free = json!({"requireApproval": false, "selfDeclare": null});
    for (name, policy, own_word) in [
        ("declared", &self_declare(3), "SelfDeclared"),
        ("free", &free, "NotRequired"),
    ] {
        allow(&ground, policy);
        ground.asked_for(name);
        ground.expect_reason(name, own_word);
        let reject = ["reject", name, "-n=shop", "--note=use the large profile"];
        accepted(&ground.goldenpath("ada", &reject));
        expect_phase(&ground, name, "Rejected");
        accepted(&ground.patch("sam", name, &json!({"approval": null})));
        expect_phase(&ground, name, "Pending");
        let status = &ground.stored(name)["status"];
        assert_eq!(status["rejectedBy"], "ada", "{status}");
        // Nor by going on without a decision, nor in the eyes of another process.
        refused(&ground.patch("sam", name, &renewed("sam")), MAY_NOT);
        operator = restarted(&ground, operator);
        accepted(&ground.patch("sam", name, &json!({"ticket": "SHOP-1"})));
        expect_phase(&ground, name, "Pending");
        // To ask again goes on working.
        accepted(&ground.goldenpath("ada", &["approve", name, "-n=shop"]));
        ground.expect_reason(name, "Verified");
        // A change of approved fields ends the approval.
        let wider =
            json!({"approval": null, "reason": "The licence of the vendor allows one replica."});
        accepted(&ground.patch("sam", name, &wider));
        expect_phase(&ground, name, "Pending");
    }
}

#[test]
fn a_rejection_stays_until_the_operator_has_recorded_it() {
    with_policies(|ground| {
        ground.asked_for("unrecorded");
        accepted(&ground.patch("ada", "unrecorded", &rejection("ada")));
        for away in [
            json!({"approval": null}),
            json!({"approval": null, "path": "batch-job"}),
            json!({"approval": null, "checks": ["*"]}),
        ] {
            for who in ["sam", "tess", "nora", LISTED] {
                refused(&ground.patch(who, "unrecorded", &away), NOT_RECORDED);
            }
        }
        let object = exception("unrecorded", "sam");
        let file = ground.file("unrecorded", &object.to_string());
        refused(
            &ground.kubectl("sam", &["replace", "-f", &file]),
            NOT_RECORDED,
        );
        let mine = json!({"status": {"rejectedAt": ground.stored("unrecorded")["spec"]["approval"]["at"]}});
        let patch = [
            "patch",
            "devex",
            "unrecorded",
            "-n=shop",
            "--subresource=status",
        ];
        let mine = mine.to_string();
        let patch = [&patch[..], &["--type=merge", "-p", &mine]].concat();
        refused(
            &ground.kubectl("nora", &patch),
            "only the operator writes the status",
        );
        refused(
            &ground.patch("sam", "unrecorded", &approval("sam", Timestamp::now())),
            MAY_NOT,
        );
    });
}

#[test]
fn an_approver_takes_back_a_rejection_of_what_another_asked_for() {
    with_policies(|ground| {
        ground.asked_for("taken-back");
        accepted(&ground.patch("ada", "taken-back", &rejection("ada")));
        // An approver who asked for it themselves is its requester.
        accepted(&ground.create("ada", &exception("own", "ada")));
        accepted(&ground.patch(LISTED, "own", &rejection("grace")));
        refused(
            &ground.patch("ada", "own", &json!({"approval": null})),
            NOT_RECORDED,
        );
        // Another one takes back what was rejected by mistake.
        accepted(&ground.patch("ada", "taken-back", &json!({"approval": null})));
    });
}

#[test]
fn creating_an_exception_again_undoes_no_rejection() {
    let Some(ground) = ground(&self_declare(3)) else {
        return;
    };
    let operator = ground.operator();
    ground.asked_for("again");
    ground.expect_reason("again", "SelfDeclared");
    accepted(&ground.patch("ada", "again", &rejection("ada")));
    // At once: what the operator has written so far is not needed for it.
    accepted(&ground.kubectl("sam", &["delete", "devex", "again", "-n=shop"]));
    ground.asked_for("again");
    expect_phase(&ground, "again", "Pending");
    let file = ground.file("again", &exception("again", "sam").to_string());
    accepted(&ground.kubectl("sam", &["replace", "--force", "-f", &file]));
    expect_phase(&ground, "again", "Pending");
    let previous = ground.stored("again")["status"]["previous"].clone();
    assert_eq!(previous["times"], 2, "{previous}");
    assert!(previous["rejectedAt"].is_string(), "{previous}");

    every_surface_shows_it(&ground, &operator, &previous);

    let _operator = restarted(&ground, operator);
    accepted(&ground.patch("sam", "again", &json!({"ticket": "SHOP-1"})));
    expect_phase(&ground, "again", "Pending");
}

/// The counter, the Event and the register.
fn every_surface_shows_it(ground: &Ground, operator: &Operator, previous: &Value) {
    eventually(SOON, "it is counted", || {
        let samples = operator.scrape().ok()?;
        let again = samples.value("goldenpath_exceptions_recreated_total", &[])?;
        (again >= 2.0).then_some(())
    });
    eventually(SOON, "there is an Event", || {
        let get = ["get", "events", "-n=shop", "-o=json"];
        let events = ground.cluster.kubectl_ok(&get).ok()?;
        events.contains("\"Recreated\"").then_some(())
    });
    let admin = ground.cluster.kubeconfig().to_str().unwrap();
    let register = |format: &str| {
        let args = ["exceptions", "--kubeconfig", admin, "-o", format];
        let answer = ground.goldenpath("ada", &args);
        accepted(&answer);
        String::from_utf8(answer.stdout).unwrap()
    };
    let listed: Value = serde_json::from_str(&register("json")).unwrap();
    assert_eq!(listed["exceptions"][0]["previous"], *previous, "{listed}");
    assert!(
        register("table").contains("created again"),
        "{}",
        register("table")
    );
}

#[test]
fn creating_an_exception_again_gives_no_renewals_back() {
    let Some(ground) = ground(&self_declare(1)) else {
        return;
    };
    let _operator = ground.operator();
    ground.asked_for("spent");
    ground.expect_reason("spent", "SelfDeclared");
    accepted(&ground.patch("sam", "spent", &renewed("sam")));
    ground.expect_reason("spent", "SelfDeclared");
    accepted(&ground.kubectl("sam", &["delete", "devex", "spent", "-n=shop"]));
    ground.asked_for("spent");
    expect_phase(&ground, "spent", "Pending");
    refused(&ground.patch("sam", "spent", &renewed("sam")), MAY_NOT);
    let [_, message] = ground.approved("spent");
    assert!(message.contains("was deleted on"), "{message}");
}

#[test]
fn a_status_of_an_older_generation_allows_no_renewal() {
    let Some(ground) = ground(&self_declare(3)) else {
        return;
    };
    let operator = ground.operator();
    ground.asked_for("moved");
    ground.expect_reason("moved", "SelfDeclared");
    // In one request with what the answer was given for.
    for change in [
        json!({"path": "batch-job"}),
        json!({"checks": ["*"]}),
        json!({"expiresAt": "2090-01-01T00:00:00Z"}),
    ] {
        let mut both = renewed("sam");
        both.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        refused(&ground.patch("sam", "moved", &both), MAY_NOT);
    }
    // In two, before the operator has answered.
    operator.stop(SOON).unwrap();
    accepted(&ground.patch("sam", "moved", &json!({"path": "batch-job"})));
    refused(&ground.patch("sam", "moved", &renewed("sam")), MAY_NOT);
    accepted(&ground.patch("sam", "moved", &json!({"path": "web-service"})));
    refused(&ground.patch("sam", "moved", &renewed("sam")), MAY_NOT);
    // Once it has, its owner renews it.
    let _operator = ground.operator();
    expect_phase(&ground, "moved", "Active");
    accepted(&ground.patch("sam", "moved", &renewed("sam")));
}
