//! The register as things change: the assessment of each exception, kept until a change, a workload or
//! time may alter it. Following costs as much as has changed. What an assessment finds is decided in
//! `assessment`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::terms::ItemTerms;
use crate::assess::hours::Hours;
use crate::assess::inventory::{ExceptionKey, Inventory};
use crate::assess::multiset::Multiset;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::register::ExceptionView;
use crate::assess::register::assessment::Assessment;
use crate::assess::state::Standing;
use crate::assess::verdict::AsOf;

/// Every exception as of the instant last followed. A copy is cheap: namespaces are shared, and copied
/// where they change meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Register {
    namespaces: BTreeMap<Arc<str>, Arc<AssessedNamespace>>,
    stated: Multiset<StatedCost>,
    revision: u64,
}

#[derive(Clone, Debug, Default)]
struct AssessedNamespace {
    /// The highest revision of its exceptions.
    revision: u64,
    exceptions: BTreeMap<Arc<str>, Assessed>,
}

#[derive(Clone, Debug)]
struct Assessed {
    revision: u64,
    assessment: Arc<Assessment>,
    cost: Option<Arc<StatedCost>>,
}

/// The hours a month that an exception in use states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::assess) struct StatedCost {
    /// Current name of its path.
    pub path: Arc<str>,
    /// The team that owns it.
    pub team: Arc<str>,
    /// The standing it gives.
    pub standing: Standing,
    pub hours: Hours,
    /// The roadmap items that it is demand for, in order of name.
    pub items: Box<[ItemCost]>,
}

/// How an exception adds to the demand for one roadmap item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::assess) struct ItemCost {
    /// Name of the item.
    pub item: Arc<str>,
    /// Whether the exception waits for it; else the item unblocks a check it names.
    pub waits: bool,
}

impl Register {
    /// Assesses every exception of an inventory: for a single answer, where no register follows it.
    pub fn of(facts: &Inventory, as_of: &AsOf) -> Self {
        let mut register = Self::default();
        for (namespace, ns) in facts.namespaces() {
            let namespace = namespace.into();
            for exception in ns.exceptions() {
                register.put(facts, &namespace, ns, exception, as_of);
            }
        }
        register
    }

    /// Takes in changes of an inventory whose clock has ticked to `now`, until about `limit` workloads
    /// were read. Returns whether more wait: only without them is the register true.
    pub fn follow(&mut self, facts: &mut Inventory, now: Timestamp, limit: usize) -> bool {
        let as_of = AsOf::new(now);
        let mut read = 0_usize;
        while read < limit
            && let Some(key) = facts.take_exception()
        {
            read = read.saturating_add(self.assess(facts, &key, &as_of));
        }
        facts.has_exceptions_to_assess()
    }

    /// A number that grows with every assessment.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The exceptions that were assessed since this revision.
    pub(in crate::assess) fn assessed_since(
        &self,
        revision: u64,
    ) -> impl Iterator<Item = ExceptionKey> {
        self.namespaces
            .iter()
            .filter(move |(_, ns)| ns.revision > revision)
            .flat_map(|(namespace, ns)| ns.exceptions.iter().map(move |one| (namespace, one)))
            .filter(move |(_, (_, assessed))| assessed.revision > revision)
            .map(|(namespace, (name, _))| (namespace.clone(), name.clone()))
    }

