//! The directory of one throwaway cluster and the guard that ends it. The guard
//! is a shell reading a pipe that only this process writes: when this process
//! drops it, or is killed, the guard kills every child and removes the directory.
//! Must not know what the children are.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use crate::{Error, Result, random, signal, wait};

const PREFIX: &str = "goldenpath-e2e-";
const LOCK: &str = "owner.lock";
const KEPT: &str = "kept";
/// Names directories outside that go too, one a line; the guard reads it.
const ELSEWHERE: &str = "elsewhere";
/// What was just killed may take a moment to be gone.
const DIES_WITHIN: Duration = Duration::from_secs(5);
const GUARD: &str = include_str!("guard.sh");
/// Set for every child, so that a later sweep recognizes them.
pub(crate) const HOME_VARIABLE: &str = "GOLDENPATH_E2E_HOME";
/// When set, directories (with all logs) are left behind for inspection.
const RETAIN_VARIABLE: &str = "GOLDENPATH_E2E_KEEP";

/// A private directory that disappears, with all processes registered in it,
/// when the value is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    guard: Child,
    network: OnceLock<PathBuf>,
    // Held so that sweepers leave the directory alone.
    _lock: File,
}

impl Home {
    /// Makes the directory and starts its guard; sweeps what crashed guards left.
    pub(crate) fn create() -> Result<Self> {
        let root = std::env::temp_dir();
        sweep(&root);
        let (path, lock) = new_directory(&root)?;
        let retains = std::env::var_os(RETAIN_VARIABLE).is_some();
        if retains {
            write(&path.join(KEPT), "")?;
        }
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "goldenpath-guard"])
            .arg(&path)
            .arg(if retains { "keep" } else { "remove" })
            .current_dir(&root)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let guard = guard.spawn().map_err(|source| Error::Spawn {
            program: "sh".to_owned(),
            source,
        })?;
        Ok(Self {
            path,
            guard,
            network: OnceLock::new(),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last part of the path: a name nothing else on this machine has.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Has every child from now on started in this network namespace (a file such as
    /// `/proc/PID/ns/net`). The first call counts.
    pub(crate) fn use_network(&self, network: PathBuf) {
        // A second network would be a mistake of this crate, and changes nothing.
        let _ = self.network.set(network);
    }

    /// Where children are when that is not this process's own network.
    pub(crate) fn network(&self) -> Option<&Path> {
        self.network.get().map(PathBuf::as_path)
    }

    /// Words before a command line that run it there, with the files and process
    /// ids of this machine: signals still reach it.
    pub(crate) fn entrance(&self) -> Vec<String> {
        let words = |network: &Path| vec!["nsenter".into(), format!("--net={}", network.display())];
        self.network().map_or_else(Vec::new, words)
    }

    /// Has directories elsewhere, each with nothing but directories in it, removed
    /// together with this one. Call it once.
    pub(crate) fn also_remove(&self, directories: &[PathBuf]) -> Result<()> {
        let lines = directories
            .iter()
            .map(|path| format!("{}\n", path.display()));
        self.write(ELSEWHERE, &lines.collect::<String>())?;
        Ok(())
    }

    pub(crate) fn pid_file(&self, name: &str) -> PathBuf {
        self.path.join("pids").join(name)
    }

    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    /// Writes a file below the directory and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file("write", path))
}

fn new_directory(root: &Path) -> Result<(PathBuf, File)> {
    loop {
        let path = root.join(format!("{PREFIX}{}", random::hex(6)?));
        let mut directory = DirBuilder::new();
        directory.mode(0o700);
        directory
            .create(&path)
            .map_err(Error::file("create", &path))?;
        let lock = File::create(path.join(LOCK)).map_err(Error::file("lock", &path))?;
        // A sweeper may look between the two lines above and here; then this
        // directory is lost to it and another is made.
        if lock.try_lock().is_err() || !path.join(LOCK).exists() {
            continue;
        }
        for name in ["logs", "pids", "pki"] {
            let inner = path.join(name);
            directory
                .create(&inner)
                .map_err(Error::file("create", &inner))?;
        }
        return Ok((path, lock));
    }
}

/// Ends what lives in directories whose owner and guard are both gone.
fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if named && let Ok(Some(_lock)) = abandoned(&entry.path()) {
            kill_registered(&entry.path());
            remove_elsewhere(&entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn remove_elsewhere(home: &Path) {
    let list = fs::read_to_string(home.join(ELSEWHERE)).unwrap_or_default();
    for directory in list.lines().map(Path::new) {
        // What cannot be removed in time is left: empty directories are harmless.
        let _ = wait::within(DIES_WITHIN, "a directory elsewhere is removed", || {
            remove_empty_tree(directory);
            (!directory.exists()).then_some(())
        });
    }
}

/// Removes directories only: control groups hold files that cannot be removed.
fn remove_empty_tree(path: &Path) {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_empty_tree(&entry.path());
    }
    let _ = fs::remove_dir(path);
}

/// The lock of a directory of ours whose owner is gone; None when it must stay.
fn abandoned(path: &Path) -> io::Result<Option<File>> {
    let metadata = fs::symlink_metadata(path)?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_dir() || !ours || path.join(KEPT).exists() {
        return Ok(None);
    }
    let lock = File::open(path.join(LOCK))?;
    Ok(lock.try_lock().is_ok().then_some(lock))
}

fn kill_registered(path: &Path) {
    // The guard renames a directory before it kills; the children know the first name.
    let name = path.to_string_lossy();
    let home = name.strip_suffix(".closed").unwrap_or(&name);
    let files = fs::read_dir(path.join("pids")).into_iter().flatten();
    for file in files.flatten() {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        if let Ok(pid) = text.trim().parse::<u32>()
            && belongs_to(pid, home)
        {
            signal::kill_group(pid);
        }
    }
}

/// Whether a process was started for `home`: its id may belong to another one by now.
/// Answers no where the system does not show environments.
fn belongs_to(pid: u32, home: &str) -> bool {
    let wanted = format!("{HOME_VARIABLE}={home}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|entry| entry == wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wait;

    #[test]
    fn a_dropped_home_leaves_no_directory() {
        let home = Home::create().unwrap();
        let path = home.path().to_owned();
        home.write("pki/file", "text").unwrap();
        drop(home);
        assert!(!path.exists());
        assert!(!path.with_extension("closed").exists());
    }

    fn tree_elsewhere() -> PathBuf {
        let elsewhere = std::env::temp_dir().join(random::hex(8).unwrap());
        fs::create_dir_all(elsewhere.join("a/b")).unwrap();
        elsewhere
    }

    #[test]
    fn directories_elsewhere_go_with_their_home() {
        let home = Home::create().unwrap();
        let elsewhere = tree_elsewhere();
        home.also_remove(std::slice::from_ref(&elsewhere)).unwrap();
        drop(home);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn directories_elsewhere_are_swept_too() {
        let (path, _lock) = new_directory(&std::env::temp_dir()).unwrap();
        let elsewhere = tree_elsewhere();
        let list = format!("{}\n", elsewhere.display());
        fs::write(path.join(ELSEWHERE), list).unwrap();
        remove_elsewhere(&path);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn an_inhabited_home_is_not_swept() {
        let home = Home::create().unwrap();
        sweep(home.path().parent().unwrap());
        assert!(home.path().join("pids").is_dir());
    }

    #[test]
    fn an_abandoned_home_is_swept() {
        let root = std::env::temp_dir();
        let (path, lock) = new_directory(&root).unwrap();
        drop(lock);
        // A child that another thread is just forking holds the lock a moment longer.
        wait::eventually(Duration::from_secs(5), "it is swept", || {
            sweep(&root);
            (!path.exists()).then_some(())
        });
    }
}
