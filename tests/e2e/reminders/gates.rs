//! The operator sends reminders only once its state is complete.

use goldenpath_e2e::{ControlPlane, Operator, eventually};

use super::{AT_ONCE, DUE, Scene, approved_days_ago, is_on_record, place_on};
use crate::stage::{SOON, stop};
use crate::suite::operator_options;
use crate::words::exception;

const ACCOUNT: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: operator}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: operator, namespace: operator}
";

/// Lets the operator's account do this, in a role of its own.
fn grant(cluster: &ControlPlane, name: &str, rights: &str) {
    let role = format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: operator-{name}}}
rules: [{{{rights}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: operator-{name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator-{name}}}
subjects: [{{kind: ServiceAccount, namespace: operator, name: operator}}]
"
    );
    cluster.apply(&role).unwrap();
}

/// An operator that may do everything but read golden paths.
fn start_without_paths(scene: &Scene) -> Operator {
    let cluster = &scene.cluster;
    cluster.apply(ACCOUNT).unwrap();
    for (name, rights) in [
        (
            "core",
            "apiGroups: [''], resources: [namespaces, services], verbs: ['*']",
        ),
        (
            "other",
            "apiGroups: [apps, batch, events.k8s.io, coordination.k8s.io], resources: ['*'], verbs: ['*']",
        ),
        (
            "exceptions",
            "apiGroups: [goldenpath.dev], \
             resources: [deviationexceptions, deviationexceptions/status, goldenpaths/status], verbs: ['*']",
        ),
    ] {
        grant(cluster, name, rights);
    }
    let config = format!("--notify-config={}", scene.config.display());
    let mut options = operator_options(&["--lease-namespace=operator", &config]);
    let account = cluster.kubeconfig_for_service_account("operator", "operator");
    options.kubeconfig = Some(account.unwrap());
    Operator::start(cluster, &options).unwrap()
}

#[test]
fn no_reminder_is_sent_before_every_policy_was_listed() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(&exception("web", &approved_days_ago(DUE)));
    let mut operator = start_without_paths(&scene);
    // By then it has looked for what is due several times, and leads.
    eventually(2 * SOON, "some time has passed", || {
        let samples = operator.scrape().unwrap();
        let leads = samples.value("goldenpath_leader", &[]) == Some(1.0);
        let ticks = samples.value("goldenpath_clock_ticks_total", &[])?;
        (leads && ticks >= 4.0).then_some(())
    });
    assert!(!operator.is_ready());
    assert_eq!(scene.delivered(), [""; 0]);
    let paths = "apiGroups: [goldenpath.dev], resources: [goldenpaths], verbs: [get, list, watch]";
    grant(&scene.cluster, "paths", paths);
    operator.wait_until_ready(2 * SOON).unwrap();
    scene.received(1);
    is_on_record(&place, "web", &["review-due"]);
    assert_eq!(scene.delivered(), ["/shop: web review-due"]);
    stop(operator);
}
