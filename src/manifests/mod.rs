//! The shell of `goldenpath scan`: files in, a report out, no cluster. It reads and prints;
//! judging is the business of [`crate::assess`].

mod documents;
mod error;
pub mod files;
pub mod import;
mod load;
pub mod read;
mod starter;
mod yaml;

use std::io::{self, Read, Write};
use std::path::PathBuf;

use jiff::Timestamp;

pub use error::Error;
pub use load::Loaded;
pub use read::{Input, Manifest, stored};

use crate::assess::inventory::Inventory;
use crate::assess::state::{Standing, Status};
use crate::assess::verdict::AsOf;
use crate::cli::{
    FailOn, GlobalArgs, JudgingArgs, PathsFrom, ReportArgs, ScanArgs, WhyArgs, WorkloadName,
};
use crate::print;
use crate::report::document::build;
use crate::report::document::{Report, Workload};
use crate::report::terminal::text::ordered;
use crate::report::voice::shell_word;

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to hold anybody up: exit code 0.
    Fine,
    /// Something at or above `--fail-on` was found: exit code 1.
    Found,
    /// Some of the input cannot be read, so the answer is not whole: exit code 2.
    Unreadable,
}

/// What to read, and how to judge it.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Manifests.
    pub files: &'a [PathBuf],
    /// More golden paths.
    pub paths: &'a [PathsFrom],
    /// How workloads are found, attributed and counted.
    pub judging: &'a JudgingArgs,
    /// What every command understands.
    pub global: &'a GlobalArgs,
    /// The instant judged as of.
    pub now: Timestamp,
}

impl Question<'_> {
    /// What another command needs to ask about the same input. Standard input is gone by then.
    fn again(&self) -> String {
        let files = self.files.iter().filter(|path| path.as_os_str() != "-");
        let files = files.map(|path| format!("--from {}", shell_word(&path.to_string_lossy())));
        let paths = self.paths.iter().map(|paths| match paths {
            PathsFrom::Starter => "--paths starter".to_owned(),
            PathsFrom::File(path) => format!("--paths {}", shell_word(&path.to_string_lossy())),
        });
        files.chain(paths).collect::<Vec<_>>().join(" ")
    }
}

/// `goldenpath scan`. `now` is the instant judged as of where the command line names none.
///
/// # Errors
/// When a path that was named cannot be read, or the output does not take the report.
pub fn run(args: &ScanArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let question = Question {
        files: &args.files,
        paths: &args.paths,
        judging: &args.judging,
        global,
        now: global.as_of.unwrap_or(now),
    };
    let answer = judge(&question, &mut io::stdin().lock())?;
    let mut out = print::stdout(global);
    print::report(&answer.report, global, &question.again(), &mut out)?;
    if args.explain {
        explain(&answer.report, &question, &mut out)?;
    }
    if answer.unreadable > 0 {
        return Ok(Exit::Unreadable);
    }
    let is_found = answer
        .report
        .workloads
        .iter()
        .any(|workload| fails(workload, args.fail_on));
    Ok(if is_found { Exit::Found } else { Exit::Fine })
}

/// `goldenpath report --from DIR`: the report on manifests instead of a cluster.
///
/// # Errors
/// As [`run`].
pub fn report(args: &ReportArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let question = Question {
        files: &args.from,
        paths: &args.paths,
        judging: &args.judging,
        global,
        now: global.as_of.unwrap_or(now),
    };
    let answer = judge(&question, &mut io::stdin().lock())?;
    print::report(
        &answer.report,
        global,
        &question.again(),
        &mut print::stdout(global),
    )?;
    Ok(answer.exit())
}

/// `goldenpath why KIND/NAME --from DIR`.
///
/// # Errors
/// As [`run`]; also when no such workload is among the manifests.
pub fn why(args: &WhyArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let question = Question {
        files: &args.from,
        paths: &args.paths,
        judging: &args.judging,
        global,
        now: global.as_of.unwrap_or(now),
    };
    let answer = judge(&question, &mut io::stdin().lock())?;
    let workload = find(&answer.report, &args.target, global.namespace.as_deref())?;
    let around = (answer.report.as_of, &*question.again());
    print::why(workload, around, global, &mut print::stdout(global))?;
    Ok(answer.exit())
}

/// The manifests behind `--paths`, for commands that take their workloads from elsewhere.
///
/// # Errors
/// When a path that was named cannot be read.
pub fn paths(given: &[PathsFrom]) -> Result<Input, Error> {
    let mut files = Vec::new();
    for paths in given {
        match paths {
            PathsFrom::Starter => files.extend(starter::files()),
            PathsFrom::File(path) => {
                files.extend(files::read(std::slice::from_ref(path), &mut io::empty())?);
            }
        }
    }
    Ok(read::manifests(&files, "default"))
}

