//! Nothing of an export but counts, means and the names of groups that are large enough leaves it: not in
//! manifests, not in what is printed, not in errors.

use crate::{TOOLS, export, fixture, import, stderr, stdout, survey};

/// Names of groups that are shown.
const SHOWN: [&str; 4] = ["shop", "bank", "Laden", "Bank"];

fn text_of(tool: &str) -> String {
    let bytes = export(tool);
    match tool {
        "microsoft-utf16" => {
            let units = bytes
                .chunks_exact(2)
                .map(|it| u16::from_le_bytes([it[0], it[1]]));
            char::decode_utf16(units).map(Result::unwrap).collect()
        }
        "microsoft-windows-1252" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8(bytes).unwrap(),
    }
}

/// Words, one space apart and around.
fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.');
    let words = words
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" "))
}

/// The cells of an export below its headings that could tell something: neither small numbers nor
/// groups that are shown.
fn cells(tool: &str) -> Vec<String> {
    let text = text_of(tool);
    let delimiter = match tool {
        "microsoft-utf16" => b'\t',
        "microsoft-windows-1252" | "limesurvey" => b';',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let headings = match tool {
        "surveymonkey" => 2,
        "qualtrics" => 3,
        _ => 1,
    };
    let records = reader.records().skip(headings).map(Result::unwrap);
    let cells = records.flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
    let mut cells: Vec<String> = cells
        .filter(|cell| !SHOWN.contains(&cell.as_str()))
        .filter(|cell| cell.parse::<u32>().is_err() || cell.len() > 3)
        .map(|cell| words(&cell))
        .filter(|cell| cell.trim().len() > 1)
        .collect();
    cells.sort();
    cells.dedup();
    assert!(cells.len() > 30, "{tool}: {cells:?}");
    cells
}

fn tells_nothing(tool: &str, printed: &str, what: &str) {
    let printed = words(printed);
    for cell in cells(tool) {
        assert!(
            !printed.contains(&cell),
            "{tool}, {what}: '{cell}' in {printed}"
        );
    }
}

fn both(output: &std::process::Output) -> String {
    stdout(output) + &stderr(output)
}

#[test]
fn no_cell_of_an_export_is_in_what_is_stored_or_printed() {
    for tool in TOOLS {
        for format in ["yaml", "json"] {
            let output = import(tool, &export(tool), &["-o", format]);
            assert!(output.status.success());
            tells_nothing(tool, &both(&output), format);
        }
    }
}

#[test]
fn no_cell_of_an_export_is_in_an_error() {
    for tool in TOOLS {
        let bytes = export(tool);
        for other in TOOLS.iter().filter(|other| **other != tool) {
            let output = import(other, &bytes, &["--skip-refused"]);
            if !output.status.success() {
                tells_nothing(tool, &both(&output), other);
            }
        }
        let text = text_of(tool);
        // Without its headings, the first answers are taken for them.
        let headless: String = text[text.find("shop").or(text.find("Laden")).unwrap()..].to_owned();
        let output = import(tool, headless.as_bytes(), &[]);
        assert!(!output.status.success());
        tells_nothing(tool, &both(&output), "without headings");
        let short = &bytes[..bytes.len() * 2 / 3];
        let output = import(tool, short, &[]);
        tells_nothing(tool, &both(&output), "cut off");
    }
}

#[test]
fn no_cell_is_in_the_line_of_a_refused_row() {
    let mapping = fixture("google.yaml");
    let text = String::from_utf8(export("google")).unwrap();
    let text = text.replace(",5,", ",yes indeed,").replace(",4,", ",four,");
    let args = ["import", "-", "--mapping", mapping.to_str().unwrap()];
    let output = survey(&args, text.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    tells_nothing("google", &both(&output), "refused");
    assert!(!both(&output).contains("indeed"));
    assert!(stderr(&output).contains("line "), "{}", stderr(&output));
}
