//! `goldenpath preview`: everything is judged twice, without and with the drafts, and compared.

use std::io;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::{self, DeviationException};
use crate::assess::register::preview as assessed;
use crate::assess::verdict::AsOf;
use crate::cli::{GlobalArgs, PreviewArgs};
use crate::manifests::{self, Exit, Input, Manifest};
use crate::print;
use crate::report::preview::{exception as words, path as change};
#[cfg(feature = "cluster")]
use crate::report::terminal::plain::plain;
use crate::screen;
#[cfg(feature = "cluster")]
use crate::{cluster, operate};

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Drafts or manifests cannot be used.
    #[error(transparent)]
    Scan(#[from] manifests::Error),
    /// It cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// There is no draft.
    #[error("there is no golden path and no exception among the drafts")]
    NoDraft,
    /// The cluster's side failed.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The process cannot be set up.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Start(#[from] operate::Error),
    /// There is no client in this build.
    #[cfg(not(feature = "cluster"))]
    #[error("this build cannot reach a cluster: use manifests with --from")]
    NotBuilt,
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Scan(error) => error.is_broken_pipe(),
            Self::Print(error) => error.is_broken_pipe(),
            Self::NoDraft => false,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) | Self::Start(_) => false,
            #[cfg(not(feature = "cluster"))]
            Self::NotBuilt => false,
        }
    }
}

/// `goldenpath preview`.
///
/// # Errors
/// When drafts or what they are tried on cannot be read, or the output does not take the answer.
pub fn run(args: &PreviewArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let now = global.as_of.unwrap_or(now);
    let namespace = global.namespace.as_deref().unwrap_or("default");
    let drafts = manifests::input((&args.drafts, &[]), namespace, &mut io::stdin().lock())?;
    let ground = ground(args, global, namespace)?;
    let is_unreadable = drafts.unreadable + ground.unreadable > 0;
    let mut drafted: Vec<Manifest> = drafts.manifests;
    drafted.retain(|draft| is_path(&draft.value) || is_exception(&draft.value));
    if drafted.is_empty() {
        return Err(Error::NoDraft);
    }
    if args.launched {
        for draft in &mut drafted {
            launch(&mut draft.value);
        }
    }
    let names: Vec<String> = drafted
        .iter()
        .filter(|draft| is_path(&draft.value))
        .map(|draft| text(&draft.value["metadata"]["name"]).to_owned())
        .collect();
    let without = manifests::judge_input(ground.clone(), &args.judging, now);
    let mut with = ground;
    with.manifests
        .retain(|known| !drafted.iter().any(|draft| same(draft, known)));
    with.problems.extend(drafts.problems);
    with.manifests.extend(drafted.iter().cloned());
    let with = manifests::judge_input(with, &args.judging, now);
    let change = change::preview(&without.report, &with.report, &names);
    print::change(&change, global, &mut print::stdout(global))?;
    for draft in &drafted {
        explain(draft, &without, now);
    }
    Ok(if is_unreadable {
        Exit::Unreadable
    } else {
        Exit::Fine
    })
}

/// What an exception covers, and who decides on it, as `except` says it.
fn explain(draft: &Manifest, without: &manifests::Answer, now: Timestamp) {
    let exception = Some(&draft.value).filter(|value| is_exception(value));
    let exception = exception
        .and_then(|value| serde_json::from_value::<DeviationException>(value.clone()).ok());
    if let Some(exception) = exception {
        let preview = assessed::preview(&without.inventory, &exception, &AsOf::new(now));
        let said = format!("\n{}", words::render(&preview, &exception, now));
        screen::say(&said);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_of_kind(value: &Value, kind: &str) -> bool {
    let group = text(&value["apiVersion"]).split('/').next();
    group == Some(api::GROUP) && value["kind"] == kind
}

fn is_path(value: &Value) -> bool {
    is_of_kind(value, "GoldenPath")
}

fn is_exception(value: &Value) -> bool {
    is_of_kind(value, "DeviationException")
}

/// Whether two manifests are the same object.
fn same(a: &Manifest, b: &Manifest) -> bool {
    let of = |manifest: &Manifest| {
        let value = &manifest.value;
        let metadata = &value["metadata"];
        (
            value["kind"].clone(),
            metadata["namespace"].clone(),
            metadata["name"].clone(),
        )
    };
    of(a) == of(b) && (is_path(&b.value) || is_exception(&b.value))
}

/// A path without what keeps it, or a step of it, from judging yet.
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

fn ground(args: &PreviewArgs, global: &GlobalArgs, namespace: &str) -> Result<Input, Error> {
    if args.from.is_empty() {
        return live(args, global);
    }
    Ok(manifests::input(
        (&args.from, &[]),
        namespace,
        &mut io::empty(),
    )?)
}

#[cfg(feature = "cluster")]
fn live(args: &PreviewArgs, global: &GlobalArgs) -> Result<Input, Error> {
    let target = operate::target(global);
    let extra = &args.judging.extra_kind;
    let asked = cluster::objects(&target, extra, global.namespace.as_deref());
    let objects = operate::runtime()?.block_on(asked)?;
    let mut input = manifests::stored(objects.values);
    // Those are of the cluster, and so of both sides: said at once, not compared away.
    for problem in &objects.problems {
        screen::say(&format!(
            "{}: {}\n",
            plain(&problem.source),
            plain(&problem.message)
        ));
    }
    input.problems.clear();
    Ok(input)
}

#[cfg(not(feature = "cluster"))]
fn live(_: &PreviewArgs, _: &GlobalArgs) -> Result<Input, Error> {
    Err(Error::NotBuilt)
}
