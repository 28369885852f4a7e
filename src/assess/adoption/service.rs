//! Groups workloads into services: the workloads of a namespace with the same service name, else a single
//! workload. The worst workload decides the state of its service. Only counted namespaces have services.
//! They are counted in [`crate::assess::adoption`], not here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::{Checks, Path};
use crate::assess::state::{Standing, State, Status};
use crate::assess::verdict::birth::BirthRule;
use crate::assess::verdict::{AsOf, Choice, JudgeContext, Verdict, judge, judge_by_path};
use crate::assess::workload::{PathResult, Workload};

/// A workload of a service.
#[derive(Debug)]
pub struct Member<'a> {
    /// The record.
    pub workload: &'a Workload,
    /// Its namespace.
    pub ns: &'a NamespaceIndex,
    /// Its verdict.
    pub verdict: Verdict,
}

impl<'a> Member<'a> {
    pub(super) fn of(
        workload: &'a Workload,
        ns: &'a NamespaceIndex,
        ctx: &JudgeContext<'_>,
    ) -> Self {
        Self {
            workload,
            ns,
            verdict: judge(workload, ns, ctx),
        }
    }

    /// The path that judges it.
    pub fn path(&self) -> Option<&'a Path> {
        let index = self.verdict.path?;
        Some(self.workload.paths.get(index))
    }

    /// Its results by every path that takes part and has it in scope; none when ignored.
    fn scopes(&self, as_of: &AsOf) -> impl Iterator<Item = (&'a Path, &'a PathResult)> + use<'a> {
        let workload = self.workload;
        let at = as_of.paths(&workload.paths);
        let results = match self.verdict.status {
            Status::Ignored => &[],
            Status::Deviating | Status::Unknown | Status::GoldenPath | Status::Unscoped => {
                &*workload.attributes.results
            }
        };
        results
            .iter()
            .filter(move |result| at[usize::from(result.path)].takes_part)
            .map(|result| (workload.paths.get(result.path.into()), result))
    }

    /// Whether every enforced required check of the path passes.
    fn satisfies(&self, result: &PathResult, as_of: &AsOf) -> bool {
        let at = as_of.paths(&self.workload.paths)[usize::from(result.path)];
        at.required & !result.passed == 0
    }

    /// As [`Self::satisfies`], of the checks that have been in force for long.
    fn satisfies_settled(&self, result: &PathResult, as_of: &AsOf) -> bool {
        let at = as_of.paths(&self.workload.paths)[usize::from(result.path)];
        at.settled & !result.passed == 0
    }

    /// As [`Self::satisfies`], of the checks that did not come without notice.
    fn satisfies_noticed(&self, result: &PathResult, as_of: &AsOf) -> bool {
        let at = as_of.paths(&self.workload.paths)[usize::from(result.path)];
        at.noticed & !result.passed == 0
    }

    /// The announced checks of the path that it does not pass yet.
    fn announced_open(&self, result: &PathResult, as_of: &AsOf) -> Checks {
        let at = as_of.paths(&self.workload.paths)[usize::from(result.path)];
        at.announced & !result.passed
    }

    /// Its state under this path, whichever path judges it.
    fn state_by(&self, result: &PathResult, ctx: &JudgeContext<'_>) -> Option<State> {
        if self.verdict.path == Some(result.path.into()) {
            return self.verdict.state();
        }
        judge_by_path(self.workload, result, Choice::ClosestFit, self.ns, ctx).state()
    }
}

/// A check that a service fails.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CheckFailure {
    pub path: Arc<str>,
    pub check: Box<str>,
    /// The worst standing it has in the service.
    pub standing: Standing,
}

/// A service. **Invariant:** it has at least one member.
#[derive(Debug)]
pub struct Service<'a> {
    /// Workloads of the service, worst first.
    members: Vec<Member<'a>>,
}

/// When a service first existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceBirth {
    /// At this instant.
    At(Timestamp),
    /// Its objects came with a rebuilt cluster, so their creation time is not its birth.
    Unknown,
    /// Its objects have no creation time, as in manifests.
    NotRecorded,
}

impl ServiceBirth {
    /// The instant, if known.
    pub const fn known(self) -> Option<Timestamp> {
        match self {
            Self::At(instant) => Some(instant),
            Self::Unknown | Self::NotRecorded => None,
        }
    }
}

/// Result of a service under one path that has it in scope.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The path.
    pub path: &'a Path,
    /// Whether all workloads in scope of the path pass every enforced required check.
    pub satisfied: bool,
    /// Whether they pass those that have been in force for long.
    pub satisfies_settled: bool,
    /// Whether they pass those that did not come without notice.
    pub satisfies_noticed: bool,
    /// Announced checks that at least one of them does not pass yet.
    pub announced_open: Checks,
}

