//! The probes of `helm test`, against an operator started as the chart starts it: with the
//! arguments of its Deployment, the rights of its account, and the address in its Service's
//! variables.

use std::process::Command;

use goldenpath_e2e::{
    ControlPlane, Operator, OperatorOptions, Options, Tool, control_plane_or_skip, free_port,
};
use serde_json::Value;

use crate::helm::{Helm, NAMESPACE, chart};

const BINARY: &str = env!("CARGO_BIN_EXE_goldenpath");

#[test]
fn helm_test_passes_on_the_operator_as_the_chart_starts_it() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let Some(helm) = Helm::or_skip(Tool::Helm, &cluster) else {
        return;
    };
    helm.run(&["install", "goldenpath", &chart(), "--create-namespace"]);
    let operations = format!("127.0.0.1:{}", free_port().unwrap());
    let operator = start(&cluster, &operations);
    let pages = operator.url().strip_prefix("http://").unwrap().to_owned();
    let variables = [
        ("GOLDENPATH_PORT_8080_TCP", format!("tcp://{pages}")),
        ("GOLDENPATH_PORT_8081_TCP", format!("tcp://{operations}")),
    ];

    let questions = questions(&helm);
    assert_eq!(questions.len(), 3);
    for question in &questions {
        let (code, printed) = run(&expanded(question, &variables));
        assert_eq!(code, 0, "{question:?}: {printed}");
    }
    each_listener_has_its_own(&pages, &operations);
}

/// The operator of the release, at addresses of this machine.
fn start(cluster: &ControlPlane, operations: &str) -> Operator {
    let args = ["get", "deploy", "goldenpath", "-n", NAMESPACE, "-o", "json"];
    let deployment: Value = serde_json::from_str(&cluster.kubectl_ok(&args).unwrap()).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let args: Vec<String> = serde_json::from_value(container["args"].clone()).unwrap();
    // The harness adds `--listen`.
    let mut args: Vec<String> = args
        .into_iter()
        .filter(|arg| !arg.starts_with("--listen="))
        .collect();
    let split = args
        .iter_mut()
        .find(|arg| arg.starts_with("--metrics-listen="))
        .expect("metrics are split off");
    *split = format!("--metrics-listen={operations}");
    let account = cluster.kubeconfig_for_service_account(NAMESPACE, "goldenpath");
    let options = OperatorOptions {
        binary: BINARY.into(),
        args,
        env: vec![("GOLDENPATH_LEASE_NAMESPACE".into(), NAMESPACE.into())],
        kubeconfig: Some(account.unwrap()),
    };
    Operator::start(cluster, &options).unwrap()
}

/// The arguments of each container of the chart's test.
fn questions(helm: &Helm<'_>) -> Vec<Vec<String>> {
    let hooks = helm.run(&["get", "hooks", "goldenpath"]);
    let pod: Value = serde_saphyr::from_str(&hooks).unwrap();
    let containers = pod["spec"]["containers"].as_array().unwrap();
    containers
        .iter()
        .map(|container| serde_json::from_value(container["args"].clone()).unwrap())
        .collect()
}

/// As the kubelet expands them.
fn expanded(args: &[String], variables: &[(&str, String)]) -> Vec<String> {
    let expand = |arg: &String| {
        variables.iter().fold(arg.clone(), |arg, (name, value)| {
            arg.replace(&format!("$({name})"), value)
        })
    };
    args.iter().map(expand).collect()
}

fn run(args: &[String]) -> (i32, String) {
    let answer = Command::new(BINARY).args(args).output().unwrap();
    let printed = [answer.stdout, answer.stderr].concat();
    let code = answer.status.code().unwrap();
    (code, String::from_utf8(printed).unwrap())
}

fn each_listener_has_its_own(pages: &str, operations: &str) {
    let ask = |address: &str, path: &str, expected: &str| {
        let url = format!("http://{address}{path}");
        run(&["probe".into(), url, format!("--expect={expected}")])
    };
    for path in ["/metrics", "/readyz", "/livez"] {
        let (code, printed) = ask(pages, path, "");
        assert_eq!(code, 1, "{printed}");
        assert!(printed.contains("answers 404"), "{printed}");
    }
    let (code, printed) = ask(pages, "/", "/metrics");
    assert_eq!(code, 1, "the page lists what is not there: {printed}");
    let (code, _) = ask(operations, "/api/v1/report", "");
    assert_eq!(code, 1);
    let (code, printed) = ask(operations, "/metrics", "goldenpath_no_such_metric");
    assert_eq!(code, 1);
    assert!(
        printed.contains("without goldenpath_no_such_metric"),
        "{printed}"
    );
    let (code, printed) = ask("127.0.0.1:9", "/readyz", "");
    assert_eq!(code, 2);
    assert!(
        printed.contains("failed to reach http://127.0.0.1:9/readyz"),
        "{printed}"
    );
}
