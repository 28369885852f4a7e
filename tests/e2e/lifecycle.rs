//! The life of an exception over years on a real API server: renewals, renewal requests, new pod
//! templates, and renames and deletions around it.

use std::time::Duration;

use goldenpath_e2e::{Options, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::stage::{Place, SOON, goldenpath, in_a_place, start, stop};
use crate::suite::control_plane;
use crate::words::{PATH, approval, exception, failing, golden, hurried};

/// Longer than the hurried path takes from an approval to a lapse: three times 30 seconds.
const LAPSED: Duration = Duration::from_secs(150);

fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap()
}

/// Waits until the status of an exception shows this phase.
fn enters(place: &Place<'_>, name: &str, phase: &str) -> Value {
    let what = format!("{name} is {phase}");
    eventually(LAPSED, &what, || {
        let status = place.get(&format!("devex/{name}"))["status"].clone();
        (status["phase"] == phase).then_some(status)
    })
}

fn instant(status: &Value, field: &str) -> Timestamp {
    status[field].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_renewal_is_capped_again_and_a_request_to_go_on_stops_the_lapse() {
    in_a_place("renewals", |place| {
        let approval = approval();
        place.apply(&hurried());
        for name in ["plain", "asking", "renewed"] {
            place.apply(&failing(name));
            place.apply(&exception(name, &approval));
        }
        let first = enters(place, "renewed", "ReviewOverdue");
        let asked = format!(
            "{approval}\n  renewal: {{requestedAt: '{}', by: sam, stillNeededBecause: the vendor has not answered}}",
            now()
        );
        place.apply(&exception("asking", &asked));
        let renewed_at = now();
        let renewed = format!(
            "{approval}\n  reviews: [{{at: '{renewed_at}', by: ada, outcome: Renewed, expiresAt: '2099-01-01T00:00:00Z'}}]"
        );
        place.apply(&exception("renewed", &renewed));
        let again = enters(place, "renewed", "Active");
        assert_eq!(again["renewals"], 1);
        // Not 2099: it lapses 30 seconds after the next review.
        let lapse = renewed_at + SignedDuration::from_secs(90);
        assert_eq!(instant(&again, "effectiveExpiry"), lapse);
        assert!(instant(&first, "effectiveExpiry") < lapse);

        enters(place, "plain", "Expired");
        place.becomes("deploy/plain", "deviating", Some("expired"));
        let open = place.condition("devex/asking", "ReviewCurrent", "False");
        assert_eq!(
            place.get("devex/asking")["status"]["phase"],
            "ReviewOverdue",
            "{open}"
        );
        place.becomes("deploy/asking", "deviating", Some("review-overdue"));
    });
}

/// The Deployment with another tag, and more in its container.
fn release(tag: &str, more: &str) -> String {
    let plain = "image: 'registry.example.com/app:latest'";
    failing("web").replace(
        plain,
        &format!("image: 'registry.example.com/app:{tag}', {more}"),
    )
}

/// The phase of the exception, judged afresh.
fn phase(place: &Place<'_>) -> Value {
    let report = ["report", "-n", &place.name, "-o", "json"];
    let report: Value = serde_json::from_str(&goldenpath(place.cluster, &report)).unwrap();
    report["exceptions"][0]["phase"].clone()
}

#[test]
fn a_bound_exception_outlives_a_release_and_not_another_template() {
    in_a_place("bound", |place| {
        place.apply(PATH);
        place.apply(&release("latest", "command: [serve]"));
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        let why = ["why", "deploy/web", "-n", &place.name, "-o", "json"];
        let why: Value = serde_json::from_str(&goldenpath(place.cluster, &why)).unwrap();
        let hash = why["templateHash"].as_str().unwrap();
        let bound = format!("boundTo: {{templateHash: '{hash}'}}\n  {}", approval());
        place.apply(&exception("web", &bound));
        place.becomes("deploy/web", "deviating", Some("documented"));
        place.apply(&release("2.0.0", "command: [serve]"));
        place.becomes("deploy/web", "golden-path", None);
        assert_eq!(phase(place), "Active", "a tag is a release");
        let sized =
            "command: [serve], resources: {limits: {memory: 1Gi}}, env: [{name: A, value: b}]";
        place.apply(&release("latest", sized));
        place.becomes("deploy/web", "deviating", Some("documented"));
        place.apply(&release("latest", "command: [shell]"));
        place.becomes("deploy/web", "deviating", Some("review-overdue"));
        let condition = place.condition("devex/web", "ReviewCurrent", "False");
        assert_eq!(condition["reason"], "TemplateChanged", "{condition}");
    });
}

#[test]
fn what_is_deleted_around_an_exception_leaves_a_truthful_status() {
    in_a_place("gone", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        place.apply(&exception("web", &approval()));
        place.condition("devex/web", "Needed", "True");
        place.kubectl(&["delete", "deploy/web"]);
        place.condition("devex/web", "InUse", "False");
        place.condition("devex/web", "Needed", "Unknown");
        let status = place.get("devex/web")["status"].clone();
        assert_eq!(
            (&status["phase"], &status["matchedCount"]),
            (&"Active".into(), &0.into())
        );
        assert_eq!(status["coveredFailures"], 0);

        place.apply(&failing("web"));
        place.condition("devex/web", "InUse", "True");
        let (before, _) = PATH.split_once("  - name: pinned-image").unwrap();
        let (_, after) = PATH.split_once("has no fixed tag\n").unwrap();
        place.apply(&[before, after].concat());
        place.condition("devex/web", "ChecksKnown", "False");
        place.becomes("deploy/web", "golden-path", None);

        place.kubectl(&["delete", "gp", &place.name]);
        let lost = place.condition("devex/web", "PathFound", "False");
        assert!(
            lost["message"].as_str().unwrap().contains("delete"),
            "{lost}"
        );
        let status = &place.get("devex/web")["status"];
        assert_eq!(status["phase"], "Active");
        place.condition("devex/web", "Ready", "True");
    });
}

