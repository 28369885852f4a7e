//! What is due at which instant, to whom, in which message.

use crate::api::Instant;
use jiff::{SignedDuration, Timestamp};

use super::fixtures::{World, daily, immediate, summaries};
use super::records::{MAX_RECORDS, record};
use super::{DryRun, LONGEST_MESSAGE, ReminderStage};
use crate::api::DeviationExceptionSpec;
use crate::api::deviation_exception::{Decision, Notified};
use crate::assess::exception::fixtures::{
    approval, approved, closed, day, renewal_requested, renewed, requested, start,
};

fn hours(at: Timestamp, hours: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(hours))
        .unwrap()
}

fn of(path: &str, team: &str) -> DeviationExceptionSpec {
    let mut spec = approved();
    spec.path = path.to_owned();
    team.clone_into(&mut spec.owner.team);
    spec
}

#[test]
fn each_stage_reminds_its_owner_once() {
    let mut world = World::new(immediate());
    world.put("heap", approved(), start());
    for (on, expected) in [
        (75, vec![]),
        (76, vec!["shop/shop: heap review-due"]),
        (77, vec![]),
        (89, vec![]),
        (90, vec!["shop/shop: heap review-overdue"]),
        (100, vec![]),
        (120, vec!["shop/shop: heap expired"]),
        (121, vec![]),
        (500, vec![]),
    ] {
        assert_eq!(summaries(&world.send(day(on))), expected, "day {on}");
    }
}

#[test]
fn an_item_that_ships_is_told_once_to_each_owner_who_waits_for_it() {
    let mut world = World::new(immediate());
    let waiting = |items: &[&str]| DeviationExceptionSpec {
        waits_for: items.iter().map(ToString::to_string).collect(),
        ..approved()
    };
    world.ship("postgres", None);
    world.ship("kafka", None);
    world.put("heap", waiting(&["postgres", "kafka"]), start());
    world.put("other", waiting(&["unknown"]), start());
    assert_eq!(summaries(&world.send(day(1))), [""; 0]);
    world.ship("postgres", Some(day(3)));
    assert_eq!(summaries(&world.send(day(2))), [""; 0], "shipped tomorrow");
    let sent = world.send(day(4));
    assert_eq!(summaries(&sent), ["shop/shop: heap item-shipped"]);
    assert_eq!(
        sent[0].items[0].facts.shipped.as_deref(),
        Some("The item postgres")
    );
    assert_eq!(summaries(&world.send(day(5))), [""; 0]);
    // Another item of the same second is news of its own.
    world.ship("kafka", Some(day(3)));
    assert_eq!(
        summaries(&world.send(day(6))),
        ["shop/shop: heap item-shipped"]
    );
    // A renewal repeats neither.
    let mut spec = waiting(&["postgres", "kafka"]);
    spec.reviews.push(renewed(day(7)));
    world.put("heap", spec, start());
    assert_eq!(summaries(&world.send(day(8))), [""; 0]);
    let words: Vec<_> = world
        .object("heap")
        .status
        .iter()
        .flat_map(|status| &status.notified)
        .collect();
    let words: Vec<_> = words.iter().map(|sent| &*sent.stage).collect();
    assert_eq!(words, ["item-shipped:postgres", "item-shipped:kafka"]);
}

#[test]
fn what_was_shipped_long_ago_is_no_news() {
    let mut world = World::new(immediate());
    world.ship("postgres", Some(day(1)));
    let spec = DeviationExceptionSpec {
        waits_for: vec!["postgres".to_owned()],
        ..approved()
    };
    world.put("late", spec.clone(), start());
    let later = World::due(&mut world, day(100));
    assert!(
        later
            .iter()
            .flat_map(|message| &message.items)
            .all(|item| item.shipped.is_none())
    );
    // A rejected or closed exception waits for nothing.
    let mut world = World::new(immediate());
    world.ship("postgres", Some(day(1)));
    let mut closed_one = spec;
    closed_one.reviews.push(closed(day(1)));
    world.put("closed", closed_one, start());
    assert_eq!(summaries(&world.send(day(2))), [""; 0]);
}

