//! Objectives by their parents: whether a parent is there, and every objective below the one that it
//! serves. A circle of parents is found and never followed.

use std::collections::{BTreeMap, BTreeSet};

use crate::assess::goal_objects::{Goals, StoredObjective};
use crate::assess::wording::nearest;

/// What became of the parent that an objective names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// It is there.
    Found,
    /// It is not there; the name that was probably meant.
    Missing(Option<String>),
    /// The objective is below itself; the names, from it to it.
    Circle(Vec<String>),
}

/// The parent of an objective; none where it names none.
pub fn parent(goals: &Goals, objective: &StoredObjective) -> Option<Parent> {
    let name = objective.spec.parent.as_deref()?;
    if let Some(circle) = circle(goals, objective) {
        return Some(Parent::Circle(circle));
    }
    let known = || goals.objectives.iter().map(|it| &*it.name);
    let is_there = goals.objectives.get(name).is_some()
        || goals.objectives.undecodable().any(|(it, _)| &**it == name);
    Some(if is_there {
        Parent::Found
    } else {
        let others = known().filter(|it| *it != &*objective.name);
        Parent::Missing(nearest(name, others).map(str::to_owned))
    })
}

/// The names from an objective up to itself.
fn circle(goals: &Goals, objective: &StoredObjective) -> Option<Vec<String>> {
    let mut names = vec![objective.name.to_string()];
    let mut seen = BTreeSet::new();
    let mut next = objective.spec.parent.as_deref();
    while let Some(name) = next.filter(|name| seen.insert(*name)) {
        names.push(name.to_owned());
        if name == &*objective.name {
            return Some(names);
        }
        next = goals.objectives.get(name)?.spec.parent.as_deref();
    }
    None
}

/// An objective and how many parents are above it.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The objective.
    pub objective: &'a StoredObjective,
    /// 0 for one without a parent that is there.
    pub depth: usize,
}

/// Every objective once, each below its parent, in order of name.
pub fn cascade(goals: &Goals) -> Vec<Placed<'_>> {
    let mut children = BTreeMap::<&str, Vec<&StoredObjective>>::new();
    let mut waiting = Vec::new();
    for objective in goals.objectives.iter() {
        let parent = objective.spec.parent.as_deref();
        match parent.filter(|parent| goals.objectives.get(parent).is_some()) {
            Some(parent) => children.entry(parent).or_default().push(objective),
            None => waiting.push(objective),
        }
    }
    let mut cascade = Cascade {
        children,
        placed: Vec::new(),
        seen: BTreeSet::new(),
    };
    for root in waiting {
        cascade.place(root);
    }
    // What is left is in a circle, or below one.
    for objective in goals.objectives.iter() {
        cascade.place(objective);
    }
    cascade.placed
}

struct Cascade<'a> {
    children: BTreeMap<&'a str, Vec<&'a StoredObjective>>,
    placed: Vec<Placed<'a>>,
    seen: BTreeSet<&'a str>,
}

impl<'a> Cascade<'a> {
    /// Places an objective and all below it. A stack instead of recursion: the depth is up to users.
    fn place(&mut self, root: &'a StoredObjective) {
        let mut stack = vec![(root, 0)];
        while let Some((objective, depth)) = stack.pop() {
            if !self.seen.insert(&objective.name) {
                continue;
            }
            self.placed.push(Placed { objective, depth });
            let children = self.children.get(&*objective.name);
            let children = children.into_iter().flatten().rev();
            stack.extend(children.map(|child| (*child, depth + 1)));
        }
    }
}
