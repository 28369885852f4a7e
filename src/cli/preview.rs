//! Flags of `preview`: drafts of paths and exceptions, and what they are tried on. Nothing is written.

use std::path::PathBuf;

use clap::Args;

use super::judging::JudgingArgs;

pub(super) const HELP: &str = "\
Try a golden path or an exception before it is there: reads drafts, judges everything without and with \
them, and says who would leave a path, join it or be judged for the first time, by team. List rights \
suffice; nothing is written. A draft that has the name of a path of the cluster takes its place.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath preview paths/web-service.yaml
  goldenpath preview paths/edge.yaml --launched      (as if today were its launch)
  goldenpath preview exception.yaml
  goldenpath preview paths/web-service.yaml --from deploy/   (manifests instead of a cluster)";

/// Flags of `preview`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewArgs {
    /// Drafts: files and directories; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub drafts: Vec<PathBuf>,

    /// Judge as if the drafted paths were launched and every step of theirs counted
    #[arg(long)]
    pub launched: bool,

    /// Try it on the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}
