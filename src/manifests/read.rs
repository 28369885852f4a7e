//! Files to manifests: every Kubernetes object with the place it was read from, as the API server
//! would store it, and a problem for every document that was meant to be one and is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str;

use serde_json::{Value, json};

use super::documents;
use super::files::{File, Files};
use super::passed_over::{PassedOver, Reason};
use super::repeated::{Repeated, What};
use super::shape::{self, Shape};
use super::yaml::{self, Parsed, Placed, Unreadable};
use crate::assess::object::defaults;
use crate::assess::source::{Problem, Source};
use crate::report::voice::shell_word;

/// Why documents of a file or a chart are not judged; said once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Note {
    Template,
    Chart,
    Fragment,
}

impl Note {
    fn text(self, place: &str) -> String {
        match self {
            Self::Template => "this is a template: render it first, for example \
                               `helm template . | goldenpath scan -`"
                .to_owned(),
            Self::Chart => format!(
                "this chart is not rendered, so it is not judged: `helm template {} | goldenpath scan -`",
                shell_word(place)
            ),
            Self::Fragment => {
                "this is a patch or a part of a workload, so it is not judged: build it \
                               first, for example `kustomize build . | goldenpath scan -`"
                    .to_owned()
            }
        }
    }
}

/// One object and where it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its place.
    pub source: Source,
    /// The object, in a namespace and with the API server's defaults.
    pub value: Value,
}

/// Everything that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// Every object in the order of the files; of two that are the same one, only the later.
    pub manifests: Vec<Manifest>,
    /// What could not be read, or only in part.
    pub problems: Vec<Problem>,
    /// Documents that were meant to be objects and could not be read.
    pub unreadable: usize,
    /// What was given twice; a problem where its kind is judged.
    pub repeated: Vec<Repeated>,
    /// What was read and is not judged.
    pub passed_over: PassedOver,
}

/// Objects that were read from no file, as the API server stores them.
pub(crate) fn stored(values: Vec<Value>) -> Input {
    let manifests = values.into_iter().map(|value| {
        let part = |place: &str| word(&value, place).unwrap_or_default().to_owned();
        let (namespace, name) = (part("/metadata/namespace"), part("/metadata/name"));
        let slash = if namespace.is_empty() { "" } else { "/" };
        let file = format!("{} {namespace}{slash}{name}", part("/kind"));
        let source = Source { file, line: 0 };
        Manifest { source, value }
    });
    Input {
        manifests: manifests.collect(),
        ..Input::default()
    }
}

/// The objects in `files`; those that name no namespace are in `namespace`.
pub fn manifests(files: &Files, namespace: &str) -> Input {
    let mut reader = Reader {
        input: Input {
            unreadable: files.problems.len(),
            problems: files.problems.clone(),
            ..Input::default()
        },
        noted: BTreeSet::new(),
    };
    for file in &files.files {
        reader.read(file);
    }
    let mut input = reader.input;
    for manifest in &mut input.manifests {
        settle(&mut manifest.value, namespace);
    }
    input.keep_the_later_of_equals();
    input
}

/// What was read so far.
struct Reader {
    input: Input,
    /// What was noted, by file or chart.
    noted: BTreeSet<(String, Note)>,
}

impl Reader {
    fn read(&mut self, file: &File) {
        let text = match str::from_utf8(&file.content) {
            Ok(text) => text,
            Err(error) if file.is_named => {
                let before = String::from_utf8_lossy(&file.content[..error.valid_up_to()]);
                let line = 1 + before.matches('\n').count();
                self.refuse(file, line, "this is not UTF-8 text");
                return;
            }
            Err(_) => return self.pass_over(Reason::NotText),
        };
        for document in documents::split(text) {
            match yaml::parse(&document) {
                Ok(parsed) => self.take(file, parsed),
                Err(_) if is_unparsed_template(file, document.text) => {
                    self.template(file, document.first_line());
                }
                Err(mistake) if file.is_named || was_meant(document.text) => {
                    let column = mistake
                        .column
                        .map_or(String::new(), |c| format!("column {c}: "));
                    let message = format!("{column}{}", mistake.message);
                    self.refuse(file, mistake.line, &message);
                }
                Err(_) => self.pass_over(Reason::NoObject),
            }
        }
    }

