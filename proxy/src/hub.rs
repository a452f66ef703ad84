//! One upstream watch per (cluster, kind) for everybody: rows are encoded once, and fan out into queues in which the latest state of an object wins.

mod owner;
mod projected;
mod queue;
mod table;
mod upstream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use krateyard_shared::kinds::Kind;
use tokio::sync::mpsc;

pub(crate) use queue::{Batch, End, Queue};

use crate::authorize::{Permit, RowScope, WatchRows};
use crate::clusters::Cluster;

/// Requests to an owner task that may wait.
const COMMANDS: usize = 64;

/// What is asked of a hub's owner task.
enum Command {
    Subscribe { scope: RowScope, queue: Arc<Queue> },
    Refresh,
}

/// The hubs of one cluster. A hub is an owner task; it is started by its first subscriber and ends some time after its last one.
#[derive(Default)]
pub(crate) struct Hubs {
    running: Mutex<HashMap<Kind, mpsc::Sender<Command>>>,
}

/// Somebody's view of a hub: while it and its queue live, changes come.
pub(crate) struct Subscription {
    permit: Permit<WatchRows>,
}

impl Subscription {
    /// The right that it rests on.
    pub(crate) fn permit(&self) -> &Permit<WatchRows> {
        &self.permit
    }

    /// A person asked: list past every cache. The hub does so at most once in 5 s.
    pub(crate) async fn refresh(&self) {
        send(self.permit.cluster(), self.permit.target().kind, || Command::Refresh).await;
    }
}

/// Lets what a permit allows flow into a queue, beginning with an Ack.
pub(crate) async fn subscribe(permit: Permit<WatchRows>, queue: &Arc<Queue>) -> Subscription {
    let WatchRows { kind, scope } = permit.target().clone();
    send(permit.cluster(), kind, || Command::Subscribe { scope: scope.clone(), queue: queue.clone() }).await;
    Subscription { permit }
}

/// Sends a command to the hub of a kind, which is started when there is none; one that rests between finding and sending it is started again.
async fn send(cluster: &Arc<Cluster>, kind: Kind, command: impl Fn() -> Command) {
    loop {
        let hub = {
            let mut running = cluster.hubs.running.lock().expect("no panic while held");
            match running.get(&kind).filter(|hub| !hub.is_closed()) {
                Some(hub) => hub.clone(),
                None => {
                    let (commands, received) = mpsc::channel(COMMANDS);
                    running.insert(kind, commands.clone());
                    cluster.spawn(owner::run(cluster.clone(), kind, received));
                    commands
                }
            }
        };
        if hub.send(command()).await.is_ok() || cluster.stop.is_cancelled() {
            return;
        }
    }
}
