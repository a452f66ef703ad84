//! The plain load balancer of a demo with several proxies: connections go round the proxies in turn, and past those that accept none. It looks into nothing; a
//! proxy that dies takes its connections with it, and the page makes new ones.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::workspace::Failure;

/// How long a proxy may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// Balances a port of this machine over others, until this program ends.
///
/// # Errors
/// When the port is taken.
pub(super) fn start(port: u16, proxies: Vec<u16>) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(Failure::at(format!("listening on port {port}")))?;
    balance(listener, proxies);
    Ok(())
}

fn balance(listener: TcpListener, proxies: Vec<u16>) {
    let proxies = Arc::new(proxies);
    thread::spawn(move || {
        for (turn, browser) in listener.incoming().enumerate() {
            let proxies = proxies.clone();
            // One that broke off before it was looked at is no more to be served.
            let Ok(browser) = browser else { continue };
            thread::spawn(move || drop(serve(&browser, &proxies, turn)));
        }
    });
}

fn serve(browser: &TcpStream, proxies: &[u16], turn: usize) -> io::Result<()> {
    let in_turn = proxies.iter().cycle().skip(turn % proxies.len()).take(proxies.len());
    let reached = in_turn.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).find_map(|proxy| TcpStream::connect_timeout(&proxy, PATIENCE).ok());
    let proxy = reached.ok_or(io::ErrorKind::ConnectionRefused)?;
    for stream in [browser, &proxy] {
        stream.set_nodelay(true)?;
    }
    thread::scope(|scope| {
        scope.spawn(|| pass(browser, &proxy));
        pass(&proxy, browser);
    });
    Ok(())
}

/// Passes on what comes until it ends, and then that it ended; a connection that breaks ends both ways.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    let how = if io::copy(&mut from, &mut to).is_ok() { Shutdown::Write } else { Shutdown::Both };
    let _ = to.shutdown(how);
    if how == Shutdown::Both {
        let _ = from.shutdown(how);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// Answers each connection with its name and what it was sent, until it is asked to go.
    fn proxy(name: &'static str) -> (u16, impl FnOnce()) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut sent) = (stream.unwrap(), String::new());
                stream.read_to_string(&mut sent).unwrap();
                if sent == "go" {
                    return;
                }
                write!(stream, "{name} {sent}").unwrap();
            }
        });
        (port, move || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap().write_all(b"go").unwrap();
            thread.join().unwrap();
        })
    }

    fn ask(port: u16) -> String {
        let (mut stream, mut answer) = (TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap(), String::new());
        // Where no proxy is left, the connection breaks at any of these.
        let _ = stream.write_all(b"hello").and_then(|()| stream.shutdown(Shutdown::Write)).and_then(|()| stream.read_to_string(&mut answer));
        answer
    }

    #[test]
    fn connections_go_round_and_past_a_proxy_that_died() {
        let ((first, first_goes), (second, second_goes)) = (proxy("first"), proxy("second"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        balance(listener, vec![first, second]);
        let answers: Vec<String> = (0..4).map(|_| ask(port)).collect();
        assert_eq!(answers, ["first hello", "second hello", "first hello", "second hello"]);
        first_goes();
        assert_eq!([ask(port), ask(port), ask(port)], ["second hello"; 3]);
        second_goes();
        assert_eq!(ask(port), "");
    }
}
