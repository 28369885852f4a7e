//! `goldenpath scan` on manifests in files, compared with a linter that reads the same file.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use goldenpath_e2e::{Binaries, Tool};

use crate::Result;
use crate::fleet::{self, MemoryCheck};
use crate::process::{self, Taken};
use crate::stage::Stage;
use crate::table::Row;

const MANIFESTS: usize = 5_000;
/// The two checks kube-score shares with our path; a flag turns the others off.
const SHARED_CHECKS: [&str; 2] = ["container-resources", "container-image-tag"];

pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let files = Files::write(&stage.cluster.data_dir().join("manifests"))?;
    let one = files.scan(&stage.binary, &files.all)?;
    let many = files.scan(&stage.binary, &files.each)?;
    let mut rows = vec![
        row(format!("scan of {MANIFESTS} manifests in one file"), &one),
        row(format!("scan of {MANIFESTS} files"), &many),
    ];
    rows.extend(beside(&files.all, &one)?);
    Ok(rows)
}

/// The same manifests twice: in one file, and one file each.
struct Files {
    path: PathBuf,
    all: PathBuf,
    each: PathBuf,
}

impl Files {
    fn write(directory: &Path) -> Result<Self> {
        let files = Self {
            path: directory.join("path.yaml"),
            all: directory.join("all.yaml"),
            each: directory.join("each"),
        };
        fs::create_dir_all(&files.each)?;
        fs::write(&files.path, fleet::path(MemoryCheck::Asked))?;
        let mut all = String::new();
        for member in fleet::members(MANIFESTS) {
            let manifest = member.manifest();
            fs::write(
                files.each.join(format!("{}.yaml", member.name())),
                &manifest,
            )?;
            // Writing to a String cannot fail.
            let _ = write!(all, "---\n{manifest}");
        }
        fs::write(&files.all, all)?;
        Ok(files)
    }

    fn scan(&self, binary: &Path, manifests: &Path) -> Result<Taken> {
        let mut command = Command::new(binary);
        command
            .arg("scan")
            .arg(manifests)
            .arg("--paths")
            .arg(&self.path);
        let taken = process::run(command.args(["--fail-on", "none"]))?;
        match taken.code {
            Some(0) => Ok(taken),
            other => Err(format!("scan ended with {other:?}").into()),
        }
    }
}

fn row(name: String, taken: &Taken) -> Row {
    Row::seconds(name, taken.wall).note(cost_of(taken))
}

fn cost_of(taken: &Taken) -> String {
    let (cpu, peak) = (taken.cpu.as_secs_f64(), taken.peak / 1_024.0);
    format!("{cpu:.2} s of CPU, peak {peak:.0} MiB")
}

/// kube-score on the same file, where it has been built.
fn beside(manifests: &Path, ours: &Taken) -> Result<Vec<Row>> {
    let (found, missing) = Binaries::search(&[Tool::KubeScore])?;
    if !missing.is_empty() {
        let row = Row::new("kube-score on that file", "skipped", "");
        return Ok(vec![row.note(
            "not built: cargo run -p goldenpath-e2e --example tools -- kube-score",
        )]);
    }
    let binary = found.path(Tool::KubeScore)?;
    let mut rows = Vec::new();
    for (name, ignored) in [
        (
            "kube-score on that file, two of the four checks",
            others(binary)?,
        ),
        ("kube-score on that file, all its checks", Vec::new()),
    ] {
        let mut command = Command::new(binary);
        command
            .args(["score", "--output-format", "ci"])
            .args(ignored)
            .arg(manifests);
        let taken = process::run(&mut command)?;
        let ratio = taken.wall.as_secs_f64() / ours.wall.as_secs_f64();
        let note = format!("{}; {ratio:.1} times our scan's time", cost_of(&taken));
        rows.push(Row::seconds(name, taken.wall).note(note));
    }
    Ok(rows)
}

/// Flags that leave out all checks but the shared ones.
fn others(kube_score: &Path) -> Result<Vec<String>> {
    let listed = Command::new(kube_score).arg("list").output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let checks = listed.lines().filter_map(|line| line.split(',').next());
    let others = checks.filter(|check| !SHARED_CHECKS.contains(check));
    Ok(others
        .map(|check| format!("--ignore-test={check}"))
        .collect())
}
