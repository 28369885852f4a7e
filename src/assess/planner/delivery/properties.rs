//! Two operators that take turns as the leader, each with a state of its own: only what is stored passes
//! between them. They record and count as one operator does over the same history.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::tests::web;
use super::*;
use crate::api::GoldenPathSpec;
use crate::assess::delivery::properties::{act, facts, looks};
use crate::assess::delivery::tallies::{Labels, RolloutTally, Tallies};
use crate::assess::namespace_index::records::record_name;
use crate::assess::path::Origin;
use crate::assess::planner::pacing::WriteResult;
use crate::assess::settings::Settings;
use crate::assess::workload;

/// How a leader ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It goes on.
    None,
    /// It stops, and stores what waits.
    Stops,
    /// It loses the Lease before it stores anything.
    LosesLease,
    /// It loses the Lease before the answers to its writes.
    LosesAnswers,
}

fn ends() -> impl Strategy<Value = Vec<End>> {
    let end = prop_oneof![
        4 => Just(End::None),
        2 => Just(End::Stops),
        1 => Just(End::LosesLease),
        1 => Just(End::LosesAnswers),
    ];
    vec(end, 64)
}

/// What the API server stores.
#[derive(Default)]
struct Stored {
    record: Option<Record>,
    version: u64,
}

impl Stored {
    fn take(&mut self, write: &RecordWrite) -> WriteResult {
        let known = self.record.as_ref().and_then(|record| record.version);
        self.version += 1;
        let version = Some(self.version);
        match &write.act {
            RecordAct::Create { owner, workload } => {
                self.record.get_or_insert_with(|| Record {
                    uid: Some("r1".into()),
                    version,
                    generation: Some(1),
                    owner: Some(owner.as_str().into()),
                    workload: workload.clone(),
                    packed: PackedStatus::default(),
                });
                WriteResult::Landed(self.record.as_ref().and_then(|record| record.version))
            }
            RecordAct::Store {
                version: over,
                status,
                ..
            } => {
                let Some(record) = self.record.as_mut().filter(|_| *over == known) else {
                    return WriteResult::Failed;
                };
                record.version = version;
                record.packed = PackedStatus::of(status);
                WriteResult::Landed(version)
            }
        }
    }
}

/// One operator.
struct Replica {
    facts: Inventory,
    planner: DeliveryPlanner,
    tallies: Tallies,
    id: WorkloadId,
}

impl Replica {
    fn new() -> Self {
        let settings = Settings {
            delivery: Some(DeliverySettings::default()),
            ..Settings::default()
        };
        let id = WorkloadId {
            namespace: "shop".into(),
            kind: settings.kinds[0].clone(),
            name: "web".into(),
        };
        let mut facts = Inventory::new(settings);
        let path = json!({
            "owner": {"team": "platform"},
            "checks": [{"name": "any", "expression": "true"}],
        });
        let path: GoldenPathSpec = serde_json::from_value(path).unwrap();
        let origin = Origin {
            name: "web".to_owned(),
            ..Origin::default()
        };
        let _ = facts.put_path(origin, path, None);
        let observed = workload::observe(web("web:1", 1), &id.kind, &facts.read_context("shop"));
        facts.put_workload(observed.unwrap());
        let mut planner = DeliveryPlanner::default();
        planner.records_are_listed();
        Self {
            facts,
            planner,
            tallies: Tallies::default(),
            id,
        }
    }

    fn sees(&mut self, seen: &Seen, now: Timestamp) {
        let seen = Seen {
            standing: None,
            ..seen.clone()
        };
        self.planner.saw(&self.id, Some(seen), now);
        self.facts.mark_delivery(&self.id);
    }

    /// The watch shows what is stored.
    fn shown(&mut self, stored: &Stored, now: Timestamp) {
        let Some(record) = stored.record.clone() else {
            return;
        };
        self.planner.stored(&self.id, &record.status(), now);
        let name = record_name(&self.id.kind, "web");
        self.facts.put_record("shop", &name, record);
    }

    fn begins_to_lead(&mut self) {
        self.planner.reset();
        self.facts.mark_every_delivery();
    }

