//! The two sides that delivery is compared by: on the golden path, or deviating. Other statuses are on
//! neither side.

use crate::assess::state::Status;

/// A side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// On the golden path.
    GoldenPath,
    /// Deviating, with or without an exception.
    Deviating,
}

impl Side {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::GoldenPath, Self::Deviating];

    /// The word in records, metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoldenPath => Status::GoldenPath.as_str(),
            Self::Deviating => Status::Deviating.as_str(),
        }
    }

    /// The side of a status as records store it; none for the other statuses.
    pub fn of(standing: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.as_str() == standing)
    }
}