    fn take(&mut self, file: &File, parsed: Parsed) {
        let before = self.input.manifests.len();
        let mut objects = Vec::new();
        for placed in parsed.values {
            unfold(placed, &mut objects);
        }
        if objects.is_empty() {
            self.pass_over(Reason::NoObject);
        }
        for Placed { value, line, .. } in objects {
            match shape::of(&value) {
                Shape::Whole => self.object(file, line, value),
                Shape::Template => self.template(file, line),
                Shape::Fragment => {
                    self.pass_over(Reason::Fragment);
                    self.note_once(place(file, line), Note::Fragment);
                }
            }
        }
        let first = self.input.manifests.get(before);
        if let Some(identity) = first.map(|first| Identity::of(&first.value)) {
            let keys = parsed.mistakes.into_iter();
            let keys = keys.map(|Unreadable { line, message, .. }| Repeated {
                group: identity.group.clone(),
                kind: identity.kind.clone(),
                source: place(file, line),
                what: What::Key(message),
            });
            self.input.repeated.extend(keys);
        }
    }

    /// Notes a template once a chart, or once a file where it is in no chart.
    fn template(&mut self, file: &File, line: usize) {
        self.pass_over(Reason::Template);
        match chart_of(&file.name) {
            None => self.note_once(place(file, line), Note::Template),
            Some(chart) => {
                let file = chart.to_owned();
                self.note_once(Source { file, line: 0 }, Note::Chart);
            }
        }
    }

    fn object(&mut self, file: &File, line: usize, value: Value) {
        let has = |field: &str| word(&value, field).is_some_and(|name| !name.is_empty());
        let (true, Some(kind)) = (is_object(&value), word(&value, "/kind")) else {
            return self.pass_over(Reason::NoObject);
        };
        if has("/metadata/name") || has("/metadata/generateName") {
            let source = place(file, line);
            self.input.manifests.push(Manifest { source, value });
        } else if value.get("spec").is_some() {
            let message = format!("this {kind} has no metadata.name, so it is not judged");
            self.note(file, line, &message);
            self.pass_over(Reason::NoName);
        } else {
            // Configuration of tools borrows our form: Kustomization, a kubeconfig.
            self.pass_over(Reason::OtherKind);
        }
    }

    fn pass_over(&mut self, reason: Reason) {
        self.input.passed_over.count(reason);
    }

    fn refuse(&mut self, file: &File, line: usize, message: &str) {
        self.input.unreadable += 1;
        self.note(file, line, message);
    }

    fn note(&mut self, file: &File, line: usize, message: &str) {
        let problem = Problem::new(place(file, line), message);
        self.input.problems.push(problem);
    }

    fn note_once(&mut self, source: Source, note: Note) {
        if self.noted.insert((source.file.clone(), note)) {
            let text = note.text(&source.file);
            self.input.problems.push(Problem::new(source, text));
        }
    }
}

impl Input {
    /// As `kubectl apply` leaves it: the later of two manifests of one object is in force.
    fn keep_the_later_of_equals(&mut self) {
        let mut latest = BTreeMap::new();
        let mut earlier = BTreeSet::new();
        for (index, manifest) in self.manifests.iter().enumerate() {
            let identity = Identity::of(&manifest.value);
            if identity.name.is_empty() {
                continue; // the API server makes a name for each
            }
            let (group, kind) = (identity.group.clone(), identity.kind.clone());
            let name = identity.to_string();
            if let Some(before) = latest.insert(identity, index) {
                self.repeated.push(Repeated {
                    group,
                    kind,
                    source: self.manifests[before].source.clone(),
                    what: What::Object {
                        name,
                        again: manifest.source.clone(),
                    },
                });
                earlier.insert(before);
            }
        }
        let mut index = 0;
        self.manifests.retain(|_| {
            index += 1;
            !earlier.contains(&(index - 1))
        });
    }
}

/// Takes lists apart: those of Kubernetes, also within each other, and arrays of objects. Items of the
/// document's own list know their lines; deeper ones have the line of the list.
fn unfold(mut placed: Placed, objects: &mut Vec<Placed>) {
    let Some(items) = take_items(&mut placed.value) else {
        if placed.value.is_object() {
            objects.push(placed);
        }
        return;
    };
    for (index, mut item) in items.into_iter().enumerate() {
        name_kind(&mut item, &placed.value);
        let item = Placed {
            value: item,
            line: placed.item_lines.get(index).copied().unwrap_or(placed.line),
            item_lines: Vec::new(),
        };
        unfold(item, objects);
    }
}

