//! The exceptions register, and what is wrong with paths and exceptions themselves.

use super::{Sources, View};
use crate::assess::register::{ExceptionView, Useless, UselessCheck};
use crate::assess::source::{Problem, Source};
use crate::report::json;

pub(super) fn line(view: &ExceptionView<'_>, sources: &Sources) -> json::Exception {
    let spec = &view.exception.spec;
    let approved = spec.approval.as_ref().map(|approval| &approval.by);
    let reviewed = spec.reviews.iter().max_by_key(|review| review.at.0);
    json::Exception {
        namespace: view.namespace.to_owned(),
        name: view.exception.name.to_string(),
        path: view.path_name().to_owned(),
        checks: spec.checks.clone(),
        phase: view.life.phase,
        effective_expiry: view.life.effective_expiry,
        next_review_at: view.life.next_review_at,
        in_use: Some(view.usage.is_in_use()),
        needed: view.needed,
        matched: view.matched.len(),
        owner: spec.owner.team.clone(),
        category: spec.category.map(|category| category.as_str().to_owned()),
        reason: spec.reason.clone(),
        would_return_if: spec.would_return_if.clone(),
        hours_per_month: spec.ownership_cost.hours_per_month,
        decided_by: reviewed.map(|review| &review.by).or(approved).cloned(),
        source: source(view, sources).cloned(),
    }
}

/// What does not compile, and what names nothing.
pub(super) fn problems(view: &View<'_>, exceptions: &[ExceptionView<'_>]) -> Vec<Problem> {
    let paths = view.inventory.paths();
    let invalid = paths.iter().flat_map(|path| {
        let source = view.sources.paths.get(&*path.name);
        let place = place(source, || format!("goldenpath/{}", path.name));
        path.invalid.iter().map(move |invalid| {
            let said = format!("path {}, {}: {}", path.name, invalid.place, invalid.message);
            Problem::new(&place, said)
        })
    });
    let named = exceptions.iter().flat_map(|exception| {
        let source = source(exception, view.sources);
        let place = place(source, || {
            format!(
                "{}/deviationexception/{}",
                exception.namespace, exception.exception.name
            )
        });
        let unknown = (!exception.path_found()).then(|| {
            let path = &exception.exception.spec.path;
            format!("the path '{path}' does not exist, so this exception covers nothing")
        });
        let useless = exception
            .useless_checks
            .iter()
            .map(|check| explain(check, exception));
        let said: Vec<String> = unknown.into_iter().chain(useless).collect();
        said.into_iter().map(move |said| {
            Problem::new(
                &place,
                format!("exception {}: {said}", exception.exception.name),
            )
        })
    });
    invalid.chain(named).collect()
}

fn explain(check: &UselessCheck<'_>, exception: &ExceptionView<'_>) -> String {
    let path = exception.path_name();
    match check.because {
        Useless::Unknown { nearest } => {
            let meant = nearest.map_or(String::new(), |name| format!("; did you mean '{name}'?"));
            format!("the path {path} has no check '{}'{meant}", check.name)
        }
        Useless::NotExemptible => {
            format!("the check '{}' of {path} has no off-ramp", check.name)
        }
    }
}

fn source<'a>(view: &ExceptionView<'_>, sources: &'a Sources) -> Option<&'a Source> {
    let key = (view.namespace.to_owned(), view.exception.name.to_string());
    sources.exceptions.get(&key)
}

fn place(source: Option<&Source>, otherwise: impl FnOnce() -> String) -> String {
    source.map_or_else(otherwise, ToString::to_string)
}
