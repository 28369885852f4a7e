//! Hours of work a month, as they are added up. Whose hours they are, and why, is decided elsewhere.

/// Hours a month in billionths: whole numbers, so that a sum does not depend on its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::assess) struct Hours(i128);

const BILLION: f64 = 1e9;

impl Hours {
    #[allow(clippy::cast_possible_truncation)] // a float beyond the range becomes its end
    pub fn of(hours: f64) -> Self {
        Self((hours * BILLION).round() as i128)
    }

    #[allow(clippy::cast_precision_loss)] // sums of hours fit a float to more digits than are shown
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / BILLION
    }

    #[must_use]
    pub fn times(self, count: usize) -> Self {
        Self(
            self.0
                .saturating_mul(i128::try_from(count).unwrap_or(i128::MAX)),
        )
    }

    pub fn add(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}
