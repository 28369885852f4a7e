//! For tests on machines that have neither the binaries nor Go: one line says
//! so, instead of a failure that no change to the code would cure.

use std::io::Write as _;

use crate::{ControlPlane, Error, Options};

/// When set, a test that cannot have its control plane fails instead.
const REQUIRED_VARIABLE: &str = "GOLDENPATH_E2E_REQUIRED";

/// Starts a control plane for a test; None, after a line `skipped: …` on standard
/// error, when the binaries cannot be had here.
///
/// # Panics
/// When the binaries are there and the control plane still does not start.
pub fn control_plane_or_skip(options: &Options) -> Option<ControlPlane> {
    match ControlPlane::start(options) {
        Ok(control_plane) => Some(control_plane),
        Err(error @ (Error::NoGo { .. } | Error::NoCacheDirectory)) => {
            assert!(
                std::env::var_os(REQUIRED_VARIABLE).is_none(),
                "{REQUIRED_VARIABLE} is set, and {error}"
            );
            // Not `eprintln!`: the test runner would swallow the line.
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            None
        }
        Err(error) => panic!("failed to start a control plane: {error:?}"),
    }
}
