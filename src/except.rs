//! `goldenpath except`: what is missing is asked for, what the exception would change is shown on
//! standard error, and the manifest goes to standard output, or with `--apply` to the cluster.

mod questions;

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::api::DeviationException;
use crate::assess::inventory::Inventory;
use crate::assess::object::labels::Selector;
use crate::assess::planner::status::nearest;
use crate::assess::register::preview::preview;
use crate::assess::verdict::AsOf;
use crate::cli::{ExceptArgs, GlobalArgs};
use crate::manifests::Exit;
use crate::report::document::{Report, Workload};
use crate::report::draft::{Answers, Refusal, Subject, draft};
use crate::report::preview::exception as words;
#[cfg(feature = "cluster")]
use crate::report::terminal::plain::plain;
#[cfg(feature = "cluster")]
use crate::{ask, cluster, decide, operate};
use crate::{manifests, print, screen};

/// Why no exception was drafted or created.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifests cannot be used.
    #[error(transparent)]
    Scan(#[from] manifests::Error),
    /// The cluster cannot be asked.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Ask(#[from] ask::Error),
    /// The cluster's side failed.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The process cannot be set up.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Start(#[from] operate::Error),
    /// What was said makes no exception.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The path it names does not exist.
    #[error("--path: there is no golden path '{name}'{}", meant(.nearest.as_ref()))]
    NoSuchPath {
        /// As it was written.
        name: String,
        /// The path that was probably meant.
        nearest: Option<String>,
    },
    /// An exception covers one namespace.
    #[error("the workloads are in {0}, and an exception covers one namespace: draft one for each")]
    SeveralNamespaces(String),
    /// The selector finds nothing.
    #[error("--selector finds no workload in namespace {0}")]
    SelectsNothing(String),
    /// A check it names covers nothing.
    #[error("--check: {0}")]
    CoversNothing(String),
    /// The manifest cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// Nobody can be asked.
    #[error("failed to ask on the terminal")]
    Terminal(#[source] io::Error),
    /// There is no client in this build.
    #[cfg(not(feature = "cluster"))]
    #[error("this build cannot reach a cluster: use manifests with --from")]
    NotBuilt,
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Print(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Ask(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) | Self::Start(_) => false,
            #[cfg(not(feature = "cluster"))]
            Self::NotBuilt => false,
            Self::Scan(_)
            | Self::Refused(_)
            | Self::NoSuchPath { .. }
            | Self::SeveralNamespaces(_)
            | Self::SelectsNothing(_)
            | Self::CoversNothing(_)
            | Self::Terminal(_) => false,
        }
    }
}

fn meant(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean '{name}'?"))
}

/// What an exception is drafted on.
struct Ground {
    inventory: Inventory,
    report: Report,
    subject: Subject,
    /// Who asks, where somebody knows.
    user: Option<String>,
    exit: Exit,
}

/// `goldenpath except`.
///
/// # Errors
/// When there is no such workload, something is missing or would be refused, or the cluster says
/// no. Nothing has been written then.
pub fn run(args: &ExceptArgs, global: &GlobalArgs, now: Timestamp) -> Result<Exit, Error> {
    let now = global.as_of.unwrap_or(now);
    let ground = ground(args, global, now)?;
    let answers = completed(args.said.answers(), &ground)?;
    let exception = draft(&answers, &ground.subject, &ground.report)?;
    show(&exception, &ground, now)?;
    if args.apply {
        apply(&exception, global)?;
        return Ok(ground.exit);
    }
    screen::say("Next       nothing is written yet: hand the manifest to kubectl apply -f -");
    screen::say(if args.from.is_empty() {
        ", or add --apply\n"
    } else {
        "\n"
    });
    print::exception(&exception, global, &mut print::stdout(global))?;
    Ok(ground.exit)
}

fn ground(args: &ExceptArgs, global: &GlobalArgs, now: Timestamp) -> Result<Ground, Error> {
    if args.from.is_empty() {
        return live(args, global, now);
    }
    let question = manifests::Question {
        files: &args.from,
        paths: &args.paths,
        judging: &args.judging,
        global,
        now,
    };
    let answer = manifests::judge(&question, &mut io::stdin().lock())?;
    let namespace = global.namespace.as_deref();
    let named = args.targets.iter();
    let named = named.map(|target| manifests::find(&answer.report, target, namespace).cloned());
    let named = named.collect::<Result<Vec<_>, _>>()?;
    Ok(Ground {
        subject: subject(args, named, namespace, (&answer.inventory, &answer.report))?,
        user: None,
        exit: answer.exit(),
        inventory: answer.inventory,
        report: answer.report,
    })
}

