//! Describes the machine and the versions a run used. Figures mean little without them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use goldenpath_e2e::ControlPlane;
use serde_json::Value;

/// Machine and versions, as lines for the documentation.
pub fn describe(cluster: &ControlPlane, binary: &Path, load: &str) -> Vec<String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rust = first_line("rustc", "--version");
    let own = first_line(&binary.to_string_lossy(), "--version");
    vec![
        format!("machine: {}, {cores} cores, {}", processor(), memory()),
        format!(
            "kernel: {}, load when it began: {load}",
            read("/proc/sys/kernel/osrelease")
        ),
        format!(
            "versions: {own}, Kubernetes {}, {rust}",
            kubernetes(cluster)
        ),
    ]
}

/// The load average of the last minute: figures of a busy machine mean little.
pub fn load() -> String {
    let load = read("/proc/loadavg");
    load.split(' ').next().unwrap_or_default().to_owned()
}

fn read(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.trim().to_owned()
}

fn processor() -> String {
    let text = read("/proc/cpuinfo");
    text.lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or("unknown processor", |(_, name)| name)
        .to_owned()
}

fn memory() -> String {
    let text = read("/proc/meminfo");
    let total = text.lines().find(|line| line.starts_with("MemTotal"));
    let kibibytes = total.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    let gibibytes = kibibytes.map(|kibibytes| kibibytes.div_ceil(1 << 20));
    gibibytes.map_or("unknown memory".to_owned(), |size| format!("{size} GiB"))
}

fn first_line(program: &str, argument: &str) -> String {
    let text = Command::new(program)
        .arg(argument)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().next().unwrap_or(program).to_owned()
}

fn kubernetes(cluster: &ControlPlane) -> String {
    let version = cluster
        .kubectl_ok(&["get", "--raw", "/version"])
        .map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default())
        .unwrap_or_default();
    let version = version["gitVersion"].as_str();
    version.unwrap_or("unknown").to_owned()
}
