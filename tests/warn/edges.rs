//! Long messages, failing checks and competing paths: still one line, still the right path, and
//! still no request refused.

use std::fmt::Write as _;

use goldenpath_e2e::{ControlPlane, Options};

use crate::ground::{apply, condition, in_force, kubectl, labelled, prepared, start_warning};

fn path(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: goldenpath.dev/v1alpha1\nkind: GoldenPath\nmetadata: {{name: {name}}}\nspec:\n  \
         owner: {{team: platform}}\n  warnOnApply: true\n{more}"
    )
}

fn in_namespace(name: &str) -> String {
    format!(
        "  scope: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}}}\n"
    )
}

fn deployment(namespace: &str, name: &str, metadata: &str) -> String {
    format!(
        "---\n{{apiVersion: apps/v1, kind: Deployment, \
         metadata: {{name: {name}, namespace: {namespace}{metadata}}}, \
         spec: {{replicas: 1, selector: {{matchLabels: {{app: {name}}}}}, \
         template: {{metadata: {{labels: {{app: {name}}}}}, \
         spec: {{containers: [{{name: app, image: 'registry.example.com/app:1'}}]}}}}}}}}\n"
    )
}

fn create_namespaces(cluster: &ControlPlane, names: &[&str]) {
    for name in names {
        cluster.kubectl_ok(&["create", "namespace", name]).unwrap();
    }
}

/// Thirty-two steps that every workload misses, each with a message longer than fits.
fn wordy() -> String {
    let mut checks = String::from("  checks:\n");
    for number in 0..32 {
        let name = format!("step-{number}-{}", "x".repeat(50));
        let words = "words 'quoted' \\\\ and more ".repeat(30);
        let _ = write!(
            checks,
            "  - name: {name}\n    expression: object.spec.replicas > 2\n    message: \"{words}\"\n    \
             remediation: \"{words}\"\n"
        );
    }
    path("wordy", &(in_namespace("wordy") + &checks))
}

const ODD: &str = r#"
  checks:
  - name: secret
    sensitive: true
    expression: object.spec.replicas > 2
    messageExpression: "'the token is ' + object.metadata.annotations['token']"
    message: a token is written down
  - name: lines
    expression: object.spec.replicas > 2
    messageExpression: "'one\ntwo'"
    message: |
      größer als 'eins'
      "und" \n zwei
  - name: empty
    title: It has a word
    expression: object.spec.replicas > 2
    messageExpression: "'  '"
"#;

const ERRING: &str = "
  checks:
  - {name: errs, expression: \"int(object.metadata.annotations['size']) > 2\", message: too small}
  - {name: replicas, expression: object.spec.replicas > 2, message: one replica}
";

#[test]
fn any_message_becomes_one_whole_line() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    create_namespaces(&cluster, &["wordy", "odd", "erring"]);
    let operator = start_warning(&cluster);
    cluster.apply(&wordy()).unwrap();
    cluster
        .apply(&path("odd", &(in_namespace("odd") + ODD)))
        .unwrap();
    cluster
        .apply(&path("erring", &(in_namespace("erring") + ERRING)))
        .unwrap();
    for name in ["wordy", "odd", "erring"] {
        condition(&cluster, name, ("True", "Installed"));
    }

    too_many_words_are_cut_and_the_off_ramp_stays(&cluster);
    odd_words_take_one_line(&cluster);
    what_goes_wrong_never_refuses(&cluster);
    drop(operator);
}

fn too_many_words_are_cut_and_the_off_ramp_stays(cluster: &ControlPlane) {
    let printed = in_force(cluster, &deployment("wordy", "web", ""));
    assert!(
        printed.starts_with("golden path wordy: 0 of 32 steps. Missing: words 'quoted' \\ and"),
        "{printed}"
    );
    assert!(
        printed.contains("; and 29 more, see goldenpath why deploy/web -n wordy."),
        "{printed}"
    );
    assert!(
        printed.ends_with("kubectl goldenpath except deploy/web -n wordy --reason \"…\""),
        "{printed}"
    );
    assert!(
        printed.chars().count() < 3_000,
        "{} characters",
        printed.chars().count()
    );
}

fn odd_words_take_one_line(cluster: &ControlPlane) {
    let token = ", annotations: {token: abc123}";
    let printed = in_force(cluster, &deployment("odd", "web", token));
    assert_eq!(
        printed,
        "golden path odd: 0 of 3 steps. Missing: a token is written down; größer als 'eins' \"und\" \
         \\n zwei; It has a word is not met yet. Or record why you deviate: kubectl goldenpath \
         except deploy/web -n odd --check secret,lines,empty --reason \"…\""
    );
}

