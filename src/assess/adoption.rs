//! Adoption in numbers: one pass over the services of a moment. Metrics, reports and statuses
//! read the same tally, so that no two of them can disagree. Only counted namespaces enter it.
//! What is not known is absent, never 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use self::index::Contributions;
use super::inventory::Inventory;
use super::path::Path;
use super::register::ExceptionView;
use super::state::{Standing, State};
use super::verdict::AsOf;
use crate::api::Period;

mod contribution;
mod count;
pub mod index;
pub mod service;

/// How old the services of a cohort are at least.
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

    /// Its length.
    pub const fn period(self) -> Period {
        match self {
            Self::Month => Period::days(30),
            Self::TwoMonths => Period::days(60),
            Self::Quarter => Period::days(90),
        }
    }

    /// Its length in days, as metrics write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "30",
            Self::TwoMonths => "60",
            Self::Quarter => "90",
        }
    }
}

/// How far back a team's new services count for [`Tally::self_service`].
pub const SELF_SERVICE_WINDOW: Period = Period::days(90);

/// Services by state; a state without services is absent.
pub type States = BTreeMap<State, usize>;

/// Adoption at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Services a path is for, by state.
    pub services: States,
    /// The same, by path, namespace, team and state.
    pub groups: BTreeMap<Group, usize>,
    /// Services no path is for.
    pub unscoped: usize,
    /// Services taken out with a reason.
    pub ignored: usize,
    /// Workloads that ask to be taken out where that is not allowed; they stay counted.
    pub ignore_requests: usize,
    /// All workloads, those of namespaces that do not count too.
    pub workloads: usize,
    /// Namespaces with at least one workload.
    pub namespaces: usize,
    /// All namespaces that are not left out; absent where some were never seen themselves.
    pub namespaces_total: Option<usize>,
    /// Every path, previews too, by name.
    pub paths: BTreeMap<Arc<str>, PathTally>,
    /// Workloads by team, those of namespaces that do not count too.
    pub team_workloads: BTreeMap<Arc<str>, usize>,
    /// Hours a month, by who carries them.
    pub hours: BTreeMap<Burden, f64>,
    /// Teams whose new services were all scaffolded, of the teams that created any lately.
    pub self_service: Share,
}

impl Tally {
    /// Counts every service of an inventory: for a single answer, where no [`index::AdoptionIndex`] is
    /// at hand. `register` is the register of the same instant.
    pub fn of(inventory: &Inventory, as_of: &AsOf, register: &[ExceptionView<'_>]) -> Self {
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
        register: &[ExceptionView<'_>],
    ) -> Self {
        count::tally(contributions.iter(), inventory, as_of, register)
    }

    /// Services on the path, of all that a path is for.
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

/// How many services there are in all states.
pub fn total(states: &States) -> usize {
    states.values().sum()
}

/// What services are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The path they were judged by.
    pub path: Arc<str>,
    /// Their namespace.
    pub namespace: Arc<str>,
    /// Their team.
    pub team: Arc<str>,
    /// Their state.
    pub state: State,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// `part` ÷ `of`, 0..1; absent where there is nothing to divide by.
    pub fn ratio(self) -> Option<f64> {
        let as_float = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
        (self.of > 0).then(|| as_float(self.part) / as_float(self.of))
    }

    fn add(&mut self, holds: bool, times: usize) {
        self.part += if holds { times } else { 0 };
        self.of += times;
    }
}

/// One path in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathTally {
    /// Whether it is launched and judges; otherwise it is a preview and nothing is counted.
    pub takes_part: bool,
    /// Services judged by it, by state.
    pub services: States,
    /// Services that satisfy it, of those in its scope, whichever path was chosen for them.
    pub adoption: Share,
    /// Services that satisfy it or are accounted for, of those in its scope.
    pub accounted: Share,
    /// The goal for new services, 0..1.
    pub target: f64,
    /// Its enforced required checks, in its order.
    pub checks: Vec<CheckTally>,
    /// The services born in the first days after its launch; absent for a preview, or where the
    /// launch is not known.
    pub new_services: Option<NewServicesTally>,
    /// For each age: services in its scope born since its launch and at least that
    /// old, by their state now. Absent where the launch is not known.
    pub cohorts: BTreeMap<CohortAge, States>,
}

/// One enforced required check in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckTally {
    /// Its name.
    pub name: String,
    /// Services that fail it, by the worst standing it has in the service.
    pub failures: BTreeMap<Standing, usize>,
    /// Services for which it is the only step missing.
    pub last_step: usize,
}

/// The services in a path's scope that were born in the first days after its launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewServicesTally {
    /// By their state by this path, now.
    pub states: States,
    /// Length of the window in days; it ends at the deadline.
    pub within_days: u16,
    /// When the share is measured.
    pub deadline: Timestamp,
    /// Whether the target was met at the deadline; absent before it, and where there are none.
    pub target_met: Option<bool>,
}

impl NewServicesTally {
    /// Those on the path now, of all.
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
            target_met: None,
        })
    }
}

/// Who carries the cost of a deviation, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Burden {
    /// The path deviated from.
    pub path: Arc<str>,
    /// The team that carries it.
    pub team: Arc<str>,
    /// How the deviation stands.
    pub standing: Standing,
    /// Where the figure comes from; figures of different sources are never summed.
    pub source: CostSource,
}

/// Where a figure of hours comes from.
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
