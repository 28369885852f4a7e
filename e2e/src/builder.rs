//! Builds the pinned programs with `go build` into the cache: one builder at a
//! time, each binary renamed into place whole. The module files are part of
//! this program, so no source tree is needed.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Error, Progress, Result,
    tools::{Module, Tool},
};

const SAY_SOMETHING_EVERY: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Builds `missing` into `directory`, skipping what another builder left there meanwhile.
pub(crate) fn build(
    module: Module,
    missing: &[Tool],
    directory: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<()> {
    go_exists(module, missing)?;
    fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    let _lock = lock(directory, progress)?;
    let source = SourceDirectory::write(module, directory)?;
    for &tool in missing {
        if directory.join(tool.as_str()).is_file() {
            continue;
        }
        build_one(tool, &source, directory, progress)?;
    }
    Ok(())
}

fn go_exists(module: Module, missing: &[Tool]) -> Result<()> {
    let mut version = Command::new("go");
    version.arg("version").stdin(Stdio::null());
    match version.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) | Err(_) => {
            let names: Vec<&str> = missing.iter().map(|tool| tool.as_str()).collect();
            Err(Error::NoGo {
                missing: names.join(", "),
                go: module.go_release(),
            })
        }
    }
}

fn lock(directory: &Path, progress: &mut dyn FnMut(Progress)) -> Result<File> {
    let path = directory.join(".lock");
    let file = File::create(&path).map_err(Error::file("create", &path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => progress(Progress::Waiting),
        Err(TryLockError::Error(source)) => return Err(Error::file("lock", path)(source)),
    }
    file.lock().map_err(Error::file("lock", path))?;
    Ok(file)
}

fn build_one(
    tool: Tool,
    source: &SourceDirectory,
    directory: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<()> {
    progress(Progress::Building {
        tool,
        usually: tool.usual_build(),
    });
    let start = Instant::now();
    // No file of the module has this name.
    let output = source.path.join("built");
    let status = run_go(tool, source, &output, &mut |elapsed| {
        progress(Progress::StillBuilding { tool, elapsed });
    })?;
    if !status.success() {
        return Err(Error::Build {
            tool: tool.as_str(),
            log: crate::logs::tail(&source.log()),
        });
    }
    let target = directory.join(tool.as_str());
    fs::rename(&output, &target).map_err(Error::file("rename", &output))?;
    progress(Progress::Built {
        tool,
        took: start.elapsed(),
    });
    Ok(())
}

fn run_go(
    tool: Tool,
    source: &SourceDirectory,
    output: &Path,
    still_running: &mut dyn FnMut(Duration),
) -> Result<ExitStatus> {
    let spawn_failed = |source| Error::Spawn {
        program: "go".to_owned(),
        source,
    };
    let log = File::create(source.log()).map_err(Error::file("create", source.log()))?;
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-mod=readonly", "-buildvcs=false"])
        // The linker drops debug information; not to write it saves a tenth of the build.
        .arg("-gcflags=all=-dwarf=false")
        .args(["-ldflags", &tool.module().linker_flags(), "-o"])
        .arg(output)
        .args(tool.module().tags().map(|tags| format!("-tags={tags}")))
        .arg(tool.package())
        .current_dir(&source.path)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        // The tools run here, whatever the caller is cross-compiling for.
        .env_remove("GOOS")
        .env_remove("GOARCH")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    let mut child = go.spawn().map_err(spawn_failed)?;
    let start = Instant::now();
    let mut reported = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait().map_err(spawn_failed)? {
            return Ok(status);
        }
        let elapsed = start.elapsed();
        if elapsed.saturating_sub(reported) >= SAY_SOMETHING_EVERY {
            reported = elapsed;
            still_running(elapsed);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// A Go module on disk for the time of a build, inside the cache directory so
/// that the finished binary can be renamed and not copied.
struct SourceDirectory {
    path: PathBuf,
}

impl SourceDirectory {
    fn write(module: Module, cache: &Path) -> Result<Self> {
        let path = cache.join(".source");
        let source = Self { path };
        for (name, text) in module.files() {
            let file = source.path.join(name);
            let directory = file.parent().unwrap_or(&source.path);
            fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
            fs::write(&file, text).map_err(Error::file("write", &file))?;
        }
        Ok(source)
    }

    fn log(&self) -> PathBuf {
        self.path.join("build.log")
    }
}

impl Drop for SourceDirectory {
    fn drop(&mut self) {
        // What stays behind is overwritten by the next builder.
        let _ = fs::remove_dir_all(&self.path);
    }
}
