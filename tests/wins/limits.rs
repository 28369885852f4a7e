//! Messages stay within the limits of their receivers, whatever teams write: the schema of adaptive
//! cards for Teams, and the documented limits for Slack, which publishes no schema.

use std::fs;
use std::sync::LazyLock;

use goldenpath::assess::goals::wins::Digest;
use goldenpath::assess::goals::wins::content::{
    Addition, AdditionKind, Additions, Capability, CapabilityKind, Evidence, Obstacle,
    ObstacleKind, TeamWin,
};
use goldenpath::report::wins::{Edition, Quote, markdown, slack, teams};
use jsonschema::Validator;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::golden::quote;
use crate::{digest, fixture};

static CARD: LazyLock<Validator> = LazyLock::new(|| {
    let text = fs::read_to_string(fixture("adaptive-card-1.4.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
});

/// Checks a body for a Workflows webhook; what is wrong with it.
fn faults_for_teams(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let attachment = &body["attachments"][0];
    let card = &attachment["content"];
    faults.extend(CARD.iter_errors(card).map(|error| error.to_string()));
    let mut hold = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    hold(body["type"] == "message", "not a message");
    hold(
        attachment["contentType"] == "application/vnd.microsoft.card.adaptive",
        "not a card",
    );
    hold(
        card["version"] == "1.4",
        "a version that clients may not know",
    );
    hold(body.to_string().len() <= 20_000, "more than 20 KB");
    for block in card["body"].as_array().unwrap() {
        hold(block["wrap"] == true, "a line that phones cut");
        let text = block["text"].as_str().unwrap();
        hold(!text.contains('<'), "a tag");
        hold(!text.contains('\n'), "more than one line");
    }
    faults
}

/// A marked or plain text of Slack.
fn check_text(text: &Value, block: &Value, hold: &mut impl FnMut(bool, &str, &Value)) {
    let words = text["text"].as_str().unwrap();
    hold(
        (1..=3_000).contains(&words.chars().count()),
        "an empty or a long text",
        block,
    );
    match text["type"].as_str().unwrap() {
        "plain_text" => {
            hold(text["emoji"] == false, "emoji", block);
            hold(!words.contains(['<', '>']), "a control", block);
        }
        "mrkdwn" => {
            hold(text["verbatim"] == true, "links are made", block);
            let link = words
                .strip_prefix("<http")
                .and_then(|it| it.strip_suffix('>'));
            let inner = link.unwrap_or(words);
            hold(!inner.contains(['<', '>']), "a control", block);
        }
        _ => hold(false, "an unknown text", block),
    }
    hold(
        !words.contains("@here") && !words.contains("@channel"),
        "a mention",
        block,
    );
}

/// Checks the body for an incoming webhook of Slack; what is wrong with it.
fn faults_for_slack(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let blocks = body["blocks"].as_array().unwrap();
    let mut all = body["text"].as_str().unwrap().chars().count();
    let mut hold = |holds: bool, what: &str, of: &Value| {
        if !holds {
            faults.push(format!("{what}: {of}"));
        }
    };
    hold(blocks.len() <= 50, "more than 50 blocks", &Value::Null);
    for block in blocks {
        let mut texts: Vec<&Value> = Vec::new();
        match block["type"].as_str().unwrap() {
            "header" => {
                texts.push(&block["text"]);
                let header = block["text"]["text"].as_str().unwrap();
                hold(header.chars().count() <= 150, "a long header", block);
                hold(
                    block["text"]["type"] == "plain_text",
                    "a marked header",
                    block,
                );
            }
            "section" => texts.push(&block["text"]),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                hold(elements.len() <= 10, "more than 10 elements", block);
                texts.extend(elements);
            }
            _ => hold(false, "an unknown block", block),
        }
        for text in texts {
            all += text["text"].as_str().unwrap().chars().count();
            check_text(text, block, &mut hold);
        }
    }
    hold(all <= 10_000, "too much text", &Value::Null);
    faults
}

#[test]
fn the_reviewed_months_are_accepted() {
    let quote = quote();
    for month in ["busy", "silent"] {
        let digest = digest(month);
        for edition in [Edition::Draft, Edition::Published(Some(&quote))] {
            assert_eq!(faults_for_teams(&teams(&digest, edition)), [""; 0]);
            assert_eq!(faults_for_slack(&slack(&digest, edition)), [""; 0]);
        }
    }
}

#[test]
fn the_schema_refuses_what_is_no_card() {
    let mut body = teams(&digest("busy"), Edition::Draft);
    body["attachments"][0]["content"]["body"][0]["type"] = "TextBlok".into();
    assert_ne!(faults_for_teams(&body), [""; 0]);
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[&<>`@!*_#|~()\\[\\]\\\\ ]{0,400}",
        Just("&".repeat(2_000)),
        Just("👩\u{200d}👩\u{200d}👧".repeat(300)),
        Just("<at>all</at> @here \u{202e}abc".repeat(30)),
        "\\PC{0,300}",
    ]
}

fn odd_names() -> impl Strategy<Value = Vec<String>> {
    vec(odd_text(), 1..=5)
}

fn odd_fact() -> impl Strategy<Value = Evidence> {
    (any::<bool>(), odd_text(), odd_names(), 0_usize..1_000).prop_map(
        |(is_closed, path, services, more)| {
            if is_closed {
                Evidence::Closed {
                    exception: path,
                    checks: services,
                    more,
                    end: "2027-03-05T00:00:00Z".parse().unwrap(),
                }
            } else {
                Evidence::Joined {
                    path,
                    services,
                    more,
                }
            }
        },
    )
}

fn odd_team() -> impl Strategy<Value = TeamWin> {
    let url = prop_oneof![
        Just(None),
        odd_text().prop_map(|text| Some(format!("https://example.com/{text}"))),
    ];
    let facts = vec(odd_fact(), 1..12);
    (odd_text(), facts, odd_text(), url).prop_map(|(team, evidence, title, url)| TeamWin {
        team,
        gained: 1,
        services: 3,
        evidence,
        capability: Capability {
            kind: CapabilityKind::Path,
            title,
            url,
        },
    })
}

fn odd_digest() -> impl Strategy<Value = Digest> {
    let addition = (odd_text(), odd_text()).prop_map(|(title, note)| Addition {
        at: "2026-10-05T00:00:00Z".parse().unwrap(),
        kind: AdditionKind::Released,
        title,
        note: Some(note),
    });
    let teams = vec(odd_team(), 0..=3);
    (teams, vec(addition, 0..=5), odd_text(), odd_names()).prop_map(
        |(teams, items, wish, asked)| Digest {
            teams,
            additions: Additions { items, more: 9 },
            obstacle: Some(Obstacle {
                id: "item/x".into(),
                kind: ObstacleKind::Returned,
                title: wish,
                teams: asked,
                more: 3,
                at: "2026-10-05T00:00:00Z".parse().unwrap(),
            }),
            ..digest("busy")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_digest_is_within_the_limits(digest in odd_digest(), text in odd_text(), by in odd_text()) {
        let quote = Quote { text, by };
        for edition in [Edition::Draft, Edition::Published(Some(&quote))] {
            prop_assert_eq!(faults_for_teams(&teams(&digest, edition)), [""; 0]);
            prop_assert_eq!(faults_for_slack(&slack(&digest, edition)), [""; 0]);
            let markdown = markdown(&digest, edition);
            prop_assert!(!markdown.contains(['<', '>', '@']), "{}", markdown);
            for c in ['\u{202e}', '\u{200b}', '\u{7}'] {
                prop_assert!(!markdown.contains(c));
            }
        }
    }
}
