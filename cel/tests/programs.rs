//! The properties of compiled programs, and the form of errors.

use goldenpath_cel::{Env, EvalError, Evaluation};
use serde_json::json;

fn reads(source: &str) -> Vec<String> {
    let program = Env::new().compile(source).expect("it compiles");
    program.reads().iter().map(|path| path.join("/")).collect()
}

fn refusal(source: &str) -> (String, &'static str) {
    let error = Env::new().compile_bool(source).expect_err("it is refused");
    (error.to_string(), error.reason())
}

#[test]
fn reads_are_the_paths_selected_from_the_object() {
    assert_eq!(
        reads("object.metadata.labels.app == 'x'"),
        ["metadata/labels/app"]
    );
    assert_eq!(reads("has(object.status.phase)"), ["status/phase"]);
    assert_eq!(
        reads("object.?metadata.?labels['a'].orValue('')"),
        ["metadata/labels/a"]
    );
    assert_eq!(
        reads("object['metadata'][?'name'].hasValue()"),
        ["metadata/name"]
    );
}

#[test]
fn reads_end_where_an_index_is_computed_or_a_macro_takes_over() {
    let containers = "spec/template/spec/containers";
    assert_eq!(
        reads("object.spec.template.spec.containers[0].name"),
        [containers]
    );
    assert_eq!(
        reads("object.spec.template.spec.containers.all(c, c.name != '')"),
        [containers]
    );
    assert_eq!(reads("object.metadata[object.kind]"), ["kind", "metadata"]);
}

#[test]
fn reading_the_object_as_a_whole_is_an_empty_path() {
    assert_eq!(reads("[object].exists(o, o.status != null)"), [""]);
    assert_eq!(reads("object == null"), [""]);
}

#[test]
fn a_macro_variable_hides_the_object() {
    assert!(reads("[{'a': 1}].all(object, object.a == 1)").is_empty());
}

#[test]
fn errors_tell_line_and_column() {
    let (shown, reason) = refusal("true &&\n  foo");
    assert_eq!(
        shown,
        "2:3: undeclared reference to 'foo' (in container '')"
    );
    assert_eq!(reason, "DoesNotCompile");
}

#[test]
fn a_check_must_be_a_truth_value() {
    let (shown, reason) = refusal("object.spec.replicas");
    assert_eq!(shown, "1:1: must evaluate to bool but got dyn");
    assert_eq!(reason, "WrongType");
}

#[test]
fn what_only_a_request_has_is_refused_with_the_reason() {
    for source in [
        "request.name == ''",
        "oldObject == null",
        "params.x",
        "authorizer == null",
    ] {
        let (shown, _) = refusal(source);
        assert!(
            shown.contains("only object, namespaceObject and variables"),
            "{shown}"
        );
    }
}

#[test]
fn a_variable_is_typed_and_evaluated_once() {
    let mut env = Env::new();
    let replicas = env.compile("object.spec.replicas + 1").unwrap();
    assert_eq!(replicas.result_type().to_string(), "int");
    env.declare_variable("replicas", replicas).unwrap();
    assert!(env.compile_bool("variables.replicas == 'x'").is_err());
    let check = env
        .compile_bool("variables.replicas == 4 && variables.replicas > 3")
        .unwrap();
    let object = json!({"spec": {"replicas": 3}});
    assert_eq!(
        Evaluation::new(&env, &object, None).run_bool(&check),
        Ok(true)
    );
}

#[test]
fn a_failing_variable_is_named_where_it_is_used() {
    let mut env = Env::new();
    let team = env.compile("object.metadata.labels.team").unwrap();
    env.declare_variable("team", team).unwrap();
    let check = env.compile_bool("variables.team == 'a'").unwrap();
    let object = json!({"metadata": {}});
    let error = Evaluation::new(&env, &object, None)
        .run_bool(&check)
        .unwrap_err();
    assert_eq!(error.reason(), "EvaluationFailed");
    let shown = "composited variable \"team\" fails to evaluate: no such key: labels";
    assert_eq!(error, EvalError::Failed(shown.into()));
}

#[test]
fn names_of_variables_are_identifiers_and_free() {
    let mut env = Env::new();
    let one = env.compile("1").unwrap();
    assert!(env.declare_variable("not-a-name", one.clone()).is_err());
    assert!(env.declare_variable("one", one.clone()).is_ok());
    assert!(env.declare_variable("one", one).is_err());
}

#[test]
fn variables_are_renamed_where_they_are_named_and_nowhere_else() {
    let mut env = Env::new();
    for (name, source) in [("pod", "object.spec"), ("names", "['a']")] {
        let program = env.compile(source).expect("it compiles");
        env.declare_variable(name, program)
            .expect("the name is free");
    }
    let renamed = |source: &str| {
        let program = env.compile(source).expect("it compiles");
        program.with_variables_prefixed("p2_")
    };
    for (source, wanted) in [
        ("has(variables . pod.x)", "has(variables . p2_pod.x)"),
        (
            "variables.names.all(n, n in variables.names) // variables.pod",
            "variables.p2_names.all(n, n in variables.p2_names) // variables.pod",
        ),
        (
            "object.variables.pod == 'variables.pod'",
            "object.variables.pod == 'variables.pod'",
        ),
        (
            "object.?variables.pod.hasValue() || size(variables.names) > 0",
            "object.?variables.pod.hasValue() || size(variables.p2_names) > 0",
        ),
    ] {
        assert_eq!(renamed(source).as_deref(), Some(wanted));
    }
    assert_eq!(renamed("[1].all(variables, variables > 0)"), None);
    let program = env
        .compile("variables.names == ['b'] || has(variables.pod.x) || 'c' in variables.names")
        .expect("it compiles");
    assert_eq!(program.variables(), Some(vec!["names", "pod"]));
    assert!(env.variable("pod").is_some() && env.variable("other").is_none());
}

#[test]
fn each_loop_within_a_loop_multiplies_the_estimated_cost() {
    let cost = |source: &str| {
        let program = Env::new().compile(source).expect("it compiles");
        program.estimated_cost(32)
    };
    let list = "object.spec.list";
    let once = format!("{list}.all(a, a != 'x')");
    let twice = format!("{list}.all(a, {list}.all(b, a != b))");
    let thrice = format!("{list}.all(a, {list}.all(b, {list}.all(c, a + b != c)))");
    let four_times = format!("{list}.all(d, {thrice})");
    assert!(cost("object.spec.replicas >= 2") < 50);
    assert!(cost(&once) < 1_000);
    assert!(
        (10_000..100_000).contains(&cost(&twice)),
        "{}",
        cost(&twice)
    );
    assert!(
        (300_000..1_500_000).contains(&cost(&thrice)),
        "{}",
        cost(&thrice)
    );
    assert!(cost(&four_times) > 10_000_000);
}
