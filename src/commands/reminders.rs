//! `goldenpath reminders`: the reminders that are due now, printed instead of sent. The cluster is read
//! once, with list rights; nothing is sent and nothing is recorded.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::judging::JudgingArgs;
use super::output::{self, TextFormat};
use super::{Exit, Invocation};
use crate::assess::reminders::{ChannelRoutes, DryRun, Mode, PlanContext, ReminderSettings, plan};
use crate::notify::Config;
use crate::report::reminder::{self, Digest};

pub(super) const HELP: &str = "\
Print the reminders that owners would get now, message by message: everything that is due and was not \
sent yet, whatever the configured time of day. Nothing is sent and nothing is recorded. List rights \
are enough.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath reminders
  goldenpath reminders --config reminders.yaml     (with the channel of each message)
  goldenpath reminders --as-of 2027-01-31          (what will be due by then)
  goldenpath reminders -n shop -o json";

/// Flags of `reminders`.
#[derive(Args, Clone, Debug, Default)]
pub struct RemindersArgs {
    /// The operator's configuration of reminders, which names the channels
    #[arg(long, value_name = "FILE", env = "GOLDENPATH_NOTIFY_CONFIG")]
    pub config: Option<PathBuf>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Prints the reminders. The configured time of day and the dry run play no part.
pub(super) fn run(args: &RemindersArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let routes = match &args.config {
        Some(file) => Config::read(file)?.settings.routes,
        None => one_channel(),
    };
    let settings = ReminderSettings {
        routes,
        mode: Mode::Immediate,
        dry_run: DryRun::Days(0),
    };
    let evidence = EvidenceArgs {
        judging: args.judging.clone(),
        ..EvidenceArgs::default()
    };
    let evidence = Evidence::read(&evidence, Extent::Overview, invocation)?;
    let ctx = PlanContext {
        now: invocation.as_of(),
        dry_run: false,
    };
    let plan = plan(&evidence.inventory, &settings, ctx, &BTreeSet::new());
    let out = &mut output::stdout(invocation.global);
    args.output.write(
        &Digest(plan.messages),
        invocation.global,
        out,
        reminder::render,
    )?;
    Ok(Exit::Fine)
}

/// Without a configuration, everything goes to one channel.
fn one_channel() -> ChannelRoutes {
    ChannelRoutes {
        channels: ["default".into()].into(),
        default: "default".into(),
        platform: "default".into(),
        ..ChannelRoutes::default()
    }
}
