//! `goldenpath survey import`: reads an export, prints what will be stored on stderr, and the manifest on
//! stdout or, with `--apply`, writes it to the cluster. Answers are added up in [`crate::assess`].

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use kube::ResourceExt as _;

use super::published::{self, Check};
use super::refusal::Refusal;
use crate::api::developer_survey::Grouping;
use crate::api::platform_objective::Span;
use crate::api::text::Shape;
use crate::api::{DeveloperSurvey, DeveloperSurveySpec};
use crate::assess::goals::survey::aggregate::{self, GroupSums};
use crate::assess::goals::survey::amendment;
use crate::assess::goals::survey::questions::QUESTION_SET;
use crate::assess::goals::survey::suppression::{LeftOut, Publication, Terms, publish};
use crate::cluster::{self, Target};
use crate::commands::error::{CommandError, Result};
use crate::commands::judging::instant;
use crate::commands::output::{self, ObjectFormat};
use crate::commands::{Exit, Invocation, runtime, terminal};
use crate::manifests;
use crate::manifests::survey::mapping::PeriodText;
use crate::manifests::survey::{Mapping, Reading};
use crate::report::survey as words;
use crate::report::terminal::plain::plain;
use crate::report::voice::counted;

pub(super) const HELP: &str = "\
Read the export of a survey tool, add the answers up by group, and write one DeveloperSurvey. What will \
be stored is printed first, on stderr; then the manifest on stdout. Nothing is written to a cluster \
without --apply.

Commas, semicolons and tabs are told apart, and so are UTF-8 and UTF-16 with a byte order mark. The \
mapping says which column is what; without one, the headings are those of the template. A row that the \
mapping does not fit is refused with its line, and then nothing is stored.

Groups smaller than minGroupSize are hidden before anything is written. A published wave takes five or \
more new answers of a group at once, and no second wave takes answers of its period. Both are checked \
against the waves of the cluster, also for a manifest; where no cluster answers, stderr says so.

Exit code: 0 a manifest or an object was written, 2 nothing was.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath survey import responses.csv --from 2026-07-01 --to 2026-10-01 --invited 120
  goldenpath survey import responses.csv --mapping map.yaml > 2026-q3.yaml
  goldenpath survey import responses.csv --mapping map.yaml --apply";

/// Refused rows that are named, each in one line.
const NAMED: usize = 20;
/// The smallest group that the definition accepts.
const LEAST_GROUP: u32 = 5;

/// Flags of `survey import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The export; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Which column of the export is what [default: the headings of the template]
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Leave out rows that the mapping does not fit, and go on
    #[arg(long)]
    pub skip_refused: bool,

    /// Write the wave to the cluster, instead of printing the manifest
    #[arg(long)]
    pub apply: bool,

    /// Do not check the manifest against the waves of the cluster
    #[arg(long, conflicts_with = "apply")]
    pub offline: bool,

    /// Output format [default: yaml; with --apply, one line]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,

    /// The wave itself.
    #[command(flatten)]
    pub wave: WaveArgs,
}

impl ImportArgs {
    /// A cluster that is written to, or that a flag names, has to answer.
    const fn check(&self, target: &Target) -> Check {
        if self.offline {
            Check::Offline
        } else if self.apply || target.kubeconfig.is_some() || target.context.is_some() {
            Check::Required
        } else {
            Check::WherePossible
        }
    }
}

/// The wave; each overrides the mapping.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The wave")]
pub struct WaveArgs {
    /// Name of the wave [default: its question set, and the month in which it begins]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// First day of the answers, or an instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub from: Option<Timestamp>,

    /// End of the answers: the day after the last one, or an instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub to: Option<Timestamp>,

    /// Name of the questions; waves are compared within one [default: that of the template]
    #[arg(long, value_name = "NAME")]
    pub question_set: Option<String>,

    /// People who were invited; gives the response rate
    #[arg(long, value_name = "NUMBER")]
    pub invited: Option<u32>,

