//! The mapping file: which column of an export is what, and what its words mean. Defaults are the
//! headings and words of the template.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::cell::folded;
use super::error::SurveyError;
use crate::api::Instant;
use crate::api::developer_survey::Grouping;
use crate::api::platform_objective::Span;
use crate::assess::goals::survey::questions::{Dimension, GROUP, NPS, WORDS};

/// A mapping file.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mapping {
    /// Name of the wave.
    pub name: Option<String>,
    pub question_set: Option<String>,
    pub grouping: Option<Grouping>,
    pub min_group_size: Option<u32>,
    pub invited: Option<u32>,
    pub period: Option<PeriodText>,
    #[serde(default)]
    pub file: FileForm,
    pub columns: Columns,
    /// What the words of answers mean, 1 to 5; null for an answer that does not count.
    pub scale: Option<BTreeMap<String, Option<i64>>>,
}

/// A period as people write it.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct PeriodText {
    pub from: String,
    pub to: String,
}

impl PeriodText {
    /// The span. A date is its first instant in UTC.
    ///
    /// # Errors
    /// When an end is no date, or the period ends before it begins.
    pub fn span(&self) -> Result<Span, SurveyError> {
        let (from, to) = (instant(&self.from), instant(&self.to));
        let (Some(from), Some(to)) = (from, to) else {
            return Err(SurveyError::Period);
        };
        if from >= to {
            return Err(SurveyError::Period);
        }
        let (from, to) = (Instant(from), Instant(to));
        Ok(Span { from, to })
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let day = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let parsed = text.parse().ok();
    parsed.or_else(|| text.parse().ok().and_then(day))
}

/// The form of the file, where it is not plain.
#[derive(Deserialize, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileForm {
    /// Name of an encoding; without one, a byte order mark or UTF-8.
    pub encoding: Option<String>,
    pub delimiter: Option<Delimiter>,
    /// Rows before the first answer.
    pub heading_rows: usize,
}

impl Default for FileForm {
    fn default() -> Self {
        Self {
            encoding: None,
            delimiter: None,
            heading_rows: 1,
        }
    }
}

/// What separates the cells of a row.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    #[serde(rename = ",", alias = "comma")]
    Comma,
    #[serde(rename = ";", alias = "semicolon")]
    Semicolon,
    #[serde(rename = "tab", alias = "\t")]
    Tab,
}

impl Delimiter {
    pub(super) const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// Which column is what. All others are never read.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Columns {
    /// The team or persona.
    pub group: Option<Column>,
    /// What is the same in two responses of one person. It is compared, and then dropped.
    pub respondent: Option<Column>,
    pub submitted: Option<Column>,
    /// What tells a complete response from a partial one.
    pub complete: Option<Column>,
    pub nps: Option<Column>,
    pub satisfaction: Vec<Column>,
    pub performance: Vec<Column>,
    pub activity: Vec<Column>,
    pub communication: Vec<Column>,
    pub efficiency: Vec<Column>,
}

impl Columns {
    /// The statements of a dimension.
    pub fn of(&self, dimension: Dimension) -> &[Column] {
        match dimension {
            Dimension::Satisfaction => &self.satisfaction,
            Dimension::Performance => &self.performance,
            Dimension::Activity => &self.activity,
            Dimension::Communication => &self.communication,
            Dimension::Efficiency => &self.efficiency,
        }
    }
}

/// A column: its heading, or an address with more.
#[derive(Deserialize, Clone, Debug)]
#[serde(
    untagged,
    expecting = "write a heading, or {text: …}, {code: …} or {index: …} with the fields that docs/surveys.md lists"
)]
pub enum Column {
    Heading(String),
    Detailed(Box<Detailed>),
}

