//! Adds the answers of single people up to sums of groups. It hides nothing: what may be shown of the
//! sums is decided in [`super::suppression`].

use std::collections::BTreeMap;

use super::questions::{ByDimension, Dimension};
use crate::api::developer_survey::{DimensionAnswers, DimensionMeans, NpsCounts, SurveyGroup};

/// The group of people who stated none.
pub const UNKNOWN: &str = "unknown";

/// The answers of one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// Their group; empty where they stated none.
    pub group: String,
    /// 0 to 10.
    pub nps: Option<u8>,
    /// Mean of the answers of each dimension, 1 to 5.
    pub dimensions: ByDimension<Option<f64>>,
}

/// A mean that is not yet divided.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// People who answered.
    pub n: u32,
    total: f64,
}

impl Sum {
    /// The mean, with one decimal.
    pub fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| one_decimal(self.total / f64::from(self.n)))
    }

    fn add(&mut self, value: f64) {
        self.n += 1;
        self.total += value;
    }

    fn merge(&mut self, other: Self) {
        self.n += other.n;
        self.total += other.total;
    }
}

/// The answers of one group, added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupSums {
    pub name: String,
    pub responses: u32,
    pub nps: NpsCounts,
    pub dimensions: ByDimension<Sum>,
}

impl GroupSums {
    fn add(&mut self, answers: &Answers) {
        self.responses += 1;
        match answers.nps {
            Some(9..) => self.nps.promoters += 1,
            Some(7..=8) => self.nps.passives += 1,
            Some(0..=6) => self.nps.detractors += 1,
            None => {}
        }
        for dimension in Dimension::ALL {
            if let Some(value) = answers.dimensions.get(dimension) {
                self.dimensions.get_mut(dimension).add(*value);
            }
        }
    }

    /// Adds another group to this one.
    pub(super) fn merge(&mut self, other: &Self) {
        self.responses += other.responses;
        self.nps = added(self.nps, other.nps);
        for dimension in Dimension::ALL {
            let sum = self.dimensions.get_mut(dimension);
            sum.merge(*other.dimensions.get(dimension));
        }
    }
}

/// The sums of each group, by name. Names that differ in case alone are one group.
pub fn groups(answers: &[Answers]) -> Vec<GroupSums> {
    let mut groups: BTreeMap<String, GroupSums> = BTreeMap::new();
    for one in answers {
        let name = if one.group.is_empty() {
            UNKNOWN
        } else {
            &one.group
        };
        let group = groups.entry(name.to_lowercase()).or_default();
        // One spelling, whatever the order of the rows.
        if group.name.is_empty() || name < group.name.as_str() {
            name.clone_into(&mut group.name);
        }
        group.add(one);
    }
    groups.into_values().collect()
}

/// Counts of two groups together.
pub fn added(a: NpsCounts, b: NpsCounts) -> NpsCounts {
    NpsCounts {
        promoters: a.promoters.saturating_add(b.promoters),
        passives: a.passives.saturating_add(b.passives),
        detractors: a.detractors.saturating_add(b.detractors),
    }
}

/// The mean of a dimension.
pub const fn mean_of(means: &DimensionMeans, dimension: Dimension) -> Option<f64> {
    match dimension {
        Dimension::Satisfaction => means.satisfaction,
        Dimension::Performance => means.performance,
        Dimension::Activity => means.activity,
        Dimension::Communication => means.communication,
        Dimension::Efficiency => means.efficiency,
    }
}

const fn answers_of(answers: &DimensionAnswers, dimension: Dimension) -> Option<u32> {
    match dimension {
        Dimension::Satisfaction => answers.satisfaction,
        Dimension::Performance => answers.performance,
        Dimension::Activity => answers.activity,
        Dimension::Communication => answers.communication,
        Dimension::Efficiency => answers.efficiency,
    }
}

/// The mean of a dimension in a group that shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    pub mean: f64,
    /// People who answered; none in waves of earlier versions.
    pub n: Option<u32>,
}

/// The mean that a group shows of a dimension.
pub fn group_mean(group: &SurveyGroup, dimension: Dimension) -> Option<Mean> {
    let answers = group.dimension_answers.as_ref();
    Some(Mean {
        mean: mean_of(group.dimensions.as_ref()?, dimension)?,
        n: answers.and_then(|answers| answers_of(answers, dimension)),
    })
}

/// A value with one decimal, as it is stored.
pub fn one_decimal(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
