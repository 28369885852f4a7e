//! Memory and CPU time of processes as Linux counts them, running or finished. Must not know what
//! the process does.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::Result;

/// Ticks of `/proc/PID/stat` a second: `USER_HZ`, part of Linux's interface to programs.
const TICKS: u32 = 100;

/// Memory of a running process, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Resident now.
    pub resident: f64,
    /// The most that was ever resident.
    pub peak: f64,
}

/// Memory of a running process.
pub fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| -> Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(value.ok_or("no such field in /proc/PID/status")?.parse()?)
    };
    Ok(Memory {
        resident: field("VmRSS")?,
        peak: field("VmHWM")?,
    })
}

/// Has the peak of a running process counted anew from what is resident now.
pub fn reset_peak(process: u32) -> Result<()> {
    // 5: "reset the peak resident set size", proc(5).
    fs::write(format!("/proc/{process}/clear_refs"), "5")?;
    Ok(())
}

/// User and system time of a running process so far.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name may hold anything, blanks too; it ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').ok_or("no /proc/PID/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| -> Result<u32> { Ok(fields.get(at).ok_or("too short")?.parse()?) };
    // Fields 14 and 15 of the line; the list here begins with field 3.
    let ticks = ticks(11)? + ticks(12)?;
    Ok(Duration::from_secs(1) * ticks / TICKS)
}

/// What a process took from its start to its end.
#[derive(Clone, Debug)]
pub struct Taken {
    pub wall: Duration,
    pub cpu: Duration,
    /// Most memory resident at once, in KiB.
    pub peak: f64,
    pub code: Option<i32>,
}

/// Runs a command to its end with its output thrown away.
pub fn run(command: &mut Command) -> Result<Taken> {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let used = child.wait4()?;
    #[allow(clippy::cast_precision_loss)] // below 2^53 bytes
    let peak = used.rusage.maxrss as f64 / 1_024.0;
    Ok(Taken {
        wall: start.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        peak,
        code: used.status.code(),
    })
}
