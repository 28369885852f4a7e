//! The register of exceptions. Those that name a restricted step are counted and not shown.

use std::fmt::Write as _;

use super::escape::{table, text};
use super::{Content, day};
use crate::assess::state::Phase;
use crate::report::document::Exception;
use crate::report::document::services::names_restricted;
use crate::report::voice::hours;

pub(super) fn page(content: &Content<'_>) -> String {
    let all = content.view.exceptions();
    let (hidden, shown): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|line| names_restricted(line, content.view));
    let (closed, open): (Vec<_>, Vec<_>) = shown.iter().partition(|line| is_closed(line));
    let mut page = format!(
        "# Exceptions\n\nRecorded deviations as of {}. Each has an owner, a cost and an end.\n\n",
        day(content.as_of())
    );
    if open.is_empty() {
        page += "There is no open exception.\n\n";
    }
    page += &register(&open);
    if !closed.is_empty() {
        let _ = write!(page, "## Closed and rejected\n\n{}", register(&closed));
    }
    match hidden.len() {
        0 => {}
        1 => page += "1 more exception names a step that is not described here.\n",
        more => {
            let _ = writeln!(
                page,
                "{more} more exceptions name a step that is not described here."
            );
        }
    }
    page
}

fn is_closed(line: &Exception) -> bool {
    match line.phase {
        Phase::Closed | Phase::Rejected => true,
        Phase::Pending
        | Phase::Active
        | Phase::ReviewDue
        | Phase::ReviewOverdue
        | Phase::Expired => false,
    }
}

fn register(lines: &[&Exception]) -> String {
    table(
        &[
            "Exception",
            "Path",
            "Steps",
            "Owner",
            "Phase",
            "Expires",
            "Hours a month",
            "Reason",
            "Waits for",
        ],
        lines.iter().map(|line| {
            let or_dash = |words: String| {
                if words.is_empty() {
                    "–".to_owned()
                } else {
                    words
                }
            };
            vec![
                format!("{} / {}", text(&line.namespace), text(&line.name)),
                text(&line.path),
                text(&line.checks.join(", ")),
                text(&line.owner),
                line.phase.as_str().to_owned(),
                line.effective_expiry.map_or("–".to_owned(), day),
                hours(line.hours_per_month),
                text(&line.reason),
                or_dash(text(&line.waits_for.join(", "))),
            ]
        }),
    )
}
