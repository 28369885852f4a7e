//! Rollouts of four kinds of workload, one after another: the records must equal the script's own list,
//! across a restart of the operator and a change of leader.

use goldenpath_e2e::{ControlPlane, Operator, eventually};
use serde_json::{Value, json};

use crate::scene::{NEVER, SOON, Scene, start, stop};
use crate::{account, suite};

fn pods(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "app"}},
        "spec": {"containers": [{
            "name": "app", "image": image,
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        }]},
    })
}

fn workload(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": if kind == "CronJob" { "batch/v1" } else { "apps/v1" },
        "kind": kind,
        "metadata": {"name": name, "labels": {"team": "shop"}},
        "spec": spec,
    })
}

fn web() -> Value {
    let mut template = pods("registry.invalid/web:1");
    template["metadata"]["labels"] = json!({"app": "web"});
    let spec = json!({
        "replicas": 2,
        "progressDeadlineSeconds": 15,
        "strategy": {"rollingUpdate": {"maxUnavailable": 0}},
        "selector": {"matchLabels": {"app": "web"}},
        "template": template,
    });
    workload("Deployment", "web", &spec)
}

fn others() -> [Value; 3] {
    let selector = json!({"matchLabels": {"app": "app"}});
    let mut of_job = pods("registry.invalid/app:1");
    of_job["spec"]["restartPolicy"] = json!("Never");
    let database = json!({
        "replicas": 2, "serviceName": "db", "selector": selector,
        "template": pods("registry.invalid/app:1"),
    });
    let agent = json!({"selector": selector, "template": pods("registry.invalid/app:1")});
    let report = json!({
        "schedule": "* * * * *",
        "jobTemplate": {"spec": {"template": of_job}},
    });
    [
        workload("StatefulSet", "db", &database),
        workload("DaemonSet", "agent", &agent),
        workload("CronJob", "report", &report),
    ]
}

pub fn are_what_the_script_did(cluster: &ControlPlane) {
    let scene = Scene {
        namespace: cluster.create_namespace("rollouts").unwrap(),
        cluster,
    };
    let Some(account) = account::account(cluster, "delivery.enabled=true") else {
        return;
    };
    let operator = start(cluster, &account);
    scene.begins();
    let mut done = Vec::new();
    one_change_after_another(&scene, &operator, &mut done);
    scene.is_available("cronjob-report");
    scene.set_image("cronjob/report", "registry.invalid/app:2");
    it_stores_what_waits_when_it_stops(&scene, operator, &mut done);
    scene.release("registry.invalid/web:5");
    let operator = start(cluster, &account);
    done.push("release available");
    scene.recorded("deployment-web", &done);
    a_release_fails_and_is_undone(&scene, &mut done);

    let second = start(cluster, &account);
    scene.set_image("deployment/web", "registry.invalid/web:6");
    stop(operator);
    scene.rolled_out("deployment/web");
    scene.is_looked_at_by(&second);
    scene.release("registry.invalid/web:7");
    done.extend(["release available", "release available"]);
    scene.recorded("deployment-web", &done);

    it_counts_what_it_recorded(&second);
    the_failure_is_recovered(&scene);
    scene.recorded("statefulset-db", &["release available"]);
    scene.recorded("daemonset-agent", &["release available"]);
    scene.recorded("cronjob-report", &["release available"]);
    the_new_job_runs_from_its_schedule_on(&scene);
    nothing_is_written_at_rest(&scene, &second);
    stop(second);
    let third = start(cluster, &account);
    eventually(SOON, "the third one leads", || {
        suite::leads(&third).then_some(())
    });
    nothing_is_written_at_rest(&scene, &third);
    a_record_goes_with_its_workload_and_is_carried_over(&scene, &done);
    stop(third);
    cleanup_removes_every_record(&scene);
    everything_goes(&scene);
}

impl Scene<'_> {
    /// Waits for three renewals of the Lease, at least four seconds: the operator looks at workloads more
    /// often. Two rollouts within one look are one that was superseded.
    fn is_looked_at_by(&self, operator: &Operator) {
        suite::let_it_renew(self.cluster, operator, 3);
    }

    /// Four workloads, of which three become available at once, and a release of two of them.
    fn begins(&self) {
        self.cluster.apply(suite::PATH).unwrap();
        self.apply(&web());
        for other in &others() {
            self.apply(other);
        }
        self.rolled_out("deployment/web");
        for name in ["deployment-web", "statefulset-db", "daemonset-agent"] {
            self.is_available(name);
        }
        self.set_image("statefulset/db", "registry.invalid/app:2");
        self.set_image("daemonset/agent", "registry.invalid/app:2");
    }
}

fn one_change_after_another(scene: &Scene<'_>, operator: &Operator, done: &mut Vec<&'static str>) {
    for image in ["web:2", "web:3", "web:4"] {
        scene.release(&format!("registry.invalid/{image}"));
        scene.is_looked_at_by(operator);
    }
    scene.kubectl(&["rollout", "restart", "deployment/web"]);
    scene.rolled_out("deployment/web");
    scene.is_looked_at_by(operator);
    scene.kubectl(&["scale", "deployment/web", "--replicas=3"]);
    scene.rolled_out("deployment/web");
    scene.kubectl(&["set", "env", "deployment/web", "MODE=fast"]);
    scene.rolled_out("deployment/web");
    done.extend(["release available"; 3]);
    done.extend(["restart available", "config available"]);
    scene.recorded("deployment-web", done);
}

