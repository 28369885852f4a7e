//! One story: what is measured, what breaks, what fails without moving a figure, and what is frozen.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, Prometheus, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::gate::{Gate, Mode};
use crate::history::{self, first_deploy_hours};
use crate::suite;

/// Longer than any step takes, also beside a build.
const SOON: Duration = Duration::from_secs(90);
const TIME: &str = "last_over_time(first_deploy_hours[1d])";

struct Scene {
    cluster: ControlPlane,
    prometheus: Prometheus,
    gate: Gate,
    token_file: PathBuf,
    now: Timestamp,
}

impl Scene {
    /// None, after a line `skipped: …`, without the programs.
    fn set() -> Option<Self> {
        if !Prometheus::is_installed() {
            let _ = writeln!(
                std::io::stderr(),
                "skipped: needs prometheus (apt-get install prometheus)"
            );
            return None;
        }
        let cluster = suite::control_plane(&Options::default())?;
        let now = Timestamp::now();
        let config = json!({"global": {"scrape_interval": "1m"}}).to_string();
        let samples = history::samples(now);
        let prometheus = Prometheus::start_with_history(&cluster, &config, &samples).unwrap();
        let token_file = cluster.data_dir().join("prometheus-token");
        fs::write(&token_file, "token-one").unwrap();
        let scene = Self {
            gate: Gate::open(Mode::HangUp),
            cluster,
            prometheus,
            token_file,
            now,
        };
        scene.pass("token-one");
        Some(scene)
    }

    fn pass(&self, token: &str) {
        self.gate.set(Mode::Pass {
            token: token.to_owned(),
            to: self
                .prometheus
                .url()
                .trim_start_matches("http://")
                .to_owned(),
        });
    }

    fn operator(&self) -> Operator {
        let url = format!("--prometheus-url={}", self.gate.url());
        let token = format!("--prometheus-token-file={}", self.token_file.display());
        let options = suite::operator_options(&["--measure-every=1s", &url, &token]);
        let mut operator = Operator::start(&self.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        operator
    }

    fn day(&self, days: i64) -> String {
        let at = self.now + SignedDuration::from_hours(24 * days);
        format!("{at:.0}")
    }

    /// An objective from 60 days ago; ends so many days from now.
    fn create(&self, name: &str, until: i64, key_results: &Value) {
        let objective = json!({
            "apiVersion": "goldenpath.dev/v1alpha1", "kind": "PlatformObjective",
            "metadata": {"name": name},
            "spec": {"objective": "A new service is in production the day it is created",
                "owner": {"team": "platform"},
                "period": {"from": self.day(-history::DAYS), "to": self.day(until)},
                "keyResults": key_results},
        });
        self.cluster.apply(&objective.to_string()).unwrap();
    }

    fn stored(&self, name: &str) -> Value {
        let arguments = ["get", "okr", name, "-o=json"];
        serde_json::from_str(&self.cluster.kubectl_ok(&arguments).unwrap()).unwrap()
    }

    /// The status once it is as wanted.
    fn status(&self, name: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let last = std::cell::RefCell::new(Value::Null);
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually(SOON, what, || {
                let status = self.stored(name)["status"].take();
                last.replace(status.clone());
                is_so(&status).then_some(status)
            })
        }));
        found.unwrap_or_else(|_| panic!("{name}: {what}: {:#}", last.borrow()))
    }
}

fn time() -> Value {
    json!({"name": "time", "source": {"promql": TIME}, "baseline": 72, "target": 4, "unit": "hours"})
}

fn failures(limit: f64) -> Value {
    json!({"name": "failures", "role": "Guardrail", "direction": "Decrease", "target": limit,
        "unit": "percent", "source": {"promql": "max(last_over_time(change_fail_percent[1d]))"}})
}