/// The items of an array, or of a list of Kubernetes.
pub(super) fn take_items(value: &mut Value) -> Option<Vec<Value>> {
    let is_list =
        is_object(value) && word(value, "/kind").is_some_and(|kind| kind.ends_with("List"));
    let items = match value {
        Value::Array(items) => items,
        Value::Object(list) if is_list => list.get_mut("items")?.as_array_mut()?,
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return None;
        }
    };
    Some(std::mem::take(items))
}

/// A list of one kind leaves it out of its items.
pub(super) fn name_kind(item: &mut Value, list: &Value) {
    let kind = word(list, "/kind").and_then(|kind| kind.strip_suffix("List"));
    if let (Some(item), Some(kind)) = (item.as_object_mut(), kind)
        && !kind.is_empty()
    {
        item.entry("apiVersion")
            .or_insert_with(|| list["apiVersion"].clone());
        item.entry("kind").or_insert_with(|| json!(kind));
    }
}

/// What makes two manifests the same object.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

impl Identity {
    /// Without a name for an object whose name the API server makes up.
    pub(super) fn of(value: &Value) -> Self {
        let text = |pointer: &str| word(value, pointer).unwrap_or_default().to_owned();
        let version = text("/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Self {
            group: group.to_owned(),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind, self.namespace, self.name)
    }
}

