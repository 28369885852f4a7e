//! Many readers of a large report, on an operator with few file descriptors: its memory stays below
//! the chart's limit, and it still answers probes and writes labels.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use goldenpath_e2e::{Operator, OperatorOptions, eventually};

use crate::ground::{self, SOON};

const WORKLOADS: usize = 2_800;
const READERS: usize = 190;
/// The chart's memory limit.
const LIMIT_KIB: u64 = 256 * 1024;

#[test]
fn readers_of_a_large_report_starve_neither_probes_nor_labels_nor_memory() {
    let Some(cluster) = ground::cluster() else {
        return;
    };
    cluster.apply(&ground::path("web-service")).unwrap();
    let many: Vec<_> = (0..WORKLOADS)
        .map(|number| ground::deployment("default", &format!("web-{number}"), 2))
        .collect();
    cluster.apply(&many.join("---")).unwrap();
    let mut operator = limited(&cluster);
    operator.wait_until_ready(SOON).unwrap();
    ground::expect_labels(&cluster, ("default", "web-0"), "golden-path/web-service/");

    let address = operator.url().trim_start_matches("http://").to_owned();
    let silent: Vec<_> = (0..READERS)
        .filter_map(|_| TcpStream::connect(&address).ok())
        .collect();
    let is_over = AtomicBool::new(false);
    let answers: Vec<String> = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| scope.spawn(|| read(&address)))
            .collect();
        let probes = scope.spawn(|| {
            let mut refused = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                if operator.get("/livez").map(|(status, _)| status).ok() != Some(200) {
                    refused.push("livez");
                }
            }
            refused
        });
        cluster
            .apply(&ground::deployment("default", "late", 1))
            .unwrap();
        ground::expect_labels(
            &cluster,
            ("default", "late"),
            "deviating/web-service/undocumented",
        );
        let answers = readers.into_iter().map(|it| it.join().unwrap()).collect();
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(probes.join().unwrap(), [""; 0]);
        answers
    });
    drop(silent);
    for answer in &answers {
        assert!(
            ["", "200", "503"].contains(&answer.as_str()),
            "status {answer}"
        );
    }
    assert!(answers.iter().any(|answer| answer == "200"), "{answers:?}");
    let peak = peak_kib(&operator);
    println!("peak memory {} MiB with {READERS} readers", peak / 1024);
    assert!(peak < LIMIT_KIB, "{peak} KiB");
    eventually(SOON, "the report is served again", || {
        (operator.get("/api/v1/report").ok()?.0 == 200).then_some(())
    });
}

/// The operator with few file descriptors.
fn limited(cluster: &goldenpath_e2e::ControlPlane) -> Operator {
    let args = ["--nofile=160", env!("CARGO_BIN_EXE_goldenpath"), "run"];
    Operator::start(cluster, &OperatorOptions::new("prlimit", &args)).unwrap()
}

/// The status of one report, read to its end; nothing where the connection was refused or closed.
fn read(address: &str) -> String {
    let answer = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(150)))?;
        stream.write_all(
            b"GET /api/v1/report HTTP/1.1\r\nhost: goldenpath\r\nconnection: close\r\n\r\n",
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let head = answer().unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..head.len().min(64)]).into_owned();
    head.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The most memory the process ever had, in KiB.
fn peak_kib(operator: &Operator) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", operator.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.unwrap().parse().unwrap()
}
