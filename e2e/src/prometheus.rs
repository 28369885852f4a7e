//! A real Prometheus on loopback, next to the cluster whose operator it scrapes, and queries to it.
//! Uses the one installed on this machine, unless the caller brings another.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{
    ControlPlane, Error, Result,
    monitoring::{self, Recipe, Server},
};

const RECIPE: Recipe = Recipe {
    program: "prometheus",
    binary: None,
    data_flag: "storage.tsdb.path",
    args: &[],
};

/// A running Prometheus. Dropping it kills it.
#[derive(Debug)]
pub struct Prometheus(Server);

impl Prometheus {
    /// Whether it is installed.
    pub fn is_installed() -> bool {
        monitoring::is_installed(RECIPE.program)
    }

    /// Starts it with this configuration (YAML) and waits until it answers.
    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when it ends instead.
    pub fn start(cluster: &ControlPlane, config: &str) -> Result<Self> {
        Server::start(cluster, &RECIPE, config).map(Self)
    }

    /// As [`Prometheus::start`], with the samples of an `OpenMetrics` text as blocks, as if it had scraped
    /// them. Every sample needs a time in seconds, and the last line is `# EOF`.
    pub fn start_with_history(cluster: &ControlPlane, config: &str, samples: &str) -> Result<Self> {
        let recipe = Recipe {
            // Longer than any history: blocks before it are deleted.
            args: &["--storage.tsdb.retention.time=10y"],
            ..RECIPE
        };
        let file = cluster.home().write("history.om", samples)?;
        let blocks = |data: &Path| backfill(&file, data);
        Server::start_with(cluster, &recipe, config, &blocks).map(Self)
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// As [`Prometheus::start`], with a program of the caller's choice: [`crate::Tool::Prometheus`]
    /// can discover by asking Kubernetes, and the one of Debian cannot.
    pub fn start_from(binary: &Path, cluster: &ControlPlane, config: &str) -> Result<Self> {
        let recipe = Recipe {
            binary: Some(binary.to_owned()),
            ..RECIPE
        };
        Server::start(cluster, &recipe, config).map(Self)
    }

    /// `data` of an answer of its API, such as `query` with `[("query", "up")]`. An error of the
    /// question is [`Error::Status`](crate::Error::Status), with the answer of Prometheus.
    pub fn ask(&self, api: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let pairs: Vec<String> = parameters
            .iter()
            .map(|(key, value)| format!("{key}={}", percent_encoded(value)))
            .collect();
        let url = format!("{}/api/v1/{api}?{}", self.0.url, pairs.join("&"));
        let body = self.0.client.get(&url)?;
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

/// Writes blocks into the directory of a Prometheus that does not run yet.
fn backfill(samples: &Path, data: &Path) -> Result<()> {
    let program = "promtool".to_owned();
    let answer = Command::new(&program)
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args(["--max-block-duration=400h"])
        .args([samples, data])
        .output();
    let answer = answer.map_err(|source| Error::Spawn {
        program: program.clone(),
        source,
    })?;
    if answer.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&answer.stderr).into_owned();
    Err(Error::Stopped { program, log })
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
