//! Flags of `import`: where other tools' ignores are read, what their checks mean here, and where
//! the drafts go. Drafts are never applied: they go the way exceptions go, through a review.

use std::path::PathBuf;

use clap::Args;

use super::judging::{JudgingArgs, PathsFrom};

pub(super) const HELP: &str = "\
Start with the deviations you already have: what kube-linter, kube-score and Polaris were told to \
ignore by annotation, and Kyverno's PolicyExceptions, become draft exceptions, one a workload. The \
path and the steps are those the workload fails; a reason of 20 characters or more is kept. What only a \
person can say is left open under a TODO: the API server refuses a draft until it is said. What finds no \
step of a path is listed on standard error, never lost.

The first looks are spread evenly over the time the path lets pass between reviews.";
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

    /// Read the cluster instead of manifests; list rights suffice
    #[arg(long, conflicts_with = "files")]
    pub from_cluster: bool,

    /// What another tool's check means here; adds to what is built in
    #[arg(long = "map", value_name = "TOOL/CHECK=STEP[,STEP]", value_parser = row)]
    pub maps: Vec<(String, Vec<String>)>,

    /// Write a file for each draft into this directory, instead of all to standard output
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,

    /// Who asks [default with --from-cluster: you, as the cluster knows you]
    #[arg(long, value_name = "USER")]
    pub requested_by: Option<String>,

    /// Golden paths to judge by: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// `kube-linter/latest-tag=pinned-image`.
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
