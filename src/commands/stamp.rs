//! `goldenpath stamp`: writes the commit time from git into manifests, in place or from standard input
//! to standard output. What a stamped text looks like is decided in [`crate::manifests::stamp`].

pub(super) mod git;
mod replace;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use self::git::{Commit, Repository};
use super::error::{CommandError, ErrorKind, Result};
use super::judging::ExtraKinds;
use super::{Exit, Invocation, terminal};
use crate::assess::source::{Problem, Source};
use crate::manifests;
use crate::manifests::files::File;
use crate::manifests::passed_over::PassedOver;
use crate::manifests::stamp::{self, CommitTime, Stamp, Stamped};

pub(super) const HELP: &str = "\
Write the commit time into manifests, from git: the annotation goldenpath.dev/commit-time on every \
Deployment, StatefulSet, DaemonSet and CronJob. goldenpath measures change lead time from it, from \
commit to available. Stamp in the same change as the image: annotated earlier, the old pods get the \
new version's time.

Files are edited in place: comments, order, quotes and line endings stay, and pod templates are never \
touched. Standard input (-) goes to standard output. Without other flags, the time is that of the \
commit checked out in the repository that holds the file. A stamp that is committed itself needs \
--source: no commit can contain its own time.

Templates, patches and parts of workloads are refused: stamp what is rendered or built from them. A \
patch that has the annotation already is updated.

Exit code: 0 every workload has its commit time, 1 with --check a file would change, 2 a file cannot \
be stamped (then none is written), or there is no workload.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath stamp deploy/
  goldenpath stamp ../environments/prod/web.yaml --source .   (manifests in another repository)
  kustomize build overlays/prod | goldenpath stamp - | kubectl apply -f -
  goldenpath stamp deploy/web.yaml --at 2026-03-01T12:00:00Z   (a pipeline without git)
  goldenpath stamp deploy/ --diff";

/// Flags of `stamp`.
#[derive(Args, Clone, Debug)]
pub struct StampArgs {
    /// Manifests: files and directories; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Use the time of this commit, branch or tag [default: HEAD]
    #[arg(long, value_name = "REV", value_parser = revision, help_heading = "The time")]
    pub commit: Option<String>,

    /// Use the newest commit that changes this path: the source of the image, maybe in another repository
    #[arg(long, value_name = "PATH", help_heading = "The time")]
    pub source: Option<PathBuf>,

    /// Use this time, in RFC 3339; git is not run
    #[arg(
        long,
        value_name = "TIME",
        value_parser = time,
        conflicts_with_all = ["commit", "source"],
        help_heading = "The time"
    )]
    pub at: Option<Timestamp>,

    /// Write nothing; exit with 1 if a file would change
    #[arg(long)]
    pub check: bool,

    /// Write nothing; print a diff
    #[arg(long, visible_alias = "dry-run")]
    pub diff: bool,

    /// Exit with 0 although there is no workload
    #[arg(long)]
    pub allow_empty: bool,

    /// More kinds of workload.
    #[command(flatten)]
    pub kinds: ExtraKinds,
}

fn revision(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('-') {
        return Err("write a commit, a branch or a tag".to_owned());
    }
    Ok(text.to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "write RFC 3339, such as 2026-03-01T12:00:00Z".to_owned())
}

/// A file, with what becomes of it.
struct StampedFile<'a> {
    file: &'a File,
    stamped: Stamped,
    commit: StampTime,
}

/// Stamps the files.
pub(super) fn run(args: &StampArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let files = manifests::files(&args.files, &mut io::stdin().lock())?;
    let mut times = Times::new(args, invocation.as_of())?;
    let mut outcomes = Vec::new();
    for file in &files.files {
        let commit = times.of(file)?;
        let stamp = Stamp {
            time: commit.time,
            extra_kinds: &args.kinds.extra_kind,
        };
        outcomes.push(StampedFile {
            file,
            stamped: stamp::stamp(file, &stamp),
            commit,
        });
    }
    terminal::note_problems(&files.problems);
    if note_refused(&outcomes) + files.problems.len() > 0 {
        terminal::note("nothing was written\n");
        return Ok(Exit::Unreadable);
    }
    let is_written = !args.check && !args.diff;
    for outcome in &outcomes {
        write(outcome, args)?;
        note(outcome, is_written);
    }
    times.note_changed_files(&outcomes);
    Ok(exit(&outcomes, args))
}

