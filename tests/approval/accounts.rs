//! Service accounts: a listed delivery tool may name the authors of the commits it applies. Other
//! accounts may not decide for anybody.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ground::{
    Ground, LISTED, UNLISTED, accepted, approval, exception, minutes_ago, refused, renewal, review,
    whole, with_policies,
};

/// A manifest as it lies in Git: asked for by one person, agreed by another, some time ago.
fn manifest(name: &str) -> Value {
    let mut object = exception(name, "mira@example.com");
    object["spec"]["approval"] =
        approval("grace@example.com", minutes_ago(60 * 24 * 20))["approval"].clone();
    object
}

fn apply(ground: &Ground, who: &str, object: &Value, more: &[&str]) -> std::process::Output {
    let name = object["metadata"]["name"].as_str().unwrap();
    let file = ground.file(name, &object.to_string());
    ground.kubectl(who, &[&["apply", "-f", &file], more].concat())
}

const SERVER_SIDE: [&str; 2] = ["--server-side", "--field-manager=delivery"];

#[test]
fn a_listed_account_applies_what_others_agreed_on() {
    with_policies(|ground| {
        accepted(&apply(ground, LISTED, &manifest("from-git"), &[]));
        accepted(&apply(
            ground,
            LISTED,
            &manifest("from-git-too"),
            &SERVER_SIDE,
        ));
        let mut reviewed = manifest("from-git-reviewed");
        let reviews = [20, 10].map(|days| {
            review(
                "grace@example.com",
                minutes_ago(60 * 24 * days - 60),
                "Renewed",
            )
        });
        reviewed["spec"]["reviews"] = json!(reviews);
        accepted(&apply(ground, LISTED, &reviewed, &SERVER_SIDE));

        let own = json!({"approval": {"by": "mira@example.com", "at": whole(minutes_ago(1))}});
        refused(
            &ground.patch(LISTED, "from-git", &own),
            "requested this exception and may not decide on it",
        );
        let ahead = approval("grace@example.com", minutes_ago(-60));
        refused(
            &ground.patch(LISTED, "from-git", &ahead),
            "not the time of this request",
        );
    });
}

#[test]
fn an_unlisted_account_decides_for_no_one_whatever_its_rights() {
    with_policies(|ground| {
        let own_name = "system:serviceaccount:delivery:unlisted";
        ground.asked_for("unlisted");
        let sentence = "is a ServiceAccount and may not decide on exceptions. Next: ";
        for by in [own_name, "ada"] {
            let answer = ground.patch(UNLISTED, "unlisted", &approval(by, Timestamp::now()));
            refused(&answer, sentence);
        }
        refused(
            &apply(ground, UNLISTED, &manifest("unlisted-git"), &[]),
            sentence,
        );
        // It may ask, under its own name.
        accepted(&apply(
            ground,
            UNLISTED,
            &exception("automated", own_name),
            &[],
        ));
    });
}

#[test]
fn applying_from_git_again_keeps_what_was_decided_in_the_cluster() {
    with_policies(|ground| {
        for (name, how) in [("again-client", &[][..]), ("again-server", &SERVER_SIDE)] {
            let asked = exception(name, "mira@example.com");
            accepted(&apply(ground, LISTED, &asked, how));
            accepted(&ground.patch("ada", name, &approval("ada", Timestamp::now())));
            let renewed = json!({"reviews": [review("ada", Timestamp::now(), "Renewed")]});
            accepted(&ground.patch("ada", name, &renewed));

            let mut edited = asked.clone();
            edited["spec"]["ticket"] = json!("SHOP-7");
            accepted(&apply(ground, LISTED, &edited, how));
            let spec = &ground.stored(name)["spec"];
            assert_eq!(spec["ticket"], "SHOP-7", "{name}");
            assert_eq!(spec["approval"]["by"], "ada", "{name}");
            assert_eq!(spec["reviews"][0]["by"], "ada", "{name}");
        }
    });
}

#[test]
fn reviews_of_the_cluster_stay_beside_an_approval_from_git() {
    with_policies(|ground| {
        for (name, how) in [("beside-client", &[][..]), ("beside-server", &SERVER_SIDE)] {
            let in_git = manifest(name);
            accepted(&apply(ground, LISTED, &in_git, how));
            let renewed = json!({"reviews": [review("ada", Timestamp::now(), "Renewed")]});
            accepted(&ground.patch("ada", name, &renewed));
            accepted(&apply(ground, LISTED, &in_git, how));
            let mut corrected = in_git;
            corrected["spec"]["approval"]["note"] = json!("as the vendor's letter says");
            accepted(&apply(ground, LISTED, &corrected, how));
            let spec = &ground.stored(name)["spec"];
            assert_eq!(spec["approval"]["by"], "grace@example.com", "{name}");
            assert_eq!(spec["reviews"][0]["by"], "ada", "{name}");
        }
    });
}

/// The longest record there can be, written by as many managers as there are here.
#[test]
fn a_long_record_costs_the_api_server_no_more_than_it_allows() {
    with_policies(|ground| {
        let mut long = manifest("long-record");
        let reviews = (0..64).map(|hour| {
            let at = minutes_ago(60 * (100 - hour));
            review("grace@example.com", at, "Renewed")
        });
        long["spec"]["reviews"] = reviews.collect();
        for manager in [
            "one", "two", "three", "four", "five", "six", "seven", "eight",
        ] {
            let manager = format!("--field-manager={manager}");
            accepted(&apply(ground, LISTED, &long, &["--server-side", &manager]));
        }
        accepted(&ground.patch("sam", "long-record", &renewal("sam", Timestamp::now())));
    });
}
