//! `goldenpath docs`: the site is the same again, shows texts of objects as text, and is built by the
//! real MkDocs with the plugin that Backstage's TechDocs uses.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Release 2 of mkdocs drops plugins, and click 8.3.0 breaks its flags.
const PACKAGES: [&str; 3] = ["mkdocs<2", "mkdocs-techdocs-core==1.7.1", "click!=8.3.0"];

/// What every free text holds.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(1)> ![p](javascript:alert(1)) \
    [q](javascript:alert(1)) **bold** {{ 7*7 }} | cell | ==mark== :smile: `code` &lt; a_b_c";

fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("docs-{name}"));
    let _ = fs::remove_dir_all(&directory);
    directory
}

fn docs(out: &Path, from: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    command
        .args(["docs", "--as-of", "2026-10-15", "--out"])
        .arg(out);
    for from in from {
        command.arg("--from").arg(from);
    }
    command.output().unwrap()
}

fn written(out: &Path, from: &[&Path]) {
    let output = docs(out, from);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
}

/// Every file below a directory, by its name there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn root(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(place)
}

#[test]
fn the_same_objects_give_the_same_site() {
    let (one, other) = (scratch("one"), scratch("other"));
    let from = [&*root("examples"), &*root("docs/roadmap-example.yaml")];
    written(&one, &from);
    written(&other, &from);
    assert_eq!(files(&one), files(&other));
    // Again into the same directory, without a path: its page goes.
    let before = files(&one);
    assert!(before.contains_key("docs/paths/batch-job.md"));
    written(&one, &[&root("examples/paths/web-service.yaml")]);
    let after = files(&one);
    assert!(!after.contains_key("docs/paths/batch-job.md"));
    assert!(after.contains_key("docs/paths/web-service.md"));
}

#[test]
fn a_directory_with_files_of_others_is_refused() {
    let out = scratch("refused");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let output = docs(&out, &[&root("examples")]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("name a new or empty directory"), "{words}");
    assert_eq!(files(&out).len(), 1);
}

#[test]
fn the_roadmap_of_the_examples_has_its_demand() {
    let out = scratch("roadmap");
    written(
        &out,
        &[&root("examples"), &root("docs/roadmap-example.yaml")],
    );
    let roadmap = fs::read_to_string(out.join("docs/roadmap.md")).unwrap();
    let place = |words: &str| {
        roadmap
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {roadmap}"))
    };
    assert!(place("## Now") < place("## Next") && place("## Next") < place("## Later"));
    assert!(place("**subject to change**") > place("## Later"));
    assert!(roadmap.contains("services of"), "{roadmap}");
    assert!(
        roadmap.contains("No service waits for it yet."),
        "{roadmap}"
    );
    let personas = fs::read_to_string(out.join("docs/personas.md")).unwrap();
    assert!(personas.contains("**not yet**"), "{personas}");
}

#[test]
fn a_path_with_a_horizon_is_on_the_roadmap_until_its_launch() {
    let directory = scratch("planned-paths");
    fs::create_dir_all(&directory).unwrap();
    let path = |name: &str, extra: &str| {
        let spec = "  owner: {team: platform}\n  checks: [{name: probes, expression: 'true'}]\n";
        let head = format!(
            "apiVersion: goldenpath.dev/v1alpha1\nkind: GoldenPath\nmetadata: {{name: {name}}}\n"
        );
        fs::write(
            directory.join(format!("{name}.yaml")),
            format!("{head}spec:\n{spec}{extra}"),
        )
        .unwrap();
    };
    path(
        "batch",
        "  title: Batch jobs\n  horizon: Next\n  jobToBeDone: Run a job each night.\n",
    );
    path("edge", "  horizon: Later\n");
    path(
        "soon",
        "  horizon: Now\n  launchedAt: \"2026-12-01T00:00:00Z\"\n",
    );
    path(
        "launched",
        "  horizon: Now\n  launchedAt: \"2026-10-01T00:00:00Z\"\n",
    );
    let out = scratch("planned");
    written(&out, &[&directory]);
    let page = fs::read_to_string(out.join("docs/roadmap.md")).unwrap();
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"));
    let heads = [
        "## Now",
        "### soon (golden path)",
        "1 Dec 2026",
        "## Next",
        "### Batch jobs (golden path)",
        "Run a job each night",
        "## Later",
        "### edge",
    ];
    assert!(heads.map(at).is_sorted(), "{page}");
    assert!(!page.contains("### launched"), "{page}");
}

#[test]
fn a_path_named_index_has_a_page_beside_the_list() {
    let directory = scratch("index-paths");
    fs::create_dir_all(&directory).unwrap();
    let path = |name: &str| {
        format!(
            "apiVersion: goldenpath.dev/v1alpha1\nkind: GoldenPath\nmetadata: {{name: {name}}}\nspec:\n  \
             owner: {{team: platform}}\n  checks: [{{name: probes, expression: 'true'}}]\n"
        )
    };
    let both = format!("{}---\n{}", path("index"), path("web"));
    fs::write(directory.join("paths.yaml"), both).unwrap();
    let out = scratch("index-site");
    written(&out, &[&directory]);
    let list = fs::read_to_string(out.join("docs/paths/index.md")).unwrap();
    assert!(list.starts_with("# Golden paths"), "{list}");
    for link in ["(path_index.md)", "(web.md)"] {
        assert!(list.contains(link), "{link}: {list}");
    }
    assert!(out.join("docs/paths/path_index.md").exists());
}

