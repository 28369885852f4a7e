//! Answers of receivers are respected, and each team's messages go to its channel.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    AT_ONCE, DUE, Scene, approved_days_ago, counted, events, is_on_record, marks, place_on,
    write_config,
};
use crate::receiver::Answer;
use crate::stage::{SOON, goldenpath, stop};
use crate::suite::operator_options;
use crate::words::exception;

#[test]
fn the_first_days_go_to_the_platform_and_owners_are_told_afterwards() {
    // Sent at a time of the day that has just passed, wherever that is.
    let at = Timestamp::now().strftime("at: '%H:%M'").to_string();
    let Some(mut scene) = Scene::new(&at) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let approval = approved_days_ago(DUE);
    for name in ["web", "api"] {
        place.apply(&exception(name, &approval));
    }
    place.apply(&exception("new", ""));
    let operator = scene.operator();
    let first = scene.received(1).remove(0);
    assert_eq!(first.body["dryRun"], true);
    assert_eq!(
        scene.delivered(),
        ["/platform: api review-due, web review-due"]
    );
    is_on_record(&place, "web", &["dry-run:review-due"]);
    stop(operator);
    let ended = format!("{at}\ndryRunUntil: 2026-01-01");
    scene.config = write_config(&scene.cluster, &scene.receiver.url(""), &ended);
    let operator = scene.operator();
    scene.received(2);
    assert_eq!(
        scene.delivered()[1],
        "/shop: api review-due, web review-due"
    );
    is_on_record(&place, "web", &["dry-run:review-due", "review-due"]);
    stop(operator);
}

#[test]
fn a_refusal_is_shown_and_what_was_refused_stays_due() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let refusal = Answer::With(404, Vec::new(), "no_service");
    scene.receiver.always(Some(refusal));
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let operator = scene.operator();
    eventually(SOON, "an Event reports it", || {
        (events(&place, "ReminderRefused") == 1).then_some(())
    });
    assert_eq!(counted(&operator, "refused"), Some(1.0));
    let log = operator.log().unwrap();
    assert!(log.contains("no_service"), "{log}");
    assert!(
        !log.contains(&scene.receiver.url("")),
        "an address is a secret: {log}"
    );
    assert_eq!(marks(&place, "web"), [""; 0]);
    stop(operator);

    let config = scene.config.to_str().unwrap();
    let due = goldenpath(&scene.cluster, &["reminders", "--config", config]);
    let request = format!(
        "kubectl goldenpath request-renewal web -n {} --because",
        place.name
    );
    assert!(due.contains("to channel shop"), "{due}");
    assert!(due.contains(&request), "{due}");

    scene.receiver.always(None);
    let operator = scene.operator();
    is_on_record(&place, "web", &["review-due"]);
    stop(operator);
    let due = goldenpath(&scene.cluster, &["reminders"]);
    assert!(due.starts_with("No reminders: nothing is due"), "{due}");
}

#[test]
fn a_receiver_that_limits_is_left_alone_for_as_long_as_it_asks() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let asked = ("retry-after", "12".to_owned());
    scene
        .receiver
        .answer([Answer::With(429, vec![asked], "slow down")]);
    let operator = scene.operator();
    let received = scene.received(2);
    let pause = received[1].at - received[0].at;
    assert!(pause >= Duration::from_secs(12), "{pause:?}");
    is_on_record(&place, "web", &["review-due"]);
    stop(operator);
}

#[test]
fn a_channel_behind_tls_is_verified() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    // The API server is an HTTPS receiver too, one that wants to know who asks.
    let (server, authority) = api_server(&scene.cluster);
    let file = write_config(&scene.cluster, &server, AT_ONCE);
    let args = [
        "--lease-namespace=default",
        &format!("--notify-config={}", file.display()),
    ];
    for (env, result) in [(Some(&authority), "refused"), (None, "failed")] {
        let mut options = operator_options(&args);
        options.env = env
            .map(|file| ("SSL_CERT_FILE".to_owned(), file.display().to_string()))
            .into_iter()
            .collect();
        let mut operator = Operator::start(&scene.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        eventually(SOON, &format!("it is {result}"), || {
            counted(&operator, result)
        });
        stop(operator);
    }
}

#[test]
fn an_unusable_configuration_is_reported_at_the_start() {
    let file = std::env::temp_dir().join(format!("reminders-{}.yaml", std::process::id()));
    fs::write(
        &file,
        "default: shop\nchannels:\n  shopp: {url: 'https://example.com/x'}\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["run", "--notify-config"])
        .arg(&file)
        .output()
        .unwrap();
    fs::remove_file(&file).unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert!(
        printed.contains("line 1: default: there is no channel 'shop'"),
        "{printed}"
    );
    assert!(!printed.contains("example.com"), "{printed}");
}

/// Where the API server is, and a file with the authority that vouches for it.
fn api_server(cluster: &ControlPlane) -> (String, PathBuf) {
    let view = ["config", "view", "--raw", "-o", "json"];
    let config: Value = serde_json::from_str(&cluster.kubectl_ok(&view).unwrap()).unwrap();
    let cluster_entry = &config["clusters"][0]["cluster"];
    let server = cluster_entry["server"].as_str().unwrap().to_owned();
    let authority = cluster_entry["certificate-authority"].as_str();
    let authority = authority.map(PathBuf::from);
    (server, authority.unwrap())
}
