//! What every claim of a digest is made from: the inventory at one instant, the month, and who opted out.

use jiff::Timestamp;

use super::month::Month;
use super::opt_out::OptOuts;
use crate::assess::inventory::Inventory;
use crate::assess::verdict::AsOf;

/// What every claim is made from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub inventory: &'a Inventory,
    pub as_of: &'a AsOf,
    pub month: Month,
    pub opt_outs: &'a OptOuts,
}

impl Scene<'_> {
    /// Whether an instant is in the month, and not ahead.
    pub fn is_within(&self, at: Timestamp) -> bool {
        self.month.contains(at) && at <= self.as_of.now
    }
}
