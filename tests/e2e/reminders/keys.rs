//! An `Idempotency-Key` belongs to what was sent: a retry carries the same key and the same items,
//! even when more falls due meanwhile.

use goldenpath_e2e::eventually;
use serde_json::{Value, json};

use super::{OVERDUE, approved_days_ago, counted, is_on_record, marks, with_due};
use crate::receiver::{Answer, Received};
use crate::stage::{Place, SOON, stop};
use crate::words::exception;

fn ids(message: &Received) -> Vec<&Value> {
    let items = message.body["items"].as_array().unwrap();
    items.iter().map(|item| &item["id"]).collect()
}

fn is_repeated(first: &Received, again: &Received) {
    assert_eq!(first.key(), again.key());
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(ids(first), ids(again));
}

fn status(place: &Place<'_>, name: &str) -> Value {
    place.get(&format!("devex/{name}"))["status"].take()
}

#[test]
fn killed_behind_a_delivery_the_repeat_carries_the_same_key_whatever_falls_due_meanwhile() {
    with_due(&["api", "web"], |scene, place| {
        scene.kill_before_the_answer(place);
        place.apply(&exception("late", &approved_days_ago(OVERDUE)));
        scene.receiver.release();

        let operator = scene.operator();
        let received = scene.received(3);
        assert_eq!(
            scene.delivered(),
            [
                "/shop: api review-due, web review-due",
                "/shop: api review-due, web review-due",
                "/shop: late review-overdue",
            ]
        );
        is_repeated(&received[0], &received[1]);
        assert_ne!(received[1].key(), received[2].key());
        is_on_record(place, "late", &["review-overdue"]);
        for name in ["api", "web", "late"] {
            let status = status(place, name);
            assert_eq!(status["notifying"], Value::Null, "{name}");
        }
        let key = status(place, "web")["notified"][0]["key"].take();
        assert_eq!(key, received[0].body["id"]);
        stop(operator);
    });
}

/// No crash is needed: the receiver has the message, and its answer comes too late.
#[test]
fn a_message_whose_answer_came_too_late_is_repeated_under_its_key() {
    with_due(&["web"], |scene, place| {
        scene.receiver.answer([Answer::Never]);
        let operator = scene.operator();
        scene.received(1);
        place.apply(&exception("late", &approved_days_ago(OVERDUE)));
        let received = scene.received(3);
        assert_eq!(counted(&operator, "failed"), Some(1.0));
        is_repeated(&received[0], &received[1]);
        assert_eq!(received[2].items(), ["late review-overdue"]);
        is_on_record(place, "late", &["review-overdue"]);
        scene.receiver.release();
        stop(operator);
    });
}

#[test]
fn killed_while_recording_a_message_the_rest_is_recorded_and_not_sent_again() {
    with_due(&["api", "web"], |scene, place| {
        scene.kill_before_the_answer(place);
        // As the operator records the first of the two.
        let intent = status(place, "api")["notifying"][0].take();
        let sent = json!({"status": {"notifying": null, "notified": [{
            "stage": intent["stage"], "decisionAt": intent["decisionAt"],
            "sentAt": intent["decisionAt"], "key": intent["key"],
        }]}});
        let patch = ["patch", "devex/api", "--subresource=status", "--type=merge"];
        place.kubectl(&[&patch[..], &["-p", &sent.to_string()]].concat());
        scene.receiver.release();

        let operator = scene.operator();
        eventually(SOON, "the other one is on record", || {
            (marks(place, "web") == ["review-due"]).then_some(())
        });
        assert_eq!(status(place, "web")["notifying"], Value::Null);
        // The message after it shows that nothing was sent in between.
        place.apply(&exception("late", &approved_days_ago(OVERDUE)));
        scene.received(2);
        assert_eq!(scene.delivered()[1..], ["/shop: late review-overdue"]);
        stop(operator);
    });
}
