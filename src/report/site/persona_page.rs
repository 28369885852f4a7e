//! Personas, and the matrix of personas and golden paths.

use std::fmt::Write as _;

use super::escape::{paragraphs, table, text};
use crate::report::document::personas::{PersonaLine, PersonaLines};

pub(super) fn page(list: &PersonaLines) -> String {
    let mut heads = vec!["Persona", "Services", "On their path"];
    heads.extend(list.paths.iter().map(String::as_str));
    heads.extend(["No path", "Served"]);
    let mut page = "# Personas\n\nServices of each kind of user by the path that judges them: those on the path of \
                    all. A star marks a path that is meant for them. Users without a launched path of their own \
                    are not served yet.\n\n"
        .to_owned();
    page += &table(&heads, list.items.iter().map(|line| row(line, &list.paths)));
    for line in &list.items {
        page += &one(line);
    }
    page
}

fn row(line: &PersonaLine, paths: &[String]) -> Vec<String> {
    let services = line.services.as_ref();
    let number =
        |of: &dyn Fn() -> Option<usize>| of().map_or("–".to_owned(), |it| it.to_string());
    let mut row = vec![
        text(&line.title),
        number(&|| services.map(|it| it.total)),
        number(&|| services.map(|it| it.on_path)),
    ];
    for path in paths {
        let cell = services.and_then(|services| services.paths.get(path));
        let words = cell.map_or("–".to_owned(), |cell| {
            format!("{} of {}", cell.on_path, cell.services)
        });
        let is_meant = line.paths.iter().any(|meant| meant.path == *path);
        row.push(if is_meant {
            format!("{words} ★")
        } else {
            words
        });
    }
    row.push(number(&|| services.map(|it| it.unscoped)));
    row.push(
        match line.served {
            Some(true) => "yes",
            Some(false) => "**not yet**",
            None => "unknown",
        }
        .to_owned(),
    );
    row
}

fn one(line: &PersonaLine) -> String {
    let mut part = format!("## {}\n\n", text(&line.title));
    if let Some(description) = &line.description {
        part += &paragraphs(description);
    }
    for (name, entries) in [
        ("Jobs", &line.jobs),
        ("Pain points", &line.pain_points),
        ("Preferred tools", &line.preferred_tools),
        ("What keeps them off a path", &line.blockers),
    ] {
        if !entries.is_empty() {
            let _ = write!(part, "**{name}**\n\n");
            part.extend(entries.iter().map(|entry| format!("- {}\n", text(entry))));
            part.push('\n');
        }
    }
    part
}
