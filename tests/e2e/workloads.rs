//! Workloads and Kubernetes Services get their labels, and the operator restores changed ones.

use goldenpath::api::keys;
use serde_json::Value;

use crate::stage::in_a_place;
use crate::words::{PATH, failing, golden, service, workload};

#[test]
fn a_failing_workload_becomes_golden_when_it_is_fixed() {
    in_a_place("fixed", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        assert_eq!(place.labels("deploy/web")[keys::EVALUATED_PATH], place.name);
        place.apply(&golden("web"));
        place.becomes("deploy/web", "golden-path", None);
    });
}

#[test]
fn kubectl_shows_who_is_on_the_path() {
    in_a_place("shown", |place| {
        place.apply(PATH);
        place.apply(&[failing("web"), golden("api")].concat());
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        place.becomes("deploy/api", "golden-path", None);
        let columns = [keys::STATUS, keys::DEVIATION].join(",");
        let table = place.kubectl(&["get", "deploy", "-L", &columns]);
        let row = |name| table.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row("api").trim_end().ends_with("golden-path"), "{table}");
        assert!(row("web").contains("deviating     undocumented"), "{table}");
    });
}

#[test]
fn every_watched_kind_is_labelled() {
    in_a_place("kinds", |place| {
        place.apply(PATH);
        for kind in ["Deployment", "StatefulSet", "DaemonSet", "CronJob"] {
            place.apply(&workload(kind, "good", "1.0.0"));
            place.apply(&workload(kind, "moving", "latest"));
            place.becomes(&format!("{kind}/good"), "golden-path", None);
            place.becomes(&format!("{kind}/moving"), "deviating", Some("undocumented"));
        }
    });
}

#[test]
fn labels_of_others_and_annotations_stay_as_they_are() {
    in_a_place("others", |place| {
        place.apply(PATH);
        place.apply(&golden("web"));
        let before = without_own_labels(place.get("deploy/web"));
        place.becomes("deploy/web", "golden-path", None);
        let after = without_own_labels(place.get("deploy/web"));
        for field in ["labels", "annotations", "generation"] {
            assert_eq!(
                after["metadata"][field], before["metadata"][field],
                "{field}"
            );
        }
        assert_eq!(after["spec"], before["spec"]);
    });
}

fn without_own_labels(mut object: Value) -> Value {
    let labels = object["metadata"]["labels"].as_object_mut().unwrap();
    for key in keys::OWN_LABELS {
        labels.remove(key);
    }
    object
}

#[test]
fn a_label_somebody_else_changed_is_taken_back() {
    in_a_place("takenback", |place| {
        place.apply(PATH);
        place.apply(&failing("web"));
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        let forged = format!("{}=golden-path", keys::STATUS);
        place.kubectl(&["label", "deploy/web", "--overwrite", &forged]);
        place.becomes("deploy/web", "deviating", Some("undocumented"));
    });
}

#[test]
fn a_service_gets_the_worst_status_of_the_workloads_it_selects() {
    in_a_place("services", |place| {
        place.apply(PATH);
        place.apply(&[golden("web"), failing("moving")].concat());
        place.apply(&service("good", "app: web"));
        place.apply(&service("bad", "app: moving"));
        place.apply(&service("nobody", "app: gone"));
        place.becomes("svc/good", "golden-path", None);
        place.becomes("svc/bad", "deviating", None);
        assert!(place.labels("svc/nobody").is_empty());
        place.apply(&golden("moving"));
        place.becomes("svc/bad", "golden-path", None);
    });
}