#[test]
fn news_of_an_item_leaves_the_reminders_under_way_alone() {
    let mut world = World::new(immediate());
    world.ship("postgres", None);
    let spec = DeviationExceptionSpec {
        waits_for: vec!["postgres".to_owned()],
        ..approved()
    };
    world.put("heap", spec, start());
    let review = world.due(day(80)).remove(0);
    for write in review.intents() {
        world.record(&write).unwrap();
    }
    // Shipped after the decision that the review counts from.
    world.ship("postgres", Some(day(81)));
    let again = world.due(day(82));
    assert_eq!(summaries(&again), ["shop/shop: heap review-due"]);
    assert_eq!(again[0].id, review.id, "under its own key");
    world.sent(&again[0], day(82));
    assert_eq!(
        summaries(&world.send(day(82))),
        ["shop/shop: heap item-shipped"]
    );
    assert_eq!(summaries(&world.send(day(83))), [""; 0]);
}

#[test]
fn a_renewal_begins_a_new_round() {
    let mut world = World::new(immediate());
    world.put("heap", approved(), start());
    assert_eq!(world.send(day(80)).len(), 1);
    let mut spec = approved();
    spec.reviews.push(renewed(day(81)));
    world.put("heap", spec, start());
    assert_eq!(summaries(&world.send(day(82))), [""; 0]);
    assert_eq!(
        summaries(&world.send(day(81 + 76))),
        ["shop/shop: heap review-due"]
    );
}

#[test]
fn a_request_reminds_those_who_decide() {
    let mut world = World::new(immediate());
    world.put("heap", requested(), start());
    assert_eq!(
        summaries(&world.send(day(1))),
        ["web/platform: heap decision-waiting"]
    );
    assert_eq!(summaries(&world.send(day(30))), [""; 0]);
    // Agreed to, then changed and asked for again: another request.
    world.put("heap", approved(), start());
    assert_eq!(summaries(&world.send(day(31))), [""; 0]);
    world.put("heap", requested(), start());
    assert_eq!(
        summaries(&world.send(day(32))),
        ["web/platform: heap decision-waiting"]
    );
    assert_eq!(summaries(&world.send(day(33))), [""; 0]);
}

#[test]
fn a_request_made_again_after_a_refusal_reminds_again() {
    let mut world = World::new(immediate());
    world.put("heap", requested(), start());
    assert_eq!(world.send(day(1)).len(), 1);
    let mut rejected = requested();
    rejected.approval = Some(approval(Decision::Rejected, day(2)));
    world.put("heap", rejected, start());
    assert_eq!(summaries(&world.send(day(3))), [""; 0]);
    world.put("heap", requested(), start());
    assert_eq!(
        summaries(&world.send(day(4))),
        ["web/platform: heap decision-waiting"]
    );
    assert_eq!(summaries(&world.send(day(5))), [""; 0]);
}

#[test]
fn while_a_renewal_waits_it_is_the_platform_teams_turn() {
    let mut world = World::new(immediate());
    let mut spec = approved();
    spec.renewal = Some(renewal_requested(day(85)));
    world.put("heap", spec.clone(), start());
    assert_eq!(
        summaries(&world.send(day(86))),
        ["web/platform: heap renewal-waiting"]
    );
    assert_eq!(
        summaries(&world.send(day(91))),
        [""; 0],
        "the owner has done their part"
    );
    // An expired exception is expired, although a renewal waits for its decision.
    assert_eq!(
        summaries(&world.send(day(180))),
        ["shop/shop: heap expired"]
    );
    // The request taken back, the review is the owner's again.
    let mut world = World::new(immediate());
    world.put("heap", spec, start());
    world.send(day(86));
    world.put("heap", approved(), start());
    assert_eq!(
        summaries(&world.send(day(91))),
        ["shop/shop: heap review-overdue"]
    );
}

#[test]
fn rejected_and_closed_exceptions_remind_no_one() {
    let mut world = World::new(immediate());
    let mut rejected = requested();
    rejected.approval = Some(approval(Decision::Rejected, day(1)));
    world.put("rejected", rejected, start());
    let mut ended = approved();
    ended.reviews.push(closed(day(80)));
    world.put("closed", ended, start());
    for on in [81, 95, 130, 400] {
        assert_eq!(summaries(&world.send(day(on))), [""; 0], "day {on}");
    }
}

