//! A count of equal values: each distinct one is held once, however often it was added, so that a sum over
//! many objects is a sum over few values. The values are unknown here.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Distinct values, and how often each was added. A copy is small: it shares the values.
#[derive(Clone, Debug)]
pub(in crate::assess) struct Multiset<T> {
    counts: HashMap<Arc<T>, usize>,
}

impl<T> Default for Multiset<T> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
        }
    }
}

impl<T: Eq + Hash> Multiset<T> {
    /// Adds a value. Returns the one copy of it.
    pub fn add(&mut self, value: Arc<T>) -> Arc<T> {
        let known = self.counts.get_key_value(&value);
        let value = known.map_or(value, |(known, _)| known.clone());
        *self.counts.entry(value.clone()).or_default() += 1;
        value
    }

    /// Takes a value away once.
    pub fn remove(&mut self, value: &T) {
        if let Some(count) = self.counts.get_mut(value) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(value);
            }
        }
    }

    /// Each distinct value, and how often it was added.
    pub fn iter(&self) -> impl Iterator<Item = (&T, usize)> {
        self.counts.iter().map(|(value, count)| (&**value, *count))
    }
}
