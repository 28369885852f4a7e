//! The status of a survey: its score, its response rate and the change since the wave before. Nothing of
//! it depends on the time, so a wave is written once and again only when a wave changes.

use jiff::Timestamp;

use super::ready;
use crate::api::DeveloperSurveyStatus;
use crate::api::condition::{COMPARABLE, Statement};
use crate::api::developer_survey::SurveyColumns;
use crate::assess::goal_objects::StoredSurvey;
use crate::assess::goals::survey::score::{FEWEST, nps};
use crate::assess::goals::survey::waves::{
    Comparability, Comparison, Waves, response_rate, responses, shown_counts,
};
use crate::assess::goals::survey::words;

/// The status of a survey among all waves.
pub(in crate::assess::planner) fn survey_status(
    survey: &StoredSurvey,
    waves: &Waves<'_>,
    now: Timestamp,
) -> DeveloperSurveyStatus {
    let before = survey.status.as_ref();
    let conditions = before.map_or(&[][..], |status| &status.conditions);
    let comparison = waves.before(survey);
    let (comparability, trend) = comparison.change(survey);
    let counts = shown_counts(&survey.spec);
    let nps = nps(counts);
    let comparable = comparable(&comparison, comparability);
    let columns = SurveyColumns {
        nps: Some(words::score(&nps)),
        trend: Some(words::trend(comparability, trend.as_ref())),
    };
    DeveloperSurveyStatus {
        observed_generation: survey.generation,
        conditions: ready(conditions, vec![comparable], survey.generation, now),
        responses: Some(responses(&survey.spec)),
        response_rate: response_rate(&survey.spec),
        nps: (nps.n > 0).then_some(nps),
        trend,
        columns: Some(columns),
    }
}

fn comparable(comparison: &Comparison<'_>, comparability: Comparability) -> Statement {
    let message = match comparison {
        Comparison::First => "This is the first wave, so there is no trend yet.".to_owned(),
        Comparison::OtherQuestions(wave) => format!(
            "Earlier waves asked other questions: {} asked {}. A trend needs the same question set.",
            wave.name, wave.spec.question_set
        ),
        Comparison::With(wave) if comparability == Comparability::FewAnswers => format!(
            "The change since {} is not computed: both waves need {FEWEST} answers to nps.",
            wave.name
        ),
        Comparison::With(wave) => {
            format!(
                "Compared with {}, which asked the same questions.",
                wave.name
            )
        }
    };
    let is_comparable = comparability == Comparability::SameQuestions;
    Statement::new(COMPARABLE, is_comparable, comparability.as_str(), message)
}
