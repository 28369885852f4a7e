//! The examples of docs/delivery.md work as they stand.

use goldenpath::assess::delivery::event::{EventResult, ReportedIncident};

use crate::ground::{Listener, Sent, TOKEN};

const DELIVERY: &str = include_str!("../../docs/delivery.md");

/// The code block of a language that contains a text.
pub fn block(language: &str, containing: &str) -> String {
    let fence = format!("```{language}\n");
    let mut blocks = DELIVERY
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block);
    let found = blocks.find(|block| block.contains(containing));
    found
        .unwrap_or_else(|| panic!("no {language} with {containing}"))
        .to_owned()
}

/// Sends what the command sends.
fn sent(command: &str) -> ReportedIncident {
    let headers: Vec<(String, String)> = command
        .lines()
        .filter_map(|line| line.trim().strip_prefix("-H "))
        .map(|quoted| {
            let text = quoted
                .trim_end_matches('\\')
                .trim()
                .trim_matches(['"', '\'']);
            let (name, value) = text.split_once(": ").unwrap();
            (name.to_owned(), value.replace("$TOKEN", TOKEN))
        })
        .collect();
    let (_, rest) = command.split_once("--data '").unwrap();
    let (body, _) = rest.rsplit_once('\'').unwrap();
    let listener = Listener::start();
    let answer = listener.send(&Sent {
        headers: headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        ..Sent::structured(body.as_bytes())
    });
    assert_eq!((answer.status, answer.body.as_str()), (200, "1 accepted\n"));
    let incident = listener.incidents().remove(0);
    let workload = incident.workload.as_ref().unwrap().to_string();
    assert_eq!(workload, "shop/deployment/checkout");
    incident
}

#[test]
fn the_command_sends_an_incident() {
    let report = sent(&block("sh", "incident.detected")).report;
    assert_eq!(report.id, "/pager/eu incident-4711");
    assert!(report.started_at.is_some() && report.resolved_at.is_none());
}

#[test]
fn the_command_that_connects_a_namespace_sends_an_end_without_a_start() {
    let report = sent(&block("sh", "incident.resolved")).report;
    assert_eq!(report.id, "/pager/eu test-of-shop");
    assert!(report.started_at.is_none() && report.resolved_at.is_some());
}

#[test]
fn every_result_is_documented() {
    for result in EventResult::ALL {
        let word = format!("`{}`", result.as_str());
        assert!(DELIVERY.contains(&word), "{word}");
    }
}
