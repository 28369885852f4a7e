//! Built-in figures: the same ones that reports and metrics show, in the unit of a key result. A figure
//! that they withhold is no data here too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::measurement::NoData;
use super::wanted::BuiltinFigure;
use crate::api::platform_objective::Builtin;
use crate::assess::adoption::index::Contributions;
use crate::assess::adoption::{CostSource, PathTally, Share, Tally};
use crate::assess::delivery::contrast::overall::Overall;
use crate::assess::delivery::contrast::{Answer, Figures, Quantiles, Rate};
use crate::assess::delivery::tracked::with_records;
use crate::assess::goal_objects::Goals;
use crate::assess::goals::survey::score;
use crate::assess::goals::survey::waves::shown_counts;
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::verdict::AsOf;
use crate::assess::wording::nearest;

/// What figures of rollouts are computed for: a path or all, and days.
type Rollouts = (Option<String>, u32);

/// Built-in figures at one instant.
#[derive(Debug)]
pub struct Builtins<'a> {
    inventory: &'a Inventory,
    tally: Tally,
    rollouts: BTreeMap<Rollouts, Figures>,
    now: Timestamp,
}

impl<'a> Builtins<'a> {
    /// Counts what these figures are computed from; records are read only where one needs them.
    pub fn count(
        figures: &[&BuiltinFigure],
        inventory: &'a Inventory,
        contributions: &Contributions,
        register: &Register,
        as_of: &AsOf,
    ) -> Self {
        Self {
            inventory,
            tally: Tally::sum(contributions, inventory, as_of, register),
            rollouts: rollouts(figures, inventory, as_of),
            now: as_of.now,
        }
    }

    /// The figure in its unit.
    ///
    /// # Errors
    /// When there is none.
    pub fn value(&self, figure: &BuiltinFigure) -> Result<f64, NoData> {
        let quantity = figure.builtin.quantity();
        let factor = quantity
            .factor(figure.unit.as_deref())
            .ok_or(NoData::UnknownUnit(quantity))?;
        Ok(self.base_value(figure)? * factor)
    }

    /// In seconds, as a share from 0 to 1, in points or in hours a month.
    fn base_value(&self, figure: &BuiltinFigure) -> Result<f64, NoData> {
        match figure.builtin {
            Builtin::NewServiceAdoptionRatio => {
                let shares = self.paths(figure)?;
                let new = shares.filter_map(|path| path.new_services.as_ref());
                let sum = new.fold(Share::default(), |sum, new| {
                    let share = new.share();
                    Share {
                        part: sum.part + share.part,
                        of: sum.of + share.of,
                    }
                });
                sum.ratio().ok_or(NoData::NoServices)
            }
            Builtin::AccountedRatio => {
                let share = match &figure.path {
                    Some(name) => self.path(name)?.accounted,
                    None => self.tally.accounted(),
                };
                share.ratio().ok_or(NoData::NoServices)
            }
            Builtin::TimeToFirstDeploy => median(&self.figures(figure)?.first_deploy_seconds),
            Builtin::LeadTime => median(&self.figures(figure)?.lead_time_seconds),
            Builtin::ChangeFailRate => rate(&self.figures(figure)?.change_fail_ratio),
            Builtin::RecoveryTime => median(&self.figures(figure)?.recovery_seconds),
            Builtin::Nps => nps(self.inventory.goals(), self.now),
            Builtin::OwnershipHours => self.stated_hours(figure),
            Builtin::SelfServiceRatio => self.tally.scaffolded.ratio().ok_or(NoData::NoServices),
        }
    }

