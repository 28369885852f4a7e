//! The commands that the documents give a newcomer, line by line, and which test types each of them.
//! A line that nothing types says why; a line that no row names, and a row without a line, fail. Must
//! not know what the commands do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The pages that README sends a newcomer to: the first hour and the first month.
const PAGES: [&str; 6] = [
    "README.md",
    "docs/observe.md",
    "docs/init.md",
    "docs/demand.md",
    "docs/off-ramp.md",
    "docs/operators.md",
];

/// Who types a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// `tour`: against the demo.
    Tour,
    /// `month`: against the organisation's cluster.
    Month,
    /// Nothing here, for this reason.
    Nothing(&'static str),
}
use By::{Month, Nothing, Tour};

/// Page, how the line begins, who types it.
const LINES: &[(&str, &str, By)] = &[
    (
        "README.md",
        "make demo",
        Nothing("it builds first; `tour` starts what it starts"),
    ),
    (
        "README.md",
        "make test",
        Nothing("this test is a part of it"),
    ),
    (
        "README.md",
        "cargo install",
        Nothing("it builds; the built program is on the PATH"),
    ),
    ("README.md", "goldenpath report --from deploy/", Month),
    ("README.md", "goldenpath report --paths starter", Month),
    ("README.md", "kubectl explain", Tour),
    ("README.md", "kubectl get gp", Tour),
    ("README.md", "goldenpath report --all", Tour),
    ("README.md", "goldenpath why", Tour),
    ("README.md", "goldenpath exceptions", Tour),
    ("README.md", "kubectl goldenpath except", Tour),
    ("README.md", "kubectl get deploy -A -L", Tour),
    ("README.md", "curl", Tour),
    ("README.md", "goldenpath report --contrast", Tour),
    ("README.md", "helm install", Month),
    (
        "README.md",
        "helm test",
        Nothing("it runs a pod; tests/node types it on a node"),
    ),
    ("README.md", "kubectl apply -f starter/", Month),
    ("README.md", "goldenpath report", Month),
    ("README.md", "helm uninstall", Month),
    ("README.md", "goldenpath cleanup", Month),
    ("docs/observe.md", "helm install", Month),
    (
        "docs/observe.md",
        "goldenpath report --operator goldenpath-system/",
        Nothing("its Service needs a pod; tests/connect reports through a Service"),
    ),
    (
        "docs/observe.md",
        "kubectl port-forward",
        Nothing("it needs a pod"),
    ),
    (
        "docs/observe.md",
        "goldenpath report --operator http",
        Month,
    ),
    ("docs/observe.md", "helm upgrade", Month),
    ("docs/init.md", "goldenpath init >", Month),
    ("docs/init.md", "goldenpath init --from", Month),
    ("docs/off-ramp.md", "goldenpath import", Month),
    (
        "docs/operators.md",
        "helm install",
        Nothing("the same line as in docs/observe.md"),
    ),
    (
        "docs/operators.md",
        "kubectl create namespace",
        Nothing("for clusters without Helm; tests/chart applies what Helm renders"),
    ),
    (
        "docs/operators.md",
        "helm template",
        Nothing("for clusters without Helm; tests/chart applies what Helm renders"),
    ),
    (
        "docs/operators.md",
        "helm uninstall",
        Nothing("the same line as in README"),
    ),
    (
        "docs/operators.md",
        "goldenpath cleanup --dry-run",
        Nothing("tests/cluster cleans up without writing"),
    ),
    (
        "docs/operators.md",
        "goldenpath cleanup --lease",
        Nothing("the same line as in README"),
    ),
    (
        "docs/operators.md",
        "kubectl delete crd",
        Nothing("it deletes what the end of the month is asserted on"),
    ),
];

/// One command of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub page: &'static str,
    pub command: String,
}

pub fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The commands of a page's shell blocks, each on one line, without comments.
fn commands(page_name: &'static str) -> Vec<Line> {
    let text = page(page_name);
    let blocks = text.split("\n```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("\n```").next().unwrap_or_default());
    let lines = blocks.flat_map(|block| {
        let joined = block.replace("\\\n", " ");
        joined.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines
        .map(|line| {
            let command = line.split(" #").next().unwrap_or_default();
            command.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .filter(|command| !command.is_empty())
        .map(|command| Line {
            page: page_name,
            command,
        })
        .collect()
}

/// The row with the longest beginning.
fn row(line: &Line) -> Option<&'static (&'static str, &'static str, By)> {
    LINES
        .iter()
        .filter(|(page, beginning, _)| *page == line.page && line.command.starts_with(beginning))
        .max_by_key(|(_, beginning, _)| beginning.len())
}

/// A reader who follows the documents, and notes what it has typed.
#[derive(Debug)]
pub struct Reader {
    by: By,
    typed: Mutex<BTreeSet<Line>>,
}

impl Reader {
    pub fn new(by: By) -> Self {
        Self {
            by,
            typed: Mutex::default(),
        }
    }

    /// The one command of a page that begins like this and has no longer row; it counts as typed.
    #[track_caller]
    pub fn command(&self, page: &'static str, beginning: &str) -> String {
        let all = commands(page);
        let mut found = all.iter().filter(|line| {
            row(line).is_some_and(|(_, of_row, by)| *of_row == beginning && *by == self.by)
        });
        let line = found
            .next()
            .unwrap_or_else(|| panic!("{page} has no `{beginning}`"));
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        typed.insert(line.clone());
        line.command.clone()
    }

    /// A command that a page has in a sentence.
    #[track_caller]
    pub fn inline(page_name: &str, beginning: &str) -> String {
        let text = page(page_name);
        let mut quoted = text.split('`').skip(1).step_by(2);
        let found = quoted.find(|code| code.starts_with(beginning));
        found
            .unwrap_or_else(|| panic!("{page_name} has no `{beginning}` in a sentence"))
            .replace('\n', " ")
    }

    /// Nothing that is this reader's was passed over.
    #[track_caller]
    pub fn has_typed_all(&self) {
        let mine: BTreeSet<Line> = PAGES
            .into_iter()
            .flat_map(commands)
            .filter(|line| row(line).is_some_and(|(_, _, by)| *by == self.by))
            .collect();
        assert_eq!(*self.typed.lock().unwrap(), mine);
    }
}

#[test]
fn every_command_of_the_documents_has_somebody_who_types_it_or_a_reason() {
    let lines: Vec<Line> = PAGES.into_iter().flat_map(commands).collect();
    let without: Vec<&Line> = lines.iter().filter(|line| row(line).is_none()).collect();
    assert!(without.is_empty(), "{without:?}");
    let used: BTreeSet<_> = lines.iter().filter_map(row).collect();
    let unused: Vec<_> = LINES.iter().filter(|row| !used.contains(row)).collect();
    assert!(unused.is_empty(), "no such line: {unused:?}");
    // Each row is one line, else a page changed and one of them is not typed.
    for row_of in LINES {
        let these: BTreeSet<&Line> = lines
            .iter()
            .filter(|line| row(line) == Some(row_of))
            .collect();
        assert_eq!(these.len(), 1, "{these:?}");
    }
}
