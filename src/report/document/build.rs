//! Builds the report from verdicts and lives, with the same functions that labels and statuses come
//! from. Nothing is judged here.

mod register;
mod workload;

use std::collections::BTreeMap;

use crate::api::API_VERSION;
use crate::assess::adoption::index::Contributions;
use crate::assess::adoption::{CheckTally, PathTally, Tally};
use crate::assess::delivery::contrast::{Collected, Contrast, Surroundings};
use crate::assess::delivery::tracked::with_records;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::register::ExceptionView;
use crate::assess::register::index::Register;
use crate::assess::source::{Problem, Source};
use crate::assess::state::{Standing, State};
use crate::assess::verdict::{AsOf, judge};
use crate::assess::workload::Workload;
use crate::report::document::objectives::objectives;
use crate::report::document::surveys::surveys;
use crate::report::document::{
    self, AnnouncedStep, CheckCount, KIND, LikeForLike, NewServices, PathCount, PathLine,
    PredatesCount, Report, RoadmapLines, Summary, TeamLine, TrendPoint, personas, roadmap,
};

/// Where objects were read; empty for a cluster.
#[derive(Debug, Default)]
pub struct Sources {
    pub workloads: BTreeMap<WorkloadId, Source>,
    /// Exceptions, by namespace and name.
    pub exceptions: BTreeMap<(String, String), Source>,
    /// Golden paths, by name.
    pub paths: BTreeMap<String, Source>,
}

/// Inputs of every line of a report.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) contributions: &'a Contributions,
    pub(super) register: &'a Register,
    pub(super) as_of: &'a AsOf,
    pub(super) sources: &'a Sources,
}

impl View<'_> {
    /// The line of a workload.
    pub(super) fn workload(&self, workload: &Workload, ns: &NamespaceIndex) -> document::Workload {
        let verdict = judge(workload, ns, &self.inventory.judge_context(self.as_of));
        workload::line(workload, ns, &verdict, self)
    }

    /// The problems of a workload, which its line shows too.
    pub(super) fn workload_problems(
        &self,
        workload: &Workload,
        ns: &NamespaceIndex,
    ) -> Vec<Problem> {
        let verdict = judge(workload, ns, &self.inventory.judge_context(self.as_of));
        workload::problems(workload, &verdict, self)
    }

    /// The line of an exception.
    pub(super) fn exception(&self, exception: &ExceptionView<'_>) -> document::Exception {
        register::line(exception, self)
    }

    /// The problems of an exception.
    pub(super) fn exception_problems(&self, exception: &ExceptionView<'_>) -> Vec<Problem> {
        register::exception_problems(exception, self)
    }

    /// The problems of golden paths, and of stored objects that cannot be decoded.
    pub(super) fn other_problems(&self) -> Vec<Problem> {
        let mut problems = register::path_problems(self);
        problems.extend(register::undecodable(self.inventory));
        problems
    }

    /// The fleet in numbers.
    pub(super) fn summary(&self) -> Summary {
        let tally = Tally::sum(
            self.contributions,
            self.inventory,
            self.as_of,
            self.register,
        );
        let mut services: BTreeMap<State, usize> =
            State::ALL.into_iter().map(|state| (state, 0)).collect();
        services.extend(&tally.services);
        let teams = teams(&tally, self);
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
            advised: teams.iter().map(|team| team.advised).sum(),
            teams,
            paths: tally
                .paths
                .iter()
                .map(|(name, path)| path_line(name, path, self))
                .collect(),
            objectives: objectives(self.inventory.goals()),
            contrast: self.contrast(&tally).map(Box::new),
            surveys: surveys(self.inventory.goals(), self.as_of.now).map(Box::new),
            roadmap: self.roadmap(&tally).map(Box::new),
            personas: personas::lines(self.inventory, &tally).map(Box::new),
        }
    }

    /// The roadmap; none where nothing is on it.
    fn roadmap(&self, tally: &Tally) -> Option<RoadmapLines> {
        let has_items = self.inventory.goals().roadmap.iter().len() > 0;
        let exceptions = if has_items {
            self.register.views(self.inventory)
        } else {
            Vec::new()
        };
        roadmap::lines(self.inventory, tally, &exceptions, self.as_of.now)
    }

    /// Delivery on both sides; none where no rollout is recorded.
    fn contrast(&self, tally: &Tally) -> Option<Contrast> {
        let mut collected = Collected::until(self.as_of.now);
        for it in with_records(self.inventory, self.as_of) {
            collected.add(&it);
        }
        if collected.is_empty() {
            return None;
        }
        let register = self.register.views(self.inventory);
        Some(collected.contrast(&Surroundings::of(tally, &register)))
    }
}

