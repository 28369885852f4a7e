//! A month of delivery, compressed: services on the path and off it, with everything that a month brings,
//! an outage of the operator and a failover. The script's own list of what it did is the truth.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use goldenpath_e2e::{ControlPlane, Operator, eventually, free_port, within};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::apps::{self, App, Bracket, Did, Failure, ONE_OFF_HOURS, Recovered, now};
use crate::monitoring::Monitoring;
use crate::scene::{SOON, Scene, stop};
use crate::suite;
use crate::truth::{self, DEVIATING, GOLDEN_PATH, Surroundings};

mod compared;

pub use compared::reported;

const TOKEN: &str = "s3cret-token";
const GOLDEN: [&str; 6] = ["cart", "pay", "search", "ads", "mail", "auth"];
const OTHERS: [&str; 6] = ["bill", "ship", "tax", "crm", "erp", "fax"];
/// What `istioctl kube-inject` adds to a template.
const SIDECAR: &str = r#"{"spec": {"template": {
    "metadata": {"annotations": {"sidecar.istio.io/status": "injected"}},
    "spec": {"containers": [{"name": "istio-proxy", "image": "registry.invalid/proxy:1"}]}}}}"#;

/// The month so far.
pub struct Month<'a> {
    scene: Scene<'a>,
    apps: BTreeMap<&'static str, App>,
    began: Timestamp,
    /// Whether an incident of the namespace has arrived.
    is_connected: bool,
}

/// A running operator that receives incidents.
struct Receiving {
    operator: Operator,
    events: u16,
}

pub fn every_figure_is_what_the_script_did(cluster: &ControlPlane) {
    let namespace = cluster.create_namespace("month").unwrap();
    let mut month = Month {
        apps: apps::all().into_iter().map(|app| (app.name, app)).collect(),
        began: now(),
        is_connected: false,
        scene: Scene { cluster, namespace },
    };
    let monitoring = Monitoring::start(cluster);
    let first = month.start(&monitoring);
    month.begins();
    month.quiet_weeks(&first);
    month.troubles();
    month.they_end(&first);
    month.is_recorded();
    month.counters_are_complete(&first.operator);
    monitoring.the_documented_rate_is(&month.fail_rates());
    month.goes_on_while_no_operator_runs(first, &monitoring);
}

