//! Named formats: `format.dns1123Label().validate(text)` gives `none` for valid text, or the API
//! server's messages.

use std::sync::LazyLock;

use regex::Regex;

use super::{Builtin, Context, no_overload};
use crate::value::{EvalResult, NamedFormat, Object, Url, Value, quoted};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    use NamedFormat as F;
    let function: Builtin = match (name, args, method) {
        ("format.dns1123Label", 0, _) => |_, _| give(F::Dns1123Label { prefix: false }),
        ("format.dns1123LabelPrefix", 0, _) => |_, _| give(F::Dns1123Label { prefix: true }),
        ("format.dns1123Subdomain", 0, _) => |_, _| give(F::Dns1123Subdomain { prefix: false }),
        ("format.dns1123SubdomainPrefix", 0, _) => {
            |_, _| give(F::Dns1123Subdomain { prefix: true })
        }
        ("format.dns1035Label", 0, _) => |_, _| give(F::Dns1035Label { prefix: false }),
        ("format.dns1035LabelPrefix", 0, _) => |_, _| give(F::Dns1035Label { prefix: true }),
        ("format.qualifiedName", 0, _) => |_, _| give(F::QualifiedName),
        ("format.labelValue", 0, _) => |_, _| give(F::LabelValue),
        ("format.uri", 0, _) => |_, _| give(F::Uri),
        ("format.uuid", 0, _) => |_, _| give(F::Uuid),
        ("format.byte", 0, _) => |_, _| give(F::Byte),
        ("format.date", 0, _) => |_, _| give(F::Date),
        ("format.datetime", 0, _) => |_, _| give(F::Datetime),
        ("format.named", 1, _) => named,
        ("validate", 2, true) => validate,
        _ => return None,
    };
    Some(function)
}

#[allow(clippy::unnecessary_wraps)] // the signature of every builtin
fn give<'a>(format: NamedFormat) -> EvalResult<'a> {
    Ok(Value::Object(Object::Format(format)))
}

fn named<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(name)] = args else {
        return no_overload();
    };
    let constructor = match &**name {
        "named" => None,
        name => resolve(&format!("format.{name}"), 0, false),
    };
    match constructor {
        Some(constructor) => constructor(context, &[]).map(Value::some),
        None => Ok(Value::Optional(None)),
    }
}

fn validate<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::Object(Object::Format(format)), Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge(1 + text.len() as u64)?;
    let problems = problems(*format, text);
    if problems.is_empty() {
        return Ok(Value::Optional(None));
    }
    context.meter.hold(problems.iter().map(String::len).sum())?;
    Ok(Value::some(Value::list(
        problems.into_iter().map(Value::text).collect(),
    )))
}

/// A pattern, a length limit, and the message for text that does not match.
struct Rule {
    pattern: &'static str,
    regex: LazyLock<Regex>,
    longest: usize,
    message: &'static str,
    examples: &'static [&'static str],
}

macro_rules! rule {
    ($pattern:literal, $longest:literal, $message:literal, $examples:expr) => {
        Rule {
            pattern: $pattern,
            regex: LazyLock::new(|| {
                Regex::new(concat!("^", $pattern, "$")).expect("the pattern is valid")
            }),
            longest: $longest,
            message: $message,
            examples: &$examples,
        }
    };
}

static LABEL: Rule = rule!(
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
     must start and end with an alphanumeric character",
    ["my-name", "123-abc"]
);
static SUBDOMAIN: Rule = rule!(
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
     '.', and must start and end with an alphanumeric character",
    ["example.com"]
);
static LABEL_1035: Rule = rule!(
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
     alphabetic character, and end with an alphanumeric character",
    ["my-name", "abc-123"]
);
static KEY_NAME: Rule = rule!(
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    63,
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
     alphanumeric character",
    ["MyName", "my.name", "123-abc"]
);
static LABEL_VALUE: Rule = rule!(
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
     '.', and must start and end with an alphanumeric character",
    ["MyValue", "my_value", "12345"]
);
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$")
        .expect("the pattern is valid")
});
static BASE64: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$";
    Regex::new(pattern).expect("the pattern is valid")
});
static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = "^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$";
    Regex::new(pattern).expect("the pattern is valid")
});

