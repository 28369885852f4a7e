//! Passing of time: which instant changes a verdict next, and which workloads it marks as changed.
//! A date of a path concerns every workload; one of an exception only those it names.
//! No clock is read: every instant is a parameter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::goal_objects::shipped::shipped_items;
use crate::assess::inventory::{DELETED_PATH_GRACE, ExceptionKey, Inventory, Reread};
use crate::assess::path::Path;
use crate::assess::state::Cause;
use crate::assess::verdict::AsOf;

/// Exceptions that one tick takes in, of those whose date has come and of those that changed: it is short,
/// and the next one goes on.
const A_TICK: usize = 1_000;

/// When time alone next changes an answer about each exception.
#[derive(Debug, Default)]
pub(super) struct ExceptionTimers {
    due: BTreeSet<(Timestamp, ExceptionKey)>,
    by_exception: BTreeMap<ExceptionKey, Timestamp>,
    /// Those that changed since their instant was worked out.
    unsettled: BTreeSet<ExceptionKey>,
    /// The instant as of which the last tick worked them out, where it left some of them.
    settling: Option<Timestamp>,
}

impl ExceptionTimers {
    pub(crate) fn unsettle(&mut self, namespace: &Arc<str>, name: &Arc<str>) {
        self.unsettled.insert((namespace.clone(), name.clone()));
    }

    /// Takes some of those that changed.
    fn take_unsettled(&mut self, limit: usize) -> BTreeSet<ExceptionKey> {
        let mut taken = std::mem::take(&mut self.unsettled);
        if let Some(next) = taken.iter().nth(limit).cloned() {
            self.unsettled = taken.split_off(&next);
        }
        taken
    }

    fn set(&mut self, key: ExceptionKey, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.by_exception.insert(key.clone(), at),
            None => self.by_exception.remove(&key),
        };
        if let Some(before) = before {
            self.due.remove(&(before, key.clone()));
        }
        self.due.extend(at.map(|at| (at, key)));
    }

    fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<ExceptionKey> {
        let mut due = Vec::new();
        while due.len() < limit && self.due.first().is_some_and(|(at, _)| *at <= now) {
            due.extend(self.due.pop_first().map(|(_, key)| key));
        }
        for key in &due {
            self.by_exception.remove(key);
        }
        due
    }
}

impl Inventory {
    /// Lets time pass: an instant that changes answers marks the workloads it concerns, and a path
    /// whose grace after deletion is over goes. To be called every few seconds, and again while
    /// [`Self::next_change`] is not after `now`: one call takes in a limited number.
    pub fn tick(&mut self, now: Timestamp) -> Reread {
        let before = self.last_tick.replace(now);
        let clock_went_back = before.is_some_and(|before| now < before);
        // As of the last tick: what changed since must not hide an instant that has passed since.
        let since = if clock_went_back {
            now
        } else {
            before.unwrap_or(now)
        };
        if clock_went_back {
            self.unsettle_exceptions();
        }
        self.settle_exceptions(since);
        let path_is_due = self.next_path_change(since).is_some_and(|at| at <= now);
        if clock_went_back || path_is_due {
            self.mark_all(Cause::Time);
        }
        self.mark_due_exceptions(now);
        self.drop_deleted_paths(now)
    }

    /// When time alone next changes a verdict, as of the last tick: what changed since is not in it.
    pub fn next_change(&self) -> Option<Timestamp> {
        if self.timers.settling.is_some() {
            return self.last_tick; // it goes on at once
        }
        let exception = self.timers.due.first().map(|(at, _)| *at);
        let path = self.last_tick.and_then(|last| self.next_path_change(last));
        exception.into_iter().chain(path).min()
    }

    /// Has the next instant of every exception worked out again.
    pub(super) fn unsettle_exceptions(&mut self) {
        for (namespace, ns) in &self.namespaces {
            for exception in ns.exceptions() {
                self.timers.unsettle(namespace, &exception.name);
            }
        }
    }

    /// Works out the instants of exceptions that changed. Those that have to wait are worked out as of the
    /// same instant: one that passes meanwhile must not be hidden.
    fn settle_exceptions(&mut self, as_of: Timestamp) {
        let as_of = self.timers.settling.map_or(as_of, |at| at.min(as_of));
        let changed = self.timers.take_unsettled(A_TICK);
        self.work_out(changed, as_of);
        self.timers.settling = (!self.timers.unsettled.is_empty()).then_some(as_of);
    }

    fn work_out(&mut self, keys: impl IntoIterator<Item = ExceptionKey>, as_of: Timestamp) {
        let as_of = AsOf::new(as_of);
        for (namespace, name) in keys {
            let at = self.namespace(&namespace).and_then(|ns| {
                let exception = ns.exception(&name)?;
                let life = self.judge_context(&as_of).life(ns, exception);
                let shipped = shipped_items(exception, &self.goals).map(|shipped| shipped.at);
                let shipped = shipped.filter(|at| *at > as_of.now);
                life.next_change.into_iter().chain(shipped).min()
            });
            self.timers.set((namespace, name), at);
        }
    }

    fn mark_due_exceptions(&mut self, now: Timestamp) {
        let due = self.timers.take_due(now, A_TICK);
        // Many selectors may be due at once, and each reads its whole namespace.
        let mut by_selector = BTreeSet::new();
        for (namespace, name) in &due {
            self.logs.exception(namespace, name);
            let ns = self.namespaces.get(namespace);
            let Some((ns, exception)) = ns.and_then(|ns| Some((ns, ns.exception(name)?))) else {
                continue;
            };
            if exception.spec.selector.is_some() {
                by_selector.insert(namespace);
                continue;
            }
            for entry in ns.named_by(exception).filter_map(|one| ns.entry(one)) {
                self.logs.push(entry, Cause::Time);
            }
        }
        for namespace in by_selector {
            self.mark_namespace(namespace, Cause::Time);
        }
        if !due.is_empty() {
            self.version += 1;
            self.work_out(due, now);
        }
    }

    fn next_path_change(&self, since: Timestamp) -> Option<Timestamp> {
        let paths = self.paths.iter().filter_map(|path| path.next_change(since));
        let graces = self
            .paths
            .iter()
            .filter_map(|path| Some(DELETED_PATH_GRACE.after(path.deleted?)));
        paths.chain(graces).filter(|at| *at > since).min()
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
