//! Waves in the order of their periods: the one before, whether a change is more than chance, and the
//! quarters without a wave.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::aggregate::{Mean, added, group_mean, one_decimal};
use super::questions::Dimension;
use super::score::{Adjusted, adjusted, nps};
use crate::api::DeveloperSurveySpec;
use crate::api::developer_survey::{NpsCounts, SurveyTrend};
use crate::assess::goal_objects::StoredSurvey;

/// Whether a wave is compared with an earlier one.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparability {
    /// With the last wave of the same question set.
    SameQuestions,
    /// There is no earlier wave.
    FirstWave,
    /// Earlier waves asked other questions.
    QuestionsChanged,
    /// One of both waves has too few answers for a score.
    FewAnswers,
}

impl Comparability {
    /// The reason in conditions, and the word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameQuestions => "SameQuestions",
            Self::FirstWave => "FirstWave",
            Self::QuestionsChanged => "QuestionsChanged",
            Self::FewAnswers => "FewAnswers",
        }
    }
}

/// What a wave is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison<'a> {
    /// The last wave of the same question set.
    With(&'a StoredSurvey),
    /// There is no earlier wave.
    First,
    /// Earlier waves asked other questions: the latest of them.
    OtherQuestions(&'a StoredSurvey),
}

impl Comparison<'_> {
    /// Whether there is a change, and the change of `survey`.
    pub fn change(&self, survey: &StoredSurvey) -> (Comparability, Option<SurveyTrend>) {
        match self {
            Self::First => (Comparability::FirstWave, None),
            Self::OtherQuestions(_) => (Comparability::QuestionsChanged, None),
            Self::With(since) => match trend(survey, since) {
                None => (Comparability::FewAnswers, None),
                some => (Comparability::SameQuestions, some),
            },
        }
    }
}

/// All waves, in the order of their periods.
#[derive(Clone, Debug, Default)]
pub struct Waves<'a>(Vec<&'a StoredSurvey>);

impl<'a> Waves<'a> {
    /// In order.
    pub fn new(surveys: impl Iterator<Item = &'a StoredSurvey>) -> Self {
        let mut waves: Vec<_> = surveys.collect();
        waves.sort_by(|a, b| in_order(a, b));
        Self(waves)
    }

    /// Each wave, the oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a StoredSurvey> + DoubleEndedIterator {
        self.0.iter().copied()
    }

    /// What `survey` is compared with.
    pub fn before(&self, survey: &StoredSurvey) -> Comparison<'a> {
        let is_earlier = |wave: &&&StoredSurvey| in_order(wave, survey) == Ordering::Less;
        let mut earlier = self.0.iter().rev().filter(is_earlier).peekable();
        let Some(latest) = earlier.peek().copied().copied() else {
            return Comparison::First;
        };
        let is_same = |wave: &&&StoredSurvey| wave.spec.question_set == survey.spec.question_set;
        earlier
            .find(is_same)
            .map_or(Comparison::OtherQuestions(latest), |wave| {
                Comparison::With(wave)
            })
    }

    /// Whether `survey` is the latest of its question set.
    pub fn is_latest(&self, survey: &StoredSurvey) -> bool {
        !self.0.iter().any(|wave| {
            wave.spec.question_set == survey.spec.question_set
                && in_order(survey, wave) == Ordering::Less
        })
    }

    /// Whole quarters since the first wave, up to the one before `now`, in which no wave took answers.
    pub fn unasked(&self, now: Timestamp) -> Vec<Quarter> {
        let Some(first) = self.0.first() else {
            return Vec::new();
        };
        let current = Quarter::of(now);
        let mut quarters = Vec::new();
        let mut quarter = Quarter::of(first.spec.period.from.0);
        // A period in the far past is a mistake, not a thousand missing waves.
        while quarter < current && quarters.len() < MOST_QUARTERS {
            if !self.0.iter().any(|wave| quarter.is_asked(&wave.spec)) {
                quarters.push(quarter);
            }
            quarter = quarter.next();
        }
        quarters
    }
}

/// Most quarters without a wave that are listed.
const MOST_QUARTERS: usize = 40;

fn in_order(a: &StoredSurvey, b: &StoredSurvey) -> Ordering {
    let key = |wave: &StoredSurvey| (wave.spec.period.to, wave.spec.period.from);
    key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
}

/// A quarter of a year, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i16,
    /// 1 to 4.
    number: i8,
}

impl Quarter {
    /// The quarter of an instant.
    pub fn of(at: Timestamp) -> Self {
        let date = at.to_zoned(TimeZone::UTC).date();
        Self {
            year: date.year(),
            number: (date.month() - 1) / 3 + 1,
        }
    }

    /// Its name, such as "2026-Q3".
    pub fn label(self) -> String {
        format!("{}-Q{}", self.year, self.number)
    }