/// It writes a record at most once in ten seconds.
fn it_stores_what_waits_when_it_stops(
    scene: &Scene<'_>,
    operator: Operator,
    done: &mut Vec<&'static str>,
) {
    scene.release("registry.invalid/web:4-1");
    scene.is_looked_at_by(&operator);
    stop(operator);
    done.push("release available");
    let record = scene.record("deployment-web").unwrap();
    assert_eq!(scene.rollouts("deployment-web"), *done, "{record:#}");
}

fn a_release_fails_and_is_undone(scene: &Scene<'_>, done: &mut Vec<&'static str>) {
    scene.set_image("deployment/web", NEVER);
    eventually(SOON, "the deadline is exceeded", || {
        let stored = scene.cluster.stored(&scene.namespace, "deployment/web");
        let stored = stored.ok()?;
        let conditions = stored["status"]["conditions"].as_array()?;
        let exceeded = |it: &Value| it["reason"] == "ProgressDeadlineExceeded";
        conditions.iter().any(exceeded).then_some(())
    });
    done.push("release failed");
    scene.recorded("deployment-web", done);
    scene.kubectl(&["rollout", "undo", "deployment/web"]);
    scene.rolled_out("deployment/web");
    done.push("rollback available");
    scene.recorded("deployment-web", done);
}

/// Counters begin with the process: the first operator counted what it recorded itself.
fn it_counts_what_it_recorded(operator: &Operator) {
    let labels = [("cause", "release"), ("result", "available")];
    eventually(SOON, "two releases are counted", || {
        let samples = operator.scrape().ok()?;
        let of_path = [&labels[..], &[("path", "web-service")]].concat();
        (samples.sum("goldenpath_rollouts_total", &of_path) == Some(2.0)).then_some(())
    });
}

fn cleanup_removes_every_record(scene: &Scene<'_>) {
    let mut cleanup = suite::goldenpath(scene.cluster.kubeconfig(), &["cleanup"]);
    let printed = String::from_utf8(cleanup.output().unwrap().stdout).unwrap();
    assert!(printed.contains("DeliveryRecord: 4 cleaned"), "{printed}");
    assert_eq!(scene.versions(), "");
}

fn everything_goes(scene: &Scene<'_>) {
    scene.kubectl(&["delete", "deploy,sts,ds,cj", "--all"]);
    let delete = ["delete", "goldenpath", "web-service"];
    scene.cluster.kubectl_ok(&delete).unwrap();
}

/// At full minutes.
fn the_new_job_runs_from_its_schedule_on(scene: &Scene<'_>) {
    let record = scene.record("cronjob-report").unwrap();
    let rollout = &record["status"]["rollouts"][0];
    let [started, runs_from, available] =
        ["startedAt", "runsFrom", "availableAt"].map(|name| rollout[name].as_str());
    assert!(started < runs_from && runs_from < available, "{rollout}");
    assert!(runs_from.unwrap().ends_with(":00Z"), "{rollout}");
    let waited = scene.record("deployment-web").unwrap();
    let first = &waited["status"]["rollouts"][0];
    assert!(first["runsFrom"].is_null(), "{first}");
}

fn the_failure_is_recovered(scene: &Scene<'_>) {
    let record = scene.record("deployment-web").unwrap();
    let status = &record["status"];
    let failed = status["rollouts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["result"] == "failed");
    let failed = failed.unwrap();
    assert_eq!(failed["failure"], "Deadline", "{failed}");
    assert!(failed["recoveredAt"].is_string(), "{failed}");
    assert_eq!(failed["standing"], "golden-path", "{failed}");
    assert_eq!(status["recorded"], 11, "{status:#}");
    assert!(status["untracked"].is_null(), "{status:#}");
    assert_eq!(status["observedGeneration"], 1, "{status:#}");
    assert_eq!(status["conditions"][0]["type"], "Ready", "{status:#}");
    let table = scene.kubectl(&["get", "dlv"]);
    assert!(table.contains("Deployment/web"), "{table}");
}

fn nothing_is_written_at_rest(scene: &Scene<'_>, operator: &Operator) {
    // The CronJob runs once a minute, and its record stays as it is.
    let before = scene.versions();
    suite::let_it_tick(operator, 2.0);
    assert_eq!(scene.versions(), before);
}

fn a_record_goes_with_its_workload_and_is_carried_over(scene: &Scene<'_>, done: &[&str]) {
    let stored = scene
        .cluster
        .stored(&scene.namespace, "deployment/web")
        .unwrap();
    let before = scene.record("deployment-web").unwrap();
    scene.kubectl(&["delete", "deployment", "web"]);
    eventually(SOON, "the record is gone", || {
        scene.record("deployment-web").is_none().then_some(())
    });
    let mut again = web();
    again["spec"]["template"] = stored["spec"]["template"].clone();
    scene.apply(&again);
    scene.recorded("deployment-web", done);
    let after = scene.record("deployment-web").unwrap();
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert_eq!(
        before["status"]["firstDeploy"],
        after["status"]["firstDeploy"]
    );
}
