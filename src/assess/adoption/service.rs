//! Workloads to services. A service is what a team speaks of: the workloads of a namespace that
//! share a service name, else one workload. Its worst workload speaks for it.
//! Only workloads in counted namespaces make services; counting them is the business of
//! [`crate::assess::adoption`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::Path;
use crate::assess::state::{State, Status};
use crate::assess::verdict::{AsOf, Choice, JudgeContext, Verdict, judge, judge_by_path};
use crate::assess::workload::{PathResult, Workload};

/// A workload and its verdict.
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

    /// The path it was judged by.
    pub fn path(&self) -> Option<&'a Path> {
        let index = self.verdict.path?;
        Some(self.workload.paths.get(index))
    }

    /// Its results by every path that takes part and in whose scope it is; none when ignored.
    fn scopes(&self, as_of: &AsOf) -> impl Iterator<Item = (&'a Path, &'a PathResult)> + use<'a> {
        let workload = self.workload;
        let at = as_of.paths(&workload.paths);
        let results = match self.verdict.status {
            Status::Ignored => &[],
            Status::Deviating | Status::Unknown | Status::GoldenPath | Status::Unscoped => {
                &*workload.results
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

    /// Its state by this path, whichever was chosen for it.
    fn state_by(&self, result: &PathResult, ctx: &JudgeContext<'_>) -> Option<State> {
        if self.verdict.path == Some(result.path.into()) {
            return self.verdict.state();
        }
        judge_by_path(self.workload, result, Choice::ClosestFit, self.ns, ctx).state()
    }
}

/// A service. It has at least one member.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its workloads; the worst comes first.
    members: Vec<Member<'a>>,
}

/// How a service stands with one path in whose scope it is.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The path.
    pub path: &'a Path,
    /// Whether all of its workloads in the path's scope pass every enforced required check.
    pub satisfied: bool,
}

impl<'a> Service<'a> {
    /// The service of these workloads; none without any.
    pub(super) fn of(mut members: Vec<Member<'a>>) -> Option<Self> {
        members.sort_by(|a, b| speaks_before(a).cmp(&speaks_before(b)));
        (!members.is_empty()).then_some(Self { members })
    }

    /// Its workloads, worst first.
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// Its worst workload: path, team and namespace of the service are this one's.
    pub fn lead(&self) -> &Member<'a> {
        &self.members[0]
    }

    /// Its state; none when no path is for it, or it is taken out.
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

    /// When it first existed, where that is known.
    pub fn birth(&self) -> Option<Timestamp> {
        let births = self
            .members
            .iter()
            .filter_map(|member| member.workload.birth);
        births.min()
    }

    /// Whether the scaffolder left its mark on any of its workloads.
    pub fn is_scaffolded(&self) -> bool {
        self.members.iter().any(|member| member.workload.scaffolded)
    }

    /// Every path in whose scope it is. Their order is no promise.
    pub fn fits(&self, as_of: &AsOf) -> Vec<Fit<'a>> {
        let mut fits: Vec<Fit<'a>> = Vec::new();
        for member in &self.members {
            for (path, result) in member.scopes(as_of) {
                let satisfied = member.satisfies(result, as_of);
                match fits.iter_mut().find(|fit| fit.path.name == path.name) {
                    Some(fit) => fit.satisfied &= satisfied,
                    None => fits.push(Fit { path, satisfied }),
                }
            }
        }
        fits
    }

    /// Its state by one path in whose scope it is, whichever was chosen for it.
    pub fn state_by(&self, fit: &Fit<'_>, ctx: &JudgeContext<'_>) -> Option<State> {
        if fit.satisfied {
            return Some(State::GoldenPath);
        }
        let members = self.members.iter();
        let states = members.flat_map(|member| {
            let scopes = member.scopes(ctx.as_of);
            scopes
                .filter(|(path, _)| path.name == fit.path.name)
                .filter_map(|(_, result)| member.state_by(result, ctx))
        });
        states.min()
    }
}

/// Judged before unscoped before ignored, then worst first, then by identity.
fn speaks_before<'a>(
    member: &Member<'a>,
) -> (
    Status,
    Option<State>,
    &'a crate::assess::object::kind::WorkloadId,
) {
    let status = match member.verdict.status {
        judged @ (Status::Unscoped | Status::Ignored) => judged,
        Status::Deviating | Status::Unknown | Status::GoldenPath => Status::Deviating,
    };
    (status, member.verdict.state(), &member.workload.id)
}

/// The services of every counted namespace. Their order is no promise.
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
