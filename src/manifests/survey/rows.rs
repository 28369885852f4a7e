//! Rows to answers. A row is an answer, or no answer (partial, outside the period, given again later), or
//! refused with its line: a word that the mapping does not know is never guessed. What identifies a
//! person is compared and dropped within this file.

use std::collections::HashMap;
use std::fmt;

use csv::StringRecord;
use jiff::Timestamp;

use super::cell::{clean, folded};
use super::columns::{Found, FoundColumns};
use super::error::SurveyError;
use super::mapping::{Mapping, PeriodText, Scale, UnknownWord};
use super::table::{Row, Table};
use super::time::{Dates, NoInstant};
use crate::api::platform_objective::Span;
use crate::assess::goals::survey::aggregate::Answers;
use crate::assess::goals::survey::questions::{ByDimension, Dimension};

/// Characters of a group's name, as the definition has it.
const LONGEST_NAME: usize = 63;
/// What tools write for people who are not to be known. It is no key: it would make one of many.
const ANONYMOUS: &str = "anonymous";

/// What an export holds.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// One for each person.
    pub answers: Vec<Answers>,
    /// Rows that are not empty, without headings.
    pub rows: usize,
    /// Responses that were not completed, or answer no question.
    pub partial: usize,
    /// Responses given outside the period.
    pub outside: usize,
    /// Responses of people who answered again later.
    pub repeated: usize,
    /// Rows that the mapping does not fit.
    pub refused: Vec<Refused>,
}

/// A row that the mapping does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The line that the row begins in, from 1.
    pub line: u64,
    /// The field of the mapping.
    pub field: String,
    pub why: Why,
}

/// Why a row is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The row has another number of cells than the heading.
    Width { cells: usize, headings: usize },
    /// A word that the scale does not have.
    UnknownWord,
    /// No number from 0 to 10.
    NoScore,
    /// No date in the stated form.
    NoDate,
    /// The key of the person was rounded by a spreadsheet.
    RoundedKey,
    /// The name of the group is too long for a team or persona.
    LongName,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, why } = self;
        write!(f, "line {line}: ")?;
        match why {
            Why::Width { cells, headings } => write!(
                f,
                "{cells} cells, and {headings} headings: an answer may hold the delimiter without quotes"
            ),
            Why::UnknownWord => write!(f, "{field}: the scale of the mapping has no such answer"),
            Why::NoScore => write!(f, "{field}: no whole number from 0 to 10"),
            Why::NoDate => write!(f, "{field}: no date in the stated form"),
            Why::RoundedKey => write!(
                f,
                "{field}: a spreadsheet rounded the key of the person: export again, or leave respondent out"
            ),
            Why::LongName => write!(
                f,
                "{field}: longer than {LONGEST_NAME} characters: shorten it with names in the mapping"
            ),
        }
    }
}

/// How cells are read.
struct Reader<'a> {
    columns: &'a FoundColumns,
    scale: Scale,
    /// The scales of columns that have their own.
    own: HashMap<usize, Scale>,
    dates: Option<Dates>,
    period: Option<Span>,
}

/// A row that is an answer.
struct Response {
    answers: Answers,
    key: Option<String>,
    at: Option<Timestamp>,
}

/// A row that is none.
enum NoResponse {
    Partial,
    Outside,
    Refused(Refused),
    /// Its date could be two days.
    AmbiguousDate,
    /// Its date has letters for a zone, and the mapping states none.
    NoZone,
}

pub(super) fn read(
    table: &Table,
    columns: &FoundColumns,
    mapping: &Mapping,
) -> Result<Reading, SurveyError> {
    let reader = Reader::of(columns, mapping)?;
    let mut reading = Reading::default();
    let mut responses = Vec::new();
    for row in &table.rows {
        if row.cells.iter().all(|cell| clean(cell).is_empty()) {
            continue;
        }
        reading.rows += 1;
        match reader.response(row, table.width) {
            Ok(response) => responses.push(response),
            Err(NoResponse::Partial) => reading.partial += 1,
            Err(NoResponse::Outside) => reading.outside += 1,
            Err(NoResponse::Refused(refused)) => reading.refused.push(refused),
            Err(NoResponse::AmbiguousDate) => {
                return Err(SurveyError::AmbiguousDate { line: row.line });
            }
            Err(NoResponse::NoZone) => return Err(SurveyError::NoZone { line: row.line }),
        }
    }
    let given = responses.len();
    reading.answers = last_of_each(responses);
    reading.repeated = given - reading.answers.len();
    Ok(reading)
}

/// The last response of each person: by its time where both have one, else by its place in the file.
fn last_of_each(responses: Vec<Response>) -> Vec<Answers> {
    let mut kept: Vec<(Option<Timestamp>, Answers)> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for Response { answers, key, at } in responses {
        let before = key.as_ref().and_then(|key| by_key.get(key)).copied();
        let Some(index) = before else {
            if let Some(key) = key {
                by_key.insert(key, kept.len());
            }
            kept.push((at, answers));
            continue;
        };
        let is_older = kept[index].0.zip(at).is_some_and(|(kept, at)| at < kept);
        if !is_older {
            kept[index] = (at, answers);
        }
    }
    kept.into_iter().map(|(_, answers)| answers).collect()
}

