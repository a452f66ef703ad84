//! Which rooms of a cluster somebody may read and finds something in.

use std::sync::Arc;

use futures::{StreamExt, stream};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{CONTROL, MAX_CHANNELS, ToApp};

use crate::app::Shared;
use crate::authenticate::Session;
use crate::authorize;
use crate::clusters::Cluster;
use crate::relay::{Outbox, Said};

/// Questions under way at once for one person.
const AT_ONCE: usize = 16;

/// Tells the rooms, at once and whenever they or the person's rights change, until the cluster is gone.
pub(super) async fn look(app: Shared, session: Arc<Session>, name: ClusterName, outbox: Arc<Outbox>) {
    let Err(refusal) = follow(&app, &session, &name, &outbox).await;
    outbox.put(CONTROL, Said::Control(ToApp::Unseen { cluster: name, refusal }));
}

async fn follow(app: &Shared, session: &Arc<Session>, name: &ClusterName, outbox: &Outbox) -> Result<std::convert::Infallible, Refusal> {
    let cluster = app.cluster(name)?;
    let mut changes = cluster.reviews.changes();
    let mut directory = app.rooms.directory(name).await?;
    let mut told = None;
    loop {
        changes.borrow_and_update();
        let rooms = directory.borrow_and_update().clone();
        let readable = readable(&cluster, session, rooms.iter().cloned().collect()).await;
        match readable {
            Ok(rooms) if told.as_ref() == Some(&rooms) => {}
            Ok(rooms) => {
                outbox.put(CONTROL, Said::Control(ToApp::Rooms { cluster: name.clone(), rooms: rooms.clone() }));
                told = Some(rooms);
            }
            Err(refusal) => {
                tracing::warn!(cluster = %name, %refusal, "cannot review which rooms somebody may read");
                tokio::time::sleep(cluster.limits.rights_settle).await;
                changes.mark_changed();
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            _ = directory.changed() => {}
            () = tokio::time::sleep(cluster.limits.review) => {}
            refusal = cluster.gone() => return Err(refusal),
        }
    }
}

async fn readable(cluster: &Arc<Cluster>, session: &Arc<Session>, rooms: Vec<Room>) -> Result<Vec<Room>, Refusal> {
    let asked = rooms.into_iter().map(async |room| match authorize::see_room(cluster, session, &room).await {
        Ok(_) => Ok(Some(room)),
        Err(Refusal::Forbidden { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    });
    let answers: Vec<Result<Option<Room>, Refusal>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut readable = Vec::new();
    for answer in answers {
        readable.extend(answer?);
    }
    readable.truncate(MAX_CHANNELS);
    Ok(readable)
}
