//! The number of writes under way at once. A server that pushes back halves it and sets a pause; every
//! write that lands widens it again. A server that queues writes gets fewer of them, so that its other
//! clients wait less. Pure: every instant is a parameter.

use std::time::{Duration, Instant};

/// The most writes under way at once.
pub const WIDEST: u32 = 64;
/// The fewest that a slow server gets, unless it pushes back: enough to keep it busy.
const NARROWEST: f64 = 12.0;
/// The longest pause a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How long the lowest latency counts.
const LATELY: Duration = Duration::from_secs(30);
/// By how much one round of writes widens or narrows.
const STEP: f64 = 1.25;
/// While a smaller part of the writes queues at the server, it gets more.
const FEW_QUEUED: f64 = 1.0 / 3.0;
/// While a larger part of the writes queues at the server, it gets fewer.
const MANY_QUEUED: f64 = 1.0 / 2.0;

/// Additive increase and multiplicative decrease by what the server answers, within what its latency
/// allows.
#[derive(Clone, Debug)]
pub struct Throttle {
    width: f64,
    latency: LatencyLimit,
    paused_until: Option<Instant>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            width: f64::from(WIDEST),
            latency: LatencyLimit::default(),
            paused_until: None,
        }
    }
}

impl Throttle {
    /// How many more writes may start while this many are under way.
    pub fn slots(&self, under_way: usize, now: Instant) -> usize {
        if self.paused_until.is_some_and(|until| until > now) {
            return 0;
        }
        whole(self.width.min(self.latency.width)).saturating_sub(under_way)
    }

    /// When writes may start again, where they may not now.
    pub fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// A write landed that took this long. This many others are still under way.
    pub fn went_well(&mut self, took: Duration, under_way: usize, now: Instant) {
        self.width = (self.width + 1.0 / self.width).min(f64::from(WIDEST));
        self.latency.answered(took, under_way, now);
    }

    /// The server pushed back. Answers to writes that were under way together count once.
    pub fn pushed_back(&mut self, go_on_after: Duration, now: Instant) {
        if self.paused_until(now).is_none() {
            let width = self.width.min(self.latency.width);
            self.width = (width / 2.0).max(1.0);
        }
        let until = now + go_on_after.min(LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(Some(until));
    }
}

/// The number of writes that a server answers without queueing many of them, as in TCP Vegas: latency
/// beyond the lowest is time in a queue, so the part of the writes that queues is
/// 1 − lowest ÷ latency. It compares whole rounds of writes, and only those that used the width up. The
/// lowest latency is that of a narrow round, measured anew from time to time: the queue would hide it
/// otherwise.
#[derive(Clone, Debug)]
struct LatencyLimit {
    width: f64,
    lowest: Option<Duration>,
    /// When the lowest latency was last measured anew.
    renewed: Option<Instant>,
    round: Option<Round>,
}

/// As many writes as may be under way at once, all sent since the width last changed.
#[derive(Clone, Debug)]
struct Round {
    start: Instant,
    writes: u32,
    total: Duration,
}

impl Default for LatencyLimit {
    fn default() -> Self {
        Self {
            width: f64::from(WIDEST),
            lowest: None,
            renewed: None,
            round: None,
        }
    }
}

impl LatencyLimit {
    fn answered(&mut self, took: Duration, under_way: usize, now: Instant) {
        let width = whole(self.width);
        if under_way.saturating_add(1) < width {
            return;
        }
        let round = self.round.get_or_insert(Round {
            start: now,
            writes: 0,
            total: Duration::ZERO,
        });
        if now.checked_sub(took).is_none_or(|sent| sent < round.start) {
            return;
        }
        round.writes += 1;
        round.total += took;
        if usize::try_from(round.writes).is_ok_and(|writes| writes < width) {
            return;
        }
        let latency = round.total / round.writes;
        self.round = None;
        self.adjust(latency, now);
    }

