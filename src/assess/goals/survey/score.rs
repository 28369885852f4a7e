//! The net promoter score of counted answers, with an interval. Below [`FEWEST`] answers there are only
//! counts.

use super::aggregate::one_decimal;
use crate::api::developer_survey::{NpsCounts, NpsStatus};

/// Fewest answers with a score.
pub const FEWEST: u32 = 10;
/// Answers that are added before the interval is computed: ¾ promoter, 1½ passives, ¾ detractor. Without
/// them, ten promoters would have a margin of 0.
const ADDED: (f64, f64, f64) = (0.75, 1.5, 0.75);
/// Standard errors to each side of a 95 % interval.
const ERRORS: f64 = 1.96;

/// A score and its margin after the addition: the centre and half width of the interval, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusted {
    pub score: f64,
    pub margin: f64,
}

/// All answers.
pub const fn answers(counts: NpsCounts) -> u32 {
    counts
        .promoters
        .saturating_add(counts.passives)
        .saturating_add(counts.detractors)
}

/// The adjusted score; none below [`FEWEST`] answers.
pub fn adjusted(counts: NpsCounts) -> Option<Adjusted> {
    if answers(counts) < FEWEST {
        return None;
    }
    let promoters = f64::from(counts.promoters) + ADDED.0;
    let passives = f64::from(counts.passives) + ADDED.1;
    let detractors = f64::from(counts.detractors) + ADDED.2;
    let n = promoters + passives + detractors;
    let (p, d) = (promoters / n, detractors / n);
    let variance = (p + d - (p - d).powi(2)) / n;
    Some(Adjusted {
        score: 100.0 * (p - d),
        margin: 100.0 * ERRORS * variance.sqrt(),
    })
}

/// Counts, and from [`FEWEST`] answers on the plain score with the adjusted interval around it.
pub fn nps(counts: NpsCounts) -> NpsStatus {
    let n = answers(counts);
    let adjusted = adjusted(counts);
    let score = adjusted.map(|_| {
        let difference = f64::from(counts.promoters) - f64::from(counts.detractors);
        one_decimal(100.0 * difference / f64::from(n))
    });
    // The interval contains the score beside it, and ends where scores end.
    let bounds = adjusted.zip(score).map(
        |(
            Adjusted {
                score: centre,
                margin,
            },
            score,
        )| {
            let low = one_decimal((centre - margin).max(-100.0)).min(score);
            (low, one_decimal((centre + margin).min(100.0)).max(score))
        },
    );
    NpsStatus {
        n,
        promoters: counts.promoters,
        passives: counts.passives,
        detractors: counts.detractors,
        score,
        low: bounds.map(|(low, _)| low),
        high: bounds.map(|(_, high)| high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(promoters: u32, passives: u32, detractors: u32) -> NpsCounts {
        NpsCounts {
            promoters,
            passives,
            detractors,
        }
    }

    #[test]
    fn a_score_has_the_margin_of_its_answers() {
        for (of, score, centre, margin) in [
            (counts(60, 30, 30), 25.0, 24.4, 14.6),
            (counts(6, 3, 3), 25.0, 20.0, 41.1),
        ] {
            let adjusted = adjusted(of).unwrap();
            assert_eq!(nps(of).score, Some(score));
            assert!((adjusted.score - centre).abs() < 0.05, "{adjusted:?}");
            assert!((adjusted.margin - margin).abs() < 0.05, "{adjusted:?}");
        }
        let unanimous = nps(counts(10, 0, 0));
        assert_eq!(unanimous.high, Some(100.0));
        assert!(unanimous.low.is_some_and(|low| low < 60.0), "{unanimous:?}");
    }

    #[test]
    fn few_answers_are_counted_and_not_scored() {
        let few = nps(counts(5, 2, 2));
        assert_eq!((few.n, few.promoters, few.score), (9, 5, None));
        assert_eq!(few.low, None);
    }
}
