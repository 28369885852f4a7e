//! `goldenpath import`: drafts exceptions from the ignores of other tools. Drafts are
//! printed or written to files, never applied: they go through a review as every exception does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{Judged, Objects, judge};
use super::judging::JudgingArgs;
use super::output::{self, ObjectFormat};
use super::{Exit, Invocation, decision, terminal};
use crate::manifests::{self, PathsFrom};
use crate::report::import::{self, CheckMap, Draft, Import, ImportInputs};
use crate::report::register::beside_workloads;
use crate::report::terminal::text::problems;

pub(super) const HELP: &str = "\
Draft exceptions from the deviations that other tools already ignore: annotations of kube-linter, \
kube-score and Polaris, and Kyverno's PolicyExceptions. Each workload gets one draft, for the path \
and the steps that it fails; a reason of 20 characters or more is kept. What only a person can fill \
in is marked TODO, and the API server refuses a draft until it is. Ignores that match no check are \
listed on stderr.

First reviews are spread evenly over the path's review interval.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath import deploy/ paths/ > exceptions.yaml
  goldenpath import deploy/ --paths starter --output-dir exceptions/
  goldenpath import --from-cluster --output-dir exceptions/
  goldenpath import deploy/ paths/ --map kube-linter/no-liveness-probe=readiness-probe \\
    --map kyverno/require-labels=owner";

/// Flags of `import`.
#[derive(Args, Clone, Debug, Default)]
pub struct ImportArgs {
    /// Manifests: files and directories; - is standard input
    #[arg(value_name = "PATH", required_unless_present = "from_cluster")]
    pub files: Vec<PathBuf>,

    /// Read the cluster instead of manifests; list rights are enough
    #[arg(long, conflicts_with = "files")]
    pub from_cluster: bool,

    /// The steps that another tool's check stands for; adds to the built-in mapping
    #[arg(long = "map", value_name = "TOOL/CHECK=STEP[,STEP]", value_parser = row)]
    pub maps: Vec<(String, Vec<String>)>,

    /// Write one file per draft to this directory, instead of all to standard output
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,

    /// Who requests the exceptions [default with --from-cluster: you, as the cluster knows you]
    #[arg(long, value_name = "USER")]
    pub requested_by: Option<String>,

    /// Golden paths to judge by: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ObjectFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Prints or writes the drafts.
pub(super) fn run(args: &ImportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let now = invocation.as_of();
    let objects = if args.from_cluster {
        Objects::from_cluster(&args.judging, &args.paths, Some(&[]), invocation.global)?
    } else {
        Objects::from_manifests(&args.files, &args.paths, invocation.global)?
    };
    let unreadable = objects.input.unreadable;
    let ignores = manifests::import::ignores(&objects.input.manifests);
    let Judged {
        inventory, report, ..
    } = judge(objects.input, &args.judging, now);
    let inputs = ImportInputs {
        report: &report,
        policies: inventory
            .paths()
            .iter()
            .map(|path| (path.name.to_string(), path.spec.exception_policy.clone()))
            .collect::<BTreeMap<_, _>>(),
        steps: &CheckMap::default().with(args.maps.iter().cloned()),
        requested_by: requested_by(args, invocation)?,
    };
    let mut import = import::import(&ignores.waivers, &inputs);
    import.problems.extend(ignores.problems);
    import.problems.extend(beside_workloads(&report));
    import.problems.extend(objects.problems);
    import.problems.sort();
    match &args.output_dir {
        Some(directory) => {
            for draft in &import.drafts {
                write_file(draft, directory, now)?;
            }
        }
        None => print(&import, args.output, invocation)?,
    }
    terminal::note(&format!(
        "{}{}\n",
        problems(&import.problems),
        import::summary(&import)
    ));
    Ok(Exit::of_input(unreadable))
}

/// The user is a default: without it, the draft has a TODO.
fn requested_by(args: &ImportArgs, invocation: &Invocation<'_>) -> Result<Option<String>> {
    if args.requested_by.is_some() || !args.from_cluster {
        return Ok(args.requested_by.clone());
    }
    decision::current_user(invocation)
}

/// Prints every draft: as YAML documents, or as one list in JSON.
fn print(import: &Import, format: ObjectFormat, invocation: &Invocation<'_>) -> Result<()> {
    let out = &mut output::stdout(invocation.global);
    match format {
        ObjectFormat::Json => output::json(import, out),
        ObjectFormat::Yaml => {
            for (index, draft) in import.drafts.iter().enumerate() {
                let separator = if index > 0 { "---\n" } else { "" };
                let text = import::yaml(draft, invocation.as_of())
                    .map_err(CommandError::render("YAML"))?;
                write!(out, "{separator}{text}").map_err(CommandError::output)?;
            }
            Ok(())
        }
    }
}

/// One file a draft, by namespace and name. An existing file stays: it may hold answers that only a
/// person could give.
fn write_file(draft: &Draft, directory: &Path, now: Timestamp) -> Result<()> {
    let namespace = directory.join(draft.exception.namespace());
    let file = namespace.join(format!("{}.yaml", draft.exception.name()));
    let write = || {
        let text = import::yaml(draft, now).map_err(io::Error::other)?;
        fs::create_dir_all(&namespace)?;
        fs::File::create_new(&file)?.write_all(text.as_bytes())
    };
    write().map_err(|source| ErrorKind::WriteFile { file, source }.into())
}

/// Parses `kube-linter/latest-tag=pinned-image`.
fn row(text: &str) -> Result<(String, Vec<String>), String> {
    let (check, steps) = text.split_once('=').unwrap_or_default();
    let steps: Vec<String> = steps
        .split(',')
        .map(|step| step.trim().to_owned())
        .filter(|step| !step.is_empty())
        .collect();
    if !check.contains('/') || steps.is_empty() {
        return Err(
            "write TOOL/CHECK=STEP, such as kube-linter/latest-tag=pinned-image".to_owned(),
        );
    }
    Ok((check.trim().to_owned(), steps))
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_a_tool_a_check_and_steps() {
        let steps = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        assert_eq!(
            row("kyverno/a/b=x, y"),
            Ok(("kyverno/a/b".to_owned(), steps(&["x", "y"])))
        );
        for text in ["latest-tag=x", "kube-linter/latest-tag", "a/b=", "a/b=,"] {
            assert!(row(text).is_err(), "{text}");
        }
    }
}
