//! What a stamped text looks like, case by case and for random manifests.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const TIME: &str = "2026-03-01T12:00:00Z";
const KEY: &str = "goldenpath.dev/commit-time";
/// What follows the metadata of a whole Deployment; its pod template has annotations of its own.
const SPEC: &str = "\
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      annotations:
        prometheus.io/scrape: \"true\"
      labels: {app: web}
    spec:
      containers:
      - {name: web, image: 'shop/web:1'}
";

fn time() -> CommitTime {
    CommitTime::new(TIME.parse().unwrap(), TIME.parse().unwrap()).unwrap()
}

fn stamped_as(name: &str, text: &str, is_named: bool) -> Stamped {
    let file = File {
        name: name.to_owned(),
        content: text.as_bytes().to_vec(),
        is_named,
    };
    let extra_kinds = &["rollouts.argoproj.io/v1alpha1".parse().unwrap()];
    let time = time();
    stamp(&file, &Stamp { time, extra_kinds })
}

fn stamped(text: &str) -> Stamped {
    stamped_as("a.yaml", text, true)
}

/// The text after it is stamped; nothing in it may be refused.
fn edited(text: &str) -> String {
    let stamped = stamped(text);
    assert_eq!(stamped.refused, [], "{text}");
    apply(text, &stamped.edits)
}

fn refusals(text: &str) -> Vec<(usize, Refusal)> {
    let refused = stamped(text).refused.into_iter();
    refused.map(|one| (one.line, one.reason)).collect()
}

fn deployment(metadata: &str) -> String {
    format!("apiVersion: apps/v1\nkind: Deployment\n{metadata}{SPEC}")
}

/// Stamps a Deployment with this metadata and compares the metadata.
fn assert_metadata(before: &str, after: &str) {
    let text = edited(&deployment(before));
    assert_eq!(text, deployment(after));
    assert_eq!(edited(&text), text, "twice");
}

#[test]
fn the_annotation_follows_the_notation_of_its_surroundings() {
    let cases = [
        // No annotations.
        (
            "metadata:\n  name: web # the shop\n\n  labels: {a: b}\n",
            "metadata:\n  name: web # the shop\n  annotations:\n    KEY: \"TIME\"\n\n  labels: {a: b}\n",
        ),
        (
            "metadata:\n    labels:\n        a: b\n    name: web\n    namespace: shop\n",
            "metadata:\n    labels:\n        a: b\n    name: web\n    namespace: shop\n    annotations:\n        KEY: \
             \"TIME\"\n",
        ),
        (
            "metadata: {name: web, labels: {a: b}} # c\n",
            "metadata: {name: web, annotations: {KEY: \"TIME\"}, labels: {a: b}} # c\n",
        ),
        (
            "metadata:\n  'name': >-\n    web\n",
            "metadata:\n  annotations:\n    KEY: \"TIME\"\n  'name': >-\n    web\n",
        ),
        // Annotations of others.
        (
            "metadata:\n  name: web\n  annotations:\n    # about a\n    a: |\n      # no comment\n      b\n  # end\n",
            "metadata:\n  name: web\n  annotations:\n    KEY: \"TIME\"\n    # about a\n    a: |\n      # no comment\n      \
             b\n  # end\n",
        ),
        (
            "metadata:\n  annotations:   # c\n      a: b\n  name: web\n",
            "metadata:\n  annotations:   # c\n      KEY: \"TIME\"\n      a: b\n  name: web\n",
        ),
        (
            "metadata:\n  name: web\n  annotations: {a: b}\n",
            "metadata:\n  name: web\n  annotations: {KEY: \"TIME\", a: b}\n",
        ),
        (
            "metadata:\n  name: web\n  annotations: {\n    \"a\": b,\n  }\n",
            "metadata:\n  name: web\n  annotations: {\n    KEY: \"TIME\",\n    \"a\": b,\n  }\n",
        ),
        // Annotations without content.
        (
            "metadata:\n  name: web\n  annotations: {}\n",
            "metadata:\n  name: web\n  annotations: {KEY: \"TIME\"}\n",
        ),
        (
            "metadata:\n  name: web\n  annotations: # none yet\n  labels:\n",
            "metadata:\n  name: web\n  annotations: # none yet\n    KEY: \"TIME\"\n  labels:\n",
        ),
        (
            "metadata:\n  name: web\n  annotations: ~ # none\n",
            "metadata:\n  name: web\n  annotations: {KEY: \"TIME\"} # none\n",
        ),
        (
            "metadata: {name: web, annotations: }\n",
            "metadata: {name: web, annotations: {KEY: \"TIME\"} }\n",
        ),
    ];
    for (before, after) in cases {
        let after = after.replace("KEY", KEY).replace("TIME", TIME);
        assert_metadata(before, &after);
    }
}

