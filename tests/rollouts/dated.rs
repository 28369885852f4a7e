//! A quarter with its dates, which no test can wait for: records that another writer stored, read by
//! `report --contrast` as of several days. It must not need an operator.

use std::collections::BTreeMap;
use std::fs;

use goldenpath_e2e::ControlPlane;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::month::reported;
use crate::scene::Scene;
use crate::suite;
use crate::truth::{
    Counted, DEVIATING, FirstDeploy, GOLDEN_PATH, Service, Surroundings, contrast, differences_of,
};

const TEAMS: [&str; 3] = ["blue", "green", "red"];
const HOUR: u32 = 3_600;
/// Days after today as of which the contrast is asked for: windows empty one by one.
const LATER: [i32; 5] = [0, 5, 25, 60, 95];

/// How often a service rolls out while it is on one side, and how it goes.
struct Pace {
    side: &'static str,
    every: i32,
    /// Hours from the commit; none without a stamp.
    lead_hours: Option<u32>,
    /// One of so many fails.
    fails: usize,
    recovery_hours: u32,
    /// Whether a failure is undone on the next day.
    is_undone: bool,
}

const FAST: Pace = Pace {
    side: GOLDEN_PATH,
    every: 3,
    lead_hours: Some(2),
    fails: 5,
    recovery_hours: 1,
    is_undone: false,
};
const SLOW: Pace = Pace {
    side: DEVIATING,
    every: 8,
    lead_hours: Some(60),
    fails: 3,
    recovery_hours: 5,
    is_undone: true,
};

/// A fleet whose last 90 days end today.
fn fleet(today: Date) -> BTreeMap<String, Service> {
    let mut fleet = BTreeMap::new();
    for number in 0..6 {
        let team = TEAMS[number % 3];
        let mut golden = service(team, today, &[(89, 0, FAST)]);
        if let Some(first) = golden.first_deploy.as_mut().filter(|_| number % 2 == 0) {
            first.side = Some(DEVIATING); // it joined before its next rollout
        }
        // Half of them have stamps: too few for a lead time.
        let unstamped = Pace {
            lead_hours: SLOW.lead_hours.filter(|_| number % 2 == 0),
            ..SLOW
        };
        let mut deviating = service(team, today, &[(89, 0, unstamped)]);
        deviating.untracked = vec![(today - 20.days(), DEVIATING)];
        let before = Pace { every: 6, ..SLOW };
        let joined = service(team, today, &[(89, 41, before), (40, 0, FAST)]);
        fleet.insert(format!("fast-{number}"), golden);
        fleet.insert(format!("slow-{number}"), deviating);
        fleet.insert(format!("joined-{number}"), joined);
    }
    fleet
}

fn service(team: &'static str, today: Date, paces: &[(i32, i32, Pace)]) -> Service {
    let mut counted = Vec::new();
    for (from, to, pace) in paces {
        let days = (*to..=*from)
            .rev()
            .step_by(usize::try_from(pace.every).unwrap());
        for (at, back) in days.enumerate() {
            roll_out(&mut counted, pace, today - back.days(), at);
        }
    }
    counted.retain(|it| it.day <= today);
    let last = &paces[paces.len() - 1].2;
    let is_golden = last.side == GOLDEN_PATH;
    Service {
        team,
        kind: "Deployment",
        side: Some(last.side),
        begun: today - 89.days(),
        counted,
        untracked: Vec::new(),
        first_deploy: Some(FirstDeploy {
            day: today - 70.days(),
            side: Some(paces[0].2.side),
            since_started: Some(if is_golden { HOUR } else { 72 * HOUR }),
            since_scaffolded: is_golden.then_some(HOUR / 2),
        }),
    }
}

fn roll_out(counted: &mut Vec<Counted>, pace: &Pace, day: Date, number: usize) {
    let failed = number % pace.fails == 1;
    let recovery = (day, pace.recovery_hours * HOUR);
    let next_day = day.tomorrow().unwrap();
    let undone = (next_day, pace.recovery_hours * HOUR);
    let recovery = failed.then_some(if pace.is_undone { undone } else { recovery });
    let release = Counted {
        day,
        side: pace.side,
        is_rollback: false,
        failed,
        is_visible: true,
        is_rework: false,
        lead_time: pace.lead_hours.map(|hours| hours * HOUR),
        is_refused: pace.lead_hours.is_none(),
        recovery,
    };
    if failed && pace.is_undone {
        counted.push(Counted {
            day: next_day,
            is_rollback: true,
            failed: false,
            is_rework: true,
            lead_time: None,
            is_refused: false,
            recovery: None,
            ..release.clone()
        });
    }
    counted.push(release);
}

