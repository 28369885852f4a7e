//! The content of a digest, as data: what surfaces render and what a record stores. Words are made in
//! `report`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::month::Month;

/// Most teams in a digest.
pub const MOST_TEAMS: usize = 3;
/// Most names in one list; the rest is counted.
pub const MOST_NAMES: usize = 5;
/// Most additions in a digest; the rest is counted.
pub const MOST_ADDITIONS: usize = 5;

/// The digest of a month.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The month.
    pub month: Month,
    /// The instant of the facts.
    pub as_of: Timestamp,
    /// The teams that gained most, most first. Empty in a silent month.
    #[serde(default)]
    pub teams: Vec<TeamWin>,
    /// Adoption of the whole platform; absent without a service in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<Adoption>,
    /// What is new on the paths.
    #[serde(default)]
    pub additions: Additions,
    /// An obstacle that was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// For the product manager alone: what the digest could not see, or leaves out.
    #[serde(default)]
    pub notes: Vec<Note>,
}

/// What one team gained.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TeamWin {
    /// The team.
    pub team: String,
    /// Its services that gained: they joined a path, or closed an exception and are on the path.
    pub gained: usize,
    /// Its services in scope of a path.
    pub services: usize,
    /// What the cluster proves.
    pub evidence: Vec<Evidence>,
    /// What the platform offers that the team uses.
    pub capability: Capability,
}

/// A fact about a team in the month.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Evidence {
    /// Services that began in the month and are on a path.
    Started {
        /// Title of the path.
        path: String,
        /// Their names.
        services: Vec<String>,
        /// How many more.
        more: usize,
    },
    /// Services that are on a path after rollouts of the month, and were not before them.
    Joined {
        /// Title of the path.
        path: String,
        /// Their names.
        services: Vec<String>,
        /// How many more.
        more: usize,
    },
    /// An exception that was closed before its end, and whose workloads pass the excepted checks.
    Closed {
        /// Its name, as namespace/name.
        exception: String,
        /// Titles of the excepted checks.
        checks: Vec<String>,
        /// How many more.
        more: usize,
        /// Its end if it had not been closed.
        end: Timestamp,
    },
    /// A shorter lead time than in the month before.
    LeadTime(Comparison),
    /// A shorter recovery time than in the month before.
    Recovery(Comparison),
}

/// Medians of two months.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The month before.
    pub before: Median,
    /// The month.
    pub after: Median,
    /// Services that are measured.
    pub services: usize,
}

/// A median.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Median {
    /// In seconds.
    pub seconds: u32,
    /// Number of observations.
    pub n: usize,
}

/// What the platform offers.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What it is.
    pub kind: CapabilityKind,
    /// Its title.
    pub title: String,
    /// Where to read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a capability is.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum CapabilityKind {
    /// A golden path.
    Path,
    /// A check of a path.
    Check,
    /// An item of the roadmap.
    RoadmapItem,
}

/// Services on a path, of those in scope of one.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    /// At the end of the month, or when the digest was made.
    pub now: Share,
    /// At its beginning; absent if the statuses of the paths do not reach back so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Share>,
}

/// A share of services at one instant.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// Services on a path.
    pub on_path: usize,
    /// Services in scope of a path.
    pub services: usize,
    /// When they were counted.
    pub at: Timestamp,
}

/// What is new on the paths.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// The first of them, in order of time.
    pub items: Vec<Addition>,
    /// How many more.
    pub more: usize,
}

/// Something new.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addition {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: AdditionKind,
    /// Title of the path or item.
    pub title: String,
    /// What its author wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What happened.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum AdditionKind {
    /// A path was launched.
    Launched,
    /// An entry of a path's changelog.
    Released,
    /// An item of the roadmap was shipped.
    Shipped,
}

/// An obstacle that was removed, and who asked for that.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Identifies it for later digests.
    pub id: String,
    /// How it was removed.
    pub kind: ObstacleKind,
    /// Title of the item, or what the owner of the exception asked for.
    pub title: String,
    /// Teams that asked for it.
    pub teams: Vec<String>,
    /// How many more.
    pub more: usize,
    /// When.
    pub at: Timestamp,
}

/// How an obstacle was removed.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// An item of the roadmap was shipped, and exceptions wait for it.
    Shipped,
    /// An exception that said what would bring its team back was closed, and its workloads pass.
    Returned,
}

/// What a digest could not see, or leaves out.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Note {
    /// Namespaces that opted out.
    OptedOut {
        /// How many.
        namespaces: usize,
    },
    /// Namespaces that may have opted out: they could not be read.
    NamespacesUnread {
        /// How many.
        namespaces: usize,
    },
    /// Services on a path without a record of rollouts.
    NotRecorded {
        /// How many.
        services: usize,
        /// Of how many.
        of: usize,
    },
    /// Teams that gained, and were in one of the last digests.
    RecentTeams {
        /// How many.
        teams: usize,
    },
    /// Teams that gained, with too few services.
    BelowMinimum {
        /// How many.
        teams: usize,
        /// Fewest services.
        minimum: usize,
    },
    /// Teams that gained, behind the first three.
    MoreTeams {
        /// How many.
        teams: usize,
    },
    /// The month is not over.
    Unfinished,
    /// The digest is made long after the month, so that some facts of it are gone.
    Late,
    /// What the last digests named is unknown.
    NoEarlierDigests,
}