#[test]
fn an_older_time_is_replaced_in_its_quotes() {
    let metadata = |value: &str| {
        format!("metadata:\n  name: web\n  annotations:\n    {KEY}:{value} # from git\n    a: b\n")
    };
    for (before, after) in [
        (" '2025-01-01T00:00:00Z'", " 'TIME'"),
        (" \"2025-01-01T00:00:00Z\"", " \"TIME\""),
        (" 2025-01-01T00:00:00Z", " \"TIME\""),
        (" ''", " 'TIME'"),
        ("", " \"TIME\""),
        (" null", " \"TIME\""),
    ] {
        assert_metadata(&metadata(before), &metadata(&after.replace("TIME", TIME)));
    }
    // The same instant stays as it is written.
    for current in [" 2026-03-01T12:00:00Z", " '2026-03-01T13:00:00+01:00'"] {
        assert_metadata(&metadata(current), &metadata(current));
    }
}

#[test]
fn line_endings_and_a_missing_last_line_feed_stay() {
    let text = deployment("metadata:\n  name: web\n").replace('\n', "\r\n");
    let expected = deployment(&format!(
        "metadata:\n  name: web\n  annotations:\n    {KEY}: \"{TIME}\"\n"
    ));
    assert_eq!(edited(&text), expected.replace('\n', "\r\n"));
    let last = "spec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {containers: \
                [{name: a, image: b}]}}}}}\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: web";
    assert_eq!(
        edited(last),
        format!("{last}\n  annotations:\n    {KEY}: \"{TIME}\"")
    );
}

#[test]
fn every_workload_of_a_stream_is_stamped_and_nothing_else() {
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n";
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: web\n";
    let item = deployment("metadata:\n  name: a\n").replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n",
        item.trim_end()
    );
    let text = format!(
        "# about\n---\n{service}---\n{}...\n--- # next\n{list}---\n{rollout}",
        deployment("metadata:\n  name: web\n")
    );
    let found = stamped(&text);
    assert_eq!(
        found.workloads,
        ["Deployment web", "Deployment a", "Rollout web"]
    );
    assert_eq!(found.passed_over.of(Reason::OtherKind), 1);
    let after = edited(&text);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut left = lines(&after);
    left.retain(|line| !line.contains(KEY) && !line.trim_start().starts_with("annotations:"));
    let mut before = lines(&text);
    before.retain(|line| !line.trim_start().starts_with("annotations:"));
    assert_eq!(left, before);
    assert_eq!(after.matches(KEY).count(), 3);
}

