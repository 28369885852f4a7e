//! The record of digests: what the last ones named, so that a team or an obstacle is not repeated, and
//! whether a digest was sent and published. The record is one text, in a file or a `ConfigMap`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::content::Digest;
use super::month::Month;

/// Digests before a month whose teams and obstacle are not repeated.
pub const NOT_REPEATED: usize = 3;
/// Digests that a record holds.
const MOST: usize = 12;

/// All recorded digests.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WinsRecord {
    /// In order of month.
    #[serde(default)]
    digests: Vec<RecordedDigest>,
}

/// A recorded digest.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RecordedDigest {
    /// The digest, as it was drafted.
    pub digest: Digest,
    /// Which draft of the month it is, from 1: drafts that were sent before it count.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub draft: u32,
    /// When its draft was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
}

const fn first() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it
const fn is_first(draft: &u32) -> bool {
    *draft == first()
}

impl RecordedDigest {
    /// The first draft of a month.
    pub const fn first(digest: Digest) -> Self {
        Self {
            digest,
            draft: first(),
            sent_at: None,
            published_at: None,
        }
    }
}

/// What the last digests named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Teams.
    pub teams: BTreeSet<String>,
    /// Ids of obstacles.
    pub obstacles: BTreeSet<String>,
}

impl WinsRecord {
    /// Reads the text of a record; an empty one is an empty record.
    ///
    /// # Errors
    /// A message, when the text is not a record.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut record: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        record.digests.sort_by_key(|it| it.digest.month);
        Ok(record)
    }

    /// What the last three digests before a month named. Digests of the month itself and of later ones
    /// do not count, so that a digest can be made again.
    pub fn recent(&self, month: Month) -> Recent {
        let earlier = self.digests.iter().rev();
        let mut recent = Recent::default();
        for it in earlier
            .filter(|it| it.digest.month < month)
            .take(NOT_REPEATED)
        {
            let teams = it.digest.teams.iter().map(|win| win.team.clone());
            recent.teams.extend(teams);
            let obstacle = it.digest.obstacle.iter().map(|it| it.id.clone());
            recent.obstacles.extend(obstacle);
        }
        recent
    }

    /// The digest of a month.
    pub fn of(&self, month: Month) -> Option<&RecordedDigest> {
        self.digests.iter().find(|it| it.digest.month == month)
    }

    /// A new draft of a month. A month that was published stays published, so that it is not published
    /// twice; after a draft that was sent, it is another one to receivers.
    pub fn draft(&self, digest: Digest) -> RecordedDigest {
        let Some(known) = self.of(digest.month) else {
            return RecordedDigest::first(digest);
        };
        let sent = u32::from(known.sent_at.is_some());
        RecordedDigest {
            draft: known.draft.saturating_add(sent),
            published_at: known.published_at,
            ..RecordedDigest::first(digest)
        }
    }

    /// The digest of the latest month.
    pub fn latest(&self) -> Option<&RecordedDigest> {
        self.digests.last()
    }

    /// Adds a digest, or replaces the one of its month. The oldest ones are dropped.
    pub fn put(&mut self, digest: RecordedDigest) {
        self.digests
            .retain(|it| it.digest.month != digest.digest.month);
        self.digests.push(digest);
        self.digests.sort_by_key(|it| it.digest.month);
        let surplus = self.digests.len().saturating_sub(MOST);
        self.digests.drain(..surplus);
    }

    /// Number of recorded digests.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}
