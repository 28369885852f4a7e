//! Compares what the operator recorded, counted and reported with the month's own list. Times come from
//! the records once they fit between the script's own.

use std::collections::BTreeMap;

use goldenpath_e2e::{Operator, within};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Month, day};
use crate::apps::{App, Bracket, Did, Failure, Recovered};
use crate::monitoring::Monitoring;
use crate::scene::SOON;
use crate::suite;
use crate::truth::{
    self, Counted, FirstDeploy, SIDES, Service, Sums, WINDOWS, as_float, differences_of, median,
};

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn is_within(at: Option<Timestamp>, bracket: Option<Bracket>) -> bool {
    match (at, bracket) {
        (None, None) => true,
        (Some(at), Some((first, last))) => first <= at && at <= last,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Where the records differ from what the script did; each line starts with the service.
pub fn differences<'a>(
    apps: impl Iterator<Item = &'a App>,
    records: &BTreeMap<String, Value>,
    began: Timestamp,
) -> Vec<String> {
    let mut found = Vec::new();
    for app in apps {
        let status = &records.get(app.name).unwrap_or(&Value::Null)["status"];
        let rollouts = status["rollouts"].as_array().map_or(&[][..], Vec::as_slice);
        let words = |found: &Value, wanted: &Value, what: &str| {
            (found != wanted).then(|| format!("{} {what}: {found} instead of {wanted}", app.name))
        };
        let untracked = Some(app.untracked).filter(|it| *it > 0);
        let incidents = status["incidents"].as_array().map_or(0, Vec::len);
        found.extend(words(
            &status["recorded"],
            &json!(app.did.len()),
            "recorded",
        ));
        found.extend(words(&status["standing"], &json!(app.side), "standing"));
        found.extend(words(&status["state"], &json!("Available"), "state"));
        found.extend(words(&status["open"], &Value::Null, "open"));
        found.extend(words(
            &status["untracked"]["rollouts"],
            &json!(untracked),
            "untracked",
        ));
        found.extend(words(&json!(incidents), &json!(app.incidents), "incidents"));
        found.extend(first_deploy(app, status, began));
        for (at, did) in app.did.iter().enumerate() {
            let rollout = rollouts.get(at).unwrap_or(&Value::Null);
            let number = u32::try_from(at + 1).unwrap();
            let differ = of_rollout(did, rollout, rollouts, number);
            found.extend(
                differ
                    .into_iter()
                    .map(|it| format!("{} {number} {it}", app.name)),
            );
        }
    }
    found
}

fn first_deploy(app: &App, status: &Value, began: Timestamp) -> Option<String> {
    let first = &status["firstDeploy"];
    let Some(at) = time(&first["at"]) else {
        return (app.kind == "Deployment").then(|| format!("{} has no first deploy", app.name));
    };
    let since = |from: Timestamp| json!(at.as_second() - from.as_second());
    let is_right = at >= began
        && first["sinceStarted"] == since(app.started)
        && first["clock"] == "StartedAt"
        && first["standing"] == app.first_side
        && first["sinceScaffolded"] == app.scaffolded.map_or(Value::Null, since);
    (!is_right).then(|| format!("{} first deploy: {first}", app.name))
}

fn of_rollout(did: &Did, rollout: &Value, all: &[Value], number: u32) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = |name: &str, wanted: Value| {
        if rollout[name] != wanted {
            found.push(format!("{name}: {} instead of {wanted}", rollout[name]));
        }
    };
    let available = time(&rollout["availableAt"]);
    let commit = did.commit.map(|at| at.to_string());
    words("number", json!(number));
    words("cause", json!(did.cause));
    let result = if did.failure.is_some() {
        "failed"
    } else {
        "available"
    };
    words("result", json!(result));
    words("failure", json!(did.failure.map(Failure::as_str)));
    words("standing", json!(did.side));
    words("reworkOf", json!(did.rework_of));
    words("failureVisible", json!(did.is_visible));
    words("commitTime", json!(commit));
    words("commitTimeRefused", json!(did.refused));
    let lead = available.zip(did.commit);
    let lead = lead.map(|(at, commit)| at.as_second() - commit.as_second());
    words("leadTime", json!(lead));
    let recovered = match did.recovered {
        None => Value::Null,
        Some(Recovered::At(at)) => json!(at.to_string()),
        Some(Recovered::By(number)) => {
            let by = all.iter().find(|it| it["number"] == number);
            by.unwrap_or(&Value::Null)["availableAt"].clone()
        }
    };
    words("recoveredAt", recovered);
    let failed = match did.failure {
        None => None,
        Some(Failure::Deadline(bracket)) => Some(bracket),
        Some(Failure::Undone) => available.map(|at| (at, at)),
        Some(Failure::Incident(at)) => Some((at, at)),
    };
    for (name, bracket) in [
        ("startedAt", Some(did.changed)),
        ("availableAt", did.available),
        ("failedAt", failed),
    ] {
        if !is_within(time(&rollout[name]), bracket) {
            found.push(format!(
                "{name}: {} is not within {bracket:?}",
                rollout[name]
            ));
        }
    }
    found
}

