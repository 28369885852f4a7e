//! Parses, dispatches, prints one error chain, and turns the outcome into an exit code.

use std::error::Error as _;
use std::process::ExitCode;

use goldenpath::cli::{Cli, Command};
#[cfg(feature = "demo")]
use goldenpath::demo;
#[cfg(feature = "cluster")]
use goldenpath::{ask, decide, digest, operate, probe};
use goldenpath::{complete, except, import, manifests, preview, print, register, screen};
use jiff::Timestamp;

/// What a command came to.
type Outcome = Result<manifests::Exit, Failure>;

fn main() -> ExitCode {
    complete::answer_shell();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return screen::usage(&error),
    };
    match dispatch(&cli) {
        Ok(manifests::Exit::Fine) => ExitCode::SUCCESS,
        Ok(manifests::Exit::Found) => ExitCode::from(1),
        Ok(manifests::Exit::Unreadable) => ExitCode::from(2),
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            screen::error(&chain(&failure));
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: &Cli) -> Outcome {
    let global = &cli.global;
    // Whole seconds, as every other instant of a report.
    let now = Timestamp::now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    match &cli.command {
        Command::Scan(args) => Ok(manifests::run(args, global, now)?),
        Command::Report(args) if !args.from.is_empty() => Ok(manifests::report(args, global, now)?),
        Command::Why(args) if !args.from.is_empty() => Ok(manifests::why(args, global, now)?),
        Command::Except(args) => Ok(except::run(args, global, now)?),
        Command::Import(args) => Ok(import::run(args, global, now)?),
        Command::Preview(args) => Ok(preview::run(args, global, now)?),
        #[cfg(feature = "cluster")]
        Command::Say(word) => fine(decide::say(word, global, now)),
        #[cfg(feature = "cluster")]
        Command::Inbox(args) => fine(register::inbox(args, global, now)),
        #[cfg(feature = "cluster")]
        Command::Digest(args) => fine(digest::run(args, global, now)),
        Command::Exceptions(args) => Ok(register::exceptions(args, global, now)?),
        Command::Completion(args) => {
            let written = complete::script(args.shell, &mut print::stdout(global));
            fine(written.map_err(print::Error::from))
        }
        Command::Crds => fine(print::crds(global, &mut print::stdout(global))),
        #[cfg(feature = "cluster")]
        Command::Run(args) => fine(operate::run(args, global)),
        #[cfg(feature = "cluster")]
        Command::Report(args) => fine(ask::report(args, global, now)),
        #[cfg(feature = "cluster")]
        Command::Why(args) => fine(ask::why(args, global, now)),
        #[cfg(feature = "cluster")]
        Command::Cleanup(args) => fine(ask::cleanup(args, global)),
        #[cfg(feature = "cluster")]
        Command::Probe(args) if probe::run(args)? => Ok(manifests::Exit::Fine),
        #[cfg(feature = "cluster")]
        Command::Probe(_) => Ok(manifests::Exit::Found),
        #[cfg(feature = "demo")]
        Command::Demo(args) => fine(demo::run(args, global)),
        #[cfg(not(feature = "cluster"))]
        Command::Report(_) | Command::Why(_) => Err(Failure::NotBuilt),
    }
}

fn fine<E>(done: Result<(), E>) -> Outcome
where
    Failure: From<E>,
{
    done?;
    Ok(manifests::Exit::Fine)
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Scan(#[from] manifests::Error),
    #[error(transparent)]
    Print(#[from] print::Error),
    #[error(transparent)]
    Except(#[from] except::Error),
    #[error(transparent)]
    Import(#[from] import::Error),
    #[error(transparent)]
    Preview(#[from] preview::Error),
    #[error(transparent)]
    Register(#[from] register::Error),
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Operate(#[from] operate::Error),
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Ask(#[from] ask::Error),
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Digest(#[from] digest::Error),
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Probe(#[from] probe::Error),
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] demo::Error),
    #[cfg(not(feature = "cluster"))]
    #[error("this build cannot reach a cluster: judge manifests with --from or scan")]
    NotBuilt,
}

impl Failure {
    fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Scan(error) => error.is_broken_pipe(),
            Self::Print(error) => error.is_broken_pipe(),
            Self::Except(error) => error.is_broken_pipe(),
            Self::Import(error) => error.is_broken_pipe(),
            Self::Preview(error) => error.is_broken_pipe(),
            Self::Register(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Operate(_) => false,
            #[cfg(feature = "cluster")]
            Self::Ask(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Digest(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Probe(error) => error.is_broken_pipe(),
            #[cfg(feature = "demo")]
            Self::Demo(_) => false,
            #[cfg(not(feature = "cluster"))]
            Self::NotBuilt => false,
        }
    }
}

/// The error and its causes on one line.
fn chain(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
