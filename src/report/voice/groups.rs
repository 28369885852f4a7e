//! States in the groups that bars, shares and columns show. Each group has its words here; a surface adds
//! its own signs and colours. No service is judged here.

use std::collections::BTreeMap;

use crate::assess::state::{Standing, State};
use crate::report::document::Summary;

/// States that mean the same to a reader, in the order of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum StateGroup {
    OnPath,
    /// With an approved exception.
    Excepted,
    /// A decision, a review or the platform's own fault, or older than the path.
    InProgress,
    Undocumented,
    /// Judged by a path that only advises, with steps to go.
    Advised,
}

impl StateGroup {
    pub(in crate::report) const ALL: [Self; 5] = [
        Self::OnPath,
        Self::Excepted,
        Self::InProgress,
        Self::Undocumented,
        Self::Advised,
    ];

    /// The group of a state that an exception is expected for.
    pub(in crate::report) const fn of(state: State) -> Self {
        match state {
            State::GoldenPath => Self::OnPath,
            State::Deviating(Standing::Documented | Standing::ReviewDue) => Self::Excepted,
            State::Unknown
            | State::Deviating(Standing::Pending | Standing::ReviewOverdue | Standing::Predates) => {
                Self::InProgress
            }
            State::Deviating(Standing::Undocumented | Standing::Expired) => Self::Undocumented,
        }
    }

    /// The words after a number of services.
    pub(in crate::report) const fn words(self) -> &'static str {
        match self {
            Self::OnPath => "on the path",
            Self::Excepted => "with an approved exception",
            Self::InProgress => "in progress",
            Self::Undocumented => "undocumented",
            Self::Advised => "with steps to go",
        }
    }
}

/// Counted services by group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct GroupCounts {
    on_path: usize,
    excepted: usize,
    in_progress: usize,
    undocumented: usize,
    advised: usize,
}

impl GroupCounts {
    pub(in crate::report) fn of(summary: &Summary) -> Self {
        Self::count(&summary.services, summary.advised)
    }

    /// `advised` of the undocumented services are judged by a path that only advises.
    pub(in crate::report) fn count(services: &BTreeMap<State, usize>, advised: usize) -> Self {
        let mut counts = Self {
            advised,
            ..Self::default()
        };
        for (state, number) in services {
            match StateGroup::of(*state) {
                StateGroup::OnPath => counts.on_path += number,
                StateGroup::Excepted => counts.excepted += number,
                StateGroup::InProgress => counts.in_progress += number,
                StateGroup::Undocumented => counts.undocumented += number,
                StateGroup::Advised => counts.advised += number,
            }
        }
        counts.undocumented = counts.undocumented.saturating_sub(advised);
        counts
    }

    pub(in crate::report) const fn get(&self, group: StateGroup) -> usize {
        match group {
            StateGroup::OnPath => self.on_path,
            StateGroup::Excepted => self.excepted,
            StateGroup::InProgress => self.in_progress,
            StateGroup::Undocumented => self.undocumented,
            StateGroup::Advised => self.advised,
        }
    }

    /// Every group with its number, in the order of a bar.
    pub(in crate::report) fn each(self) -> impl Iterator<Item = (StateGroup, usize)> {
        StateGroup::ALL
            .into_iter()
            .map(move |group| (group, self.get(group)))
    }

    pub(in crate::report) fn total(self) -> usize {
        self.each().map(|(_, services)| services).sum()
    }

    /// The groups to show. Where paths only advise, the groups of exceptions appear only with services.
    pub(in crate::report) fn shown(self) -> impl Iterator<Item = StateGroup> {
        let expects_exceptions = self.advised == 0;
        self.each()
            .filter(move |(group, services)| match group {
                StateGroup::OnPath => true,
                StateGroup::Excepted | StateGroup::Undocumented => {
                    expects_exceptions || *services > 0
                }
                StateGroup::InProgress | StateGroup::Advised => *services > 0,
            })
            .map(|(group, _)| group)
    }

    /// "17 on the path, 7 with an approved exception": the groups that have services.
    pub(in crate::report) fn sentence(self) -> String {
        let words = self
            .each()
            .filter(|(_, services)| *services > 0)
            .map(|(group, services)| format!("{services} {}", group.words()));
        words.collect::<Vec<_>>().join(", ")
    }
}