#[cfg(feature = "cluster")]
fn live(args: &ExceptArgs, global: &GlobalArgs, now: Timestamp) -> Result<Ground, Error> {
    let listing = ask::around_one(&args.judging, &args.paths, global)?;
    let report = ask::judged(&listing, now);
    for problem in &listing.problems {
        screen::say(&format!(
            "{}: {}\n",
            plain(&problem.source),
            plain(&problem.message)
        ));
    }
    let named = args.targets.iter();
    let named = named.map(|target| ask::find(&report, target, ask::place(&listing)).cloned());
    let named = named.collect::<Result<Vec<_>, _>>()?;
    let namespace = listing.namespace.as_deref();
    let subject = subject(args, named, namespace, (&listing.inventory, &report))?;
    // Who asks is a courtesy here; whoever needs it will not let the exception in without.
    let target = operate::target(global);
    let user = operate::runtime()?.block_on(cluster::whoami(&target)).ok();
    let user = user.map(|identity| identity.user);
    Ok(Ground {
        subject,
        user: user.filter(|user| !user.is_empty()),
        exit: Exit::Fine,
        inventory: listing.inventory,
        report,
    })
}

#[cfg(not(feature = "cluster"))]
fn live(_: &ExceptArgs, _: &GlobalArgs, _: Timestamp) -> Result<Ground, Error> {
    Err(Error::NotBuilt)
}

/// The workloads named, and those a selector finds beside them in their namespace.
fn subject(
    args: &ExceptArgs,
    named: Vec<Workload>,
    namespace: Option<&str>,
    (inventory, report): (&Inventory, &Report),
) -> Result<Subject, Error> {
    let mut namespaces = named.iter().map(|workload| workload.namespace.as_str());
    let first = namespaces.next();
    if let Some(other) = namespaces.find(|other| Some(*other) != first) {
        return Err(Error::SeveralNamespaces(format!(
            "{} and {other}",
            first.unwrap_or_default()
        )));
    }
    let Some(query) = &args.selector else {
        return Ok(Subject {
            named,
            ..Subject::default()
        });
    };
    let place = namespace.or(first).unwrap_or("default").to_owned();
    let selector = Selector::compile(&query.0);
    let ns = inventory.namespace(&place);
    let records = ns.iter().flat_map(|ns| ns.workloads.values());
    let found: BTreeSet<_> = records
        .map(|entry| &entry.workload)
        .filter(|workload| !selector.is_empty() && selector.matches(&workload.labels))
        .map(|workload| (workload.id.kind.kind.clone(), workload.id.name.to_string()))
        .collect();
    let lines = report.workloads.iter().filter(|line| {
        line.namespace == place && found.contains(&(line.kind.clone(), line.name.clone()))
    });
    let selected: Vec<_> = lines
        .filter(|line| !named.contains(line))
        .cloned()
        .collect();
    if selected.is_empty() && named.is_empty() {
        return Err(Error::SelectsNothing(place));
    }
    Ok(Subject {
        named,
        selector: Some(query.0.clone()),
        selected,
    })
}

/// The answers with what the workload and, on a terminal, the person can add.
fn completed(said: Answers, ground: &Ground) -> Result<Answers, Error> {
    let mut answers = said.filled(&ground.subject)?;
    answers.requested_by = answers.requested_by.or_else(|| ground.user.clone());
    let open = answers.open();
    if !open.is_empty() && screen::is_attended() {
        let terminal = (
            &mut io::stdin().lock() as &mut dyn io::BufRead,
            &mut screen::stderr() as &mut dyn Write,
        );
        questions::ask(&mut answers, &open, terminal).map_err(Error::Terminal)?;
    }
    Ok(answers)
}

/// Shows what the exception would change, on standard error.
fn show(exception: &DeviationException, ground: &Ground, now: Timestamp) -> Result<(), Error> {
    let paths = ground.inventory.paths();
    let name = &exception.spec.path;
    if paths.resolve(name).is_none() {
        let known = paths.iter().map(|path| &*path.name);
        return Err(Error::NoSuchPath {
            name: name.clone(),
            nearest: nearest(name, known).map(str::to_owned),
        });
    }
    let preview = preview(&ground.inventory, exception, &AsOf::new(now));
    if !preview.useless.is_empty() {
        let useless = preview.useless.iter();
        let useless = useless.map(|check| words::useless(check, &preview.path));
        return Err(Error::CoversNothing(useless.collect::<Vec<_>>().join("; ")));
    }
    screen::say(&words::render(&preview, exception, now));
    Ok(())
}

#[cfg(feature = "cluster")]
fn apply(exception: &DeviationException, global: &GlobalArgs) -> Result<(), Error> {
    let target = operate::target(global);
    let stored = operate::runtime()?.block_on(cluster::create(&target, exception))?;
    Ok(decide::tell(&stored, "created", global)?)
}

#[cfg(not(feature = "cluster"))]
fn apply(_: &DeviationException, _: &GlobalArgs) -> Result<(), Error> {
    Err(Error::NotBuilt)
}
