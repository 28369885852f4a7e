//! An instant at which many exceptions expire at once, seen from outside: how long probes and scrapes
//! wait around it, and how long until every number and every status has followed. Labels are off: every
//! label is a write of its own, measured elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use goldenpath::api::DeviationException;
use goldenpath_e2e::{Operator, Samples, within_or_fail};
use jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::ListParams;

use crate::fleet::Deviating;
use crate::stage::{LABELS_OFF, Stage};
use crate::table::{Row, quantile};
use crate::{Result, load};

/// How many exceptions expire, where so many deviations have none yet.
const MOST: usize = 10_000;
/// Time between the answer to a probe and the next one.
const PAUSE: Duration = Duration::from_millis(20);
/// Time between two scrapes: more often than Prometheus asks, and not all the time, which would measure the
/// scrapes alone.
const SCRAPE_EVERY: Duration = Duration::from_secs(1);
/// How long before the instant the probes begin.
const BEFORE: Duration = Duration::from_secs(5);
/// From the start of their creation to the instant, and more for each hundred.
const LEAD: Duration = Duration::from_secs(60);
const LEAD_A_HUNDRED: Duration = Duration::from_secs(1);
/// Longer than everything takes to follow.
const DEADLINE: Duration = Duration::from_secs(300);

/// Creates the exceptions and watches them expire. They stay behind.
pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let chosen: Vec<Deviating> = stage.undocumented().take(MOST).collect();
    if chosen.is_empty() {
        let why = "every deviation has an exception";
        return Ok(vec![Row::skipped("exceptions that expire at once", why)]);
    }
    let count = u32::try_from(chosen.len())?;
    let (operator, _) = stage.operator(&LABELS_OFF)?;
    stage.wait_for_verdicts(&operator, stage.golden())?;
    let written = |samples: &Samples| statuses_written(samples);
    let before = written(&operator.scrape()?);
    let lead = LEAD + LEAD_A_HUNDRED * count / 100;
    let instant =
        Timestamp::from_second((Timestamp::now() + SignedDuration::try_from(lead)?).as_second())?;
    let creation = load::create_exceptions(&stage.client, chosen, Some(instant));
    let created = stage.runtime.block_on(creation)?;
    let until = Duration::try_from(instant.duration_since(Timestamp::now()))?;
    let due = Instant::now() + until;
    let all = f64::from(count);
    let in_time = within_or_fail(until.saturating_sub(BEFORE * 2), "all statuses", || {
        Ok((written(&operator.scrape()?) - before >= all).then_some(()))
    });
    thread::sleep(due.saturating_duration_since(Instant::now() + BEFORE));
    let before = written(&operator.scrape()?);
    let watched = Watched::watch(&operator, due, all, before)?;
    Stage::stop(operator)?;
    let expired = stage.runtime.block_on(expired(stage))?;
    let mut rows = vec![
        Row::seconds(
            format!("create {count} exceptions that expire at once"),
            created,
        )
        .note(match in_time {
            Ok(()) => "all had a status before they expired",
            Err(_) => "not all had a status before they expired",
        }),
    ];
    rows.extend(watched.rows(all));
    rows.push(Row::new(
        "statuses that read Expired",
        expired,
        "exceptions",
    ));
    Ok(rows)
}

fn statuses_written(samples: &Samples) -> f64 {
    let landed = [("verb", "status"), ("result", "landed")];
    samples
        .sum("goldenpath_writes_total", &landed)
        .unwrap_or_default()
}

async fn expired(stage: &Stage) -> Result<usize> {
    let api: Api<DeviationException> = Api::all(stage.client.clone());
    let mut params = ListParams::default().limit(500);
    let mut expired = 0;
    loop {
        let page = api.list(&params).await?;
        let is_expired = |stored: &&DeviationException| {
            let phase = stored
                .status
                .as_ref()
                .and_then(|status| status.phase.as_deref());
            phase == Some("Expired")
        };
        expired += page.items.iter().filter(is_expired).count();
        params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
        if params.continue_token.is_none() {
            return Ok(expired);
        }
    }
}

