//! No expression can stall, crash or bloat the process.

use std::time::{Duration, Instant};

use goldenpath_cel::{Env, EvalError, Evaluation};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Generous, because debug builds on shared machines are slow.
const SOON: Duration = Duration::from_secs(5);

fn run(source: &str, object: &Value) -> Result<(), String> {
    let env = Env::new();
    let program = env
        .compile(source)
        .map_err(|error| error.reason().to_owned())?;
    let outcome = Evaluation::new(&env, object, None).run(&program);
    outcome
        .map(|_| ())
        .map_err(|error| error.reason().to_owned())
}

fn numbers(count: u32) -> Value {
    json!({"items": (0..count).collect::<Vec<_>>()})
}

const NESTED: &str =
    "object.items.all(a, object.items.all(b, object.items.all(c, a + b + c >= 0)))";

#[test]
fn nested_loops_end_by_their_steps_however_long_the_list() {
    for count in [200, 300, 60_000] {
        let started = Instant::now();
        assert_eq!(run(NESTED, &numbers(count)), Err("OverBudget".into()));
        assert!(started.elapsed() < SOON);
    }
}

/// A list of `count` names, as strings and as fields of maps.
fn names(count: usize) -> Value {
    let names = (0..count).map(|n| format!("n{n:06}"));
    let env = names
        .clone()
        .map(|name| json!({"name": name, "value": "v"}));
    json!({"ls": names.clone().collect::<Vec<_>>(), "env": env.collect::<Vec<_>>()})
}

/// Everyday checks, with the largest number of elements for which the API server stays within its
/// limit for one expression.
const EVERYDAY: [(&str, usize); 9] = [
    (
        "object.env.all(e, object.env.filter(x, x.name == e.name).size() == 1)",
        400,
    ),
    ("object.ls.all(x, x in object.ls)", 50_000),
    (
        "object.env.all(e, ['A', 'B', 'C'].all(n, e.name != n))",
        20_000,
    ),
    (
        "object.env.all(e, ['A', 'B', 'C'].all(n, !e.name.startsWith(n)))",
        20_000,
    ),
    ("object.ls.sort().size() > 0", 50_000),
    ("(object.ls + object.ls).size() > 0", 50_000),
    ("object.ls.distinct().size() > 0", 1_000),
    ("object.ls.all(x, x.matches('^.{1,253}$'))", 1_000),
    ("object.ls.map(x, x + 'b').size() > 0", 50_000),
];

#[test]
fn everyday_checks_are_evaluated_on_as_many_elements_as_on_the_server() {
    for (source, count) in EVERYDAY {
        assert_eq!(run(source, &names(count)), Ok(()), "{source} of {count}");
    }
}

#[test]
fn host_filesystem_policy_is_evaluated_on_a_pod_with_70_variables() {
    let env = (0..70).map(|n| json!({"name": format!("A{n}"), "value": "v"}));
    let object = json!({"spec": {
        "containers": [{"name": "a", "env": env.collect::<Vec<_>>(), "volumeMounts": [{"name": "v"}]}],
        "volumes": [{"name": "v", "hostPath": {"path": "/var/log"}}],
    }});
    let source = "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath) || \
        object.spec.containers.all(c, !has(c.volumeMounts) || c.volumeMounts.all(m, \
        m.name != v.name || ['/etc', '/proc'].all(p, !v.hostPath.path.startsWith(p)))))";
    assert_eq!(run(source, &object), Ok(()));
}

#[test]
fn patterns_with_large_counts_end_soon_on_long_texts() {
    let started = Instant::now();
    let object = json!({
        "s": "a".repeat(100_000),
        "ones": "1".repeat(1_000_000),
        "mixed": "12".repeat(500_000),
        "l": (0..20).collect::<Vec<_>>(),
    });
    for source in [
        "object.l.all(i, object.s.matches('(?:.{0,30}){30}2') || true)",
        "object.l.all(i, object.s.find('(?:.{0,30}){30}2') != 'x')",
        "object.l.all(i, object.s.matches('(?:.{0,30})' + '{30}2') || true)",
        "object.ones.matches('1.{900}2')",
        "object.mixed.matches('1.{900}3')",
        "object.mixed.findAll('1.{900}2').size() > 0",
    ] {
        let outcome = run(source, &object);
        let bounded = matches!(&outcome, Ok(())) || outcome == Err("OverBudget".into());
        assert!(bounded, "{source}: {outcome:?}");
    }
    assert!(started.elapsed() < 2 * SOON);
}

/// Zeros and ones from a fixed seed.
fn digits(count: usize) -> String {
    let mut state: u64 = 42;
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push(if (state >> 40) & 1 == 1 { '1' } else { '0' });
    }
    text
}

