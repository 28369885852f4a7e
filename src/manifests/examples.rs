//! The day that the files of `examples/` are written for. Their phases depend on it: a scan of the
//! directory judges as of that day, and a cluster gets the files with every date moved, so that the
//! day is today. A copied example carries no day of its own.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Input;

/// Annotation of one ConfigMap in the directory.
const DAY: &str = "goldenpath.dev/examples-day";
/// The file with that ConfigMap.
const DAY_FILE: &str = include_str!("../../examples/day.yaml");

/// The first instant of the examples' day, where the input holds the directory.
pub(crate) fn day_of(input: &Input) -> Option<Timestamp> {
    let mut values = input.manifests.iter().map(|manifest| &manifest.value);
    let day = values.find_map(|value| {
        let is_day = value["kind"] == "ConfigMap" && value["apiVersion"] == "v1";
        value["metadata"]["annotations"][DAY]
            .as_str()
            .filter(|_| is_day)
    })?;
    let midnight = day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// The text of an example with every date moved by whole days, so that the examples' day is the day
/// of `now`. Times of day stay.
pub fn moved(text: &str, now: Timestamp) -> String {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = written_for().and_then(|day| today.since(day).ok());
    days.map_or_else(|| text.to_owned(), |days| shifted(text, days))
}

fn written_for() -> Option<Date> {
    let line = DAY_FILE
        .lines()
        .find_map(|line| line.trim().strip_prefix(DAY))?;
    line.trim_start_matches(':')
        .trim()
        .trim_matches('"')
        .parse()
        .ok()
}

fn shifted(text: &str, days: Span) -> String {
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let continues = shifted.ends_with(|before: char| before.is_ascii_digit());
        let date = date_at(rest).filter(|_| !continues);
        if let Some(moved) = date.and_then(|date| date.checked_add(days).ok()) {
            shifted += &moved.to_string();
            rest = &rest[DATE_LENGTH..];
        } else {
            shifted.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shifted
}

/// Length of `2026-10-15`.
const DATE_LENGTH: usize = 10;

/// The date that `text` starts with.
fn date_at(text: &str) -> Option<Date> {
    let date = text.get(..DATE_LENGTH)?;
    let is_date = date.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let ends = !text[DATE_LENGTH..].starts_with(|after: char| after.is_ascii_digit());
    (is_date && ends).then(|| date.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_moves_by_the_same_days_and_keeps_its_time() {
        let text =
            "at: \"2026-10-15T09:30:00Z\"\nend: 2026-12-31\nticket: 12026-10-15, 2026-13-01\n";
        let next_day = "2026-10-16T23:59:00Z".parse().unwrap();
        assert_eq!(
            moved(text, next_day),
            "at: \"2026-10-16T09:30:00Z\"\nend: 2027-01-01\nticket: 12026-10-15, 2026-13-01\n"
        );
    }

    #[test]
    fn on_their_own_day_the_examples_stay_as_they_are() {
        let day = written_for().unwrap().to_zoned(TimeZone::UTC).unwrap();
        let text = "launchedAt: \"2026-02-02T09:00:00Z\"";
        assert_eq!(moved(text, day.timestamp()), text);
    }
}
