//! Planner state by object: one array, indexed by the slots that the inventory assigns, so that state of
//! an object at rest needs no key and no allocation. It never holds the object itself.

use crate::assess::namespace_index::Slot;

/// A `T` for each slot. An object never gets the `T` of an earlier object with the same index.
#[derive(Debug)]
pub(super) struct BySlot<T>(Vec<(u32, T)>);

impl<T> Default for BySlot<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> BySlot<T> {
    /// The state of the object with this slot; at first the default.
    pub fn of(&mut self, slot: Slot) -> &mut T {
        let index = usize::try_from(slot.index).unwrap_or(usize::MAX);
        if self.0.len() <= index {
            self.0
                .resize_with(index.saturating_add(1), Default::default);
        }
        let (generation, state) = &mut self.0[index];
        if *generation != slot.generation {
            (*generation, *state) = (slot.generation, T::default());
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_object_with_the_same_index_starts_anew() {
        let mut states = BySlot::<u8>::default();
        let slot = |generation| Slot {
            index: 3,
            generation,
        };
        *states.of(slot(1)) = 7;
        assert_eq!(*states.of(slot(1)), 7);
        assert_eq!(*states.of(slot(2)), 0);
    }
}
