//! Finds the columns of a mapping in an export: by heading, by code, or by number. Two columns of one
//! heading are refused rather than chosen from.

use std::collections::BTreeMap;

use super::cell::folded;
use super::error::SurveyError;
use super::mapping::{Column, Columns, Detailed};
use super::table::Table;
use crate::assess::goals::survey::questions::{ByDimension, Dimension};

/// A column that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The field of the mapping, for messages.
    pub(super) field: String,
    /// From 0.
    pub(super) at: usize,
    pub(super) details: Detailed,
}

/// Every column of a mapping.
#[derive(Clone, Debug)]
pub(super) struct FoundColumns {
    pub(super) group: Option<Found>,
    pub(super) respondent: Option<Found>,
    pub(super) submitted: Option<Found>,
    pub(super) complete: Option<Found>,
    pub(super) nps: Option<Found>,
    pub(super) dimensions: ByDimension<Vec<Found>>,
}

pub(super) fn resolve(columns: &Columns, table: &Table) -> Result<FoundColumns, SurveyError> {
    let headings = Headings::of(table);
    let one = |field: &str, column: &Option<Column>| {
        let column = column.as_ref();
        let found = column.map(|column| headings.find(field.to_owned(), column));
        found.transpose()
    };
    let mut dimensions = ByDimension::new(|_| Vec::new());
    for dimension in Dimension::ALL {
        for (index, column) in columns.of(dimension).iter().enumerate() {
            let field = format!("{dimension}[{index}]");
            dimensions
                .get_mut(dimension)
                .push(headings.find(field, column)?);
        }
    }
    let found = FoundColumns {
        group: one("group", &columns.group)?,
        respondent: one("respondent", &columns.respondent)?,
        submitted: one("submitted", &columns.submitted)?,
        complete: one("complete", &columns.complete)?,
        nps: one("nps", &columns.nps)?,
        dimensions,
    };
    check(&found)?;
    Ok(found)
}

/// A question that is mapped twice would count twice, and a key that is also a group would be shown.
fn check(found: &FoundColumns) -> Result<(), SurveyError> {
    let dimensions = Dimension::ALL
        .into_iter()
        .flat_map(|dimension| found.dimensions.get(dimension));
    let questions: Vec<&Found> = found.nps.iter().chain(dimensions).collect();
    if questions.is_empty() {
        return Err(SurveyError::NoQuestion);
    }
    let mut fields: BTreeMap<usize, &str> = BTreeMap::new();
    let keys = found.group.iter().chain(&found.respondent);
    for column in questions.into_iter().chain(keys) {
        if let Some(other) = fields.insert(column.at, &column.field) {
            return Err(SurveyError::SameColumn {
                field: column.field.clone(),
                other: other.to_owned(),
            });
        }
    }
    Ok(())
}

/// Every heading of each column, as words are compared.
struct Headings(Vec<Vec<String>>);

impl Headings {
    fn of(table: &Table) -> Self {
        let column = |at: usize| {
            let cells = table.headings.iter().filter_map(|row| row.get(at));
            cells.map(folded).collect()
        };
        Self((0..table.width).map(column).collect())
    }

    fn find(&self, field: String, column: &Column) -> Result<Found, SurveyError> {
        let details = column.detailed();
        let at = match column {
            Column::Heading(heading) => self.whole(&field, heading)?,
            Column::Detailed(_) => self.detailed(&field, &details)?,
        };
        Ok(Found { field, at, details })
    }

    fn detailed(&self, field: &str, details: &Detailed) -> Result<usize, SurveyError> {
        let no_such = |address: String| SurveyError::NoSuchColumn {
            field: field.to_owned(),
            address,
            columns: self.0.len(),
        };
        match (&details.text, &details.code, details.index) {
            (Some(text), None, None) => self.whole(field, text),
            (None, Some(code), None) => self.only(field, code, &self.with_code(code)),
            (None, None, Some(index)) if (1..=self.0.len()).contains(&index) => Ok(index - 1),
            (None, None, Some(index)) => Err(no_such(format!("{{index: {index}}}"))),
            (Some(_) | None, Some(_) | None, Some(_) | None) => Err(no_such(
                "(set exactly one of text, code and index)".to_owned(),
            )),
        }
    }

    /// The column of a whole heading. "Team" is not "Team lead": a heading that only begins with it may hold
    /// names of people.
    fn whole(&self, field: &str, heading: &str) -> Result<usize, SurveyError> {
        let found = self.matching(|it| *it == folded(heading));
        let near = self.with_code(heading);
        if !found.is_empty() || near.is_empty() {
            return self.only(field, heading, &found);
        }
        let numbers: Vec<String> = near.iter().map(|at| (at + 1).to_string()).collect();
        let unit = if near.len() == 1 { "column" } else { "columns" };
        Err(SurveyError::HeadingBegins {
            field: field.to_owned(),
            address: format!("'{heading}'"),
            near: format!("{unit} {}", numbers.join(", ")),
        })
    }

    fn matching(&self, is_it: impl Fn(&String) -> bool) -> Vec<usize> {
        let columns = self.0.iter().enumerate();
        let found = columns.filter(|(_, headings)| headings.iter().any(&is_it));
        found.map(|(at, _)| at).collect()
    }

    /// Columns whose heading is a code, or begins with it, such as "Q1. I trust a release".
    fn with_code(&self, code: &str) -> Vec<usize> {
        let code = folded(code);
        self.matching(|heading| {
            let rest = heading.strip_prefix(&code).filter(|_| !code.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':', ' ']))
        })
    }

    fn only(&self, field: &str, address: &str, found: &[usize]) -> Result<usize, SurveyError> {
        match found {
            [only] => Ok(*only),
            [] => Err(SurveyError::NoSuchColumn {
                field: field.to_owned(),
                address: format!("'{address}'"),
                columns: self.0.len(),
            }),
            several => Err(SurveyError::SeveralColumns {
                field: field.to_owned(),
                address: format!("'{address}'"),
                matches: several.len(),
            }),
        }
    }
}
