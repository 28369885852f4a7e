//! Where commands get what they report on: manifests or a cluster. This is the only place that
//! chooses between them. It reads and judges; it writes nothing, and prints one line at most: the day
//! that the examples are judged as of.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::error::{CommandError, ErrorKind, Result};
use super::global::GlobalArgs;
use super::judging::JudgingArgs;
use super::workload_name::WorkloadName;
use super::{Exit, Invocation, advice, runtime, terminal};
use crate::api::GROUP;
use crate::assess::inventory::Inventory;
use crate::assess::planner::objectives::{Read, Unfollowed};
use crate::assess::settings::DeliverySettings;
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;
use crate::cluster::{self, ListingSettings, Scope, Target};
use crate::manifests::passed_over::PassedOver;
use crate::manifests::{self, Input, Manifest, PathsFrom};
use crate::report::document::build::{self, Sources};
use crate::report::document::view::ReportView;
use crate::report::document::{Report, Workload};
use crate::report::register;
use crate::report::voice::{Calendar, flag, shell_word};

/// The next step of who may not list workloads.
const PARTIAL: &str = "name a namespace of yours with -n, ask an administrator for the right to list workloads, or \
     print the operator's report: goldenpath report --operator NAMESPACE/SERVICE";

/// Flags of commands that report on a cluster, or on manifests instead.
#[derive(Args, Clone, Debug, Default)]
pub struct EvidenceArgs {
    /// Golden paths to judge by instead of the cluster's: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter", help_heading = "What is read")]
    pub paths: Vec<PathsFrom>,

    /// Judge the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR", help_heading = "What is read")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// How much of a cluster is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// As the overview, without objectives, surveys and personas, which few may list; with roadmap items
    /// where an exception waits for one.
    Register,
    /// The namespace that is named, else all of them, with objectives, surveys, roadmap items and personas;
    /// verdicts without the messages of checks.
    Overview,
    /// As the overview, with the records of rollouts.
    Delivery,
    /// As the overview, with the messages of checks and the records of rollouts.
    Page,
    /// The namespace that is named, else the context's; with the messages of checks and rollouts.
    Workload,
    /// As the workload, with roadmap items and personas.
    Draft,
}

/// An inventory, the report on it, and where both come from.
pub(super) struct Evidence {
    pub(super) inventory: Inventory,
    pub(super) report: Report,
    /// The objectives that no operator follows: they are measured here.
    pub(super) unfollowed: Unfollowed,
    /// What could not be read of a cluster; also among the report's problems.
    pub(super) problems: Vec<Problem>,
    /// The flags another command needs to reach the same answer.
    pub(super) flags: String,
    origin: Origin,
    /// Problems that are not those of a judged object.
    input_problems: Vec<Problem>,
    /// Whether workloads may be missing, because the user may not list some kind.
    is_partial: bool,
    unreadable: usize,
    /// What was read of manifests and is not judged.
    passed_over: PassedOver,
}

enum Origin {
    Manifests {
        namespace: Option<String>,
    },
    Cluster {
        namespace: Option<String>,
        target: Target,
    },
}

impl Evidence {
    /// Reads and judges what the flags name.
    pub(super) fn read(
        args: &EvidenceArgs,
        extent: Extent,
        invocation: &Invocation<'_>,
    ) -> Result<Self> {
        if args.from.is_empty() {
            Self::from_cluster(args, extent, invocation)
        } else {
            Self::from_manifests(args, invocation)
        }
    }

    /// Reads and judges manifests: `args.from`, which may hold `-`.
    pub(super) fn from_manifests(args: &EvidenceArgs, invocation: &Invocation<'_>) -> Result<Self> {
        let global = invocation.global;
        let stdin = &mut io::stdin().lock();
        let namespace = global.default_namespace();
        let input = manifests::input(&args.from, &args.paths, namespace, stdin)?;
        let unreadable = input.unreadable;
        let now = as_of(&input, invocation);
        let judged = judge(input, &args.judging, now);
        Ok(Self {
            inventory: judged.inventory,
            report: judged.report,
            unfollowed: judged.unfollowed,
            problems: Vec::new(),
            input_problems: judged.input_problems,
            flags: flags(args, global),
            origin: Origin::Manifests {
                namespace: global.namespace.clone(),
            },
            is_partial: false,
            unreadable: unreadable + judged.unusable,
            passed_over: judged.passed_over,
        })
    }

