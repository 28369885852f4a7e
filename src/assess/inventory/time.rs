//! Time passing: which instant changes an answer next, and what is marked as changed when it comes.
//! No clock is read: every instant is a parameter.

use jiff::Timestamp;

use crate::assess::inventory::{DELETED_PATH_GRACE, Inventory, Reread};
use crate::assess::path::Path;
use crate::assess::state::Cause;
use crate::assess::verdict::AsOf;

/// When time alone next changes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextChange {
    /// Something changed since it was last worked out.
    Unsettled,
    /// At this instant, or never.
    At(Option<Timestamp>),
}

impl Inventory {
    /// Lets time pass: an instant that changes answers marks what has to be looked at, and a path
    /// whose grace after deletion is over goes. To be called every few seconds.
    pub fn tick(&mut self, now: Timestamp) -> Reread {
        let before = self.last_tick.replace(now);
        let next = match self.next_change {
            // Worked out as of the last look: what changed since must not hide an instant that
            // has passed since.
            NextChange::Unsettled => self.work_out_next_change(before.unwrap_or(now)),
            NextChange::At(at) => at,
        };
        let due = next.is_some_and(|at| at <= now);
        let clock_went_back = before.is_some_and(|before| now < before);
        self.next_change = NextChange::At(if due || clock_went_back {
            self.mark_all(Cause::Time);
            self.work_out_next_change(now)
        } else {
            next
        });
        self.drop_deleted_paths(now)
    }

    /// When time alone next changes an answer, as far as it was worked out.
    pub fn next_change(&self) -> Option<Timestamp> {
        match self.next_change {
            NextChange::Unsettled => None,
            NextChange::At(at) => at,
        }
    }

    fn work_out_next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let as_of = AsOf::new(now);
        let ctx = self.judge_context(&as_of);
        let paths = self.paths.iter().filter_map(|path| path.next_change(now));
        let graces = self
            .paths
            .iter()
            .filter_map(|path| Some(DELETED_PATH_GRACE.after(path.deleted?)));
        let lives = self.namespaces.values().flat_map(|ns| {
            ns.exceptions()
                .filter_map(|exception| ctx.life(ns, exception).next_change)
        });
        paths
            .chain(graces)
            .chain(lives)
            .filter(|at| *at > now)
            .min()
    }

    fn drop_deleted_paths(&mut self, now: Timestamp) -> Reread {
        let is_over = |path: &Path| {
            path.deleted
                .is_some_and(|at| DELETED_PATH_GRACE.after(at) <= now)
        };
        if !self.paths.iter().any(is_over) {
            return Reread::Nothing;
        }
        self.replace_paths(self.paths.without(is_over))
    }
}
