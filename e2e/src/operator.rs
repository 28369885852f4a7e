//! Running the operator under test as its users do: a process of its own with a
//! kubeconfig, observed through its log and its HTTP endpoints. It dies with the
//! test, also when the test is killed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use crate::{
    ControlPlane, Error, Forward, Result, Samples,
    http::Client,
    logs, node,
    process::{Process, Program},
    random,
    signal::Intent,
    wait,
};

const TRIES: usize = 5;
/// From start to the first answer, on a machine that may be busy with builds.
const LISTENS_WITHIN: Duration = Duration::from_secs(60);

/// How to run an operator.
#[derive(Clone, Debug, Default)]
pub struct OperatorOptions {
    /// For example `env!("CARGO_BIN_EXE_goldenpath")`.
    pub binary: PathBuf,
    /// `--listen 127.0.0.1:PORT` is added to them, with a free port.
    pub args: Vec<String>,
    /// Added to the environment; `KUBECONFIG` is set already.
    pub env: Vec<(String, String)>,
    /// Credentials of the operator; the administrator's when absent.
    pub kubeconfig: Option<PathBuf>,
}

/// A running operator. Dropping it kills it.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    _reach: Option<Forward>,
    url: String,
    client: Client,
}

impl Operator {
    /// Starts the operator and waits until it answers HTTP at all, ready or not.
    /// [`Error::Stopped`], with the end of its log, when it ends instead.
    pub fn start(cluster: &ControlPlane, options: &OperatorOptions) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(cluster, options) {
                Err(error) if tries < TRIES && error.is_lost_port() => tries += 1,
                outcome => return outcome,
            }
        }
    }

    fn try_start(cluster: &ControlPlane, options: &OperatorOptions) -> Result<Self> {
        let port = random::free_port()?;
        let address = format!("127.0.0.1:{port}");
        let kubeconfig = options
            .kubeconfig
            .as_deref()
            .unwrap_or_else(|| cluster.kubeconfig());
        let mut program = Program::new(&format!("operator-{port}"), &options.binary)
            .args(options.args.iter())
            .args(["--listen", &address]);
        program.env = vec![("KUBECONFIG".to_owned(), kubeconfig.into())];
        let more = options.env.iter();
        program
            .env
            .extend(more.map(|(key, value)| (key.clone(), value.into())));
        let mut operator = Self {
            process: Process::start(cluster.home(), &program)?,
            _reach: node::publish(cluster.home(), port)?,
            url: format!("http://{address}"),
            client: Client::plain(),
        };
        wait::within_or_fail(LISTENS_WITHIN, "the operator listens", || {
            operator.process.still_runs()?;
            Ok(operator.get("/livez").is_ok().then_some(()))
        })?;
        Ok(operator)
    }

    /// Waits until `/readyz` answers 200; fails at once when the operator ends.
    pub fn wait_until_ready(&mut self, deadline: Duration) -> Result<()> {
        wait::within_or_fail(deadline, "the operator is ready", || {
            self.process.still_runs()?;
            Ok(self.is_ready().then_some(()))
        })
    }

    /// Whether `/readyz` answers 200 now.
    pub fn is_ready(&self) -> bool {
        self.client.is_ok(&format!("{}/readyz", self.url))
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Status and body of a page; an error only when there was no answer.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        let answer = self.client.ask(&format!("{}{path}", self.url))?;
        Ok((answer.status, answer.body))
    }

    /// Scrapes `/metrics`.
    pub fn scrape(&self) -> Result<Samples> {
        let text = self.client.get(&format!("{}/metrics", self.url))?;
        Ok(Samples::parse(&text))
    }

    /// Everything it has written to standard output and standard error.
    pub fn log(&self) -> Result<String> {
        let log = self.process.log();
        let bytes = fs::read(&log).map_err(Error::file("read", log))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The file behind [`Operator::log`].
    pub fn log_file(&self) -> PathBuf {
        self.process.log()
    }

    /// The process id, to measure memory and CPU time by.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it without ending it, as a machine that hangs would.
    pub fn pause(&self) {
        self.process.signal(Intent::Pause);
    }

    /// Goes on after [`Operator::pause`].
    pub fn resume(&self) {
        self.process.signal(Intent::Resume);
    }

    /// Asks it to end (SIGTERM); past the deadline it is killed and that is an error.
    pub fn stop(mut self, deadline: Duration) -> Result<ExitStatus> {
        self.process.end(deadline)
    }
}

impl Drop for Operator {
    /// A failed test prints the end of the operator's log, which goes with the cluster.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "end of the operator's log:\n{}",
                logs::tail(&self.log_file())
            );
        }
    }
}

impl OperatorOptions {
    /// Runs `binary` with these arguments as the administrator.
    pub fn new(binary: impl AsRef<Path>, args: &[&str]) -> Self {
        Self {
            binary: binary.as_ref().to_owned(),
            args: args.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}