/// The status that another writer stores: counts by day and side.
fn status(service: &Service) -> Value {
    let mut days = BTreeMap::<(String, &str), [Vec<u32>; 2]>::new();
    let mut counts = BTreeMap::<(String, &str), BTreeMap<&str, u32>>::new();
    let mut add = |day: Date, side: &'static str, name: &'static str| {
        let of_day = counts.entry((day.to_string(), side)).or_default();
        *of_day.entry(name).or_default() += 1;
    };
    for it in &service.counted {
        for (name, holds) in [
            ("rollbacks", it.is_rollback),
            ("rollouts", !it.is_rollback),
            ("visible", it.is_visible && !it.is_rollback),
            ("failed", it.failed),
            ("visibleFailed", it.is_visible && it.failed),
            ("rework", it.is_rework),
            ("refused", it.is_refused),
        ] {
            if holds {
                add(it.day, it.side, name);
            }
        }
        let durations = days.entry((it.day.to_string(), it.side)).or_default();
        durations[0].extend(it.lead_time);
        if let Some((day, time)) = it.recovery {
            days.entry((day.to_string(), it.side)).or_default()[1].push(time);
        }
    }
    for (day, side) in &service.untracked {
        add(*day, side, "untracked");
        days.entry((day.to_string(), side)).or_default();
    }
    let days: Vec<Value> = days
        .into_iter()
        .map(|(key, [leads, recoveries])| {
            let mut of_day = counts.remove(&key).unwrap_or_default();
            of_day.entry("rollouts").or_default();
            json!({"day": key.0, "standing": key.1, "counts": of_day,
                "leadTimes": leads, "recoveryTimes": recoveries})
        })
        .collect();
    let first = service.first_deploy.unwrap();
    let mut status = json!({
        "recorded": service.counted.len(),
        "standing": service.side,
        "days": days,
        "firstDeploy": {
            "at": noon(first.day), "sinceStarted": first.since_started, "clock": "StartedAt",
            "standing": first.side,
        },
        "conditions": [{"type": "Ready", "status": "True", "reason": "Read", "message": "Accepted.",
            "lastTransitionTime": noon(service.begun)}],
    });
    if let Some(since) = first.since_scaffolded {
        status["firstDeploy"]["sinceScaffolded"] = json!(since);
    }
    status
}

fn noon(day: Date) -> String {
    format!("{day}T12:00:00Z")
}

fn deployment(name: &str, service: &Service) -> Value {
    let pods = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "labels": {"team": service.team}},
        "spec": {
            "replicas": if service.side == Some(GOLDEN_PATH) { 2 } else { 1 },
            "selector": {"matchLabels": pods},
            "template": {"metadata": {"labels": pods},
                "spec": {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}},
        },
    })
}

fn record(name: &str, service: &Service, with_status: bool) -> Value {
    let mut record = json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeliveryRecord",
        "metadata": {"name": format!("deployment-{name}")},
        "spec": {"workload": {"group": "apps", "kind": "Deployment", "name": name}},
    });
    if with_status {
        record["status"] = status(service);
    }
    record
}

impl Scene<'_> {
    fn apply_all(&self, items: &[Value], args: &[&str]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        let file = self.cluster.data_dir().join("dated.json");
        fs::write(&file, list.to_string()).unwrap();
        let file = file.to_string_lossy();
        self.kubectl(&[&["apply", "--server-side", "-f", &file], args].concat());
    }
}

pub fn figures_follow_the_dates(cluster: &ControlPlane) {
    let scene = Scene {
        namespace: cluster.create_namespace("dated").unwrap(),
        cluster,
    };
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let fleet = fleet(today);
    let workloads = fleet
        .iter()
        .map(|(name, service)| deployment(name, service));
    let records = |with_status| {
        let of = fleet.iter();
        of.map(move |(name, service)| record(name, service, with_status))
    };
    scene.apply_all(&workloads.chain(records(false)).collect::<Vec<_>>(), &[]);
    scene.apply_all(
        &records(true).collect::<Vec<_>>(),
        &["--subresource=status"],
    );

    let services: Vec<Service> = fleet.into_values().collect();
    for later in LATER {
        let as_of = today + later.days();
        let args = [
            "--as-of",
            &format!("{as_of}T23:59:59Z"),
            "-n",
            &scene.namespace,
        ];
        let wanted = contrast(&services, &Surroundings::default(), as_of);
        let found = reported(cluster.kubeconfig(), &args);
        let differ = differences_of(&wanted, &found["contrast"], "contrast");
        assert!(differ.is_empty(), "{later} days later: {differ:#?}");
    }
    it_says_why_figures_are_withheld(&scene, today);
    exported_records_give_the_same_contrast(&scene, today);
}

/// What `kubectl get` exports is enough: nothing is asked of a cluster.
fn exported_records_give_the_same_contrast(scene: &Scene<'_>, today: Date) {
    let files = scene.cluster.data_dir().join("exported");
    fs::create_dir_all(&files).unwrap();
    for kinds in ["goldenpaths,namespaces", "deployments,deliveryrecords"] {
        let text = scene.kubectl(&["get", kinds, "-o", "yaml"]);
        fs::write(files.join(format!("{kinds}.yaml")), text).unwrap();
    }
    let as_of = format!("{today}T23:59:59Z");
    let contrast = |more: &[&str]| {
        let args = ["report", "--contrast", "-o", "json", "--as-of", &as_of];
        let output = suite::goldenpath(scene.cluster.kubeconfig(), &[&args, more].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["contrast"].take()
    };
    let of_cluster = contrast(&["-n", &scene.namespace]);
    assert!(of_cluster["workloads"].as_u64() > Some(0), "{of_cluster}");
    assert_eq!(contrast(&["--from", &files.to_string_lossy()]), of_cluster);
}

fn it_says_why_figures_are_withheld(scene: &Scene<'_>, today: Date) {
    let table = |later: i32| {
        let as_of = format!("{}T23:59:59Z", today + later.days());
        let args = [
            "report",
            "--contrast",
            "--as-of",
            &as_of,
            "-n",
            &scene.namespace,
        ];
        let output = suite::goldenpath(scene.cluster.kubeconfig(), &args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let now = table(0);
    for reason in [
        "withheld: needs 20 rollouts, has ",
        "withheld: needs 60 % covered, has ",
    ] {
        assert!(now.contains(reason), "{reason}: {now}");
    }
    assert!(table(95).contains("withheld: needs 5 services, has 0"));
}
