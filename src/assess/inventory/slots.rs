//! Slots: dense numbers for workloads and Services, so that a planner can hold its state of each in one
//! array, outside the inventory. That state is unknown here.

use crate::assess::namespace_index::Slot;

/// Assigns slots.
#[derive(Debug, Default)]
pub(super) struct Slots {
    free: Vec<u32>,
    next: u32,
    generation: u32,
}

impl Slots {
    /// A slot for a new object.
    pub fn take(&mut self) -> Slot {
        let index = self.free.pop().unwrap_or_else(|| {
            let index = self.next;
            self.next = index.saturating_add(1);
            index
        });
        self.renew(Slot {
            index,
            generation: 0,
        })
    }

    /// The same index for another object of the same name.
    pub fn renew(&mut self, slot: Slot) -> Slot {
        self.generation = self.generation.wrapping_add(1);
        Slot {
            index: slot.index,
            generation: self.generation,
        }
    }

    /// Frees the slots of deleted objects.
    pub(crate) fn give_back(&mut self, slots: impl IntoIterator<Item = Slot>) {
        self.free.extend(slots.into_iter().map(|slot| slot.index));
    }
}
