//! A small cluster with exceptions, in which statuses and reminder records are written as an operator
//! writes them. Its paths have the default policy: a review every 90 days, a reminder 14 days before
//! it, an expiry 30 days after it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::{
    ChannelRoutes, Daily, DryRun, Mode, PlanContext, Recheck, RecordWrite, ReminderMessage,
    ReminderSettings, StaleRecord, plan,
};
use crate::api::{DeviationException, DeviationExceptionSpec, RoadmapItem};
use crate::assess::adoption::index::Contributions;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::path::Origin;
use crate::assess::planner::Planners;
use crate::assess::planner::pacing::WriteResult;
use crate::assess::planner::statuses::{INTERVAL, Owned, StatusPlan};
use crate::assess::register::index::Register;
use crate::assess::verdict::AsOf;

/// Channels `default`, `platform`, `shop` and `web`; team shop reads `shop`, the owner of path web
/// reads `web`.
pub(crate) fn routes() -> ChannelRoutes {
    ChannelRoutes {
        channels: ["default", "platform", "shop", "web"]
            .map(Into::into)
            .into(),
        default: "default".into(),
        platform: "platform".into(),
        teams: [("shop".to_owned(), "shop".into())].into(),
        paths: [("web".to_owned(), "web".into())].into(),
        changelog: None,
    }
}

/// Daily at nine, UTC.
pub(crate) fn daily() -> ReminderSettings {
    ReminderSettings {
        routes: routes(),
        mode: Mode::Daily(Daily {
            at: time(9, 0, 0, 0),
            zone: TimeZone::UTC,
        }),
        dry_run: DryRun::Days(0),
    }
}

pub(crate) fn immediate() -> ReminderSettings {
    ReminderSettings {
        mode: Mode::Immediate,
        ..daily()
    }
}

pub(crate) struct World {
    pub(crate) inventory: Inventory,
    pub(crate) planners: Planners,
    register: Register,
    pub(crate) settings: ReminderSettings,
    pub(crate) dry_run: bool,
    objects: BTreeMap<String, DeviationException>,
    roadmap: BTreeMap<String, RoadmapItem>,
}

impl World {
    pub(crate) fn new(settings: ReminderSettings) -> Self {
        Self {
            inventory: inventory(),
            planners: Planners::default(),
            register: Register::default(),
            settings,
            dry_run: false,
            objects: BTreeMap::new(),
            roadmap: BTreeMap::new(),
        }
    }

    /// Puts a roadmap item, shipped at this instant or open.
    pub(crate) fn ship(&mut self, name: &str, at: Option<Timestamp>) {
        let (state, at) = match at {
            Some(at) => ("Shipped", json!(at)),
            None => ("Planned", json!(null)),
        };
        let spec = json!({"title": format!("The item {name}"), "horizon": "Now", "state": state, "shippedAt": at});
        let item = RoadmapItem::new(name, serde_json::from_value(spec).unwrap());
        self.roadmap.insert(name.to_owned(), item.clone());
        self.inventory.change_goals(|goals| goals.put(item));
    }

    /// The inventory of a replica whose watch is up to date.
    pub(crate) fn watched(&self) -> Inventory {
        let mut watched = inventory();
        for item in self.roadmap.values() {
            watched.change_goals(|goals| goals.put(item.clone()));
        }
        for object in self.objects.values() {
            let exception = Exception::read(object.clone(), Timestamp::UNIX_EPOCH);
            watched.put_exception("shop", exception);
        }
        watched
    }

    /// Adds an exception, or changes the spec of the one with that name.
    pub(crate) fn put(&mut self, name: &str, spec: DeviationExceptionSpec, created: Timestamp) {
        let before = self.objects.remove(name);
        let mut object = DeviationException::new(name, spec);
        object.metadata.namespace = Some("shop".to_owned());
        object.metadata.uid = Some(format!("uid-{name}"));
        object.metadata.creation_timestamp = Some(Time(created));
        if let Some(before) = before {
            object.metadata.creation_timestamp = before.metadata.creation_timestamp;
            object.status = before.status;
        }
        self.objects.insert(name.to_owned(), object);
        self.update_inventory(name);
    }

    fn update_inventory(&mut self, name: &str) {
        let object = self.objects[name].clone();
        let exception = Exception::read(object, Timestamp::UNIX_EPOCH);
        self.inventory.put_exception("shop", exception);
    }

