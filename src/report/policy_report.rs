//! Renders policy reports in two formats: `OpenReports` and, where that is not installed, the older
//! wgpolicyk8s. Equal findings give equal bytes: no message counts days, no field holds the time of
//! writing. [`crate::assess::verdict::findings`] decides the result of each check.

use serde_json::{Map, Value, json};

use crate::api::golden_path::{Check, Level, Severity};
use crate::api::keys;
use crate::api::text::truncate;
use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::object::digest::digest;
use crate::assess::planner::policy_reports::Rendered;
use crate::assess::state::{Outcome, Standing};
use crate::assess::verdict::findings::{Finding, Findings, PolicyResult};
use crate::report::document::StandingDates;
use crate::report::terminal::plain::plain;
use crate::report::voice::{Calendar, in_full, short_target};

/// The `source` of every report.
const SOURCE: &str = "goldenpath";
/// Tools group results by this, below the source.
const CATEGORY: &str = "Golden path";
/// The maximum of checks in a path, and of results in a report.
const MAX_RESULTS: usize = 32;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 1_000;
/// The longest property, in characters.
const LONGEST_PROPERTY: usize = 256;
/// The longest label value Kubernetes takes.
const LONGEST_LABEL: usize = 63;
/// Hexadecimal digits of a digest: enough to distinguish contents of one object.
const DIGITS: usize = 32;

/// A format of policy reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `Report` of openreports.io/v1alpha1.
    OpenReports,
    /// `PolicyReport` of wgpolicyk8s.io/v1alpha2.
    WgPolicy,
}

impl Format {
    /// Every format, the preferred one first.
    pub const ALL: [Self; 2] = [Self::OpenReports, Self::WgPolicy];

    pub const fn group(self) -> &'static str {
        match self {
            Self::OpenReports => "openreports.io",
            Self::WgPolicy => "wgpolicyk8s.io",
        }
    }

    pub const fn version(self) -> &'static str {
        match self {
            Self::OpenReports => "v1alpha1",
            Self::WgPolicy => "v1alpha2",
        }
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::OpenReports => "Report",
            Self::WgPolicy => "PolicyReport",
        }
    }

    /// Name in URLs.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::OpenReports => "reports",
            Self::WgPolicy => "policyreports",
        }
    }

    /// `openreports.io/v1alpha1`.
    pub fn api_version(self) -> String {
        format!("{}/{}", self.group(), self.version())
    }
}

/// The report of one workload.
pub fn render(found: &Findings<'_>, format: Format) -> Rendered {
    let id = &found.workload.id;
    let mut object = json!({
        "apiVersion": format.api_version(),
        "kind": format.kind(),
        "metadata": metadata(found),
        "scope": {
            "apiVersion": id.kind.api_version(),
            "kind": id.kind.kind,
            "namespace": &*id.namespace,
            "name": &*id.name,
            "uid": found.uid,
        },
        "summary": summary(found),
        "results": found.checks.iter().map(|check| result(found, check)).collect::<Vec<_>>(),
    });
    match format {
        Format::OpenReports => {
            object["source"] = SOURCE.into();
            object["configuration"] = json!({"limits": {"maxResults": MAX_RESULTS}});
        }
        Format::WgPolicy => {}
    }
    // serde_json's maps are sorted by key, so this text is canonical.
    let digest = digest(object.to_string(), DIGITS);
    object["metadata"]["annotations"] = json!({keys::CONTENT_DIGEST: digest});
    Rendered { digest, object }
}

fn metadata(found: &Findings<'_>) -> Value {
    let id = &found.workload.id;
    json!({
        "name": found.uid,
        "namespace": &*id.namespace,
        "labels": {
            keys::MANAGED_BY.0: keys::MANAGED_BY.1,
            keys::TEAM: label_value(found.team),
            keys::EVALUATED_PATH: &*found.path.name,
            keys::STATE: found.state.as_str(),
        },
        "ownerReferences": [{
            "apiVersion": id.kind.api_version(),
            "kind": id.kind.kind,
            "name": &*id.name,
            "uid": found.uid,
        }],
    })
}

/// The number of each result, zeros included.
fn summary(found: &Findings<'_>) -> Map<String, Value> {
    let count = |result: PolicyResult| {
        let checks = found.checks.iter();
        checks.filter(|check| check.result == result).count()
    };
    PolicyResult::ALL
        .map(|result| (result.as_str().to_owned(), count(result).into()))
        .into_iter()
        .collect()
}

