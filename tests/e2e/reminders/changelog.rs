//! Entries of a path's changelog: each is announced to its channel once, also across restarts.

use goldenpath_e2e::eventually;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{AT_ONCE, Scene};
use crate::receiver::Answer;
use crate::stage::{Place, SOON, goldenpath, stop};
use crate::words::{PATH, exception};

const ANNOUNCING: &str = "mode: immediate\ndryRunDays: 0\nchangelog: shop";

fn days_ago(days: i64) -> String {
    let at = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * days));
    at.unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn release(place: &Place<'_>, entries: &[(&str, &str)]) {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(at, note)| json!({"at": at, "note": note}))
        .collect();
    let patch = json!({"spec": {"releases": entries}}).to_string();
    place.kubectl(&["patch", "gp", &place.name, "--type=merge", "-p", &patch]);
}

fn announced(place: &Place<'_>) -> Vec<Value> {
    let status = place.get(&format!("gp/{}", place.name))["status"].take();
    status["announced"].as_array().cloned().unwrap_or_default()
}

fn is_on_record(place: &Place<'_>, count: usize) {
    eventually(SOON, "the announcements are on record", || {
        let records = announced(place);
        let are_sent = records.iter().all(|record| record["sentAt"].is_string());
        (records.len() == count && are_sent).then_some(())
    });
}

#[test]
fn a_changelog_entry_is_announced_once_whatever_restarts() {
    let Some(scene) = Scene::new(ANNOUNCING) else {
        return;
    };
    let place = Place::on(&scene.cluster, "changelog");
    place.apply(PATH);
    let (old, new) = (days_ago(30), days_ago(1));
    release(
        &place,
        &[(&new, "Probes are checked."), (&old, "The path begins.")],
    );
    let config = scene.config.display().to_string();
    let preview = ["reminders", "--config", &config];
    let sentence = format!("What is new on the path {}: {}", place.name, &new[..10]);
    assert!(goldenpath(&scene.cluster, &preview).contains(&sentence));

    let operator = scene.operator();
    let message = scene.received(1).remove(0);
    assert_eq!(message.path, "/shop");
    assert_eq!(message.body["kind"], "Announcement");
    assert_eq!(message.body["team"], "platform");
    let text = message.body["text"].as_str().unwrap();
    assert_eq!(text, format!("{sentence} — Probes are checked."));
    is_on_record(&place, 1);
    let labels = [
        ("sink", "shop"),
        ("stage", "changelog"),
        ("result", "delivered"),
    ];
    let samples = operator.scrape().unwrap();
    assert_eq!(
        samples.value("goldenpath_notifications_total", &labels),
        Some(1.0)
    );
    assert!(!goldenpath(&scene.cluster, &preview).contains("What is new"));

    // An edited note is no news, and a status that is written anew keeps the record.
    release(&place, &[(&new, "Probes are checked, corrected.")]);
    let generation = place.get(&format!("gp/{}", place.name))["metadata"]["generation"].take();
    eventually(SOON, "the status is written anew", || {
        let path = place.get(&format!("gp/{}", place.name));
        (path["status"]["observedGeneration"] == generation).then_some(())
    });
    is_on_record(&place, 1);

    // Killed and started again: what is sent next is another message.
    drop(operator);
    let operator = scene.operator();
    place.apply(&exception("api", ""));
    let received = scene.received(2);
    assert_eq!(
        received[1].body["kind"], "Reminder",
        "{:#}",
        received[1].body
    );
    let later = days_ago(0);
    release(
        &place,
        &[(&new, "Probes are checked."), (&later, "Limits too.")],
    );
    let received = scene.received(3);
    assert_eq!(received[2].body["notes"], json!(["Limits too."]));
    is_on_record(&place, 2);
    stop(operator);
    assert_eq!(scene.receiver.received().len(), 3);
}

#[test]
fn killed_between_sending_and_recording_it_is_announced_again_under_the_same_key() {
    let Some(scene) = Scene::new(ANNOUNCING) else {
        return;
    };
    let place = Place::on(&scene.cluster, "changelog");
    place.apply(PATH);
    release(&place, &[(&days_ago(1), "Probes are checked.")]);
    scene.receiver.answer([Answer::Never]);
    let operator = scene.operator();
    scene.received(1);
    drop(operator);
    let records = announced(&place);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["sentAt"], Value::Null);
    let key = records[0]["sendingAs"].as_str().unwrap().to_owned();
    scene.receiver.release();

    let operator = scene.operator();
    let received = scene.received(2);
    assert_eq!(received[0].key(), format!("\"{key}\""));
    assert_eq!(received[0].key(), received[1].key());
    is_on_record(&place, 1);
    assert_eq!(announced(&place)[0]["sendingAs"], Value::Null);
    stop(operator);
    assert_eq!(scene.receiver.received().len(), 2);
}

#[test]
fn without_a_channel_for_changelogs_nothing_is_announced() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = Place::on(&scene.cluster, "changelog");
    place.apply(PATH);
    release(&place, &[(&days_ago(1), "Probes are checked.")]);
    let operator = scene.operator();
    place.apply(&exception("api", ""));
    scene.received(1);
    stop(operator);
    assert_eq!(scene.receiver.received().len(), 1);
    assert_eq!(announced(&place), [Value::Null; 0]);
}