impl<'a> Service<'a> {
    /// The service of these workloads; none without any.
    pub(super) fn of(mut members: Vec<Member<'a>>) -> Option<Self> {
        members.sort_by(|a, b| rank(a).cmp(&rank(b)));
        (!members.is_empty()).then_some(Self { members })
    }

    /// Workloads of the service, worst first.
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The worst workload, which gives the service its path, team and namespace.
    pub fn lead(&self) -> &Member<'a> {
        &self.members[0]
    }

    /// State of the service; none when unscoped or ignored.
    pub fn state(&self) -> Option<State> {
        self.lead().verdict.state()
    }

    /// Its team.
    pub fn team(&self) -> &'a str {
        let lead = self.lead();
        lead.ns.team_of(lead.workload)
    }

    /// Its namespace.
    pub fn namespace(&self) -> &'a str {
        &self.lead().workload.id.namespace
    }

    /// When the service first existed. A workload created with a rebuilt cluster hides the birth of its
    /// service, unless another one states it.
    pub fn birth(&self, rule: &BirthRule) -> ServiceBirth {
        let workloads = || self.members.iter().map(|member| member.workload);
        let is_stated = workloads().any(|workload| workload.attributes.states_birth);
        if !is_stated && workloads().any(|workload| rule.hides(workload)) {
            return ServiceBirth::Unknown;
        }
        workloads()
            .filter(|workload| !rule.hides(workload))
            .filter_map(Workload::birth)
            .min()
            .map_or(ServiceBirth::NotRecorded, ServiceBirth::At)
    }

    /// Whether any of its workloads has the scaffolder's annotation.
    pub(crate) fn is_scaffolded(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.workload.attributes.scaffolded)
    }

    /// Every path that has it in scope, in no particular order.
    pub fn fits(&self, as_of: &AsOf) -> Vec<Fit<'a>> {
        let mut fits: Vec<Fit<'a>> = Vec::new();
        for member in &self.members {
            for (path, result) in member.scopes(as_of) {
                let satisfied = member.satisfies(result, as_of);
                let satisfies_settled = member.satisfies_settled(result, as_of);
                let satisfies_noticed = member.satisfies_noticed(result, as_of);
                let announced_open = member.announced_open(result, as_of);
                match fits.iter_mut().find(|fit| fit.path.name == path.name) {
                    Some(fit) => {
                        fit.announced_open |= announced_open;
                        fit.satisfied &= satisfied;
                        fit.satisfies_settled &= satisfies_settled;
                        fit.satisfies_noticed &= satisfies_noticed;
                    }
                    None => fits.push(Fit {
                        path,
                        satisfied,
                        satisfies_settled,
                        satisfies_noticed,
                        announced_open,
                    }),
                }
            }
        }
        fits
    }

    /// Its state under one path that has it in scope, whichever path judges it.
    pub(crate) fn state_by(&self, fit: &Fit<'_>, ctx: &JudgeContext<'_>) -> Option<State> {
        if fit.satisfied {
            return Some(State::GoldenPath);
        }
        self.members
            .iter()
            .flat_map(|member| {
                member
                    .scopes(ctx.as_of)
                    .filter(|(path, _)| path.name == fit.path.name)
                    .filter_map(|(_, result)| member.state_by(result, ctx))
            })
            .min()
    }
}

/// Sort key: judged before unscoped before ignored, then worst first, then by identity.
fn rank<'a>(member: &Member<'a>) -> (Status, Option<State>, &'a WorkloadId) {
    let status = match member.verdict.status {
        judged @ (Status::Unscoped | Status::Ignored) => judged,
        Status::Deviating | Status::Unknown | Status::GoldenPath => Status::Deviating,
    };
    (status, member.verdict.state(), &member.workload.id)
}

/// The services of every counted namespace, in no particular order.
pub fn services<'a>(inventory: &'a Inventory, as_of: &AsOf) -> Vec<Service<'a>> {
    let ctx = inventory.judge_context(as_of);
    groups(inventory, &ctx)
        .map(|members| {
            members
                .into_iter()
                .filter(|member| member.ns.is_counted(&inventory.settings))
        })
        .filter_map(|counted| Service::of(counted.collect()))
        .collect()
}

/// The workloads of every service, each judged, those of namespaces that do not count too.
pub(super) fn groups<'a>(
    inventory: &'a Inventory,
    ctx: &JudgeContext<'_>,
) -> impl Iterator<Item = Vec<Member<'a>>> {
    let mut alone = Vec::new();
    let mut named: BTreeMap<(&str, &str), Vec<Member<'a>>> = BTreeMap::new();
    for (namespace, ns) in inventory.namespaces() {
        let group = if inventory.settings.services_across_namespaces {
            ""
        } else {
            namespace
        };
        for entry in ns.workloads.values() {
            let member = Member::of(&entry.workload, ns, ctx);
            match &entry.workload.service {
                Some(name) => named.entry((group, name)).or_default().push(member),
                None => alone.push(vec![member]),
            }
        }
    }
    alone.into_iter().chain(named.into_values())
}
