//! The inbox of one user: requests they may decide, and exceptions of their teams that need an
//! action. Nothing is judged here, and identity and rights are inputs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::api::API_VERSION;
use crate::assess::source::Problem;
use crate::assess::state::Turn;
use crate::report::document::{Exception, Report};
use crate::report::register::{beside_workloads, commands, next_action, sort};
use crate::report::terminal::plain::plain;
use crate::report::terminal::table::{Paint, Style};
use crate::report::terminal::text::problems;
use crate::report::voice::{counted, hours};

/// `kind` of an inbox.
pub const KIND: &str = "Inbox";
/// Groups with this prefix are the API server's own and not teams.
const BUILT_IN_GROUPS: &str = "system:";
/// How many requests waiting for others are listed by name.
const NAMED: usize = 5;

/// The user an inbox is for.
#[derive(Serialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Viewer {
    /// User name in the cluster.
    pub user: String,
    /// Their teams.
    pub teams: BTreeSet<String>,
    /// Where the teams come from.
    pub teams_from: TeamsFrom,
    /// Paths whose requests they may decide.
    pub decides_on: BTreeSet<String>,
}

/// Where a viewer's teams come from.
#[derive(Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum TeamsFrom {
    /// From the flag.
    Flag,
    /// From the names of the user and their groups.
    #[default]
    Identity,
}

impl TeamsFrom {
    const fn words(self) -> &'static str {
        match self {
            Self::Flag => "set with --team",
            Self::Identity => "by user and group names; override with --team",
        }
    }
}

impl Viewer {
    /// A viewer with the `named` teams, else with the names of their user and groups:
    /// `oidc:team-shop` is also `team-shop`.
    pub fn new(user: &str, groups: &[String], named: &[String]) -> Self {
        let own: BTreeSet<String> = groups
            .iter()
            .map(String::as_str)
            .chain([user])
            .filter(|name| !name.starts_with(BUILT_IN_GROUPS) && !name.is_empty())
            .flat_map(|name| [Some(name), name.rsplit([':', '/']).next()])
            .flatten()
            .map(str::to_owned)
            .collect();
        let is_named = !named.is_empty();
        Self {
            user: user.to_owned(),
            teams: if is_named {
                named.iter().cloned().collect()
            } else {
                own
            },
            teams_from: if is_named {
                TeamsFrom::Flag
            } else {
                TeamsFrom::Identity
            },
            decides_on: BTreeSet::new(),
        }
    }

    fn asked_for(&self, exception: &Exception) -> bool {
        exception.requested_by.as_ref() == Some(&self.user)
    }

    /// Whether it waits for this viewer. Requesters do not decide on their own requests.
    fn is_asked(&self, exception: &Exception) -> bool {
        match exception.turn {
            Turn::Platform => {
                self.decides_on.contains(&exception.path) && !self.asked_for(exception)
            }
            Turn::Team => self.teams.contains(&exception.owner) || self.asked_for(exception),
            Turn::AtRest => false,
        }
    }

    fn waits_for_others(&self, exception: &Exception) -> bool {
        exception.turn == Turn::Platform
            && !self.is_asked(exception)
            && (self.teams.contains(&exception.owner) || self.asked_for(exception))
    }
}

/// Paths with open requests: the viewer's rights on them decide what the inbox holds.
pub fn paths_to_decide(report: &Report) -> BTreeSet<String> {
    report
        .exceptions
        .iter()
        .filter(|line| line.turn == Turn::Platform)
        .map(|line| line.path.clone())
        .collect()
}

/// An inbox as JSON and YAML.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// Whose inbox it is.
    pub reader: Viewer,
    /// Items, most urgent first.
    pub items: Vec<Item>,
    /// The viewer's requests that wait for the platform team, as namespace/name.
    pub waiting_for_others: Vec<String>,
    /// Objects that could not be read.
    pub problems: Vec<Problem>,
}

/// One exception that waits for the viewer.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct Item {
    /// The exception, with its next action.
    pub exception: Exception,
    /// The commands for that action, the likelier one first.
    pub commands: Vec<String>,
}

