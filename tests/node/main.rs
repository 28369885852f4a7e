//! A user's whole way on a real node, from the image and the README's `helm install` to the
//! removal. One story on one cluster: each chapter leaves it as the next one expects it. A machine
//! that cannot run a node prints one line.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod alerting;
mod crash;
mod digest;
mod figures;
mod goals;
mod install;
mod leaving;
mod pods;
mod readme;
mod receiver;
mod requests;
mod rights;
mod story;
#[path = "../suite/mod.rs"]
mod suite;
mod switch;
mod takeover;
mod targets;
mod warnings;
mod workloads;

use story::{Helm, Story};

#[test]
fn from_helm_install_to_a_cluster_without_a_trace() {
    let Some(story) = Story::or_skip() else {
        return;
    };
    install::a_restricted_namespace_takes_what_the_readme_installs(&story, Helm::Four);
    workloads::the_pod_labels_them_each_once(&story);
    alerting::an_overdue_review_reaches_a_webhook(&story);
    takeover::another_process_leads_within_the_lease(&story);
    switch::labels_go_off_and_on_again(&story);
    goals::each_kind_has_its_status(&story);
    digest::a_job_of_the_cronjob_records_last_months_digest(&story);
    rights::every_right_was_used_and_none_was_missing(&story);
    warnings::a_path_warns_and_refuses_no_request(&story);
    rights::every_right_was_used_and_none_was_missing(&story);
    crash::a_release_that_crash_loops_and_is_undone_failed_once(&story);
    let labels = workloads::all_labels(&story);
    leaving::nothing_stays_but_the_definitions(&story, Helm::Four);

    install::a_restricted_namespace_takes_what_the_readme_installs(&story, Helm::Three);
    workloads::a_start_beside_them_is_quick(&story, &labels);
    leaving::nothing_stays_but_the_definitions(&story, Helm::Three);
    leaving::the_definitions_go_with_everything_in_them(&story);
}