fn what_goes_wrong_never_refuses(cluster: &ControlPlane) {
    let small = ", annotations: {size: '1'}";
    let printed = in_force(cluster, &deployment("erring", "small", small));
    assert!(printed.contains("0 of 2 steps"), "{printed}");
    // One check fails and one cannot be evaluated: the warning names `why`.
    let printed = apply(
        cluster,
        &deployment("erring", "odd", ", annotations: {size: big}"),
    );
    assert_eq!(
        printed,
        [
            "golden path erring: some of its 2 steps are missing. To see which, and how to fix them: \
          goldenpath why KIND/NAME -n NAMESPACE. Or record why you deviate: kubectl goldenpath except \
          KIND/NAME -n NAMESPACE --reason \"…\""
        ]
    );
    // Only our own check errors: that is ours to fix, so the user gets none.
    let enough = deployment("erring", "enough", ", annotations: {size: big}");
    let enough = enough.replace("replicas: 1", "replicas: 3");
    assert_eq!(apply(cluster, &enough), [""; 0]);
    labelled(cluster, ("erring", "deploy/enough"), "unknown/erring/");
}

/// Two paths over the same namespace with variables of the same name.
fn competing() -> String {
    let low = "
  formerNames: [old-low]
  variables: [{name: pod, expression: object.spec.template.spec}]
  checks: [{name: low, expression: size(variables.pod.containers) > 1, message: low}]
";
    let high = "
  priority: 5
  formerNames: [old-high]
  scope:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: both}}
    selector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}
    matchConditions: [{name: c, expression: size(variables.pod) > 0 // always}]
  variables: [{name: pod, expression: object.spec.template.spec.containers}]
  checks: [{name: high, expression: size(variables.pod) > 2, message: high}]
";
    path("low", &(in_namespace("both") + low)) + &path("high", high)
}

/// Name and labels of a Deployment, and the path that judges it.
const COMPETING: [(&str, &str, &str); 7] = [
    ("plain", "", "high"),
    ("elsewhere", "tier: back", "low"),
    ("declares", "goldenpath.dev/path: low", "low"),
    ("declares-old", "goldenpath.dev/path: old-low", "low"),
    ("declares-old-high", "goldenpath.dev/path: old-high", "high"),
    ("declares-none", "goldenpath.dev/path: nowhere", "high"),
    ("cannot", "'goldenpath.dev/path': high, tier: back", "low"),
];

fn one_path_warns_and_judges(cluster: &ControlPlane, (name, labels): (&str, &str), wanted: &str) {
    let labels = format!(", labels: {{{labels}}}");
    let printed = apply(cluster, &deployment("both", name, &labels));
    let [line] = printed.as_slice() else {
        panic!("{name}: {printed:?}")
    };
    assert!(
        line.starts_with(&format!("golden path {wanted}:")),
        "{name}: {line}"
    );
    let judged = format!("deviating/{wanted}/undocumented");
    labelled(cluster, ("both", &format!("deploy/{name}")), &judged);
    let note = [
        "-n",
        "both",
        "annotate",
        &format!("deploy/{name}"),
        "note=x",
    ];
    let printed = kubectl(cluster, &note);
    assert!(
        printed[0].starts_with(&format!("golden path {wanted}:")),
        "{name}: {printed:?}"
    );
}

#[test]
fn of_two_paths_the_one_that_judges_is_the_one_that_warns() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    create_namespaces(&cluster, &["both"]);
    let operator = start_warning(&cluster);
    cluster.apply(&competing()).unwrap();
    condition(&cluster, "low", ("True", "Installed"));
    condition(&cluster, "high", ("True", "Installed"));
    in_force(&cluster, &deployment("both", "probe-high", ""));
    in_force(
        &cluster,
        &deployment("both", "probe-low", ", labels: {tier: back}"),
    );
    for (name, labels, wanted) in COMPETING {
        one_path_warns_and_judges(&cluster, (name, labels), wanted);
    }
    // Who declares another path is warned by that one at once, and not by the one in the labels.
    let moves = [
        "-n",
        "both",
        "label",
        "deploy/plain",
        "goldenpath.dev/path=low",
    ];
    let printed = kubectl(&cluster, &moves);
    assert_eq!(printed.len(), 1);
    assert!(printed[0].starts_with("golden path low:"), "{printed:?}");
    drop(operator);
}
