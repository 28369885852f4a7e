//! `goldenpath survey template`: prints the questions, or the skeleton of a mapping file.

use clap::{Args, ValueEnum};

use crate::commands::error::Result;
use crate::commands::{Exit, Invocation, output};
use crate::report::survey;

pub(super) const HELP: &str = "\
Print the questions of a developer survey: ten statements, two for each dimension of SPACE, and the \
question of the net promoter score. Keep the words as they are: waves are compared only if they ask the \
same questions.

With --mapping, print a mapping file to start from: it says which column of an export is what.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath survey template
  goldenpath survey template -o csv > questions.csv
  goldenpath survey template --mapping > map.yaml";

/// Formats of the questions.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TemplateFormat {
    /// Text for people
    #[default]
    Text,
    /// Markdown
    Markdown,
    /// One question a row
    Csv,
    /// YAML
    Yaml,
}

/// Flags of `survey template`.
#[derive(Args, Clone, Debug)]
pub struct TemplateArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: TemplateFormat,

    /// Print a mapping file instead of the questions
    #[arg(long, conflicts_with = "output")]
    pub mapping: bool,
}

pub(super) fn run(args: &TemplateArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let text = if args.mapping {
        survey::mapping()
    } else {
        match args.output {
            TemplateFormat::Text => survey::text(),
            TemplateFormat::Markdown => survey::markdown(),
            TemplateFormat::Csv => survey::csv(),
            TemplateFormat::Yaml => survey::yaml(),
        }
    };
    output::text(&text, &mut output::stdout(invocation.global))?;
    Ok(Exit::Fine)
}
