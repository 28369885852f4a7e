//! What checks cost: microseconds to prepare an object and to run six typical checks on a
//! Deployment of about 5 KB. `cargo run --release -p goldenpath-cel --example speed`

use std::hint::black_box;
use std::time::Instant;

use goldenpath_cel::{Env, Evaluation, Program};
use serde_json::{Value, json};

const CHECKS: [&str; 6] = [
    "object.spec.replicas >= 2",
    "has(object.metadata.labels) && 'team' in object.metadata.labels",
    "object.spec.template.spec.containers.all(c, has(c.resources.limits) && has(c.resources.limits.memory))",
    "object.spec.template.spec.containers.all(c, c.image.matches('^registry\\\\.example\\\\.com/[a-z0-9/-]+:[0-9]+\\\\.[0-9]+\\\\.[0-9]+$'))",
    "object.spec.template.spec.containers.all(c, c.?securityContext.?runAsNonRoot.orValue(false))",
    "quantity(object.spec.template.spec.containers[0].resources.limits.memory).compareTo(quantity('4Gi')) <= 0",
];
const ROUNDS: u32 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let object = deployment();
    println!("object of {} bytes", object.to_string().len());
    let env = Env::new();
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(Evaluation::new(black_box(&env), black_box(&object), None));
    }
    report(started, "prepare an object");
    for source in CHECKS {
        let program = env.compile_bool(source)?;
        run(&env, &object, &program);
    }
    let started = Instant::now();
    for _ in 0..1000 {
        black_box(env.compile_bool(black_box(CHECKS[3]))?);
    }
    println!(
        "{:9.3} µs  compile the pattern check",
        micros(started) / 1000.0
    );
    Ok(())
}

fn run(env: &Env, object: &Value, program: &Program) {
    let started = Instant::now();
    let mut outcome = Ok(false);
    // An object's budget is for a policy, not for a benchmark: a fresh one every now and then.
    for _ in 0..ROUNDS / 100 {
        let evaluation = Evaluation::new(env, object, None);
        for _ in 0..100 {
            outcome = black_box(&evaluation).run_bool(black_box(program));
        }
    }
    report(started, &format!("{outcome:?} {}", program.source()));
}

#[allow(clippy::cast_precision_loss)]
fn micros(started: Instant) -> f64 {
    started.elapsed().as_nanos() as f64 / 1000.0
}

fn report(started: Instant, what: &str) {
    println!("{:9.3} µs  {what}", micros(started) / f64::from(ROUNDS));
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