/// Brings an object into the form the API server stores.
fn settle(value: &mut Value, namespace: &str) {
    let is_cluster_scoped = matches!(
        (word(value, "/apiVersion"), word(value, "/kind")),
        (Some("v1"), Some("Namespace")) | (Some(crate::api::API_VERSION), Some("GoldenPath"))
    );
    if let Some(metadata) = value
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
        && !is_cluster_scoped
        && metadata
            .get("namespace")
            .is_none_or(|given| given.is_null() || given == "")
    {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    defaults::apply(value);
}

fn place(file: &File, line: usize) -> Source {
    Source {
        file: file.name.clone(),
        line,
    }
}

fn word<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

pub(super) fn is_object(value: &Value) -> bool {
    word(value, "/apiVersion").is_some() && word(value, "/kind").is_some()
}

/// Whether a document that cannot be read was meant to be an object.
pub(super) fn was_meant(text: &str) -> bool {
    text.contains("apiVersion") && text.contains("kind")
}

/// Whether a document that cannot be parsed still has to be rendered. The values of a chart may hold
/// templates as well, and are no object.
pub(super) fn is_unparsed_template(file: &File, text: &str) -> bool {
    text.contains("{{") && (file.is_named || was_meant(text) || chart_of(&file.name).is_some())
}

/// The directory of the chart whose template a file is.
fn chart_of(name: &str) -> Option<&str> {
    let directories = Path::new(name).ancestors().skip(1);
    let templates = directories
        .filter(|directory| directory.ends_with("templates"))
        .last()?;
    templates
        .parent()?
        .to_str()
        .filter(|chart| !chart.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str, is_named: bool) -> Files {
        let file = File {
            name: name.to_owned(),
            content: content.as_bytes().to_vec(),
            is_named,
        };
        vec![file].into()
    }

    fn read(content: &str) -> Input {
        manifests(&file("a.yaml", content, true), "default")
    }

    fn names(input: &Input) -> Vec<(&str, usize)> {
        input
            .manifests
            .iter()
            .map(|m| (word(&m.value, "/metadata/name").unwrap(), m.source.line))
            .collect()
    }

    fn messages(input: &Input) -> Vec<String> {
        let line = |p: &Problem| format!("{}: {}", p.source, p.message);
        input.problems.iter().map(line).collect()
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

    #[test]
    fn one_bad_document_does_not_lose_the_others() {
        let input = read(&format!(
            "{POD}---\nkind: [\n---\n{}",
            POD.replace("a}", "b}")
        ));
        assert_eq!(names(&input), [("a", 1), ("b", 7)]);
        assert_eq!(input.unreadable, 1);
        assert!(
            messages(&input)[0].starts_with("a.yaml:5: column 7: "),
            "{:?}",
            messages(&input)
        );
    }

    #[test]
    fn a_list_is_unfolded_and_each_item_knows_its_line() {
        let list = "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata:\n    name: a\n  spec: &s \
                    {selector: {}, template: {spec: {containers: [{name: c, image: a}]}}}\n- metadata:\n    \
                    name: b\n  spec: *s\n";
        let input = read(list);
        assert_eq!(names(&input), [("a", 4), ("b", 7)]);
        assert_eq!(input.manifests[0].value["kind"], "Deployment");
        assert_eq!(input.manifests[0].value["spec"]["replicas"], 1);
    }

    #[test]
    fn json_is_read_as_well() {
        let input = read(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#);
        assert_eq!(names(&input), [("a", 1)]);
    }

    #[test]
    fn lists_are_unfolded_however_they_are_nested() {
        let pod =
            |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [pod("a"),
            {"apiVersion": "v1", "kind": "List", "items": [pod("b")]}]});
        let text = format!("{list}\n{}\n", json!([pod("c"), pod("d")]));
        let found: Vec<_> = names(&read(&text))
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(found, ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_patch_never_replaces_an_object() {
        let whole = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {}, \
                     template: {spec: {containers: [{name: c, image: a}]}}}\n";
        let patch =
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n";
        let input = read(&format!("{whole}---\n{patch}---\n{patch}"));
        assert_eq!(names(&input), [("web", 1)]);
        assert_eq!(
            messages(&input),
            [format!("a.yaml:6: {}", Note::Fragment.text(""))]
        );
        assert_eq!(input.passed_over.of(Reason::Fragment), 2);
    }

    #[test]
    fn a_chart_that_is_not_rendered_is_a_problem_once() {
        let template =
            "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: {{ .Release.Name }}}\n";
        let mut files = file("charts/web/templates/a.yaml", template, false);
        files.extend(file("charts/web/templates/jobs/b.yaml", template, false));
        files.extend(file(
            "charts/web/values.yaml",
            "image: \"{{ .Values.x }}\"\n",
            false,
        ));
        let input = manifests(&files, "default");
        let line = "charts/web: this chart is not rendered, so it is not judged: \
                    `helm template charts/web | goldenpath scan -`";
        assert_eq!(messages(&input), [line]);
        assert_eq!(input.passed_over.of(Reason::Template), 2);
        assert_eq!(input.passed_over.of(Reason::NoObject), 1);
    }

    #[test]
    fn a_template_is_a_problem_once_a_file() {
        let template = "{{- if .Values.x }}\nkind: A\n---\nkind: {{ .x }}\n{{- end }}\n";
        let input = read(template);
        assert_eq!(input.unreadable, 0);
        assert_eq!(
            messages(&input),
            [format!("a.yaml:1: {}", Note::Template.text(""))]
        );
    }

    #[test]
    fn an_object_may_hold_templates_of_others() {
        let held = format!("{POD}data: {{text: '{{{{ template \"x\" . }}}}'}}\n");
        assert_eq!(names(&read(&held)), [("a", 1)]);
    }

    #[test]
    fn the_later_of_two_manifests_counts_and_is_noted() {
        let input = read(&format!("{POD}---\n{POD}---\n{POD}"));
        assert_eq!(names(&input), [("a", 9)]);
        let noted: Vec<_> = input
            .repeated
            .iter()
            .map(|one| (one.source.line, &one.what))
            .collect();
        let object = |line| What::Object {
            name: "Pod default/a".to_owned(),
            again: Source {
                file: "a.yaml".to_owned(),
                line,
            },
        };
        assert_eq!(noted, [(1, &object(5)), (5, &object(9))]);
    }

    #[test]
    fn the_namespace_is_the_one_given_unless_named() {
        let named = POD.replace("name: a", "name: b, namespace: shop");
        let text = format!(
            "{POD}---\n{named}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: x}}\n"
        );
        let input = manifests(&file("a", &text, true), "team");
        let namespaces: Vec<_> = input
            .manifests
            .iter()
            .map(|m| word(&m.value, "/metadata/namespace"))
            .collect();
        assert_eq!(namespaces, [Some("team"), Some("shop"), None]);
    }

    #[test]
    fn what_is_no_object_is_skipped_in_a_directory_and_refused_when_named() {
        for (content, unreadable) in [("a: [", 1), ("replicas: 3", 0), ("- x", 0), ("a: !x {", 1)] {
            let found = manifests(&file("x", content, false), "default");
            let passed_over = found.passed_over.of(Reason::NoObject);
            assert_eq!((found.unreadable, passed_over), (0, 1), "{content}");
            assert_eq!(read(content).unreadable, unreadable, "{content}");
        }
        let meant = "apiVersion: v1\nkind: [\n";
        assert_eq!(manifests(&file("x", meant, false), "default").unreadable, 1);
    }

    #[test]
    fn an_object_without_a_name_is_reported() {
        let input = read("apiVersion: v1\nkind: Pod\nspec: {}\n");
        assert_eq!(
            messages(&input),
            ["a.yaml:1: this Pod has no metadata.name, so it is not judged"]
        );
    }
}
