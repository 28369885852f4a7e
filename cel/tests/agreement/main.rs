//! Compares the values of expressions with those of a real API server, which evaluates them in
//! `ValidatingAdmissionPolicy`s whose bindings warn. `DIFFERENCES` lists the known differences.

mod policies;
mod server;

use std::time::{Duration, Instant};

use goldenpath_cel::{Env, EvalError, Evaluation};
use goldenpath_e2e::{ControlPlane, Options, eventually};
use policies::Batch;
use serde_json::Value;
use server::Server;

const EXPRESSIONS: &str = include_str!("expressions.txt");
const CONSTANTS: &str = include_str!("constants.txt");
const VARIABLES: &str = include_str!("variables.txt");
const OBJECTS: &str = include_str!("objects.json");
const REFUSED: &str = include_str!("refused.txt");
const ACCEPTED: &str = include_str!("accepted.txt");

/// Known differences, by name. The server accepts these and goldenpath refuses them: they need a
/// request, or build protocol buffer messages.
const DIFFERENCES: [(&str, &str); 6] = [
    (
        "authorizer.group('').resource('pods').check('list').allowed()",
        "judged objects have no user",
    ),
    (
        "request.userInfo.username == ''",
        "judged objects have no request",
    ),
    ("oldObject == null", "judged objects have no former self"),
    ("variables != null", "`variables` only with a name"),
    (
        "google.protobuf.Int32Value{value: 1} == 1",
        "no message construction",
    ),
    ("[,] == []", "no comma without an element"),
];

/// Expressions of one policy. The server cuts the warnings of a response at 4 KiB.
const BATCH: usize = 12;

/// Longest wait until a new policy is in force.
const IN_FORCE: Duration = Duration::from_secs(30);

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn variables() -> Vec<(&'static str, &'static str)> {
    let parts = lines(VARIABLES).filter_map(|line| line.split_once(" = "));
    parts.collect()
}

fn environment() -> Env {
    let mut env = Env::new();
    for (name, source) in variables() {
        let program = env.compile(source).expect("the variable compiles");
        env.declare_variable(name, program)
            .expect("the name is free");
    }
    env
}

/// The text of a value in the server's message.
fn rendering(expression: &str) -> String {
    format!("'%s'.format([[dyn({expression})]])")
}

/// The text of an expression's value here; none if it fails or if its value has no text.
fn ours(env: &Env, evaluation: &Evaluation, expression: &str) -> Option<String> {
    let shown = env.compile_string(&rendering(expression));
    let shown = shown.unwrap_or_else(|error| panic!("{expression}: {error}"));
    match evaluation.run_string(&shown) {
        Ok(text) => Some(text),
        Err(EvalError::Failed(_)) => None,
        Err(error @ EvalError::OverBudget { .. }) => panic!("{expression}: {error}"),
    }
}

/// Compares one batch on one object and adds the differences to `differing`.
fn compare(server: &Server, batch: &Batch, object: &Value, differing: &mut Vec<String>) {
    let (stored, answers) = batch.ask(server, object);
    let namespace = server.get(&format!("/api/v1/namespaces/{}", batch.name));
    let env = environment();
    let evaluation = Evaluation::new(&env, &stored, Some(&namespace));
    for (expression, theirs) in batch.expressions.iter().zip(&answers) {
        let Some(theirs) = theirs else {
            differing.push(format!("{expression}\n  no answer from the server"));
            continue;
        };
        let ours = ours(&env, &evaluation, expression);
        if ours != *theirs {
            let name = &stored["metadata"]["name"];
            differing.push(format!(
                "{expression} on {name}\n  server {theirs:?}\n  here   {ours:?}"
            ));
        }
    }
}

fn batches(server: &Server, prefix: &str, text: &'static str) -> Vec<Batch> {
    let expressions: Vec<_> = lines(text).collect();
    let chunks = expressions.chunks(BATCH).enumerate();
    chunks
        .map(|(at, chunk)| Batch::create(server, &format!("{prefix}-{at}"), chunk))
        .collect()
}

fn values_agree(server: &Server, objects: &[Value]) -> Vec<String> {
    let on_all = batches(server, "objects", EXPRESSIONS);
    let on_first = batches(server, "constants", CONSTANTS);
    let mut differing = Vec::new();
    for batch in on_all.iter().chain(&on_first) {
        eventually(IN_FORCE, &format!("{} is in force", batch.name), || {
            let (_, answers) = batch.ask(server, &objects[0]);
            answers.iter().any(Option::is_some).then_some(())
        });
    }
    for batch in &on_first {
        compare(server, batch, &objects[0], &mut differing);
    }
    for batch in &on_all {
        for object in objects {
            compare(server, batch, object, &mut differing);
        }
    }
    differing
}

/// Whether goldenpath accepts an expression for the use that its line names.
fn accepted_here(env: &Env, line: &str) -> bool {
    match line.split_once(": ") {
        Some(("bool", expression)) => env.compile_bool(expression).is_ok(),
        Some(("string", expression)) => env.compile_string(expression).is_ok(),
        _ => env.compile(line).is_ok(),
    }
}

fn refusals_agree(server: &Server) -> Vec<String> {
    let env = environment();
    let mut differing = Vec::new();
    for (line, wanted) in lines(REFUSED)
        .map(|line| (line, false))
        .chain(lines(ACCEPTED).map(|line| (line, true)))
    {
        let theirs = policies::accepts(server, line);
        let ours = accepted_here(&env, line);
        if theirs != wanted || ours != wanted {
            differing.push(format!(
                "{line}\n  accepted by server {theirs}, here {ours}"
            ));
        }
    }
    differing
}

/// Differences that no longer exist must leave the table here and in docs/cel.md.
fn named_differences_remain(server: &Server) -> Vec<String> {
    let env = environment();
    let nothing = Value::Null;
    let gone = DIFFERENCES.iter().filter(|(expression, _)| {
        let here = env.compile_bool(expression).is_ok_and(|program| {
            Evaluation::new(&env, &nothing, None).run_bool(&program) == Ok(true)
        });
        here || !policies::accepts(server, &format!("bool: {expression}"))
    });
    gone.map(|(expression, why)| format!("{expression} ({why}) agrees now"))
        .collect()
}

#[test]
fn an_expression_means_what_the_api_server_makes_of_it() {
    let Some(cluster) = goldenpath_e2e::control_plane_or_skip(&Options::default()) else {
        return;
    };
    let started = Instant::now();
    let server = connect(&cluster);
    let objects: Vec<Value> = serde_json::from_str(OBJECTS).expect("objects.json is JSON");
    let mut differing = refusals_agree(&server);
    differing.extend(values_agree(&server, &objects));
    differing.extend(named_differences_remain(&server));
    let asked = server.requests();
    println!("{asked} requests in {:?}", started.elapsed());
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

fn connect(cluster: &ControlPlane) -> Server {
    Server::new(
        cluster.server_url(),
        cluster.ca_pem(),
        cluster.admin_token(),
    )
}
