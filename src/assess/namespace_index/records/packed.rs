//! The status of a delivery record as it is held in memory: a tenth of what its parts take one by one.
//! Exact: the status that comes out is the one that went in. Nothing here goes to the API server.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

mod bytes;

use self::bytes::{Packed, Packer, Unpacker};
use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::{
    Columns, DayCount, DeliveryCounts, EarlierRevision, FirstDeploy, FirstDeployClock, Incident,
    Mark, OpenRollout, Progress, RefusedCommitTime, Rollout, RolloutCause, RolloutFailure,
    RolloutResult, RolloutState, TemplateHashes, Untracked, UntrackedReason, WindowFigures,
};

/// A status in a few bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedStatus {
    bytes: Box<[u8]>,
    /// None without an incident, as of most records.
    incidents: Option<Box<KnownIncidents>>,
}

/// What is asked of the incidents of all records, without unpacking them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownIncidents {
    /// Hashes of their ids: a search unpacks few records.
    ids: Box<[u32]>,
    /// When the first one began, or ended if only its end is known.
    first: Option<Timestamp>,
}

impl KnownIncidents {
    fn of(incidents: &[Incident]) -> Option<Box<Self>> {
        let times = incidents
            .iter()
            .flat_map(|it| [it.started_at, it.resolved_at]);
        let known = || Self {
            ids: incidents
                .iter()
                .map(|incident| hash(&incident.id))
                .collect(),
            first: times.flatten().min().map(|at| at.0),
        };
        (!incidents.is_empty()).then(|| Box::new(known()))
    }
}

impl PackedStatus {
    /// Packs a status.
    pub fn of(status: &DeliveryRecordStatus) -> Self {
        let mut to = Packer::default();
        status.pack(&mut to);
        Self {
            bytes: to.finish(),
            incidents: KnownIncidents::of(&status.incidents),
        }
    }

    /// The status.
    pub fn status(&self) -> DeliveryRecordStatus {
        // These bytes were packed by `of`, so that they can be read.
        DeliveryRecordStatus::unpack(&mut Unpacker::of(&self.bytes)).unwrap_or_default()
    }

    /// Whether it has an incident with this id.
    pub fn has_incident(&self, id: &str) -> bool {
        let is_it = |incident: &Incident| incident.id == id;
        let known = self.incidents.as_ref();
        known.is_some_and(|known| known.ids.contains(&hash(id)))
            && self.status().incidents.iter().any(is_it)
    }

    /// The time of its first incident: its start, or its end if only that is known.
    pub fn first_incident(&self) -> Option<Timestamp> {
        self.incidents.as_ref()?.first
    }
}

/// Of one process: it is not stored.
fn hash(id: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    // Either half is as good.
    (hasher.finish() >> 32) as u32
}

impl Default for PackedStatus {
    fn default() -> Self {
        Self::of(&DeliveryRecordStatus::default())
    }
}

/// Packs the fields of a struct in this order. A field that is missing here does not compile.
macro_rules! fields {
    ($name:ident: $($field:ident),+ $(,)?) => {
        impl Packed for $name {
            fn pack<'a>(&'a self, to: &mut Packer<'a>) {
                let Self { $($field),+ } = self;
                $($field.pack(to);)+
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                Some(Self { $($field: Packed::unpack(from)?),+ })
            }
        }
    };
}

/// Packs a word as its number. A word that is missing here does not compile.
macro_rules! words {
    ($name:ident: $($word:ident),+ $(,)?) => {
        impl Packed for $name {
            fn pack<'a>(&'a self, to: &mut Packer<'a>) {
                match self {
                    $(Self::$word)|+ => to.byte(*self as u8),
                }
            }

            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                let number = from.byte()?;
                [$(Self::$word),+].into_iter().find(|it| *it as u8 == number)
            }
        }
    };
}

