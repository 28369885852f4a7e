//! The sentences of a digest. They say what happened, in which order and with which n; never that one
//! thing caused another, and nothing that a team lacks.

use jiff::Timestamp;

use super::fit::clean;
use super::{Edition, Heading, Link, Section};
use crate::assess::goals::wins::content::{
    Addition, AdditionKind, Capability, CapabilityKind, Comparison, Evidence, Note, ObstacleKind,
    Share, TeamWin,
};
use crate::assess::goals::wins::{Digest, Month};
use crate::report::contrast::words::duration;
use crate::report::terminal::share::share;
use crate::report::voice::{counted, day};

/// Longest name, in characters.
const NAME: usize = 63;
/// Longest title, in characters.
const TITLE: usize = 120;
/// Longest quote of a text that somebody wrote, in characters.
const QUOTED: usize = 200;
/// Most facts about one team; the rest is counted.
const MOST_FACTS: usize = 6;
/// Longest address.
const URL: usize = 300;

/// A month as people write it: "October 2026".
pub(super) fn month(month: Month) -> String {
    month.first_day().strftime("%B %Y").to_string()
}

/// A month beside another one: "October".
fn short(month: Month) -> String {
    month.first_day().strftime("%B").to_string()
}

/// What a silent month says.
pub(super) fn opening(digest: &Digest) -> Option<Section> {
    if !digest.teams.is_empty() {
        return None;
    }
    let rest = if digest.additions.items.is_empty() && digest.obstacle.is_none() {
        "Nothing new was published on the paths either."
    } else {
        "Here is what is new."
    };
    let month = month(digest.month);
    Some(plain_section(format!(
        "No change in {month} that the cluster can prove. {rest}"
    )))
}

/// What a team gained.
pub(super) fn team(win: &TeamWin, digest: &Digest) -> Section {
    let team = clean(&win.team, NAME);
    let heading = if win.gained > 0 {
        let (gained, all) = (win.gained, counted(win.services, "service"));
        format!("Team {team}: {gained} of {all} gained")
    } else {
        format!("Team {team}: {}", counted(win.services, "service"))
    };
    let mut lines: Vec<_> = win
        .evidence
        .iter()
        .take(MOST_FACTS)
        .map(|fact| evidence(fact, digest))
        .collect();
    let more = win.evidence.len().saturating_sub(MOST_FACTS);
    if more > 0 {
        lines.push(format!("And {}.", counted(more, "more fact")));
    }
    lines.push(capability(&win.capability));
    Section {
        heading: Some(Heading::Named(heading)),
        lines,
        link: link(&win.capability),
        is_list: true,
    }
}

fn evidence(fact: &Evidence, digest: &Digest) -> String {
    let of_month = short(digest.month);
    match fact {
        Evidence::Started {
            path,
            services,
            more,
        } => {
            let verb = if services.len() + more == 1 {
                "is"
            } else {
                "are"
            };
            let services = names(services, *more);
            let path = clean(path, TITLE);
            format!("New in {of_month} and on the path: {services} {verb} on {path}.")
        }
        Evidence::Joined {
            path,
            services,
            more,
        } => {
            let joined = counted(services.len() + more, "service");
            let services = names(services, *more);
            let path = clean(path, TITLE);
            format!("{joined} on {path} after rollouts in {of_month}: {services}.")
        }
        Evidence::Closed {
            exception,
            checks,
            more,
            end,
        } => {
            let exception = clean(exception, 2 * NAME);
            let end = day(*end, digest.as_of);
            let checks = names(checks, *more);
            format!(
                "Closed exception {exception} before its end on {end}; its workloads pass: {checks}."
            )
        }
        Evidence::LeadTime(times) => comparison("lead time", "rollouts", times, digest),
        Evidence::Recovery(times) => comparison("time to recover", "recoveries", times, digest),
    }
}

fn comparison(what: &str, things: &str, times: &Comparison, digest: &Digest) -> String {
    let (month, before) = (short(digest.month), short(digest.month.before()));
    format!(
        "Median {what} {} in {month} (n = {} {things}), {} in {before} (n = {}), over {} on a path.",
        duration(times.after.seconds.into()),
        times.after.n,
        duration(times.before.seconds.into()),
        times.before.n,
        counted(times.services, "service"),
    )
}

fn capability(capability: &Capability) -> String {
    let title = clean(&capability.title, TITLE);
    match capability.kind {
        CapabilityKind::Path => format!("What they use: the path {title}."),
        CapabilityKind::Check => format!("What they use: the step “{title}”."),
        CapabilityKind::RoadmapItem => {
            format!("What they use: {title}, which was shipped before.")
        }
    }
}

fn link(capability: &Capability) -> Option<Link> {
    let url = capability.url.as_deref().filter(|url| is_safe(url))?;
    Some(Link {
        text: format!("How it works: {}", clean(&capability.title, TITLE)),
        url: url.to_owned(),
    })
}

/// Whether an address can stand in any markup as it is.
fn is_safe(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web
        && url.len() <= URL
        && url
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>|\"'`()[]{}\\*".contains(&b))
}

/// The line of adoption.
pub(super) fn adoption(digest: &Digest) -> Option<Section> {
    let adoption = digest.adoption?;
    let services = |it: &Share| {
        let (on, all) = (it.on_path, counted(it.services, "service"));
        let percent = share(it.on_path, it.services);
        if percent.ends_with('%') {
            format!("{on} of {all} ({percent})")
        } else {
            format!("{on} of {all}")
        }
    };
    let at = |it: &Share| day(it.at, digest.as_of);
    let (verb, now) = (on_a_path(adoption.now.on_path), adoption.now);
    let before = adoption.before.map_or_else(String::new, |it| {
        format!("; {} on {}", services(&it), at(&it))
    });
    Some(plain_section(format!(
        "Adoption: {} {verb} as of {}{before}.",
        services(&now),
        at(&now)
    )))
}

