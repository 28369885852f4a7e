//! Signals by process id. Every child leads a process group of its own, so a
//! signal to the group reaches what the child started too.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A signal this crate has a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Asks to end (SIGTERM).
    End,
    /// Stops without ending (SIGSTOP).
    Pause,
    /// Goes on after a pause (SIGCONT).
    Resume,
}

/// Sends a signal to one process; false when there is none.
pub(crate) fn send(pid: u32, intent: Intent) -> bool {
    let signal = match intent {
        Intent::End => Signal::TERM,
        Intent::Pause => Signal::STOP,
        Intent::Resume => Signal::CONT,
    };
    id(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
}

/// Kills a process group at once; a group that is gone is fine.
pub(crate) fn kill_group(pid: u32) {
    if let Some(pid) = id(pid) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

fn id(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
