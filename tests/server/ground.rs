//! Shared setup: the library's server on loopback, with a report of several megabytes, and plain
//! sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use goldenpath::server::{self, Limits, Patience, Readiness, Source};
use tokio::sync::watch;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(60);
/// Bytes of the report: more than sockets and server buffer for one reader.
pub const REPORT: usize = 16 * 1024 * 1024;

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

#[derive(Debug, Default)]
struct Reports {
    built: AtomicUsize,
}

impl Source for Reports {
    fn readiness(&self) -> Readiness {
        Readiness::default()
    }

    fn metrics(&self) -> String {
        "up 1\n".to_owned()
    }

    fn report(&self) -> Option<Vec<u8>> {
        self.built.fetch_add(1, Ordering::SeqCst);
        Some(vec![b' '; REPORT])
    }
}

/// A running server, on a thread of its own.
pub struct Server {
    pub address: SocketAddr,
    source: Arc<Reports>,
    routes: server::Routes,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(limits: Limits) -> Self {
        let source = Arc::new(Reports::default());
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = runtime.block_on(server::bind(any)).unwrap();
        let address = listener.local_addr().unwrap();
        let routes = server::everything(source.clone());
        let serving = server::serve(listener, routes.clone(), limits, stopped);
        let thread = std::thread::spawn(move || runtime.block_on(serving).unwrap());
        Self {
            address,
            source,
            routes,
            stop,
            thread: Some(thread),
        }
    }

    pub fn reports_built(&self) -> usize {
        self.source.built.load(Ordering::SeqCst)
    }

    /// Reports that a reader or the server holds.
    pub fn reports_alive(&self) -> usize {
        self.routes.reports_alive()
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
    /// Bytes of the body.
    pub body: usize,
}

pub fn whole(mut stream: TcpStream) -> Answer {
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("an answer has a head");
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: bytes.len() - end - 4,
        head,
    }
}

pub fn status(stream: TcpStream) -> u16 {
    whole(stream).status
}