/// By the default terms it would wait for an approval, and be reviewed after 90 days.
#[test]
fn an_exception_of_a_deleted_path_stays_as_it_is_through_a_restart() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "lasting");
    let generous = "{requireApproval: false, reviewEvery: 200d, maxDuration: 400d}";
    let (unlike, _) = PATH.split_once("{reviewEvery").unwrap();
    place.apply(&format!("{unlike}{generous}\n"));
    place.apply(&failing("web"));
    place.apply(&exception("web", ""));
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    place.becomes("deploy/web", "deviating", Some("documented"));
    place.kubectl(&["delete", "gp", &place.name]);
    place.condition("devex/web", "PathFound", "False");
    let before = place.get("devex/web")["status"].clone();
    stop(operator);

    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    let labels = [("exception", "web"), ("phase", "Active")];
    eventually(SOON, "it leads, and finds the exception active", || {
        let samples = operator.scrape().ok()?;
        let active = samples.value("goldenpath_exception_phase", &labels)?;
        (active > 0.0 && samples.value("goldenpath_leader", &[]) == Some(1.0)).then_some(())
    });
    let after = place.get("devex/web")["status"].clone();
    for field in ["phase", "nextReviewAt", "effectiveExpiry"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    stop(operator);
}

#[test]
fn a_renamed_path_takes_its_exceptions_along() {
    in_a_place("renamed", |place| {
        place.apply(PATH);
        place.apply(&[failing("web"), golden("fine")].concat());
        place.apply(&exception("web", &approval()));
        place.becomes("deploy/web", "deviating", Some("documented"));
        let renamed = PATH
            .replacen("{name: PLACE}", "{name: PLACE-new}", 1)
            .replacen("spec:\n", "spec:\n  formerNames: [PLACE]\n", 1);
        place.kubectl(&["delete", "gp", &place.name]);
        place.apply(&renamed);
        let new = format!("{}-new", place.name);
        for workload in ["deploy/web", "deploy/fine"] {
            let judged = |labels: &crate::stage::Labels| labels.values().any(|value| *value == new);
            place.becomes_within(SOON, (workload, "judged by the new name"), judged);
        }
        place.becomes("deploy/web", "deviating", Some("documented"));
        place.condition("devex/web", "PathFound", "True");
        place.condition("devex/web", "InUse", "True");
        let events = place.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        let events_written = events.matches("DeviationUndocumented").count();
        assert!(
            events_written <= 1,
            "it was never undocumented again: {events}"
        );
    });
}
