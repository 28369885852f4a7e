//! `goldenpath preview`: judges everything twice, without and with the drafts, and compares.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::error::{ErrorKind, Result};
use super::evidence::{Judged, Objects, is_golden_path, is_of_kind, judge};
use super::judging::JudgingArgs;
use super::output::{self, TextFormat};
use super::{Exit, Invocation, terminal};
use crate::api::DeviationException;
use crate::assess::inventory::Inventory;
use crate::assess::register::preview as assessed;
use crate::assess::verdict::AsOf;
use crate::manifests::{Input, Manifest};
use crate::report::preview::{exception as words, path as change};

pub(super) const HELP: &str = "\
Preview a golden path or an exception before it is applied: judge everything without and with the \
drafts, and list by team the workloads that would leave a path, join it or be judged for the first \
time. List rights are enough; nothing is written. A draft replaces the cluster's object of the same \
name.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath preview paths/web-service.yaml
  goldenpath preview paths/edge.yaml --launched      (as if it were launched today)
  goldenpath preview exception.yaml
  goldenpath preview paths/web-service.yaml --from deploy/   (manifests instead of a cluster)";

/// Flags of `preview`.
#[derive(Args, Clone, Debug, Default)]
pub struct PreviewArgs {
    /// Drafts: files and directories; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub drafts: Vec<PathBuf>,

    /// Judge as if the drafted paths were launched and all their steps were enforced
    #[arg(long)]
    pub launched: bool,

    /// Judge the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Prints what the drafts would change.
pub(super) fn run(args: &PreviewArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let now = invocation.as_of();
    let drafts = Objects::from_manifests(&args.drafts, &[], invocation.global)?.input;
    let today = read_today(args, &drafts.manifests, invocation)?;
    let unreadable = drafts.unreadable + today.unreadable;
    let drafted = drafted(drafts.manifests, args.launched);
    if drafted.is_empty() {
        return Err(ErrorKind::NoDraft.into());
    }
    let names: Vec<String> = drafted
        .iter()
        .filter(|draft| is_golden_path(&draft.value))
        .filter_map(|draft| draft.value["metadata"]["name"].as_str())
        .map(str::to_owned)
        .collect();
    let mut with = today.clone();
    with.manifests
        .retain(|known| !drafted.iter().any(|draft| same(draft, known)));
    with.problems.extend(drafts.problems);
    with.manifests.extend(drafted.iter().cloned());
    let Judged {
        inventory,
        report: without,
        ..
    } = judge(today, &args.judging, now);
    let Judged { report: with, .. } = judge(with, &args.judging, now);
    let change = change::preview(&without, &with, &names);
    let out = &mut output::stdout(invocation.global);
    args.output
        .write(&change, invocation.global, out, change::render)?;
    for draft in &drafted {
        explain(draft, &inventory, invocation);
    }
    Ok(Exit::of_input(unreadable))
}

/// What the drafts are tried on.
fn read_today(
    args: &PreviewArgs,
    drafts: &[Manifest],
    invocation: &Invocation<'_>,
) -> Result<Input> {
    if !args.from.is_empty() {
        return Ok(Objects::from_manifests(&args.from, &[], invocation.global)?.input);
    }
    let objects = Objects::from_cluster(&args.judging, &[], Some(drafts), invocation.global)?;
    // Both judgements lack the same: this is printed at once, not compared.
    terminal::note_problems(&objects.problems);
    Ok(objects.input)
}

/// The paths and exceptions among the drafts; with `launched`, the paths judge from now on.
fn drafted(drafts: Vec<Manifest>, launched: bool) -> Vec<Manifest> {
    drafts
        .into_iter()
        .filter(|draft| is_golden_path(&draft.value) || is_exception(&draft.value))
        .map(|mut draft| {
            if launched {
                launch(&mut draft.value);
            }
            draft
        })
        .collect()
}

/// Prints what a drafted exception covers and who decides on it, as `except` does.
fn explain(draft: &Manifest, inventory: &Inventory, invocation: &Invocation<'_>) {
    let now = invocation.as_of();
    if !is_exception(&draft.value) {
        return;
    }
    if let Ok(exception) = serde_json::from_value::<DeviationException>(draft.value.clone()) {
        let covered = assessed::preview(inventory, &exception, &AsOf::new(now));
        let connection = invocation.global.connection_flags().join(" ");
        let text = words::render(&covered, &exception, now, &connection);
        terminal::note(&format!("\n{text}"));
    }
}

fn is_exception(value: &Value) -> bool {
    is_of_kind(value, "DeviationException")
}

/// Whether a draft and a known object are the same object.
fn same(draft: &Manifest, known: &Manifest) -> bool {
    let is_ours = is_golden_path(&known.value) || is_exception(&known.value);
    is_ours
        && ["/kind", "/metadata/namespace", "/metadata/name"]
            .iter()
            .all(|place| draft.value.pointer(place) == known.value.pointer(place))
}

/// Removes what keeps a path, or a step of it, from judging yet.
fn launch(value: &mut Value) {
    let Some(spec) = value["spec"].as_object_mut() else {
        return;
    };
    spec.remove("horizon");
    spec.remove("launchedAt");
    let checks = spec.get_mut("checks").and_then(Value::as_array_mut);
    for check in checks.into_iter().flatten() {
        if let Some(check) = check.as_object_mut() {
            check.remove("enforceFrom");
        }
    }
}
