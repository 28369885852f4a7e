//! `report`, `why` and `cleanup` on a live cluster: the command line in, the cluster asked once,
//! an answer printed. Rights to list are enough for the first two.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::api::GROUP;
use crate::assess::verdict::AsOf;
use crate::cli::{
    CleanupArgs, GlobalArgs, JudgingArgs, PathsFrom, ReportArgs, WhyArgs, WorkloadName,
};
use crate::cluster::{self, CleanupSettings, Listing, ListingSettings, Scope};
use crate::report::document::build::{self, Sources};
use crate::report::document::{Report, Workload};
use crate::report::register;
use crate::report::terminal::plain::plain;
use crate::report::voice::shell_word;
use crate::{manifests, operate, print, screen};

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster's side failed.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The golden paths that were named cannot be read.
    #[error(transparent)]
    Paths(#[from] manifests::Error),
    /// The answer cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// The process cannot be set up.
    #[error(transparent)]
    Start(#[from] operate::Error),
    /// There is no such workload.
    #[error("no {}/{} in {place}, or it is not judged", target.kind, target.name)]
    NoSuchWorkload {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it was looked for.
        place: String,
    },
    /// There are several such workloads.
    #[error("{}/{} is in {namespaces}: say which with -n", target.kind, target.name)]
    Ambiguous {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it is.
        namespaces: String,
    },
    /// Some labels are still there.
    #[error("not everything could be cleaned: run it again, with rights to list and patch")]
    NotClean,
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Print(error) => error.is_broken_pipe(),
            Self::Paths(error) => error.is_broken_pipe(),
            Self::Cluster(_)
            | Self::Start(_)
            | Self::NoSuchWorkload { .. }
            | Self::Ambiguous { .. }
            | Self::NotClean => false,
        }
    }
}

/// `goldenpath report` on a cluster.
///
/// # Errors
/// When the cluster does not answer, or the output does not take the report.
pub fn report(args: &ReportArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let listing = everything(&args.judging, &args.paths, global)?;
    let report = judged(&listing, global.as_of.unwrap_or(now));
    let again = again(&args.paths);
    Ok(print::report(
        &report,
        global,
        &again,
        &mut print::stdout(global),
    )?)
}

/// `goldenpath why KIND/NAME` on a cluster.
///
/// # Errors
/// As [`report`]; also when there is no such workload.
pub fn why(args: &WhyArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let listing = around_one(&args.judging, &args.paths, global)?;
    let place = place(&listing);
    let report = judged(&listing, global.as_of.unwrap_or(now));
    let workload = find(&report, &args.target, place)?;
    Ok(print::why(
        workload,
        (report.as_of, &again(&args.paths)),
        global,
        &mut print::stdout(global),
    )?)
}

/// What is needed to speak of everything: of a namespace that is named, else of the cluster.
///
/// # Errors
/// As [`report`].
pub fn everything(
    judging: &JudgingArgs,
    paths: &[PathsFrom],
    global: &GlobalArgs,
) -> Result<Listing, Error> {
    let scope = match &global.namespace {
        Some(name) => Scope::Namespace(name.clone()),
        None => Scope::Everything,
    };
    let settings = ListingSettings {
        messages: false,
        ..settings(judging, paths, global, scope)?
    };
    Ok(operate::runtime()?.block_on(cluster::list(settings))?)
}

/// What is needed to speak of one workload: its namespace, or the one of the context.
///
/// # Errors
/// As [`report`].
pub fn around_one(
    judging: &JudgingArgs,
    paths: &[PathsFrom],
    global: &GlobalArgs,
) -> Result<Listing, Error> {
    let scope = match &global.namespace {
        Some(name) => Scope::Namespace(name.clone()),
        None if global.all_namespaces => Scope::Everything,
        None => Scope::ContextNamespace,
    };
    let settings = settings(judging, paths, global, scope)?;
    Ok(operate::runtime()?.block_on(cluster::list(settings))?)
}

/// Where was looked, for people.
pub fn place(listing: &Listing) -> String {
    listing.namespace.as_ref().map_or_else(
        || "the cluster".to_owned(),
        |name| format!("namespace {name}"),
    )
}