    /// The statuses that differ.
    pub(crate) fn plan_statuses(&mut self, now: Timestamp) -> StatusPlan {
        let _ = self.inventory.tick(now);
        while self.register.follow(&mut self.inventory, now, usize::MAX) {}
        let counts = Contributions::of(&self.inventory, &AsOf::new(now));
        self.planners
            .plan_statuses(&self.inventory, &counts, &self.register, now)
    }

    /// Writes every status that differs.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let mut later = now;
        loop {
            let statuses = self.plan_statuses(later);
            let (planner, landed) = (&mut self.planners.statuses, WriteResult::Landed(None));
            for path in statuses.paths {
                planner.ended(&mut self.inventory, path, landed, later);
            }
            if statuses.exceptions.is_empty() {
                return;
            }
            for write in statuses.exceptions {
                let Owned::Exception(_, name) = &write.of else {
                    unreachable!()
                };
                let object = self.objects.get_mut(&**name).unwrap();
                let before = object.status.take().unwrap_or_default();
                let mut after = write.status.clone();
                after.notified = before.notified;
                after.notifying = before.notifying;
                object.status = Some(after);
                let name = name.to_string();
                let planner = &mut self.planners.statuses;
                planner.ended(&mut self.inventory, write, landed, later);
                self.update_inventory(&name);
            }
            later = INTERVAL.after(later);
        }
    }

    /// The messages that are due now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<ReminderMessage> {
        self.settle(now);
        let ctx = PlanContext {
            now,
            dry_run: self.dry_run,
        };
        plan(&self.inventory, &self.settings, ctx, &BTreeSet::new()).messages
    }

    /// Records one change, as the API server stores it.
    pub(crate) fn record(&mut self, write: &RecordWrite) -> Result<(), StaleRecord> {
        let object = self.objects.get_mut(&*write.name).unwrap();
        let status = object.status.as_mut().unwrap();
        if let Some(records) = write.apply(status)? {
            status.notified = records.notified;
            status.notifying = records.notifying;
            self.update_inventory(&write.name);
        }
        Ok(())
    }

    /// The message without items that are stored differently now.
    pub(crate) fn recheck(&self, message: ReminderMessage) -> Option<ReminderMessage> {
        let stored =
            |name: &str| Exception::read(self.objects[name].clone(), Timestamp::UNIX_EPOCH);
        let results: Vec<Recheck> = message
            .items
            .iter()
            .map(|item| item.recheck(Some(&stored(&item.name)), &message))
            .collect();
        message.rechecked(&results)
    }

    /// Records that a message was sent.
    pub(crate) fn sent(&mut self, message: &ReminderMessage, at: Timestamp) {
        for write in message.sent(at) {
            self.record(&write).unwrap();
        }
    }

    /// Records the intents of the due messages, sends them and records that.
    pub(crate) fn send(&mut self, now: Timestamp) -> Vec<ReminderMessage> {
        let messages = self.due(now);
        for message in &messages {
            for write in message.intents() {
                self.record(&write).unwrap();
            }
            self.sent(message, now);
        }
        messages
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.objects.contains_key(name)
    }

    pub(crate) fn object(&self, name: &str) -> &DeviationException {
        &self.objects[name]
    }
}

/// `CHANNEL/TEAM: NAME STAGE, …` of each message.
pub(crate) fn summaries(messages: &[ReminderMessage]) -> Vec<String> {
    messages
        .iter()
        .map(|message| {
            let items: Vec<String> = message
                .items
                .iter()
                .map(|item| format!("{} {}", item.name, item.stage.as_str()))
                .collect();
            let owner = &message.owner;
            format!("{}/{}: {}", owner.channel, owner.team, items.join(", "))
        })
        .collect()
}

/// The paths `web` of team platform and `batch` of team data.
fn inventory() -> Inventory {
    let mut inventory = Inventory::new(crate::assess::settings::Settings::default());
    for (name, owner) in [("web", "platform"), ("batch", "data")] {
        let spec = json!({
            "owner": {"team": owner},
            "launchedAt": "2025-01-01T00:00:00Z",
            "checks": [{"name": "limits", "expression": "true"}],
        });
        let origin = Origin {
            name: name.to_owned(),
            ..Origin::default()
        };
        let spec = serde_json::from_value(spec).unwrap();
        let _ = inventory.put_path(origin, spec, None);
    }
    inventory
}
