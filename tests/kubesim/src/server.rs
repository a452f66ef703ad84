//! The sockets: a listener whose connections can be cut, one by one or all at once.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Cuts one connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection(CancellationToken);

impl Connection {
    /// Closes the socket at once, whatever is under way.
    pub(crate) fn cut(&self) {
        self.0.cancel();
    }
}

/// One bound port with a router behind it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    router: Router,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    connections: Connections,
    task: JoinHandle<()>,
}

impl Server {
    /// Binds 127.0.0.1 (0 for a free port) and serves.
    pub(crate) async fn start(port: u16, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let mut server = Self { address: listener.local_addr()?, router, running: None };
        server.serve(listener);
        Ok(server)
    }

    fn serve(&mut self, listener: TcpListener) {
        let connections = Connections::default();
        let doors = Doors { listener, connections: connections.clone() };
        let router = self.router.clone().into_make_service_with_connect_info::<Connection>();
        let task = tokio::spawn(async move {
            // axum's server ends only when its task does
            let _ = axum::serve(doors, router).await;
        });
        self.running = Some(Running { connections, task });
    }

    /// Closes the port and every connection.
    pub(crate) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
            let _ = running.task.await;
            running.connections.lock().unwrap_or_else(PoisonError::into_inner).cancel();
        }
    }

    /// Opens the same port again.
    pub(crate) async fn open(&mut self) -> io::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let mut tries = 0;
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => {
                    self.serve(listener);
                    return Ok(());
                }
                // the kernel may need a moment until the old listener is gone
                Err(error) if tries == 100 => return Err(error),
                Err(_) => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Cuts every connection and goes on listening.
    pub(crate) fn cut_all(&mut self) {
        if let Some(running) = &self.running {
            let old = std::mem::take(&mut *running.connections.lock().unwrap_or_else(PoisonError::into_inner));
            old.cancel();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
            running.connections.lock().unwrap_or_else(PoisonError::into_inner).cancel();
        }
    }
}

/// The token under which new connections are made.
type Connections = Arc<Mutex<CancellationToken>>;

struct Doors {
    listener: TcpListener,
    connections: Connections,
}

impl Listener for Doors {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.listener.accept().await {
                let _ = stream.set_nodelay(true);
                let cut = self.connections.lock().unwrap_or_else(PoisonError::into_inner).child_token();
                return (Socket { stream, end: Box::pin(cut.clone().cancelled_owned()), cut }, address);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Doors>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Doors>) -> Self {
        Self(stream.io().cut.clone())
    }
}

/// A connection that fails once it is cut.
struct Socket {
    stream: TcpStream,
    cut: CancellationToken,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Socket {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A router that gives every request to one function.
pub(crate) fn single<F, R>(answer: F) -> Router
where
    F: Fn(axum::extract::Request) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = axum::response::Response> + Send + 'static,
{
    Router::new().fallback(answer)
}
