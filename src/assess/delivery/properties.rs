//! Properties of random histories: observations may come twice, late or never, and to two operators in
//! turn. What ran is counted once, and what cannot be known is untracked.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::entries::{has_ended_unrecorded, push};
use super::fixtures::{Deployment, annotation, at, image, lines, mode};
use super::seen::{Objects, Seen, read};
use super::tallies::{Labels, Tallies};
use super::{Terms, incident, is_worth_writing, observe};
use crate::api::delivery_record::{MOST_REVISIONS, MOST_ROLLOUTS};
use crate::api::{DeliveryRecordStatus, Instant};
use crate::assess::delivery::IncidentReport;

/// What happens to the workload.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A template change that becomes available.
    Change(Edit),
    /// A template change that exceeds its deadline, and then becomes available or not.
    Stuck(Edit, bool),
    /// A template change that the next one replaces.
    Replaced(Edit),
    /// A template change that waits without replicas and then becomes available.
    Waits(Edit),
    Scale(u32),
    Annotate,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    Image(u8),
    Mode(u8),
    Restart(u8),
    Mesh(u8),
}

impl Edit {
    fn make(self, template: &mut Value) {
        match self {
            Self::Image(n) => image(&n.to_string())(template),
            Self::Mode(n) => mode(&n.to_string())(template),
            Self::Restart(n) => {
                annotation("kubectl.kubernetes.io/restartedAt", &n.to_string())(template);
            }
            Self::Mesh(n) => annotation("linkerd.io/inject", &n.to_string())(template),
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => (0_u8..5).prop_map(Edit::Image),
        2 => (0_u8..3).prop_map(Edit::Mode),
        1 => (0_u8..3).prop_map(Edit::Restart),
        1 => (0_u8..3).prop_map(Edit::Mesh),
    ]
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => edit().prop_map(Act::Change),
        2 => (edit(), any::<bool>()).prop_map(|(edit, later)| Act::Stuck(edit, later)),
        1 => edit().prop_map(Act::Replaced),
        1 => edit().prop_map(Act::Waits),
        1 => (1_u32..9).prop_map(Act::Scale),
        1 => Just(Act::Annotate),
    ]
}

/// One observation: what is seen, and when. The last one of a rollout is essential: without it nothing
/// states that the rollout ended.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub seen: Seen,
    pub now: Timestamp,
    is_essential: bool,
}

/// The observations of a history, in order.
pub(crate) fn looks(acts: &[Act]) -> Vec<Look> {
    let mut app = Deployment::new();
    let mut looks = vec![look(&app, at("09:00"), true)];
    let mut now = at("10:00");
    for act in acts {
        now += SignedDuration::from_mins(30);
        let minutes = |count| now + SignedDuration::from_mins(count);
        match act {
            Act::Change(edit) => {
                begin(&mut app, *edit, now, &mut looks);
                app.complete(minutes(2));
                looks.push(look(&app, minutes(2), true));
            }
            Act::Stuck(edit, recovers) => {
                begin(&mut app, *edit, now, &mut looks);
                if is_rolling(&app) {
                    app.exceed(minutes(10));
                    looks.push(look(&app, minutes(10), true));
                    if *recovers {
                        app.complete(minutes(20));
                        looks.push(look(&app, minutes(20), true));
                    }
                }
            }
            Act::Replaced(edit) => {
                begin(&mut app, *edit, now, &mut looks);
                if let Some(last) = looks.last_mut() {
                    last.is_essential = true;
                }
            }
            Act::Waits(edit) => waits(&mut app, *edit, now, &mut looks),
            Act::Scale(replicas) => {
                let is_complete = !is_rolling(&app);
                app.scale(*replicas);
                looks.push(look(&app, now, false));
                app.sync(now);
                if is_complete {
                    app.count([(*replicas).into(); 3]);
                }
                looks.push(look(&app, minutes(1), false));
            }
            Act::Annotate => {
                app.annotate("example.com/note", &now.to_string());
                looks.push(look(&app, now, false));
                app.sync(now);
                looks.push(look(&app, now, false));
            }
        }
    }
    looks
}

fn is_rolling(app: &Deployment) -> bool {
    app.object["status"]["conditions"][0]["reason"] != "NewReplicaSetAvailable"
}

fn begin(app: &mut Deployment, edit: Edit, now: Timestamp, looks: &mut Vec<Look>) {
    app.edit(now, |template| edit.make(template));
    looks.push(look(app, now, true));
    app.sync(now);
    looks.push(look(app, now, true));
    looks.push(look(app, now + SignedDuration::from_secs(30), false));
}