#[test]
fn small_patterns_are_evaluated_on_long_ascii_texts() {
    let object = json!({ "s": digits(1_000_000) });
    let env = Env::new();
    for (source, expected) in [
        ("object.s.matches('1.{12}2')", false),
        ("object.s.find('1.{60}2') != ''", false),
    ] {
        let program = env.compile_bool(source).unwrap();
        let outcome = Evaluation::new(&env, &object, None).run_bool(&program);
        assert_eq!(
            outcome.map_err(|error| error.reason()),
            Ok(expected),
            "{source}"
        );
    }
}

#[test]
fn modest_loops_on_large_objects_are_evaluated() {
    let object = json!({"a": [1, 2], "many": (0..200).collect::<Vec<_>>()});
    let source = "object.a.all(x, object.a.all(y, object.a.all(z, x + y + z < 9)))";
    assert_eq!(run(source, &object), Ok(()));
}

#[test]
fn sources_beyond_8_kib_are_too_long() {
    assert_eq!(
        run(&format!("'{}'", "a".repeat(8200)), &Value::Null),
        Err("TooLong".into())
    );
}

#[test]
fn deep_nesting_is_refused_without_overflowing_the_stack() {
    let deep = [
        format!("{}1{}", "(".repeat(4000), ")".repeat(4000)),
        format!("{}1{}", "[".repeat(4000), "]".repeat(4000)),
        format!("{}1{}", "{1:".repeat(2000), "}".repeat(2000)),
        format!("object{}", ".a".repeat(4000)),
        format!("object{}", "[0]".repeat(2500)),
        format!("1{}", "+1".repeat(4000)),
        format!("{}1", "-(".repeat(4000)),
        format!("{}true", "true?true:".repeat(800)),
        format!("{}1{}", "size(".repeat(1300), ")".repeat(1300)),
    ];
    for source in deep {
        let outcome = run(&source, &Value::Null);
        assert_eq!(outcome, Err("TooNested".into()), "{}", &source[..20]);
    }
}

#[test]
fn the_deepest_accepted_nesting_runs_on_a_small_stack() {
    let depth = 118;
    let sources = [
        format!("{}1{}", "(".repeat(depth), ")".repeat(depth)),
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth)),
        format!("{}1{}", "int(".repeat(depth), ")".repeat(depth)),
        format!("1{}", "+1".repeat(depth)),
    ];
    for source in sources {
        assert_eq!(run(&source, &Value::Null), Ok(()), "{}", &source[..20]);
    }
}

#[test]
fn types_that_double_are_refused() {
    let source = format!(
        "[1]{}",
        ".map(a, {a: a})"
            .repeat(60)
            .replace("{a: a}", "{'k': [a, a]}")
    );
    assert!(run(&source, &Value::Null).is_ok());
    let doubling = (0..40).fold("{1: 1}".to_owned(), |inner, _| {
        format!("[{inner}].map(a, {{a: a}})")
    });
    assert!(run(&doubling, &Value::Null).is_err());
}

/// `first` added to itself, and the sum to itself, through 32 variables.
#[expect(clippy::unwrap_used, reason = "every one of these compiles")]
fn expect_doubling_to_end(first: &str) {
    let mut env = Env::new();
    let mut last = env.compile(first).unwrap();
    for at in 0..32 {
        env.declare_variable(&format!("v{at}"), last).unwrap();
        last = env
            .compile(&format!("variables.v{at} + variables.v{at}"))
            .unwrap();
    }
    let object = Value::Null;
    let outcome = Evaluation::new(&env, &object, None).run(&last);
    assert!(
        matches!(outcome, Err(EvalError::OverBudget { .. })),
        "{outcome:?}"
    );
}

#[test]
fn text_that_doubles_in_variables_stays_bounded() {
    expect_doubling_to_end("'0123456789'");
}

#[test]
fn lists_that_double_in_variables_stay_bounded() {
    expect_doubling_to_end("[1, 2, 3]");
}

#[test]
fn variables_nested_deeply_in_each_other_are_refused() {
    let mut env = Env::new();
    let mut last = env.compile("1").unwrap();
    let deepened = (0..10).try_for_each(|at| {
        env.declare_variable(&format!("v{at}"), last.clone())?;
        let source = format!("{}variables.v{at}{}", "int(".repeat(100), ")".repeat(100));
        last = env.compile(&source)?;
        Ok::<(), goldenpath_cel::CompileError>(())
    });
    assert_eq!(deepened.unwrap_err().reason(), "TooNested");
}

