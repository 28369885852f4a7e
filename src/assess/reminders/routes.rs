//! The channels of teams and paths. Only the operator's configuration gives a channel its address: an
//! object can choose a channel by name, and never adds one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::golden_path::Owner;

/// A team and its channel: who gets one message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    /// The channel's name.
    pub channel: Arc<str>,
    /// The team.
    pub team: Arc<str>,
}

/// The channels of teams and paths, by name.
#[derive(Clone, Debug, Default)]
pub struct ChannelRoutes {
    /// All channels.
    pub channels: BTreeSet<Arc<str>>,
    /// For teams without a channel of their own.
    pub default: Arc<str>,
    /// For all messages of a dry run.
    pub platform: Arc<str>,
    /// Channels by team.
    pub teams: BTreeMap<String, Arc<str>>,
    /// Channels of path owners, by path.
    pub paths: BTreeMap<String, Arc<str>>,
    /// For new entries of the changelogs of paths; without it, none is announced.
    pub changelog: Option<Arc<str>>,
}

impl ChannelRoutes {
    /// The owner of an exception: the channel its contact names, else the team's, else the default.
    pub(super) fn of_team(&self, owner: &Owner) -> Recipient {
        let named = self.named(owner.contact.as_deref());
        let channel = named.or_else(|| self.teams.get(&owner.team));
        self.to(channel, &owner.team)
    }

    /// The owner of a path: the path's channel, else as [`ChannelRoutes::of_team`].
    pub(super) fn of_path(&self, path: &str, owner: &Owner) -> Recipient {
        match self.paths.get(path) {
            Some(channel) => self.to(Some(channel), &owner.team),
            None => self.of_team(owner),
        }
    }

    /// Who gets what is new on a path of this owner. None where nothing is announced.
    pub(super) fn of_changelog(&self, owner: &Owner) -> Option<Recipient> {
        let channel = self.changelog.as_ref()?;
        Some(self.to(Some(channel), &owner.team))
    }

    /// Who gets the message: the owner, or the platform during a dry run.
    pub(super) fn recipient(&self, owner: &Recipient, dry_run: bool) -> Recipient {
        if dry_run {
            Recipient {
                channel: self.platform.clone(),
                team: "platform".into(),
            }
        } else {
            owner.clone()
        }
    }

    /// The channel `shop`, named `#shop` or `shop`, if there is one.
    fn named(&self, contact: Option<&str>) -> Option<&Arc<str>> {
        let contact = contact?.trim();
        let name = contact.strip_prefix('#').unwrap_or(contact);
        self.channels.get(name)
    }

    fn to(&self, channel: Option<&Arc<str>>, team: &str) -> Recipient {
        Recipient {
            channel: channel.unwrap_or(&self.default).clone(),
            team: team.into(),
        }
    }
}
