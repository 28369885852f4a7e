//! Series about developer surveys. Groups have series for the latest wave of each question set; the wave
//! as a whole is the empty group. Nothing is computed here that the object does not show.

use super::Fleet;
use super::family::Series;
use crate::api::developer_survey::{NpsStatus, SurveyGroup};
use crate::assess::goal_objects::StoredSurvey;
use crate::assess::goals::survey::aggregate::{Mean, group_mean};
use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::score::nps;
use crate::assess::goals::survey::waves::{
    Waves, response_rate, responses, shown_counts, shown_mean,
};

/// The group that stands for the whole wave; no group has an empty name.
const WHOLE: &str = "";

/// The net promoter score or an end of its interval, from 10 answers on.
pub(super) fn scores<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&NpsStatus) -> Option<f64>,
) -> Series<'a> {
    by_group(
        fleet,
        |wave| value(&nps(shown_counts(&wave.spec))),
        |group| value(&nps(group.nps?)),
    )
}

/// Responses; of the whole wave, those of hidden groups too.
pub(super) fn responses_of<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    by_group(
        fleet,
        |wave| Some(f64::from(responses(&wave.spec))),
        |group| Some(f64::from(group.responses)),
    )
}

/// Responses ÷ invited.
pub(super) fn rates<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    let surveys = fleet.inventory.goals().surveys.iter();
    surveys
        .filter_map(|wave| Some(([&*wave.name], response_rate(&wave.spec)?)))
        .collect()
}

/// A part of the mean of each dimension.
pub(super) fn means<'a>(fleet: &'a Fleet<'a>, value: impl Fn(Mean) -> Option<f64>) -> Series<'a> {
    let surveys = &fleet.inventory.goals().surveys;
    let waves = Waves::new(surveys.iter());
    let mut series = Vec::new();
    for wave in surveys.iter() {
        let groups: &[SurveyGroup] = if waves.is_latest(wave) {
            &wave.spec.groups
        } else {
            &[]
        };
        for dimension in Dimension::ALL {
            let whole = (WHOLE, shown_mean(&wave.spec, dimension));
            let shown = groups
                .iter()
                .map(|group| (group.name.as_str(), group_mean(group, dimension)));
            for (group, shown) in [whole].into_iter().chain(shown) {
                if let Some(value) = shown.and_then(&value) {
                    series.push(([&*wave.name, group, dimension.as_str()], value));
                }
            }
        }
    }
    series.into_iter().collect()
}

fn by_group<'a>(
    fleet: &'a Fleet<'a>,
    whole: impl Fn(&StoredSurvey) -> Option<f64>,
    of_group: impl Fn(&SurveyGroup) -> Option<f64>,
) -> Series<'a> {
    let surveys = &fleet.inventory.goals().surveys;
    let waves = Waves::new(surveys.iter());
    let mut series = Vec::new();
    for wave in surveys.iter() {
        if let Some(value) = whole(wave) {
            series.push(([&*wave.name, WHOLE], value));
        }
        let groups = wave.spec.groups.iter();
        for group in groups.filter(|_| waves.is_latest(wave)) {
            if let Some(value) = of_group(group) {
                series.push(([&*wave.name, group.name.as_str()], value));
            }
        }
    }
    series.into_iter().collect()
}
