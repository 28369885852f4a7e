//! A score and its change in a few words, the same in `kubectl`, on the page and in reports.

use super::waves::Comparability;
use crate::api::developer_survey::{NpsStatus, SurveyTrend};

/// "25 (10 to 39)"; below 10 answers "4 for, 1 against".
pub fn score(nps: &NpsStatus) -> String {
    match (nps.score, nps.low, nps.high) {
        (Some(score), Some(low), Some(high)) => {
            format!("{} ({} to {})", points(score), points(low), points(high))
        }
        (Some(_) | None, Some(_) | None, Some(_) | None) if nps.n == 0 => "not shown".to_owned(),
        (Some(_) | None, Some(_) | None, Some(_) | None) => {
            format!("{} for, {} against", nps.promoters, nps.detractors)
        }
    }
}

/// What a wave says beside the one before.
pub fn trend(comparability: Comparability, trend: Option<&SurveyTrend>) -> String {
    match comparability {
        Comparability::QuestionsChanged => "new questions".to_owned(),
        Comparability::FirstWave => "first wave".to_owned(),
        Comparability::FewAnswers => "too few answers".to_owned(),
        Comparability::SameQuestions => trend.map_or_else(String::new, change),
    }
}

/// "+12", or "+12 (within the margin)".
fn change(trend: &SurveyTrend) -> String {
    let sign = if trend.change > 0.0 { "+" } else { "" };
    let note = if trend.significant {
        ""
    } else {
        " (within the margin)"
    };
    format!("{sign}{}{note}", points(trend.change))
}

/// Whole points, without a negative zero.
pub fn points(value: f64) -> String {
    format!("{:.0}", value.round() + 0.0)
}
