//! `goldenpath export`: paths and exceptions of a cluster as one bundle, to review, to back up, or to
//! apply to a rebuilt cluster. Nothing is written to a cluster.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::Objects;
use super::judging::JudgingArgs;
use super::output::{self, ObjectFormat};
use super::{Exit, Invocation, terminal};
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::manifests::shape;
use crate::report::bundle::{self, Wanted};
use crate::report::document::encode;
use crate::report::voice::counted;

pub(super) const HELP: &str = "\
Export golden paths and exceptions as one bundle: paths first, then exceptions, without status and \
without the fields that a server writes. A path without launchedAt gets its creation as launch, so that \
its new services stay the same ones in another cluster. Approvals and reviews are part of the bundle.

Status stays behind: the weekly history, the measurement at the adoption deadline, and since when each \
step is in force begin anew.

Services lose their age when their objects are created again. --births-file writes a command for each \
workload that states no birth, which annotates it with goldenpath.dev/service-since.

Exit code: 0, or 2 where a kind could not be listed or nothing was found.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath export > goldenpath-bundle.yaml
  goldenpath export --births-file births.sh > goldenpath-bundle.yaml
  goldenpath export --path web-service -n shop -o json
  goldenpath export --from deploy/   (manifests instead of a cluster)";

/// Flags of `export`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExportArgs {
    /// Only these paths, and the exceptions for them; -n selects exceptions by namespace
    #[arg(long = "path", value_name = "NAME", value_delimiter = ',')]
    pub of_paths: Vec<String>,

    /// Write commands that state the births of services to this file
    #[arg(long, value_name = "FILE")]
    pub births_file: Option<PathBuf>,

    /// Read the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ObjectFormat,
}

/// Prints the bundle.
pub(super) fn run(args: &ExportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let objects = if args.from.is_empty() {
        Objects::from_cluster(&JudgingArgs::default(), &[], None, invocation.global)?
    } else {
        Objects::from_manifests(&args.from, &[], invocation.global)?
    };
    let problems: Vec<Problem> = objects
        .problems
        .into_iter()
        .chain(objects.input.problems)
        .collect();
    terminal::note_problems(&problems);
    let wanted = Wanted {
        paths: args.of_paths.clone(),
        namespace: invocation.global.namespace.clone(),
    };
    let values = || {
        objects
            .input
            .manifests
            .iter()
            .map(|manifest| &manifest.value)
    };
    let bundle = bundle::bundle(values(), &wanted);
    print(&bundle, args.output, invocation)?;
    let settings = Settings::default();
    let workloads = values().filter(|value| is_workload(value, &settings));
    let births = bundle::births(workloads, &wanted);
    if let Some(file) = &args.births_file {
        let text = bundle::birth_commands(&births);
        fs::write(file, text).map_err(|source| {
            let file = file.clone();
            CommandError::from(ErrorKind::WriteFile { file, source })
        })?;
    } else if !births.is_empty() {
        terminal::note(&format!(
            "{} state no birth and look new where they are created again; --births-file FILE writes \
             commands that state it\n",
            counted(births.len(), "workload")
        ));
    }
    if bundle.is_empty() {
        terminal::note("no golden path and no exception to export\n");
    }
    let is_complete = problems.is_empty() && !bundle.is_empty();
    Ok(if is_complete {
        Exit::Fine
    } else {
        Exit::Unreadable
    })
}

fn is_workload(value: &Value, settings: &Settings) -> bool {
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut kinds = settings.kinds.iter();
    kinds.any(|kind| shape::is_of(value, kind)) && !settings.excludes(namespace)
}

/// Prints the objects: as YAML documents, or as one list in JSON.
fn print(bundle: &[Value], format: ObjectFormat, invocation: &Invocation<'_>) -> Result<()> {
    let out = &mut output::stdout(invocation.global);
    match format {
        ObjectFormat::Json => output::json(
            &json!({"apiVersion": "v1", "kind": "List", "items": bundle}),
            out,
        ),
        ObjectFormat::Yaml => bundle.iter().enumerate().try_for_each(|(index, object)| {
            let separator = if index > 0 { "---\n" } else { "" };
            let text = encode::yaml(object).map_err(CommandError::render("YAML"))?;
            output::text(&format!("{separator}{text}"), out)
        }),
    }
}
