//! Parses the command line, runs the command, and turns its end into an exit code.

use std::process::ExitCode;

use goldenpath::commands::{self, Cli, terminal};
use jiff::Timestamp;

fn main() -> ExitCode {
    commands::answer_shell();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return terminal::usage(&error),
    };
    // Whole seconds, as every other instant of a report.
    let now = Timestamp::now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    match cli.run(now) {
        Ok(exit) => exit.into(),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(2)
        }
    }
}
