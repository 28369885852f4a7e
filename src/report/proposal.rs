//! A proposed golden path as a manifest to edit: each check under the share of workloads that pass it,
//! and notes on what to set besides. Nothing is counted here.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::golden_path::{
    Check, Existing, GoldenPath, KindRef, Level, NamedExpression, Owner, Severity,
};
use crate::api::{API_VERSION, GoldenPathSpec, Instant};
use crate::assess::adoption::Share;
use crate::assess::proposal::survey::KeyProposal;
use crate::assess::proposal::{Proposal, ProposedPath, Thresholds};
use crate::report::document::encode;
use crate::report::voice::counted;

/// Width of a comment.
const WIDTH: usize = 100;

/// The proposed paths as YAML documents, with their figures as comments.
///
/// # Errors
/// When a path cannot be written as YAML.
pub fn yaml(
    proposal: &Proposal,
    thresholds: &Thresholds,
) -> Result<String, serde_saphyr::ser::Error> {
    let mut text = comment(&heading(proposal), "");
    text += "#\n";
    for line in keys(proposal) {
        text += &comment(&line, "");
    }
    for path in &proposal.paths {
        text += "---\n";
        text += &comment(&shape(path), "");
        text += &fields(path)?;
        text += "  checks:\n";
        let mut before = None;
        for (check, share) in path.spec.checks.iter().zip(&path.shares) {
            let standing = Standing::of(check);
            if before != Some(standing) {
                text += &comment(&standing.text(thresholds, proposal.as_of), "  ");
                before = Some(standing);
            }
            text += &comment(&passes(*share), "  ");
            text += &indented(&encode::yaml(&[CheckFields::of(check)])?);
        }
    }
    Ok(text)
}

/// The proposed paths as one list of objects.
pub fn list(proposal: &Proposal) -> Value {
    let items: Vec<GoldenPath> = proposal
        .paths
        .iter()
        .map(|path| GoldenPath::new(path.name, path.spec.clone()))
        .collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// What to know besides, a line each; `flags` judge the same workloads by the proposal.
pub fn notes(proposal: &Proposal, flags: &str) -> Vec<String> {
    let mut notes = Vec::new();
    for path in &proposal.paths {
        let of = |wanted: Standing| {
            let checks = path.spec.checks.iter();
            checks.filter(|check| Standing::of(check) == wanted).count()
        };
        let required = of(Standing::Required);
        notes.push(format!(
            "{}: {}; {required} required, {} announced, {} recommended",
            path.name,
            shape(path),
            of(Standing::Announced),
            of(Standing::Recommended)
        ));
        if required == 0 {
            notes.push(format!(
                "{}: too few workloads agree on any step, so none is required: the path is a preview \
                 until you require one",
                path.name
            ));
        }
    }
    notes.extend(keys(proposal));
    notes.push(format!(
        "edit it, then see what it would mean: goldenpath report {flags}"
    ));
    notes
}

/// What the level of a proposed check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Required,
    Announced,
    Recommended,
}

impl Standing {
    fn of(check: &Check) -> Self {
        match (check.level, &check.enforce_from) {
            (Level::Recommended, _) => Self::Recommended,
            (Level::Required, Some(_)) => Self::Announced,
            (Level::Required, None) => Self::Required,
        }
    }

    fn text(self, thresholds: &Thresholds, as_of: Timestamp) -> String {
        let Thresholds {
            required,
            announced,
            announce_for,
        } = thresholds;
        match self {
            Self::Required => format!("Required: at least {required} % of the workloads pass."),
            Self::Announced => format!(
                "Announced: at least {announced} % pass; required from {}.",
                date(announce_for.after(as_of))
            ),
            Self::Recommended => format!("Recommended: fewer than {announced} % pass."),
        }
    }
}

fn heading(proposal: &Proposal) -> String {
    let workloads: usize = proposal
        .paths
        .iter()
        .map(|path| path.shapes.most_common.of)
        .sum();
    format!(
        "Proposed by `goldenpath init` on {} from {} in {}: what most teams do already is the path. \
         The figures are facts of that day; edit the rest, `owner` first.",
        date(proposal.as_of),
        counted(workloads, "workload"),
        counted(proposal.namespaces, "namespace"),
    )
}

