//! Announcements of changelog entries: once each, across restarts, crashes and clocks that go back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::fixtures::{daily, immediate, routes};
use super::{
    Announcement, AnnouncementWrite, ChannelRoutes, PlanContext, ReminderSettings, StaleRecord,
    plan,
};
use crate::api::GoldenPathStatus;
use crate::api::golden_path::Announced;
use crate::assess::adoption::index::Contributions;
use crate::assess::inventory::Inventory;
use crate::assess::path::Origin;
use crate::assess::planner::Planners;
use crate::assess::register::index::Register;
use crate::assess::settings::Settings;
use crate::assess::verdict::AsOf;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    at("2026-11-20T00:00:00Z")
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap()
}

fn settings() -> ReminderSettings {
    ReminderSettings {
        routes: ChannelRoutes {
            changelog: Some("news".into()),
            ..routes()
        },
        ..immediate()
    }
}

/// A path as the API server stores it.
#[derive(Clone, Debug, Default)]
struct Stored {
    releases: Vec<(Timestamp, &'static str)>,
    status: GoldenPathStatus,
}

impl Stored {
    fn with(releases: &[(Timestamp, &'static str)]) -> Self {
        Self {
            releases: releases.to_vec(),
            ..Self::default()
        }
    }

    fn record(&mut self, write: &AnnouncementWrite) -> Result<(), StaleRecord> {
        if let Some(records) = write.apply(&self.status)? {
            self.status.announced = records;
        }
        Ok(())
    }

    fn send(&mut self, announcement: &Announcement, now: Timestamp) {
        self.record(&announcement.intent(now)).unwrap();
        self.record(&announcement.sent(now)).unwrap();
    }
}

fn inventory(paths: &[(&str, &Stored)]) -> Inventory {
    let mut inventory = Inventory::new(Settings::default());
    for (name, stored) in paths {
        let releases: Vec<_> = stored
            .releases
            .iter()
            .map(|(at, note)| json!({"at": at, "note": note}))
            .collect();
        let spec = json!({
            "title": "Web service",
            "owner": {"team": "platform"},
            "checks": [{"name": "limits", "expression": "true"}],
            "releases": releases,
        });
        let origin = Origin {
            name: (*name).to_owned(),
            uid: Some(format!("uid-{name}")),
            ..Origin::default()
        };
        let spec = serde_json::from_value(spec).unwrap();
        let _ = inventory.put_path(origin, spec, Some(stored.status.clone()));
    }
    inventory
}

fn planned(stored: &Stored, now: Timestamp, dry_run: bool) -> super::ReminderPlan {
    let inventory = inventory(&[("web", stored)]);
    let ctx = PlanContext { now, dry_run };
    plan(&inventory, &settings(), ctx, &BTreeSet::new())
}

fn due(stored: &Stored, now: Timestamp) -> Vec<Announcement> {
    planned(stored, now, false).announcements
}

fn notes(due: &[Announcement]) -> Vec<String> {
    due.iter().map(|one| one.notes.join("+")).collect()
}

#[test]
fn a_new_entry_is_announced_once_to_the_channel_in_the_name_of_the_owner() {
    let mut stored = Stored::with(&[(hours(0), "Probes are checked.")]);
    let due_now = due(&stored, hours(1));
    let [announcement] = due_now.as_slice() else {
        panic!("{due_now:?}")
    };
    assert_eq!(&*announcement.to.channel, "news");
    assert_eq!(&*announcement.to.team, "platform");
    assert_eq!(announcement.title.as_deref(), Some("Web service"));
    stored.send(announcement, hours(1));
    assert_eq!(due(&stored, hours(2)), []);
    let [record] = stored.status.announced.as_slice() else {
        panic!("{stored:?}")
    };
    assert_eq!(record.sent_at.unwrap().0, hours(1));
    assert_eq!(record.sending_as, None);
}

#[test]
fn without_a_channel_nothing_is_announced_and_no_date_is_waited_for() {
    let stored = Stored::with(&[(hours(0), "old"), (hours(5), "to come")]);
    let inventory = inventory(&[("web", &stored)]);
    let ctx = PlanContext {
        now: hours(1),
        dry_run: false,
    };
    let plan = plan(&inventory, &immediate(), ctx, &BTreeSet::new());
    assert_eq!(plan.announcements, []);
    assert_eq!(plan.wake_at, None);
}

#[test]
fn an_entry_is_timely_from_its_date_for_seven_days() {
    let stored = Stored::with(&[(hours(0), "it")]);
    let early = planned(&stored, hours(-3), false);
    assert_eq!(early.announcements, []);
    assert_eq!(early.wake_at, Some(hours(0)), "the plan waits for its date");
    assert_eq!(notes(&due(&stored, hours(0))), ["it"]);
    assert_eq!(notes(&due(&stored, hours(7 * 24 - 1))), ["it"]);
    assert_eq!(due(&stored, hours(7 * 24)), []);
}

#[test]
fn the_oldest_comes_first_whatever_its_path() {
    let web = Stored::with(&[(hours(9), "third"), (hours(2), "first")]);
    let batch = Stored::with(&[(hours(5), "second")]);
    let inventory = inventory(&[("web", &web), ("batch", &batch)]);
    let ctx = PlanContext {
        now: hours(10),
        dry_run: false,
    };
    let plan = plan(&inventory, &settings(), ctx, &BTreeSet::new());
    assert_eq!(notes(&plan.announcements), ["first", "second", "third"]);
    let barred = [plan.announcements[1].id.clone()].into();
    let rest = super::plan(&inventory, &settings(), ctx, &barred);
    assert_eq!(notes(&rest.announcements), ["first", "third"]);
}

#[test]
fn notes_of_one_date_are_one_announcement_and_an_edited_note_is_no_news() {
    let mut stored = Stored::with(&[(hours(0), "a"), (hours(0), "b")]);
    let due_now = due(&stored, hours(1));
    assert_eq!(notes(&due_now), ["a+b"]);
    stored.send(&due_now[0], hours(1));
    stored.releases = vec![(hours(0), "a, corrected"), (hours(0), "b"), (hours(0), "c")];
    assert_eq!(due(&stored, hours(2)), []);
}

#[test]
fn a_time_of_the_day_for_reminders_does_not_hold_back_news() {
    let stored = Stored::with(&[(hours(0), "it")]);
    let settings = ReminderSettings {
        mode: daily().mode,
        ..settings()
    };
    let ctx = PlanContext {
        now: hours(1),
        dry_run: false,
    };
    let plan = plan(
        &inventory(&[("web", &stored)]),
        &settings,
        ctx,
        &BTreeSet::new(),
    );
    assert_eq!(notes(&plan.announcements), ["it"]);
}

#[test]
fn a_dry_run_shows_the_platform_team_and_is_no_announcement() {
    let mut stored = Stored::with(&[(hours(0), "it")]);
    let shown = planned(&stored, hours(1), true).announcements;
    assert_eq!(&*shown[0].to.channel, "platform");
    assert_eq!(&*shown[0].owner.channel, "news");
    stored.send(&shown[0], hours(1));
    assert_eq!(planned(&stored, hours(2), true).announcements, []);
    let real = due(&stored, hours(2));
    assert_eq!(&*real[0].to.channel, "news");
    assert_ne!(real[0].id, shown[0].id);
    stored.send(&real[0], hours(2));
    assert_eq!(due(&stored, hours(3)), []);
    assert_eq!(planned(&stored, hours(3), true).announcements, []);
}

#[test]
fn the_stored_path_decides_what_is_sent() {
    let stored = Stored::with(&[(hours(0), "it")]);
    let planned = due(&stored, hours(1)).remove(0);
    let live = |stored: &Stored, uid: &str| {
        let releases: Vec<_> = stored
            .releases
            .iter()
            .map(|(at, note)| json!({"at": at, "note": note}))
            .collect();
        let object = json!({
            "apiVersion": "goldenpath.dev/v1alpha1",
            "kind": "GoldenPath",
            "metadata": {"name": "web", "uid": uid},
            "spec": {"owner": {"team": "platform"}, "checks": [], "releases": releases},
            "status": stored.status,
        });
        serde_json::from_value(object).unwrap()
    };
    let by = |object| planned.clone().refreshed(Some(&object));
    let edited = Stored::with(&[(hours(0), "it, corrected")]);
    assert_eq!(
        by(live(&edited, "uid-web")).unwrap().notes,
        ["it, corrected"]
    );
    assert_eq!(by(live(&stored, "another")), None);
    assert_eq!(by(live(&Stored::default(), "uid-web")), None);
    assert_eq!(planned.clone().refreshed(None), None);
    let mut sent = stored.clone();
    sent.send(&planned, hours(1));
    assert_eq!(by(live(&sent, "uid-web")), None);
    assert_eq!(sent.record(&planned.intent(hours(2))), Err(StaleRecord));
}

#[test]
fn old_records_are_dropped_and_a_full_record_forgets_nothing_it_has_sent() {
    let releases: Vec<_> = (0..60).map(|hour| (hours(hour), "it")).collect();
    let mut stored = Stored::with(&releases);
    let mut sent = 0;
    while let Some(next) = due(&stored, hours(60)).first() {
        stored.send(next, hours(60));
        sent += 1;
        assert!(stored.status.announced.len() <= 20);
    }
    assert_eq!(sent, 60);
    stored.releases.push((hours(9 * 24), "later"));
    let later = due(&stored, hours(9 * 24 + 60)).remove(0);
    stored.record(&later.intent(hours(9 * 24 + 60))).unwrap();
    let dates: Vec<_> = stored.status.announced.iter().map(|one| one.at.0).collect();
    assert_eq!(dates, [hours(9 * 24)]);
}

#[test]
fn a_status_write_of_a_path_states_nothing_about_announcements_and_keeps_them() {
    let mut stored = Stored::with(&[(hours(0), "it")]);
    let announcement = due(&stored, hours(1)).remove(0);
    stored.send(&announcement, hours(1));
    let mut inventory = inventory(&[("web", &stored)]);
    let plan = |inventory: &Inventory, now| {
        let counts = Contributions::of(inventory, &AsOf::new(now));
        let register = Register::default();
        Planners::default()
            .plan_statuses(inventory, &counts, &register, now)
            .paths
    };
    let writes = plan(&inventory, hours(2));
    assert_eq!(writes.len(), 1, "the path has no other status yet");
    for write in writes {
        assert_eq!(write.status.announced, []);
        inventory.record_path_status("web", write.uid.as_deref(), write.status);
    }
    let kept = &inventory.path_status("web").unwrap().announced;
    assert_eq!(*kept, stored.status.announced);
    assert_eq!(plan(&inventory, hours(2)), []);
}

/// What happens to one operator.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It looks, and ends after so many of intent, sending and record of the first entry that is due.
    Look(usize),
    /// Hours pass, or the clock goes back.
    Clock(i64),
    /// An entry is added, dated so many hours from now.
    Release(i64),
    /// A note is edited.
    Edit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop_oneof![6 => Just(3_usize), 1 => 0_usize..3].prop_map(Step::Look),
        3 => prop_oneof![4 => 1_i64..40, 1 => -20_i64..0].prop_map(Step::Clock),
        3 => (-100_i64..60).prop_map(Step::Release),
        1 => Just(Step::Edit),
    ]
}

/// An operator on one path, and what its receiver got: keys by date, in order.
struct Play {
    stored: Stored,
    now: i64,
    /// The furthest the clock has been.
    latest: i64,
    got: BTreeMap<Timestamp, Vec<String>>,
    /// Crashes between sending and recording, by date.
    crashes: BTreeMap<Timestamp, usize>,
}

impl Play {
    fn look(&mut self, ends_after: usize) {
        let now = hours(self.now);
        let Some(next) = due(&self.stored, now).into_iter().next() else {
            return;
        };
        if ends_after > 0 {
            self.stored.record(&next.intent(now)).unwrap();
        }
        if ends_after > 1 {
            self.got.entry(next.at).or_default().push(next.id.clone());
        }
        if ends_after > 2 {
            self.stored.record(&next.sent(now)).unwrap();
        } else if ends_after > 1 {
            *self.crashes.entry(next.at).or_default() += 1;
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Look(ends_after) => self.look(ends_after),
            Step::Clock(by) => {
                // A clock that is corrected by more than a day is beyond what records are kept for.
                self.now = (self.now + by).max(self.latest - 23);
                self.latest = self.latest.max(self.now);
            }
            Step::Release(ahead) => self.stored.releases.push((hours(self.now + ahead), "it")),
            Step::Edit => {
                for (_, note) in &mut self.stored.releases {
                    *note = "corrected";
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn each_entry_is_announced_once_or_again_under_its_key_after_a_crash(
        steps in vec(step(), 1..80),
    ) {
        let mut play = Play {
            stored: Stored::default(),
            now: 0,
            latest: 0,
            got: BTreeMap::new(),
            crashes: BTreeMap::new(),
        };
        for step in steps {
            play.step(step);
            prop_assert!(play.stored.status.announced.len() <= 20);
        }
        // In the end it looks until nothing is due.
        let now = hours(play.now);
        while !due(&play.stored, now).is_empty() {
            play.look(3);
        }
        for (at, keys) in &play.got {
            let crashes = play.crashes.get(at).copied().unwrap_or_default();
            prop_assert!(keys.len() <= 1 + crashes, "{at}: {keys:?} after {crashes} crashes");
            prop_assert!(keys.iter().all(|key| *key == keys[0]), "{at}: {keys:?}");
        }
        let newest: BTreeSet<_> = play.stored.releases.iter().map(|(at, _)| *at).collect();
        let is_timely = |at: &&Timestamp| **at <= now && hours(play.now - 7 * 24) < **at;
        if newest.len() < 20 {
            for at in newest.iter().filter(is_timely) {
                prop_assert!(play.got.contains_key(at), "{at} was never announced");
            }
        }
    }

    #[test]
    fn a_record_survives_its_way_through_the_api_server(second in 0_i64..4_000_000_000, dry in any::<bool>()) {
        let at = Timestamp::from_second(second).unwrap();
        let stored = Stored::with(&[(at, "it")]);
        let new = planned(&stored, at, dry).announcements.remove(0);
        for write in [new.intent(at), new.sent(at)] {
            let records = write.apply(&stored.status).unwrap().unwrap();
            let json = serde_json::to_string(&records).unwrap();
            let read: Vec<Announced> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read, records);
        }
    }
}
