//! No expression can exhaust the memory of the process.
//!
//! Measures a child process: this program, which runs the expressions in its environment and prints
//! its peak memory.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // in what the tests share

use std::process::Command;

use goldenpath_cel::{Env, EvalError, Evaluation};
use serde_json::{Value, json};

/// The limit for the values of an object, and room for values not finished yet.
const MOST: u64 = 32 * 1024 * 1024;
const SOURCES: &str = "GOLDENPATH_TEST_SOURCES";

/// Peak memory of this process in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

fn object() -> Value {
    let texts = (0..1000)
        .map(|n| format!("text number {n}"))
        .collect::<Vec<_>>();
    json!({"kind": "Deployment", "texts": texts, "long": "a&".repeat(100_000)})
}

/// Runs the last source, with the others as variables v0, v1, …
#[test]
fn child() {
    let Ok(sources) = std::env::var(SOURCES) else {
        return;
    };
    let sources: Vec<String> = serde_json::from_str(&sources).unwrap();
    let object = object();
    let mut env = Env::new();
    let (check, variables) = sources.split_last().unwrap();
    for (at, source) in variables.iter().enumerate() {
        let program = env.compile(source).unwrap();
        env.declare_variable(&format!("v{at}"), program).unwrap();
    }
    let check = env.compile(check).unwrap();
    let before = peak();
    let outcome = Evaluation::new(&env, &object, None).run(&check);
    let reason = outcome.as_ref().map_or_else(EvalError::reason, |_| "Value");
    println!("RESULT {reason} {}", peak() - before);
}

/// The result of a check with variables, and the memory that it took.
fn run(sources: &[String]) -> (String, u64) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(SOURCES, json!(sources).to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let at = text.find("RESULT ").unwrap_or_else(|| panic!("{text}"));
    let mut words = text[at..].split_whitespace().skip(1);
    let reason = words.next().unwrap().to_owned();
    (reason, words.next().unwrap().parse().unwrap())
}

const BOMB: &str = "lists.range(900).map(i, lists.range(125).map(j, {'a': {'b': j}}))";

/// Runs a check that reads ten variables of this source: over budget, and little memory taken.
fn ten_of_it_are_over_budget(source: &str) {
    let mut sources = vec![source.to_owned(); 10];
    let read: Vec<_> = (0..10)
        .map(|at| format!("variables.v{at}.size() > 0"))
        .collect();
    sources.push(read.join(" && "));
    let (reason, bytes) = run(&sources);
    assert_eq!(reason, "OverBudget");
    assert!(bytes < MOST, "{bytes}");
}

#[test]
fn ten_variables_of_many_maps_are_over_budget_and_take_little() {
    ten_of_it_are_over_budget(BOMB);
}

#[test]
fn ten_variables_that_hold_little_each_are_counted_together() {
    ten_of_it_are_over_budget("lists.range(60000).map(i, [i])");
}

#[test]
fn memory_that_is_free_again_is_not_counted() {
    let source = "lists.range(2000).all(i, [i, i].map(x, 'a text of some length' + string(x)).size() == 2) \
        && object.texts.all(t, (object.long + t).size() > 0)";
    let short = source.replace("object.texts.all", "object.texts.slice(0, 20).all");
    let (reason, bytes) = run(&[short]);
    assert_eq!(reason, "Value");
    assert!(bytes < MOST, "{bytes}");
}

/// Expressions that make values within the step limit.
const MAKERS: [&str; 22] = [
    "lists.range(130000).map(i, 'x' + string(i))",
    "lists.range(60000).map(i, {i: i})",
    "lists.range(60000).map(i, [i, i, i])",
    "lists.range(30000).map(i, [[[i]]])",
    "lists.range(60000).map(i, optional.of(optional.of(i)))",
    "lists.range(100).map(i, lists.range(1000))",
    "lists.range(200).map(i, object.texts + object.texts)",
    "lists.range(300).map(i, object.texts.map(t, t + t))",
    "lists.range(1000).map(i, object.texts.reverse())",
    "lists.range(1000).map(i, object.texts.join())",
    "lists.range(100).map(i, object.long + string(i))",
    "lists.range(100).map(i, object.long.replace('a', 'bb'))",
    "lists.range(100).map(i, (object.long + '&').split('&'))",
    "lists.range(100).map(i, (object.long + '&').findAll('a'))",
    "lists.range(100).map(i, object.long.upperAscii())",
    "lists.range(100).map(i, bytes(object.long))",
    "lists.range(100).map(i, '%s%s'.format([object.long, object.texts]))",
    "lists.range(50).map(i, url('http://a/?' + object.long).getQuery())",
    "lists.range(40000).map(i, quantity(string(i)))",
    "lists.range(60000).map(i, {'a': {'b': i}}).map(m, m.a)",
    "lists.range(60000).transformMap(i, v, [v])",
    "lists.range(500).map(i, object.texts.transformMap(k, v, v))",
];

#[test]
fn whatever_makes_values_takes_little_memory() {
    for source in MAKERS {
        let sources = [
            source.to_owned(),
            source.to_owned(),
            format!(
                "variables.v0.size() + variables.v1.size() + [{source}, {source}, {source}].size() > 0"
            ),
        ];
        let (reason, bytes) = run(&sources);
        println!("{bytes:>10} {reason} {source}");
        assert!(bytes < MOST, "{bytes} {source}");
    }
}
