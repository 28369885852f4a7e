//! Every format of a busy and of a silent month, as draft and as published.

use std::fs;

use goldenpath::report::wins::{Edition, Quote, document, markdown, render, slack, teams};
use serde_json::Value;

use crate::{digest, fixture};

pub fn quote() -> Quote {
    Quote {
        text: "We release on Fridays now.".to_owned(),
        by: "Mira, team checkout".to_owned(),
    }
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn is_as_expected(file: &str, text: &str) {
    let file = fixture(&format!("expected/{file}"));
    if std::env::var_os("UPDATE_WINS").is_some() {
        fs::write(&file, text).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{file}");
}

#[test]
fn every_format_is_as_it_was_reviewed() {
    let quote = quote();
    for month in ["busy", "silent"] {
        let digest = digest(month);
        for (name, edition) in [
            ("draft", Edition::Draft),
            ("published", Edition::Published(Some(&quote))),
        ] {
            let of = |ending: &str| format!("{month}-{name}.{ending}");
            is_as_expected(&of("txt"), &render(&digest, edition, false));
            is_as_expected(&of("md"), &markdown(&digest, edition));
            is_as_expected(&of("slack.json"), &pretty(&slack(&digest, edition)));
            is_as_expected(&of("teams.json"), &pretty(&teams(&digest, edition)));
            is_as_expected(&of("json"), &pretty(&document(&digest, edition)));
        }
    }
}

#[test]
fn a_published_digest_has_neither_notes_nor_room_for_a_quote() {
    let digest = digest("busy");
    let draft = render(&digest, Edition::Draft, false);
    assert!(
        draft.contains("[QUOTE:") && draft.contains("opted out"),
        "{draft}"
    );
    let published = render(&digest, Edition::Published(None), false);
    assert!(
        !published.contains("QUOTE") && !published.contains("opted out"),
        "{published}"
    );
    let json = document(&digest, Edition::Published(None)).to_string();
    assert!(
        !json.contains("opted-out") && !json.contains("opted out"),
        "{json}"
    );
}

#[test]
fn no_sentence_claims_a_cause_or_shames() {
    for month in ["busy", "silent"] {
        let text = render(&digest(month), Edition::Draft, false).to_lowercase();
        for word in [
            "because of",
            "thanks to the path",
            "due to",
            "caused",
            "violat",
            "complian",
            "failing team",
            "worst",
            "deviat",
            "failed",
            "not on the path",
            "behind schedule",
        ] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
