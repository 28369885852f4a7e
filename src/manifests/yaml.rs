//! Text to values, as kubectl reads it: YAML 1.1 booleans and octal numbers, anchors and merge
//! keys, each within limits that no input can get around. Errors name a line and a column.

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Options};

use super::documents::Document;

/// Expansion of aliases beyond this is an attack or an accident. Everything else that a document makes the
/// parser do is bounded by its bytes.
const REPLAYED_EVENTS: usize = 100_000;

/// Why a document could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line of the stream, counted from 1.
    pub line: usize,
    /// The column, counted from 1; absent where the whole document is meant.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// The values of one document: JSON may hold several, one after another.
#[derive(Debug, Default)]
pub struct Parsed {
    pub values: Vec<Placed>,
    /// A message for every key that was given twice.
    pub mistakes: Vec<Unreadable>,
}

/// A value and the line of the stream that it begins on.
#[derive(Debug)]
pub struct Placed {
    pub value: Value,
    pub line: usize,
}

/// Parses one document.
pub fn parse(document: &Document<'_>) -> Result<Parsed, Unreadable> {
    if let Some(values) = json_values(document) {
        let mistakes = Vec::new();
        return Ok(Parsed { values, mistakes });
    }
    let (value, mistakes) = parse_yaml(document)?;
    let line = document.first_line();
    Ok(Parsed {
        values: vec![Placed { value, line }],
        mistakes,
    })
}

/// The values of a document that is nothing but JSON.
fn json_values(document: &Document<'_>) -> Option<Vec<Placed>> {
    let text = document.text;
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let lines = |from: usize, to: usize| text[from..to].matches('\n').count();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter();
    let mut values = Vec::new();
    let (mut end, mut line) = (0, document.lines_before + 1);
    loop {
        let rest = &text[end..];
        let begin = end + rest.len() - rest.trim_start().len();
        line += lines(end, begin);
        let Some(value) = stream.next() else {
            return Some(values);
        };
        let value = value.ok()?;
        values.push(Placed { value, line });
        end = stream.byte_offset();
        line += lines(begin, end);
    }
}

fn parse_yaml(document: &Document<'_>) -> Result<(Value, Vec<Unreadable>), Unreadable> {
    match read(document.text, DuplicateKeyPolicy::Error) {
        Ok(value) => Ok((value, Vec::new())),
        // As in kubectl's client, the last of two equal keys wins; a problem reports it.
        Err(error) if is_duplicate(&error) => read(document.text, DuplicateKeyPolicy::LastWins)
            .map(|value| (value, vec![unreadable(document, &error)]))
            .map_err(|error| unreadable(document, &error)),
        Err(error) => Err(unreadable(document, &error)),
    }
}

fn read(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<Value, Error> {
    serde_saphyr::from_str_with_options(text, options(text, duplicate_keys))
}

/// The lines, counted from 1 in the document's text, on which the items of a `List` begin.
pub fn item_lines(text: &str) -> Vec<usize> {
    #[derive(serde::Deserialize)]
    struct List {
        #[serde(default)]
        items: Vec<serde_saphyr::Spanned<serde::de::IgnoredAny>>,
    }
    let options = options(text, DuplicateKeyPolicy::LastWins);
    serde_saphyr::from_str_with_options::<List>(text, options)
        .map(|list| list.items)
        .unwrap_or_default()
        .iter()
        .map(|item| usize::try_from(item.defined.line()).unwrap_or(1))
        .collect()
}

fn options(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Options {
    let bytes = text.len();
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // A list of a whole cluster has more nodes than any fixed number.
            max_nodes: bytes.saturating_add(REPLAYED_EVENTS),
            max_events: bytes.saturating_mul(2).saturating_add(REPLAYED_EVENTS),
            max_total_scalar_bytes: bytes.saturating_mul(2).saturating_add(1 << 26),
        },
        duplicate_keys: duplicate_keys,
        legacy_octal_numbers: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_EVENTS,
        },
    }
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error.without_snippet(), Error::DuplicateMappingKey { .. })
}