/// An address, and what the cells of the column mean.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Detailed {
    /// The whole heading.
    pub text: Option<String>,
    /// The code that the heading is, or begins with.
    pub code: Option<String>,
    /// The number of the column, from 1.
    pub index: Option<usize>,
    /// A statement that is worse the more people agree.
    pub reversed: bool,
    /// Words of this column alone. For a statement 1 to 5, for nps 0 to 10.
    pub scale: Option<BTreeMap<String, Option<i64>>>,
    /// Names of groups by the words of the file.
    pub names: BTreeMap<String, String>,
    /// `complete`: the words of a complete response. Without any, a cell that is not empty.
    pub is: Vec<String>,
    /// `submitted`: the form of its dates, as for strptime.
    pub format: Option<String>,
    /// `submitted`: the time zone of dates that name none. UTC without one.
    pub zone: Option<String>,
}

impl Column {
    /// With its details; a plain heading has none.
    pub(super) fn detailed(&self) -> Detailed {
        match self {
            Self::Heading(_) => Detailed::default(),
            Self::Detailed(detailed) => (**detailed).clone(),
        }
    }
}

impl Mapping {
    /// The mapping of the template: its headings, and its words.
    pub fn of_template() -> Self {
        let column = |heading: &str| Some(Column::Heading(heading.to_owned()));
        let statements = |dimension: Dimension| {
            let statements = dimension.statements().into_iter();
            statements.filter_map(column).collect()
        };
        Self {
            columns: Columns {
                group: column(GROUP),
                nps: column(NPS),
                satisfaction: statements(Dimension::Satisfaction),
                performance: statements(Dimension::Performance),
                activity: statements(Dimension::Activity),
                communication: statements(Dimension::Communication),
                efficiency: statements(Dimension::Efficiency),
                ..Columns::default()
            },
            ..Self::default()
        }
    }

    pub(super) fn parse(content: &[u8], file: String) -> Result<Self, SurveyError> {
        let refused = |problem: String| SurveyError::NotAMapping { file, problem };
        match serde_saphyr::from_slice(content) {
            Ok(mapping) => Ok(mapping),
            Err(error) => Err(refused(error.to_string())),
        }
    }
}

/// What words mean: each folded word with its value; none for an answer that does not count.
#[derive(Clone, Debug)]
pub(super) struct Scale(BTreeMap<String, Option<u8>>);

impl Scale {
    /// A stated scale, with values up to `most`.
    pub(super) fn stated(
        words: &BTreeMap<String, Option<i64>>,
        bounds: (i64, i64),
    ) -> Result<Self, SurveyError> {
        let scale = words.iter().map(|(word, value)| {
            let value = value.map(|value| {
                let is_within = (bounds.0..=bounds.1).contains(&value);
                let value = u8::try_from(value).ok().filter(|_| is_within).ok_or(value);
                value.map_err(|value| {
                    let word = word.clone();
                    SurveyError::Scale { word, value }
                })
            });
            Ok((folded(word), value.transpose()?))
        });
        Ok(Self(scale.collect::<Result<_, SurveyError>>()?))
    }

    /// The numbers from 1 to 5, and the words of the template.
    pub(super) fn of_template() -> Self {
        let words = WORDS.map(|(word, value)| (folded(word), Some(value)));
        let numbers = (1..=5).map(|value: u8| (value.to_string(), Some(value)));
        Self(words.into_iter().chain(numbers).collect())
    }

    /// The numbers from 0 to 10.
    pub(super) fn of_nps() -> Self {
        Self(
            (0..=10)
                .map(|value: u8| (value.to_string(), Some(value)))
                .collect(),
        )
    }

    /// The value of a cell that is not empty; none for an answer that does not count.
    pub(super) fn value(&self, cell: &str) -> Result<Option<u8>, UnknownWord> {
        let word = folded(cell);
        let found = self.0.get(&word);
        // Spreadsheets write 5 as 5.0.
        let found = found.or_else(|| self.0.get(word.strip_suffix(".0")?));
        found.copied().ok_or(UnknownWord)
    }
}

/// A word that is not in the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnknownWord;