/// The inbox of `reader` for a report.
pub fn inbox(report: &Report, reader: Viewer) -> Inbox {
    let mut exceptions = report.exceptions.clone();
    sort(&mut exceptions);
    let others = exceptions
        .iter()
        .filter(|line| reader.waits_for_others(line));
    let waiting_for_others = others
        .map(|line| format!("{}/{}", line.namespace, line.name))
        .collect();
    let own = exceptions.iter().filter(|line| reader.is_asked(line));
    let items = own.map(|line| Item {
        exception: line.clone(),
        commands: commands(line),
    });
    Inbox {
        api_version: API_VERSION,
        kind: KIND,
        as_of: report.as_of,
        items: items.collect(),
        waiting_for_others,
        reader,
        problems: beside_workloads(report),
    }
}

/// The inbox for a terminal.
pub fn render(inbox: &Inbox, style: Style) -> String {
    let head = Paint::Bold.on(&head(inbox), style.color);
    let whose = Paint::Faint.on(&whose(&inbox.reader), style.color);
    let items = inbox.items.iter();
    let sections = [format!("{head}\n{whose}\n")]
        .into_iter()
        .chain(items.map(|item| entry(item, inbox.as_of, style)))
        .chain([
            elsewhere(&inbox.waiting_for_others),
            problems(&inbox.problems),
        ]);
    let shown: Vec<String> = sections.filter(|section| !section.is_empty()).collect();
    shown.join("\n")
}

/// The viewer's requests that others have to answer.
fn elsewhere(others: &[String]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let named: Vec<_> = others.iter().take(NAMED).map(|name| plain(name)).collect();
    format!(
        "{} of yours {} for the platform team: {}{}\n",
        counted(others.len(), "request"),
        if others.len() == 1 { "waits" } else { "wait" },
        named.join(", "),
        if others.len() > NAMED { ", …" } else { "" }
    )
}

fn head(inbox: &Inbox) -> String {
    match inbox.items.len() {
        0 if inbox.problems.is_empty() => "Nothing waits for you.".to_owned(),
        0 => "Nothing waits for you, as far as you may look: name a namespace of yours with -n."
            .to_owned(),
        1 => "1 thing waits for you.".to_owned(),
        number => format!("{} wait for you.", counted(number, "thing")),
    }
}

