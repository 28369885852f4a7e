//! Whose channel is which. Channels have names, and only the operator's configuration says where a
//! name leads: what stands in an object can choose among them, never add one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::golden_path::Owner;

/// A team in a channel: what one message is for.
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
    /// Every channel there is.
    pub channels: BTreeSet<Arc<str>>,
    /// For teams nothing else is known of.
    pub default: Arc<str>,
    /// Where a dry run goes.
    pub platform: Arc<str>,
    /// Channels by team.
    pub teams: BTreeMap<String, Arc<str>>,
    /// Channels of those who decide, by path.
    pub paths: BTreeMap<String, Arc<str>>,
}

impl ChannelRoutes {
    /// The owner of an exception: the channel its contact names, else the team's, else the default.
    pub fn of_team(&self, owner: &Owner) -> Recipient {
        let named = self.named(owner.contact.as_deref());
        let channel = named.or_else(|| self.teams.get(&owner.team));
        self.to(channel, &owner.team)
    }

    /// The owner of a path: the path's channel, else as [`ChannelRoutes::of_team`].
    pub fn of_path(&self, path: &str, owner: &Owner) -> Recipient {
        match self.paths.get(path) {
            Some(channel) => self.to(Some(channel), &owner.team),
            None => self.of_team(owner),
        }
    }

    /// Who is written to: the owner, or during a dry run the platform for all of them.
    pub fn recipient(&self, owner: &Recipient, dry_run: bool) -> Recipient {
        if dry_run {
            Recipient {
                channel: self.platform.clone(),
                team: "platform".into(),
            }
        } else {
            owner.clone()
        }
    }

    /// `#shop` and `shop` name the channel `shop`, if there is one.
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
