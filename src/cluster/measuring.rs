//! Measures key results of objectives, each once in a while, and hands what is found to the planner of
//! statuses. Only the leader measures, and never before everything was listed. A Prometheus that does
//! not answer is asked more and more rarely; the figures of this cluster go on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::future::{self, BoxFuture};
use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use super::context::Context;
use super::readiness::Stage;
use crate::api::Period;
use crate::assess::goals::objective::builtin::Builtins;
use crate::assess::goals::objective::measurement::NoData;
use crate::assess::goals::objective::wanted::{BuiltinFigure, Figure, Wanted, wanted};
use crate::assess::verdict::AsOf;

/// The longest time between two searches for what is to be measured.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Queries under way at once.
const WIDTH: usize = 4;
/// Pauses after rounds without an answer: they double, with a jitter, up to the longest.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(5))
    .with_max_delay(LONGEST)
    .with_max_times(8)
    .with_jitter();
const LONGEST: Duration = Duration::from_secs(600);

/// Evaluates PromQL expressions.
pub trait FigureSource: fmt::Debug + Send + Sync {
    /// The value at an instant. It ends by itself.
    fn ask<'a>(&'a self, query: &'a str, at: Timestamp) -> BoxFuture<'a, Result<f64, NoData>>;
}

/// How key results are measured.
#[derive(Clone, Debug)]
pub struct Measuring {
    /// What evaluates PromQL expressions, where there is something.
    pub source: Option<Arc<dyn FigureSource>>,
    /// How often each key result is measured.
    pub every: Period,
}

/// What was found, in the order of completion.
type Found = Vec<(Wanted, Result<f64, NoData>)>;

/// Measures until the task is aborted.
pub async fn run(settings: Measuring, context: Arc<Context>) {
    context.gates.reached(Stage::Ready).await;
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut outage = Outage::default();
    loop {
        tick.tick().await;
        if !context.leadership.holds() {
            continue;
        }
        let due = due(&context, settings.every);
        let (queries, others): (Vec<_>, Vec<_>) = due
            .into_iter()
            .partition(|it| matches!(it.from, Figure::PromQl(_)));
        if !others.is_empty() {
            context.settle().await;
            store(&context, count(&context, others));
        }
        let Some(source) = settings.source.as_deref() else {
            let without = queries
                .into_iter()
                .map(|it| (it, Err(NoData::NotConfigured)));
            store(&context, without.collect());
            continue;
        };
        if !queries.is_empty() && !outage.lasts() {
            let found = ask(source, queries).await;
            outage.after(&found);
            // Another replica may lead by now, and measures itself.
            if context.leadership.holds() {
                store(&context, found);
            }
        }
    }
}

fn due(context: &Context, every: Period) -> Vec<Wanted> {
    let facts = context.inventory();
    let mut planners = context.planners();
    planners.measurements.retain(facts.goals());
    wanted(
        facts.goals(),
        &planners.measurements,
        every,
        Timestamp::now(),
    )
}

/// The figures of this cluster, from one view of it.
fn count(context: &Context, due: Vec<Wanted>) -> Found {
    let view = context.view();
    let as_of = AsOf::new(view.now);
    let figures: Vec<&BuiltinFigure> = due.iter().filter_map(Wanted::builtin).collect();
    let builtins = Builtins::count(
        &figures,
        &view.inventory,
        &view.contributions,
        &view.register,
        &as_of,
    );
    due.into_iter()
        .map(|it| {
            let value = match &it.from {
                Figure::Builtin(figure) => builtins.value(figure),
                Figure::Missed(reason) => Err(reason.clone()),
                Figure::PromQl(_) => Err(NoData::NotConfigured),
            };
            (it, value)
        })
        .collect()
}

