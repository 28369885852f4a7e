//! The API server's own compiler, as a child process that exchanges JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

/// The API server's result for an expression.
#[derive(Debug, Deserialize)]
pub struct Verdict {
    /// The error when a policy is created.
    pub refused: Option<String>,
    #[serde(rename = "type", default)]
    pub ty: String,
    /// The result on each object.
    #[serde(default)]
    pub values: Vec<Outcome>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Outcome {
    pub value: Option<String>,
    pub error: Option<String>,
    pub over_budget: bool,
}

#[derive(Debug, Deserialize)]
pub struct Answer {
    pub variables: Vec<Verdict>,
    pub expressions: Vec<Verdict>,
}

pub struct Oracle {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub fn start(program: &Path) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the oracle starts");
        Self {
            requests: child.stdin.take().expect("its input is piped"),
            answers: BufReader::new(child.stdout.take().expect("its output is piped")),
            child,
        }
    }

    pub fn ask(
        &mut self,
        variables: &[(String, String)],
        objects: &str,
        expressions: &[String],
    ) -> Answer {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, source)| json!({"name": name, "source": source}))
            .collect();
        let (variables, expressions) = (Value::from(variables), json!(expressions));
        // Send the objects as written: serialized again, `-0` would become `-0.0`.
        let objects = objects.replace('\n', " ");
        writeln!(
            self.requests,
            r#"{{"variables": {variables}, "objects": {objects}, "expressions": {expressions}}}"#
        )
        .expect("the oracle reads");
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the oracle answers");
        serde_json::from_str(&line).expect("the answer is JSON")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
