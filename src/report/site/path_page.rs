//! The pages of golden paths: what a path gives, its steps with how to fix each, and its changelog.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::escape::{code, link, paragraphs, table, text};
use super::{Content, day, page_of};
use crate::api::GoldenPathSpec;
use crate::api::golden_path::{Check, Level};
use crate::report::document::paths::{PathDetail, PathStep};
use crate::report::terminal::share::{percent, share};
use crate::report::voice::roadmap::impact;

/// The spec of a path, by its current name.
pub(super) fn spec<'a>(content: &Content<'a>, name: &str) -> Option<&'a GoldenPathSpec> {
    let paths = content.view.inventory.paths();
    paths.resolve(name).map(|index| &paths.get(index).spec)
}

pub(super) fn list(content: &Content<'_>) -> String {
    let mut page = "# Golden paths\n\n".to_owned();
    if content.paths.is_empty() {
        return page + "There is no golden path yet.\n";
    }
    page += &table(
        &["Path", "Owner", "Steps", "Services on it", "Target"],
        content.paths.iter().map(|path| {
            let line = &path.line;
            let title = line.title.as_deref().unwrap_or(&line.path);
            let (on_path, target) = if line.takes_part {
                (
                    share(line.on_path, line.services),
                    percent(line.target_ratio),
                )
            } else {
                ("not launched yet".to_owned(), "–".to_owned())
            };
            vec![
                format!("[{}]({})", text(title), page_of(&line.path)),
                text(&path.owner),
                (path.steps.len() + path.restricted).to_string(),
                on_path,
                target,
            ]
        }),
    );
    page
}

pub(super) fn one(path: &PathDetail, content: &Content<'_>) -> String {
    let line = &path.line;
    let mut page = format!(
        "# {}\n\n",
        text(line.title.as_deref().unwrap_or(&line.path))
    );
    let Some(spec) = spec(content, &line.path) else {
        return page;
    };
    if let Some(description) = &spec.description {
        page += &paragraphs(description);
    }
    page += &facts(path, spec);
    page += &steps(path, spec);
    page += &changelog(spec);
    page
}

fn facts(path: &PathDetail, spec: &GoldenPathSpec) -> String {
    let line = &path.line;
    let contact = spec.owner.contact.as_deref();
    let owner = contact.map_or_else(
        || text(&path.owner),
        |contact| format!("{} ({})", text(&path.owner), text(contact)),
    );
    let mut rows = vec![
        vec!["Name".to_owned(), format!("`{}`", line.path)],
        vec!["Owner".to_owned(), owner],
    ];
    let mut add = |name: &str, value: Option<String>| {
        rows.extend(value.map(|value| vec![name.to_owned(), value]));
    };
    add("For", spec.persona.as_deref().map(text));
    add("Job to be done", spec.job_to_be_done.as_deref().map(text));
    add(
        "Estimated impact",
        spec.estimated_impact.as_ref().and_then(impact),
    );
    add(
        "Launched",
        line.launched_at.filter(|_| line.takes_part).map(day),
    );
    add(
        "Horizon",
        spec.horizon.map(|horizon| format!("{horizon:?}")),
    );
    if line.takes_part {
        let on_path = format!("{} of {} services", line.on_path, line.services);
        add("On it", Some(on_path));
        let goal = format!(
            "{} of new services {} days after the launch",
            percent(line.target_ratio),
            spec.adoption.within_days
        );
        add("Goal", Some(goal));
    }
    add(
        "Documentation",
        spec.docs_url.as_deref().map(|url| link("open", url)),
    );
    table(&["", ""], rows)
}

fn steps(path: &PathDetail, spec: &GoldenPathSpec) -> String {
    let mut part = "## Steps\n\n".to_owned();
    for step in &path.steps {
        let check = spec.checks.iter().find(|check| check.name == step.name);
        part += &one_step(step, check);
    }
    match path.restricted {
        0 => {}
        1 => part += "1 more step is not described here.\n\n",
        more => {
            let _ = write!(part, "{more} more steps are not described here.\n\n");
        }
    }
    part
}

fn one_step(step: &PathStep, check: Option<&Check>) -> String {
    let title = step.title.as_deref().unwrap_or(&step.name);
    let mut part = format!("### {}\n\n", text(title));
    let level = match step.level {
        Level::Required => "required",
        Level::Recommended => "recommended",
    };
    let mut words = vec![format!("`{}`", step.name), level.to_owned()];
    words.push(format!("{} severity", step.severity.as_str()));
    words.extend(
        step.enforce_from
            .map(|at| format!("counts from {}", day(at))),
    );
    if !step.exemptible {
        words.push("allows no exception".to_owned());
    }
    let _ = write!(part, "{}\n\n", words.join(" · "));
    if let Some(action) = &step.action {
        let _ = write!(part, "**What to do:** {}\n\n", text(action));
    }
    if let Some(message) = check.and_then(|check| check.message.as_deref()) {
        let _ = write!(part, "{}\n\n", text(message));
    }
    if let Some(fix) = check.and_then(|check| check.remediation.as_deref()) {
        part += "How to fix it:\n\n";
        part += &code(fix);
    }
    if let Some(url) = &step.docs_url {
        let _ = write!(part, "{}\n\n", link("Documentation of this step", url));
    }
    part
}

fn changelog(spec: &GoldenPathSpec) -> String {
    let mut releases: Vec<_> = spec.releases.iter().collect();
    releases.sort_by_key(|release| Reverse(release.at.0));
    let mut entries = String::new();
    for release in releases {
        let (at, note) = (day(release.at.0), text(&release.note));
        let _ = writeln!(entries, "- **{at}**: {note}");
    }
    if entries.is_empty() {
        return entries;
    }
    format!("## Changelog\n\n{entries}")
}
