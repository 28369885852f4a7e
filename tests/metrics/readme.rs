//! The README's table of metrics equals the table in the code.

use goldenpath::report::metrics::{FAMILIES, Family};

const README: &str = include_str!("../../README.md");

fn row(family: &Family) -> String {
    let quoted: Vec<String> = family
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let labels = if quoted.is_empty() {
        "–".to_owned()
    } else {
        quoted.join(", ")
    };
    let on_request = family
        .on_request
        .map_or(String::new(), |label| format!("; on request `{label}`"));
    format!(
        "| `{}` | {labels}{on_request} | {} |",
        family.name, family.help
    )
}

#[test]
fn every_family_is_in_the_readme() {
    let (_, section) = README.split_once("\n## Metrics\n").unwrap();
    let table = section
        .split("\n\n")
        .find(|part| part.starts_with("| metric"));
    let written: Vec<&str> = table.unwrap().lines().skip(2).collect();
    let in_code: Vec<String> = FAMILIES.iter().map(row).collect();
    assert_eq!(written, in_code);
}
