//! Numbers of the contrast in words.

use crate::api::Period;

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Number,
    Seconds,
    /// A ratio, whose differences are percentage points.
    Points,
}

impl Unit {
    /// A figure in this unit.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Number => number(value),
            Self::Seconds => duration(value),
            Self::Points => format!("{} points", number(value * 100.0)),
        }
    }
}

/// A difference with its sign.
pub(super) fn change(value: f64, unit: Unit) -> String {
    let size = unit.text(value.abs());
    if size == unit.text(0.0) {
        return format!("±{size}");
    }
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{size}")
}

/// One decimal, unless it is 0.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded}")
}

/// A duration in its two largest units.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float beyond the range becomes its end
pub(in crate::report) fn duration(seconds: f64) -> String {
    let seconds = seconds.round().max(0.0) as u64;
    let unit = match seconds {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    Period::seconds(seconds / unit * unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_differences_a_sign() {
        assert_eq!(duration(7_265.0), "2h1m");
        assert_eq!(duration(90.4), "1m30s");
        assert_eq!(duration(200_000.0), "2d7h");
        assert_eq!(change(-100_800.0, Unit::Seconds), "−1d4h");
        assert_eq!(change(0.25, Unit::Points), "+25 points");
        assert_eq!(change(0.0001, Unit::Points), "±0 points");
        assert_eq!(number(1.8666), "1.9");
    }
}
