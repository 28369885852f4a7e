//! Labels of ours on objects that others apply: by server-side apply, by client-side apply, by Helm 3 and 4. They
//! survive, cause no difference and no conflict, and nobody writes in turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use goldenpath::api::keys;
use goldenpath_e2e::{
    Binaries, ControlPlane, Operator, Options, Tool, binaries_or_skip, eventually,
};
use serde_json::Value;

use crate::suite::{PATH, control_plane, deployment, labels, let_it_tick, operator_options};

const SOON: Duration = Duration::from_secs(60);
const DEVIATING: &str = "deviating/web-service/undocumented";
const GOLDEN: &str = "golden-path/web-service/";

struct Stage {
    cluster: ControlPlane,
    operator: Operator,
}

static SHARED: LazyLock<Option<Stage>> = LazyLock::new(|| {
    let cluster = control_plane(&Options::default())?;
    cluster.apply(PATH).unwrap();
    let mut operator = Operator::start(&cluster, &operator_options(&[])).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    Some(Stage { cluster, operator })
});

/// A namespace of a test, and a directory for its files.
struct Place<'a> {
    stage: &'a Stage,
    namespace: String,
    directory: PathBuf,
}

impl Place<'static> {
    fn or_skip(name: &str) -> Option<Self> {
        let stage = SHARED.as_ref()?;
        let namespace = stage.cluster.create_namespace(name).unwrap();
        let directory = stage.cluster.data_dir().join(&namespace);
        fs::create_dir_all(&directory).unwrap();
        Some(Self {
            stage,
            namespace,
            directory,
        })
    }
}

impl Place<'_> {
    /// A file with the Deployment in an image of this tag, with this number of replicas.
    fn manifest(&self, replicas: usize, tag: usize) -> String {
        let text = deployment(&self.namespace, "web")
            .replace("replicas: 1", &format!("replicas: {replicas}"))
            .replace("web:1", &format!("web:{tag}"));
        let file = self.directory.join("web.yaml");
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn kubectl(&self, args: &[&str]) -> Output {
        let args = [args, &["--namespace", &self.namespace]].concat();
        self.stage.cluster.kubectl(&args).unwrap()
    }

    fn kubectl_ok(&self, args: &[&str]) {
        let output = self.kubectl(args);
        assert!(output.status.success(), "kubectl {args:?}: {output:?}");
    }

    fn stored(&self) -> Value {
        self.stage
            .cluster
            .stored(&self.namespace, "deploy/web")
            .unwrap()
    }

    fn becomes(&self, expected: &str) {
        eventually(SOON, &format!("deploy/web is {expected}"), || {
            let found = labels(&self.stage.cluster, &self.namespace, "deploy/web");
            (found == expected).then_some(())
        });
    }

    /// Asserts that the labels are these, without waiting.
    #[track_caller]
    fn still(&self, expected: &str) {
        let found = labels(&self.stage.cluster, &self.namespace, "deploy/web");
        assert_eq!(found, expected);
    }

    /// Asserts that our field manager owns our keys and nothing else, and that nobody else owns one.
    #[track_caller]
    fn owns_its_own_keys_only(&self) {
        let stored = self.stored();
        for entry in stored["metadata"]["managedFields"].as_array().unwrap() {
            let labels = &entry["fieldsV1"]["f:metadata"]["f:labels"];
            let is_own = |key: &str| keys::OWN_LABELS.iter().any(|own| key == format!("f:{own}"));
            let mut owned = labels.as_object().into_iter().flatten().map(|(key, _)| key);
            if entry["manager"] == keys::FIELD_MANAGER {
                assert!(owned.all(|key| is_own(key)), "{entry:#}");
                assert!(entry["fieldsV1"]["f:spec"].is_null(), "{entry:#}");
            } else {
                assert!(owned.all(|key| !is_own(key)), "{entry:#}");
            }
        }
    }

    /// Asserts that the operator leaves the object alone while nobody changes it.
    fn is_at_rest(&self) {
        let version = self.stored()["metadata"]["resourceVersion"].clone();
        let_it_tick(&self.stage.operator, 2.0);
        assert_eq!(self.stored()["metadata"]["resourceVersion"], version);
        assert!(
            self.conflicts() <= 1.0,
            "one, of the object that is replaced"
        );
    }

    /// How often the operator found its labels changed by others, in all tests together.
    fn conflicts(&self) -> f64 {
        let samples = self.stage.operator.scrape().unwrap();
        samples.value("goldenpath_label_conflicts", &[]).unwrap()
    }
}

#[test]
fn server_side_apply_by_others_keeps_our_labels_and_meets_no_conflict() {
    let Some(place) = Place::or_skip("server-side") else {
        return;
    };
    // As Flux's kustomize-controller and Argo CD with ServerSideApply=true write.
    for manager in ["kustomize-controller", "argocd-controller"] {
        let apply = |file: &str, force: &[&str]| {
            let args = [
                "apply",
                "--server-side",
                "--field-manager",
                manager,
                "-f",
                file,
            ];
            place.kubectl_ok(&[&args, force].concat());
        };
        apply(&place.manifest(1, 1), &["--force-conflicts"]);
        place.becomes(DEVIATING);
        // Without force: nothing of ours is in the way.
        apply(&place.manifest(1, 2), &[]);
        place.still(DEVIATING);
        apply(&place.manifest(2, 3), &[]);
        place.becomes(GOLDEN);
        place.owns_its_own_keys_only();
        let diff = ["diff", "--server-side", "--field-manager", manager, "-f"];
        let diff = place.kubectl(&[&diff[..], &[&place.manifest(2, 3)]].concat());
        assert!(diff.status.success(), "{diff:?}");
        place.kubectl_ok(&["delete", "deploy/web"]);
    }
    place.kubectl_ok(&["apply", "--server-side", "-f", &place.manifest(2, 1)]);
    place.becomes(GOLDEN);
    place.is_at_rest();
}

