//! Reminders from a real operator on a real API server to a real receiver.

use std::fs;
use std::path::PathBuf;

use goldenpath_e2e::{ControlPlane, Operator, Options, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::receiver::{Answer, Received, Receiver};
use crate::stage::{Place, SOON};
use crate::suite::{control_plane, operator_options};
use crate::words::{PATH, exception};

mod changelog;
mod gates;
mod keys;
mod once;
mod receivers;
mod shipped;

/// An approval so long ago that the review is due by the path's usual terms.
pub fn approved_days_ago(days: i64) -> String {
    let at = Timestamp::now()
        .saturating_sub(SignedDuration::from_hours(24 * days))
        .unwrap();
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    format!("approval: {{decision: Approved, by: ada, at: \"{at}\"}}")
}

pub const DUE: i64 = 80;
pub const OVERDUE: i64 = 100;

/// A cluster, a receiver, and the configuration that ties an operator to it.
pub struct Scene {
    pub cluster: ControlPlane,
    pub receiver: Receiver,
    pub config: PathBuf,
}

impl Scene {
    pub fn new(more: &str) -> Option<Self> {
        let cluster = control_plane(&Options::default())?;
        let receiver = Receiver::start();
        let config = write_config(&cluster, &receiver.url(""), more);
        Some(Self {
            cluster,
            receiver,
            config,
        })
    }

    pub fn operator(&self) -> Operator {
        let config = format!("--notify-config={}", self.config.display());
        let options = operator_options(&["--lease-namespace=default", &config]);
        let mut operator = Operator::start(&self.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        operator
    }

    /// An operator that was killed after the receiver had a message and before it had an answer.
    /// What the receiver got stays unanswered until [`Receiver::release`].
    pub fn kill_before_the_answer(&self, place: &Place<'_>) {
        self.receiver.answer([Answer::Never]);
        let operator = self.operator();
        self.received(1);
        drop(operator);
        assert_eq!(marks(place, "web"), [""; 0]);
    }

    /// Waits until so many messages came, and gives them.
    pub fn received(&self, count: usize) -> Vec<Received> {
        eventually(2 * SOON, &format!("{count} messages"), || {
            let received = self.receiver.received();
            (received.len() >= count).then_some(received)
        })
    }

    /// `PATH: ITEM, …` of each message that came.
    pub fn delivered(&self) -> Vec<String> {
        let received = self.receiver.received();
        let one = |message: &Received| format!("{}: {}", message.path, message.items().join(", "));
        received.iter().map(one).collect()
    }
}

pub fn place_on(cluster: &ControlPlane) -> Place<'_> {
    let place = Place::on(cluster, "reminders");
    place.apply(PATH);
    place
}

/// A scene whose operator reminds at once, and a place in it with exceptions whose review is due.
pub fn with_due(names: &[&str], body: impl FnOnce(&Scene, &Place<'_>)) {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    for name in names {
        place.apply(&exception(name, &approved_days_ago(DUE)));
    }
    body(&scene, &place);
}

/// Everything in plain JSON; the path of the URL is the channel's name.
pub fn write_config(cluster: &ControlPlane, url: &str, more: &str) -> PathBuf {
    let file = cluster.kubeconfig().with_file_name("reminders.yaml");
    let channel = |name: &str| format!("{name}: {{url: '{url}/{name}', format: json}}");
    let names = ["default", "platform", "shop"].map(channel).join(", ");
    let text = format!(
        "{more}\ndefault: default\nplatform: platform\nteams: {{shop: shop}}\nchannels: {{{names}}}\n"
    );
    fs::write(&file, text).unwrap();
    file
}

pub const AT_ONCE: &str = "mode: immediate\ndryRunDays: 0";

pub fn marks(place: &Place<'_>, name: &str) -> Vec<String> {
    let object = place.get(&format!("devex/{name}"));
    let marks = object["status"]["notified"].as_array().cloned();
    let marks = marks.unwrap_or_default().into_iter();
    marks
        .map(|mark| mark["stage"].as_str().unwrap().to_owned())
        .collect()
}

pub fn is_on_record(place: &Place<'_>, name: &str, stages: &[&str]) {
    eventually(SOON, &format!("{name} has {stages:?} on record"), || {
        (marks(place, name) == stages).then_some(())
    });
}

pub fn events(place: &Place<'_>, reason: &str) -> usize {
    let events = place.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
    let events: Value = serde_json::from_str(&events).unwrap();
    let events = events["items"].as_array().unwrap().iter();
    events.filter(|event| event["reason"] == reason).count()
}

/// How often handing over that the review of a team's exception is due ended so.
pub fn counted(operator: &Operator, result: &str) -> Option<f64> {
    let labels = [
        ("sink", "shop"),
        ("stage", "review-due"),
        ("result", result),
    ];
    let samples = operator.scrape().unwrap();
    samples.value("goldenpath_notifications_total", &labels)
}
