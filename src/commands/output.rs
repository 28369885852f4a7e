//! How commands print: the formats each kind of answer has, and writing one. What a command cannot
//! write is not in its enum, so that clap refuses it. Rendering itself belongs to [`crate::report`].

use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;

use super::error::{CommandError, Result};
use super::global::GlobalArgs;
use super::terminal;
use crate::report::document::encode;
use crate::report::terminal::text::Style;

/// Formats of answers that are tables.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableFormat {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Formats of a report.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// Markdown
    Markdown,
    /// One file for a browser
    Html,
}

impl ReportFormat {
    /// The format of its tables; a whole document has none.
    pub(super) const fn of_tables(self) -> Option<TableFormat> {
        match self {
            Self::Table => Some(TableFormat::Table),
            Self::Wide => Some(TableFormat::Wide),
            Self::Json => Some(TableFormat::Json),
            Self::Yaml => Some(TableFormat::Yaml),
            Self::Markdown | Self::Html => None,
        }
    }
}

/// Formats of answers that are text.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextFormat {
    /// Text for people
    #[default]
    #[value(alias = "table")]
    Text,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Formats of Kubernetes objects.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectFormat {
    /// A manifest
    #[default]
    Yaml,
    /// JSON
    Json,
}

impl TableFormat {
    /// Writes an answer; `render` draws its table.
    pub(super) fn write<T: Serialize>(
        self,
        answer: &T,
        global: &GlobalArgs,
        out: &mut dyn Write,
        render: impl FnOnce(&T, Style) -> String,
    ) -> Result<()> {
        match self {
            Self::Table => text(&render(answer, style(global, false)), out),
            Self::Wide => text(&render(answer, style(global, true)), out),
            Self::Json => json(answer, out),
            Self::Yaml => yaml(answer, out),
        }
    }
}

impl TextFormat {
    /// Writes an answer; `render` puts it into words.
    pub(super) fn write<T: Serialize>(
        self,
        answer: &T,
        global: &GlobalArgs,
        out: &mut dyn Write,
        render: impl FnOnce(&T, Style) -> String,
    ) -> Result<()> {
        match self {
            Self::Text => text(&render(answer, style(global, false)), out),
            Self::Json => json(answer, out),
            Self::Yaml => yaml(answer, out),
        }
    }
}

impl ObjectFormat {
    /// Writes one object.
    pub(super) fn write(self, object: &impl Serialize, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Yaml => yaml(object, out),
            Self::Json => json(object, out),
        }
    }
}

/// Writes text that is rendered already.
pub(super) fn text(text: &str, out: &mut dyn Write) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(CommandError::output)
}

/// Writes an answer as JSON.
pub(super) fn json(answer: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    let encoded = encode::json_pretty(answer).map_err(CommandError::render("JSON"))?;
    writeln!(out, "{encoded}").map_err(CommandError::output)
}

fn yaml(answer: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    let encoded = encode::yaml(answer).map_err(CommandError::render("YAML"))?;
    text(&encoded, out)
}

/// Standard output, with colours where [`style`] has them.
pub(super) fn stdout(global: &GlobalArgs) -> impl Write {
    terminal::stdout().colored(terminal::colors_output(global.color))
}

/// How text is shown on standard output.
pub(super) fn style(global: &GlobalArgs, wide: bool) -> Style {
    Style {
        width: terminal::width(),
        color: terminal::colors_output(global.color),
        wide,
        all_problems: false,
    }
}
