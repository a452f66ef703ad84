//! As much of HTTP as it takes to ask a program of ours on this machine whether it is there.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The status of a `GET` from a port of this machine, within a second.
///
/// # Errors
/// When nobody listens there, or what is answered is no HTTP.
pub(crate) fn status(port: u16, path: &str) -> io::Result<u16> {
    let within = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), within)?;
    stream.set_read_timeout(Some(within))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n")?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    parse(&String::from_utf8_lossy(&text)).ok_or_else(|| io::Error::other("no HTTP"))
}

/// A port that nobody listens on now.
///
/// # Errors
/// When the machine has none.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a program could listen on this port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn parse(text: &str) -> Option<u16> {
    text.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer_is_read_and_what_is_no_answer_has_none() {
        assert_eq!(parse("HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\r\n{}"), Some(503));
        assert_eq!(parse("SSH-2.0-OpenSSH"), None);
    }
}
