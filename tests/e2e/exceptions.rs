//! One exception from its request to its end, and what each surface shows at each step.

use goldenpath::api::keys;
use goldenpath_e2e::eventually;
use serde_json::Value;

use crate::stage::{Place, SOON, in_a_place};
use crate::words::{PATH, approval, exception, failing, hurried};

#[test]
fn an_exception_goes_through_all_its_phases_and_everything_follows() {
    in_a_place("phases", |place| {
        place.apply(&hurried());
        place.apply(&failing("web"));
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        place.apply(&exception("web", ""));
        follows(place, "Pending", "pending");
        place.apply(&exception("web", &approval()));
        for (phase, standing) in [
            ("Active", "documented"),
            ("ReviewDue", "review-due"),
            ("ReviewOverdue", "review-overdue"),
            ("Expired", "expired"),
        ] {
            follows(place, phase, standing);
        }
    });
}

/// Label, status, metrics and Event show the phase, each within its deadline.
fn follows(place: &Place<'_>, phase: &str, standing: &str) {
    // A phase of the hurried path lasts as long as SOON.
    place.becomes_within(3 * SOON, ("deploy/web", standing), |labels| {
        labels.get(keys::DEVIATION).is_some_and(|is| is == standing)
    });
    eventually(SOON, &format!("status.phase is {phase}"), || {
        (place.get("devex/web")["status"]["phase"] == phase).then_some(())
    });
    eventually(SOON, &format!("metrics show {phase}"), || {
        let samples = place.scrape();
        let one = [
            ("namespace", &*place.name),
            ("exception", "web"),
            ("phase", phase),
        ];
        let services = [("path", &*place.name), ("state", standing)];
        (samples.value("goldenpath_exception_phase", &one) == Some(1.0)
            && samples.sum("goldenpath_services", &services) == Some(1.0))
        .then_some(())
    });
    let note = format!(
        "Deviation{}",
        if phase == "Active" {
            "Documented"
        } else {
            phase
        }
    );
    has_event(place, "Deployment", &note);
    // The first sight of an object is not a change of it.
    if phase != "Pending" {
        has_event(place, "DeviationException", &format!("Exception{phase}"));
    }
}

/// Waits for an Event about an object of this kind.
fn has_event(place: &Place<'_>, kind: &str, reason: &str) {
    eventually(SOON, &format!("an Event {reason} on the {kind}"), || {
        let events = place.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        let events: Value = serde_json::from_str(&events).unwrap();
        let mut events = events["items"].as_array().unwrap().iter();
        let found =
            events.find(|event| event["regarding"]["kind"] == kind && event["reason"] == reason);
        found.map(drop)
    });
}

#[test]
fn deleting_an_exception_takes_effect_at_once() {
    in_a_place("deleted", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        place.apply(&exception("web", &approval()));
        place.becomes("deploy/web", "deviating", Some("documented"));
        place.kubectl(&["delete", "devex/web"]);
        // The watch brings it. Everything that would find it otherwise takes minutes.
        place.becomes_within(SOON, ("deploy/web", "undocumented again"), |labels| {
            labels.values().any(|value| value == "undocumented")
        });
    });
}

#[test]
fn what_was_approved_cannot_change_under_its_approval() {
    in_a_place("substance", |place| {
        let approval = approval();
        place.apply(&exception("web", &approval));
        let wider = exception("web", &approval).replace("[pinned-image]", "['*']");
        let refusal = place.refusal(&wider);
        assert!(
            refusal.contains(
                "approved fields cannot change while the approval stays: remove spec.approval"
            ),
            "{refusal}"
        );
        // Asking again, without the approval, is always possible.
        let asked_again = exception("web", "").replace("[pinned-image]", "['*']");
        place.apply(&asked_again);
    });
}

#[test]
fn an_exception_of_an_unknown_check_suggests_the_nearest() {
    in_a_place("meant", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        let mistyped = exception("web", &approval()).replace("[pinned-image]", "[pined-image]");
        place.apply(&mistyped);
        let condition = place.condition("devex/web", "ChecksKnown", "False");
        let message = condition["message"].as_str().unwrap();
        assert!(message.contains("pinned-image"), "{message}");
        place.becomes("deploy/web", "deviating", Some("undocumented"));
    });
}

#[test]
fn an_exception_that_is_no_longer_needed_is_reported() {
    in_a_place("needed", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        place.apply(&exception("web", &approval()));
        place.condition("devex/web", "Needed", "True");
        place.apply(&crate::words::golden("web"));
        place.condition("devex/web", "Needed", "False");
        place.becomes("deploy/web", "golden-path", None);
    });
}