fn message(status: &Value, key_result: usize) -> &str {
    status["keyResults"][key_result]["message"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn key_results_are_measured_kept_and_frozen() {
    let Some(scene) = Scene::set() else {
        return;
    };
    scene.create("faster", 30, &json!([time(), failures(2.0)]));
    scene.create("careful", 30, &json!([time(), failures(1.0)]));
    scene.create("last-quarter", -10, &json!([time()]));
    scene.create("broken", 30, &json!([
        {"name": "absent", "source": {"promql": "absent_metric"}, "baseline": 0, "target": 1},
        {"name": "several", "source": {"promql": "last_over_time(change_fail_percent[1d])"}, "baseline": 0, "target": 1},
        {"name": "invalid", "source": {"promql": "sum("}, "baseline": 0, "target": 1},
        {"name": "not-a-number", "source": {"promql": "vector(0) / 0"}, "baseline": 0, "target": 1},
        {"name": "builtin", "source": {"builtin": "LeadTime"}, "unit": "hours", "baseline": 0, "target": 1},
    ]));
    let operator = scene.operator();
    values_guardrails_and_the_frozen_past(&scene);
    reasons_are_in_the_status(&scene);
    surfaces_agree(&scene, &operator);
    nothing_is_written_at_rest(&scene, &operator);
    failures_never_move_a_figure(&scene);
    a_rotated_token_is_read_again(&scene);
    operator.stop(SOON).unwrap();
    a_restart_keeps_what_is_frozen(&scene);
}

fn values_guardrails_and_the_frozen_past(scene: &Scene) {
    let faster = scene.status("faster", "it is on track", |it| it["onTrack"] == true);
    assert_eq!(faster["keyResults"][0]["current"], 20);
    assert_eq!(faster["keyResults"][0]["progress"], 0.76);
    assert_eq!(faster["keyResults"][1]["current"], 1.9);
    let shown = scene.cluster.kubectl_ok(&["get", "okr", "faster"]).unwrap();
    assert!(
        shown.contains("76 %") && shown.contains("on track"),
        "{shown}"
    );
    let careful = scene.status("careful", "its guardrail is broken", |it| {
        it["onTrack"] == false
    });
    assert_eq!(careful["keyResults"][0]["onTrack"], true);
    assert_eq!(careful["keyResults"][1]["onTrack"], false);
    assert_eq!(careful["columns"]["state"], "guardrail broken");
    let past = scene.status("last-quarter", "it is frozen", |it| {
        it["frozenAt"].is_string()
    });
    assert_eq!(
        past["keyResults"][0]["current"],
        first_deploy_hours(10),
        "as of its end"
    );
    assert_eq!(past["keyResults"][0]["lastMeasuredAt"], scene.day(-10));
    assert_eq!(past["columns"]["state"], "not reached");
}

fn reasons_are_in_the_status(scene: &Scene) {
    let broken = scene.status("broken", "each reason is stored", |it| {
        (0..5).all(|index| !message(it, index).is_empty())
    });
    for (index, part) in [
        "returned no series",
        "returned 2 series",
        "cannot evaluate the query",
        "returned NaN",
        "rollouts are not recorded",
    ]
    .iter()
    .enumerate()
    {
        assert!(message(&broken, index).contains(part), "{broken:#}");
    }
    assert!(broken["onTrack"].is_null(), "no data is never off track");
    assert_eq!(broken["columns"]["state"], "no data");
}

fn surfaces_agree(scene: &Scene, operator: &Operator) {
    let labels = [
        ("objective", "faster"),
        ("key_result", "time"),
        ("role", "Target"),
    ];
    let family = |name: &str| format!("goldenpath_objective_key_result_{name}");
    eventually(SOON, "gauges follow", || {
        let samples = operator.scrape().ok()?;
        let value = |name: &str| samples.value(&family(name), &labels);
        let all = ["current", "target", "progress_ratio", "on_track"].map(value);
        (all == [Some(20.0), Some(4.0), Some(0.76), Some(1.0)]).then_some(())
    });
    let (status, text) = operator.get("/api/v1/objectives").unwrap();
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).unwrap();
    let names: Vec<_> = document["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["broken", "careful", "faster", "last-quarter"]);
    let (_, page) = operator.get("/objectives").unwrap();
    assert!(page.contains("guardrail broken") && page.contains("returned no series"));
    let args = ["report", "-o", "json", "--allow-empty"];
    let mut command = suite::goldenpath(scene.cluster.kubeconfig(), &args);
    let reported: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let (_, text) = operator.get("/api/v1/report").unwrap();
    let served: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        reported["summary"]["objectives"],
        served["summary"]["objectives"]
    );
    assert_eq!(
        reported["summary"]["objectives"].as_array().unwrap().len(),
        4
    );
    let mut command = suite::goldenpath(scene.cluster.kubeconfig(), &["objectives", "faster"]);
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("on track, 76 % progress"), "{printed}");
}

/// A few rounds of measuring write nothing: every figure is as it is stored.
fn nothing_is_written_at_rest(scene: &Scene, operator: &Operator) {
    suite::let_it_tick(operator, 2.0);
    let before = scene.cluster.api_request_totals().unwrap();
    let asked = scene.gate.requests().len();
    suite::let_it_tick(operator, 3.0);
    assert!(
        scene.gate.requests().len() > asked + 10,
        "it goes on measuring"
    );
    let since = scene.cluster.api_request_totals().unwrap().since(&before);
    assert_eq!(since.writes("platformobjectives"), 0);
}

fn failures_never_move_a_figure(scene: &Scene) {
    let figure = |status: &Value| {
        let of = &status["keyResults"][0];
        (
            of["current"].clone(),
            of["progress"].clone(),
            of["onTrack"].clone(),
            of["lastMeasuredAt"].clone(),
        )
    };
    let before = figure(&scene.stored("faster")["status"]);
    let frozen = scene.stored("last-quarter")["status"].clone();
    let unavailable = "Content-Type: text/html\r\n".to_owned();
    for (mode, part) in [
        (
            Mode::Answer("503 Service Unavailable", unavailable, "<html>".to_owned()),
            "HTTP 503",
        ),
        (Mode::HangUp, "cannot be reached"),
    ] {
        scene.gate.set(mode);
        let status = scene.status("faster", part, |it| message(it, 0).contains(part));
        assert_eq!(figure(&status), before, "{part}");
        assert_eq!(status["onTrack"], true);
    }
    scene.pass("token-one");
    scene.status("faster", "it is measured again", |it| {
        message(it, 0).is_empty()
    });
    assert_eq!(scene.stored("last-quarter")["status"], frozen);
}

fn a_rotated_token_is_read_again(scene: &Scene) {
    scene.pass("token-two");
    scene.status("faster", "the token is refused", |it| {
        message(it, 0).contains("HTTP 401")
    });
    fs::write(&scene.token_file, "token-two\n").unwrap();
    scene.status("faster", "the new token is used", |it| {
        message(it, 0).is_empty()
    });
}

fn a_restart_keeps_what_is_frozen(scene: &Scene) {
    let versions = || {
        ["faster", "last-quarter"]
            .map(|name| scene.stored(name)["metadata"]["resourceVersion"].clone())
    };
    let before = versions();
    let operator = scene.operator();
    eventually(SOON, "it leads", || suite::leads(&operator).then_some(()));
    let asked = scene.gate.requests().len();
    eventually(SOON, "it measures", || {
        (scene.gate.requests().len() > asked + 5).then_some(())
    });
    suite::let_it_tick(&operator, 2.0);
    assert_eq!(versions(), before);
}
