//! Shares for people: a fraction for few items, so that small numbers do not look precise, else a
//! percentage. A count of everything has no interval: intervals belong to samples.

/// Below this many, only a fraction.
const FRACTION_BELOW: usize = 10;

/// `part` of `whole`: "3 of 7", "72 %"; a dash if `whole` is 0.
pub fn share(part: usize, whole: usize) -> String {
    match whole {
        0 => "–".to_owned(),
        1..FRACTION_BELOW => format!("{part} of {whole}"),
        FRACTION_BELOW.. => percent(ratio(part, whole)),
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
    use super::*;

    #[test]
    fn small_numbers_claim_no_more_than_they_know() {
        for (part, whole, shown) in [
            (0, 0, "–"),
            (3, 7, "3 of 7"),
            (9, 9, "9 of 9"),
            (4, 10, "40 %"),
            (0, 10, "0 %"),
            (12, 30, "40 %"),
            (225, 312, "72 %"),
            (999, 1000, "99 %"),
            (1, 1000, "1 %"),
            (1000, 1000, "100 %"),
        ] {
            assert_eq!(share(part, whole), shown, "{part} of {whole}");
        }
    }
}
