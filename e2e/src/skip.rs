//! For tests on machines with neither the binaries nor Go: they print one line instead of failing,
//! because no change to the code would help.

use std::{io::Write as _, sync::LazyLock};

use crate::{Binaries, ControlPlane, Error, Node, Options, Result, Tool};

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

/// One node for all tests of a test program; as [`node_or_skip`] otherwise. What
/// tests do there must not meet: a namespace each.
///
/// # Panics
/// As [`node_or_skip`].
pub fn shared_node_or_skip() -> Option<&'static Node> {
    static NODE: LazyLock<Result<Node>> = LazyLock::new(|| Node::start(&Options::default()));
    NODE.as_ref().map_err(skip_or_panic).ok()
}

/// Programs a test runs beside a control plane; None, after a line `skipped: …` on standard error,
/// when they cannot be had here.
///
/// # Panics
/// When there is Go to build them with, and the build fails.
pub fn binaries_or_skip(tools: &[Tool]) -> Option<Binaries> {
    or_skip(Binaries::locate_or_build(tools, |_| {}))
}

fn or_skip<T>(started: Result<T>) -> Option<T> {
    started.map_err(|error| skip_or_panic(&error)).ok()
}

fn skip_or_panic(error: &Error) {
    match error {
        Error::NoGo { .. } | Error::NoCacheDirectory => assert!(
            std::env::var_os(REQUIRED_VARIABLE).is_none(),
            "{REQUIRED_VARIABLE} is set, and {error}"
        ),
        // Who requires a control plane may still not be root.
        Error::Unfit(_) => {}
        error => panic!("failed to start a cluster: {error:?}"),
    }
    // Not `eprintln!`: the test runner would swallow the line.
    let _ = writeln!(std::io::stderr(), "skipped: {error}");
}
