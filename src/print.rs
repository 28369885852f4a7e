//! The shell every command prints through: which format, which colours, how wide. It writes what
//! [`crate::report`] renders and decides nothing else.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{self, DeviationException};
use crate::cli::{Format, GlobalArgs};
use crate::report::document::encode;
use crate::report::document::{Report, Workload};
use crate::report::import::{self, Import};
use crate::report::preview::path as change;
use crate::report::register::inbox::{self, Inbox};
use crate::report::register::{self, Register};
use crate::report::reminder::{self, Digest};
use crate::report::terminal::text::Style;
use crate::report::terminal::{text, why};
use crate::screen;

/// Why something could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The output does not take it.
    #[error("failed to write the output")]
    Write(#[from] io::Error),
    /// It cannot be put into the format asked for.
    #[error("failed to write as {format}")]
    Render {
        /// The format asked for.
        format: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A word for logs and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Write(_) => "Write",
            Self::Render { .. } => "Render",
        }
    }

    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Write(source) => source.kind() == io::ErrorKind::BrokenPipe,
            Self::Render { .. } => false,
        }
    }
}

/// Prints a report in the format asked for. `from` is what a further command about it needs, such
/// as `--from deploy/`; empty for a cluster.
///
/// # Errors
/// When the output does not take it.
pub fn report(
    report: &Report,
    global: &GlobalArgs,
    from: &str,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match global.output {
        Format::Table | Format::Wide => {
            let text = text::render(report, style(global), from);
            Ok(out.write_all(text.as_bytes())?)
        }
        Format::Json => json(report, out),
        Format::Yaml => yaml(report, out),
    }
}

/// Prints the explanation of one workload in the format asked for; `as_of` and `from` are those of
/// the report it is in, as [`report`] has them.
///
/// # Errors
/// When the output does not take it.
pub fn why(
    workload: &Workload,
    (as_of, from): (Timestamp, &str),
    global: &GlobalArgs,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match global.output {
        Format::Table | Format::Wide => {
            let text = why::render(workload, as_of, style(global), from);
            Ok(out.write_all(text.as_bytes())?)
        }
        Format::Json => json(workload, out),
        Format::Yaml => yaml(workload, out),
    }
}

/// Prints the register of exceptions in the format asked for.
///
/// # Errors
/// When the output does not take it.
pub fn register(
    register: &Register,
    global: &GlobalArgs,
    out: &mut dyn Write,
) -> Result<(), Error> {
    shown(register, global, out, register::render)
}

/// Prints what waits for somebody in the format asked for.
///
/// # Errors
/// When the output does not take it.
pub fn inbox(inbox: &Inbox, global: &GlobalArgs, out: &mut dyn Write) -> Result<(), Error> {
    shown(inbox, global, out, inbox::render)
}

/// Prints what would be sent now in the format asked for.
///
/// # Errors
/// When the output does not take it.
pub fn digest(digest: &Digest, global: &GlobalArgs, out: &mut dyn Write) -> Result<(), Error> {
    shown(digest, global, out, reminder::render)
}

fn shown<T: Serialize>(
    value: &T,
    global: &GlobalArgs,
    out: &mut dyn Write,
    text: impl FnOnce(&T, Style) -> String,
) -> Result<(), Error> {
    match global.output {
        Format::Table | Format::Wide => Ok(out.write_all(text(value, style(global)).as_bytes())?),
        Format::Json => json(value, out),
        Format::Yaml => yaml(value, out),
    }
}

/// Prints an exception as a manifest; YAML unless JSON is asked for.
///
/// # Errors
/// When the output does not take it.
pub fn exception(
    exception: &DeviationException,
    global: &GlobalArgs,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match global.output {
        Format::Json => json(exception, out),
        Format::Table | Format::Wide | Format::Yaml => yaml(exception, out),
    }
}

/// Prints what a draft would change in the format asked for.
///
/// # Errors
/// When the output does not take it.
pub fn change(
    change: &change::Preview,
    global: &GlobalArgs,
    out: &mut dyn Write,
) -> Result<(), Error> {
    shown(change, global, out, change::render)
}

/// Prints drafts as manifests that ask for what is missing; as one document where JSON is asked for.
///
/// # Errors
/// When the output does not take it.
pub fn import(
    import: &Import,
    global: &GlobalArgs,
    as_of: Timestamp,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match global.output {
        Format::Json => json(import, out),
        Format::Table | Format::Wide | Format::Yaml => {
            for (index, draft) in import.drafts.iter().enumerate() {
                let separator = if index > 0 { "---\n" } else { "" };
                let text = import::yaml(draft, as_of).map_err(|source| Error::Render {
                    format: "YAML",
                    source: source.into(),
                })?;
                write!(out, "{separator}{text}")?;
            }
            Ok(())
        }
    }
}

/// Prints every custom resource definition; YAML unless JSON is asked for.
///
/// # Errors
/// When the output does not take it.
pub fn crds(global: &GlobalArgs, out: &mut dyn Write) -> Result<(), Error> {
    match global.output {
        Format::Json => {
            let list =
                serde_json::json!({"apiVersion": "v1", "kind": "List", "items": api::crds()});
            json(&list, out)
        }
        Format::Table | Format::Wide | Format::Yaml => {
            for (index, crd) in api::crds().iter().enumerate() {
                let separator = if index > 0 { "---\n" } else { "" };
                write!(out, "{separator}{}", api::crd_manifest(crd))?;
            }
            Ok(())
        }
    }
}

fn json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Error> {
    let text = encode::json_pretty(value).map_err(|source| Error::Render {
        format: "JSON",
        source: source.into(),
    })?;
    Ok(writeln!(out, "{text}")?)
}

fn yaml(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Error> {
    let text = encode::yaml(value).map_err(|source| Error::Render {
        format: "YAML",
        source: source.into(),
    })?;
    Ok(out.write_all(text.as_bytes())?)
}

/// Standard output, for what is shown in the style of [`style`].
pub fn stdout(global: &GlobalArgs) -> impl Write {
    screen::stdout().colored(screen::colors_output(global.color))
}

/// How text is shown on this process's standard output.
pub fn style(global: &GlobalArgs) -> Style {
    Style {
        width: screen::width(),
        color: screen::colors_output(global.color),
        wide: global.output == Format::Wide,
    }
}
