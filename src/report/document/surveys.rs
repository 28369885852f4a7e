//! Waves of developer surveys, as the document has them: counts, means, and what they say beside the wave
//! before. Figures come from the groups that are shown; nothing is suppressed here, since nothing that
//! would have to be is stored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::developer_survey::{NpsCounts, NpsStatus, SurveyTrend};
use crate::assess::goal_objects::{Goals, StoredSurvey};
use crate::assess::goals::survey::aggregate::{Mean, group_mean};
use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::score::nps;
use crate::assess::goals::survey::waves::{
    Comparability, Quarter, Waves, response_rate, responses, shown_counts, shown_mean,
};

/// Every wave, and the quarters without one.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Surveys {
    /// The oldest first.
    pub waves: Vec<WaveLine>,
    /// Whole quarters since the first wave in which no wave took answers, such as `2026-Q3`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_asked: Vec<String>,
}

impl Surveys {
    /// The latest wave of each question set, the latest first.
    pub fn latest(&self) -> Vec<&WaveLine> {
        let mut latest: Vec<&WaveLine> = Vec::new();
        for wave in self.waves.iter().rev() {
            if latest.iter().all(|it| it.question_set != wave.question_set) {
                latest.push(wave);
            }
        }
        latest
    }

    /// The quarters without a wave as spans, in seconds.
    pub(in crate::report) fn gaps(&self) -> Vec<(f64, f64)> {
        let quarters = self.not_asked.iter();
        quarters
            .filter_map(|label| Quarter::of_label(label))
            .map(|quarter| (seconds(quarter.start()), seconds(quarter.end())))
            .collect()
    }

    /// The begin of the first of these, in seconds.
    pub(in crate::report) fn first_gap(&self) -> Option<f64> {
        self.gaps().first().map(|(from, _)| *from)
    }

    /// The end of the last of these, in seconds.
    pub(in crate::report) fn last_gap(&self) -> Option<f64> {
        self.gaps().last().map(|(_, to)| *to)
    }
}

/// An instant for a chart.
#[allow(clippy::cast_precision_loss)] // the seconds of every date there is fit a float exactly
pub(in crate::report) fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

/// One wave.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct WaveLine {
    /// Name of the `DeveloperSurvey`.
    pub survey: String,
    pub question_set: String,
    /// First instant in which answers were given.
    pub from: Timestamp,
    /// End of the period.
    pub to: Timestamp,
    /// `Team`, `Persona` or `Everyone`.
    pub grouping: String,
    /// People who were invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<u32>,
    /// Responses of all groups, hidden ones included.
    pub responses: u32,
    /// Responses ÷ invited, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_rate: Option<f64>,
    /// Of the groups that are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<NpsStatus>,
    /// Means of the groups that show them, weighted by the people who answered, 1..5.
    #[serde(default, rename = "space", skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<Dimension, f64>,
    /// People who answered the questions of each mean; absent in waves of earlier versions.
    #[serde(
        default,
        rename = "spaceAnswers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub dimension_answers: BTreeMap<Dimension, u32>,
    /// Whether the wave is compared with an earlier one.
    pub comparability: Comparability,
    /// The change since that wave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<SurveyTrend>,
    /// Groups that are shown, by name.
    pub groups: Vec<GroupLine>,
    /// Groups that are hidden together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<HiddenLine>,
}

/// One group.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GroupLine {
    pub name: String,
    pub responses: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<NpsStatus>,
    #[serde(default, rename = "space", skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<Dimension, f64>,
    /// People who answered the questions of each mean.
    #[serde(
        default,
        rename = "spaceAnswers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub dimension_answers: BTreeMap<Dimension, u32>,
}

impl WaveLine {
    /// The mean of a dimension over the groups that show it.
    pub(in crate::report) fn mean(&self, dimension: Dimension) -> Option<Mean> {
        mean(&self.dimensions, &self.dimension_answers, dimension)
    }
}

impl GroupLine {
    /// The mean of a dimension.
    pub(in crate::report) fn mean(&self, dimension: Dimension) -> Option<Mean> {
        mean(&self.dimensions, &self.dimension_answers, dimension)
    }
}

fn mean(
    means: &BTreeMap<Dimension, f64>,
    answers: &BTreeMap<Dimension, u32>,
    dimension: Dimension,
) -> Option<Mean> {
    let n = answers.get(&dimension).copied();
    let mean = *means.get(&dimension)?;
    Some(Mean { mean, n })
}

/// Groups without figures.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct HiddenLine {
    pub groups: u32,
    /// Their responses together.
    pub responses: u32,
}

/// Every wave; none where there is no survey.
pub(super) fn surveys(goals: &Goals, now: Timestamp) -> Option<Surveys> {
    let waves = Waves::new(goals.surveys.iter());
    let lines: Vec<WaveLine> = waves.iter().map(|wave| line(wave, &waves)).collect();
    (!lines.is_empty()).then(|| Surveys {
        waves: lines,
        not_asked: waves.unasked(now).into_iter().map(Quarter::label).collect(),
    })
}

fn line(wave: &StoredSurvey, waves: &Waves<'_>) -> WaveLine {
    let spec = &wave.spec;
    let (comparability, trend) = waves.before(wave).change(wave);
    let groups = spec.groups.iter().map(|group| GroupLine {
        name: group.name.clone(),
        responses: group.responses,
        nps: group.nps.and_then(answered),
        dimensions: means(|dimension| Some(group_mean(group, dimension)?.mean)),
        dimension_answers: means(|dimension| group_mean(group, dimension)?.n),
    });
    let hidden = spec.hidden.filter(|hidden| hidden.groups > 0);
    WaveLine {
        survey: wave.name.to_string(),
        question_set: spec.question_set.clone(),
        from: spec.period.from.0,
        to: spec.period.to.0,
        grouping: spec.grouping.as_str().to_owned(),
        invited: spec.invited,
        responses: responses(spec),
        response_rate: response_rate(spec),
        nps: answered(shown_counts(spec)),
        dimensions: means(|dimension| Some(shown_mean(spec, dimension)?.mean)),
        dimension_answers: means(|dimension| shown_mean(spec, dimension)?.n),
        comparability,
        trend,
        groups: groups.collect(),
        hidden: hidden.map(|hidden| HiddenLine {
            groups: hidden.groups,
            responses: hidden.responses,
        }),
    }
}

fn answered(counts: NpsCounts) -> Option<NpsStatus> {
    let nps = nps(counts);
    (nps.n > 0).then_some(nps)
}

fn means<T>(value: impl Fn(Dimension) -> Option<T>) -> BTreeMap<Dimension, T> {
    let dimensions = Dimension::ALL.into_iter();
    dimensions
        .filter_map(|dimension| Some((dimension, value(dimension)?)))
        .collect()
}
