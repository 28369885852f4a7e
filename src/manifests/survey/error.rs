//! Why an export cannot be read as a whole. Texts name the mapping's own words and places in the file,
//! never what the file holds.

/// Why an export cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    #[error("a directory is no export: name one file")]
    NotOneFile,
    #[error("{file} is no mapping: {problem}")]
    NotAMapping { file: String, problem: String },
    #[error(
        "the export is a zip archive or a spreadsheet (.xlsx): unpack it, or save it as CSV UTF-8"
    )]
    Archive,
    #[error(
        "the export is no UTF-8, at byte {at}: save it as CSV UTF-8, or state its encoding in the mapping, such as \
         file: {{encoding: windows-1252}}"
    )]
    NotUtf8 { at: usize },
    #[error(
        "the export holds zero bytes and no byte order mark: state its encoding in the mapping, such as file: {{encoding: utf-16le}}"
    )]
    ZeroBytes,
    #[error(
        "the export does not fit the encoding {encoding}: correct file.encoding in the mapping"
    )]
    NotInEncoding { encoding: &'static str },
    #[error(
        "file.encoding: no encoding has this name; write utf-8, utf-16le, windows-1252 or another name of the WHATWG"
    )]
    UnknownEncoding,
    #[error("the export is empty")]
    Empty,
    #[error(
        "the delimiter is not clear: state it in the mapping as file: {{delimiter: …}} with comma, semicolon or tab"
    )]
    Delimiter,
    #[error("the export ends within quotes that open at or before line {line}")]
    OpenQuotes { line: u64 },
    #[error(
        "columns.{field}: no column of the export has the heading {address}; the export has {columns} columns"
    )]
    NoSuchColumn {
        field: String,
        address: String,
        columns: usize,
    },
    #[error(
        "columns.{field}: no column of the export has the heading {address}; the heading of {near} begins with it: \
         write the whole heading, or address it by {{code: …}} or {{index: N}}"
    )]
    HeadingBegins {
        field: String,
        address: String,
        /// "column 3", or "columns 3, 7": never the heading itself.
        near: String,
    },
    #[error(
        "columns.{field}: {matches} columns of the export have the heading {address}: address it by {{index: N}}, from 1"
    )]
    SeveralColumns {
        field: String,
        address: String,
        matches: usize,
    },
    #[error("columns.{field} and columns.{other} are the same column of the export")]
    SameColumn { field: String, other: String },
    #[error("columns: name nps, or at least one statement of a SPACE dimension")]
    NoQuestion,
    #[error(
        "columns.submitted: dates such as the one in line {line} can be read as day first or month first: state their form in \
         the mapping, such as submitted: {{text: …, format: \"%m/%d/%y %H:%M:%S\"}}"
    )]
    AmbiguousDate { line: u64 },
    #[error(
        "columns.submitted: the date in line {line} has its time zone as an abbreviation, such as CET, which may stand for \
         several: state the zone in the mapping, such as submitted: {{text: …, zone: Europe/Berlin}}"
    )]
    NoZone { line: u64 },
    #[error("columns.submitted.zone: no time zone has this name; write one such as Europe/Berlin")]
    UnknownZone,
    #[error(
        "scale: {word} has the value {value}, and values are 1 to 5, or null for an answer that does not count"
    )]
    Scale { word: String, value: i64 },
    #[error("period: write from and to as dates such as 2026-07-01, from before to")]
    Period,
}
