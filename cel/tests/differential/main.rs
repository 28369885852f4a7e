//! Compares random expressions with the API server's own compiler. Prints the seed; `CEL_SEED` and
//! `CEL_COUNT` repeat a run or make a longer one.

mod canonical;
mod generate;
mod known;
mod oracle;
mod random;
mod shapes;
mod shrink;

use std::collections::BTreeSet;
use std::time::Instant;

use canonical::canonical;
use generate::{Generator, Tree};
use goldenpath_cel::{Env, EvalError, Evaluation, Program};
use goldenpath_e2e::Tool;
use oracle::{Oracle, Outcome, Verdict};
use serde_json::Value;

const OBJECTS: &str = include_str!("objects.json");
const SEED: u64 = 20_261_126;
const COUNT: u64 = 20_000;

/// Expressions of one request. Each request has variables of its own.
const BATCH: usize = 250;

/// Variables of every request, beside random ones.
const VARIABLES: [(&str, &str); 9] = [
    ("labels", "object.metadata.?labels"),
    ("bad", "object.nope.nope.nope"),
    ("some", "optional.of({'app': {'k': [1, 2]}, 'name': 'x'})"),
    ("none", "optional.none()"),
    (
        "names",
        "object.spec.template.spec.containers.map(c, c.name)",
    ),
    ("amount", "quantity('1.5Gi')"),
    ("containers", "object.spec.template.spec.containers"),
    ("table", "{'app': 1, 'team': 2}"),
    ("text", "'app' + object.metadata.name"),
];

/// Most differences that are shrunk and shown, because many have the same cause.
const SHOWN: usize = 40;
const TRIED: usize = 150;

/// Objects, variables and the two sides to compare.
pub struct Comparison {
    oracle: Oracle,
    objects: Vec<Value>,
    variables: Vec<(String, String)>,
    over_budget: usize,
    refused: usize,
    values: usize,
    errors: usize,
}

impl Comparison {
    fn new(oracle: Oracle) -> Self {
        Self {
            oracle,
            objects: serde_json::from_str(OBJECTS).expect("objects.json is JSON"),
            variables: Vec::new(),
            over_budget: 0,
            refused: 0,
            values: 0,
            errors: 0,
        }
    }

    /// Differences by the position of the expression.
    fn differing(&mut self, sources: &[String]) -> Vec<(usize, String)> {
        let answer = self.oracle.ask(&self.variables, OBJECTS, sources);
        let mut env = Env::new();
        let mut differing = Vec::new();
        for ((name, source), verdict) in self.variables.iter().zip(&answer.variables) {
            let compiled = env.compile(source);
            if let Some(difference) = refusals(source, verdict, compiled.as_ref().err()) {
                differing.push((0, format!("variable {difference}")));
            }
            if let Ok(program) = compiled {
                env.declare_variable(name, program)
                    .expect("the name is free");
            }
        }
        for (at, (source, verdict)) in sources.iter().zip(&answer.expressions).enumerate() {
            if let Some(difference) = self.difference(&env, source, verdict) {
                differing.push((at, difference));
            }
        }
        differing
    }

    fn difference(&mut self, env: &Env, source: &str, verdict: &Verdict) -> Option<String> {
        let compiled = env.compile(source);
        if known::listed(source, verdict) {
            return None;
        }
        if let Some(difference) = refusals(source, verdict, compiled.as_ref().err()) {
            return Some(difference);
        }
        let Ok(program) = compiled else {
            self.refused += 1;
            return None;
        };
        let ty = program.result_type().to_string();
        if ty != verdict.ty {
            return Some(shown(
                source,
                None,
                &format!("type {}", verdict.ty),
                &format!("type {ty}"),
            ));
        }
        let values = verdict.values.iter().enumerate();
        values.fold(None, |found, (at, theirs)| {
            found.or_else(|| self.value_differs(env, (source, &program), (at, theirs)))
        })
    }

    /// The difference on the object at this position.
    fn value_differs(
        &mut self,
        env: &Env,
        (source, program): (&str, &Program),
        (at, theirs): (usize, &Outcome),
    ) -> Option<String> {
        let object = &self.objects[at];
        let evaluation = Evaluation::new(env, &object["object"], Some(&object["namespace"]));
        let ours = evaluation.run(program);
        if theirs.over_budget || matches!(ours, Err(EvalError::OverBudget { .. })) {
            self.over_budget += 1;
            return None;
        }
        let ours = ours.map(|value| canonical(&value));
        let agree = match (&theirs.value, &ours) {
            (Some(theirs), Ok(ours)) => theirs == ours,
            (None, Err(_)) => true,
            (Some(_), Err(error)) => known::too_large(error),
            (None, Ok(_)) => false,
        };
        if !agree {
            let here = ours.unwrap_or_else(|error| format!("error: {error}"));
            return Some(shown(source, Some(at), &of_server(theirs), &here));
        }
        self.values += usize::from(ours.is_ok());
        self.errors += usize::from(ours.is_err());
        None
    }
}