fn settings(
    judging: &JudgingArgs,
    paths: &[PathsFrom],
    global: &GlobalArgs,
    scope: Scope,
) -> Result<ListingSettings, Error> {
    let given = if paths.is_empty() {
        None
    } else {
        Some(golden_paths(paths)?)
    };
    Ok(ListingSettings {
        target: operate::target(global),
        judging: judging.settings(),
        extra_kinds: judging.extra_kind.clone(),
        scope,
        paths: given,
        messages: true,
    })
}

fn golden_paths(given: &[PathsFrom]) -> Result<Vec<serde_json::Value>, Error> {
    let manifests = manifests::paths(given)?.manifests.into_iter();
    let values = manifests.map(|manifest| manifest.value);
    let is_path = |value: &serde_json::Value| {
        let version = value["apiVersion"].as_str().unwrap_or_default();
        value["kind"] == "GoldenPath" && version.starts_with(GROUP)
    };
    Ok(values.filter(is_path).collect())
}

/// The report on what was read. Who may not list workloads is told what the operator saw of them.
pub fn judged(listing: &Listing, as_of: Timestamp) -> Report {
    let as_of = AsOf::new(as_of);
    let mut report = build::report(&listing.inventory, &as_of, &Sources::default());
    if listing.is_partial {
        register::trust_statuses(&mut report, &listing.inventory);
    }
    report.problems.extend(listing.problems.iter().cloned());
    report.problems.sort();
    report
}

/// What another command needs to judge by the same paths.
fn again(paths: &[PathsFrom]) -> String {
    let flags = paths.iter().map(|paths| match paths {
        PathsFrom::Starter => "--paths starter".to_owned(),
        PathsFrom::File(path) => format!("--paths {}", shell_word(&path.to_string_lossy())),
    });
    flags.collect::<Vec<_>>().join(" ")
}

/// The workload meant.
///
/// # Errors
/// When there is none, or several.
pub fn find<'a>(
    report: &'a Report,
    target: &WorkloadName,
    place: String,
) -> Result<&'a Workload, Error> {
    let mut meant = report
        .workloads
        .iter()
        .filter(|workload| target.is_kind(&workload.kind) && workload.name == target.name);
    let target = target.clone();
    match (meant.next(), meant.next()) {
        (Some(workload), None) => Ok(workload),
        (Some(one), Some(other)) => Err(Error::Ambiguous {
            target,
            namespaces: format!("{} and {}", one.namespace, other.namespace),
        }),
        (None, _) => Err(Error::NoSuchWorkload { target, place }),
    }
}

/// `goldenpath cleanup`.
///
/// # Errors
/// When the cluster does not answer, or some labels are still there afterwards.
pub fn cleanup(args: &CleanupArgs, global: &GlobalArgs) -> Result<(), Error> {
    let settings = CleanupSettings {
        target: operate::target(global),
        kinds: args.judging.settings().kinds,
        extra_kinds: args.judging.extra_kind.clone(),
        lease_namespace: args.lease_namespace.clone(),
        dry_run: args.dry_run,
    };
    let progress = |kind: &str, cleaned: &cluster::Cleaned| {
        if cleaned.found > 0 && !args.dry_run {
            screen::say(&format!("{kind}: {} cleaned\n", cleaned.cleaned));
        }
    };
    let done = operate::runtime()?.block_on(cluster::cleanup(&settings, progress))?;
    let mut out = print::stdout(global);
    say(&done, args.dry_run, &mut out).map_err(print::Error::from)?;
    if done.problems.is_empty() {
        Ok(())
    } else {
        Err(Error::NotClean)
    }
}

fn say(done: &cluster::Cleanup, dry_run: bool, out: &mut dyn Write) -> io::Result<()> {
    let verb = if dry_run {
        "would be cleaned"
    } else {
        "cleaned"
    };
    for (kind, cleaned) in &done.kinds {
        let number = if dry_run {
            cleaned.found
        } else {
            cleaned.cleaned
        };
        writeln!(out, "{kind}: {number} {verb}")?;
    }
    for problem in &done.problems {
        writeln!(
            out,
            "{}: {}",
            plain(&problem.source),
            plain(&problem.message)
        )?;
    }
    Ok(())
}
