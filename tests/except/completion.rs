//! Shell completion as users get it: a real bash sources the script, and the real kubectl calls the
//! program beside its plugin. Names come from a real API server.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use goldenpath_e2e::{ControlPlane, Tool};

use crate::live::{REASON, except, goldenpath, shop_with, text};

/// The shop with an exception in it, and a directory with the program under its names.
fn installed() -> Option<(ControlPlane, PathBuf)> {
    let cluster = shop_with(Vec::new())?;
    let output = except(&cluster, "admin", &["--reason", REASON, "--apply"]);
    assert!(output.status.success(), "{output:?}");
    let directory = cluster.data_dir().join("bin");
    fs::create_dir(&directory).unwrap();
    for name in ["goldenpath", "kubectl-goldenpath"] {
        symlink(env!("CARGO_BIN_EXE_goldenpath"), directory.join(name)).unwrap();
    }
    Some((cluster, directory))
}

/// `PATH` with the directory first.
fn path(directory: &std::path::Path) -> String {
    let rest = std::env::var("PATH").unwrap_or_default();
    format!("{}:{rest}", directory.display())
}

/// What bash offers for the last word of a line.
fn offered(cluster: &ControlPlane, directory: &std::path::Path, line: &str) -> Vec<String> {
    let script = r#"
        source <(goldenpath completion bash)
        read -ra COMP_WORDS <<< "$LINE"
        [[ "$LINE" == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
        COMP_TYPE=9
        function=$(complete -p goldenpath | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function" goldenpath "${COMP_WORDS[COMP_CWORD]}" ""
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", script])
        .env("LINE", line)
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("PATH", path(directory))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let offered = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    offered.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_words_and_names() {
    let Some((cluster, directory)) = installed() else {
        return;
    };
    for (line, wanted) in [
        ("goldenpath appr", "approve"),
        ("goldenpath exceptions --phase Pen", "Pending"),
        ("goldenpath approve -n shop ", "web-replicas"),
        ("goldenpath why -n shop deploy/", "deploy/web"),
        ("goldenpath exceptions --path web", "web-service"),
    ] {
        let offered = offered(&cluster, &directory, line);
        assert_eq!(offered.first().map(String::as_str), Some(wanted), "{line}");
    }
    let none = offered(&cluster, &directory, "goldenpath approve -n default ");
    assert!(!none.contains(&"web-replicas".to_owned()), "{none:?}");
}

#[test]
fn kubectl_completes_its_plugin() {
    let Some((cluster, directory)) = installed() else {
        return;
    };
    let script = goldenpath(&cluster, "admin", &["completion", "kubectl"]).stdout;
    let program = directory.join("kubectl_complete-goldenpath");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (words, wanted) in [
        (vec!["appr"], "approve"),
        (vec!["close", "-n", "shop", "web"], "web-replicas"),
    ] {
        let output = Command::new(cluster.binaries().path(Tool::Kubectl).unwrap())
            .args(["__complete", "goldenpath"])
            .args(&words)
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("PATH", path(&directory))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let offered = text(&output.stdout);
        let first = offered.lines().next().unwrap_or_default();
        assert_eq!(first.split('\t').next(), Some(wanted), "{output:?}");
        assert!(offered.ends_with(":4\n"), "{offered}");
    }
}

#[test]
fn the_scripts_of_the_other_shells_call_this_program() {
    for shell in ["zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
            .args(["completion", shell])
            .output()
            .unwrap();
        let script = text(&output.stdout);
        assert!(script.contains("GOLDENPATH_COMPLETE="), "{script}");
    }
}

#[test]
fn a_cluster_that_does_not_answer_offers_no_names_and_prints_nothing() {
    let output = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--", "goldenpath", "approve", ""])
        .env("GOLDENPATH_COMPLETE", "kubectl")
        .env("KUBECONFIG", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    assert!(text(&output.stdout).ends_with(":4\n"), "{output:?}");
}
