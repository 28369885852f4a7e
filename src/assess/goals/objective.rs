//! Objectives: from their specs, what was measured and the stored status to current, progress and on
//! track. Nothing is measured here.
//!
//! **Invariant:** no data never moves a figure, and a frozen result never changes until its period is
//! extended beyond the freeze.
//!
//! A status is written rarely: a figure has four significant digits, progress whole percents. While on
//! track stays as it is, a changed figure is stored every 10 minutes at most, an unchanged one once a
//! day, so that `lastMeasuredAt` is at most a day old while measuring works.

use jiff::Timestamp;

use crate::api::condition::stored;
use crate::api::platform_objective::{Builtin, Direction, KeyResult, KeyResultStatus, Role, Span};
use crate::api::{Instant, Period, PlatformObjectiveSpec, PlatformObjectiveStatus};
use crate::assess::adoption::MEASURED_WITHIN;
use crate::assess::goal_objects::StoredObjective;
use crate::assess::object::digest::digest;

pub mod builtin;
pub mod cascade;
pub mod measurement;
pub mod state;
pub mod wanted;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use measurement::{Measurement, Measurements};

/// How often a changed figure is stored while on track stays as it is.
pub(crate) const STORED_EVERY: Period = Period::seconds(600);
/// How often an unchanged figure is stored with its new time.
const CONFIRMED_EVERY: Period = Period::days(1);
/// After the end of a period, until scrapes of its last minutes have arrived.
pub const LATE_SCRAPES: Period = Period::seconds(300);
/// How long after the end a figure as of the end is asked for.
pub const FROZEN_WITHIN: Period = MEASURED_WITHIN;
/// Digits of the digest of a source.
const HASH_DIGITS: usize = 16;

/// What the key results of an objective come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectiveResult {
    /// Each key result of the spec; of a frozen result, each that was there when it was frozen.
    pub key_results: Vec<KeyResultStatus>,
    /// Mean progress of all measured targets.
    pub progress: Option<f64>,
    /// Whether it is on track.
    pub on_track: Option<bool>,
    /// When it was frozen.
    pub frozen_at: Option<Instant>,
}

/// The result of an objective at `now`.
pub fn result(
    objective: &StoredObjective,
    measurements: &Measurements,
    now: Timestamp,
) -> ObjectiveResult {
    let spec = &objective.spec;
    let before = objective.status.as_ref();
    if let Some(status) = before.filter(|status| is_frozen(spec, status)) {
        return ObjectiveResult {
            key_results: status.key_results.clone(),
            progress: status.progress,
            on_track: status.on_track,
            frozen_at: status.frozen_at,
        };
    }
    let mut has_ended = now >= spec.period.to.0;
    let mut key_results: Vec<KeyResultStatus> = spec
        .key_results
        .iter()
        .map(|key_result| {
            let kept = before.and_then(|status| kept(key_result, spec.period, status));
            let measured = measurements.of(&objective.name, key_result);
            let status = settle(key_result, spec.period, kept, measured);
            has_ended &= is_final(key_result, &status, spec.period, measured, now);
            status
        })
        .collect();
    if has_ended {
        for (key_result, status) in spec.key_results.iter().zip(&mut key_results) {
            status.on_track = at_the_end(key_result, status, spec.period);
        }
    }
    ObjectiveResult {
        progress: mean_progress(&key_results),
        on_track: on_track(spec, &key_results),
        frozen_at: has_ended.then(|| stored(now)),
        key_results,
    }
}

/// Whether a stored status is the result at the end of the period as it is now.
pub fn is_frozen(spec: &PlatformObjectiveSpec, status: &PlatformObjectiveStatus) -> bool {
    status
        .frozen_at
        .is_some_and(|at| at >= stored(spec.period.to.0))
}

/// Digest of the source and unit of a key result; none without a source.
pub fn source_hash(key_result: &KeyResult) -> Option<String> {
    let source = key_result.source.as_ref()?;
    let days = source.days.map(|days| days.to_string());
    let parts = [
        source.promql.as_deref(),
        source.builtin.map(Builtin::as_str),
        source.path.as_deref(),
        days.as_deref(),
        key_result.unit.as_deref(),
    ];
    // No text of an object holds NUL.
    Some(digest(
        parts.map(Option::unwrap_or_default).join("\0"),
        HASH_DIGITS,
    ))
}

/// The value that a stored status has of this source. One from after the end is of no use to a period
/// that was shortened.
fn kept(
    key_result: &KeyResult,
    period: Span,
    status: &PlatformObjectiveStatus,
) -> Option<KeyResultStatus> {
    let before = status
        .key_results
        .iter()
        .find(|before| before.name == key_result.name)?;
    let end = stored(period.to.0);
    let is_later = before.last_measured_at.is_some_and(|at| at > end);
    if is_later || before.source_hash != source_hash(key_result) {
        return None;
    }
    let message = before.message.clone();
    Some(match before.current.zip(before.last_measured_at) {
        Some((value, at)) => KeyResultStatus {
            message,
            ..evaluated(key_result, period, value, at.0)
        },
        None => KeyResultStatus {
            message,
            ..unmeasured(key_result)
        },
    })
}

