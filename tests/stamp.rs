//! `goldenpath stamp` as pipelines run it, with real repositories: which commit's time it takes, what it
//! writes and what it leaves alone, and how it fails.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: &str = "2026-03-01T12:00:00Z";
const SECOND: &str = "2026-03-02T08:30:00Z";
const AS_OF: &str = "2026-07-01";

const WEB: &str = "\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'shop/web:1'}]}
";

fn stamped(text: &str, time: &str) -> String {
    let annotation = format!("  annotations:\n    goldenpath.dev/commit-time: \"{time}\"\n");
    text.replace("  name: web\n", &format!("  name: web\n{annotation}"))
}

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("goldenpath-stamp-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// A repository in which `app/main.go` and then `deploy/web.yaml` were committed.
    fn repository() -> Self {
        let directory = Self::new();
        directory.git(&["init", "--quiet", "--initial-branch=main"]);
        directory.write("app/main.go", "package main\n");
        directory.commit(FIRST);
        directory.write("deploy/web.yaml", WEB);
        directory.commit(SECOND);
        directory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn git(&self, args: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let done = git(&self.0).args(identity).args(args).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// Commits everything; the author's date is another one.
    fn commit(&self, time: &str) {
        self.git(&["add", "."]);
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let done = git(&self.0)
            .args(identity)
            .args([
                "commit",
                "--quiet",
                "--message=a",
                "--date=2020-01-01T00:00:00Z",
            ])
            .env("GIT_COMMITTER_DATE", time)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// `goldenpath stamp ARGS` in this directory.
    fn stamp(&self, args: &[&str]) -> Output {
        self.stamp_input(args, "")
    }

    fn stamp_input(&self, args: &[&str], input: &str) -> Output {
        let mut child = goldenpath(&self.0)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early reads no input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    command
}

fn goldenpath(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goldenpath"));
    command
        .args(["--as-of", AS_OF, "stamp"])
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", std::env::temp_dir());
    command
}

#[track_caller]
fn assert_ends(output: &Output, code: i32, noted: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(noted), "{stderr}");
}

#[test]
fn a_file_gets_the_time_of_the_commit_that_is_checked_out() {
    let shop = Directory::repository();
    let done = shop.stamp(&["deploy"]);
    assert_ends(
        &done,
        0,
        "deploy/web.yaml: stamped Deployment web: 2026-03-02T08:30:00Z (commit ",
    );
    assert_eq!(done.stdout, b"");
    assert_eq!(shop.read("deploy/web.yaml"), stamped(WEB, SECOND));
    // Nothing is left beside it, and a second run changes nothing.
    assert_eq!(fs::read_dir(shop.path("deploy")).unwrap().count(), 1);
    let before = fs::metadata(shop.path("deploy/web.yaml"))
        .unwrap()
        .modified()
        .unwrap();
    assert_ends(
        &shop.stamp(&["deploy/web.yaml"]),
        0,
        "up to date: 1 workload",
    );
    let after = fs::metadata(shop.path("deploy/web.yaml"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
}

#[test]
fn another_commit_the_source_or_a_time_can_be_named() {
    let shop = Directory::repository();
    shop.git(&["tag", "--annotate", "--message=a", "v1", "HEAD~1"]);
    for (args, time) in [
        (&["--commit", "v1"][..], FIRST),
        (&["--commit", "HEAD^"], FIRST),
        (&["--source", "app"], FIRST),
        (&["--source", "app/main.go"], FIRST),
        (&["--source", "."], SECOND),
        (&["--source", ".", "--commit", "v1"], FIRST),
        (
            &["--at", "2026-03-03T01:00:00+01:00"],
            "2026-03-03T00:00:00Z",
        ),
    ] {
        let done = shop.stamp_input(&[&["-"], args].concat(), WEB);
        assert_ends(&done, 0, "");
        assert_eq!(
            String::from_utf8(done.stdout).unwrap(),
            stamped(WEB, time),
            "{args:?}"
        );
    }
}

#[test]
fn manifests_may_be_in_another_repository_than_the_source() {
    let (shop, environments) = (Directory::repository(), Directory::repository());
    let source = shop.path("app");
    let done = environments.stamp(&["deploy", "--source", source.to_str().unwrap()]);
    assert_ends(&done, 0, "");
    assert_eq!(environments.read("deploy/web.yaml"), stamped(WEB, FIRST));
    // Each file has its own repository, wherever the command runs, also in a hook of another one.
    environments.write("deploy/web.yaml", WEB);
    let file = environments.path("deploy/web.yaml");
    let done = goldenpath(&shop.path("app"))
        .arg(&file)
        .env("GIT_DIR", shop.path(".git"))
        .output()
        .unwrap();
    assert_ends(&done, 0, "");
    assert_eq!(environments.read("deploy/web.yaml"), stamped(WEB, SECOND));
}

#[test]
fn a_shallow_clone_is_enough_for_the_commit_but_not_for_the_source() {
    let shop = Directory::repository();
    shop.write("deploy/notes.txt", "a\n");
    shop.commit("2026-03-04T00:00:00Z");
    let clones = Directory::new();
    let origin = format!("file://{}", shop.0.display());
    clones.git(&["clone", "--quiet", "--depth=1", &origin, "shop"]);
    let done = clones.stamp(&["shop/deploy"]);
    assert_ends(&done, 0, "");
    assert_eq!(
        clones.read("shop/deploy/web.yaml"),
        stamped(WEB, "2026-03-04T00:00:00Z")
    );
    // The newest commit that changes it is there.
    assert_ends(
        &clones.stamp(&["shop/deploy", "--source", "shop/app"]),
        2,
        "is not in this shallow clone",
    );
    clones.git(&["-C", "shop", "fetch", "--quiet", "--unshallow"]);
    assert_ends(
        &clones.stamp(&["shop/deploy", "--source", "shop/app"]),
        0,
        FIRST,
    );
}

#[test]
fn check_and_diff_write_nothing() {
    let shop = Directory::repository();
    let checked = shop.stamp(&["deploy", "--check"]);
    assert_ends(&checked, 1, "would stamp Deployment web");
    let diff = shop.stamp(&["deploy", "--diff"]);
    assert_ends(&diff, 0, "would stamp");
    assert_eq!(shop.read("deploy/web.yaml"), WEB);
    assert_ends(&shop.stamp(&["deploy", "--dry-run", "--check"]), 1, "");
    // The diff is one that patch takes.
    shop.write("a.diff", &String::from_utf8(diff.stdout).unwrap());
    shop.git(&["apply", "-p0", "a.diff"]);
    assert_eq!(shop.read("deploy/web.yaml"), stamped(WEB, SECOND));
    assert_ends(&shop.stamp(&["deploy", "--check"]), 0, "");
    assert_eq!(shop.stamp(&["deploy", "--diff"]).stdout, b"");
    assert_ends(&shop.stamp_input(&["-", "--check"], WEB), 1, "");
}

#[test]
fn one_refused_document_stops_all() {
    let shop = Directory::repository();
    let patch =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
    shop.write("patch.yaml", patch);
    shop.write(
        "template.yaml",
        &WEB.replace("name: web", "name: {{ .Release.Name }}"),
    );
    for (file, reason) in [
        ("patch.yaml", "patch.yaml:1: this is a patch"),
        ("template.yaml", "template.yaml:2: this is a template"),
    ] {
        let refused = shop.stamp(&["deploy", file]);
        assert_ends(&refused, 2, reason);
        assert_ends(&refused, 2, "nothing was written");
        assert_eq!(shop.read("deploy/web.yaml"), WEB);
    }
    let piped = shop.stamp_input(&["-"], &format!("{WEB}---\n{patch}"));
    assert_ends(&piped, 2, "-:12: this is a patch");
    assert_eq!(piped.stdout, b"");
    // In a directory, patches are at home.
    shop.write("deploy/patch.yaml", patch);
    assert_ends(
        &shop.stamp(&["deploy"]),
        0,
        "deploy/patch.yaml:1: this is a patch",
    );
    assert_eq!(shop.read("deploy/web.yaml"), stamped(WEB, SECOND));
    assert_eq!(shop.read("deploy/patch.yaml"), patch);
}

#[test]
fn no_workload_is_no_success() {
    let shop = Directory::repository();
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    let done = shop.stamp_input(&["-"], service);
    assert_ends(
        &done,
        2,
        "no workload to stamp; passed over: 1 of other kinds",
    );
    let done = shop.stamp_input(&["-", "--allow-empty"], service);
    assert_ends(&done, 0, "");
    assert_eq!(done.stdout, service.as_bytes());
}

#[test]
fn an_error_names_the_next_step() {
    let shop = Directory::repository();
    let outside = Directory::new();
    outside.write("web.yaml", WEB);
    assert_ends(
        &outside.stamp(&["web.yaml"]),
        2,
        "hint: name the source with --source",
    );
    assert_ends(
        &shop.stamp(&["deploy", "--commit", "v9"]),
        2,
        "git finds no commit v9",
    );
    assert_ends(&shop.stamp(&["deploy", "--commit", "--all"]), 2, "");
    assert_ends(
        &shop.stamp(&["deploy", "--at", "2026-03-01"]),
        2,
        "write RFC 3339",
    );
    assert_ends(
        &shop.stamp(&["deploy", "--at", "2004-03-01T00:00:00Z"]),
        2,
        "before 2005",
    );
    assert_ends(
        &shop.stamp(&["deploy", "--at", "2026-07-01T00:05:01Z"]),
        2,
        "in the future",
    );
    assert_ends(&shop.stamp(&["missing"]), 2, "failed to read missing");
    shop.write("untracked/a.txt", "");
    assert_ends(
        &shop.stamp(&["deploy", "--source", "untracked"]),
        2,
        "changes",
    );
    shop.commit("2026-08-01T00:00:00Z");
    assert_ends(&shop.stamp(&["deploy"]), 2, "in the future");
    let without_git = goldenpath(&shop.0)
        .arg("deploy")
        .env("PATH", "")
        .output()
        .unwrap();
    assert_ends(
        &without_git,
        2,
        "error: git is not installed\nhint: install git",
    );
    let empty = Directory::new();
    empty.git(&["init", "--quiet"]);
    empty.write("web.yaml", WEB);
    assert_ends(&empty.stamp(&["web.yaml"]), 2, "git finds no commit HEAD");
    assert_eq!(shop.read("deploy/web.yaml"), WEB);
}

#[test]
fn uncommitted_changes_are_noted() {
    let shop = Directory::repository();
    shop.write("app/main.go", "package other\n");
    let note = "note: app/main.go has changes that are not in 2026-03-02T08:30:00Z (commit ";
    assert_ends(&shop.stamp(&["deploy"]), 0, note);
    // The stamp itself is none, and another commit's time is not that of the working tree.
    shop.git(&["checkout", "--quiet", "app"]);
    let done = shop.stamp(&["deploy", "--at", FIRST]);
    assert!(!String::from_utf8_lossy(&done.stderr).contains("note:"));
    let done = shop.stamp(&["deploy"]);
    assert!(
        !String::from_utf8_lossy(&done.stderr).contains("note:"),
        "{done:?}"
    );
}

#[test]
fn links_and_permissions_stay() {
    let shop = Directory::repository();
    let file = shop.path("deploy/web.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let elsewhere = Directory::new();
    symlink(&file, elsewhere.path("link.yaml")).unwrap();
    // The repository is that of the file, not of the link.
    assert_ends(&elsewhere.stamp(&["link.yaml"]), 0, SECOND);
    assert!(elsewhere.path("link.yaml").is_symlink());
    assert_eq!(shop.read("deploy/web.yaml"), stamped(WEB, SECOND));
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn the_bytes_of_standard_input_stay() {
    let shop = Directory::repository();
    let text = format!("{}# \u{202e}ä\r\n", WEB.replace('\n', "\r\n"));
    let done = shop.stamp_input(&["-"], &text);
    let expected = stamped(&text.replace('\r', ""), SECOND).replace('\n', "\r\n");
    assert_eq!(String::from_utf8(done.stdout).unwrap(), expected);
}

/// kubectl reads a stamped file without a server; skipped where there is none.
#[test]
fn kubectl_reads_the_annotation() {
    let shop = Directory::repository();
    let stamped = shop.stamp_input(&["-"], WEB).stdout;
    let kubectl = Command::new("kubectl")
        .args([
            "annotate",
            "--local",
            "--filename=-",
            "--output=json",
            "a=b",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut kubectl) = kubectl else {
        return;
    };
    kubectl.stdin.take().unwrap().write_all(&stamped).unwrap();
    let read = kubectl.wait_with_output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
    let annotations = &object["metadata"]["annotations"];
    assert_eq!(annotations["goldenpath.dev/commit-time"], SECOND);
    assert_eq!(
        object["spec"]["template"]["metadata"]["annotations"],
        serde_json::Value::Null
    );
}