fn waits(app: &mut Deployment, edit: Edit, now: Timestamp, looks: &mut Vec<Look>) {
    let minutes = |count| now + SignedDuration::from_mins(count);
    let replicas = app.object["spec"]["replicas"].as_u64().unwrap();
    app.scale(0);
    app.sync(now);
    looks.push(look(app, now, true));
    begin(app, edit, minutes(1), looks);
    app.scale(u32::try_from(replicas).unwrap());
    app.sync(minutes(10));
    app.count([1, 1, 0]);
    looks.push(look(app, minutes(10), true));
    app.complete(minutes(12));
    looks.push(look(app, minutes(12), true));
}

fn look(app: &Deployment, now: Timestamp, is_essential: bool) -> Look {
    Look {
        seen: app.seen(),
        now,
        is_essential,
    }
}

fn follow<'a>(looks: impl IntoIterator<Item = &'a Look>) -> DeliveryRecordStatus {
    looks
        .into_iter()
        .fold(DeliveryRecordStatus::default(), |status, look| {
            step(&status, look)
        })
}

fn step(status: &DeliveryRecordStatus, look: &Look) -> DeliveryRecordStatus {
    let next = observe(status, &look.seen, &Terms::default(), look.now);
    let open = next
        .rollouts
        .iter()
        .filter(|it| it.cause.is_change() && it.recovered_at.is_none());
    for (rollout, failed) in open.filter_map(|it| Some((it, it.failed_at?))) {
        let is_lost = has_ended_unrecorded(&next, rollout, failed);
        assert!(!is_lost, "each availability records the ends: {next:#?}");
    }
    next
}

/// What a record states, without what depends on when it was looked at.
pub(crate) fn facts(status: &DeliveryRecordStatus) -> (Vec<String>, u32, Value) {
    let untracked = status.untracked.as_ref().map_or(0, |it| it.rollouts);
    (
        lines(status),
        untracked,
        serde_json::to_value(&status.days).unwrap(),
    )
}

/// Texts of objects, and ones no object should have.
const WORDS: [&str; 13] = [
    "",
    "True",
    "False",
    "Progressing",
    "NewReplicaSetAvailable",
    "Complete",
    "Failed",
    "one",
    "9223372036854775807",
    "-1",
    "9999-12-31T23:59:59Z",
    "-009999-01-02T00:00:00Z",
    "2026-03-02T10:00:00Z",
];
/// Fields of objects.
const KEYS: [&str; 32] = [
    "metadata",
    "annotations",
    "labels",
    "spec",
    "status",
    "conditions",
    "type",
    "reason",
    "generation",
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "availableReplicas",
    "lastUpdateTime",
    "lastTransitionTime",
    "template",
    "containers",
    "name",
    "image",
    "revision",
    "managedFields",
    "fieldsV1",
    "f:spec",
    "f:template",
    "time",
    "creationTimestamp",
    "completionTime",
    "paused",
    "deployment.kubernetes.io/revision",
    "goldenpath.dev/commit-time",
    "ownerReferences",
    "uid",
];

/// Any JSON, made of the words that objects have.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(i64::MIN), Just(i64::MAX), -2_i64..5].prop_map(Value::from),
        prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((prop::sample::select(KEYS.to_vec()), inner), 0..6).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

/// Puts a value somewhere into an object.
fn disturb(object: &mut Value, path: &[&str], value: Value) {
    let place = path.iter().fold(object, |at, key| {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        &mut at[*key]
    });
    *place = value;
}

