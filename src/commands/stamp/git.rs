//! Asks git for the time of a commit. Runs the `git` program, not a library: it reads every repository
//! that the pipeline's own git made (shallow and partial clones, worktrees, new formats), under its
//! rules of ownership. Nothing is written.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;

/// Set where git itself runs us, as in a hook: they name a repository other than the file's.
const FOREIGN_REPOSITORY: [&str; 4] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
];

/// Why there is no commit time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program does not exist.
    #[error("git is not installed")]
    Missing,
    /// The program cannot be run.
    #[error("failed to run git")]
    Run(#[source] io::Error),
    /// There is no repository, or git refuses it.
    #[error("git finds no repository in {}: {answer}", directory.display())]
    NoRepository {
        /// Where it was searched.
        directory: PathBuf,
        /// What git wrote.
        answer: String,
    },
    /// There is no such commit.
    #[error("git finds no commit {revision} in {}: {answer}", repository.display())]
    NoCommit {
        /// As it was asked for.
        revision: String,
        /// Its top directory.
        repository: PathBuf,
        /// What git wrote.
        answer: String,
    },
    /// No commit touches the source.
    #[error("no commit up to {revision} changes {}", source_path.display())]
    NoChange {
        /// As it was asked for.
        revision: String,
        /// As it was asked for.
        source_path: PathBuf,
    },
    /// The history is not complete.
    #[error("the newest commit that changes {} is not in this shallow clone", source_path.display())]
    Shallow {
        /// As it was asked for.
        source_path: PathBuf,
    },
}

impl Error {
    /// The next step.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing | Self::Run(_) => "install git, or give the time with --at",
            Self::NoRepository { .. } => {
                "name the source with --source, or give the time with --at"
            }
            Self::NoCommit { .. } => "fetch the commit, or give the time with --at",
            Self::NoChange { .. } => "name a path that is committed",
            Self::Shallow { .. } => {
                "fetch the history first: `git fetch --unshallow`, or fetch-depth: 0 in actions/checkout"
            }
        }
    }
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub at: Timestamp,
    pub id: String,
}

/// A repository with a working tree.
#[derive(Debug)]
pub(super) struct Repository {
    pub top: PathBuf,
    is_shallow: bool,
}

impl Repository {
    /// The repository that holds a directory.
    pub(super) fn of(directory: &Path) -> Result<Self, Error> {
        let questions = ["rev-parse", "--is-shallow-repository", "--show-toplevel"];
        let answer = git(directory, &questions)?.map_err(|answer| Error::NoRepository {
            directory: directory.to_owned(),
            answer,
        })?;
        let (is_shallow, top) = answer.split_once('\n').unwrap_or_default();
        Ok(Self {
            top: PathBuf::from(top.trim_end_matches('\n')),
            is_shallow: is_shallow == "true",
        })
    }

    /// The commit of a revision.
    pub(super) fn commit(&self, revision: &str) -> Result<Commit, Error> {
        let found = self.newest(&self.top, revision, &[])?;
        found.ok_or_else(|| self.no_commit(revision, "it is not a commit".to_owned()))
    }

    /// The newest commit up to a revision that changes a path, given from the root of the file system.
    pub(super) fn newest_change(&self, revision: &str, path: &Path) -> Result<Commit, Error> {
        let (directory, name) = match (path.is_dir(), path.parent(), path.file_name()) {
            (false, Some(parent), Some(name)) => (parent, name.to_string_lossy()),
            _ => (path, ".".into()),
        };
        let found = self.newest(directory, revision, &[&name])?;
        let commit = found.ok_or_else(|| Error::NoChange {
            revision: revision.to_owned(),
            source_path: path.to_owned(),
        })?;
        // Where a shallow history ends, a commit seems to add every file.
        if self.is_shallow && self.parents(&commit.id)? == 0 {
            return Err(Error::Shallow {
                source_path: path.to_owned(),
            });
        }
        Ok(commit)
    }

    fn newest(
        &self,
        directory: &Path,
        revision: &str,
        paths: &[&str],
    ) -> Result<Option<Commit>, Error> {
        let args = ["rev-list", "--max-count=1", "--timestamp", revision, "--"];
        let answer = git(directory, &[&args, paths].concat())?
            .map_err(|answer| self.no_commit(revision, answer))?;
        Ok(commit(&answer))
    }

    fn no_commit(&self, revision: &str, answer: String) -> Error {
        Error::NoCommit {
            revision: revision.to_owned(),
            repository: self.top.clone(),
            answer,
        }
    }

    fn parents(&self, id: &str) -> Result<usize, Error> {
        let args = ["rev-list", "--max-count=1", "--parents", id, "--"];
        let answer = git(&self.top, &args)?.map_err(|answer| self.no_commit(id, answer))?;
        Ok(answer.split_whitespace().skip(1).count())
    }

    /// The tracked files that differ from the commit that is checked out; none where git cannot say.
    pub(super) fn changed_files(&self) -> Vec<PathBuf> {
        let args = [
            "status",
            "--porcelain",
            "-z",
            "--untracked-files=no",
            "--no-renames",
        ];
        let answer = git(&self.top, &args).ok().and_then(Result::ok);
        answer
            .unwrap_or_default()
            .split('\0')
            // Two letters of status and a blank come before the name.
            .filter_map(|entry| entry.get(3..))
            .map(|name| self.top.join(name))
            .collect()
    }
}

/// Reads `SECONDS ID`.
fn commit(line: &str) -> Option<Commit> {
    let (seconds, id) = line.trim().split_once(' ')?;
    let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    let id = id.to_owned();
    Some(Commit { at, id })
}

/// Runs git: what it prints, or what it writes to standard error.
fn git(directory: &Path, args: &[&str]) -> Result<Result<String, String>, Error> {
    let mut command = Command::new("git");
    command
        .args(["--no-optional-locks", "--literal-pathspecs", "-C"])
        .arg(directory)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    for variable in FOREIGN_REPOSITORY {
        command.env_remove(variable);
    }
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing,
        _ => Error::Run(error),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr).trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_a_time_and_a_name() {
        let read = commit("1772366400 1a2b3c\n").unwrap();
        assert_eq!(read.at.to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(read.id, "1a2b3c");
        for text in ["", "\n", "1a2b3c", "x 1a2b3c", "99999999999999999 1a"] {
            assert_eq!(commit(text), None, "{text}");
        }
    }
}