    /// The paths of a figure that take part: the one that it names, else all.
    fn paths(
        &self,
        figure: &BuiltinFigure,
    ) -> Result<impl Iterator<Item = &PathTally> + use<'_>, NoData> {
        let one = figure.path.as_deref().map(|name| self.path(name));
        let one = one.transpose()?;
        let all = self.tally.paths.values().filter(|path| path.takes_part);
        let is_all = one.is_none();
        Ok(one.into_iter().chain(all.filter(move |_| is_all)))
    }

    fn path(&self, name: &str) -> Result<&PathTally, NoData> {
        let Some(path) = self.tally.paths.get(name) else {
            let known = self.tally.paths.keys().map(|name| &**name);
            return Err(NoData::UnknownPath {
                name: name.to_owned(),
                nearest: nearest(name, known).map(str::to_owned),
            });
        };
        if path.takes_part {
            Ok(path)
        } else {
            Err(NoData::Preview(name.to_owned()))
        }
    }

    fn figures(&self, figure: &BuiltinFigure) -> Result<&Figures, NoData> {
        if let Some(name) = &figure.path {
            self.path(name)?;
        }
        if self.inventory.settings.delivery.is_none() {
            return Err(NoData::RolloutsNotRecorded);
        }
        let key = (figure.path.clone(), figure.days);
        self.rollouts.get(&key).ok_or(NoData::RolloutsNotRecorded)
    }

    /// Hours that owners of exceptions state. Assumed hours are never added to stated ones.
    fn stated_hours(&self, figure: &BuiltinFigure) -> Result<f64, NoData> {
        if let Some(name) = &figure.path {
            self.path(name)?;
        }
        let of_path = |path: &str| figure.path.as_deref().is_none_or(|name| name == path);
        let stated = self.tally.hours.iter().filter(|(burden, _)| {
            let is_stated = match burden.source {
                CostSource::Stated => true,
                CostSource::Assumed => false,
            };
            is_stated && of_path(&burden.path)
        });
        Ok(stated.map(|(_, hours)| hours).sum::<f64>() + 0.0)
    }
}

fn rollouts(
    figures: &[&BuiltinFigure],
    inventory: &Inventory,
    as_of: &AsOf,
) -> BTreeMap<Rollouts, Figures> {
    let mut collected: BTreeMap<Rollouts, Overall<'_>> = figures
        .iter()
        .filter(|figure| figure.builtin.is_of_rollouts())
        .map(|figure| {
            let last = Overall::last(figure.days, as_of.now);
            ((figure.path.clone(), figure.days), last)
        })
        .collect();
    if collected.is_empty() {
        return BTreeMap::new();
    }
    for it in with_records(inventory, as_of) {
        for ((path, _), overall) in &mut collected {
            if path.is_none() || path.as_deref() == it.of.path {
                overall.add(&it);
            }
        }
    }
    collected
        .into_iter()
        .map(|(key, overall)| (key, overall.figures()))
        .collect()
}

fn median(answer: &Answer<Quantiles>) -> Result<f64, NoData> {
    match answer {
        Answer::Known(quantiles) => Ok(quantiles.median),
        Answer::Withheld { withheld } => Err(NoData::TooLittle(*withheld)),
    }
}

fn rate(answer: &Answer<Rate>) -> Result<f64, NoData> {
    match answer {
        Answer::Known(rate) => Ok(rate.ratio),
        Answer::Withheld { withheld } => Err(NoData::TooLittle(*withheld)),
    }
}

/// The score of the survey whose period ends last, of those that have begun, as the survey's status has it.
fn nps(goals: &Goals, now: Timestamp) -> Result<f64, NoData> {
    let begun = goals.surveys.iter().filter(|survey| {
        let is_asked = survey.spec.groups.iter().any(|group| group.nps.is_some());
        survey.spec.period.from.0 <= now && is_asked
    });
    let latest = begun
        .max_by_key(|survey| (survey.spec.period.to, &survey.name))
        .ok_or(NoData::NoSurvey)?;
    let counts = shown_counts(&latest.spec);
    score::nps(counts).score.ok_or(NoData::FewAnswers {
        have: score::answers(counts),
        need: score::FEWEST,
    })
}
