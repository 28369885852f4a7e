//! `goldenpath except`: drafts an exception. Missing answers are asked for on a terminal; what the
//! exception would change goes to stderr, and the manifest to stdout or, with `--apply`, to the
//! cluster.

mod questions;

use std::collections::BTreeSet;
use std::io;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::judging::end;
use super::output::{self, ObjectFormat};
use super::selector::LabelQuery;
use super::workload_name::WorkloadName;
use super::{Exit, Invocation, decision, runtime, terminal};
use crate::api::DeviationException;
use crate::api::deviation_exception::Category;
use crate::assess::object::labels::Selector;
use crate::assess::register::preview::preview;
use crate::assess::verdict::AsOf;
use crate::assess::wording::nearest;
use crate::cluster;
use crate::report::document::Workload;
use crate::report::draft::{DraftInput, End, Subject, draft, hours};
use crate::report::preview::exception as words;

pub(super) const HELP: &str = "\
Draft an exception: what a workload does differently, why, what it costs and who carries the cost. \
Prints first, on stderr, what the exception would cover and how labels would change; then the \
manifest on stdout. Nothing is written to a cluster without --apply.

Defaults come from the workload: its path, the steps it fails that may be excepted, its team. On a \
terminal, the command asks for what is still missing.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath except deploy/web -n shop
  goldenpath except deploy/web -n shop --check spread --cost 6h --expires 90d \\
    --reason 'The vendor licenses a single replica until the new contract in May.'
  goldenpath except deploy/web deploy/api -n shop
  goldenpath except -l app.kubernetes.io/part-of=legacy -n shop
  goldenpath except sts/db --cost 2h --reason '…' > db-exception.yaml
  goldenpath except deploy/web --from deploy/ --paths paths/   (manifests instead of a cluster)
  kubectl goldenpath except deploy/web -n shop --apply";

/// Flags of `except`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExceptArgs {
    /// The workloads, as KIND/NAME; short kinds work as with kubectl
    #[arg(value_name = "KIND/NAME", required_unless_present = "selector")]
    pub targets: Vec<WorkloadName>,

    /// Workloads of the namespace by label, later ones too
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<LabelQuery>,

    /// Create the exception in the cluster, instead of printing the manifest
    #[arg(long, conflicts_with = "from")]
    pub apply: bool,

    /// Output format [default: yaml; with --apply, one line]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,

    /// The exception itself.
    #[command(flatten)]
    pub exception: AnswerArgs,

    /// What the exception is drafted on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Answers about the exception.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The exception")]
pub struct AnswerArgs {
    /// The steps to except, or '*' for all that may be excepted [default: those it fails now]
    #[arg(long = "check", value_name = "NAME", value_delimiter = ',')]
    pub checks: Vec<String>,

    /// Why the deviation is right, for a reader in a year; 20 characters or more
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Cost to its owner per month, in hours, such as 6h
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub cost: Option<f64>,

    /// One-off cost to set it up, in hours
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub once: Option<f64>,

    /// Expiry: a time such as 90d, or a date [default: set by the path]
    #[arg(long, value_name = "PERIOD|DATE", value_parser = end)]
    pub expires: Option<End>,

    /// The team that carries the cost [default: the workload's]
    #[arg(long, value_name = "TEAM")]
    pub owner: Option<String>,

    /// How to reach its owner
    #[arg(long, value_name = "TEXT")]
    pub contact: Option<String>,

    /// Category of the reason
    #[arg(long, value_enum, value_name = "CATEGORY", ignore_case = true)]
    pub category: Option<Category>,

    /// Link to a ticket or a decision record
    #[arg(long, value_name = "URL")]
    pub ticket: Option<String>,

    /// What the platform would have to offer for you to return; counts as roadmap demand
    #[arg(long, value_name = "TEXT")]
    pub would_return_if: Option<String>,

    /// Roadmap items the workload waits for: `kubectl get roadmapitems` lists them; counts as their
    /// demand, and you get a reminder when one ships
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub waits_for: Vec<String>,

    /// The golden path to leave [default: the one that judges the workload]
    #[arg(long, value_name = "NAME")]
    pub path: Option<String>,

    /// Name of the exception [default: workload and first step]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Who requests it [default: you, as the cluster knows you]
    #[arg(long, value_name = "USER")]
    pub requested_by: Option<String>,
}

impl AnswerArgs {
    fn answers(&self) -> DraftInput {
        let given = self.clone();
        DraftInput {
            path: given.path,
            checks: given.checks,
            reason: given.reason,
            hours_per_month: given.cost,
            one_off_hours: given.once,
            end: given.expires,
            owner: given.owner,
            contact: given.contact,
            category: given.category,
            ticket: given.ticket,
            would_return_if: given.would_return_if,
            waits_for: given.waits_for,
            name: given.name,
            requested_by: given.requested_by,
        }
    }
}