fn result(found: &Findings<'_>, finding: &Finding<'_>) -> Value {
    let mut result = json!({
        "source": SOURCE,
        "policy": &*found.path.name,
        "rule": finding.check.name,
        "category": CATEGORY,
        "severity": severity(finding.check),
        "result": finding.result.as_str(),
        "scored": finding.is_scored(),
        "properties": properties(found, finding),
    });
    if let Some(message) = message(found, finding) {
        result["message"] = truncate(&message, LONGEST_MESSAGE).into();
    }
    result
}

/// A recommended check is informational, whatever its severity.
const fn severity(check: &Check) -> &'static str {
    match (check.level, check.severity) {
        (Level::Recommended, _) => "info",
        (Level::Required, Severity::Low) => "low",
        (Level::Required, Severity::Medium) => "medium",
        (Level::Required, Severity::High) => "high",
    }
}

/// The missing step, its standing, and the next action. Quotes only text of the path: evaluated
/// messages may quote the object, and only `why` shows those.
fn message(found: &Findings<'_>, finding: &Finding<'_>) -> Option<String> {
    let check = finding.check;
    let title = check.title.as_deref().unwrap_or(&check.name);
    let missing = check
        .message
        .as_deref()
        .filter(|_| !check.sensitive)
        .map_or_else(
            || format!("{title} is not met yet"),
            |message| format!("{title}: {message}"),
        );
    let why = format!(
        "kubectl goldenpath why {} -n {}",
        short_target(&found.workload.id.kind.kind, &found.workload.id.name),
        found.workload.id.namespace
    );
    match (finding.outcome, finding.standing) {
        (Outcome::Pass, _) => None,
        (Outcome::Error, _) => Some(format!(
            "{title}: our check failed, not your service. Next: the platform team mends it; see {why}"
        )),
        (Outcome::Announced, _) => Some(announced(title, finding)),
        (Outcome::Fail, None) => Some(format!("{missing}. Recommended, not counted; see {why}")),
        (Outcome::Fail, Some(standing)) => Some(format!(
            "{missing}. {}{}",
            stands(standing, found, finding),
            next(standing, found, finding)
                .map_or_else(String::new, |next| format!(" Next: {next}"))
        )),
    }
}

fn announced(title: &str, finding: &Finding<'_>) -> String {
    let from = finding
        .check
        .enforce_from
        .as_ref()
        .map_or_else(String::new, |from| {
            format!(" from {}", Calendar::Stored.day(from.0))
        });
    let already = match finding.evaluated {
        Outcome::Pass => "taken already",
        Outcome::Fail | Outcome::Error | Outcome::Announced => "not taken yet",
    };
    format!("{title} counts{from}; {already}")
}

/// The standing of a failure, with dates only: never "in five days".
fn stands(standing: Standing, found: &Findings<'_>, finding: &Finding<'_>) -> String {
    let words = in_full(standing, &dates(standing, found, finding), Calendar::Stored);
    let is_of_exception = match standing {
        Standing::Undocumented | Standing::Predates => false,
        Standing::Expired
        | Standing::Pending
        | Standing::ReviewOverdue
        | Standing::ReviewDue
        | Standing::Documented => true,
    };
    let words = if is_of_exception {
        format!("exception {words}")
    } else {
        words
    };
    let named = finding
        .exception
        .as_ref()
        .map_or_else(String::new, |(exception, _)| {
            format!(" (exception {})", exception.name)
        });
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    let capital: String = first.into_iter().flatten().chain(letters).collect();
    format!("{capital}{named}.")
}

fn dates(standing: Standing, found: &Findings<'_>, finding: &Finding<'_>) -> StandingDates {
    let life = finding.exception.as_ref().map(|(_, life)| life);
    let grace = found.path.spec.existing.until.as_ref().map(|until| until.0);
    StandingDates {
        until: match standing {
            Standing::Predates => grace,
            Standing::Undocumented
            | Standing::Expired
            | Standing::Pending
            | Standing::ReviewOverdue
            | Standing::ReviewDue
            | Standing::Documented => life.and_then(|life| life.effective_expiry),
        },
        next_review_at: life
            .filter(|life| standing != Standing::ReviewOverdue || life.is_review_missed())
            .and_then(|life| life.next_review_at),
        since: None,
    }
}

