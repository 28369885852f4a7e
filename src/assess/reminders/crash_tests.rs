//! Replicas that plan, record, send and end at any point, on one API server and towards receivers
//! that drop an `Idempotency-Key` they know: each reminder arrives once, and a key always carries
//! the same items.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::{World, daily, immediate, summaries};
use super::{
    MessageItem, PlanContext, RecordWrite, ReminderMessage, ReminderSettings, accepted, plan,
};
use crate::assess::exception::fixtures::{approved, day, requested, start};
use crate::assess::inventory::Inventory;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// What a receiver gets, in order: the key and the names and stages of the items.
type Deliveries = Vec<(String, BTreeSet<String>)>;

/// How sending ends.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// The receiver has it and answers.
    Taken,
    /// The receiver has it; the answer is lost.
    Unheard,
    /// It never arrives.
    Lost,
}

#[derive(Clone, Debug)]
enum Event {
    /// A request for an exception comes, for a path of one of two owners.
    Request(usize),
    /// An exception is approved that becomes due with time.
    Approved(usize),
    /// Hours pass.
    Clock(i64),
    /// A replica's watch catches up; until then it plans from older facts.
    Watch(usize),
    /// A replica does its next request, or plans when it has nothing to do.
    Step(usize, Answer),
    /// A replica is killed and starts again.
    Crash(usize),
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Taken),
        1 => Just(Answer::Unheard),
        1 => Just(Answer::Lost),
    ]
}

/// Events of this many replicas, all of which go on at any time: a Lease is not a fence. What stops
/// being due by itself is left to the histories of one replica.
fn event(replicas: usize, stages: bool) -> impl Strategy<Value = Event> {
    let hours = if stages { 1_i64..600 } else { 1..30 };
    prop_oneof![
        3 => (0..NAMES.len(), any::<bool>()).prop_map(move |(who, approved)| {
            if approved && stages { Event::Approved(who) } else { Event::Request(who) }
        }),
        3 => hours.prop_map(Event::Clock),
        4 => (0..replicas).prop_map(Event::Watch),
        20 => (0..replicas, answer()).prop_map(|(who, answer)| Event::Step(who, answer)),
        2 => (0..replicas).prop_map(Event::Crash),
    ]
}

/// What a replica does next.
#[derive(Debug, Default)]
enum Task {
    #[default]
    Idle,
    /// Recording that a message was sent, or is about to be.
    Recording(VecDeque<RecordWrite>, Option<ReminderMessage>),
    Sending(ReminderMessage),
}

struct Replica {
    watched: Inventory,
    task: Task,
}

struct Cluster {
    world: World,
    replicas: Vec<Replica>,
    now: Timestamp,
    deliveries: Deliveries,
}

impl Cluster {
    fn new(settings: ReminderSettings, replicas: usize) -> Self {
        let world = World::new(settings);
        let replica = |_| Replica {
            watched: world.watched(),
            task: Task::Idle,
        };
        Self {
            replicas: (0..replicas).map(replica).collect(),
            world,
            now: day(1),
            deliveries: Deliveries::new(),
        }
    }