/// Asks a few queries at once. After an outage is seen, the rest is not asked: it would wait in vain. It
/// stays due, and is asked first in the next round.
async fn ask(source: &dyn FigureSource, queries: Vec<Wanted>) -> Found {
    let is_out = AtomicBool::new(false);
    let asked = queries.into_iter().map(|it| {
        let is_out = &is_out;
        async move {
            if is_out.load(Ordering::Relaxed) {
                return None;
            }
            let value = match &it.from {
                Figure::PromQl(query) => source.ask(query, it.at).await,
                Figure::Builtin(_) | Figure::Missed(_) => Err(NoData::NotConfigured),
            };
            if value.as_ref().is_err_and(NoData::is_outage) {
                is_out.store(true, Ordering::Relaxed);
            }
            Some((it, value))
        }
    });
    let found = stream::iter(asked).buffer_unordered(WIDTH);
    found.filter_map(future::ready).collect().await
}

fn store(context: &Context, found: Found) {
    if found.is_empty() {
        return;
    }
    let now = Timestamp::now();
    let mut planners = context.planners();
    for (wanted, value) in found {
        let (objective, key_result) = (&wanted.key.0, &wanted.key.1);
        debug!(%objective, key_result, ?value, "measured a key result");
        let (key, measurement) = wanted.measured(value, now);
        planners.measurements.put(key, measurement);
    }
    drop(planners);
    context.changed.notify_one();
}

/// Rounds in a row without an answer of Prometheus.
#[derive(Debug, Default)]
struct Outage {
    rounds: usize,
    until: Option<Instant>,
}

impl Outage {
    fn lasts(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    fn after(&mut self, found: &Found) {
        let mut reasons = found.iter().filter_map(|(_, value)| value.as_ref().err());
        let Some(reason) = reasons.find(|reason| reason.is_outage()) else {
            if std::mem::take(&mut self.rounds) > 0 {
                info!("Prometheus answers again");
            }
            self.until = None;
            return;
        };
        self.rounds = self.rounds.saturating_add(1);
        let pause = BACKOFF.build().nth(self.rounds - 1).unwrap_or(LONGEST);
        self.until = Some(Instant::now() + pause);
        if self.rounds == 1 {
            warn!(%reason, "failed to ask Prometheus; keeping the last figures and retrying");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::assess::goals::objective::fixtures::{at, goals, objective, promql, target};
    use crate::assess::goals::objective::measurement::Measurements;

    /// Keeps what it was asked, and answers the query `slow` with HTTP 503.
    #[derive(Debug, Default)]
    struct Server(Mutex<Vec<String>>);

    impl FigureSource for Server {
        fn ask<'a>(&'a self, query: &'a str, _: Timestamp) -> BoxFuture<'a, Result<f64, NoData>> {
            self.0.lock().unwrap().push(query.to_owned());
            let value = match query {
                "slow" => Err(NoData::Http {
                    status: 503,
                    message: "Service Unavailable".to_owned(),
                }),
                _ => Ok(1.0),
            };
            Box::pin(future::ready(value))
        }
    }

    #[tokio::test]
    async fn a_query_that_fails_each_time_does_not_keep_others_from_being_asked() {
        let key_results = ["slow", "b", "c", "d", "e", "f"].map(|query| {
            let mut key_result = target(query);
            key_result.source = Some(promql(query));
            key_result
        });
        let goals = goals([objective("faster", key_results)]);
        let (server, every) = (Server::default(), Period::seconds(60));
        let mut measurements = Measurements::default();
        for round in 1..=2 {
            server.0.lock().unwrap().clear();
            // Every query is due again in the second round.
            let now = at(round);
            let due = wanted(&goals, &measurements, every, now);
            let found = ask(&server, due).await;
            let asked = server.0.lock().unwrap().clone();
            assert_eq!(found.len(), asked.len(), "only what was asked is recorded");
            for (wanted, value) in found {
                let is_own = value.is_ok() || wanted.key.1 == "slow";
                assert!(is_own, "{wanted:?} has the answer to another query");
                let (key, measurement) = wanted.measured(value, now);
                measurements.put(key, measurement);
            }
        }
        let objective = goals.objectives.get("faster").unwrap();
        for key_result in &objective.spec.key_results[1..] {
            let value = measurements.of(&objective.name, key_result);
            let value = value.map(|it| it.value.clone());
            assert_eq!(value, Some(Ok(1.0)), "{}", key_result.name);
        }
    }
}