#[test]
fn json_stays_json() {
    let object = "{\n  \"apiVersion\": \"argoproj.io/v1alpha1\",\n  \"kind\": \"Rollout\",\n  \"metadata\": {\n    \
                  \"name\": \"a\\/b\\ud83d\\ude00\"\n  }\n}\n";
    let added = format!("\",\n    \"annotations\": {{\"{KEY}\": \"{TIME}\"}}\n  }}");
    assert_eq!(edited(object), object.replace("\"\n  }", &added));
    let list = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{0},{0}]}}"#,
        r#"{"apiVersion":"argoproj.io/v1","kind":"Rollout","metadata":{"name":"a","annotations":{}}}"#
    );
    let annotations = format!(r#""annotations":{{"{KEY}": "{TIME}"}}"#);
    assert_eq!(
        edited(&list),
        list.replace(r#""annotations":{}"#, &annotations)
    );
    assert_eq!(stamped(&list).workloads.len(), 2);
    let two = format!("{list}\n{list}");
    serde_json::Deserializer::from_str(&edited(&two))
        .into_iter::<Value>()
        .for_each(|value| assert!(value.is_ok()));
}

#[test]
fn annotations_that_are_shared_are_refused_or_merged() {
    let shared = "metadata:\n  name: web\n  annotations: &a\n    a: b\n";
    let text = deployment(shared).replace("{app: web}\n    spec", "*a\n    spec");
    assert_eq!(refusals(&text), [(1, Refusal::Shared)]);
    assert_eq!(stamped(&text).edits, []);
    let anchored = deployment(&shared.replace("annotations: &a", "labels: &a"));
    let alias = anchored.replace("spec:\n  sel", "  annotations: *a\nspec:\n  sel");
    let merged = format!("  annotations: {{<<: *a, {KEY}: \"{TIME}\"}}\n");
    assert_eq!(
        edited(&alias),
        alias.replace("  annotations: *a\n", &merged)
    );
    let whole = "x: &m {name: web}\nmetadata: *m\n";
    assert_eq!(refusals(&deployment(whole)), [(1, Refusal::Shared)]);
    let odd = deployment("metadata: {name: web, annotations: [a]}\n");
    assert_eq!(refusals(&odd), [(1, Refusal::Shared)]);
}

#[test]
fn templates_and_parts_are_refused_with_what_to_do_instead() {
    let template = deployment("metadata:\n  name: {{ .Release.Name }}\n");
    let quoted = deployment("metadata:\n  name: '{{ .Release.Name }}'\n");
    for text in [&template, &quoted] {
        assert_eq!(refusals(text), [(1, Refusal::Template)]);
    }
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";
    let found = stamped(&format!("# c\n{patch}"));
    assert_eq!(found.refused[0].line, 2);
    assert_eq!(found.refused[0].reason, Refusal::Fragment);
    assert!(
        found.refused[0]
            .reason
            .to_string()
            .contains("kustomize build")
    );
    // A patch that is there for the stamp.
    let placed = format!("{patch}  annotations:\n    {KEY}: \"\"\n");
    assert_eq!(
        edited(&placed),
        placed.replace("\"\"", &format!("\"{TIME}\""))
    );
    let nameless = deployment("metadata: {labels: {a: b}}\n");
    assert_eq!(refusals(&nameless), [(1, Refusal::NoName)]);
    let broken = refusals("a: 1\n---\nkind: [\n");
    assert!(
        matches!(&broken[..], [(3, Refusal::Unreadable(_))]),
        "{broken:?}"
    );
}

#[test]
fn what_is_no_manifest_is_passed_over_below_a_directory() {
    let found = stamped_as("charts/web/values.yaml", "a: {{ b }}: c\n", false);
    assert_eq!((found.refused, found.edits), (vec![], vec![]));
    assert_eq!(found.passed_over.of(Reason::NoObject), 1);
    let chart = stamped_as(
        "charts/web/templates/a.yaml",
        "{{ if .x }}\na: b\n{{ end }}\n",
        false,
    );
    assert_eq!(chart.refused[0].reason, Refusal::Template);
    assert!(chart.refused[0].reason.is_expected_in_directory());
}

/// The text that a unified diff leads to.
fn patched(text: &str, diff: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut patched = String::new();
    let mut at = 0;
    let mut last = "";
    for line in diff.split_inclusive('\n').skip(2) {
        let (mark, rest) = line.split_at(1);
        match mark {
            "@" => {
                let start = line.split(['-', ',']).nth(1).unwrap();
                let start = start.parse::<usize>().unwrap() - 1;
                patched.extend(lines[at..start].iter().copied());
                at = start;
            }
            "\\" if last == "-" => {}
            "\\" => {
                patched.pop();
            }
            "-" => {
                assert_eq!(
                    lines[at].trim_end_matches('\n'),
                    rest.trim_end_matches('\n')
                );
                at += 1;
            }
            " " => {
                assert_eq!(
                    lines[at].trim_end_matches('\n'),
                    rest.trim_end_matches('\n')
                );
                patched += rest;
                at += 1;
            }
            "+" => patched += rest,
            _ => panic!("{line:?}"),
        }
        last = mark;
    }
    patched.extend(lines[at..].iter().copied());
    patched
}

#[test]
fn a_diff_shows_what_changes() {
    let text = deployment("metadata:\n  name: web\n");
    let diff = unified("web.yaml", &text, &stamped(&text).edits);
    assert_eq!(
        diff,
        format!(
            "--- web.yaml\n+++ web.yaml\n@@ -2,6 +2,8 @@\n kind: Deployment\n metadata:\n   name: web\n+  \
             annotations:\n+    {KEY}: \"{TIME}\"\n spec:\n   selector: {{matchLabels: {{app: web}}}}\n   template:\n"
        )
    );
}

fn metadata() -> impl Strategy<Value = String> {
    let annotations = select(vec![
        "",
        "  annotations: {}\n",
        "  annotations: {a: 'b', \"c\": d}   # flow\n",
        "  annotations: {a: 'b',\n    c: d # flow\n  }\n",
        "  annotations: # none\n",
        "  annotations: null\n",
        "  annotations:\n    a: b # of a\n\n    # of c\n    c: |+\n      text # no comment\n\n",
        "  annotations:\n  # of a\n    'goldenpath.dev/commit-time': '2025-01-01T00:00:00Z' # old\n    a: >\n      b\n",
        "  annotations:\n    \"goldenpath.dev/commit-time\": 2025-01-01T00:00:00Z\n",
        "  annotations: {a: b, goldenpath.dev/commit-time: }\n",
        "  annotations:\n    goldenpath.dev/commit-time: \"2026-03-01T12:00:00Z\" # current\n",
    ]);
    let name = select(vec![
        "  name: web\n",
        "  name: \"web\" # n\n  namespace: shop\n",
        "\n  # of n\n  name: 'web'   \n\n",
        "  generateName: &n web-\n  uid: *n\n",
    ]);
    let labels = select(vec![
        "",
        "  labels: {a: b}\n",
        "  labels:\n    größe: 'ä # no comment'\n",
    ]);
    let block = (annotations, name, labels, any::<bool>()).prop_map(
        |(annotations, name, labels, is_first)| {
            if is_first {
                format!("metadata: # m\n{annotations}{name}{labels}")
            } else {
                format!("metadata:\n{name}{labels}{annotations}")
            }
        },
    );
    let flow = select(vec![
        "metadata: {name: web}\n",
        "metadata: { labels: {}, name: \"web\" } # m\n",
        "metadata: {\"name\": \"web\",\n  \"annotations\": {\n    \"a\": \"b\"\n  }\n}\n",
        "metadata: {name: web, annotations: {}, labels: {a: b}}\n",
        "metadata: {name: web, annotations: null}\n",
    ]);
    prop_oneof![4 => block, 1 => flow.prop_map(str::to_owned)]
}

fn document() -> impl Strategy<Value = String> {
    let kind = select(vec![
        ("apps/v1", "Deployment"),
        ("apps/v1", "DaemonSet"),
        ("argoproj.io/v1alpha1", "Rollout"),
        ("v1", "Service"),
        ("apps/v1", "ReplicaSet"),
    ]);
    (kind, metadata(), 1_usize..4, any::<[bool; 3]>()).prop_map(
        |((version, kind), metadata, width, [is_item, is_last, is_json])| {
            let head = format!("apiVersion: {version} # v\nkind: {kind}\n");
            let object = if is_last {
                format!("{head}{SPEC}{metadata}")
            } else {
                format!("{head}{metadata}{SPEC}")
            };
            let object = widened(&object, width);
            if is_json {
                let parsed = yaml::parse(&documents::split(&object)[0]).unwrap();
                format!("{:#}\n", parsed.values[0].value)
            } else if is_item {
                let items: String = object
                    .split_inclusive('\n')
                    .enumerate()
                    .map(|(line, text)| match (line, text) {
                        (0, text) => format!("- {text}"),
                        (_, "\n") => text.to_owned(),
                        (_, text) => format!("  {text}"),
                    })
                    .collect();
                format!("apiVersion: v1\nkind: List\nitems:\n# first\n{items}")
            } else {
                object
            }
        },
    )
}

/// The text with another width of indentation.
fn widened(text: &str, width: usize) -> String {
    let mut widened = String::new();
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(' ');
        let levels = (line.len() - rest.len()) / 2;
        widened += &" ".repeat(levels * width);
        widened += rest;
    }
    widened
}

