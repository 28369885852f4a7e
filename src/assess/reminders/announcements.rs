//! Entries of the changelogs of paths that are announced to a channel, once each. An entry is known by
//! its date: an edited note is not announced again, and notes of one date are one announcement. The
//! status of a path records what was announced; there is no other record. Nothing is sent or worded here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::message::short_hash;
use super::{PlanContext, Recipient, ReminderSettings, StaleRecord};
use crate::api::condition::stored;
use crate::api::golden_path::{Announced, Release};
use crate::api::{GoldenPath, GoldenPathStatus, Period};
use crate::assess::inventory::Inventory;
use crate::assess::path::Path;

/// How long an entry is news, from its date. What is older is never announced: a team that turns
/// announcements on does not send its history.
const ANNOUNCED_FOR: Period = Period::days(7);
/// How long a record is kept, from the date of its entry: longer than the entry is news by any clock.
const KEPT: Period = Period::days(8);
/// The most records of a path. The oldest are dropped first.
const MAX_RECORDS: usize = 20;

/// What is new on a path, as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The `Idempotency-Key`: the same for every attempt.
    pub id: String,
    /// Name of the path.
    pub path: Arc<str>,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// Display name of the path.
    pub title: Option<String>,
    /// Documentation of the path.
    pub docs_url: Option<String>,
    /// The team that owns the path and the channel for changelogs, in a dry run too.
    pub owner: Recipient,
    /// Who gets it.
    pub to: Recipient,
    /// Date of the entry, in whole seconds.
    pub at: Timestamp,
    /// The notes of this date, in the order of the path.
    pub notes: Vec<String>,
    /// Whether it goes to the platform's channel, to show what would be announced.
    pub dry_run: bool,
    /// When it was planned.
    pub as_of: Timestamp,
}

/// A change of the record of one announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncementWrite {
    /// Name of the path.
    pub path: Arc<str>,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// Date of the entry.
    pub at: Timestamp,
    /// Whether the message is of a dry run.
    pub dry_run: bool,
    /// The `Idempotency-Key` of the message.
    pub key: String,
    /// What to record.
    pub change: AnnouncementChange,
    /// When it is recorded.
    pub now: Timestamp,
}

/// What to record of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementChange {
    /// It is about to be sent.
    Intended,
    /// It was sent.
    Sent,
}

/// The entries that are news and were not announced, oldest first, without those with these `barred`
/// ids.
pub(super) fn due(
    inventory: &Inventory,
    settings: &ReminderSettings,
    ctx: PlanContext,
    barred: &BTreeSet<String>,
) -> Vec<Announcement> {
    let mut due: Vec<Announcement> = paths(inventory, settings)
        .flat_map(|path| of_path(inventory, path, settings, ctx))
        .filter(|announcement| !barred.contains(&announcement.id))
        .collect();
    due.sort_by(|a, b| (a.at, &a.path).cmp(&(b.at, &b.path)));
    due
}

/// The next instant at which an entry becomes news.
pub(super) fn next(
    inventory: &Inventory,
    settings: &ReminderSettings,
    ctx: PlanContext,
) -> Option<Timestamp> {
    paths(inventory, settings)
        .flat_map(|path| &path.spec.releases)
        .map(|release| stored(release.at.0).0)
        .filter(|at| *at > ctx.now)
        .min()
}

/// The paths whose entries are announced. A path that cannot be decoded has no known changelog.
fn paths<'a>(
    inventory: &'a Inventory,
    settings: &'a ReminderSettings,
) -> impl Iterator<Item = &'a Path> {
    inventory
        .paths()
        .iter()
        .filter(|_| settings.routes.changelog.is_some())
        .filter(|path| path.deleted.is_none())
        .filter(|path| !inventory.undecodable().paths.contains_key(&path.name))
}

fn of_path<'a>(
    inventory: &'a Inventory,
    path: &'a Path,
    settings: &'a ReminderSettings,
    ctx: PlanContext,
) -> impl Iterator<Item = Announcement> {
    let status = inventory.path_status(&path.name);
    let records = status.map_or(&[][..], |status| &status.announced);
    let owner = settings.routes.of_changelog(&path.spec.owner);
    owner.into_iter().flat_map(move |owner| {
        let to = settings.routes.recipient(&owner, ctx.dry_run);
        entries(&path.spec.releases)
            .into_iter()
            .filter(move |(at, _)| *at <= ctx.now && ctx.now < ANNOUNCED_FOR.after(*at))
            .filter(move |(at, _)| !is_done(records, *at, ctx.dry_run))
            .map(move |(at, notes)| Announcement {
                id: key(path, &to, at, ctx.dry_run),
                path: path.name.clone(),
                uid: path.uid.clone(),
                title: path.spec.title.clone(),
                docs_url: path.spec.docs_url.clone(),
                owner: owner.clone(),
                to: to.clone(),
                at,
                notes,
                dry_run: ctx.dry_run,
                as_of: ctx.now,
            })
    })
}

