//! Each reminder arrives once, even across crashes. What a crash may repeat carries the same key.

use std::time::Duration;

use goldenpath_e2e::eventually;

use super::{
    AT_ONCE, DUE, OVERDUE, Scene, approved_days_ago, counted, events, is_on_record, marks,
    place_on, with_due, write_config,
};
use crate::receiver::{Answer, Receiver, Reserved};
use crate::stage::{SOON, stop};
use crate::suite::leads;
use crate::words::{exception, failing, golden};

#[test]
fn a_review_that_becomes_due_is_sent_exactly_once() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let operator = scene.operator();
    place.apply(&failing("web"));
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let first = scene.received(1).remove(0);
    assert_eq!(scene.delivered(), ["/shop: web review-due"]);
    assert_eq!(first.body["items"][0]["for"]["team"], "shop");
    assert_eq!(
        first.key(),
        format!("\"{}\"", first.body["id"].as_str().unwrap())
    );
    is_on_record(&place, "web", &["review-due"]);
    eventually(SOON, "an Event reports it", || {
        (events(&place, "ReminderSent") == 1).then_some(())
    });
    assert_eq!(counted(&operator, "delivered"), Some(1.0));

    // What is on record stays when the status is written anew.
    place.condition("devex/web", "Needed", "True");
    place.apply(&golden("web"));
    place.condition("devex/web", "Needed", "False");
    assert_eq!(marks(&place, "web"), ["review-due"]);

    // Killed and started again: only what is new is sent.
    drop(operator);
    let operator = scene.operator();
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.delivered(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(operator);
}

#[test]
fn killed_before_the_receiver_took_it_a_reminder_comes_once() {
    let Some(mut scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let address = Reserved::new();
    let url = format!("http://{}", address.address());
    scene.config = write_config(&scene.cluster, &url, AT_ONCE);
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let operator = scene.operator();
    eventually(SOON, "an attempt failed", || counted(&operator, "failed"));
    drop(operator);
    assert_eq!(marks(&place, "web"), [""; 0]);
    scene.receiver = Receiver::at(address);
    let operator = scene.operator();
    scene.received(1);
    is_on_record(&place, "web", &["review-due"]);
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.delivered(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(operator);
}

#[test]
fn killed_between_sending_and_recording_a_reminder_comes_again_under_the_same_name() {
    with_due(&["web"], |scene, place| {
        scene.kill_before_the_answer(place);
        scene.receiver.release();
        let operator = scene.operator();
        let received = scene.received(2);
        assert_eq!(received[0].key(), received[1].key());
        assert_eq!(
            received[0].body["items"][0]["id"],
            received[1].body["items"][0]["id"]
        );
        is_on_record(place, "web", &["review-due"]);
        place.apply(&exception("late", &approved_days_ago(OVERDUE)));
        let received = scene.received(3);
        assert_eq!(received.len(), 3);
        assert_eq!(received[2].items(), ["late review-overdue"]);
        stop(operator);
    });
}

#[test]
fn of_two_replicas_one_reminds_and_the_other_goes_on_from_there() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let (first, second) = (scene.operator(), scene.operator());
    place.apply(&exception("web", &approved_days_ago(DUE)));
    scene.received(1);
    is_on_record(&place, "web", &["review-due"]);
    let (leader, other) = if leads(&first) {
        (first, second)
    } else {
        (second, first)
    };
    drop(leader);
    eventually(2 * SOON, "the other one leads", || {
        leads(&other).then_some(())
    });
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.delivered(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(other);
}

#[test]
fn a_replica_that_hung_does_not_repeat_what_another_one_sent() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let first = scene.operator();
    eventually(SOON, "the first one leads", || leads(&first).then_some(()));
    let second = scene.operator();
    first.pause();
    place.apply(&exception("web", &approved_days_ago(DUE)));
    scene.received(1);
    is_on_record(&place, "web", &["review-due"]);
    assert!(leads(&second));
    // What it knows is older than what was sent meanwhile.
    first.resume();
    stop(second);
    eventually(2 * SOON, "the first one leads again", || {
        leads(&first).then_some(())
    });
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.delivered(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(first);
}

#[test]
fn a_message_under_way_is_put_on_record_before_the_operator_ends() {
    with_due(&["web"], |scene, place| {
        let slow = Duration::from_secs(3);
        scene.receiver.answer([Answer::After(slow)]);
        let operator = scene.operator();
        scene.received(1);
        stop(operator);
        assert_eq!(marks(place, "web"), ["review-due"]);
    });
}
