//! etcd and kube-apiserver of one throwaway cluster: their command lines, when
//! they are ready, and the faults a test can inflict on the API server.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    Binaries, Options, Result, Tool,
    home::Home,
    http::Client,
    process::{Process, Program},
    signal::Intent,
    wait,
};

/// A start takes 2–3 s; a machine busy with builds may need many times that.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// The API server finishes requests before it ends; watches are cut.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Both sockets live in the home directory, which is the working directory of
/// the two: no other user of the machine can reach this etcd, which has no password.
/// etcd wants a port even in the address of a Unix socket; it is part of the file name.
const ETCD_SOCKET: &str = "unix://etcd:1";
const ETCD_PEER_SOCKET: &str = "unix://peer:1";

const AUDIT_POLICY: &str = r#"{
  "apiVersion": "audit.k8s.io/v1",
  "kind": "Policy",
  "omitStages": ["RequestReceived"],
  "rules": [{"level": "Metadata"}]
}
"#;

/// The running pair. Restarts keep port and data.
#[derive(Debug)]
pub(crate) struct ApiServer {
    home: Arc<Home>,
    program: Program,
    pub(crate) url: String,
    pub(crate) client: Client,
    // None while stopped.
    process: Mutex<Option<Process>>,
    _etcd: Process,
}

impl ApiServer {
    /// Starts both on `port` and waits until requests are served.
    /// [`Error::Stopped`] when the port was taken meanwhile.
    pub(crate) fn start(
        home: &Arc<Home>,
        binaries: &Binaries,
        options: &Options,
        port: u16,
        client: Client,
    ) -> Result<Self> {
        let etcd = Process::start(home, &etcd(binaries)?)?;
        if options.audit_log {
            home.write("audit-policy.json", AUDIT_POLICY)?;
        }
        let program = kube_apiserver(home, binaries.path(Tool::KubeApiserver)?, options, port);
        let server = Self {
            home: Arc::clone(home),
            program,
            url: format!("https://127.0.0.1:{port}"),
            client,
            process: Mutex::new(None),
            _etcd: etcd,
        };
        server.resurrect()?;
        Ok(server)
    }

    /// Starts kube-apiserver if it is stopped, and waits until it is ready.
    pub(crate) fn resurrect(&self) -> Result<()> {
        let mut slot = self.process();
        if slot.is_some() {
            return Ok(());
        }
        let process = slot.insert(Process::start(&self.home, &self.program)?);
        let ready = wait::within_or_fail(READY_WITHIN, "kube-apiserver is ready", || {
            process.still_runs()?;
            Ok(self.is_ready().then_some(()))
        });
        if ready.is_err() {
            *slot = None;
        }
        ready
    }

    /// Ready, and the namespace `default` exists.
    fn is_ready(&self) -> bool {
        self.client.is_ok(&format!("{}/readyz", self.url))
            && self
                .client
                .is_ok(&format!("{}/api/v1/namespaces/default", self.url))
    }

    /// Kills kube-apiserver as a crash would; etcd goes on.
    pub(crate) fn crash(&self) {
        *self.process() = None;
    }

    /// Ends kube-apiserver as an upgrade would; etcd goes on.
    pub(crate) fn end(&self) -> Result<()> {
        match self.process().take() {
            Some(mut process) => process.end(END_WITHIN).map(drop),
            None => Ok(()),
        }
    }

    /// Sends a signal to kube-apiserver; false when it is stopped.
    pub(crate) fn signal(&self, intent: Intent) -> bool {
        self.process()
            .as_ref()
            .is_some_and(|process| process.signal(intent))
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // A panic while holding the lock leaves nothing half done in an Option.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn etcd(binaries: &Binaries) -> Result<Program> {
    let program = Program::new("etcd", binaries.path(Tool::Etcd)?);
    Ok(program.args([
        "--name=goldenpath-e2e".to_owned(),
        "--data-dir=etcd".to_owned(),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        format!("--listen-client-urls={ETCD_SOCKET}"),
        format!("--advertise-client-urls={ETCD_SOCKET}"),
        format!("--listen-peer-urls={ETCD_PEER_SOCKET}"),
        format!("--initial-advertise-peer-urls={ETCD_PEER_SOCKET}"),
        format!("--initial-cluster=goldenpath-e2e={ETCD_PEER_SOCKET}"),
    ]))
}

fn kube_apiserver(home: &Home, binary: &Path, options: &Options, port: u16) -> Program {
    let file = |name: &str| home.path().join(name);
    let mut program = Program::new("kube-apiserver", binary)
        .args([
            &format!("--etcd-servers={ETCD_SOCKET}"),
            &format!("--secure-port={port}"),
            "--bind-address=127.0.0.1",
            "--authorization-mode=RBAC",
            "--allow-privileged",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
        ])
        .path_flag("tls-cert-file", &file("pki/server.crt"))
        .path_flag("tls-private-key-file", &file("pki/server.key"))
        .path_flag("service-account-key-file", &file("pki/sa.pub"))
        .path_flag("service-account-signing-key-file", &file("pki/sa.key"))
        .path_flag("token-auth-file", &file("tokens.csv"));
    if !options.with_controllers() {
        // No controller creates the default service accounts that this plugin requires.
        program = program.args(["--disable-admission-plugins=ServiceAccount"]);
    }
    if options.audit_log {
        program = program
            .path_flag("audit-policy-file", &file("audit-policy.json"))
            .path_flag("audit-log-path", &file("logs/audit.log"))
            // In one file, whatever its size (in MB).
            .args(["--audit-log-maxsize=100000"]);
    }
    program.args(options.api_server_args.iter())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, sync::Arc};

    use super::*;
    use crate::{credentials::Roster, pki};

    #[test]
    fn a_port_lost_to_somebody_else_is_recognised() {
        let options = Options::default();
        let (binaries, missing) = Binaries::search(&options.tools()).unwrap();
        if !missing.is_empty() {
            return; // The tests that need a control plane print `skipped`.
        }
        let home = Arc::new(Home::create().unwrap());
        let client = Client::trusting(&pki::write(&home).unwrap(), "none").unwrap();
        let roster = Roster::with_admin(&[]).unwrap();
        home.write("tokens.csv", &roster.token_file()).unwrap();
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = somebody.local_addr().unwrap().port();
        let error = ApiServer::start(&home, &binaries, &options, port, client).unwrap_err();
        assert!(error.is_lost_port(), "{error}");
    }
}