    fn from_cluster(
        args: &EvidenceArgs,
        extent: Extent,
        invocation: &Invocation<'_>,
    ) -> Result<Self> {
        let global = invocation.global;
        let settings = listing_settings(args, extent, global)?;
        let reads_rollouts = settings.judging.delivery.is_some();
        let mut listing = runtime::start()?
            .block_on(cluster::list(settings))
            .map_err(unread)?;
        let as_of = AsOf::new(invocation.as_of());
        let read = if listing.is_partial || listing.namespace.is_some() {
            Read::Part
        } else if reads_rollouts {
            Read::Everything
        } else {
            Read::NoRollouts
        };
        let unfollowed = Unfollowed::without_status(&listing.inventory, read);
        unfollowed.measure(&mut listing.inventory, Vec::new(), as_of.now);
        let mut report = build::report(&listing.inventory, &as_of, &Sources::default());
        if listing.is_partial {
            // Without the right to list workloads, the operator's counts are the better answer.
            register::trust_statuses(&mut report, &listing.inventory);
        }
        report.problems.extend(listing.problems.iter().cloned());
        report.problems.sort();
        Ok(Self {
            inventory: listing.inventory,
            report,
            unfollowed,
            input_problems: listing.problems.clone(),
            problems: listing.problems,
            flags: flags(args, global),
            origin: Origin::Cluster {
                namespace: listing.namespace,
                target: global.target(),
            },
            is_partial: listing.is_partial,
            unreadable: 0,
            passed_over: PassedOver::default(),
        })
    }

    /// The same as the page shows it.
    pub(super) fn view(&self) -> ReportView {
        let problems = self.input_problems.clone();
        ReportView {
            summary: Arc::new(OnceLock::from(self.report.summary.clone())),
            ..ReportView::of(&self.inventory, self.report.as_of, problems)
        }
    }

    /// The namespace that was read; all where absent.
    pub(super) fn namespace(&self) -> Option<&str> {
        match &self.origin {
            Origin::Manifests { namespace } | Origin::Cluster { namespace, .. } => {
                namespace.as_deref()
            }
        }
    }

    /// The workload that is named. A name that is there once needs no namespace.
    pub(super) fn find(&self, target: &WorkloadName) -> Result<&Workload> {
        let mut found = self.report.workloads.iter().filter(|workload| {
            target.is_kind(&workload.kind)
                && workload.name == target.name
                && self
                    .namespace()
                    .is_none_or(|name| workload.namespace == name)
        });
        let target = target.clone();
        match (found.next(), found.next()) {
            (Some(workload), None) => Ok(workload),
            (Some(one), Some(other)) => {
                let namespaces = format!("{} and {}", one.namespace, other.namespace);
                let error = CommandError::from(ErrorKind::Ambiguous { target, namespaces });
                Err(error.with_hint("name one with -n"))
            }
            (None, _) => Err(self.not_found(target)),
        }
    }

    fn not_found(&self, target: WorkloadName) -> CommandError {
        let elsewhere = self.namespaces_of(&target);
        if let (Some(namespace), Some(first)) = (self.namespace(), elsewhere.first()) {
            let error = CommandError::from(ErrorKind::Elsewhere {
                target,
                there: elsewhere.join(" and "),
                namespace: namespace.to_owned(),
            });
            return error.with_hint(format!("name the namespace: -n {}", shell_word(first)));
        }
        let place = self.place();
        let error = CommandError::from(ErrorKind::NoSuchWorkload { target, place });
        if self.is_partial {
            return error.with_hint(PARTIAL);
        }
        error
    }

    /// The namespaces that have such a workload, as far as they may be seen.
    fn namespaces_of(&self, workload: &WorkloadName) -> Vec<String> {
        match &self.origin {
            Origin::Manifests { .. } => {
                let found = self
                    .report
                    .workloads
                    .iter()
                    .filter(|it| workload.is_kind(&it.kind) && it.name == workload.name);
                found.map(|it| it.namespace.clone()).collect()
            }
            Origin::Cluster { target, .. } => {
                let is_kind = |kind: &str| workload.is_kind(kind);
                let found = cluster::namespaces_of(target, &is_kind, &workload.name);
                // Who may not look there learns that it is not here.
                let found = runtime::start().map(|runtime| runtime.block_on(found));
                found.ok().and_then(Result::ok).unwrap_or_default()
            }
        }
    }

