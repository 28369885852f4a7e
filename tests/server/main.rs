//! The HTTP server under attack, over real sockets: it closes idle connections, answers probes
//! while others hold every slot, and writes one large report piece by piece for all readers.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

#[path = "../judgement/fixtures.rs"]
#[allow(dead_code)] // shared with the tests of the judgement
mod fixtures;
mod ground;
mod lists;
mod openapi;
mod pages;
#[path = "../suite/records.rs"]
mod records;
mod roadmap;
mod satisfaction;
#[path = "../suite/serving.rs"]
mod serving;
mod siege;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ground::{REPORT, SOON, Server, ask, hurried, open, status};

/// Reads to the end; how many bytes came. Fails where the server keeps the connection past the
/// deadline.
fn read_until_closed(mut stream: TcpStream) -> usize {
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return bytes,
            Ok(read) => bytes += read,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return bytes,
            Err(error) => panic!("still open after {bytes} bytes: {error}"),
        }
    }
}

#[test]
fn silent_connections_are_closed() {
    let server = Server::start(hurried());
    let silent: Vec<_> = (0..120).map(|_| open(&server)).collect();
    for stream in silent {
        assert_eq!(read_until_closed(stream), 0);
    }
}

#[test]
fn a_connection_that_asked_once_is_closed_when_it_idles() {
    let server = Server::start(hurried());
    let mut stream = open(&server);
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert!(read_until_closed(stream) > 0);
}

#[test]
fn a_request_that_dribbles_in_is_closed() {
    let server = Server::start(hurried());
    let mut stream = open(&server);
    let start = Instant::now();
    let mut rest = b"GET /livez HTTP/1.1\r\nx-slow: "
        .iter()
        .chain([b'a'].iter().cycle());
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let is_closed = |stream: &mut TcpStream| match stream.read(&mut [0; 1]) {
        Ok(0) => true,
        Ok(_) => panic!("an answer to half a request"),
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    };
    while stream.write_all(&[*rest.next().unwrap()]).is_ok() && !is_closed(&mut stream) {
        assert!(start.elapsed() < SOON, "still open");
    }
}

#[test]
fn a_reader_that_never_reads_is_closed() {
    let server = Server::start(hurried());
    let stream = ask(&server, "/api/v1/report");
    server.wait_for("the report is on its way", |server| {
        server.views_built() == 1
    });
    server.wait_for("the reader is given up", |server| server.answering() == 0);
    assert!(read_until_closed(stream) < REPORT.len());
}

#[test]
fn slow_readers_at_the_same_time_hold_one_view_and_no_more_than_a_few_later_ones() {
    let server = Server::start(ground::patient());
    let begin = |readers: usize| {
        let streams: Vec<_> = (0..readers)
            .map(|_| ask(&server, "/api/v1/report"))
            .collect();
        for mut stream in &streams {
            assert_eq!(stream.read(&mut [0; 1]).unwrap(), 1);
        }
        streams
    };
    let mut slow: Vec<_> = (0..8).flat_map(|_| begin(1)).collect();
    // From the third on they share a view that is a quarter of a second old.
    let alive = server.views_alive();
    assert!((2..=4).contains(&alive), "{alive}");
    slow.extend(begin(8));
    assert_eq!(server.answering(), 16);
    assert!(server.views_alive() <= 4, "{}", server.views_alive());
    assert_eq!(server.views_alive(), server.views_built());
    assert_eq!(status(ask(&server, "/metrics")), 200);
    // The first and the last one read on.
    let (last, first) = (slow.pop().unwrap(), slow.swap_remove(0));
    for stream in [first, last] {
        assert!(ground::rest(stream, b"H".to_vec()).body == REPORT.as_bytes());
    }
    drop(slow);
    server.wait_for("every view is freed", |server| server.views_alive() == 0);
}

#[test]
fn probes_are_answered_while_silence_and_slow_readers_hold_every_connection() {
    // Nothing is closed for its age here.
    let server = Server::start(ground::small());
    let readers: Vec<_> = (0..40).map(|_| ask(&server, "/api/v1/report")).collect();
    let silent: Vec<_> = (0..100).map(|_| open(&server)).collect();
    for path in ["/livez", "/readyz", "/metrics"].iter().cycle().take(60) {
        assert_eq!(status(ask(&server, path)), 200, "{path}");
    }
    drop((readers, silent));
    server.wait_for("the report is served again", |server| {
        status(ask(server, "/api/v1/report")) == 200
    });
}

#[test]
fn each_of_many_readers_gets_the_report_or_is_asked_to_come_back() {
    let server = Server::start(ground::patient());
    let readers: Vec<_> = (0..190)
        .map(|_| {
            let stream = ask(&server, "/api/v1/report");
            std::thread::spawn(move || ground::whole(stream))
        })
        .collect();
    let answers: Vec<_> = readers.into_iter().map(|it| it.join().unwrap()).collect();
    for answer in &answers {
        match answer.status {
            200 => assert!(answer.body == REPORT.as_bytes()),
            503 => assert!(answer.head.contains("retry-after: ")),
            other => panic!("status {other}"),
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 200));
    // Read from one view by all who wait together, not by each from its own.
    assert!(server.views_built() <= 60, "{}", server.views_built());
    assert!(server.views_alive() <= 1, "{}", server.views_alive());
}

#[test]
fn a_head_request_and_an_unknown_page_get_plain_answers() {
    let server = Server::start(ground::patient());
    let answer = ground::whole(ground::send(&server, "HEAD", "/api/v1/report"));
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert!(answer.head.contains("content-type: application/json"));
    assert_eq!(status(ask(&server, "/nothing")), 404);
    assert_eq!(status(ground::send(&server, "POST", "/api/v1/report")), 405);
}

#[test]
fn an_open_connection_does_not_hold_up_the_end() {
    let server = Server::start(ground::patient());
    let _silent = open(&server);
    server.stop();
}
