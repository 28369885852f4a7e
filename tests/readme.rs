//! What the documents list is what the code has: every metric read from the inventory, with its
//! labels, every label key, and every flag of the operator. And every link leads somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use goldenpath::api::keys;
use goldenpath::report::metrics::FAMILIES;

const README: &str = include_str!("../README.md");

/// The cells of the table row that begins with this name.
fn row(name: &str) -> Vec<&'static str> {
    let opening = format!("| `{name}` |");
    let line = README.lines().find(|line| line.starts_with(&opening));
    let line = line.unwrap_or_else(|| panic!("README has no row for {name}"));
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// What is written between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_metric_has_its_row_with_its_labels() {
    for family in FAMILIES {
        let row = row(family.name);
        let labels: Vec<_> = family
            .labels
            .iter()
            .copied()
            .chain(family.on_request)
            .collect();
        assert_eq!(quoted(row[1]), labels, "{}", family.name);
        assert_eq!(row[2], family.help, "{}", family.name);
    }
}

#[test]
fn every_label_and_annotation_has_its_row() {
    let of_users = [
        keys::PATH,
        keys::TEAM,
        keys::IGNORE,
        keys::SERVICE_SINCE,
        keys::SCAFFOLDED_AT,
        keys::STARTED_AT,
        keys::COMMIT_TIME,
    ];
    for key in keys::OWN_LABELS.into_iter().chain(of_users) {
        assert_eq!(row(key).len(), 3, "{key}");
    }
}

#[test]
#[cfg(feature = "cluster")]
fn every_flag_of_the_operator_is_described() {
    use clap::CommandFactory as _;

    const OPERATORS: &str = include_str!("../docs/operators.md");
    let command = goldenpath::commands::Cli::command();
    let run = command
        .find_subcommand("run")
        .expect("there is an operator");
    for flag in run
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .filter(|flag| *flag != "help")
    {
        assert!(OPERATORS.contains(&format!("`--{flag}`")), "--{flag}");
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents: Vec<_> = [".", "docs", "docs/runbooks", "examples"]
        .into_iter()
        .flat_map(|directory| fs::read_dir(root.join(directory)).into_iter().flatten())
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .collect();
    assert!(documents.len() > 8);
    let dead: Vec<PathBuf> = documents
        .iter()
        .flat_map(|document| dead_links(document))
        .collect();
    assert_eq!(dead, Vec::<PathBuf>::new());
}

/// Files a document links to that are not there.
fn dead_links(document: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(document).expect("the document can be read");
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    targets
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .map(|target| document.with_file_name(target))
        .filter(|file| !file.exists())
        .collect()
}