fn stream() -> impl Strategy<Value = String> {
    let documents = proptest::collection::vec(document(), 1..4);
    let separator = select(vec!["---\n", "---\n# c\n\n", "...\n---\n"]);
    (documents, separator, any::<bool>(), any::<bool>()).prop_map(
        |(documents, separator, is_windows, is_cut)| {
            let mut stream = documents.join(separator);
            if is_windows {
                stream = stream.replace('\n', "\r\n");
            }
            if is_cut {
                stream.truncate(stream.trim_end().len());
            }
            stream
        },
    )
}

/// The objects of a stream, with the annotation on workloads where `is_stamped`.
fn meaning(stream: &str, is_stamped: bool) -> Vec<Value> {
    let mut found = Vec::new();
    for document in documents::split(stream) {
        for placed in yaml::parse(&document).unwrap().values {
            let mut value = placed.value;
            let mut objects = match value["items"].as_array_mut() {
                Some(items) => items.iter_mut().collect(),
                None => vec![&mut value],
            };
            for object in &mut objects {
                let kind = object["kind"].as_str().unwrap();
                if is_stamped && ["Deployment", "DaemonSet", "Rollout"].contains(&kind) {
                    object["metadata"]["annotations"][KEY] = TIME.into();
                }
            }
            found.push(value);
        }
    }
    found
}