#[test]
fn a_request_about_an_unknown_path_reminds_no_one() {
    let mut world = World::new(immediate());
    let mut spec = requested();
    spec.path = "wbe".to_owned();
    world.put("heap", spec, start());
    assert_eq!(summaries(&world.send(day(2))), [""; 0]);
}

#[test]
fn everything_due_for_an_owner_is_in_one_message_most_pressing_first() {
    let mut world = World::new(daily());
    world.put("a", of("web", "shop"), day(20));
    let mut later = of("web", "shop");
    later.approval = Some(approval(Decision::Approved, day(20)));
    world.put("due", later, day(20));
    world.put("late", of("batch", "shop"), start());
    world.put("other", of("web", "search"), start());
    assert_eq!(
        summaries(&world.send(day(100))),
        [
            "default/search: other review-overdue",
            "shop/shop: a review-overdue, late review-overdue, due review-due",
        ]
    );
}

#[test]
fn a_contact_chooses_among_channels_and_adds_none() {
    let mut world = World::new(immediate());
    for (name, contact) in [
        ("known", "#web"),
        ("plain", "web"),
        ("unknown", "#nowhere"),
        ("url", "https://attacker.example.com/"),
    ] {
        let mut spec = approved();
        spec.owner.contact = Some(contact.to_owned());
        world.put(name, spec, start());
    }
    assert_eq!(
        summaries(&world.due(day(80))),
        [
            "shop/shop: unknown review-due, url review-due",
            "web/shop: known review-due, plain review-due",
        ]
    );
}

#[test]
fn a_day_has_one_message_and_what_came_later_waits_for_the_next() {
    let mut world = World::new(daily());
    world.put("early", approved(), start());
    let noon = hours(day(76), 12);
    // Due since midnight, sent at nine.
    assert_eq!(summaries(&world.send(hours(day(76), 8))), [""; 0]);
    assert_eq!(
        summaries(&world.send(hours(day(76), 9))),
        ["shop/shop: early review-due"]
    );
    // This one is due from eleven on.
    let mut spec = approved();
    spec.approval = Some(approval(Decision::Approved, hours(start(), 11)));
    world.put("late", spec, start());
    assert_eq!(summaries(&world.send(noon)), [""; 0]);
    assert_eq!(summaries(&world.send(hours(day(77), 8))), [""; 0]);
    assert_eq!(
        summaries(&world.send(hours(day(77), 9))),
        ["shop/shop: late review-due"]
    );
}

#[test]
fn a_time_of_sending_that_was_slept_through_is_made_up_for_once() {
    let mut world = World::new(daily());
    world.put("heap", approved(), start());
    assert_eq!(
        summaries(&world.send(hours(day(76), 15))),
        ["shop/shop: heap review-due"]
    );
    assert_eq!(summaries(&world.send(hours(day(76), 16))), [""; 0]);
}

#[test]
fn a_dry_run_tells_the_platform_once_and_the_owner_afterwards() {
    let mut world = World::new(daily());
    world.put("heap", approved(), start());
    world.put("new", requested(), day(70));
    world.dry_run = true;
    assert_eq!(
        summaries(&world.send(hours(day(77), 9))),
        ["platform/platform: heap review-due, new decision-waiting"]
    );
    assert_eq!(summaries(&world.send(hours(day(78), 9))), [""; 0]);
    world.dry_run = false;
    assert_eq!(
        summaries(&world.send(hours(day(79), 9))),
        [
            "shop/shop: heap review-due",
            "web/platform: new decision-waiting"
        ]
    );
    assert_eq!(summaries(&world.send(hours(day(80), 9))), [""; 0]);
    // A later dry run does not show what owners have received.
    world.dry_run = true;
    assert_eq!(summaries(&world.send(hours(day(81), 9))), [""; 0]);
    let entries = &world.object("heap").status.as_ref().unwrap().notified;
    let words: Vec<_> = entries.iter().map(|sent| sent.stage.as_str()).collect();
    assert_eq!(words, ["dry-run:review-due", "review-due"]);
}

