//! What holds for every history of exceptions and every clock: no reminder twice, no owner twice a
//! day, none lost, and a plan stays the same until it wakes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::{World, daily, immediate};
use super::{PlanContext, PlanTrigger, ReminderMessage, ReminderSettings, TIMELY, plan};
use crate::api::DeviationExceptionSpec;
use crate::api::deviation_exception::Decision;
use crate::assess::exception::fixtures::{
    approval, approved, closed, day, renewal_requested, renewed, requested, start,
};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const ITEMS: [&str; 2] = ["postgres", "kafka"];
const TEAMS: [&str; 3] = ["shop", "search", "platform"];

/// What happens to one exception.
#[derive(Clone, Copy, Debug)]
enum Change {
    Ask,
    Approve,
    Renew,
    AskToGoOn,
    Close,
}

#[derive(Clone, Debug)]
enum Event {
    /// Something happens to an exception.
    Changed(usize, Change),
    /// Hours pass, or the clock is put back.
    Clock(i64),
    /// The operator plans; the receivers accept this share of its messages.
    Look { taken: u8 },
    /// A dry run begins or ends.
    DryRun(bool),
    /// A roadmap item is shipped, or is open again.
    Ship(usize, bool),
}

fn event() -> impl Strategy<Value = Event> {
    let change = prop_oneof![
        Just(Change::Ask),
        Just(Change::Approve),
        Just(Change::Renew),
        Just(Change::AskToGoOn),
        Just(Change::Close),
    ];
    prop_oneof![
        3 => (0..NAMES.len(), change).prop_map(|(who, change)| Event::Changed(who, change)),
        6 => (1_i64..400).prop_map(Event::Clock),
        1 => (-200_i64..0).prop_map(Event::Clock),
        8 => (0_u8..=2).prop_map(|taken| Event::Look { taken }),
        1 => any::<bool>().prop_map(Event::DryRun),
        1 => (0..ITEMS.len(), prop::bool::weighted(0.8)).prop_map(|(item, is)| Event::Ship(item, is)),
    ]
}

fn change(
    spec: Option<DeviationExceptionSpec>,
    who: usize,
    what: Change,
    now: Timestamp,
) -> DeviationExceptionSpec {
    let mut spec = spec.unwrap_or_else(|| {
        let mut new = requested();
        TEAMS[who % TEAMS.len()].clone_into(&mut new.owner.team);
        new.waits_for = ITEMS[..who % 3].iter().map(ToString::to_string).collect();
        new
    });
    match what {
        Change::Ask => spec.approval = None,
        Change::Approve => spec.approval = Some(approval(Decision::Approved, now)),
        Change::Renew => spec.reviews.push(renewed(now)),
        Change::AskToGoOn => spec.renewal = Some(renewal_requested(now)),
        Change::Close => spec.reviews.push(closed(now)),
    }
    spec
}

/// The dates of everything that was decided or requested.
fn decisions(spec: &DeviationExceptionSpec) -> impl Iterator<Item = Timestamp> {
    let approval = spec.approval.iter().map(|approval| approval.at.0);
    let reviews = spec.reviews.iter().map(|review| review.at.0);
    let renewal = spec.renewal.iter().map(|renewal| renewal.requested_at.0);
    approval.chain(reviews).chain(renewal)
}

/// What was sent, with the instant by the clock of that moment.
type Sent = Vec<(Timestamp, ReminderMessage)>;

fn play(world: &mut World, events: &[Event]) -> (Sent, Timestamp) {
    play_from(world, events, day(1))
}

