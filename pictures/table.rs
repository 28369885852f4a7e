//! Grafana's transformations of a table, as far as the dashboards use them: merge, organize, sortBy.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::answers::Answer;
use crate::boards::Panel;

/// A cell: a label's text or a query's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f64),
}

type Row = BTreeMap<String, Cell>;

/// Columns and rows as they are shown; a cell may be empty.
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<Cell>>>,
}

/// The table a panel shows.
pub fn table(panel: &Panel, answers: &[Answer<'_>]) -> Table {
    let rows = merged(answers);
    let organize = options(panel, "organize");
    let mut names: Vec<&String> = rows.iter().flat_map(Row::keys).collect();
    names.sort();
    names.dedup();
    names.retain(|name| organize["excludeByName"][name.as_str()] != true);
    let place = |name: &&String| organize["indexByName"][name.as_str()].as_u64();
    names.sort_by_key(|name| place(name).unwrap_or(u64::MAX));
    let shown = |name: &&String| {
        let renamed = organize["renameByName"][name.as_str()].as_str();
        renamed.unwrap_or(name).to_owned()
    };
    let columns: Vec<String> = names.iter().map(shown).collect();
    let cells = rows
        .iter()
        .map(|row| names.iter().map(|name| row.get(*name).cloned()).collect());
    let mut rows: Vec<Vec<Option<Cell>>> = cells.collect();
    let by = options(panel, "sortBy")["sort"][0]["field"].as_str();
    let by = by.and_then(|field| columns.iter().position(|column| column == field));
    let by = by.unwrap_or(0);
    rows.sort_by(|a, b| order(a[by].as_ref(), b[by].as_ref()));
    Table { columns, rows }
}

fn options<'a>(panel: &'a Panel, id: &str) -> &'a Value {
    let mut transformations = panel.transformations.iter();
    let found = transformations.find(|one| one["id"] == id);
    found.map_or(&Value::Null, |one| &one["options"])
}

/// Rows of all answers; those whose common labels agree become one.
fn merged(answers: &[Answer<'_>]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for answer in answers {
        let column = if answers.len() == 1 {
            "Value".to_owned()
        } else {
            format!("Value #{}", answer.target.ref_id)
        };
        for series in &answer.series {
            let labels = series.labels.iter();
            let mut row: Row = labels
                .map(|(label, value)| (label.clone(), Cell::Text(value.clone())))
                .collect();
            let value = series.points.last().map(|(_, value)| *value);
            row.insert(column.clone(), Cell::Number(value.unwrap_or(f64::NAN)));
            match rows.iter_mut().find(|other| agree(other, &row)) {
                Some(other) => other.extend(row),
                None => rows.push(row),
            }
        }
    }
    rows
}

/// Whether all columns both have are equal.
fn agree(a: &Row, b: &Row) -> bool {
    let common = a
        .iter()
        .filter_map(|(name, cell)| Some((cell, b.get(name)?)));
    common.into_iter().all(|(one, other)| one == other)
}

/// Empty cells last.
fn order(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    match (a, b) {
        (Some(Cell::Text(a)), Some(Cell::Text(b))) => a.cmp(b),
        (Some(Cell::Number(a)), Some(Cell::Number(b))) => a.total_cmp(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}