impl Month<'_> {
    fn start(&self, monitoring: &Monitoring) -> Receiving {
        let token = self.scene.cluster.data_dir().join("events-token");
        fs::write(&token, TOKEN).unwrap();
        let token = format!("--events-token-file={}", token.display());
        let events = free_port().unwrap();
        let listen = format!("--events-listen=127.0.0.1:{events}");
        let args = ["--delivery", "--lease-namespace=default", &listen, &token];
        let options = suite::operator_options(&args);
        let mut operator = Operator::start(self.scene.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        monitoring.scrapes(&operator);
        Receiving { operator, events }
    }

    /// Applies services as they are now.
    fn apply(&self, names: &[&str]) {
        let items: Vec<Value> = names
            .iter()
            .map(|name| self.apps[name].manifest())
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        let file: PathBuf = self.scene.cluster.data_dir().join("applied.json");
        fs::write(&file, list.to_string()).unwrap();
        let file = file.to_string_lossy();
        // kubectl scale, restart and undo own what they changed.
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", &file];
        self.scene.kubectl(&apply);
    }

    /// Changes services, then applies them all at once.
    fn change(&mut self, names: &[&str], change: impl Fn(&mut App)) -> Timestamp {
        let began = now();
        for name in names {
            change(self.app(name));
        }
        self.apply(names);
        began
    }

    fn app(&mut self, name: &str) -> &mut App {
        self.apps.get_mut(name).unwrap()
    }

    /// Waits until these services are available.
    fn rolled_out(&self, names: &[&str]) -> Timestamp {
        let objects: Vec<String> = names.iter().map(|name| self.apps[name].object()).collect();
        let mut args = vec!["rollout", "status", "--timeout=90s"];
        args.extend(objects.iter().map(String::as_str));
        self.scene.kubectl(&args);
        now()
    }

    /// Lists one rollout of each of these services.
    fn did(&mut self, names: &[&str], cause: &'static str, changed: Bracket) {
        let is_connected = self.is_connected;
        for name in names {
            let app = self.app(name);
            let is_change = ["release", "config"].contains(&cause);
            // A StatefulSet states no times: they are those of the operator's look.
            let slack = if app.kind == "StatefulSet" { 20 } else { 0 };
            let done = changed.1 + jiff::SignedDuration::from_secs(slack);
            let did = Did {
                cause,
                side: app.side,
                failure: None,
                is_visible: app.has_probe || is_connected,
                rework_of: None,
                commit: app.commit.filter(|_| is_change),
                refused: None,
                changed: (changed.0, done),
                available: Some((changed.0, done)),
                recovered: None,
            };
            app.did.push(did);
        }
    }

    /// Waits until the last rollout of each of these services is recorded: without that, the next one may
    /// supersede it before the operator looks.
    fn has_recorded(&self, names: &[&str]) {
        eventually(SOON, "the last rollouts are recorded", || {
            let records = self.records();
            let is_recorded = |name: &&str| {
                let recorded = records.get(*name).map(|it| &it["status"]["recorded"]);
                recorded.and_then(Value::as_u64) == u64::try_from(self.apps[*name].did.len()).ok()
            };
            names.iter().all(is_recorded).then_some(())
        });
    }

    /// Releases services, each with its commit.
    fn release(&mut self, names: &[&str]) {
        let began = self.change(names, next_release);
        let done = self.rolled_out(names);
        self.did(names, "release", (began, done));
    }

    fn begins(&mut self) {
        let text = apps::path_and_exceptions(&self.scene.namespace);
        self.scene.cluster.apply(&text).unwrap();
        let all: Vec<&str> = self.apps.keys().copied().collect();
        self.apply(&all);
        self.rolled_out(&all);
        eventually(SOON, "every record begins", || {
            let records = self.records();
            let begun = records
                .values()
                .filter(|it| !it["status"]["mark"].is_null());
            (begun.count() == self.apps.len()).then_some(())
        });
        self.joins_before_its_first_release("early");
    }

    fn joins_before_its_first_release(&mut self, name: &'static str) {
        let record = format!("deployment-{name}");
        eventually(SOON, "its first deploy is recorded", || {
            let record = self.scene.record(&record)?;
            (!record["status"]["firstDeploy"].is_null()).then_some(())
        });
        self.joins(name);
    }

    /// A second replica brings a service onto the path.
    fn joins(&mut self, name: &'static str) {
        self.app(name).replicas = 2;
        let object = self.apps[name].object();
        self.scene.kubectl(&["scale", &object, "--replicas=2"]);
        eventually(SOON, "the next rollout counts on the path", || {
            let record = self.scene.record(&format!("deployment-{name}"))?;
            (record["status"]["standing"] == GOLDEN_PATH).then_some(())
        });
        self.app(name).side = GOLDEN_PATH;
    }

    /// Records by name of the service.
    fn records(&self) -> BTreeMap<String, Value> {
        let list = self.scene.kubectl(&["get", "dlv", "-o=json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let name = |record: &Value| {
            record["spec"]["workload"]["name"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        items.map(|record| (name(record), record.clone())).collect()
    }

    /// Releases, configuration, a restart, a sidecar, scaling, and a service that joins the path.
    fn quiet_weeks(&mut self, first: &Receiving) {
        let all: Vec<&str> = self.apps.keys().copied().collect();
        self.release(&all);
        self.has_recorded(&all);
        self.connects(first);

        let began = self.change(&GOLDEN, |app| {
            app.mode += 1;
            app.commit = Some(now() - app.commit_age());
        });
        self.scene
            .kubectl(&["rollout", "restart", "deployment/bill"]);
        self.scene
            .kubectl(&["patch", "deployment/ship", "-p", SIDECAR]);
        let done = self.rolled_out(&[&GOLDEN[..], &["bill", "ship"]].concat());
        self.did(&GOLDEN, "config", (began, done));
        self.did(&["bill"], "restart", (began, done));
        self.did(&["ship"], "platform", (began, done));
        self.has_recorded(&[&GOLDEN[..], &["bill", "ship"]].concat());
        self.release(&["tax", "erp", "fax"]);
        self.releases_with_a_stale_stamp();

        self.scene
            .kubectl(&["scale", "deployment/cart", "--replicas=3"]);
        self.app("cart").replicas = 3;
        self.joins("join");
        self.release(&[&GOLDEN[..], &["bill", "ship", "join"]].concat());
        self.has_recorded(&all);
    }

    /// A release whose stamp is older than any lead time.
    fn releases_with_a_stale_stamp(&mut self) {
        let began = self.change(&["crm"], |app| {
            app.release += 1;
            app.commit = Some(now() - (400 * 24).hours());
        });
        let done = self.rolled_out(&["crm"]);
        self.did(&["crm"], "release", (began, done));
        let last = self.app("crm").did.last_mut().unwrap();
        (last.commit, last.refused) = (None, Some("Absurd"));
    }

    /// The end of a test incident arrives: from then on, failures of the service without a probe are visible.
    fn connects(&mut self, to: &Receiving) {
        self.incident(to, "fax", &CdEvent::Resolved(now() - 1.minute()));
        self.app("fax").incidents = 1;
        self.is_connected = true;
    }

    /// A release that exceeds its deadline, one that does not come up, and some that come up and are bad.
    fn troubles(&mut self) {
        let began = self.change(&["cart", "pay"], |app| {
            next_release(app);
            app.is_broken = true;
            app.deadline_seconds = if app.name == "cart" { 3 } else { 600 };
        });
        let others = ["search", "ads", "bill", "ship", "tax"];
        self.release(&others);
        self.has_recorded(&others);
        eventually(SOON, "the deadline is exceeded", || {
            let object = self.apps["cart"].object();
            let stored = self.scene.cluster.stored(&self.scene.namespace, &object);
            let conditions = stored.ok()?["status"]["conditions"].take();
            let exceeded = |it: &Value| it["reason"] == "ProgressDeadlineExceeded";
            conditions.as_array()?.iter().any(exceeded).then_some(())
        });
        self.did(&["cart"], "release", (began, now()));
        let bad = self.app("cart").did.last_mut().unwrap();
        bad.failure = Some(Failure::Deadline((began, now())));
        bad.available = None;
    }

    /// An undo, an undo by apply, a release over one that did not come up, a fix, and a resolved incident.
    fn they_end(&mut self, first: &Receiving) {
        let broken = now();
        self.incident(first, "tax", &CdEvent::Detected(broken));
        self.alert(first, "search", broken, None);

        let began = now();
        for name in ["cart", "bill"] {
            let object = self.apps[name].object();
            self.scene.kubectl(&["rollout", "undo", &object]);
        }
        let ship = self.apps["ship"].clone();
        self.change(&["ship"], |app| {
            app.release -= 1;
            app.commit = app.did[app.did.len() - 2].commit;
        });
        let replaced = self.apps["pay"].commit;
        self.change(&["pay", "search"], |app| {
            next_release(app);
            app.is_broken = false;
        });
        let done = self.rolled_out(&["cart", "bill", "ship", "pay", "search"]);
        for name in ["cart", "bill", "ship"] {
            self.undone(name, (began, done));
        }
        self.app("ship").release = ship.release;
        self.did(&["pay", "search"], "release", (began, done));
        self.app("pay").did.last_mut().unwrap().commit = replaced;
        self.repaired("search", broken);

        let resolved = now();
        self.incident(first, "tax", &CdEvent::Resolved(resolved));
        // It is repeated, and it ends after the fix: both change nothing.
        self.alert(first, "search", broken, None);
        self.alert(first, "search", broken, Some(resolved));
        let failed = self.app("tax").did.last_mut().unwrap();
        failed.failure = Some(Failure::Incident(broken));
        failed.recovered = Some(Recovered::At(resolved));
        self.app("tax").incidents = 1;
    }

    /// The last rollout was left by a rollback.
    fn undone(&mut self, name: &str, changed: Bracket) {
        let app = self.app(name);
        let (bad, rollback) = (app.next_number() - 1, app.next_number());
        let failed = app.did.last_mut().unwrap();
        failed.failure = failed.failure.or(Some(Failure::Undone));
        failed.recovered = Some(Recovered::By(rollback));
        app.is_broken = false;
        app.deadline_seconds = 600;
        self.did(&[app_name(name)], "rollback", changed);
        self.app(name).did.last_mut().unwrap().rework_of = Some(bad);
    }

    /// The last rollout repaired the one before, of which an incident told.
    fn repaired(&mut self, name: &str, since: Timestamp) {
        let app = self.app(name);
        app.incidents = 1;
        let fix = app.next_number() - 1;
        let [.., failed, repair] = &mut app.did[..] else {
            panic!("{name}");
        };
        failed.failure = Some(Failure::Incident(since));
        failed.recovered = Some(Recovered::By(fix));
        repair.rework_of = Some(fix - 1);
    }

    /// A rollout that ends in the outage, one each that begins and ends in it, and two of one service.
    fn goes_on_while_no_operator_runs(mut self, first: Receiving, monitoring: &Monitoring) {
        let began = self.change(&["mail"], |app| {
            next_release(app);
            app.min_ready_seconds = 6;
        });
        stop(first.operator);
        self.release(&["cart", "ads", "crm"]);
        self.change(&["erp"], next_release);
        self.rolled_out(&["erp"]);
        self.app("erp").untracked += 1;
        let began_last = self.change(&["erp"], |app| {
            next_release(app);
            app.commit = Some(now() + 24.hours());
        });
        let done = self.rolled_out(&["mail", "erp"]);
        self.did(&["mail"], "release", (began, done));
        self.did(&["erp"], "release", (began_last, done));
        let last = self.app("erp").did.last_mut().unwrap();
        (last.commit, last.refused) = (None, Some("Future"));

        let second = self.start(monitoring);
        self.is_recorded();
        self.fails_over(second, monitoring);
    }

    /// Another replica takes over during a rollout.
    fn fails_over(mut self, second: Receiving, monitoring: &Monitoring) {
        let third = self.start(monitoring);
        let began = self.change(&GOLDEN, |app| {
            next_release(app);
            app.min_ready_seconds = 3;
        });
        stop(second.operator);
        let done = self.rolled_out(&GOLDEN);
        self.did(&GOLDEN, "release", (began, done));
        eventually(SOON, "the third one leads", || {
            suite::leads(&third.operator).then_some(())
        });
        self.release(&OTHERS);
        self.is_recorded();

        let deviating = |app: &&App| app.side == DEVIATING;
        let released = self.apps.values().filter(deviating).count();
        let labels = [
            ("status", DEVIATING),
            ("cause", "release"),
            ("result", "available"),
        ];
        let counted = third
            .operator
            .scrape()
            .unwrap()
            .sum("goldenpath_rollouts_total", &labels);
        assert_eq!(
            counted,
            Some(truth::as_float(released)),
            "by the third one alone"
        );
        self.figures_are_equal(&third.operator, monitoring);
        stop(third.operator);
    }

    /// Reports an incident, as an incident tool does.
    fn incident(&self, to: &Receiving, name: &str, event: &CdEvent) {
        let (predicate, at) = match event {
            CdEvent::Detected(at) => ("detected", at),
            CdEvent::Resolved(at) => ("resolved", at),
        };
        let kind = format!("dev.cdevents.incident.{predicate}.0.3.0");
        let id = format!("{name}-{predicate}");
        let service = format!("{}/deployment/{name}", self.scene.namespace);
        let body = json!({
            "specversion": "1.0", "id": id, "source": "/pager", "type": kind,
            "data": {
                "context": {"specversion": "0.5.1", "id": id, "source": "/pager", "type": kind,
                    "timestamp": at.to_string()},
                "subject": {"id": name, "content": {
                    "environment": {"id": "production"}, "service": {"id": service}}},
            },
        });
        post(to.events, "/events", "application/cloudevents+json", &body);
    }

    /// Sends a notification, as Alertmanager does.
    fn alert(&self, to: &Receiving, name: &str, from: Timestamp, until: Option<Timestamp>) {
        let (status, ends) = until.map_or(("firing", "0001-01-01T00:00:00Z".to_owned()), |at| {
            ("resolved", at.to_string())
        });
        let body = json!({
            "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": status,
            "receiver": "goldenpath", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://x", "alerts": [{
                "status": status, "annotations": {}, "generatorURL": "",
                "labels": {"namespace": self.scene.namespace, "deployment": name},
                "fingerprint": "b6ac39b2c40e2b07", "startsAt": from.to_string(), "endsAt": ends,
            }],
        });
        post(to.events, "/alertmanager", "application/json", &body);
    }

    /// What is true beside rollouts.
    fn surroundings(&self) -> Surroundings {
        let new = |app: &&App| app.kind == "Deployment";
        let of_team = |team: &str| -> Vec<bool> {
            let own = self
                .apps
                .values()
                .filter(new)
                .filter(|app| app.team == team);
            own.map(|app| app.scaffolded.is_some()).collect()
        };
        let teams = ["blue", "green", "red"].map(of_team);
        let scaffolded = |team: &Vec<bool>| team.iter().filter(|it| **it).count();
        Surroundings {
            scaffolded_services: teams.iter().map(scaffolded).sum(),
            new_services: teams.iter().map(Vec::len).sum(),
            self_service_teams: teams
                .iter()
                .filter(|it| scaffolded(it) * 2 >= it.len())
                .count(),
            new_teams: teams.len(),
            one_off_hours: ONE_OFF_HOURS.map(|(_, hours)| hours).to_vec(),
        }
    }

    /// Waits until the records are what the script did.
    fn is_recorded(&self) {
        let mut differ = Vec::new();
        let equal = within(SOON, "the records", || {
            let records = self.records();
            differ = compared::differences(self.apps.values(), &records, self.began);
            differ.is_empty().then_some(())
        });
        if equal.is_err() {
            let records = self.records();
            let of =
                |name: &str| format!("{:#}", records.get(name).unwrap_or(&Value::Null)["status"]);
            let first = differ[0].split(' ').next().unwrap_or_default();
            panic!("{differ:#?}\n{}", of(first));
        }
    }
}

enum CdEvent {
    Detected(Timestamp),
    Resolved(Timestamp),
}

/// The name with the life of the list of names.
fn app_name(name: &str) -> &'static str {
    let all = GOLDEN.iter().chain(&OTHERS);
    all.copied().find(|it| *it == name).unwrap()
}

fn next_release(app: &mut App) {
    app.release += 1;
    app.commit = Some(now() - app.commit_age());
}

/// Posts until it is taken: the operator may not lead yet.
fn post(port: u16, path: &str, content_type: &str, body: &Value) {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let taken = within(SOON, path, || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        answer.clear();
        stream.read_to_string(&mut answer).ok()?;
        (answer.starts_with("HTTP/1.1 200") && !answer.contains("unmatched")).then_some(())
    });
    assert!(taken.is_ok(), "{answer}");
}

/// The day of an instant in UTC.
fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}