fn play_from(world: &mut World, events: &[Event], mut now: Timestamp) -> (Sent, Timestamp) {
    let mut sent = Sent::new();
    for event in events {
        match event {
            Event::Changed(who, what) => {
                let name = NAMES[*who];
                let known = world
                    .inventory
                    .namespace("shop")
                    .and_then(|s| s.exception(name));
                let spec = change(known.map(|known| known.spec.clone()), *who, *what, now);
                world.put(name, spec, now);
            }
            Event::Clock(by) => now = now.saturating_add(SignedDuration::from_hours(*by)).unwrap(),
            Event::DryRun(on) => world.dry_run = *on,
            Event::Ship(item, is) => world.ship(ITEMS[*item], is.then_some(now)),
            Event::Look { taken } => {
                for (index, message) in world.due(now).into_iter().enumerate() {
                    if *taken == 2 || *taken == 1 && index % 2 == 0 {
                        world.sent(&message, now);
                        sent.push((now, message));
                    }
                }
            }
        }
    }
    (sent, now)
}

/// These messages without the instant each was made at.
fn undated(messages: Vec<ReminderMessage>) -> Vec<ReminderMessage> {
    messages
        .into_iter()
        .map(|message| ReminderMessage {
            as_of: Timestamp::UNIX_EPOCH,
            ..message
        })
        .collect()
}

/// A world that is planned only when the trigger asks for it, the safety net aside.
struct Triggered {
    world: World,
    trigger: PlanTrigger,
    plans: usize,
}

impl Triggered {
    fn new(settings: ReminderSettings) -> Self {
        Self {
            world: World::new(settings),
            trigger: PlanTrigger::default(),
            plans: 0,
        }
    }

    fn due(&mut self, now: Timestamp) -> Vec<ReminderMessage> {
        self.world.settle(now);
        let ctx = PlanContext {
            now,
            dry_run: self.world.dry_run,
        };
        let version = self.world.inventory.version();
        if !self.trigger.may_differ(version, ctx) {
            return Vec::new();
        }
        let (world, nothing) = (&self.world, BTreeSet::new());
        let plan = plan(&world.inventory, &world.settings, ctx, &nothing);
        self.plans += 1;
        self.trigger.planned(version, ctx, plan.wake_at);
        if !plan.messages.is_empty() {
            self.trigger.reset();
        }
        plan.messages
    }
}

