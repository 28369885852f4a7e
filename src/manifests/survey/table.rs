//! Text to rows: finds the delimiter outside quotes, and splits. Rows keep the line that they begin in.

use csv::{ReaderBuilder, StringRecord};

use super::error::SurveyError;
use super::mapping::{Delimiter, FileForm};

/// Records that are compared to find the delimiter.
const COMPARED: usize = 50;

/// The rows of an export.
pub(super) struct Table {
    /// The rows before the first answer.
    pub(super) headings: Vec<StringRecord>,
    /// Cells of each row; fewer or more are a mistake.
    pub(super) width: usize,
    pub(super) rows: Vec<Row>,
}

/// A row and the line it begins in, from 1.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) cells: StringRecord,
}

pub(super) fn read(text: &str, form: &FileForm) -> Result<Table, SurveyError> {
    let (declared, text, skipped) = without_declaration(text);
    if let Some(line) = open_quotes(text) {
        return Err(SurveyError::OpenQuotes {
            line: line + skipped,
        });
    }
    let delimiter = match form.delimiter.or(declared) {
        Some(delimiter) => delimiter,
        None => sniff(text)?,
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = reader
        .records()
        .filter_map(Result::ok) // The text is UTF-8 and rows may have any width, so none fails.
        .map(|cells| Row {
            line: cells.position().map_or(0, csv::Position::line) + skipped,
            cells,
        });
    let headings = rows.by_ref().take(form.heading_rows.max(1));
    let headings: Vec<_> = headings.map(|row| row.cells).collect();
    let width = headings.iter().map(StringRecord::len).max();
    Ok(Table {
        width: width.ok_or(SurveyError::Empty)?,
        headings,
        rows: rows.collect(),
    })
}

/// The text behind a first line such as `sep=;`, which spreadsheets read, and the lines that are left out.
fn without_declaration(text: &str) -> (Option<Delimiter>, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let declared = first.trim_end_matches('\r').strip_prefix("sep=");
    let delimiter = declared.and_then(|declared| {
        Delimiter::ALL
            .into_iter()
            .find(|delimiter| declared.as_bytes() == [delimiter.byte()])
    });
    match delimiter {
        Some(_) => (delimiter, rest, 1),
        None => (None, text, 0),
    }
}

/// The line in which quotes open that never close.
fn open_quotes(text: &str) -> Option<u64> {
    let mut line = 1;
    let mut opened = None;
    for c in text.bytes() {
        match c {
            b'"' if opened.is_some() => opened = None,
            b'"' => opened = Some(line),
            b'\n' => line += 1,
            _ => {}
        }
    }
    opened
}

/// The delimiter that gives the most records the width of the first one; with several, the widest.
fn sniff(text: &str) -> Result<Delimiter, SurveyError> {
    let records = counts(text);
    let Some(first) = records.first() else {
        return Err(SurveyError::Empty);
    };
    let fits = |at: usize| {
        let of_width = records.iter().filter(|counts| counts[at] == first[at]);
        (of_width.count(), first[at])
    };
    let candidates = (0..Delimiter::ALL.len()).filter(|at| first[*at] > 0);
    let best = candidates.clone().max_by_key(|at| fits(*at));
    let best = best.ok_or(SurveyError::Delimiter)?;
    let as_good = candidates.filter(|at| fits(*at) == fits(best)).count();
    if as_good > 1 {
        return Err(SurveyError::Delimiter);
    }
    Ok(Delimiter::ALL[best])
}

/// How often each delimiter is in each of the first records, outside quotes.
fn counts(text: &str) -> Vec<[usize; Delimiter::ALL.len()]> {
    let mut records = Vec::new();
    let mut current = [0; Delimiter::ALL.len()];
    let (mut is_quoted, mut is_empty) = (false, true);
    for c in text.bytes().chain([b'\n']) {
        match c {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => {
                if !is_empty {
                    records.push(std::mem::take(&mut current));
                }
                if records.len() == COMPARED {
                    break;
                }
                is_empty = true;
                continue;
            }
            _ if !is_quoted => {
                let found = Delimiter::ALL.iter().position(|it| it.byte() == c);
                if let Some(at) = found {
                    current[at] += 1;
                }
            }
            _ => {}
        }
        is_empty = false;
    }
    records
}
