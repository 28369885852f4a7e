//! The operator's pods and their processes.

use std::fs;
use std::time::Duration;

use goldenpath_e2e::eventually;
use jiff::Timestamp;
use serde_json::Value;

use crate::story::{NAMESPACE, SOON, Story};

/// Ticks of `/proc/PID/stat` a second: `USER_HZ`, part of Linux's interface to programs.
const TICKS: f64 = 100.0;

#[derive(Clone, Debug)]
pub struct Pod {
    pub name: String,
    pub spec: Value,
    container: String,
}

/// The operator's pods, once so many are ready and no others are left.
pub fn ready(story: &Story, count: usize) -> Vec<Pod> {
    let what = format!("{count} ready pods");
    eventually(SOON, &what, || {
        let all = of_the_operator(story);
        let ready: Vec<Pod> = all.iter().filter_map(ready_one).collect();
        (all.len() == count && ready.len() == count).then_some(ready)
    })
}

/// All of them, those that are going too; not those of `helm test`, which no ReplicaSet owns.
fn of_the_operator(story: &Story) -> Vec<Value> {
    let ours = [
        "pods",
        "-n",
        NAMESPACE,
        "-l=app.kubernetes.io/name=goldenpath",
    ];
    let list = story.get(&ours)["items"].take();
    let mut pods: Vec<Value> = serde_json::from_value(list).unwrap();
    pods.retain(|pod| pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet");
    pods
}

fn ready_one(pod: &Value) -> Option<Pod> {
    let status = &pod["status"]["containerStatuses"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if status["ready"] != true || pod["metadata"]["deletionTimestamp"].is_string() {
        return None;
    }
    Some(Pod {
        name: text(&pod["metadata"]["name"])?,
        spec: pod["spec"].clone(),
        container: text(&status["containerID"])?
            .split_once("://")?
            .1
            .to_owned(),
    })
}

impl Pod {
    /// The process of its container, by the id this machine gives it.
    pub fn process(&self) -> Process {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let process = ids.find(|id: &u32| self.is_run_by(*id));
        Process(process.unwrap_or_else(|| panic!("no process of {}", self.name)))
    }

    fn is_run_by(&self, id: u32) -> bool {
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}"));
        read("cgroup").is_ok_and(|groups| groups.contains(&self.container))
            && read("cmdline").is_ok_and(|words| words.starts_with("/goldenpath\0"))
    }
}

#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// Resident memory, in KiB.
    pub fn resident(self) -> u64 {
        self.status("VmRSS:").parse().unwrap()
    }

    /// The user it runs as.
    pub fn user(self) -> String {
        self.status("Uid:")
    }

    fn status(self, field: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().split_whitespace().next().unwrap().to_owned()
    }

    /// When it began, to a hundredth of a second.
    pub fn began(self) -> Timestamp {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        // The name before it may have spaces in it.
        let after_name = stat.rsplit_once(')').unwrap().1;
        let ticks: f64 = after_name
            .split_whitespace()
            .nth(19)
            .unwrap()
            .parse()
            .unwrap();
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split_whitespace().next().unwrap().parse().unwrap();
        Timestamp::now() - Duration::from_secs_f64(uptime - ticks / TICKS)
    }

    /// Kills it as the kernel does when memory runs out: it neither logs nor releases anything.
    pub fn kill(self) {
        let id = self.0.to_string();
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &id])
            .status();
        assert!(killed.unwrap().success());
    }
}
