//! `goldenpath init`: proposes golden paths from what teams already do. The proposal is printed or
//! written to a file, never applied: it is there to be edited.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{EvidenceArgs, Judged, Objects, flags, is_golden_path, judge};
use super::judging::JudgingArgs;
use super::output::{self, ObjectFormat};
use super::{Exit, Invocation, terminal};
use crate::api::{GoldenPath, Period};
use crate::assess::proposal::survey::Survey;
use crate::assess::proposal::{self as proposing, Proposal, Thresholds};
use crate::assess::source::Source;
use crate::manifests::{Input, Manifest, PathsFrom};
use crate::report::proposal as words;

pub(super) const HELP: &str = "\
Propose golden paths from what teams already do: judge every workload of a cluster or of manifests by \
a catalogue of steps, and write a path for each group of kinds. What most workloads pass is required, \
what many pass is announced, the rest is recommended; each step is printed with its share. Golden paths \
that exist already are not read. List rights are enough; nothing is applied.

The notes on stderr also name the labels or annotations that most workloads carry for their owner and \
their service.

Exit code: 0, or 2 where part of the input cannot be read or no workload was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath init > path.yaml
  goldenpath init --from deploy/ --output-file path.yaml   (manifests instead of a cluster)
  goldenpath init --require-at 90 --announce-at 60 --announce-for 180d";

/// Flags of `init`.
#[derive(Args, Clone, Debug)]
pub struct InitArgs {
    /// Read the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR", help_heading = "What is read")]
    pub from: Vec<PathBuf>,

    /// Require a step from this share of workloads on, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = percent())]
    pub require_at: u8,

    /// Announce a step from this share of workloads on, in percent; recommend it below
    #[arg(long, value_name = "PERCENT", default_value_t = 40, value_parser = percent())]
    pub announce_at: u8,

    /// How far ahead an announced step starts to count
    #[arg(long, value_name = "TIME", default_value_t = Period::days(90))]
    pub announce_for: Period,

    /// Write the proposal to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ObjectFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

fn percent() -> RangedU64ValueParser<u8> {
    RangedU64ValueParser::new().range(0..=100)
}

/// Prints or writes the proposal.
pub(super) fn run(args: &InitArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let objects = if args.from.is_empty() {
        Objects::from_cluster(&args.judging, &[], None, invocation.global)?
    } else {
        Objects::from_manifests(&args.from, &[], invocation.global)?
    };
    terminal::note_problems(&objects.problems);
    terminal::note_problems(&objects.input.problems);
    let unreadable = objects.input.unreadable;
    let thresholds = &Thresholds {
        required: args.require_at,
        announced: args.announce_at,
        announce_for: args.announce_for,
    };
    let proposal = match propose(objects.input, args, thresholds, invocation) {
        Ok(proposal) => proposal,
        Err(nothing_judged) => {
            terminal::note(&format!("{nothing_judged}\n"));
            return Ok(Exit::Unreadable);
        }
    };
    let text = match args.output {
        ObjectFormat::Yaml => {
            words::yaml(&proposal, thresholds).map_err(CommandError::render("YAML"))?
        }
        ObjectFormat::Json => {
            let mut text = Vec::new();
            output::json(&words::list(&proposal), &mut text)?;
            String::from_utf8_lossy(&text).into_owned()
        }
    };
    match &args.output_file {
        Some(file) => write_file(&text, file)?,
        None => output::text(&text, &mut output::stdout(invocation.global))?,
    }
    let file = args.output_file.clone().unwrap_or_else(|| "FILE".into());
    let report = EvidenceArgs {
        paths: vec![PathsFrom::File(file)],
        from: args.from.clone(),
        judging: args.judging.clone(),
    };
    let notes = words::notes(&proposal, &flags(&report, invocation.global));
    terminal::note(&(notes.join("\n") + "\n"));
    Ok(Exit::of_input(unreadable))
}

/// The proposal, or why nothing was judged.
fn propose(
    mut input: Input,
    args: &InitArgs,
    thresholds: &Thresholds,
    invocation: &Invocation<'_>,
) -> Result<Proposal, String> {
    let now = invocation.as_of();
    input
        .manifests
        .retain(|manifest| !is_golden_path(&manifest.value));
    let Judged {
        inventory,
        passed_over,
        ..
    } = judge(input.clone(), &args.judging, now);
    let objects = input.manifests.iter().map(|manifest| &manifest.value);
    let survey = Survey::of(objects, &inventory);
    if survey.groups.is_empty() {
        return Err(if args.from.is_empty() {
            "no workload to judge in the cluster".to_owned()
        } else {
            format!("no workload to judge; {passed_over}")
        });
    }
    let candidates = proposing::candidates(&survey)
        .into_iter()
        .map(|(group, spec)| Manifest {
            source: Source {
                file: "candidates".to_owned(),
                line: 0,
            },
            // A spec has only texts as keys: it can always be written as JSON.
            value: serde_json::to_value(GoldenPath::new(group.name(), spec)).unwrap_or_default(),
        });
    input.manifests.extend(candidates);
    let Judged { inventory, .. } = judge(input, &args.judging, now);
    Ok(proposing::propose(&inventory, survey, thresholds, now))
}

/// An existing file stays: it may be a proposal that was edited.
fn write_file(text: &str, file: &Path) -> Result<()> {
    let write = || -> io::Result<()> { fs::File::create_new(file)?.write_all(text.as_bytes()) };
    write().map_err(|source| {
        let file = file.to_owned();
        ErrorKind::WriteFile { file, source }.into()
    })
}