    fn place(&self) -> String {
        match &self.origin {
            Origin::Manifests { .. } => "the manifests".to_owned(),
            Origin::Cluster {
                namespace: None, ..
            } => "the cluster".to_owned(),
            Origin::Cluster {
                namespace: Some(name),
                ..
            } => format!("namespace {name}"),
        }
    }

    /// Whether it comes from a cluster, and workloads may be missing.
    pub(super) const fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Whether it comes from a cluster.
    pub(super) const fn is_of_cluster(&self) -> bool {
        match &self.origin {
            Origin::Manifests { .. } => false,
            Origin::Cluster { .. } => true,
        }
    }

    /// How a command ends that judges nothing further.
    pub(super) const fn exit(&self) -> Exit {
        Exit::of_input(self.unreadable)
    }

    /// Why nothing was judged; none where something was.
    pub(super) fn nothing_judged(&self) -> Option<String> {
        if self.report.workloads.is_empty() && self.report.summary.counted_services == 0 {
            return Some(match &self.origin {
                Origin::Manifests { .. } => format!("no workload to judge; {}", self.passed_over),
                Origin::Cluster { .. } if self.is_partial => {
                    format!("no workload to judge in {}\nhint: {PARTIAL}", self.place())
                }
                Origin::Cluster { .. } => format!("no workload to judge in {}", self.place()),
            });
        }
        let has_path = self.inventory.paths().iter().next().is_some();
        (!has_path).then(|| {
            "no golden path to judge by; add one with --paths FILE, or --paths starter".to_owned()
        })
    }
}

/// What is read of a cluster.
fn listing_settings(
    args: &EvidenceArgs,
    extent: Extent,
    global: &GlobalArgs,
) -> Result<ListingSettings> {
    let mut judging = args.judging.settings();
    judging.delivery = match extent {
        Extent::Register | Extent::Overview => None,
        Extent::Delivery | Extent::Page | Extent::Workload | Extent::Draft => {
            Some(DeliverySettings::default())
        }
    };
    Ok(ListingSettings {
        target: global.target(),
        judging,
        extra_kinds: args.judging.kinds.extra_kind.clone(),
        scope: match extent {
            Extent::Register | Extent::Overview | Extent::Delivery | Extent::Page => global.scope(),
            Extent::Workload | Extent::Draft => global.scope_of_one(),
        },
        paths: given_paths(&args.paths)?,
        messages: match extent {
            Extent::Register | Extent::Overview | Extent::Delivery => false,
            Extent::Page | Extent::Workload | Extent::Draft => true,
        },
        goals: match extent {
            Extent::Overview | Extent::Delivery | Extent::Page | Extent::Draft => true,
            Extent::Register | Extent::Workload => false,
        },
    })
}

/// The instant to judge manifests at: the one that is named, else the day of the examples if they are
/// the ones of this project, else now.
fn as_of(input: &Input, invocation: &Invocation<'_>) -> Timestamp {
    day_of(input, invocation).unwrap_or(invocation.now)
}

/// As [`as_of`]; none for now.
pub(super) fn day_of(input: &Input, invocation: &Invocation<'_>) -> Option<Timestamp> {
    if invocation.global.as_of.is_some() {
        return invocation.global.as_of;
    }
    let day = manifests::examples::day_of(input)?;
    terminal::note(&format!(
        "These examples are written for {}, so they are judged as of that day; --as-of sets another.\n",
        Calendar::Stored.day(day)
    ));
    Some(day)
}

