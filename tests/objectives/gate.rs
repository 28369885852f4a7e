//! A gate before a Prometheus: it lets requests with the right token through, keeps what was sent, and
//! can answer in ways that Prometheus itself does not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the gate answers.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Passes requests with this bearer token on to an address, and refuses others with 401.
    Pass { token: String, to: String },
    /// Always answers with this status line, these headers and this body.
    Answer(&'static str, String, String),
    /// Closes connections without an answer.
    HangUp,
}

/// A running gate. Its threads end with the process.
pub struct Gate {
    pub address: SocketAddr,
    mode: Arc<Mutex<Mode>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    pub fn open(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap(),
            mode: Arc::new(Mutex::new(mode)),
            requests: Arc::default(),
        };
        let (mode, requests) = (gate.mode.clone(), gate.requests.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (mode, requests) = (mode.clone(), requests.clone());
                // A peer that goes away in the middle is no failure of the test.
                thread::spawn(move || drop(serve(&mut connection.unwrap(), &mode, &requests)));
            }
        });
        gate
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// What was sent, whole.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    client: &mut TcpStream,
    mode: &Mutex<Mode>,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let request = read_request(client)?;
    requests.lock().unwrap().push(request.clone());
    let mode = mode.lock().unwrap().clone();
    match mode {
        Mode::HangUp => {}
        Mode::Answer(status, headers, body) => {
            let length = body.len();
            write!(
                client,
                "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )?;
        }
        Mode::Pass { token, to } if request.contains(&format!("Bearer {token}\r\n")) => {
            let mut server = TcpStream::connect(to)?;
            let closing = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            server.write_all(closing.as_bytes())?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            client.write_all(&answer)?;
        }
        Mode::Pass { .. } => {
            client.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
        }
    }
    client.shutdown(Shutdown::Write)
}

/// Head and body, as one text.
fn read_request(client: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or_default() {
                return Ok(text);
            }
        }
        match client.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}
