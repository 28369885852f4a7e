//! The digest as plain text and as Markdown. Texts of objects can start no markup and mention nobody.

use super::{Edition, Page, Section};
use crate::assess::goals::wins::Digest;
use crate::report::terminal::table::Paint;

/// As text, with bold headings where `color` is set.
pub fn render(digest: &Digest, edition: Edition<'_>, color: bool) -> String {
    let page = Page::of(digest, edition);
    let bold = |text: &str| Paint::Bold.on(text, color);
    let mut parts = vec![bold(&page.title)];
    parts.extend(page.sections.iter().map(|section| {
        let heading = section.heading.iter().map(|it| bold(it.text()));
        let indent = if section.is_list { "  " } else { "" };
        let lines = section.lines.iter().map(|line| format!("{indent}{line}"));
        let link = section
            .link
            .iter()
            .map(|link| format!("{indent}{}", link.url));
        heading
            .chain(lines)
            .chain(link)
            .collect::<Vec<_>>()
            .join("\n")
    }));
    parts.push(Paint::Faint.on(&page.closing, color));
    parts.join("\n\n") + "\n"
}

/// As Markdown.
pub fn markdown(digest: &Digest, edition: Edition<'_>) -> String {
    let page = Page::of(digest, edition);
    let mut parts = vec![format!("# {}", escaped(&page.title))];
    parts.extend(page.sections.iter().flat_map(section));
    parts.push(format!("_{}_", escaped(&page.closing)));
    parts.join("\n\n") + "\n"
}

fn section(section: &Section) -> impl Iterator<Item = String> {
    let heading = section
        .heading
        .iter()
        .map(|heading| format!("## {}", escaped(heading.text())));
    let bullet = if section.is_list { "- " } else { "" };
    let lines = section
        .lines
        .iter()
        .map(|line| format!("{bullet}{}", escaped(line)));
    let link = section
        .link
        .iter()
        .map(|link| format!("{bullet}[{}]({})", escaped(&link.text), link.url));
    let body = lines.chain(link).collect::<Vec<_>>().join("\n");
    heading.chain([body]).collect::<Vec<_>>().into_iter()
}

/// What Markdown and HTML read as markup is written out; a mention is broken.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            other => safe.push(other),
        }
    }
    safe
}
