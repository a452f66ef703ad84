//! One upstream watch per (cluster, kind) for everybody: rows are encoded once, and fan out into queues in which the latest state of an object wins.

mod chain;
mod owner;
mod polled;
mod projected;
mod queue;
mod recent;
mod table;
mod upstream;
mod view;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::{Part, between};
use krateyard_shared::watch::{Freshness, Position};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use queue::{Batch, End, Queue, Reached};

use crate::authorize::{Permit, RowScope, WatchRows};
use crate::clusters::Cluster;
use crate::config::Limits;
use upstream::Upstream;

/// Requests to an owner task that may wait.
const COMMANDS: usize = 64;

/// What is asked of a hub's owner task.
enum Command {
    Subscribe {
        scope: RowScope,
        part: Part,
        /// What stands between a workload and its pods, by uid.
        through: HashSet<String>,
        /// Where the subscriber was, with all rows of then.
        resume: Option<Position>,
        queue: Arc<Queue>,
    },
    /// Other objects stand between a subscriber's workload and its pods now.
    Through {
        queue: Arc<Queue>,
        through: HashSet<String>,
        /// What is known of those.
        freshness: Freshness,
    },
    Refresh,
}

/// The hubs of one cluster. A hub is an owner task; it is started by its first subscriber and ends some time after its last one.
#[derive(Default)]
pub(crate) struct Hubs {
    /// Bytes of the rows of all of them.
    held: Arc<AtomicUsize>,
    running: Mutex<HashMap<Kind, mpsc::Sender<Command>>>,
}

impl Hubs {
    /// Whether another may begin. Those that run grow on: what somebody looks at is not cut off.
    fn has_room(&self, limits: &Limits) -> Result<(), Refusal> {
        let (held, most) = (self.held.load(Ordering::Relaxed), limits.hub_bytes);
        if held < most {
            return Ok(());
        }
        let which = format!("rows of this cluster in the proxy's memory ({} of {} MB)", held >> 20, most >> 20);
        // Within that, hubs that nobody watches may have gone to rest.
        let retry_after_secs = u32::try_from(limits.hub_rest.as_secs() / 2).unwrap_or(u32::MAX).max(1);
        Err(Refusal::Limit { which, retry_after_secs })
    }
}

/// Somebody's view of a hub: while it and its queue live, changes come.
pub(crate) struct Subscription {
    permit: Permit<WatchRows>,
    /// The hub that this person alone has, where the kind is not shared. It ends with its sender.
    own: Option<mpsc::Sender<Command>>,
    /// Follows what stands between a workload and its pods.
    _chain: Option<AbortOnDropHandle<()>>,
}

impl Subscription {
    /// The right that it rests on.
    pub(crate) fn permit(&self) -> &Permit<WatchRows> {
        &self.permit
    }

    /// A person asked: list past every cache. The hub does so at most once in 5 s.
    pub(crate) async fn refresh(&self) {
        match &self.own {
            Some(own) => drop(own.send(Command::Refresh).await),
            // A hub that ended in between begins with a list.
            None => drop(send(self.permit.cluster(), self.permit.target().kind, || Command::Refresh).await),
        }
    }
}

/// Lets what a permit allows flow into a queue, or a part of it, beginning with an Ack: all rows, or what changed since `resume` where that is known. From the hub that everybody shares, or, where a kind is not shared, from
/// one that asks in the person's own name and ends with the subscription.
///
/// # Errors
/// `BadRequest` for a person in whose name nothing can be asked; `Limit` where the rows of this cluster take all the memory that they may; `Forbidden` where the way to a workload's pods leads over what the person may not list.
pub(crate) async fn subscribe(permit: Permit<WatchRows>, part: Part, resume: Option<Position>, queue: &Arc<Queue>) -> Result<Subscription, Refusal> {
    let between = match &part {
        Part::Workload { kind, .. } => between(kind),
        _ => None,
    };
    let Some(between) = between else { return subscribe_directly(permit, part, resume, queue).await };
    let (pods, between) = (permit.clone(), chain::permit(&permit, between).await?);
    let chain = permit.cluster().track(chain::follow(pods, between, part, queue.clone()));
    Ok(Subscription { permit, own: None, _chain: Some(AbortOnDropHandle::new(chain)) })
}

async fn subscribe_directly(permit: Permit<WatchRows>, part: Part, resume: Option<Position>, queue: &Arc<Queue>) -> Result<Subscription, Refusal> {
    let WatchRows { kind, scope } = permit.target().clone();
    let subscribe = || Command::Subscribe { scope: scope.clone(), part: part.clone(), through: HashSet::new(), resume, queue: queue.clone() };
    // A kind that the cluster defines, or an add-on of it, may be one that nobody granted to the proxy; on a laptop the kubeconfig's identity may see single
    // namespaces alone.
    let may_lack = matches!(kind, Kind::Custom(_)) || kind.is_polled() || permit.cluster().is_own();
    let session = permit.session();
    // Who may list and not watch has a hub that polls.
    let polls = !permit.cluster().is_listed(kind) && !permit.cluster().reviews.allowed(permit.cluster(), &session.user, &permit.target().watching()).await?;
    let is_shared = !polls && kind.is_shared() && (!may_lack || permit.cluster().may_watch(kind).await);
    if is_shared {
        send(permit.cluster(), kind, subscribe).await?;
        return Ok(Subscription { permit, own: None, _chain: None });
    }
    permit.cluster().hubs.has_room(&permit.cluster().limits)?;
    let (own, received) = mpsc::channel(COMMANDS);
    permit.cluster().spawn(owner::run(permit.cluster().clone(), Upstream::of_person(&permit, polls)?, received));
    // It takes commands from its first step on.
    drop(own.send(subscribe()).await);
    Ok(Subscription { permit, own: Some(own), _chain: None })
}

/// Sends a command to the hub of a kind, which is started when there is none; one that rests between finding and sending it is started again.
///
/// # Errors
/// `Limit` where one would have to be started, and the rows of this cluster take all the memory that they may.
async fn send(cluster: &Arc<Cluster>, kind: Kind, command: impl Fn() -> Command) -> Result<(), Refusal> {
    loop {
        let hub = {
            let mut running = cluster.hubs.running.lock().expect("no panic while held");
            match running.get(&kind).filter(|hub| !hub.is_closed()) {
                Some(hub) => hub.clone(),
                None => {
                    cluster.hubs.has_room(&cluster.limits)?;
                    let (commands, received) = mpsc::channel(COMMANDS);
                    running.insert(kind, commands.clone());
                    cluster.spawn(owner::run(cluster.clone(), Upstream::new(cluster.clone(), kind), received));
                    commands
                }
            }
        };
        if hub.send(command()).await.is_ok() || cluster.stop.is_cancelled() {
            return Ok(());
        }
    }
}
