//! One exception, from its creation to the figures and the status that follow it, and the writes it
//! causes.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath::api::DeviationException;
use goldenpath_e2e::Operator;
use kube::Api;
use kube::api::DeleteParams;

use crate::stage::{DEADLINE, SERVICES, Stage};
use crate::table::Row;
use crate::{Result, load, rest};

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Creates one, waits for its effects, and removes it.
pub fn measure(stage: &Stage, operator: &Operator) -> Result<Vec<Row>> {
    let Some(one) = stage.undocumented().next() else {
        let why = "every deviation has an exception";
        return Ok(vec![Row::skipped("one exception created", why)]);
    };
    let api: Api<DeviationException> =
        Api::namespaced(stage.client.clone(), &one.member.namespace());
    let name = one.member.name();
    let documented = || -> Result<f64> {
        let samples = operator.scrape()?;
        let shown = samples.sum(SERVICES, &[("state", "documented")]);
        Ok(shown.unwrap_or_default())
    };
    let (before, requests) = (documented()?, stage.cluster.api_request_totals()?);
    let creation = load::create_exceptions(&stage.client, vec![one], None);
    stage.runtime.block_on(creation)?;
    let start = Instant::now();
    let shown = waited(start, || Ok(documented()? > before))?;
    let is_active = || {
        let stored = stage.runtime.block_on(api.get_status(&name))?;
        let phase = stored.status.and_then(|status| status.phase);
        Ok(phase.as_deref() == Some("Active"))
    };
    let active = waited(start, is_active)?;
    rest::quiet(stage)?;
    let since = stage.cluster.api_request_totals()?.since(&requests);
    // One of them created the exception.
    let writes = rest::writes(&since).saturating_sub(1);
    stage
        .runtime
        .block_on(api.delete(&name, &DeleteParams::default()))?;
    rest::quiet(stage)?;
    Ok(vec![
        Row::millis("one exception created to the scrape that shows it", shown)
            .note("from the answer to the create"),
        Row::millis("the same, to its status Active", active),
        Row::new("writes it caused", writes, "requests")
            .note(format!("{}; its creation included", rest::written(&since))),
    ])
}

fn waited(start: Instant, holds: impl Fn() -> Result<bool>) -> Result<Duration> {
    while start.elapsed() < DEADLINE {
        if holds()? {
            return Ok(start.elapsed());
        }
        thread::sleep(LOOK_EVERY);
    }
    Err("the exception had no effect in time".into())
}
