//! Decides what of a wave may be shown, before anything is written: whoever may read the object reads
//! all of it. A group is shown from `minGroupSize` responses on. Groups that are hidden form a pool that
//! subtraction cannot take apart: at least two groups, at least `minGroupSize` responses, and more
//! responses than groups. No figure covers the pool. A figure of a shown group is left out where fewer
//! than `minGroupSize` people answered, or where all answers are alike, which tells everybody's answer.

use std::collections::BTreeSet;

use super::aggregate::{GroupSums, Sum, group_mean};
use super::questions::Dimension;
use super::score::answers;
use crate::api::developer_survey::{
    DimensionAnswers, DimensionMeans, Grouping, HiddenGroups, MOST_GROUPS, NpsCounts, SurveyGroup,
};

/// The name of the one entry of a wave without groups.
pub const EVERYONE: &str = "everyone";

/// What may be shown of a wave.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The grouping asked for, or none where any other would show a small group.
    pub grouping: Grouping,
    /// In order of name.
    pub groups: Vec<SurveyGroup>,
    pub hidden: Option<HiddenGroups>,
    /// Figures of shown groups that are left out.
    pub left_out: Vec<LeftOut>,
}

/// A figure that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub group: String,
    /// None for the net promoter score.
    pub dimension: Option<Dimension>,
}

/// Why nothing can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingToShow {
    #[error("{responses} responses are fewer than minGroupSize, {min}, so nothing can be shown")]
    TooFew { responses: u32, min: u32 },
    #[error(
        "{groups} groups would be shown, and a wave has at most {MOST_GROUPS}: map the column of the team or persona, or name broader ones"
    )]
    TooManyGroups { groups: usize },
    #[error("a group that is published would have to be hidden again: publish a new wave instead")]
    WouldHidePublished,
}

/// The terms of a publication.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// What the groups are.
    pub grouping: Grouping,
    /// Fewest responses of a group that is shown, and fewest answers of a figure.
    pub min: u32,
    /// Groups that are published already, in lower case: they stay.
    pub published: BTreeSet<&'a str>,
}

/// What may be shown of these groups.
///
/// # Errors
/// When nothing can be shown.
pub fn publish(groups: Vec<GroupSums>, terms: &Terms<'_>) -> Result<Publication, NothingToShow> {
    let responses = groups.iter().map(|group| group.responses).sum();
    let min = terms.min;
    if responses < min {
        return Err(NothingToShow::TooFew { responses, min });
    }
    if terms.grouping == Grouping::Everyone {
        return Ok(everyone(&groups, min));
    }
    let (shown, pool) = split(groups, terms)?;
    if shown.is_empty() {
        return Ok(everyone(&pool.0, min));
    }
    if shown.len() > MOST_GROUPS {
        let groups = shown.len();
        return Err(NothingToShow::TooManyGroups { groups });
    }
    let hidden = (!pool.0.is_empty()).then(|| HiddenGroups {
        groups: u32::try_from(pool.0.len()).unwrap_or(u32::MAX),
        responses: pool.responses(),
    });
    Ok(published(terms.grouping, &shown, hidden, min))
}

/// Groups that are hidden together.
struct Pool(Vec<GroupSums>);

impl Pool {
    fn responses(&self) -> u32 {
        self.0.iter().map(|group| group.responses).sum()
    }

    /// Whether subtraction leaves several groups and enough people together. As many responses as
    /// groups would tell that each has one.
    fn is_safe(&self, min: u32) -> bool {
        let responses = self.responses();
        let more_than_groups =
            usize::try_from(responses).is_ok_and(|responses| responses > self.0.len());
        self.0.is_empty() || (self.0.len() >= 2 && responses >= min && more_than_groups)
    }
}

