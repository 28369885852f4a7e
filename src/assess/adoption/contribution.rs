//! What one service adds to the numbers at one instant, as a value: services that add the same compare
//! equal, so a tally is a sum over few distinct contributions. Nothing is summed here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{CohortAge, SELF_SERVICE_WINDOW, goal_parts};
use crate::assess::adoption::goal_parts::ItemPart;
use crate::assess::adoption::service::{CheckFailure, Fit, Member, Service, ServiceBirth};
use crate::assess::hours::Hours;
use crate::assess::inventory::faults::FaultKey;
use crate::assess::path::evaluate::FaultPlace;
use crate::assess::path::{Path, indexes};
use crate::assess::state::{Standing, State, Status};
use crate::assess::verdict::{JudgeContext, launched_beside};

/// What the workloads of one service add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Contribution {
    /// Its workloads by team, those of namespaces that do not count too.
    pub workloads: Vec<(Arc<str>, usize)>,
    /// How many of them ask to be left out where that is not allowed.
    pub ignore_requests: usize,
    /// How many of them each expression failed on.
    pub faults: Vec<(FaultKey, usize)>,
    /// The service; none where all its workloads are in namespaces that do not count.
    pub service: Option<ServiceCount>,
}

/// What the service itself adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ServiceCount {
    pub namespace: Arc<str>,
    pub team: Arc<str>,
    pub profile: Arc<Profile>,
}

/// All that is counted of a service apart from where it is and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Profile {
    /// The status of the workload that speaks for it.
    pub status: Status,
    /// The path it is judged by, and its state by it.
    pub judged: Option<(Arc<str>, State)>,
    /// The launched path that would judge it, where a starter path does.
    pub launched_beside: Option<Arc<str>>,
    /// Whether it deviates, and might be older than its path: its birth or the launch is not recorded.
    pub may_predate: bool,
    /// Whether the scaffolder made it; none where it was not created lately.
    pub lately_scaffolded: Option<bool>,
    /// One for each path in whose scope it is.
    pub fits: Vec<FitCount>,
    /// The checks it fails.
    pub failures: Vec<CheckFailure>,
    /// Whether a single step is missing.
    pub is_last_step: bool,
    /// What its deviation is assumed to cost.
    pub assumed: Option<AssumedHours>,
    /// The personas it belongs to.
    pub personas: Vec<Arc<str>>,
    /// The roadmap items it waits for.
    pub items: Vec<ItemPart>,
}

/// How a service adds to the numbers of one path.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FitCount {
    pub path: Arc<str>,
    pub is_satisfied: bool,
    pub satisfies_settled: bool,
    pub satisfies_noticed: bool,
    pub is_accounted: bool,
    pub cohort: CohortPart,
    /// The announced checks that it does not pass yet.
    pub announced_open: Vec<Box<str>>,
}

/// Whether a service is in the cohorts of one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum CohortPart {
    /// Born since the path's launch.
    In(CohortCount),
    /// Older than the path, or not born yet.
    Outside,
    /// Its birth is unknown.
    Unknown,
}

/// How a service adds to the cohorts of one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CohortCount {
    pub state: State,
    /// Whether it was born before the path's adoption deadline.
    pub is_new: bool,
    /// Which ages it is old enough for, in order of [`CohortAge::ALL`].
    pub ages: [bool; CohortAge::ALL.len()],
}

/// The hours a deviation without an exception is assumed to cost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AssumedHours {
    pub path: Arc<str>,
    pub standing: Standing,
    pub hours: Hours,
}

impl Contribution {
    /// What these workloads add, which are those of one service in every namespace that has them.
    pub fn of(members: Vec<Member<'_>>, ctx: &JudgeContext<'_>) -> Self {
        let mut teams = BTreeMap::<&str, usize>::new();
        let mut faults = BTreeMap::<(&Arc<str>, FaultPlace), usize>::new();
        let mut ignore_requests = 0;
        for member in &members {
            let (workload, ns) = (member.workload, member.ns);
            *teams.entry(ns.team_of(workload)).or_default() += 1;
            let asks = workload.attributes.ignore.is_some() && !ns.may_ignore(ctx.settings);
            ignore_requests += usize::from(asks);
            for key in workload.faults() {
                *faults.entry(key).or_default() += 1;
            }
        }
        let workloads = teams
            .into_iter()
            .map(|(team, n)| (team.into(), n))
            .collect();
        let faults = faults
            .into_iter()
            .map(|((path, place), n)| ((path.clone(), place), n))
            .collect();
        let counted = members
            .into_iter()
            .filter(|member| member.ns.is_counted(ctx.settings));
        Self {
            workloads,
            ignore_requests,
            faults,
            service: Service::of(counted.collect()).map(|service| ServiceCount::of(&service, ctx)),
        }
    }
}

impl ServiceCount {
    fn of(service: &Service<'_>, ctx: &JudgeContext<'_>) -> Self {
        Self {
            namespace: service.lead().workload.id.namespace.clone(),
            team: service.team().into(),
            profile: Arc::new(Profile::of(service, ctx)),
        }
    }
}

