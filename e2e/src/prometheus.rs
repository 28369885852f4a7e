//! A real Prometheus on loopback, beside the cluster whose operator it scrapes, and questions to
//! it. It is the one installed on this machine: nothing is built or fetched.

use std::{path::Path, process::Command, time::Duration};

use serde_json::Value;

use crate::{
    ControlPlane, Forward, Result,
    http::Client,
    node,
    process::{Process, Program},
    random, wait,
};

const PROGRAM: &str = "prometheus";
const TRIES: usize = 5;
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running Prometheus. Dropping it kills it.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    _reach: Option<Forward>,
    url: String,
    client: Client,
}

impl Prometheus {
    /// Whether it is installed.
    pub fn is_installed() -> bool {
        let version = Command::new(PROGRAM).arg("--version").output();
        version.is_ok_and(|answer| answer.status.success())
    }

    /// Starts it with this configuration (YAML) and waits until it answers.
    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when it ends instead.
    pub fn start(cluster: &ControlPlane, config: &str) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(cluster, config) {
                Err(error) if tries < TRIES && error.is_lost_port() => tries += 1,
                outcome => return outcome,
            }
        }
    }

    fn try_start(cluster: &ControlPlane, config: &str) -> Result<Self> {
        let port = random::free_port()?;
        let name = format!("{PROGRAM}-{port}");
        let home = cluster.home();
        let file = home.write(&format!("{name}.yaml"), config)?;
        let program = Program::new(&name, Path::new(PROGRAM))
            .path_flag("config.file", &file)
            .path_flag("storage.tsdb.path", &home.path().join(&name))
            .args([format!("--web.listen-address=127.0.0.1:{port}")])
            .args(["--log.level=warn"]);
        let mut prometheus = Self {
            process: Process::start(home, &program)?,
            _reach: node::publish(home, port)?,
            url: format!("http://127.0.0.1:{port}"),
            client: Client::plain(),
        };
        wait::within_or_fail(READY_WITHIN, "Prometheus is ready", || {
            prometheus.process.still_runs()?;
            let ready = format!("{}/-/ready", prometheus.url);
            Ok(prometheus.client.is_ok(&ready).then_some(()))
        })?;
        Ok(prometheus)
    }

    /// `data` of an answer of its API, such as `query` with `[("query", "up")]`. An error of the
    /// question is [`Error::Status`](crate::Error::Status), with what Prometheus said.
    pub fn ask(&self, api: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let pairs = parameters.iter();
        let pairs: Vec<String> = pairs
            .map(|(key, value)| format!("{key}={}", percent_encoded(value)))
            .collect();
        let url = format!("{}/api/v1/{api}?{}", self.url, pairs.join("&"));
        let body = self.client.get(&url)?;
        let mut answer: Value = serde_json::from_str(&body).unwrap_or_default();
        Ok(answer["data"].take())
    }

    /// The result of an instant query, now.
    pub fn query(&self, expr: &str) -> Result<Vec<Value>> {
        let mut data = self.ask("query", &[("query", expr)])?;
        Ok(match data["result"].take() {
            Value::Array(series) => series,
            one => vec![one],
        })
    }
}

fn percent_encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_survives_its_way_through_an_address() {
        let encoded = percent_encoded(r#"m{a=~"x+é"} / 2"#);
        assert_eq!(encoded, "m%7Ba%3D~%22x%2B%C3%A9%22%7D%20%2F%202");
    }
}