/// The next action, if any.
fn next(standing: Standing, found: &Findings<'_>, finding: &Finding<'_>) -> Option<String> {
    let id = &found.workload.id;
    let command = |verb: &str, of: &str, more: &str| {
        format!("kubectl goldenpath {verb} {of} -n {}{more}", id.namespace)
    };
    let exception = finding.exception.as_ref();
    let of_exception = |verb, more| exception.map(|(named, _)| command(verb, &named.name, more));
    let is_asked = exception.is_some_and(|(_, life)| life.renewal_open);
    match standing {
        Standing::Undocumented if found.path.only_advises() => {
            Some("take this step; the path only advises".to_owned())
        }
        Standing::Undocumented if !finding.check.exemptible => Some("take this step".to_owned()),
        Standing::Undocumented => {
            let target = short_target(&id.kind.kind, &id.name);
            let more = format!(" --check {} --reason \"…\"", finding.check.name);
            let except = command("except", &target, &more);
            Some(format!(
                "take this step, or record why you deviate: {except}"
            ))
        }
        Standing::Pending => {
            let approve = of_exception("approve", "")?;
            Some(format!("the platform team decides: {approve}"))
        }
        Standing::Expired | Standing::ReviewOverdue | Standing::ReviewDue if is_asked => {
            let renew = of_exception("renew", "")?;
            Some(format!("the platform team answers: {renew}"))
        }
        Standing::Expired | Standing::ReviewOverdue | Standing::ReviewDue => {
            let request = of_exception("request-renewal", " --because \"…\"")?;
            Some(format!("take this step, or ask to go on: {request}"))
        }
        Standing::Predates | Standing::Documented => None,
    }
}

fn properties(found: &Findings<'_>, finding: &Finding<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |key: &str, value: &str| {
        properties.insert(
            key.to_owned(),
            truncate(&plain(value), LONGEST_PROPERTY).into(),
        );
    };
    put("resultID", &result_id(found, finding));
    put("level", finding.check.level.as_str());
    put("team", found.team);
    match finding.result {
        PolicyResult::Skip | PolicyResult::Warn => put("would-be", finding.evaluated.as_str()),
        PolicyResult::Pass | PolicyResult::Fail | PolicyResult::Error => {}
    }
    if let Some(standing) = finding.standing {
        put("standing", standing.as_str());
    }
    let docs = finding.check.docs_url.as_deref();
    if let Some(url) = docs.filter(|_| finding.outcome != Outcome::Pass) {
        put("docs", url);
    }
    if let Some((exception, life)) = &finding.exception {
        exception_properties(exception, life, &mut put);
    }
    properties
}

/// Properties of the exception. Kyverno uses the key `exceptions` too.
fn exception_properties(exception: &Exception, life: &Life, put: &mut impl FnMut(&str, &str)) {
    let spec = &exception.spec;
    put("exceptions", &exception.name);
    put("exception-owner", &spec.owner.team);
    put("exception-phase", life.phase.as_str());
    put("exception-reason", &spec.reason);
    if let Some(approval) = &spec.approval {
        put("exception-approved-by", &approval.by);
    }
    if let Some(ticket) = &spec.ticket {
        put("exception-ticket", ticket);
    }
    let dates = [
        ("exception-expires-at", life.effective_expiry),
        ("exception-review-at", life.next_review_at),
    ];
    for (key, date) in dates {
        if let Some(date) = date {
            put(key, &date.to_string());
        }
    }
}

/// Identifies the content of a result: it changes only if the result or its standing changes, so
/// that receivers report each change once.
fn result_id(found: &Findings<'_>, finding: &Finding<'_>) -> String {
    let standing = finding.standing.map_or("", Standing::as_str);
    let parts = [
        &*found.uid,
        &*found.path.name,
        &finding.check.name,
        finding.result.as_str(),
        standing,
    ];
    digest(parts.join("\n"), DIGITS)
}

/// A name cut to a label value; each result's properties hold all of it.
fn label_value(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let replaced: String = text
        .chars()
        .take(LONGEST_LABEL)
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    let ends = |c: char| !c.is_ascii_alphanumeric();
    replaced.trim_matches(ends).to_owned()
}
