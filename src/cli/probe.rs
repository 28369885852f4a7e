//! Flags of the question the chart's `helm test` asks.

use clap::Args;

use crate::api::Period;

pub(super) const HELP: &str = "\
Ask one plain HTTP address, and say whether it answers as expected: with a status of 200 to 299, \
and with every text of --expect in the body. The image holds nothing else that could ask, so this \
is what `helm test` runs.

A Service's environment variable, tcp://10.0.0.1:8081, is understood as an address.

Exit code: 0 it answers as expected, 1 it answers otherwise, 2 it cannot be asked.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath probe http://goldenpath.goldenpath-system:8081/readyz
  goldenpath probe http://127.0.0.1:8081/metrics --expect goldenpath_build_info
  goldenpath probe $GOLDENPATH_PORT_8081_TCP/readyz --within 60s   (in a pod beside the Service)";

/// Flags of `probe`.
#[derive(Args, Clone, Debug)]
pub struct ProbeArgs {
    /// What to ask, such as <http://127.0.0.1:8081/readyz>
    #[arg(value_name = "URL")]
    pub url: String,

    /// A text the body has to hold; may be given more than once
    #[arg(long, value_name = "TEXT")]
    pub expect: Vec<String>,

    /// How long to try again until it answers as expected [default: ask once]
    #[arg(long, value_name = "PERIOD")]
    pub within: Option<Period>,
}