/// The service as its record has the times and the script everything else.
fn service(app: &App, record: &Value) -> Service {
    let status = &record["status"];
    let mut counted = Vec::new();
    for (did, rollout) in app.did.iter().zip(status["rollouts"].as_array().unwrap()) {
        let is_rollback = did.cause == "rollback";
        let Some(side) = SIDES.into_iter().find(|side| *side == did.side) else {
            continue;
        };
        if !is_rollback && !["release", "config"].contains(&did.cause) {
            continue;
        }
        let [available, failed, recovered] =
            ["availableAt", "failedAt", "recoveredAt"].map(|name| time(&rollout[name]));
        let seconds = |from: Timestamp, to: Timestamp| {
            u32::try_from(to.as_second() - from.as_second()).unwrap()
        };
        let lead = did.commit.zip(available);
        counted.push(Counted {
            day: [available, failed]
                .into_iter()
                .flatten()
                .min()
                .map(day)
                .unwrap(),
            side,
            is_rollback,
            failed: did.failure.is_some(),
            is_visible: did.is_visible,
            is_rework: did.rework_of.is_some(),
            lead_time: lead.map(|(commit, at)| seconds(commit, at)),
            is_refused: did.refused.is_some(),
            recovery: failed
                .zip(recovered)
                .map(|(from, to)| (day(to), seconds(from, to))),
        });
    }
    let at = time(&status["untracked"]["at"]);
    let untracked = (0..app.untracked).map(|_| (day(at.unwrap()), app.side));
    let first = &status["firstDeploy"];
    let u32_of = |value: &Value| value.as_u64().map(|it| u32::try_from(it).unwrap());
    let ready = time(&status["conditions"][0]["lastTransitionTime"]).map(day);
    let created = time(&status["mark"]["createdAt"]).map(day);
    let earliest = counted.iter().map(|it| it.day).min();
    let begun = ready.max(created).unwrap();
    Service {
        team: app.team,
        kind: app.kind,
        side: SIDES.into_iter().find(|side| *side == app.side),
        begun: earliest.map_or(begun, |earliest| earliest.min(begun)),
        counted,
        untracked: untracked.collect(),
        first_deploy: time(&first["at"]).map(|at| FirstDeploy {
            day: day(at),
            side: SIDES.into_iter().find(|side| *side == app.first_side),
            since_started: u32_of(&first["sinceStarted"]),
            since_scaffolded: u32_of(&first["sinceScaffolded"]),
        }),
    }
}

/// What a counter or the count of a histogram must have, of each side.
struct Counter {
    name: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    wanted: f64,
}

