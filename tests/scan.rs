//! `goldenpath scan`, `why` and `report` on files, as a user runs them: their output and exit code.
//! `UPDATE_EXPECTED=1 cargo test --test scan` writes the expected texts.

#![allow(clippy::unwrap_used)]

#[path = "suite/page.rs"]
mod page;
#[path = "suite/program.rs"]
mod program;
#[path = "suite/quarter.rs"]
mod quarter;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const SHOP: [&str; 3] = ["paths.yaml", "shop.yaml", "exceptions.yaml"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scan")
}

/// Runs the program in the directory of the fixtures, so that no path is this machine's.
fn goldenpath(args: &[&str], stdin: &str) -> Output {
    program::goldenpath("2026-03-01", args, &fixtures(), stdin)
}

fn printed(args: &[&str]) -> String {
    String::from_utf8(goldenpath(args, "").stdout).unwrap()
}

fn code(args: &[&str]) -> i32 {
    goldenpath(args, "").status.code().unwrap()
}

fn scan<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["scan"], SHOP.as_slice(), more].concat()
}

fn is_as_expected(file: &str, found: &str) {
    is_text_of(&fixtures().join("expected").join(file), found);
}

fn is_text_of(file: &Path, found: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(file, found).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(found == expected, "{} is now:\n{found}", file.display());
}

#[test]
fn the_table_is_as_expected() {
    is_as_expected("table.txt", &printed(&scan(&[])));
}

#[test]
fn the_wide_table_is_as_expected() {
    is_as_expected("wide.txt", &printed(&scan(&["-o", "wide"])));
}

#[test]
fn the_report_is_as_expected() {
    is_as_expected("report.json", &printed(&scan(&["-o", "json"])));
}

#[test]
fn the_explanation_is_as_expected() {
    let why = [
        "why",
        "deploy/api",
        "--from",
        "shop.yaml",
        "--paths",
        "paths.yaml",
    ];
    is_as_expected("why.txt", &printed(&why));
}

#[test]
fn yaml_agrees_with_json() {
    let json: Value = serde_json::from_str(&printed(&scan(&["-o", "json"]))).unwrap();
    let yaml: Value = serde_saphyr::from_str(&printed(&scan(&["-o", "yaml"]))).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn a_report_from_files_is_the_scans() {
    let from: Vec<&str> = SHOP.iter().flat_map(|file| ["--from", file]).collect();
    let report = printed(&[&["report", "-o", "json"], from.as_slice()].concat());
    assert_eq!(report, printed(&scan(&["-o", "json"])));
}

/// A manifest with these annotations.
fn deployment(name: &str, annotations: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, annotations: {annotations}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: web:1}}]}}
"
    )
}

#[test]
fn markdown_is_tables_of_the_same_figures() {
    let text = printed(&scan(&["-o", "markdown"]));
    is_as_expected("report.md", &text);
    let from: Vec<&str> = SHOP.iter().flat_map(|file| ["--from", file]).collect();
    let report = printed(&[&["report", "-o", "markdown"], from.as_slice()].concat());
    assert_eq!(report, text);
}

#[test]
fn html_is_one_file_of_the_same_services() {
    let page = printed(&scan(&["-o", "html"]));
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("<style>"),
        "{page}"
    );
    assert!(!page.contains("<script") && !page.contains("<link rel=\"stylesheet\""));
    let json: Value = serde_json::from_str(&printed(&scan(&["-o", "json"]))).unwrap();
    for workload in json["workloads"].as_array().unwrap() {
        assert!(
            page.contains(workload["name"].as_str().unwrap()),
            "{workload}"
        );
    }
    for part in [
        "id=\"paths\"",
        "id=\"services\"",
        "id=\"exceptions\"",
        "Missing",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn hostile_names_stay_texts_in_files_and_tables() {
    let hostile = r#"{team: "<script>alert(1)</script> | **x** \u202e"}"#;
    let manifest = &deployment("web", hostile);
    let args = ["scan", "-", "--paths", "starter", "--fail-on", "none", "-o"];
    let written = |format: &str| {
        let output = goldenpath(&[args.as_slice(), &[format]].concat(), manifest);
        String::from_utf8(output.stdout).unwrap()
    };
    let page = written("html");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    let table = written("markdown");
    assert!(
        table.contains(r"\<script\>alert(1)\</script\> \| \*\*x\*\*"),
        "{table}"
    );
    assert!(!table.contains('\u{202e}'));
}

#[test]
fn formats_and_flags_that_exclude_each_other_are_refused() {
    for args in [
        ["report", "-o", "html", "--contrast"],
        ["report", "-o", "html", "--summary"],
        ["report", "-o", "markdown", "--summary"],
        ["report", "-o", "html", "--operator=a/b"],
    ] {
        let output = goldenpath(&args, "");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains("cannot be used with"), "{args:?}: {text}");
    }
}

