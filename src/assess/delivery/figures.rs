//! Figures of a record, computed from the record alone: numbers and medians of windows of whole days in
//! UTC, and the texts of its columns. A median without a sample is absent, never 0.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::entries::day;
use crate::api::Period;
use crate::api::delivery_record::{
    Columns, DayCount, DeliveryCounts, DeliveryRecordStatus, MOST_DAYS, WindowFigures,
};

/// Lengths of the windows in days.
pub const WINDOWS: [u32; 3] = [7, 30, 90];
/// The window that `kubectl get` shows.
const SHOWN: u32 = 30;
/// Days that a record lists.
const LONGEST: u32 = 90;

/// Brings days, figures and columns up to date.
pub(super) fn refresh(status: &mut DeliveryRecordStatus, now: Timestamp) {
    let first = first_day(now, LONGEST);
    status.days.retain(|day| day.day >= first);
    let surplus = status.days.len().saturating_sub(MOST_DAYS);
    status.days.drain(..surplus);
    status.figures = WINDOWS
        .map(|days| window(&status.days, days, None, now))
        .into();
    let shown = window(&status.days, SHOWN, None, now);
    status.columns = Some(columns(&shown));
    status.last_rollout_at = status
        .rollouts
        .iter()
        .filter_map(|it| it.available_at)
        .max();
}

/// Figures of the last days, of rollouts under one status or all.
pub fn window(
    all: &[DayCount],
    days: u32,
    standing: Option<&str>,
    now: Timestamp,
) -> WindowFigures {
    let (first, today) = (first_day(now, days), day(now));
    let within = all.iter().filter(|it| {
        it.day >= first && it.day <= today && standing.is_none_or(|word| it.standing == word)
    });
    let mut counts = DeliveryCounts::default();
    let (mut leads, mut recoveries) = (Vec::new(), Vec::new());
    for day in within {
        counts = sum(counts, day.counts);
        leads.extend(&day.lead_times);
        recoveries.extend(&day.recovery_times);
    }
    WindowFigures {
        days,
        counts,
        lead_times: size(&leads),
        lead_time: median(leads),
        recovery_times: size(&recoveries),
        recovery_time: median(recoveries),
    }
}

/// The change fail rate: failed ÷ (releases + configuration changes), of those whose failure is
/// visible. None without one.
pub fn change_fail_rate(counts: &DeliveryCounts) -> Option<f64> {
    ratio(counts.visible_failed, counts.visible)
}

/// The deployment rework rate: (rollbacks + fixes while a failure was open) ÷ all counted rollouts.
/// None without one.
pub fn rework_rate(counts: &DeliveryCounts) -> Option<f64> {
    ratio(
        counts.rework,
        counts.rollouts.saturating_add(counts.rollbacks),
    )
}

/// Share of releases and configuration changes whose failure would be visible. None without one.
pub fn failure_coverage(counts: &DeliveryCounts) -> Option<f64> {
    ratio(counts.visible, counts.rollouts)
}

/// Share of releases and configuration changes with a lead time. None without one.
pub fn lead_time_coverage(figures: &WindowFigures) -> Option<f64> {
    ratio(figures.lead_times, figures.counts.rollouts)
}

/// Deployments per day: releases, configuration changes and rollbacks.
pub fn deployment_frequency(figures: &WindowFigures) -> Option<f64> {
    ratio(
        figures
            .counts
            .rollouts
            .saturating_add(figures.counts.rollbacks),
        figures.days,
    )
}

fn ratio(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// The next midnight at which a listed day leaves a window.
pub fn next_change(status: &DeliveryRecordStatus, now: Timestamp) -> Option<Timestamp> {
    let leaves = status.days.iter().flat_map(|day| {
        let date: Option<Date> = day.day.parse().ok();
        WINDOWS.map(|days| start_of(date?.checked_add(i64::from(days).days()).ok()?))
    });
    leaves.flatten().filter(|at| *at > now).min()
}

fn start_of(date: Date) -> Option<Timestamp> {
    let start = date.to_zoned(TimeZone::UTC).ok()?;
    Some(start.timestamp())
}

/// The first day of a window that ends today.
pub(super) fn first_day(now: Timestamp, days: u32) -> String {
    let today = now.to_zoned(TimeZone::UTC).date();
    let back: Span = i64::from(days.saturating_sub(1)).days();
    today.checked_sub(back).unwrap_or(today).to_string()
}

/// Whether records still hold the days since an instant.
pub(crate) fn reaches_back_to(at: Timestamp, now: Timestamp) -> bool {
    first_day(now, LONGEST) <= day(at)
}

pub(super) fn sum(a: DeliveryCounts, b: DeliveryCounts) -> DeliveryCounts {
    DeliveryCounts {
        rollouts: a.rollouts.saturating_add(b.rollouts),
        rollbacks: a.rollbacks.saturating_add(b.rollbacks),
        others: a.others.saturating_add(b.others),
        failed: a.failed.saturating_add(b.failed),
        visible: a.visible.saturating_add(b.visible),
        visible_failed: a.visible_failed.saturating_add(b.visible_failed),
        rework: a.rework.saturating_add(b.rework),
        untracked: a.untracked.saturating_add(b.untracked),
        refused: a.refused.saturating_add(b.refused),
    }
}

fn size(durations: &[u32]) -> u32 {
    u32::try_from(durations.len()).unwrap_or(u32::MAX)
}

/// The median in seconds; of an even number, the mean of the middle two.
pub fn median(mut durations: Vec<u32>) -> Option<u32> {
    durations.sort_unstable();
    let middle = durations.len() / 2;
    let upper = *durations.get(middle)?;
    if durations.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *durations.get(middle.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2)
}

fn columns(figures: &WindowFigures) -> Columns {
    let WindowFigures { counts, .. } = figures;
    let covered =
        |time: u32, covered: u32, of: u32| format!("{} ({covered} of {of})", rounded(time));
    Columns {
        rollouts: counts.rollouts.to_string(),
        failed: format!("{} of {}", counts.visible_failed, counts.visible),
        lead_time: figures
            .lead_time
            .map(|time| covered(time, figures.lead_times, counts.rollouts)),
        recovery: figures
            .recovery_time
            .map(|time| covered(time, figures.recovery_times, counts.failed)),
    }
}

/// A duration in its two largest units.
fn rounded(seconds: u32) -> Period {
    let seconds = u64::from(seconds);
    let unit = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    Period::seconds(seconds / unit * unit)
}
