//! The questions of the template: two for each dimension of SPACE, and one for the net promoter score.
//! The wording is ours. A changed word is a changed question set.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dimension of SPACE.
#[derive(
    Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Satisfaction,
    Performance,
    Activity,
    Communication,
    Efficiency,
}

impl Dimension {
    /// Every dimension, in the order of the acronym.
    pub const ALL: [Self; 5] = [
        Self::Satisfaction,
        Self::Performance,
        Self::Activity,
        Self::Communication,
        Self::Efficiency,
    ];

    /// The word in objects, metrics and mapping files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Satisfaction => "satisfaction",
            Self::Performance => "performance",
            Self::Activity => "activity",
            Self::Communication => "communication",
            Self::Efficiency => "efficiency",
        }
    }

    /// The two statements of the template. People agree with them from 1 to 5; 5 is best.
    pub const fn statements(self) -> [&'static str; 2] {
        match self {
            Self::Satisfaction => [
                "I like working with our platform and its tools.",
                "My work leaves me energy at the end of the day.",
            ],
            Self::Performance => [
                "What I ship works the way users need it.",
                "I trust a release to go well.",
            ],
            Self::Activity => [
                "I ship as often as makes sense for my work.",
                "I spend little time on chores that repeat.",
            ],
            Self::Communication => [
                "I find the person or page that can help me.",
                "Reviews of my changes come soon enough.",
            ],
            Self::Efficiency => [
                "I get enough uninterrupted time.",
                "My changes rarely wait for another team.",
            ],
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Satisfaction => 0,
            Self::Performance => 1,
            Self::Activity => 2,
            Self::Communication => 3,
            Self::Efficiency => 4,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for each dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByDimension<T>([T; Dimension::ALL.len()]);

impl<T> ByDimension<T> {
    /// The value of each dimension.
    pub fn new(value: impl FnMut(Dimension) -> T) -> Self {
        Self(Dimension::ALL.map(value))
    }

    pub const fn get(&self, dimension: Dimension) -> &T {
        &self.0[dimension.index()]
    }

    pub const fn get_mut(&mut self, dimension: Dimension) -> &mut T {
        &mut self.0[dimension.index()]
    }
}

/// The name of the template's question set.
pub const QUESTION_SET: &str = "space-1";

/// The question for the group of a person.
pub const GROUP: &str = "Team";

/// The question for the net promoter score, from 0 to 10.
pub const NPS: &str = "How likely are you to recommend our platform to a colleague?";

/// The answers to a statement in words, with their values.
pub const WORDS: [(&str, u8); 5] = [
    ("Strongly disagree", 1),
    ("Disagree", 2),
    ("Neither agree nor disagree", 3),
    ("Agree", 4),
    ("Strongly agree", 5),
];
