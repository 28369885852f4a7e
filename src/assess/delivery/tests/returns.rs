//! Revisions that come again: which ones are the failed one, its fix, or a good one by now.

use serde_json::json;

use crate::assess::delivery::fixtures::{World, at, image, mode};

#[test]
fn a_failed_release_with_another_configuration_is_its_fix() {
    let mut world = World::new();
    world.stamp("09:00");
    world.edit("10:00", image("b"));
    world.exceed("10:10");
    world.roll_out("10:20", "10:30", mode("fixed"));
    let expected = [
        "release failed, recovery 20m",
        "config available, rework of 1, lead 90m",
    ];
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_release_that_was_undone_and_ships_again_with_a_fix_is_a_change() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.undo("10:10", "1");
    world.complete("10:12");
    world.roll_out("11:00", "11:02", |it| {
        image("b")(it);
        mode("fixed")(it);
    });
    assert_eq!(world.lines()[2..], ["config available"]);
    world.roll_out("12:00", "12:02", image("c"));
    world.roll_out("12:10", "12:12", image("b"));
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 4",
    ];
    assert_eq!(world.lines()[3..], expected, "the fix is good");
}

#[test]
fn resources_that_a_tool_sets_make_no_fix_of_a_failed_release() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("10:10", "10:12", image("a"));
    world.app.edit(at("10:20"), |it| {
        image("b")(it);
        it["spec"]["containers"][0]["resources"] = json!({});
    });
    world.app.object["metadata"]["managedFields"] = json!([{
        "manager": "vpa-updater", "time": "2026-03-02T10:20:00Z",
        "fieldsV1": {"f:spec": {"f:template": {"f:spec":
            {"f:containers": {"k:{\"name\":\"shop\"}": {"f:resources": {}}}}}}},
    }]);
    world.look("10:20");
    world.app.sync(at("10:20"));
    world.complete("10:22");
    assert_eq!(world.lines().len(), 2);
}

#[test]
fn a_failed_revision_that_then_served_for_longer_than_the_window_is_good() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.exceed("10:10");
    world.roll_out("10:20", "10:22", image("a"));
    world.roll_out("11:00", "11:02", image("b"));
    assert_eq!(world.lines().len(), 2, "the failed revision again");
    world.roll_out("2026-03-20 10:00", "2026-03-20 10:02", image("c"));
    world.roll_out("2026-03-20 10:10", "2026-03-20 10:12", image("b"));
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 3",
    ];
    assert_eq!(world.lines()[2..], expected);
}

/// As versions before this one wrote it: no end of a failure that they noticed late.
fn without_ends(world: &mut World) {
    for rollout in &mut world.status.rollouts {
        rollout.recovered_at = None;
    }
}

#[test]
fn a_failure_whose_end_an_earlier_version_did_not_record_is_over() {
    let mut own = World::new();
    own.edit("10:00", image("b"));
    own.exceed("10:10");
    own.complete("10:30");
    without_ends(&mut own);
    own.roll_out("2026-03-20 10:00", "2026-03-20 10:02", image("c"));
    assert_eq!(own.lines(), ["release failed", "release available"]);
    let mut by_next = World::new();
    by_next.edit("10:00", image("b"));
    by_next.exceed("10:10");
    by_next.roll_out("10:20", "10:22", image("c"));
    without_ends(&mut by_next);
    by_next.roll_out("2026-03-20 10:00", "2026-03-20 10:02", image("d"));
    let expected = [
        "release failed",
        "release available, rework of 1",
        "release available",
    ];
    assert_eq!(by_next.lines(), expected);
}
