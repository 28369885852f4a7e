//! Exports and rows that do not fit: the sentence and the line, and nothing stored.

use crate::{export, import, stderr, stdout, survey};

/// The export of Google's with something replaced.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(export("google")).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

fn is_refused(tool: &str, export: &[u8], more: &[&str], sentence: &str) {
    let output = import(tool, export, more);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(stdout(&output), "", "{told}");
    assert!(told.contains(sentence), "{told}");
}

#[test]
fn a_word_the_scale_does_not_have_refuses_its_line() {
    // The first answer begins in line 2 and has a line break, so the second begins in line 4.
    let text = String::from_utf8(export("google")).unwrap();
    let second = text.split_inclusive('\n').nth(3).unwrap().to_owned();
    let cells: Vec<&str> = second.splitn(5, ',').collect();
    let bad = [cells[0], cells[1], cells[2], "Maybe", cells[4]].join(",");
    let bytes = text.replacen(&second, &bad, 1).into_bytes();
    let sentence = "line 4: satisfaction[0]: the scale of the mapping has no such answer\n";
    is_refused("google", &bytes, &[], sentence);
    is_refused(
        "google",
        &bytes,
        &[],
        "1 row of the export cannot be read, so nothing is stored",
    );
    let skipped = import("google", &bytes, &["--skip-refused"]);
    assert!(skipped.status.success());
    assert!(stderr(&skipped).contains("29 responses of 30 rows, 1 skipped"));
}

#[test]
fn a_row_of_another_width_is_refused() {
    let bytes = changed(",\"Deploys", ",,,\"Deploys");
    is_refused(
        "google",
        &bytes,
        &[],
        "headings: an answer may hold the delimiter without quotes",
    );
}

#[test]
fn a_day_that_could_be_a_month_needs_a_form() {
    let text = String::from_utf8(export("google")).unwrap();
    let bytes = text.replace("2026/07/", "07/").into_bytes();
    is_refused(
        "google",
        &bytes,
        &[],
        "can be read as day first or month first",
    );
}

#[test]
fn letters_of_a_time_zone_need_the_zone() {
    let text = String::from_utf8(export("google")).unwrap();
    let bytes = text.replace(" GMT+2,", " CEST,").into_bytes();
    let sentence = "columns.submitted: the date in line 2 has its time zone as an abbreviation, such as CET, which may \
        stand for several: state the zone in the mapping, such as submitted: {text: …, zone: Europe/Berlin}";
    is_refused("google", &bytes, &[], sentence);
}

#[test]
fn a_file_of_another_encoding_is_not_guessed() {
    let bytes = export("microsoft-windows-1252");
    is_refused("google", &bytes, &[], "the export is no UTF-8");
    let utf_16 = export("microsoft-utf16");
    is_refused("google", &utf_16[2..], &[], "zero bytes");
    is_refused("google", b"PK\x03\x04rest", &[], "zip archive");
    is_refused("google", b"", &[], "the export is empty");
}

#[test]
fn a_column_that_is_missing_or_there_twice_is_named_as_the_mapping_has_it() {
    let sentence = "columns.group: no column of the export has the heading 'Team'";
    is_refused("google", &changed(",Team,", ",Crew,"), &[], sentence);
    let leads = changed(",Team,", ",Team lead,");
    let sentence = "columns.group: no column of the export has the heading 'Team'; the heading of column 3 begins with \
        it: write the whole heading, or address it by {code: …} or {index: N}";
    is_refused("google", &leads, &[], sentence);
    let twice = changed("Anything else?", "Team");
    let sentence = "columns.group: 2 columns of the export have the heading 'Team'";
    is_refused("google", &twice, &[], sentence);
}

#[test]
fn quotes_that_never_close_are_refused_with_their_line() {
    let mut bytes = export("google");
    bytes.extend_from_slice(b"2026/07/09 8:39:31 AM GMT+2,,shop,\"4,4\n");
    is_refused("google", &bytes, &[], "within quotes");
}

#[test]
fn a_wave_has_a_period_and_a_plain_name() {
    let output = survey(&["import", "-"], &export("google"));
    assert!(stderr(&output).contains("missing: --from and --to"));
    let bytes = export("google");
    is_refused(
        "google",
        &bytes,
        &["--name", "Q3 2026"],
        "--name: write at most 63",
    );
    is_refused("google", &bytes, &["--to", "2026-06-01"], "from before to");
}
