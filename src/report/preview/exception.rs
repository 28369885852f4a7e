//! Renders what a drafted exception would change: covered workloads, their labels, cost, expiry, and
//! who decides. Nothing is judged here.

use jiff::Timestamp;

use crate::api::DeviationException;
use crate::assess::exception::Consent;
use crate::assess::register::Usage;
use crate::assess::register::preview::{Covered, CoversNothing, ExceptionPreview};
use crate::assess::state::State;
use crate::report::terminal::plain::plain;
use crate::report::voice::{self, counted, day, hours, shell_word};

/// How many workloads are listed by name.
const NAMED: usize = 20;

/// The preview, for a terminal. `connection` holds the flags that reach the same cluster.
pub fn render(
    preview: &ExceptionPreview,
    exception: &DeviationException,
    as_of: Timestamp,
    connection: &str,
) -> String {
    let mut lines = vec![(
        "Exception",
        format!("{} in {}", name(exception), namespace(exception)),
    )];
    lines.push(("Path", plain(&preview.path).into_owned()));
    lines.extend(covers(preview));
    lines.extend(
        preview
            .useless
            .iter()
            .map(|check| ("Note", useless(check, &preview.path))),
    );
    if preview.names_later_checks {
        let words = "'*' is every step that may be excepted, later ones too";
        lines.push(("Note", words.to_owned()));
    }
    if preview.replaces {
        let words = "an exception of this name is there already: applying this would change it";
        lines.push(("Note", words.to_owned()));
    }
    lines.push(("Cost", cost(exception)));
    lines.push(("Until", until(preview, as_of)));
    lines.push(("Decision", decision(preview, exception, as_of, connection)));
    let lines = lines
        .iter()
        .map(|(word, text)| format!("{word:<9}  {text}\n"));
    lines.collect()
}

/// Why a named check covers nothing.
pub fn useless(check: &CoversNothing, path: &str) -> String {
    let (name, path) = (plain(&check.name), plain(path));
    if check.is_known {
        return format!(
            "step '{name}' has no off-ramp: path '{path}' does not allow exceptions from it"
        );
    }
    let meant = check.nearest.as_ref().map_or_else(String::new, |name| {
        format!(": did you mean '{}'?", plain(name))
    });
    format!("path '{path}' has no step '{name}'{meant}")
}

fn covers(preview: &ExceptionPreview) -> Vec<(&'static str, String)> {
    if preview.covered.is_empty() {
        return vec![(
            "Covers",
            format!("nothing now: {}", why_nothing(preview.usage)),
        )];
    }
    let mut lines = vec![("Covers", counted(preview.covered.len(), "workload"))];
    for covered in preview.covered.iter().take(NAMED) {
        lines.push(("", workload(covered)));
        lines.push(("", format!("  {}", label(covered, preview.consent))));
        if !covered.beside.is_empty() {
            lines.push((
                "",
                format!("  still open beside it: {}", list(&covered.beside)),
            ));
        }
    }
    let more = preview.covered.len().saturating_sub(NAMED);
    if more > 0 {
        lines.push(("", format!("and {more} more")));
    }
    lines
}

fn workload(covered: &Covered) -> String {
    let id = &covered.id;
    let name = voice::short_target(&id.kind.kind, &id.name);
    match covered.checks.as_slice() {
        [] => format!("{name}: fails nothing it names now"),
        checks => format!("{name}: {}", list(checks)),
    }
}

/// The label now, once requested and once approved.
fn label(covered: &Covered, consent: Consent) -> String {
    let word = |state: Option<State>| state.map_or("no label", State::as_str);
    let [now, created, approved] = [covered.now, covered.if_created, covered.if_approved].map(word);
    if now == created && now == approved {
        return format!("label: {now}, with it or without");
    }
    match consent {
        Consent::None => {
            format!("label: {now} now, {created} once applied, {approved} once approved")
        }
        Consent::Approved | Consent::SelfDeclared | Consent::NotRequired => {
            format!("label: {now} now, {created} once applied")
        }
    }
}

const fn why_nothing(usage: Usage) -> &'static str {
    match usage {
        Usage::InUse => "its workloads fail none of its checks",
        Usage::NoTarget => "no such workload exists",
        Usage::OtherPath => "its workloads are judged by another path",
        Usage::NotJudged => "its workloads are judged by no path",
        Usage::PathNotFound => "the path does not exist",
    }
}

fn cost(exception: &DeviationException) -> String {
    let cost = &exception.spec.ownership_cost;
    let once = cost
        .one_off_hours
        .map(|hours| format!(", and {hours} once"));
    format!(
        "{} a month{}, carried by team {}",
        hours(cost.hours_per_month),
        once.unwrap_or_default(),
        plain(&exception.spec.owner.team)
    )
}

/// The effective expiry: as stated, by the path's maximum, or by a missed review.
fn until(preview: &ExceptionPreview, as_of: Timestamp) -> String {
    let life = &preview.if_approved;
    let Some(end) = life.effective_expiry else {
        return "it would excuse nothing".to_owned();
    };
    let from = match preview.consent {
        Consent::None => ", counted as if approved today",
        Consent::Approved | Consent::SelfDeclared | Consent::NotRequired => "",
    };
    let review = life
        .next_review_at
        .filter(|review| *review < end)
        .map_or_else(String::new, |at| {
            format!("; next review {}", day(at, as_of))
        });
    format!("{}{from}{review}", day(end, as_of))
}

fn decision(
    preview: &ExceptionPreview,
    exception: &DeviationException,
    as_of: Timestamp,
    connection: &str,
) -> String {
    match preview.consent {
        Consent::Approved => "already approved".to_owned(),
        Consent::SelfDeclared => {
            "none needed: the path lets a team declare this by itself".to_owned()
        }
        Consent::NotRequired => "none needed: the path asks for no approval".to_owned(),
        Consent::None => {
            let alone = preview
                .could_declare_until
                .map_or_else(String::new, |until| {
                    format!(
                        "; ending by {} your team could declare it by itself",
                        day(until, as_of)
                    )
                });
            let (name, namespace) = (name(exception), namespace(exception));
            let command = format!("kubectl goldenpath approve {name} -n {namespace} {connection}");
            format!(
                "the owner of the path approves: {}{alone}",
                command.trim_end()
            )
        }
    }
}

fn name(exception: &DeviationException) -> String {
    shell_word(exception.metadata.name.as_deref().unwrap_or_default())
}

fn namespace(exception: &DeviationException) -> String {
    shell_word(exception.metadata.namespace.as_deref().unwrap_or_default())
}

fn list(names: &[String]) -> String {
    plain(&names.join(", ")).into_owned()
}
