//! Architecture rules as tests: imports point one way, only shells do IO, and every file, function
//! and argument list stays within its limit.

#![allow(clippy::unwrap_used)]

#[path = "layers/imports.rs"]
mod imports;
#[path = "layers/names.rs"]
mod names;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use imports::{Edge, Imports, against, circles};

/// `api <- assess <- report <- shells <- commands <- main`: a room imports only from its left.
const CORE: [&str; 3] = ["api", "assess", "report"];
/// Shells stand side by side; the commands wire them together.
const SHELLS: [&str; 5] = ["manifests", "server", "cluster", "notify", "prometheus"];
const OUTERMOST: &str = "commands";
/// What two shells send requests through; it knows no shell.
const OUTBOUND: &str = "outbound";
/// What requests connect through; it imports nothing of ours.
const PROXY: &str = "proxy";
/// `limits <- error <- syntax <- …` in `cel/src`, as in its `lib.rs`.
const CEL: [&str; 8] = [
    "limits", "error", "syntax", "value", "library", "eval", "check", "env",
];
/// `hours <- multiset <- … <- planner` in `src/assess`: what is read of objects, what is judged of
/// them, what was seen, what follows from it, what is to be written.
const ASSESS: [&str; 22] = [
    "hours",
    "multiset",
    "wording",
    "state",
    "source",
    "object",
    "settings",
    "path",
    "workload",
    "exception",
    "namespace_index",
    "goal_objects",
    "verdict",
    "inventory",
    "register",
    "adoption",
    "delivery",
    "proposal",
    "warning",
    "reminders",
    "goals",
    "planner",
];
/// The rooms without a circle between files: a source directory, and a room in it (`""` for all).
const WITHOUT_CIRCLES: [(&str, &str); 9] = [
    ("cel/src", ""),
    ("src", "assess/"),
    ("src", "cluster/"),
    ("src", "notify/"),
    ("src", "server/"),
    ("src", "api/"),
    ("src", "report/"),
    ("src", "commands"),
    ("src", "manifests"),
];
/// The rooms of `src/cluster` left and right of `watch` and `write`, which stand side by side.
const BEFORE_WATCH_AND_WRITE: [&str; 9] = [
    "client",
    "counters",
    "event_queue",
    "incidents",
    "delivery_events",
    "lease",
    "readiness",
    "snapshots",
    "context",
];
const AFTER_WATCH_AND_WRITE: [&str; 7] = [
    "clock",
    "observer",
    "measuring",
    "publishing",
    "recording",
    "reminding",
    "run",
];
/// Names that do not describe the content.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "helper", "helpers", "manager", "common", "misc", "types",
];
const LONGEST_FILE: usize = 600;

struct Source {
    /// Relative to the source directory, such as `assess/verdict.rs`.
    name: String,
    text: String,
}

impl Source {
    /// The first part of the name: the directory or the file's stem.
    fn room(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }

    fn is_test(&self) -> bool {
        let file = self.name.rsplit('/').next().unwrap();
        ["tests.rs", "properties.rs", "fixtures.rs"].contains(&file)
            || file.ends_with("_tests.rs")
            || self.name.contains("tests/")
    }

    /// The lines a release is built from: up to the tests at the end. Tests that are files of their
    /// own are declared further up, and end nothing.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let end = self.text.find("\n#[cfg(test)]\nmod tests {");
        self.text[..end.unwrap_or(self.text.len())].lines()
    }

    /// These lines without comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.lines();
        lines.filter(|line| !line.trim_start().starts_with("//"))
    }

    fn mentions(&self, word: &str) -> bool {
        !self.is_test() && self.code().any(|line| line.contains(word))
    }
}

