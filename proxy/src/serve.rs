//! A running proxy: started in process by tests and the demo, by `krateyard serve` otherwise.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::app::{App, Shared};
use crate::config::{ClusterConfig, Config, Files, Looks, People, Sources, Written};
use crate::relay::storage::StorageError;
use crate::router::router;
use crate::static_files::StaticFiles;

/// How long connections may take to end when the proxy stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running proxy. Dropped, it goes on until its runtime ends; [`Proxy::stop`] ends it in order.
pub struct Proxy {
    addr: SocketAddr,
    app: Shared,
    has_page: bool,
    config: Config,
    server: Mutex<JoinHandle<std::io::Result<()>>>,
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
    /// Rooms of Yards cannot be kept where they are to be.
    #[error("rooms: {0}")]
    Rooms(#[source] StorageError),
}

impl Proxy {
    /// Binds the port and serves. Clusters are reached in the background: one that is down does not keep the proxy from starting.
    ///
    /// # Errors
    /// When the port, the app's files or the place of rooms cannot be had.
    pub async fn start(config: Config) -> Result<Proxy, StartError> {
        let files = config.static_dir.as_deref().map(StaticFiles::open).transpose().map_err(StartError::StaticDir)?;
        let files = files.or_else(StaticFiles::embedded);
        let failed = |source| StartError::Bind { addr: config.listen, source };
        let listener = match TcpListener::bind(config.listen).await {
            Err(_) if config.any_port => TcpListener::bind((config.listen.ip(), 0)).await.map_err(failed)?,
            bound => bound.map_err(failed)?,
        };
        let addr = listener.local_addr().map_err(failed)?;
        let app = App::start(&config, config.origins(addr)).map_err(StartError::Rooms)?;
        tracing::info!(%addr, origins = ?app.origins.iter().map(ToString::to_string).collect::<Vec<_>>(), "listening");
        let (stop, has_page) = (app.stop.clone(), files.is_some());
        // A change is a small write after another: it would wait until the peer's kernel has acknowledged the one before, for up to 40 ms.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let serve = axum::serve(listener, router(app.clone(), files)).with_graceful_shutdown(stop.cancelled_owned());
        Ok(Proxy { addr, app, has_page, config, server: Mutex::new(tokio::spawn(async move { serve.await })) })
    }

    /// Lets these clusters be served from now on: those that are new begin, those that are not named end, those whose entry differs begin anew, and no other is
    /// touched. The one that people sign in to stays. Returns when what ended has left nothing behind.
    pub async fn set_clusters(&self, clusters: Vec<ClusterConfig>) {
        self.app.clusters.set(clusters).await;
    }

    /// Looks every so often at where the configuration stands written, and serves the clusters that stand there. What cannot be used changes nothing, and is said in
    /// the log; so is a change of any other key, which needs a restart.
    pub fn follow(&self, written: Written, sources: impl Sources + Send + Sync + 'static, every: Duration) {
        let (stop, follow) = (self.app.stop.clone(), follow(self.app.clone(), self.config.clone(), written, Arc::new(sources), every));
        self.app.tasks.spawn(async move { stop.run_until_cancelled(follow).await });
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether it has a page to serve, and not the API alone.
    pub fn has_page(&self) -> bool {
        self.has_page
    }

    /// Why the Yard is kept in memory, where it was to be kept in a folder: so it is on a laptop whose folder another krateyard uses.
    pub fn not_kept(&self) -> Option<&StorageError> {
        self.app.not_kept.as_ref()
    }

    /// A new link that opens the page once, where people come by links; the one before it is good no more.
    pub fn link(&self) -> Option<String> {
        matches!(self.app.people, People::Laptop(_)).then_some(())?;
        let code = self.app.door.code().ok()?;
        Some(format!("{}/open?code={}", self.app.origins[0], code.reveal()))
    }

    /// Ends sockets with "come back", finishes requests, and leaves no task behind; what takes longer than 5 s is cut off.
    pub async fn stop(self) {
        self.end().await;
    }

    /// As [`Proxy::stop`], for who shares it.
    pub async fn end(&self) {
        let mut server = self.server.lock().await;
        self.app.stop.cancel();
        self.app.tasks.close();
        let ended = async {
            let _ = (&mut *server).await;
            self.app.tasks.wait().await;
        };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("connections were cut off");
            server.abort();
        }
    }
}

async fn follow(app: Shared, running: Config, written: Written, sources: Arc<impl Sources + Send + Sync + 'static>, every: Duration) {
    let (mut looks, mut ticks) = (Looks::default(), tokio::time::interval(every));
    loop {
        ticks.tick().await;
        let (from, written) = (sources.clone(), written.clone());
        // A home folder may lie on another machine.
        let seen = tokio::task::spawn_blocking(move || {
            let files = Files::read(&written, &*from);
            (!files.is_empty()).then(|| looks.look(files.mark()).then(|| written.load(&files))).map(|loaded| (looks, loaded))
        });
        let Ok(Some((back, loaded))) = seen.await else { return };
        looks = back;
        match loaded {
            None => {}
            Some(Err(errors)) => {
                tracing::error!("the clusters stay as they are, since what is written cannot be used: {}", errors.to_string().replace('\n', "; "))
            }
            Some(Ok(config)) => {
                let keys = running.differs(&config);
                if !keys.is_empty() {
                    tracing::warn!("a change of {} counts when krateyard is started again", keys.join(", "));
                }
                app.clusters.set(config.clusters).await;
            }
        }
    }
}
