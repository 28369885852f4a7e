//! One listener: accepts connections, closes idle and stalled ones, and bounds how many there are.
//! Probes are answered while others hold every connection: beyond the limit a connection gets the
//! reserve's routes only. It does not know the content of the routes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet, yield_now};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tower::ServiceExt as _;
use tracing::warn;

use super::activity::{Activity, Answering, Patience, Tracked};
use super::prefix::BasePath;
use super::shared::Shared;
use crate::report::document::view::ReportView;

/// How long open connections may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(2);
/// Pause after the process ran out of file descriptors.
const NO_DESCRIPTORS: Duration = Duration::from_millis(100);
/// How long a new connection may be idle before it can be closed for another one.
const FRESH: Duration = Duration::from_millis(100);
/// The largest request head, and the response buffer of one connection, in bytes.
const BUFFER: usize = 64 * 1024;
/// Header fields in a request.
const HEADERS: usize = 64;

/// Bounds of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections with all routes.
    pub connections: usize,
    /// Connections beyond these, with the reserve's routes only.
    pub reserve: usize,
    /// How long a connection may be idle or stalled.
    pub patience: Patience,
    /// How often connections are checked.
    pub check_every: Duration,
}

impl Default for Limits {
    /// A quarter of the process's descriptors at most, so that two listeners leave room for the API
    /// server's watches.
    fn default() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let share = usize::try_from(descriptors / 4).unwrap_or(usize::MAX);
        let total = share.clamp(8, 256);
        Self {
            connections: total - total / 4,
            reserve: total / 4,
            patience: Patience {
                idle: Duration::from_secs(30),
                stalled: Duration::from_secs(20),
                answer: Duration::from_secs(120),
            },
            check_every: Duration::from_secs(1),
        }
    }
}

/// What a listener serves.
#[derive(Clone, Debug)]
pub struct Routes {
    /// For connections within the limit.
    pub(super) all: Router,
    /// For connections beyond the limit, of one request each.
    pub(super) reserve: Router,
    /// What a proxy puts before every address.
    pub(super) base: BasePath,
    /// What reports and lists are written from, shared among readers.
    pub(super) views: Arc<Shared<ReportView>>,
}

impl Routes {
    /// The same behind a path.
    #[must_use]
    pub fn behind(self, base: BasePath) -> Self {
        Self { base, ..self }
    }

    /// Views that readers hold.
    pub fn views_alive(&self) -> usize {
        self.views.alive()
    }

    /// Reports and pages being written or sent.
    pub fn reports_under_way(&self) -> usize {
        self.views.under_way()
    }
}

/// Serves until `stop` turns true, then lets open connections finish for a short time.
///
/// # Errors
/// Never at present: a failed accept is retried.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut stopped = pin!(async move {
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let mut open = Connections::new(routes, limits);
    let mut check = interval(limits.check_every);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            Some(ended) = open.tasks.join_next_with_id() => open.forget(&ended),
            _ = check.tick() => open.close_overdue(),
            () = sleep(FRESH), if !open.has_room() => {}
            accepted = listener.accept(), if open.has_room() => match accepted {
                Ok((stream, _)) => {
                    open.add(stream);
                    // Its request is read before the next connection is accepted.
                    yield_now().await;
                }
                Err(error) => {
                    open.close_one_idle();
                    open.refused(&error);
                    sleep(NO_DESCRIPTORS).await;
                }
            },
        }
    }
    drop(listener);
    open.end().await;
    Ok(())
}

#[derive(Debug)]
struct Connection {
    activity: Arc<Activity>,
    task: AbortHandle,
}

struct Connections {
    routes: Routes,
    limits: Limits,
    tasks: JoinSet<()>,
    open: HashMap<Id, Connection>,
    graceful: GracefulShutdown,
    /// Whether the last accept failed, so that a shortage is logged once.
    is_short: bool,
}

impl Connections {
    fn new(routes: Routes, limits: Limits) -> Self {
        Self {
            routes,
            limits,
            tasks: JoinSet::new(),
            open: HashMap::new(),
            graceful: GracefulShutdown::new(),
            is_short: false,
        }
    }

    /// Whether one more connection may be accepted: an idle one can be closed for it.
    fn has_room(&self) -> bool {
        self.open.len() < self.limits.connections + self.limits.reserve
            || self.longest_idle().is_some()
    }

    fn add(&mut self, stream: TcpStream) {
        self.is_short = false;
        if self.open.len() >= self.limits.connections {
            self.close_one_idle();
        }
        let is_reserve = self.open.len() >= self.limits.connections;
        let routes = if is_reserve {
            self.routes.reserve.clone()
        } else {
            self.routes.all.clone()
        };
        let activity = Arc::new(Activity::new(Instant::now()));
        let service = service_fn({
            let (activity, base) = (activity.clone(), self.routes.base.clone());
            move |request| answer(routes.clone(), base.clone(), request, activity.clone())
        });
        let connection = http1::Builder::new()
            .keep_alive(!is_reserve)
            .max_headers(HEADERS)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        let task = self.tasks.spawn(async move {
            // A peer that disconnects is not an error.
            let _ = connection.await;
        });
        self.open.insert(task.id(), Connection { activity, task });
    }

    fn forget(&mut self, ended: &Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.open.remove(&id);
    }

    fn close_overdue(&mut self) {
        let now = Instant::now();
        let patience = self.limits.patience;
        self.open.retain(|_, connection| {
            let is_overdue = connection.activity.is_overdue(now, &patience);
            if is_overdue {
                connection.task.abort();
            }
            !is_overdue
        });
    }

    fn longest_idle(&self) -> Option<Id> {
        let now = Instant::now();
        let idle = self.open.iter().filter_map(|(id, connection)| {
            let since = connection.activity.idle_since()?;
            (now.duration_since(since) >= FRESH).then_some((since, *id))
        });
        idle.min_by_key(|(since, _)| *since).map(|(_, id)| id)
    }

    fn close_one_idle(&mut self) {
        let connection = self.longest_idle().and_then(|id| self.open.remove(&id));
        if let Some(connection) = connection {
            connection.task.abort();
        }
    }

    fn refused(&mut self, error: &io::Error) {
        if !self.is_short {
            warn!(%error, "failed to accept a connection; retrying");
        }
        self.is_short = true;
    }

    async fn end(mut self) {
        let _ = timeout(DRAIN, self.graceful.shutdown()).await;
        self.tasks.shutdown().await;
    }
}

async fn answer(
    routes: Router,
    base: BasePath,
    request: Request<Incoming>,
    activity: Arc<Activity>,
) -> Result<Response<Tracked>, Infallible> {
    let answering = Answering::begin(activity);
    let response = match base.strip_from(request.map(Body::new)) {
        Ok(request) => routes.oneshot(request).await?,
        Err(response) => *response,
    };
    Ok(response.map(|body| answering.track(body)))
}