    /// The quarter of a name.
    pub fn of_label(label: &str) -> Option<Self> {
        let (year, number) = label.split_once("-Q")?;
        let number = number.parse().ok().filter(|it| (1..=4).contains(it))?;
        let year = year.parse().ok().filter(|it| (1..9999).contains(it))?;
        Some(Self { year, number })
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        let start = self.first_day().to_zoned(TimeZone::UTC);
        start.map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// The first instant after it.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    const fn next(self) -> Self {
        if self.number < 4 {
            Self {
                number: self.number + 1,
                ..self
            }
        } else {
            Self {
                year: self.year.saturating_add(1),
                number: 1,
            }
        }
    }

    const fn first_day(self) -> Date {
        date(self.year, self.number * 3 - 2, 1)
    }

    fn is_asked(self, wave: &DeveloperSurveySpec) -> bool {
        wave.period.from.0 < self.end() && wave.period.to.0 > self.start()
    }
}

/// The answers of the groups that are shown. Hidden ones are in no figure.
pub fn shown_counts(spec: &DeveloperSurveySpec) -> NpsCounts {
    let counts = spec.groups.iter().filter_map(|group| group.nps);
    counts.fold(NpsCounts::default(), added)
}

/// The mean of a dimension over the groups that show it, weighted by the people who answered; by responses
/// in waves of earlier versions, which have no count of them.
pub fn shown_mean(spec: &DeveloperSurveySpec, dimension: Dimension) -> Option<Mean> {
    let (mut total, mut weight, mut n) = (0.0, 0.0, Some(0_u32));
    for group in &spec.groups {
        let Some(shown) = group_mean(group, dimension) else {
            continue;
        };
        let people = f64::from(shown.n.unwrap_or(group.responses));
        total += shown.mean * people;
        weight += people;
        n = n.zip(shown.n).map(|(n, more)| n.saturating_add(more));
    }
    let mean = (weight > 0.0).then(|| one_decimal(total / weight))?;
    Some(Mean { mean, n })
}

/// Responses of all groups, hidden ones included.
pub fn responses(spec: &DeveloperSurveySpec) -> u32 {
    let shown: u32 = spec
        .groups
        .iter()
        .fold(0, |sum, group| sum.saturating_add(group.responses));
    shown.saturating_add(spec.hidden.map_or(0, |hidden| hidden.responses))
}

/// Responses ÷ invited, with three decimals; none where the number of people is unknown, or cannot be right.
pub fn response_rate(spec: &DeveloperSurveySpec) -> Option<f64> {
    let responses = responses(spec);
    let invited = spec
        .invited
        .filter(|invited| *invited >= responses.max(1))?;
    Some((f64::from(responses) / f64::from(invited) * 1000.0).round() / 1000.0)
}

/// The change since an earlier wave; none where either has too few answers. It is significant where the
/// adjusted scores differ by more than √(m₁² + m₂²) of the margins, so by more than each of them.
fn trend(survey: &StoredSurvey, since: &StoredSurvey) -> Option<SurveyTrend> {
    let (now, before) = (shown_counts(&survey.spec), shown_counts(&since.spec));
    let (a, b): (Adjusted, Adjusted) = (adjusted(now)?, adjusted(before)?);
    let (score, earlier) = (nps(now).score?, nps(before).score?);
    Some(SurveyTrend {
        since: since.name.to_string(),
        change: one_decimal(score - earlier),
        significant: (a.score - b.score).abs() > a.margin.hypot(b.margin),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(a: &serde_json::Value, b: &serde_json::Value) -> DeveloperSurveySpec {
        serde_json::from_value(serde_json::json!({
            "period": {"from": "2026-07-01T00:00:00Z", "to": "2026-10-01T00:00:00Z"},
            "questionSet": "space-1",
            "groups": [
                {"name": "a", "responses": 20, "space": {"activity": 2.0}, "spaceAnswers": a},
                {"name": "b", "responses": 20, "space": {"activity": 4.0}, "spaceAnswers": b},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_mean_of_all_groups_is_weighted_by_the_people_who_answered() {
        let mean = |a, b| shown_mean(&wave(&a, &b), Dimension::Activity).unwrap();
        let (few, all) = (
            serde_json::json!({"activity": 5}),
            serde_json::json!({"activity": 20}),
        );
        let (weighted, n) = (3.6, Some(25));
        let expected = Mean { mean: weighted, n };
        assert_eq!(mean(few.clone(), all), expected);
        let none = serde_json::Value::Null;
        let earlier = Mean { mean: 3.0, n: None };
        assert_eq!(mean(none.clone(), none.clone()), earlier);
        // One group of an earlier version: its responses count, and no n stands for both.
        let mixed = mean(few, none);
        assert_eq!(mixed, Mean { mean: 3.6, n: None });
        let activity = shown_mean(
            &wave(&serde_json::json!(null), &serde_json::json!(null)),
            Dimension::Efficiency,
        );
        assert_eq!(activity, None);
    }
}
