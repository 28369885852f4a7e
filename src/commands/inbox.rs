//! `goldenpath inbox`: what waits for the user: requests to decide, and exceptions of their own that
//! need attention.

use clap::Args;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::judging::JudgingArgs;
use super::output::{self, TextFormat};
use super::{Exit, Invocation, runtime};
use crate::cluster;
use crate::report::register::inbox::{self, Viewer};

pub(super) const HELP: &str = "\
List what waits for you, with the command that answers it: requests that you may decide (you have \
the verb approve on the golden path, and did not ask yourself), and exceptions of your teams, or \
requested by you, that need a review, have expired, or are no longer needed.

Your teams are those named like your user or one of your groups, unless --team names others.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath inbox
  kubectl goldenpath inbox --team shop
  kubectl goldenpath inbox -n shop -o json";

/// Flags of `inbox`.
#[derive(Args, Clone, Debug, Default)]
pub struct InboxArgs {
    /// Your teams [default: named like your user and groups]
    #[arg(long = "team", value_name = "TEAM", value_delimiter = ',')]
    pub teams: Vec<String>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Prints the inbox.
pub(super) fn run(args: &InboxArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = EvidenceArgs {
        judging: args.judging.clone(),
        ..EvidenceArgs::default()
    };
    let evidence = Evidence::read(&evidence, Extent::Register, invocation)?;
    let target = invocation.global.target();
    let paths = inbox::paths_to_decide(&evidence.report);
    let reader = runtime::start()?.block_on(async {
        let identity = cluster::whoami(&target).await?;
        let decides_on = cluster::decides_on(&target, &paths).await?;
        Ok::<_, cluster::Error>(Viewer {
            decides_on,
            ..Viewer::new(&identity.user, &identity.groups, &args.teams)
        })
    })?;
    let mut inbox = inbox::inbox(&evidence.report, reader);
    for flag in invocation.global.connection_flags() {
        let items = inbox.items.iter_mut();
        for command in items.flat_map(|item| &mut item.commands) {
            *command = format!("{command} {flag}");
        }
    }
    let out = &mut output::stdout(invocation.global);
    args.output
        .write(&inbox, invocation.global, out, inbox::render)?;
    Ok(Exit::Fine)
}