/// The groups to show, and those to hide. Where the small ones are no safe pool, the smallest others
/// are hidden with them.
fn split(
    groups: Vec<GroupSums>,
    terms: &Terms<'_>,
) -> Result<(Vec<GroupSums>, Pool), NothingToShow> {
    let (mut shown, small): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|group| group.responses >= terms.min);
    let is_published =
        |group: &GroupSums| terms.published.contains(group.name.to_lowercase().as_str());
    if small.iter().any(is_published) {
        return Err(NothingToShow::WouldHidePublished);
    }
    let mut pool = Pool(small);
    while !pool.is_safe(terms.min) && !shown.is_empty() {
        let free = (0..shown.len()).filter(|at| !is_published(&shown[*at]));
        let smallest = free.min_by_key(|at| (shown[*at].responses, shown[*at].name.clone()));
        let Some(smallest) = smallest else {
            return Err(NothingToShow::WouldHidePublished);
        };
        pool.0.push(shown.remove(smallest));
    }
    if shown.is_empty() && !terms.published.is_empty() {
        return Err(NothingToShow::WouldHidePublished);
    }
    Ok((shown, pool))
}

/// One entry for all. Nothing of a group is beside it, so nothing can be subtracted.
fn everyone(groups: &[GroupSums], min: u32) -> Publication {
    let mut all = GroupSums::default();
    for group in groups {
        all.merge(group);
    }
    EVERYONE.clone_into(&mut all.name);
    published(Grouping::Everyone, &[all], None, min)
}

fn published(
    grouping: Grouping,
    shown: &[GroupSums],
    hidden: Option<HiddenGroups>,
    min: u32,
) -> Publication {
    let mut left_out = Vec::new();
    let groups = shown.iter().map(|group| {
        let entry = entry(group, min);
        left_out.extend(missing(group, &entry));
        entry
    });
    let mut groups: Vec<SurveyGroup> = groups.collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Publication {
        grouping,
        groups,
        hidden,
        left_out,
    }
}

fn entry(group: &GroupSums, min: u32) -> SurveyGroup {
    let mean = |dimension| shown_mean(*group.dimensions.get(dimension), min);
    let dimensions = DimensionMeans {
        satisfaction: mean(Dimension::Satisfaction),
        performance: mean(Dimension::Performance),
        activity: mean(Dimension::Activity),
        communication: mean(Dimension::Communication),
        efficiency: mean(Dimension::Efficiency),
    };
    let n = |dimension| {
        let sum = *group.dimensions.get(dimension);
        shown_mean(sum, min).map(|_| sum.n)
    };
    let answers = DimensionAnswers {
        satisfaction: n(Dimension::Satisfaction),
        performance: n(Dimension::Performance),
        activity: n(Dimension::Activity),
        communication: n(Dimension::Communication),
        efficiency: n(Dimension::Efficiency),
    };
    SurveyGroup {
        name: group.name.clone(),
        responses: group.responses,
        nps: shown_counts(group.nps, min),
        dimensions: (dimensions != DimensionMeans::default()).then_some(dimensions),
        dimension_answers: (answers != DimensionAnswers::default()).then_some(answers),
    }
}

fn shown_counts(counts: NpsCounts, min: u32) -> Option<NpsCounts> {
    let kinds = [counts.promoters, counts.passives, counts.detractors];
    let differ = kinds.iter().filter(|count| **count > 0).count() > 1;
    (answers(counts) >= min && differ).then_some(counts)
}

/// A mean of exactly 1 or 5 tells what everybody answered.
fn shown_mean(sum: Sum, min: u32) -> Option<f64> {
    let mean = sum.mean().filter(|_| sum.n >= min)?;
    (mean > 1.0 && mean < 5.0).then_some(mean)
}

/// Figures that the group answered and that are not shown.
fn missing(group: &GroupSums, entry: &SurveyGroup) -> Vec<LeftOut> {
    let left_out = |dimension| LeftOut {
        group: group.name.clone(),
        dimension,
    };
    let nps = (answers(group.nps) > 0 && entry.nps.is_none()).then(|| left_out(None));
    let means = Dimension::ALL.into_iter().filter_map(|dimension| {
        let is_answered = group.dimensions.get(dimension).n > 0;
        (is_answered && group_mean(entry, dimension).is_none()).then(|| left_out(Some(dimension)))
    });
    nps.into_iter().chain(means).collect()
}