fields!(DeliveryRecordStatus:
    observed_generation, conditions, workload, standing, state, columns, last_rollout_at, mark, open,
    rollouts, recorded, incidents, first_deploy, untracked, days, figures,
);
fields!(Mark:
    uid, created_at, generation, revision, changes, at, template, available, rollout, failing,
    commit_time, revisions,
);
fields!(TemplateHashes: version, release, digests, config, resources, platform, restart);
fields!(EarlierRevision: release, digests, config, resources, failed);
fields!(OpenRollout:
    cause, started_at, runs_from, idle, commit_time, oldest_commit_time, standing, rework_of, replaces,
    waited, seen_in_progress, incidents_arrive, progress,
);
fields!(Progress: replicas, at);
fields!(Rollout:
    number, revision, cause, started_at, runs_from, available_at, noticed_late, result, failure, withdrawn, failed_at,
    recovered_at, recovery_unknown, failure_visible, commit_time, commit_time_refused, lead_time,
    standing, rework_of,
);
fields!(Columns: rollouts, failed, lead_time, recovery);
fields!(Incident: id, started_at, resolved_at, rollout);
fields!(FirstDeploy: at, since_scaffolded, since_started, clock, standing);
fields!(Untracked: rollouts, at, reason);
fields!(DayCount: day, standing, counts, lead_times, recovery_times);
fields!(DeliveryCounts:
    rollouts, rollbacks, others, failed, visible, visible_failed, rework, untracked, refused,
);
fields!(WindowFigures: days, counts, lead_time, lead_times, recovery_time, recovery_times);
fields!(Condition: type_, status, reason, message, last_transition_time, observed_generation);

words!(RolloutState: Available, Progressing, Waiting, Failed);
words!(RolloutCause: Release, Config, Platform, Restart, Rollback);
words!(RolloutResult: Available, Failed);
words!(RolloutFailure: Deadline, Undone, Incident);
words!(RefusedCommitTime: Unreadable, Negative, Future, Absurd);
words!(FirstDeployClock: StartedAt, Namespace);
words!(UntrackedReason: Replaced, OtherHashes);

