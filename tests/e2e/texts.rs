//! Texts that a terminal obeys or that the API server's YAML reader refuses, stored under a looser
//! definition: the operator still writes its status, and commands, logs and metrics never show them
//! raw.

use std::process::{Command, Output};

use goldenpath::api::text::is_unsafe;
use goldenpath::api::{self, API_VERSION};
use goldenpath_e2e::{ControlPlane, Options, control_plane_or_skip, eventually};
use serde_json::{Value, json};

use crate::stage::{SOON, start, stop};
use crate::suite::define_all;
use crate::words::{PATH, failing};

/// What go-yaml refuses or changes in a body of JSON, and what misleads readers.
const ODD: [char; 14] = [
    '\u{1b}',
    '\u{7f}',
    '\u{80}',
    '\u{85}',
    '\u{9b}',
    '\u{ad}',
    '\u{180e}',
    '\u{202e}',
    '\u{2028}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{fffe}',
    '\u{ffff}',
    '\u{e0041}',
];

/// The definitions as they were before their texts had patterns.
fn define_loosely(cluster: &ControlPlane) {
    for crd in api::crds() {
        let mut crd = serde_json::to_value(crd).unwrap();
        without_patterns(&mut crd);
        cluster.apply(&crd.to_string()).unwrap();
    }
    eventually(SOON, "our kinds are served", || {
        cluster
            .kubectl_ok(&["get", "goldenpaths,deviationexceptions", "-A"])
            .ok()
    });
}

fn without_patterns(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "pattern" || !value.is_string());
            fields.values_mut().for_each(without_patterns);
        }
        Value::Array(items) => items.iter_mut().for_each(without_patterns),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn odd_exception(name: &str, c: char) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "DeviationException",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "path": format!("web{c}[31m"),
            "checks": [format!("pinned{c}"), "pinned-image"],
            "targets": [{"kind": "Deployment", "name": "web"}],
            "reason": format!("The vendor licenses one replica.{c}[2J"),
            "owner": {"team": format!("shop{c}[8m"), "contact": format!("#shop{c}")},
            "requestedBy": format!("sam{c}"),
            "ownershipCost": {"hoursPerMonth": 2},
            "approval": {
                "decision": "Approved", "by": format!("ada{c}"), "at": now(),
                "note": format!("until May{c}"),
            },
        },
    })
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second())
        .unwrap()
        .to_string()
}

fn name_of(index: usize) -> String {
    format!("odd-{index}")
}

/// Not an apply: its body is read as YAML, which refuses some of these characters.
fn create(cluster: &ControlPlane, object: &Value) {
    let file = cluster.data_dir().join("odd.json");
    std::fs::write(&file, object.to_string()).unwrap();
    cluster
        .kubectl_ok(&["create", "-f", file.to_str().unwrap()])
        .unwrap();
}

fn stored(cluster: &ControlPlane, name: &str) -> Value {
    let text = cluster
        .kubectl_ok(&["get", "devex", name, "-o=json"])
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn goldenpath(cluster: &ControlPlane, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(args)
        .env("KUBECONFIG", cluster.kubeconfig())
        .output()
        .unwrap()
}

/// Nothing a terminal obeys is in it, beside line feeds and tabs.
fn assert_safe(what: &str, text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    let found = text.find(|c| is_unsafe(c) && !matches!(c, '\n' | '\t'));
    let around = found.map(|at| text[at..].chars().take(20).collect::<String>());
    assert_eq!(around, None, "{what}");
}

#[test]
fn an_exception_with_control_characters_gets_its_status_and_reaches_no_terminal_raw() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    define_loosely(&cluster);
    cluster.apply(&PATH.replace("PLACE", "default")).unwrap();
    cluster
        .apply(&failing("web").replace("PLACE", "default"))
        .unwrap();
    for (index, c) in ODD.into_iter().enumerate() {
        let object = odd_exception(&name_of(index), c);
        create(&cluster, &object);
        let spec = &stored(&cluster, &name_of(index))["spec"];
        assert_eq!(spec["path"], object["spec"]["path"]);
        assert_eq!(spec["approval"]["note"], object["spec"]["approval"]["note"]);
    }
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    statuses_become(&cluster, 1);

    // The definitions of today: what is stored already keeps its status up to date.
    define_all(&cluster);
    for index in 0..ODD.len() {
        let patch = r#"-p={"spec": {"ticket": "SHOP-1"}}"#;
        let name = name_of(index);
        cluster
            .kubectl_ok(&["patch", "devex", &name, "--type=merge", patch])
            .unwrap();
    }
    statuses_become(&cluster, 2);

    no_command_shows_them_raw(&cluster);
    let (_, metrics) = operator.get("/metrics").unwrap();
    assert_safe("/metrics", metrics.as_bytes());
    let (_, report) = operator.get("/api/v1/report").unwrap();
    assert_safe("/api/v1/report", report.as_bytes());
    cluster.kubectl_ok(&["delete", "devex", "--all"]).unwrap();
    eventually(SOON, "deletions are logged and recorded", || {
        let events = cluster.kubectl_ok(&["get", "events", "-o=json"]).unwrap();
        let events: Value = serde_json::from_str(&events).unwrap();
        let events = events["items"].as_array().unwrap().clone();
        let of_deletions = events
            .iter()
            .filter(|event| event["reason"] == "ExceptionDeleted");
        (of_deletions.count() == ODD.len()).then(|| {
            for event in &events {
                let note = event["message"].as_str().unwrap_or_default();
                assert_safe("an Event", note.as_bytes());
            }
        })
    });
    assert_safe("the log", operator.log().unwrap().as_bytes());
    stop(operator);
}

