//! A little world with exceptions, in which statuses are written and reminders are put on record as
//! an operator would. Its paths keep the default policy: a review every 90 days, a reminder 14
//! before, a lapse 30 after.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::{Daily, DryRun, Look, Mark, Message, Mode, Occasion, Routes, Settings, Stale, plan};
use crate::api::{DeviationException, DeviationExceptionSpec};
use crate::assess::adoption::index::Contributions;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::path::Origin;
use crate::assess::planner::Planners;
use crate::assess::planner::pacing::WriteResult;
use crate::assess::planner::statuses::{INTERVAL, Owned};
use crate::assess::verdict::AsOf;

/// Channels `default`, `platform`, `shop` and `web`; team shop reads `shop`, whoever decides about
/// path web reads `web`.
pub(crate) fn routes() -> Routes {
    Routes {
        channels: ["default", "platform", "shop", "web"]
            .map(Into::into)
            .into(),
        default: "default".into(),
        platform: "platform".into(),
        teams: [("shop".to_owned(), "shop".into())].into(),
        paths: [("web".to_owned(), "web".into())].into(),
    }
}

/// Daily at nine, UTC.
pub(crate) fn daily() -> Settings {
    Settings {
        routes: routes(),
        mode: Mode::Daily(Daily {
            at: time(9, 0, 0, 0),
            zone: TimeZone::UTC,
        }),
        dry_run: DryRun::Days(0),
    }
}

pub(crate) fn immediate() -> Settings {
    Settings {
        mode: Mode::Immediate,
        ..daily()
    }
}

pub(crate) struct World {
    pub(crate) inventory: Inventory,
    pub(crate) planners: Planners,
    pub(crate) settings: Settings,
    pub(crate) dry_run: bool,
    objects: BTreeMap<String, DeviationException>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            inventory: inventory(),
            planners: Planners::default(),
            settings,
            dry_run: false,
            objects: BTreeMap::new(),
        }
    }

    /// What a replica whose watch is up to date knows.
    pub(crate) fn watched(&self) -> Inventory {
        let mut watched = inventory();
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

    /// Writes every status, as the operator does all the time.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let mut later = now;
        loop {
            let counts = Contributions::of(&self.inventory, &AsOf::new(later));
            let statuses = self
                .planners
                .plan_statuses(&mut self.inventory, &counts, later);
            let (planner, landed) = (&mut self.planners.statuses, WriteResult::Landed(None));
            for path in statuses.paths {
                planner.path_ended(&mut self.inventory, path, landed, later);
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
                planner.exception_ended(&mut self.inventory, write, landed, later);
                self.update_inventory(&name);
            }
            later = INTERVAL.after(later);
        }
    }

    /// What would be sent now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Message> {
        self.settle(now);
        let occasion = Occasion {
            now,
            dry_run: self.dry_run,
        };
        plan(&self.inventory, &self.settings, occasion, &BTreeSet::new()).messages
    }

    /// Records one change, as the API server stores it.
    pub(crate) fn record(&mut self, mark: &Mark) -> Result<(), Stale> {
        let object = self.objects.get_mut(&*mark.name).unwrap();
        let status = object.status.as_mut().unwrap();
        if let Some(memory) = mark.apply(status)? {
            status.notified = memory.notified;
            status.notifying = memory.notifying;
            self.update_inventory(&mark.name);
        }
        Ok(())
    }

    /// What is left of a message by what is stored now.
    pub(crate) fn look_again(&self, message: Message) -> Option<Message> {
        let look = |name: &str| Exception::read(self.objects[name].clone(), Timestamp::UNIX_EPOCH);
        let looks = message.items.iter();
        let looks: Vec<Look> = looks
            .map(|item| item.look(Some(&look(&item.name)), &message))
            .collect();
        message.looked_at(&looks)
    }

    /// Records a message that was sent.
    pub(crate) fn sent(&mut self, message: &Message, at: Timestamp) {
        for mark in message.sent(at) {
            self.record(&mark).unwrap();
        }
    }

    /// Records the intent of what is due, sends it and records that.
    pub(crate) fn send(&mut self, now: Timestamp) -> Vec<Message> {
        let messages = self.due(now);
        for message in &messages {
            for mark in message.intents() {
                self.record(&mark).unwrap();
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
pub(crate) fn summaries(messages: &[Message]) -> Vec<String> {
    let one = |message: &Message| {
        let items = message.items.iter();
        let items = items.map(|item| format!("{} {}", item.name, item.stage.as_str()));
        let items = items.collect::<Vec<_>>().join(", ");
        format!("{}/{}: {items}", message.owner.channel, message.owner.team)
    };
    messages.iter().map(one).collect()
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
