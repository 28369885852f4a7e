//! Adoption in numbers at one instant, over the services of an inventory. Metrics, reports and statuses read
//! the same tally, so that no two disagree. Only counted namespaces enter it. Unknown numbers are absent,
//! never 0.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use self::index::Contributions;
use super::inventory::Inventory;
use super::path::Path;
use super::register::index::Register;
use super::state::{Standing, State};
use super::verdict::AsOf;
use crate::api::Period;
use crate::api::roadmap_item::ItemDemand;

mod contribution;
mod count;
mod goal_parts;
pub mod index;
pub mod service;

/// Minimum age of the services in a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CohortAge {
    /// 30 days.
    Month,
    /// 60 days.
    TwoMonths,
    /// 90 days.
    Quarter,
}

impl CohortAge {
    /// Every age, youngest first.
    pub const ALL: [Self; 3] = [Self::Month, Self::TwoMonths, Self::Quarter];

    /// The age as a period.
    pub const fn period(self) -> Period {
        match self {
            Self::Month => Period::days(30),
            Self::TwoMonths => Period::days(60),
            Self::Quarter => Period::days(90),
        }
    }

    /// The age in days, as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "30",
            Self::TwoMonths => "60",
            Self::Quarter => "90",
        }
    }
}

/// Age up to which services count as new in [`Tally::self_service`] and [`Tally::scaffolded`].
pub(crate) const SELF_SERVICE_WINDOW: Period = Period::days(90);

/// How long after an adoption deadline its share can still be measured; later it would be invented.
pub(crate) const MEASURED_WITHIN: Period = Period::days(1);

/// Services by state; a state without services is absent.
pub type States = BTreeMap<State, usize>;

/// Adoption at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Services in scope of a path, by state.
    pub services: States,
    /// Services in scope of a path, by path, namespace, team and state.
    pub groups: BTreeMap<Group, usize>,
    /// Services in scope of no path.
    pub unscoped: usize,
    /// Services that opted out with a reason.
    pub ignored: usize,
    /// Workloads that request to opt out in a namespace that does not allow it; they stay counted.
    pub ignore_requests: usize,
    /// All workloads, including those of namespaces that do not count.
    pub workloads: usize,
    /// Namespaces with at least one workload.
    pub namespaces: usize,
    /// All namespaces that are not excluded; absent if a Namespace object was never seen.
    pub namespaces_total: Option<usize>,
    /// Every path by name, including previews.
    pub paths: BTreeMap<Arc<str>, PathTally>,
    /// Workloads by team, those of namespaces that do not count too.
    pub team_workloads: BTreeMap<Arc<str>, usize>,
    /// Hours per month, by bearer.
    pub hours: BTreeMap<Burden, f64>,
    /// Teams with at least half of their new services scaffolded, of all teams with new services.
    pub self_service: Share,
    /// Scaffolded services, of all new services.
    pub scaffolded: Share,
    /// Services by persona; a persona without `match` is absent.
    pub personas: BTreeMap<Arc<str>, PersonaTally>,
    /// Demand by roadmap item.
    pub roadmap: BTreeMap<Arc<str>, ItemTally>,
}

/// The services of one persona. A service may belong to several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonaTally {
    /// Services in scope of a path, by state.
    pub services: States,
    /// Services in scope of no path.
    pub unscoped: usize,
    /// Services by the path that judges them, and by state.
    pub paths: BTreeMap<Arc<str>, States>,
}

impl PersonaTally {
    /// Services, with a path or without.
    pub fn total(&self) -> usize {
        total(&self.services) + self.unscoped
    }

    /// Services on their path.
    pub fn on_path(&self) -> usize {
        let on_path = self.services.get(&State::GoldenPath);
        on_path.copied().unwrap_or(0)
    }
}

/// The demand for one roadmap item: exceptions that wait for it, and services that fail a check it
/// unblocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemTally {
    /// Services, each once.
    pub services: usize,
    /// Known teams of these services.
    pub teams: BTreeSet<Arc<str>>,
    /// Exceptions in use that wait for it.
    pub exceptions: usize,
    /// Hours a month that exceptions in use state: those that wait for it, and those from a check it
    /// unblocks.
    pub stated_hours: f64,
    /// Hours a month that paths assume for services without an exception from a check it unblocks.
    pub assumed_hours: f64,
}

impl ItemTally {
    /// As the status of the item stores it.
    pub(crate) fn demand(&self) -> ItemDemand {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        ItemDemand {
            services: count(self.services),
            teams: count(self.teams.len()),
            exceptions: count(self.exceptions),
            hours_per_month: self.stated_hours,
            assumed_hours_per_month: self.assumed_hours,
        }
    }
}

impl Tally {
    /// Counts every service of an inventory: for a single answer, where no [`index::AdoptionIndex`] is
    /// at hand. `register` is the register of the same instant.
    pub fn of(inventory: &Inventory, as_of: &AsOf, register: &Register) -> Self {
        Self::sum(
            &Contributions::of(inventory, as_of),
            inventory,
            as_of,
            register,
        )
    }

    /// The sum of contributions as of the same instant.
    pub fn sum(
        contributions: &Contributions,
        inventory: &Inventory,
        as_of: &AsOf,
        register: &Register,
    ) -> Self {
        count::tally(contributions.iter(), inventory, as_of, register)
    }

    /// Services on the path, of all in scope of a path.
    pub fn adoption(&self) -> Share {
        Share {
            part: self.services.get(&State::GoldenPath).copied().unwrap_or(0),
            of: total(&self.services),
        }
    }

