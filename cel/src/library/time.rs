//! Functions of timestamps and durations: their parts in a time zone, and their text as in Go.

use jiff::SignedDuration;
use jiff::tz::{Offset, TimeZone};

use super::{Builtin, Context, no_overload};
use crate::value::{Clock, EvalResult, Fault, Instant, Value};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("getFullYear", 1 | 2, true) => full_year,
        ("getMonth", 1 | 2, true) => month,
        ("getDayOfYear", 1 | 2, true) => day_of_year,
        ("getDayOfMonth", 1 | 2, true) => day_of_month,
        ("getDate", 1 | 2, true) => date,
        ("getDayOfWeek", 1 | 2, true) => day_of_week,
        ("getHours", 1 | 2, true) => hours,
        ("getMinutes", 1 | 2, true) => minutes,
        ("getSeconds", 1 | 2, true) => whole_seconds,
        ("getMilliseconds", 1 | 2, true) => milliseconds,
        _ => return None,
    };
    Some(function)
}

/// A part of a timestamp in a time zone, UTC by default.
fn part<'a>(args: &[Value<'a>], part: impl Fn(&Clock) -> i64) -> EvalResult<'a> {
    let (instant, ahead) = match args {
        [Value::Timestamp(instant)] => (instant, 0),
        [Value::Timestamp(instant), Value::String(zone)] => (instant, ahead_of_utc(instant, zone)?),
        _ => return no_overload(),
    };
    Ok(Value::Int(part(&instant.on_clock(ahead))))
}

/// Whole units as Go counts them: in doubles, which may round up.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // as in Go
fn whole(nanos: i64, unit: i64) -> i64 {
    if unit < 1_000_000_000 {
        return nanos / unit;
    }
    ((nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64) as i64
}

/// A part of a timestamp, or a duration in units of so many nanoseconds.
fn part_or_span<'a>(args: &[Value<'a>], unit: i64, of: impl Fn(&Clock) -> i64) -> EvalResult<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Int(whole(*nanos, unit))),
        _ => part(args, of),
    }
}

/// Offset of a time zone from UTC in seconds. The zone is a name, or an offset such as `+02:00` of
/// any size.
fn ahead_of_utc(instant: &Instant, zone: &str) -> Result<i64, Fault> {
    let unknown = || Fault::error(format!("unknown time zone {zone}"));
    if let Some((hours, minutes)) = zone.split_once(':') {
        let hours: i64 = hours.parse().map_err(|_| unknown())?;
        let minutes: i64 = minutes.parse().map_err(|_| unknown())?;
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let minutes = hours
            .checked_mul(60)
            .and_then(|total| total.checked_add(sign * minutes));
        return minutes
            .and_then(|minutes| minutes.checked_mul(60))
            .ok_or_else(unknown);
    }
    // Servers run in UTC.
    if matches!(zone, "" | "UTC" | "Local") {
        return Ok(0);
    }
    // Go finds zones by file name, so case matters.
    TimeZone::get(zone)
        .ok()
        .filter(|found| found.iana_name() == Some(zone))
        .map(|found| i64::from(instant.offset_in(&found).seconds()))
        .ok_or_else(unknown)
}

fn full_year<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.year)
}

fn month<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.month - 1)
}

fn day_of_year<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.day_of_year - 1)
}

fn day_of_month<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.day - 1)
}

fn date<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.day)
}

fn day_of_week<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part(args, |at| at.weekday)
}

fn hours<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part_or_span(args, 3_600_000_000_000, |at| at.hour)
}

fn minutes<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part_or_span(args, 60_000_000_000, |at| at.minute)
}

fn whole_seconds<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    part_or_span(args, 1_000_000_000, |at| at.second)
}

fn milliseconds<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let of_second = match args {
        [Value::Timestamp(instant), ..] => i64::from(instant.subsec_nanosecond() / 1_000_000),
        _ => 0,
    };
    part_or_span(args, 1_000_000, |_| of_second)
}

