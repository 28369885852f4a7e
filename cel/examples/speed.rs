//! Measures typical checks on a Deployment of about 5 KB, beside cel-go and the API server's own
//! program for a policy in the same run: `cargo run --release -p goldenpath-cel --example speed`.
//! The two sides take turns, so that other load on the machine affects both. Figures are printed, not
//! asserted.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use goldenpath_cel::{Env, Evaluation};
use goldenpath_e2e::{Binaries, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const CHECKS: [&str; 10] = [
    "1 < 2",
    "object.spec.replicas >= 2",
    "object.spec.template.metadata.labels.team == 'payments'",
    "has(object.metadata.labels) && 'team' in object.metadata.labels",
    "object.spec.template.spec.containers[0].env.exists(e, e.name == 'SETTING_3')",
    "object.spec.template.spec.containers.all(c, has(c.resources.limits) && has(c.resources.limits.memory))",
    "object.spec.template.spec.containers.all(c, c.image.matches('^registry\\\\.example\\\\.com/[a-z0-9/-]+:[0-9]+\\\\.[0-9]+\\\\.[0-9]+$'))",
    "object.spec.template.spec.containers.all(c, c.?securityContext.?runAsNonRoot.orValue(false))",
    "quantity(object.spec.template.spec.containers[0].resources.limits.memory).compareTo(quantity('4Gi')) <= 0",
    "object.spec.template.spec.containers.filter(c, c.name != 'app').map(c, c.image).size() == 2",
];
const TURNS: usize = 5;
const ROUNDS: u32 = 40;
const REPETITIONS: u32 = 100;

/// Nanoseconds of one side's turn.
#[derive(Debug, Deserialize)]
struct Timed {
    decode: f64,
    expressions: Vec<TimedCheck>,
}

#[derive(Debug, Deserialize)]
struct TimedCheck {
    bare: f64,
    server: f64,
}

/// The best of all turns, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Best {
    ours: f64,
    bare: f64,
    server: f64,
}

const NONE_YET: Best = Best {
    ours: f64::INFINITY,
    bare: f64::INFINITY,
    server: f64::INFINITY,
};

fn main() -> Result<()> {
    let object = deployment();
    let text = object.to_string();
    let found = Binaries::locate_or_build(&[Tool::CelOracle], |step| eprintln!("{step}"))?;
    let mut decode = NONE_YET;
    let mut checks = [NONE_YET; CHECKS.len()];
    for _ in 0..TURNS {
        decode.ours = decode.ours.min(decoding(&text));
        for (best, source) in checks.iter_mut().zip(CHECKS) {
            best.ours = best.ours.min(evaluating(&object, source)?);
        }
        let theirs = cel_go(found.path(Tool::CelOracle)?, &text)?;
        decode.bare = decode.bare.min(theirs.decode);
        for (best, timed) in checks.iter_mut().zip(theirs.expressions) {
            best.bare = best.bare.min(timed.bare);
            best.server = best.server.min(timed.server);
        }
    }
    decode.server = decode.bare;
    print(&text, decode, &checks);
    Ok(())
}

fn print(text: &str, decode: Best, checks: &[Best]) {
    println!(
        "object of {} bytes; nanoseconds, best of {TURNS} turns",
        text.len()
    );
    println!(
        "cel-go: optimized, without counting cost; the API server's program counts it, as ours does\n"
    );
    println!("| ours | cel-go | API server | cel-go ÷ ours | with decoding | expression |");
    println!("| ---: | -----: | ---------: | ------------: | ------------: | ---------- |");
    let line = |best: Best, what: &str| {
        let Best { ours, bare, server } = best;
        let whole = (decode.bare + bare) / (decode.ours + ours);
        println!(
            "| {ours:.0} | {bare:.0} | {server:.0} | {:.2} | {whole:.2} | {what} |",
            bare / ours
        );
    };
    println!(
        "| {:.0} | {:.0} | {2:.0} | {3:.2} | {3:.2} | decoding the object, and preparing it |",
        decode.ours,
        decode.bare,
        decode.server,
        decode.bare / decode.ours
    );
    for (best, source) in checks.iter().zip(CHECKS) {
        line(*best, &format!("`{}`", source.replace('|', "\\|")));
    }
}

/// From the text to an object that can be judged.
fn decoding(text: &str) -> f64 {
    let env = Env::new();
    best(|| {
        if let Ok(object) = serde_json::from_str::<Value>(black_box(text)) {
            black_box(Evaluation::new(&env, &object, None));
        }
    })
}

fn evaluating(object: &Value, source: &str) -> Result<f64> {
    let env = Env::new();
    let program = env.compile_bool(source)?;
    if !Evaluation::new(&env, object, None).run_bool(&program)? {
        return Err(format!("'{source}' does not hold").into());
    }
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        // Renew the evaluation: the budget of an object is for a policy, not for a benchmark.
        let evaluation = Evaluation::new(&env, object, None);
        let started = Instant::now();
        for _ in 0..REPETITIONS {
            let _ = black_box(black_box(&evaluation).run_bool(black_box(&program)));
        }
        best = best.min(started.elapsed());
    }
    Ok(each(best))
}

/// The best of many rounds. Other load makes rounds only longer.
fn best(mut once: impl FnMut()) -> f64 {
    let mut round = || {
        let started = Instant::now();
        (0..REPETITIONS).for_each(|_| once());
        started.elapsed()
    };
    each((0..ROUNDS).map(|_| round()).min().unwrap_or_default())
}

/// Nanoseconds of one repetition.
fn each(round: Duration) -> f64 {
    round.as_secs_f64() * 1e9 / f64::from(REPETITIONS)
}

/// One turn of the other side.
fn cel_go(oracle: &Path, object: &str) -> Result<Timed> {
    let mut child = Command::new(oracle)
        .arg("speed")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let checks = json!(CHECKS);
    let mut requests = child.stdin.take().ok_or("its input is piped")?;
    writeln!(
        requests,
        r#"{{"object": {object}, "expressions": {checks}, "rounds": {ROUNDS}, "repetitions": {REPETITIONS}}}"#
    )?;
    drop(requests);
    let mut answer = String::new();
    BufReader::new(child.stdout.take().ok_or("its output is piped")?).read_line(&mut answer)?;
    child.wait()?;
    Ok(serde_json::from_str(&answer)?)
}

fn deployment() -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "image": format!("registry.example.com/shop/{name}:1.4.2"),
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "env": (0..12).map(|n| json!({"name": format!("SETTING_{n}"), "value": "on"})).collect::<Vec<_>>(),
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
            "securityContext": {"runAsNonRoot": true, "allowPrivilegeEscalation": false},
            "terminationMessagePath": "/dev/termination-log",
        })
    };
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "checkout",
            "namespace": "shop",
            "labels": {"app": "checkout", "team": "payments", "version": "1.4.2"},
            "annotations": (0..10).map(|n| (format!("example.com/note-{n}"), json!("a note of some length"))).collect::<serde_json::Map<_, _>>(),
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "checkout"}},
            "template": {
                "metadata": {"labels": {"app": "checkout", "team": "payments"}},
                "spec": {
                    "containers": [container("app"), container("proxy"), container("agent")],
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": {"runAsNonRoot": true},
                },
            },
        },
    })
}
