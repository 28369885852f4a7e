//! The questions of the template in the formats of `goldenpath survey template`, and the skeleton of a
//! mapping file.

use std::fmt::Write as _;

use crate::assess::goals::survey::questions::{Dimension, GROUP, NPS, QUESTION_SET, WORDS};

/// How people should read the statements.
const AGREE: &str = "How far do you agree? From 1, strongly disagree, to 5, strongly agree.";
const SCORE: &str = "From 0, not at all likely, to 10, extremely likely.";
/// What people should know before they answer.
const PRIVACY: &str = "Answers are added up by group. A group with fewer than 5 answers is not shown, and no single answer \
    leaves the survey tool.";

/// The questions for people who build a form.
pub fn text() -> String {
    let mut text = format!(
        "Question set {QUESTION_SET}\n\n{PRIVACY}\n\n{GROUP}\n  One of a list.\n\n{AGREE}\n"
    );
    for dimension in Dimension::ALL {
        let _ = writeln!(text, "\n  {dimension}");
        for statement in dimension.statements() {
            let _ = writeln!(text, "    {statement}");
        }
    }
    let _ = write!(text, "\n{NPS}\n  {SCORE}\n");
    text
}

/// The questions as Markdown.
pub fn markdown() -> String {
    let mut text = format!(
        "# Developer survey ({QUESTION_SET})\n\n{PRIVACY}\n\n**{GROUP}** (one of a list)\n\n{AGREE}\n\n"
    );
    text.push_str("| dimension | statement |\n|---|---|\n");
    for dimension in Dimension::ALL {
        for statement in dimension.statements() {
            let _ = writeln!(text, "| {dimension} | {statement} |");
        }
    }
    let _ = write!(text, "\n**{NPS}**\n\n{SCORE}\n");
    text
}

/// The questions one a row, as forms import them.
pub fn csv() -> String {
    let mut text = "question,dimension,type,answers\r\n".to_owned();
    let mut row = |question: &str, dimension: &str, kind: &str, answers: &str| {
        let _ = write!(text, "\"{question}\",{dimension},{kind},{answers}\r\n");
    };
    row(GROUP, "", "choice", "");
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    for dimension in Dimension::ALL {
        for statement in dimension.statements() {
            row(statement, dimension.as_str(), "agreement", &words.join(";"));
        }
    }
    row(NPS, "nps", "scale", "0-10");
    text
}

/// The questions as YAML.
pub fn yaml() -> String {
    let mut text = format!("questionSet: {QUESTION_SET}\ngroup: {GROUP}\nnps: {NPS:?}\n");
    for dimension in Dimension::ALL {
        let _ = writeln!(text, "{dimension}:");
        for statement in dimension.statements() {
            let _ = writeln!(text, "- {statement:?}");
        }
    }
    text
}

/// A mapping file for the questions of the template, with what an export may need besides.
pub fn mapping() -> String {
    let mut text = format!(
        "\
# Which column of the export is what. A column is its heading, or one of
#   {{text: the whole heading}}, {{code: Q1}} (the heading is or begins with it), {{index: 7}} (from 1).
# Columns that are not named here are never read.
questionSet: {QUESTION_SET}
grouping: Team              # or Persona; Everyone for no groups
minGroupSize: 5             # groups with fewer responses are hidden
# period: {{from: 2026-07-01, to: 2026-10-01}}   # or --from and --to
# invited: 120              # gives the response rate; or --invited

# file:
#   encoding: windows-1252  # only if it is neither UTF-8 nor marked as UTF-16
#   delimiter: ';'          # only if it is not found: ',', ';' or tab
#   headingRows: 1          # SurveyMonkey 2, Qualtrics 3

columns:
  group: {GROUP}               # {{text: {GROUP}, names: {{Zahlungen: payments}}}} renames groups
  # respondent: ID          # keeps the last answer of a person; the key itself is dropped
  # submitted: {{text: Completion time, format: '%m/%d/%y %H:%M:%S', zone: Europe/Berlin}}
  # complete: {{text: Response Type, is: [completed]}}   # Typeform
  # complete: {{code: submitdate}}                       # LimeSurvey: complete where it is not empty
  nps: {NPS:?}
"
    );
    for dimension in Dimension::ALL {
        let _ = writeln!(text, "  {dimension}:");
        for statement in dimension.statements() {
            let _ = writeln!(text, "  - {statement:?}");
        }
    }
    text.push_str(
        "  # - {text: I often wait for other teams., reversed: true}   # agreeing is worse\n\n",
    );
    text.push_str("# The answers in words, in the language of the form. null: does not count. Quote numbers.\nscale:\n");
    for (word, value) in WORDS {
        let _ = writeln!(text, "  {word}: {value}");
    }
    for value in 1..=5 {
        let _ = writeln!(text, "  \"{value}\": {value}");
    }
    text.push_str("  # I don't know: null\n");
    text
}
