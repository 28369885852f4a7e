//! Shared setup: one control plane with one operator, used by most tests, each in its own namespace
//! and with its own golden path; and control planes for tests that start and stop operators. A test
//! without a control plane prints one line and is skipped.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use goldenpath::api::keys;
use goldenpath_e2e::{ControlPlane, Operator, Options, Samples, eventually};
use serde_json::Value;

use crate::suite::{self, control_plane, operator_options};

/// For everything that is to happen soon.
pub const SOON: Duration = Duration::from_secs(30);

/// A control plane with an operator on it.
pub struct Stage {
    pub cluster: ControlPlane,
    pub operator: Operator,
}

static SHARED: LazyLock<Option<Stage>> = LazyLock::new(|| {
    let cluster = control_plane(&Options::default())?;
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    Some(Stage { cluster, operator })
});

/// The body of a test that shares the cluster and its operator; `name` begins the name of the
/// namespace it gets.
pub fn in_a_place(name: &str, body: impl FnOnce(&Place<'_>)) {
    let Some(stage) = SHARED.as_ref() else { return };
    let name = stage.cluster.create_namespace(name).unwrap();
    body(&Place {
        cluster: &stage.cluster,
        operator: Some(&stage.operator),
        name,
    });
}

/// Starts an operator as the administrator.
pub fn start(cluster: &ControlPlane, args: &[&str]) -> Operator {
    Operator::start(cluster, &operator_options(args)).unwrap()
}

/// Asks an operator to end and expects that it does so in good order.
pub fn stop(operator: Operator) {
    let status = operator.stop(SOON).unwrap();
    assert!(status.success(), "{status}");
}

/// Runs a command of ours against the cluster: its standard output; it has to end with 0.
pub fn goldenpath(cluster: &ControlPlane, args: &[&str]) -> String {
    let output = suite::goldenpath(cluster.kubeconfig(), args)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "goldenpath {}: {printed}",
        args.join(" ")
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A namespace, and a golden path of the same name that is for this namespace only.
pub struct Place<'a> {
    pub cluster: &'a ControlPlane,
    operator: Option<&'a Operator>,
    pub name: String,
}

/// Our labels on an object.
pub type Labels = BTreeMap<String, String>;

impl<'a> Place<'a> {
    /// A place on a control plane of one's own, where operators come and go.
    pub fn on(cluster: &'a ControlPlane, name: &str) -> Self {
        Self {
            cluster,
            operator: None,
            name: cluster.create_namespace(name).unwrap(),
        }
    }

    /// Applies a manifest in which PLACE stands for the name of the namespace and of the path.
    pub fn apply(&self, manifest: &str) {
        let manifest = manifest.replace("PLACE", &self.name);
        self.cluster.apply(&manifest).unwrap();
    }

    /// The API server's message for a manifest it refuses.
    pub fn refusal(&self, manifest: &str) -> String {
        let manifest = manifest.replace("PLACE", &self.name);
        let refused = self.cluster.apply(&manifest).unwrap_err();
        refused.to_string()
    }

    /// kubectl in this namespace.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let args = [&["-n", &self.name], args].concat();
        self.cluster.kubectl_ok(&args).unwrap()
    }

    /// An object as it is stored now.
    pub fn get(&self, object: &str) -> Value {
        self.cluster.stored(&self.name, object).unwrap()
    }

    /// Our labels on an object now.
    pub fn labels(&self, object: &str) -> Labels {
        own_labels(&self.get(object))
    }

    /// Waits until our labels are exactly these.
    pub fn becomes(&self, object: &str, status: &str, deviation: Option<&str>) {
        let what = format!("{object} is {status} {}", deviation.unwrap_or_default());
        self.becomes_within(SOON, (object, &what), |labels| {
            labels.get(keys::STATUS).is_some_and(|is| is == status)
                && labels.get(keys::DEVIATION).map(String::as_str) == deviation
        });
    }

    /// Waits until our labels of an object are as asked for.
    pub fn becomes_within(
        &self,
        deadline: Duration,
        (object, what): (&str, &str),
        holds: impl Fn(&Labels) -> bool,
    ) {
        eventually(deadline, what, || holds(&self.labels(object)).then_some(()));
    }

    /// The shared operator's `/metrics` now.
    pub fn scrape(&self) -> Samples {
        self.operator.unwrap().scrape().unwrap()
    }

    /// A condition of an object, once it has the given status.
    pub fn condition(&self, object: &str, kind: &str, status: &str) -> Value {
        let what = format!("{object} has {kind}={status}");
        eventually(SOON, &what, || {
            let stored = self.get(object);
            let conditions = stored["status"]["conditions"].as_array()?.clone();
            let found = conditions
                .into_iter()
                .find(|condition| condition["type"] == kind)?;
            (found["status"] == status).then_some(found)
        })
    }
}

/// Our labels of a stored object.
pub fn own_labels(object: &Value) -> Labels {
    let labels = object["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flatten();
    let own = labels.filter(|(key, _)| keys::OWN_LABELS.contains(&key.as_str()));
    own.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}
