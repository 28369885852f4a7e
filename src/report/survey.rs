//! Developer surveys in words: what an import found and stores, and the parts that pages share. Names of
//! groups and counts are all it prints.

mod template;

use std::fmt::Write as _;

use crate::api::DeveloperSurvey;
use crate::api::developer_survey::Grouping;
use crate::assess::goals::survey::aggregate::Mean;
use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::score::nps;
use crate::assess::goals::survey::suppression::LeftOut;
use crate::assess::goals::survey::waves::{response_rate, responses, shown_counts, shown_mean};
use crate::assess::goals::survey::words;
use crate::report::document::surveys::{HiddenLine, WaveLine};
use crate::report::terminal::plain::plain;
use crate::report::terminal::share::percent;
use crate::report::voice::counted;

pub use template::{csv, mapping, markdown, text, yaml};

/// Groups that are named in one line.
const NAMED: usize = 12;

/// What an import read, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    pub rows: usize,
    pub answers: usize,
    pub partial: usize,
    pub outside: usize,
    pub repeated: usize,
    /// Rows left out at the user's request.
    pub skipped: usize,
}

/// What will be stored of a wave.
pub fn stored(survey: &DeveloperSurvey, read: &Read, left_out: &[LeftOut]) -> String {
    let spec = &survey.spec;
    let name = survey.metadata.name.as_deref().unwrap_or_default();
    let mut text = String::new();
    line(&mut text, "Read", &found(read));
    let period = |at: jiff::Timestamp| at.strftime("%-d %b %Y").to_string();
    let (from, to) = (period(spec.period.from.0), period(spec.period.to.0));
    let wave = format!("{name}: {}, {from} to {to}", spec.question_set);
    line(&mut text, "Wave", &wave);
    let rate = response_rate(spec).map(|rate| format!(", response rate {}", percent(rate)));
    let all = counted_responses(responses(spec));
    line(
        &mut text,
        "Total",
        &format!("{all}{}", rate.unwrap_or_default()),
    );
    line(&mut text, "Groups", &groups(survey));
    if spec.grouping == Grouping::Everyone {
        let note = "one entry for everyone, and no group beside it that would show a small one";
        line(&mut text, "", note);
    }
    let nps = nps(shown_counts(spec));
    line(
        &mut text,
        "NPS",
        &format!("{}, n {}", words::score(&nps), nps.n),
    );
    let means = Dimension::ALL.into_iter().filter_map(|dimension| {
        let shown = shown_mean(spec, dimension)?;
        Some(format!("{dimension} {}", mean(shown)))
    });
    let means: Vec<String> = means.collect();
    if !means.is_empty() {
        line(&mut text, "SPACE", &means.join("; "));
    }
    if !left_out.is_empty() {
        let figures: Vec<String> = left_out.iter().map(figure).collect();
        let figures = listed(&figures);
        let why = "too few answers, or all alike";
        line(&mut text, "Left out", &format!("{figures} ({why})"));
    }
    text
}

fn line(text: &mut String, head: &str, rest: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{head:<10} {}", plain(rest));
}

fn found(read: &Read) -> String {
    let mut parts = vec![format!(
        "{} of {}",
        counted(read.answers, "response"),
        counted(read.rows, "row")
    )];
    for (number, what) in [
        (read.partial, "partial"),
        (read.outside, "outside the period"),
        (read.repeated, "answered again later"),
        (read.skipped, "skipped"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    parts.join(", ")
}

fn groups(survey: &DeveloperSurvey) -> String {
    let groups = survey.spec.groups.iter();
    let names: Vec<String> = groups
        .map(|group| format!("{} {}", group.name, group.responses))
        .collect();
    let hidden_line = survey.spec.hidden.and_then(|it| {
        hidden(Some(HiddenLine {
            groups: it.groups,
            responses: it.responses,
        }))
    });
    let names = listed(&names);
    hidden_line.map_or(names.clone(), |hidden| format!("{names}; {hidden}"))
}

fn listed(items: &[String]) -> String {
    let named = &items[..items.len().min(NAMED)];
    match items.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn figure(left_out: &LeftOut) -> String {
    let figure = left_out.dimension.map_or("nps", Dimension::as_str);
    format!("{figure} of {}", left_out.group)
}

/// "2 small groups with 11 responses are hidden".
pub(in crate::report) fn hidden(hidden: Option<HiddenLine>) -> Option<String> {
    let hidden = hidden.filter(|hidden| hidden.groups > 0)?;
    let responses = counted_responses(hidden.responses);
    Some(format!(
        "{} groups with {responses} together are hidden",
        hidden.groups
    ))
}

/// "3.4, n 21"; without n in waves of earlier versions.
pub(in crate::report) fn mean(Mean { mean, n }: Mean) -> String {
    n.map_or_else(|| format!("{mean:.1}"), |n| format!("{mean:.1}, n {n}"))
}

/// The means of a wave for a table, in the order of the dimensions; none where there are none.
pub(in crate::report) fn means(wave: &WaveLine) -> Option<Vec<String>> {
    let cells = Dimension::ALL.map(|dimension| {
        let shown = wave.mean(dimension);
        shown.map_or_else(|| "–".to_owned(), mean)
    });
    (!wave.dimensions.is_empty()).then(|| cells.to_vec())
}

/// The response rate; a dash where it is unknown.
pub(in crate::report) fn rate(wave: &WaveLine) -> String {
    let invited = wave.invited.unwrap_or_default();
    wave.response_rate.map_or_else(
        || "–".to_owned(),
        |rate| format!("{} of {invited}", percent(rate)),
    )
}

fn counted_responses(number: u32) -> String {
    let unit = if number == 1 { "response" } else { "responses" };
    format!("{number} {unit}")
}
