//! A program that prints the address of its page, and requests for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running program; dropping it ends it.
pub struct Page {
    child: Child,
    pub address: String,
}

impl Page {
    /// Starts a command that prints `page  http://ADDRESS/` to standard error.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut printed = String::new();
        let address = loop {
            let Some(line) = lines.next() else {
                panic!("no address: {printed}");
            };
            let line = line.unwrap();
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim_end_matches('/').to_owned();
            }
            printed += &line;
        };
        // Nothing that follows may block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Head and body of an address.
    pub fn get(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