#[test]
fn at_rest_a_day_has_one_plan() {
    for (settings, expected) in [(daily(), 31), (immediate(), 1)] {
        let mut triggered = Triggered::new(settings);
        triggered.world.put("heap", approved(), start());
        triggered.due(day(1));
        triggered.plans = 0;
        triggered.trigger.reset();
        for hour in 1..=30 * 24 {
            let now = day(1) + SignedDuration::from_hours(hour);
            assert_eq!(triggered.due(now), []);
        }
        assert_eq!(triggered.plans, expected, "of {} looks", 30 * 24);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn until_it_wakes_a_plan_stays_the_same(
        events in vec(event(), 1..40), at_once in any::<bool>(), shares in vec(0..1_000_i32, 1..8)
    ) {
        let mut world = World::new(if at_once { immediate() } else { daily() });
        let (_, now) = play(&mut world, &events);
        world.settle(now);
        let plan_at = |now| {
            let ctx = PlanContext { now, dry_run: world.dry_run };
            plan(&world.inventory, &world.settings, ctx, &BTreeSet::new())
        };
        let plan = plan_at(now);
        let wake_at = plan.wake_at.unwrap_or_else(|| now + SignedDuration::from_hours(24 * 400));
        prop_assert!(wake_at > now);
        let messages = undated(plan.messages);
        let left = wake_at.duration_since(now);
        let last = wake_at - SignedDuration::from_nanos(1);
        for then in shares.into_iter().map(|share| now + left * share / 1_000).chain([last]) {
            prop_assert_eq!(undated(plan_at(then).messages), messages.clone(), "{} {}", now, then);
        }
    }

    #[test]
    fn planning_when_triggered_sends_what_planning_always_sends(
        events in vec(event(), 1..80), at_once in any::<bool>()
    ) {
        let settings = if at_once { immediate() } else { daily() };
        let mut always = World::new(settings.clone());
        let mut triggered = Triggered::new(settings);
        let mut now = day(1);
        for event in &events {
            let Event::Look { taken } = event else {
                let event = std::slice::from_ref(event);
                play_from(&mut always, event, now);
                (_, now) = play_from(&mut triggered.world, event, now);
                continue;
            };
            let messages = triggered.due(now);
            prop_assert_eq!(undated(messages.clone()), undated(always.due(now)), "at {}", now);
            for (index, message) in messages.iter().enumerate() {
                if *taken == 2 || *taken == 1 && index % 2 == 0 {
                    always.sent(message, now);
                    triggered.world.sent(message, now);
                }
            }
        }
    }

    #[test]
    fn nothing_is_sent_twice_for_one_stage_and_decision(
        events in vec(event(), 1..60), at_once in any::<bool>()
    ) {
        let mut world = World::new(if at_once { immediate() } else { daily() });
        let (sent, _) = play(&mut world, &events);
        let mut seen = BTreeSet::new();
        for (at, message) in &sent {
            for item in &message.items {
                let key = (item.name.clone(), item.word(message.dry_run), item.decision_at.as_second());
                prop_assert!(seen.insert(key), "{} {:?} at {at}", item.name, item.stage);
            }
        }
    }

    #[test]
    fn no_owner_is_reminded_twice_between_two_times_of_sending(events in vec(event(), 1..60)) {
        let mut world = World::new(daily());
        let forward: Vec<Event> = events
            .into_iter()
            .map(|event| match event {
                Event::Clock(by) => Event::Clock(by.abs()),
                other => other,
            })
            .collect();
        let (sent, _) = play(&mut world, &forward);
        let mut latest = BTreeMap::new();
        for (at, message) in &sent {
            let slot = world.settings.mode.latest(*at);
            let before = latest.insert((message.owner.clone(), message.dry_run, slot), *at);
            prop_assert_eq!(before, None, "{:?} at {}", message.owner, at);
        }
    }

    #[test]
    fn nothing_is_lost(events in vec(event(), 1..40)) {
        // A due item that was not sent stays due until it, or a later stage, is sent.
        let mut world = World::new(daily());
        let (_, now) = play(&mut world, &events);
        let (due, before) = (world.due(now), now);
        let now = now.saturating_add(SignedDuration::from_hours(24)).unwrap();
        let later = world.due(now);
        let sent: BTreeSet<_> = later.iter().flat_map(|m| &m.items).map(|i| i.name.clone()).collect();
        for item in due.iter().flat_map(|message| &message.items) {
            let ns = world.inventory.namespace("shop").unwrap();
            let exception = ns.exception(&item.name).unwrap();
            let status = exception.status.as_ref().unwrap();
            let said_since = status.notified.iter().any(|sent| sent.sent_at.0 >= now);
            // Written before the clock was put back, it did not count yet.
            let is_decided_ahead = decisions(&exception.spec).any(|at| at > before);
            let was_timely = item.shipped.is_some() && TIMELY.after(item.decision_at) <= now;
            let is_not_lost =
                sent.contains(&item.name) || said_since || is_decided_ahead || was_timely;
            prop_assert!(is_not_lost, "{} {:?}", item.name, item.stage);
        }
    }

    #[test]
    fn once_all_is_sent_nothing_is_due(events in vec(event(), 1..40), at_once in any::<bool>()) {
        let mut world = World::new(if at_once { immediate() } else { daily() });
        let (_, now) = play(&mut world, &events);
        let now = now.saturating_add(SignedDuration::from_hours(48)).unwrap();
        world.send(now);
        prop_assert_eq!(world.due(now), []);
    }

    #[test]
    fn a_plan_is_total_and_the_same_again(second in any::<i32>(), events in vec(event(), 1..20)) {
        let mut world = World::new(daily());
        play(&mut world, &events);
        let now = Timestamp::from_second(second.into()).unwrap();
        for now in [now, Timestamp::MIN, Timestamp::MAX, start()] {
            for dry_run in [false, true] {
                let ctx = PlanContext { now, dry_run };
                let nothing = BTreeSet::new();
                let plan = || plan(&world.inventory, &world.settings, ctx, &nothing);
                prop_assert_eq!(plan(), plan());
            }
        }
    }
}
