//! Metrics, computed from the inventory at each scrape, so that no series outlives its object. Labels
//! are bounded, and an unknown value is absent, never 0. The operator's own counters are elsewhere.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use crate::assess::adoption::Tally;
use crate::assess::adoption::index::Contributions;
use crate::assess::delivery::contrast::{Collected, Contrast, Coverage, Signal, Surroundings};
use crate::assess::delivery::tallies::Tallies;
use crate::assess::delivery::tracked::with_records;
use crate::assess::delivery::windows::{WindowKey, WindowTotals, Windows};
use crate::assess::inventory::Inventory;
use crate::assess::register::ExceptionView;
use crate::assess::register::index::Register;
use crate::assess::verdict::AsOf;

mod adoption;
mod delivery;
mod exceptions;
mod families;
mod family;
mod goals;
mod objectives;
mod surveys;
mod workloads;

pub use families::FAMILIES;
pub use family::{Family, Kind};

/// The team that stands for all teams beyond the bound.
pub const OTHER_TEAMS: &str = "other";

/// Which series are exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether `goldenpath_services` carries the namespace.
    pub namespace_label: bool,
    /// Teams with series of their own. Those with the fewest workloads and exceptions share the
    /// label `other`.
    pub max_teams: usize,
    /// Maximum of workloads with a series of their own; none by default.
    pub workload_info: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace_label: false,
            max_teams: 200,
            workload_info: None,
        }
    }
}

/// Inputs of every family.
#[derive(Debug)]
struct Fleet<'a> {
    inventory: &'a Inventory,
    as_of: &'a AsOf,
    register: &'a [ExceptionView<'a>],
    tally: &'a Tally,
    teams: &'a Teams<'a>,
    /// Where rollouts are recorded.
    delivery: Option<Delivery<'a>>,
    options: &'a Options,
}

/// Rollouts in numbers.
#[derive(Debug)]
struct Delivery<'a> {
    tallies: &'a Tallies,
    windows: BTreeMap<WindowKey<'a>, WindowTotals>,
    coverage: [Coverage; Signal::ALL.len()],
    contrast: Contrast,
}

/// The text exposition of every family at `now`, with each service counted for it.
///
/// # Errors
/// Never in practice: every family has a name and a series.
pub fn exposition_at(
    inventory: &Inventory,
    now: Timestamp,
    options: &Options,
) -> prometheus::Result<String> {
    let as_of = AsOf::new(now);
    let contributions = Contributions::of(inventory, &as_of);
    let register = Register::of(inventory, &as_of);
    let counted = Counted {
        contributions: &contributions,
        register: &register,
        tallies: &Tallies::default(),
    };
    exposition(inventory, &counted, &as_of, options)
}

/// What was counted before a scrape.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// Services.
    pub contributions: &'a Contributions,
    /// Exceptions.
    pub register: &'a Register,
    /// Rollouts since the start of this process.
    pub tallies: &'a Tallies,
}

/// The text exposition of every family from what was counted before; those without a series are left out.
/// One family after another is written, so that the series of all are never in memory at once.
///
/// # Errors
/// Never in practice: every family has a name and a series.
pub fn exposition(
    inventory: &Inventory,
    counted: &Counted<'_>,
    as_of: &AsOf,
    options: &Options,
) -> prometheus::Result<String> {
    let tally = Tally::sum(counted.contributions, inventory, as_of, counted.register);
    let register = counted.register.views(inventory);
    let teams = Teams::bounded(&tally, &register, options.max_teams);
    let mut windows = Windows::until(as_of.now);
    let mut collected = Collected::until(as_of.now);
    for it in with_records(inventory, as_of) {
        windows.add(&it, teams.label(it.of.team));
        collected.add(&it);
    }
    let delivery = (!collected.is_empty()).then(|| Delivery {
        tallies: counted.tallies,
        windows: windows.totals(),
        coverage: collected.coverage(),
        contrast: collected.contrast(&Surroundings::of(&tally, &register)),
    });
    let fleet = Fleet {
        inventory,
        as_of,
        register: &register,
        teams: &teams,
        delivery,
        tally: &tally,
        options,
    };
    let mut written = String::new();
    for family in FAMILIES {
        let family = family.compute(&fleet);
        if !family.get_metric().is_empty() {
            TextEncoder::new().encode_utf8(&[family], &mut written)?;
        }
    }
    Ok(written)
}

/// The text exposition of some families.
///
/// # Errors
/// When a family has no name or no series.
pub fn text(families: &[MetricFamily]) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(families)
}

/// The teams with series of their own. Users choose team names, so their number is bounded.
#[derive(Debug)]
struct Teams<'a>(BTreeSet<&'a str>);

impl<'a> Teams<'a> {
    fn bounded(tally: &'a Tally, register: &'a [ExceptionView<'a>], limit: usize) -> Self {
        let workloads = tally.team_workloads.iter();
        let mut weights: BTreeMap<&str, usize> =
            workloads.map(|(team, count)| (&**team, *count)).collect();
        for view in register {
            *weights.entry(owner(view)).or_default() += 1;
        }
        let mut teams: Vec<_> = weights.into_iter().collect();
        teams.sort_by_key(|(team, weight)| (Reverse(*weight), *team));
        Self(
            teams
                .into_iter()
                .take(limit)
                .map(|(team, _)| team)
                .collect(),
        )
    }

    fn label<'t>(&self, team: &'t str) -> &'t str {
        if self.0.contains(team) {
            team
        } else {
            OTHER_TEAMS
        }
    }
}

fn owner<'a>(view: &'a ExceptionView<'_>) -> &'a str {
    &view.exception.spec.owner.team
}

#[allow(clippy::cast_precision_loss)] // the seconds of every date there is fit a float exactly
fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}