/// Why these items are the viewer's.
fn whose(reader: &Viewer) -> String {
    let list = |names: &BTreeSet<String>| {
        names
            .iter()
            .map(|name| plain(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let decides = if reader.decides_on.is_empty() {
        "none of the open requests is yours to decide".to_owned()
    } else {
        format!("decides on {}", list(&reader.decides_on))
    };
    format!(
        "Signed in as {}, teams {} ({}); {decides}.",
        plain(&reader.user),
        list(&reader.teams),
        reader.teams_from.words()
    )
}

fn entry(item: &Item, as_of: Timestamp, style: Style) -> String {
    let line = &item.exception;
    let name = format!("{}/{}", plain(&line.namespace), plain(&line.name));
    let by = line
        .requested_by
        .as_ref()
        .map_or_else(String::new, |by| format!(", requested by {}", plain(by)));
    let mut lines = vec![
        format!(
            "{}  {}",
            Paint::Bold.on(&name, style.color),
            next_action(line, as_of)
        ),
        format!(
            "  {}: {} on {}; {} a month, carried by team {}{by}",
            plain(&line.path),
            plain(&line.checks.join(", ")),
            counted(line.matched, "workload"),
            hours(line.hours_per_month),
            plain(&line.owner),
        ),
        format!("  “{}”", plain(&line.reason)),
    ];
    let because = line.still_needed_because.iter();
    lines.extend(because.map(|because| format!("  still needed: “{}”", plain(because))));
    let commands = item.commands.iter().enumerate();
    lines.extend(commands.map(|(index, command)| {
        let word = if index == 0 { "→" } else { "or" };
        format!("  {word} {command}")
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::register::next::Next;
    use crate::assess::state::Phase;
    use crate::report::fixtures::{at, exception, report};

    fn asking(name: &str, next: Next, phase: Phase) -> Exception {
        Exception {
            name: name.to_owned(),
            next,
            turn: next.turn(),
            phase,
            waiting_since: Some(at("2026-02-26T00:00:00Z")),
            ..exception()
        }
    }

    fn fleet(exceptions: Vec<Exception>) -> Report {
        Report {
            exceptions,
            problems: Vec::new(),
            ..report()
        }
    }

    fn names(inbox: &Inbox) -> Vec<&str> {
        let items = inbox.items.iter();
        items.map(|item| item.exception.name.as_str()).collect()
    }

    fn decider(user: &str) -> Viewer {
        Viewer {
            decides_on: ["web-service".to_owned()].into(),
            ..Viewer::new(user, &[], &[])
        }
    }

    #[test]
    fn a_decision_waits_for_approvers_and_never_for_the_requester() {
        let fleet = fleet(vec![asking("asked", Next::Decide, Phase::Pending)]);
        assert_eq!(names(&inbox(&fleet, decider("ada"))), ["asked"]);
        let own = inbox(&fleet, decider("grace"));
        assert_eq!(names(&own), [""; 0]);
        assert_eq!(own.waiting_for_others, ["shop/asked"]);
        let stranger = inbox(&fleet, Viewer::new("eve", &[], &[]));
        assert_eq!(names(&stranger), [""; 0]);
        assert_eq!(stranger.waiting_for_others, [""; 0]);
    }

    #[test]
    fn a_review_waits_for_the_owner_and_the_requester() {
        let due = asking("due", Next::Review, Phase::ReviewDue);
        let rest = asking("rest", Next::Rest, Phase::Active);
        let fleet = fleet(vec![due, rest]);
        let groups = [
            "system:authenticated".to_owned(),
            "oidc:team-shop".to_owned(),
        ];
        for (user, groups, named, found) in [
            ("eve", &groups[..], &[][..], true),
            ("grace", &[], &[], true),
            ("eve", &[], &[], false),
            ("eve", &[], &["team-shop".to_owned()], true),
            ("grace", &[], &["team-pay".to_owned()], true),
        ] {
            let inbox = inbox(&fleet, Viewer::new(user, groups, named));
            assert_eq!(
                names(&inbox) == ["due"],
                found,
                "{user} {groups:?} {named:?}"
            );
        }
    }

    #[test]
    fn built_in_groups_name_no_team() {
        let groups = ["system:masters".to_owned(), "oidc:/shop".to_owned()];
        let reader = Viewer::new("ada@example.com", &groups, &[]);
        let teams: Vec<_> = reader.teams.iter().map(String::as_str).collect();
        assert_eq!(teams, ["ada@example.com", "oidc:/shop", "shop"]);
    }

    #[test]
    fn an_entry_has_its_state_its_cost_and_the_commands() {
        let fleet = fleet(vec![asking("asked", Next::Decide, Phase::Pending)]);
        assert_eq!(
            render(&inbox(&fleet, decider("ada")), Style::default()),
            "\
1 thing waits for you.
Signed in as ada, teams ada (by user and group names; override with --team); decides on web-service.

shop/asked  approve or reject: requested 3 days ago, waiting for the platform team
  web-service: memory-limit on 1 workload; 3 hours a month, carried by team team-shop, requested by grace
  “The nightly run needs all the memory of its node.”
  → kubectl goldenpath approve asked -n shop
  or kubectl goldenpath reject asked -n shop --note \"…\"
"
        );
    }

    #[test]
    fn an_empty_inbox_shows_whose_it_is() {
        let text = render(
            &inbox(&fleet(Vec::new()), Viewer::new("eve", &[], &[])),
            Style::default(),
        );
        assert!(
            text.starts_with("Nothing waits for you.\nSigned in as eve, teams eve"),
            "{text}"
        );
    }
}
