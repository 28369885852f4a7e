//! Policies that report values: every validation fails, and its message has the value of an
//! expression. If the expression fails, the server uses the plain message.

use serde_json::{Value, json};

use crate::server::Server;
use crate::{rendering, variables};

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

/// A few expressions with their policy, binding and namespace.
pub struct Batch {
    pub name: String,
    pub expressions: Vec<&'static str>,
}

/// The text of the value, none for an error; the outer none for a missing warning.
type Answers = Vec<Option<Option<String>>>;

impl Batch {
    pub fn create(server: &Server, name: &str, expressions: &[&'static str]) -> Self {
        let validations = expressions.iter().enumerate().map(|(at, expression)| {
            let shown = format!("'{at}=' + {}", rendering(expression));
            json!({"expression": "false", "messageExpression": shown, "message": format!("{at}!")})
        });
        let mut policy = policy(name);
        policy["spec"]["validations"] = validations.collect();
        let namespace = json!({"metadata": {"name": name, "labels": {"team": "shop"}}});
        server.create("/api/v1/namespaces", &namespace);
        server.create(POLICIES, &policy);
        server.create(BINDINGS, &binding(name));
        Self {
            name: name.to_owned(),
            expressions: expressions.to_vec(),
        }
    }

    /// Creates the object in a dry run. Returns the object with the server's defaults, and the values.
    pub fn ask(&self, server: &Server, object: &Value) -> (Value, Answers) {
        let path = match object["kind"].as_str() {
            Some("CronJob") => "/apis/batch/v1/namespaces/{}/cronjobs",
            Some("StatefulSet") => "/apis/apps/v1/namespaces/{}/statefulsets",
            Some("DaemonSet") => "/apis/apps/v1/namespaces/{}/daemonsets",
            _ => "/apis/apps/v1/namespaces/{}/deployments",
        };
        let path = path.replace("{}", &self.name) + "?dryRun=All";
        let answer = server.post(&path, object);
        assert_eq!(answer.status, 201, "{}", answer.body["message"]);
        let mut answers = vec![None; self.expressions.len()];
        for warning in &answer.warnings {
            if let Some((at, shown)) = reading(warning) {
                answers[at] = Some(shown);
            }
        }
        (answer.body, answers)
    }
}

/// The position and the value in a warning.
fn reading(warning: &str) -> Option<(usize, Option<String>)> {
    let (_, message) = warning.split_once("with binding '")?.1.split_once("': ")?;
    let digits = message.find(|c: char| !c.is_ascii_digit())?;
    let at = message[..digits].parse().ok()?;
    match message[digits..].strip_prefix('=') {
        Some(shown) => Some((at, Some(shown.to_owned()))),
        None => Some((at, None)),
    }
}

fn policy(name: &str) -> Value {
    let variables: Vec<Value> = variables()
        .iter()
        .map(|(name, expression)| json!({"name": name, "expression": expression}))
        .collect();
    json!({
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
                "resourceRules": [{
                    "apiGroups": ["apps", "batch"],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["deployments", "statefulsets", "daemonsets", "cronjobs"],
                }],
            },
            "variables": variables,
        },
    })
}

fn binding(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Warn"]},
    })
}

/// Whether the server accepts an expression: as a variable, or for the use that its line names.
pub fn accepts(server: &Server, line: &str) -> bool {
    let mut policy = policy("compiles");
    let validation = match line.split_once(": ") {
        Some(("bool", expression)) => json!({"expression": expression}),
        Some(("string", expression)) => {
            json!({"expression": "true", "messageExpression": expression})
        }
        _ => {
            if let Some(variables) = policy["spec"]["variables"].as_array_mut() {
                variables.push(json!({"name": "asked", "expression": line}));
            }
            json!({"expression": "true"})
        }
    };
    policy["spec"]["validations"] = json!([validation]);
    let answer = server.post(&format!("{POLICIES}?dryRun=All"), &policy);
    assert!(
        [201, 422].contains(&answer.status),
        "{line}: {}",
        answer.body
    );
    answer.status == 201
}