#[test]
fn client_side_apply_keeps_our_labels_and_its_three_way_diff_is_empty() {
    let Some(place) = Place::or_skip("client-side") else {
        return;
    };
    place.kubectl_ok(&["apply", "-f", &place.manifest(1, 1)]);
    place.becomes(DEVIATING);
    // The three-way diff of kubectl, and of Argo CD without ServerSideDiff: last applied, live, wanted.
    let diff = place.kubectl(&["diff", "-f", &place.manifest(1, 1)]);
    assert!(diff.status.success(), "{diff:?}");
    place.kubectl_ok(&["apply", "-f", &place.manifest(1, 2)]);
    place.still(DEVIATING);
    // A real difference does not mention our labels.
    let diff = place.kubectl(&["diff", "-f", &place.manifest(2, 2)]);
    let shown = String::from_utf8_lossy(&diff.stdout);
    assert_eq!(diff.status.code(), Some(1), "{diff:?}");
    let changed = shown.lines().filter(|line| {
        line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
    });
    assert!(
        changed.clone().any(|line| line.contains("replicas: 2")),
        "{shown}"
    );
    assert!(
        changed.clone().all(|line| !line.contains("goldenpath.dev")),
        "{shown}"
    );
    place.kubectl_ok(&["apply", "-f", &place.manifest(2, 2)]);
    place.becomes(GOLDEN);
    place.owns_its_own_keys_only();
    place.is_at_rest();
}

#[test]
fn an_object_that_is_replaced_gets_its_labels_again_once() {
    let Some(place) = Place::or_skip("replaced") else {
        return;
    };
    place.kubectl_ok(&["apply", "-f", &place.manifest(1, 1)]);
    place.becomes(DEVIATING);
    // As Argo CD with Replace=true: the whole object is overwritten, our labels with it.
    place.kubectl_ok(&["replace", "-f", &place.manifest(1, 1)]);
    let generation = || place.stored()["metadata"]["generation"].clone();
    let replaced = generation();
    place.becomes(DEVIATING);
    place.is_at_rest();
    // The tests beside this one add none.
    assert!((place.conflicts() - 1.0).abs() < f64::EPSILON);
    assert_eq!(generation(), replaced, "no rollout by the operator");
}

#[test]
fn an_upgrade_and_a_rollback_by_helm_4_keep_our_labels() {
    live_through(Tool::Helm);
}

#[test]
fn an_upgrade_and_a_rollback_by_helm_3_keep_our_labels() {
    live_through(Tool::Helm3);
}

fn live_through(tool: Tool) {
    let Some(binaries) = binaries_or_skip(&[tool]) else {
        return;
    };
    let Some(place) = Place::or_skip(tool.as_str()) else {
        return;
    };
    let chart = chart(&place);
    let chart = chart.to_str().unwrap();
    let helm = |args: &[&str]| helm(&place, &binaries, tool, args);
    helm(&["install", "web", chart, "--set", "replicas=1"]);
    place.becomes(DEVIATING);
    helm(&["upgrade", "web", chart, "--set", "replicas=1,tag=2"]);
    place.still(DEVIATING);
    helm(&["upgrade", "web", chart, "--set", "replicas=2,tag=2"]);
    place.becomes(GOLDEN);
    place.owns_its_own_keys_only();
    helm(&["rollback", "web", "1"]);
    place.becomes(DEVIATING);
    place.owns_its_own_keys_only();
    place.is_at_rest();
}

/// A chart with the Deployment.
fn chart(place: &Place<'_>) -> PathBuf {
    let chart = place.directory.join("chart");
    fs::create_dir_all(chart.join("templates")).unwrap();
    let write = |file: &str, text: &str| fs::write(chart.join(file), text).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    write("values.yaml", "replicas: 1\ntag: 1\n");
    let template = deployment(&place.namespace, "web")
        .replace("replicas: 1", "replicas: {{ .Values.replicas }}")
        .replace("web:1", "web:{{ .Values.tag }}");
    write("templates/web.yaml", &template);
    chart
}

fn helm(place: &Place<'_>, binaries: &Binaries, tool: Tool, args: &[&str]) {
    let home: &Path = &place.directory;
    let mut helm = Command::new(binaries.path(tool).unwrap());
    helm.args(args)
        .args(["--namespace", &place.namespace, "--kubeconfig"])
        .arg(place.stage.cluster.kubeconfig());
    for kind in ["CACHE", "CONFIG", "DATA"] {
        helm.env(format!("HELM_{kind}_HOME"), home.join("helm"));
    }
    let output = helm.output().unwrap();
    assert!(
        output.status.success(),
        "{} {args:?}: {output:?}",
        tool.as_str()
    );
}