#[test]
fn figures_are_those_of_the_other_surfaces_and_not_what_a_status_holds() {
    let from = [root("examples"), root("tests/fixtures/surveys/waves.yaml")];
    let from: Vec<&Path> = from.iter().map(PathBuf::as_path).collect();
    let out = scratch("figures");
    written(&out, &from);
    let page = fs::read_to_string(out.join("docs/success.md")).unwrap();
    // The objects have no status.
    assert!(
        page.contains("| 13 (-10 to 35), n &#61; 53 | first wave | 78 % |"),
        "{page}"
    );
    for mean in ["3.5, n 65", "3.2, n 41"] {
        assert!(page.contains(mean), "{mean}: {page}");
    }
    let markdown = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["report", "-o", "markdown", "--from"])
        .arg(from[1])
        .output()
        .unwrap();
    let markdown = String::from_utf8(markdown.stdout).unwrap();
    assert!(markdown.contains("3.5, n 65"), "{markdown}");
    let objectives = &page[page.find("## Objectives").unwrap()..];
    assert!(
        objectives.contains("% of the time has passed"),
        "{objectives}"
    );
    assert!(
        objectives.contains(" → ") && objectives.contains("at most"),
        "{objectives}"
    );
}

/// `mkdocs` of a virtual environment that is made once; none, after a line `skipped: …`, where it cannot
/// be had.
fn mkdocs() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mkdocs");
    let done = home.join("packages");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&done).ok().as_ref() != Some(&wanted) {
        let _ = fs::remove_dir_all(&home);
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&home)
            .output();
        let made = made.is_ok_and(|output| output.status.success());
        let installed = made && {
            let mut pip = Command::new(home.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check"])
                .args(PACKAGES);
            pip.output().is_ok_and(|output| output.status.success())
        };
        if !installed {
            let why = if made {
                "the packages of mkdocs"
            } else {
                "python3 with venv"
            };
            let _ = writeln!(std::io::stderr(), "skipped: {why} cannot be had");
            return None;
        }
        fs::write(&done, wanted).unwrap();
    }
    Some(home.join("bin/mkdocs"))
}

/// Builds a site, strictly, and returns its pages.
fn built(mkdocs: &Path, site: &Path) -> BTreeMap<String, Vec<u8>> {
    let html = site.with_extension("html");
    let _ = fs::remove_dir_all(&html);
    let output = Command::new(mkdocs)
        .args(["build", "--strict", "--quiet", "--config-file"])
        .arg(site.join("mkdocs.yml"))
        .arg("--site-dir")
        .arg(&html)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    files(&html)
}

#[test]
fn mkdocs_builds_the_site_strictly_and_texts_stay_texts() {
    let Some(mkdocs) = mkdocs() else {
        return;
    };
    let site = scratch("examples");
    written(
        &site,
        &[&root("examples"), &root("docs/roadmap-example.yaml")],
    );
    let pages = built(&mkdocs, &site);
    for page in [
        "index.html",
        "roadmap/index.html",
        "paths/web-service/index.html",
        "personas/index.html",
    ] {
        assert!(pages.contains_key(page), "{page}");
    }
    let input = scratch("hostile-input");
    fs::create_dir_all(&input).unwrap();
    fs::write(input.join("all.yaml"), hostile()).unwrap();
    let site = scratch("hostile");
    written(&site, &[&input]);
    for (name, page) in built(&mkdocs, &site) {
        if !name.ends_with("index.html") {
            continue;
        }
        let page = String::from_utf8(page).unwrap();
        let content = &page[page.find("<article").unwrap_or(0)..];
        for sign in [
            "<script>alert",
            "<img src=\"x\"",
            "<img src=x",
            "<img alt=\"p\"",
            "=\"javascript:",
            "<strong>bold",
            "<mark>mark",
            "49 }}",
            "_b_</em>",
        ] {
            assert!(!content.contains(sign), "{name}: {sign}");
        }
        assert!(!page.contains("<script>alert(1)"), "{name}");
    }
}

fn hostile() -> String {
    let text = serde_json::Value::from(HOSTILE).to_string();
    let fix = serde_json::Value::from(format!(
        "a: 1\n```\n::uml::\n--8<-- \"/etc/passwd\"\n{{% dot x.svg\n{HOSTILE}"
    ))
    .to_string();
    format!(
        "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {{name: web}}
spec:
  title: {text}
  description: {text}
  persona: {text}
  jobToBeDone: {text}
  docsURL: \"javascript:alert(1)\"
  owner: {{team: platform, contact: {text}}}
  launchedAt: \"2026-01-01T00:00:00Z\"
  releases: [{{at: \"2026-02-01T00:00:00Z\", note: {text}}}]
  checks:
  - {{name: replicas, title: {text}, action: {text}, message: {text}, remediation: {fix}, docsURL: 'https://x/\"><script>alert(1)</script>', expression: object.spec.replicas >= 2}}
---
apiVersion: goldenpath.dev/v1alpha1
kind: Persona
metadata: {{name: engineer}}
spec: {{title: {text}, description: {text}, jobs: [{text}], painPoints: [{text}], match: {{selector: {{}}}}}}
---
apiVersion: goldenpath.dev/v1alpha1
kind: RoadmapItem
metadata: {{name: postgres}}
spec: {{title: {text}, horizon: Later, persona: engineer, jobToBeDone: {text}, note: {text}, unblocks: [{{path: web}}]}}
---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: one, namespace: shop}}
spec:
  path: web
  checks: [replicas]
  targets: [{{kind: Deployment, name: web}}]
  reason: {text}
  wouldReturnIf: {text}
  waitsFor: [postgres]
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: 2}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: registry.example.com/web:1}}]}}
"
    )
}
