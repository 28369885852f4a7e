//! Reminders from a real operator on a real API server to a real receiver: each arrives once, also
//! across crashes, and what a crash can repeat carries the same name.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::receiver::{Answer, Received, Receiver};
use crate::stage::{Place, SOON, goldenpath, options, prepared, stop};
use crate::words::{PATH, exception, failing, golden};

/// An approval so long ago that the review is due by the path's usual terms.
fn approved_days_ago(days: i64) -> String {
    let at = Timestamp::now()
        .saturating_sub(SignedDuration::from_hours(24 * days))
        .unwrap();
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    format!("approval: {{decision: Approved, by: ada, at: \"{at}\"}}")
}

const DUE: i64 = 80;
const OVERDUE: i64 = 100;

/// A cluster, a receiver, and the configuration that ties an operator to it.
struct Scene {
    cluster: ControlPlane,
    receiver: Receiver,
    config: PathBuf,
}

impl Scene {
    fn new(more: &str) -> Option<Self> {
        let cluster = prepared(&Options::default())?;
        let receiver = Receiver::start();
        let config = write_config(&cluster, &receiver.url(""), more);
        Some(Self {
            cluster,
            receiver,
            config,
        })
    }

    fn operator(&self) -> Operator {
        let config = format!("--notify-config={}", self.config.display());
        let options = options(&["--lease-namespace=default", &config]);
        let mut operator = Operator::start(&self.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        operator
    }

    /// Waits until so many messages came, and gives them.
    fn received(&self, count: usize) -> Vec<Received> {
        eventually(2 * SOON, &format!("{count} messages"), || {
            let received = self.receiver.received();
            (received.len() >= count).then_some(received)
        })
    }

    /// `PATH: ITEM, …` of each message that came.
    fn told(&self) -> Vec<String> {
        let received = self.receiver.received();
        let one = |message: &Received| format!("{}: {}", message.path, message.items().join(", "));
        received.iter().map(one).collect()
    }
}

fn place_on(cluster: &ControlPlane) -> Place<'_> {
    let place = Place::on(cluster, "reminders");
    place.apply(PATH);
    place
}

/// Everything in plain JSON; the path of the URL is the channel's name.
fn write_config(cluster: &ControlPlane, url: &str, more: &str) -> PathBuf {
    let file = cluster.kubeconfig().with_file_name("reminders.yaml");
    let channel = |name: &str| format!("{name}: {{url: '{url}/{name}', format: json}}");
    let names = ["default", "platform", "shop"].map(channel).join(", ");
    let text = format!(
        "{more}\ndefault: default\nplatform: platform\nteams: {{shop: shop}}\nchannels: {{{names}}}\n"
    );
    fs::write(&file, text).unwrap();
    file
}

const AT_ONCE: &str = "mode: immediate\ndryRunDays: 0";

fn marks(place: &Place<'_>, name: &str) -> Vec<String> {
    let object = place.get(&format!("devex/{name}"));
    let marks = object["status"]["notified"].as_array().cloned();
    let marks = marks.unwrap_or_default().into_iter();
    marks
        .map(|mark| mark["stage"].as_str().unwrap().to_owned())
        .collect()
}

fn is_on_record(place: &Place<'_>, name: &str, stages: &[&str]) {
    eventually(SOON, &format!("{name} has {stages:?} on record"), || {
        (marks(place, name) == stages).then_some(())
    });
}

fn events(place: &Place<'_>, reason: &str) -> usize {
    let events = place.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
    let events: Value = serde_json::from_str(&events).unwrap();
    let events = events["items"].as_array().unwrap().iter();
    events.filter(|event| event["reason"] == reason).count()
}

fn leads(operator: &Operator) -> bool {
    let samples = operator.scrape().unwrap();
    samples.value("goldenpath_leader", &[]) == Some(1.0)
}

/// How often handing over that the review of a team's exception is due ended so.
fn counted(operator: &Operator, result: &str) -> Option<f64> {
    let labels = [
        ("sink", "shop"),
        ("stage", "review-due"),
        ("result", result),
    ];
    let samples = operator.scrape().unwrap();
    samples.value("goldenpath_notifications_total", &labels)
}

