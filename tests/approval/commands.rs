//! Commands under the chart's policies: the API server accepts their writes from users with the
//! rights, and they print its refusals on one line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::ground::{Ground, accepted, refused, review, wait_for_the_next_second, with_policies};
use crate::suite;

/// One a second, for longer than it takes to write them and to start a command.
const REVIEWS: i64 = 20;
/// Far longer than a command takes between reading and writing.
const BETWEEN_WRITES: Duration = Duration::from_millis(300);

fn run(ground: &Ground, who: &str, args: &[&str]) -> std::process::Output {
    ground.goldenpath(who, &[args, &["-n=shop"]].concat())
}

#[test]
fn every_command_writes_what_the_policies_take() {
    with_policies(|ground| {
        let to_draft_for = [suite::PATH, &suite::deployment("shop", "till")].concat();
        ground.cluster.apply(&to_draft_for).unwrap();
        let reason = "--reason=The vendor licenses a single replica until the contract of May.";
        let ask = ["except", "deploy/till", "--name=till", "--cost=2h", reason];
        accepted(&run(ground, "nora", &[&ask[..], &["--apply"]].concat()));
        let spec = || ground.stored("till")["spec"].clone();
        assert_eq!(spec()["requestedBy"], "nora");

        accepted(&run(ground, "ada", &["approve", "till"]));
        assert_eq!(spec()["approval"]["by"], "ada");
        accepted(&run(
            ground,
            "nora",
            &["request-renewal", "till", "--because=as before"],
        ));
        assert_eq!(spec()["renewal"]["by"], "nora");
        let go_on = ["renew", "till"];
        let may_not = "error: failed to renew exception shop/till: nora may not decide";
        refused(&run(ground, "nora", &go_on), may_not);
        accepted(&run(ground, "ada", &go_on));
        assert_eq!(spec()["reviews"][0]["by"], "ada");
        wait_for_the_next_second();
        accepted(&run(ground, "nora", &["close", "till"]));
        assert_eq!(spec()["reviews"][1]["outcome"], "Closed");
    });
}

/// Reviews of this second and the next ones make a command wait for a second of its own between
/// reading and writing. Until it ends, another client writes the metadata again and again, which leaves
/// the generation as it is, just as a write of the status does.
#[test]
fn a_decision_is_written_although_all_but_the_spec_changes_meanwhile() {
    with_policies(|ground| {
        ground.agreed("busy");
        let now = Timestamp::now();
        let mut reviews = Vec::new();
        for seconds in 0..REVIEWS {
            let at = now + SignedDuration::from_secs(seconds);
            reviews.push(review("ada", at, "Renewed"));
            accepted(&ground.patch("ada", "busy", &json!({ "reviews": reviews })));
        }
        let reviews_before = reviews.len();
        let is_over = AtomicBool::new(false);
        let (answer, writes) = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut writes = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let note = format!("written={writes}");
                    let args = ["annotate", "--overwrite", "devex/busy", "-n=shop", &note];
                    ground.cluster.kubectl_ok(&args).unwrap();
                    writes += 1;
                    thread::sleep(BETWEEN_WRITES);
                }
                writes
            });
            let answer = run(ground, "ada", &["close", "busy"]);
            is_over.store(true, Ordering::SeqCst);
            (answer, writer.join().unwrap())
        });
        accepted(&answer);
        assert!(writes > 1, "{writes}");
        let reviews = ground.stored("busy")["spec"]["reviews"].clone();
        assert_eq!(reviews.as_array().map(Vec::len), Some(reviews_before + 1));
        assert_eq!(reviews[reviews_before]["outcome"], "Closed");
    });
}

#[test]
fn rejecting_is_deciding() {
    with_policies(|ground| {
        ground.asked_for("to-reject");
        let no = ["reject", "to-reject", "--note=the path has it now"];
        let may_not = "tess may not decide on exceptions for path web-service";
        refused(&run(ground, "tess", &no), may_not);
        accepted(&run(ground, "ada", &no));
        let decision = &ground.stored("to-reject")["spec"]["approval"]["decision"];
        assert_eq!(decision, "Rejected");
    });
}
