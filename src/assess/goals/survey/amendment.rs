//! Whether a published wave may be written again with more answers. Two versions of it can be subtracted
//! from each other, so each figure takes five or more new answers at once, or stays.

use super::aggregate::{GroupSums, group_mean};
use super::questions::Dimension;
use super::score::answers;
use super::suppression::Publication;
use crate::api::DeveloperSurveySpec;
use crate::api::developer_survey::{Grouping, SurveyGroup};
use crate::api::platform_objective::Span;

/// Fewest new answers that a published figure takes at once.
pub const FEWEST_NEW: u32 = 5;

/// Why the wave stays as it is published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "group {group} has {responses} responses and {published} are published: a published wave takes {FEWEST_NEW} or more \
         new ones of a group at once, because fewer would show the answers of single people; wait for more, or leave it"
    )]
    TooFewNew {
        group: String,
        responses: u32,
        published: u32,
    },
    #[error(
        "{figure} of group {group} would change by fewer than {FEWEST_NEW} new answers, which would show the answers of \
         single people: wait for more, or leave the wave as it is"
    )]
    FigureOfFew { group: String, figure: String },
    #[error(
        "{figure} of group {group} is published and would be left out now: a published figure stays; publish a new wave \
         instead"
    )]
    FigureLost { group: String, figure: String },
    #[error(
        "the wave is published by {published}, and a second grouping would show small groups by subtraction: use --grouping {published}"
    )]
    OtherGrouping { published: &'static str },
    #[error(
        "the wave is published with question set {published}: give the answers to other questions another --name"
    )]
    OtherQuestions { published: String },
    #[error(
        "wave {other} has answers of this period, and two waves of the same answers show small groups by subtraction, \
         whatever their question sets: write to it with --name {other}, or set --from and --to to the days in which people \
         could answer"
    )]
    Overlap { other: String },
    #[error(
        "group {group} is published and has no responses in this file: is it the export of another wave?"
    )]
    GroupLost { group: String },
}

/// Whether `new` may replace `published`. `sums` are those of the groups, which tell how many people
/// answered each dimension.
///
/// # Errors
/// When the difference would show answers of fewer people than five, or hide what is published.
pub fn check(
    published: &DeveloperSurveySpec,
    question_set: &str,
    new: &Publication,
    sums: &[GroupSums],
) -> Result<(), Refused> {
    if published.grouping != new.grouping {
        let published = published.grouping.as_str();
        return Err(Refused::OtherGrouping { published });
    }
    if published.question_set != question_set {
        let published = published.question_set.clone();
        return Err(Refused::OtherQuestions { published });
    }
    for before in &published.groups {
        let Some(after) = new.groups.iter().find(|it| it.name == before.name) else {
            let group = before.name.clone();
            return Err(Refused::GroupLost { group });
        };
        if before != after {
            check_group(before, after, &|dimension| {
                answered(sums, new.grouping, &after.name, dimension)
            })?;
        }
    }
    Ok(())
}

/// Gives groups the spelling that is published: another row may have another one.
pub fn spell_as_published(sums: &mut [GroupSums], published: &DeveloperSurveySpec) {
    for group in sums {
        let name = group.name.to_lowercase();
        let spelled = published.groups.iter().map(|it| &it.name);
        if let Some(spelled) = spelled.clone().find(|it| it.to_lowercase() == name) {
            group.name.clone_from(spelled);
        }
    }
}

/// Leaves the answers of means out where the wave was published without them and has no new responses, so
/// that the same export leaves it unchanged.
pub fn retain_earlier_form(new: &mut Publication, published: &DeveloperSurveySpec) {
    for group in &mut new.groups {
        let before = published.groups.iter().find(|it| it.name == group.name);
        if before
            .is_some_and(|it| it.dimension_answers.is_none() && it.responses == group.responses)
        {
            group.dimension_answers = None;
        }
    }
}

/// Whether other waves leave the period free. A question set is only a name, so another one may hold the
/// same answers.
///
/// # Errors
/// When another wave has answers of the period.
pub fn check_others<'a>(
    mut others: impl Iterator<Item = (&'a str, &'a DeveloperSurveySpec)>,
    period: &Span,
) -> Result<(), Refused> {
    let overlap =
        others.find(|(_, spec)| spec.period.from < period.to && period.from < spec.period.to);
    match overlap {
        Some((other, _)) => Err(Refused::Overlap {
            other: other.to_owned(),
        }),
        None => Ok(()),
    }
}

/// People of a group who answered a dimension.
fn answered(sums: &[GroupSums], grouping: Grouping, name: &str, dimension: Dimension) -> u32 {
    sums.iter()
        .filter(|group| grouping == Grouping::Everyone || group.name == name)
        .map(|group| group.dimensions.get(dimension).n)
        .sum()
}

fn check_group(
    before: &SurveyGroup,
    after: &SurveyGroup,
    answered: &dyn Fn(Dimension) -> u32,
) -> Result<(), Refused> {
    let group = || before.name.clone();
    if after.responses < before.responses.saturating_add(FEWEST_NEW) {
        return Err(Refused::TooFewNew {
            group: group(),
            responses: after.responses,
            published: before.responses,
        });
    }
    let figure = "nps".to_owned();
    match (before.nps, after.nps) {
        (Some(_), None) => {
            let group = group();
            return Err(Refused::FigureLost { group, figure });
        }
        (Some(b), Some(a)) if a != b && answers(a) < answers(b).saturating_add(FEWEST_NEW) => {
            let group = group();
            return Err(Refused::FigureOfFew { group, figure });
        }
        (Some(_) | None, Some(_)) | (None, None) => {}
    }
    for dimension in Dimension::ALL {
        let figure = dimension.as_str().to_owned();
        match (group_mean(before, dimension), group_mean(after, dimension)) {
            (Some(_), None) => {
                let group = group();
                return Err(Refused::FigureLost { group, figure });
            }
            // Where it is not known how many answered before, at most all who responded did.
            (Some(b), Some(a))
                if (a.mean.total_cmp(&b.mean).is_ne() || b.n.is_some() && a.n != b.n)
                    && answered(dimension)
                        < b.n.unwrap_or(before.responses).saturating_add(FEWEST_NEW) =>
            {
                let group = group();
                return Err(Refused::FigureOfFew { group, figure });
            }
            (Some(_) | None, Some(_)) | (None, None) => {}
        }
    }
    Ok(())
}