/// One answer of the operator.
#[derive(Clone, Copy, Debug)]
struct Answer {
    asked: Instant,
    took: Duration,
}

/// What was seen around the instant.
struct Watched {
    due: Instant,
    live: Vec<Answer>,
    scrapes: Vec<Answer>,
    counted: Option<Duration>,
    written: Option<Duration>,
}

impl Watched {
    fn watch(operator: &Operator, due: Instant, all: f64, before: f64) -> Result<Self> {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let live = scope.spawn(|| probe(operator, &ended));
            let scraped = scrape(operator, due, all, before);
            ended.store(true, Ordering::Relaxed);
            let live = live.join().map_err(|_| "the probe panicked")??;
            let mut watched = scraped?;
            watched.live = live;
            Ok(watched)
        })
    }

    fn rows(&self, all: f64) -> Vec<Row> {
        let mut rows = Vec::new();
        for (page, answers) in [("/livez", &self.live), ("/metrics", &self.scrapes)] {
            for (when, is_after) in [("before", false), ("after", true)] {
                let took: Vec<Duration> = answers
                    .iter()
                    .filter(|answer| (answer.asked + answer.took > self.due) == is_after)
                    .map(|answer| answer.took)
                    .collect();
                let longest = took.iter().max().copied().unwrap_or_default();
                let note = format!(
                    "p50 {:.1} ms of {}",
                    quantile(took.clone(), 0.5)
                        .unwrap_or_default()
                        .as_secs_f64()
                        * 1_000.0,
                    took.len()
                );
                let name = format!("{page} {when} the instant, longest");
                rows.push(Row::millis(name, longest).note(note));
            }
        }
        let row = |name: &str, took: Option<Duration>| match took {
            Some(took) => Row::seconds(name, took),
            None => Row::skipped(name, format!("not within {} s", DEADLINE.as_secs())),
        };
        rows.push(row("the instant to all counted as expired", self.counted));
        let mut written = row("the instant to all statuses written", self.written);
        if let Some(took) = self.written {
            written = written.note(format!("{:.0}/s", all / took.as_secs_f64()));
        }
        rows.push(written);
        rows
    }
}

/// Asks whether the operator lives, until the end.
fn probe(operator: &Operator, ended: &AtomicBool) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let asked = Instant::now();
        operator.get("/livez")?;
        let took = asked.elapsed();
        answers.push(Answer { asked, took });
        thread::sleep(PAUSE);
    }
    Ok(answers)
}

/// Scrapes until every exception is counted as expired and its status is written.
fn scrape(operator: &Operator, due: Instant, all: f64, before: f64) -> Result<Watched> {
    let mut watched = Watched {
        due,
        live: Vec::new(),
        scrapes: Vec::new(),
        counted: None,
        written: None,
    };
    while Instant::now() < due + DEADLINE {
        let asked = Instant::now();
        let (_, text) = operator.get("/metrics")?;
        let took = asked.elapsed();
        watched.scrapes.push(Answer { asked, took });
        let after = (asked + took).checked_duration_since(due);
        // Parsing everything would take longer than the scrape.
        if total(&text, "goldenpath_exceptions{", &["phase=\"Expired\""]) >= all {
            watched.counted = watched.counted.or(after);
        }
        let landed = ["verb=\"status\"", "result=\"landed\""];
        if total(&text, "goldenpath_writes_total{", &landed) - before >= all {
            watched.written = watched.written.or(after);
        }
        if watched.counted.is_some() && watched.written.is_some() {
            break;
        }
        thread::sleep(SCRAPE_EVERY.saturating_sub(took));
    }
    Ok(watched)
}

/// The sum of the series of one family that have these labels.
fn total(text: &str, family: &str, labels: &[&str]) -> f64 {
    text.lines()
        .filter(|line| line.starts_with(family) && labels.iter().all(|label| line.contains(label)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
