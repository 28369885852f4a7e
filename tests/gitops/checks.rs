//! The health checks of `examples/argocd` and `examples/flux`, and what they say about an object. It must not
//! know what is right.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use goldenpath_cel::{Env, Evaluation, Program};
use goldenpath_e2e::{Tool, binaries_or_skip};
use serde_json::{Value, json};

/// What each controller makes of an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Health {
    pub argo: String,
    pub argo_message: String,
    pub kstatus: String,
    pub flux: &'static str,
}

/// The kinds with a health check.
pub const KINDS: [&str; 6] = [
    "GoldenPath",
    "DeviationException",
    "PlatformObjective",
    "DeveloperSurvey",
    "RoadmapItem",
    "Persona",
];

fn example(file: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(file);
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The Lua in argocd-cm for a kind of ours.
pub fn script(kind: &str) -> String {
    let key = format!("resource.customizations.health.goldenpath.dev_{kind}");
    let config = example("argocd/argocd-cm.yaml");
    config["data"][&key].as_str().unwrap().to_owned()
}

/// The expressions of Flux for a kind of ours: failed and current, in the order they are asked.
pub fn expressions(kind: &str) -> [String; 2] {
    let kustomization = example("flux/paths.yaml");
    let checks = kustomization["spec"]["healthCheckExprs"]
        .as_array()
        .unwrap();
    let check = checks.iter().find(|check| check["kind"] == kind).unwrap();
    assert_eq!(check["apiVersion"], "goldenpath.dev/v1alpha1");
    ["failed", "current"].map(|field| check[field].as_str().unwrap().to_owned())
}

/// What the controllers make of these objects; none, after a line `skipped: …`, where Argo CD's Lua cannot be had.
pub fn healths(objects: &[Value]) -> Option<Vec<Health>> {
    let binaries = binaries_or_skip(&[Tool::HealthVerdict])?;
    let mut verdict = Command::new(binaries.path(Tool::HealthVerdict).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = verdict.stdin.take().unwrap();
    let mut requests = String::new();
    for object in objects {
        let script = script(object["kind"].as_str().unwrap());
        requests += &json!({"script": script, "object": object}).to_string();
        requests.push('\n');
    }
    // The answers are read meanwhile, or both sides would wait.
    let writer = std::thread::spawn(move || input.write_all(requests.as_bytes()).unwrap());
    let output = verdict.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), objects.len());
    let healths = objects.iter().zip(answers).map(|(object, answer)| {
        let text = |who: &str, field: &str| {
            let error = &answer[who]["error"];
            assert!(error.is_null(), "{error}: {object:#}");
            answer[who][field].as_str().unwrap_or_default().to_owned()
        };
        Health {
            argo: text("argo", "status"),
            argo_message: text("argo", "message"),
            kstatus: text("kstatus", "status"),
            flux: flux(object),
        }
    });
    Some(healths.collect())
}

/// What Flux makes of an object with our expressions: a generation that was not observed yet is in progress,
/// then the expressions in order, then in progress. An expression that fails is asked again until the timeout.
fn flux(object: &Value) -> &'static str {
    let observed = &object["status"]["observedGeneration"];
    if !observed.is_null() && *observed != object["metadata"]["generation"] {
        return "InProgress";
    }
    let [failed, current] = expressions(object["kind"].as_str().unwrap());
    match (holds(&failed, object), holds(&current, object)) {
        (Some(true), _) => "Failed",
        (Some(false), Some(true)) => "Current",
        (Some(false), Some(false)) => "InProgress",
        (None, _) | (Some(false), None) => "asked again",
    }
}

fn holds(expression: &str, object: &Value) -> Option<bool> {
    // Flux has the fields of the object as variables; here they are below `object`.
    let env = Env::new();
    let program: Program = env
        .compile_bool(&expression.replace("status.conditions", "object.status.conditions"))
        .unwrap();
    Evaluation::new(&env, object, None).run_bool(&program).ok()
}
