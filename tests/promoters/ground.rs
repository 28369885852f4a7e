//! The cluster with both controllers and their definitions, and the operators that follow them with the rights
//! of the account that the chart creates.

use std::fs;
use std::path::PathBuf;

use goldenpath_e2e::{
    Binaries, Companion, ControlPlane, Operator, Options, Tool, binaries_or_skip, eventually,
    free_port, published_directory,
};

use crate::scene::{SOON, Scene, stop};
use crate::{account, suite};

pub const TOKEN: &str = "s3cret-token";
const FLAGGER: Tool = Tool::Flagger;
const ARGO: Tool = Tool::RolloutsController;
const RIGHTS: &str = "delivery.enabled=true,delivery.flagger=true,\
    judging.extraKinds={rollouts.argoproj.io/v1alpha1}";

pub struct Ground {
    pub cluster: ControlPlane,
    binaries: Binaries,
    account: PathBuf,
}

impl Ground {
    /// None, after a line `skipped: …`, where the programs cannot be had.
    pub fn start() -> Option<Self> {
        let binaries = binaries_or_skip(&[FLAGGER, ARGO])?;
        let options = Options {
            fake_nodes: 1,
            ..Options::default()
        };
        let cluster = suite::control_plane(&options)?;
        let account = account::account(&cluster, RIGHTS)?;
        Some(Self {
            cluster,
            binaries,
            account,
        })
    }

    /// Defines the kinds of both controllers, and starts these.
    pub fn controllers(&self) -> [Companion; 2] {
        let kinds = [
            "rollout",
            "experiment",
            "analysis-run",
            "analysis-template",
            "cluster-analysis-template",
        ];
        let kinds = kinds.map(|kind| published(ARGO, &format!("manifests/crds/{kind}-crd.yaml")));
        self.cluster.define(&kinds).unwrap();
        let canaries = published(FLAGGER, "artifacts/flagger/crd.yaml");
        self.cluster.define(&[canaries]).unwrap();
        let kubeconfig = self.cluster.kubeconfig().display().to_string();
        let port = || free_port().unwrap();
        let flagger = [
            format!("-kubeconfig={kubeconfig}"),
            format!("-port={}", port()),
            "-mesh-provider=kubernetes".to_owned(),
            "-control-loop-interval=1s".to_owned(),
            // Nothing is measured: a webhook decides.
            "-metrics-server=http://127.0.0.1:1".to_owned(),
        ];
        let argo = [
            format!("--kubeconfig={kubeconfig}"),
            format!("--metricsport={}", port()),
            format!("--healthzPort={}", port()),
            "--leader-elect=false".to_owned(),
        ];
        [(FLAGGER, &flagger[..]), (ARGO, &argo[..])].map(|(tool, args)| {
            let binary = self.binaries.path(tool).unwrap();
            Companion::start(&self.cluster, binary, args, &[]).unwrap()
        })
    }

    /// An operator that follows kinds which the cluster does not serve records all others, and says so.
    pub fn the_kinds_may_be_missing(&self) {
        let scene = Scene {
            namespace: self.cluster.create_namespace("plain").unwrap(),
            cluster: &self.cluster,
        };
        let operators = Operators::start(self);
        let plain = suite::deployment(&scene.namespace, "plain");
        self.cluster.apply(&plain).unwrap();
        scene.is_available("deployment-plain");
        let waiting = operators.operator.scrape().unwrap();
        let labels = [("kind", "Canary"), ("reason", "NotFound")];
        let waiting = waiting.value("goldenpath_kind_waiting", &labels);
        assert_eq!(waiting, Some(1.0));
        operators.stop();
    }
}

/// A file of the sources of a controller.
fn published(tool: Tool, file: &str) -> String {
    let sources = published_directory(&tool.pinned()).unwrap();
    fs::read_to_string(sources.join(file)).unwrap()
}

/// The operator that runs, and how the next one is started.
pub struct Operators<'a> {
    ground: &'a Ground,
    operator: Operator,
    pub events: u16,
}

impl<'a> Operators<'a> {
    pub fn start(ground: &'a Ground) -> Self {
        let token = ground.cluster.data_dir().join("events-token");
        fs::write(&token, TOKEN).unwrap();
        let events = free_port().unwrap();
        let args = [
            "--delivery".to_owned(),
            "--flagger".to_owned(),
            "--extra-kind=rollouts.argoproj.io/v1alpha1".to_owned(),
            format!("--lease-namespace={}", account::NAMESPACE),
            format!("--events-listen=127.0.0.1:{events}"),
            format!("--events-token-file={}", token.display()),
        ];
        let mut options = suite::operator_options(&args.each_ref().map(String::as_str));
        options.kubeconfig = Some(ground.account.clone());
        let mut operator = Operator::start(&ground.cluster, &options).unwrap();
        operator.wait_until_ready(SOON).unwrap();
        Self {
            ground,
            operator,
            events,
        }
    }

    pub fn restart(self) -> Self {
        let ground = self.ground;
        self.stop();
        Self::start(ground)
    }

    pub fn lead(&self) {
        eventually(SOON, "the operator leads", || {
            suite::leads(&self.operator).then_some(())
        });
        suite::let_it_renew(&self.ground.cluster, &self.operator, 3);
    }

    pub fn stop(self) {
        stop(self.operator);
    }
}