/// A duration in seconds: `1.5s`.
pub(super) fn seconds(nanos: i64) -> String {
    let seconds = SignedDuration::from_nanos(nanos).as_secs_f64();
    format!("{seconds}s")
}

/// RFC 3339 with the offset that the timestamp was written with.
pub(super) fn rfc3339(instant: &Instant) -> String {
    let at = instant.on_clock(i64::from(instant.offset().seconds()));
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    );
    if instant.subsec_nanosecond() != 0 {
        let digits = format!("{:09}", instant.subsec_nanosecond());
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    let offset = instant.offset().seconds() / 60;
    if offset == 0 {
        return text + "Z";
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let offset = offset.abs();
    format!("{text}{sign}{:02}:{:02}", offset / 60, offset % 60)
}

/// Reads RFC 3339 as Go's `time.Parse` does: allows one digit for the hour and a comma before the
/// fraction, and drops digits beyond nanoseconds.
pub(super) fn parse_rfc3339(text: &str) -> Option<Instant> {
    let mut reader = Reader(text);
    let year = reader.number(4, 4)?;
    let month = reader.after("-")?.number(2, 2)?;
    let day = reader.after("-")?.number(2, 2)?;
    let hour = reader.after("T")?.number(1, 2)?;
    let minute = reader.after(":")?.number(2, 2)?;
    let second = reader.after(":")?.number(2, 2)?;
    let nanos = reader.fraction()?;
    let offset = reader.offset()?;
    let small = |value: i64| i8::try_from(value).ok();
    let date =
        jiff::civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    let local = date.to_datetime(time);
    let since_epoch = local.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0));
    let seconds = since_epoch.as_secs() - i64::from(offset.seconds());
    (reader.0.is_empty() && year > 0).then_some(())?;
    Instant::new(seconds, nanos, offset)
}

struct Reader<'t>(&'t str);

impl Reader<'_> {
    fn after(&mut self, mark: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(self)
    }

    fn digits(&self) -> usize {
        self.0.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let length = self.digits().min(most);
        let (number, rest) = self.0.split_at(length);
        (length >= least).then_some(())?;
        self.0 = rest;
        number.parse().ok()
    }

    fn fraction(&mut self) -> Option<u32> {
        let Some(rest) = self.0.strip_prefix(['.', ',']) else {
            return Some(0);
        };
        self.0 = rest;
        let length = self.digits();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let digits: String = digits.chars().chain("000000000".chars()).take(9).collect();
        (length > 0).then(|| digits.parse().ok()).flatten()
    }

    fn offset(&mut self) -> Option<Offset> {
        if self.after("Z").is_some() {
            return Some(Offset::UTC);
        }
        let sign = if self.after("-").is_some() {
            -1
        } else {
            self.after("+").map(|_| 1)?
        };
        let hours = self.number(2, 2)?;
        let minutes = self.after(":")?.number(2, 2)?;
        (hours <= 24 && minutes <= 60).then_some(())?;
        let seconds = sign * (hours * 3600 + minutes * 60);
        Offset::from_seconds(i32::try_from(seconds).ok()?).ok()
    }
}

/// Reads a Go duration: `1h30m`, `-1.5s`, `0`.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (nanos, after) = duration_term(rest)?;
        total = total.checked_add(nanos).filter(|total| *total <= 1 << 63)?;
        rest = after;
    }
    let total = i128::from(total);
    i64::try_from(if negative { -total } else { total }).ok()
}

/// One number with its unit, and the rest.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn duration_term(text: &str) -> Option<(u64, &str)> {
    let whole_end = text.find(|c: char| !c.is_ascii_digit())?;
    let (whole, rest) = text.split_at(whole_end);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
        None => ("", rest),
    };
    (!whole.is_empty() || !fraction.is_empty()).then_some(())?;
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit());
    let (unit, rest) = rest.split_at(unit_end.unwrap_or(rest.len()));
    let unit: u64 = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: f64 = format!("0.{fraction}0").parse().ok()?;
    let nanos = whole
        .checked_mul(unit)?
        .checked_add((part * unit as f64) as u64)?;
    Some((nanos, rest))
}
