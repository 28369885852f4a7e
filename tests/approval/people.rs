//! Who may decide: a user with the right on the path, under their own name, about another user's
//! request.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ground::{
    accepted, approval, exception, minutes_ago, refused, renewal, review, with_policies,
};

const MAY_NOT: &str = "may not decide on exceptions for path web-service. Next: ";

fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
fn a_requester_who_may_update_cannot_approve() {
    with_policies(|ground| {
        ground.asked_for("own-request");
        refused(
            &ground.patch("sam", "own-request", &approval("sam", now())),
            MAY_NOT,
        );
        refused(
            &ground.patch("tess", "own-request", &approval("tess", now())),
            MAY_NOT,
        );
        let rejected =
            json!({"approval": {"decision": "Rejected", "by": "tess", "at": now().to_string()}});
        refused(&ground.patch("tess", "own-request", &rejected), MAY_NOT);
        assert_eq!(ground.stored("own-request")["spec"].get("approval"), None);
    });
}

#[test]
fn an_approver_does_not_agree_to_what_they_asked_for_themselves() {
    with_policies(|ground| {
        accepted(&ground.create("ada", &exception("by-ada", "ada")));
        let own = "requested this exception and may not decide on it. Next: ";
        refused(&ground.patch("ada", "by-ada", &approval("ada", now())), own);

        ground.agreed("turned-round");
        let renewed = json!({"reviews": [review("ada", now(), "Renewed")]});
        accepted(&ground.patch("ada", "turned-round", &renewed));
    });
}

#[test]
fn an_exception_cannot_be_created_with_its_approval() {
    with_policies(|ground| {
        let mut object = exception("born-approved", "sam");
        object["spec"]["approval"] = approval("ada", now())["approval"].clone();
        refused(&ground.create("sam", &object), MAY_NOT);
        object["spec"]["requestedBy"] = json!("ada");
        refused(
            &ground.create("ada", &object),
            "requested this exception and may not decide on it",
        );
        object["spec"]["requestedBy"] = json!("sam");
        refused(
            &ground.create("ada", &object),
            "spec.requestedBy must be your own user name",
        );
    });
}

#[test]
fn an_approver_writes_no_other_name() {
    with_policies(|ground| {
        ground.asked_for("other-name");
        let answer = ground.patch("ada", "other-name", &approval("grace", now()));
        refused(
            &answer,
            "spec.approval.by is grace, but you are ada. Next: ",
        );

        accepted(&ground.patch("ada", "other-name", &approval("ada", now())));
        let renewed = json!({"reviews": [review("grace", now(), "Renewed")]});
        refused(
            &ground.patch("ada", "other-name", &renewed),
            "of a new review must be your own user name, ada",
        );
    });
}

#[test]
fn everything_in_a_namespace_is_no_right_to_approve() {
    with_policies(|ground| {
        ground.asked_for("namespace-admin");
        refused(
            &ground.patch("nora", "namespace-admin", &approval("nora", now())),
            MAY_NOT,
        );

        // Nor to write what the operator saw.
        let status = r#"{"status": {"phase": "Active"}}"#;
        let patch = [
            "patch",
            "devex",
            "namespace-admin",
            "-n=shop",
            "--subresource=status",
        ];
        let patch = [&patch[..], &["--type=merge", "-p", status]].concat();
        refused(
            &ground.kubectl("nora", &patch),
            "only the operator writes the status of an exception. Next: ",
        );
    });
}

#[test]
fn the_owner_of_another_path_cannot_approve() {
    with_policies(|ground| {
        ground.asked_for("other-path");
        refused(
            &ground.patch("bo", "other-path", &approval("bo", now())),
            MAY_NOT,
        );

        // Nor by moving it to a path of theirs first.
        let mut moved = approval("bo", now());
        moved["path"] = json!("batch-job");
        refused(
            &ground.patch("bo", "other-path", &moved),
            "may not change what sam requested. Next: ask sam",
        );
    });
}

#[test]
fn an_approver_cannot_rewrite_what_they_agree_to() {
    with_policies(|ground| {
        ground.asked_for("rewritten");
        let wider = json!({"checks": ["*"]});
        let mut both = approval("ada", now());
        both["checks"] = json!(["*"]);
        for written in [&both, &wider] {
            refused(
                &ground.patch("ada", "rewritten", written),
                "may not change what sam requested",
            );
        }
        accepted(&ground.patch("sam", "rewritten", &wider));
        accepted(&ground.patch("ada", "rewritten", &approval("ada", now())));
    });
}

/// The format date-time accepts it, but date parsers do not.
#[test]
fn an_unreadable_date_is_refused() {
    with_policies(|ground| {
        ground.asked_for("odd-date");
        let odd = json!({"expiresAt": "2099-01-01T00:00:00ZT"});
        let printed = ground.patch("sam", "odd-date", &odd);
        assert!(!printed.status.success(), "{printed:?}");
        assert!(ground.stored("odd-date")["spec"]["expiresAt"].is_null());
    });
}

