//! A monitoring program installed on this machine, started on loopback next to the cluster it
//! serves: one configuration file, one directory, one port, one readiness page. Must not know its
//! queries.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    ControlPlane, Forward, Result,
    http::Client,
    node,
    process::{Process, Program},
    random, wait,
};

const TRIES: usize = 5;
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How one such program is started.
pub(crate) struct Recipe {
    /// The name it is installed under.
    pub(crate) program: &'static str,
    /// Where it is; as it is installed where absent.
    pub(crate) binary: Option<PathBuf>,
    /// The flag that names the directory for its data.
    pub(crate) data_flag: &'static str,
    /// Further arguments.
    pub(crate) args: &'static [&'static str],
}

/// A running one. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    _reach: Option<Forward>,
    /// Where it answers, for this process and beside the cluster alike.
    pub(crate) url: String,
    pub(crate) client: Client,
}

/// Whether a program is installed.
pub(crate) fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|answer| answer.status.success())
}

impl Server {
    /// Starts it with this configuration (YAML) and waits until it answers.
    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when it ends instead.
    pub(crate) fn start(cluster: &ControlPlane, recipe: &Recipe, config: &str) -> Result<Self> {
        Self::start_with(cluster, recipe, config, &|_| Ok(()))
    }

    /// As [`Server::start`], after `prepare` filled the directory for its data.
    pub(crate) fn start_with(
        cluster: &ControlPlane,
        recipe: &Recipe,
        config: &str,
        prepare: &dyn Fn(&Path) -> Result<()>,
    ) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(cluster, recipe, config, prepare) {
                Err(error) if tries < TRIES && error.is_lost_port() => tries += 1,
                outcome => return outcome,
            }
        }
    }

    fn try_start(
        cluster: &ControlPlane,
        recipe: &Recipe,
        config: &str,
        prepare: &dyn Fn(&Path) -> Result<()>,
    ) -> Result<Self> {
        let port = random::free_port()?;
        let name = format!("{}-{port}", recipe.program);
        let home = cluster.home();
        let file = home.write(&format!("{name}.yaml"), config)?;
        let binary = recipe
            .binary
            .as_deref()
            .unwrap_or_else(|| Path::new(recipe.program));
        let data = home.path().join(&name);
        prepare(&data)?;
        let program = Program::new(&name, binary)
            .path_flag("config.file", &file)
            .path_flag(recipe.data_flag, &data)
            .args([format!("--web.listen-address=127.0.0.1:{port}")])
            .args(["--log.level=warn"])
            .args(recipe.args);
        let mut server = Self {
            process: Process::start(home, &program)?,
            _reach: node::publish(home, port)?,
            url: format!("http://127.0.0.1:{port}"),
            client: Client::plain(),
        };
        let what = format!("{} is ready", recipe.program);
        wait::within_or_fail(READY_WITHIN, &what, || {
            server.process.still_runs()?;
            let ready = format!("{}/-/ready", server.url);
            Ok(server.client.is_ok(&ready).then_some(()))
        })?;
        Ok(server)
    }
}
