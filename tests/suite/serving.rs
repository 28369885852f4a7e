//! The library's server on loopback, on a thread of its own. It must not know what it serves.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use goldenpath::server::{self, Limits, Routes};
use tokio::sync::watch;

/// A running server.
pub struct Serving {
    pub address: SocketAddr,
    /// Stops it once it is true.
    pub stop: watch::Sender<bool>,
    pub thread: JoinHandle<()>,
}

/// Serves these routes on a free port.
pub fn serve(routes: Routes, limits: Limits) -> Serving {
    let (stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime.block_on(server::bind(any)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = server::serve(listener, routes, limits, stopped);
    let thread = std::thread::spawn(move || runtime.block_on(serving).unwrap());
    Serving {
        address,
        stop,
        thread,
    }
}
