//! Label selectors as kubectl accepts them: `env=prod,tier!=batch,team in (a, b),!legacy`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// A label selector given on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelQuery(pub LabelSelector);

/// The text is not a label selector.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is not a label selector: write for example team=shop, env!=test, env in (a, b), !legacy"
)]
pub struct InvalidSelector(String);

impl FromStr for LabelQuery {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut selector = LabelSelector::default();
        for term in terms(text) {
            read_term(term.trim(), &mut selector)
                .ok_or_else(|| InvalidSelector(text.chars().take(80).collect()))?;
        }
        Ok(Self(selector))
    }
}

impl fmt::Display for LabelQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.0.match_labels.iter().flatten();
        let equal = labels.map(|(key, value)| format!("{key}={value}"));
        let expressions = self.0.match_expressions.iter().flatten();
        let others = expressions.map(|expression| {
            let key = &expression.key;
            let values = expression.values.iter().flatten();
            let values = values.cloned().collect::<Vec<_>>().join(",");
            match expression.operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "DoesNotExist" => format!("!{key}"),
                _ => key.clone(),
            }
        });
        f.write_str(&equal.chain(others).collect::<Vec<_>>().join(","))
    }
}

/// Splits at commas outside parentheses.
fn terms(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .filter(|term| !term.trim().is_empty())
}

fn read_term(term: &str, selector: &mut LabelSelector) -> Option<()> {
    let (key, operator, values) = if let Some(key) = term.strip_prefix('!') {
        (key, "DoesNotExist", None)
    } else if let Some((key, value)) = term.split_once("!=") {
        (key, "NotIn", Some(vec![label_part(value)?]))
    } else if let Some((key, value)) = term.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        let equal = selector.match_labels.get_or_insert_with(BTreeMap::new);
        equal.insert(label_key(key)?, label_part(value)?);
        return Some(());
    } else if let Some((key, list)) = term.split_once(" notin ") {
        (key, "NotIn", Some(read_list(list)?))
    } else if let Some((key, list)) = term.split_once(" in ") {
        (key, "In", Some(read_list(list)?))
    } else {
        (term, "Exists", None)
    };
    let expressions = selector.match_expressions.get_or_insert_with(Vec::new);
    expressions.push(LabelSelectorRequirement {
        key: label_key(key)?,
        operator: operator.to_owned(),
        values,
    });
    Some(())
}

fn read_list(list: &str) -> Option<Vec<String>> {
    let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
    inner.split(',').map(label_part).collect()
}

fn label_key(text: &str) -> Option<String> {
    label_part(text).filter(|key| !key.is_empty())
}

fn label_part(text: &str) -> Option<String> {
    let text = text.trim();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    text.chars().all(is_allowed).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> serde_json::Value {
        serde_json::to_value(text.parse::<LabelQuery>().unwrap().0).unwrap()
    }

    #[test]
    fn selectors_parse_as_with_kubectl() {
        assert_eq!(
            parsed("a=1, b==2,c!=3,d in (x, y),e notin (z),f,!example.com/g"),
            serde_json::json!({
                "matchLabels": {"a": "1", "b": "2"},
                "matchExpressions": [
                    {"key": "c", "operator": "NotIn", "values": ["3"]},
                    {"key": "d", "operator": "In", "values": ["x", "y"]},
                    {"key": "e", "operator": "NotIn", "values": ["z"]},
                    {"key": "f", "operator": "Exists"},
                    {"key": "example.com/g", "operator": "DoesNotExist"},
                ],
            })
        );
    }

    #[test]
    fn invalid_selectors_are_refused_with_an_example() {
        for text in ["=a", "a b", "a in x", "a=b=c", "!", "a in (b"] {
            let refused = text.parse::<LabelQuery>().unwrap_err().to_string();
            assert!(refused.contains("team=shop"), "{text}");
        }
    }
}
