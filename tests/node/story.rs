//! Shared setup of the story: a real node with the operator's image, and the user's programs: Helm,
//! kubectl and `goldenpath`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use goldenpath_e2e::{
    AuditEvent, Binaries, ControlPlane, Node, Options, Tool, build_operator_image, node_or_skip,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::figures::figure;
use crate::{requests, suite};

/// For everything that is to happen soon, on a machine that may be busy.
pub const SOON: Duration = Duration::from_secs(120);
pub const NAMESPACE: &str = "goldenpath-system";
/// Who the operator is for the API server.
pub const ACCOUNT: &str = "system:serviceaccount:goldenpath-system:goldenpath";
/// As the README's commands name it.
const IMAGE: &str = "registry.example.com/goldenpath:dev";

/// The release's but for the optimisation across crates, which takes most of its build.
const PROFILE: &str = "node-test";

/// Which Helm is called `helm`.
#[derive(Clone, Copy, Debug)]
pub enum Helm {
    Three,
    Four,
}

impl Helm {
    const fn tool(self) -> Tool {
        match self {
            Self::Three => Tool::Helm3,
            Self::Four => Tool::Helm,
        }
    }

    const fn directory(self) -> &'static str {
        match self {
            Self::Three => "bin-helm-3",
            Self::Four => "bin-helm-4",
        }
    }
}

pub struct Story {
    pub node: Node,
}

impl Story {
    /// Builds the image, starts a node and gives it the image. None, after a line `skipped: …`,
    /// where this machine can have no node.
    pub fn or_skip() -> Option<Self> {
        let node = node_or_skip(&Options {
            audit_log: true,
            ..Options::default()
        })?;
        let story = Self { node };
        for helm in [Helm::Three, Helm::Four] {
            story.put_programs(helm);
        }
        story.bring_the_image();
        Some(story)
    }

    pub const fn cluster(&self) -> &ControlPlane {
        self.node.cluster()
    }

    /// A file that goes with the cluster.
    pub fn file(&self, name: &str) -> PathBuf {
        self.cluster().data_dir().join(name)
    }

    /// A directory with what a user has installed.
    fn put_programs(&self, helm: Helm) {
        let directory = self.file(helm.directory());
        fs::create_dir(&directory).unwrap();
        let binaries = Binaries::locate_or_build(&[helm.tool(), Tool::Kubectl], |_| {}).unwrap();
        let own = Path::new(env!("CARGO_BIN_EXE_goldenpath"));
        for (name, program) in [
            ("helm", binaries.path(helm.tool()).unwrap()),
            ("kubectl", binaries.path(Tool::Kubectl).unwrap()),
            ("goldenpath", own),
            ("kubectl-goldenpath", own),
        ] {
            symlink(program, directory.join(name)).unwrap();
        }
    }

    fn bring_the_image(&self) {
        let archive = self.file("goldenpath.tar");
        let began = Instant::now();
        let image = build_operator_image(root(), PROFILE, IMAGE, &archive).unwrap();
        figure("image built in", format!("{} s", began.elapsed().as_secs()));
        figure("image digest", &image.digest);
        figure(
            "image to download",
            format!("{} kB", image.download_size / 1_000),
        );
        assert!(image.download_size < 12_000_000, "{}", image.download_size);
        self.node.import_image(&archive).unwrap();
    }

    /// Runs shell commands as a user would type them at the top of the repository; each has to
    /// succeed. What they wrote to standard output.
    #[track_caller]
    pub fn type_in(&self, helm: Helm, commands: &str) -> String {
        let printed = self.try_to_type_in(helm, commands);
        printed.unwrap_or_else(|error| panic!("{commands}\n{error}"))
    }

    /// As [`Story::type_in`]; what they wrote to standard error where one fails.
    pub fn try_to_type_in(&self, helm: Helm, commands: &str) -> Result<String, String> {
        let programs = self.file(helm.directory());
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-ec", commands])
            .current_dir(root())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("KUBECONFIG", self.cluster().kubeconfig())
            .env("KUBECACHEDIR", self.file("kubectl-cache"))
            .env("HELM_CACHE_HOME", self.file("helm-cache"))
            .env("HELM_CONFIG_HOME", self.file("helm-config"))
            .env("HELM_DATA_HOME", self.file("helm-data"))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    /// Changes values of the release, those before stay.
    pub fn upgrade(&self, values: &[&str]) {
        let upgrade = "helm upgrade goldenpath charts/goldenpath --reuse-values --wait";
        let mut command = format!("{upgrade} --namespace {NAMESPACE}");
        for value in values {
            let _ = write!(command, " --set '{value}'");
        }
        self.type_in(Helm::Four, &command);
    }

    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.cluster().kubectl_ok(args).unwrap()
    }

    /// An object, or a list of them, as it is stored.
    #[track_caller]
    pub fn get(&self, what: &[&str]) -> Value {
        let args = [&["get", "-o=json", "--show-managed-fields"], what].concat();
        serde_json::from_str(&self.kubectl(&args)).unwrap()
    }

    /// Applies a file or all files of a directory, as this repository has them; examples as of
    /// today.
    pub fn apply_file(&self, path: &str) {
        let path = if path.starts_with("examples/") {
            suite::as_of_today(path)
        } else {
            root().join(path)
        };
        self.kubectl(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
    }

    /// What the operator's pods have asked the API server so far, in order.
    pub fn requests(&self) -> Vec<AuditEvent> {
        let mut events = self.cluster().audit_events().unwrap();
        events.retain(|event| event.user == ACCOUNT);
        events.sort_by(|a, b| a.received_at.cmp(&b.received_at));
        events
    }

    /// As [`Story::requests`], those that came after an instant: a watch is on record when it ends
    /// and is listed where it began, so counting them does not find the new ones.
    pub fn requests_since(&self, instant: Timestamp) -> Vec<AuditEvent> {
        let mut events = self.requests();
        events.retain(|event| requests::received(event) > instant);
        events
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One line that CI counts. Not `eprintln!`: the test runner would swallow it.
pub fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
