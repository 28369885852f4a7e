//! `goldenpath survey`: the questions of a developer survey, and the import of their answers.

mod import;
mod published;
pub(super) mod refusal;
mod template;

use clap::{Args, Subcommand};

use super::error::Result;
use super::{Exit, Invocation};

pub(super) const HELP: &str = "\
Ask developers about the platform, and store what they answer as counts and means of groups. Ask with \
the tool you have: template prints the questions, import reads the export of Google Forms, Microsoft \
Forms, Typeform, LimeSurvey, SurveyMonkey or Qualtrics.

Groups with fewer than 5 responses are hidden before anything is written, and others with them where \
subtraction would show them. No name, no free text and no answer of a single person leaves the file.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath survey template
  goldenpath survey template --mapping > map.yaml
  goldenpath survey import responses.csv --mapping map.yaml --from 2026-07-01 --to 2026-10-01";

/// Flags of `survey`.
#[derive(Args, Clone, Debug)]
pub struct SurveyArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Print the questions, or the skeleton of a mapping file
    #[command(long_about = template::HELP, after_long_help = template::EXAMPLES)]
    Template(template::TemplateArgs),
    /// Read the export of a survey tool
    #[command(long_about = import::HELP, after_long_help = import::EXAMPLES)]
    Import(Box<import::ImportArgs>),
}

pub(super) fn run(args: &SurveyArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    match &args.verb {
        Verb::Template(args) => template::run(args, invocation),
        Verb::Import(args) => import::run(args, invocation),
    }
}