/// The units in the server's messages for names and for labels. Both count bytes.
const NAME_UNIT: &str = "characters";
const LABEL_UNIT: &str = "bytes";

impl Rule {
    fn mismatch(&self) -> String {
        let (message, pattern) = (self.message, self.pattern);
        let examples = self
            .examples
            .iter()
            .map(|one| format!("'{one}', "))
            .collect::<Vec<_>>()
            .join(" or ");
        format!("{message} (e.g. {examples}regex used for validation is '{pattern}')")
    }

    fn problems(&self, text: &str, unit: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if text.len() > self.longest {
            problems.push(format!("must be no more than {} {unit}", self.longest));
        }
        if !self.regex.is_match(text) {
            problems.push(self.mismatch());
        }
        problems
    }
}

fn problems(format: NamedFormat, text: &str) -> Vec<String> {
    let masked;
    let text = match format {
        NamedFormat::Dns1123Label { prefix: true }
        | NamedFormat::Dns1123Subdomain { prefix: true }
        | NamedFormat::Dns1035Label { prefix: true } => {
            masked = without_trailing_dash(text);
            &masked
        }
        _ => text,
    };
    let unless =
        |valid: bool, problem: &str| (!valid).then(|| problem.to_owned()).into_iter().collect();
    match format {
        NamedFormat::Dns1123Label { .. } => label(text),
        NamedFormat::Dns1123Subdomain { .. } => SUBDOMAIN.problems(text, NAME_UNIT),
        NamedFormat::Dns1035Label { .. } => LABEL_1035.problems(text, NAME_UNIT),
        NamedFormat::QualifiedName => qualified_name(text),
        NamedFormat::LabelValue => LABEL_VALUE.problems(text, LABEL_UNIT),
        NamedFormat::Uri => Url::validate(text)
            .err()
            .map(|why| format!("parse {}: {why}", quoted(text)))
            .into_iter()
            .collect(),
        NamedFormat::Uuid => unless(UUID.is_match(text), "does not match the UUID format"),
        NamedFormat::Byte => unless(BASE64.is_match(text), "invalid base64"),
        NamedFormat::Date => unless(is_date(text), "invalid date"),
        NamedFormat::Datetime => unless(is_datetime(text), "invalid datetime"),
    }
}
/// The prefix of a generated name may end with a hyphen.
fn without_trailing_dash(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(stem) if !stem.is_empty() => {
            let mut stem = stem.to_owned();
            stem.pop();
            stem + "a"
        }
        _ => text.to_owned(),
    }
}

fn label(text: &str) -> Vec<String> {
    let mut problems = LABEL.problems(text, NAME_UNIT);
    if !LABEL.regex.is_match(text) && SUBDOMAIN.regex.is_match(text) {
        problems.pop();
        problems.push("must not contain dots".into());
    }
    problems
}

fn qualified_name(text: &str) -> Vec<String> {
    let parts: Vec<_> = text.split('/').collect();
    let (mut problems, name) = match parts.as_slice() {
        [name] => (Vec::new(), *name),
        ["", name] => (vec!["prefix part must be non-empty".into()], *name),
        [prefix, name] => {
            let problems = SUBDOMAIN.problems(prefix, LABEL_UNIT).into_iter();
            (
                problems.map(|one| format!("prefix part {one}")).collect(),
                *name,
            )
        }
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')",
                KEY_NAME.mismatch()
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".into());
    }
    let rest = KEY_NAME.problems(name, LABEL_UNIT).into_iter();
    problems.extend(rest.map(|one| format!("name part {one}")));
    problems
}

fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_datetime(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(clock)) = (parts.next(), parts.next()) else {
        return false;
    };
    let Some(found) = CLOCK.captures(clock) else {
        return false;
    };
    let within = |part: usize, most: &str| found.get(part).is_some_and(|one| one.as_str() <= most);
    is_date(date) && within(1, "23") && within(2, "59") && within(3, "59")
}