/// The notes by date. A record holds whole seconds, so dates within one second are the same.
fn entries(releases: &[Release]) -> BTreeMap<Timestamp, Vec<String>> {
    let mut entries: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for release in releases {
        let at = stored(release.at.0).0;
        entries.entry(at).or_default().push(release.note.clone());
    }
    entries
}

/// Whether the entry of this date was announced, or its record may have been dropped for newer ones. A
/// dry run that begins later does not repeat what the channel has received.
fn is_done(records: &[Announced], at: Timestamp, dry_run: bool) -> bool {
    let is_full = records.len() >= MAX_RECORDS;
    let was_sent = records
        .iter()
        .filter(|record| record.at.0 == at)
        .any(|sent| {
            let is_shown = dry_run || sent.dry_run != Some(true);
            sent.sent_at.is_some() && is_shown
        });
    was_sent || is_full && records.iter().all(|record| record.at.0 > at)
}

/// The key of a message. It does not hold the notes: a note that is edited between two attempts belongs
/// to the same announcement.
fn key(path: &Path, to: &Recipient, at: Timestamp, dry_run: bool) -> String {
    let kind = if dry_run {
        "announcement-dry-run"
    } else {
        "announcement"
    };
    let uid = path.uid.as_deref().unwrap_or_default();
    let second = at.as_second().to_string();
    short_hash(&[kind, &to.channel, uid, &path.name, &second])
}

impl Announcement {
    /// The announcement by the path as it is stored now; `None` where that is gone, no longer holds an
    /// entry of this date, or has it on record.
    #[must_use]
    pub fn refreshed(mut self, live: Option<&GoldenPath>) -> Option<Self> {
        let live = live.filter(|live| live.metadata.uid.as_deref() == self.uid.as_deref())?;
        let records = live.status.as_ref().map_or(&[][..], |s| &s.announced);
        self.notes = entries(&live.spec.releases).remove(&self.at)?;
        (!is_done(records, self.at, self.dry_run)).then_some(self)
    }

    /// The record before it is sent.
    pub fn intent(&self, now: Timestamp) -> AnnouncementWrite {
        self.write(AnnouncementChange::Intended, now)
    }

    /// The record after it was sent.
    pub fn sent(&self, now: Timestamp) -> AnnouncementWrite {
        self.write(AnnouncementChange::Sent, now)
    }

    fn write(&self, change: AnnouncementChange, now: Timestamp) -> AnnouncementWrite {
        AnnouncementWrite {
            path: self.path.clone(),
            uid: self.uid.clone(),
            at: self.at,
            dry_run: self.dry_run,
            key: self.id.clone(),
            change,
            now,
        }
    }
}

impl AnnouncementWrite {
    /// The records after this change; `None` where it changes nothing.
    ///
    /// # Errors
    /// When the entry was announced meanwhile.
    pub fn apply(&self, status: &GoldenPathStatus) -> Result<Option<Vec<Announced>>, StaleRecord> {
        let records = &status.announced;
        let is_done = is_done(records, self.at, self.dry_run);
        let own = self.record();
        match self.change {
            AnnouncementChange::Intended if is_done => return Err(StaleRecord),
            AnnouncementChange::Intended if records.contains(&own) => return Ok(None),
            AnnouncementChange::Sent if is_done => return Ok(None),
            AnnouncementChange::Intended | AnnouncementChange::Sent => {}
        }
        let mut kept: Vec<Announced> = records
            .iter()
            .filter(|record| record.at.0 != self.at && self.now < KEPT.after(record.at.0))
            .cloned()
            .collect();
        kept.sort_by_key(|record| record.at);
        let too_many = (kept.len() + 1).saturating_sub(MAX_RECORDS);
        kept.drain(..too_many);
        kept.push(own);
        kept.sort_by_key(|record| record.at);
        Ok(Some(kept))
    }

    fn record(&self) -> Announced {
        let (sending_as, sent_at) = match self.change {
            AnnouncementChange::Intended => (Some(self.key.clone()), None),
            AnnouncementChange::Sent => (None, Some(stored(self.now))),
        };
        Announced {
            at: stored(self.at),
            dry_run: self.dry_run.then_some(true),
            sending_as,
            sent_at,
        }
    }
}
