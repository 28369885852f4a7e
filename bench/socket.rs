//! A plain connection that is read and written as fast or as slowly as a measurement wants. It knows
//! nothing of HTTP.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use crate::Result;

const BUFFER: usize = 64 * 1024;

pub struct Socket(TcpStream);

impl Socket {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self(TcpStream::connect(address).await?))
    }

    pub async fn write(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// At least one byte and at most `most`; none at the end.
    pub async fn read(&self, most: usize) -> Result<Vec<u8>> {
        let mut buffer = vec![0; most];
        loop {
            self.0.readable().await?;
            match self.0.try_read(&mut buffer) {
                Ok(read) => {
                    buffer.truncate(read);
                    return Ok(buffer);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Everything until the end.
    pub async fn read_all(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let more = self.read(BUFFER).await?;
            if more.is_empty() {
                return Ok(bytes);
            }
            bytes.extend(more);
        }
    }
}
