//! A running proxy: started in process by tests and the demo, by `krateyard serve` otherwise.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::{App, Shared};
use crate::config::Config;
use crate::router::router;
use crate::static_files::StaticFiles;

/// How long connections may take to end when the proxy stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running proxy. Dropped, it goes on until its runtime ends; [`Proxy::stop`] ends it in order.
pub struct Proxy {
    addr: SocketAddr,
    app: Shared,
    server: JoinHandle<std::io::Result<()>>,
}

/// Why a proxy does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("listen: cannot bind {addr}: {source}")]
    #[allow(missing_docs)]
    Bind { addr: SocketAddr, source: std::io::Error },
    /// The built app cannot be read.
    #[error("static_dir: {0}")]
    StaticDir(#[source] std::io::Error),
}

impl Proxy {
    /// Binds the port and serves. Clusters are reached in the background: one that is down does not keep the proxy from starting.
    ///
    /// # Errors
    /// When the port or the app's files cannot be had.
    pub async fn start(config: Config) -> Result<Proxy, StartError> {
        let files = config.static_dir.as_deref().map(StaticFiles::open).transpose().map_err(StartError::StaticDir)?;
        let failed = |source| StartError::Bind { addr: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let app = App::start(&config, config.origins(addr));
        tracing::info!(%addr, origins = ?app.origins.iter().map(ToString::to_string).collect::<Vec<_>>(), "listening");
        let stop = app.stop.clone();
        let serve = axum::serve(listener, router(app.clone(), files)).with_graceful_shutdown(stop.cancelled_owned());
        Ok(Proxy { addr, app, server: tokio::spawn(async move { serve.await }) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Ends sockets with "come back", finishes requests, and leaves no task behind; what takes longer than 5 s is cut off.
    pub async fn stop(mut self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        let ended = async {
            let _ = (&mut self.server).await;
            self.app.tasks.wait().await;
        };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("connections were cut off");
            self.server.abort();
        }
    }
}
