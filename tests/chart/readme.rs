//! The chart's README is its template plus the table of values, exactly as helm-docs writes it
//! (`--sort-values-order file`). Every value has a description and a schema. `UPDATE_CHART_README=1
//! cargo test --test chart readme` (or `make chart-readme`) writes it.

use std::fs;

use serde_json::Value;

use crate::helm::on_disk;

/// A value of the chart, by its path such as `image.tag`.
struct Described {
    path: String,
    description: String,
}

fn values() -> Value {
    serde_saphyr::from_str(&read("values.yaml")).unwrap()
}

fn read(file: &str) -> String {
    fs::read_to_string(on_disk(&format!("charts/goldenpath/{file}"))).unwrap()
}

/// Every value below a comment that begins with `# --`, in the order of the file.
fn described() -> Vec<Described> {
    let text = read("values.yaml");
    let mut found = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut comment: Option<String> = None;
    for line in text.lines() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if let Some(words) = code.strip_prefix("# -- ") {
            comment = Some(words.to_owned());
        } else if let Some(words) = code.strip_prefix("# ") {
            comment = comment.map(|comment| format!("{comment} {words}"));
        } else if let Some((key, _)) = code.split_once(':') {
            open.retain(|(outer, _)| *outer < indent);
            open.push((indent, key));
            let keys: Vec<_> = open.iter().map(|(_, key)| *key).collect();
            let path = keys.join(".");
            found.extend(
                comment
                    .take()
                    .map(|description| Described { path, description }),
            );
        } else {
            comment = None;
        }
    }
    found
}

fn at<'a>(values: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(values, |value, key| &value[key])
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn table() -> String {
    let values = values();
    let rows = described().into_iter().map(|value| {
        let Described { path, description } = value;
        let default = at(&values, &path);
        format!(
            "\n| {path} | {} | `{default}` | {description} |",
            kind(default)
        )
    });
    let head = "| Key | Type | Default | Description |\n|-----|------|---------|-------------|";
    format!("{head}{}", rows.collect::<String>())
}

fn badge(name: &str, value: &str) -> String {
    let image = "https://img.shields.io/badge";
    format!("![{name}: {value}]({image}/{name}-{value}-informational?style=flat-square) ")
}

/// Without the blank the last badge ends with, as helm-docs has it.
fn rendered() -> String {
    filled().replace(" \n", "\n")
}

fn filled() -> String {
    let chart: Value = serde_saphyr::from_str(&read("Chart.yaml")).unwrap();
    let field = |key: &str| chart[key].as_str().unwrap().to_owned();
    let requirements = format!("## Requirements\n\nKubernetes: `{}`", field("kubeVersion"));
    let parts = [
        ("header", format!("# {}", field("name"))),
        ("description", field("description")),
        ("versionBadge", badge("Version", &field("version"))),
        ("typeBadge", badge("Type", &field("type"))),
        ("appVersionBadge", badge("AppVersion", &field("appVersion"))),
        ("homepageLine", format!("**Homepage:** <{}>", field("home"))),
        ("requirementsSection", requirements),
        ("valuesSection", format!("## Values\n\n{}", table())),
    ];
    parts
        .iter()
        .fold(read("README.md.gotmpl"), |text, (name, part)| {
            text.replace(&format!("{{{{ template \"chart.{name}\" . }}}}"), part)
        })
}

#[test]
fn the_readme_is_its_template_with_the_values_in_it() {
    let wanted = rendered();
    assert!(!wanted.contains("{{"), "a part this test does not know");
    if std::env::var_os("UPDATE_CHART_README").is_some() {
        fs::write(on_disk("charts/goldenpath/README.md"), &wanted).unwrap();
    }
    let found = fs::read_to_string(on_disk("charts/goldenpath/README.md")).unwrap_or_default();
    assert!(
        found == wanted,
        "the chart's README is old: run `make chart-readme`"
    );
}

#[test]
fn every_value_is_described_and_in_the_schema_and_no_other_is() {
    let described = described();
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let mut lacks = Vec::new();
    look(&values(), &schema, "", &mut |path, lack| {
        let is_said = described
            .iter()
            .any(|value| path == value.path || path.starts_with(&format!("{}.", value.path)));
        match lack {
            Lack::Description if is_said => {}
            lack => lacks.push(format!("{path}: {lack:?}")),
        }
    });
    assert_eq!(lacks, [""; 0]);
}

#[derive(Debug)]
enum Lack {
    /// Reported for every leaf; the caller knows the comments.
    Description,
    Schema,
    Value,
}

/// What a parent chart sets, and this one has no default for.
const OF_PARENTS: [&str; 2] = ["global", "enabled"];

fn look(value: &Value, schema: &Value, path: &str, report: &mut impl FnMut(&str, Lack)) {
    let is_closed = schema["additionalProperties"] == false;
    let (Some(values), true) = (value.as_object(), is_closed) else {
        return report(path, Lack::Description);
    };
    let properties = schema["properties"].as_object().unwrap();
    let below = |key: &str| match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    };
    for (key, value) in values {
        match properties.get(key) {
            Some(property) => look(value, property, &below(key), report),
            None => report(&below(key), Lack::Schema),
        }
    }
    // A map that is described as a whole may leave keys to the server's defaults.
    let is_whole = values.is_empty() || path.ends_with("Probe");
    for key in properties
        .keys()
        .filter(|key| !is_whole && !values.contains_key(*key))
    {
        if !(path.is_empty() && OF_PARENTS.contains(&key.as_str())) {
            report(&below(key), Lack::Value);
        }
    }
}
