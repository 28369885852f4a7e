//! Text to values, as kubectl reads it: JSON, or YAML with the scalars of go-yaml, anchors and merge
//! keys. Errors name a line and a column.

pub mod layout;
mod scalar;
mod tree;

use serde_json::Value;

use self::tree::Mistake;
use super::documents::Document;

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
    pub is_json: bool,
}

/// A value and the line of the stream that it begins on.
#[derive(Debug)]
pub struct Placed {
    pub value: Value,
    pub line: usize,
    /// The lines of the stream on which the items of a `List` in YAML begin.
    pub item_lines: Vec<usize>,
}

/// Parses one document.
pub fn parse(document: &Document<'_>) -> Result<Parsed, Unreadable> {
    if let Some(values) = json_values(document) {
        return Ok(Parsed {
            values,
            mistakes: Vec::new(),
            is_json: true,
        });
    }
    parse_yaml(document)
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
        values.push(Placed {
            value,
            line,
            item_lines: Vec::new(),
        });
        end = stream.byte_offset();
        line += lines(begin, end);
    }
}

fn parse_yaml(document: &Document<'_>) -> Result<Parsed, Unreadable> {
    let placed = |mistake: Mistake| Unreadable {
        line: document.lines_before + mistake.line,
        column: Some(mistake.column),
        message: mistake.message,
    };
    let tree = tree::parse(document.text).map_err(placed)?;
    let item_lines = tree.item_lines.iter();
    Ok(Parsed {
        values: vec![Placed {
            value: tree.value,
            line: document.first_line(),
            item_lines: item_lines
                .map(|line| document.lines_before + line)
                .collect(),
        }],
        // As in kubectl's client, the last of two equal keys wins; a problem reports it.
        mistakes: tree.repeated.into_iter().map(placed).collect(),
        is_json: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifests::documents;

    fn value(text: &str) -> Value {
        placed(text).value
    }

    fn placed(text: &str) -> Placed {
        let mut parsed = parse(&documents::split(text)[0]).unwrap();
        parsed.values.remove(0)
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
        let read = value("base: &b {a: 1, b: 2}\nnext: {<<: *b, b: 3}\n");
        assert_eq!(read["next"], json!({"a": 1, "b": 3}));
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
    fn anchors_within_anchors_multiply_nothing() {
        let anchors: Vec<String> = (0..100).map(|level| format!("&a{level}")).collect();
        let begin = anchors.join(" [") + " [";
        let text = format!("a: {begin}{}{}", "x".repeat(1 << 20), "]".repeat(100));
        let refused = refusal(&text).message;
        assert!(refused.contains("aliases unfold"), "{refused}");
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
        let list = placed(&text);
        assert_eq!(list.value["items"].as_array().unwrap().len(), 50_000);
        assert_eq!(list.item_lines.len(), 50_000);
    }

    #[test]
    fn the_items_of_a_list_know_their_lines() {
        let text = "kind: List\nitems:\n- kind: A\n  x: 1\n# about B\n- kind: B\n";
        assert_eq!(placed(text).item_lines, [3, 6]);
    }
}