/// Notes what cannot be stamped, and returns how much of it makes the command fail. Templates and parts
/// below a directory are noted once for each reason.
fn note_refused(outcomes: &[StampedFile<'_>]) -> usize {
    let mut failed = 0;
    let mut expected: BTreeMap<String, (Source, usize)> = BTreeMap::new();
    for StampedFile { file, stamped, .. } in outcomes {
        for refused in &stamped.refused {
            let source = Source {
                file: file.name.clone(),
                line: refused.line,
            };
            let message = refused.reason.to_string();
            if !file.is_named && refused.reason.is_expected_in_directory() {
                expected.entry(message).or_insert((source, 0)).1 += 1;
            } else {
                failed += 1;
                terminal::note_problems(&[Problem::new(source, message)]);
            }
        }
    }
    for (message, (source, count)) in expected {
        let more = match count - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        terminal::note_problems(&[Problem::new(source, format!("{message}{more}"))]);
    }
    failed
}

fn write(outcome: &StampedFile<'_>, args: &StampArgs) -> Result<()> {
    let StampedFile { file, stamped, .. } = outcome;
    let text = String::from_utf8_lossy(&file.content);
    let edits = &stamped.edits;
    if args.diff && !edits.is_empty() {
        let diff = stamp::unified(&file.name, &text, edits);
        return terminal::verbatim(&diff).map_err(CommandError::output);
    }
    if args.diff || args.check {
        return Ok(());
    }
    let edited = stamp::apply(&text, edits);
    if file.name == "-" {
        return terminal::verbatim(&edited).map_err(CommandError::output);
    }
    if edits.is_empty() {
        return Ok(());
    }
    let name = PathBuf::from(&file.name);
    replace::replace(&name, &file.content, &edited)
        .map_err(|source| ErrorKind::WriteFile { file: name, source }.into())
}

fn note(outcome: &StampedFile<'_>, is_written: bool) {
    let workloads = &outcome.stamped.workloads;
    if !workloads.is_empty() {
        let verb = if is_written { "stamped" } else { "would stamp" };
        let (file, workloads) = (&outcome.file.name, workloads.join(", "));
        let line = format!("{file}: {verb} {workloads}: {}", outcome.commit);
        terminal::note_line(&line);
    }
}

fn exit(outcomes: &[StampedFile<'_>], args: &StampArgs) -> Exit {
    let changed: usize = outcomes.iter().map(|one| one.stamped.workloads.len()).sum();
    let current: usize = outcomes.iter().map(|one| one.stamped.current).sum();
    if changed + current == 0 && !args.allow_empty {
        let mut passed_over = PassedOver::default();
        for outcome in outcomes {
            passed_over.add(&outcome.stamped.passed_over);
        }
        terminal::note(&format!("no workload to stamp; {passed_over}\n"));
        return Exit::Unreadable;
    }
    if changed == 0 && current > 0 {
        let s = if current == 1 { "" } else { "s" };
        terminal::note(&format!("up to date: {current} workload{s}\n"));
    }
    if args.check && changed > 0 {
        Exit::Found
    } else {
        Exit::Fine
    }
}

/// The time of a file, and the commit it is from.
#[derive(Clone)]
struct StampTime {
    time: CommitTime,
    commit: Option<String>,
}

impl std::fmt::Display for StampTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.time.fmt(f)?;
        match &self.commit {
            Some(id) => write!(f, " (commit {})", id.get(..7).unwrap_or(id)),
            None => Ok(()),
        }
    }
}

/// The times of files, by the repository that holds them.
struct Times<'a> {
    revision: &'a str,
    now: Timestamp,
    /// One time for every file.
    given: Option<StampTime>,
    repositories: Vec<(Repository, StampTime)>,
    by_directory: HashMap<PathBuf, StampTime>,
    /// Whether the files of the working tree matter, because the time is that of what is checked out.
    is_checked_out: bool,
}

impl<'a> Times<'a> {
    fn new(args: &'a StampArgs, now: Timestamp) -> Result<Self> {
        let mut times = Self {
            revision: args.commit.as_deref().unwrap_or("HEAD"),
            now,
            given: None,
            repositories: Vec::new(),
            by_directory: HashMap::new(),
            is_checked_out: args.commit.is_none(),
        };
        if let Some(at) = args.at {
            times.given = Some(StampTime {
                time: CommitTime::new(at, now).map_err(ErrorKind::CommitTime)?,
                commit: None,
            });
        } else if let Some(source) = &args.source {
            let path = absolute(source)?;
            let repository = Repository::of(directory_of(&path))?;
            times.given = Some(times.accept(repository.newest_change(times.revision, &path)?)?);
        }
        Ok(times)
    }

    fn accept(&self, commit: Commit) -> Result<StampTime> {
        let time = CommitTime::new(commit.at, self.now);
        Ok(StampTime {
            time: time.map_err(|source| ErrorKind::CommitTimeOf {
                id: commit.id.clone(),
                source,
            })?,
            commit: Some(commit.id),
        })
    }

    /// The time for a file.
    fn of(&mut self, file: &File) -> Result<StampTime> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let path = absolute(Path::new(if file.name == "-" { "." } else { &file.name }))?;
        let directory = directory_of(&path);
        if let Some(known) = self.by_directory.get(directory) {
            return Ok(known.clone());
        }
        let repository = Repository::of(directory)?;
        let known = self
            .repositories
            .iter()
            .find(|(one, _)| one.top == repository.top);
        let time = if let Some((_, time)) = known {
            time.clone()
        } else {
            let time = self.accept(repository.commit(self.revision)?)?;
            self.repositories.push((repository, time.clone()));
            time
        };
        self.by_directory.insert(directory.to_owned(), time.clone());
        Ok(time)
    }

    /// Notes that the time is not that of uncommitted changes, the stamped files aside.
    fn note_changed_files(&self, outcomes: &[StampedFile<'_>]) {
        let is_stamped = outcomes.iter().any(|one| !one.stamped.edits.is_empty());
        if !self.is_checked_out || !is_stamped {
            return;
        }
        let given: Vec<PathBuf> = outcomes
            .iter()
            .filter_map(|one| fs::canonicalize(&one.file.name).ok())
            .collect();
        for (repository, time) in &self.repositories {
            let mut changed = repository.changed_files();
            changed.retain(|file| !given.contains(file));
            if let Some(first) = changed.first() {
                let first = first
                    .strip_prefix(&repository.top)
                    .unwrap_or(first)
                    .display();
                let line = match changed.len() {
                    1 => format!("note: {first} has changes that are not in {time}"),
                    more => format!(
                        "note: {more} files, such as {first}, have changes that are not in {time}"
                    ),
                };
                terminal::note_line(&line);
            }
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|source| {
        let path = path.to_owned();
        manifests::Error::Read { path, source }.into()
    })
}

fn directory_of(path: &Path) -> &Path {
    if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    }
}
