//! Builds the report from verdicts and lives, with the same functions that labels and statuses come
//! from. Nothing is judged here.

mod register;
mod workload;

use std::collections::BTreeMap;

use crate::api::API_VERSION;
use crate::assess::adoption::index::Contributions;
use crate::assess::adoption::{CheckTally, PathTally, Tally};
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::register::index::Register;
use crate::assess::source::Source;
use crate::assess::state::State;
use crate::assess::verdict::{AsOf, judge};
use crate::report::document::{CheckCount, KIND, NewServices, PathLine, Report, Summary};

/// Maximum of checks in a path's line.
const NAMED_CHECKS: usize = 5;

/// Where objects were read; empty for a cluster.
#[derive(Debug, Default)]
pub struct Sources {
    pub workloads: BTreeMap<WorkloadId, Source>,
    /// Exceptions, by namespace and name.
    pub exceptions: BTreeMap<(String, String), Source>,
    /// Golden paths, by name.
    pub paths: BTreeMap<String, Source>,
}

/// Inputs of a report.
#[derive(Clone, Copy)]
struct View<'a> {
    inventory: &'a Inventory,
    contributions: &'a Contributions,
    register: &'a Register,
    as_of: &'a AsOf,
    sources: &'a Sources,
}

/// The report on everything in the inventory at one instant, with each service counted for it.
pub fn report(inventory: &Inventory, as_of: &AsOf, sources: &Sources) -> Report {
    report_of(
        inventory,
        &Contributions::of(inventory, as_of),
        &Register::of(inventory, as_of),
        as_of,
        sources,
    )
}

/// The report from services and exceptions that were counted before.
pub fn report_of(
    inventory: &Inventory,
    contributions: &Contributions,
    register: &Register,
    as_of: &AsOf,
    sources: &Sources,
) -> Report {
    let view = View {
        inventory,
        contributions,
        register,
        as_of,
        sources,
    };
    let ctx = inventory.judge_context(as_of);
    let exceptions = register.views(inventory);
    let mut workloads = Vec::new();
    let mut problems = register::problems(&view, &exceptions);
    problems.extend(register::undecodable(inventory));
    for (_, ns) in inventory.namespaces() {
        for entry in ns.workloads.values() {
            let verdict = judge(&entry.workload, ns, &ctx);
            let line = workload::line(&entry.workload, ns, &verdict, &view);
            problems.extend(workload::problems(&line));
            workloads.push(line);
        }
    }
    Report {
        api_version: API_VERSION,
        kind: KIND,
        as_of: as_of.now,
        summary: summary(&view),
        workloads,
        exceptions: exceptions
            .iter()
            .map(|e| register::line(e, sources))
            .collect(),
        problems,
    }
}

fn summary(view: &View<'_>) -> Summary {
    let tally = Tally::sum(
        view.contributions,
        view.inventory,
        view.as_of,
        view.register,
    );
    let mut services: BTreeMap<State, usize> =
        State::ALL.into_iter().map(|state| (state, 0)).collect();
    services.extend(&tally.services);
    Summary {
        counted_services: services.values().sum(),
        services,
        unscoped: tally.unscoped,
        ignored: tally.ignored,
        workloads: tally.workloads,
        namespaces: tally.namespaces,
        namespaces_total: tally.namespaces_total,
        adoption_ratio: tally.adoption().ratio(),
        accounted_ratio: tally.accounted().ratio(),
        paths: tally
            .paths
            .iter()
            .map(|(name, path)| path_line(name, path, view))
            .collect(),
    }
}

fn path_line(name: &str, tally: &PathTally, view: &View<'_>) -> PathLine {
    let paths = view.inventory.paths();
    let spec = paths
        .resolve_exact(name)
        .map(|index| &paths.get(index).spec);
    let failures = |check: &CheckTally| check.failures.values().sum();
    PathLine {
        path: name.to_owned(),
        title: spec.and_then(|spec| spec.title.clone()),
        takes_part: tally.takes_part,
        services: tally.adoption.of,
        on_path: tally.adoption.part,
        adoption_ratio: tally.adoption.ratio(),
        accounted_ratio: tally.accounted.ratio(),
        target_ratio: tally.target,
        new_services: tally.new_services.as_ref().map(|new| NewServices {
            total: new.share().of,
            on_path: new.share().part,
            within_days: new.within_days,
            deadline: new.deadline,
            target_met: new.target_met,
        }),
        top_deviations: most(&tally.checks, failures),
        last_steps: most(&tally.checks, |check| check.last_step),
        docs_url: spec.and_then(|spec| spec.docs_url.clone()),
    }
}

/// The checks with the most services, those with none left out.
fn most(checks: &[CheckTally], count: impl Fn(&CheckTally) -> usize) -> Vec<CheckCount> {
    let mut counts: Vec<CheckCount> = checks
        .iter()
        .map(|check| CheckCount {
            check: check.name.clone(),
            services: count(check),
        })
        .filter(|count| count.services > 0)
        .collect();
    counts.sort_by(|a, b| {
        b.services
            .cmp(&a.services)
            .then_with(|| a.check.cmp(&b.check))
    });
    counts.truncate(NAMED_CHECKS);
    counts
}
