//! A killed test run must leave neither processes nor files. This test binary, started again, plays
//! the killed run.

mod hello;

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use goldenpath_e2e::{
    ControlPlane, Node, Options, control_plane_or_skip, eventually, node_or_skip,
};

const PLAY_THE_VICTIM: &str = "GOLDENPATH_E2E_TEST_VICTIM";
const CONTROL_PLANE: &str = "control plane";
const NODE: &str = "node";

/// Not a test of its own: what the tests below start and kill.
#[test]
fn victim() {
    match std::env::var(PLAY_THE_VICTIM).as_deref() {
        Ok(NODE) => {
            let node = node_or_skip(&Options::default());
            if let Some(node) = &node {
                hello::deploy(node).unwrap();
            }
            tell_and_wait(node.as_ref().map(Node::cluster));
        }
        Ok(_) => tell_and_wait(control_plane_or_skip(&Options::default()).as_ref()),
        Err(_) => {}
    }
}

fn tell_and_wait(cluster: Option<&ControlPlane>) {
    let directory = cluster.map_or(String::new(), |cluster| {
        cluster.data_dir().display().to_string()
    });
    // Not `eprintln!`: the test runner would swallow the line.
    let _ = writeln!(io::stderr(), "victim: {directory}");
    let _ = std::io::stdin().lines().next();
}

struct Victim {
    child: Child,
    directory: String,
}

impl Victim {
    /// None, after a printed line, where the victim has no binaries to run.
    fn start(part: &str) -> Option<Self> {
        let mut child = Command::new(std::env::current_exe().expect("this binary has a path"))
            .args(["victim", "--exact"])
            .env(PLAY_THE_VICTIM, part)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this binary runs");
        let lines = child.stderr.take().map(|pipe| BufReader::new(pipe).lines());
        let directory = lines
            .into_iter()
            .flatten()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("victim: ").map(str::to_owned))
            .unwrap_or_default();
        let victim = Self { child, directory };
        if victim.directory.is_empty() {
            victim.kill();
            let _ = writeln!(io::stderr(), "skipped: the victim could not start a {part}");
            return None;
        }
        Some(victim)
    }

    fn kill(mut self) -> String {
        self.child.kill().expect("the victim still runs");
        self.child.wait().expect("the victim was ours");
        self.directory
    }
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

fn nothing_remains_of(directory: &str) -> bool {
    let is_gone = |path: &str| !fs::exists(path).unwrap_or(true);
    inhabitants(directory).is_empty()
        && is_gone(directory)
        && is_gone(&format!("{directory}.closed"))
}

#[test]
fn nothing_remains_of_a_killed_process() {
    let Some(victim) = Victim::start(CONTROL_PLANE) else {
        return;
    };
    // etcd, kube-apiserver and the guard, where /proc lists them.
    let proc_tells = fs::exists("/proc/self/environ").unwrap();
    assert!(!proc_tells || inhabitants(&victim.directory).len() >= 3);
    let directory = victim.kill();
    eventually(Duration::from_secs(20), "nothing remains", || {
        nothing_remains_of(&directory).then_some(())
    });
}

#[test]
fn the_next_start_sweeps_what_a_killed_guard_left() {
    let Some(victim) = Victim::start(CONTROL_PLANE) else {
        return;
    };
    let is_guard = |id: &&String| {
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains("goldenpath-guard")
    };
    let inhabitants = inhabitants(&victim.directory);
    let Some(guard) = inhabitants.iter().find(is_guard) else {
        // No /proc: sweeping takes the files only, and another test has that.
        victim.kill();
        return;
    };
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("kill -9 {guard}")]);
    assert!(kill.status().unwrap().success());
    let directory = victim.kill();
    eventually(Duration::from_secs(60), "nothing remains", || {
        let _next = control_plane_or_skip(&Options::default());
        nothing_remains_of(&directory).then_some(())
    });
}

/// Ids of everything started by a process, directly or not.
fn descendants(id: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let children = children.unwrap_or_default();
    let families = children.split_whitespace().map(|child| {
        let mut family = descendants(child);
        family.push(child.to_owned());
        family
    });
    families.flatten().collect()
}

/// Ids of the processes in a node's namespaces: containers and what runs them.
fn node_processes(directory: &str) -> Vec<String> {
    let id = fs::read_to_string(format!("{directory}/pids/namespaces"));
    let id = id.expect("a node has namespaces");
    descendants(id.trim())
}

#[test]
fn nothing_remains_of_a_killed_process_that_had_a_node() {
    let Some(victim) = Victim::start(NODE) else {
        return;
    };
    let processes = node_processes(&victim.directory);
    let is_container = |id: &String| {
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        arguments == b"/pause\0serve\0"
    };
    assert_eq!(processes.iter().filter(|id| is_container(id)).count(), 2);
    let groups = fs::read_to_string(format!("{}/elsewhere", victim.directory)).unwrap();
    let groups: Vec<&str> = groups.lines().collect();
    assert!(!groups.is_empty());

    let directory = victim.kill();
    let is_gone = |path: &str| !fs::exists(path).unwrap_or(true);
    eventually(Duration::from_secs(20), "nothing remains", || {
        let mut processes = processes.iter().map(|id| format!("/proc/{id}"));
        let nothing = nothing_remains_of(&directory)
            && processes.all(|path| is_gone(&path))
            && groups.iter().all(|path| is_gone(path));
        nothing.then_some(())
    });
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&directory), "{mounts}");
}