impl Month<'_> {
    fn services(&self) -> Vec<Service> {
        let records = self.records();
        let apps = self.apps.values();
        apps.map(|app| service(app, &records[app.name])).collect()
    }

    fn sums(&self, side: &str, days: i64, today: Date) -> Sums {
        let services = self.services();
        Sums::of(&services.iter().collect::<Vec<_>>(), side, days, today)
    }

    /// The change fail rate of each side so far.
    pub fn fail_rates(&self) -> Vec<(&'static str, f64)> {
        let today = day(Timestamp::now());
        let rate = |side| {
            let sums = self.sums(side, 90, today);
            (side, as_float(sums.visible_failed) / as_float(sums.visible))
        };
        SIDES.map(rate).to_vec()
    }

    /// An operator that was there from the beginning counted everything.
    pub fn counters_are_complete(&self, operator: &Operator) {
        let wanted: Vec<Counter> = SIDES.iter().flat_map(|side| self.counters(side)).collect();
        let mut differ = Vec::new();
        let equal = within(SOON, "the counters", || {
            let samples = operator.scrape().ok()?;
            differ.clear();
            for counter in &wanted {
                let found = samples.sum(counter.name, &counter.labels).unwrap_or(-1.0);
                if (found - counter.wanted).abs() > 1e-6 {
                    let (name, labels) = (counter.name, &counter.labels);
                    differ.push(format!(
                        "{name} {labels:?}: {found} instead of {}",
                        counter.wanted
                    ));
                }
            }
            differ.is_empty().then_some(())
        });
        assert!(equal.is_ok(), "{differ:#?}");
    }

    fn counters(&self, side: &'static str) -> Vec<Counter> {
        let sums = self.sums(side, 90, day(Timestamp::now()));
        let of_side = |name, wanted| Counter {
            name,
            labels: vec![("status", side)],
            wanted,
        };
        let total = |sample: &[f64]| sample.iter().sum::<f64>();
        let (leads, recoveries) = (&sums.lead_times, &sums.recovery_times);
        let first = self.apps.values().filter(|app| app.first_side == side);
        let mut counters = vec![
            of_side(
                "goldenpath_rollouts_failure_visible_total",
                as_float(sums.visible),
            ),
            of_side(
                "goldenpath_rollouts_failed_total",
                as_float(sums.visible_failed),
            ),
            of_side("goldenpath_rollouts_rework_total", as_float(sums.rework)),
            of_side("goldenpath_lead_time_seconds_count", as_float(leads.len())),
            of_side("goldenpath_lead_time_seconds_sum", total(leads)),
            of_side(
                "goldenpath_failed_deployment_recovery_seconds_count",
                as_float(recoveries.len()),
            ),
            of_side(
                "goldenpath_failed_deployment_recovery_seconds_sum",
                total(recoveries),
            ),
            of_side(
                "goldenpath_time_to_first_deploy_seconds_count",
                as_float(first.count()),
            ),
        ];
        counters.extend(self.refused(side));
        for cause in ["release", "config", "platform", "restart", "rollback"] {
            for result in ["available", "failed"] {
                let did = self.apps.values().flat_map(|app| &app.did);
                // One that was available first is counted as such.
                let first_result = |did: &Did| match did.failure {
                    Some(Failure::Deadline(_)) => "failed",
                    Some(Failure::Undone | Failure::Incident(_)) | None => "available",
                };
                let own = did.filter(|did| {
                    did.side == side && did.cause == cause && first_result(did) == result
                });
                counters.push(Counter {
                    name: "goldenpath_rollouts_total",
                    labels: vec![("status", side), ("cause", cause), ("result", result)],
                    wanted: as_float(own.count()),
                });
            }
        }
        counters
    }

    /// Refused commit times by reason.
    fn refused(&self, side: &'static str) -> impl Iterator<Item = Counter> {
        let reasons = [
            ("Unreadable", "unreadable"),
            ("Negative", "negative"),
            ("Future", "future"),
            ("Absurd", "absurd"),
        ];
        reasons.into_iter().map(move |(reason, label)| {
            let did = self.apps.values().flat_map(|app| &app.did);
            let own = did.filter(|did| did.side == side && did.refused == Some(reason));
            Counter {
                name: "goldenpath_commit_times_refused_total",
                labels: vec![("status", side), ("reason", label)],
                wanted: as_float(own.count()),
            }
        })
    }

    /// The contrast by every way to it, the gauges, the rules and the dashboard.
    pub fn figures_are_equal(&self, operator: &Operator, monitoring: &Monitoring) {
        let cluster = self.scene.cluster;
        let (_, served) = operator.get("/api/v1/contrast").unwrap();
        let of_cluster = reported(cluster.kubeconfig(), &["-n", &self.scene.namespace]);
        let of_operator = reported(cluster.kubeconfig(), &["--operator", operator.url()]);
        let mut wanted = Value::Null;
        for document in [
            serde_json::from_str(&served).unwrap(),
            of_cluster,
            of_operator,
        ] {
            assert_eq!(document["kind"], "Contrast", "{document:#}");
            let today = day(time(&document["asOf"]).unwrap());
            wanted = truth::contrast(&self.services(), &self.surroundings(), today);
            let differ = differences_of(&wanted, &document["contrast"], "contrast");
            assert!(differ.is_empty(), "{differ:#?}");
        }
        self.gauges_are_equal(operator);
        monitoring.rules_are(&self.rules(&wanted));
        monitoring.the_row_has_data("Contrast");
    }

    fn gauges_are_equal(&self, operator: &Operator) {
        let services = self.services();
        let samples = operator.scrape().unwrap();
        let today = day(Timestamp::now());
        for days in WINDOWS {
            for (team, side) in ["blue", "green", "red"]
                .iter()
                .flat_map(|team| SIDES.map(|side| (*team, side)))
            {
                let own: Vec<&Service> = services.iter().filter(|it| it.team == team).collect();
                let sums = Sums::of(&own, side, days, today);
                let whole = |median: Option<f64>| median.map(f64::floor);
                let days = days.to_string();
                let labels = [
                    ("days", &*days),
                    ("team", team),
                    ("status", side),
                    ("path", "month"),
                ];
                for (name, wanted) in [
                    ("rollouts", Some(as_float(sums.rollouts))),
                    ("rollbacks", Some(as_float(sums.rollbacks))),
                    ("failure_visible", Some(as_float(sums.visible))),
                    ("failed", Some(as_float(sums.visible_failed))),
                    ("rework", Some(as_float(sums.rework))),
                    ("untracked", Some(as_float(sums.untracked))),
                    ("refused_commit_times", Some(as_float(sums.refused))),
                    ("lead_times", Some(as_float(sums.lead_times.len()))),
                    ("lead_time_seconds", whole(median(&sums.lead_times))),
                    ("recoveries", Some(as_float(sums.recovery_times.len()))),
                    ("recovery_seconds", whole(median(&sums.recovery_times))),
                ] {
                    let name = format!("goldenpath_delivery_window_{name}");
                    assert_eq!(samples.value(&name, &labels), wanted, "{name} {labels:?}");
                }
            }
        }
    }

    /// The value of each recording rule, by its query; none where there is no figure.
    fn rules(&self, contrast: &Value) -> Vec<(String, Option<f64>)> {
        let today = day(Timestamp::now());
        let mut rules = Vec::new();
        for (at, days) in WINDOWS.iter().enumerate() {
            for (side, key) in SIDES.into_iter().zip(["goldenPath", "deviating"]) {
                let labels = format!("days=\"{days}\", status=\"{side}\"");
                rules.extend(sum_rules(&self.sums(side, *days, today), *days, &labels));
                rules.extend(contrast_rules(&contrast["windows"][at][key], &labels));
            }
        }
        rules
    }
}