    /// Services on the path or with an approved exception, of all in scope of a path.
    pub fn accounted(&self) -> Share {
        let accounted = self
            .services
            .iter()
            .filter(|(state, _)| state.is_accounted());
        Share {
            part: accounted.map(|(_, services)| services).sum(),
            of: total(&self.services),
        }
    }
}

/// Number of services in all states.
pub fn total(states: &States) -> usize {
    states.values().sum()
}

/// Key of a group of services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The path that judges them.
    pub path: Arc<str>,
    /// Namespace of the worst workload.
    pub namespace: Arc<str>,
    /// Team of the worst workload.
    pub team: Arc<str>,
    /// State of the worst workload.
    pub state: State,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Numerator.
    pub part: usize,
    /// Denominator.
    pub of: usize,
}

impl Share {
    /// `part` ÷ `of`, 0..1; absent if `of` is 0.
    pub fn ratio(self) -> Option<f64> {
        let as_float = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        (self.of > 0).then(|| as_float(self.part) / as_float(self.of))
    }

    /// Whether the share reaches this many percent; nothing of nothing never does.
    pub(crate) fn is_at_least(self, percent: u8) -> bool {
        self.of > 0 && self.part * 100 >= self.of * usize::from(percent)
    }

    /// The share in whole percent, rounded down, so that a printed threshold was reached.
    pub(crate) fn percent(self) -> usize {
        (self.part * 100).checked_div(self.of).unwrap_or_default()
    }

    fn add(&mut self, holds: bool, times: usize) {
        self.part += if holds { times } else { 0 };
        self.of += times;
    }
}

/// Numbers of one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathTally {
    /// Whether it takes part; otherwise it is a preview, and nothing is counted.
    pub takes_part: bool,
    /// Services judged by it, by state.
    pub services: States,
    /// Those of them that a launched path would judge if this one, a starter path, did not: by that path.
    pub launched_beside: BTreeMap<Arc<str>, usize>,
    /// Those of them that are undocumented and may be older than the path: their birth or its launch is not
    /// recorded.
    pub may_predate: usize,
    /// Services that satisfy it, of those in its scope, whichever path judges them.
    pub adoption: Share,
    /// Services that pass its steps of at least 90 days, of those in its scope: what teams did, apart
    /// from what the platform asks for lately.
    pub like_for_like: Share,
    /// Services in scope that only steps without notice keep off the path: those that no status has
    /// recorded yet.
    pub deviating_at_once: usize,
    /// How many steps have been in force for 90 days, and how many came since.
    pub settled_steps: usize,
    pub newer_steps: usize,
    /// Services that satisfy it or are accounted for, of those in its scope.
    pub accounted: Share,
    /// Target share of new services, 0..1.
    pub target: f64,
    /// Enforced required checks, in the order of the spec.
    pub checks: Vec<CheckTally>,
    /// Announced checks, in the order of the spec.
    pub announced: Vec<AnnouncedTally>,
    /// Services created in the first days after its launch; absent for a preview, or without a known
    /// launch.
    pub new_services: Option<NewServicesTally>,
    /// For each age: services in scope, created since the launch and at least that old, by current
    /// state. Absent without a known launch.
    pub cohorts: BTreeMap<CohortAge, States>,
}

/// Numbers of one announced check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedTally {
    /// Name of the check.
    pub name: String,
    /// When it starts to count.
    pub enforce_from: Timestamp,
    /// Services in scope that do not pass it yet.
    pub open: usize,
}

/// Numbers of one enforced required check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckTally {
    /// Name of the check.
    pub name: String,
    /// Services that fail it, by the worst standing in the service.
    pub failures: BTreeMap<Standing, usize>,
    /// Services for which it is the only missing step.
    pub last_step: usize,
}

/// The services in scope of a path that were created in the first days after its launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewServicesTally {
    /// Services by current state under this path.
    pub states: States,
    /// Length of the window in days; it ends at the deadline.
    pub within_days: u16,
    /// When the share is measured.
    pub deadline: Timestamp,
    /// Services in scope whose birth is unknown, so that they are in no cohort: their objects came with
    /// a rebuilt cluster and state no birth.
    pub births_unknown: usize,
    /// Whether the target was met at the deadline; absent before it, without new services, and where it
    /// was not measured.
    pub target_met: Option<bool>,
}

impl NewServicesTally {
    /// Services on the path now, of all new ones.
    pub fn share(&self) -> Share {
        Share {
            part: self.states.get(&State::GoldenPath).copied().unwrap_or(0),
            of: total(&self.states),
        }
    }

    fn empty(path: &Path) -> Option<Self> {
        Some(Self {
            states: States::new(),
            within_days: path.spec.adoption.within_days,
            deadline: path.adoption_deadline()?,
            births_unknown: 0,
            target_met: None,
        })
    }
}

/// Key of the cost of deviations: who bears it, and the source of the figure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Burden {
    /// The path that the services deviate from.
    pub path: Arc<str>,
    /// The team that bears the cost.
    pub team: Arc<str>,
    /// Standing of the deviation.
    pub standing: Standing,
    /// Source of the figure; figures of different sources are never summed.
    pub source: CostSource,
}

/// Source of a figure of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostSource {
    /// An exception states it.
    Stated,
    /// The path's estimate for a deviation without an exception.
    Assumed,
}

impl CostSource {
    /// The word used in metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Assumed => "assumed",
        }
    }
}
