//! A real forward proxy on loopback: HTTP with `CONNECT` and plain forwarding, and SOCKS 5. Hosts that
//! end in `.test` are this machine. It records where it connected to.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The proxy. It serves until the test program ends.
pub struct ForwardProxy {
    address: String,
    inside: Arc<Inside>,
}

struct Inside {
    /// `user:password` that every client has to send.
    credentials: Option<&'static str>,
    connections: Mutex<Vec<String>>,
}

impl ForwardProxy {
    pub fn start(credentials: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let inside = Arc::new(Inside {
            credentials,
            connections: Mutex::default(),
        });
        let serving = inside.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inside = serving.clone();
                // A client may leave at any time.
                thread::spawn(move || inside.serve(stream));
            }
        });
        Self { address, inside }
    }

    /// `SCHEME://[USER:PASSWORD@]HOST:PORT`.
    pub fn url(&self, scheme: &str, credentials: &str) -> String {
        format!("{scheme}://{credentials}{}", self.address)
    }

    /// `HOST:PORT` of each connection that was made through it.
    pub fn connections(&self) -> Vec<String> {
        self.inside.connections.lock().unwrap().clone()
    }
}

impl Inside {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut first = [0];
        client.peek(&mut first)?;
        if first == [5] {
            let server = self.greet_socks(&mut client)?;
            return splice(client, server);
        }
        let mut reader = BufReader::new(client.try_clone()?);
        let head = head(&mut reader)?;
        if self.credentials.is_some_and(|wanted| !has(&head, wanted)) {
            let refusal =
                b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            return client.write_all(refusal);
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        if method == "CONNECT" {
            let server = self.connect(target)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            return splice(client, server);
        }
        let (host, path) = target
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .expect("a proxy gets whole addresses");
        let host = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let mut server = self.connect(&host)?;
        let head = head.replacen(target, &format!("/{path}"), 1);
        server.write_all(head.as_bytes())?;
        server.write_all(reader.buffer())?;
        splice(client, server)
    }

    fn connect(&self, target: &str) -> io::Result<TcpStream> {
        let (host, port) = target.rsplit_once(':').unwrap();
        let is_here = host.rsplit('.').next() == Some("test");
        let to = if is_here {
            format!("127.0.0.1:{port}")
        } else {
            target.to_owned()
        };
        self.connections.lock().unwrap().push(target.to_owned());
        TcpStream::connect(to)
    }

    /// RFC 1928 and, with credentials, RFC 1929.
    fn greet_socks(&self, client: &mut TcpStream) -> io::Result<TcpStream> {
        let methods = exactly(client, 2)?[1];
        exactly(client, usize::from(methods))?;
        match self.credentials {
            None => client.write_all(&[5, 0])?,
            Some(wanted) => {
                client.write_all(&[5, 2])?;
                let user = exactly(client, 2)?[1];
                let user = exactly(client, usize::from(user))?;
                let password = exactly(client, 1)?[0];
                let password = exactly(client, usize::from(password))?;
                let sent = [user, password].map(|part| String::from_utf8(part).unwrap());
                let is_known = sent.join(":") == wanted;
                client.write_all(&[1, u8::from(!is_known)])?;
                if !is_known {
                    return Err(io::ErrorKind::PermissionDenied.into());
                }
            }
        }
        let kind = exactly(client, 4)?[3];
        let host = match kind {
            1 => {
                let parts = exactly(client, 4)?;
                let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
                parts.join(".")
            }
            3 => {
                let length = exactly(client, 1)?[0];
                String::from_utf8(exactly(client, usize::from(length))?).unwrap()
            }
            other => panic!("address type {other}"),
        };
        let port = exactly(client, 2)?;
        let port = u16::from_be_bytes([port[0], port[1]]);
        let server = self.connect(&format!("{host}:{port}"))?;
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        Ok(server)
    }
}

fn exactly(stream: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn has(head: &str, credentials: &str) -> bool {
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value == wanted)
}

/// Copies both ways until both sides have ended.
fn splice(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let copied = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    let _ = up.join();
    copied.map(|_| ())
}
