//! After uninstalling goldenpath the cluster is as it was before.

use goldenpath::api::keys::FIELD_MANAGER;
use goldenpath_e2e::Options;
use serde_json::Value;

use crate::stage::{Place, SOON, goldenpath, own_labels, start, stop};
use crate::suite::control_plane;
use crate::words::{PATH, failing, service, workload};

const WATCHED: &str = "deployments,statefulsets,daemonsets,cronjobs,services";

#[test]
fn cleanup_leaves_no_trace() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "cleanup");
    place.apply(PATH);
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "CronJob"] {
        place.apply(&workload(kind, "web", "1.0.0"));
    }
    place.apply(&[failing("moving"), service("web", "app: web")].concat());
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    for object in ["deploy/web", "sts/web", "ds/web", "cronjob/web", "svc/web"] {
        place.becomes(object, "golden-path", None);
    }
    place.becomes("deploy/moving", "deviating", Some("undocumented"));
    stop(operator);
    assert_eq!(traces(&place).len(), 6);

    goldenpath(&cluster, &["cleanup"]);
    assert_eq!(traces(&place), [""; 0]);
    // Labels of others are still there.
    let stored = place.get("deploy/web");
    assert_eq!(stored["metadata"]["labels"]["team"], "shop");
}

/// Objects that carry a label of ours, or a note that we ever wrote to them.
fn traces(place: &Place<'_>) -> Vec<String> {
    let all = place.kubectl(&["get", WATCHED, "-o", "json", "--show-managed-fields"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    let traced = all["items"].as_array().unwrap().iter().filter(|object| {
        let managers = object["metadata"]["managedFields"].as_array().unwrap();
        let ours = managers
            .iter()
            .any(|entry| entry["manager"] == FIELD_MANAGER);
        ours || !own_labels(object).is_empty()
    });
    traced
        .map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"]))
        .collect()
}
