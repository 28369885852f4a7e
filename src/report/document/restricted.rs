//! Which checks are not named to everybody: those that their path marks as sensitive. Nothing is taken out
//! here.

use crate::assess::inventory::Inventory;

/// Whether a check is not named to everybody.
pub fn is_restricted(inventory: &Inventory, path: &str, check: &str) -> bool {
    let paths = inventory.paths();
    let path = paths.resolve(path).map(|index| paths.get(index));
    path.is_some_and(|path| path.is_sensitive(check))
}

/// Whether one of these checks of a path is not named to everybody.
pub fn names_restricted(inventory: &Inventory, path: &str, checks: &[String]) -> bool {
    let mut checks = checks.iter();
    checks.any(|check| is_restricted(inventory, path, check))
}