fn statuses_become(cluster: &ControlPlane, generation: i64) {
    eventually(SOON, "every exception has its status", || {
        let text = cluster.kubectl_ok(&["get", "devex", "-o=json"]).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        let items = list["items"].as_array().unwrap();
        let is_done = |item: &Value| {
            let status = &item["status"];
            !status["phase"].is_null() && status["observedGeneration"] == generation
        };
        items.iter().all(is_done).then(|| {
            for condition in items
                .iter()
                .flat_map(|item| item["status"]["conditions"].as_array().unwrap())
            {
                assert_safe(
                    "a condition",
                    condition["message"].as_str().unwrap().as_bytes(),
                );
            }
        })
    });
}

fn no_command_shows_them_raw(cluster: &ControlPlane) {
    for command in [
        &["exceptions"][..],
        &["exceptions", "-o", "wide"],
        &["exceptions", "-o", "json"],
        &["exceptions", "-o", "yaml"],
        &["report", "-o", "wide"],
        &["report", "-o", "json"],
        &["report", "-o", "yaml"],
        &["why", "deploy/web"],
        &["inbox", "--team=shop"],
        &["reminders"],
        &["reminders", "-o", "json"],
    ] {
        let output = goldenpath(cluster, command);
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_safe(&format!("{command:?}"), &output.stdout);
        assert_safe(&format!("{command:?}"), printed.as_bytes());
        assert!(output.status.success(), "{command:?}: {printed}");
    }
    // Escaped, it is still the value that is stored.
    let json = goldenpath(cluster, &["exceptions", "-o", "json"]).stdout;
    let yaml = goldenpath(cluster, &["exceptions", "-o", "yaml"]).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    let yaml: Value = serde_saphyr::from_slice(&yaml).unwrap();
    for text in [json.to_string(), yaml.to_string()] {
        assert!(text.contains("web\u{202e}[31m"), "{text}");
    }
}

const REFUSES_EVERYTHING: &str = r"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: quotes-the-path}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: [goldenpath.dev], apiVersions: ['*'], operations: [UPDATE], resources: [deviationexceptions]}
  validations:
  - {expression: 'false', messageExpression: '''not on path '' + object.spec.path'}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: quotes-the-path}
spec: {policyName: quotes-the-path, validationActions: [Deny]}
";

#[test]
fn a_refusal_that_quotes_an_escape_sequence_reaches_no_terminal_raw() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    define_loosely(&cluster);
    let mut object = odd_exception("odd", '\u{1b}');
    create(&cluster, &object);
    cluster.apply(REFUSES_EVERYTHING).unwrap();
    object["spec"]["ticket"] = json!("SHOP-1");
    eventually(SOON, "the policy refuses", || {
        cluster.apply(&object.to_string()).is_err().then_some(())
    });
    for command in [
        &["approve", "odd"][..],
        &["reject", "odd", "--note=no"],
        &["renew", "odd"],
        &["request-renewal", "odd", "--because=as before"],
        &["close", "odd"],
    ] {
        let output = goldenpath(&cluster, &[&["--color=always"], command].concat());
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{printed}");
        assert!(printed.contains("not on path web\\u{1b}[31m"), "{printed}");
        assert_safe(&format!("{command:?}"), printed.as_bytes());
    }
}

#[test]
fn an_argument_with_an_escape_sequence_is_not_echoed_raw() {
    for args in [
        &["scan", "--no-such-flag\u{1b}[2J"][..],
        &["--output=\u{9b}31m", "crds"],
        &[
            "--color=always",
            "why",
            "\u{1b}[31m/\u{202e}x",
            "--from=Cargo.toml",
        ],
        &["scan", "no-such-file\u{1b}[2J"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_safe(&format!("{args:?}"), &output.stderr);
        assert_safe(&format!("{args:?}"), &output.stdout);
    }
}

/// What an operator logs on a terminal until it is interrupted.
fn log_on_a_terminal(cluster: &ControlPlane, flags: &str, no_color: &str) -> String {
    let command = format!(
        "timeout --signal=INT 4 {} {flags} run --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_goldenpath")
    );
    let output = Command::new("script")
        .args(["--quiet", "--command", &command, "/dev/null"])
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("NO_COLOR", no_color)
        .output()
        .unwrap();
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("listening"), "{log}");
    log
}

#[test]
fn logs_have_colours_only_on_a_terminal() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    define_all(&cluster);
    for (flags, is_colored) in [
        (&["--color=auto"][..], false),
        (&["--color=never"], false),
        (&["--color=always"], true),
        (&["--color=always", "--log-format=json"], false),
    ] {
        let operator = start(&cluster, flags);
        // It answers before its first line is in the file.
        let log = eventually(SOON, "the operator logs", || {
            operator.log().ok().filter(|log| log.contains("listening"))
        });
        assert_eq!(log.contains('\u{1b}'), is_colored, "{flags:?}: {log}");
        stop(operator);
    }
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    for (flags, no_color, is_colored) in [
        ("", "", true),
        ("", "1", false),
        ("--color=never", "", false),
        ("--color=always", "1", true),
    ] {
        let log = log_on_a_terminal(&cluster, flags, no_color);
        assert_eq!(
            log.contains('\u{1b}'),
            is_colored,
            "{flags:?} {no_color:?}: {log}"
        );
    }
}
