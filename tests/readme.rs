//! README's tables are the code's: every metric read from the inventory, with its labels, and every
//! label key.

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