fn unreadable(document: &Document<'_>, error: &Error) -> Unreadable {
    let place = error.location();
    let within = |number: u64| usize::try_from(number).unwrap_or(1);
    Unreadable {
        line: place.map_or_else(
            || document.first_line(),
            |place| document.lines_before + within(place.line()).max(1),
        ),
        column: place.map(|place| within(place.column())),
        message: explain(error.without_snippet()),
    }
}

fn explain(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key '{key}' is given twice; the last one counts")
        }
        Error::AliasReplayLimitExceeded { .. } => {
            "its aliases unfold to more than any manifest needs, so it is not read".to_owned()
        }
        Error::AliasError { error, .. } => explain(error.without_snippet()),
        other => without_place(&other.to_string()),
    }
}

/// The parser's own mention of the place counts from the document's start, not from the file's.
fn without_place(message: &str) -> String {
    let plain = message.split(" at line ").next().unwrap_or(message);
    plain.lines().next().unwrap_or(plain).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifests::documents;

    fn value(text: &str) -> Value {
        let mut parsed = parse(&documents::split(text)[0]).unwrap();
        parsed.values.remove(0).value
    }

    fn refusal(text: &str) -> Unreadable {
        parse(documents::split(text).last().unwrap()).unwrap_err()
    }

    #[test]
    fn scalars_mean_what_kubectl_makes_of_them() {
        let read = value("[yes, Off, 0644, '0644', 2026-01-01, 1.5, ~, 1_000, 0x10, y]");
        let meant = json!([
            true,
            false,
            420,
            "0644",
            "2026-01-01",
            1.5,
            null,
            1000,
            16,
            true
        ]);
        assert_eq!(read, meant);
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let read = value("base: &b {x: 1, y: 2}\nnext: {<<: *b, y: 3}\n");
        assert_eq!(read["next"], json!({"x": 1, "y": 3}));
    }

    #[test]
    fn a_mistake_is_reported_at_its_place_in_the_file() {
        let mistake = refusal("a: 1\n---\nb:\n  c: [1\nd: 2\n");
        assert_eq!((mistake.line, mistake.column), (5, Some(2)));
    }

    #[test]
    fn a_key_given_twice_is_reported_and_the_last_one_counts() {
        let text = "a: 1\nb: 2\na: 3\n";
        let parsed = parse(&documents::split(text)[0]).unwrap();
        assert_eq!(parsed.values[0].value["a"], 3);
        assert_eq!(parsed.mistakes[0].line, 3);
        assert_eq!(
            parsed.mistakes[0].message,
            "the key 'a' is given twice; the last one counts"
        );
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let previous = format!("*a{}", level - 1);
            let list = [previous.as_str(); 9].join(", ");
            text = format!("{text}a{level}: &a{level} [{list}]\n");
        }
        let refused = refusal(&text).message;
        assert!(refused.contains("aliases unfold"), "{refused}");
    }

    #[test]
    fn deep_nesting_is_refused_and_not_a_crash() {
        refusal(&"[".repeat(100_000));
        refusal(&"{\"a\":".repeat(100_000));
        refusal(&"- ".repeat(100_000));
    }

    #[test]
    fn json_values_one_after_another_know_their_lines() {
        let parsed = parse(&documents::split("\n{\"a\": 1}\n\n[2]\n").remove(0)).unwrap();
        let found: Vec<_> = parsed
            .values
            .iter()
            .map(|one| (one.line, &one.value))
            .collect();
        assert_eq!(found, [(2, &json!({"a": 1})), (4, &json!([2]))]);
        // A flow mapping of YAML is not JSON.
        assert_eq!(value("{a: b}"), json!({"a": "b"}));
    }

    #[test]
    fn a_list_of_a_whole_cluster_is_read() {
        let item = "- {kind: A, labels: {a: b, c: d, e: f, g: h, i: j, k: l}}\n";
        let text = format!("kind: List\nitems:\n{}", item.repeat(50_000));
        assert_eq!(value(&text)["items"].as_array().unwrap().len(), 50_000);
        assert_eq!(item_lines(&text).len(), 50_000);
    }

    #[test]
    fn the_items_of_a_list_know_their_lines() {
        let text = "kind: List\nitems:\n- kind: A\n  x: 1\n# about B\n- kind: B\n";
        assert_eq!(item_lines(text), [3, 6]);
    }
}
