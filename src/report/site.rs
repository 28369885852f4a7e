//! A documentation site of the paths, for `MkDocs` and Backstage `TechDocs`: files as text, made from the view
//! that the page is made from. Restricted steps, and exceptions that name one, are left out. Nothing is
//! counted, and no file is written here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::report::document::paths::{self, PathDetail};
use crate::report::document::view::ReportView;
use crate::report::document::{PersonaLines, RoadmapLines};
use crate::report::voice::Calendar;

mod escape;
mod exceptions;
mod measures;
mod off_ramp;
mod overview;
mod path_page;
mod persona_page;
mod roadmap_page;

/// What a site is called, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteOptions {
    /// Title of the site.
    pub name: String,
    /// Owner in the catalog; absent means the team that owns most paths.
    pub owner: Option<String>,
}

/// One file of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFile {
    /// Relative to the site, with `/`.
    pub path: String,
    pub text: String,
}

/// What every page is made from.
struct Content<'a> {
    view: &'a ReportView,
    paths: Vec<PathDetail>,
    roadmap: Option<&'a RoadmapLines>,
    personas: Option<&'a PersonaLines>,
}

/// The files of a site, in order of path. The same view gives the same bytes.
pub fn site(view: &ReportView, options: &SiteOptions) -> Vec<SiteFile> {
    let names = view.summary().paths.iter().map(|line| line.path.clone());
    let content = Content {
        view,
        paths: names
            .filter_map(|name| paths::detail(view, &name))
            .collect(),
        roadmap: view.summary().roadmap.as_deref(),
        personas: view.summary().personas.as_deref(),
    };
    let mut files = BTreeMap::from([
        ("mkdocs.yml".to_owned(), mkdocs(&content, options)),
        ("catalog-info.yaml".to_owned(), catalog(&content, options)),
        (
            "docs/index.md".to_owned(),
            overview::page(&content, options),
        ),
        ("docs/roadmap.md".to_owned(), roadmap_page::page(&content)),
        ("docs/paths/index.md".to_owned(), path_page::list(&content)),
        ("docs/off-ramp.md".to_owned(), off_ramp::page(&content)),
        ("docs/exceptions.md".to_owned(), exceptions::page(&content)),
        ("docs/success.md".to_owned(), measures::page(&content)),
    ]);
    for path in &content.paths {
        let place = format!("docs/paths/{}", page_of(&path.line.path));
        files.insert(place, path_page::one(path, &content));
    }
    if let Some(personas) = content.personas {
        files.insert("docs/personas.md".to_owned(), persona_page::page(personas));
    }
    files
        .into_iter()
        .map(|(path, text)| SiteFile { path, text })
        .collect()
}

impl Content<'_> {
    fn has_personas(&self) -> bool {
        self.personas.is_some()
    }

    fn as_of(&self) -> Timestamp {
        self.view.as_of
    }
}

/// A day in full: readers come in another year.
fn day(at: Timestamp) -> String {
    Calendar::Stored.day(at)
}

/// `text` as a double-quoted scalar, which YAML shares with JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A title for the navigation, which themes write without escaping: signs of HTML are left out.
fn nav_title(text: &str) -> String {
    let safe = |sign: &char| sign.is_alphanumeric() || " ,.()-".contains(*sign);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(safe).collect()
}

/// The file of a path's page in `paths/`. `index` is the list of paths, and `MkDocs` takes `readme` for an
/// index too; no name of an object has `_`. File systems may ignore case.
fn page_of(path: &str) -> String {
    let is_taken = ["index", "readme"]
        .iter()
        .any(|taken| path.eq_ignore_ascii_case(taken));
    let prefix = if is_taken { "path_" } else { "" };
    format!("{prefix}{path}.md")
}

fn mkdocs(content: &Content<'_>, options: &SiteOptions) -> String {
    let mut text = format!(
        "# Written by goldenpath docs: it writes this file again.\nsite_name: {}\ndocs_dir: docs\nnav:\n",
        quoted(&nav_title(&options.name))
    );
    text += "  - Overview: index.md\n  - Roadmap: roadmap.md\n  - Paths:\n    - All paths: paths/index.md\n";
    for path in &content.paths {
        let name = &path.line.path;
        let title = path.line.title.as_deref().map(nav_title);
        let title = title.filter(|title| !title.is_empty());
        let title = quoted(&title.unwrap_or_else(|| name.clone()));
        let _ = writeln!(text, "    - {title}: paths/{}", page_of(name));
    }
    text += "  - Off-ramp: off-ramp.md\n  - Exceptions: exceptions.md\n";
    if content.has_personas() {
        text += "  - Personas: personas.md\n";
    }
    text + "  - How success is measured: success.md\nplugins:\n  - techdocs-core\n"
}

fn catalog(content: &Content<'_>, options: &SiteOptions) -> String {
    let owner = options.owner.clone().unwrap_or_else(|| most_paths(content));
    format!(
        "# Written by goldenpath docs: it writes this file again.\n\
         apiVersion: backstage.io/v1alpha1\n\
         kind: Component\n\
         metadata:\n  name: golden-paths\n  title: {}\n  annotations:\n    \
         backstage.io/techdocs-ref: dir:.\n\
         spec:\n  type: documentation\n  lifecycle: production\n  owner: {}\n",
        quoted(&options.name),
        quoted(&owner)
    )
}

/// The team that owns most paths.
fn most_paths(content: &Content<'_>) -> String {
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &content.paths {
        *paths.entry(&path.owner).or_default() += 1;
    }
    let most = paths.into_iter().rev().max_by_key(|(_, number)| *number);
    most.map_or_else(|| "platform".to_owned(), |(team, _)| team.to_owned())
}

#[cfg(test)]
mod tests {
    use super::page_of;

    #[test]
    fn no_page_of_a_path_takes_the_place_of_the_list() {
        for (path, page) in [
            ("web-service", "web-service.md"),
            ("index", "path_index.md"),
            ("Index", "path_Index.md"),
            ("readme", "path_readme.md"),
            ("index.md", "index.md.md"),
        ] {
            assert_eq!(page_of(path), page);
        }
    }
}
