//! Figures: windows, medians, commit times, first deploys, and what makes a write.

use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::{FirstDeployClock, RefusedCommitTime};
use crate::assess::delivery::figures::{
    change_fail_rate, deployment_frequency, failure_coverage, lead_time_coverage, median,
    rework_rate, window,
};
use crate::assess::delivery::fixtures::{Deployment, World, at, image, mode};
use crate::assess::delivery::seen::{Objects, read};
use crate::assess::delivery::{Terms, is_worth_writing, observe, refreshed, wake_at};
use crate::assess::state::Status;

#[test]
fn the_five_measures_come_from_the_record_alone() {
    let mut world = World::new();
    world.stamp("09:30");
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("10:10", "10:12", image("a"));
    world.stamp("10:50");
    world.roll_out("11:00", "11:10", image("c"));
    world.roll_out("12:00", "12:10", mode("x"));
    let figures = &world.status.figures[1];
    assert_eq!(figures.days, 30);
    assert_eq!(change_fail_rate(&figures.counts), Some(1.0 / 3.0));
    assert_eq!(rework_rate(&figures.counts), Some(0.25));
    assert_eq!(failure_coverage(&figures.counts), Some(1.0));
    assert_eq!(lead_time_coverage(figures), Some(2.0 / 3.0));
    assert_eq!(deployment_frequency(figures), Some(4.0 / 30.0));
    assert_eq!(figures.lead_time, Some(26 * 60));
    assert_eq!(
        (figures.recovery_time, figures.recovery_times),
        (Some(600), 1)
    );
    let columns = world.status.columns.as_ref().unwrap();
    assert_eq!(
        (columns.rollouts.as_str(), columns.failed.as_str()),
        ("3", "1 of 3")
    );
    assert_eq!(columns.lead_time.as_deref(), Some("26m (2 of 3)"));
    assert_eq!(columns.recovery.as_deref(), Some("10m (1 of 1)"));
}

#[test]
fn a_rollout_leaves_each_window_after_its_days() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    for (now, expected) in [
        ("2026-03-08 23:59", [1, 1, 1]),
        ("2026-03-09 00:00", [0, 1, 1]),
        ("2026-03-31 23:59", [0, 1, 1]),
        ("2026-04-01 00:00", [0, 0, 1]),
        ("2026-05-31 00:00", [0, 0, 0]),
    ] {
        let before = world.status.clone();
        let wakes = wake_at(&before, &world.terms, at("2026-03-02 12:00"));
        assert_eq!(wakes, Some(at("2026-03-09 00:00")));
        let next = observe(&before, &world.app.seen(), &world.terms, at(now));
        assert_eq!(refreshed(&before, at(now)), next);
        let counted: Vec<u32> = next.figures.iter().map(|it| it.counts.rollouts).collect();
        assert_eq!(counted, expected, "{now}");
    }
}

#[test]
fn rollouts_count_under_the_status_before_their_template() {
    let mut world = World::new();
    world.app.edit(at("10:00"), image("b"));
    let look = |world: &mut World, time: &str, standing| {
        let seen = world.app.seen_as(standing);
        world.status = observe(&world.status, &seen, &world.terms, at(time));
    };
    look(&mut world, "10:00", Some(Status::GoldenPath));
    world.app.sync(at("10:00"));
    world.app.complete(at("10:02"));
    look(&mut world, "10:02", Some(Status::GoldenPath));
    assert_eq!(
        world.status.rollouts[0].standing.as_deref(),
        Some("deviating")
    );
    assert_eq!(world.status.standing.as_deref(), Some("golden-path"));
    let golden = window(&world.status.days, 7, Some("golden-path"), at("11:00"));
    assert_eq!(golden.counts.rollouts, 0);
    world.app.edit(at("11:00"), image("c"));
    world.app.sync(at("11:00"));
    world.app.complete(at("11:02"));
    look(&mut world, "11:02", Some(Status::Deviating));
    assert_eq!(
        world.status.rollouts[1].standing.as_deref(),
        Some("golden-path")
    );
}