#[test]
fn served_manifests_follow_changes_of_the_files() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("served");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    for file in SHOP {
        fs::copy(fixtures().join(file), directory.join(file)).unwrap();
    }
    let from = directory.to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    command.args([
        "serve",
        "--listen=127.0.0.1:0",
        "--as-of=2026-03-01",
        "--from",
        from,
    ]);
    let page = page::Page::start(&mut command);
    let get = |path: &str| page.get(path, "127.0.0.1");
    assert!(get("/").contains("on the path"));
    assert!(get("/metrics").contains("goldenpath_services{"));
    assert!(get("/services/shop/api").contains("Deployment api"));
    assert!(get("/api/v1/services?q=added").contains("\"total\":0"));
    let events = get("/readyz");
    assert!(events.contains("200"), "{events}");
    fs::write(directory.join("added.yaml"), deployment("added", "{}")).unwrap();
    let is_there = || get("/api/v1/services?q=added").contains("\"total\":1");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_there() {
        assert!(std::time::Instant::now() < deadline, "{}", get("/services"));
        std::thread::yield_now();
    }
    // A directory that is gone: the last known state, and a sentence.
    fs::remove_dir_all(&directory).unwrap();
    while !get("/").contains("this is the last known state") {
        assert!(std::time::Instant::now() < deadline, "{}", get("/"));
        std::thread::yield_now();
    }
    assert!(is_there());
}

#[test]
fn standard_input_cannot_be_served() {
    let output = goldenpath(&["serve", "--from", "-"], "");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("standard input cannot be read again"),
        "{text}"
    );
}

#[test]
fn the_exit_code_follows_the_threshold() {
    for (threshold, expected) in [
        ("none", 0),
        ("undocumented", 1),
        ("pending", 1),
        ("deviating", 1),
    ] {
        assert_eq!(
            code(&scan(&["--fail-on", threshold])),
            expected,
            "{threshold}"
        );
    }
}

#[test]
fn an_approved_exception_fails_no_scan_by_default() {
    let files = ["scan", "search.yaml", "paths.yaml", "exceptions.yaml"];
    for (threshold, expected) in [("undocumented", 0), ("pending", 0), ("deviating", 1)] {
        let args = [files.as_slice(), &["--fail-on", threshold]].concat();
        assert_eq!(code(&args), expected, "{threshold}");
    }
}

#[test]
fn a_bad_document_is_reported_with_its_place_and_the_others_are_judged() {
    let output = goldenpath(&["scan", "broken.yaml", "-o", "json"], "");
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = report["workloads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workload| workload["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["after", "before"]);
    let problem = &report["problems"][0];
    assert_eq!(problem["source"], "broken.yaml:10");
    assert!(
        problem["message"].as_str().unwrap().starts_with("column "),
        "{problem}"
    );
}

#[test]
fn an_unrendered_chart_is_a_problem_and_nothing_is_judged() {
    let output = goldenpath(&["scan", "chart", "-o", "json"], "");
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["source"], "chart");
    assert!(
        problems[0]["message"]
            .as_str()
            .unwrap()
            .contains("helm template")
    );
}

