//! A figure, or why it is withheld; and the statistics that figures are made of. Nothing of a record is
//! known here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MIN_COVERAGE, MIN_ROLLOUTS, MIN_SERVICES, MIN_TEAMS};

/// A figure, or the reason for its absence.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(untagged)]
pub enum Answer<T> {
    /// The figure.
    Known(T),
    /// It is withheld.
    Withheld {
        /// Why.
        withheld: Withheld,
    },
}

/// Why a figure is withheld.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(tag = "reason")]
pub enum Withheld {
    /// Too few services have rollouts.
    FewServices {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Too few teams have rollouts.
    FewTeams {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Too few releases and configuration changes.
    FewRollouts {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Too few of them show what is measured.
    LowCoverage {
        /// Observations.
        have: u32,
        /// What could be observed.
        of: u32,
        /// The percentage that is needed.
        need: u32,
    },
    /// Nothing happened that could be measured.
    NoObservation,
}

impl<T> Answer<T> {
    /// The figure, unless it is withheld.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(figure) => Some(figure),
            Self::Withheld { .. } => None,
        }
    }

    pub(super) const fn withheld(withheld: Withheld) -> Self {
        Self::Withheld { withheld }
    }
}

impl<T> From<Result<T, Withheld>> for Answer<T> {
    fn from(figure: Result<T, Withheld>) -> Self {
        match figure {
            Ok(figure) => Self::Known(figure),
            Err(withheld) => Self::withheld(withheld),
        }
    }
}

/// Quantiles of a sample.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Quantiles {
    /// The median.
    pub median: f64,
    /// The value that 90 % do not exceed.
    pub p90: f64,
    /// Size of the sample.
    pub n: usize,
    /// Share of what could be observed that the sample covers, 0..1.
    pub coverage: f64,
}

/// A rate with its interval.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// `part` ÷ `of`.
    pub ratio: f64,
    /// Numerator.
    pub part: u32,
    /// Denominator.
    pub of: u32,
    /// Lower end of the 95 % interval (Wilson).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of what could be observed that the denominator covers, 0..1.
    pub coverage: f64,
}

/// The median of differences.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The median; negative where the golden path has less.
    pub median: f64,
    /// Number of teams or services that are compared with themselves.
    pub n: usize,
}

/// Sizes of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub services: usize,
    pub teams: usize,
    pub rollouts: u32,
}

impl Sizes {
    /// Whether any figure of the side may be given.
    pub const fn suffice(self) -> Result<(), Withheld> {
        let rollouts = self.rollouts as usize;
        if self.services < MIN_SERVICES {
            return Err(Withheld::FewServices {
                have: self.services,
                need: MIN_SERVICES,
            });
        }
        if self.teams < MIN_TEAMS {
            return Err(Withheld::FewTeams {
                have: self.teams,
                need: MIN_TEAMS,
            });
        }
        if rollouts < MIN_ROLLOUTS {
            return Err(Withheld::FewRollouts {
                have: rollouts,
                need: MIN_ROLLOUTS,
            });
        }
        Ok(())
    }
}

/// Share of a whole that is covered, 0..1, if it suffices.
pub(super) fn covered(have: u32, of: u32) -> Result<f64, Withheld> {
    if of == 0 {
        return Err(Withheld::NoObservation);
    }
    let have = have.min(of);
    if u64::from(have) * 100 < u64::from(of) * u64::from(MIN_COVERAGE) {
        return Err(Withheld::LowCoverage {
            have,
            of,
            need: MIN_COVERAGE,
        });
    }
    Ok(f64::from(have) / f64::from(of))
}

/// Quantiles of a sample, which covers this share.
pub(super) fn quantiles(sample: Vec<f64>, coverage: f64) -> Result<Quantiles, Withheld> {
    let n = sample.len();
    let mut sorted = sample;
    sorted.sort_by(f64::total_cmp);
    // The nearest rank: the least value that at least 90 % do not exceed.
    let rank = (n * 9).div_ceil(10);
    let p90 = rank.checked_sub(1).and_then(|at| sorted.get(at)).copied();
    let median = median(sorted);
    match (median, p90) {
        (Some(median), Some(p90)) => Ok(Quantiles {
            median,
            p90,
            n,
            coverage,
        }),
        (None, _) | (_, None) => Err(Withheld::NoObservation),
    }
}

/// The median; of an even number, the mean of the middle two. None without a value.
pub(super) fn median(mut sample: Vec<f64>) -> Option<f64> {
    sample.sort_by(f64::total_cmp);
    let middle = sample.len() / 2;
    let upper = *sample.get(middle)?;
    if sample.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sample.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

/// The normal quantile of a 95 % interval.
const Z: f64 = 1.96;

/// A rate of a sample, which covers this share. The interval always contains the ratio.
pub(super) fn rate(part: u32, of: u32, coverage: f64) -> Result<Rate, Withheld> {
    if of == 0 {
        return Err(Withheld::NoObservation);
    }
    let n = f64::from(of);
    let ratio = f64::from(part) / n;
    let scale = 1.0 + Z * Z / n;
    let centre = (ratio + Z * Z / (2.0 * n)) / scale;
    let half = Z * (ratio * (1.0 - ratio) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    Ok(Rate {
        ratio,
        part,
        of,
        low: (centre - half).clamp(0.0, ratio),
        high: (centre + half).clamp(ratio, 1.0),
        coverage,
    })
}
