//! Renders what a drafted golden path or exception would change.

pub mod exception;
pub mod path;