#[test]
fn a_stored_object_and_its_manifest_get_the_same_verdict() {
    // As `kubectl get -o json` gives it: a list, with defaults, status and the operator's labels.
    let stored = json!({"apiVersion": "v1", "kind": "List", "items": [{
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "7",
            "labels": {"goldenpath.dev/path": "web-service", "goldenpath.dev/status": "deviating"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"spec": {"containers": [{
                "name": "web", "image": "registry.example.com/web:1",
                "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "500m"}},
            }]}},
        },
        "status": {"replicas": 2},
    }]});
    let output = goldenpath(
        &["scan", "-", "paths.yaml", "-o", "json"],
        &stored.to_string(),
    );
    let live: Value = serde_json::from_slice(&output.stdout).unwrap();
    let offline: Value = serde_json::from_str(&printed(&scan(&["-o", "json"]))).unwrap();
    let web = offline["workloads"].as_array().unwrap();
    let web = web
        .iter()
        .find(|workload| workload["name"] == "web")
        .unwrap();
    assert_eq!(live["workloads"][0]["checks"], web["checks"]);
    assert_eq!(live["workloads"][0]["status"], "golden-path");
}

#[test]
fn the_starter_paths_judge_without_any_path_of_ones_own() {
    let report = printed(&["scan", "shop.yaml", "--paths", "starter", "-o", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    let paths = report["summary"]["paths"].as_array().unwrap();
    assert_eq!(paths.len(), 3);
    assert!(
        report["problems"]
            .as_array()
            .unwrap()
            .iter()
            .all(|problem| { !problem["source"].as_str().unwrap().starts_with("starter/") })
    );
}

#[test]
fn what_cannot_be_used_ends_with_one_line_and_2() {
    for (args, beginning) in [
        (vec!["scan", "nowhere"], "error: failed to read nowhere: "),
        (
            vec!["why", "deploy/nobody", "--from", "shop.yaml"],
            "error: no deploy/nobody",
        ),
    ] {
        let output = goldenpath(&args, "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(error.starts_with(beginning), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn nothing_judged_ends_with_2_and_says_what_was_passed_over() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n";
    let old = |version: &str, kind: &str| {
        let spec = "{template: {spec: {containers: [{name: a, image: a}]}}, selector: {matchLabels: {a: b}}, \
            jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: a}]}}}}}";
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let [first, beta, second, cron] = [
        old("extensions/v1beta1", "Deployment"),
        old("apps/v1beta1", "StatefulSet"),
        old("apps/v1beta2", "DaemonSet"),
        old("batch/v1beta1", "CronJob"),
    ];
    let no_longer_served = "passed over: 1 in API versions that are no longer served";
    let drafted = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {generateName: a-}\nspec: {jobTemplate: \
                   {spec: {template: {spec: {containers: [{name: a, image: a}]}}}}}\n";
    for (input, said) in [
        ("", "the input has none"),
        (
            "Error: chart not found\n",
            "passed over: 1 not a Kubernetes object",
        ),
        (service, "passed over: 1 of other kinds"),
        (&first, no_longer_served),
        (&beta, no_longer_served),
        (&second, no_longer_served),
        (&cron, no_longer_served),
        (drafted, "passed over: 1 with generateName"),
    ] {
        let output = goldenpath(&["scan", "-", "--paths", "starter"], input);
        let note = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{input}");
        assert!(
            note.ends_with(&format!("no workload to judge; {said}\n")),
            "{note}"
        );
        let allowed = ["scan", "-", "--paths", "starter", "--allow-empty"];
        assert_eq!(
            goldenpath(&allowed, input).status.code(),
            Some(0),
            "{input}"
        );
    }
    let output = goldenpath(&["scan", "shop.yaml"], "");
    assert_eq!(output.status.code(), Some(2));
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("no golden path to judge by"), "{note}");
}

/// A workload that is on the starter paths, as JSON.
fn sound(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{
                "name": "c", "image": "example.com/c:1", "ports": [{"containerPort": 80}],
                "readinessProbe": {"tcpSocket": {"port": 80}}, "resources": {"limits": {"memory": "64Mi"}},
            }]}},
        },
    })
}

/// Names of the judged workloads, and the exit code.
fn judged(output: &Output) -> (Vec<String>, Option<i32>) {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let workloads = report["workloads"].as_array().unwrap().iter();
    let names = workloads.map(|workload| workload["name"].as_str().unwrap().to_owned());
    (names.collect(), output.status.code())
}

