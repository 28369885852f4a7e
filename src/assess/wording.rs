//! Text functions that messages share: the nearest known name, the first items of a list, a bounded
//! quotation. They know no type of the judgement.

use crate::api::text::truncate;

/// The known name closest to `name`, if close enough to suggest: at most one typo in three characters
/// (optimal string alignment distance).
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let tolerated = (length / 3).max(1).min(length.saturating_sub(1));
    known
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Items of a list that a message names, so that the next step after them fits.
const NAMED: usize = 3;
/// Characters of a foreign text that a message quotes.
const QUOTED: usize = 160;

/// The first items of a list, and the number of the others.
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
    truncate(&line, QUOTED).into_owned()
}

/// The end of a sentence about an unknown name, with a suggestion if there is one.
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
    fn a_typo_finds_the_nearest_name() {
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
