//! What a planner keeps of each object at rest: one array, indexed by the numbers that the inventory
//! gives its objects, so that it costs no key and no allocation of its own.

use crate::assess::namespace_index::Slot;

/// A `T` for each slot; that of an object which is gone is never read for the next one.
#[derive(Debug)]
pub(super) struct BySlot<T>(Vec<(u32, T)>);

impl<T> Default for BySlot<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> BySlot<T> {
    /// What is kept of the object with this slot; the default where nothing is.
    pub fn of(&mut self, slot: Slot) -> &mut T {
        let index = usize::try_from(slot.index).unwrap_or(usize::MAX);
        if self.0.len() <= index {
            self.0
                .resize_with(index.saturating_add(1), Default::default);
        }
        let (generation, kept) = &mut self.0[index];
        if *generation != slot.generation {
            (*generation, *kept) = (slot.generation, T::default());
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_object_with_the_same_index_starts_anew() {
        let mut kept = BySlot::<u8>::default();
        let slot = |generation| Slot {
            index: 3,
            generation,
        };
        *kept.of(slot(1)) = 7;
        assert_eq!(*kept.of(slot(1)), 7);
        assert_eq!(*kept.of(slot(2)), 0);
    }
}
