//! Words that messages share: the name that was probably meant, the first few of a list, a quotation
//! of bounded length. It knows no type of the judgement.

/// The known name closest to one that is not known, where one is close enough to suggest: at most
/// one slip in three characters (optimal string alignment distance).
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let tolerated = (length / 3).max(1).min(length.saturating_sub(1));
    known
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(slips, _)| *slips <= tolerated)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many things a message names: it has an end, and the next step stands there.
const NAMED: usize = 3;
/// How much of a foreign text a message quotes, in characters.
const QUOTED: usize = 160;

/// The first few of a list, and how many more there are.
pub(crate) fn first_few(items: &[String], separator: &str) -> String {
    let named = &items[..items.len().min(NAMED)];
    match items.len() - named.len() {
        0 => named.join(separator),
        more => format!("{} ({more} more)", named.join(separator)),
    }
}

/// The beginning of a foreign text, on one line.
pub(crate) fn quoted(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Ends a sentence about an unknown name: with a suggestion, where there is one.
pub(crate) fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map_or_else(
        || ".".to_owned(),
        |name| format!(": did you mean '{name}'?"),
    )
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slip_of_the_pen_finds_the_name_that_was_meant() {
        let known = ["limits", "probes", "owner-label", "non-root"];
        for (name, meant) in [
            ("limit", Some("limits")),
            ("Limits", Some("limits")),
            ("porbes", Some("probes")),
            ("ownerlabel", Some("owner-label")),
            ("nonroot", Some("non-root")),
            ("network-policy", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), meant, "{name}");
        }
    }

    #[test]
    fn of_equally_near_names_the_first_in_the_alphabet_is_suggested() {
        let known = ["limit-b", "limit-a"];
        assert_eq!(nearest("limit-c", known.into_iter()), Some("limit-a"));
    }
}