/// Drafts the exception, and prints or creates it. Where it fails, nothing has been written.
pub(super) fn run(args: &ExceptArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let extent = if args.exception.waits_for.is_empty() {
        Extent::Workload
    } else {
        Extent::Draft
    };
    let evidence = Evidence::read(&args.evidence, extent, invocation)?;
    terminal::note_problems(&evidence.problems);
    let subject = subject(args, &evidence)?;
    let user = if args.evidence.from.is_empty() {
        decision::current_user(invocation)?
    } else {
        None
    };
    let answers = complete(args.exception.answers(), &subject, user)?;
    let exception = draft(&answers, &subject, &evidence.report)
        .map_err(|refusal| refusal.with_flags(&evidence.flags))?;
    show(&exception, &evidence, invocation)?;
    if args.apply {
        create(&exception, args.output, invocation)?;
        return Ok(evidence.exit());
    }
    let or_apply = if args.evidence.from.is_empty() {
        ", or add --apply"
    } else {
        ""
    };
    terminal::note(&format!(
        "Next       nothing is written yet: pipe the manifest to kubectl apply -f -{or_apply}\n"
    ));
    let out = &mut output::stdout(invocation.global);
    args.output.unwrap_or_default().write(&exception, out)?;
    Ok(evidence.exit())
}

/// The workloads named, and those that a selector finds beside them in their namespace.
fn subject(args: &ExceptArgs, evidence: &Evidence) -> Result<Subject> {
    let named = args
        .targets
        .iter()
        .map(|target| evidence.find(target).cloned())
        .collect::<Result<Vec<_>>>()?;
    let mut namespaces = named.iter().map(|workload| workload.namespace.as_str());
    let first = namespaces.next();
    if let Some(other) = namespaces.find(|other| Some(*other) != first) {
        let both = format!("{} and {other}", first.unwrap_or_default());
        let error = CommandError::from(ErrorKind::SeveralNamespaces(both));
        return Err(error.with_hint("draft one exception for each"));
    }
    let Some(query) = &args.selector else {
        return Ok(Subject {
            named,
            ..Subject::default()
        });
    };
    let namespace = evidence.namespace().or(first).unwrap_or("default");
    let selected: Vec<_> = selected(query, namespace, evidence)
        .filter(|workload| !named.contains(workload))
        .cloned()
        .collect();
    if selected.is_empty() && named.is_empty() {
        return Err(ErrorKind::SelectsNothing(namespace.to_owned()).into());
    }
    Ok(Subject {
        named,
        selector: Some(query.0.clone()),
        selected,
    })
}

fn selected<'a>(
    query: &LabelQuery,
    namespace: &'a str,
    evidence: &'a Evidence,
) -> impl Iterator<Item = &'a Workload> {
    let selector = Selector::compile(&query.0);
    let found: BTreeSet<_> = evidence
        .inventory
        .namespace(namespace)
        .iter()
        .flat_map(|ns| ns.workloads.values())
        .map(|entry| &entry.workload)
        .filter(|workload| !selector.is_empty() && selector.matches(&workload.labels()))
        .map(|workload| (workload.id.kind.kind.clone(), workload.id.name.to_string()))
        .collect();
    evidence.report.workloads.iter().filter(move |workload| {
        workload.namespace == namespace
            && found.contains(&(workload.kind.clone(), workload.name.clone()))
    })
}

/// The answers, with what the workload and, on a terminal, the person can add.
fn complete(given: DraftInput, subject: &Subject, user: Option<String>) -> Result<DraftInput> {
    let mut answers = given.filled(subject)?;
    answers.requested_by = answers.requested_by.or(user);
    let open = answers.open();
    if !open.is_empty() && terminal::is_attended() {
        let input = &mut io::stdin().lock();
        let mut output = terminal::stderr();
        questions::ask(&mut answers, &open, input, &mut output).map_err(ErrorKind::Terminal)?;
    }
    Ok(answers)
}

/// Prints what the exception would change, on stderr.
fn show(
    exception: &DeviationException,
    evidence: &Evidence,
    invocation: &Invocation<'_>,
) -> Result<()> {
    let now = invocation.as_of();
    let paths = evidence.inventory.paths();
    let name = &exception.spec.path;
    if paths.resolve(name).is_none() {
        let nearest = nearest(name, paths.iter().map(|path| &*path.name));
        return Err(ErrorKind::NoSuchPath {
            name: name.clone(),
            nearest: nearest.map(str::to_owned),
        }
        .into());
    }
    known_items(exception, evidence)?;
    let preview = preview(&evidence.inventory, exception, &AsOf::new(now));
    if !preview.useless.is_empty() {
        let useless: Vec<_> = preview
            .useless
            .iter()
            .map(|check| words::useless(check, &preview.path))
            .collect();
        return Err(ErrorKind::CoversNothing(useless.join("; ")).into());
    }
    let connection = invocation.global.connection_flags().join(" ");
    terminal::note(&words::render(&preview, exception, now, &connection));
    Ok(())
}

/// Refuses a roadmap item that does not exist. Manifests may leave out the roadmap, and its readers may
/// lack the right to list it: then the operator reports an unknown name in the condition `WaitsForKnown`.
fn known_items(exception: &DeviationException, evidence: &Evidence) -> Result<()> {
    let roadmap = &evidence.inventory.goals().roadmap;
    let unknown = exception
        .spec
        .waits_for
        .iter()
        .find(|name| !roadmap.is_empty() && roadmap.get(name).is_none());
    let Some(name) = unknown else {
        return Ok(());
    };
    let nearest = nearest(name, roadmap.iter().map(|item| &*item.name));
    Err(ErrorKind::NoSuchItem {
        name: name.clone(),
        nearest: nearest.map(str::to_owned),
    }
    .into())
}

fn create(
    exception: &DeviationException,
    format: Option<ObjectFormat>,
    invocation: &Invocation<'_>,
) -> Result<()> {
    let target = invocation.global.target();
    let stored = runtime::start()?.block_on(cluster::create(&target, exception))?;
    decision::print(&stored, "created", format, invocation)
}

impl ValueEnum for Category {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}
