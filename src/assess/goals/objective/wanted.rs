//! Which key results are to be measured now, and as of when. After the end of a period they are measured
//! as of the end, until there is a value or the time for it has passed.

use jiff::Timestamp;

use super::measurement::{KeyResultKey, Measurement, Measurements, NoData};
use super::{FROZEN_WITHIN, LATE_SCRAPES, is_frozen, source_hash};
use crate::api::Period;
use crate::api::condition::stored;
use crate::api::platform_objective::{Builtin, KeyResult};
use crate::assess::goal_objects::{Goals, StoredObjective};

/// A key result to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which one.
    pub key: KeyResultKey,
    /// Where its figure comes from.
    pub from: Figure,
    /// The instant of the value: now, or the end of the period.
    pub at: Timestamp,
    source_hash: String,
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// A PromQL expression.
    PromQl(String),
    /// A figure of this cluster.
    Builtin(BuiltinFigure),
    /// Nowhere any more.
    Missed(NoData),
}

/// A figure of this cluster, in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltinFigure {
    /// Which one.
    pub builtin: Builtin,
    /// Of one golden path alone.
    pub path: Option<String>,
    /// Days that it looks back, if it is of rollouts.
    pub days: u32,
    /// The unit of the value.
    pub unit: Option<String>,
}

/// Days that figures of rollouts look back where none are named.
const DAYS: u16 = 30;

impl Wanted {
    /// The built-in figure, if it is one.
    pub const fn builtin(&self) -> Option<&BuiltinFigure> {
        match &self.from {
            Figure::Builtin(figure) => Some(figure),
            Figure::PromQl(_) | Figure::Missed(_) => None,
        }
    }

    /// The measurement of it.
    pub fn measured(
        self,
        value: Result<f64, NoData>,
        now: Timestamp,
    ) -> (KeyResultKey, Measurement) {
        let measurement = Measurement {
            value,
            at: self.at,
            tried_at: now,
            source_hash: self.source_hash,
        };
        (self.key, measurement)
    }
}

/// The key results whose last attempt is so long ago, those first that have waited longest: one that fails
/// each time must not stand before the others.
pub fn wanted(
    goals: &Goals,
    measurements: &Measurements,
    every: Period,
    now: Timestamp,
) -> Vec<Wanted> {
    let mut due: Vec<(Option<Timestamp>, Wanted)> = goals
        .objectives
        .iter()
        .filter(|objective| {
            let status = objective.status.as_ref();
            !status.is_some_and(|status| is_frozen(&objective.spec, status))
        })
        .flat_map(|objective| {
            let key_results = objective.spec.key_results.iter();
            key_results.filter_map(move |key_result| {
                let wanted = one(objective, key_result, now)?;
                let last = measurements.of(&objective.name, key_result);
                let is_due = last.is_none_or(|last| {
                    let is_another_instant = wanted.at != now && last.at != wanted.at;
                    is_another_instant || every.after(last.tried_at) <= now || now < last.tried_at
                });
                is_due.then(|| (last.map(|last| last.tried_at), wanted))
            })
        })
        .collect();
    due.sort_by_key(|(tried_at, _)| *tried_at);
    due.into_iter().map(|(_, wanted)| wanted).collect()
}

fn one(objective: &StoredObjective, key_result: &KeyResult, now: Timestamp) -> Option<Wanted> {
    let source = key_result.source.as_ref()?;
    let to = stored(objective.spec.period.to.0);
    let has_ended = now >= to.0;
    if has_ended && has_final_value(objective, key_result) {
        return None;
    }
    let from = match (&source.promql, source.builtin) {
        (Some(_), _) if has_ended && now < LATE_SCRAPES.after(to.0) => return None,
        (Some(query), _) => Figure::PromQl(query.clone()),
        (None, Some(_)) if now >= FROZEN_WITHIN.after(to.0) => Figure::Missed(NoData::PeriodOver),
        (None, Some(builtin)) => Figure::Builtin(BuiltinFigure {
            builtin,
            path: source.path.clone(),
            days: source.days.unwrap_or(DAYS).into(),
            unit: key_result.unit.clone(),
        }),
        (None, None) => return None,
    };
    Some(Wanted {
        key: (objective.name.clone(), key_result.name.clone()),
        from,
        at: if has_ended { to.0 } else { now },
        source_hash: source_hash(key_result)?,
    })
}

/// Whether the stored value is as of the end of the period.
fn has_final_value(objective: &StoredObjective, key_result: &KeyResult) -> bool {
    let to = stored(objective.spec.period.to.0);
    let hash = source_hash(key_result);
    let mut stored_results = objective.status.iter().flat_map(|it| &it.key_results);
    stored_results.any(|it| {
        it.name == key_result.name
            && it.source_hash == hash
            && it.current.is_some()
            && it.last_measured_at == Some(to)
    })
}