#[test]
fn the_deepest_accepted_chain_of_variables_runs_on_a_small_stack() {
    let mut env = Env::new();
    let first = env
        .compile(&format!("{}1{}", "int(".repeat(118), ")".repeat(118)))
        .unwrap();
    env.declare_variable("first", first).unwrap();
    let source = format!("{}variables.first{}", "int(".repeat(118), ")".repeat(118));
    let second = env.compile(&source).unwrap();
    let object = Value::Null;
    assert!(Evaluation::new(&env, &object, None).run(&second).is_ok());
}

#[test]
fn patterns_made_while_evaluating_are_few() {
    let started = Instant::now();
    let source = "object.items.all(i, !'x'.matches('y{1000}' + string(i)))";
    assert_eq!(run(source, &numbers(1000)), Err("OverBudget".into()));
    assert!(started.elapsed() < SOON);
}

#[test]
fn comparing_a_large_object_with_itself_is_paid_for() {
    let started = Instant::now();
    let object = numbers(5000);
    let source = "object.items.all(i, object.items == object.items)";
    assert_eq!(run(source, &object), Err("OverBudget".into()));
    assert!(started.elapsed() < SOON);
}

const WORDS: &str = "object . .? a b spec [ ] [? { } ( ) , : ? 1 2.5 3u 'x' b'x' true null + - * / % \
    == != < >= in && || ! all exists map filter has size matches orValue optMap transformMap \
    sortBy dyn int string quantity timestamp duration format split join variables //";
const LEAVES: &str = "1 -7 2.5 3u 'abc' true null object object.spec object.items [] {} x \
    object.?spec.?name duration('1h') timestamp('2024-01-01T00:00:00Z') b'ab' '1Gi' [1,2]";
const OPERATORS: &str = "+ - * / % == != < && || in";
const MACROS: &str = "all exists exists_one map filter optMap sortBy";
const METHODS: &str = "matches contains split orValue indexOf join find";
const FUNCTIONS: &str = "size int string double dyn type quantity url";

fn one_of(words: &'static str) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
}

/// Random words of the dialect.
fn scraps() -> impl Strategy<Value = String> {
    prop::collection::vec(one_of(WORDS), 0..40).prop_map(|words| words.join(" "))
}

/// Random expressions that parse.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = one_of(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(6, 60, 4, |part| {
        let two = (part.clone(), part.clone());
        prop_oneof![
            (two.clone(), one_of(OPERATORS)).prop_map(|((a, b), sign)| format!("({a} {sign} {b})")),
            (two.clone(), one_of(MACROS)).prop_map(|((a, b), name)| format!("{a}.{name}(x, {b})")),
            (two.clone(), one_of(METHODS)).prop_map(|((a, b), name)| format!("{a}.{name}({b})")),
            (part.clone(), one_of(FUNCTIONS)).prop_map(|(a, name)| format!("{name}({a})")),
            two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two.clone().prop_map(|(a, b)| format!("{{{a}: {b}}}")),
            two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
            two.prop_map(|(a, b)| format!("({a} ? {b} : {a})")),
            part.prop_map(|a| format!("[dyn({a})].map(x, dyn(x))")),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(source in ".{0,200}") {
        let _ = run(&source, &Value::Null);
    }

    #[test]
    fn scraps_of_the_dialect_never_panic(source in scraps()) {
        let _ = run(&source, &json!({"spec": {"a": 1}, "a": [1, 2]}));
    }

    #[test]
    fn expressions_never_panic_nor_run_long(source in expressions()) {
        let started = Instant::now();
        let _ = run(&source, &json!({"spec": {"name": "n"}, "items": [1, "two", null, {"x": 3}]}));
        prop_assert!(started.elapsed() < SOON);
    }

    #[test]
    fn arbitrary_patterns_never_panic(pattern in ".{0,40}") {
        let object = json!({"pattern": pattern});
        let _ = run("'some text'.matches(object.pattern)", &object);
        let _ = run("'some text'.findAll(object.pattern)", &object);
    }

    #[test]
    fn arbitrary_text_in_libraries_never_panics(text in ".{0,60}", number in any::<i64>()) {
        let object = json!({"text": text, "number": number});
        for source in [
            "quantity(object.text).add(object.number)",
            "semver(object.text, true)",
            "url(object.text).getQuery()",
            "ip(object.text)",
            "cidr(object.text).masked()",
            "timestamp(object.text)",
            "duration(object.text)",
            "object.text.format([object.number, object.text])",
            "object.text.substring(object.number)",
            "object.text.lastIndexOf('a', object.number)",
            "object.text.split(object.text, object.number)",
            "timestamp(object.number).getHours('+23:59')",
            "timestamp(0) + duration(string(object.number) + 'ns')",
            "object.number * object.number",
            "-object.number / object.number",
            "lists.range(object.number)",
            "object.text.replace('', object.text, object.number)",
        ] {
            let _ = run(source, &object);
        }
    }
}
