//! Passes over every workload: after an edit or at a date of a path, all of them are to be judged or
//! counted again. One call goes through a limited number, so that the caller holds its lock briefly
//! however large the cluster is. A pass logs workloads, and changes no fact of them but which set of paths
//! is in force.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::set::PathSet;
use crate::assess::state::Cause;

/// Workloads that one call goes through.
const AT_ONCE: usize = 1_000;

/// What is done to every workload.
#[derive(Clone, Debug)]
pub(super) enum Pass {
    /// Have it judged again.
    Judge(Cause),
    /// Take the set in force for this one, which gives it the same results, and have it judged again.
    Repath(Arc<PathSet>),
    /// Have its service counted again.
    Recount,
}

/// A pass, and the workload it has reached.
#[derive(Debug)]
struct Sweep {
    pass: Pass,
    reached: Option<WorkloadId>,
}

/// The passes that are not over, oldest first.
#[derive(Debug)]
pub(super) struct Sweeps {
    queue: VecDeque<Sweep>,
    at_once: usize,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            at_once: AT_ONCE,
        }
    }
}

impl Sweeps {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a workload with results of this set will get the set in force.
    pub(super) fn replaces(&self, set: &Arc<PathSet>) -> bool {
        self.queue.iter().any(|sweep| match &sweep.pass {
            Pass::Repath(before) => Arc::ptr_eq(before, set),
            Pass::Judge(_) | Pass::Recount => false,
        })
    }
}

impl Inventory {
    /// How many workloads one call goes through after an edit of a path. Tests make it small.
    pub fn set_sweep_step(&mut self, workloads: usize) {
        self.sweeps.at_once = workloads.max(1);
    }

    /// Begins a pass. In a small inventory it is over at once.
    pub(super) fn sweep(&mut self, pass: Pass) {
        let reached = None;
        self.sweeps.queue.push_back(Sweep { pass, reached });
        self.sweep_on();
    }

    /// Ends the passes that take the set in force for another one: that one is about to be replaced.
    pub(super) fn finish_repathing(&mut self) {
        let is_repathing = |sweep: &Sweep| matches!(sweep.pass, Pass::Repath(_));
        while self.sweeps.queue.iter().any(is_repathing) {
            self.sweep_on();
        }
    }

    /// Goes through the next workloads.
    pub(super) fn sweep_on(&mut self) {
        let mut left = self.sweeps.at_once;
        while left > 0
            && let Some(mut sweep) = self.sweeps.queue.pop_front()
        {
            left = self.pass(&mut sweep, left);
            if left == 0 {
                self.sweeps.queue.push_front(sweep);
                continue;
            }
            match sweep.pass {
                // Some were assessed by results of the set before.
                Pass::Repath(_) => self.mark_every_exception(),
                Pass::Judge(_) | Pass::Recount => {}
            }
        }
    }

    /// Goes through `limit` workloads behind the one that was reached; how many of them there were too few.
    fn pass(&mut self, sweep: &mut Sweep, limit: usize) -> usize {
        let mut left = limit;
        let reached = sweep.reached.take();
        let from = reached.as_ref().map_or("", |id| &*id.namespace);
        let namespaces = (Bound::Included(from), Bound::Unbounded);
        for (name, ns) in self.namespaces.range_mut::<str, _>(namespaces) {
            let behind = reached.as_ref().filter(|id| id.namespace == *name);
            let behind = behind.map(|id| (&*id.kind, &*id.name));
            let next = ns.workloads.behind(behind);
            let next = next.get(..left).unwrap_or(next);
            let Some(last) = next.last().map(|entry| entry.workload.id.clone()) else {
                continue;
            };
            let passed = next.len();
            for entry in next {
                match &sweep.pass {
                    Pass::Judge(cause) => self.logs.push(entry, *cause),
                    Pass::Repath(_) => self.logs.push(entry, Cause::Path),
                    Pass::Recount => self.logs.recount(entry),
                }
            }
            if let Pass::Repath(before) = &sweep.pass
                && next
                    .iter()
                    .any(|entry| Arc::ptr_eq(&entry.workload.paths, before))
            {
                let entries = Arc::make_mut(ns).workloads.behind_mut(behind);
                for entry in entries.iter_mut().take(passed) {
                    if Arc::ptr_eq(&entry.workload.paths, before) {
                        Arc::make_mut(entry).workload.paths = self.paths.clone();
                    }
                }
            }
            left -= passed;
            if left == 0 {
                sweep.reached = Some(last);
                break;
            }
        }
        left
    }
}
