//! The first page: the figures with their denominators, and where to go on.

use std::fmt::Write as _;

use super::escape::{link, table, text};
use super::{Content, SiteOptions, day, page_of};
use crate::report::terminal::share::share;
use crate::report::terminal::text::{denominator, shares};

pub(super) fn page(content: &Content<'_>, options: &SiteOptions) -> String {
    let summary = content.view.summary();
    let mut page = format!("# {}\n\n", text(&options.name));
    page += "A golden path is the supported way to run a service. Teams may leave it: an exception says why, \
             who carries the cost, and until when.\n\n";
    let _ = write!(
        page,
        "As of {}: {}.\n\n",
        day(content.as_of()),
        text(&denominator(summary))
    );
    if summary.counted_services > 0 {
        let _ = write!(page, "**{}**\n\n", text(&shares(summary)));
    }
    page += &table(
        &["Path", "For", "Services on it", "Documentation"],
        content.paths.iter().map(|path| {
            let line = &path.line;
            let title = line.title.as_deref().unwrap_or(&line.path);
            let on_path = if line.takes_part {
                format!(
                    "{} of {} ({})",
                    line.on_path,
                    line.services,
                    share(line.on_path, line.services)
                )
            } else {
                "not launched yet".to_owned()
            };
            let spec = super::path_page::spec(content, &line.path);
            let persona = spec.and_then(|spec| spec.persona.as_deref());
            vec![
                format!("[{}](paths/{})", text(title), page_of(&line.path)),
                persona.map_or("–".to_owned(), text),
                on_path,
                line.docs_url
                    .as_deref()
                    .map_or("–".to_owned(), |url| link("more", url)),
            ]
        }),
    );
    page += "- [Roadmap](roadmap.md): what the platform team works on, for whom, and who waits for it\n\
             - [Off-ramp](off-ramp.md): how to leave a path, and how to come back\n\
             - [Exceptions](exceptions.md): every recorded deviation with owner and end\n";
    if content.has_personas() {
        page += "- [Personas](personas.md): whom the paths are made for\n";
    }
    page + "- [How success is measured](success.md): each figure with its definition\n"
}
