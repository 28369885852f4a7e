//! `goldenpath reminders`: the reminders that are due now, printed instead of sent. The cluster is read
//! once, with list rights; nothing is sent and nothing is recorded.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::judging::JudgingArgs;
use super::output::{self, TextFormat};
use super::{Exit, Invocation, terminal};
use crate::assess::reminders::{ChannelRoutes, DryRun, Mode, PlanContext, ReminderSettings, plan};
use crate::notify::Config;
use crate::report::reminder::{self, Digest};
use crate::report::voice::day;

pub(super) const HELP: &str = "\
Print the reminders that owners would get now, message by message: everything that is due and was not \
sent yet, whatever the configured time of day; and, where the configuration names a channel for \
changelogs, what is new on paths. Nothing is sent and nothing is recorded. List rights \
are enough. The channels are those after the operator's dry run.";
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
        Some(file) => {
            let configured = Config::read(file)?.settings;
            let (platform, now) = (&configured.routes.platform, invocation.as_of());
            if let Some(note) = dry_run(configured.dry_run, platform, now) {
                terminal::note_line(&note);
            }
            configured.routes
        }
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
        &Digest::from(plan),
        invocation.global,
        out,
        reminder::render,
    )?;
    Ok(Exit::Fine)
}

/// Where messages go during the operator's dry run: the channels printed here are those after it.
fn dry_run(dry_run: DryRun, platform: &str, now: Timestamp) -> Option<String> {
    let when = match dry_run {
        DryRun::Days(0) => return None,
        DryRun::Days(days) => format!("In its first {days} days"),
        DryRun::Until(until) if until <= now => return None,
        DryRun::Until(until) => format!("Until {}", day(until, now)),
    };
    Some(format!(
        "{when} the operator sends every message to the channel {platform} instead: the dry run."
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_noted_while_it_may_last() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-27T00:00:00Z");
        let note = |run| dry_run(run, "platform", now);
        assert_eq!(note(DryRun::Days(0)), None);
        assert_eq!(note(DryRun::Until(now)), None);
        assert_eq!(
            note(DryRun::Days(14)).as_deref(),
            Some(
                "In its first 14 days the operator sends every message to the channel platform instead: the dry run."
            )
        );
        let until = note(DryRun::Until(at("2027-01-31T00:00:00Z"))).unwrap();
        assert!(
            until.starts_with("Until 31 Jan 2027 the operator"),
            "{until}"
        );
    }
}
