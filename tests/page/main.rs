//! The page in a real browser: Chromium opens the pages of the operator on a real API server. What a
//! reader does and must see is in `browser/`, one file a subject; this program only prepares the cluster.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod browser;
mod deliveries;
mod ground;
#[path = "../suite/npm.rs"]
mod npm;
#[path = "../suite/mod.rs"]
mod suite;

use browser::Browser;
use ground::Ground;

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = Browser::or_skip() else {
        return;
    };
    let Some(ground) = Ground::or_skip() else {
        return;
    };
    let run = browser.run(&ground);
    assert!(run.status.success(), "{}", run.text());
}
