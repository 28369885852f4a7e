//! Random names, tokens and ports from the system's generator.

use std::{fmt::Write as _, fs::File, io::Read as _, net::TcpListener};

use crate::{Error, Result};

const SOURCE: &str = "/dev/urandom";
/// Below the range that outgoing connections take their ports from, so that a
/// port chosen here is not lost between choosing and listening.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;
const TRIES: usize = 100;

/// `bytes` random bytes in hexadecimal.
pub(crate) fn hex(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    fill(&mut buffer)?;
    Ok(buffer.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// A loopback port that is free now. Another program may take it before it is used:
/// callers try again with another.
pub fn free_port() -> Result<u16> {
    for _ in 0..TRIES {
        let mut bytes = [0; 2];
        fill(&mut bytes)?;
        let port = FIRST_PORT + u16::from_ne_bytes(bytes) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::NoFreePort)
}

fn fill(buffer: &mut [u8]) -> Result<()> {
    let mut source = File::open(SOURCE).map_err(Error::file("open", SOURCE))?;
    source
        .read_exact(buffer)
        .map_err(Error::file("read", SOURCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        assert_ne!(hex(8).unwrap(), hex(8).unwrap());
        assert_eq!(hex(8).unwrap().len(), 16);
    }
}
