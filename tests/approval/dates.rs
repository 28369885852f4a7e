//! Dates: a decision carries the time it was made, whatever the request contains, and cannot be
//! prepared for later.

use goldenpath_e2e::Options;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ground::{
    Ground, accepted, approval, exception, minutes_ago, refused, renewal, review, whole,
    with_policies,
};

const NOT_NOW: &str = "not the time of this request. Next: set it to the current time";

const OTHER_TIME: &str = "would change the recorded time of a decision";

fn in_days(days: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * days)
}

#[test]
fn an_approver_writes_no_other_date() {
    with_policies(|ground| {
        ground.asked_for("dated");
        for at in [minutes_ago(8), minutes_ago(-8), in_days(90)] {
            refused(&ground.patch("ada", "dated", &approval("ada", at)), NOT_NOW);
        }
        // Clocks differ a little.
        accepted(&ground.patch("ada", "dated", &approval("ada", minutes_ago(3))));
        for at in [minutes_ago(8), in_days(90)] {
            let renewed = json!({"reviews": [review("ada", at, "Renewed")]});
            refused(&ground.patch("ada", "dated", &renewed), NOT_NOW);
            refused(&ground.patch("sam", "dated", &renewal("sam", at)), NOT_NOW);
        }
    });
}

/// The record of who wrote what, as a request may send it: everything at `at`.
fn forged_record(ground: &Ground, name: &str, at: Timestamp) -> Value {
    let mut fields = ground.stored(name)["metadata"]["managedFields"].clone();
    for entry in fields.as_array_mut().unwrap() {
        entry["time"] = json!(whole(at));
    }
    fields
}

#[test]
fn the_time_in_a_request_does_not_count() {
    with_policies(|ground| {
        ground.asked_for("forged-time");
        for at in [minutes_ago(90), in_days(90)] {
            let mut record = forged_record(ground, "forged-time", at);
            record.as_array_mut().unwrap().push(json!({
                "manager": "kubectl-patch", "operation": "Update", "time": whole(at),
                "apiVersion": "goldenpath.dev/v1alpha1", "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {"f:approval": {"f:at": {}, "f:by": {}, "f:decision": {}}}},
            }));
            let patch = json!({"metadata": {"managedFields": record}, "spec": approval("ada", at)});
            refused(&ground.patch_whole("ada", "forged-time", &patch), NOT_NOW);
        }
        // Without managedFields there would be no time at all.
        let emptied = json!({"metadata": {"managedFields": [{}]}});
        refused(
            &ground.patch_whole("sam", "forged-time", &emptied),
            "must not be cleared. Next: ",
        );
        let at_once =
            json!({"metadata": {"managedFields": [{}]}, "spec": approval("ada", minutes_ago(90))});
        refused(&ground.patch_whole("ada", "forged-time", &at_once), NOT_NOW);
    });
}

#[test]
fn no_edit_makes_an_approval_look_forged() {
    with_policies(|ground| {
        // By this record it was created long before its approval.
        ground.asked_for("disputed");
        accepted(&ground.patch("ada", "disputed", &approval("ada", minutes_ago(-4))));
        let record = forged_record(ground, "disputed", minutes_ago(60));
        let spec = json!({"ticket": "SHOP-3"});
        let patch = json!({"metadata": {"managedFields": record}, "spec": spec});
        let as_another = ["patch", "devex", "disputed", "-n=shop", "--type=merge"];
        let patch = patch.to_string();
        let as_another = [
            &as_another[..],
            &["--field-manager=elsewhere", "-p", &patch],
        ]
        .concat();
        refused(&ground.kubectl("sam", &as_another), OTHER_TIME);
    });
}

/// Before there are policies anything can be written, also a decision for a day to come. Once
/// they are there, it still shows that it was written before that day.
#[test]
fn a_decision_kept_for_later_goes_on_showing_it() {
    let Some(ground) = Ground::start(&Options::default()) else {
        return;
    };
    ground.install(&["approval.policies.enabled=false"]);
    let mut kept = exception("kept", "sam");
    kept["spec"]["approval"] = approval("ada", in_days(1))["approval"].clone();
    let mut reviewed = exception("reviewed", "sam");
    reviewed["spec"]["reviews"] = json!([review("ada", in_days(1), "Renewed")]);
    for object in [kept, reviewed] {
        let name = object["metadata"]["name"].as_str().unwrap();
        let file = ground.file(name, &object.to_string());
        let create = ["create", "--field-manager=elsewhere", "-f", &file];
        accepted(&ground.kubectl("sam", &create));
    }
    ground.install(&[]);
    ground.wait_for_policies();

    for name in ["kept", "reviewed"] {
        accepted(&ground.patch("sam", name, &json!({"ticket": "SHOP-1"})));
        let record = forged_record(&ground, name, in_days(2));
        let spec = json!({"ticket": "SHOP-2"});
        let patch = json!({"metadata": {"managedFields": record}, "spec": spec});
        refused(&ground.patch_whole("sam", name, &patch), OTHER_TIME);
    }
    accepted(&ground.patch("sam", "kept", &json!({"approval": null})));
    accepted(&ground.patch("ada", "kept", &approval("ada", Timestamp::now())));
}