impl Profile {
    fn of(service: &Service<'_>, ctx: &JudgeContext<'_>) -> Self {
        let (lead, state) = (service.lead(), service.state());
        let mut profile = Self {
            status: lead.verdict.status,
            judged: None,
            launched_beside: None,
            may_predate: false,
            lately_scaffolded: None,
            fits: Vec::new(),
            failures: Vec::new(),
            is_last_step: false,
            assumed: None,
            personas: Vec::new(),
            items: Vec::new(),
        };
        match lead.verdict.status {
            Status::Ignored => return profile,
            Status::Deviating | Status::Unknown | Status::GoldenPath | Status::Unscoped => {}
        }
        let path = lead.path().map(|path| path.name.clone());
        profile.judged = path.zip(state);
        profile.launched_beside =
            launched_beside(lead.workload, &lead.verdict, ctx.as_of).map(|path| path.name.clone());
        profile.may_predate = may_predate(service, ctx);
        profile.lately_scaffolded = lately_scaffolded(service, ctx);
        let birth = service.birth(&ctx.births);
        let fits = service.fits(ctx.as_of);
        profile.fits = fits
            .iter()
            .map(|fit| FitCount {
                path: fit.path.name.clone(),
                is_satisfied: fit.satisfied,
                satisfies_settled: fit.satisfies_settled,
                satisfies_noticed: fit.satisfies_noticed,
                is_accounted: fit.satisfied || state.is_some_and(State::is_accounted),
                cohort: match birth {
                    ServiceBirth::At(birth) => cohort(birth, service, fit, ctx),
                    ServiceBirth::Unknown => CohortPart::Unknown,
                    ServiceBirth::NotRecorded => CohortPart::Outside,
                },
                announced_open: indexes(fit.announced_open)
                    .filter_map(|index| fit.path.spec.checks.get(index))
                    .map(|check| check.name.as_str().into())
                    .collect(),
            })
            .collect();
        // Their order depends on the order of members.
        profile.fits.sort_by(|a, b| a.path.cmp(&b.path));
        (profile.failures, profile.is_last_step) = failures(service);
        profile.assumed = assumed(service);
        profile.personas = goal_parts::personas(service, ctx);
        profile.items = goal_parts::items(service, &profile.failures, ctx);
        profile
    }
}

fn may_predate(service: &Service<'_>, ctx: &JudgeContext<'_>) -> bool {
    let lead = service.lead();
    let is_unknown = |path: &Path| lead.workload.birth().is_none() || path.known_launch().is_none();
    service.state() == Some(State::Deviating(Standing::Undocumented))
        && lead
            .path()
            .is_some_and(|path| is_unknown(path) && path.spares_older(ctx.as_of.now))
}

fn lately_scaffolded(service: &Service<'_>, ctx: &JudgeContext<'_>) -> Option<bool> {
    let now = ctx.as_of.now;
    let since = SELF_SERVICE_WINDOW.before(now);
    let is_new = service
        .birth(&ctx.births)
        .known()
        .is_some_and(|birth| birth > since && birth <= now);
    is_new.then(|| service.is_scaffolded())
}

fn cohort(
    birth: Timestamp,
    service: &Service<'_>,
    fit: &Fit<'_>,
    ctx: &JudgeContext<'_>,
) -> CohortPart {
    let now = ctx.as_of.now;
    let launch = fit.path.launched_at();
    let is_since = launch.is_some_and(|launch| launch <= birth && birth <= now);
    let Some(state) = service.state_by(fit, ctx).filter(|_| is_since) else {
        return CohortPart::Outside;
    };
    CohortPart::In(CohortCount {
        state,
        is_new: fit
            .path
            .adoption_deadline()
            .is_some_and(|deadline| birth < deadline),
        ages: CohortAge::ALL.map(|age| age.period().after(birth) <= now),
    })
}

/// Which checks the service fails, and whether it is one step away.
fn failures(service: &Service<'_>) -> (Vec<CheckFailure>, bool) {
    let mut failing: BTreeMap<(&Arc<str>, &str), Standing> = BTreeMap::new();
    let mut errs = false;
    for member in service.members() {
        let Some(path) = member.path() else {
            continue;
        };
        errs |= member.verdict.errored != 0;
        for standing in &member.verdict.standings {
            let key = (&path.name, &*path.spec.checks[standing.check].name);
            let worst = failing.entry(key).or_insert(standing.standing);
            *worst = standing.standing.min(*worst);
        }
    }
    let is_last_step = failing.len() == 1 && !errs;
    let failing = failing
        .into_iter()
        .map(|((path, check), standing)| CheckFailure {
            path: path.clone(),
            check: check.into(),
            standing,
        });
    (failing.collect(), is_last_step)
}

/// A deviation without an exception costs what its path assumes, once per service.
fn assumed(service: &Service<'_>) -> Option<AssumedHours> {
    let standing = service
        .members()
        .iter()
        .flat_map(|member| &member.verdict.standings)
        .map(|standing| standing.standing)
        .filter(|standing| !standing.is_excused())
        .min()?;
    let path = service.lead().path()?;
    let cost = path.spec.ownership_cost?;
    Some(AssumedHours {
        path: path.name.clone(),
        standing,
        hours: Hours::of(cost.hours_per_month),
    })
}

/// The next instant at which age alone changes what a service of this birth adds.
pub(super) fn next_age(birth: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let ages = CohortAge::ALL.map(|age| age.period().after(birth));
    [birth, SELF_SERVICE_WINDOW.after(birth)]
        .into_iter()
        .chain(ages)
        .filter(|at| *at > now)
        .min()
}

impl crate::assess::workload::Workload {
    /// The expressions that compile and failed on it.
    pub(in crate::assess) fn faults(&self) -> impl Iterator<Item = (&Arc<str>, FaultPlace)> {
        let checks = self
            .attributes
            .results
            .iter()
            .filter(|result| result.errored != 0)
            .flat_map(|result| {
                let path = self.paths.get(result.path.into());
                indexes(result.errored)
                    .filter(|check| path.programs[*check].expression.is_some())
                    .map(|check| u16::try_from(check).unwrap_or(u16::MAX))
                    .map(|check| (&path.name, FaultPlace::Check(check)))
            });
        let conditions = self.attributes.scope_errors.iter().map(|error| {
            let path = self.paths.get(error.path.into());
            (&path.name, FaultPlace::MatchCondition(error.condition))
        });
        checks.chain(conditions)
    }
}
