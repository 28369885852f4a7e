//! Commands that serve the page on this machine until they are stopped. What they serve is their own.

use std::net::SocketAddr;

use tokio::sync::watch;

use super::error::{ErrorKind, Result};
use super::{Exit, runtime, terminal};
use crate::server::{self, Limits, Routes};

/// Serves at an address until SIGTERM or Ctrl-C. `announce` gets the bound address once it is served.
pub(super) async fn serve(
    address: SocketAddr,
    routes: Routes,
    announce: impl FnOnce(SocketAddr),
) -> Result<Exit> {
    let stop = runtime::stop_signal()?;
    let refused = |source| ErrorKind::Listen { address, source };
    let listener = server::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    let close = watch::Sender::new(false);
    let serving = server::serve(listener, routes, Limits::default(), close.subscribe());
    let mut serving = tokio::spawn(serving);
    announce(bound);
    terminal::note("Ctrl-C ends it.\n");
    tokio::select! {
        () = stop => {}
        _ = &mut serving => return Err(ErrorKind::Ended("the HTTP server").into()),
    }
    close.send_replace(true);
    // It has ended, whatever a connection met.
    let _ = serving.await;
    Ok(Exit::Fine)
}
