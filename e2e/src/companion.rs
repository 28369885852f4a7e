//! Any program beside a control plane, such as one that a measurement is compared with: started with
//! its kubeconfig, its output in a log file, killed when dropped. Must not know the program.

use std::{path::PathBuf, time::Duration};

use crate::{
    ControlPlane, Result,
    http::Client,
    process::{Process, Program},
};

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Companion {
    process: Process,
    client: Client,
}

impl Companion {
    /// Starts a program as the administrator (`KUBECONFIG`), with more of its environment.
    pub fn start(
        cluster: &ControlPlane,
        binary: impl Into<PathBuf>,
        args: &[String],
        env: &[(&str, &str)],
    ) -> Result<Self> {
        let binary = binary.into();
        let name = binary.file_name().unwrap_or_default().to_string_lossy();
        let mut program = Program::new(&name, &binary).args(args);
        program.env = vec![("KUBECONFIG".to_owned(), cluster.kubeconfig().into())];
        let more = env
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()));
        program.env.extend(more);
        Ok(Self {
            process: Process::start(cluster.home(), &program)?,
            client: Client::plain(),
        })
    }

    /// The body of a page that answers 200 within `timeout`; any other status is an error.
    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when the program ended.
    pub fn get(&mut self, url: &str, timeout: Duration) -> Result<String> {
        self.process.still_runs()?;
        self.client.get_within(timeout, url)
    }

    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when the program ended.
    pub fn still_runs(&mut self) -> Result<()> {
        self.process.still_runs()
    }

    /// The process id, to measure memory and CPU time by.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}
