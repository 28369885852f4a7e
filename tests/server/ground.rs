//! Shared setup: the library's server on loopback, with a report of many megabytes, and plain sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use goldenpath::assess::inventory::Inventory;
use goldenpath::report::document::encode;
use goldenpath::report::document::view::ReportView;
use goldenpath::server::{self, BasePath, Limits, Patience, Readiness, Source};
use serde_json::json;
use tokio::sync::watch;

use crate::fixtures::{Cluster, deployment, now, web_path, with};
use crate::serving::serve;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(60);
/// Workloads of the large fleet. Each line has a remediation of that many bytes: together more than
/// sockets and server buffer for one reader.
const LARGE: usize = 256;
const REMEDIATION: usize = 64 * 1024;

/// A fleet whose report is large.
static FLEET: LazyLock<Inventory> = LazyLock::new(|| {
    let mut cluster = Cluster::with_web_path();
    let remediation = "r".repeat(REMEDIATION);
    let check = json!({"name": "replicas", "expression": "object.spec.replicas >= 2", "remediation": remediation});
    let _ = cluster.put_path("web", with(web_path(), json!({"checks": [check]})));
    for number in 0..LARGE {
        let name = format!("w{number:03}");
        cluster.put(with(deployment(&name), json!({"spec": {"replicas": 1}})));
    }
    cluster.0.snapshot()
});

/// The report of that fleet.
pub static REPORT: LazyLock<String> =
    LazyLock::new(|| encode::json(&view(&FLEET).report()).unwrap());

pub fn view(inventory: &Inventory) -> Arc<ReportView> {
    Arc::new(ReportView::of(inventory, now(), Vec::new()))
}

fn limits(patience: [u64; 3], connections: usize) -> Limits {
    let [idle, stalled, answer] = patience.map(Duration::from_millis);
    Limits {
        connections,
        reserve: 8,
        patience: Patience {
            idle,
            stalled,
            answer,
        },
        check_every: Duration::from_millis(50),
    }
}

/// Short times, room for many.
pub fn hurried() -> Limits {
    limits([500, 500, 30_000], 200)
}

/// Room for few, and nothing is closed for its age.
pub fn small() -> Limits {
    limits([600_000; 3], 24)
}

/// Room for many, and nothing is closed for its age.
pub fn patient() -> Limits {
    limits([600_000; 3], 400)
}

/// A source of views of one inventory, which it counts.
#[derive(Debug)]
pub struct Views {
    of: &'static Inventory,
    built: AtomicUsize,
}

impl Views {
    pub fn of(fleet: &'static Inventory) -> Self {
        Self {
            of: fleet,
            built: AtomicUsize::new(0),
        }
    }
}

impl Source for Views {
    fn readiness(&self) -> Readiness {
        Readiness::default()
    }

    fn metrics(&self) -> String {
        "up 1\n".to_owned()
    }

    fn version(&self) -> Option<u64> {
        Some(self.of.version())
    }

    fn view(&self) -> Option<Arc<ReportView>> {
        self.built.fetch_add(1, Ordering::SeqCst);
        Some(view(self.of))
    }
}

/// A running server, on a thread of its own.
pub struct Server {
    pub address: SocketAddr,
    views: Option<Arc<Views>>,
    routes: server::Routes,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// With the large fleet.
    pub fn start(limits: Limits) -> Self {
        Self::of(&FLEET, limits)
    }

    pub fn of(fleet: &'static Inventory, limits: Limits) -> Self {
        let views = Arc::new(Views::of(fleet));
        let mut server = Self::with(views.clone(), &BasePath::default(), limits);
        server.views = Some(views);
        server
    }

    /// With any source, behind a path.
    pub fn with(source: Arc<dyn Source>, base: &BasePath, limits: Limits) -> Self {
        let routes = server::everything(source).behind(base.clone());
        let serving = serve(routes.clone(), limits);
        Self {
            address: serving.address,
            views: None,
            routes,
            stop: serving.stop,
            thread: Some(serving.thread),
        }
    }

    pub fn views_built(&self) -> usize {
        let views = self.views.as_ref();
        views.map_or(0, |views| views.built.load(Ordering::SeqCst))
    }

    /// Views that a reader or the server holds.
    pub fn views_alive(&self) -> usize {
        self.routes.views_alive()
    }

    /// Reports under way.
    pub fn answering(&self) -> usize {
        self.routes.reports_under_way()
    }

    #[track_caller]
    pub fn wait_for(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(start.elapsed() < SOON, "{what}");
            std::thread::yield_now();
        }
    }

    /// Stops it; fails where that takes long.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        let thread = self.thread.take().unwrap();
        self.wait_for("the server ends", |_| thread.is_finished());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

pub fn open(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).unwrap()
}

pub fn send(server: &Server, method: &str, path: &str) -> TcpStream {
    let mut stream = open(server);
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    // A connection that is refused is seen when the answer is read.
    let _ = stream.write_all(request.as_bytes());
    stream
}

pub fn ask(server: &Server, path: &str) -> TcpStream {
    send(server, "GET", path)
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

pub fn whole(stream: TcpStream) -> Answer {
    rest(stream, Vec::new())
}

/// The whole answer, of which `bytes` were read before.
pub fn rest(mut stream: TcpStream, mut bytes: Vec<u8>) -> Answer {
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("an answer has a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    bytes.drain(..end + 4);
    let is_chunked = head.contains("transfer-encoding: chunked");
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: if is_chunked && !bytes.is_empty() {
            joined(&bytes)
        } else {
            bytes
        },
        head,
    }
}

/// A body that was sent in chunks; fails where its end is missing.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = str::from_utf8(&chunks[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
        chunks = &chunks[end + 4 + size..];
    }
}

pub fn status(stream: TcpStream) -> u16 {
    whole(stream).status
}
