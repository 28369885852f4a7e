//! Reads samples of the Prometheus text format; must not know what they mean.
//! Total: lines that are not samples are skipped.
//!
//! By hand because `prometheus-parse` (0.2) splits labels at every `,` and `=`, leaves escapes as
//! they are and knows no name with a colon: label values that tests rely on would get lost.

use std::collections::BTreeMap;

/// One line: a name, its labels, a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Sample {
    fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels
            .iter()
            .all(|(key, value)| self.labels.get(*key).is_some_and(|own| own == value))
    }
}

/// What one scrape answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Reads the text format, version 0.0.4.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(sample).collect())
    }

    /// All samples of a name that have (at least) these labels.
    pub fn all<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        let named = self.0.iter().filter(move |sample| sample.name == name);
        named.filter(move |sample| sample.has(labels))
    }

    /// The value of the one sample with these labels; None when there is none, or several.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut all = self.all(name, labels);
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only.value),
            (None | Some(_), _) => None,
        }
    }

    /// The sum over all samples with these labels; None when there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.all(name, labels)
            .map(|sample| sample.value)
            .reduce(|sum, value| sum + value)
    }
}

fn sample(line: &str) -> Option<Sample> {
    let name_ends = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(name_ends);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (BTreeMap::new(), rest),
    };
    // A time stamp may follow the value.
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Labels up to the closing brace, and what follows it.
fn labels(mut text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (key, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.insert(key.to_owned(), value);
        text = rest;
    }
}

/// The text up to the closing quote with its escapes undone, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            plain => value.push(plain),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(text in "\\PC*") {
            Samples::parse(&text);
        }

        #[test]
        fn a_written_label_is_read_back(value in "[a-z\"\\\\{},= é]*") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let samples = Samples::parse(&format!("m{{l=\"{escaped}\"}} 1"));
            prop_assert_eq!(&samples.0[0].labels["l"], &value);
        }
    }

    const TEXT: &str = r#"# HELP services Services.
# TYPE services gauge
services{path="web",state="golden-path"} 3
services{path="web",state="pending"} 1
leader 1 1700000000000
odd{text="a \"quoted\" {brace}, comma\nand \\ line"} +Inf
not a sample
broken{label="open
"#;

    #[test]
    fn samples_are_found_by_name_and_labels() {
        let samples = Samples::parse(TEXT);
        assert_eq!(
            samples.value("services", &[("state", "pending")]),
            Some(1.0)
        );
        assert_eq!(samples.sum("services", &[("path", "web")]), Some(4.0));
        assert_eq!(samples.value("leader", &[]), Some(1.0));
    }

    #[test]
    fn an_ambiguous_question_has_no_value() {
        let samples = Samples::parse(TEXT);
        assert_eq!(samples.value("services", &[("path", "web")]), None);
        assert_eq!(samples.sum("absent", &[]), None);
    }

    #[test]
    fn escapes_in_labels_are_undone() {
        let samples = Samples::parse(TEXT);
        let odd = samples.all("odd", &[]).next().unwrap();
        assert_eq!(
            odd.labels["text"],
            "a \"quoted\" {brace}, comma\nand \\ line"
        );
        assert!(odd.value.is_infinite());
    }

    #[test]
    fn lines_that_are_no_samples_are_skipped() {
        assert_eq!(Samples::parse(TEXT).0.len(), 4);
    }
}