#[test]
fn a_dry_run_lasts_as_long_as_it_says() {
    let installed = Some(start());
    assert!(DryRun::Days(14).lasts(installed, hours(day(14), -1)));
    assert!(!DryRun::Days(14).lasts(installed, day(14)));
    assert!(!DryRun::Days(0).lasts(None, start()));
    assert!(
        DryRun::Days(14).lasts(None, day(500)),
        "no owner is reminded by accident"
    );
    assert!(DryRun::Until(day(3)).lasts(None, day(2)));
    assert!(!DryRun::Until(day(3)).lasts(None, day(3)));
}

#[test]
fn what_has_no_room_comes_with_the_next_message() {
    let mut world = World::new(daily());
    for number in 0..LONGEST_MESSAGE + 5 {
        world.put(&format!("e-{number:03}"), approved(), start());
    }
    let first = world.send(hours(day(77), 9));
    assert_eq!(
        (first.len(), first[0].items.len(), first[0].more),
        (1, LONGEST_MESSAGE, 5)
    );
    let second = world.send(hours(day(78), 9));
    assert_eq!((second[0].items.len(), second[0].more), (5, 0));
}

#[test]
fn a_clock_that_was_wrong_neither_repeats_nor_silences() {
    let mut world = World::new(daily());
    world.put("heap", approved(), start());
    // A year ahead for a short time: the exception looks expired, and that is sent and recorded.
    assert_eq!(
        summaries(&world.send(day(460))),
        ["shop/shop: heap expired"]
    );
    assert_eq!(
        summaries(&world.send(hours(day(77), 9))),
        ["shop/shop: heap review-due"]
    );
    assert_eq!(
        summaries(&world.send(hours(day(90), 9))),
        ["shop/shop: heap review-overdue"]
    );
    assert_eq!(summaries(&world.send(hours(day(120), 9))), [""; 0]);
    // An hour back, a moment after sending.
    let mut world = World::new(daily());
    world.put("heap", approved(), start());
    assert_eq!(world.send(hours(day(77), 9)).len(), 1);
    assert_eq!(summaries(&world.send(hours(day(77), 8))), [""; 0]);
}

#[test]
fn a_repetition_has_the_same_name() {
    let mut world = World::new(daily());
    world.put("heap", approved(), start());
    let at = hours(day(77), 9);
    let (first, again) = (world.due(at), world.due(hours(at, 3)));
    assert_eq!(first[0].id, again[0].id);
    assert_eq!(first[0].items[0].id, again[0].items[0].id);
    let later = world.due(hours(day(91), 9));
    assert_ne!(first[0].id, later[0].id, "another stage");
}

fn entry(stage: ReminderStage, decided: u64, sent: u64) -> Notified {
    Notified {
        stage: stage.as_str().to_owned(),
        decision_at: Instant(day(decided)),
        sent_at: Instant(day(sent)),
        key: None,
    }
}

#[test]
fn memory_forgets_the_oldest_decisions_first_and_never_the_new_entry() {
    let mut entries = Vec::new();
    for round in 0..MAX_RECORDS as u64 {
        entries = record(
            entries,
            entry(ReminderStage::ReviewDue, round + 1, round + 2),
        );
    }
    entries = record(entries, entry(ReminderStage::Expired, 90, 91));
    assert_eq!(entries.len(), MAX_RECORDS);
    assert_eq!(entries[0].decision_at.0, day(2));
    let old = entry(ReminderStage::ReviewOverdue, 0, 100);
    entries = record(entries, old.clone());
    assert_eq!(entries.len(), MAX_RECORDS);
    assert!(entries.contains(&old));
    let again = entry(ReminderStage::Expired, 90, 120);
    entries = record(entries, again.clone());
    let same = entries
        .iter()
        .filter(|e| e.decision_at == again.decision_at);
    assert_eq!(same.collect::<Vec<_>>(), [&again]);
}

#[test]
fn a_status_write_states_nothing_about_reminders() {
    let mut world = World::new(immediate());
    world.put("heap", approved(), start());
    world.send(day(80));
    let plan = world.plan_statuses(day(95));
    assert_eq!(plan.exceptions.len(), 1, "it is overdue now");
    assert_eq!(plan.exceptions[0].status.notified, []);
    world.settle(day(96));
    let entries = &world.object("heap").status.as_ref().unwrap().notified;
    assert_eq!(entries.len(), 1);
}
