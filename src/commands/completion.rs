//! `goldenpath completion`, and the completion itself: a shell, or kubectl for its plugin, calls this
//! program for candidates. Names come from the cluster if it answers in time; otherwise there are none,
//! and no error, because pressing Tab runs no command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine;
use clap_complete::env::{Bash, EnvCompleter, Fish, Shells, Zsh};

use super::error::{CommandError, Result};
use super::{Cli, Exit, Invocation, output};

pub(super) const HELP: &str = "\
Print a shell completion script. Names of exceptions, paths and workloads are completed too, if the \
cluster answers within two seconds.

  bash      source <(goldenpath completion bash)         # in ~/.bashrc
  zsh       source <(goldenpath completion zsh)          # in ~/.zshrc
  fish      goldenpath completion fish | source          # in ~/.config/fish/config.fish
  kubectl   goldenpath completion kubectl > ~/.local/bin/kubectl_complete-goldenpath
            chmod +x ~/.local/bin/kubectl_complete-goldenpath

The last one makes kubectl complete `kubectl goldenpath …`.";

/// Flags of `completion`.
#[derive(Args, Clone, Debug)]
pub struct CompletionArgs {
    /// The shell, or kubectl for its plugin completion
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Shells with completion.
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

/// If set, the words after `--` are completed instead of run. Its value is the shell.
const VARIABLE: &str = "GOLDENPATH_COMPLETE";
const PROGRAM: &str = "goldenpath";
/// Tells kubectl not to complete file names.
const NO_FILES: &str = ":4";

/// Completes for a shell and exits, if one called this process for that; otherwise does nothing.
pub fn answer_shell() {
    CompleteEnv::with_factory(command)
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .shells(Shells(&[&Bash, &Zsh, &Fish, &Kubectl]))
        .complete();
}

/// Prints the script.
pub(super) fn run(args: &CompletionArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let completer: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Kubectl => &Kubectl,
    };
    let mut out = output::stdout(invocation.global);
    completer
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut out)
        .map_err(CommandError::output)?;
    Ok(Exit::Fine)
}

fn command() -> clap::Command {
    names::completed(Cli::command())
}

/// kubectl's completion: a program beside the plugin, called with the words so far.
struct Kubectl;

impl EnvCompleter for Kubectl {
    fn name(&self) -> &'static str {
        "kubectl"
    }

    fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let name = self.name();
        write!(
            buf,
            "#!/bin/sh\n\
             # kubectl completes `kubectl {bin} …` with this: keep it in PATH as kubectl_complete-{bin}.\n\
             {var}={name} exec {completer} -- {bin} \"$@\"\n"
        )
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let last = args.len().saturating_sub(1);
        for candidate in engine::complete(cmd, args, last, current_dir)? {
            let value = candidate.get_value().to_string_lossy();
            let help = candidate
                .get_help()
                .and_then(|help| {
                    let help = help.to_string();
                    help.lines().next().map(|line| format!("\t{line}"))
                })
                .unwrap_or_default();
            writeln!(buf, "{value}{help}")?;
        }
        writeln!(buf, "{NO_FILES}")
    }
}

/// Names from the cluster that the words so far select.
mod names {
    use std::ffi::OsStr;
    use std::time::Duration;

    use clap::Command;
    use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

    use crate::cluster::{self, Nameable};
    use crate::commands::global::GlobalArgs;
    use crate::commands::runtime;
    use crate::report::terminal::plain::is_unsafe;

    /// The longest a Tab may take.
    const PATIENCE: Duration = Duration::from_secs(2);
    /// Commands about one exception.
    const ABOUT_ONE: [&str; 5] = ["approve", "reject", "renew", "request-renewal", "close"];

    /// The command line with names that are looked up.
    pub(super) fn completed(mut command: Command) -> Command {
        for verb in ABOUT_ONE {
            command = looked_up(command, verb, "name", Nameable::Exceptions);
        }
        for (verb, argument) in [("why", "target"), ("except", "targets")] {
            command = looked_up(command, verb, argument, Nameable::Workloads);
        }
        command = looked_up(command, "except", "path", Nameable::Paths);
        looked_up(command, "exceptions", "of_paths", Nameable::Paths)
    }

    fn looked_up(command: Command, verb: &str, argument: &str, what: Nameable) -> Command {
        let (verb, argument) = (verb.to_owned(), argument.to_owned());
        command.mut_subcommand(verb, |verb| {
            verb.mut_arg(argument, |argument| {
                argument.add(ArgValueCompleter::new(move |typed: &OsStr| {
                    candidates(what, typed)
                }))
            })
        })
    }

    fn candidates(what: Nameable, typed: &OsStr) -> Vec<CompletionCandidate> {
        let Some(typed) = typed.to_str() else {
            return Vec::new();
        };
        let global = global_so_far();
        let target = global.target();
        let listed = cluster::names(&target, what, global.namespace.as_deref());
        let Ok(runtime) = runtime::start() else {
            return Vec::new();
        };
        let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, listed).await });
        let names = answer.ok().and_then(Result::ok).unwrap_or_default();
        names
            .into_iter()
            .filter(|name| name.starts_with(typed) && !name.contains(is_unsafe))
            .map(CompletionCandidate::new)
            .collect()
    }

    /// The cluster and namespace that the words so far select.
    fn global_so_far() -> GlobalArgs {
        let words: Vec<String> = std::env::args().skip_while(|word| word != "--").collect();
        let value = |flags: &[&str]| {
            let joined = || {
                words
                    .iter()
                    .rev()
                    .filter_map(|word| word.split_once('='))
                    .find(|(flag, _)| flags.contains(flag))
                    .map(|(_, value)| value.to_owned())
            };
            words
                .windows(2)
                .rev()
                .find(|pair| flags.contains(&pair[0].as_str()))
                .map(|pair| pair[1].clone())
                .or_else(joined)
        };
        GlobalArgs {
            context: value(&["--context"]),
            kubeconfig: value(&["--kubeconfig"]).map(Into::into),
            namespace: value(&["-n", "--namespace"]),
            ..GlobalArgs::default()
        }
    }
}
