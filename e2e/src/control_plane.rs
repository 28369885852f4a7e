//! A throwaway Kubernetes control plane on loopback, with kubeconfigs, kubectl,
//! faults and its own metrics. It ends with this value, or with this process,
//! however that ends. Must not know golden paths.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    ApiRequests, Binaries, Error, Progress, Result, Samples, Tool, User,
    api_server::ApiServer,
    audit::{self, AuditEvent},
    controllers,
    credentials::{self, ADMIN, Roster},
    home::Home,
    http::Client,
    kinds::Kinds,
    pki,
    process::Process,
    random,
    signal::Intent,
    wait,
};

const TRIES: usize = 5;
/// Discovery lags behind the condition `Established`, more so beside a build.
const SERVED_WITHIN: Duration = Duration::from_secs(60);

/// Parts of a control plane beyond etcd and kube-apiserver.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Runs kube-controller-manager: Deployments get their pods, namespaces are
    /// emptied and deleted, service accounts and owned objects come and go.
    pub controller_manager: bool,
    /// Number of nodes that only seem to exist, and whose pods seem to run (kwok).
    /// Any number above 0 brings kube-scheduler and the controllers with it.
    pub fake_nodes: usize,
    /// Keeps an audit log at level Metadata, see [`ControlPlane::audit_events`].
    pub audit_log: bool,
    /// People who may log in beside the administrator.
    pub users: Vec<User>,
    /// More arguments for kube-apiserver, such as `--feature-gates=…`.
    pub api_server_args: Vec<String>,
}

impl Options {
    /// The tools these options need.
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools = Tool::CONTROL_PLANE.to_vec();
        if self.with_controllers() {
            tools.push(Tool::KubeControllerManager);
        }
        if self.fake_nodes > 0 {
            tools.extend([Tool::KubeScheduler, Tool::Kwok]);
        }
        tools
    }

    pub(crate) const fn with_controllers(&self) -> bool {
        self.controller_manager || self.fake_nodes > 0
    }
}

/// A running control plane.
#[derive(Debug)]
pub struct ControlPlane {
    home: Arc<Home>,
    binaries: Binaries,
    roster: Roster,
    authority: String,
    kubeconfig: PathBuf,
    kinds: Kinds,
    // Before the server: they end first.
    controllers: Vec<Process>,
    server: ApiServer,
}

impl ControlPlane {
    /// Locates or builds what is needed (progress goes to standard error), starts
    /// it and waits until requests are served: 2–3 s once the binaries are there.
    pub fn start(options: &Options) -> Result<Self> {
        let binaries = Binaries::locate_or_build(&options.tools(), |progress: Progress| {
            // Standard error may be closed.
            let _ = writeln!(std::io::stderr(), "{progress}");
        })?;
        Self::start_with(&binaries, options)
    }

