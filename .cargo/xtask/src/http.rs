//! As much of HTTP as it takes to ask a program of ours on this machine whether it is there.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::workspace::Failure;

/// The body of a good answer to a `GET` from a port of this machine, within a second.
///
/// # Errors
/// When nobody listens there, or the answer is not 200.
pub(crate) fn get(port: u16, path: &str) -> io::Result<String> {
    let within = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), within)?;
    stream.set_read_timeout(Some(within))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n\r\n")?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    good_body(&String::from_utf8_lossy(&text)).ok_or_else(|| io::Error::other("no good answer"))
}

/// Below the ports that systems give to outgoing connections (Linux, `ip_local_port_range`): one of those may be taken again before a program listens there, or
/// while it is started anew.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that nobody listens on now, and that nobody is given by chance.
///
/// # Errors
/// When none was found.
pub(crate) fn free_port() -> Result<u16, Failure> {
    let any = || PORTS.start + (RandomState::new().build_hasher().finish() % PORTS.len() as u64) as u16;
    (0..1000).map(|_| any()).find(|port| is_free(*port)).ok_or_else(|| Failure::new("this machine has no free port"))
}

/// Whether a program could listen on this port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn good_body(text: &str) -> Option<String> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
    (status == "200").then(|| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_answer_has_a_body() {
        assert_eq!(good_body("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nok").as_deref(), Some("ok"));
        assert_eq!(good_body("HTTP/1.1 503 Service Unavailable\r\n\r\n{}"), None);
        assert_eq!(good_body("SSH-2.0-OpenSSH"), None);
    }
}
