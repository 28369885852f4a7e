//! A real Alertmanager, configured as the documentation shows, sends its alerts to the listener.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use goldenpath::assess::delivery::event::{EventResult, EventSource};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::documentation::block;
use crate::ground::{Answer, Listener, Sent, lock, send, wait_for};

const PROGRAM: &str = "prometheus-alertmanager";

fn is_installed() -> bool {
    let version = Command::new(PROGRAM).arg("--version").output();
    version.is_ok_and(|answer| answer.status.success())
}

/// A running Alertmanager. Dropping it kills it.
struct Alertmanager {
    child: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Alertmanager {
    fn start(config: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let name = format!("alertmanager-{}", std::process::id());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).unwrap();
        let file = directory.join("alertmanager.yml");
        fs::write(&file, config).unwrap();
        let child = Command::new(PROGRAM)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", directory.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--cluster.listen-address=", "--log.level=warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let started = Self {
            child,
            address,
            directory,
        };
        wait_for("Alertmanager is ready", || {
            std::net::TcpStream::connect(address).is_ok()
                && started.ask("GET", "/-/ready", &Value::Null).status == 200
        });
        started
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let headers = vec![("content-type", "application/json")];
        send(
            self.address,
            &Sent {
                method,
                path,
                headers,
                body: body.as_bytes(),
            },
        )
    }

    /// Posts an alert, as Prometheus does.
    fn post(&self, started_at: &str, ended_at: Option<&str>) {
        let mut alert = json!({
            "labels": {"alertname": "CheckoutDown", "severity": "critical", "namespace": "shop",
                "deployment": "checkout"},
            "startsAt": started_at,
        });
        if let Some(end) = ended_at {
            alert["endsAt"] = json!(end);
        }
        let answer = self.ask("POST", "/api/v2/alerts", &json!([alert]));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The documented configuration, with the addresses of this test and shorter times.
fn config(listener: &Listener) -> String {
    let documented = block("yaml", "# alertmanager.yml");
    let mut config = documented.clone();
    for (from, to) in [
        (
            "http://goldenpath-events.goldenpath-system:8082",
            format!("http://{}", listener.address),
        ),
        (
            "/etc/alertmanager/goldenpath/token",
            listener.token_file.display().to_string(),
        ),
        ("group_interval: 1m", "group_interval: 1s".to_owned()),
    ] {
        assert!(config.contains(from), "{from}");
        config = config.replace(from, &to);
    }
    config
}

#[test]
fn an_alert_fires_and_resolves() {
    if !is_installed() {
        eprintln!("skipped: needs apt-get install {PROGRAM}");
        return;
    }
    let listener = Listener::start();
    // The first attempt reaches a replica that does not lead.
    *lock(&listener.taken.outcome) = EventResult::Unavailable;
    let alertmanager = Alertmanager::start(&config(&listener));
    let started_at = Timestamp::now().to_string();
    alertmanager.post(&started_at, None);
    let counted = |result| listener.counted(EventSource::Alertmanager, result);
    wait_for("the alert is sent", || {
        counted(EventResult::Unavailable) > 0
    });
    *lock(&listener.taken.outcome) = EventResult::Accepted;
    wait_for("the alert is sent again", || {
        counted(EventResult::Accepted) > 0
    });
    let firing = listener.incidents().remove(0);
    let workload = firing.workload.unwrap().to_string();
    assert_eq!(workload, "shop/deployment/checkout");
    assert_eq!(firing.report.resolved_at, None);

    let ended_at = Timestamp::now().to_string();
    alertmanager.post(&started_at, Some(&ended_at));
    let resolved = || {
        let incidents = listener.incidents();
        incidents
            .into_iter()
            .find(|it| it.report.resolved_at.is_some())
    };
    wait_for("the end is sent", || resolved().is_some());
    let resolved = resolved().unwrap().report;
    assert_eq!(resolved.id, firing.report.id);
    assert_eq!(resolved.started_at, firing.report.started_at);
    assert!(resolved.resolved_at >= resolved.started_at);
    for refused in [EventResult::Invalid, EventResult::Unauthorized] {
        assert_eq!(counted(refused), 0);
    }
}