/// What was read, the report on it, and how much of the input is not in it.
pub struct Answer {
    /// Everything there is to judge, and to judge by.
    pub inventory: Inventory,
    /// The report.
    pub report: Report,
    unreadable: usize,
}

impl Answer {
    /// How the command ends that gives this answer.
    pub const fn exit(&self) -> Exit {
        if self.unreadable > 0 {
            Exit::Unreadable
        } else {
            Exit::Fine
        }
    }
}

/// Reads and judges; the input may be `stdin` too.
///
/// # Errors
/// When a path that was named cannot be read.
pub fn judge(question: &Question<'_>, stdin: &mut dyn Read) -> Result<Answer, Error> {
    let namespace = question.global.namespace.as_deref().unwrap_or("default");
    let input = input((question.files, question.paths), namespace, stdin)?;
    Ok(judge_input(input, question.judging, question.now))
}

/// The objects in files and directories, and in more golden paths.
///
/// # Errors
/// When a path that was named cannot be read.
pub fn input(
    (files, paths): (&[PathBuf], &[PathsFrom]),
    namespace: &str,
    stdin: &mut dyn Read,
) -> Result<Input, Error> {
    let mut files = files::read(files, stdin)?;
    for more in paths {
        match more {
            PathsFrom::Starter => files.extend(starter::files()),
            PathsFrom::File(path) => files.extend(files::read(std::slice::from_ref(path), stdin)?),
        }
    }
    Ok(read::manifests(&files, namespace))
}

/// Judges what was read.
pub fn judge_input(input: Input, judging: &JudgingArgs, now: Timestamp) -> Answer {
    let unreadable = input.unreadable;
    let settings = judging.settings();
    let loaded = load::load(input, settings, &judging.extra_kind, now);
    let as_of = AsOf::new(now);
    let mut report = build::report(&loaded.inventory, &as_of, &loaded.sources);
    report.problems.extend(loaded.problems);
    report.problems.sort();
    Answer {
        inventory: loaded.inventory,
        report,
        unreadable,
    }
}

fn explain(report: &Report, question: &Question<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let again = question.again();
    let open = ordered(report)
        .into_iter()
        .filter(|workload| match workload.status {
            Status::Deviating | Status::Unknown => true,
            Status::GoldenPath | Status::Unscoped | Status::Ignored => false,
        });
    for workload in open {
        writeln!(out).map_err(print::Error::from)?;
        print::why(workload, (report.as_of, &again), question.global, out)?;
    }
    Ok(())
}

/// The workload meant. Where no namespace is named, a name that is there once is enough.
///
/// # Errors
/// When there is none, or several.
pub fn find<'a>(
    report: &'a Report,
    target: &WorkloadName,
    namespace: Option<&str>,
) -> Result<&'a Workload, Error> {
    let mut meant = report.workloads.iter().filter(|workload| {
        target.is_kind(&workload.kind)
            && workload.name == target.name
            && namespace.is_none_or(|name| workload.namespace == name)
    });
    let (found, another) = (meant.next(), meant.next());
    match (found, another) {
        (Some(workload), None) => Ok(workload),
        (Some(one), Some(other)) => Err(Error::Ambiguous {
            target: target.clone(),
            namespaces: format!("{} and {}", one.namespace, other.namespace),
        }),
        (None, _) => Err(Error::NoSuchWorkload {
            target: target.clone(),
        }),
    }
}

/// Whether a workload is at or above the threshold.
fn fails(workload: &Workload, threshold: FailOn) -> bool {
    let from = match (workload.status, workload.deviation) {
        (Status::Unknown, _) => FailOn::Unknown,
        (Status::Deviating, Some(standing)) => from_which(standing),
        (Status::Deviating, None) => FailOn::Undocumented,
        (Status::GoldenPath | Status::Unscoped | Status::Ignored, _) => return false,
    };
    threshold >= from
}

/// The threshold from which on a standing counts.
const fn from_which(standing: Standing) -> FailOn {
    match standing {
        Standing::Undocumented | Standing::Expired => FailOn::Undocumented,
        Standing::Pending => FailOn::Pending,
        Standing::ReviewOverdue => FailOn::ReviewOverdue,
        Standing::ReviewDue | Standing::Predates | Standing::Documented => FailOn::Deviating,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{documented, undocumented, workload};

    #[test]
    fn a_threshold_includes_what_is_less_settled() {
        let mut pending = undocumented();
        pending.deviation = Some(Standing::Pending);
        let unknown = workload("x", Status::Unknown);
        for (threshold, found) in [
            (FailOn::None, [false, false, false, false]),
            (FailOn::Undocumented, [true, false, false, false]),
            (FailOn::Pending, [true, true, false, false]),
            (FailOn::Deviating, [true, true, true, false]),
            (FailOn::Unknown, [true, true, true, true]),
        ] {
            let all = [&undocumented(), &pending, &documented(), &unknown];
            assert_eq!(all.map(|workload| fails(workload, threshold)), found);
        }
    }
}