    /// Every exception, in order of namespace and name. `facts` are those that were followed.
    pub fn views<'a>(&self, facts: &'a Inventory) -> Vec<ExceptionView<'a>> {
        self.views_from(facts, "", None).collect()
    }

    /// The exceptions from this namespace on and behind `after`, in order of namespace and name. Each view
    /// is made when it is asked for.
    pub fn views_from<'a>(
        &self,
        facts: &'a Inventory,
        namespace: &str,
        after: Option<&ExceptionKey>,
    ) -> impl Iterator<Item = ExceptionView<'a>> {
        let start = after.map_or(namespace, |(after, _)| namespace.max(after));
        facts
            .namespaces_from(start)
            .filter_map(|(name, ns)| Some((name, ns, self.namespaces.get(name)?)))
            .flat_map(move |(name, ns, assessed)| {
                let after = after.filter(|(namespace, _)| **namespace == *name);
                let exceptions = ns.exceptions_after(after.map(|(_, name)| &**name));
                exceptions.filter_map(move |exception| {
                    let assessed = assessed.exceptions.get(&exception.name)?;
                    Some(assessed.assessment.view(facts, name, exception))
                })
            })
    }

    /// One exception by namespace and name.
    pub fn view<'a>(
        &self,
        facts: &'a Inventory,
        (namespace, name): &'a ExceptionKey,
    ) -> Option<ExceptionView<'a>> {
        let exception = facts.namespace(namespace)?.exception(name)?;
        let assessed = self.namespaces.get(namespace)?.exceptions.get(name)?;
        Some(assessed.assessment.view(facts, namespace, exception))
    }

    /// Each assessment, in order of namespace and name.
    pub fn assessments(&self) -> impl Iterator<Item = (&str, &str, &Assessment)> {
        self.namespaces.iter().flat_map(|(namespace, ns)| {
            let exceptions = ns.exceptions.iter();
            exceptions.map(|(name, assessed)| (&**namespace, &**name, &*assessed.assessment))
        })
    }

    /// Each distinct cost in a namespace that counts, and how many exceptions state it.
    pub(in crate::assess) fn stated_costs(&self) -> impl Iterator<Item = (&StatedCost, usize)> {
        self.stated.iter()
    }

    /// Assesses an exception again, or forgets one that is gone. Returns how many workloads that read.
    fn assess(&mut self, facts: &Inventory, key: &ExceptionKey, as_of: &AsOf) -> usize {
        let (namespace, name) = key;
        let found = facts
            .namespace(namespace)
            .and_then(|ns| Some((ns, ns.exception(name)?)));
        let Some((ns, exception)) = found else {
            self.forget(key);
            return 1;
        };
        self.put(facts, namespace, ns, exception, as_of);
        match exception.spec.selector {
            Some(_) => ns.workloads.len().max(1),
            None => exception.spec.targets.len().max(1),
        }
    }

    fn put(
        &mut self,
        facts: &Inventory,
        namespace: &Arc<str>,
        ns: &NamespaceIndex,
        exception: &Exception,
        as_of: &AsOf,
    ) {
        self.revision += 1;
        let assessment = Assessment::of(facts, ns, exception, as_of);
        let cost = StatedCost::of(facts, ns, exception, &assessment);
        let new = Assessed {
            revision: self.revision,
            assessment: Arc::new(assessment),
            cost: cost.map(|cost| self.stated.add(Arc::new(cost))),
        };
        let assessed = self.namespaces.entry(namespace.clone()).or_default();
        let assessed = Arc::make_mut(assessed);
        assessed.revision = self.revision;
        let before = assessed.exceptions.insert(exception.name.clone(), new);
        self.take_away(before);
    }

    fn forget(&mut self, (namespace, name): &ExceptionKey) {
        let Some(ns) = self.namespaces.get_mut(namespace) else {
            return;
        };
        let gone = Arc::make_mut(ns).exceptions.remove(name);
        if ns.exceptions.is_empty() {
            self.namespaces.remove(namespace);
        }
        self.take_away(gone);
    }

    fn take_away(&mut self, gone: Option<Assessed>) {
        if let Some(cost) = gone.and_then(|gone| gone.cost) {
            self.stated.remove(&cost);
        }
    }
}

impl StatedCost {
    /// None while the exception is not in use, gives no standing, or its namespace does not count.
    fn of(
        facts: &Inventory,
        ns: &NamespaceIndex,
        exception: &Exception,
        assessment: &Assessment,
    ) -> Option<Self> {
        let counts = assessment.usage.is_in_use() && ns.is_counted(&facts.settings);
        let standing = assessment.life.phase.standing().filter(|_| counts)?;
        let spec = &exception.spec;
        Some(Self {
            path: exception
                .path(facts.paths())
                .map_or_else(|| spec.path.as_str().into(), |path| path.name.clone()),
            team: spec.owner.team.as_str().into(),
            standing,
            hours: Hours::of(spec.ownership_cost.hours_per_month),
            items: item_costs(facts, exception),
        })
    }
}

fn item_costs(facts: &Inventory, exception: &Exception) -> Box<[ItemCost]> {
    let paths = facts.paths();
    let path = exception.path(paths);
    let names_unblocked = |item: &ItemTerms| {
        path.is_some_and(|path| {
            let mut checks = path.spec.checks.iter().enumerate();
            checks.any(|(index, check)| {
                exception.names_check(path, index) && item.unblocks(&path.name, &check.name, paths)
            })
        })
    };
    let items = facts.terms().items().iter().filter_map(|item| {
        let mut names = exception.spec.waits_for.iter();
        let waits = names.any(|name| **name == *item.name);
        (waits || names_unblocked(item)).then(|| ItemCost {
            item: item.name.clone(),
            waits,
        })
    });
    items.collect()
}