#[test]
fn an_approver_decides_by_command_and_by_hand() {
    with_policies(|ground| {
        for name in ["by-command", "by-patch", "by-apply", "turned-down"] {
            ground.asked_for(name);
        }
        let command = [
            "approve",
            "by-command",
            "-n=shop",
            "--note=agreed with the vendor",
        ];
        accepted(&ground.goldenpath("ada", &command));
        accepted(&ground.patch("ada", "by-patch", &approval("ada", now())));
        let mut applied = exception("by-apply", "sam");
        applied["spec"]["approval"] = approval("ada", now())["approval"].clone();
        let file = ground.file("by-apply", &applied.to_string());
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", &file];
        accepted(&ground.kubectl("ada", &apply));
        accepted(&ground.goldenpath("ada", &["reject", "turned-down", "-n=shop"]));

        for name in ["by-command", "by-patch", "by-apply", "turned-down"] {
            assert_eq!(
                ground.stored(name)["spec"]["approval"]["by"],
                "ada",
                "{name}"
            );
        }
        let decision = &ground.stored("turned-down")["spec"]["approval"]["decision"];
        assert_eq!(decision, "Rejected");

        let renew = ["renew", "by-command", "-n=shop"];
        accepted(&ground.goldenpath("ada", &renew));
        let approve = ["approve", "by-patch", "-n=shop"];
        let plainly = "error: failed to approve exception shop/by-patch: tess may not decide";
        refused(&ground.goldenpath("tess", &approve), plainly);
        assert_eq!(reviews(&ground.stored("by-command")), ["ada Renewed"]);
    });
}

#[test]
fn an_approval_is_decided_anew_whenever_it_changes() {
    with_policies(|ground| {
        ground.agreed("changed");
        let note = json!({"approval": {"note": "for ever"}});
        refused(&ground.patch("sam", "changed", &note), MAY_NOT);
        refused(
            &ground.patch("ada", "changed", &note),
            "not the time of this request",
        );
        // To ask again is free.
        let again = json!({"approval": null, "checks": ["*"]});
        accepted(&ground.patch("sam", "changed", &again));
        refused(
            &ground.patch("sam", "changed", &approval("ada", now())),
            MAY_NOT,
        );
    });
}

#[test]
fn an_approved_exception_is_not_widened() {
    with_policies(|ground| {
        ground.agreed("widened");
        for spec in [
            json!({"checks": ["*"]}),
            json!({"expiresAt": "2030-01-01T00:00:00Z"}),
        ] {
            let sentence = "approved fields cannot change while the approval stays: remove spec.approval in the same edit";
            refused(&ground.patch("sam", "widened", &spec), sentence);
        }
    });
}

#[test]
fn an_owner_asks_to_go_on_and_closes_without_anybody() {
    with_policies(|ground| {
        ground.agreed("owned");
        accepted(&ground.patch("tess", "owned", &renewal("tess", now())));
        let answer = ground.patch("sam", "owned", &renewal("tess", minutes_ago(1)));
        refused(&answer, "spec.renewal.by is tess, but you are sam. Next: ");
        let renewed = json!({"reviews": [review("sam", now(), "Renewed")]});
        refused(&ground.patch("sam", "owned", &renewed), MAY_NOT);

        let forged = json!({"reviews": [review("ada", now(), "Closed")]});
        refused(
            &ground.patch("sam", "owned", &forged),
            "of a new review must be your own user name, sam",
        );
        accepted(&ground.goldenpath("sam", &["close", "owned", "-n=shop"]));
        assert_eq!(reviews(&ground.stored("owned")), ["sam Closed"]);
    });
}

#[test]
fn reviews_come_one_at_a_time() {
    with_policies(|ground| {
        ground.agreed("two-reviews");
        let (first, second) = (now(), now() + jiff::SignedDuration::from_secs(1));
        let both = [
            review("ada", first, "Renewed"),
            review("ada", second, "Renewed"),
        ];
        let answer = ground.patch("ada", "two-reviews", &json!({"reviews": both}));
        refused(&answer, "this request adds more than one review. Next: ");
    });
}

#[test]
fn a_requester_is_recorded_and_stays() {
    with_policies(|ground| {
        let sentence =
            "spec.requestedBy must be your own user name. Next: set spec.requestedBy to sam";
        refused(
            &ground.create("sam", &exception("for-tess", "tess")),
            sentence,
        );
        let mut unsigned = exception("unsigned", "sam");
        unsigned["spec"]
            .as_object_mut()
            .unwrap()
            .remove("requestedBy");
        refused(&ground.create("sam", &unsigned), sentence);

        ground.asked_for("signed");
        for changed in [json!("tess"), Value::Null] {
            let patch = json!({"requestedBy": changed});
            refused(
                &ground.patch("tess", "signed", &patch),
                "and cannot change. Next: ",
            );
        }
    });
}

/// The reviews on record, as `who outcome`.
fn reviews(object: &Value) -> Vec<String> {
    let reviews = object["spec"]["reviews"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |review: &Value, field: &str| review[field].as_str().unwrap().to_owned();
    let lines = reviews
        .iter()
        .map(|review| format!("{} {}", text(review, "by"), text(review, "outcome")));
    lines.collect()
}