/// The report on everything in the inventory at one instant, with each service and exception counted for
/// it.
pub fn report(inventory: &Inventory, as_of: &AsOf, sources: &Sources) -> Report {
    let view = View {
        inventory,
        contributions: &Contributions::of(inventory, as_of),
        register: &Register::of(inventory, as_of),
        as_of,
        sources,
    };
    report_of(&view)
}

/// The report from services and exceptions that were counted before.
pub(super) fn report_of(view: &View<'_>) -> Report {
    let View {
        inventory, as_of, ..
    } = view;
    let exceptions = view.register.views(inventory);
    let mut problems = view.other_problems();
    problems.extend(exceptions.iter().flat_map(|it| view.exception_problems(it)));
    let mut workloads = Vec::new();
    for (ns, workload) in inventory.workloads_from("", None) {
        let line = view.workload(workload, ns);
        if !line.problems.is_empty() {
            problems.extend(view.workload_problems(workload, ns));
        }
        workloads.push(line);
    }
    Report {
        api_version: API_VERSION,
        kind: KIND,
        as_of: as_of.now,
        summary: view.summary(),
        workloads,
        exceptions: exceptions.iter().map(|it| view.exception(it)).collect(),
        problems,
    }
}

fn only_advises(path: &str, view: &View<'_>) -> bool {
    let paths = view.inventory.paths();
    paths
        .resolve_exact(path)
        .is_some_and(|index| paths.get(index).only_advises())
}

/// The counted services of each team, by name.
fn teams(tally: &Tally, view: &View<'_>) -> Vec<TeamLine> {
    let mut teams: BTreeMap<&str, TeamLine> = BTreeMap::new();
    for (group, services) in &tally.groups {
        let line = teams.entry(&group.team).or_insert_with(|| TeamLine {
            team: group.team.to_string(),
            ..TeamLine::default()
        });
        *line.services.entry(group.state).or_default() += services;
        let is_open = group.state == State::Deviating(Standing::Undocumented);
        if is_open && only_advises(&group.path, view) {
            line.advised += services;
        }
    }
    teams.into_values().collect()
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
        advice: only_advises(name, view),
        services: tally.adoption.of,
        on_path: tally.adoption.part,
        adoption_ratio: tally.adoption.ratio(),
        like_for_like: tally.like_for_like.ratio().map(|ratio| LikeForLike {
            on_path: tally.like_for_like.part,
            ratio,
            newer_steps: tally.newer_steps,
        }),
        accounted_ratio: tally.accounted.ratio(),
        target_ratio: tally.target,
        new_services: tally.new_services.as_ref().map(|new| NewServices {
            total: new.share().of,
            on_path: new.share().part,
            within_days: new.within_days,
            deadline: new.deadline,
            births_unknown: Some(new.births_unknown).filter(|services| *services > 0),
            target_met: new.target_met,
        }),
        top_deviations: most(&tally.checks, failures),
        last_steps: most(&tally.checks, |check| check.last_step),
        announced: announced(tally),
        predates: tally
            .services
            .get(&State::Deviating(Standing::Predates))
            .zip(spec.and_then(|spec| spec.existing.until.as_ref()))
            .map(|(services, until)| PredatesCount {
                services: *services,
                until: until.0,
            }),
        launched_at: paths
            .resolve_exact(name)
            .and_then(|index| paths.get(index).known_launch()),
        launched_beside: tally
            .launched_beside
            .iter()
            .map(|(path, services)| PathCount {
                path: path.to_string(),
                services: *services,
            })
            .collect(),
        may_predate: tally.may_predate,
        trend: trend(name, view),
        docs_url: spec.and_then(|spec| spec.docs_url.clone()),
    }
}

/// The announced checks of a path that takes part.
fn announced(tally: &PathTally) -> Vec<AnnouncedStep> {
    tally
        .announced
        .iter()
        .filter(|_| tally.takes_part)
        .map(|check| AnnouncedStep {
            check: check.name.clone(),
            enforce_from: check.enforce_from,
            services: check.open,
        })
        .collect()
}

/// The weekly counts in the status of a path, up to the instant of the report.
fn trend(path: &str, view: &View<'_>) -> Vec<TrendPoint> {
    let status = view.inventory.path_status(path);
    let history = status.map_or(&[][..], |status| &status.history);
    history
        .iter()
        .filter(|point| point.at.0 <= view.as_of.now)
        .map(|point| {
            let of = |state: State| point.counts.get(state.as_str()).map_or(0, |n| *n as usize);
            TrendPoint {
                at: point.at.0,
                services: point
                    .counts
                    .values()
                    .map(|services| *services as usize)
                    .sum(),
                on_path: of(State::GoldenPath),
                predates: of(State::Deviating(Standing::Predates)),
            }
        })
        .collect()
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
    counts
}
