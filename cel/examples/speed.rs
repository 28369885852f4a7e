//! Measures the microseconds to prepare an object and to run six typical checks on a Deployment of
//! about 5 KB. `cargo run --release -p goldenpath-cel --example speed`

use std::hint::black_box;
use std::time::{Duration, Instant};

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
const ROUND: u32 = 100;
const ROUNDS: u32 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let object = deployment();
    println!("object of {} bytes", object.to_string().len());
    let env = Env::new();
    let prepare = best(|| {
        let started = Instant::now();
        for _ in 0..ROUND {
            black_box(Evaluation::new(black_box(&env), black_box(&object), None));
        }
        started.elapsed()
    });
    println!("{prepare:9.3} µs  prepare an object");
    for source in CHECKS {
        let program = env.compile_bool(source)?;
        run(&env, &object, &program);
    }
    let compile = best(|| {
        let started = Instant::now();
        for _ in 0..ROUND {
            let _ = black_box(env.compile_bool(black_box(CHECKS[3])));
        }
        started.elapsed()
    });
    println!("{compile:9.3} µs  compile the check with a pattern");
    Ok(())
}

fn run(env: &Env, object: &Value, program: &Program) {
    let mut outcome = Ok(false);
    let best = best(|| {
        // Renew the evaluation: the budget of an object is for a policy, not for a benchmark.
        let evaluation = Evaluation::new(env, object, None);
        let started = Instant::now();
        for _ in 0..ROUND {
            outcome = black_box(&evaluation).run_bool(black_box(program));
        }
        started.elapsed()
    });
    println!("{best:9.3} µs  {outcome:?} {}", program.source());
}

/// The best of many rounds, in microseconds per repetition. Other load makes rounds only longer.
fn best(mut round: impl FnMut() -> Duration) -> f64 {
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    best.as_secs_f64() * 1e6 / f64::from(ROUND)
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
