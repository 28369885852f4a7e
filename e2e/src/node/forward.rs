//! Makes an address inside a node's network reachable on this machine: a port on loopback, and two
//! threads per connection. Bytes only.

use std::{
    fs::File,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Error, Result, home::Home};

/// A loopback port that leads into a node's network, as long as the value lives.
#[derive(Debug)]
pub struct Forward {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
}

impl Forward {
    /// Listens on a loopback port, a free one for 0. `target` maps the port to the address inside
    /// `network` that connections go to.
    pub(crate) fn start(
        network: &Path,
        port: u16,
        target: impl FnOnce(u16) -> SocketAddr,
    ) -> Result<Self> {
        let failed = |source| Error::Spawn {
            program: "a forwarded port".to_owned(),
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let network = Arc::new(File::open(network).map_err(Error::file("open", network))?);
        let closed = Arc::new(AtomicBool::new(false));
        let forward = Self {
            address,
            closed: Arc::clone(&closed),
        };
        let target = target(address.port());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if closed.load(Ordering::Relaxed) {
                    return;
                }
                let network = Arc::clone(&network);
                thread::spawn(move || carry(&client, &network, target));
            }
        });
        Ok(forward)
    }

    /// Where to connect to on this machine.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// Makes a loopback port that a child of `home` listens on the same for this
/// process; None where it is the same anyway.
pub(crate) fn publish(home: &Home, port: u16) -> Result<Option<Forward>> {
    let same = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let forward = home
        .network()
        .map(|network| Forward::start(network, port, same));
    forward.transpose()
}

/// Listens on a free loopback port inside `network`: a socket stays in the network it
/// was made in, whichever thread uses it.
pub(crate) fn listen_inside(network: &Path) -> Result<TcpListener> {
    let file = File::open(network).map_err(Error::file("open", network))?;
    // A thread of its own goes there, so that the caller stays where it is.
    let listening = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(io::Error::from)?;
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        });
        inside.join()
    });
    let listening = listening.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    listening.map_err(|source| Error::Spawn {
        program: "a listener inside a node".to_owned(),
        source,
    })
}

/// Carries both directions until both have ended. A target that refuses looks to
/// the client like one that hangs up.
fn carry(client: &TcpStream, network: &File, target: SocketAddr) {
    let entered = move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network));
    let Ok(server) = entered
        .map_err(io::Error::from)
        .and_then(|()| TcpStream::connect(target))
    else {
        return;
    };
    thread::scope(|scope| {
        scope.spawn(|| carry_one_way(client, &server));
        carry_one_way(&server, client);
    });
}

fn carry_one_way(mut from: &TcpStream, mut to: &TcpStream) {
    // A broken connection ends like a finished one.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn both_directions_are_carried_to_their_end() {
        let network = Path::new("/proc/self/ns/net");
        if !rustix::process::geteuid().is_root() || !network.exists() {
            return; // Entering even its own namespace takes root.
        }
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = server.local_addr().unwrap();
        let forward = Forward::start(network, 0, |_| target).unwrap();
        let echo = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).unwrap();
        });
        let mut client = TcpStream::connect(forward.address()).unwrap();
        client.write_all(b"hello").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "HELLO");
        echo.join().unwrap();
    }
}
