//! What verdicts are given under: the settings, today's paths and one instant. Whatever one report,
//! plan or exposition says is judged under one context, so that its parts agree.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::PathAt;
use crate::assess::path::set::PathSet;
use crate::assess::settings::Settings;

/// A set of paths and how each of them stands.
type Known = (Arc<PathSet>, Rc<[PathAt]>);

/// One instant, with the state of every path at it computed once.
#[derive(Debug)]
pub struct AsOf {
    /// The instant.
    pub now: Timestamp,
    at: RefCell<Vec<Known>>,
}

impl AsOf {
    /// The moment `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            at: RefCell::default(),
        }
    }

    /// How each path of a set stands at this moment.
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

/// What a verdict is given under.
#[derive(Clone, Copy)]
pub struct JudgeContext<'a> {
    /// How workloads are read and counted.
    pub settings: &'a Settings,
    /// Today's paths, whose terms exceptions live by.
    pub paths: &'a PathSet,
    /// The instant.
    pub as_of: &'a AsOf,
}

impl JudgeContext<'_> {
    /// The life of an exception of this namespace, by today's terms of its path and its target's
    /// template.
    pub fn life(&self, ns: &NamespaceIndex, exception: &Exception) -> Life {
        exception.life(self.paths, ns.bound_template(exception), self.as_of.now)
    }
}
