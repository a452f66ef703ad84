//! `/ws/shell`: a shell in a container (`krateyard_shared::shell`).

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{self, Channel, MAX_CLIENT_FRAME, ShellQuery, ShellStatus, Size};

use crate::app::Shared;
use crate::authorize::{self, OpenShell};
use crate::path;
use crate::pipe;
use crate::pipe::shell::{Held, Place, Viewer};
use crate::socket::{self, Guest, Inbound, Opening};

pub(crate) async fn get(State(app): State<Shared>, request: Request) -> Response {
    let query = Query::<ShellQuery>::try_from_uri(request.uri());
    let mut opening = match Opening::of(State(app.clone()), request).await {
        Ok(opening) => opening,
        Err(response) => return response,
    };
    let query = query.map(|query| query.0).map_err(|error| Refusal::BadRequest { field: "query".into(), problem: error.body_text() });
    let position = query.as_ref().ok().and_then(|query| query.position);
    let shell = opening.prepare(async |guest| open(&app, guest, query?).await).await;
    opening.open(MAX_CLIENT_FRAME, refused, async move |line| {
        if let Some((held, size)) = shell {
            let (viewer, session) = held.attach(size, position);
            let outbound = pipe::shell::shown(held.clone(), viewer, &session);
            let reader = Reader { held: held.clone(), viewer };
            line.run(reader, outbound).await;
            held.detach(viewer);
        }
    })
}

/// A shell that runs already, or a new one.
async fn open(app: &Shared, guest: &Guest, query: ShellQuery) -> Result<(Arc<Held>, Size), Refusal> {
    let cluster = &app.cluster(&ClusterName(query.cluster))?;
    let target = OpenShell {
        namespace: path::part("ns", &query.ns)?.into(),
        pod: path::part("pod", &query.pod)?.into(),
        container: path::part("container", &query.container)?.into(),
    };
    let permit = authorize::authorize(cluster, &guest.session, target.clone()).await?;
    let (user, size) = (guest.session.user.name.clone(), Size { cols: query.cols, rows: query.rows });
    let place =
        Place { user, cluster: cluster.name.0.clone(), namespace: target.namespace.clone(), pod: target.pod.clone(), container: target.container.clone() };
    if let Some(id) = query.session {
        return Ok((app.shells.find(&id, &place)?, size));
    }
    tracing::info!(user = guest.session.user.name, session = guest.session.audit_id, cluster = %cluster.name, ?target, "a shell opens");
    let (held, inputs) = app.shells.begin(place, app.limits.shells_per_user)?;
    match pipe::shell::open(permit).await {
        Ok(shell) => {
            app.tasks.spawn(shell.run(held.clone(), inputs, app.shells.clone(), app.stop.clone()));
            Ok((held, size))
        }
        Err(refusal) => {
            app.shells.forget(&held);
            Err(refusal)
        }
    }
}

fn refused(refusal: &Refusal) -> Option<Message> {
    Some(pipe::shell::status_frame(&ShellStatus::Refused { refusal: refusal.clone() }))
}

struct Reader {
    held: Arc<Held>,
    viewer: Viewer,
}

impl Inbound for Reader {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let taken = self.read(message).await;
        if taken.is_err() {
            // Nothing that somebody comes back from.
            self.held.done(self.viewer);
        }
        taken
    }
}

impl Reader {
    async fn read(&self, message: Message) -> Result<(), CloseFrame> {
        let Message::Binary(frame) = message else { return Err(socket::bad_frame("is not binary")) };
        let payload = frame.slice(1.min(frame.len())..);
        match frame.first().copied().and_then(Channel::of) {
            Some(Channel::Stdin) => self.held.put(self.viewer, payload).await,
            Some(Channel::Resize) => {
                let size = serde_json::from_slice(&payload).map_err(|_| socket::bad_frame("is no size"))?;
                self.held.resize(self.viewer, size);
            }
            Some(Channel::Credit) => {
                let shell::Credit { credit } = serde_json::from_slice(&payload).map_err(|_| socket::bad_frame("is no credit"))?;
                self.held.grant(self.viewer, credit);
            }
            Some(Channel::End) => self.held.done(self.viewer),
            Some(Channel::Stdout | Channel::Stderr | Channel::Status | Channel::Session) | None => {
                return Err(socket::bad_frame("has a channel that is not yours"));
            }
        }
        Ok(())
    }
}
