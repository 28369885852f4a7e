//! `goldenpath wins`: the Platform Wins digest of a month, printed, recorded, sent to the product manager
//! as a draft, and published once it was reviewed.

mod store;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::store::{Store, Stored, config_map};
use super::error::{ErrorKind, Result};
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output;
use super::{Exit, Invocation, runtime, terminal};
use crate::assess::goals::wins::{
    Digest, MIN_SERVICES, Month, Question, RecordedDigest, digest as digest_of,
};
use crate::assess::verdict::AsOf;
use crate::cluster::ConfigMapRef;
use crate::notify::{self, Config};
use crate::proxy::Environment;
use crate::report::terminal::plain::plain;
use crate::report::voice::Calendar;
use crate::report::wins::{self, Edition, Quote};

pub(super) const HELP: &str = "\
Write the Platform Wins digest of a month: the three teams that gained most, with evidence from the \
cluster and what they use, one line of adoption, what is new on the paths, and an obstacle that was \
removed, with thanks to the teams that asked.

A digest is a draft. Review it, ask one of the teams for a sentence, and publish it. A team in one of \
the last three recorded digests is not named again. A namespace stays out with the annotation or label \
goldenpath.dev/wins: \"off\". Nothing negative about a team is in a digest, and a month in which the \
cluster proves no change says so.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath wins                                  (the last whole month)
  goldenpath wins --month 2026-10 -o markdown
  goldenpath wins --state wins.json --record       (remembers whom it named)
  goldenpath wins --state-configmap platform/goldenpath-wins --record --send --config channels.yaml
  goldenpath wins --state-configmap platform/goldenpath-wins --config channels.yaml \\
    --publish --quote \"We release on Fridays now.\" --quote-by \"Mira, team checkout\"";

/// Flags of `wins`.
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
#[derive(Args, Clone, Debug)]
pub struct WinsArgs {
    /// The month, such as 2026-10 [default: the last whole month; with --publish, the last recorded one]
    #[arg(long, value_name = "MONTH")]
    pub month: Option<Month>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: WinsFormat,

    /// Fewest services of a team that is named: the share of one service says little
    #[arg(long, value_name = "N", default_value_t = MIN_SERVICES)]
    pub min_services: usize,

    /// File with the record of digests
    #[arg(
        long,
        value_name = "FILE",
        group = "record_place",
        help_heading = "Record, draft and publication"
    )]
    pub state: Option<PathBuf>,

    /// `ConfigMap` with the record of digests, as NAMESPACE/NAME
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        value_parser = config_map,
        group = "record_place",
        help_heading = "Record, draft and publication"
    )]
    pub state_configmap: Option<ConfigMapRef>,

    /// Record the draft, so that later digests do not repeat it
    #[arg(
        long,
        requires = "record_place",
        help_heading = "Record, draft and publication"
    )]
    pub record: bool,

    /// Send the draft to the product manager's channel; a recorded draft is sent once
    #[arg(
        long,
        requires = "config",
        help_heading = "Record, draft and publication"
    )]
    pub send: bool,

    /// Make, record and send the draft of this month once more
    #[arg(long, help_heading = "Record, draft and publication")]
    pub again: bool,

    /// The operator's configuration of reminders, which names the channels
    #[arg(
        long,
        value_name = "FILE",
        env = "GOLDENPATH_NOTIFY_CONFIG",
        help_heading = "Record, draft and publication"
    )]
    pub config: Option<PathBuf>,

    /// Publish the recorded draft in the organisation's channel, once; without --config, print it for
    /// publication
    #[arg(
        long,
        requires = "record_place",
        conflicts_with_all = ["record", "send", "again"],
        help_heading = "Record, draft and publication"
    )]
    pub publish: bool,

    /// What somebody of a named team says, for the published digest
    #[arg(
        long,
        value_name = "TEXT",
        requires_all = ["publish", "quote_by"],
        help_heading = "Record, draft and publication"
    )]
    pub quote: Option<String>,

    /// Who says it
    #[arg(
        long,
        value_name = "NAME",
        requires = "quote",
        help_heading = "Record, draft and publication"
    )]
    pub quote_by: Option<String>,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Formats of a digest.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WinsFormat {
    /// Text for people
    #[default]
    Text,
    /// Markdown
    Markdown,
    /// The body of a Slack webhook
    Slack,
    /// The body of a Workflows webhook of Microsoft Teams
    Teams,
    /// The facts and the words as JSON
    Json,
}

/// Makes the draft, or publishes it.
pub(super) fn run(args: &WinsArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    if invocation.global.namespace.is_some() && args.evidence.from.is_empty() {
        return Err(ErrorKind::WholeDigest.into());
    }
    let store = Store::of(args, invocation.global);
    if args.publish {
        return publish(args, store.as_ref(), invocation);
    }
    let month = args
        .month
        .unwrap_or_else(|| Month::last_whole(invocation.as_of()));
    if month.start() > invocation.as_of() {
        return Err(ErrorKind::MonthAhead(month).into());
    }
    let stored = store.as_ref().map(Store::read).transpose()?;
    if let Some(sent) = sent_before(args, month, stored.as_ref()) {
        print(&sent, Edition::Draft, args.output, invocation)?;
        return Ok(Exit::Fine);
    }
    draft(args, month, store.as_ref().zip(stored), invocation)
}

