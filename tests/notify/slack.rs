//! Messages to Slack stay within its limits, whatever users write.

use goldenpath::assess::register::Usage;
use goldenpath::assess::reminders::{MessageItem, ReminderMessage, ReminderStage};
use goldenpath::report::reminder::{document, slack};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixtures::{addressee, at, item, message};

/// Every text of a message.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "text" => found.push(text.clone()),
                    other => texts(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}

fn all_texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    texts(value, &mut found);
    found
}

fn text_of(item: MessageItem) -> String {
    let message = message(vec![item]);
    slack(&message)["blocks"][2]["text"]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

const OWN: &str = "\
Still needed? Ask to go on: `kubectl goldenpath request-renewal api-replicas -n shop --because \"…\"`
Or return to the path and close it: `kubectl goldenpath close api-replicas -n shop`";
const DECIDE: &str = "\
Agree: `kubectl goldenpath approve api-replicas -n shop`
Or say why not: `kubectl goldenpath reject api-replicas -n shop --note \"…\"`";
const SHIPPED: &str = "\
Return to the path and close it: `kubectl goldenpath close api-replicas -n shop`
Or, where it does not help you, say what is missing: `kubectl goldenpath request-renewal api-replicas -n shop --because \"…\"`";
const ANSWER: &str = "\
Go on: `kubectl goldenpath renew api-replicas -n shop`
Or end it: `kubectl goldenpath close api-replicas -n shop`";

#[test]
fn each_stage_has_state_next_step_and_alternative() {
    for (stage, state, steps) in [
        (
            ReminderStage::ReviewDue,
            "exception approved until 30 Jun, needs a review by 1 Apr",
            OWN,
        ),
        (
            ReminderStage::ReviewOverdue,
            "exception approved, its workload has changed since the approval, expires 30 Jun",
            OWN,
        ),
        (
            ReminderStage::Expired,
            "exception expired 30 Jun: renew it or return to the path",
            OWN,
        ),
        (
            ReminderStage::ItemShipped,
            "“Managed PostgreSQL”, which your exception waits for, shipped 1 Jan",
            SHIPPED,
        ),
        (
            ReminderStage::DecisionWaiting,
            "team shop (sam) requested an exception 78 days ago, waiting for you: “One replica holds the licence.”",
            DECIDE,
        ),
        (
            ReminderStage::RenewalWaiting,
            "team shop (sam) requested a renewal 78 days ago, waiting for you: “One replica holds the \
             licence.”",
            ANSWER,
        ),
    ] {
        let expected = format!("*shop/api-replicas* · path web-service\n{state}\n{steps}");
        assert_eq!(text_of(item(stage)), expected);
    }
}

#[test]
fn an_exception_no_longer_needed_is_closed_first() {
    let mut done = item(ReminderStage::ReviewDue);
    done.facts.needed = Some(false);
    let text = text_of(done);
    assert!(
        text.contains("its workloads pass the excepted checks\nClose it: `"),
        "{text}"
    );
    let mut unused = item(ReminderStage::Expired);
    unused.facts.usage = Usage::NoTarget;
    let text = text_of(unused);
    assert!(
        text.contains("no workload uses it now\nClose it: `"),
        "{text}"
    );
}

#[test]
fn a_title_counts_what_is_whose() {
    let title = |items| slack(&message(items))["text"].as_str().unwrap().to_owned();
    let one = vec![item(ReminderStage::Expired)];
    assert_eq!(title(one), "Golden paths, team shop: 1 exception to review");
    let both = vec![
        item(ReminderStage::Expired),
        item(ReminderStage::ReviewDue),
        item(ReminderStage::DecisionWaiting),
    ];
    assert_eq!(
        title(both),
        "Golden paths, team shop: 2 exceptions to review, 1 request for a decision"
    );
}

#[test]
fn a_dry_run_is_marked_and_names_its_recipient() {
    let rehearsal = ReminderMessage {
        dry_run: true,
        owner: addressee("platform", "platform"),
        ..message(vec![item(ReminderStage::ReviewDue)])
    };
    let texts = all_texts(&slack(&rehearsal)).join("\n");
    assert!(texts.contains("dry run: 1 exception to review"), "{texts}");
    assert!(texts.contains("for team shop in shop"), "{texts}");
    assert_eq!(document(&rehearsal)["dryRun"], true);
}

#[test]
fn text_of_users_mentions_no_one() {
    let mut request = item(ReminderStage::DecisionWaiting);
    request.facts.words = "<!channel> <@U123> @here <https://x|y> `code` & more".to_owned();
    request.facts.asked_by = Some("<!everyone>".to_owned());
    let text = text_of(request);
    assert!(!text.contains('<'), "{text}");
    assert!(!text.contains("@here"), "{text}");
    assert!(text.contains("&lt;!channel&gt;"), "{text}");
    assert_eq!(text.matches('`').count(), 4, "two commands: {text}");
}

#[test]
fn nothing_said_shames() {
    for stage in ReminderStage::ALL {
        let text = text_of(item(stage)).to_lowercase();
        for word in ["violat", "complian", "failing team", "worst", "must"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[&<>`@!*_ ]{0,400}",
        Just("&".repeat(2_000)),
        "\\PC{0,300}",
    ]
}

fn odd_item() -> impl Strategy<Value = MessageItem> {
    let stage = (0..ReminderStage::ALL.len()).prop_map(|index| ReminderStage::ALL[index]);
    let names = ("[a-z0-9.-]{1,253}", "[a-z0-9-]{1,63}");
    (stage, names, odd_text(), odd_text(), odd_text()).prop_map(
        |(stage, (name, namespace), team, words, by)| {
            let mut item = item(stage);
            item.name = name.into();
            item.namespace = namespace.into();
            item.owner = addressee("shop", &team);
            item.facts.team = team.chars().take(63).collect();
            item.facts.words = words;
            item.facts.asked_by = Some(by);
            item
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_is_within_slacks_limits(
        items in vec(odd_item(), 1..=40), dry_run in any::<bool>(), more in 0_usize..1_000
    ) {
        let count = items.len();
        let message = ReminderMessage { dry_run, more, as_of: at("2026-03-20T09:00:00Z"), ..message(items) };
        let text_of = slack(&message);
        let blocks = text_of["blocks"].as_array().unwrap();
        prop_assert!(blocks.len() <= 50);
        let header = blocks[0]["text"]["text"].as_str().unwrap();
        prop_assert!(header.chars().count() <= 150);
        let texts = all_texts(&text_of);
        let lengths: Vec<_> = texts.iter().map(|text| text.chars().count()).collect();
        prop_assert!(lengths.iter().all(|length| *length <= 3_000), "{lengths:?}");
        prop_assert!(lengths.iter().sum::<usize>() <= 12_000, "{lengths:?}");
        for text in &texts {
            prop_assert!(!text.contains(['<', '>']), "{text}");
        }
        // Each item is shown, or counted.
        let shown = texts.iter().map(|text| {
            text.matches("* · path ").count() + text.lines().filter(|l| l.starts_with("• ")).count()
        });
        let counted = texts.iter().filter_map(|text| {
            let rest = text.lines().find_map(|line| line.strip_prefix("and "))?;
            rest.split(' ').next()?.parse::<usize>().ok()
        });
        prop_assert_eq!(shown.sum::<usize>() + counted.sum::<usize>(), count);
    }
}
