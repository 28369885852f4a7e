//! What no wave may show, whatever the groups and their answers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::aggregate::{Answers, groups};
use super::amendment::{FEWEST_NEW, check};
use super::questions::{ByDimension, Dimension};
use super::score::{adjusted, answers, nps};
use super::suppression::{Publication, Terms, publish};
use crate::api::developer_survey::{Grouping, NpsCounts};
use crate::api::platform_objective::Span;
use crate::api::{DeveloperSurveySpec, Instant};

fn person() -> impl Strategy<Value = (Option<u8>, Vec<Option<u8>>)> {
    let nps = prop::option::weighted(0.9, 0..=10_u8);
    let agreed = prop::option::weighted(0.8, 1..=5_u8);
    (nps, prop::collection::vec(agreed, Dimension::ALL.len()))
}

fn answer(group: usize, (nps, agreed): &(Option<u8>, Vec<Option<u8>>)) -> Answers {
    Answers {
        group: format!("team-{group}"),
        nps: *nps,
        dimensions: ByDimension::new(|dimension| {
            let index = Dimension::ALL.iter().position(|it| *it == dimension)?;
            agreed[index].map(f64::from)
        }),
    }
}

/// People in groups whose sizes are mostly around the smallest that is shown.
fn people() -> impl Strategy<Value = Vec<Answers>> {
    let sizes = prop_oneof![3 => 1..8_usize, 1 => 1..30_usize];
    let group = sizes.prop_flat_map(|size| prop::collection::vec(person(), size));
    prop::collection::vec(group, 0..8).prop_map(|groups| {
        let groups = groups.iter().enumerate();
        let people = groups.flat_map(|(at, people)| people.iter().map(move |it| answer(at, it)));
        people.collect()
    })
}

fn terms(min: u32) -> Terms<'static> {
    Terms {
        grouping: Grouping::Team,
        min,
        published: BTreeSet::new(),
    }
}

fn total(publication: &Publication) -> u32 {
    let shown: u32 = publication.groups.iter().map(|group| group.responses).sum();
    shown + publication.hidden.map_or(0, |hidden| hidden.responses)
}

proptest! {
    #[test]
    fn small_groups_are_hidden_where_subtraction_cannot_find_them(people in people(), min in 5..9_u32) {
        let Ok(publication) = publish(groups(&people), &terms(min)) else {
            prop_assert!(people.len() < min as usize);
            return Ok(());
        };
        prop_assert_eq!(total(&publication) as usize, people.len());
        for group in &publication.groups {
            prop_assert!(group.responses >= min);
            prop_assert!(group.nps.is_none_or(|it| answers(it) >= min));
        }
        let Some(hidden) = publication.hidden else {
            let all = groups(&people).len();
            prop_assert!(publication.grouping == Grouping::Everyone || publication.groups.len() == all);
            return Ok(());
        };
        prop_assert!(hidden.groups >= 2 && hidden.responses >= min);
        // Each hidden group could have one response, and could have more.
        prop_assert!(hidden.responses > hidden.groups);
        prop_assert!(publication.grouping == Grouping::Team && !publication.groups.is_empty());
    }

    #[test]
    fn what_hidden_people_answer_changes_nothing_that_is_shown(
        people in people(),
        others in prop::collection::vec(person(), 240),
        min in 5..9_u32,
    ) {
        let Ok(publication) = publish(groups(&people), &terms(min)) else { return Ok(()) };
        if publication.grouping == Grouping::Everyone {
            return Ok(());
        }
        let is_shown = |name: &str| publication.groups.iter().any(|group| group.name == name);
        let changed = people.iter().zip(&others).map(|(one, other)| {
            if is_shown(&one.group) {
                return one.clone();
            }
            Answers { group: one.group.clone(), ..answer(0, other) }
        });
        let changed: Vec<Answers> = changed.collect();
        prop_assert_eq!(publish(groups(&changed), &terms(min)), Ok(publication));
    }

    #[test]
    fn no_figure_tells_what_everybody_answered(people in people()) {
        let Ok(publication) = publish(groups(&people), &terms(5)) else { return Ok(()) };
        for group in &publication.groups {
            if let Some(NpsCounts { promoters, passives, detractors }) = group.nps {
                let kinds = [promoters, passives, detractors];
                prop_assert!(kinds.iter().filter(|count| **count > 0).count() > 1);
            }
            for dimension in Dimension::ALL {
                if let Some(shown) = super::aggregate::group_mean(group, dimension) {
                    prop_assert!(shown.n.is_some_and(|n| (5..=group.responses).contains(&n)));
                }
            }
            let dimensions = group.dimensions.unwrap_or_default();
            for mean in [dimensions.satisfaction, dimensions.performance, dimensions.activity, dimensions.communication, dimensions.efficiency] {
                prop_assert!(mean.is_none_or(|mean| mean > 1.0 && mean < 5.0));
                prop_assert!(mean.is_none_or(|it| super::aggregate::one_decimal(it).total_cmp(&it).is_eq()));
            }
        }
    }

    #[test]
    fn a_published_group_grows_by_five_or_stays(first in people(), more in people()) {
        let Ok(before) = publish(groups(&first), &terms(5)) else { return Ok(()) };
        let names: Vec<String> = before.groups.iter().map(|group| group.name.clone()).collect();
        let again = Terms {
            grouping: before.grouping,
            min: 5,
            published: names.iter().map(String::as_str).collect(),
        };
        let all: Vec<Answers> = first.into_iter().chain(more).collect();
        let sums = groups(&all);
        let Ok(after) = publish(sums.clone(), &again) else { return Ok(()) };
        let published = spec(&before);
        if check(&published, "space-1", &after, &sums).is_err() {
            return Ok(());
        }
        for old in &before.groups {
            let new = after.groups.iter().find(|group| group.name == old.name);
            prop_assert!(new.is_some_and(|new| new == old || new.responses >= old.responses + FEWEST_NEW));
            for dimension in Dimension::ALL {
                let mean = |group| super::aggregate::group_mean(group, dimension);
                if let (Some(old), Some(new)) = (mean(old), new.and_then(mean)) {
                    prop_assert!(new == old || new.n >= old.n.map(|n| n + FEWEST_NEW));
                }
            }
            if let (Some(old), Some(new)) = (old.nps, new.and_then(|new| new.nps)) {
                prop_assert!(new == old || answers(new) >= answers(old) + FEWEST_NEW);
            }
        }
    }

    #[test]
    fn an_interval_contains_the_score_beside_it(p in 0..400_u32, n in 0..400_u32, d in 0..400_u32) {
        let nps = nps(NpsCounts { promoters: p, passives: n, detractors: d });
        prop_assert_eq!(nps.score.is_some(), nps.n >= 10);
        if let (Some(score), Some(low), Some(high)) = (nps.score, nps.low, nps.high) {
            prop_assert!(-100.0 <= low && low <= score && score <= high && high <= 100.0);
        }
        let adjusted = adjusted(NpsCounts { promoters: p, passives: n, detractors: d });
        prop_assert!(adjusted.is_none_or(|it| it.margin > 0.0));
    }
}

fn spec(publication: &Publication) -> DeveloperSurveySpec {
    let at = |text: &str| Instant(text.parse().unwrap());
    DeveloperSurveySpec {
        period: Span {
            from: at("2026-07-01T00:00:00Z"),
            to: at("2026-10-01T00:00:00Z"),
        },
        question_set: "space-1".to_owned(),
        invited: None,
        grouping: publication.grouping,
        min_group_size: 5,
        groups: publication.groups.clone(),
        hidden: publication.hidden,
    }
}