impl Packed for Time {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        self.0.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Packed::unpack(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;
    use crate::api::Instant;

    fn instant() -> BoxedStrategy<Instant> {
        let second = prop_oneof![
            1_780_000_000_i64..1_790_000_000,
            Just(Timestamp::MIN.as_second() + 1),
            Just(Timestamp::MAX.as_second()),
        ];
        let part = prop_oneof![4 => Just(0), 1 => 0_i32..1_000_000_000];
        (second, part)
            .prop_map(|(second, part)| Instant(Timestamp::new(second, part).unwrap()))
            .boxed()
    }

    /// Digests, uids and days, and texts that are almost one.
    fn text() -> BoxedStrategy<String> {
        prop_oneof![
            "[0-9a-f]{16}",
            "[0-9a-fA-F]{15,17}",
            "[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]",
            "[+-]?[0-9]{4,6}-0[1-9]-0[1-9]",
            "sha256:[0-9a-f]{8}(,-)?",
            Just("golden-path".to_owned()),
            any::<String>(),
        ]
        .boxed()
    }

    /// Any number, small ones more often.
    fn number() -> BoxedStrategy<u32> {
        prop_oneof![3 => 0_u32..300, 1 => any::<u32>()].boxed()
    }

    fn cause() -> BoxedStrategy<RolloutCause> {
        prop::sample::select(RolloutCause::ALL.to_vec()).boxed()
    }

    fn hashes() -> BoxedStrategy<TemplateHashes> {
        (number(), vec(text(), 6))
            .prop_map(|(version, texts)| TemplateHashes {
                version,
                release: texts[0].clone(),
                digests: texts[1].clone(),
                config: texts[2].clone(),
                resources: texts[3].clone(),
                platform: texts[4].clone(),
                restart: texts[5].clone(),
            })
            .boxed()
    }

    fn earlier() -> BoxedStrategy<EarlierRevision> {
        (hashes(), any::<bool>())
            .prop_map(|(it, failed)| EarlierRevision {
                release: it.release,
                digests: it.digests,
                config: it.config,
                resources: it.resources,
                failed,
            })
            .boxed()
    }

    fn mark() -> BoxedStrategy<Mark> {
        let times = (of(instant()), instant(), of(instant()));
        let numbers = (
            any::<i64>(),
            of(any::<i64>()),
            of(number()),
            of(number()),
            of(number()),
        );
        let parts = (hashes(), of(hashes()), vec(earlier(), 0..4));
        (text(), times, numbers, parts)
            .prop_map(|(uid, times, numbers, parts)| Mark {
                uid,
                created_at: times.0,
                generation: numbers.0,
                revision: numbers.1,
                changes: numbers.2,
                at: times.1,
                template: parts.0,
                available: parts.1,
                rollout: numbers.3,
                failing: numbers.4,
                commit_time: times.2,
                revisions: parts.2,
            })
            .boxed()
    }

    fn open() -> BoxedStrategy<OpenRollout> {
        let progress = (number(), instant()).prop_map(|(replicas, at)| Progress { replicas, at });
        let times = (instant(), of(instant()), of(instant()), of(instant()));
        let flags = vec(any::<bool>(), 5);
        let rest = (of(cause()), of(text()), of(number()), of(progress));
        (times, flags, rest)
            .prop_map(|(times, flags, rest)| OpenRollout {
                cause: rest.0,
                started_at: times.0,
                runs_from: times.3,
                idle: flags[3],
                commit_time: times.1,
                oldest_commit_time: times.2,
                standing: rest.1,
                rework_of: rest.2,
                replaces: flags[0],
                waited: flags[1],
                seen_in_progress: flags[2],
                incidents_arrive: flags[4],
                progress: rest.3,
            })
            .boxed()
    }

    fn rollout() -> BoxedStrategy<Rollout> {
        let failures = [
            RolloutFailure::Deadline,
            RolloutFailure::Undone,
            RolloutFailure::Incident,
        ];
        let refusals = [
            RefusedCommitTime::Unreadable,
            RefusedCommitTime::Negative,
            RefusedCommitTime::Future,
            RefusedCommitTime::Absurd,
        ];
        let words = (
            cause(),
            prop::sample::select(RolloutResult::ALL.to_vec()),
            of(prop::sample::select(failures.to_vec())),
            of(prop::sample::select(refusals.to_vec())),
        );
        let times = (instant(), vec(of(instant()), 5));
        let numbers = (number(), of(any::<i64>()), of(number()), of(number()));
        let flags = [0; 4].map(|_| any::<bool>());
        (words, times, numbers, of(text()), flags)
            .prop_map(|(words, times, numbers, standing, flags)| Rollout {
                number: numbers.0,
                revision: numbers.1,
                cause: words.0,
                started_at: times.0,
                runs_from: times.1[4],
                available_at: times.1[0],
                noticed_late: flags[0],
                result: words.1,
                failure: words.2,
                withdrawn: flags[3],
                failed_at: times.1[1],
                recovered_at: times.1[2],
                recovery_unknown: flags[1],
                failure_visible: flags[2],
                commit_time: times.1[3],
                commit_time_refused: words.3,
                lead_time: numbers.2,
                standing,
                rework_of: numbers.3,
            })
            .boxed()
    }

    fn counts() -> BoxedStrategy<DeliveryCounts> {
        vec(number(), 9)
            .prop_map(|it| DeliveryCounts {
                rollouts: it[0],
                rollbacks: it[1],
                others: it[2],
                failed: it[3],
                visible: it[4],
                visible_failed: it[5],
                rework: it[6],
                untracked: it[7],
                refused: it[8],
            })
            .boxed()
    }

    fn day() -> BoxedStrategy<DayCount> {
        let times = || vec(number(), 0..3);
        (text(), text(), counts(), times(), times())
            .prop_map(|it| DayCount {
                day: it.0,
                standing: it.1,
                counts: it.2,
                lead_times: it.3,
                recovery_times: it.4,
            })
            .boxed()
    }

    fn figures() -> BoxedStrategy<WindowFigures> {
        (counts(), vec(number(), 3), vec(of(number()), 2))
            .prop_map(|(counts, sizes, times)| WindowFigures {
                days: sizes[0],
                counts,
                lead_time: times[0],
                lead_times: sizes[1],
                recovery_time: times[1],
                recovery_times: sizes[2],
            })
            .boxed()
    }

    fn condition() -> BoxedStrategy<Condition> {
        (vec(text(), 4), instant(), of(any::<i64>()))
            .prop_map(|(texts, at, generation)| Condition {
                type_: texts[0].clone(),
                status: texts[1].clone(),
                reason: texts[2].clone(),
                message: texts[3].clone(),
                last_transition_time: Time(at.0),
                observed_generation: generation,
            })
            .boxed()
    }

    fn incident() -> BoxedStrategy<Incident> {
        (text(), of(instant()), of(instant()), of(number()))
            .prop_map(|it| Incident {
                id: it.0,
                started_at: it.1,
                resolved_at: it.2,
                rollout: it.3,
            })
            .boxed()
    }

    fn first_deploy() -> BoxedStrategy<FirstDeploy> {
        let clocks = [FirstDeployClock::StartedAt, FirstDeployClock::Namespace];
        let clock = of(prop::sample::select(clocks.to_vec()));
        (instant(), of(number()), of(number()), clock, of(text()))
            .prop_map(|it| FirstDeploy {
                at: it.0,
                since_scaffolded: it.1,
                since_started: it.2,
                clock: it.3,
                standing: it.4,
            })
            .boxed()
    }

    fn untracked() -> BoxedStrategy<Untracked> {
        let reasons = [UntrackedReason::Replaced, UntrackedReason::OtherHashes];
        let reason = prop::sample::select(reasons.to_vec());
        (number(), instant(), reason)
            .prop_map(|it| Untracked {
                rollouts: it.0,
                at: it.1,
                reason: it.2,
            })
            .boxed()
    }

    fn columns() -> BoxedStrategy<Columns> {
        (text(), text(), of(text()), of(text()))
            .prop_map(|it| Columns {
                rollouts: it.0,
                failed: it.1,
                lead_time: it.2,
                recovery: it.3,
            })
            .boxed()
    }

    fn status() -> BoxedStrategy<DeliveryRecordStatus> {
        let states = [
            RolloutState::Available,
            RolloutState::Progressing,
            RolloutState::Waiting,
            RolloutState::Failed,
        ];
        let head = (
            of(any::<i64>()),
            vec(condition(), 0..2),
            of(text()),
            of(text()),
            of(prop::sample::select(states.to_vec())),
            of(columns()),
            of(instant()),
        );
        let middle = (of(mark()), of(open()), vec(rollout(), 0..6), number());
        let lists = (
            vec(incident(), 0..3),
            of(first_deploy()),
            of(untracked()),
            vec(day(), 0..6),
            vec(figures(), 0..4),
        );
        (head, middle, lists)
            .prop_map(|(head, middle, lists)| DeliveryRecordStatus {
                observed_generation: head.0,
                conditions: head.1,
                workload: head.2,
                standing: head.3,
                state: head.4,
                columns: head.5,
                last_rollout_at: head.6,
                mark: middle.0,
                open: middle.1,
                rollouts: middle.2,
                recorded: middle.3,
                incidents: lists.0,
                first_deploy: lists.1,
                untracked: lists.2,
                days: lists.3,
                figures: lists.4,
            })
            .boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_status_comes_back_as_it_was(status in status()) {
            let packed = PackedStatus::of(&status);
            let mut incidents = status.incidents.iter();
            prop_assert!(incidents.all(|incident| packed.has_incident(&incident.id)));
            let times = status.incidents.iter().flat_map(|it| [it.started_at, it.resolved_at]);
            prop_assert_eq!(packed.first_incident(), times.flatten().map(|at| at.0).min());
            prop_assert_eq!(packed.status(), status);
        }
    }

    #[test]
    fn an_empty_status_comes_back_too() {
        let empty = DeliveryRecordStatus::default();
        assert_eq!(PackedStatus::default().status(), empty);
    }
}