    /// What the groups are [default: Team]
    #[arg(long, value_enum, value_name = "GROUPING", ignore_case = true)]
    pub grouping: Option<Grouping>,
}

impl ValueEnum for Grouping {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Team, Self::Persona, Self::Everyone]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// What a wave is, besides its answers.
struct Wave {
    name: String,
    period: Span,
    question_set: String,
    grouping: Grouping,
    min_group_size: u32,
    invited: Option<u32>,
}

pub(super) fn run(args: &ImportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let stdin = &mut io::stdin().lock();
    let mapping = match &args.mapping {
        Some(file) => manifests::survey::mapping(file, stdin)?,
        None => Mapping::of_template(),
    };
    let mapping = with_period(mapping, &args.wave);
    let mut wave = wave(&args.wave, &mapping)?;
    if mapping.columns.group.is_none() {
        wave.grouping = Grouping::Everyone;
    }
    let reading = manifests::survey::responses(&args.file, &mapping, stdin)?;
    refuse_rows(&reading, args)?;
    let sums = aggregate::groups(&reading.answers);
    let target = invocation.global.target();
    let stored = published::waves(args.check(&target), &target)?;
    let published = stored.iter().find(|it| it.name_any() == wave.name);
    let publication = publication(&wave, sums, &stored, published)?;
    let Publication {
        grouping,
        groups,
        hidden,
        left_out,
    } = publication;
    let spec = DeveloperSurveySpec {
        period: wave.period,
        question_set: wave.question_set,
        invited: wave.invited,
        grouping,
        min_group_size: wave.min_group_size,
        groups,
        hidden,
    };
    let survey = DeveloperSurvey::new(&wave.name, spec);
    show(&survey, &reading, &left_out, args);
    write(&survey, published, args, invocation)?;
    Ok(Exit::Fine)
}

/// The mapping with the period of the flags, which also says which answers belong to the wave.
fn with_period(mut mapping: Mapping, wave: &WaveArgs) -> Mapping {
    let stated = mapping.period.take();
    let text =
        |flag: Option<Timestamp>, stated: Option<String>| flag.map(|at| at.to_string()).or(stated);
    let (from, to) = stated.map(|it| (it.from, it.to)).unzip();
    let period = text(wave.from, from).zip(text(wave.to, to));
    mapping.period = period.map(|(from, to)| PeriodText { from, to });
    mapping
}

fn wave(args: &WaveArgs, mapping: &Mapping) -> Result<Wave> {
    let Some(period) = &mapping.period else {
        let missing = Refusal::Missing("--from and --to, or period in the mapping".to_owned());
        return Err(missing.into());
    };
    let period = period.span().map_err(manifests::Error::from)?;
    let question_set = args.question_set.clone().or(mapping.question_set.clone());
    let question_set = question_set.unwrap_or_else(|| QUESTION_SET.to_owned());
    check_name("question-set", &question_set)?;
    let stated = args.name.clone().or(mapping.name.clone());
    let month = period.from.0.strftime("%Y-%m");
    let name = stated.unwrap_or_else(|| format!("{question_set}-{month}"));
    check_name("name", &name)?;
    let min_group_size = mapping.min_group_size.unwrap_or(LEAST_GROUP);
    if min_group_size < LEAST_GROUP {
        let problem = format!("{LEAST_GROUP} or more: fewer people could be guessed");
        let flag = "mapping, minGroupSize";
        return Err(Refusal::Flag { flag, problem }.into());
    }
    Ok(Wave {
        name,
        period,
        question_set,
        grouping: args.grouping.or(mapping.grouping).unwrap_or_default(),
        min_group_size,
        invited: args.invited.or(mapping.invited),
    })
}

fn check_name(flag: &'static str, name: &str) -> Result<()> {
    if name.len() <= 63 && Shape::DnsLabel.accepts(name) {
        return Ok(());
    }
    let problem = "write at most 63 lower-case letters, digits and '-'".to_owned();
    Err(Refusal::Flag { flag, problem }.into())
}

