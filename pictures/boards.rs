//! The chart's dashboards as files: their panels, queries and variables. Asks nothing and draws
//! nothing. Shared with the tests of the dashboards.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::Result;

/// A dashboard, as far as Grafana's questions to Prometheus and the picture of it go.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    pub uid: String,
    pub title: String,
    pub schema_version: u32,
    pub templating: Templating,
    pub panels: Vec<Panel>,
}

#[derive(Deserialize)]
pub struct Templating {
    pub list: Vec<Variable>,
}

#[derive(Deserialize)]
pub struct Variable {
    pub name: String,
    #[serde(rename = "type")]
    kind: String,
    /// Of Prometheus: an object. Of a choice of data sources: the kind of data source.
    query: Value,
    #[serde(rename = "allValue", default)]
    pub all_value: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    pub id: u32,
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub grid_pos: Grid,
    #[serde(default)]
    pub datasource: Value,
    #[serde(default)]
    pub field_config: FieldConfig,
    #[serde(default)]
    pub targets: Vec<Target>,
    #[serde(default)]
    pub transformations: Vec<Value>,
}

/// Place and size, in 24ths of the width.
#[derive(Clone, Copy, Deserialize)]
pub struct Grid {
    pub x: u32,
    pub y: u32,
    pub w: u32,
    pub h: u32,
}

#[derive(Clone, Default, Deserialize)]
pub struct FieldConfig {
    pub defaults: Value,
    pub overrides: Vec<Value>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub ref_id: String,
    pub datasource: Value,
    pub expr: String,
    #[serde(default)]
    pub legend_format: String,
    #[serde(default)]
    pub instant: bool,
}

impl Board {
    /// The panels that show something: a row is a heading.
    pub fn shown(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter().filter(|panel| panel.kind != "row")
    }

    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let list = self.templating.list.iter();
        list.filter(|variable| variable.kind == "query")
    }

    pub fn exprs(&self) -> impl Iterator<Item = &str> {
        let targets = self.shown().flat_map(|panel| &panel.targets);
        targets.map(|target| &*target.expr)
    }
}

impl Variable {
    /// Selector and label of `label_values(SELECTOR, LABEL)`.
    pub fn label_values(&self) -> Result<(&str, &str)> {
        let query = self.query["query"].as_str().unwrap_or_default();
        let inside = query
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')'));
        let parts = inside.and_then(|inside| inside.rsplit_once(", "));
        parts.ok_or_else(|| format!("${}: not label_values(…): {query}", self.name).into())
    }
}

/// The dashboards of the chart, in the order of their files.
pub fn boards() -> Result<Vec<Board>> {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/goldenpath/files/dashboards");
    let entries = fs::read_dir(directory)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    files
        .iter()
        .map(|file| Ok(serde_json::from_str(&fs::read_to_string(file)?)?))
        .collect()
}

/// Where the picture of a dashboard is kept.
pub fn picture_file(board: &Board) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(format!("docs/img/{}.svg", board.uid))
}