    fn play(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Request(who) => self.request(who, false),
                Event::Approved(who) => self.request(who, true),
                Event::Clock(hours) => self.pass(hours),
                Event::Watch(who) => self.replicas[who].watched = self.world.watched(),
                Event::Step(who, answer) => self.step(who, answer),
                Event::Crash(who) => {
                    self.replicas[who] = Replica {
                        watched: self.world.watched(),
                        task: Task::Idle,
                    };
                }
            }
        }
    }

    /// An exception is created once.
    fn request(&mut self, who: usize, is_approved: bool) {
        let name = NAMES[who];
        if !self.world.has(name) {
            let mut spec = if is_approved { approved() } else { requested() };
            if let Some(approval) = &mut spec.approval {
                approval.at.0 = self.now;
            }
            spec.path = ["web", "batch"][who % 2].to_owned();
            self.world.put(name, spec, self.now);
            self.world.settle(self.now);
        }
    }

    fn pass(&mut self, hours: i64) {
        let by = SignedDuration::from_hours(hours);
        self.now = self.now.saturating_add(by).unwrap();
        self.world.settle(self.now);
    }

    fn step(&mut self, who: usize, answer: Answer) {
        let task = std::mem::take(&mut self.replicas[who].task);
        self.replicas[who].task = match task {
            Task::Idle => self.planned(who),
            Task::Recording(mut writes, then) => match writes.pop_front() {
                // What was recorded meanwhile ends the round.
                Some(write) if self.world.record(&write).is_err() => Task::Idle,
                Some(_) => Task::Recording(writes, then),
                None => then.map_or(Task::Idle, Task::Sending),
            },
            Task::Sending(message) => self.send(&message, answer),
        };
    }

    fn planned(&mut self, who: usize) -> Task {
        let watched = &self.replicas[who].watched;
        let left = accepted(watched);
        if !left.is_empty() {
            return Task::Recording(left.into(), None);
        }
        let ctx = PlanContext {
            now: self.now,
            dry_run: false,
        };
        let plan = plan(watched, &self.world.settings, ctx, &BTreeSet::new());
        let mut messages = plan.messages.into_iter();
        let message = messages.find_map(|message| self.world.recheck(message));
        message.map_or(Task::Idle, |message| {
            Task::Recording(message.intents().into(), Some(message))
        })
    }

    fn send(&mut self, message: &ReminderMessage, answer: Answer) -> Task {
        let word = |item: &MessageItem| format!("{} {}", item.name, item.stage.as_str());
        let items = message.items.iter().map(word).collect();
        match answer {
            Answer::Taken => {
                self.deliveries.push((message.id.clone(), items));
                Task::Recording(message.sent(self.now).into(), None)
            }
            Answer::Unheard => {
                self.deliveries.push((message.id.clone(), items));
                Task::Idle
            }
            Answer::Lost => Task::Idle,
        }
    }

    /// One replica that starts again and is never interrupted sends what is left.
    fn finish(&mut self) {
        let mut idle_days = 0;
        for day in 0.. {
            assert!(day < 100, "it never ends");
            if idle_days == 3 {
                return;
            }
            self.pass(24);
            idle_days += 1;
            loop {
                self.play(vec![Event::Crash(0)]);
                self.step(0, Answer::Taken);
                if matches!(self.replicas[0].task, Task::Idle) {
                    break;
                }
                idle_days = 0;
                while !matches!(self.replicas[0].task, Task::Idle) {
                    self.step(0, Answer::Taken);
                }
            }
        }
    }

    /// What a receiver that drops known keys has kept, with how often.
    fn kept(&self) -> BTreeMap<&str, usize> {
        let mut keys = BTreeSet::new();
        let mut kept = BTreeMap::new();
        for (key, items) in &self.deliveries {
            if keys.insert(key) {
                for item in items {
                    *kept.entry(item.as_str()).or_default() += 1;
                }
            }
        }
        kept
    }

    /// Every reminder that is recorded as sent.
    fn recorded(&self) -> BTreeSet<String> {
        let names = NAMES.into_iter().filter(|name| self.world.has(name));
        let entries = names.flat_map(|name| {
            let notified = self.world.object(name).status.as_ref().unwrap();
            let notified = notified.notified.iter();
            notified.map(move |sent| format!("{name} {}", sent.stage))
        });
        entries.collect()
    }
}