#[test]
fn empty_documents_of_charts_hide_nothing() {
    let (one, two) = (sound("one"), sound("two"));
    for input in [
        format!("---\n# Source: empty.yaml\n---\n# Source: web.yaml\n{one}\n---\n{two}\n"),
        format!("---\n---\n\n---\n# a\n# b\n---\n{one}\n---\n---\n{two}\n---\n# end\n---\n"),
        format!(
            "# License\n---\n# Source: empty.yaml\n\n\n---\n{one}\n--- # two\n{two}\n...\n---\n# c\n"
        ),
        format!("---\r\n# Source: empty.yaml\r\n---\r\n{one}\r\n---\r\n# c\r\n---\r\n{two}\r\n"),
    ] {
        let output = goldenpath(&["scan", "-", "--paths", "starter", "-o", "json"], &input);
        let names = ["one", "two"].map(str::to_owned).to_vec();
        assert_eq!(judged(&output), (names, Some(0)), "{input}");
    }
}

#[test]
fn json_in_every_arrangement_is_judged() {
    let (one, two) = (sound("one"), sound("two"));
    let list = |items: Value| json!({"apiVersion": "v1", "kind": "List", "items": items});
    for input in [
        format!("{one:#}\n{two:#}\n"),
        format!("{one}{two}"),
        format!("{one}\n{two}\n"),
        json!([one, two]).to_string(),
        list(json!([one, list(json!([two]))])).to_string(),
        format!("{}\n{}", list(json!([one])), json!([[two]])),
    ] {
        let output = goldenpath(&["scan", "-", "--paths", "starter", "-o", "json"], &input);
        let names = ["one", "two"].map(str::to_owned).to_vec();
        assert_eq!(judged(&output), (names, Some(0)), "{input}");
    }
}

/// A directory of files, gone when the test ends.
struct Tree(PathBuf);