    fn looks(&mut self, seen: &Seen, now: Timestamp) {
        while self.planner.compare(&mut self.facts, now) {}
        for look in self.planner.looks(&self.facts, now, 10) {
            let seen = Seen {
                standing: look.standing,
                after_gap: look.after_gap,
                ..seen.clone()
            };
            let found = Found::Workload(Box::new(seen));
            self.planner.looked(&self.facts, &look, found, now);
        }
    }

    fn ended(&mut self, write: RecordWrite, result: WriteResult, now: Timestamp) {
        let recorded = self.planner.ended(&mut self.facts, write, result, now);
        if let Some(recorded) = recorded {
            let labels = Labels {
                path: "web",
                team: "blue",
            };
            let before = recorded.before.as_ref();
            self.tallies.count(before, &recorded.after, labels);
        }
    }
}

/// Some operators of one cluster; the first one leads.
struct Operators {
    replicas: Vec<Replica>,
    stored: Stored,
}

impl Operators {
    fn new(count: usize) -> Self {
        Self {
            replicas: (0..count).map(|_| Replica::new()).collect(),
            stored: Stored::default(),
        }
    }

    /// One event, and how the leader ends with it.
    fn step(&mut self, seen: &Seen, now: Timestamp, end: End, watch_first: bool) {
        for replica in &mut self.replicas {
            replica.sees(seen, now);
        }
        self.replicas[0].looks(seen, now);
        if end != End::LosesLease {
            self.write(now, end, watch_first);
        }
        if end != End::None {
            self.replicas.rotate_left(1);
            self.replicas[0].begins_to_lead();
            self.replicas[0].looks(seen, now);
            self.write(now, End::None, watch_first);
        }
        // Until nothing waits for its pace.
        for later in [2, 4, 16] {
            let now = Period::seconds(later).after(now);
            self.replicas[0].looks(seen, now);
            self.write(now, End::None, watch_first);
        }
    }

    fn write(&mut self, now: Timestamp, end: End, watch_first: bool) {
        let leader = &mut self.replicas[0];
        let mut writes = leader.planner.plan(&leader.facts, now, 10).writes;
        if end == End::Stops {
            writes.extend(leader.planner.flush(&leader.facts, now));
        }
        for write in writes {
            let result = self.stored.take(&write);
            let has_answer = end != End::LosesAnswers;
            if has_answer && !watch_first {
                self.replicas[0].ended(write.clone(), result, now);
            }
            for replica in &mut self.replicas {
                replica.shown(&self.stored, now);
            }
            if has_answer && watch_first {
                self.replicas[0].ended(write, result, now);
            }
        }
    }

    fn status(&self) -> DeliveryRecordStatus {
        self.stored.record.as_ref().unwrap().status()
    }

    /// What all of them counted.
    fn counted(&self) -> Vec<u64> {
        let numbers = |tally: &RolloutTally| {
            let rollouts = tally.rollouts().map(|(.., count)| count);
            let rest = [tally.rework, tally.visible, tally.failed];
            let refused = tally.refused_commit_times().map(|(_, count)| count);
            rollouts.chain(refused).chain(rest).collect::<Vec<_>>()
        };
        let mut sums = Vec::new();
        for replica in &self.replicas {
            for (_, tally) in replica.tallies.iter() {
                let numbers = numbers(tally);
                sums.resize(numbers.len(), 0);
                for (sum, number) in sums.iter_mut().zip(numbers) {
                    *sum += number;
                }
            }
        }
        sums
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn two_operators_in_turn_record_and_count_as_one(
        acts in vec(act(), 1..6),
        ends in ends(),
        watch_first in vec(any::<bool>(), 64),
    ) {
        let looks = looks(&acts);
        let (mut one, mut two) = (Operators::new(1), Operators::new(2));
        let mut has_answers = true;
        for ((look, end), watch_first) in looks.iter().zip(ends.iter().cycle()).zip(watch_first.iter().cycle()) {
            one.step(&look.seen, look.now, End::None, *watch_first);
            two.step(&look.seen, look.now, *end, *watch_first);
            has_answers &= *end != End::LosesAnswers;
        }
        prop_assert_eq!(facts(&two.status()), facts(&one.status()));
        if has_answers {
            prop_assert_eq!(two.counted(), one.counted());
        }
    }
}
