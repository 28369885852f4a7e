//! The waves that a cluster has, which an import is checked against. A manifest for Git is checked as well:
//! its wave could be subtracted from a published one just the same. Nothing is decided here.

use std::time::Duration;

use tokio::time::timeout;

use crate::api::DeveloperSurvey;
use crate::cluster::{self, Target, chain};
use crate::commands::error::Result;
use crate::commands::{runtime, terminal};

/// How long a manifest waits for the cluster's waves.
const SOON: Duration = Duration::from_secs(5);

/// Whether an import is checked against the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The cluster has to answer.
    Required,
    /// Where a cluster answers soon.
    WherePossible,
    /// The user asked for none.
    Offline,
}

/// The waves of the cluster. Where they are not known, one line on stderr says why.
///
/// # Errors
/// When a cluster that has to answer does not.
pub(super) fn waves(check: Check, target: &Target) -> Result<Vec<DeveloperSurvey>> {
    match check {
        Check::Required => Ok(runtime::start()?.block_on(cluster::surveys(target))?),
        Check::WherePossible => soon(target),
        Check::Offline => Ok(unchecked("--offline")),
    }
}

fn soon(target: &Target) -> Result<Vec<DeveloperSurvey>> {
    let runtime = runtime::start()?;
    let waves = cluster::surveys(target);
    let waves = runtime.block_on(async { timeout(SOON, waves).await });
    // A name server that does not answer holds a thread, which nothing waits for.
    runtime.shutdown_background();
    Ok(match waves {
        Ok(Ok(waves)) => waves,
        Ok(Err(error)) => unchecked(&chain(&error)),
        Err(_) => unchecked(&format!("no answer within {} s", SOON.as_secs())),
    })
}

fn unchecked(why: &str) -> Vec<DeveloperSurvey> {
    terminal::note_line(&format!("not checked against published waves: {why}"));
    Vec::new()
}
