//! Reads the export of a survey tool: bytes to text, text to rows, rows to answers, as a mapping file
//! says. **Invariant:** no error and no refusal holds the content of a cell, nor of a heading, because
//! the first row of a file without headings is somebody's answer. Nothing is added up or written here.

mod cell;
mod columns;
mod decode;
mod error;
pub mod mapping;
mod rows;
mod table;
mod time;

use std::io::Read;
use std::path::Path;

pub use error::SurveyError;
pub use mapping::Mapping;
pub use rows::{Reading, Refused, Why};

use super::Error;
use super::files;

/// The text of a mapping file.
///
/// # Errors
/// When the file cannot be read, or is no mapping.
pub fn mapping(path: &Path, stdin: &mut dyn Read) -> Result<Mapping, Error> {
    let file = one(path, stdin)?;
    let file_name = path.display().to_string();
    Ok(Mapping::parse(&file, file_name)?)
}

/// The answers of an export, and what of it is no answer.
///
/// # Errors
/// When the file cannot be read, or as a whole does not fit the mapping. Single rows that do not fit
/// are in the reading.
pub fn responses(path: &Path, mapping: &Mapping, stdin: &mut dyn Read) -> Result<Reading, Error> {
    let content = one(path, stdin)?;
    Ok(of_bytes(&content, mapping)?)
}

/// The answers in the bytes of an export.
///
/// # Errors
/// As for [`responses`].
pub fn of_bytes(content: &[u8], mapping: &Mapping) -> Result<Reading, SurveyError> {
    let text = decode::text(content, mapping.file.encoding.as_deref())?;
    let table = table::read(&text, &mapping.file)?;
    let columns = columns::resolve(&mapping.columns, &table)?;
    rows::read(&table, &columns, mapping)
}

fn one(path: &Path, stdin: &mut dyn Read) -> Result<Vec<u8>, Error> {
    let read = files::read(&[path.to_owned()], stdin)?;
    let mut files = read.files;
    if path.is_dir() || files.len() != 1 {
        return Err(SurveyError::NotOneFile.into());
    }
    Ok(files.remove(0).content)
}
