//! For tests on machines that have neither the binaries nor Go: one line says
//! so, instead of a failure that no change to the code would cure.

use std::io::Write as _;

use crate::{ControlPlane, Error, Node, Options, Result};

/// When set, a test that cannot have its control plane fails instead.
const REQUIRED_VARIABLE: &str = "GOLDENPATH_E2E_REQUIRED";

/// Starts a control plane for a test; None, after a line `skipped: …` on standard
/// error, when the binaries cannot be had here.
///
/// # Panics
/// When the binaries are there and the control plane still does not start.
pub fn control_plane_or_skip(options: &Options) -> Option<ControlPlane> {
    or_skip(ControlPlane::start(options))
}

/// Starts a real node for a test; None, after a line `skipped: …` on standard
/// error, when this machine cannot have one.
///
/// # Panics
/// When it can, and the node still does not start.
pub fn node_or_skip(options: &Options) -> Option<Node> {
    or_skip(Node::start(options))
}

fn or_skip<T>(started: Result<T>) -> Option<T> {
    match started {
        Ok(cluster) => Some(cluster),
        Err(error @ (Error::NoGo { .. } | Error::NoCacheDirectory | Error::Unfit(_))) => {
            assert!(
                std::env::var_os(REQUIRED_VARIABLE).is_none(),
                "{REQUIRED_VARIABLE} is set, and {error}"
            );
            // Not `eprintln!`: the test runner would swallow the line.
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            None
        }
        Err(error) => panic!("failed to start a cluster: {error:?}"),
    }
}