const fn on_a_path(services: usize) -> &'static str {
    if services == 1 {
        "is on a path"
    } else {
        "are on a path"
    }
}

/// What is new on the paths.
pub(super) fn additions(digest: &Digest) -> Option<Section> {
    let additions = &digest.additions;
    let mut lines: Vec<_> = additions
        .items
        .iter()
        .map(|it| addition(it, digest.as_of))
        .collect();
    if additions.more > 0 {
        lines.push(format!("And {} more.", additions.more));
    }
    (!lines.is_empty()).then_some(Section {
        heading: Some(Heading::Own("New on the paths")),
        lines,
        link: None,
        is_list: true,
    })
}

fn addition(it: &Addition, as_of: Timestamp) -> String {
    let (on, title) = (day(it.at, as_of), clean(&it.title, TITLE));
    let what = match it.kind {
        AdditionKind::Launched => format!("{on}: the path {title} was launched"),
        AdditionKind::Released => format!("{on}: {title}"),
        AdditionKind::Shipped => format!("{on}: {title} was shipped"),
    };
    let note = it.note.as_deref().map(|note| clean(note, QUOTED));
    match note.filter(|note| !note.is_empty()) {
        Some(note) => format!("{what}: {note}"),
        None => what,
    }
}

/// The obstacle that was removed.
pub(super) fn obstacle(digest: &Digest) -> Option<Section> {
    let it = digest.obstacle.as_ref()?;
    let (on, title) = (day(it.at, digest.as_of), clean(&it.title, QUOTED));
    let asked = names(&it.teams, it.more);
    let teams = if it.teams.len() + it.more == 1 {
        format!("Team {asked}")
    } else {
        format!("Teams {asked}")
    };
    let (heading, line) = match it.kind {
        ObstacleKind::Shipped => {
            let line = format!("{title}, shipped on {on}. {teams} asked for it: thank you.");
            ("We removed this obstacle", line)
        }
        ObstacleKind::Returned => {
            let line = format!(
                "{teams} asked for “{title}”. Their exception is closed since {on}, and its workloads \
                 pass: thank you."
            );
            ("An obstacle is gone", line)
        }
    };
    Some(Section {
        heading: Some(Heading::Own(heading)),
        lines: vec![line],
        link: None,
        is_list: false,
    })
}

/// The quote, or room for it.
pub(super) fn quote(edition: Edition<'_>) -> Option<Section> {
    let line = match edition {
        Edition::Draft => {
            "[QUOTE: ask one of these teams what changed for them, in one sentence and with a name]"
                .to_owned()
        }
        Edition::Published(None) => return None,
        Edition::Published(Some(quote)) => {
            let (text, by) = (clean(&quote.text, 2 * QUOTED), clean(&quote.by, TITLE));
            format!("“{text}” ({by})")
        }
    };
    Some(plain_section(line))
}

/// What the product manager should know, and how to publish.
pub(super) fn notes(digest: &Digest, edition: Edition<'_>) -> Option<Section> {
    match edition {
        Edition::Draft => {}
        Edition::Published(_) => return None,
    }
    let mut lines: Vec<_> = digest.notes.iter().map(note).collect();
    let month = digest.month;
    lines.push(format!(
        "Publish it with: goldenpath wins --publish --month {month} --quote \"…\" --quote-by \"…\""
    ));
    Some(Section {
        heading: Some(Heading::Own("For you, not for publication")),
        lines,
        link: None,
        is_list: true,
    })
}

fn note(note: &Note) -> String {
    match *note {
        Note::OptedOut { namespaces } => {
            format!(
                "{} opted out and not named.",
                counted(namespaces, "namespace")
            )
        }
        Note::NamespacesUnread { namespaces } => format!(
            "{} left out, because you may not read whether they opted out.",
            counted(namespaces, "namespace")
        ),
        Note::NotRecorded { services, of } => format!(
            "{services} of {} on a path have no record of rollouts: who joined a path, and who became \
             faster, is not visible for them.",
            counted(of, "service")
        ),
        Note::RecentTeams { teams } => format!(
            "{} gained too, and was in one of the last three digests.",
            counted(teams, "team")
        ),
        Note::BelowMinimum { teams, minimum } => format!(
            "{} gained too, with fewer than {}.",
            counted(teams, "team"),
            counted(minimum, "service")
        ),
        Note::MoreTeams { teams } => {
            format!("{} gained too, behind these three.", counted(teams, "team"))
        }
        Note::Unfinished => "The month is not over.".to_owned(),
        Note::Late => "The month ended more than a week ago: facts that have changed since are \
             not visible."
            .to_owned(),
        Note::NoEarlierDigests => "The last digests are not known, so a team may be repeated: \
             name their record with --state or --state-configmap."
            .to_owned(),
    }
}

/// What the facts are, and what they do not claim.
pub(super) fn closing(digest: &Digest) -> String {
    format!(
        "From the cluster, as of {}. It shows what came after what, not why.",
        day(digest.as_of, digest.as_of)
    )
}

fn names(names: &[String], more: usize) -> String {
    let mut shown: Vec<_> = names.iter().map(|name| clean(name, NAME)).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

fn plain_section(line: String) -> Section {
    Section {
        heading: None,
        lines: vec![line],
        link: None,
        is_list: false,
    }
}