/// "37 shapes; 61 % share this one: all steps but …".
fn shape(path: &ProposedPath) -> String {
    let shapes = &path.shapes;
    let steps = match shapes.misses.as_slice() {
        [] => "every step".to_owned(),
        misses => format!("every step but {}", misses.join(", ")),
    };
    format!(
        "{} among {}; {} % share this one: {steps}",
        counted(shapes.distinct, "shape"),
        counted(shapes.most_common.of, "workload"),
        shapes.most_common.percent(),
    )
}

fn passes(share: Share) -> String {
    format!(
        "{} of {} pass ({} %)",
        share.part,
        share.of,
        share.percent()
    )
}

/// What names owners and services, and the flags to set for it.
fn keys(proposal: &Proposal) -> Vec<String> {
    let team = KeyWords {
        subject: "owner",
        flag: "--team-from",
        value: "judging.teamFrom",
        named: "team",
    };
    let service = KeyWords {
        subject: "service",
        flag: "--service-from",
        value: "judging.serviceFrom",
        named: "service",
    };
    [
        team.sentence(&proposal.team),
        service.sentence(&proposal.service),
    ]
    .into()
}

struct KeyWords {
    subject: &'static str,
    flag: &'static str,
    value: &'static str,
    named: &'static str,
}

impl KeyWords {
    fn sentence(&self, keys: &KeyProposal) -> String {
        let Self {
            subject,
            flag,
            value,
            named,
        } = self;
        let of = keys.coverage.of;
        let named = counted(keys.names, named);
        let found = keys.coverage.part;
        if keys.is_change() {
            let list = keys.keys.join(",");
            return format!(
                "{subject}: {} {found} of {of} workloads ({named}); the keys in force are on {}. Set \
                 {flag}={list} (chart value {value}).",
                match keys.keys.as_slice() {
                    [one] => format!("{one} is on"),
                    _ => format!("{} are on", keys.keys.join(", ")),
                },
                match keys.current_coverage.part {
                    0 => "none".to_owned(),
                    some => some.to_string(),
                }
            );
        }
        let in_force = keys.current.join(", ");
        match found {
            0 => format!("{subject}: no key is on most workloads; in force: {in_force}."),
            _ => format!(
                "{subject}: the keys in force are on {found} of {of} workloads ({named}); nothing to set."
            ),
        }
    }
}

/// `text` as comment lines.
fn comment(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{indent}#{line}");
            line.clear();
        }
        line.push(' ');
        line += word;
    }
    let _ = writeln!(lines, "{indent}#{line}");
    lines
}

fn indented(yaml: &str) -> String {
    yaml.lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("  {line}\n"),
        })
        .collect()
}

fn date(instant: Timestamp) -> String {
    instant
        .to_zoned(TimeZone::UTC)
        .strftime("%-d %b %Y")
        .to_string()
}

/// Everything of a path but its checks, in the order people read it.
fn fields(path: &ProposedPath) -> Result<String, serde_saphyr::ser::Error> {
    let GoldenPathSpec {
        title,
        description,
        owner,
        scope,
        variables,
        existing,
        ..
    } = &path.spec;
    encode::yaml(&PathFields {
        api_version: API_VERSION,
        kind: "GoldenPath",
        metadata: Metadata { name: path.name },
        spec: SpecFields {
            title: title.as_deref(),
            description: description.as_deref(),
            owner,
            scope: ScopeFields {
                kinds: &scope.kinds,
            },
            existing,
            variables,
        },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PathFields<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: SpecFields<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct SpecFields<'a> {
    title: Option<&'a str>,
    description: Option<&'a str>,
    owner: &'a Owner,
    scope: ScopeFields<'a>,
    existing: &'a Existing,
    variables: &'a [NamedExpression],
}

#[derive(Serialize)]
struct ScopeFields<'a> {
    kinds: &'a [KindRef],
}

/// A check without the fields that have their default.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckFields<'a> {
    name: &'a str,
    title: Option<&'a str>,
    action: Option<&'a str>,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforce_from: Option<&'a Instant>,
    severity: Severity,
    expression: &'a str,
    message: Option<&'a str>,
    remediation: Option<&'a str>,
    #[serde(rename = "docsURL")]
    docs_url: Option<&'a str>,
}

impl<'a> CheckFields<'a> {
    fn of(check: &'a Check) -> Self {
        Self {
            name: &check.name,
            title: check.title.as_deref(),
            action: check.action.as_deref(),
            level: check.level,
            enforce_from: check.enforce_from.as_ref(),
            severity: check.severity,
            expression: &check.expression,
            message: check.message.as_deref(),
            remediation: check.remediation.as_deref(),
            docs_url: check.docs_url.as_deref(),
        }
    }
}