impl<'a> Reader<'a> {
    fn of(columns: &'a FoundColumns, mapping: &Mapping) -> Result<Self, SurveyError> {
        let stated = mapping.scale.as_ref();
        let scale = stated.map_or_else(
            || Ok(Scale::of_template()),
            |words| Scale::stated(words, (1, 5)),
        )?;
        let mut own = HashMap::new();
        let dimensions = Dimension::ALL
            .into_iter()
            .flat_map(|dimension| columns.dimensions.get(dimension))
            .map(|column| (column, (1, 5)));
        let nps = columns.nps.iter().map(|column| (column, (0, 10)));
        for (column, bounds) in dimensions.chain(nps) {
            if let Some(words) = &column.details.scale {
                own.insert(column.at, Scale::stated(words, bounds)?);
            }
        }
        let submitted = columns.submitted.as_ref();
        let dates = submitted.map(|column| Dates::of(&column.details));
        Ok(Self {
            columns,
            scale,
            own,
            dates: dates.transpose()?,
            period: mapping.period.as_ref().map(PeriodText::span).transpose()?,
        })
    }

    fn response(&self, row: &Row, width: usize) -> Result<Response, NoResponse> {
        let refuse = |field: &str, why: Why| {
            NoResponse::Refused(Refused {
                line: row.line,
                field: field.to_owned(),
                why,
            })
        };
        let cells = row.cells.len();
        if cells != width {
            let headings = width;
            return Err(refuse("", Why::Width { cells, headings }));
        }
        if !self.is_complete(&row.cells) {
            return Err(NoResponse::Partial);
        }
        let at = self.time(&row.cells, refuse)?;
        if at
            .zip(self.period)
            .is_some_and(|(at, period)| at < period.from.0 || at >= period.to.0)
        {
            return Err(NoResponse::Outside);
        }
        let answers = self.answers(&row.cells, refuse)?;
        let is_answered = answers.nps.is_some()
            || Dimension::ALL
                .into_iter()
                .any(|dimension| answers.dimensions.get(dimension).is_some());
        if !is_answered {
            return Err(NoResponse::Partial);
        }
        let key = self.key(&row.cells, refuse)?;
        Ok(Response { answers, key, at })
    }

    fn is_complete(&self, cells: &StringRecord) -> bool {
        let Some(column) = &self.columns.complete else {
            return true;
        };
        let cell = folded(&cells[column.at]);
        let words = &column.details.is;
        if words.is_empty() {
            !cell.is_empty()
        } else {
            words.iter().any(|word| folded(word) == cell)
        }
    }

    fn time(
        &self,
        cells: &StringRecord,
        refuse: impl Fn(&str, Why) -> NoResponse,
    ) -> Result<Option<Timestamp>, NoResponse> {
        let Some((column, dates)) = self.columns.submitted.as_ref().zip(self.dates.as_ref()) else {
            return Ok(None);
        };
        let cell = clean(&cells[column.at]);
        if cell.is_empty() {
            return Err(refuse(&column.field, Why::NoDate));
        }
        dates.instant(&cell).map(Some).map_err(|error| match error {
            NoInstant::Ambiguous => NoResponse::AmbiguousDate,
            NoInstant::NoZone => NoResponse::NoZone,
            NoInstant::Unreadable => refuse(&column.field, Why::NoDate),
        })
    }

    fn answers(
        &self,
        cells: &StringRecord,
        refuse: impl Fn(&str, Why) -> NoResponse,
    ) -> Result<Answers, NoResponse> {
        let scores = Scale::of_nps();
        let value = |column: &Found, scale: &Scale, why: Why| {
            let cell = &cells[column.at];
            if clean(cell).is_empty() {
                return Ok(None);
            }
            let scale = self.own.get(&column.at).unwrap_or(scale);
            scale
                .value(cell)
                .map_err(|UnknownWord| refuse(&column.field, why))
        };
        let nps = match &self.columns.nps {
            Some(column) => value(column, &scores, Why::NoScore)?,
            None => None,
        };
        let mut dimensions = ByDimension::default();
        for dimension in Dimension::ALL {
            let (mut sum, mut n) = (0, 0);
            for column in self.columns.dimensions.get(dimension) {
                let agreed = value(column, &self.scale, Why::UnknownWord)?;
                if let Some(agreed) = agreed {
                    sum += u32::from(if column.details.reversed {
                        6 - agreed
                    } else {
                        agreed
                    });
                    n += 1;
                }
            }
            *dimensions.get_mut(dimension) = (n > 0).then(|| f64::from(sum) / f64::from(n));
        }
        let group = match &self.columns.group {
            Some(column) => group(column, &cells[column.at]),
            None => String::new(),
        };
        if group.chars().count() > LONGEST_NAME {
            return Err(refuse("group", Why::LongName));
        }
        Ok(Answers {
            group,
            nps,
            dimensions,
        })
    }

    /// What identifies the person; none where nothing does.
    fn key(
        &self,
        cells: &StringRecord,
        refuse: impl Fn(&str, Why) -> NoResponse,
    ) -> Result<Option<String>, NoResponse> {
        let Some(column) = &self.columns.respondent else {
            return Ok(None);
        };
        let cell = folded(&cells[column.at]);
        if is_rounded(&cell) {
            return Err(refuse(&column.field, Why::RoundedKey));
        }
        Ok(Some(cell).filter(|cell| !cell.is_empty() && cell != ANONYMOUS))
    }
}

/// The group of a cell: the name that the mapping gives it, else the cell.
fn group(column: &Found, cell: &str) -> String {
    let word = folded(cell);
    let named = column.details.names.iter();
    let mut named = named.filter(|(words, _)| folded(words) == word);
    named
        .next()
        .map_or_else(|| clean(cell), |(_, name)| clean(name))
}

/// "1.2e+10": what a spreadsheet makes of a long number.
fn is_rounded(cell: &str) -> bool {
    cell.split_once("e+").is_some_and(|(number, power)| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        is_number(power) && is_number(&number.replace(['.', ','], ""))
    })
}