/// The places of a workload that are read.
const PLACES: [&[&str]; 9] = [
    &["status"],
    &["status", "conditions"],
    &["metadata", "annotations"],
    &["metadata", "managedFields"],
    &["metadata", "generation"],
    &["metadata", "creationTimestamp"],
    &["spec", "template", "metadata"],
    &["spec", "template", "spec", "containers"],
    &["spec", "replicas"],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn seeing_the_same_again_changes_nothing(acts in vec(act(), 0..8)) {
        let mut status = DeliveryRecordStatus::default();
        for look in looks(&acts) {
            status = step(&status, &look);
            let again = step(&status, &look);
            prop_assert_eq!(&again, &status);
            prop_assert!(!is_worth_writing(&status, &again));
        }
    }

    #[test]
    fn any_object_is_read_and_observed(
        kind in prop::sample::select(vec!["Deployment", "StatefulSet", "DaemonSet", "Rollout", "CronJob"]),
        changes in vec((prop::sample::select(PLACES.to_vec()), json()), 1..6),
        others in vec(json(), 0..3),
    ) {
        let mut object = Deployment::new().object;
        object["kind"] = kind.into();
        if kind == "CronJob" {
            object["apiVersion"] = "batch/v1".into();
            object["spec"]["jobTemplate"]["spec"]["template"] = object["spec"]["template"].clone();
        }
        let mut status = DeliveryRecordStatus::default();
        for (path, value) in changes {
            disturb(&mut object, path, value);
            let objects = Objects { revisions: &others, jobs: &others, ..Objects::of(&object) };
            if let Some(seen) = read(&objects) {
                status = observe(&status, &seen, &Terms::default(), at("12:00"));
            }
        }
        let latest = status.rollouts.iter().filter_map(|it| it.available_at).max();
        prop_assert!(latest <= Some(Instant(at("12:00"))));
    }

    #[test]
    fn days_always_agree_with_the_rollouts_and_every_list_is_bounded(acts in vec(act(), 0..20)) {
        let mut status = DeliveryRecordStatus::default();
        for look in looks(&acts) {
            status = step(&status, &look);
            prop_assert!(status.mark.as_ref().is_some_and(|mark| mark.revisions.len() <= MOST_REVISIONS));
        }
        prop_assert!(status.rollouts.len() <= MOST_ROLLOUTS);
        let mut recounted = DeliveryRecordStatus::default();
        for rollout in &status.rollouts {
            push(&mut recounted, rollout.clone());
        }
        prop_assert_eq!(status.untracked, None);
        prop_assert_eq!(status.days, recounted.days);
    }

    #[test]
    fn writing_more_often_counts_the_same(acts in vec(act(), 0..12), written in vec(any::<bool>(), 64)) {
        let mut status = DeliveryRecordStatus::default();
        let statuses: Vec<_> = looks(&acts)
            .iter()
            .map(|look| {
                status = step(&status, look);
                status.clone()
            })
            .collect();
        let count = |steps: &[&DeliveryRecordStatus]| {
            let mut tallies = Tallies::default();
            let mut before = None;
            for after in steps {
                tallies.count(before, after, Labels { path: "web", team: "blue" });
                before = Some(after);
            }
            tallies.iter().map(|(labels, tally)| (labels.clone(), tally.clone())).collect::<Vec<_>>()
        };
        let last = statuses.len() - 1;
        let some = statuses.iter().enumerate().zip(written.iter().cycle());
        let some: Vec<_> = some
            .filter(|((at, _), is_written)| **is_written || *at == last)
            .map(|((_, status), _)| status)
            .collect();
        prop_assert_eq!(count(&some), count(&statuses.iter().collect::<Vec<_>>()));
    }

    #[test]
    fn late_and_repeated_observations_change_nothing(
        acts in vec(act(), 1..8),
        repeats in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12),
    ) {
        let once = looks(&acts);
        let mut disturbed = once.clone();
        for (from, to) in repeats {
            // A repeated observation arrives later than the first time, with the clock of its arrival.
            let from = from.index(once.len());
            let place = disturbed.iter().position(|it| it.seen == once[from].seen).unwrap();
            let to = place + 1 + to.index(disturbed.len() - place);
            let now = disturbed[to - 1].now;
            disturbed.insert(to, Look { now, ..once[from].clone() });
        }
        prop_assert_eq!(facts(&follow(&disturbed)), facts(&follow(&once)));
    }

    #[test]
    fn losing_what_lies_between_start_and_end_changes_nothing(
        acts in vec(act(), 1..8),
        lost in vec(any::<bool>(), 64),
    ) {
        let all = looks(&acts);
        let some = all.iter().zip(lost.iter().cycle());
        let left = some.filter(|(look, lost)| look.is_essential || !**lost);
        let left: Vec<_> = left.map(|(look, _)| look).chain(all.last()).collect();
        prop_assert_eq!(facts(&follow(left)), facts(&follow(&all)));
    }

    #[test]
    fn two_operators_in_turn_count_as_one(acts in vec(act(), 1..8), turns in vec(any::<bool>(), 64)) {
        let looks = looks(&acts);
        let mut written = DeliveryRecordStatus::default();
        let mut in_memory = [None, None];
        let mut leader = 0;
        for (look, is_turn) in looks.iter().zip(turns.iter().cycle()) {
            if *is_turn {
                in_memory[leader] = None;
                leader = 1 - leader;
            }
            // A new leader starts from the record as it is written.
            let status = in_memory[leader].take().unwrap_or_else(|| written.clone());
            let next = step(&status, look);
            if is_worth_writing(&written, &next) {
                let json = serde_json::to_value(&next).unwrap();
                written = serde_json::from_value(json).unwrap();
            }
            in_memory[leader] = Some(next);
        }
        prop_assert_eq!(facts(&written), facts(&follow(&looks)));
    }

    #[test]
    fn an_outage_counts_no_rollout_twice_and_loses_none_silently(
        releases in 1_u8..8,
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let acts: Vec<_> = (0..releases).map(|number| Act::Change(Edit::Image(number))).collect();
        let mut all = looks(&acts);
        let (from, to) = (1 + from.index(all.len()), 1 + to.index(all.len()));
        let last = all.len() - 1;
        let back = to.min(last);
        all[back].seen.after_gap = back > from;
        let seen = all.iter().enumerate();
        let seen = seen.filter(|(at, _)| *at < from || *at >= to || *at == last);
        let status = follow(seen.map(|(_, look)| look));
        let untracked = status.untracked.as_ref().map_or(0, |it| it.rollouts);
        prop_assert_eq!(status.recorded + untracked, u32::from(releases));
        let mark = status.mark.as_ref().unwrap();
        prop_assert_eq!(&mark.template, &all[last].seen.template);
        prop_assert_eq!(mark.available.as_ref(), Some(&mark.template));
    }

    #[test]
    fn incidents_may_be_reported_in_any_order(
        acts in vec(edit().prop_map(Act::Change), 1..4),
        order in Just((0_usize..6).collect::<Vec<_>>()).prop_shuffle(),
        minutes in vec(0_i64..200, 3),
    ) {
        let followed = follow(&looks(&acts));
        let reports: Vec<_> = minutes
            .iter()
            .zip(0..)
            .flat_map(|(minute, id)| {
                let start = at("10:30") + SignedDuration::from_mins(*minute);
                let report = |started_at, resolved_at| IncidentReport {
                    id: i32::to_string(&id),
                    started_at,
                    resolved_at,
                };
                let end = start + SignedDuration::from_mins(7);
                [report(Some(start), None), report(None, Some(end))]
            })
            .collect();
        let report = |order: &[usize]| {
            let now = at("2026-03-03 00:00");
            let status = order.iter().fold(followed.clone(), |status, at| {
                incident(&status, &reports[*at], &Terms::default(), now)
            });
            (lines(&status), status.days)
        };
        prop_assert_eq!(report(&order), report(&[0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn incidents_between_looks_are_recorded_as_after_them(
        images in vec((0_u8..5, any::<bool>()), 1..6),
        incidents in vec((0_i64..180, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let acts = images.into_iter().map(|(it, waits)| {
            let edit = Edit::Image(it);
            if waits { Act::Waits(edit) } else { Act::Change(edit) }
        });
        let acts: Vec<_> = acts.collect();
        let looks = looks(&acts);
        // Each report arrives before the look of this number, and after the time that it is about.
        let mut reports = Vec::new();
        for ((minute, begin, end), id) in incidents.iter().zip(0..) {
            let start = at("10:30") + SignedDuration::from_mins(*minute);
            let resolved = start + SignedDuration::from_mins(7);
            for (at, arrival, times) in [
                (start, begin, (Some(start), None)),
                (resolved, end, (None, Some(resolved))),
            ] {
                let first = looks.iter().position(|look| look.now >= at).map_or(looks.len(), |it| it + 1);
                let arrival = first + arrival.index(looks.len() + 1 - first);
                let report = IncidentReport {
                    id: i32::to_string(&id),
                    started_at: times.0,
                    resolved_at: times.1,
                };
                reports.push((arrival, report));
            }
        }
        let now = at("2026-03-03 00:00");
        let take = |status: &DeliveryRecordStatus, arrival: Option<usize>| {
            let due = reports.iter().filter(|(at, _)| arrival.is_none_or(|arrival| arrival == *at));
            due.fold(status.clone(), |status, (_, report)| {
                incident(&status, report, &Terms::default(), now)
            })
        };
        let mut between = DeliveryRecordStatus::default();
        for (look, number) in looks.iter().zip(0..) {
            between = step(&take(&between, Some(number)), look);
        }
        between = take(&between, Some(looks.len()));
        prop_assert_eq!(facts(&between), facts(&take(&follow(&looks), None)));
    }
}