    /// As [`ControlPlane::start`], with binaries that were located before.
    pub fn start_with(binaries: &Binaries, options: &Options) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(binaries, options) {
                Err(error) if tries < TRIES && error.is_lost_port() => tries += 1,
                outcome => return outcome,
            }
        }
    }

    fn try_start(binaries: &Binaries, options: &Options) -> Result<Self> {
        let home = Arc::new(Home::create()?);
        Self::start_in(home, random::free_port()?, binaries, options)
    }

    /// Starts it in a directory that exists, on a port of its choice.
    pub(crate) fn start_in(
        home: Arc<Home>,
        port: u16,
        binaries: &Binaries,
        options: &Options,
    ) -> Result<Self> {
        let roster = Roster::with_admin(&options.users)?;
        let authority = pki::write(&home)?;
        home.write("tokens.csv", &roster.token_file())?;
        let client = Client::trusting(&authority, &roster.admin().token)?;
        let server = ApiServer::start(&home, binaries, options, port, client)?;
        let kubeconfig =
            credentials::write_kubeconfig(&home, &server.url, ADMIN, &roster.admin().token)?;
        let mut control_plane = Self {
            home,
            binaries: binaries.clone(),
            roster,
            authority,
            kubeconfig,
            kinds: Kinds::default(),
            controllers: Vec::new(),
            server,
        };
        control_plane.controllers = controllers::start(&control_plane, options)?;
        Ok(control_plane)
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// The administrator's kubeconfig file.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A kubeconfig file for one of [`Options::users`].
    pub fn kubeconfig_for(&self, user: &str) -> Result<PathBuf> {
        let user = self.roster.find(user)?;
        credentials::write_kubeconfig(&self.home, &self.server.url, &user.name, &user.token)
    }

    /// A kubeconfig file for an existing service account, valid for a day: what a
    /// pod of that account may do, and nothing more.
    pub fn kubeconfig_for_service_account(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let token =
            self.kubectl_ok(&["create", "token", "-n", namespace, name, "--duration=24h"])?;
        let user = format!("system:serviceaccount:{namespace}:{name}");
        credentials::write_kubeconfig(&self.home, &self.server.url, &user, token.trim())
    }

    /// `https://127.0.0.1:PORT`.
    pub fn server_url(&self) -> &str {
        &self.server.url
    }

    /// The certificate authority that signed the API server's certificate.
    pub fn ca_pem(&self) -> &str {
        &self.authority
    }

    /// The administrator's bearer token.
    pub fn admin_token(&self) -> &str {
        &self.roster.admin().token
    }

    /// The directory that holds keys, data and logs (`logs/NAME.log`); it goes with the value.
    pub fn data_dir(&self) -> &Path {
        self.home.path()
    }

    /// Paths of the programs of this control plane.
    pub const fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Runs kubectl as the administrator; the caller checks the exit status.
    pub fn kubectl(&self, args: &[&str]) -> Result<Output> {
        self.run_kubectl(&self.kubeconfig, args, "")
    }

    /// Runs kubectl as one of [`Options::users`].
    pub fn kubectl_as(&self, user: &str, args: &[&str]) -> Result<Output> {
        self.run_kubectl(&self.kubeconfig_for(user)?, args, "")
    }

    /// Runs kubectl as the administrator: its standard output, or
    /// [`Error::Kubectl`] with what it wrote to standard error.
    pub fn kubectl_ok(&self, args: &[&str]) -> Result<String> {
        succeeded(args, &self.kubectl(args)?)
    }

    /// An object as it is stored, managed fields included. Cheap enough to poll: `kubectl get`
    /// starts a process and costs some 0.1 s of CPU time.
    ///
    /// `object` is `KIND/NAME`, with any word for the kind that kubectl takes; the namespace
    /// counts for kinds that have one.
    pub fn stored(&self, namespace: &str, object: &str) -> Result<Value> {
        let (kind, name) = object.split_once('/').unwrap_or((object, ""));
        let (server, url) = (&self.server.client, &self.server.url);
        let path = self.kinds.path(server, url, namespace, kind, name)?;
        let body = server.get(&format!("{url}{path}"))?;
        Ok(serde_json::from_str(&body).unwrap_or_default())
    }

    /// Applies manifests (YAML or JSON, any number of documents) as the administrator.
    pub fn apply(&self, manifests: &str) -> Result<String> {
        let args = ["apply", "--server-side", "-f", "-"];
        succeeded(
            &args,
            &self.run_kubectl(&self.kubeconfig, &args, manifests)?,
        )
    }

    /// Applies the statuses of manifests whose objects are there, in the name of this field manager.
    pub fn apply_status(&self, manifests: &str, manager: &str) -> Result<String> {
        let manager = format!("--field-manager={manager}");
        let args = [
            "apply",
            "--server-side",
            "--subresource=status",
            &manager,
            "-f",
            "-",
        ];
        succeeded(
            &args,
            &self.run_kubectl(&self.kubeconfig, &args, manifests)?,
        )
    }

    /// Applies manifests as one of [`Options::users`]; the output has the refusal, if any.
    pub fn apply_as(&self, user: &str, manifests: &str) -> Result<Output> {
        let kubeconfig = self.kubeconfig_for(user)?;
        self.run_kubectl(
            &kubeconfig,
            &["apply", "--server-side", "-f", "-"],
            manifests,
        )
    }

    /// Applies manifests of `CustomResourceDefinition`s and waits until their kinds are served.
    pub fn define<T: AsRef<str>>(&self, definitions: &[T]) -> Result<()> {
        let manifests: Vec<&str> = definitions.iter().map(AsRef::as_ref).collect();
        let apply = ["apply", "--server-side", "-o", "name", "-f", "-"];
        let output = self.run_kubectl(&self.kubeconfig, &apply, &manifests.join("\n---\n"))?;
        let applied = succeeded(&apply, &output)?;
        let objects: Vec<&str> = applied.lines().collect();
        let established = ["wait", "--for=condition=Established", "--timeout=60s"];
        self.kubectl_ok(&[&established, &objects[..]].concat())?;
        let kinds: Vec<&str> = objects
            .iter()
            .filter_map(|object| object.rsplit('/').next())
            .collect();
        let list = ["get", &kinds.join(","), "--all-namespaces"];
        wait::within(SERVED_WITHIN, "the kinds are served", || {
            self.kubectl_ok(&list).ok().map(drop)
        })
    }

    fn run_kubectl(&self, kubeconfig: &Path, args: &[&str], input: &str) -> Result<Output> {
        let failed = |source| Error::Spawn {
            program: "kubectl".to_owned(),
            source,
        };
        let mut child = Command::new(self.binaries.path(Tool::Kubectl)?)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            // The usual cache is keyed by address, and another cluster had this port before.
            .arg("--cache-dir")
            .arg(self.home.path().join("kubectl-cache"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // kubectl may end without reading; its exit status shows it.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output().map_err(failed)
    }

    /// Stops answering without closing connections, as an overloaded server does.
    pub fn pause_api_server(&self) {
        self.server.signal(Intent::Pause);
    }

    /// Goes on after [`ControlPlane::pause_api_server`].
    pub fn resume_api_server(&self) {
        self.server.signal(Intent::Resume);
    }

    /// Kills the API server, as a crash does. Data stays in etcd.
    pub fn stop_api_server(&self) {
        self.server.crash();
    }

    /// Starts a stopped API server on the same port and data, and waits until it is ready.
    pub fn start_api_server(&self) -> Result<()> {
        self.server.resurrect()
    }

    /// Ends the API server the polite way and starts it again, as an upgrade does.
    pub fn restart_api_server(&self) -> Result<()> {
        self.server.end()?;
        self.server.resurrect()
    }

    /// The API server's own metrics.
    pub fn api_server_metrics(&self) -> Result<Samples> {
        let text = self
            .server
            .client
            .get(&format!("{}/metrics", self.server.url))?;
        Ok(Samples::parse(&text))
    }

    /// How many requests of each kind the API server has answered since its
    /// start; take the difference of two to count what happened in between.
    /// The numbers have no user: where others write too, see [`ControlPlane::audit_events`].
    pub fn api_request_totals(&self) -> Result<ApiRequests> {
        Ok(ApiRequests::from_samples(&self.api_server_metrics()?))
    }

    /// Requests with their users, in order; needs [`Options::audit_log`].
    pub fn audit_events(&self) -> Result<Vec<AuditEvent>> {
        audit::read(&self.home.path().join("logs/audit.log"))
    }

    /// Creates a namespace with a name of its own, `PREFIX-RANDOM`, in which pods can be
    /// created at once.
    pub fn create_namespace(&self, prefix: &str) -> Result<String> {
        let name = format!("{prefix}-{}", random::hex(4)?);
        self.kubectl_ok(&["create", "namespace", &name])?;
        if !self.controllers.is_empty() {
            controllers::wait_for_service_account(self, &name)?;
        }
        Ok(name)
    }
}

fn succeeded(args: &[&str], output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Kubectl {
        args: args.join(" "),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fake_nodes_bring_what_moves_their_pods() {
        let options = Options {
            fake_nodes: 1,
            ..Options::default()
        };
        assert!(options.tools().contains(&Tool::KubeControllerManager));
        assert!(options.tools().contains(&Tool::KubeScheduler));
        assert_eq!(Options::default().tools(), Tool::CONTROL_PLANE);
    }

    #[test]
    fn a_control_plane_can_be_shared_between_tests() {
        const fn shared<T: Send + Sync>() {}
        shared::<ControlPlane>();
    }
}
