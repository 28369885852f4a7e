//! A test run that is killed must leave neither processes nor files. The part of
//! the killed run is played by this very test binary, started once more.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use goldenpath_e2e::{Options, control_plane_or_skip, eventually};

const PLAY_THE_VICTIM: &str = "GOLDENPATH_E2E_TEST_VICTIM";

/// Not a test of its own: what the test below starts and kills.
#[test]
fn victim() {
    if std::env::var_os(PLAY_THE_VICTIM).is_none() {
        return;
    }
    let cluster = control_plane_or_skip(&Options::default());
    let directory = cluster.as_ref().map_or(String::new(), |cluster| {
        cluster.data_dir().display().to_string()
    });
    writeln!(std::io::stderr(), "victim: {directory}").unwrap();
    let _ = std::io::stdin().lines().next();
}

fn start_victim() -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["victim", "--exact"])
        .env(PLAY_THE_VICTIM, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// Ids of processes (zombies have neither) whose arguments or environment name the directory.
fn inhabitants(directory: &str) -> Vec<String> {
    let names_directory = |file: String| {
        let bytes = fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(directory)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.map(|entry| entry.file_name().to_string_lossy().into_owned());
    ids.filter(|id| {
        names_directory(format!("/proc/{id}/cmdline"))
            || names_directory(format!("/proc/{id}/environ"))
    })
    .collect()
}

#[test]
fn nothing_remains_of_a_killed_process() {
    let mut victim = start_victim().unwrap();
    let lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let directory = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("victim: ").map(str::to_owned))
        .unwrap();
    if directory.is_empty() {
        victim.wait().unwrap();
        let _ = writeln!(std::io::stderr(), "skipped: the victim had no binaries");
        return;
    }
    // etcd, kube-apiserver and the guard, where /proc tells.
    let proc_tells = fs::exists("/proc/self/environ").unwrap();
    assert!(!proc_tells || inhabitants(&directory).len() >= 3);

    victim.kill().unwrap();
    victim.wait().unwrap();
    eventually(Duration::from_secs(20), "processes are gone", || {
        inhabitants(&directory).is_empty().then_some(())
    });
    let closed = format!("{directory}.closed");
    eventually(Duration::from_secs(20), "files are gone", || {
        let gone = !fs::exists(&directory).unwrap() && !fs::exists(&closed).unwrap();
        gone.then_some(())
    });
}