impl Tree {
    fn of(test: &str, files: &[(&str, String)]) -> Self {
        let directory =
            std::env::temp_dir().join(format!("goldenpath-{test}-{}", std::process::id()));
        for (name, content) in files {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        Self(directory)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A part of the Deployment `web`, as an overlay has it.
fn patch(change: Value) -> String {
    let mut patch =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
    if let (Some(fields), Value::Object(change)) = (patch.as_object_mut(), change) {
        fields.extend(change);
    }
    patch.to_string()
}

fn patches() -> [(&'static str, String); 5] {
    let fixed = json!({"name": "c", "image": "example.com/c:1"});
    let containers = |containers: Value| json!({"template": {"spec": {"containers": containers}}});
    let mut directive = containers(json!([{"$patch": "replace"}, fixed]));
    directive["selector"] = json!({});
    [
        ("replicas", patch(json!({"spec": {"replicas": 3}}))),
        ("delete", patch(json!({"$patch": "delete"}))),
        (
            "no-image",
            patch(json!({"spec": containers(json!([{"name": "c"}]))})),
        ),
        ("image", patch(json!({"spec": containers(json!([fixed]))}))),
        ("directive", patch(json!({"spec": directive}))),
    ]
}

#[test]
fn patches_of_overlays_neither_replace_nor_hide_a_deviating_base() {
    let mut base = sound("web");
    base["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/c:latest".into();
    for (name, patch) in patches() {
        // Before the base in the order of names, and behind it.
        for overlay in ["a", "z"] {
            let tree = Tree::of(
                &format!("overlay-{name}-{overlay}"),
                &[
                    ("base/deployment.yaml", base.to_string()),
                    (
                        "base/kustomization.yaml",
                        "resources: [deployment.yaml]\n".to_owned(),
                    ),
                    (&format!("{overlay}/patch.yaml"), patch.clone()),
                    (
                        &format!("{overlay}/kustomization.yaml"),
                        "resources: [../base]\n".to_owned(),
                    ),
                ],
            );
            let directory = tree.0.to_str().unwrap();
            let output = goldenpath(&["scan", directory, "--paths", "starter", "-o", "json"], "");
            assert_eq!(
                judged(&output),
                (vec!["web".to_owned()], Some(1)),
                "{name} {overlay}"
            );
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(
                report["workloads"][0]["steps"],
                json!({"passed": 3, "of": 4})
            );
            let problem = report["problems"][0]["message"].as_str().unwrap();
            assert!(problem.contains("kustomize build"), "{problem}");
        }
    }
}

/// Runs the program as root without root's right to read every file; as another user, as it is.
fn bound_by_permissions(args: &[&str]) -> Option<Output> {
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
    if !is_root {
        return Some(goldenpath(args, ""));
    }
    let bounding = "--bounding-set=-dac_override,-dac_read_search";
    let probe = Command::new("setpriv").args([bounding, "true"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        // Not `eprintln!`: the test runner would swallow the line, which `.ci/test.sh` counts.
        let reason = b"skipped: root reads every file, and there is no setpriv to stop it\n";
        std::io::Write::write_all(&mut std::io::stderr(), reason).unwrap();
        return None;
    }
    let output = Command::new("setpriv")
        .args([bounding, env!("CARGO_BIN_EXE_goldenpath")])
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output();
    Some(output.unwrap())
}

#[test]
fn what_cannot_be_read_below_a_directory_is_a_problem_and_the_rest_is_judged() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let sound = || sound("web").to_string();
    let tree = Tree::of(
        "unreadable",
        &[
            ("a.yaml", sound()),
            ("closed/b.yaml", sound()),
            ("deep/down/closed/c.yaml", sound()),
            ("file.yaml", sound()),
            ("links/hidden/.git/d.yaml", sound()),
        ],
    );
    let at = |name: &str| tree.0.join(name);
    for closed in ["closed", "deep/down/closed", "file.yaml"] {
        fs::set_permissions(at(closed), fs::Permissions::from_mode(0o000)).unwrap();
    }
    symlink("nowhere.yaml", at("links/dangling.yaml")).unwrap();
    symlink("loop.yaml", at("links/loop.yaml")).unwrap();
    // A lock of an editor, and a link up the tree.
    symlink("nowhere", at("links/.#lock.yaml")).unwrap();
    symlink("..", at("links/up.yaml")).unwrap();
    let directory = tree.0.to_str().unwrap().to_owned();
    let Some(output) =
        bound_by_permissions(&["scan", &directory, "--paths", "starter", "-o", "json"])
    else {
        return;
    };
    for closed in ["closed", "deep/down/closed"] {
        fs::set_permissions(at(closed), fs::Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(judged(&output), (vec!["web".to_owned()], Some(2)));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems: Vec<String> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            format!("{}: {}", problem["source"], problem["message"]).replace(&directory, "")
        })
        .collect();
    let wanted = [
        ("/closed", "Permission denied"),
        ("/deep/down/closed", "Permission denied"),
        ("/file.yaml", "Permission denied"),
        ("/links/dangling.yaml", "No such file"),
        ("/links/loop.yaml", "symbolic links"),
    ];
    assert_eq!(problems.len(), wanted.len(), "{problems:?}");
    for (problem, (place, why)) in problems.iter().zip(wanted) {
        let is_it = problem.starts_with(&format!("\"{place}\": \"cannot be read: "))
            && problem.contains(why);
        assert!(is_it, "{problem}");
    }
}

#[test]
fn a_golden_path_that_cannot_be_used_is_no_success() {
    let path = "apiVersion: goldenpath.dev/v1alpha1\nkind: GoldenPath\nmetadata: {name: typo}\nspec: \
                {title: T, owner: {team: a}, checks: [{name: a, level: recomended, expression: 'true'}]}\n";
    let output = goldenpath(
        &[
            "scan",
            "-",
            "shop.yaml",
            "--paths",
            "starter",
            "--fail-on=none",
        ],
        path,
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["crds"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn the_namespace_of_manifests_that_name_none_can_be_given() {
    let report = printed(&["scan", "broken.yaml", "-n", "team-a", "-o", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["workloads"][0]["namespace"], "team-a");
}

#[test]
fn exported_records_of_the_examples_have_a_contrast() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    is_text_of(&docs.join("delivery-example.json"), &quarter::records());
    let contrast = [
        "report",
        "--contrast",
        "--from",
        "../../../examples",
        "--from",
        "../../../docs/delivery-example.json",
    ];
    let output = program::goldenpath("2026-10-15", &contrast, &fixtures(), "");
    assert!(output.status.success(), "{output:?}");
    let found = String::from_utf8(output.stdout).unwrap();
    is_as_expected("contrast.txt", &found);
}
