//! The number of writes under way at once. A server that pushes back halves it and sets a pause; every
//! write that lands widens it again. Pure: every instant is a parameter.

use std::time::{Duration, Instant};

/// The most writes under way at once.
pub const WIDEST: u32 = 64;
/// The longest pause a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Additive increase, multiplicative decrease.
#[derive(Clone, Debug)]
pub struct Throttle {
    width: f64,
    paused_until: Option<Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            width: f64::from(WIDEST),
            paused_until: None,
        }
    }
}

impl Throttle {
    /// How many more writes may start while this many are under way.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and WIDEST
    pub fn slots(&self, under_way: usize, now: Instant) -> usize {
        if self.paused_until.is_some_and(|until| until > now) {
            return 0;
        }
        (self.width as usize).saturating_sub(under_way)
    }

    /// When writes may start again, where they may not now.
    pub fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// A write landed.
    pub fn went_well(&mut self) {
        self.width = (self.width + 1.0 / self.width).min(f64::from(WIDEST));
    }

    /// The server pushed back. Answers to writes that were under way together count once.
    pub fn pushed_back(&mut self, go_on_after: Duration, now: Instant) {
        if self.paused_until(now).is_none() {
            self.width = (self.width / 2.0).max(1.0);
        }
        let until = now + go_on_after.min(LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_server_that_pushes_back_is_left_alone_as_long_as_it_asks() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        assert_eq!(throttle.slots(0, start), 64);
        throttle.pushed_back(SECOND * 5, start);
        assert_eq!(throttle.slots(0, start + SECOND * 4), 0);
        assert_eq!(throttle.slots(0, start + SECOND * 6), 32);
        assert_eq!(throttle.paused_until(start), Some(start + SECOND * 5));
    }

    #[test]
    fn answers_to_writes_under_way_together_count_once() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        (0..64).for_each(|_| throttle.pushed_back(SECOND, start));
        assert_eq!(throttle.slots(0, start + SECOND * 2), 32);
    }

    #[test]
    fn it_never_closes_for_good_and_opens_again_slowly() {
        let mut now = Instant::now();
        let mut throttle = Throttle::default();
        for _ in 0..20 {
            throttle.pushed_back(SECOND * 1_000, now);
            now += LONGEST_PAUSE + SECOND;
        }
        assert_eq!(throttle.slots(0, now), 1);
        (0..3_000).for_each(|_| throttle.went_well());
        assert_eq!(throttle.slots(0, now), 64);
        assert_eq!(throttle.slots(70, now), 0);
    }
}