/// The digest of the month, if its draft was sent already.
fn sent_before(args: &WinsArgs, month: Month, stored: Option<&Stored>) -> Option<Digest> {
    let known = stored?.record.of(month)?;
    let at = known.published_at.or(known.sent_at)?;
    if args.again || !(args.send || args.record) {
        return None;
    }
    terminal::note_line(&format!(
        "The draft of {month} was sent on {}: it stays as it is. --again makes another one.",
        Calendar::Stored.day(at)
    ));
    Some(known.digest.clone())
}

fn draft(
    args: &WinsArgs,
    month: Month,
    place: Option<(&Store<'_>, Stored)>,
    invocation: &Invocation<'_>,
) -> Result<Exit> {
    let config = args.config.as_deref().filter(|_| args.send);
    let config = config.map(Config::read).transpose()?;
    let evidence = Evidence::read(&args.evidence, Extent::Delivery, invocation)?;
    terminal::note_problems(&evidence.problems);
    let question = Question {
        month,
        min_services: args.min_services,
        recent: place.as_ref().map(|(_, it)| it.record.recent(month)),
        unseen_opted_out: evidence.is_of_cluster(),
    };
    let as_of = AsOf::new(evidence.report.as_of);
    let digest = digest_of(&evidence.inventory, &question, &as_of);
    print(&digest, Edition::Draft, args.output, invocation)?;
    if let Some(reason) = evidence.nothing_judged() {
        terminal::note(&format!("{reason}\n"));
        return Ok(Exit::Unreadable);
    }
    if evidence.is_partial() && (args.send || args.record) {
        return Err(ErrorKind::PartialDigest.into());
    }
    let mut entry = match &place {
        Some((_, stored)) => stored.record.draft(digest),
        None => RecordedDigest::first(digest),
    };
    let mut place = place.filter(|_| args.record);
    // First the record: a crash behind the sending sends the same draft again, under the same key.
    if let Some((store, stored)) = &mut place {
        store.put(stored, entry.clone())?;
    }
    if let Some(config) = &config {
        let channel = &config.wins.draft;
        let sending =
            notify::send_wins(config, channel, &entry, Edition::Draft, Environment::read());
        runtime::start()?.block_on(sending)?;
        terminal::note_line(&format!(
            "The draft was sent to channel {}.",
            plain(channel)
        ));
        entry.sent_at = Some(invocation.now);
        if let Some((store, stored)) = &mut place {
            store.put(stored, entry)?;
        }
    }
    Ok(evidence.exit())
}

/// Publishes the recorded draft.
fn publish(
    args: &WinsArgs,
    store: Option<&Store<'_>>,
    invocation: &Invocation<'_>,
) -> Result<Exit> {
    let Some(store) = store else {
        // clap asks for one.
        return Ok(Exit::Unreadable);
    };
    let mut stored = store.read()?;
    let latest = || stored.record.latest().map(|it| it.digest.month);
    let last_whole = || Month::last_whole(invocation.as_of());
    let month = args.month.or_else(latest).unwrap_or_else(last_whole);
    let mut entry = match stored.record.of(month) {
        Some(entry) => entry.clone(),
        None => return Err(ErrorKind::NoDraftOf(month).into()),
    };
    let quote = args.quote.clone().zip(args.quote_by.clone());
    let quote = quote.map(|(text, by)| Quote { text, by });
    let edition = Edition::Published(quote.as_ref());
    let Some(file) = &args.config else {
        print(&entry.digest, edition, args.output, invocation)?;
        return Ok(Exit::Fine);
    };
    if let Some(at) = entry.published_at {
        return Err(ErrorKind::Published { month, at }.into());
    }
    let config = Config::read(file)?;
    let channel = config.wins.publish.as_ref();
    let channel = channel.ok_or(ErrorKind::NoPublishChannel)?;
    let sending = notify::send_wins(&config, channel, &entry, edition, Environment::read());
    runtime::start()?.block_on(sending)?;
    print(&entry.digest, edition, args.output, invocation)?;
    terminal::note_line(&format!(
        "The digest of {month} was published in channel {}.",
        plain(channel)
    ));
    entry.published_at = Some(invocation.now);
    store.put(&mut stored, entry)?;
    Ok(Exit::Fine)
}

fn print(
    digest: &Digest,
    edition: Edition<'_>,
    format: WinsFormat,
    invocation: &Invocation<'_>,
) -> Result<()> {
    let global = invocation.global;
    let out = &mut output::stdout(global);
    match format {
        WinsFormat::Text => {
            let color = output::style(global, false).color;
            output::text(&wins::render(digest, edition, color), out)
        }
        WinsFormat::Markdown => output::text(&wins::markdown(digest, edition), out),
        WinsFormat::Slack => output::json(&wins::slack(digest, edition), out),
        WinsFormat::Teams => output::json(&wins::teams(digest, edition), out),
        WinsFormat::Json => output::json(&wins::document(digest, edition), out),
    }
}