fn either(at_once: bool) -> ReminderSettings {
    if at_once { immediate() } else { daily() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn across_crashes_and_hangs_each_reminder_arrives_once_and_a_key_keeps_its_items(
        events in vec(event(3, false), 1..120), at_once in any::<bool>()
    ) {
        let mut cluster = Cluster::new(either(at_once), 3);
        cluster.play(events);
        cluster.finish();
        let mut carried = BTreeMap::new();
        for (key, items) in &cluster.deliveries {
            let first = carried.entry(key).or_insert(items);
            prop_assert_eq!(*first, items, "{}", key);
        }
        let asked = NAMES.into_iter().filter(|name| cluster.world.has(name));
        let asked: BTreeSet<String> = asked.map(|name| format!("{name} decision-waiting")).collect();
        let kept = cluster.kept();
        prop_assert!(kept.values().all(|times| *times == 1), "{kept:?}");
        prop_assert_eq!(kept.keys().map(|item| (*item).to_owned()).collect::<BTreeSet<_>>(), asked.clone());
        prop_assert_eq!(cluster.recorded(), asked);
    }

    #[test]
    fn reminders_that_stop_being_due_arrive_at_most_once_and_are_never_recorded_unsent(
        events in vec(event(1, true), 1..120), at_once in any::<bool>()
    ) {
        let mut cluster = Cluster::new(either(at_once), 1);
        cluster.play(events);
        cluster.finish();
        let mut carried = BTreeMap::new();
        for (key, items) in &cluster.deliveries {
            let first = carried.entry(key).or_insert(items);
            prop_assert!(items.is_subset(first), "{key}: {first:?} {items:?}");
        }
        let kept = cluster.kept();
        prop_assert!(kept.values().all(|times| *times == 1), "{kept:?}");
        for sent in cluster.recorded() {
            prop_assert!(kept.contains_key(&*sent), "{sent} never arrived: {kept:?}");
        }
        for name in NAMES.into_iter().filter(|name| cluster.world.has(name)) {
            let status = cluster.world.object(name).status.as_ref().unwrap();
            prop_assert!(status.notifying.len() <= 10 && status.notified.len() <= 32);
        }
    }
}

/// A message whose intent is recorded.
fn under_way(world: &mut World, now: Timestamp) -> ReminderMessage {
    let message = world.due(now).remove(0);
    for write in message.intents() {
        world.record(&write).unwrap();
    }
    message
}

#[test]
fn what_falls_due_before_a_repeat_comes_under_a_key_of_its_own() {
    let mut world = World::new(immediate());
    world.put("first", approved(), start());
    let sent = under_way(&mut world, day(80));
    // Delivered, and killed before that was recorded.
    world.put("second", approved(), start());
    let again = world.due(day(80));
    assert_eq!(summaries(&again), ["shop/shop: first review-due"]);
    assert_eq!((&again[0].id, again[0].more), (&sent.id, 1));
    assert_eq!(again[0].intents(), [], "recorded already");
    assert_eq!(
        summaries(&world.send(day(80))),
        ["shop/shop: first review-due"]
    );
    let new = world.send(day(80));
    assert_eq!(summaries(&new), ["shop/shop: second review-due"]);
    assert_ne!(new[0].id, sent.id);
    assert_eq!(world.object("first").status.as_ref().unwrap().notifying, []);
}

#[test]
fn a_message_that_was_recorded_in_part_is_recorded_and_not_repeated() {
    let mut world = World::new(immediate());
    for name in ["a", "b", "c"] {
        world.put(name, approved(), start());
    }
    let sent = under_way(&mut world, day(80));
    world.record(&sent.sent(day(80))[1]).unwrap();
    assert_eq!(summaries(&world.due(day(80))), [""; 0]);
    let left = accepted(&world.inventory);
    assert_eq!(left.len(), 2);
    for write in left {
        world.record(&write).unwrap();
    }
    assert_eq!(accepted(&world.inventory), []);
    for name in ["a", "b", "c"] {
        let status = world.object(name).status.clone().unwrap();
        assert_eq!(status.notified[0].key.as_ref(), Some(&sent.id));
        assert_eq!(status.notifying, []);
    }
}

#[test]
fn a_message_whose_intent_was_recorded_in_part_is_completed() {
    let mut world = World::new(immediate());
    world.put("a", approved(), start());
    world.put("b", approved(), start());
    let begun = world.due(day(80)).remove(0);
    world.record(&begun.intents()[0]).unwrap();
    world.put("c", approved(), start());
    let again = world.due(day(80)).remove(0);
    assert_eq!(
        summaries(std::slice::from_ref(&again)),
        ["shop/shop: a review-due, b review-due"]
    );
    assert_eq!((&again.id, again.intents().len()), (&begun.id, 1));
}

#[test]
fn an_item_that_is_no_longer_due_leaves_its_message() {
    let mut world = World::new(immediate());
    world.put("a", approved(), start());
    world.put("b", approved(), start());
    let begun = under_way(&mut world, day(80));
    // Closed while the receiver was down.
    let mut closed = approved();
    closed
        .reviews
        .push(crate::assess::exception::fixtures::closed(day(81)));
    world.put("a", closed, start());
    let again = world.send(day(82)).remove(0);
    assert_eq!(
        summaries(std::slice::from_ref(&again)),
        ["shop/shop: b review-due"]
    );
    assert_eq!(again.id, begun.id);
    let status = world.object("a").status.clone().unwrap();
    assert_eq!((status.notifying, status.notified), (vec![], vec![]));
}

#[test]
fn a_message_that_is_routed_elsewhere_begins_anew() {
    let mut world = World::new(immediate());
    world.put("a", approved(), start());
    let begun = under_way(&mut world, day(80));
    let mut elsewhere = approved();
    elsewhere.owner.contact = Some("#web".to_owned());
    world.put("a", elsewhere, start());
    let again = world.send(day(80)).remove(0);
    assert_eq!(
        summaries(std::slice::from_ref(&again)),
        ["web/shop: a review-due"]
    );
    assert_ne!(again.id, begun.id);
    assert_eq!(world.due(day(80)), []);
}

#[test]
fn items_that_cannot_be_recorded_hold_up_nothing_else() {
    let mut world = World::new(immediate());
    world.put("a", approved(), start());
    world.put("b", approved(), start());
    let begun = under_way(&mut world, day(80));
    let barred: BTreeSet<String> = begun.items.iter().map(|item| item.id.clone()).collect();
    world.put("c", approved(), start());
    let ctx = PlanContext {
        now: day(80),
        dry_run: false,
    };
    world.settle(day(80));
    let others = plan(&world.inventory, &world.settings, ctx, &barred);
    assert_eq!(summaries(&others.messages), ["shop/shop: c review-due"]);
}