fn sources(directory: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![root.clone()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            found.push(Source {
                name,
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Every place where a file of `rooms` contains one of `words`.
fn mentions_in(rooms: &[&str], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources("src") {
        for word in words.iter().filter(|_| rooms.contains(&source.room())) {
            if source.mentions(word) {
                found.push(format!("src/{} contains {word}", source.name));
            }
        }
    }
    found
}

fn importing(room: &str) -> String {
    format!("crate::{room}::")
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn imports_point_one_way() {
    for (rank, room) in CORE.iter().enumerate() {
        let outward = CORE[rank + 1..]
            .iter()
            .chain(&SHELLS)
            .chain(&[OUTBOUND, PROXY, OUTERMOST]);
        let forbidden: Vec<_> = outward.map(|other| importing(other)).collect();
        assert_eq!(mentions_in(&[room], &forbidden), [""; 0]);
    }
}

#[test]
fn the_proxy_imports_nothing_of_ours() {
    let others = CORE.iter().chain(&SHELLS);
    let others = others.chain(&[OUTBOUND, OUTERMOST]);
    let forbidden: Vec<_> = others.map(|other| importing(other)).collect();
    assert_eq!(mentions_in(&[PROXY], &forbidden), [""; 0]);
}

#[test]
fn requests_know_no_shell() {
    let shells = SHELLS.iter().chain(&[OUTERMOST]);
    let forbidden: Vec<_> = shells.map(|other| importing(other)).collect();
    assert_eq!(mentions_in(&[OUTBOUND], &forbidden), [""; 0]);
}

#[test]
fn imports_of_cel_point_one_way() {
    let sources = sources("cel/src");
    let others = sources
        .iter()
        .map(Source::room)
        .filter(|room| *room != "lib" && !CEL.contains(room));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(against(&CEL, &Imports::of(&sources).edges()), [""; 0]);
}

#[test]
fn imports_of_cluster_point_one_way() {
    let within = |file: &str| Some(file.strip_prefix("cluster/")?.to_owned());
    let edges = Imports::of(&sources("src")).edges().into_iter();
    let edges = edges.filter_map(|Edge { from, to }| {
        let (from, to) = (within(&from)?, within(&to)?);
        Some(Edge { from, to })
    });
    let edges = edges.collect();
    for side in ["watch", "write"] {
        let order = [
            &BEFORE_WATCH_AND_WRITE[..],
            &[side],
            &AFTER_WATCH_AND_WRITE[..],
        ]
        .concat();
        assert_eq!(against(&order, &edges), [""; 0]);
    }
    assert_eq!(against(&["watch", "write"], &edges), [""; 0]);
    assert_eq!(against(&["write", "watch"], &edges), [""; 0]);
}

#[test]
fn imports_of_assess_point_one_way() {
    let sources = sources("src");
    let inside = |name: &str| name.strip_prefix("assess/").map(str::to_owned);
    let rooms: BTreeSet<String> = sources
        .iter()
        .filter_map(|source| inside(&source.name))
        .filter_map(|name| Some(name.split(['/', '.']).next()?.to_owned()))
        .collect();
    let named: BTreeSet<String> = ASSESS
        .iter()
        .chain(&["mod"])
        .map(ToString::to_string)
        .collect();
    assert_eq!(rooms, named);
    let edges: BTreeSet<Edge> = Imports::of(&sources)
        .edges()
        .iter()
        .filter_map(|edge| {
            Some(Edge {
                from: inside(&edge.from)?,
                to: inside(&edge.to)?,
            })
        })
        .collect();
    assert!(!edges.is_empty());
    assert_eq!(against(&ASSESS, &edges), [""; 0]);
}

#[test]
fn no_circle_between_files_parent_and_child_aside() {
    for (directory, room) in WITHOUT_CIRCLES {
        let mut edges = Imports::of(&sources(directory)).edges();
        edges.retain(|edge| edge.from.starts_with(room) && edge.to.starts_with(room));
        assert!(!edges.is_empty(), "{directory}/{room} has no imports");
        assert_eq!(circles(&edges), [""; 0]);
    }
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let file = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let edges = Imports::of(&[
        file("lib.rs", "mod a; mod b; pub use a::deep::Deep;"),
        file("a/mod.rs", "mod deep; mod flat; pub use deep::{self as d, Deep as Renamed};"),
        file("a/deep.rs", "pub struct Deep; // use crate::b::B;\nconst TEXT: &str = \"crate::b\";"),
        file("a/flat.rs", "fn f() { super::d::g(vec![crate::b::x()]) }"),
        file(
            "b.rs",
            "use crate::{Deep, a::{Renamed, flat::{self}}}; #[cfg(test)] mod tests { use crate::a::X; }",
        ),
        file("c.rs", "#[cfg(test)]\nuse crate::b::B;\nfn f() -> crate::a::Renamed { std::mem::take() }"),
    ])
    .edges();
    let found: Vec<_> = edges
        .iter()
        .map(|edge| (edge.from.as_str(), edge.to.as_str()))
        .collect();
    let expected = [
        ("a/flat.rs", "a/deep.rs"),
        ("a/flat.rs", "b.rs"),
        ("b.rs", "a/deep.rs"),
        ("b.rs", "a/flat.rs"),
        ("c.rs", "a/deep.rs"),
    ];
    assert_eq!(found, expected);
    let circle = [
        "a/flat.rs imports b.rs, which leads back to it",
        "b.rs imports a/flat.rs, which leads back to it",
    ];
    assert_eq!(circles(&edges), circle);
    assert_eq!(against(&["b", "a"], &edges).len(), 2);
}

#[test]
fn shells_know_neither_each_other_nor_the_commands() {
    for shell in SHELLS {
        let others = SHELLS.iter().filter(|other| **other != shell);
        let others = others.chain(&[OUTERMOST]);
        let forbidden: Vec<_> = others.map(|other| importing(other)).collect();
        assert_eq!(mentions_in(&[shell], &forbidden), [""; 0]);
    }
}

#[test]
fn main_only_runs_a_command() {
    let sources = sources("src");
    let main = sources.iter().find(|source| source.name == "main.rs");
    let imported: Vec<_> = main
        .unwrap()
        .code()
        .filter_map(|line| line.split_once("goldenpath::"))
        .filter(|(_, room)| !room.starts_with(OUTERMOST))
        .collect();
    assert_eq!(imported, [("", ""); 0]);
}

#[test]
fn the_core_reads_no_clock_and_does_no_io() {
    let worldly = words(&[
        "::now()",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "tokio",
        "axum",
        "kube::Client",
        "kube::Api",
        "kube::runtime",
    ]);
    assert_eq!(mentions_in(&CORE, &worldly), [""; 0]);
}

#[test]
fn only_the_cluster_shell_has_a_client() {
    let rooms: Vec<_> = sources("src")
        .iter()
        .map(|source| source.room().to_owned())
        .collect();
    let others: Vec<_> = rooms
        .iter()
        .map(String::as_str)
        .filter(|room| *room != "cluster")
        .collect();
    let client = words(&[
        "kube::Client",
        "kube::Api",
        "kube::runtime",
        "kube::{Api",
        "kube::{Client",
    ]);
    assert_eq!(mentions_in(&others, &client), [""; 0]);
}

/// Every file of `src` outside `only` that contains one of `words`.
fn mentions_elsewhere(only: &str, words: &[&str]) -> Vec<String> {
    let sources = sources("src");
    let others = sources
        .iter()
        .filter(|source| !source.name.starts_with(only));
    let found = others.flat_map(|source| {
        let found_words = words.iter().filter(|word| source.mentions(word));
        found_words.map(|word| format!("src/{} contains {word}", source.name))
    });
    found.collect()
}

#[test]
fn only_the_terminal_writes_to_standard_output_and_standard_error() {
    let ways = [
        "io::stdout",
        "io::stderr",
        "{stdout",
        "{stderr",
        "println!",
        "print!(",
        "dbg!(",
        "/dev/std",
        "/dev/tty",
    ];
    assert_eq!(mentions_elsewhere("commands/terminal", &ways), [""; 0]);
}

#[test]
fn every_request_body_is_escaped() {
    let ways = [
        "ClientBuilder",
        "Client::new(",
        "Client::try_from",
        "Client::try_default",
    ];
    assert_eq!(
        mentions_elsewhere("cluster/client/connect.rs", &ways),
        [""; 0]
    );
    let sources = sources("src");
    let connect = sources
        .iter()
        .find(|source| source.name == "cluster/client/connect.rs");
    let code: Vec<_> = connect.unwrap().code().collect();
    let built = code.iter().filter(|line| line.contains(".build()"));
    let layered: Vec<_> = built
        .map(|line| line.contains(".with_layer(&BodyLayer).build()"))
        .collect();
    assert_eq!(layered, [true, true]);
}

#[test]
fn json_and_yaml_are_written_in_one_place() {
    let ways = [
        "serde_json::to_vec",
        "serde_json::to_string",
        "serde_json::to_writer",
    ];
    assert_eq!(
        mentions_elsewhere("report/document/encode.rs", &ways),
        [""; 0]
    );
}

#[test]
fn no_identifier_is_a_retired_name() {
    let found = ["src", "cel/src", "e2e/src", "bench"].map(|directory| {
        let sources = sources(directory);
        sources.iter().flat_map(names::retired).collect::<Vec<_>>()
    });
    assert_eq!(found.concat(), [""; 0]);
}

#[test]
fn no_file_is_longer_than_one_reads_in_a_sitting() {
    for directory in ["src", "e2e/src"] {
        for source in sources(directory).iter().filter(|source| !source.is_test()) {
            let lines = source.lines().count();
            assert!(
                lines <= LONGEST_FILE,
                "{directory}/{} has {lines} lines",
                source.name
            );
        }
    }
}

#[test]
fn every_room_has_a_name_and_a_purpose() {
    for directory in ["src", "cel/src", "e2e/src"] {
        for source in sources(directory).iter().filter(|source| !source.is_test()) {
            let parts: Vec<_> = source.name.split(['/', '.']).collect();
            let empty = parts.iter().find(|part| EMPTY_NAMES.contains(part));
            assert_eq!(empty, None, "{directory}/{}", source.name);
            assert!(
                source.text.starts_with("//!"),
                "{directory}/{} has no opening",
                source.name
            );
        }
    }
}
