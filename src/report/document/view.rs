//! What reports and lists are written from: the facts of one instant, owned, so that a reader may take
//! its time and all readers share them. Nothing here is written or judged.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::build::{self, Sources, View};
use super::service_index::ServiceIndex;
use super::{Exception, Report, Summary};
use crate::assess::adoption::index::Contributions;
use crate::assess::adoption::{PathTally, Tally};
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;

/// A cluster's objects have no files.
static NO_SOURCES: Sources = Sources {
    workloads: BTreeMap::new(),
    exceptions: BTreeMap::new(),
    paths: BTreeMap::new(),
};

/// The facts of a live report.
#[derive(Debug)]
pub struct ReportView {
    pub inventory: Inventory,
    /// Every service as it was counted for the same instant.
    pub contributions: Contributions,
    /// Every exception as it was assessed for the same instant.
    pub register: Register,
    /// Differs where the facts do.
    pub version: u64,
    /// The instant that everything is judged for.
    pub as_of: Timestamp,
    /// Problems of the cluster, besides those of the objects.
    pub problems: Vec<Problem>,
    /// The numbers, once a reader has asked for them. Views of the same facts share them.
    pub summary: Arc<OnceLock<Summary>>,
    /// Every service, once a reader has asked for a list of them. Shared as the numbers are.
    pub services: Arc<OnceLock<ServiceIndex>>,
}

/// Equal for views of the same facts at the same instant.
#[derive(Clone, Debug)]
pub struct Facts(Arc<OnceLock<Summary>>);

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl ReportView {
    /// What the view shows, to compare it with other views.
    pub fn facts(&self) -> Facts {
        Facts(self.summary.clone())
    }

    /// The facts of an inventory that nothing follows, as of this instant.
    pub fn of(inventory: &Inventory, at: Timestamp, problems: Vec<Problem>) -> Self {
        let as_of = AsOf::new(at);
        Self {
            inventory: inventory.snapshot(),
            contributions: Contributions::of(inventory, &as_of),
            register: Register::of(inventory, &as_of),
            version: inventory.version(),
            as_of: at,
            problems,
            summary: Arc::default(),
            services: Arc::default(),
        }
    }

    /// The numbers.
    pub fn summary(&self) -> &Summary {
        self.summary
            .get_or_init(|| self.lines(&AsOf::new(self.as_of)).summary())
    }

    /// Every service, judged at the instant of the view.
    pub(super) fn services(&self) -> &ServiceIndex {
        self.services
            .get_or_init(|| ServiceIndex::of(&self.inventory, &AsOf::new(self.as_of)))
    }

    /// The whole report. A large one is rather written by [`super::stream::Stream`].
    pub fn report(&self) -> Report {
        let mut report = build::report_of(&self.lines(&AsOf::new(self.as_of)));
        report.problems.extend_from_slice(&self.problems);
        report.problems.sort();
        report
    }

    /// Adoption at the instant of the view.
    pub fn tally(&self) -> Tally {
        let as_of = AsOf::new(self.as_of);
        let (facts, register) = (&self.inventory, &self.register);
        Tally::sum(&self.contributions, facts, &as_of, register)
    }

    /// The numbers of one path, by its current name.
    pub fn path_tally(&self, path: &str) -> Option<PathTally> {
        self.tally().paths.remove(path)
    }

    /// Every exception, in order of namespace and name.
    pub fn exceptions(&self) -> Vec<Exception> {
        let as_of = AsOf::new(self.as_of);
        let lines = self.lines(&as_of);
        let views = self.register.views(&self.inventory);
        views.iter().map(|view| lines.exception(view)).collect()
    }

    /// The exceptions of one namespace, in order of name.
    pub fn exceptions_in(&self, namespace: &str) -> Vec<Exception> {
        let as_of = AsOf::new(self.as_of);
        let lines = self.lines(&as_of);
        let views = self.register.views_from(&self.inventory, namespace, None);
        views
            .take_while(|view| view.namespace == namespace)
            .map(|view| lines.exception(&view))
            .collect()
    }

    /// Problems of paths, of stored objects and of the cluster: those that are not a workload's or an
    /// exception's own.
    pub fn platform_problems(&self) -> Vec<Problem> {
        let as_of = AsOf::new(self.as_of);
        let mut problems = self.lines(&as_of).other_problems();
        problems.extend_from_slice(&self.problems);
        problems.sort();
        problems
    }

    /// What makes the lines, at the instant of the view.
    pub(super) fn lines<'a>(&'a self, as_of: &'a AsOf) -> View<'a> {
        View {
            inventory: &self.inventory,
            contributions: &self.contributions,
            register: &self.register,
            as_of,
            sources: &NO_SOURCES,
        }
    }
}
