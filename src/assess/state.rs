//! The words of the judgement, each an enum with one `as_str()`: the same word in label, metric,
//! status, JSON and page. Where order matters, the worst comes first.

/// Verdict on a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A required check fails.
    Deviating,
    /// No required check fails, but one could not be evaluated.
    Unknown,
    /// Every enforced required check passes.
    GoldenPath,
    /// No path is for this workload.
    Unscoped,
    /// Taken out, with a reason, where that is allowed.
    Ignored,
}

impl Status {
    /// The word used in labels, JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deviating => "deviating",
            Self::Unknown => "unknown",
            Self::GoldenPath => "golden-path",
            Self::Unscoped => "unscoped",
            Self::Ignored => "ignored",
        }
    }

    /// Whether a workload with this status carries labels of ours.
    pub const fn is_labelled(self) -> bool {
        match self {
            Self::Deviating | Self::Unknown | Self::GoldenPath => true,
            Self::Unscoped | Self::Ignored => false,
        }
    }
}

/// How a deviation stands with its exceptions, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No exception covers it.
    Undocumented,
    /// Its exception expired.
    Expired,
    /// Asked for, not yet decided.
    Pending,
    /// Approved; its review is overdue.
    ReviewOverdue,
    /// Approved; its review is due soon.
    ReviewDue,
    /// Older than the path, with nothing due yet.
    Predates,
    /// Approved and current.
    Documented,
}

impl Standing {
    /// Every standing, worst first.
    pub const ALL: [Self; 7] = [
        Self::Undocumented,
        Self::Expired,
        Self::Pending,
        Self::ReviewOverdue,
        Self::ReviewDue,
        Self::Predates,
        Self::Documented,
    ];

    /// The word used in labels, JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undocumented => "undocumented",
            Self::Expired => "expired",
            Self::Pending => "pending",
            Self::ReviewOverdue => "review-overdue",
            Self::ReviewDue => "review-due",
            Self::Predates => "predates",
            Self::Documented => "documented",
        }
    }

    /// The standing a word of [`Standing::as_str`] means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|standing| standing.as_str() == word)
    }

    /// Whether an exception excuses the failure: approved and not expired.
    pub const fn is_excused(self) -> bool {
        match self {
            Self::ReviewOverdue | Self::ReviewDue | Self::Documented => true,
            Self::Undocumented | Self::Expired | Self::Pending | Self::Predates => false,
        }
    }
}

/// The state of a service, as metrics and reports count it, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Deviating, with this standing.
    Deviating(Standing),
    /// A check could not be evaluated.
    Unknown,
    /// On the path.
    GoldenPath,
}

impl State {
    /// Every state, worst first.
    pub const ALL: [Self; 9] = [
        Self::Deviating(Standing::Undocumented),
        Self::Deviating(Standing::Expired),
        Self::Deviating(Standing::Pending),
        Self::Deviating(Standing::ReviewOverdue),
        Self::Deviating(Standing::ReviewDue),
        Self::Deviating(Standing::Predates),
        Self::Deviating(Standing::Documented),
        Self::Unknown,
        Self::GoldenPath,
    ];

    /// The word used in metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deviating(standing) => standing.as_str(),
            Self::Unknown => Status::Unknown.as_str(),
            Self::GoldenPath => Status::GoldenPath.as_str(),
        }
    }

    /// Whether the platform and the team have agreed on where this service is: on the path, or on
    /// a documented route of its own that is not late for review.
    pub const fn is_accounted(self) -> bool {
        match self {
            Self::GoldenPath | Self::Deviating(Standing::Documented | Standing::ReviewDue) => true,
            Self::Unknown
            | Self::Deviating(
                Standing::Undocumented
                | Standing::Expired
                | Standing::Pending
                | Standing::ReviewOverdue
                | Standing::Predates,
            ) => false,
        }
    }
}

/// Result of one check on one workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The expression is true.
    Pass,
    /// The expression is false.
    Fail,
    /// The expression failed, does not compile, or is over its budget.
    Error,
    /// Not enforced yet: shown, not counted.
    Announced,
}

impl Outcome {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Announced => "announced",
        }
    }
}

/// Where an exception is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Asked for, not yet decided.
    Pending,
    /// Approved and current.
    Active,
    /// Its review or its end is near.
    ReviewDue,
    /// Its review is overdue, or its workload changed since the approval.
    ReviewOverdue,
    /// Ended.
    Expired,
    /// Rejected by the path owner.
    Rejected,
    /// Ended for good by a review.
    Closed,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Active,
        Self::ReviewDue,
        Self::ReviewOverdue,
        Self::Expired,
        Self::Rejected,
        Self::Closed,
    ];

    /// The word used in status, metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::ReviewDue => "ReviewDue",
            Self::ReviewOverdue => "ReviewOverdue",
            Self::Expired => "Expired",
            Self::Rejected => "Rejected",
            Self::Closed => "Closed",
        }
    }

    /// The standing this phase gives a failing check it names; none for a phase that counts as if
    /// nobody had spoken.
    pub const fn standing(self) -> Option<Standing> {
        match self {
            Self::Active => Some(Standing::Documented),
            Self::ReviewDue => Some(Standing::ReviewDue),
            Self::ReviewOverdue => Some(Standing::ReviewOverdue),
            Self::Pending => Some(Standing::Pending),
            Self::Expired => Some(Standing::Expired),
            Self::Rejected | Self::Closed => None,
        }
    }
}

/// Whose turn it is to do something about a line that is not golden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The owning team.
    Team,
    /// The platform team: a decision, a renewal, or a check of theirs that fails.
    Platform,
    /// Neither, for now.
    Nobody,
}

impl Turn {
    /// The word used in JSON and text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Platform => "platform",
            Self::Nobody => "nobody",
        }
    }
}

/// Why a verdict changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The workload or its namespace changed.
    Workload,
    /// A golden path changed.
    Path,
    /// An exception changed.
    Exception,
    /// An instant passed.
    Time,
}

impl Cause {
    /// The word used in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Path => "path",
            Self::Exception => "exception",
            Self::Time => "time",
        }
    }
}
