//! The documents list what the code has: every metric with its labels, every label key, and every
//! flag of the operator. Every link has a target.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
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
        keys::WINS,
    ];
    for key in keys::OWN_LABELS.into_iter().chain(of_users) {
        assert_eq!(row(key).len(), 3, "{key}");
    }
}

#[test]
fn every_flag_of_the_operator_is_described() {
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

/// Texts that name commands, below the root.
const NAMING_COMMANDS: [&str; 7] = [
    ".",
    "docs",
    "docs/runbooks",
    "examples",
    "charts/goldenpath",
    "charts/goldenpath/files/admission",
    "charts/goldenpath/templates",
];

#[test]
fn every_command_in_a_text_has_its_verb_and_its_flags() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = goldenpath::commands::Cli::command();
    command.build();
    let (mut named, mut unknown) = (0, Vec::new());
    for directory in NAMING_COMMANDS {
        for file in fs::read_dir(root.join(directory)).expect("the directory can be read") {
            let file = file.expect("the directory can be read").path();
            let extension = file.extension().and_then(|extension| extension.to_str());
            let is_history = file.ends_with("CHANGELOG.md");
            if is_history || !extension.is_some_and(|e| ["md", "txt", "yaml", "yml"].contains(&e)) {
                continue;
            }
            let text = fs::read_to_string(&file).expect("the text can be read");
            for line in commands_of(&text) {
                let place = format!("{}: goldenpath {line}", file.display());
                let verb = line.split([' ', ',']).next().unwrap_or_default();
                named += 1;
                let Some(verb) = command.find_subcommand(verb) else {
                    unknown.push(place);
                    continue;
                };
                let known: Vec<_> = verb
                    .get_arguments()
                    .filter_map(clap::Arg::get_long)
                    .collect();
                if flags(line).any(|flag| !known.contains(&flag)) {
                    unknown.push(place);
                }
            }
        }
    }
    assert_eq!(unknown, [""; 0]);
    assert!(named > 40, "{named}");
}

/// Of dashboards and alerts, which begin like a command.
const TITLES: [&str; 2] = ["operator", "is not scraped"];

/// What follows `goldenpath` where that is the program: in code, or after `kubectl`.
fn commands_of(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("goldenpath ")
        .filter_map(|(at, program)| {
            let before = &text[..at];
            let is_code = ["kubectl ", "`", "| ", "$ ", "└ ", "→ "]
                .iter()
                .any(|opening| before.ends_with(opening));
            let after = &text[at + program.len()..];
            let end = after
                .find(['`', '\n', '|', '>', ';'])
                .unwrap_or(after.len());
            let is_verb = after.starts_with(|c: char| c.is_ascii_lowercase());
            let command = after[..end].trim_end_matches(['.', ',', ' ']);
            (is_code && is_verb && !TITLES.contains(&command)).then_some(command)
        })
}

fn flags(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ')
        .filter_map(|word| word.strip_prefix("--"))
        .map(|flag| {
            flag.split(['=', '\'', '"', ',', ')'])
                .next()
                .unwrap_or(flag)
        })
        .filter(|flag| !flag.is_empty())
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
