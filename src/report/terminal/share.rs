//! Shares for people: a fraction for few items, a percentage with its interval for more, and a plain
//! percentage for many, so that small numbers do not look precise.

/// Below this many, only a fraction.
const FRACTION_BELOW: usize = 10;
/// Below this many, a percentage with its interval.
const INTERVAL_BELOW: usize = 50;
/// Two-sided 95 %.
const Z: f64 = 1.96;

/// `part` of `whole`: "3 of 7", "40 % (24–58 %)", "72 %"; a dash if `whole` is 0.
pub fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => "–".to_owned(),
        1..FRACTION_BELOW => format!("{part} of {whole}"),
        FRACTION_BELOW..INTERVAL_BELOW => {
            let (low, high) = wilson(part, whole);
            format!(
                "{} ({}–{})",
                percent(ratio(part, whole)),
                whole_percent(low),
                percent(high)
            )
        }
        INTERVAL_BELOW.. => percent(ratio(part, whole)),
    }
}

/// A ratio as a percentage: "72 %". Only a ratio of exactly 1 is 100 %, only 0 is 0 %.
pub fn percent(ratio: f64) -> String {
    format!("{} %", whole_percent(ratio))
}

fn whole_percent(ratio: f64) -> f64 {
    let rounded = (ratio * 100.0).round();
    if ratio < 1.0 && rounded >= 100.0 {
        99.0
    } else if ratio > 0.0 && rounded <= 0.0 {
        1.0
    } else {
        rounded
    }
}

/// The Wilson score interval at 95 % (Wilson 1927): unlike the textbook one it stays within 0..1
/// and holds for small numbers.
pub fn wilson(part: usize, whole: usize) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (as_float(whole), ratio(part, whole));
    let denominator = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / denominator;
    let margin = Z / denominator * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - margin).max(0.0), (centre + margin).min(1.0))
}

/// `part` ÷ `whole`; 0 if `whole` is 0.
pub fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    as_float(part) / as_float(whole)
}

/// A count as a float. Counts of objects and characters are far below 2³².
pub(in crate::report) fn as_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_claim_no_more_than_they_know() {
        for (part, whole, shown) in [
            (0, 0, "–"),
            (3, 7, "3 of 7"),
            (9, 9, "9 of 9"),
            (4, 10, "40 % (17–69 %)"),
            (12, 30, "40 % (25–58 %)"),
            (225, 312, "72 %"),
            (999, 1000, "99 %"),
            (1, 1000, "1 %"),
            (1000, 1000, "100 %"),
        ] {
            assert_eq!(share(part, whole), shown, "{part} of {whole}");
        }
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_ratio(whole in 1_usize..5_000, seed in any::<usize>()) {
            let part = seed % (whole + 1);
            let (low, high) = wilson(part, whole);
            let p = ratio(part, whole);
            prop_assert!(0.0 <= low && low <= p + 1e-9 && p <= high + 1e-9 && high <= 1.0);
        }
    }
}
