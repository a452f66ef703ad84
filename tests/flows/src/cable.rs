//! A cable between two programs of this machine, in which everything can go wrong that does between two machines.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are on their way at once.
const ON_THE_WAY: usize = 16 * 1024;

/// Counts what comes through cables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic(Arc<AtomicU64>);

impl Traffic {
    /// How often something came through.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Forwards connections to where it leads.
#[derive(Debug)]
pub(crate) struct Cable {
    addr: SocketAddr,
    state: watch::Sender<State>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    to: SocketAddr,
    /// Connections are numbered; those below are closed.
    cut_below: u64,
    /// Those below carry nothing any more, and nobody is told.
    lost_below: u64,
    next: u64,
    flow: Flow,
}

impl State {
    /// Whether something comes through on a connection.
    fn lets(&self, number: u64, asks: bool) -> bool {
        number >= self.lost_below && (self.flow == Flow::Open || (asks && self.flow == Flow::OneWay))
    }
}

/// What comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Everything.
    Open,
    /// What is asked, not what is answered: whoever asked reads too slowly.
    OneWay,
    /// Nothing, for now: connected and silent.
    Held,
}

impl Cable {
    /// Lays a cable.
    pub(crate) async fn to(to: SocketAddr, traffic: Traffic) -> Cable {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("bound above");
        let state = watch::Sender::new(State { to, cut_below: 0, lost_below: 0, next: 1, flow: Flow::Open });
        let task = tokio::spawn(accept(listener, state.clone(), traffic));
        Cable { addr, state, task }
    }

    /// Where to plug in.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// New connections lead elsewhere.
    pub(crate) fn lead_to(&self, to: SocketAddr) {
        self.state.send_modify(|state| state.to = to);
    }

    /// Closes every connection; new ones are fine.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.cut_below = state.next);
    }

    /// Forgets every connection, as a router does that restarts: neither side hears of it; new ones are fine.
    pub(crate) fn lose(&self) {
        self.state.send_modify(|state| state.lost_below = state.next);
    }

    /// What comes through from now on.
    pub(crate) fn set(&self, flow: Flow) {
        self.state.send_modify(|state| state.flow = flow);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: watch::Sender<State>, traffic: Traffic) {
    while let Ok((near, _)) = listener.accept().await {
        let mut number = 0;
        state.send_modify(|state| {
            number = state.next;
            state.next += 1;
        });
        traffic.add();
        tokio::spawn(carry(near, number, state.subscribe(), traffic.clone()));
    }
}

async fn carry(near: TcpStream, number: u64, mut state: watch::Receiver<State>, traffic: Traffic) {
    let mut cut = state.clone();
    let carried = async {
        // A connection is made even where nothing comes through: the kernel of this side answers for the other.
        let State { to, .. } = *state.wait_for(|state| state.flow != Flow::Held).await.ok()?;
        let far = TcpStream::connect(to).await.ok()?;
        let (_, _) = (near.set_nodelay(true), far.set_nodelay(true));
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        let asks = pump((near_in, far_out), &traffic, state.clone(), |state| state.lets(number, true));
        let answers = pump((far_in, near_out), &traffic, state.clone(), |state| state.lets(number, false));
        futures::future::join(asks, answers).await;
        Some(())
    };
    let is_cut = cut.wait_for(|state| number < state.cut_below);
    tokio::select! {
        _ = carried => {}
        _ = is_cut => {}
    }
}

async fn pump((mut from, mut to): (OwnedReadHalf, OwnedWriteHalf), traffic: &Traffic, mut state: watch::Receiver<State>, passes: impl Fn(&State) -> bool) {
    let mut bytes = vec![0; ON_THE_WAY];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        traffic.add();
        if state.wait_for(&passes).await.is_err() || read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
