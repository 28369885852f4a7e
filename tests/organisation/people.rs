//! The commands of the month, each used by somebody of a team with that team's rights: why, except,
//! inbox, approve, reject, request-renewal, renew, close, demand. What changes is seen in the labels.

use goldenpath_e2e::eventually;

use crate::first_hour::agree;
use crate::ground::{CART, Ground, LEDGER, PLATFORM, SOON, TILLS, lap};
use crate::month::IGNORES;
use crate::recount::with_moving_images;

/// Waits until a pilot has this standing in its label.
fn becomes(ground: &Ground, name: &str, standing: &str) {
    eventually(SOON, &format!("{name} is {standing}"), || {
        let stored = ground
            .cluster
            .stored("checkout", &format!("deploy/{name}"))
            .ok()?;
        let label = stored["metadata"]["labels"]["goldenpath.dev/deviation"].as_str();
        (label.unwrap_or_default() == standing).then_some(())
    });
}

pub fn work(ground: &Ground) {
    off_ramp(ground);
    reviews(ground);
    demand(ground);
    agree(ground, IGNORES);
    lap("people worked");
}

/// A team asks, the platform team decides.
fn off_ramp(ground: &Ground) {
    let team = ground.shell_of(TILLS);
    let platform = ground.shell_of(PLATFORM);
    let why = team.type_in("goldenpath why deploy/plain -n checkout");
    assert!(
        why.contains("✘ Every image has a fixed tag or digest (pinned-image)"),
        "{why}"
    );
    let off_ramp = why.lines().find(|line| line.starts_with("Off-ramp"));
    let off_ramp = off_ramp
        .expect("it names the off-ramp")
        .trim_start_matches("Off-ramp")
        .trim();
    let reason = "The vendor publishes one moving tag until its next release.";
    let drafted = off_ramp.replace('…', reason);
    assert!(drafted.contains(reason), "{drafted}");
    team.type_in(&format!(
        "{drafted} --cost 6h --expires 10d --name plain-tag --apply"
    ));
    becomes(ground, "plain", "pending");
    let inbox = platform.type_in("goldenpath inbox");
    let approve = command(&inbox, "kubectl goldenpath approve plain-tag");
    platform.type_in(&approve);
    becomes(ground, "plain", "documented");

    // Requesters cannot approve their own requests, and an inbox omits the requests of other teams.
    let own = team.try_type("kubectl goldenpath approve waiting -n checkout");
    assert!(!own.status.success());
    let others = ground.shell_of(CART).type_in("goldenpath inbox");
    assert!(!others.contains("waiting"), "{others}");
    platform.type_in(
        "kubectl goldenpath reject waiting -n checkout --note 'The pipeline has built tags since May.'",
    );
    becomes(ground, "waiting", "undocumented");
}

/// The command that a text suggests.
fn command(text: &str, beginning: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.find(beginning).map(|at| &line[at..]));
    line.unwrap_or_else(|| panic!("no `{beginning}` in:\n{text}"))
        .trim()
        .to_owned()
}

/// An owner asks to go on, the platform team renews; another closes what is over.
fn reviews(ground: &Ground) {
    let team = ground.shell_of(TILLS);
    let platform = ground.shell_of(PLATFORM);
    let inbox = team.type_in("goldenpath inbox");
    assert!(
        inbox.contains("checkout/due") && inbox.contains("checkout/overdue"),
        "{inbox}"
    );
    team.type_in(
        "kubectl goldenpath request-renewal overdue -n checkout --because 'The pilot goes on until June.'",
    );
    eventually(SOON, "the platform team is asked", || {
        platform
            .type_in("goldenpath inbox")
            .contains("checkout/overdue")
            .then_some(())
    });
    platform.type_in("kubectl goldenpath renew overdue -n checkout");
    becomes(ground, "overdue", "documented");
    team.type_in("kubectl goldenpath close due -n checkout");
    becomes(ground, "due", "undocumented");
    let register = ground.shell_of(LEDGER).type_in("goldenpath exceptions");
    for name in ["plain-tag", "calm", "elsewhere", "ending"] {
        assert!(register.contains(name), "{name}\n{register}");
    }
}

/// What keeps people off, ranked: a step's services are those whose objects do not take it.
fn demand(ground: &Ground) {
    let platform = ground.shell_of(PLATFORM);
    let demand = platform.json(&format!("goldenpath demand {IGNORES} -o json"));
    let items = demand["items"].as_array().unwrap();
    for kind in ["step", "wish", "ignore"] {
        assert!(items.iter().any(|item| item["kind"] == *kind), "{kind}");
    }
    let moving = items
        .iter()
        .find(|item| item["check"] == "pinned-image" && item["path"] == "service");
    let counted = with_moving_images(&ground.workloads(), "service");
    assert_eq!(moving.unwrap()["services"], counted);
    let services = items.iter().map(|item| item["services"].as_u64());
    assert!(services.is_sorted_by(|one, next| one >= next), "{demand:#}");
}