#[test]
fn implausible_commit_times_are_refused_and_counted() {
    use RefusedCommitTime::{Absurd, Future, Negative, Unreadable};
    for (stamp, refused) in [
        ("2026-03-02T10:01:30Z", None),
        ("2026-03-02T10:03:00Z", Some(Negative)),
        ("2026-03-02T12:00:00Z", Some(Future)),
        ("1970-01-01T00:00:00Z", Some(Absurd)),
        ("main", Some(Unreadable)),
    ] {
        let mut world = World::new();
        world.app.object["metadata"]["annotations"]["goldenpath.dev/commit-time"] = stamp.into();
        world.roll_out("10:00", "10:02", image("b"));
        let rollout = &world.status.rollouts[0];
        assert_eq!(rollout.commit_time_refused, refused, "{stamp}");
        assert_eq!(rollout.lead_time.is_some(), refused.is_none(), "{stamp}");
        let counted = world.status.figures[0].counts.refused;
        assert_eq!(counted, u32::from(refused.is_some()), "{stamp}");
    }
}

#[test]
fn a_stamp_that_did_not_change_gives_no_lead_time() {
    let mut world = World::new();
    world.stamp("09:30");
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("11:00", "11:02", image("c"));
    assert_eq!(
        world.lines(),
        ["release available, lead 32m", "release available"]
    );
}

#[test]
fn time_to_first_deploy_has_two_clocks_and_is_no_rollout() {
    let mut app = Deployment::created(at("08:00"));
    let annotations = &mut app.object["metadata"]["annotations"];
    annotations["goldenpath.dev/scaffolded-at"] = "2026-03-02T07:00:00Z".into();
    annotations["goldenpath.dev/started-at"] = "2026-03-01T07:00:00Z".into();
    let mut world = World::following(app);
    world.app.sync(at("09:00"));
    world.look("09:00");
    assert_eq!(world.status.first_deploy, None);
    world.edit("09:10", image("fixed"));
    world.complete("09:15");
    let first = world.status.first_deploy.clone().unwrap();
    assert_eq!(first.at.0, at("09:15"));
    assert_eq!(first.since_scaffolded, Some(135 * 60));
    assert_eq!(first.since_started, Some(26 * 3_600 + 15 * 60));
    assert_eq!(first.clock, Some(FirstDeployClock::StartedAt));
    assert_eq!(world.lines(), [""; 0]);
    world.roll_out("10:00", "10:02", image("b"));
    assert_eq!(world.lines(), ["release available"]);
}

/// The status of the first deploy after these looks, in minutes after 9:00. It is available from the second on,
/// and the last one is that of a release.
fn first_standing(standings: [Option<Status>; 4]) -> Option<String> {
    let mut app = Deployment::created(at("08:50"));
    app.sync(at("08:50"));
    let mut status = DeliveryRecordStatus::default();
    for (minute, standing) in standings.into_iter().enumerate() {
        let now = at(&format!("09:{minute:02}"));
        match minute {
            1 => app.complete(now),
            3 => app.edit(now, image("b")),
            _ => (),
        }
        status = observe(&status, &app.seen_as(standing), &Terms::default(), now);
    }
    status.first_deploy.unwrap().standing
}

#[test]
fn a_first_deploy_keeps_the_status_that_it_had() {
    let [golden, deviating] = [Status::GoldenPath, Status::Deviating].map(Some);
    for (standings, wanted) in [
        ([None, deviating, golden, golden], deviating),
        ([golden, deviating, golden, golden], deviating),
        ([None, None, deviating, golden], deviating),
        ([None, None, None, golden], None),
    ] {
        let wanted = wanted.map(|it| it.as_str().to_owned());
        assert_eq!(first_standing(standings), wanted, "{standings:?}");
    }
}

