//! Level and severity of a check. Paths and their limits for exceptions share them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a check decides or advises.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Decides whether a service is on the path.
    #[default]
    Required,
    /// Advises; never makes a service deviate.
    Recommended,
}

impl Level {
    /// The word used in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
        }
    }
}

/// Severity of a deviation.
#[derive(
    JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Inconvenient.
    Low,
    /// Costs the team time.
    #[default]
    Medium,
    /// Affects users.
    High,
}

impl Severity {
    /// The word used in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