/// A key result after a measurement.
fn settle(
    key_result: &KeyResult,
    period: Span,
    kept: Option<KeyResultStatus>,
    measured: Option<&Measurement>,
) -> KeyResultStatus {
    let kept = kept.unwrap_or_else(|| unmeasured(key_result));
    let Some(measured) = measured.filter(|it| stored(it.at) <= stored(period.to.0)) else {
        return kept;
    };
    let value = match &measured.value {
        Ok(value) => *value,
        Err(reason) => {
            return KeyResultStatus {
                message: Some(reason.message()),
                ..kept
            };
        }
    };
    let fresh = evaluated(key_result, period, value, measured.at);
    let Some(kept_at) = kept.last_measured_at else {
        return fresh;
    };
    let fresh_at = stored(measured.at);
    if fresh_at <= kept_at {
        return kept;
    }
    let is_as_before = kept.message.is_none() && kept.on_track == fresh.on_track;
    let is_same = kept.current == fresh.current && kept.progress == fresh.progress;
    let pause = if is_same {
        CONFIRMED_EVERY
    } else {
        STORED_EVERY
    };
    let is_at_the_end = fresh_at == stored(period.to.0);
    if is_as_before && !is_at_the_end && fresh_at.0 < pause.after(kept_at.0) {
        return kept;
    }
    fresh
}

/// Whether nothing is to be awaited any more: there is a value as of the end, or it was asked for in
/// vain for long enough.
fn is_final(
    key_result: &KeyResult,
    status: &KeyResultStatus,
    period: Span,
    measured: Option<&Measurement>,
    now: Timestamp,
) -> bool {
    let end = stored(period.to.0);
    let has_tried = measured.is_some_and(|it| stored(it.at) == end);
    key_result.source.is_none()
        || (status.current.is_some() && status.last_measured_at == Some(end))
        || (has_tried && now >= FROZEN_WITHIN.after(period.to.0))
}

/// Whether a key result is on track when it is frozen. A value from before the end was judged against
/// the time that had passed then, and shows nothing about the end: not whether a guardrail held, nor
/// whether a target was reached, unless the value was at the target already.
fn at_the_end(key_result: &KeyResult, status: &KeyResultStatus, period: Span) -> Option<bool> {
    if status.last_measured_at == Some(stored(period.to.0)) {
        return status.on_track;
    }
    let is_reached = status.progress.is_some_and(|share| share >= 1.0);
    match key_result.role {
        Role::Target => is_reached.then_some(true),
        Role::Guardrail => None,
    }
}

fn unmeasured(key_result: &KeyResult) -> KeyResultStatus {
    KeyResultStatus {
        name: key_result.name.clone(),
        source_hash: source_hash(key_result),
        ..KeyResultStatus::default()
    }
}

/// A key result with a value at an instant.
fn evaluated(key_result: &KeyResult, period: Span, value: f64, at: Timestamp) -> KeyResultStatus {
    let current = rounded(value);
    let progress = progress(key_result, current);
    KeyResultStatus {
        current: Some(current),
        progress: progress.map(percents),
        on_track: match key_result.role {
            Role::Target => progress.map(|it| it >= elapsed(period, at)),
            Role::Guardrail => holds(key_result, current),
        },
        last_measured_at: Some(stored(at)),
        ..unmeasured(key_result)
    }
}

/// Share of the way from baseline to target, 0 to 1; none for a guardrail.
fn progress(key_result: &KeyResult, current: f64) -> Option<f64> {
    let (baseline, target) = match key_result.role {
        Role::Target => key_result.baseline.zip(key_result.target)?,
        Role::Guardrail => return None,
    };
    let way = target - baseline;
    let share = (current - baseline) / way;
    Some(if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        // Without a way to go, a value is at the target or it is not.
        f64::from(u8::from(current.total_cmp(&target).is_eq()))
    })
}

/// Whether a guardrail holds: its figure is at its limit or on the better side of it.
fn holds(key_result: &KeyResult, current: f64) -> Option<bool> {
    let (limit, direction) = key_result.target.zip(key_result.direction)?;
    Some(match direction {
        Direction::Decrease => current <= limit,
        Direction::Increase => current >= limit,
    })
}

/// Share of a period that has elapsed at an instant, 0 to 1.
#[allow(clippy::cast_precision_loss)] // the seconds of every date fit a float exactly
pub fn elapsed(period: Span, at: Timestamp) -> f64 {
    let seconds = |from: Timestamp, to: Timestamp| (to.as_second() - from.as_second()) as f64;
    let (from, to) = (period.from.0, period.to.0);
    if at >= to {
        return 1.0;
    }
    (seconds(from, at) / seconds(from, to).max(1.0)).clamp(0.0, 1.0)
}

/// Four significant digits.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.3e}");
    let rounded = text.parse().ok().filter(|it: &f64| it.is_finite());
    let rounded = rounded.unwrap_or(value);
    // Not -0, which the API server stores as 0.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Whole percents, never more than was reached.
fn percents(share: f64) -> f64 {
    // 0.29 × 100 is 28.999…
    (share * 100.0 + 1e-9).floor() / 100.0
}

fn mean_progress(key_results: &[KeyResultStatus]) -> Option<f64> {
    let known: Vec<f64> = key_results.iter().filter_map(|it| it.progress).collect();
    let count = u32::try_from(known.len()).ok().filter(|count| *count > 0)?;
    Some(percents(known.iter().sum::<f64>() / f64::from(count)))
}

/// On track while every measured target is and every guardrail holds. A guardrail without a value does
/// not hold, and it is not broken either.
fn on_track(spec: &PlatformObjectiveSpec, key_results: &[KeyResultStatus]) -> Option<bool> {
    if key_results.iter().any(|it| it.on_track == Some(false)) {
        return Some(false);
    }
    let known = |role: Role| {
        let pairs = spec.key_results.iter().zip(key_results);
        pairs
            .filter(move |(key_result, _)| key_result.role == role)
            .map(|(_, status)| status.on_track.is_some())
    };
    let guardrails_hold = known(Role::Guardrail).all(|is_known| is_known);
    let has_target = known(Role::Target).any(|is_known| is_known);
    (guardrails_hold && has_target).then_some(true)
}