/// Names the rows that are refused; an error unless they may be skipped.
fn refuse_rows(reading: &Reading, args: &ImportArgs) -> Result<()> {
    for refused in reading.refused.iter().take(NAMED) {
        let file = args.file.display().to_string();
        terminal::note(&format!(
            "{}: {}\n",
            plain(&file),
            plain(&refused.to_string())
        ));
    }
    let more = reading.refused.len().saturating_sub(NAMED);
    if more > 0 {
        terminal::note(&format!("and {}\n", counted(more, "more row")));
    }
    if reading.refused.is_empty() || args.skip_refused {
        return Ok(());
    }
    let rows = counted(reading.refused.len(), "row");
    Err(Refusal::Rows { rows }.into())
}

/// What may be published beside what is published already.
fn publication(
    wave: &Wave,
    mut sums: Vec<GroupSums>,
    stored: &[DeveloperSurvey],
    published: Option<&DeveloperSurvey>,
) -> Result<Publication, Refusal> {
    let others = stored.iter().filter(|it| it.name_any() != wave.name);
    let others = others.map(|it| (it.metadata.name.as_deref().unwrap_or_default(), &it.spec));
    amendment::check_others(others, &wave.period)?;
    if let Some(published) = published {
        amendment::spell_as_published(&mut sums, &published.spec);
    }
    let names: Vec<String> = published
        .iter()
        .flat_map(|it| &it.spec.groups)
        .map(|group| group.name.to_lowercase())
        .collect();
    let is_whole = published.is_some_and(|it| it.spec.grouping == Grouping::Everyone);
    let terms = Terms {
        grouping: if is_whole {
            Grouping::Everyone
        } else {
            wave.grouping
        },
        min: wave.min_group_size,
        published: names.iter().map(String::as_str).collect::<BTreeSet<_>>(),
    };
    let mut publication = publish(sums.clone(), &terms)?;
    if let Some(published) = published {
        amendment::retain_earlier_form(&mut publication, &published.spec);
        amendment::check(&published.spec, &wave.question_set, &publication, &sums)?;
    }
    Ok(publication)
}

fn show(survey: &DeveloperSurvey, reading: &Reading, left_out: &[LeftOut], args: &ImportArgs) {
    let read = words::Read {
        rows: reading.rows,
        answers: reading.answers.len(),
        partial: reading.partial,
        outside: reading.outside,
        repeated: reading.repeated,
        skipped: reading.refused.len(),
    };
    terminal::note(&words::stored(survey, &read, left_out));
    if !args.apply {
        terminal::note(
            "Next       nothing is written yet: pipe the manifest to kubectl apply -f -, or add --apply\n",
        );
    }
}

fn write(
    survey: &DeveloperSurvey,
    published: Option<&DeveloperSurvey>,
    args: &ImportArgs,
    invocation: &Invocation<'_>,
) -> Result<()> {
    let out = &mut output::stdout(invocation.global);
    if !args.apply {
        return args.output.unwrap_or_default().write(survey, out);
    }
    if published.is_some_and(|it| it.spec == survey.spec) {
        return print(survey, "unchanged", args, out);
    }
    let target = invocation.global.target();
    let written = cluster::publish_survey(&target, survey, published);
    let stored = runtime::start()?.block_on(written)?;
    let done = if published.is_some() {
        "configured"
    } else {
        "created"
    };
    print(&stored, done, args, out)
}

fn print(
    survey: &DeveloperSurvey,
    done: &str,
    args: &ImportArgs,
    out: &mut dyn io::Write,
) -> Result<()> {
    if let Some(format) = args.output {
        return format.write(survey, out);
    }
    let name = survey.name_any();
    writeln!(out, "developersurvey.goldenpath.dev/{name} {done}").map_err(CommandError::output)
}
