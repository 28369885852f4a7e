//! Flags of what surrounds the judgement: completing commands, tidying up, trying it out.

use clap::{Args, ValueEnum};

use super::JudgingArgs;

pub(super) const COMPLETION_HELP: &str = "\
Print what completes commands in your shell. Names of exceptions and paths are completed too, where \
the cluster answers within a as_of.

  bash      source <(goldenpath completion bash)         # in ~/.bashrc
  zsh       source <(goldenpath completion zsh)          # in ~/.zshrc
  fish      goldenpath completion fish | source          # in ~/.config/fish/config.fish
  kubectl   goldenpath completion kubectl > ~/.local/bin/kubectl_complete-goldenpath
            chmod +x ~/.local/bin/kubectl_complete-goldenpath

With the last, kubectl itself completes `kubectl goldenpath …`.";

/// Flags of `completion`.
#[derive(Args, Clone, Debug)]
pub struct CompletionArgs {
    /// The shell, or kubectl for its plugin completion
    #[arg(value_enum)]
    pub shell: Shell,
}

/// What completes commands.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash 4 or newer
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
    /// kubectl 1.26 or newer: the program it calls as `kubectl_complete-goldenpath`
    Kubectl,
}

#[cfg(feature = "cluster")]
pub(super) const CLEANUP_HELP: &str = "\
Remove every label this operator ever wrote, from workloads and Services, by merge patch. Labels \
and annotations of users stay. Stop the operator first, or it writes them again.";

/// Flags of `cleanup`.
#[derive(Args, Clone, Debug, Default)]
pub struct CleanupArgs {
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Remove the operator's Lease in this namespace too
    #[arg(long, value_name = "NAME")]
    pub lease_namespace: Option<String>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

#[cfg(feature = "demo")]
pub(super) const DEMO_HELP: &str = "\
Start a throwaway real Kubernetes API on loopback, install the chart's objects and the examples, \
run the operator, and print the adoption report and the addresses of its page and metrics. Goes on \
until interrupted. Never touches a cluster of yours.

Binaries are taken from KUBEBUILDER_ASSETS, else from an earlier build, else built, which takes \
some minutes and is done once.";

/// Flags of `demo`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoArgs {
    /// End after the report
    #[arg(long)]
    pub once: bool,
}
