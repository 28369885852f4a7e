//! Exports of each tool give the same wave, whatever their form.

use crate::{TOOLS, export, fixture, import, stderr, stdout, survey};

/// The wave of every fixture, as the tools but Google's give it.
const WAVE: &str = include_str!("../fixtures/surveys/wave.yaml");

#[test]
fn every_tool_gives_the_same_wave() {
    for tool in TOOLS {
        let output = import(tool, &export(tool), &[]);
        assert!(output.status.success(), "{tool}: {}", stderr(&output));
        assert_eq!(stdout(&output), WAVE, "{tool}");
    }
}

#[test]
fn a_manifest_without_a_cluster_is_said_to_be_unchecked() {
    let output = import("google", &export("google"), &[]);
    assert_eq!(stdout(&output), WAVE);
    let told = stderr(&output);
    let unchecked = "not checked against published waves: no cluster: ";
    assert_eq!(told.matches(unchecked).count(), 1, "{told}");
    let named = import("google", &export("google"), &["--kubeconfig", "/missing"]);
    assert_eq!(named.status.code(), Some(2), "{}", stderr(&named));
    assert_eq!(stdout(&named), "");
}

#[test]
fn what_is_no_answer_is_counted() {
    for (tool, read) in [
        ("google", "30 responses of 30 rows\n"),
        (
            "microsoft-utf16",
            "30 responses of 31 rows, 1 answered again later\n",
        ),
        (
            "typeform",
            "30 responses of 32 rows, 1 partial, 1 answered again later\n",
        ),
        (
            "limesurvey",
            "30 responses of 32 rows, 1 partial, 1 answered again later\n",
        ),
        (
            "qualtrics",
            "30 responses of 32 rows, 1 partial, 1 answered again later\n",
        ),
    ] {
        let told = stderr(&import(tool, &export(tool), &[]));
        assert!(
            told.contains(&format!("Read       {read}")),
            "{tool}: {told}"
        );
        let hidden = "Groups     bank 9, shop 12; 2 groups with 9 responses together are hidden\n";
        assert!(told.contains(hidden), "{tool}: {told}");
    }
}

#[test]
fn the_headings_of_the_template_need_no_mapping() {
    let file = fixture("google.csv");
    let period = [
        "--from",
        "2026-07-01",
        "--to",
        "2026-10-01",
        "--invited",
        "48",
    ];
    let args = [&["import", file.to_str().unwrap()], &period[..]].concat();
    let output = survey(&args, b"");
    assert_eq!(stdout(&output), WAVE, "{}", stderr(&output));
}

#[test]
fn the_mapping_of_the_template_reads_the_headings_of_the_template() {
    let mapping = survey(&["template", "--mapping"], b"");
    let file = std::env::temp_dir().join(format!("goldenpath-map-{}.yaml", std::process::id()));
    std::fs::write(&file, &mapping.stdout).unwrap();
    let period = [
        "--from",
        "2026-07-01",
        "--to",
        "2026-10-01",
        "--invited",
        "48",
    ];
    let args = ["import", "-", "--mapping", file.to_str().unwrap()];
    let output = survey(&[&args, &period[..]].concat(), &export("google"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(stdout(&output), WAVE, "{}", stderr(&output));
}

#[test]
fn letters_of_a_zone_are_read_across_a_change_of_the_clocks() {
    let output = import("google-zone", &export("google-zone"), &[]);
    let wave = WAVE.replace("2026-07", "2026-10").replace(
        "\"2026-10-01T00:00:00Z\"\n  questionSet",
        "\"2027-01-01T00:00:00Z\"\n  questionSet",
    );
    assert_eq!(stdout(&output), wave, "{}", stderr(&output));
}

#[test]
fn utf_16_is_read_in_both_orders() {
    let mut bytes = export("microsoft-utf16");
    for pair in bytes.chunks_exact_mut(2) {
        pair.swap(0, 1);
    }
    let output = import("microsoft-utf16", &bytes, &[]);
    assert_eq!(stdout(&output), WAVE, "{}", stderr(&output));
}

#[test]
fn a_declared_separator_is_no_heading() {
    let bytes = [&b"sep=,\r\n"[..], &export("google")].concat();
    let output = import("google", &bytes, &[]);
    assert_eq!(stdout(&output), WAVE, "{}", stderr(&output));
}

#[test]
fn answers_outside_the_period_are_no_part_of_the_wave() {
    let told = stderr(&import(
        "typeform",
        &export("typeform"),
        &["--from", "2026-07-10", "--to", "2026-10-01"],
    ));
    assert!(told.contains("outside the period"), "{told}");
}

#[test]
fn a_wave_that_would_show_nothing_is_not_written() {
    let text = String::from_utf8(export("google")).unwrap();
    let records: Vec<&str> = text.split_inclusive("\n2026/").take(4).collect();
    let few = records.concat();
    let few = few.trim_end_matches("2026/");
    let output = import("google", few.as_bytes(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    let told = stderr(&output);
    assert!(
        told.contains("3 responses are fewer than minGroupSize, 5"),
        "{told}"
    );
}

#[test]
fn groups_that_would_all_show_a_small_one_become_one_entry() {
    let text = String::from_utf8(export("google")).unwrap();
    let two = text.replace(",bank,", ",shop,").replace(",data,", ",shop,");
    let output = import("google", two.as_bytes(), &[]);
    let manifest = stdout(&output);
    assert!(manifest.contains("grouping: Everyone"), "{manifest}");
    assert!(manifest.contains("name: everyone"), "{manifest}");
    assert!(
        !manifest.contains("shop") && !manifest.contains("ops"),
        "{manifest}"
    );
}

#[test]
fn the_template_has_ten_statements_and_the_question_of_the_score() {
    for format in ["text", "markdown", "csv", "yaml"] {
        let template = stdout(&survey(&["template", "-o", format], b""));
        assert!(
            template.contains("How likely are you to recommend"),
            "{template}"
        );
        assert!(
            template.contains("I trust a release to go well."),
            "{template}"
        );
        let statements = template.lines().filter(|line| {
            line.contains("I ") || line.contains("My ") || line.contains("Reviews of")
        });
        assert_eq!(statements.count(), 10, "{template}");
    }
}