#[test]
fn a_record_without_the_status_of_its_first_deploy_takes_the_one_in_force_since() {
    let mut earlier = World::new();
    earlier.status.first_deploy.as_mut().unwrap().standing = None;
    let standing = |status: &DeliveryRecordStatus| status.first_deploy.clone().unwrap().standing;
    let seen = earlier.app.seen_as(Some(Status::GoldenPath));
    let joined = observe(&earlier.status, &seen, &earlier.terms, at("09:30"));
    assert_eq!(standing(&joined).as_deref(), Some("deviating"));
    earlier.roll_out("10:00", "10:02", image("b"));
    assert_eq!(standing(&earlier.status).as_deref(), Some("deviating"));
    let mut rolled_out = World::new();
    rolled_out.roll_out("10:00", "10:02", image("b"));
    rolled_out.status.first_deploy.as_mut().unwrap().standing = None;
    rolled_out.look("10:10");
    assert_eq!(standing(&rolled_out.status), None, "its days tell");
}

#[test]
fn the_time_of_scaffolding_is_read_from_the_first_configured_annotation() {
    let mut app = Deployment::created(at("08:00"));
    let annotations = &mut app.object["metadata"]["annotations"];
    annotations["goldenpath.dev/scaffolded-at"] = "2026-03-02T07:00:00Z".into();
    annotations["example.com/created-at"] = "2026-03-02T06:00:00Z".into();
    let scaffolded = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let objects = Objects {
            scaffolded_keys: &keys,
            ..Objects::of(&app.object)
        };
        read(&objects).unwrap().scaffolded_at
    };
    assert_eq!(scaffolded(&[]), Some(at("07:00")));
    let own = ["example.com/absent", "example.com/created-at"];
    assert_eq!(scaffolded(&own), Some(at("06:00")));
    assert_eq!(scaffolded(&own[..1]), None);
}

#[test]
fn scaling_is_not_worth_a_write_and_a_rollout_is() {
    let mut world = World::new();
    world.app.scale(5);
    world.app.sync(at("09:30"));
    let next = observe(&world.status, &world.app.seen(), &world.terms, at("09:30"));
    assert!(!is_worth_writing(&world.status, &next));
    world.app.edit(at("10:00"), image("b"));
    let next = observe(&world.status, &world.app.seen(), &world.terms, at("10:00"));
    assert!(is_worth_writing(&world.status, &next));
}

#[test]
fn a_long_history_stays_bounded_and_its_counts_exact() {
    let mut world = World::new();
    for number in 0..60 {
        let minute = format!("2026-03-{:02} {:02}:00", 3 + number / 12, 8 + number % 12);
        let end = format!("2026-03-{:02} {:02}:05", 3 + number / 12, 8 + number % 12);
        world.roll_out(&minute, &end, image(&number.to_string()));
    }
    assert_eq!(world.status.rollouts.len(), 20);
    assert_eq!(world.status.figures[1].counts.rollouts, 60);
    assert!(world.status.mark.as_ref().unwrap().revisions.len() <= 10);
    let size = serde_json::to_value(&world.status)
        .unwrap()
        .to_string()
        .len();
    assert!(size < 16_384, "{size} bytes");
}

#[test]
fn a_median_of_an_even_number_is_the_mean_of_the_middle() {
    assert_eq!(median(vec![]), None);
    assert_eq!(median(vec![7]), Some(7));
    assert_eq!(median(vec![1, 9, 4, 6]), Some(5));
}

#[test]
fn hashes_of_another_version_are_replaced_and_what_ran_meanwhile_is_untracked() {
    let mut world = World::new();
    let mark = world.status.mark.as_mut().unwrap();
    mark.template.version = 0;
    world.look("09:30");
    assert_eq!(world.untracked(), 0, "the same generation");
    world.status.mark.as_mut().unwrap().template.version = 0;
    world.roll_out("10:00", "10:02", image("b"));
    assert_eq!((world.lines().len(), world.untracked()), (0, 1));
    world.roll_out("10:10", "10:12", image("c"));
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(world.untracked(), 1);
}

#[test]
fn a_young_workload_that_is_available_at_first_sight_has_a_first_deploy_only_if_it_states_it() {
    let app = Deployment::new();
    let world = World::following(app.clone());
    assert_eq!(world.status.first_deploy.unwrap().at.0, at("08:01"));
    let mut old = app;
    old.edit(at("08:10"), image("b"));
    old.sync(at("08:10"));
    old.complete(at("08:12"));
    let world = World::following(old);
    assert_eq!(
        world.status.first_deploy, None,
        "it is at its second revision"
    );
}