    fn adjust(&mut self, latency: Duration, now: Instant) {
        let is_outdated = |at| now.saturating_duration_since(at) >= LATELY;
        if self.renewed.is_none_or(is_outdated) {
            self.renewed = Some(now);
            self.lowest = None;
            self.width = NARROWEST;
            return;
        }
        let lowest = self.lowest.map_or(latency, |lowest| lowest.min(latency));
        self.lowest = Some(lowest);
        let queued = 1.0 - lowest.as_secs_f64() / latency.as_secs_f64();
        if queued < FEW_QUEUED {
            self.width = (self.width * STEP).min(f64::from(WIDEST));
        } else if queued > MANY_QUEUED {
            self.width = (self.width / STEP).max(NARROWEST);
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and WIDEST
fn whole(width: f64) -> usize {
    width as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const QUICK: Duration = Duration::from_millis(5);

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
        (0..3_000).for_each(|_| throttle.went_well(QUICK, 0, now));
        assert_eq!(throttle.slots(0, now), 64);
        assert_eq!(throttle.slots(70, now), 0);
    }

    /// A server that answers at most so many writes in a second, and none earlier than its base.
    struct Server {
        base: Duration,
        per_second: u32,
    }

    impl Server {
        fn new(base: u64, per_second: u32) -> Self {
            Self {
                base: Duration::from_millis(base),
                per_second,
            }
        }

        /// The fewest writes under way at once with which it answers as many as it can.
        fn knee(&self) -> f64 {
            self.base.as_secs_f64() * f64::from(self.per_second)
        }

        fn latency(&self, under_way: u32) -> Duration {
            self.base.max(SECOND * under_way / self.per_second)
        }
    }

    /// One client with as many writes under way as it may have.
    struct Client {
        throttle: Throttle,
        now: Instant,
    }

    impl Client {
        fn new() -> Self {
            Self {
                throttle: Throttle::default(),
                now: Instant::now(),
            }
        }

        /// Writes for so many seconds. Returns the writes in a second, and the width afterwards.
        fn write(&mut self, server: &Server, seconds: u32) -> (f64, usize) {
            let start = self.now;
            let mut writes = 0_u32;
            while self.now - start < SECOND * seconds {
                let width = self.throttle.slots(0, self.now);
                let together = u32::try_from(width).unwrap();
                let latency = server.latency(together);
                for _ in 0..together {
                    self.now += latency / together;
                    self.throttle.went_well(latency, width - 1, self.now);
                }
                writes += together;
            }
            let took = (self.now - start).as_secs_f64();
            (f64::from(writes) / took, self.throttle.slots(0, self.now))
        }
    }

    #[test]
    fn the_width_settles_beyond_the_knee_and_not_far_beyond() {
        for (base, per_second) in [(60, 400), (40, 500), (100, 250), (100, 300), (30, 1_000)] {
            let server = Server::new(base, per_second);
            for seconds in [20, 29, 100] {
                let (rate, width) = Client::new().write(&server, seconds);
                assert!(
                    rate >= 0.95 * f64::from(per_second),
                    "{base} {per_second}: {rate}"
                );
                let width = f64::from(u32::try_from(width).unwrap());
                assert!(server.knee() <= width, "{base} {per_second}: {width}");
                assert!(width <= 2.0 * server.knee(), "{base} {per_second}: {width}");
            }
        }
    }

    #[test]
    fn a_small_server_stays_busy_and_a_large_one_gets_all_there_is() {
        let (rate, width) = Client::new().write(&Server::new(8, 284), 20);
        assert!(rate >= 0.95 * 284.0, "{rate}");
        assert!((12..=24).contains(&width), "{width}");
        let (rate, width) = Client::new().write(&Server::new(20, 100_000), 20);
        assert!(rate >= 0.95 * 64.0 * 50.0, "{rate}");
        assert_eq!(width, 64);
    }

    #[test]
    fn it_follows_a_server_that_gets_faster_or_slower() {
        let mut client = Client::new();
        let (slow, fast) = (Server::new(60, 400), Server::new(60, 800));
        let (_, before) = client.write(&slow, 10);
        let (rate, wider) = client.write(&fast, 10);
        assert!(rate >= 0.95 * 800.0, "{rate}");
        assert!(wider > before && wider >= 48, "{before} {wider}");
        let (rate, narrower) = client.write(&slow, 10);
        assert!(rate >= 0.95 * 400.0, "{rate}");
        assert!((24..=48).contains(&narrower), "{narrower}");
        // Its lowest latency is higher than before: measured anew after a while.
        let (_, width) = client.write(&Server::new(120, 400), 60);
        assert!((48..=64).contains(&width), "{width}");
    }

    #[test]
    fn a_few_writes_alone_do_not_narrow_it() {
        let mut now = Instant::now();
        let mut throttle = Throttle::default();
        for took in [1, 500, 2, 900].into_iter().cycle().take(1_000) {
            now += Duration::from_millis(took);
            throttle.went_well(Duration::from_millis(took), 3, now);
        }
        assert_eq!(throttle.slots(0, now), 64);
    }

    #[test]
    fn a_server_that_pushes_back_halves_what_its_latency_allows() {
        let mut client = Client::new();
        let (_, width) = client.write(&Server::new(8, 284), 20);
        client.throttle.pushed_back(SECOND, client.now);
        let later = client.now + SECOND * 2;
        assert_eq!(client.throttle.slots(0, later), width / 2);
    }
}
