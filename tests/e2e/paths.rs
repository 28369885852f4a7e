//! Golden paths with mistakes: the operator reports each mistake on the path, and everything else
//! goes on.

use serde_json::Value;

use crate::stage::in_a_place;
use crate::words::{PATH, failing, golden};

/// Beside the check that is wrong, the others go on.
fn with_check(name: &str, expression: &str) -> String {
    PATH.replace(
        "  checks:\n",
        &format!("  checks:\n  - {{name: {name}, expression: \"{expression}\"}}\n"),
    )
}

#[test]
fn a_check_that_does_not_compile_is_reported_and_the_others_go_on() {
    in_a_place("typo", |place| {
        place.apply(&with_check("replicas", "object.spec.replicas >"));
        place.apply(&[golden("web"), failing("moving")].concat());
        let object = format!("gp/{}", place.name);
        let condition = place.condition(&object, "ChecksValid", "False");
        let message = condition["message"].as_str().unwrap();
        assert!(message.contains("replicas"), "{message}");
        assert!(has_a_position(message), "{message}");
        assert_ne!(condition["reason"], Value::Null);
        place.condition(&object, "Ready", "True");
        // An error is never passed over, and never hides what fails.
        place.becomes("deploy/web", "unknown", None);
        place.becomes("deploy/moving", "deviating", Some("undocumented"));
    });
}

/// Line and column, as in `1:24`.
fn has_a_position(message: &str) -> bool {
    let pairs = message.split(|c: char| !(c.is_ascii_digit() || c == ':'));
    let is_position = |text: &str| {
        let (line, column) = text.trim_matches(':').split_once(':').unwrap_or_default();
        line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok()
    };
    pairs.into_iter().any(is_position)
}

#[test]
fn a_hostile_expression_is_refused_while_other_paths_go_on() {
    in_a_place("hostile", |place| {
        let list = "object.metadata.labels";
        let hostile = format!("{list}.all(a, {list}.all(b, {list}.all(c, a + b + c != 'x')))");
        place.apply(&with_check("hostile", &hostile));
        let labels = (0..300)
            .map(|n| format!("l{n}: v"))
            .collect::<Vec<_>>()
            .join(", ");
        let big = golden("web").replace("{team: shop}", &format!("{{team: shop, {labels}}}"));
        place.apply(&big);
        place.becomes("deploy/web", "unknown", None);
        let condition = place.condition(&format!("gp/{}", place.name), "ChecksValid", "False");
        let message = condition["message"].as_str().unwrap();
        assert!(message.contains("hostile"), "{message}");
        in_a_place("unharmed", |other| {
            other.apply(PATH);
            other.apply(&golden("web"));
            other.becomes("deploy/web", "golden-path", None);
        });
    });
}

#[test]
fn an_edit_of_a_path_reaches_everyone() {
    in_a_place("edited", |place| {
        place.apply(PATH);
        place.apply(&[golden("web"), failing("moving")].concat());
        place.becomes("deploy/moving", "deviating", Some("undocumented"));
        place.apply(&PATH.replace(":latest", ":1.0.0"));
        place.becomes("deploy/web", "deviating", Some("undocumented"));
        place.becomes("deploy/moving", "golden-path", None);
    });
}

#[test]
fn a_deleted_path_keeps_its_labels_for_a_while() {
    in_a_place("grace", |place| {
        place.apply(PATH);
        place.apply(&golden("web"));
        place.becomes("deploy/web", "golden-path", None);
        let before = place.get("deploy/web");
        place.kubectl(&["delete", "gp", &place.name]);
        // Another path that is judged after the deletion was seen shows that it was taken in.
        in_a_place("aftergrace", |other| {
            other.apply(PATH);
            other.apply(&golden("web"));
            other.becomes("deploy/web", "golden-path", None);
        });
        let after = place.get("deploy/web");
        assert_eq!(
            after["metadata"]["resourceVersion"],
            before["metadata"]["resourceVersion"]
        );
    });
}

#[test]
fn a_path_whose_name_cannot_be_a_label_is_refused_with_a_sentence() {
    in_a_place("names", |place| {
        for name in ["web.service".to_owned(), "w".repeat(64)] {
            let printed =
                place.refusal(&PATH.replacen("{name: PLACE}", &format!("{{name: {name}}}"), 1));
            assert!(
                printed.contains("a golden path's name becomes a label value"),
                "{printed}"
            );
        }
        let printed = place.refusal(&PATH.replace("- name: team", "- name: The_Team"));
        assert!(printed.contains("spec.checks[0].name"), "{printed}");
    });
}
