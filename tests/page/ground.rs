//! A real API server with the examples, and the operator with its page. It must not know what the browser
//! does there.

use std::fs;
use std::path::Path;
use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Operator, Options, Tool, eventually};

use crate::deliveries;
use crate::suite::{as_of_today, control_plane, operator_options};

pub const SOON: Duration = Duration::from_secs(60);
/// Examples, in the order in which they are applied.
const EXAMPLES: [&str; 3] = [
    "examples/paths",
    "examples/workloads",
    "examples/exceptions",
];
/// Applied once there are rollouts, so that the first measurement has data.
const OBJECTIVES: &str = "examples/objectives";
/// Items and personas of the example paths.
const ROADMAP: &str = include_str!("../../docs/roadmap-example.yaml");
/// Waves with a quarter between them that was not asked, and one of other questions.
const SURVEYS: &str = include_str!("../fixtures/surveys/waves.yaml");
/// The example that is applied last, as the page lists it.
const LAST: &str = "payouts-single-replica";

pub struct Ground {
    cluster: ControlPlane,
    operator: Operator,
}

impl Ground {
    pub fn or_skip() -> Option<Self> {
        let cluster = control_plane(&Options::default())?;
        let operator = Operator::start(
            &cluster,
            &operator_options(&["--delivery=on", "--measure-every=1s"]),
        )
        .unwrap();
        for directory in EXAMPLES {
            apply(&cluster, &as_of_today(directory));
        }
        for goals in [SURVEYS, ROADMAP] {
            cluster.apply(goals).unwrap();
        }
        let ground = Self { cluster, operator };
        eventually(SOON, "the page shows the examples", || {
            let (status, text) = ground.operator.get("/exceptions").ok()?;
            (status == 200 && text.contains(LAST)).then_some(())
        });
        deliveries::record(&ground.cluster, &ground.operator);
        apply(&ground.cluster, &as_of_today(OBJECTIVES));
        eventually(SOON, "the page shows measured key results", || {
            let (status, text) = ground.operator.get("/objectives").ok()?;
            (status == 200 && text.contains("guardrail") && !text.contains("no data")).then_some(())
        });
        Some(ground)
    }

    pub fn url(&self) -> &str {
        self.operator.url()
    }

    pub fn kubectl(&self) -> &Path {
        self.cluster.binaries().path(Tool::Kubectl).unwrap()
    }

    pub fn kubeconfig(&self) -> &Path {
        self.cluster.kubeconfig()
    }
}

/// Applies a directory; again while a namespace is not there yet.
fn apply(cluster: &ControlPlane, directory: &Path) {
    let files = fs::read_dir(directory).unwrap();
    let texts: Vec<String> = files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let text = texts.join("\n---\n");
    eventually(SOON, "the examples are applied", || {
        cluster.apply(&text).ok()
    });
}
