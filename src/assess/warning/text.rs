//! CEL source text: literals, lists, label selectors, and user text on one line. Every text in an
//! expression goes through here, so that no name or message becomes part of the program.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// `text` as a CEL string.
pub fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\\' | '\'' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// A CEL list of strings.
pub fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts
        .into_iter()
        .map(|text| literal(text.as_ref()))
        .collect();
    format!("[{}]", quoted.join(", "))
}

/// `text` on one line, cut after `longest` characters. Three dots mark the cut, as in the expressions
/// that cut evaluated messages.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let line = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// The conjunction of `parts`.
pub fn all(parts: &[String]) -> String {
    match parts {
        [] => "true".to_owned(),
        [one] => one.clone(),
        several => several
            .iter()
            .map(|part| format!("({part})"))
            .collect::<Vec<_>>()
            .join(" && "),
    }
}

/// A label selector over the map `labels`, as conjuncts. Keys in `hidden` count as absent.
pub fn selector(selector: &LabelSelector, labels: &str, hidden: &[&str]) -> Vec<String> {
    let is_there = |key: &str| {
        if hidden.contains(&key) {
            "false".to_owned()
        } else {
            format!("{} in {labels}", literal(key))
        }
    };
    let is_one_of = |key: &str, values: &[String]| {
        if hidden.contains(&key) || values.is_empty() {
            return "false".to_owned();
        }
        let key = literal(key);
        format!("{key} in {labels} && {labels}[{key}] in {}", list(values))
    };
    let equal = selector
        .match_labels
        .iter()
        .flatten()
        .map(|(key, value)| is_one_of(key, std::slice::from_ref(value)));
    let expressions = selector.match_expressions.iter().flatten().map(|wanted| {
        let values = wanted.values.as_deref().unwrap_or_default();
        match wanted.operator.as_str() {
            "In" => is_one_of(&wanted.key, values),
            "NotIn" => format!("!({})", is_one_of(&wanted.key, values)),
            "Exists" => is_there(&wanted.key),
            "DoesNotExist" => format!("!({})", is_there(&wanted.key)),
            // As in the judgement: a typo never widens a scope.
            _ => "false".to_owned(),
        }
    });
    equal.chain(expressions).collect()
}

#[cfg(test)]
mod tests {
    use goldenpath_cel::{Env, Evaluation};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::assess::object::labels::{LabelSet, Selector};

    #[test]
    fn a_selector_in_cel_reads_labels_as_the_judgement_does() {
        let labels = json!({"app": "web", "tier": "front"});
        let object = json!({"labels": labels});
        for yaml in [
            "{}",
            "matchLabels: {app: web}",
            "matchLabels: {app: api}",
            "matchLabels: {app: web, tier: back}",
            "matchLabels: {gone: ''}",
            "matchExpressions: [{key: app, operator: In, values: [api, web]}]",
            "matchExpressions: [{key: app, operator: In, values: []}]",
            "matchExpressions: [{key: app, operator: NotIn, values: [api]}]",
            "matchExpressions: [{key: app, operator: NotIn, values: [web]}]",
            "matchExpressions: [{key: gone, operator: NotIn, values: [web]}]",
            "matchExpressions: [{key: app, operator: Exists}]",
            "matchExpressions: [{key: gone, operator: Exists}]",
            "matchExpressions: [{key: gone, operator: DoesNotExist}]",
            "matchExpressions: [{key: app, operator: Gt, values: ['1']}]",
        ] {
            let written: LabelSelector = serde_saphyr::from_str(yaml).unwrap();
            let judged =
                Selector::compile(&written).matches(&LabelSet::of_json(object.get("labels")));
            let env = Env::new();
            let source = all(&selector(&written, "object.labels", &[]));
            let program = env.compile_bool(&source).unwrap();
            let evaluated = Evaluation::new(&env, &object, None).run_bool(&program);
            assert_eq!(evaluated, Ok(judged), "{yaml}: {source}");
        }
    }

    #[test]
    fn text_is_brought_onto_one_line() {
        assert_eq!(one_line("a\n  b:\r\n\tc\u{1b}[2J", 80), "a b: c [2J");
        assert_eq!(one_line("größer", 3), "grö...");
    }

    proptest! {
        #[test]
        fn no_text_becomes_part_of_the_program(text in any::<String>()) {
            let env = Env::new();
            let object = json!({});
            let program = env.compile_string(&literal(&text)).unwrap();
            let evaluated = Evaluation::new(&env, &object, None).run_string(&program);
            prop_assert_eq!(evaluated, Ok(text));
        }
    }
}