fn of_server(outcome: &Outcome) -> String {
    match (&outcome.value, &outcome.error) {
        (Some(value), _) => value.clone(),
        (None, error) => format!("error: {}", error.as_deref().unwrap_or_default()),
    }
}

/// Whether only one side accepts the expression.
fn refusals(
    source: &str,
    verdict: &Verdict,
    here: Option<&goldenpath_cel::CompileError>,
) -> Option<String> {
    let shown = |theirs: &str, here: &str| Some(shown(source, None, theirs, here));
    match (&verdict.refused, here) {
        (Some(_), Some(_)) | (None, None) => None,
        (Some(theirs), None) => {
            let theirs = theirs.lines().next().unwrap_or_default();
            shown(&format!("refused: {theirs}"), "accepted")
        }
        (None, Some(here)) => shown("accepted", &format!("refused: {here}")),
    }
}

fn shown(source: &str, object: Option<usize>, server: &str, here: &str) -> String {
    let on = object
        .map(|at| format!("  on object {at}\n"))
        .unwrap_or_default();
    format!("{source}\n{on}  server {server}\n  here   {here}\n")
}

fn number(variable: &str, default: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| {
        text.parse().expect("the variable is a number")
    })
}

fn fixed_variables() -> impl Iterator<Item = (String, String)> {
    let owned = |(name, source): &(&str, &str)| ((*name).to_owned(), (*source).to_owned());
    VARIABLES.iter().map(owned)
}

fn variables(generator: &mut Generator) -> Vec<(String, String)> {
    let random = (0..4).map(|at| (format!("random{at}"), generator.expression().to_string()));
    fixed_variables().chain(random).collect()
}

fn oracle() -> Option<Oracle> {
    let binaries = goldenpath_e2e::binaries_or_skip(&[Tool::CelOracle])?;
    let program = binaries.path(Tool::CelOracle).expect("it is located");
    Some(Oracle::start(program))
}

#[test]
fn written_expressions_mean_what_the_api_server_makes_of_them() {
    let Some(oracle) = oracle() else {
        return;
    };
    let mut comparison = Comparison::new(oracle);
    comparison.variables = fixed_variables().collect();
    let lines = include_str!("written.txt").lines();
    let sources: Vec<String> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let differing: String = comparison
        .differing(&sources)
        .into_iter()
        .map(|(_, difference)| difference)
        .collect();
    assert!(differing.is_empty(), "these differ:\n\n{differing}");
}

/// Compares batches of at least `count` random expressions. Returns the number of expressions and of
/// differences.
fn compare(
    comparison: &mut Comparison,
    seed: u64,
    count: u64,
    shown: &mut BTreeSet<String>,
) -> (u64, usize) {
    let (mut asked, mut differing) = (0, 0);
    for batch in 0.. {
        if asked >= count {
            break;
        }
        let mut generator = Generator::new(seed.wrapping_mul(1_000_003).wrapping_add(batch));
        comparison.variables = variables(&mut generator);
        let trees: Vec<Tree> = (0..BATCH).map(|_| generator.expression()).collect();
        let sources: Vec<String> = trees.iter().map(Tree::to_string).collect();
        asked += sources.len() as u64;
        for (at, difference) in comparison.differing(&sources) {
            differing += 1;
            if shown.len() < SHOWN && differing <= TRIED {
                let smaller = shrink::shrunk(comparison, &trees[at]);
                shown.insert(smaller.unwrap_or(difference));
            }
        }
    }
    (asked, differing)
}

#[test]
fn random_expressions_mean_what_the_api_server_makes_of_them() {
    let Some(oracle) = oracle() else {
        return;
    };
    let (seed, count) = (number("CEL_SEED", SEED), number("CEL_COUNT", COUNT));
    let started = Instant::now();
    let mut comparison = Comparison::new(oracle);
    let mut shown = BTreeSet::new();
    let (asked, differing) = compare(&mut comparison, seed, count, &mut shown);
    println!(
        "CEL_SEED={seed} CEL_COUNT={asked}: {} refused, {} values, {} errors and {} over budget in {:?}",
        comparison.refused,
        comparison.values,
        comparison.errors,
        comparison.over_budget,
        started.elapsed()
    );
    let report: String = shown.into_iter().collect();
    assert!(
        differing == 0,
        "{differing} of {asked} differ, among them:\n\n{report}\nTo repeat: CEL_SEED={seed} \
         CEL_COUNT={count} cargo test -p goldenpath-cel --test differential"
    );
    assert!(
        comparison.values > comparison.errors && comparison.over_budget * 100 < comparison.values,
        "the expressions cover too little"
    );
}