fn comments(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter_map(|line| Some(&line[line.find('#')?..]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_stamped_text_means_the_same_plus_the_annotation(text in stream()) {
        let found = stamped(&text);
        prop_assert_eq!(&found.refused, &[]);
        let after = apply(&text, &found.edits);
        prop_assert_eq!(meaning(&after, false), meaning(&text, true));
        prop_assert_eq!(comments(&after), comments(&text));
        prop_assert_eq!(after.ends_with('\n'), text.ends_with('\n'));
        prop_assert_eq!(after.matches("\r\n").count() == after.matches('\n').count(),
            text.matches("\r\n").count() == text.matches('\n').count());
        // Twice is once.
        let again = stamped(&after);
        prop_assert_eq!(&again.edits, &[]);
        prop_assert_eq!(again.current, found.current + found.workloads.len());
        // Lines change only where the annotation, or what it is in, is written.
        let diff = unified("a", &text, &found.edits);
        prop_assert_eq!(patched(&text, &diff), after);
        for line in diff.lines().skip(2).filter(|line| line.starts_with('-')) {
            let is_place = ["metadata", "annotations", KEY, "\"a\"", "name"].iter().any(|part| line.contains(part));
            prop_assert!(is_place, "{}", line);
        }
    }

    #[test]
    fn no_text_is_edited_into_another_meaning(text in "([a-z]*: |- |\\{|\\}|#|&a |\\*a|\"|'|\n|  |<<: |---\n|metadata|annotations|apiVersion: apps/v1\n|kind: Deployment\n){0,24}") {
        let found = stamped(&text);
        let after = apply(&text, &found.edits);
        prop_assert_eq!(after == text, found.edits.is_empty());
    }
}