/// A cluster that could not be read; its next step may be to judge files.
fn unread(error: cluster::Error) -> CommandError {
    let hint = advice::or_judge_files(&error);
    let error = CommandError::from(error);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// What was made of manifests.
pub(super) struct Judged {
    pub(super) inventory: Inventory,
    pub(super) report: Report,
    /// The objectives that are measured here.
    pub(super) unfollowed: Unfollowed,
    /// Problems that are not those of a judged object.
    pub(super) input_problems: Vec<Problem>,
    /// Golden paths, exceptions and namespaces that could not be used.
    unusable: usize,
    /// What was read of manifests and is not judged.
    pub(super) passed_over: PassedOver,
}

/// Judges what was read.
pub(super) fn judge(input: Input, judging: &JudgingArgs, now: Timestamp) -> Judged {
    let mut loaded = manifests::load(input, judging.settings(), &judging.kinds.extra_kind, now);
    let unfollowed = Unfollowed::all(&loaded.inventory);
    unfollowed.measure(&mut loaded.inventory, Vec::new(), now);
    let mut report = build::report(&loaded.inventory, &AsOf::new(now), &loaded.sources);
    report.problems.extend(loaded.problems.iter().cloned());
    report.problems.sort();
    Judged {
        inventory: loaded.inventory,
        report,
        unfollowed,
        input_problems: loaded.problems,
        unusable: loaded.unusable,
        passed_over: loaded.passed_over,
    }
}

/// Objects as they are, for commands that judge them more than once.
pub(super) struct Objects {
    pub(super) input: Input,
    /// What could not be read of a cluster.
    pub(super) problems: Vec<Problem>,
}

impl Objects {
    /// Objects in files, and in more golden paths.
    pub(super) fn from_manifests(
        files: &[PathBuf],
        paths: &[PathsFrom],
        global: &GlobalArgs,
    ) -> Result<Self> {
        let stdin = &mut io::stdin().lock();
        Ok(Self {
            input: manifests::input(files, paths, global.default_namespace(), stdin)?,
            problems: Vec::new(),
        })
    }

    /// Objects of a cluster; `paths` replace its golden paths where there are any. With `drafted`
    /// paths, kinds that any of them name are read too.
    pub(super) fn from_cluster(
        judging: &JudgingArgs,
        paths: &[PathsFrom],
        drafted: Option<&[Manifest]>,
        global: &GlobalArgs,
    ) -> Result<Self> {
        let target = global.target();
        let scope: Scope = global.scope();
        let given = given_input(paths)?.map(|input| input.manifests);
        let named: Vec<Value> = given
            .iter()
            .flatten()
            .chain(drafted.into_iter().flatten())
            .filter(|manifest| is_golden_path(&manifest.value))
            .map(|manifest| manifest.value.clone())
            .collect();
        let named = drafted.is_some().then_some(&*named);
        let read = cluster::objects(&target, &judging.kinds.extra_kind, named, scope);
        let objects = runtime::start()?.block_on(read).map_err(unread)?;
        let mut input = manifests::stored(objects.values);
        if let Some(paths) = given {
            input
                .manifests
                .retain(|manifest| !is_golden_path(&manifest.value));
            input.manifests.extend(paths);
        }
        Ok(Self {
            input,
            problems: objects.problems,
        })
    }
}

fn given_input(paths: &[PathsFrom]) -> Result<Option<Input>> {
    if paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(manifests::paths(paths)?))
}

fn given_paths(paths: &[PathsFrom]) -> Result<Option<Vec<Value>>> {
    let input = given_input(paths)?;
    Ok(input.map(|input| {
        input
            .manifests
            .into_iter()
            .map(|manifest| manifest.value)
            .filter(is_golden_path)
            .collect()
    }))
}

/// Whether an object is of one of our kinds.
pub(super) fn is_of_kind(value: &Value, kind: &str) -> bool {
    let group = value["apiVersion"]
        .as_str()
        .and_then(|version| version.split('/').next());
    group == Some(GROUP) && value["kind"] == kind
}

/// Whether an object is a golden path.
pub(super) fn is_golden_path(value: &Value) -> bool {
    is_of_kind(value, "GoldenPath")
}

/// The flags that the answer depends on. Manifests on standard input have to be piped once more.
pub(super) fn flags(args: &EvidenceArgs, global: &GlobalArgs) -> String {
    let files = args
        .from
        .iter()
        .map(|path| flag("from", &path.to_string_lossy()));
    let paths = args.paths.iter().map(|paths| match paths {
        PathsFrom::Starter => flag("paths", "starter"),
        PathsFrom::File(path) => flag("paths", &path.to_string_lossy()),
    });
    let as_of = global.as_of.map(|at| flag("as-of", &at.to_string()));
    let connection = if args.from.is_empty() {
        global.connection_flags()
    } else {
        Vec::new()
    };
    files
        .chain(paths)
        .chain(args.judging.flags())
        .chain(connection)
        .chain(as_of)
        .collect::<Vec<_>>()
        .join(" ")
}
