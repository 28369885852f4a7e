//! Why an import stores nothing. Texts hold counts, names of groups that are published, and the user's own
//! words, never what the export holds.

use crate::assess::goals::survey::amendment;
use crate::assess::goals::survey::suppression::NothingToShow;

/// Why nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{rows} of the export cannot be read, so nothing is stored")]
    Rows {
        /// "3 rows".
        rows: String,
    },
    #[error("missing: {0}")]
    Missing(String),
    #[error("--{flag}: {problem}")]
    Flag { flag: &'static str, problem: String },
    #[error("nothing is stored: {0}")]
    Nothing(#[from] NothingToShow),
    #[error("nothing is stored: {0}")]
    Published(#[from] amendment::Refused),
}

impl Refusal {
    /// The next step.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Rows { .. } => {
                Some("correct the mapping or the rows, or leave them out with --skip-refused")
            }
            Self::Nothing(NothingToShow::TooFew { .. }) => {
                Some("wait for more answers; a smaller minGroupSize than 5 is not possible")
            }
            Self::Missing(_)
            | Self::Flag { .. }
            | Self::Nothing(
                NothingToShow::TooManyGroups { .. } | NothingToShow::WouldHidePublished,
            )
            | Self::Published(_) => None,
        }
    }
}
