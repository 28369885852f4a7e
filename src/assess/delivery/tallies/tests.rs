//! What is counted of rollouts, and when.

use super::*;
use crate::assess::delivery::fixtures::{Deployment, World, at, image};
use crate::assess::delivery::{Terms, observe};
use crate::assess::state::Status;

const LABELS: Labels<'_> = Labels {
    path: "web",
    team: "blue",
};

/// Counts every step of a history in turn.
fn counted(steps: &[DeliveryRecordStatus]) -> Tallies {
    let mut tallies = Tallies::default();
    let mut before = None;
    for after in steps {
        tallies.count(before, after, LABELS);
        before = Some(after);
    }
    tallies
}

fn only(tallies: &Tallies) -> &RolloutTally {
    let mut all = tallies.iter();
    let (labels, tally) = all.next().unwrap();
    assert_eq!((&*labels.path, &*labels.team), ("web", "blue"));
    assert_eq!(labels.side, Side::Deviating);
    assert!(all.next().is_none());
    tally
}

/// The statuses before a release, after it, and after a rollback of it 18 minutes later.
fn released_and_undone(mut world: World) -> [DeliveryRecordStatus; 3] {
    let before = world.status.clone();
    world.roll_out("10:00", "10:02", image("b"));
    let released = world.status.clone();
    world.undo("10:20", "1");
    world.complete("10:22");
    [before, released, world.status]
}

/// Non-zero counts.
fn rollouts(tally: &RolloutTally) -> Vec<(&'static str, &'static str, u64)> {
    tally
        .rollouts()
        .filter(|(_, _, count)| *count > 0)
        .map(|(result, cause, count)| (result.as_str(), cause.as_str(), count))
        .collect()
}

#[test]
fn a_release_that_is_undone_later_is_one_rollout_and_one_failure() {
    let steps = released_and_undone(World::new());
    let tallies = counted(&steps);
    let tally = only(&tallies);
    assert_eq!(
        rollouts(tally),
        [("available", "release", 1), ("available", "rollback", 1)]
    );
    assert_eq!((tally.visible, tally.failed, tally.rework), (1, 1, 1));
    let times = &tally.recovery_times;
    assert_eq!((times.count(), times.sum()), (1, 20.0 * MINUTE));
    assert_eq!(*only(&counted(&steps[2..])), *tally);
}

#[test]
fn a_rollout_beyond_its_deadline_is_counted_as_failed_once() {
    let mut world = World::new();
    let mut steps = vec![world.status.clone()];
    world.edit("10:00", image("b"));
    world.exceed("10:10");
    steps.push(world.status.clone());
    world.complete("10:30");
    steps.push(world.status.clone());
    let tallies = counted(&steps);
    assert_eq!(rollouts(only(&tallies)), [("failed", "release", 1)]);
    assert_eq!(only(&tallies).failed, 1);
    let available = |before, after| newly_available(Some(before), after).count();
    assert_eq!(available(&steps[0], &steps[1]), 0);
    assert_eq!(available(&steps[1], &steps[2]), 1);
}

#[test]
fn a_first_deploy_is_counted_once_under_the_status_that_it_had() {
    let mut app = Deployment::created(at("08:50"));
    let annotations = &mut app.object["metadata"]["annotations"];
    annotations["goldenpath.dev/started-at"] = "2026-03-02T08:00:00Z".into();
    app.sync(at("08:50"));
    let mut status = DeliveryRecordStatus::default();
    let mut steps = Vec::new();
    let terms = Terms::default();
    for (time, standing) in [
        ("09:00", None),
        ("09:05", None),
        ("09:06", Some(Status::Deviating)),
        ("09:30", Some(Status::GoldenPath)),
    ] {
        if time == "09:05" {
            app.complete(at("09:05"));
        }
        status = observe(&status, &app.seen_as(standing), &terms, at(time));
        steps.push(status.clone());
    }
    let tallies = counted(&steps);
    assert_eq!(only(&tallies).first_deploys.count(), 1);
    assert_eq!(counted(&steps[1..]).iter().count(), 1);
    // A version that stored no status counted it.
    let mut before = steps[3].clone();
    before.first_deploy.as_mut().unwrap().standing = None;
    let mut tallies = Tallies::default();
    tallies.count(Some(&before), &steps[3], LABELS);
    assert_eq!(tallies.iter().count(), 0);
}

#[test]
fn a_refused_commit_time_is_counted_once_with_its_reason() {
    for (stamp, reason) in [
        ("main", RefusedCommitTime::Unreadable),
        ("2026-03-02T10:03:00Z", RefusedCommitTime::Negative),
        ("2026-03-02T12:00:00Z", RefusedCommitTime::Future),
        ("1970-01-01T00:00:00Z", RefusedCommitTime::Absurd),
    ] {
        let mut world = World::new();
        world.app.object["metadata"]["annotations"]["goldenpath.dev/commit-time"] = stamp.into();
        let tallies = counted(&released_and_undone(world));
        for (counted, count) in only(&tallies).refused_commit_times() {
            assert_eq!(
                count,
                u64::from(counted == reason),
                "{stamp} {}",
                counted.as_str()
            );
        }
    }
}

#[test]
fn zeros_come_before_counts_and_the_number_of_label_sets_is_bounded() {
    let mut tallies = Tallies::default();
    tallies.expose(LABELS, Side::GoldenPath);
    let (_, tally) = tallies.iter().next().unwrap();
    assert_eq!(tally.rollouts().count(), 10);
    assert!(rollouts(tally).is_empty());
    for number in 0..=MOST_LABEL_SETS {
        let team = number.to_string();
        let labels = Labels {
            path: "web",
            team: &team,
        };
        tallies.expose(labels, Side::GoldenPath);
    }
    assert_eq!(tallies.iter().count(), MOST_LABEL_SETS + 1);
    assert!(tallies.iter().any(|(labels, _)| &*labels.team == OTHER));
}

#[test]
fn buckets_hold_what_lies_up_to_their_bound() {
    let mut times = Distribution::new(RECOVERY_SECONDS);
    for seconds in [60, 61, 20_000_000] {
        times.observe(seconds);
    }
    let counts: Vec<u64> = times.cumulative().map(|(_, count)| count).collect();
    assert_eq!((counts[0], counts[1], counts[14]), (1, 2, 2));
    assert_eq!(times.count(), 3);
    for bounds in [LEAD_TIME_SECONDS, RECOVERY_SECONDS, FIRST_DEPLOY_SECONDS] {
        assert!(bounds.is_sorted());
    }
}
