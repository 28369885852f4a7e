//! Completing commands: a shell, or kubectl for its plugin, asks this program what may come next.
//! Names come from the cluster where it answers within a moment; where it does not, none are given
//! and nothing is said, because whoever presses Tab has asked no question yet.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::engine;
use clap_complete::env::{Bash, EnvCompleter, Fish, Shells, Zsh};

use crate::cli::{Cli, Shell};

/// Where it is set, the words after `--` are completed instead of run. It names the shell.
const ASKED: &str = "GOLDENPATH_COMPLETE";
const PROGRAM: &str = "goldenpath";
/// Names, and no file names, as kubectl's completion has it.
const NO_FILES: &str = ":4";

/// Answers a shell that asks, and ends this process then; otherwise does nothing.
pub fn answer_shell() {
    CompleteEnv::with_factory(command)
        .var(ASKED)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .shells(Shells(&[&Bash, &Zsh, &Fish, &Kubectl]))
        .complete();
}

/// Writes what a shell has to be told once.
///
/// # Errors
/// When the output does not take it.
pub fn script(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Kubectl => &Kubectl,
    };
    completer.write_registration(ASKED, PROGRAM, PROGRAM, PROGRAM, out)
}

#[cfg(feature = "cluster")]
fn command() -> clap::Command {
    names::completed(Cli::command())
}

#[cfg(not(feature = "cluster"))]
fn command() -> clap::Command {
    Cli::command()
}

/// kubectl's way of asking: a program beside the plugin, called with the words so far.
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
            let help = candidate.get_help().map(ToString::to_string);
            let help = help.and_then(|help| help.lines().next().map(|line| format!("\t{line}")));
            writeln!(buf, "{value}{}", help.unwrap_or_default())?;
        }
        writeln!(buf, "{NO_FILES}")
    }
}

/// Names from the cluster the words so far speak of.
#[cfg(feature = "cluster")]
mod names {
    use std::ffi::OsStr;
    use std::time::Duration;

    use clap::Command;
    use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

    use crate::cli::GlobalArgs;
    use crate::cluster::{self, Nameable};
    use crate::operate;
    use crate::report::terminal::plain::is_unsafe;

    /// Longer than this nobody waits for a Tab.
    const PATIENCE: Duration = Duration::from_secs(2);
    /// Commands about one exception, and the argument that names it.
    const ABOUT_ONE: [&str; 5] = ["approve", "reject", "review", "renew", "close"];

    /// The command line with names that are looked up.
    pub(super) fn completed(mut command: Command) -> Command {
        for verb in ABOUT_ONE {
            command = looked_up(command, (verb, "name"), Nameable::Exceptions);
        }
        for place in [("why", "target"), ("except", "targets")] {
            command = looked_up(command, place, Nameable::Workloads);
        }
        command = looked_up(command, ("except", "path"), Nameable::Paths);
        looked_up(command, ("exceptions", "of_paths"), Nameable::Paths)
    }

    fn looked_up(command: Command, place: (&str, &str), what: Nameable) -> Command {
        let (verb, argument) = (place.0.to_owned(), place.1.to_owned());
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
        let global = so_far();
        let target = operate::target(&global);
        let asked = cluster::names(&target, what, global.namespace.as_deref());
        let Ok(runtime) = operate::runtime() else {
            return Vec::new();
        };
        let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, asked).await });
        let names = answer.ok().and_then(Result::ok).unwrap_or_default();
        let names = names
            .into_iter()
            .filter(|name| name.starts_with(typed) && !name.contains(is_unsafe));
        names.map(CompletionCandidate::new).collect()
    }

    /// Which cluster and namespace the words so far name.
    fn so_far() -> GlobalArgs {
        let words: Vec<String> = std::env::args().skip_while(|word| word != "--").collect();
        let value = |flags: &[&str]| {
            let after = words.windows(2).rev();
            let mut after = after.filter(|pair| flags.contains(&pair[0].as_str()));
            let joined = || {
                let mut joined = words.iter().rev().filter_map(|word| word.split_once('='));
                let found = joined.find(|(flag, _)| flags.contains(flag));
                found.map(|(_, value)| value.to_owned())
            };
            after.next().map(|pair| pair[1].clone()).or_else(joined)
        };
        GlobalArgs {
            context: value(&["--context"]),
            kubeconfig: value(&["--kubeconfig"]).map(Into::into),
            namespace: value(&["-n", "--namespace"]),
            ..GlobalArgs::default()
        }
    }
}
