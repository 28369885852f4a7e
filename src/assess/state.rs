//! States of workloads, services and exceptions: enums with one `as_str()` each, so that labels,
//! metrics, status, JSON and page use the same word. Ordered enums list the worst first. Nothing is
//! judged here.

/// Verdict on a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A required check fails.
    Deviating,
    /// No required check fails, but one could not be evaluated.
    Unknown,
    /// Every enforced required check passes.
    GoldenPath,
    /// No path has this workload in scope.
    Unscoped,
    /// Opted out with a reason, in a namespace that allows it.
    Ignored,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Deviating,
        Self::Unknown,
        Self::GoldenPath,
        Self::Unscoped,
        Self::Ignored,
    ];

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

    /// Whether the operator labels a workload with this status.
    pub const fn is_labelled(self) -> bool {
        match self {
            Self::Deviating | Self::Unknown | Self::GoldenPath => true,
            Self::Unscoped | Self::Ignored => false,
        }
    }
}

/// Standing of a deviation under its exceptions, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No exception covers it.
    Undocumented,
    /// Its exception expired.
    Expired,
    /// Its exception is requested, not yet decided.
    Pending,
    /// Its exception is approved; the review is overdue.
    ReviewOverdue,
    /// Its exception is approved; the review is due soon.
    ReviewDue,
    /// The service is older than the path; nothing is due yet.
    Predates,
    /// Its exception is approved and current.
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

    /// The inverse of [`Standing::as_str`].
    pub(crate) fn from_word(word: &str) -> Option<Self> {
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

/// State of a service in metrics and reports, worst first.
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

    /// Whether the service is accounted for: on the path, or under an approved exception whose review
    /// is not overdue.
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
    /// The expression failed, does not compile, or exceeds its budget.
    Error,
    /// The check is not enforced yet: shown, not counted.
    Announced,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Fail, Self::Error, Self::Announced];

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

/// Phase of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Requested, not yet decided.
    Pending,
    /// Approved and current.
    Active,
    /// Its review or expiry is near.
    ReviewDue,
    /// Its review is overdue, or the workload changed since the approval.
    ReviewOverdue,
    /// Past its effective expiry.
    Expired,
    /// Rejected by the path owner.
    Rejected,
    /// Ended permanently by a review.
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

    /// The standing this phase gives a failing check that the exception names. None for phases that
    /// count like no exception.
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

/// Who has to act next on a deviation or exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The owning team.
    Team,
    /// The platform team: a decision, a renewal, or a check that cannot be evaluated.
    Platform,
    /// No action is due.
    AtRest,
}

impl Turn {
    /// Every turn.
    pub const ALL: [Self; 3] = [Self::Team, Self::Platform, Self::AtRest];

    /// The word used in JSON and text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Platform => "platform",
            Self::AtRest => "nobody",
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
