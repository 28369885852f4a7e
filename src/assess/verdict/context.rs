//! Inputs shared by all verdicts at one instant: settings, current paths and the instant itself. One
//! report, plan or exposition uses one context, so that its parts agree. Nothing is judged here.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::terms::ServiceTerms;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::PathAt;
use crate::assess::path::set::PathSet;
use crate::assess::settings::Settings;
use crate::assess::verdict::birth::BirthRule;

/// A set of paths, with the state of each.
type Known = (Arc<PathSet>, Rc<[PathAt]>);

/// One instant, with the state of every path computed once.
#[derive(Debug)]
pub struct AsOf {
    /// The instant.
    pub now: Timestamp,
    at: RefCell<Vec<Known>>,
}

impl AsOf {
    /// An instant, with no path computed yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            at: RefCell::default(),
        }
    }

    /// The state of each path of a set at this instant.
    pub fn paths(&self, set: &Arc<PathSet>) -> Rc<[PathAt]> {
        let mut known = self.at.borrow_mut();
        if let Some((_, at)) = known.iter().find(|(seen, _)| Arc::ptr_eq(seen, set)) {
            return at.clone();
        }
        let at: Rc<[PathAt]> = set.iter().map(|path| path.at(self.now)).collect();
        known.push((set.clone(), at.clone()));
        at
    }
}

/// Inputs shared by all verdicts at one instant.
#[derive(Clone, Copy)]
pub struct JudgeContext<'a> {
    /// Settings for reading and counting workloads.
    pub settings: &'a Settings,
    /// The current paths, whose terms apply to exceptions.
    pub paths: &'a PathSet,
    /// The instant of the verdicts.
    pub as_of: &'a AsOf,
    /// Which creation times say nothing about births.
    pub births: BirthRule,
    /// What personas and roadmap items compare services with.
    pub terms: &'a ServiceTerms,
}

impl JudgeContext<'_> {
    /// The life of an exception of this namespace, under the current terms of its path and the current
    /// pod template of its target.
    pub fn life(&self, ns: &NamespaceIndex, exception: &Exception) -> Life {
        exception.life(self.paths, ns.bound_template(exception), self.as_of.now)
    }
}