/// Rules that add up the windows of all teams.
fn sum_rules(sums: &Sums, days: i64, labels: &str) -> Vec<(String, Option<f64>)> {
    let (rollouts, visible) = (as_float(sums.rollouts), as_float(sums.visible));
    let failed = as_float(sums.visible_failed);
    let deployments = as_float(sums.deployments());
    let length = f64::from(i32::try_from(days).unwrap());
    let lead_times = as_float(sums.lead_times.len());
    let rules = [
        ("delivery_window_rollouts:sum", rollouts),
        ("delivery_window_deployments:sum", deployments),
        ("delivery_window_failure_visible:sum", visible),
        ("deployments:per_day", deployments / length),
        ("change_fail:ratio", failed / visible),
        ("rework:ratio", as_float(sums.rework) / deployments),
        ("change_fail:coverage", visible / rollouts),
        ("lead_time:coverage", lead_times / rollouts),
    ];
    let query = |name: &str| format!("days_status:goldenpath_{name}{{{labels}}}");
    rules
        .map(|(name, wanted)| (query(name), Some(wanted)))
        .to_vec()
}

/// Rules about the figures of the contrast.
fn contrast_rules(figures: &Value, labels: &str) -> Vec<(String, Option<f64>)> {
    let mut rules = Vec::new();
    for (name, measure) in [
        ("lead_time_seconds", "leadTimeSeconds"),
        ("recovery_seconds", "recoverySeconds"),
        ("first_deploy_seconds", "firstDeploySeconds"),
        ("deployments_per_week", "deploymentsPerWeek"),
    ] {
        for (quantile, field) in [("0.5", "median"), ("0.9", "p90")] {
            let query = format!(
                "days_status_quantile:goldenpath_{name}:max{{{labels}, quantile=\"{quantile}\"}}"
            );
            rules.push((query, figures[measure][field].as_f64()));
        }
    }
    for (measure, of_contrast) in [
        ("deployments-per-week", "deploymentsPerWeek"),
        ("lead-time", "leadTimeSeconds"),
        ("change-fail", "changeFailRatio"),
        ("recovery", "recoverySeconds"),
        ("rework", "reworkRatio"),
        ("first-deploy", "firstDeploySeconds"),
    ] {
        let answer = &figures[of_contrast];
        let size = answer["n"].as_f64().or(answer["of"].as_f64());
        for (name, wanted) in [
            ("samples", size),
            ("coverage_ratio", answer["coverage"].as_f64()),
        ] {
            let query = format!(
                "days_status_measure:goldenpath_contrast_{name}:max{{{labels}, measure=\"{measure}\"}}"
            );
            rules.push((query, wanted));
        }
    }
    rules
}

/// `goldenpath report --contrast -o json`.
pub fn reported(kubeconfig: &std::path::Path, args: &[&str]) -> Value {
    let report = ["report", "--contrast", "-o", "json"];
    let mut command = suite::goldenpath(kubeconfig, &[&report[..], args].concat());
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}
