//! The commands under the chart's policies: what they write is what the API server takes, from
//! whoever may, and its refusals are handed on in one line.

use crate::ground::{Ground, accepted, refused, wait_for_the_next_second, with_policies};
use crate::suite;

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
