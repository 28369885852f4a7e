//! Clients that ask for much and take their time, all at once: what they hold is bounded, probes are
//! answered, and so is the page.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::ground::{self, SOON, Server, ask, open, status};

/// Event streams that are asked for.
const STREAMS: usize = 200;
/// Clients of each other kind.
const CLIENTS: usize = 20;

/// Opens event streams; those that stay open.
fn streams(server: &Server) -> Vec<TcpStream> {
    let asked = (0..STREAMS).map(|_| {
        let mut stream = ask(server, "/api/v1/events");
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        (stream, head)
    });
    asked
        .filter(|(_, head)| match &head[9..] {
            b"200" => true,
            b"204" => false,
            other => panic!("status {}", String::from_utf8_lossy(other)),
        })
        .map(|(stream, _)| stream)
        .collect()
}

/// Takes one byte of a large report, and no more.
fn reads_one_byte(server: &Server) -> TcpStream {
    let mut stream = ask(server, "/api/v1/report");
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream
}

/// Sends half a request, and no more.
fn sends_half(server: &Server) -> TcpStream {
    let mut stream = open(server);
    let half = b"GET /services HTTP/1.1\r\nx-slow: a";
    stream.write_all(half).unwrap();
    stream
}

#[test]
fn probes_and_pages_are_answered_beside_streams_slow_clients_and_long_addresses() {
    let server = Server::start(ground::patient());
    let streams = streams(&server);
    assert!(
        (1..STREAMS / 2).contains(&streams.len()),
        "{}",
        streams.len()
    );
    let readers: Vec<_> = (0..8).map(|_| reads_one_byte(&server)).collect();
    let senders: Vec<_> = (0..CLIENTS).map(|_| sends_half(&server)).collect();
    let long = format!("/services?q={}", "x".repeat(8 * 1024));
    for _ in 0..CLIENTS {
        assert_eq!(status(ask(&server, &long)), 414);
        for path in ["/livez", "/readyz", "/metrics", "/", "/services"] {
            assert_eq!(status(ask(&server, path)), 200, "{path}");
        }
    }
    assert!(server.answering() <= 16, "{}", server.answering());
    assert!(server.views_alive() <= 4, "{}", server.views_alive());
    drop((streams, readers, senders));
    server.wait_for("everything is given back", |server| {
        server.answering() == 0 && server.views_alive() == 0
    });
    server.stop();
}