#[test]
fn a_review_that_becomes_due_is_told_exactly_once() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    let operator = scene.operator();
    place.apply(&failing("web"));
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let first = scene.received(1).remove(0);
    assert_eq!(scene.told(), ["/shop: web review-due"]);
    assert_eq!(first.body["items"][0]["for"]["team"], "shop");
    assert_eq!(
        first.key(),
        format!("\"{}\"", first.body["id"].as_str().unwrap())
    );
    is_on_record(&place, "web", &["review-due"]);
    eventually(SOON, "an Event says so", || {
        (events(&place, "ReminderSent") == 1).then_some(())
    });
    assert_eq!(counted(&operator, "delivered"), Some(1.0));

    // What is on record stays when the status is written anew.
    place.condition("devex/web", "Needed", "True");
    place.apply(&golden("web"));
    place.condition("devex/web", "Needed", "False");
    assert_eq!(marks(&place, "web"), ["review-due"]);

    // Killed and started again: only what is new is told.
    drop(operator);
    let operator = scene.operator();
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.told(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(operator);
}

#[test]
fn killed_before_the_receiver_took_it_a_reminder_comes_once() {
    let Some(mut scene) = Scene::new(AT_ONCE) else {
        return;
    };
    // An address nobody listens on yet.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    scene.config = write_config(&scene.cluster, &format!("http://{address}"), AT_ONCE);
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let operator = scene.operator();
    eventually(SOON, "an attempt failed", || counted(&operator, "failed"));
    drop(operator);
    assert_eq!(marks(&place, "web"), [""; 0]);
    scene.receiver = Receiver::on(TcpListener::bind(address).unwrap());
    let operator = scene.operator();
    scene.received(1);
    is_on_record(&place, "web", &["review-due"]);
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    scene.received(2);
    assert_eq!(
        scene.told(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(operator);
}

#[test]
fn killed_between_sending_and_recording_a_reminder_comes_again_under_the_same_name() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    scene.receiver.answer([Answer::Never]);
    let operator = scene.operator();
    scene.received(1);
    drop(operator);
    assert_eq!(marks(&place, "web"), [""; 0]);
    scene.receiver.release();
    let operator = scene.operator();
    let received = scene.received(2);
    assert_eq!(received[0].key(), received[1].key());
    assert_eq!(
        received[0].body["items"][0]["id"],
        received[1].body["items"][0]["id"]
    );
    is_on_record(&place, "web", &["review-due"]);
    place.apply(&exception("late", &approved_days_ago(OVERDUE)));
    let received = scene.received(3);
    assert_eq!(received.len(), 3);
    assert_eq!(received[2].items(), ["late review-overdue"]);
    stop(operator);
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
        scene.told(),
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
        scene.told(),
        ["/shop: web review-due", "/shop: late review-overdue"]
    );
    stop(first);
}

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
    assert_eq!(scene.told(), ["/platform: api review-due, web review-due"]);
    is_on_record(&place, "web", &["dry-run:review-due"]);
    stop(operator);
    let ended = format!("{at}\ndryRunUntil: 2026-01-01");
    scene.config = write_config(&scene.cluster, &scene.receiver.url(""), &ended);
    let operator = scene.operator();
    scene.received(2);
    assert_eq!(scene.told()[1], "/shop: api review-due, web review-due");
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
    eventually(SOON, "an Event says so", || {
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
    let digest = goldenpath(&scene.cluster, &["digest", "--config", config]);
    let renew = format!("kubectl goldenpath renew web -n {} --because", place.name);
    assert!(digest.contains("to channel shop"), "{digest}");
    assert!(digest.contains(&renew), "{digest}");

    scene.receiver.always(None);
    let operator = scene.operator();
    is_on_record(&place, "web", &["review-due"]);
    stop(operator);
    let digest = goldenpath(&scene.cluster, &["digest"]);
    assert!(
        digest.starts_with("Nothing to remind anybody of"),
        "{digest}"
    );
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
fn a_message_under_way_is_put_on_record_before_the_operator_ends() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let slow = Duration::from_secs(3);
    scene.receiver.answer([Answer::After(slow)]);
    let operator = scene.operator();
    scene.received(1);
    stop(operator);
    assert_eq!(marks(&place, "web"), ["review-due"]);
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
        let mut options = options(&args);
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

#[test]
fn a_configuration_that_cannot_be_used_is_said_at_the_start() {
    let file = std::env::temp_dir().join(format!("reminders-{}.yaml", std::process::id()));
    fs::write(
        &file,
        "default: shop\nchannels:\n  shopp: {url: 'https://example.com/x'}\n",
    )
    .unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["run", "--notify-config"])
        .arg(&file)
        .output()
        .unwrap();
    fs::remove_file(&file).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("line 1: default: there is no channel 'shop'"),
        "{said}"
    );
    assert!(!said.contains("example.com"), "{said}");
}
