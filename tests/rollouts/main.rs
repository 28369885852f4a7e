//! Delivery records on a real API server with its controllers and simulated nodes. Scripts make rollouts
//! and list them themselves; records, metrics, rules and the contrast must equal these lists, across
//! restarts of the operator and changes of leader. One control plane, one chapter after another.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

#[path = "../suite/account.rs"]
mod account;
#[allow(dead_code)] // the pictures show more of them
#[path = "../../pictures/answers.rs"]
mod answers;
mod apps;
#[allow(dead_code)] // the pictures show more of them
#[path = "../../pictures/boards.rs"]
mod boards;
mod dated;
mod monitoring;
mod month;
mod records;
mod scene;
#[path = "../suite/mod.rs"]
mod suite;
mod truth;

use goldenpath_e2e::Options;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[test]
fn records_and_figures_are_what_the_scripts_did() {
    let options = Options {
        fake_nodes: 1,
        ..Options::default()
    };
    let Some(cluster) = suite::control_plane(&options) else {
        return;
    };
    records::are_what_the_script_did(&cluster);
    month::every_figure_is_what_the_script_did(&cluster);
    dated::figures_follow_the_dates(&cluster);
}
